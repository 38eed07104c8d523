"""hdf5_volumes.py FOLDER: volumes.h5 with datasets of many layouts, boxes of them as raw files, and a list of both."""

import json
import sys
from pathlib import Path

import h5py
import numpy as np

folder = Path(sys.argv[1])
random = np.random.default_rng(3)
SHAPE = (37, 50, 61)
LAYOUTS = {
    "contiguous": {},
    "chunked": {"chunks": (16, 16, 16)},
    "gzip": {"chunks": (8, 32, 61), "compression": "gzip", "compression_opts": 4},
    "shuffled": {"chunks": (16, 16, 16), "compression": "gzip", "shuffle": True, "fletcher32": True},
    "growing": {"chunks": (5, 7, 64), "maxshape": (None, None, None)},
}
cases = []
with h5py.File(folder / "volumes.h5", "w") as file:
    for name, layout in LAYOUTS.items():
        for dtype in ("<i2", ">u4", "<f4", "u1", ">f8", "<i8"):
            values = random.integers(0, 200, SHAPE).astype(dtype)
            file.create_dataset(f"{name}/{np.dtype(dtype).name}", data=values, **layout)
    # chunks that were never written are the fill value
    file.create_dataset("sparse/int16", shape=SHAPE, dtype="<i2", chunks=(16, 16, 16), fillvalue=-5)[20:30, 3:40, 10:50] = 9

    def visit(path, found):
        if not isinstance(found, h5py.Dataset):
            return
        boxes = []
        for at in range(6):
            edges = np.sort([random.integers(0, length + 1, 2) for length in SHAPE], axis=1)
            start, stop = edges[:, 0].tolist(), np.maximum(edges[:, 1], edges[:, 0] + 1).clip(max=SHAPE).tolist()
            start = [min(a, b - 1) for a, b in zip(start, stop)]
            name = f"{path.replace('/', '-')}-{at}.raw"
            box = found[tuple(slice(a, b) for a, b in zip(start, stop))]
            box.astype(box.dtype.newbyteorder("<")).tofile(folder / name)
            boxes.append({"start": start, "stop": stop, "file": name})
        cases.append({"dataset": f"/{path}", "dtype": found.dtype.name, "boxes": boxes})

    file.visititems(visit)
print(json.dumps(cases))
