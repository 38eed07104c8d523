"""Writes test/fixtures/dm/*.dm3|dm4, and facts.json: what RosettaSciIO 0.15.0 reads from their tags, and SHA-256 of the pixels by numpy.

    python -m venv /tmp/dm && /tmp/dm/bin/pip install rosettasciio==0.15.0 numpy && /tmp/dm/bin/python test/golden/dm/generate.py

The files are written here from the layout in src/formats/dm/README.md, since no free program writes DM files.
"""
import hashlib
import json
import struct
from pathlib import Path

import numpy as np
from rsciio.digitalmicrograph._api import DigitalMicrographReader

here = Path(__file__).resolve().parent
fixtures = here.parent.parent / "fixtures" / "dm"

I16, I32, U16, U32, F32, F64, BOOL, I8, U8, I64, U64 = 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
CODES = {I16: "h", I32: "i", U16: "H", U32: "I", F32: "f", F64: "d", BOOL: "B", I8: "b", U8: "B", I64: "q", U64: "Q"}
DM_TYPES = {"i2": 1, "f4": 2, "c8": 3, "u1": 6, "i4": 7, "i1": 9, "u2": 10, "u4": 11, "f8": 12, "c16": 13}
ELEMENTS = {"i2": I16, "f4": F32, "u1": U8, "i4": I32, "i1": I8, "u2": U16, "u4": U32, "f8": F64}


class Writer:
    def __init__(self, version, order):
        self.wide, self.version, self.order = version == 4, version, order

    def length(self, n):
        return struct.pack(">Q" if self.wide else ">I", n)

    def info(self, *words):
        return b"%%%%" + self.length(len(words)) + b"".join(self.length(word) for word in words)

    def value(self, value):
        kind, *rest = value
        if kind in CODES:
            return self.info(kind) + struct.pack(self.order + CODES[kind], rest[0])
        if kind == "text":
            return self.info(20, U16, len(rest[0])) + rest[0].encode("utf-16-le" if self.order == "<" else "utf-16-be")
        if kind == "string":
            return self.info(18, len(rest[0])) + rest[0].encode()
        if kind == "struct":
            words = [word for code, _ in rest[0] for word in (0, code)]
            return self.info(15, 0, len(rest[0]), *words) + b"".join(
                struct.pack(self.order + CODES[code], field) for code, field in rest[0]
            )
        if kind == "structs":
            codes, rows = rest
            words = [word for code in codes for word in (0, code)]
            body = b"".join(struct.pack(self.order + CODES[c], v) for row in rows for c, v in zip(codes, row))
            return self.info(20, 15, 0, len(codes), *words, len(rows)) + body
        pixels = rest[0]
        name = pixels.dtype.str[1:]
        body = pixels.astype(pixels.dtype.newbyteorder(self.order)).tobytes()
        if name in ("c8", "c16"):
            field = F32 if name == "c8" else F64
            return self.info(20, 15, 0, 2, 0, field, 0, field, pixels.size) + body
        return self.info(20, ELEMENTS[name], pixels.size) + body

    def tag(self, name, value):
        head = name.encode("latin-1")
        group = isinstance(value, list)
        body = self.group(value) if group else self.value(value)
        size = self.length(len(body)) if self.wide else b""
        return bytes([20 if group else 21]) + struct.pack(">H", len(head)) + head + size + body

    def group(self, entries):
        return bytes([1, 0]) + self.length(len(entries)) + b"".join(self.tag(name, value) for name, value in entries)

    def file(self, entries):
        body = self.group(entries)
        head = struct.pack(">I", self.version) + self.length(len(body)) + struct.pack(">I", int(self.order == "<"))
        return head + body + bytes(8)


def image(title, pixels, calibrations=(), dm_type=None):
    dimensions = [("", (U32, length)) for length in reversed(pixels.shape)]
    axes = [("", [("Origin", (F32, o)), ("Scale", (F32, s)), ("Units", ("text", u))]) for s, o, u in calibrations]
    data = [
        ("Calibrations", [
            ("Brightness", [("Origin", (F32, 0.5)), ("Scale", (F32, 2.0)), ("Units", ("text", "e-"))]),
            ("Dimension", axes),
            ("DisplayCalibratedUnits", (BOOL, 1)),
        ]),
        ("Data", ("pixels", pixels)),
        ("DataType", (U32, dm_type or DM_TYPES[pixels.dtype.str[1:]])),
        ("Dimensions", dimensions),
        ("PixelDepth", (U32, pixels.dtype.itemsize)),
    ]
    tags = [
        ("Acquisition", [("Frame", [("Area", ("struct", [(I32, 0), (I32, 0), (I32, 5), (I32, 7)]))])]),
        ("Points", ("structs", [F32, F32], [(0.5, 1.5), (2.5, 3.5), (4.5, 5.5)])),
        ("Old text", ("string", "plain bytes")),
        ("Empty", ("text", "")),
        ("Ceiling", (U64, 2**63 + 1)),
        ("Time", (I64, -5)),
        ("Voltage", (F64, 300000.0)),
        ("Byte", (I8, -7)),
        ("Octet", (U8, 200)),
        ("Short", (I16, -300)),
    ]
    return [("ImageData", data), ("ImageTags", tags), ("Name", ("text", title)), ("UniqueID", [("", (U32, 7))])]


def whole(images, thumbnail):
    thumb = image("thumbnail", np.arange(16, dtype="i4").reshape(4, 4), dm_type=23)
    listed = [("", image_) for image_ in ([thumb] if thumbnail else []) + images]
    entries = [("ApplicationBounds", ("struct", [(I32, 0), (I32, 0), (I32, 9), (I32, 9)])), ("DocumentObjectList", [("", [])])]
    entries += [("ImageList", listed), ("InImageMode", (BOOL, 1))]
    entries += [("Thumbnails", [("", [("ImageIndex", (U32, 0)), ("SourceSize_Pixels", ("struct", [(I32, 4), (I32, 4)]))])])] if thumbnail else []
    return entries


def signed(byte):
    """RosettaSciIO gives a signed byte as it is stored."""
    return int.from_bytes(byte, "big", signed=True)


def ramp(dtype, *shape):
    values = np.arange(np.prod(shape)).reshape(shape) * 3 - 40
    return (values + 1j * values[::-1] if dtype.startswith("c") else values % 251 if dtype.startswith("u") else values).astype(dtype)


NM = [(0.1775, 2.0, "nm"), (0.355, -1.0, "nm"), (1.0, 0.0, "")]
UM = [(0.0005, 0.0, "\u00b5m"), (0.0005, 0.0, "\u00b5m")]
CASES = {f"volume-{d}-{o}.dm{v}": (v, "<" if o == "le" else ">", [("volume", ramp(d, 3, 5, 7), NM)], True)
         for v in (3, 4) for o in ("le", "be") for d in ("i2", "f4")}
CASES |= {f"image-{d}.dm4": (4, "<", [("image", ramp(d, 4, 6), UM)], True) for d in ("u1", "i1", "u2", "u4", "i4", "f8", "c8", "c16")}
CASES["line.dm3"] = (3, "<", [("line", ramp("f4", 9), [(0.5, 200.0, "eV")])], False)
CASES["two-images.dm4"] = (4, ">", [("first", ramp("u2", 4, 6), NM[:2]), ("second", ramp("f4", 3, 3), [])], True)

fixtures.mkdir(parents=True, exist_ok=True)
golden = {}
for name, (version, order, parts, thumbnail) in CASES.items():
    images = [image(title, pixels, calibrations) for title, pixels, calibrations in parts]
    (fixtures / name).write_bytes(Writer(version, order).file(whole(images, thumbnail)))
    with open(fixtures / name, "rb") as file:
        reader = DigitalMicrographReader(file)
        reader.parse_file()
        found = []
        for tree, (_, pixels, _) in zip(reader.get_image_dictionaries(), parts, strict=True):
            data = tree["ImageData"]
            axes = list(data["Calibrations"]["Dimension"].values())
            little = pixels.astype(pixels.dtype.newbyteorder("<"))
            found.append({
                "title": tree["Name"],
                "lengths": list(data["Dimensions"].values())[::-1],
                "dataType": data["DataType"],
                "dataOffset": data["Data"]["offset"],
                "axes": [[a["Scale"], a["Origin"], a["Units"] or ""] for a in axes][::-1],
                "intensity": [data["Calibrations"]["Brightness"][k] for k in ("Scale", "Origin", "Units")],
                "area": tree["ImageTags"]["Acquisition"]["Frame"]["Area"],
                "oldText": tree["ImageTags"]["Old text"],
                "numbers": [tree["ImageTags"][k] for k in ("Time", "Voltage", "Byte", "Short")],
                "sha256": hashlib.sha256(little.tobytes()).hexdigest(),
                "upsideDownFloat32": hashlib.sha256(np.ascontiguousarray(np.atleast_2d(little)[..., ::-1, :]).real.astype("<f4").tobytes()).hexdigest(),
            })
        golden[name] = {"version": reader.dm_version, "endian": reader.endian, "images": found}
(here / "facts.json").write_text(json.dumps({"writer": "RosettaSciIO 0.15.0, numpy", "files": golden}, indent=1, default=signed) + "\n")
