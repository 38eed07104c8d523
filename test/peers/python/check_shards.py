"""Judges OME-Zarr 0.5 in shards that emporium wrote, with zarr-python 3, tensorstore, ome-zarr-py, ome-zarr-models and numpy.

python check_shards.py JOBS.json    (environment: zarr3)

JOBS: [{name, form, npy, mrc, zarr, shape, compat, codec, shardBytes, labels, select, spacingAngstrom}]. Level 0 must equal the source's voxels bit for
bit, as float32, or what is selected of them; level n + 1 the mean of what is present in each block of level n (`compat`: odd edges padded with
zeros), any hit of masks, the first voxel of labels. Then the shards themselves: as many as the limit asks for, each with all of its chunks but those of
zeros, one behind the other, and the index at its end.
"""
import itertools
import json
import os
import sys

import google_crc32c
import numpy as np
import tensorstore as ts
import zarr
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader
from ome_zarr_models.v05.image import Image
from verdicts import Verdicts

verdicts = Verdicts()
DTYPES = {"volume": "<f4", "series": "<f4", "mask": "|i1", "labels": "<u2"}
INNER = {"volume": [128, 128, 128], "series": [1, 1024, 1024], "mask": [128, 128, 128], "labels": [128, 128, 128]}
ABSENT = 2**64 - 1


def blocks(volume, factors):
    padded = np.pad(volume.astype("f8"), [(0, -n % f) for n, f in zip(volume.shape, factors)])
    return [padded[z :: factors[0], y :: factors[1], x :: factors[2]] for z, y, x in itertools.product(*map(range, factors))]


def bits(volume):
    return np.ascontiguousarray(volume).view(f"u{volume.dtype.itemsize}")


def source_of(job):
    volume = np.load(job["npy"])
    if job["form"] == "mask":
        return (volume == job["select"]["equals"]).astype("i1")
    return volume.astype(DTYPES[job["form"]])


def judge_levels(job, levels):
    name, form = job["name"], job["form"]
    factors = [1, 2, 2] if form == "series" else [2, 2, 2]
    source = source_of(job)
    same = levels[0].dtype == np.dtype(DTYPES[form]) and levels[0].shape == source.shape
    verdicts.check(name, "level 0 bit-equal", same and np.array_equal(bits(levels[0]), bits(source)), (levels[0].shape, levels[0].dtype))
    for n in (1, 2):
        below = levels[n - 1]
        if form == "labels":
            ok = np.array_equal(levels[n], below[::2, ::2, ::2])
        elif form == "mask":
            ok = np.array_equal(levels[n], (sum(blocks(below, factors)) > 0).astype("i1"))
        else:
            counts = np.prod(factors) if job["compat"] else sum(blocks(np.ones(below.shape, "u1"), factors))
            wanted = sum(blocks(below, factors)) / counts
            size = sum(map(np.abs, blocks(below, factors))) / counts
            ok = levels[n].shape == wanted.shape and bool(np.all(np.abs(levels[n] - wanted) <= 16 * 2.0**-24 * size + 2.0**-149))
        verdicts.check(name, f"level {n} is what it must be of the one before", ok, levels[n].shape)


def judge_readers(job):
    name, path, form = job["name"], job["zarr"], job["form"]
    group = zarr.open_group(path, mode="r")
    levels = [np.asarray(group[str(n)][:]) for n in range(3)]
    judge_levels(job, levels)
    mrc = np.fromfile(job["mrc"], DTYPES[form], offset=os.path.getsize(job["mrc"]) - levels[0].nbytes).reshape(levels[0].shape)
    verdicts.check(name, "MRC equals level 0", np.array_equal(bits(mrc), bits(levels[0])), "differs")
    for n in range(3):
        array = ts.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/{n}"}}, read=True).result()
        verdicts.check(name, f"tensorstore level {n}", np.array_equal(bits(array.read().result()), bits(levels[n])), "differs")
        verdicts.check(name, f"names of axes {n}", list(array.domain.labels) == ["z", "y", "x"], array.domain.labels)
        part = tuple(slice(s // 3, s // 3 + max(1, s // 2)) for s in array.shape)
        verdicts.check(name, f"part of level {n}", np.array_equal(bits(group[str(n)][part]), bits(levels[n][part])), "differs")
        text = json.dumps(group[str(n)].metadata.to_dict(), indent=2)
        verdicts.check(name, f"text of zarr.json {n} as zarr-python's", text == open(f"{path}/{n}/zarr.json").read(), text)
    text = json.dumps({k: v for k, v in group.metadata.to_dict().items() if k != "consolidated_metadata"}, indent=2)
    verdicts.check(name, "text of zarr.json as zarr-python's", text == open(f"{path}/zarr.json").read(), text)
    nodes = list(Reader(parse_url(path, mode="r"))())
    verdicts.check(name, "ome-zarr finds one multiscale", len(nodes) >= 1 and len(nodes[0].data) == 3, [len(node.data) for node in nodes])
    for n, lazy in enumerate(nodes[0].data):
        verdicts.check(name, f"ome-zarr level {n}", np.array_equal(np.asarray(lazy), levels[n], equal_nan=form in ("volume", "series")), "differs")
    ome = dict(group.attrs)["ome"]
    image = Image.from_zarr(group)
    verdicts.check(name, "ome-zarr-models accepts it", image.ome_attributes.version == "0.5", image.ome_attributes.version)
    spacing = round(job["spacingAngstrom"], 3)
    factors = [1, 2, 2] if form == "series" else [2, 2, 2]
    scales = [d.coordinateTransformations[0].scale for d in image.ome_attributes.multiscales[0].datasets]
    verdicts.check(name, "scales", scales == [[spacing * f**n for f in factors] for n in range(3)], scales)
    labels = [int(label) for label in np.unique(levels[0]) if label > 0]
    wanted = {"colors": [{"label-value": label} for label in labels]} if form == "labels" else None
    verdicts.check(name, "labels", ome.get("image-label") == wanted, ome.get("image-label"))
    if form == "labels":
        verdicts.check(name, "count of labels", job["labels"] == len(labels), (job["labels"], labels))
    for n in range(3):
        judge_shards(job, n, levels[n])


def judge_shards(job, n, level):
    """Independent of any Zarr library."""
    name, path, inner = job["name"], f"{job['zarr']}/{n}", INNER[job["form"]]
    metadata = json.load(open(f"{path}/zarr.json"))
    shard = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    sharding = metadata["codecs"][0]["configuration"]
    verdicts.check(name, f"inner chunks {n}", sharding["chunk_shape"] == inner and sharding["index_location"] == "end", sharding)
    codec = sharding["codecs"][1]["name"]
    verdicts.check(name, f"codec {n}", codec == {"blosc-lz4": "blosc", "zstd": "zstd"}[job["codec"]], codec)
    verdicts.check(name, f"shards {n} are of whole chunks", all(s % i == 0 for s, i in zip(shard, inner)), shard)
    chunk_bytes = int(np.prod(inner)) * level.dtype.itemsize
    verdicts.check(name, f"shards {n} are not too large", int(np.prod(shard)) * level.dtype.itemsize <= max(job["shardBytes"], chunk_bytes), shard)
    chunks = [-(-s // i) for s, i in zip(level.shape, inner)]
    if int(np.prod(chunks)) * chunk_bytes <= job["shardBytes"]:
        verdicts.check(name, f"one shard {n}", [s // i for s, i in zip(shard, inner)] == chunks, shard)
    wanted = {"/".join(map(str, ("c", *at))) for at in itertools.product(*(range(-(-s // c)) for s, c in zip(level.shape, shard)))}
    files = {os.path.relpath(os.path.join(folder, file), path) for folder, _, names in os.walk(path) for file in names} - {"zarr.json"}
    verdicts.check(name, f"level {n} has every shard and nothing else", files == wanted, sorted(files ^ wanted)[:5])
    grid = [s // i for s, i in zip(shard, inner)]
    count = int(np.prod(grid))
    for key in sorted(files & wanted):
        data = open(f"{path}/{key}", "rb").read()
        body = data[-(16 * count + 4) : -4]
        entries = np.frombuffer(body, "<u8").reshape(*grid, 2)
        ok = int.from_bytes(data[-4:], "little") == google_crc32c.value(body)
        stored = sorted((int(at), int(length)) for at, length in entries.reshape(-1, 2) if at != ABSENT)
        ends = np.cumsum([0] + [length for _, length in stored])
        ok = ok and [at for at, _ in stored] == list(ends[:-1]) and ends[-1] == len(data) - 16 * count - 4
        origin = [int(at) * s for at, s in zip(key.split("/")[1:], shard)]
        for position in itertools.product(*map(range, grid)):
            box = tuple(slice(o + p * i, o + (p + 1) * i) for o, p, i in zip(origin, position, inner))
            holds = level[box].size > 0 and bool(bits(level[box]).any())
            ok = ok and holds == (int(entries[position][0]) != ABSENT)
        verdicts.check(name, f"shard {n} {key}", ok, f"{len(data)} bytes, {stored[:4]} …")


for job in json.load(open(sys.argv[1])):
    verdicts.guard(job["name"], "opens", judge_readers, job)
verdicts.print()
