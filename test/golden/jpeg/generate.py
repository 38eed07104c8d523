"""JPEG and PNG files of every kind that is read, and the pixels that other programs decode from them. See README.md."""

import base64
import hashlib
import io
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, features

random = np.random.default_rng(20281)


def pixels(height, width, channels, noise=25):
    y, x = np.mgrid[0:height, 0:width]
    base = 128 + 70 * np.sin(x / 5) * np.cos(y / 7)
    planes = [base + 30 * np.sin(k + x / 3) + random.normal(0, noise, (height, width)) for k in range(channels)]
    return np.stack(planes, -1).clip(0, 255).astype(np.uint8)


def jpeg(name, height, width, channels, **options):
    image = pixels(height, width, channels)
    buffer = io.BytesIO()
    Image.fromarray(image[:, :, 0] if channels == 1 else image).save(buffer, "JPEG", **options)
    stored = buffer.getvalue()
    decoded = np.asarray(Image.open(io.BytesIO(stored)))
    return name, entry(stored, decoded, width, height, channels)


def entry(stored, decoded, width, height, channels, **more):
    return {
        "width": width,
        "height": height,
        "channels": channels,
        "sha256": hashlib.sha256(np.ascontiguousarray(decoded).tobytes()).hexdigest(),
        "file": base64.b64encode(stored).decode(),
        **more,
    }


JPEGS = [
    jpeg("grey", 24, 40, 1, quality=80),
    jpeg("grey, progressive", 24, 40, 1, quality=80, progressive=True),
    jpeg("grey, odd sides", 13, 7, 1, quality=60),
    jpeg("grey, one pixel", 1, 1, 1, quality=75),
    jpeg("grey, quality 1", 16, 16, 1, quality=1),
    jpeg("grey, quality 100", 16, 16, 1, quality=100),
    jpeg("grey, restarts", 24, 40, 1, quality=80, restart_marker_blocks=3),
    jpeg("grey, progressive, restarts", 24, 40, 1, quality=80, progressive=True, restart_marker_blocks=2),
    jpeg("grey, own Huffman codes", 24, 40, 1, quality=80, optimize=True),
    jpeg("colour 4:4:4", 17, 21, 3, quality=85, subsampling=0),
    jpeg("colour 4:2:2", 17, 21, 3, quality=85, subsampling=1),
    jpeg("colour 4:2:0", 17, 21, 3, quality=85, subsampling=2),
    jpeg("colour 4:2:0, progressive", 33, 30, 3, quality=85, subsampling=2, progressive=True),
    jpeg("colour 4:2:0, restarts", 33, 30, 3, quality=85, subsampling=2, restart_marker_rows=1),
    jpeg("colour 4:2:0, two columns", 9, 2, 3, quality=85, subsampling=2),
    jpeg("colour 4:1:1", 17, 37, 3, quality=85, subsampling="4:1:1"),
    jpeg("colour as red, green, blue", 17, 21, 3, quality=85, keep_rgb=True),
]


def png_file(image, filters):
    """A PNG whose rows have the given filters in turn: Pillow chooses its own."""
    height, width = image.shape[:2]
    channels = 1 if image.ndim == 2 else image.shape[2]
    depth = image.dtype.itemsize * 8
    raw = image.astype(image.dtype.newbyteorder(">")).reshape(height, -1).view(np.uint8)
    step = channels * depth // 8
    rows = b""
    for y in range(height):
        row = raw[y].astype(int)
        left = np.concatenate([np.zeros(step, int), row[:-step]])
        up = raw[y - 1].astype(int) if y else np.zeros_like(row)
        corner = np.concatenate([np.zeros(step, int), up[:-step]])
        guess = left + up - corner
        a, b, c = abs(guess - left), abs(guess - up), abs(guess - corner)
        paeth = np.where((a <= b) & (a <= c), left, np.where(b <= c, up, corner))
        kind = filters[y % len(filters)]
        rows += bytes([kind]) + ((row - [0, left, up, (left + up) // 2, paeth][kind]) % 256).astype(np.uint8).tobytes()
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]

    def part(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packed = zlib.compress(rows)
    half = len(packed) // 2
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
        + part(b"IDAT", packed[:half])
        + part(b"IDAT", packed[half:])
        + part(b"IEND", b"")
    )


def png(name, height, width, channels, dtype="uint8", filters=None, **options):
    image = pixels(height, width, channels) if dtype == "uint8" else random.integers(0, 65536, (height, width, channels)).astype(dtype)
    image = image[:, :, 0] if channels == 1 else image
    if filters:
        stored = png_file(image, filters)
        if dtype == "uint8" or channels == 1:
            assert np.array_equal(np.asarray(Image.open(io.BytesIO(stored))).astype(image.dtype), image), name
    else:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "PNG", **options)
        stored = buffer.getvalue()
    return name, entry(stored, image.astype(np.dtype(dtype).newbyteorder("<")), width, height, channels, depth=8 * np.dtype(dtype).itemsize)


PNGS = [
    png("grey", 24, 40, 1),
    png("grey and opacity", 12, 9, 2),
    png("colour", 12, 9, 3),
    png("colour and opacity", 12, 9, 4),
    png("one pixel", 1, 1, 1),
    png("grey, all filters", 11, 13, 1, filters=[4, 3, 2, 1, 0]),
    png("colour, all filters", 11, 13, 3, filters=[1, 2, 3, 4]),
    png("grey of 16 bits", 10, 12, 1, dtype="uint16", filters=[0, 1, 2, 3, 4]),
    png("colour of 16 bits", 10, 12, 3, dtype="uint16", filters=[4, 3, 1]),
]

written_by = f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}, zlib {features.version('zlib')}"
Path(sys.argv[1]).write_text(json.dumps({"written_by": written_by, "jpeg": dict(JPEGS), "png": dict(PNGS)}, indent=1) + "\n")
