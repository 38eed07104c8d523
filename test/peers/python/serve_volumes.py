"""Readers of volumes against a served tree: serve_volumes.py FILES_URL S3_URL BUCKET TREE KEY…

KEY is an OME-Zarr image (`….zarr`), a precomputed segmentation or a precomputed collection of annotations below TREE. Each is read over HTTP and over S3
by every library of this environment that can, and held against what the same library reads from the disk.
"""
import importlib.util
import json
import os
import sys
from importlib.metadata import version

import numpy as np

from verdicts import Verdicts

files, s3, bucket, tree, *keys = sys.argv[1:]
has = lambda name: importlib.util.find_spec(name) is not None
S3_OPTIONS = {"anon": True, "endpoint_url": s3}
PLACES = [("files", lambda key: f"{files}/{key}", {}), ("s3", lambda key: f"s3://{bucket}/{key}", S3_OPTIONS)]


def same(one, other):
    return one.dtype == other.dtype and one.shape == other.shape and np.array_equal(one, other)


def by_zarr(verdicts, key):
    import zarr

    three = zarr.__version__.startswith("3")
    local = zarr.open_group(os.path.join(tree, key), mode="r")
    for place, address, options in PLACES:
        group = zarr.open_group(address(key), mode="r", storage_options=options) if three or options else zarr.open_group(address(key), mode="r")
        verdicts.check(key, f"zarr {zarr.__version__}, {place}: attributes", dict(group.attrs) == dict(local.attrs), dict(group.attrs))
        for level in "012":
            verdicts.check(key, f"zarr {zarr.__version__}, {place}: level {level}", same(group[level][:], local[level][:]))
        part = (slice(3, 9), slice(5, None), slice(None, 7))
        verdicts.check(key, f"zarr {zarr.__version__}, {place}: a part", same(group["0"][part], local["0"][part]))


def by_fsspec(verdicts, key):
    import fsspec

    names = sorted(os.path.relpath(os.path.join(at, name), tree) for at, _, found in os.walk(os.path.join(tree, key)) for name in found)
    for place, address, options in PLACES:
        fs = fsspec.filesystem("s3", **options) if options else fsspec.filesystem("http")
        at = lambda name: f"{bucket}/{name}" if options else address(name)
        wanted = {name: open(os.path.join(tree, name), "rb").read() for name in names}
        verdicts.check(key, f"fsspec, {place}: files", all(fs.cat_file(at(name)) == body for name, body in wanted.items()))
        name = max(names, key=lambda one: len(wanted[one]))
        body = wanted[name]
        verdicts.check(key, f"fsspec, {place}: a range", fs.cat_file(at(name), start=11, end=len(body) - 5) == body[11:-5])
        verdicts.check(key, f"fsspec, {place}: size", fs.info(at(name))["size"] == len(body), fs.info(at(name)))
        verdicts.check(key, f"fsspec, {place}: what is not there", not fs.exists(at(f"{key}/0/99/99/99")) and fs.exists(at(name)))
        with fs.open(at(name), "rb", block_size=1024) as file:
            file.seek(17)
            verdicts.check(key, f"fsspec, {place}: a file that seeks", file.read(100) == body[17:117])
        if options:
            entries = sorted(entry["name"].rsplit("/", 1)[-1] for entry in fs.ls(f"{bucket}/{key}", detail=True))
            verdicts.check(key, "s3fs: ls", entries == sorted(os.listdir(os.path.join(tree, key))), entries)
            listed = sorted(path[len(bucket) + 1 :] for path in fs.find(f"{bucket}/{key}"))
            verdicts.check(key, "s3fs: find", listed == names, listed[:5])


def by_tensorstore(verdicts, key):
    import tensorstore

    three = os.path.exists(os.path.join(tree, key, "zarr.json"))
    open_ = lambda kvstore, level: tensorstore.open({"driver": "zarr3" if three else "zarr", "kvstore": kvstore, "path": f"{level}/"}).result()
    stores = {"files": {"driver": "http", "base_url": files, "path": f"{key}/"}}
    # before that it asked for nothing without keys
    if tuple(map(int, version("tensorstore").split("."))) >= (0, 1, 80):
        stores["s3"] = {"driver": "s3", "bucket": bucket, "endpoint": s3, "aws_region": "us-east-1", "aws_credentials": {"type": "anonymous"}, "path": f"{key}/"}
    for level in "012":
        local = open_({"driver": "file", "path": os.path.join(tree, key) + "/"}, level).read().result()
        for place, kvstore in stores.items():
            verdicts.check(key, f"tensorstore, {place}: level {level}", same(open_(kvstore, level).read().result(), local))


def by_ome_zarr(verdicts, key):
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    def read(address):
        image = next(iter(Reader(parse_url(address, mode="r"))()))
        return [np.asarray(level) for level in image.data], image.metadata["coordinateTransformations"]

    (wanted, scales), (got, served) = read(os.path.join(tree, key)), read(f"{files}/{key}")
    verdicts.check(key, "ome-zarr, files", len(got) == 3 and all(map(same, got, wanted)) and scales == served, served)


def by_cloud_volume(verdicts, key):
    from cloudvolume import CloudVolume
    from cloudvolume.datasource.precomputed.annotation import PrecomputedAnnotationSource
    from cloudvolume.datasource.precomputed.sharding import ShardingSpecification, ShardReader

    with open(os.path.join(tree, key, "info")) as file:
        info = json.load(file)
    if info["@type"] == "neuroglancer_annotations_v1":

        def records(at):
            source = PrecomputedAnnotationSource(at)
            reader = ShardReader(source.meta.cloudpath, source.cache, ShardingSpecification.from_dict(info["by_id"]["sharding"]))
            ids = sorted(int(one) for one in reader.list_labels("0.shard", path="by_id"))
            return ids, reader.get_data(ids, path="by_id")

        local, served = records(f"precomputed://file://{os.path.join(tree, key)}"), records(f"precomputed://{files}/{key}")
        verdicts.check(key, "cloud-volume, files: annotations by id", served == local and len(served[0]) > 0, served[0])
        return
    local = np.asarray(CloudVolume(f"file://{os.path.join(tree, key)}", progress=False)[:])
    served = CloudVolume(f"precomputed://{files}/{key}", progress=False)
    verdicts.check(key, "cloud-volume, files: labels", np.array_equal(np.asarray(served[:]), local) and local.any())


def precomputed_by_tensorstore(verdicts, key):
    import tensorstore

    open_ = lambda kvstore: tensorstore.open({"driver": "neuroglancer_precomputed", "kvstore": kvstore}).result().read().result()
    local = open_({"driver": "file", "path": os.path.join(tree, key) + "/"})
    verdicts.check(key, "tensorstore, files: labels", same(open_({"driver": "http", "base_url": files, "path": f"{key}/"}), local))


verdicts = Verdicts()
for key in keys:
    if not key.endswith(".zarr"):
        verdicts.guard(key, "cloud-volume", by_cloud_volume, verdicts, key)
        if "segmentationmask" in key:
            verdicts.guard(key, "tensorstore", precomputed_by_tensorstore, verdicts, key)
        continue
    readers = [("zarr", by_zarr), ("fsspec", by_fsspec), ("tensorstore", by_tensorstore), ("ome_zarr", by_ome_zarr)]
    for module, reader in readers:
        if has(module):
            verdicts.guard(key, module, reader, verdicts, key)
verdicts.print()
