"""Writes label volumes and probabilities as MRC (mrcfile) and Zarr (zarr-python), and beside each NAME.npy the voxels a reader must find.

python make_masks.py CASES.json FOLDER    (environment: peers)
"""
import json
import sys

import mrcfile
import numcodecs
import numpy as np
import zarr


def voxels(case):
    rng = np.random.default_rng(case["seed"])
    if case["dtype"].startswith("f"):
        # smooth, so that a threshold cuts surfaces and not noise
        z, y, x = np.indices(case["shape"]) / 7
        return (0.5 + 0.5 * np.sin(z + 0.3) * np.sin(y) * np.cos(x)).astype(case["dtype"])
    volume = np.zeros(case["shape"], case["dtype"])
    for n in range(case.get("blobs", 60)):
        corner = [int(rng.integers(0, length)) for length in case["shape"]]
        size = [int(rng.integers(1, max(2, length // 4))) for length in case["shape"]]
        volume[tuple(slice(a, a + s) for a, s in zip(corner, size))] = case["labels"][n % len(case["labels"])]
    return volume


for case in json.load(open(sys.argv[1])):
    data = voxels(case)
    path = f"{sys.argv[2]}/{case['source']}".rstrip("/")
    if ".zarr" in path:
        options = {"compressor": numcodecs.Blosc("zstd", 3, 2)} if case["seed"] % 2 else {}
        array = zarr.open(path, mode="w", shape=data.shape, chunks=(40, 64, 50), dtype=data.dtype, dimension_separator="/", **options)
        array[...] = data
    else:
        with mrcfile.new(path, overwrite=True, compression="gzip" if path.endswith(".gz") else None) as mrc:
            mrc.set_data(data.astype(data.dtype.newbyteorder(case.get("order", "<"))))
            mrc.set_volume()
            mrc.voxel_size = 10
            mrc.update_header_stats()
    np.save(f"{sys.argv[2]}/{case['name']}.npy", data.astype("f4"))
