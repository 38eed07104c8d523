"""Writes small Zarr v3 arrays with zarr-python 3 (stores.golden.json: array -> key -> base64) and what it reads from them (arrays.json); what
tensorstore writes where zarr-python cannot; the OME-Zarr 0.5 attributes that ome-zarr-py writes (attributes.json); SHA-256 of the public v3 arrays
of the folder of real files as zarr-python reads them (public.json).

    node scripts/python-env.mjs zarr3
    .cache/venv-zarr3/bin/python -W ignore test/golden/zarr-v3/generate.py
"""

import base64
import hashlib
import json
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import numcodecs
import numpy as np
import tensorstore as ts
import zarr
from ome_zarr.format import FormatV05
from ome_zarr.writer import write_multiscale
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

HERE = Path(__file__).parent
DATA = HERE.parents[3] / "shared" / "data" / "zarr"
arrays, stores = {}, {}


def values(dtype, shape):
    """Different along each axis, exact in every type."""
    n = np.arange(int(np.prod(shape))).reshape(shape)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return n % 3 == 0
    if dtype.kind == "c":
        return (n % 50 - 25 + 1j * (n % 7)).astype(dtype)
    if dtype.kind == "f":
        return ((n % 100 - 50) / 4).astype(dtype)
    return (n % 100 - (50 if dtype.kind == "i" else 0)).astype(dtype)


def keep(name, folder, data):
    native = np.ascontiguousarray(data.astype(data.dtype.newbyteorder("<")))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    stores[name] = {str(path.relative_to(folder)): base64.b64encode(path.read_bytes()).decode() for path in files}
    box = [[s // 3, max(s // 3 + 1, s - s // 4)] for s in data.shape]
    part = np.ascontiguousarray(native[tuple(slice(a, b) for a, b in box)]) if data.shape else native
    arrays[name] = {
        "shape": list(data.shape),
        "dtype": data.dtype.name,
        "sha256": hashlib.sha256(native.tobytes()).hexdigest(),
        "box": box,
        "boxSha256": hashlib.sha256(part.tobytes()).hexdigest(),
    }


def save(name, dtype="float32", shape=(3, 5, 7), chunks=(2, 3, 4), part=None, **options):
    """`part`: only this region is written, the other chunks stay absent."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "a"
        array = zarr.create_array(str(root), shape=shape, dtype=dtype, chunks=chunks, **{"compressors": None, **options})
        region = part if part is not None else ...
        array[region] = values(dtype, shape)[region]
        keep(name, root, np.asarray(array[...]))


for dtype in ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64", "complex64"]:
    save(f"dtype-{dtype}", dtype=dtype)
    if np.dtype(dtype).itemsize > 1:
        save(f"dtype-{dtype}-big", dtype=dtype, serializer=BytesCodec(endian="big"))
for cname in ["blosclz", "lz4", "lz4hc", "zlib", "zstd"]:
    for shuffle in ["noshuffle", "shuffle", "bitshuffle"]:
        compressor = BloscCodec(cname=cname, clevel=5, shuffle=shuffle, typesize=4)
        save(f"blosc-{cname}-{shuffle}", shape=(5, 17, 21), chunks=(5, 16, 16), compressors=compressor)
save("gzip", compressors=GzipCodec(level=5))
save("zstd", compressors=ZstdCodec(level=3))
save("zstd-checksum", compressors=ZstdCodec(level=3, checksum=True))
save("crc32c", compressors=Crc32cCodec())
save("gzip-crc32c", compressors=[GzipCodec(level=1), Crc32cCodec()])
save("crc32c-zstd", compressors=[Crc32cCodec(), ZstdCodec(level=1)])
save("numcodecs-zlib", compressors=zarr.codecs.numcodecs.Zlib(level=2))
save("numcodecs-lz4", compressors=zarr.codecs.numcodecs.LZ4())
save("numcodecs-blosc", compressors=zarr.codecs.numcodecs.Blosc(cname="lz4"))
save("transpose", filters=TransposeCodec(order=(2, 0, 1)), compressors=ZstdCodec())
save("transpose-twice", filters=[TransposeCodec(order=(2, 0, 1)), TransposeCodec(order=(1, 0, 2))])
save("transpose-big", dtype="int16", filters=TransposeCodec(order=(2, 1, 0)), serializer=BytesCodec(endian="big"))
save("keys-dot", chunk_key_encoding={"name": "default", "separator": "."})
save("keys-v2", chunk_key_encoding={"name": "v2", "separator": "."})
save("keys-v2-slash", chunk_key_encoding={"name": "v2", "separator": "/"})
save("rank-0", shape=(), chunks=())
save("rank-0-v2", shape=(), chunks=(), chunk_key_encoding={"name": "v2", "separator": "."})
save("rank-1", shape=(11,), chunks=(4,))
save("rank-5", shape=(2, 3, 2, 5, 4), chunks=(1, 2, 2, 3, 3), compressors=BloscCodec(cname="lz4", typesize=4))
save("chunk-larger", shape=(3, 4, 5), chunks=(16, 16, 16), compressors=ZstdCodec())
save("empty-axis", shape=(0, 4), chunks=(2, 2))
save("named", dimension_names=["z", None, "x"], attributes={"b": [1, 2.5, 1e-7], "a": {"unit": "\u00e5"}})

some = (slice(0, 2), slice(0, 3), slice(0, 4))
for name, dtype, fill in [
    ("7", "int16", 7), ("minus", "int64", -(2**63)), ("u64", "uint64", 2**64 - 1), ("true", "bool", True), ("nan", "float32", float("nan")),
    ("inf", "float64", float("-inf")), ("half", "float16", 1.5), ("double", "float64", 0.1), ("complex", "complex64", 1.5 - 2j),
    ("complex-nan", "complex64", complex(float("nan"), float("inf"))),
]:
    save(f"fill-{name}", dtype=dtype, fill_value=fill, part=some)
save("fill-big", dtype="int32", fill_value=7, part=some, serializer=BytesCodec(endian="big"))

shards = dict(shape=(7, 9, 11), chunks=(2, 3, 2), shards=(4, 6, 8))
save("shard", **shards)
save("shard-blosc", compressors=BloscCodec(cname="lz4", typesize=4), **shards)
save("shard-zstd-u8", dtype="uint8", compressors=ZstdCodec(), **shards)
save("shard-crc32c", dtype="int16", compressors=[GzipCodec(), Crc32cCodec()], **shards)
save("shard-part", dtype="uint16", fill_value=9, part=(slice(1, 4), slice(2, 5), slice(0, 3)), **shards)
save("shard-transpose", dtype="int16", filters=TransposeCodec(order=(2, 0, 1)), **shards)
save("shard-rank-1", shape=(20,), chunks=(3,), shards=(9,), compressors=ZstdCodec())


def sharded(name, chunk_shape, outer, dtype="float32", filters=(), **codec):
    """What `shards=` cannot say."""
    serializer = ShardingCodec(chunk_shape=chunk_shape, **codec)
    save(name, dtype=dtype, shape=(7, 9, 11), chunks=outer, serializer=serializer, filters=list(filters))


sharded("shard-start", (2, 3, 2), (4, 6, 8), index_location="start", codecs=[BytesCodec(), ZstdCodec()])
sharded("shard-index-big", (2, 3, 2), (4, 6, 8), index_codecs=[BytesCodec(endian="big"), Crc32cCodec()], codecs=[BytesCodec(endian="big")])
sharded("shard-no-crc", (2, 3, 2), (4, 6, 8), index_codecs=[BytesCodec()], codecs=[BytesCodec()])
sharded("shard-start-no-crc", (2, 3, 2), (4, 6, 8), index_location="start", index_codecs=[BytesCodec()], codecs=[BytesCodec(), GzipCodec()])
sharded("shard-turned", (2, 2, 2), (4, 6, 8), filters=[TransposeCodec(order=(2, 0, 1))], codecs=[BytesCodec(), ZstdCodec()])
sharded("shard-nested", (4, 3, 4), (8, 6, 8), codecs=[ShardingCodec(chunk_shape=(2, 3, 2), codecs=[BytesCodec(), ZstdCodec()])])
sharded("shard-nested-start", (4, 3, 4), (8, 6, 8), index_location="start", codecs=[ShardingCodec(chunk_shape=(2, 3, 2), index_location="start", codecs=[BytesCodec()])])


def save_tensorstore(name, dtype, codecs, fill):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "a"
        spec = {
            "driver": "zarr3",
            "kvstore": {"driver": "file", "path": str(root)},
            "metadata": {
                "shape": [7, 9, 11],
                "data_type": dtype,
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 6, 8]}},
                "codecs": codecs,
                "fill_value": fill,
                "dimension_names": ["z", "y", "x"],
            },
        }
        array = ts.open(spec, create=True).result()
        array[:4, :9, :8] = values(dtype, (7, 9, 11))[:4, :9, :8]
        keep(name, root, np.asarray(array.read().result()))


index = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
inner = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5, "shuffle": "shuffle"}}]
for location in ["start", "end"]:
    sharding = {"chunk_shape": [2, 3, 4], "codecs": inner, "index_codecs": index, "index_location": location}
    save_tensorstore(f"tensorstore-shard-{location}", "uint16", [{"name": "sharding_indexed", "configuration": sharding}], 5)
# zarr-python compares the inner chunk with the shard as it was before the transposition
turned = {"name": "transpose", "configuration": {"order": [2, 0, 1]}}
sharding = {"chunk_shape": [4, 2, 3], "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "index_codecs": index}
save_tensorstore("tensorstore-shard-turned", "int16", [turned, {"name": "sharding_indexed", "configuration": sharding}], -3)
# a NaN that is not the usual one: zarr-python writes every NaN as "NaN"
save_tensorstore("tensorstore-nan-bits", "float32", [{"name": "bytes", "configuration": {"endian": "little"}}], "0x7fc00f01")

refused = {}
for name, options in {
    "string": dict(dtype="str"),
    "complex128": dict(dtype="complex128"),
    "structure": dict(dtype=np.dtype([("a", "<i4"), ("b", "<f4")])),
    "datetime": dict(dtype="M8[s]"),
}.items():
    with tempfile.TemporaryDirectory() as folder:
        zarr.create_array(f"{folder}/a", shape=(4,), chunks=(4,), **{"compressors": None, **options})
        refused[name] = json.loads(Path(folder, "a", "zarr.json").read_text())

with tempfile.TemporaryDirectory() as folder:
    group = zarr.create_group(f"{folder}/g", attributes={"ome": {"version": "0.5"}})
    group.create_array("0", shape=(4, 4), chunks=(2, 2), dtype="uint8", compressors=None)
    group.create_group("labels").create_array("a", shape=(4,), chunks=(4,), dtype="int16", compressors=None)
    plain = Path(folder, "g", "zarr.json").read_text()
    zarr.consolidate_metadata(f"{folder}/g")
    groups = {"plain": plain, "consolidated": Path(folder, "g", "zarr.json").read_text()}

attributes = {}
for kind, factors in [("tomogram", (2, 2, 2)), ("tiltseries", (1, 2, 2))]:
    with tempfile.TemporaryDirectory() as folder:
        group = zarr.create_group(f"{folder}/g")
        pyramid = [np.zeros((8, 8, 8), "u1")[:: f[0] ** n, :: f[1] ** n, :: f[2] ** n] for n in range(3) for f in [factors]]
        scales = [[float(13.48 * f**n) for f in factors] for n in range(3)]
        write_multiscale(
            pyramid, group, fmt=FormatV05(), name="/", axes=[{"name": a, "type": "space", "unit": "angstrom"} for a in "zyx"],
            coordinate_transformations=[[{"type": "scale", "scale": scale}] for scale in scales],
        )
        attributes[kind] = json.loads(Path(folder, "g", "zarr.json").read_text())["attributes"]

writer = ", ".join(f"{name} {version(name)}" for name in ["zarr", "numcodecs", "tensorstore", "ome-zarr"])
(HERE / "stores.golden.json").write_text(json.dumps(stores, indent=0) + "\n")
(HERE / "arrays.json").write_text(json.dumps({"writer": writer, "arrays": arrays, "refused": refused, "groups": groups}, indent=1) + "\n")
(HERE / "attributes.json").write_text(json.dumps({"writer": writer, **attributes}, indent=1) + "\n")

public = {}
for document in sorted(DATA.rglob("zarr.json")):
    node = json.loads(document.read_text())
    if node["node_type"] != "array":
        continue
    folder = Path(tempfile.mkdtemp()) / "a"
    shutil.copytree(document.parent, folder)
    if node["data_type"] == "bool":  # zarr-python refuses 0 as the fill value of a bool, which zarrita wrote
        node["fill_value"] = bool(node["fill_value"])
    node["chunk_key_encoding"].setdefault("configuration", {"separator": "/"})
    node.setdefault("attributes", {})
    (folder / "zarr.json").write_text(json.dumps(node))
    data = np.asarray(zarr.open_array(str(folder), mode="r")[...])
    shutil.rmtree(folder.parent)
    public[str(document.parent.relative_to(DATA))] = {
        "shape": list(data.shape),
        "dtype": data.dtype.name,
        "sha256": hashlib.sha256(np.ascontiguousarray(data.astype(data.dtype.newbyteorder("<"))).tobytes()).hexdigest(),
        "sum": float(data.astype("f8").sum()),
    }
(HERE / "public.json").write_text(json.dumps({"writer": writer, "arrays": public}, indent=1) + "\n")
print(len(arrays), "arrays,", len(public), "public")
