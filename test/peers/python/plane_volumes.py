"""Volumes of every format by other programs, and planes of them by numpy.

plane_volumes.py make FOLDER SEED          writes volumes; prints [{"key", "format"}]
plane_volumes.py cut FOLDER QUERIES OUT    writes the plane of each query to OUT/<index>, little-endian
"""

import bz2
import gzip
import json
import os
import shutil
import sys
from pathlib import Path

import h5py
import mrcfile
import numpy as np
import tensorstore as ts
import tifffile
import zarr

tests = Path(__file__).resolve().parent.parent.parent
# what another reader says of the DM files
DM = json.loads((tests / "golden" / "dm" / "facts.json").read_text())["files"]
DM_TYPES = {1: "i2", 2: "f4", 6: "u1", 7: "i4", 9: "i1", 10: "u2", 11: "u4", 12: "f8"}
SHAPES = [(7, 9, 11), (5, 300, 270), (290, 3, 530), (66, 70, 1)]


def values(rng, shape, dtype):
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (rng.standard_normal(shape) * 100).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype=dtype.newbyteorder("="), endpoint=True).astype(dtype)


def mrc(path, stored, order="<", mapcrs=(1, 2, 3), extended=0, mode=None, imod=None, peak=None, stamp=True):
    """Header by the bytes of MRC2014; what it means is left to mrcfile where that can read it."""
    sections, rows, columns = mode101_shape if mode == 101 else stored.shape
    head = bytearray(1024)
    ints = np.frombuffer(head, f"{order}i4")
    floats = np.frombuffer(head, f"{order}f4")
    modes = {"int8": 0, "uint8": 0, "int16": 1, "float32": 2, "uint16": 6, "float16": 12}
    ints[0:4] = columns, rows, sections, modes[stored.dtype.name] if mode is None else mode
    ints[7:10] = columns, rows, sections
    floats[10:13] = 2.0 * columns, 3.0 * rows, 4.0 * sections
    floats[13:16] = 90
    ints[16:19] = mapcrs
    floats[19:22] = 0, 127 if peak is None else peak, 1
    ints[22:24] = 1, extended
    if imod is not None:
        ints[38:40] = 1146047817, imod
    if stamp:
        head[208:216] = b"MAP " + (b"\x44\x44\0\0" if order == "<" else b"\x11\x11\0\0")
    with open(path, "wb") as file:
        file.write(head)
        file.write(os.urandom(extended))
        file.write(stored.astype(stored.dtype.newbyteorder(order)).tobytes())


mode101_shape = (5, 6, 7)


def make(folder, seed):
    rng = np.random.default_rng(seed)
    made = []

    def keep(key, format):
        made.append({"key": key + ("#/volume" if format == "hdf5" else ""), "format": format})
        return os.path.join(folder, key)

    n = 0
    for order in "<>":
        for dtype in ("int8", "int16", "uint16", "float32", "float16"):
            shape = SHAPES[n % len(SHAPES)]
            n += 1
            path = keep(f"{dtype}{'le' if order == '<' else 'be'}.mrc", "mrc")
            mrc(path, values(rng, shape, dtype), order, extended=int(rng.integers(0, 3)) * 777)
    for mapcrs in ((2, 1, 3), (1, 3, 2), (3, 2, 1), (2, 3, 1), (3, 1, 2)):
        path = keep(f"axes{''.join(map(str, mapcrs))}.rec", "mrc")
        mrc(path, values(rng, (6, 270, 135), "int16"), "><"[mapcrs[0] % 2], mapcrs)
    mrc(keep("peak.mrc", "mrc"), values(rng, (4, 5, 6), "int8"), peak=200)
    mrc(keep("unsigned.st", "mrc"), values(rng, (4, 5, 6), "int8"), imod=0)
    mrc(keep("old.map", "mrc"), values(rng, (4, 5, 6), "int16"), stamp=False)
    for ending, module in (("gz", gzip), ("bz2", bz2)):
        plain = os.path.join(folder, "plain")
        mrc(plain, values(rng, (5, 300, 270), "int16"), extended=160)
        with open(plain, "rb") as read, module.open(keep(f"packed.mrc.{ending}", "mrc"), "wb") as written:
            written.write(read.read())
        os.remove(plain)
    packed = rng.integers(0, 256, (5, 6, 4), dtype=np.uint8)
    mrc(keep("nibbles.mrc", "mrc"), packed, mode=101)

    tiffs = {
        "u8.tif": ("uint8", {}),
        "u16be.tif": ("uint16", {"byteorder": ">"}),
        "f32big.tif": ("float32", {"bigtiff": True, "rowsperstrip": 7}),
        "i16ome.ome.tif": ("int16", {"ome": True}),
        "u16zlib.tif": ("uint16", {"compression": "zlib", "predictor": False, "rowsperstrip": 5}),
        "f32tiles.tif": ("float32", {"tile": (16, 32)}),
        "u8tileszlib.tif": ("uint8", {"tile": (32, 16), "compression": "zlib"}),
        "imagej.tif": ("uint16", {"imagej": True}),
    }
    for i, (key, (dtype, options)) in enumerate(tiffs.items()):
        writing = {name: options[name] for name in ("byteorder", "bigtiff", "ome", "imagej") if name in options}
        with tifffile.TiffWriter(keep(key, "tiff"), **writing) as file:
            rest = {name: option for name, option in options.items() if name not in writing}
            data = values(rng, SHAPES[i % 3], dtype)
            file.write(data, photometric="minisblack", **({} if "imagej" in options else {"metadata": {"axes": "ZYX"}}), **rest)

    for i, dtype in enumerate(("<i2", ">f4", "|u1", "<u4", "|i1", "<f8", "<u8")):
        root = zarr.open_group(zarr.NestedDirectoryStore(keep(f"ome{i}.zarr", "zarr")), mode="w")
        data = values(rng, (33 + i, 70, 65), dtype)
        datasets = []
        for level in range(3):
            chunks = [(16, 16, 16), (64, 64, 64), (1, 32, 32)][(i + level) % 3]
            root.create_dataset(str(level), data=data[:: 2**level, :: 2**level, :: 2**level], chunks=chunks, order="CF"[i % 2],
                                dimension_separator="/", dtype=dtype)
            datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": [10.0 * 2**level] * 3}]})
        axes = [{"name": name, "type": "space", "unit": "angstrom"} for name in "zyx"]
        root.attrs["multiscales"] = [{"version": "0.4", "name": "/", "axes": axes, "datasets": datasets}]

    for i, driver in enumerate(("zarr3", "n5", "zarr3")):
        data = values(rng, (40, 33, 50), ("uint16", "float32", "int8")[i])
        key = f"{driver}{i}.{'n5' if driver == 'n5' else 'zarr'}"
        spec = {"driver": driver, "kvstore": {"driver": "file", "path": keep(key, driver)}, "create": True}
        if driver == "n5":
            # its first axis is the fastest one
            spec["metadata"] = {"dataType": "float32", "dimensions": list(data.shape[::-1]), "blockSize": [16, 8, 9],
                                "compression": {"type": "gzip"}, "axes": ["x", "y", "z"]}
            ts.open(spec).result()[...] = data.T
            continue
        codecs = [{"name": "bytes", "configuration": {"endian": "big" if i else "little"}}, {"name": "gzip", "configuration": {"level": 1}}]
        if data.dtype.itemsize == 1:
            codecs[0] = {"name": "bytes"}
        grid = [20, 16, 30] if i == 0 else [16, 16, 16]
        if i == 0:
            codecs = [{"name": "sharding_indexed", "configuration": {"chunk_shape": [5, 8, 10], "codecs": codecs}}]
        spec["metadata"] = {"shape": list(data.shape), "data_type": data.dtype.name, "codecs": codecs,
                            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": grid}}}
        ts.open(spec).result()[...] = data

    data = values(rng, (30, 40, 35), "uint16")
    store = ts.open({"driver": "neuroglancer_precomputed", "kvstore": {"driver": "file", "path": keep("precomputed", "precomputed")},
                     "create": True, "multiscale_metadata": {"type": "image", "data_type": "uint16", "num_channels": 1},
                     "scale_metadata": {"size": list(data.shape[::-1]), "encoding": "raw", "chunk_size": [16, 16, 16],
                                        "resolution": [1, 1, 1]}}).result()
    store[..., 0] = data.T

    with h5py.File(keep("volume.h5", "hdf5"), "w") as file:
        file.create_dataset("volume", data=values(rng, (20, 30, 40), "int16"), chunks=(8, 8, 8), compression="gzip")

    for name, facts in DM.items():
        if name.startswith(("volume", "image")) and facts["images"][0]["dataType"] in DM_TYPES:
            shutil.copy(tests / "fixtures" / "dm" / name, keep(name, "dm"))
    print(json.dumps(made))


def levels_of(path, format):
    """Arrays [z, y, x], finest first."""
    if format == "mrc":
        return [mrc_array(path)]
    if format == "tiff":
        return [tifffile.imread(path)]
    if format == "dm":
        return [dm_array(path)]
    if format == "zarr":
        root = zarr.open_group(zarr.NestedDirectoryStore(path), mode="r")
        return [root[str(level)][...] for level in range(3)]
    if format == "hdf5":
        with h5py.File(path.split("#")[0]) as file:
            return [file["volume"][...]]
    driver = "neuroglancer_precomputed" if format == "precomputed" else format
    data = ts.open({"driver": driver, "kvstore": {"driver": "file", "path": path}}).result().read().result()
    if format == "precomputed":
        return [data[..., 0].T]
    return [data.T if format == "n5" else data]


def mrc_array(path):
    if "nibbles" in path:
        packed = np.frombuffer(open(path, "rb").read()[1024:], np.uint8).reshape(5, 6, 4)
        return np.stack([packed & 15, packed >> 4], axis=-1).reshape(5, 6, 8)[:, :, :7]
    with mrcfile.open(path, permissive=True) as file:
        data = file.data.copy()
        if data.ndim == 2:
            data = data[None]
        header = file.header
        axes = [int(header.maps), int(header.mapr), int(header.mapc)]
        name = os.path.basename(path)
        if name == "peak.mrc":
            return (data.view(np.uint8).astype(np.int16) - 128).astype(np.int8)
        if name == "unsigned.st":
            return data.view(np.uint8)
        return np.ascontiguousarray(data.transpose([axes.index(3), axes.index(2), axes.index(1)]))


def dm_array(path):
    facts = DM[os.path.basename(path)]
    (image, *_), order = facts["images"], {"little": "<", "big": ">"}[facts["endian"]]
    lengths = image["lengths"]
    found = np.fromfile(path, order + DM_TYPES[image["dataType"]], int(np.prod(lengths)), offset=image["dataOffset"])
    return found.reshape(lengths if len(lengths) == 3 else [1, *lengths])


def cut(folder, queries, out):
    arrays = {}
    for i, query in enumerate(json.load(open(queries))):
        key = query["key"]
        if key not in arrays:
            arrays[key] = levels_of(os.path.join(folder, key), query["format"])
        levels = arrays[key]
        axis = "zyx".index(query["axis"])
        scale, at, slab = query["scale"], query["at"], query["slab"]
        count = levels[0].shape[axis]
        wanted = range(max(0, at - slab // 2), min(count, at - slab // 2 + slab))
        if query["virtual"]:
            step = [slice(None, None, n) for n in scale]
            step[axis] = slice(None)
            volume = levels[0][tuple(step)]
            sections = list(wanted)
        else:
            volume = levels[query["level"]]
            sections = sorted({min(section // scale[axis], volume.shape[axis] - 1) for section in wanted})
        volume = np.moveaxis(volume, axis, 0)
        u0, v0, u1, v1 = query["box"]
        boxes = volume[sections][:, v0:v1, u0:u1]
        plane = boxes[0] if slab == 1 else boxes.astype(np.float64).mean(axis=0).astype(np.float32)
        if query["as"] == "f16":
            with np.errstate(over="ignore"):
                plane = plane.astype(np.float32).astype(np.float16)
        if query["as"] == "u8":
            low, high = query["limits"]
            plane = np.clip(np.rint((plane.astype(np.float64) - low) * (255 / (high - low))), 0, 255).astype(np.uint8)
        plane.astype(plane.dtype.newbyteorder("<")).tofile(os.path.join(out, str(i)))


if __name__ == "__main__":
    {"make": make, "cut": cut}[sys.argv[1]](*sys.argv[2:3], *(map(int, sys.argv[3:]) if sys.argv[1] == "make" else sys.argv[3:]))
