"""The microscopy catalogue beside the programs that write its sources and read what comes out of it: tifffile, numpy, pandas, Pillow, Zarr.

python catalog_files.py make FOLDER     writes sources of many kinds with tifffile, and prints what every frame is
python catalog_files.py check JOBS.json judges downloads
"""
import hashlib
import io
import json
import os
import struct
import sys
import zlib

import numpy as np
import pandas as pd
import tifffile
import zarr
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader
from PIL import Image
from verdicts import Verdicts

SEED = 31


def sha(frame):
    return hashlib.sha256(np.ascontiguousarray(frame).astype(frame.dtype.newbyteorder("<")).tobytes()).hexdigest()


def frames_of(stack, order):
    """Frames of an array whose axes are named: name of the stored file to checksum."""
    named = {}
    lengths = {axis: stack.shape[i] for i, axis in enumerate(order)}
    for index in np.ndindex(*[lengths[a] for a in order]):
        at = dict(zip(order, index))
        name = "im_c{:03d}_z{:03d}_t{:03d}_p{:03d}.png".format(at.get("C", 0), at.get("Z", 0), at.get("T", 0), at.get("P", 0))
        named[name] = sha(stack[index])
    return named


def make(folder):
    rng = np.random.default_rng(SEED)
    made = []

    def add(name, config, frames, shape, dtype, **more):
        made.append({"name": name, "config": config, "frames": frames, "shape": list(shape), "dtype": dtype, **more})

    tif_id = {"upload_type": "frames", "frames_format": "tif_id", "microscope": "m"}
    # ImageJ hyperstacks: big-endian, axes T Z C, as ImageJ itself orders pages
    for dtype in ("uint8", "uint16"):
        stack = rng.integers(0, np.iinfo(dtype).max, (2, 3, 2, 37, 53), dtype=dtype)
        tifffile.imwrite(
            os.path.join(folder, f"hyper_{dtype}.tif"), stack, imagej=True, metadata={"axes": "TZCYX", "Labels": ["a"] * 12, "Info": "text of ImageJ", "spacing": 2.0, "unit": "um"}
        )
        add(f"hyper_{dtype}.tif", tif_id, frames_of(stack, "TZC"), (37, 53), dtype)
    real = rng.integers(0, 65536, (3, 20, 30)).astype("float32")
    tifffile.imwrite(os.path.join(folder, "real.tif"), real, imagej=True, metadata={"axes": "ZYX"})
    add("real.tif", tif_id, frames_of(real.astype("uint16"), "Z"), (20, 30), "uint16")

    # MicroManager: one file a position, JSON of each frame in tag 51123, compressed in the ways people do
    micro = os.path.join(folder, "micromanager")
    os.makedirs(micro)
    ome = {"upload_type": "frames", "frames_format": "ome_tiff", "microscope": "m"}
    frames = {}
    info = json.dumps({"InitialPositionList": [{"Label": f"Pos{p}"} for p in (0, 1, 12)]})
    for p, compression in ((0, None), (1, "zlib"), (12, "zlib")):
        with tifffile.TiffWriter(os.path.join(micro, f"run_MMStack_Pos{p}.ome.tif"), byteorder=">" if p == 1 else "<", bigtiff=p == 12) as out:
            for c in range(2):
                for z in range(2):
                    frame = rng.integers(0, 4096, (40, 33), dtype="uint16")
                    text = json.dumps({"ChannelIndex": c, "Slice": z, "FrameIndex": 0, "PositionIndex": p, "Channel": ["DAPI", "GFP"][c], "Exposure-ms": 10.0, "Note": "µ"})
                    out.write(frame, photometric="minisblack", compression=compression, predictor=None, metadata=None, extratags=[(51123, 2, 0, text.encode(), True), *imagej_tags(info, ">" if p == 1 else "<")])
                    frames[f"im_c{c:03d}_z{z:03d}_t000_p{p:03d}.png"] = sha(frame)
    add("micromanager", ome, frames, (40, 33), "uint16", channels=["DAPI", "GFP"])

    # an OME-TIFF of another program, without MicroManager's tags
    plain = rng.integers(0, 255, (2, 3, 2, 24, 18), dtype="uint8")
    tifffile.imwrite(os.path.join(folder, "plain.ome.tif"), plain, metadata={"axes": "TZCYX", "Channel": {"Name": ["red", "far"]}}, photometric="minisblack")
    add("plain.ome.tif", ome, frames_of(plain, "TZC"), (24, 18), "uint8", channels=["red", "far"])

    # single colour images in a folder
    colour = os.path.join(folder, "colour")
    os.makedirs(colour)
    frames = {}
    for z, planar in ((9, "separate"), (10, "contig")):
        image = rng.integers(0, 65535, (16, 21, 3), dtype="uint16")
        stored = np.moveaxis(image, -1, 0) if planar == "separate" else image
        tifffile.imwrite(os.path.join(colour, f"im_c0_z{z}_t0_p0.tif"), stored, photometric="rgb", planarconfig=planar)
        frames[f"im_c000_z{z:03d}_t000_p000.png"] = sha(image)
    folder_config = {"upload_type": "frames", "frames_format": "tif_folder", "microscope": "m"}
    add("colour", folder_config, frames, (16, 21, 3), "uint16")
    print(json.dumps(made))


def imagej_tags(info, byteorder):
    """Tags 50838 and 50839 as ImageJ writes them."""
    text = info.encode("utf-16-" + ("be" if byteorder == ">" else "le"))
    head = struct.pack(byteorder + "4s4sI", b"IJIJ" if byteorder == ">" else b"JIJI", b"info" if byteorder == ">" else b"ofni", 1)
    return [(50838, 4, 2, (12, len(text)), True), (50839, 1, len(head + text), head + text, True)]


def read_png(path):
    """Pillow, and for 16-bit colours, which it cuts to 8, the bytes themselves."""
    with open(path, "rb") as file:
        data = file.read()
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    image = np.asarray(Image.open(io.BytesIO(data)))
    if depth != 16 or kind != 2:
        return image.astype("uint16") if depth == 16 else image
    packed, at = b"", 8
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    lines = np.frombuffer(zlib.decompress(packed), "u1").reshape(height, width * 6 + 1)
    assert set(lines[:, 0]) == {1}, "the filter of every line is Sub"
    return np.cumsum(lines[:, 1:].reshape(height, width, 6), axis=1, dtype="u1").reshape(height, width, 6).view(">u2").astype("uint16")


def check(jobs):
    verdicts = Verdicts()
    for job in jobs:
        name, folder = job["name"], job["folder"]
        table_path = os.path.join(folder, "frames_meta.csv")
        table = pd.read_csv(table_path, index_col=0)
        found = {}
        if job["as"] == "png":
            for file in table["file_name"]:
                found[file] = sha(read_png(os.path.join(folder, file)))
            verdicts.check(name, "every PNG decodes to its frame", found == job["frames"], found)
            shape = read_png(os.path.join(folder, table["file_name"].iloc[0]))
            verdicts.check(name, "shape and type", list(shape.shape) == job["shape"] and shape.dtype == job["dtype"], (shape.shape, shape.dtype))
        columns = ["channel_idx", "slice_idx", "time_idx", "pos_idx", "channel_name", "file_name", "sha256"]
        verdicts.check(name, "columns of the table", list(table.columns) == columns, list(table.columns))
        verdicts.check(name, "checksums of the table", dict(zip(table["file_name"], table["sha256"])) == job["frames"], "")
        again = io.StringIO()
        table.to_csv(again)
        verdicts.check(name, "pandas writes the same text", again.getvalue() == open(table_path, newline="").read(), "")
        with open(os.path.join(folder, "global_metadata.json")) as file:
            text = file.read()
        verdicts.check(name, "json.dumps gives the same text", json.dumps(json.loads(text)) == text, text[:200])
        if job["as"] == "tiff":
            check_tiff(verdicts, job, table)
        if job["as"] == "ome-zarr":
            check_zarr(verdicts, job, table)
    verdicts.print()


def axes_of(table):
    return [sorted(table[column].unique()) for column in ("time_idx", "slice_idx", "channel_idx")]


def check_tiff(verdicts, job, table):
    for position, rows in table.groupby("pos_idx"):
        path = os.path.join(job["folder"], f"{job['id']}_p{position:03d}.ome.tif")
        times, slices, channels = axes_of(table)
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            data = series.asarray(squeeze=False) if not job["shape"][2:] else file.asarray().reshape(-1, *job["shape"])
            ok = file.is_ome and len(file.pages) == len(times) * len(slices) * len(channels)
            verdicts.check(job["name"], f"tifffile takes position {position} for OME-TIFF", ok, (file.is_ome, len(file.pages)))
            found = {}
            for row in rows.itertuples():
                page = (times.index(row.time_idx) * len(slices) + slices.index(row.slice_idx)) * len(channels) + channels.index(row.channel_idx)
                found[row.file_name] = sha(file.pages[page].asarray())
            wanted = {file_name: job["frames"][file_name] for file_name in rows["file_name"]}
            verdicts.check(job["name"], f"pages of position {position}", found == wanted, "")
            if not job["shape"][2:]:
                sizes = dict(zip(series.get_axes(False), series.get_shape(False)))
                ok = [sizes.get(a, 1) for a in "TZC"] == [len(times), len(slices), len(channels)] and data.dtype == job["dtype"]
                verdicts.check(job["name"], f"axes of position {position}", ok, (sizes, data.dtype))
                names = [c["Name"] for c in channels_of(file.ome_metadata)] if job.get("channels") else None
                verdicts.check(job["name"], f"channels of position {position}", names == job.get("channels"), names)


def channels_of(xml):
    pixels = tifffile.xml2dict(xml)["OME"]["Image"]["Pixels"]["Channel"]
    return pixels if isinstance(pixels, list) else [pixels]


def check_zarr(verdicts, job, table):
    for position, rows in table.groupby("pos_idx"):
        path = os.path.join(job["folder"], f"{job['id']}_p{position:03d}.ome.zarr")
        times, slices, channels = axes_of(table)
        data = zarr.open_group(path, mode="r")["0"]
        colours = job["shape"][2] if len(job["shape"]) > 2 else 1
        wanted = (len(times), len(channels) * colours, len(slices), *job["shape"][:2])
        verdicts.check(job["name"], f"array of position {position}", data.shape == wanted and data.dtype == job["dtype"], (data.shape, data.dtype))
        found = {}
        for row in rows.itertuples():
            t, z, c = times.index(row.time_idx), slices.index(row.slice_idx), channels.index(row.channel_idx)
            frame = data[t, c * colours : (c + 1) * colours, z]
            found[row.file_name] = sha(frame[0] if colours == 1 else np.moveaxis(frame, 0, -1))
        wanted = {file_name: job["frames"][file_name] for file_name in rows["file_name"]}
        verdicts.check(job["name"], f"planes of position {position}", found == wanted, "")
        node = list(Reader(parse_url(path))())[0]
        axes = [axis["name"] for axis in node.metadata["axes"]]
        ok = axes == list("tczyx") and node.data[0].shape == data.shape and (not job.get("channels") or node.metadata["channel_names"] == job["channels"])
        verdicts.check(job["name"], f"ome-zarr takes position {position}", ok, (axes, node.metadata.get("channel_names")))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        with open(sys.argv[2]) as file:
            check(json.load(file))
