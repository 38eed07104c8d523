"""Writes masks.golden.json: small volumes as mrcfile and zarr-python store them, and what numpy, scikit-image and scipy make of them by the
portal's method: selection, resampling, three levels, statistics, labels.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install -r scripts/python/reference.txt
    /tmp/venv/bin/python test/golden/masks/generate.py
"""

import base64
import json
import os
import tempfile
from pathlib import Path

import mrcfile
import numcodecs
import numpy as np
import scipy.ndimage
import skimage.measure
import skimage.transform
import zarr

HERE = Path(__file__).parent
rng = np.random.default_rng(20)


def encoded(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def local_mean(volume, shape):
    # float64 throughout: float32 weights would decide voxels that lie on the threshold
    return skimage.transform.resize_local_mean(volume.astype("f8"), shape, preserve_range=True)


def nearest(volume, shape):
    index = [np.zeros(1, int) if m == 1 else np.floor(np.arange(m) * (n - 1) / (m - 1) + 0.5).astype(int) for n, m in zip(volume.shape, shape)]
    result = volume[np.ix_(*index)]
    if all(m > 1 or n == 1 for n, m in zip(volume.shape, shape)):
        zoomed = scipy.ndimage.zoom(volume, [m / n for n, m in zip(volume.shape, shape)], order=0)
        # where the last position is rounded to just behind the last voxel, zoom gives 0 there
        inside = tuple(slice(0, -1 if m > 1 else None) for m in shape)
        assert np.array_equal(zoomed[inside], result[inside]), (volume.shape, shape)
    return result


def pyramid(level, kind):
    levels = [level]
    for _ in range(2):
        if kind == "mask":
            levels.append((skimage.measure.block_reduce(levels[-1].astype("f4"), (2, 2, 2), np.mean) > 0).astype("i1"))
        else:
            levels.append(levels[-1][::2, ::2, ::2])
    return levels


def result(volume, select, target):
    """What the portal writes of a volume that was read as float32."""
    shape = tuple(target or volume.shape)
    labels = None
    if select is None:
        level = nearest(volume, shape).astype("u2")
        labels = [int(label) for label in np.unique(level) if label > 0]
    elif "equals" in select:
        mask = (volume == np.float32(select["equals"])).astype("i1")
        level = (mask if shape == volume.shape else local_mean(mask, shape) > 0).astype("i1")
    else:
        threshold = np.float32(select["atLeast"])
        level = (volume if shape == volume.shape else local_mean(volume, shape).astype("f4")) >= threshold
        level = level.astype("i1")
    levels = pyramid(level, "labels" if select is None else "mask")
    wide = level.astype("f8")
    return {
        "select": select,
        "targetShape": target,
        "levels": [{"shape": list(one.shape), "voxels": encoded(one.astype("<u2" if select is None else "|i1"))} for one in levels],
        "statistics": {"min": wide.min(), "max": wide.max(), "mean": wide.mean(), "rms": wide.std()},
        "labels": labels,
    }


def mrc_bytes(data, dmax=None):
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/volume.mrc"
        with mrcfile.new(path) as mrc:
            mrc.set_data(data)
            mrc.set_volume()
            mrc.voxel_size = 13.48
            mrc.update_header_stats()
            if dmax is not None:
                mrc.header.dmax = dmax
            mrc.header.label[0] = b"golden"  # no clock
        return Path(path).read_bytes()


def zarr_files(data, chunks, group=False):
    with tempfile.TemporaryDirectory() as folder:
        store = zarr.DirectoryStore(folder)
        options = {"shape": data.shape, "chunks": chunks, "dtype": data.dtype, "dimension_separator": "/", "store": store, "compressor": numcodecs.Blosc("lz4", 5, 1)}
        if group:
            root = zarr.group(store=store)
            root.attrs["multiscales"] = [
                {
                    "version": "0.4",
                    "axes": [{"name": axis, "type": "space", "unit": "angstrom"} for axis in "zyx"],
                    "datasets": [{"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": [13.48] * 3}]}],
                }
            ]
            options["path"] = "s0"
        zarr.create(**options)[...] = data
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): base64.b64encode(path.read_bytes()).decode() for path in paths}


def blobs(shape, labels, dtype):
    """Some voxels of each label, far and near, the last of each axis among them."""
    volume = np.zeros(shape, dtype)
    for label in labels:
        for _ in range(3):
            at = [rng.integers(0, n) for n in shape]
            volume[tuple(slice(i, i + rng.integers(1, 4)) for i in at)] = label
    volume[-1, -1, -1] = labels[-1]
    return volume


def unsure(volume, threshold, target):
    """Whether a mean lies so close to the threshold that rounding may decide."""
    return bool(np.any(np.abs(local_mean(volume, target) - threshold) < 1e-5))


cases = []


def case(name, data, results, files, suffix, read=None):
    volume = (data if read is None else read).astype("f4")
    made = []
    for select, target in results:
        if select and "atLeast" in select and target and not name.startswith("halves"):
            assert not unsure(volume, select["atLeast"], target), name
        made.append(result(volume, select, target))
    cases.append({"name": name, "source": f"{name}{suffix}", "files": files, "results": made})


small = (5, 7, 9)
TARGETS = [None, [9, 13, 20], [2, 3, 4], [7, 3, 18], [1, 1, 1], [10, 14, 18]]

data = blobs(small, [1, 2, 3, 100], "i1")
everything = [(select, target) for select in ({"equals": 1}, {"equals": 3}, {"atLeast": 2}, None) for target in TARGETS]
everything = [(s, t) for s, t in everything if not (s and "atLeast" in s and t and unsure(data.astype("f4"), 2, t))]
case("int8", data, everything, {"": base64.b64encode(mrc_bytes(data)).decode()}, ".mrc")

data = blobs(small, [1, 300, 65535], "u2")
case("uint16", data, [({"equals": 300}, None), (None, None), (None, [8, 8, 8]), ({"equals": 65535}, [3, 20, 5])], {"": base64.b64encode(mrc_bytes(data.astype(">u2"))).decode()}, ".mrc")

data = rng.random((6, 8, 10), dtype="f4")
case("float32", data, [({"atLeast": 0.5}, t) for t in (None, [12, 16, 20], [3, 4, 5], [4, 11, 7])], {"": base64.b64encode(mrc_bytes(data)).decode()}, ".mrc")

# probabilities in quarters, means of 1, 2, 4 or 8 of them: exactly on the threshold, in float32 as well
data = (rng.integers(0, 5, (6, 8, 10)) / 4).astype("f4")
case("halves", data, [({"atLeast": 0.5}, t) for t in (None, [12, 16, 20], [3, 4, 5], [6, 4, 20])], {"": base64.b64encode(mrc_bytes(data)).decode()}, ".mrc")

data = rng.integers(-40, 40, small, dtype="i2")
case("int16", data, [({"equals": -7}, None), ({"atLeast": 0}, None), ({"equals": -7}, [6, 6, 6])], {"": base64.b64encode(mrc_bytes(data.astype(">i2"))).decode()}, ".mrc")

data = (rng.integers(0, 9, small) / 8).astype("f2")
case("float16", data, [({"atLeast": 0.375}, None)], {"": base64.b64encode(mrc_bytes(data)).decode()}, ".mrc")

# unsigned bytes under a signed mode: the header's maximum tells, u becomes u - 128
stored = rng.integers(0, 256, small, dtype="u1")
case(
    "unsigned", stored, [({"equals": 1}, None), ({"equals": -128}, None), ({"atLeast": 100}, None)],
    {"": base64.b64encode(mrc_bytes(stored.view("i1"), dmax=250)).decode()}, ".mrc", read=stored.astype("i2") - 128,
)

for dtype in ("|b1", "|i1", "|u1", "<i2", ">u2", "<i4", ">u4", "<i8", "<u8", "<f4"):
    data = blobs(small, [1], dtype) if dtype == "|b1" else blobs(small, [1, 2, 101], dtype)
    name = f"zarr-{dtype[1:]}"
    case(name, data, [({"equals": 1}, None), (None, None), (None, [6, 5, 12])], zarr_files(data, (3, 4, 5), group=dtype in ("|i1", "<u8")), ".zarr/")

(HERE / "masks.golden.json").write_text(json.dumps(cases) + "\n")
print(len(cases), "cases,", sum(len(one["results"]) for one in cases), "results,", os.path.getsize(HERE / "masks.golden.json"), "bytes")
