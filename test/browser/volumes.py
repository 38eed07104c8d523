"""Volumes for the viewer's tests, and what NumPy says of them: `volumes.py FOLDER`. Prints JSON of the cases.

A plane of a case is FOLDER/expected/N.bin: grey of 8 bits, row by row, at the limits of the case.
"""
import json
import os
import random
import sys

import mrcfile
import numpy as np
import zarr

folder = sys.argv[1]
os.makedirs(f"{folder}/expected")
rng = np.random.default_rng(4)
pick = random.Random(9)
SHAPE = (40, 96, 112)


def smooth(dtype, low, high):
    z, y, x = np.meshgrid(*(np.linspace(0, 3, n) for n in SHAPE), indexing="ij")
    waves = np.sin(3 * x + y) + np.cos(2 * y - z) + 0.3 * rng.standard_normal(SHAPE)
    waves = (waves - waves.min()) / (waves.max() - waves.min())
    return (low + waves * (high - low)).astype(dtype)


def write_mrc(name, data, voxel=10.0, big_endian=False):
    with mrcfile.new(f"{folder}/{name}", overwrite=True) as mrc:
        mrc.set_data(data)
        mrc.voxel_size = voxel
    if big_endian:
        whole = np.fromfile(f"{folder}/{name}", np.uint8)
        header, body = whole[:1024].copy(), whole[1024:]
        words = header.view("<u4").byteswap()
        swapped = words.view(np.uint8)
        for start, stop in ((104, 112), (208, 212), (224, 1024)):  # texts keep their order
            swapped[start:stop] = header[start:stop]
        swapped[212:216] = (0x11, 0x11, 0, 0)
        size = data.dtype.itemsize
        swapped = np.concatenate([swapped, body.reshape(-1, size)[:, ::-1].reshape(-1)])
        swapped.tofile(f"{folder}/{name}")


def write_zarr(name, data, levels):
    group = zarr.open_group(f"{folder}/{name}", mode="w")
    datasets = []
    for level in range(levels):
        step = 2**level
        part = data[::step, ::step, ::step]
        group.create_dataset(str(level), data=part, chunks=(16, 32, 32), dimension_separator="/")
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": [10.0 * step] * 3}]})
    axes = [{"name": n, "type": "space", "unit": "angstrom"} for n in "zyx"]
    group.attrs["multiscales"] = [{"version": "0.4", "name": "/", "axes": axes, "datasets": datasets}]


volumes = {
    "float.mrc": smooth(np.float32, -3, 5),
    "short.mrc": smooth(np.int16, -900, 1200),
    "byte.mrc": smooth(np.int8, -100, 100),
    "word.mrc": smooth(np.uint16, 100, 60000),
    "half.mrc": smooth(np.float16, -2, 2),
    "big.mrc": smooth(np.int16, -900, 1200),
    "float.zarr": smooth(np.float32, -3, 5),
    "word.zarr": smooth(np.uint16, 100, 60000),
}
for name, data in volumes.items():
    if name.endswith(".zarr"):
        write_zarr(name, data, 2)
    else:
        write_mrc(name, data, big_endian=name == "big.mrc")
# sections are four times as thick as their voxels are wide
write_mrc("flat.mrc", smooth(np.float32, 0, 1), voxel=(10.0, 10.0, 40.0))


def section(data, axis, at, slab=1):
    middle = data.astype(np.float64)
    start, stop = max(0, at - slab // 2), min(data.shape["zyx".index(axis)], at + slab // 2 + 1)
    return np.take(middle, range(start, stop), "zyx".index(axis)).mean("zyx".index(axis))


cases = []
for number in range(20):
    name = list(volumes)[number % len(volumes)]
    data = volumes[name]
    axis = "zyx"[(number // len(volumes) + number) % 3]
    at = pick.randrange(SHAPE["zyx".index(axis)])
    low, high = sorted(float(v) for v in np.percentile(data.astype(np.float64), [pick.uniform(1, 40), pick.uniform(60, 99)]))
    low, high = float(f"{low:.5g}"), float(f"{high:.5g}")
    slab = 5 if number >= 16 else 1
    plane = section(data, axis, at, slab)
    part = np.clip((plane - low) / (high - low), 0, 1)
    (np.floor(255 * part + 0.5).astype(np.uint8)).tofile(f"{folder}/expected/{number}.bin")
    plane.astype(np.float64).tofile(f"{folder}/expected/{number}.values")
    rows, columns = plane.shape
    cases.append({"name": name, "axis": axis, "at": at, "low": low, "high": high, "slab": slab, "rows": rows, "columns": columns})

# each section has its number as bars of 8 × 8 voxels in the upper left corner, the highest bit first
bars = (rng.random((256, 128, 160)) * 40 + 100).astype(np.uint8)
for at in range(len(bars)):
    for bit in range(16):
        bars[at, 0:8, 8 * bit : 8 * bit + 8] = 255 if (at >> (15 - bit)) & 1 else 0
write_mrc("barcode.mrc", bars.astype(np.uint16))

tilts = smooth(np.float32, 0, 1)[:21]
write_mrc("tilts.mrc", tilts)
np.savetxt(f"{folder}/tilts.tlt", np.linspace(-60, 60, 21) + rng.random(21), fmt="%.2f")
print(json.dumps(cases))
