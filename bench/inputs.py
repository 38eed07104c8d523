"""Inputs of the ingest benchmark: seeded MRC volumes of five kinds, written plane by plane.

python inputs.py KIND NX NY NZ OUT.mrc     (environment: reference)

A smooth field with Gaussian noise on it, as tomograms are: `noise` float32 as it is (hardly compressible), `integers` the same rounded
and stored as float32, `int16`, `int8`, `float16` in those types.
"""
import os
import sys

import mrcfile
import numpy as np

KINDS = {
    "noise": (2, lambda v: v),
    "integers": (2, lambda v: np.round(v + 100)),
    "int16": (1, lambda v: np.round(v * 40)),
    "int8": (0, lambda v: np.clip(np.round(v), -128, 127)),
    "float16": (12, lambda v: v),
}

kind, nx, ny, nz, out = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
mode, convert = KINDS[kind]
rng = np.random.default_rng(1)
part = f"{out}.part"
with mrcfile.new_mmap(part, (nz, ny, nx), mrc_mode=mode, overwrite=True) as mrc:
    y, x = np.indices((ny, nx), dtype=np.float32)
    base = np.sin(x / 17) * np.cos(y / 23) * np.float32(20)
    for z in range(nz):
        plane = base * np.float32(np.sin(z / 11)) + rng.standard_normal((ny, nx), dtype=np.float32) * np.float32(8)
        mrc.data[z] = convert(plane)
    mrc.set_volume()
    mrc.voxel_size = 10.0
    mrc.update_header_stats()
os.rename(part, out)
