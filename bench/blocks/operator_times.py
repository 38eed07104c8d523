"""operator_times.py RAW CASES: the same of scipy and numpy, single-threaded. DTYPE in RAW stands for the type."""

import json
import sys
import time

import numpy as np
from scipy import ndimage

raw, cases_file = sys.argv[1:]
given = json.load(open(cases_file))
shape = (given["side"],) * 3


def mean(x):
    z, y, x_ = x.shape
    return x.reshape(z // 2, 2, y // 2, 2, x_ // 2, 2).astype("f4").mean(axis=(1, 3, 5))


def structure(params):
    return ndimage.generate_binary_structure(3, {6: 1, 18: 2, 26: 3}[params["connectivity"]])


WORK = {
    "gaussian": lambda x, p: ndimage.gaussian_filter(x, p["sigma"], output="f4"),
    "median": lambda x, p: ndimage.median_filter(x, size=p["size"]),
    "morphology": lambda x, p: ndimage.grey_erosion(x, footprint=structure(p)),
    "gradient": lambda x, p: ndimage.generic_gradient_magnitude(x, ndimage.sobel, output="f4"),
    "downsample": lambda x, p: mean(x),
    "threshold": lambda x, p: (x > p["above"]).astype("u1"),
    "label": lambda x, p: ndimage.label(x > 0, structure(p)),
}

for case in given["cases"]:
    x = np.fromfile(raw.replace("DTYPE", case["dtype"]), case["dtype"]).reshape(shape)
    times = []
    for _ in range(given["repeat"] + 1):
        start = time.process_time()
        WORK[case["op"]](x, case["params"])
        times.append(time.process_time() - start)
    print(json.dumps({"name": case["name"], "seconds": times[1:]}))
