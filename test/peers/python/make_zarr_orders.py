"""Writes Zarr v3 arrays in every transposition, byte order and codec with zarr-python 3, for emporium's readers of boxes.

python make_zarr_orders.py FOLDER SEED [--golden FILE]    (environment: zarr3)

Prints a list of {name, shape, boxes: [{start, stop, sha256}]}, voxels uint16, hashed little-endian in C order. `--golden` writes a few small
arrays instead, whose voxels are numpy.arange, as one JSON file {zarr, shape, arrays: {name: {key: base64}}}.
"""
import base64
import hashlib
import itertools
import json
import os
import sys

import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

folder, seed = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(seed)
CODECS = {
    "bytes": [], "crc32c": [Crc32cCodec()], "gzip": [GzipCodec()], "zstd": [ZstdCodec()],
    "blosc-lz4": [BloscCodec(cname="lz4", typesize=2)], "blosc-zstd": [BloscCodec(cname="zstd", typesize=2)],
}


def made(name, data, chunks, order, endian, codecs, shards):
    """`shards`: None, or "shards" (a shard of 2 chunks along each axis)."""
    inner = [TransposeCodec(order=order), BytesCodec(endian=endian), *codecs]
    options = dict(shape=data.shape, dtype=data.dtype, fill_value=0)
    if shards is None:
        array = zarr.create_array(f"{folder}/{name}", chunks=chunks, filters=inner[:1], serializer=inner[1], compressors=inner[2:], **options)
    else:
        outer = tuple(2 * n for n in chunks)
        sharding = ShardingCodec(chunk_shape=chunks, codecs=inner)
        array = zarr.create_array(f"{folder}/{name}", chunks=outer, filters=[], serializer=sharding, compressors=[], **options)
    array[...] = data


def files(path):
    found = (os.path.join(at, file) for at, _, names in os.walk(path) for file in names)
    return {os.path.relpath(file, path): base64.b64encode(open(file, "rb").read()).decode() for file in sorted(found)}


cases = itertools.product(itertools.permutations(range(3)), ["little", "big"], CODECS, [None, "shards"])
listed, golden = [], {}
for order, endian, codec, shards in cases:
    name = f"{''.join('zyx'[axis] for axis in order)}-{endian}-{codec}{'-shards' if shards else ''}"
    if "--golden" in sys.argv:
        if codec not in ("bytes", "gzip") or (codec == "gzip" and (shards or endian == "big")):
            continue
        made(name, np.arange(120, dtype="u2").reshape(4, 6, 5), (2, 3, 5), order, endian, CODECS[codec], shards)
        golden[name] = files(f"{folder}/{name}")
        continue
    chunks = tuple(int(n) for n in rng.integers(1, 9, 3))
    shape = tuple(int(n) for n in rng.integers(1, 21, 3))
    data = rng.integers(1, 2**16, shape, dtype="u2")
    made(name, data, chunks, order, endian, CODECS[codec], shards)
    boxes = [([0, 0, 0], list(shape)), ([0, 0, 0], [min(a, b) for a, b in zip(shape, chunks)])]
    for _ in range(10):
        ends = [sorted(int(v) for v in rng.choice(size + 1, 2, replace=False)) for size in shape]
        boxes.append(([a for a, _ in ends], [b for _, b in ends]))
    listed.append(dict(name=name, shape=shape, boxes=[
        dict(start=a, stop=b, sha256=hashlib.sha256(data[tuple(map(slice, a, b))].astype("<u2").tobytes()).hexdigest()) for a, b in boxes]))
if golden:
    with open(sys.argv[sys.argv.index("--golden") + 1], "w") as out:
        json.dump(dict(zarr=zarr.__version__, numpy=np.__version__, shape=[4, 6, 5], arrays=golden), out, indent=1)
        out.write("\n")
else:
    print(json.dumps(listed))
