"""virtual_zarr.py URL MRC …: opens each URL by zarr-python over HTTP and compares it with what mrcfile reads. Prints JSON."""

import json
import sys

import mrcfile
import numpy as np
import zarr



def compared(url, path):
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
        levels.append({"dtype": array.dtype.str, "step": step, "equal": bool(np.array_equal(array[...], expected))})
    return {"levels": levels, "scale": finest}


print(json.dumps([compared(url, path) for url, path in zip(sys.argv[1::2], sys.argv[2::2])]))
