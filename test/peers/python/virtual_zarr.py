"""Any volume as OME-Zarr over HTTP: virtual_zarr.py CASES FOLDER [WANTED]

CASES.json: [{"url", "key", "format", "virtual": [each level]}]. Opens each URL by the zarr-python of this environment, and compares every level with what
another program reads of the file in FOLDER (plane_volumes.py), or with what such a run has left in WANTED, where that is full already. Prints JSON.
"""

import json
import os
import sys

import numpy as np
import zarr

cases, folder, kept = sys.argv[1:4]


def wanted(number, case):
    path = os.path.join(kept, f"{number}.npz")
    if not os.path.exists(path):
        from plane_volumes import levels_of

        # as numpy has the type, little-endian, as no viewer shows halves float32
        types = lambda data: "<f4" if data.dtype.name == "float16" else data.dtype.newbyteorder("<")
        levels = levels_of(os.path.join(folder, case["key"]), case["format"])
        np.savez(path, *(data.astype(types(data)) for data in levels))
    levels = np.load(path)
    return [levels[f"arr_{level}"] for level in range(len(levels.files))]


def compared(number, case):
    root = zarr.open_group(case["url"], mode="r")
    stored = wanted(number, case)
    datasets = root.attrs["multiscales"][0]["datasets"]
    scales = [dataset["coordinateTransformations"][0]["scale"] for dataset in datasets]
    levels = []
    for level, (dataset, scale) in enumerate(zip(datasets, scales)):
        array = root[dataset["path"]]
        step = tuple(slice(None, None, round(n / m)) for n, m in zip(scale, scales[0]))
        expected = stored[0][step] if case["virtual"][level] else stored[level]
        found = array[...]
        levels.append(found.dtype == expected.dtype and found.shape == expected.shape and found.tobytes() == expected.tobytes())
    return {"key": case["key"], "shape": list(stored[0].shape), "dtype": stored[0].dtype.name, "levels": levels, "scale": scales[0]}


print(json.dumps([compared(number, case) for number, case in enumerate(json.load(open(cases)))]))
