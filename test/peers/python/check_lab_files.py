"""Judges what lies beside the miniature laboratory's volumes: frames, gain references and pictures.

python check_lab_files.py INPUT    (environment: peers)    INPUT: the folder that stands for the source bucket

tifffile reads the frames' pages and Pillow their pixels (with libtiff, which undoes LZW); DM4 is walked here, tag by tag, since no library of
the environment knows it.
"""
import io
import logging
import struct
import sys
from pathlib import Path

import mrcfile
import numpy as np
import tifffile
from lab_formula import formula
from PIL import Image, ImageSequence
from verdicts import Verdicts

TILTS = 7
PAGES = 4
verdicts = Verdicts()
lab = Path(sys.argv[1]) / "lab"
logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # EER stand-ins hold no strips


def frame(path, index):
    with tifffile.TiffFile(path) as tiff:
        pages = [(page.shape, page.dtype) for page in tiff.pages]
        compression = {page.compression.name for page in tiff.pages}
    verdicts.check(path.name, "pages", pages == [((32, 32), np.uint8)] * PAGES, pages)
    with Image.open(path) as image:
        stack = np.stack([np.asarray(page) for page in ImageSequence.Iterator(image)])
    verdicts.check(path.name, "pixels", np.array_equal(stack, formula(stack.shape, "uint8", index)), stack[:, :2, :4])
    wanted = {"LZW"} if path.name == "TS_0001_004.tif" else {"NONE"}
    verdicts.check(path.name, "compression", compression == wanted, compression)


def stand_in(path):
    verdicts.check(path.name, "64 bytes", path.stat().st_size == 64, path.stat().st_size)
    with tifffile.TiffFile(path) as tiff:
        compression = int(tiff.pages[0].compression)
        verdicts.check(path.name, "EER", len(tiff.pages) == 1 and compression == 65001, compression)


class Dm4:
    """Tag tree of version 4 as {name or index: value}; arrays stay bytes. From the layout alone, not from any program of the project."""

    SIMPLE = {5: ("<I", 4), 6: ("<f", 4), 8: ("<B", 1)}

    def __init__(self, content):
        self.stream = io.BytesIO(content)
        version, length, little = struct.unpack(">IQI", self.stream.read(16))
        assert (version, little) == (4, 1), (version, little)
        assert length == len(content) - 24, (length, len(content))
        self.root = self.group()
        assert self.stream.read() == bytes(8), "eight zeros end the file"

    def words(self, count):
        return struct.unpack(f">{count}Q", self.stream.read(8 * count))

    def group(self):
        self.stream.read(2)
        tags = {}
        for index in range(self.words(1)[0]):
            kind, length = struct.unpack(">BH", self.stream.read(3))
            name = self.stream.read(length).decode()
            (size,) = self.words(1)
            begin = self.stream.tell()
            tags[name or index] = self.group() if kind == 20 else self.value()
            assert self.stream.tell() == begin + size, (name, size)
        return tags

    def value(self):
        assert self.stream.read(4) == b"%%%%"
        info = self.words(self.words(1)[0])
        if info[0] != 20:
            form, size = self.SIMPLE[info[0]]
            return struct.unpack(form, self.stream.read(size))[0]
        data = self.stream.read(info[2] * (2 if info[1] == 4 else self.SIMPLE[info[1]][1]))
        return data.decode("utf-16-le") if info[1] == 4 else data


def dm4(path):
    root = Dm4(path.read_bytes()).root
    shown = [image for index, image in root["ImageList"].items() if index != root["Thumbnails"][0]["ImageIndex"]]
    verdicts.check(path.name, "one image beside the thumbnail", len(shown) == 1, len(shown))
    data = shown[0]["ImageData"]
    verdicts.check(path.name, "size and type", (list(data["Dimensions"].values()), data["DataType"]) == ([32, 32], 2), data["DataType"])
    pixels = np.frombuffer(data["Data"], "<f4").reshape(32, 32)
    wanted = np.broadcast_to((1 + np.arange(32) / 100).astype("f4"), (32, 32))
    verdicts.check(path.name, "1 + x/100", np.array_equal(pixels, wanted), pixels[:2, :4])
    axis = data["Calibrations"]["Dimension"][1]
    verdicts.check(path.name, "pixel size", axis["Units"] == "nm" and np.isclose(axis["Scale"], 0.33702), axis)


def mrc_gain(path):
    with mrcfile.open(path) as mrc:
        verdicts.check(path.name, "pixels", np.array_equal(mrc.data, formula((1, 32, 32), "float32", 1)[0]), mrc.data.shape)


def gain(path):
    pixels = tifffile.imread(path)
    y, x = np.indices((32, 32))
    verdicts.check(path.name, "pixels", np.array_equal(pixels, (1 + x / 100 + y / 1000).astype("f4")), pixels.dtype)


def picture(path, size):
    with Image.open(path) as image:
        image.load()
        corners = [image.getpixel((0, 0)), image.getpixel((size[0] - 1, size[1] - 1))]
        verdicts.check(path.name, "picture", (image.size, image.mode) == (size, "RGB"), (image.size, image.mode))
        verdicts.check(path.name, "corners", corners == [(0, 0, 128), (255, 255, 128)], corners)


frames = sorted(lab.glob("imod/frames/*.tif"))
verdicts.check("imod", "frames", len(frames) == 2 * TILTS, len(frames))
for at, path in enumerate(frames):
    verdicts.guard(path.name, "opens", frame, path, at)
eer = sorted(lab.glob("aretomo/*/*.eer"))
verdicts.check("aretomo", "frames", len(eer) == 3 * TILTS and len({path.read_bytes() for path in eer}) == len(eer), len(eer))
for path in eer:
    verdicts.guard(path.name, "opens", stand_in, path)
verdicts.guard("dm4", "opens", dm4, lab / "imod/frames/CountRef_TS_0001.dm4")
verdicts.guard("mrc gain", "opens", mrc_gain, lab / "imod/frames/CountRef_TS_0002.mrc")
verdicts.guard("gain", "opens", gain, lab / "aretomo/gains/ref1.gain")
verdicts.guard("snapshot", "opens", picture, lab / "imod/photos/snapshot.png", (128, 96))
verdicts.guard("thumbnail", "opens", picture, lab / "imod/photos/thumbnail.png", (80, 60))
verdicts.print()
