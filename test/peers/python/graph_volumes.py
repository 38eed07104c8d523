"""A volume for a graph, and what others read of its outputs.

graph_volumes.py write FOLDER   an array of Zarr 2 in big chunks, and its voxels as numpy's file
graph_volumes.py check FOLDER   prints what zarr-python and tensorstore read of the outputs, compared with scipy and numpy
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorstore
import zarr
from scipy import ndimage

folder = Path(sys.argv[2])


def write():
    random = np.random.default_rng(11)
    voxels = ndimage.gaussian_filter(random.normal(0, 1000, (70, 90, 110)), 1.5).astype("i2")
    np.save(folder / "voxels.npy", voxels)
    array = zarr.create_array(folder / "em.zarr", shape=voxels.shape, chunks=(32, 40, 48), dtype="i2", zarr_format=2)
    array[:] = voxels


def stored(path, driver):
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(path)}}
    return tensorstore.open(spec, read=True).result().read().result()


def check():
    voxels = np.load(folder / "voxels.npy")
    em = zarr.open_group(folder / "out/em.zarr", mode="r")
    old = zarr.open_group(folder / "out/old.zarr", mode="r")
    smooth = zarr.open_group(folder / "out/smooth.zarr", mode="r")["0"][:]
    wanted = ndimage.gaussian_filter(voxels, 1.2, output="f4")
    labels = zarr.open_group(folder / "out/cc.zarr", mode="r")["0"][:]
    found, count = ndimage.label(smooth > 100, ndimage.generate_binary_structure(3, 3))
    # one label of ours for each of scipy's, and ours in the order of first voxels
    pairs = np.unique(np.stack([labels.ravel(), found.ravel().astype("u8")]), axis=1)
    first = [int(np.flatnonzero(labels.ravel() == label)[0]) for label in range(1, count + 1)]
    print(
        json.dumps(
            {
                "zarr": bool(np.array_equal(em["0"][:], voxels)),
                "tensorstore": bool(np.array_equal(stored(folder / "out/em.zarr/0", "zarr3"), voxels)),
                "shards": list(em["0"].shards),
                "chunks": list(em["0"].chunks),
                "old": bool(np.array_equal(old["0"][:], voxels)),
                "oldTensorstore": bool(np.array_equal(stored(folder / "out/old.zarr/0", "zarr"), voxels)),
                "smooth": float(np.abs(smooth - wanted).max() / np.abs(wanted).max()),
                "components": count,
                "pairs": pairs.shape[1],
                "ordered": first == sorted(first),
            }
        )
    )


{"write": write, "check": check}[sys.argv[1]]()
