"""Writes Zarr v3 arrays of random shape, chunks, shards and codecs with zarr-python 3 and tensorstore, for emporium to read.

python make_zarr3.py FOLDER COUNT SEED    (environment: zarr3)

Prints a list of {name, shape, dtype, sha256, boxes: [{start, stop, sha256}]}; voxels are hashed little-endian in C order.
"""
import hashlib
import json
import sys

import numpy as np
import tensorstore as ts
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64", "complex64"]
folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(seed)


def sha256(data):
    return hashlib.sha256(np.ascontiguousarray(data.astype(data.dtype.newbyteorder("<"))).tobytes()).hexdigest()


def volume(dtype, shape):
    """Smooth with noise, and a part that is all zero, so that chunks compress, do not, and are left out."""
    grid = np.indices(shape).sum(axis=0) if shape else np.zeros(())
    data = (np.sin(grid / 5) * 50 + rng.normal(60, 4, shape)).astype("f8")
    data[tuple(slice(0, n // 3) for n in shape)] = 0
    return (data > 60) if dtype == "bool" else data.astype(dtype) * (1 - 2j if dtype == "complex64" else 1)


def pick(items):
    return items[int(rng.integers(len(items)))]


def compressors(itemsize):
    shuffle = pick(["noshuffle", "shuffle", "bitshuffle"])
    first = pick([
        [], [GzipCodec(level=int(rng.integers(0, 10)))], [ZstdCodec(level=int(rng.integers(-5, 20)), checksum=bool(rng.integers(2)))],
        [BloscCodec(cname=pick(["lz4", "lz4hc", "blosclz", "zstd", "zlib"]), clevel=int(rng.integers(0, 10)), shuffle=shuffle, typesize=itemsize)],
    ])
    return first + pick([[], [Crc32cCodec()]])


def fill_of(dtype):
    if dtype.startswith("float"):
        return pick([0.0, 1.5, float("nan"), float("-inf")])
    return pick([0, 1])


listed = []
for n in range(count):
    dtype = pick(DTYPES)
    rank = int(rng.integers(1, 5))
    shape = tuple(int(rng.integers(1, [4000, 90, 30, 14][rank - 1])) for _ in range(rank))
    chunks = tuple(int(rng.integers(1, max(2, size // 2 + 2))) for size in shape)
    name, kind = f"array-{n}", pick(["plain", "plain", "shards", "sharding", "tensorstore"])
    data = volume(dtype, shape).astype(dtype)
    order = tuple(int(axis) for axis in rng.permutation(rank))
    big = pick(["little", "little", "big"])
    itemsize = np.dtype(dtype).itemsize
    many = tuple(int(rng.integers(1, 4)) for _ in shape)
    outer = tuple(a * b for a, b in zip(chunks, many))
    options = dict(shape=shape, dtype=dtype, fill_value=fill_of(dtype))
    if kind == "plain":
        separator = pick([{"name": "default", "separator": "/"}, {"name": "default", "separator": "."}, {"name": "v2", "separator": "."}])
        filters = [TransposeCodec(order=order)] if rng.integers(2) else []
        array = zarr.create_array(f"{folder}/{name}", chunks=chunks, filters=filters, serializer=BytesCodec(endian=big),
                                  compressors=compressors(itemsize), chunk_key_encoding=separator, **options)
    elif kind == "shards":
        array = zarr.create_array(f"{folder}/{name}", chunks=chunks, shards=outer, compressors=compressors(itemsize), **options)
    elif kind == "sharding":
        inner = [BytesCodec(endian=big), *compressors(itemsize)]
        index = [BytesCodec(endian=pick(["little", "big"])), *pick([[], [Crc32cCodec()]])]
        if rng.integers(2):  # a shard of shards
            inner = [ShardingCodec(chunk_shape=chunks, codecs=inner, index_codecs=index, index_location=pick(["start", "end"]))]
            chunks, outer = outer, tuple(2 * size for size in outer)
        serializer = ShardingCodec(chunk_shape=chunks, codecs=inner, index_codecs=index, index_location=pick(["start", "end"]))
        array = zarr.create_array(f"{folder}/{name}", chunks=outer, serializer=serializer, compressors=None, **options)
    else:
        bytes_codec = {"name": "bytes", "configuration": {"endian": big}}
        sharding = {
            "chunk_shape": [chunks[axis] for axis in order],
            "codecs": [bytes_codec, pick([{"name": "zstd", "configuration": {"level": 1}}, {"name": "gzip", "configuration": {"level": 1}}, {"name": "crc32c"}])],
            "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
            "index_location": pick(["start", "end"]),
        }
        fill = options["fill_value"]
        if dtype == "bool":
            fill = bool(fill)
        elif dtype == "complex64":
            fill = [float(fill), 0.0]
        elif dtype.startswith("float") and not np.isfinite(fill):
            fill = "NaN" if np.isnan(fill) else "-Infinity"
        codecs = [{"name": "transpose", "configuration": {"order": order}}, {"name": "sharding_indexed", "configuration": sharding}]
        array = ts.open({
            "driver": "zarr3", "kvstore": {"driver": "file", "path": f"{folder}/{name}"},
            "metadata": {"shape": shape, "data_type": dtype, "fill_value": fill, "codecs": codecs,
                         "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": outer}}},
        }, create=True).result()
    array[...] = data
    boxes = []
    for _ in range(3):
        start = [int(rng.integers(0, size)) for size in shape]
        stop = [int(rng.integers(a + 1, size + 1)) for a, size in zip(start, shape)]
        boxes.append({"start": start, "stop": stop, "sha256": sha256(data[tuple(map(slice, start, stop))])})
    listed.append({"name": name, "kind": kind, "shape": shape, "dtype": dtype, "sha256": sha256(data), "boxes": boxes})
json.dump(listed, sys.stdout)
