"""virtual_zarr.py URL MRC: opens URL by zarr-python over HTTP and compares it with what mrcfile reads. Prints JSON."""

import json
import sys

import mrcfile
import numpy as np
import zarr

url, path = sys.argv[1:]
root = zarr.open_group(zarr.storage.FSStore(url), mode="r")
with mrcfile.open(path, permissive=True) as file:
    wanted = file.data.copy()
levels = []
datasets = root.attrs["multiscales"][0]["datasets"]
finest = datasets[0]["coordinateTransformations"][0]["scale"]
for dataset in datasets:
    array = root[dataset["path"]]
    step = [round(n / m) for n, m in zip(dataset["coordinateTransformations"][0]["scale"], finest)]
    expected = wanted[tuple(slice(None, None, n) for n in step)]
    levels.append({"shape": list(array.shape), "dtype": array.dtype.str, "step": step, "equal": bool(np.array_equal(array[...], expected))})
print(json.dumps({"levels": levels, "scale": finest}))
