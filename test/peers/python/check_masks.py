"""Judges masks that emporium wrote, by the programs that people use and by the portal's method in numpy and scikit-image.

python check_masks.py JOBS.json    (environments: peers, zarr3; mrcfile and the resampling are judged in peers alone)
"""
import io
import json
import struct
import sys

import numpy as np
import tensorstore as ts
import zarr
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader
from verdicts import Verdicts

verdicts = Verdicts()
PEERS = zarr.__version__.startswith("2.")
if PEERS:
    import mrcfile
    from scipy import ndimage
    from skimage.measure import block_reduce
    from skimage.transform import resize_local_mean


def nearest(volume, shape):
    index = [np.zeros(1, int) if m == 1 else np.floor(np.arange(m) * (n - 1) / (m - 1) + 0.5).astype(int) for n, m in zip(volume.shape, shape)]
    return volume[np.ix_(*index)]


def judge_level0(job, level):
    """Voxel by voxel as the portal computes it. Where a local mean lies on the threshold to within float32 rounding, either is right."""
    name, volume, shape = job["name"], np.load(job["npy"]), tuple(job["targetShape"] or np.load(job["npy"], mmap_mode="r").shape)
    select = job["select"]
    same = shape == volume.shape
    undecided = np.zeros(shape, bool)
    if select is None:
        wanted = nearest(volume, shape)
        if not same:
            zoomed = ndimage.zoom(volume, [m / n for n, m in zip(volume.shape, shape)], order=0)
            # zoom gives 0 where its last position is rounded to just behind the last voxel
            verdicts.check(name, "scipy's zoom", np.array_equal(zoomed[:-1, :-1, :-1], level[:-1, :-1, :-1]), "differs")
    elif "equals" in select:
        wanted = (volume == select["equals"]).astype("i1")
        if not same:
            wanted = resize_local_mean(wanted.astype("f4"), shape, preserve_range=True) > 0
    else:
        mean = volume if same else resize_local_mean(volume, shape, preserve_range=True)
        wanted = mean >= np.float32(select["atLeast"])
        undecided = np.abs(mean - np.float32(select["atLeast"])) < (0 if same else 1e-5)
    wrong = (wanted.astype("i8") != level.astype("i8")) & ~undecided
    verdicts.check(name, "level 0 as numpy and scikit-image", not wrong.any(), f"{wrong.sum()} of {wrong.size} voxels differ")
    verdicts.check(name, "few voxels on the threshold", undecided.mean() < 0.001, undecided.mean())


def judge_pyramid(job, levels):
    name, dtype = job["name"], "<u2" if job["select"] is None else "|i1"
    for n in (1, 2):
        if job["select"] is None:
            wanted = levels[n - 1][::2, ::2, ::2]
        elif PEERS:
            wanted = (block_reduce(levels[n - 1].astype("f4"), (2, 2, 2), np.mean) > 0).astype("i1")
        else:
            continue
        verdicts.check(name, f"level {n}", np.array_equal(levels[n], wanted), "differs")
    verdicts.check(name, "dtypes", all(level.dtype == np.dtype(dtype) for level in levels), [level.dtype for level in levels])


def judge_zarr(job):
    name, path = job["name"], job["zarr"]
    group = zarr.open_group(path, mode="r")
    levels = [np.asarray(group[str(n)][:]) for n in range(3)]
    judge_pyramid(job, levels)
    if PEERS:
        judge_level0(job, levels[0])
    for n in range(3):
        array = ts.open({"driver": "zarr", "kvstore": {"driver": "file", "path": f"{path}/{n}"}}, read=True).result()
        verdicts.check(name, f"tensorstore level {n}", np.array_equal(array.read().result(), levels[n]), "differs")
    nodes = list(Reader(parse_url(path, mode="r"))())
    verdicts.check(name, "ome-zarr finds one multiscale", len(nodes) == 1 and len(nodes[0].data) == 3, len(nodes))
    for n, lazy in enumerate(nodes[0].data):
        verdicts.check(name, f"ome-zarr level {n}", np.array_equal(np.asarray(lazy), levels[n]), "differs")
    metadata = dict(group.attrs)["multiscales"][0]["metadata"]
    labels = [int(label) for label in np.unique(levels[0]) if label > 0]
    wanted = {"image-label": {"version": "0.4", "colors": [{"label-value": label} for label in labels]}} if job["select"] is None else {}
    verdicts.check(name, "labels", metadata == wanted, metadata)
    if job["select"] is None:
        verdicts.check(name, "count of labels", job["labels"] == len(labels), (job["labels"], labels))
    with open(f"{path}/0/0/0/0", "rb") as file:
        version, _, flags, item, decoded = struct.unpack("<BBBBI", file.read(8))
    size = levels[0].dtype.itemsize
    verdicts.check(name, "chunks are full Blosc frames", (version, item, decoded) == (2, size, 256**3 * size), (version, flags, item, decoded))


def judge_mrc(job):
    name, path = job["name"], job["mrc"]
    report = io.StringIO()
    verdicts.check(name, "mrcfile.validate", mrcfile.validate(path, print_file=report), report.getvalue())
    level = np.asarray(zarr.open_group(job["zarr"], mode="r")["0"][:])
    with mrcfile.open(path, permissive=False) as mrc:
        h = mrc.header
        verdicts.check(name, "MRC equals Zarr", mrc.data.dtype == level.dtype and np.array_equal(mrc.data.reshape(level.shape), level), mrc.data.dtype)
        wide = level.astype("f8")
        nz, ny, nx = level.shape
        cell = [float(h.cella.x), float(h.cella.y), float(h.cella.z)]
        fields = {
            "mode": (int(h.mode), 6 if job["select"] is None else 0),
            "n": ([int(h.nx), int(h.ny), int(h.nz)], [nx, ny, nz]),
            "m": ([int(h.mx), int(h.my), int(h.mz)], [nx, ny, nz]),
            "space group": (int(h.ispg), 1),
            "nversion": (int(h.nversion), 20141),
            "dmin, dmax": ([float(h.dmin), float(h.dmax)], [wide.min(), wide.max()]),
        }
        for field, (found, wanted) in fields.items():
            verdicts.check(name, f"header {field}", found == wanted, f"{found}, wanted {wanted}")
        verdicts.check(name, "header cell", np.allclose(cell, np.array([nx, ny, nz]) * job["spacingAngstrom"], rtol=1e-6), cell)
        verdicts.check(name, "dmean", np.isclose(h.dmean, wide.mean(), rtol=1e-6, atol=0), (h.dmean, wide.mean()))
        verdicts.check(name, "rms", np.isclose(h.rms, wide.std(), rtol=1e-6, atol=0), (h.rms, wide.std()))


for job in json.load(open(sys.argv[1])):
    verdicts.guard(job["name"], "opens as Zarr", judge_zarr, job)
    if PEERS:
        verdicts.guard(job["name"], "opens as MRC", judge_mrc, job)
verdicts.print()
