"""Writes test/fixtures/tiff/*.tif with tifffile 2026.3.3, and facts.json: what it reads back from their directories.

    python -m venv /tmp/tiff && /tmp/tiff/bin/pip install tifffile==2026.3.3 numpy && /tmp/tiff/bin/python test/golden/tiff/generate.py
"""
import json
from pathlib import Path

import numpy as np
import tifffile

here = Path(__file__).resolve().parent
fixtures = here.parent.parent / "fixtures" / "tiff"
fixtures.mkdir(parents=True, exist_ok=True)


def pages(count, dtype, shape=(6, 10)):
    return [(np.arange(np.prod(shape)).reshape(shape) * (page + 1) % 120).astype(dtype) for page in range(count)]


def one_by_one(name, images, **options):
    """A directory in front of each image, as cameras write movies."""
    kind = {key: options.pop(key) for key in ("bigtiff", "byteorder") if key in options}
    with tifffile.TiffWriter(fixtures / name, **kind) as writer:
        for at, image in enumerate(images):
            writer.write(image, contiguous=False, metadata=None, software=False, description=f"frame {at}" if at == 0 else None, **options)


one_by_one("movie-u8-le.tif", pages(4, "u1"), byteorder="<")
one_by_one("movie-u16-be.tif", pages(4, "u2"), byteorder=">")
one_by_one("movie-f4-big-le.tif", pages(3, "f4"), bigtiff=True, byteorder="<")
one_by_one("movie-i2-big-be.tif", pages(3, "i2"), bigtiff=True, byteorder=">")
one_by_one("movie-deflate.tif", pages(5, "u1"), compression="zlib", predictor=True)
one_by_one("tiles.tif", pages(2, "u2", (32, 48)), tile=(16, 16))
one_by_one("mixed.tif", pages(2, "u1") + pages(1, "u1", (5, 10)))
one_by_one("rgb.tif", [np.zeros((4, 5, 3), "u1")], photometric="rgb")
one_by_one("planar.tif", [np.zeros((3, 4, 5), "u2")], photometric="rgb", planarconfig="separate")
one_by_one("movie-far.tif", pages(20, "u1", (70, 80)))
# one directory, then all images: what tifffile and ImageJ do with large stacks
tifffile.imwrite(fixtures / "imagej.tif", np.stack(pages(3, "u2")), imagej=True)

# Falcon's EER: TIFF with a compression of its own. The event lists are not read, so zeros will do.
eer = fixtures / "events.eer"
one_by_one("events.eer", pages(3, "u1"), bigtiff=True)
content = bytearray(eer.read_bytes())
with tifffile.TiffFile(eer) as file:
    for page in file.pages:
        tag = page.tags["Compression"]
        content[tag.valueoffset : tag.valueoffset + 2] = (65001).to_bytes(2, "little")
eer.write_bytes(content)

golden = {}
for path in sorted(fixtures.iterdir()):
    with tifffile.TiffFile(path) as file:
        first = file.pages[0]
        golden[path.name] = {
            "littleEndian": file.byteorder == "<",
            "bigTiff": file.is_bigtiff,
            "pages": len(file.pages),
            "offsets": [page.offset for page in file.pages],
            "width": first.imagewidth,
            "height": first.imagelength,
            "bits": first.bitspersample,
            "samples": first.samplesperpixel,
            "dtype": None if first.dtype is None else str(first.dtype),
            "compression": int(first.compression),
            "predictor": int(first.predictor),
            "planar": int(first.planarconfig) == 2,
            "tile": [first.tilelength, first.tilewidth] if first.is_tiled else None,
            "description": first.description,
            "uniform": len({(page.shape, str(page.dtype), int(page.compression)) for page in file.pages}) == 1,
        }
(here / "facts.json").write_text(json.dumps({"writer": "tifffile 2026.3.3", "files": golden}, indent=1) + "\n")
