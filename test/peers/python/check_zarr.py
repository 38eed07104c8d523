"""Judges OME-Zarr that emporium wrote with the libraries of the environment it runs in: zarr-python 2 or 3, ome-zarr, tensorstore.

python check_zarr.py JOBS.json    (environments: peers, zarr3)

Level 0 must equal the source's voxels as float32, bit for bit. Level n + 1 must equal the mean of what is present in each block of
level n, as numpy computes it in float64, to the rounding of a float32 sum of that many terms. Under `--compat reference` the same
with scikit-image's `block_reduce`, which pads odd edges with zeros.
"""
import itertools
import json
import os
import struct
import sys

import numpy as np
import tensorstore as ts
import zarr
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader
from verdicts import Verdicts

verdicts = Verdicts()
ZARR2 = zarr.__version__.startswith("2.")


def blocks(volume, factors):
    """The volume as a list of its block's corners: one strided view for each of the (at most 8) places in a block, zero where absent."""
    padded = np.pad(volume.astype("f8"), [(0, -n % f) for n, f in zip(volume.shape, factors)])
    return [padded[z :: factors[0], y :: factors[1], x :: factors[2]] for z, y, x in itertools.product(*map(range, factors))]


def mean_present(volume, factors):
    counts = sum(blocks(np.ones(volume.shape, "u1"), factors))
    return sum(blocks(volume, factors)) / counts, sum(map(np.abs, blocks(volume, factors))) / counts


def judge_pyramid(name, levels, source, factors, compat):
    same = levels[0].dtype == np.dtype("<f4") and levels[0].shape == source.shape
    verdicts.check(name, "level 0 bit-equal", same and np.array_equal(levels[0].view("u4"), source.view("u4")), (levels[0].shape, levels[0].dtype))
    for n in (1, 2):
        if compat == "reference":
            from skimage.measure import block_reduce

            wanted = block_reduce(levels[n - 1], tuple(factors), np.mean).astype("f8")
            size = sum(map(np.abs, blocks(levels[n - 1], factors))) / np.prod(factors)
        else:
            wanted, size = mean_present(levels[n - 1], factors)
        # a float32 sum of 8 terms is off by at most 7 roundings of the sum of magnitudes, the division by one more
        bound = 16 * 2.0**-24 * size + 2.0**-149
        ok = levels[n].shape == wanted.shape and bool(np.all(np.abs(levels[n] - wanted) <= bound))
        worst = float(np.max(np.abs(levels[n] - wanted))) if levels[n].shape == wanted.shape else levels[n].shape
        verdicts.check(name, f"level {n} equals numpy's mean", ok, f"worst difference {worst}")


def judge_readers(job):
    name, path = job["name"], job["zarr"]
    group = zarr.open_group(path, mode="r")
    levels = [np.asarray(group[str(n)][:]) for n in range(3)]
    judge_pyramid(name, levels, np.load(job["npy"]), job["factors"], job.get("compat"))
    for n in range(3):
        array = ts.open({"driver": "zarr", "kvstore": {"driver": "file", "path": f"{path}/{n}"}}, read=True).result()
        verdicts.check(name, f"tensorstore level {n}", np.array_equal(array.read().result().view("u4"), levels[n].view("u4")), "differs")
    nodes = list(Reader(parse_url(path, mode="r"))())
    verdicts.check(name, "ome-zarr finds one multiscale", len(nodes) == 1 and len(nodes[0].data) == 3, [len(node.data) for node in nodes])
    for n, lazy in enumerate(nodes[0].data):
        verdicts.check(name, f"ome-zarr level {n}", np.array_equal(np.asarray(lazy).view("u4"), levels[n].view("u4")), "differs")


def judge_text(job):
    """What stands in the folder: the portal's readers compare names and text, Neuroglancer needs the separator."""
    name, path, chunks = job["name"], job["zarr"], job["chunks"]
    shapes = [np.load(job["npy"], mmap_mode="r").shape]
    for _ in range(2):
        shapes.append(tuple(-(-n // f) for n, f in zip(shapes[-1], job["factors"])))
    found = sorted(os.listdir(path))
    verdicts.check(name, "root children", found == [".zattrs", ".zgroup", "0", "1", "2"], found)
    spacing = round(job["spacingAngstrom"], 3)
    scales = [[spacing * f**n for f in job["factors"]] for n in range(3)]
    attributes = {
        "multiscales": [
            {
                "axes": [{"name": axis, "type": "space", "unit": "angstrom"} for axis in "zyx"],
                "datasets": [{"path": str(n), "coordinateTransformations": [{"scale": scales[n], "type": "scale"}]} for n in range(3)],
                "metadata": {},
                "name": "/",
                "version": "0.4",
            }
        ]
    }
    compare_json(name, f"{path}/.zgroup", {"zarr_format": 2})
    compare_json(name, f"{path}/.zattrs", attributes)
    for n, shape in enumerate(shapes):
        compare_json(
            name,
            f"{path}/{n}/.zarray",
            {
                "chunks": chunks,
                "compressor": {"blocksize": 0, "clevel": 5, "cname": "lz4", "id": "blosc", "shuffle": 1},
                "dimension_separator": "/",
                "dtype": "<f4",
                "fill_value": 0.0,
                "filters": None,
                "order": "C",
                "shape": list(shape),
                "zarr_format": 2,
            },
        )
        wanted = {"/".join(map(str, at)) for at in itertools.product(*(range(-(-s // c)) for s, c in zip(shape, chunks)))}
        files = {os.path.relpath(os.path.join(folder, file), f"{path}/{n}") for folder, _, names in os.walk(f"{path}/{n}") for file in names}
        verdicts.check(name, f"level {n} has every chunk and nothing else", files == wanted | {".zarray"}, sorted(files ^ wanted)[:5])
        full = 4 * int(np.prod(chunks))
        sizes = {key: frame(f"{path}/{n}/{key}") for key in wanted & files}
        odd = {key: facts for key, facts in sizes.items() if facts != (2, 4, full)}
        verdicts.check(name, f"level {n} chunks are full-size Blosc frames", not odd, odd)


def frame(path):
    """Version, item size and decoded bytes of a Blosc frame, and that its length is the file's."""
    with open(path, "rb") as file:
        head = file.read(16)
    version, _, _, item, decoded, _, encoded = struct.unpack("<BBBBIII", head)
    return (version, item, decoded) if encoded == os.path.getsize(path) else ("cut", encoded, os.path.getsize(path))


def compare_json(name, path, wanted):
    text = open(path, encoding="ascii").read()
    expected = json.dumps(wanted, indent=4, sort_keys=True)
    label = os.path.relpath(path, os.path.dirname(os.path.dirname(path)))
    verdicts.check(name, f"text of {label}", text == expected, f"found {text}\nwanted {expected}")


def judge_zarray_of_zarr2(job):
    """The bytes of `.zarray` equal those that zarr-python 2 writes for the same array."""
    for n in range(3):
        ours = open(f"{job['zarr']}/{n}/.zarray", "rb").read()
        shape = json.loads(ours)["shape"]
        store = zarr.storage.KVStore({})
        zarr.create(shape, chunks=job["chunks"], dtype="<f4", store=store, dimension_separator="/")
        verdicts.check(job["name"], f".zarray {n} as zarr-python writes it", bytes(store[".zarray"]) == ours, store[".zarray"])


for job in json.load(open(sys.argv[1])):
    verdicts.guard(job["name"], "opens", judge_readers, job)
    if ZARR2:
        verdicts.guard(job["name"], "text", judge_text, job)
        verdicts.guard(job["name"], "zarray", judge_zarray_of_zarr2, job)
verdicts.print()
