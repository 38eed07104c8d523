"""Writes n5.json: small N5 datasets by three programs, as files in base64, and the arrays that tensorstore reads back from them.

    python3.11 -m venv /tmp/n5 && /tmp/n5/bin/pip install zarr==2.18.7 numcodecs==0.15.1 tensorstore==0.1.71 numpy==1.26.4 lz4==4.4.5 xxhash==4.1.0 fsspec "setuptools<80"
    /tmp/n5/bin/python test/golden/n5/generate.py
"""
import base64
import hashlib
import importlib.metadata
import json
import shutil
import struct
import tempfile
import warnings
from pathlib import Path

import lz4.block
import numcodecs
import numpy as np
import tensorstore
import xxhash
import zarr

warnings.simplefilter("ignore")
here = Path(__file__).resolve().parent
random = np.random.default_rng(7)
golden = {}


def volume(dtype, shape=(7, 9, 11)):
    """Slowest axis first."""
    values = np.arange(np.prod(shape)).reshape(shape) * 3 - 100
    if np.dtype(dtype).kind == "u":
        values = values + 100
    return (values + random.integers(0, 2, shape)).astype(dtype)


def keep(name, root, writer, data=None):
    root = Path(root)
    files = {str(path.relative_to(root)): base64.b64encode(path.read_bytes()).decode() for path in sorted(root.rglob("*")) if path.is_file()}
    attributes = json.loads(base64.b64decode(files.pop("attributes.json")))
    if data is None:
        store = tensorstore.open({"driver": "n5", "kvstore": {"driver": "file", "path": str(root)}}).result()
        data = store.read().result().T  # tensorstore keeps the order of the document, x first
    data = np.ascontiguousarray(data)
    golden[name] = {
        "writer": writer,
        "attributes": attributes,
        "blocks": files,
        "shape": list(data.shape),
        "dtype": str(data.dtype),
        "sha256": hashlib.sha256(data.tobytes()).hexdigest(),
    }


def by_tensorstore(name, dtype, compression, shape=(7, 9, 11), blocks=(3, 4, 5), fill=True):
    root = tempfile.mkdtemp()
    metadata = {"dimensions": list(shape)[::-1], "blockSize": list(blocks)[::-1], "dataType": dtype, "compression": compression}
    store = tensorstore.open({"driver": "n5", "kvstore": {"driver": "file", "path": root}, "metadata": metadata, "create": True}).result()
    data = volume(dtype, shape)
    if fill:
        store.write(data.T).result()
    else:
        data[:] = 0
        data[2:5, 3:8, 1:2] = 7
        store[1:2, 3:8, 2:5].write(data[2:5, 3:8, 1:2].T).result()
    keep(name, root, "tensorstore")
    assert golden[name]["sha256"] == hashlib.sha256(data.tobytes()).hexdigest()
    shutil.rmtree(root)


for dtype in ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64"):
    by_tensorstore(f"raw {dtype}", dtype, {"type": "raw"})
for compression in ({"type": "gzip", "level": 6}, {"type": "gzip", "level": 6, "useZlib": True}, {"type": "bzip2", "blockSize": 1}, {"type": "xz", "preset": 6}, {"type": "zstd", "level": 3}):
    word = "zlib" if compression.get("useZlib") else compression["type"]
    by_tensorstore(f"tensorstore {word}", "int16", compression)
for cname, shuffle in (("lz4", 1), ("blosclz", 0), ("lz4hc", 2), ("zstd", 1), ("zlib", 1)):
    by_tensorstore(f"tensorstore blosc {cname} {shuffle}", "uint16", {"type": "blosc", "cname": cname, "clevel": 5, "shuffle": shuffle})
by_tensorstore("blocks that are not there", "uint16", {"type": "gzip", "level": 1}, fill=False)
by_tensorstore("one axis", "uint8", {"type": "raw"}, (23,), (5,))
by_tensorstore("five axes", "uint8", {"type": "gzip", "level": 1}, (2, 3, 2, 5, 7), (1, 2, 2, 3, 4))
by_tensorstore("bzip2 of a larger block", "uint8", {"type": "bzip2", "blockSize": 9}, (50, 60, 70), (50, 60, 70))

for word, compressor in (("gzip", numcodecs.GZip()), ("zlib", numcodecs.Zlib()), ("bz2", numcodecs.BZ2()), ("blosc", numcodecs.Blosc()), ("zstd", numcodecs.Zstd()), ("raw", None)):
    root = tempfile.mkdtemp()
    data = volume("uint32")
    zarr.open(zarr.N5FSStore(root), mode="w", shape=data.shape, chunks=(3, 4, 5), dtype=data.dtype, compressor=compressor)[:] = data
    # zarr-python keeps the array's order and writes its first axis as the fastest: the document is of the array transposed
    store = zarr.open(zarr.N5FSStore(root), mode="r")
    assert (store[:] == data).all()
    keep(f"zarr-python {word}", root, "zarr-python", data)
    shutil.rmtree(root)


def lz4_java(plain, block):
    """The block stream of lz4-java, by its source: LZ4BlockOutputStream."""
    stream = b""
    level = max(0, (block - 1).bit_length() - 10)
    for at in range(0, len(plain), block):
        piece = plain[at : at + block]
        packed = lz4.block.compress(piece, store_size=False)
        method = 0x20
        if len(packed) >= len(piece):
            packed, method = piece, 0x10
        check = xxhash.xxh32_intdigest(piece, seed=0x9747B28C) & 0xFFFFFFF
        stream += b"LZ4Block" + struct.pack("<BIII", method | level, len(packed), len(piece), check) + packed
    return stream + b"LZ4Block" + struct.pack("<BIII", 0x10 | level, 0, 0, 0)


for name, data in (("lz4-java", volume("int32")), ("lz4-java, blocks stored", random.integers(0, 2**32, (4, 5, 6), "u4"))):
    blocks = {}
    shape = (3, 4, 5)
    for z in range(-(-data.shape[0] // 3)):
        for y in range(-(-data.shape[1] // 4)):
            for x in range(-(-data.shape[2] // 5)):
                piece = data[3 * z : 3 * z + 3, 4 * y : 4 * y + 4, 5 * x : 5 * x + 5]
                head = struct.pack(">HH3I", 0, 3, *piece.shape[::-1])
                body = lz4_java(piece.astype(piece.dtype.newbyteorder(">")).tobytes(), 64)
                blocks[f"{x}/{y}/{z}"] = base64.b64encode(head + body).decode()
    attributes = {"dimensions": list(data.shape)[::-1], "blockSize": [5, 4, 3], "dataType": str(data.dtype), "compression": {"type": "lz4", "blockSize": 65536}}
    data = np.ascontiguousarray(data)
    golden[name] = {"writer": "generate.py, lz4, xxhash", "attributes": attributes, "blocks": blocks, "shape": list(data.shape), "dtype": str(data.dtype), "sha256": hashlib.sha256(data.tobytes()).hexdigest()}

versions = {package: importlib.metadata.version(package) for package in ("tensorstore", "zarr", "numcodecs", "lz4", "xxhash")}
(here / "n5.json").write_text(json.dumps({"versions": versions, "datasets": golden}, indent=1) + "\n")
