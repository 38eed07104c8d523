"""volumes.py KIND SIDE PATH: a volume of side³ int16, structure under noise, as zarr-python writes it."""

import sys

import numcodecs
import numpy as np
import zarr

kind, side, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
version, *rest = kind.split("-")
codec = "zstd" if "zstd" in rest else "lz4"
chunk = (256 if rest[-1] == "256" else 128,) * 3
chunk = tuple(min(n, side) for n in chunk)
if version == "v2":
    array = zarr.create_array(
        path,
        shape=(side,) * 3,
        chunks=chunk,
        dtype="int16",
        zarr_format=2,
        compressors=numcodecs.Blosc(cname=codec, clevel=5, shuffle=numcodecs.Blosc.SHUFFLE),
    )
else:
    blosc = zarr.codecs.BloscCodec(cname=codec, clevel=5, shuffle="shuffle")
    compressors = zarr.codecs.ZstdCodec(level=3) if codec == "zstd" else blosc
    inner = (64,) * 3
    shards = (min(256, side),) * 3
    array = zarr.create_array(path, shape=(side,) * 3, chunks=inner, shards=shards, dtype="int16", compressors=compressors)

rng = np.random.default_rng(7)
step = min(256, side)
ramp = np.arange(step)
for z in range(0, side, step):
    for y in range(0, side, step):
        for x in range(0, side, step):
            waves = np.sin((ramp + z) / 37)[:, None, None] + np.sin((ramp + y) / 23)[:, None] + np.sin((ramp + x) / 17)
            noise = rng.standard_normal((step, step, step), dtype=np.float32) * 40
            array[z : z + step, y : y + step, x : x + step] = (waves * 300 + noise + 1000).astype("int16")
open(f"{path}/done", "w").close()
