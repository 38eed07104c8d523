"""What scipy and numpy make of volumes: scipy_operators.py FOLDER, which has cases.json and one raw file a case.

Writes NAME.out, raw voxels, for operators; NAME.json for reductions.
"""

import json
import math
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy import ndimage

folder = Path(sys.argv[1])


def filtered(x):
    return np.float64 if x.dtype == np.float64 else np.float32


def structure(params):
    return ndimage.generate_binary_structure(3, {6: 1, 18: 2, 26: 3}[params["connectivity"]])


def gaussian(x, p):
    edge = {"mode": p["edge"], "cval": p["value"]}
    return ndimage.gaussian_filter(x, p["sigma"], output=filtered(x), truncate=p["truncate"], **edge)


def median(x, p):
    return ndimage.median_filter(x, size=tuple(p["size"]), mode=p["edge"], cval=p["value"])


def morphology(x, p):
    element = structure(p)
    if p["binary"]:
        name = {"erode": "erosion", "dilate": "dilation", "open": "opening", "close": "closing"}[p["operation"]]
        work = getattr(ndimage, f"binary_{name}")
        return work(x != 0, element, iterations=p["iterations"], border_value=0).astype("u1")
    steps = {"erode": ["erosion"], "dilate": ["dilation"], "open": ["erosion", "dilation"], "close": ["dilation", "erosion"]}
    for name in steps[p["operation"]]:
        for _ in range(p["iterations"]):
            x = getattr(ndimage, f"grey_{name}")(x, footprint=element, mode=p["edge"], cval=p["value"])
    return x


def gradient(x, p):
    kind = filtered(x)
    axis = "zyx".find(p["component"])
    if p["method"] == "central":
        parts = np.gradient(x.astype(kind))
        if axis >= 0:
            return parts[axis]
        return np.sqrt(parts[0] * parts[0] + parts[1] * parts[1] + parts[2] * parts[2])
    derivative = getattr(ndimage, p["method"])
    edge = {"mode": p["edge"], "cval": p["value"]}
    if axis >= 0:
        return derivative(x, axis, output=kind, **edge)
    return ndimage.generic_gradient_magnitude(x, derivative, output=kind, **edge)


def windows(x, factor):
    """Of each voxel of the result: the voxels that it is made of."""
    shape = [-(-n // f) for n, f in zip(x.shape, factor)]
    for at in np.ndindex(*shape):
        yield at, x[tuple(slice(i * f, i * f + f) for i, f in zip(at, factor))]


def mode(values):
    counts = Counter(values.ravel().tolist())
    most = max(counts.values())
    return min(value for value, count in counts.items() if count == most)


def downsample(x, p):
    shape = [-(-n // f) for n, f in zip(x.shape, p["factor"])]
    method = {"mean": lambda v: v.astype("f8").mean(), "mode": mode, "max": np.max, "min": np.min, "stride": lambda v: v[0, 0, 0]}
    rounds = p["method"] == "mean" and p["dtype"] == "input" and x.dtype.kind in "iu"
    out = np.zeros(shape, "f4" if p["method"] == "mean" and p["dtype"] == "float32" else x.dtype)
    for at, voxels in windows(x, p["factor"]):
        value = method[p["method"]](voxels)
        out[at] = np.rint(value) if rounds else value
    return out


def cast(x, p):
    if p["dtype"] == "bool" or p["dtype"].startswith("float") or p["rule"] == "wrap":
        return x.astype(p["dtype"])
    range_ = np.iinfo(p["dtype"])
    clipped = np.clip(x, range_.min, range_.max)
    return (np.rint(clipped) if p["round"] == "even" else clipped).astype(p["dtype"])


def affine(x, p):
    return (x.astype("f8") * p["scale"] + p["offset"]).astype(p["dtype"])


def threshold(x, p):
    return (x > p["above"]).astype("u1")


def clip(x, p):
    return np.clip(x, p["low"], p["high"])


def label(x, p):
    """Components: their number by rank of the first voxel in C order, without those that are too small."""
    labels, count = ndimage.label(x != 0, structure(p))
    flat = labels.ravel()
    found, first, sizes = np.unique(flat, return_index=True, return_counts=True)
    kept = [(at, one) for one, at, size in zip(found, first, sizes) if one != 0 and size >= p["minVoxels"]]
    ranks = np.zeros(count + 1, "u8")
    for rank, (_, one) in enumerate(sorted(kept), 1):
        ranks[one] = rank
    return ranks[flat].reshape(labels.shape)


OPERATORS = {
    work.__name__: work
    for work in (gaussian, median, morphology, gradient, downsample, cast, affine, threshold, clip, label)
}



def statistics(x, _):
    values = [float(v) for v in x.ravel() if np.isfinite(v)]
    count, total = len(values), math.fsum(values)
    exact = [Fraction(v) for v in values]
    variance = sum(v * v for v in exact) / count - (sum(exact) / count) ** 2
    facts = {"count": count, "notFinite": x.size - count, "min": min(values), "max": max(values), "sum": total}
    squares = math.fsum(v * v for v in values)
    return {**facts, "mean": total / count, "rms": math.sqrt(squares / count), "standardDeviation": math.sqrt(variance)}


def histogram(x, p):
    counts, edges = np.histogram(x.astype("f8"), p["bins"], p["range"])
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def contrast(x, p):
    values = x[np.isfinite(x)]
    return {"limits": np.percentile(values.astype("f8"), [p["low"], p["high"]]).tolist(), "count": int(values.size)}


def unique(x, _):
    labels, counts = np.unique(x, return_counts=True)
    return {"labels": [str(label) for label in labels], "counts": counts.tolist()}


def points(x, p):
    found = []
    for label, count in zip(*np.unique(x[x != 0], return_counts=True)):
        mask = x == label
        centroid = [float(place) for place in ndimage.center_of_mass(mask)]
        (box,) = ndimage.find_objects(mask.astype(int))
        found.append({
            "label": str(label), "voxels": int(count), "centroid": centroid,
            "centroidNm": [o + c * s for o, c, s in zip(p["offsetNm"], centroid, p["voxelSizeNm"])],
            "box": {"start": [part.start for part in box], "stop": [part.stop for part in box]},
        })  # fmt: skip
    return {"points": found}


def maxima(x, p):
    """Of equal values the first voxel has the highest rank, so that no two ranks are equal."""
    ranks = np.empty(x.size, np.int64)
    ranks[np.lexsort((-np.arange(x.size), x.ravel()))] = np.arange(x.size)
    ranks = ranks.reshape(x.shape)
    reach = [int(d) for d in p["distance"]]
    steps = np.ogrid[tuple(slice(-r, r + 1) for r in reach)]
    far = sum((step / d) ** 2 if d > 0 else 0.0 * step for step, d in zip(steps, p["distance"]))
    largest = ndimage.maximum_filter(ranks, footprint=far <= 1, mode="constant", cval=-1)
    found = np.argwhere((ranks == largest) & (x > p["above"]))
    places = [(np.array(p["offsetNm"]) + at * p["voxelSizeNm"]).tolist() for at in found]
    return {"maxima": [{"position": at.tolist(), "positionNm": nm, "value": float(x[tuple(at)])} for at, nm in zip(found, places)]}


REDUCTIONS = {work.__name__: work for work in (statistics, histogram, contrast, unique, points, maxima)}

for case in json.loads((folder / "cases.json").read_text()):
    x = np.fromfile(folder / f"{case['name']}.raw", case["dtype"]).reshape(case["shape"])
    if case["op"] in REDUCTIONS:
        (folder / f"{case['name']}.json").write_text(json.dumps(REDUCTIONS[case["op"]](x, case["params"])))
    else:
        np.ascontiguousarray(OPERATORS[case["op"]](x, case["params"])).tofile(folder / f"{case['name']}.out")
print(np.__version__)
