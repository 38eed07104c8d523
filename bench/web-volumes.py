"""Volumes whose slices say their own number: `web-volumes.py FOLDER`. What is there already stays. Needs numpy, mrcfile, zarr 2.

A slice's number is 16 bits, the highest first, eight a row: blocks of BLOCK voxels, each with its complement below, 256 x 128 voxels in all. There is
one for each axis, in places that do not meet, so that planes across any axis carry theirs. Below each lies as large a patch in which one voxel of four is
black: every second voxel of it is black all over, and only all of them are 3/4.
"""
import json
import os
import sys

import mrcfile
import numpy as np
import zarr
from numcodecs import Blosc

BLOCK, WIDE, HIGH = 32, 256, 128
FAR = 576  # nothing begins or ends at 512, where most bits of a number change
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def code(number):
    bits = (number >> np.arange(15, -1, -1)) & 1
    rows = np.stack([bits[:8], 1 - bits[:8], bits[8:], 1 - bits[8:]])
    return np.kron(rows, np.ones((BLOCK, BLOCK))).astype(np.float32)


def patch():
    down, across = np.meshgrid(np.arange(HIGH), np.arange(WIDE), indexing="ij")
    return ((down % 2 + across % 2) > 0).astype(np.float32)


def ground(shape):
    """Greys between 0.3 and 0.7: waves, and a noise that repeats."""
    down, across = np.meshgrid(*(np.linspace(0, 6, n) for n in shape), indexing="ij")
    noise = np.random.default_rng(7).random((64, 64))
    waves = 0.5 + 0.1 * np.sin(3 * across + down) + 0.05 * np.cos(5 * down)
    return (waves + 0.1 * (np.tile(noise, [n // 64 for n in shape]) - 0.5)).astype(np.float32)


def plane(z, base, all_axes=False):
    """One section. With `all_axes` those across y and x have their numbers, too: at z 0-127, x 576-831 and at z 576-703, y 576-831."""
    data = base + np.float32(0.02 * (z % 7) / 7)
    data[:HIGH, :WIDE] = code(z)
    data[HIGH : 2 * HIGH, :WIDE] = patch()
    if all_axes:
        size = base.shape[0]
        numbers = np.arange(size)
        bits = ((numbers[:, None] >> np.arange(15, -1, -1)) & 1).astype(np.float32)
        for first, place in ((0, "y"), (FAR, "x")):
            if first <= z < first + HIGH:
                row = (z - first) // BLOCK
                half = bits[:, :8] if row < 2 else bits[:, 8:]
                band = np.repeat(half if row % 2 == 0 else 1 - half, BLOCK, axis=1)
                if place == "y":
                    data[:, FAR : FAR + WIDE] = band
                else:
                    data[FAR : FAR + WIDE, :] = band.T
            elif first + HIGH <= z < first + 2 * HIGH:
                band = patch()[z - first - HIGH]
                if place == "y":
                    data[:, FAR : FAR + WIDE] = band[None, :]
                else:
                    data[FAR : FAR + WIDE, :] = band[:, None]
    return data


def made(name, make):
    path = f"{folder}/{name}"
    if not os.path.exists(f"{path}.made"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        make(path)
        open(f"{path}.made", "w").close()


def mrc(shape, dtype, all_axes):
    def make(path):
        base = ground(shape[1:])
        with mrcfile.new_mmap(path, shape=shape, mrc_mode=2 if dtype is np.float32 else 0, overwrite=True) as file:
            file.voxel_size = 10.0
            for z in range(shape[0]):
                section = plane(z, base, all_axes)
                file.data[z] = section if dtype is np.float32 else np.round(section * 100)
            file.header.dmin, file.header.dmax, file.header.dmean = 0, 1 if dtype is np.float32 else 100, 0.5
    return make


def ome_zarr(shape, chunks, dtype, levels, across_z):
    """Means of 2 x 2 (x 2) voxels, as the portal writes them; the last three axes are z, y, x."""
    def make(path):
        group = zarr.open_group(path, mode="w")
        base, top = ground(shape[-2:]), 1 if dtype == "f4" else 60000
        extra = len(shape) - 3
        names, datasets, arrays = (["c", "z", "y", "x"])[-len(shape):], [], []
        for level in range(levels):
            step = 2**level
            scale = [step if across_z else 1, step, step]
            size = [-(-n // s) for n, s in zip(shape[-3:], scale)]
            arrays.append(group.create_dataset(str(level), shape=shape[:extra] + tuple(size), chunks=chunks, dtype=dtype, dimension_separator="/",
                                               compressor=Blosc("lz4", 5, Blosc.SHUFFLE), write_empty_chunks=True))
            datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": [1.0] * extra + [10.0 * s for s in scale]}]})
        slab = max(chunks[-3], 2**levels) if across_z else 16
        for z in range(0, shape[-3], slab):
            part = np.stack([plane(at, base) for at in range(z, min(z + slab, shape[-3]))]) * top
            for level, array in enumerate(arrays):
                if level > 0:
                    if across_z:
                        part = (part[::2] + part[1::2]) / 2
                    part = (part[:, ::2, ::2] + part[:, 1::2, ::2] + part[:, ::2, 1::2] + part[:, 1::2, 1::2]) / 4
                at = z // 2**level if across_z else z
                array[(0,) * extra + (slice(at, at + len(part)),)] = part.astype(dtype)
        axes = [{"name": n, "type": "channel"} if n == "c" else {"name": n, "type": "space", "unit": "angstrom"} for n in names]
        group.attrs["multiscales"] = [{"version": "0.4", "name": "/", "axes": axes, "datasets": datasets}]
        window = {"start": 0, "end": top, "min": 0, "max": top}
        group.attrs["omero"] = {"name": "slices", "version": "0.4", "rdefs": {"model": "greyscale", "defaultZ": shape[-3] // 2},
                                "channels": [{"label": "grey", "color": "FFFFFF", "active": True, "window": window}]}
    return make


def points(path):
    """A million, even in 512^3 but for the corner of the numbers, in voxels; as a list, and as 32-bit numbers for whoever writes another format."""
    xyz = (np.random.default_rng(3).random((1_600_000, 3)) * 511).astype(np.float32)
    xyz = xyz[(xyz[:, 0] > 290) | (xyz[:, 1] > 290)][:1_000_000]
    assert len(xyz) == 1_000_000
    xyz.tofile(f"{path}.f32")
    np.savetxt(path, xyz, fmt="%.1f", delimiter=",", header="x,y,z", comments="")


edge = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
made(f"mrc/f32-{edge}.mrc", mrc((edge,) * 3, np.float32, True))
made("blocks.zarr", ome_zarr((512, 512, 512), (256, 256, 256), "f4", 3, True))
made("planes.zarr", ome_zarr((1, 256, 1024, 1024), (1, 1, 512, 512), "u2", 2, False))
made("points/dots.mrc", mrc((512, 512, 512), np.int8, False))
made("points/dots.csv", points)
print(json.dumps({"code": [WIDE, HIGH], "edge": edge}))
