"""Blocks of volumes that zarr-python wrote, through the program: stream_volumes.py NODE PROGRAM FOLDER"""

import pathlib
import sys
import zlib

import numpy as np
import zarr

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "python"))
import emporium_blocks  # noqa: E402
from verdicts import Verdicts  # noqa: E402

NODE, PROGRAM, FOLDER = sys.argv[1:4]
verdicts = Verdicts()
SHAPE, BLOCK = (50, 61, 40), (16, 16, 16)
random = np.random.default_rng(4)
volumes = {
    name: (random.random(SHAPE) * 200).astype(dtype)
    for name, dtype in (("u1", "uint8"), ("i2", "int16"), ("u8", "uint64"), ("f2", "float16"), ("f4", "float32"), ("f8", "float64"))
}
for name, voxels in volumes.items():
    stored = zarr.open(f"{FOLDER}/{name}.zarr", mode="w", shape=SHAPE, chunks=(20, 32, 24), dtype=voxels.dtype)
    stored[:] = voxels


def blocks_of(name, **options):
    return emporium_blocks.stream(f"{FOLDER}/{name}.zarr", program=(NODE, PROGRAM), block=BLOCK, batch=3, **options)


def every_dtype():
    for name, voxels in volumes.items():
        padded = np.pad(voxels, 32, mode="symmetric")
        seen = np.zeros(SHAPE, dtype=int)
        with blocks_of(name, order="scan") as batches:
            assert batches.array_dtypes["image"] == voxels.dtype
            for batch in batches:
                for (z, y, x), block in zip(batch.origins, batch.arrays["image"]):
                    assert np.array_equal(block, padded[z + 32 : z + 48, y + 32 : y + 48, x + 32 : x + 48]), (name, z, y, x)
                    seen[z : z + 16, y : y + 16, x : x + 16] += 1
        assert (seen == 1).all(), f"{name}: not every voxel once"


def facts():
    """What a stream says before its first batch: what was written, and what NumPy counts."""
    root = zarr.open_group(f"{FOLDER}/ome.zarr", mode="w")
    sizes = {"0": 1.0, "1": 2.0}
    for path, size in sizes.items():
        shape = tuple(-(-n // int(size)) for n in SHAPE)
        root.create_dataset(path, shape=shape, chunks=(20, 32, 24), dtype="int16")[:] = 7
    scales = {path: {"type": "scale", "scale": [1.5 * size, size, size]} for path, size in sizes.items()}
    moved = {"type": "translation", "translation": [10.0, 20.0, 30.0]}
    axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"]
    datasets = [{"path": path, "coordinateTransformations": [scales[path], moved]} for path in sizes]
    root.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    pair = (f"em={FOLDER}/ome.zarr", f"mask={FOLDER}/ome.zarr")
    with emporium_blocks.stream(*pair, program=(NODE, PROGRAM), block=(8, 8, 16), halo=(1, 0, 2), step=(8, 8, 8), level=1, batch=7, rank=1, world=2) as batches:
        assert (batches.level, batches.shape, batches.axes) == (1, (25, 31, 20), ("z", "y", "x"))
        assert (batches.block, batches.halo, batches.step) == ((8, 8, 16), (1, 0, 2), (8, 8, 8))
        assert (batches.voxel_size_nm, batches.offset_nm) == ((3.0, 2.0, 2.0), (10.0, 20.0, 30.0))
        assert batches.names == ("em", "mask") and batches.array_shapes["mask"] == (10, 8, 20)
        assert (batches.blocks, batches.rank_blocks, len(batches)) == (4 * 4 * 2, 16, 3)
        assert [len(batch) for batch in batches] == [7, 7, 2]
    with blocks_of("u1", mask=f"{FOLDER}/u1.zarr", at_least=1, skip=1) as batches:
        assert (batches.shape, batches.voxel_size_nm) == (SHAPE, (None, None, None))
        assert batches.blocks == batches.rank_blocks < 48, "the mask leaves fewer"
        assert len(batches) == sum(1 for _ in batches) == -(-batches.blocks // 3) - 1


def inside():
    """Voxels of the volume, laid together: no mirrored one among them, each in its place."""
    for halo in (False, True):
        whole = np.zeros(SHAPE, dtype="int16")
        seen = np.zeros(SHAPE, dtype=int)
        with blocks_of("i2", halo=(3, 5, 0)) as batches:
            for batch in batches:
                for voxels, (source, target) in zip(batch.arrays["image"], batch.inside(halo=halo)):
                    whole[target] = voxels[source]
                    seen[target] += 1
        assert np.array_equal(whole, volumes["i2"]) and bool(seen.max() > 1) is halo


def halo_and_constant():
    padded = np.pad(volumes["i2"], 40)
    with blocks_of("i2", halo=(1, 2, 3), edge="constant") as batches:
        assert batches.array_shapes == {"image": (18, 20, 22)}
        for batch in batches:
            for (z, y, x), block in zip(batch.origins, batch.arrays["image"]):
                assert np.array_equal(block, padded[z + 40 : z + 58, y + 40 : y + 60, x + 40 : x + 62])


def named_arrays():
    locations = [f"{name}={FOLDER}/{source}.zarr" for name, source in (("em", "i2"), ("labels", "u8"))]
    with emporium_blocks.stream(*locations, program=(NODE, PROGRAM), block=(16, 16, 16), batch=5) as batches:
        for batch in batches:
            for at, (z, y, x) in enumerate(batch.origins):
                inside = (slice(z, min(z + 16, 50)), slice(y, min(y + 16, 61)), slice(x, min(x + 16, 40)))
                shape = tuple(slice(0, part.stop - part.start) for part in inside)
                assert np.array_equal(batch.arrays["em"][at][shape], volumes["i2"][inside])
                assert np.array_equal(batch.arrays["labels"][at][shape], volumes["u8"][inside])


def ids(**options):
    with blocks_of("u1", **options) as batches:
        return [int(number) for batch in batches for number in batch.ids]


def epochs():
    count = 4 * 4 * 3
    first, second = ids(order="shuffle", seed=5), ids(order="shuffle", seed=5, epoch=1)
    assert sorted(first) == sorted(second) == list(range(count)) and first != second
    assert ids(order="shuffle", seed=5) == first
    assert ids(order="shuffle", seed=5, skip=4) == first[12:]
    parts = [ids(order="shuffle", seed=5, rank=rank, world=5) for rank in range(5)]
    assert sorted(sum(parts, [])) == list(range(count)) and {len(part) for part in parts} == {9, 10}


def refused():
    for locations, options, code in (
        ([f"{FOLDER}/no.zarr"], {}, "FORMAT_UNKNOWN"),
        ([f"{FOLDER}/u1.zarr"], {"level": 3}, "USAGE"),
        ([f"a={FOLDER}/u1.zarr", f"a={FOLDER}/i2.zarr"], {}, "USAGE"),
    ):
        try:
            emporium_blocks.stream(*locations, program=(NODE, PROGRAM), **options)
        except emporium_blocks.StreamError as error:
            assert error.code == code, error
        else:
            raise AssertionError(f"{locations} {options} was not refused")


def damaged():
    """The block with the damaged chunk is told, not skipped."""
    voxels = zarr.open(f"{FOLDER}/damaged.zarr", mode="w", shape=(32, 32, 32), chunks=(16, 16, 16), dtype="int32")
    voxels[:] = 1
    chunk = pathlib.Path(FOLDER, "damaged.zarr", "1.1.1")
    chunk.write_bytes(chunk.read_bytes()[:-5])
    seen = 0
    try:
        with blocks_of("damaged", order="scan") as batches:
            for batch in batches:
                seen += len(batch)
    except emporium_blocks.StreamError as error:
        assert error.code.startswith("FORMAT_") and seen == 6, (error, seen)
    else:
        raise AssertionError("nothing was told")


def masked():
    """Which blocks a mask leaves, counted by NumPy."""
    mask = np.zeros(SHAPE, dtype="uint8")
    mask[10:30, 5:20, 3:35] = 7
    stored = zarr.open(f"{FOLDER}/mask.zarr", mode="w", shape=SHAPE, chunks=(25, 25, 25), dtype="uint8")
    stored[:] = mask
    covered = {}
    for number, (z, y, x) in enumerate(np.ndindex(4, 4, 3)):
        block = mask[16 * z : 16 * z + 16, 16 * y : 16 * y + 16, 16 * x : 16 * x + 16]
        covered[number] = np.count_nonzero(block) / block.size
    some, half = ([number for number, share in covered.items() if share > least] for least in (0, 0.5))
    assert 0 < len(half) < len(some) < len(covered)
    where = f"{FOLDER}/mask.zarr"
    assert sorted(ids(mask=where)) == some
    assert sorted(ids(mask=where, at_least=0.5)) == half
    with blocks_of("u1", mask=where, at_least=0.5, order="shuffle", balance=(1, 1)) as batches:
        taken = [(int(number), float(weight)) for batch in batches for number, weight in zip(batch.ids, batch.weights)]
    inside = [number for number, _ in taken if number in half]
    assert abs(2 * len(inside) - len(taken)) <= 1, "the classes do not have equal shares"
    weights = {number in half: weight for number, weight in taken}
    assert np.isclose(weights[True] / weights[False], len(half) / (len(covered) - len(half))), weights


def compressed():
    """Chunks as they are stored, decoded by numcodecs: the voxels, for next to no bytes more than are stored."""
    import numcodecs
    from numcodecs import Blosc, GZip, Zlib, Zstd

    voxels = (np.indices(SHAPE).sum(0) % 91).astype("int16")
    forms = {
        "lz4": Blosc("lz4", 5, Blosc.SHUFFLE), "zstd": Blosc("zstd", 3, Blosc.BITSHUFFLE), "noshuffle": Blosc("lz4", 1, Blosc.NOSHUFFLE),
        "blosclz": Blosc("blosclz", 9, Blosc.SHUFFLE, 1024), "plain": None, "gzip": GZip(1), "zlib": Zlib(1), "only-zstd": Zstd(3),
    }  # fmt: skip
    for name, codec in forms.items():
        for order, dtype in (("C", "<i2"), ("F", ">i2")) if name in ("lz4", "plain") else (("C", "<i2"),):
            stored = zarr.open(f"{FOLDER}/c.zarr", mode="w", shape=SHAPE, chunks=(20, 32, 24), dtype=dtype, compressor=codec, order=order)
            stored[:48] = voxels[:48]  # chunks of z 40 to 60 are there, and hold the fill value from z 48 on
            wanted = np.where(np.arange(50)[:, None, None] < 48, voxels, 0)
            padded = np.pad(wanted, ((0, 16), (0, 16), (0, 16)))
            received = plain = 0
            with emporium_blocks.stream(f"{FOLDER}/c.zarr", program=(NODE, PROGRAM), block=(16, 16, 16), batch=48, compressed=True) as batches:
                for batch in batches:
                    received += batch.arrays["stored"].nbytes
                    for (z, y, x), block in zip(batch.origins, batch.decode()["image"]):
                        assert np.array_equal(block, padded[z : z + 16, y : y + 16, x : x + 16]), (name, order, z, y, x)
                    assert len({chunk.cell for chunk in batch.chunks}) == len(batch.chunks) == 12, "a chunk came twice"
                    for chunk in batch.chunks:
                        assert chunk.crc32 == zlib.crc32(chunk.data)
                        plain += check_table(chunk, numcodecs)
            on_disk = sum(path.stat().st_size for path in pathlib.Path(FOLDER, "c.zarr").iterdir() if path.name[0] != ".")
            assert received <= on_disk * 1.01 + 12 * 16, (name, received, on_disk)
            assert plain == (12 if name in ("lz4", "zstd", "noshuffle", "blosclz") else 0)


def check_table(chunk, numcodecs):
    """A second decoder: each stream of the table by itself, then unshuffled by NumPy. 1 for a chunk with a table."""
    if chunk.blosc is None:
        return 0
    table, data = chunk.blosc, chunk.data.tobytes()
    assert table["itemBytes"] == 2 and table["plainBytes"] == chunk.plain_bytes
    if table["memcpy"]:
        assert np.array_equal(np.frombuffer(data[16 : 16 + chunk.plain_bytes], "u1"), plain_of(chunk, numcodecs))
        return 1
    if table["shuffle"] == "bits" or table["inner"] == "blosclz":
        return 1  # NumPy has no such decoder here; the offsets were followed all the same
    out = b""
    for at, streams in enumerate(table["blocks"]):
        size = min(table["blockBytes"], chunk.plain_bytes - at * table["blockBytes"])
        each = size // len(streams)
        block = b"".join(stream_of(data[offset : offset + length], each) for offset, length in streams)
        if table["shuffle"] == "bytes":
            whole = size // 2 * 2
            block = np.frombuffer(block[:whole], "u1").reshape(2, -1).T.tobytes() + block[whole:]
        out += block
    assert np.array_equal(np.frombuffer(out, "u1"), plain_of(chunk, numcodecs))
    return 1


def stream_of(stream, plain_bytes):
    if len(stream) == plain_bytes:
        return stream
    from numcodecs import lz4

    return lz4.decompress(plain_bytes.to_bytes(4, "little") + stream)


def plain_of(chunk, numcodecs):
    return np.frombuffer(numcodecs.blosc.decompress(chunk.data.tobytes()), "u1")


def mrc():
    """Files that mrcfile wrote, kept as a list and compared with what mrcfile reads."""
    import mrcfile

    for dtype in ("int8", "int16", "uint16", "float32"):
        path = f"{FOLDER}/{dtype}.mrc"
        with mrcfile.new(path, overwrite=True) as file:
            file.set_data((random.random(SHAPE) * 100).astype(dtype))
        with mrcfile.open(path, permissive=True) as file:
            padded = np.pad(file.data, 32, mode="symmetric")
        with emporium_blocks.stream(path, program=(NODE, PROGRAM), block=BLOCK, batch=5, order="shuffle", seed=1) as batches:
            kept = list(batches)
        seen = set()
        for batch in kept:
            for (z, y, x), block in zip(batch.origins, batch.arrays["image"]):
                assert block.dtype == padded.dtype, (block.dtype, padded.dtype)
                assert np.array_equal(block, padded[z + 32 : z + 48, y + 32 : y + 48, x + 32 : x + 48]), (dtype, z, y, x)
                seen.add((int(z), int(y), int(x)))
        assert len(seen) == 4 * 4 * 3


def not_handed_on():
    zarr.open(f"{FOLDER}/filtered.zarr", mode="w", shape=(8, 8, 8), dtype="i2", filters=[zarr.codecs.Delta("i2")])[:] = 1
    try:
        with emporium_blocks.stream(f"{FOLDER}/filtered.zarr", program=(NODE, PROGRAM), compressed=True) as batches:
            next(batches)
    except emporium_blocks.StreamError as error:
        assert error.code == "FORMAT_UNSUPPORTED", error
    else:
        raise AssertionError("a filter was passed over")


for check in (every_dtype, facts, inside, halo_and_constant, named_arrays, epochs, refused, damaged, masked, compressed, mrc, not_handed_on):
    verdicts.guard("volumes", check.__name__, check)
    if not any(record["check"] == check.__name__ for record in verdicts.records):
        verdicts.check("volumes", check.__name__, True)
verdicts.print()
