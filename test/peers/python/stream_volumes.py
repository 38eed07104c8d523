"""Blocks of volumes that zarr-python wrote, through the program: stream_volumes.py NODE PROGRAM FOLDER"""

import pathlib
import sys

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


for check in (every_dtype, halo_and_constant, named_arrays, epochs, refused, damaged):
    verdicts.guard("volumes", check.__name__, check)
    if not any(record["check"] == check.__name__ for record in verdicts.records):
        verdicts.check("volumes", check.__name__, True)
verdicts.print()
