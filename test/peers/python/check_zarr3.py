"""Judges Zarr v3 arrays and OME-Zarr 0.5 groups that emporium wrote, with zarr-python 3, tensorstore, ome-zarr-py and ome-zarr-models.

python check_zarr3.py JOBS.json    (environment: zarr3)

JOBS: {"arrays": [{name, path, shape, dtype, sha256, text}], "images": [{name, path, levels: [sha256], shapes}]}; voxels are hashed little-endian in C
order, `text` is the `zarr.json` that zarr-python is to write for the same metadata.
"""
import hashlib
import json
import sys

import numpy as np
import tensorstore as ts
import zarr
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader
from ome_zarr_models.v05.image import Image
from verdicts import Verdicts

verdicts = Verdicts()


def sha256(data):
    data = np.asarray(data)
    return hashlib.sha256(np.ascontiguousarray(data.astype(data.dtype.newbyteorder("<"))).tobytes()).hexdigest()


def tensorstore(path):
    return ts.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}, read=True).result()


def judge_array(job):
    name, path = job["name"], job["path"]
    array = zarr.open_array(path, mode="r")
    verdicts.check(name, "shape and type", [list(array.shape), array.dtype.name] == [job["shape"], job["dtype"]], (array.shape, array.dtype))
    data = array[...]
    verdicts.check(name, "zarr-python reads the voxels", sha256(data) == job["sha256"], "other voxels")
    other = tensorstore(path)
    verdicts.check(name, "tensorstore reads the voxels", sha256(other.read().result()) == job["sha256"], "other voxels")
    middle = tuple(slice(n // 3, n // 3 + max(1, n // 2)) for n in array.shape)
    same = sha256(array[middle]) == sha256(other[middle].read().result()) == sha256(np.asarray(data)[middle])
    verdicts.check(name, "and a part of them", same, "other voxels")
    text = json.dumps(array.metadata.to_dict(), indent=2)
    verdicts.check(name, "zarr-python writes the same metadata", text == job["text"], text)


def judge_image(job):
    name, path = job["name"], job["path"]
    group = zarr.open_group(path, mode="r")
    members = dict(group.members(max_depth=None))
    verdicts.check(name, "zarr-python finds the arrays", all(str(n) in members for n in range(len(job["levels"]))), list(members))
    consolidated = zarr.open_consolidated(path)
    verdicts.check(name, "also by consolidated metadata", sha256(consolidated["0"][...]) == job["levels"][0], "other voxels")
    image = Image.from_zarr(group)
    verdicts.check(name, "ome-zarr-models accepts it", image.ome_attributes.version == "0.5", image.ome_attributes.version)
    nodes = list(Reader(parse_url(path, mode="r"))())
    found = [sha256(level) for level in nodes[0].data] if nodes else []
    verdicts.check(name, "ome-zarr-py reads its levels", found == job["levels"], [node.data for node in nodes])


with open(sys.argv[1]) as file:
    jobs = json.load(file)
for job in jobs["arrays"]:
    verdicts.guard(job["name"], "reads", judge_array, job)
for job in jobs["images"]:
    verdicts.guard(job["name"], "reads", judge_image, job)
verdicts.print()
