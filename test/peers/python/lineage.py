"""Reads the bytes that a server names for numbers, and nothing else of the files.

lineage.py make FOLDER SEED            writes volumes of every format, lists of points and documents. Prints, a line each:
                                       volumes of two kinds [{"key", "format"}], points {file: [[x, y, z]]}, of a model by
                                       object, and numbers of documents and headers [{"key", "query", "wanted"}]
lineage.py check FOLDER FINDINGS       prints for each finding why it is wrong: the range of the file holds another number
"""

import bz2
import gzip
import json
import math
import os
import shutil
import sys
import zlib
from pathlib import Path

import imodmodel
import mrcfile
import numcodecs
import numpy as np
import plane_volumes
import tensorstore as ts

tests = Path(__file__).resolve().parent.parent.parent
DTYPES = {"bool": "u1", "uint4": "u1"}


def make(folder, seed):
    plane_volumes.make(folder, seed)
    rng = np.random.default_rng(seed)
    made = []

    def keep(key, format):
        made.append({"key": key, "format": format})
        return os.path.join(folder, key)

    # OME-Zarr 0.5: two levels, shards in shards' files, their indexes at both ends, compressed in three ways
    data = plane_volumes.values(rng, (40, 48, 52), "int16")
    path = keep("ome05.zarr", "ome05")
    datasets = []
    packings = [
        [{"name": "blosc", "configuration": {"cname": "lz4", "clevel": 3, "shuffle": "shuffle", "typesize": 2, "blocksize": 0}}],
        [{"name": "zstd", "configuration": {"level": 1}}, {"name": "crc32c"}],
        [],
    ]
    for level, packing in enumerate(packings):
        part = data[:: 2**level, :: 2**level, :: 2**level]
        inner = [{"name": "bytes", "configuration": {"endian": "big" if level == 1 else "little"}}, *packing]
        shard = {"chunk_shape": [5, 8, 9], "codecs": inner, "index_location": "start" if level == 1 else "end"}
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/{level}"}, "create": True}
        spec["metadata"] = {"shape": list(part.shape), "data_type": "int16",
                            "codecs": [{"name": "sharding_indexed", "configuration": shard}],
                            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [10, 24, 27]}}}
        ts.open(spec).result()[...] = part
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": [10.0 * 2**level] * 3}]})
    axes = [{"name": name, "type": "space", "unit": "angstrom"} for name in "zyx"]
    ome = {"version": "0.5", "multiscales": [{"name": "/", "axes": axes, "datasets": datasets}]}
    with open(f"{path}/zarr.json", "w") as file:
        json.dump({"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}, file)

    for type in ("raw", "blosc", "zstd"):
        data = plane_volumes.values(rng, (30, 33, 41), "uint16" if type == "raw" else "float32")
        compression = {"type": type}
        if type == "blosc":
            compression = {"type": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1}
        spec = {"driver": "n5", "kvstore": {"driver": "file", "path": keep(f"{type}.n5", "n5")}, "create": True}
        spec["metadata"] = {"dataType": data.dtype.name, "dimensions": list(data.shape[::-1]), "blockSize": [16, 8, 9],
                            "compression": compression, "axes": ["x", "y", "z"]}
        ts.open(spec).result()[...] = data.T
    for encoding in ("raw", "gzip"):
        data = plane_volumes.values(rng, (30, 40, 35), "uint16")
        sharding = {"@type": "neuroglancer_uint64_sharded_v1", "preshift_bits": 1, "minishard_bits": 2, "shard_bits": 1,
                    "hash": "murmurhash3_x86_128", "minishard_index_encoding": "gzip", "data_encoding": encoding}
        spec = {"driver": "neuroglancer_precomputed", "create": True,
                "kvstore": {"driver": "file", "path": keep(f"sharded-{encoding}", "precomputed")},
                "multiscale_metadata": {"type": "image", "data_type": "uint16", "num_channels": 1},
                "scale_metadata": {"size": list(data.shape[::-1]), "encoding": "raw", "chunk_size": [16, 16, 16],
                                   "resolution": [1, 1, 1], "sharding": sharding}}
        ts.open(spec).result()[..., 0] = data.T
    print(json.dumps(made))
    points(folder, rng)
    values(folder, rng)


def levels_of(path, format):
    if format != "ome05":
        return plane_volumes.levels_of(path, format)
    read = [ts.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/{level}"}}).result() for level in range(3)]
    return [level.read().result() for level in read]


def points(folder, rng):
    os.makedirs(f"{folder}/points")
    plane_volumes.mrc(f"{folder}/points/v.mrc", plane_volumes.values(rng, (64, 64, 64), "int8"))
    lists = {}
    for name, count in (("v_long.ndjson", 3000), ("v_short.ndjson", 7), ("v.csv", 900), ("v_names.csv", 40), ("v.star", 500)):
        lists[name] = xyz = (rng.random((count, 3)) * 63).round(3).tolist()
        with open(f"{folder}/points/{name}", "w", newline="") as file:
            if name == "v.star":
                file.write("# a list\n\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnImagePixelSize #2\n1 1.0\n\ndata_particles\n\nloop_\n")
                file.write("_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n_rlnOpticsGroup #4\n")
            if name == "v_names.csv":
                file.write("x,y,z\r\n")
            for i, (x, y, z) in enumerate(xyz):
                if name.endswith(".ndjson"):
                    file.write(json.dumps({"type": "point", "location": {"x": x, "y": y, "z": z}}) + ("\r\n" if i % 3 else "\n\n"))
                elif name.endswith(".csv"):
                    file.write(f"{x},{y},{z}" + ("\r\n" if "names" in name else "\n"))
                else:
                    file.write(f"  {x}   {y}\t{z} 1\n")
    model = tests / "fixtures" / "mod" / "imodmodel-0.1.0.mod"
    shutil.copy(model, f"{folder}/points/v.mod")
    frame = imodmodel.read(str(model))
    for number, own in frame.groupby("object_id"):
        lists[f"v.mod-{int(number)}"] = own[["x", "y", "z"]].astype(float).values.tolist()
    print(json.dumps(lists))


def leaves(value, pointer=""):
    if isinstance(value, dict):
        for name, child in value.items():
            yield from leaves(child, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for i, child in enumerate(value):
            yield from leaves(child, f"{pointer}/{i}")
    else:
        yield pointer, value


def values(folder, rng):
    os.makedirs(f"{folder}/documents")
    found = []
    section = lambda i: {"z_index": i, "raw_angle": round(float(rng.normal()) * 60, 2), "exposure_dose": float(rng.random())}
    document = {"voxel_spacing": 10.8, "size": {"z": 64, "y": 192, "x": 256}, "näme/~x": [1e-9, -2.5e3, 0],
                "per_section_parameter": [section(i) for i in range(41)], "text": "{\"a\": [1, 2}", "total": 123456789012}
    for name, indent, ascii in (("tomogram_metadata.json", 4, True), ("one-line.json", None, False)):
        with open(f"{folder}/documents/{name}", "w", encoding="utf-8") as file:
            json.dump(document, file, indent=indent, ensure_ascii=ascii)
        found += [{"key": f"documents/{name}", "query": {"pointer": pointer}, "wanted": value}
                  for pointer, value in leaves(document) if not isinstance(value, str)]
    angles = np.linspace(-60, 60, 41) + rng.random(41)
    np.savetxt(f"{folder}/documents/a.tlt", angles, fmt="%8.3f")
    found += [{"key": "documents/a.tlt", "query": {"line": i + 1, "word": 1}, "wanted": float(f"{angle:.3f}")}
              for i, angle in enumerate(angles)]
    for name in ("float32le.mrc", "float32be.mrc", "int16be.mrc"):
        with mrcfile.open(f"{folder}/{name}", permissive=True, header_only=True) as file:
            for field in ("nx", "nz", "mode", "my", "nsymbt", "maps", "dmax", "cella.x", "cella.z", "cellb.beta", "origin.y"):
                value = file.header
                for part in field.split("."):
                    value = value[part]
                found.append({"key": name, "query": {"field": field}, "wanted": value.item()})
    print(json.dumps(found))


def point_in(folder, stored):
    with open(os.path.join(folder, stored["key"]), "rb") as file:
        file.seek(stored["offset"])
        data = file.read(stored["length"])
    if stored["key"].endswith(".mod"):
        return np.frombuffer(data, ">f4").astype(float).tolist()
    if stored["key"].endswith(".ndjson"):
        return list(json.loads(data)["location"].values())
    return [float(word) for word in data.decode().replace(",", " ").split()[:3]]


DECODERS = {
    "gzip": gzip.decompress,
    "zlib": zlib.decompress,
    "deflate": zlib.decompress,
    "bzip2": bz2.decompress,
    "crc32c": lambda data: data[:-4],
    "zstd": lambda data: bytes(numcodecs.Zstd().decode(data)),
}


def decoded(data, codec):
    if codec.startswith("blosc"):
        return bytes(numcodecs.Blosc().decode(data))
    return DECODERS[codec](data)


def number_in(folder, stored):
    """What stands in the named range, read by nothing but what the answer says of it."""
    with open(os.path.join(folder, stored["key"]), "rb") as file:
        file.seek(stored["offset"])
        data = file.read(stored["length"])
    if len(data) != stored["length"]:
        raise ValueError(f"{len(data)} bytes there, {stored['length']} are named")
    if "dtype" not in stored:
        return data.decode()
    data = data[stored.get("headerBytes", 0):]
    for codec in stored["codecs"]:
        data = decoded(data, codec)
    data = data[stored["decodedByte"]:]
    if "bits" in stored:
        count, shift = stored["bits"]["count"], stored["bits"]["shift"]
        return (int.from_bytes(data[: math.ceil((count + shift) / 8)], "big") >> shift) & (2**count - 1)
    dtype = np.dtype(DTYPES.get(stored["dtype"], stored["dtype"]))
    dtype = dtype.newbyteorder({"little": "<", "big": ">"}.get(stored.get("byteOrder"), "="))
    value = np.frombuffer(data, dtype, 1)[0]
    return value - stored["minus"] if "minus" in stored else value


def is_same(a, b):
    return a == b or (math.isnan(float(a)) and math.isnan(float(b)))


def number(text, like):
    """A text as the number that it is, in the type of another."""
    return int(text) if isinstance(like, int) or np.issubdtype(type(like), np.integer) else type(like)(text)


def check(folder, findings):
    arrays = {}
    faults = {}
    for i, finding in enumerate(json.load(open(findings))):
        try:
            stored = finding["answer"]["stored"]["is"]
            if finding["kind"] == "point":
                there = point_in(folder, stored)
                if there != finding["wanted"]:
                    faults[i] = f"{there} is in the range, {finding['wanted']} is wanted"
                continue
            there = number_in(folder, stored)
            if finding["kind"] == "voxel":
                key = finding["key"]
                if key not in arrays:
                    arrays[key] = levels_of(os.path.join(folder, key), finding["format"])
                level = arrays[key][finding["level"]] if finding["stored"] else arrays[key][0][tuple(slice(None, None, n) for n in finding["scale"])]
                wanted = level[tuple(finding["voxel"])]
            else:
                wanted = float(finding["wanted"])
                there = float(there)
            if not is_same(there, wanted):
                faults[i] = f"{there} is in the range, {wanted} is wanted"
            elif finding["kind"] == "voxel" and not is_same(number(finding["answer"]["value"], wanted), wanted):
                faults[i] = f"the answer is {finding['answer']['value']}, {wanted} is wanted"
        except Exception as error:
            faults[i] = repr(error)
    print(json.dumps(faults))


if __name__ == "__main__":
    if sys.argv[1] == "check":
        check(*sys.argv[2:])
    else:
        make(sys.argv[2], int(sys.argv[3]))
