"""Volumes of every format, and what numpy and tifffile say of what a browser shows of them.

formats.py make FOLDER SEED           writes volumes; prints [{"key", "format"}]
formats.py cut FOLDER QUERIES OUT     writes the plane of each query to OUT/<index>, little-endian
formats.py tiffs QUERIES OUT SAVED    prints for SAVED/<index>.tif whether it holds OUT/<index> as float32, bit for bit
"""

import json
import os
import sys
from pathlib import Path

import mrcfile
import numpy as np
import tifffile
import zarr

tests = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(tests / "peers" / "python"))
import plane_volumes  # noqa: E402

WIDE = (2, 2112, 2048)


def make(folder, seed):
    plane_volumes.make(folder, seed)
    # larger than what is read at level 0 where it does not fit the window
    data = np.random.default_rng(seed).integers(-999, 999, WIDE, dtype=np.int16)
    with mrcfile.new(f"{folder}/wide.mrc") as file:
        file.set_data(data)
        file.voxel_size = 10.0
    root = zarr.open_group(f"{folder}/wide.zarr", mode="w")
    datasets = []
    for level in range(3):
        step = 2**level
        root.create_dataset(str(level), data=data[:, ::step, ::step] + level, chunks=(1, 256, 256), dimension_separator="/")
        scale = [10.0, 10.0 * step, 10.0 * step]
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]})
    axes = [{"name": name, "type": "space", "unit": "angstrom"} for name in "zyx"]
    root.attrs["multiscales"] = [{"version": "0.4", "name": "/", "axes": axes, "datasets": datasets}]
    print(json.dumps([{"key": "wide.mrc", "format": "mrc"}, {"key": "wide.zarr", "format": "zarr"}]))


def tiffs(queries, out, saved):
    equal = {}
    for i, query in enumerate(json.load(open(queries))):
        if os.path.exists(f"{saved}/{i}.tif"):
            with np.errstate(over="ignore"):
                wanted = np.fromfile(f"{out}/{i}", query["type"]).astype("<f4")
            equal[i] = tifffile.imread(f"{saved}/{i}.tif").astype("<f4").tobytes() == wanted.tobytes()
    print(json.dumps(equal))


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]))
else:
    {"cut": plane_volumes.cut, "tiffs": tiffs}[sys.argv[1]](*sys.argv[2:])
