"""Writes files/*.tif with tifffile 2026.3.3 and imagecodecs 2026.3.6, and pixels.json: what they read back from them.

    python3 -m venv /tmp/tiff && /tmp/tiff/bin/pip install tifffile==2026.3.3 imagecodecs==2026.3.6 numpy==2.4.6
    /tmp/tiff/bin/python test/golden/tiff-pixels/generate.py
"""
import hashlib
import json
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

here = Path(__file__).resolve().parent
files = here / "files"
files.mkdir(exist_ok=True)
for old in files.iterdir():
    old.unlink()
random = np.random.default_rng(20251120)


def picture(dtype, shape):
    """Smooth with noise, over the whole range of the type, so that every codec and predictor has something to do and carries overflow."""
    dtype = np.dtype(dtype)
    grid = np.indices(shape).sum(0) * 37.0
    if dtype.kind == "b":
        return (np.sin(grid) > 0.3).astype(dtype)
    if dtype.kind == "c":
        return (np.sin(grid) + 1j * np.cos(grid)).astype(dtype)
    if dtype.kind == "f":
        values = (np.sin(grid / 50) * 1000 + random.integers(0, 4, shape)).astype(dtype)
        values.flat[:3] = [np.inf, -np.inf, -0.0]
        return values
    info = np.iinfo(dtype)
    return (grid.astype("u8") * np.uint64(info.max // 2000 or 1)).astype(dtype) ^ random.integers(0, 4, shape).astype(dtype)


def write(name, data, **options):
    kind = {key: options.pop(key) for key in ("bigtiff", "byteorder", "imagej", "ome") if key in options}
    options.setdefault("metadata", None)
    options.setdefault("photometric", "minisblack")
    with tifffile.TiffWriter(files / name, **kind) as writer:
        writer.write(data, software=False, **options)


for dtype in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "c8"):
    for order, word in ((">", "be"), ("<", "le")):
        write(f"none-{dtype}-{word}.tif", picture(dtype, (7, 9)), byteorder=order, rowsperstrip=3)
for compression in ("lzw", "zlib", "packbits", "zstd"):
    for order, word in ((">", "be"), ("<", "le")):
        write(f"{compression}-u2-{word}.tif", picture("u2", (33, 41)), byteorder=order, compression=compression, rowsperstrip=8)
    write(f"{compression}-tiles-rgb.tif", picture("u1", (40, 50, 3)), photometric="rgb", compression=compression, tile=(32, 16))
    write(f"{compression}-planar.tif", picture("u2", (3, 20, 17)), photometric="rgb", planarconfig="separate", compression=compression, rowsperstrip=6)
for compression in ("lzw", "zlib", "zstd"):
    for dtype in ("u1", "i2", "u4", "u8", "f2", "f4", "f8"):
        for order, word in ((">", "be"), ("<", "le")):
            predictor = 3 if dtype[0] == "f" else 2
            write(f"{compression}-p{predictor}-{dtype}-{word}.tif", picture(dtype, (19, 23)), byteorder=order, compression=compression, predictor=predictor, rowsperstrip=7)
write("zlib-p2-rgb16-tiles-big.tif", picture("u2", (37, 29, 4)), photometric="rgb", compression="zlib", predictor=2, tile=(16, 16), bigtiff=True, byteorder=">", extrasamples=["unassalpha"])
write("zlib-p3-rgb-f4.tif", picture("f4", (12, 11, 3)), photometric="rgb", compression="zlib", predictor=3)
write("zlib-p2-planar.tif", picture("u2", (3, 12, 11)), photometric="rgb", planarconfig="separate", compression="zlib", predictor=2)
write("lzw-long.tif", np.zeros((300, 300), "u1"), compression="lzw", rowsperstrip=300)
write("lzw-noise.tif", random.integers(0, 256, (150, 150), "u1"), compression="lzw", rowsperstrip=150)
write("bool.tif", picture("b1", (9, 13)))
for bits in (2, 4, 6, 10, 12, 14, 20, 24, 31):
    dtype = "u1" if bits <= 8 else "u2" if bits <= 16 else "u4"
    for order, word in ((">", "be"), ("<", "le")):
        if bits == 24 and word == "be":
            continue  # tifffile packs its own byte-swapped memory here and reads it back likewise: no other program would
        data = picture(dtype, (6, 11)) & np.dtype(dtype).type(2**bits - 1)
        write(f"bits{bits}-{word}.tif", data, bitspersample=bits, byteorder=order)
write("pages.tif", picture("u2", (5, 8, 6)), compression="zlib")
write("tiles-none.tif", picture("i2", (40, 30)), tile=(16, 32))
write("imagej-hyperstack.tif", picture("u2", (2, 3, 2, 5, 6)), imagej=True, metadata={"axes": "TZCYX", "spacing": 0.25, "unit": "um", "min": 3.0, "max": 60000.0}, resolution=(20, 20))
write("ome.ome.tif", picture("u1", (2, 3, 4, 5, 6)), ome=True, metadata={"axes": "TCZYX", "PhysicalSizeX": 2.5, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 2.5, "PhysicalSizeYUnit": "nm", "PhysicalSizeZ": 0.01, "PhysicalSizeZUnit": "µm"})
write("jpeg.tif", picture("u1", (16, 16)), compression="jpeg")


def entries(content):
    """Tag to the position of its entry in the only directory of a little-endian file."""
    at = struct.unpack_from("<I", content, 4)[0]
    return {struct.unpack_from("<H", content, at + 2 + 12 * i)[0]: at + 2 + 12 * i for i in range(struct.unpack_from("<H", content, at)[0])}


def patch(source, name, values, instead=()):
    """A copy with other values; `instead` replaces whole entries: (tag, new tag, value as a 16-bit number)."""
    content = bytearray((files / source).read_bytes())
    places = entries(content)
    for tag, value in values.items():
        kind = struct.unpack_from("<H", content, places[tag] + 2)[0]
        struct.pack_into("<H" if kind == 3 else "<I", content, places[tag] + 8, value)
    for tag, new, value in instead:
        struct.pack_into("<HHIHH", content, places[tag], new, 3, 1, value, 0)
    (files / name).write_bytes(content)


# bits of each byte turned round: tifffile reads FillOrder and cannot write it
reverse = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], "u1")
write("fill-order.tif", reverse[picture("u1", (8, 10))], byteorder="<")
patch("fill-order.tif", "fill-order.tif", {}, [(296, 266, 2)])
# real numbers of 24 bits, by imagecodecs' encoder: the directory is that of three bytes for each, changed
f24 = picture("f4", (5, 8)).ravel()
f24[:6] = [1.5, -0.25, 1e-5, 1e-19, np.inf, -np.inf]
write("float24.tif", np.frombuffer(imagecodecs.float24_encode(f24, byteorder="<"), "u1").reshape(5, 24), byteorder="<")
patch("float24.tif", "float24.tif", {256: 8, 258: 24}, [(296, 339, 3)])
# byte counts of uncompressed pixels that are not those of the size
write("count-wrong.tif", picture("u2", (6, 7)), byteorder="<")
patch("count-wrong.tif", "count-wrong.tif", {279: 5})

golden = {}
for path in sorted(files.iterdir()):
    with tifffile.TiffFile(path) as file:
        pages = []
        series = file.series[0]
        for page in file.pages:
            try:
                data = page.asarray()
            except Exception as error:  # what tifffile cannot read either is not in the golden file
                print(path.name, error)
                continue
            data = np.ascontiguousarray(data.astype(data.dtype.newbyteorder("<")))
            pages.append({"shape": list(data.shape), "dtype": str(data.dtype), "sha256": hashlib.sha256(data.tobytes()).hexdigest()})
        if not pages:
            continue
        golden[path.name] = {"compression": int(file.pages[0].compression), "predictor": int(file.pages[0].predictor), "axes": series.axes, "series": list(series.shape), "pages": pages}
(here / "pixels.json").write_text(json.dumps({"writer": "tifffile 2026.3.3, imagecodecs 2026.3.6", "files": golden}, indent=1) + "\n")
