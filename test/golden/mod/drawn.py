"""Writes imodinfo/drawn.mod and imodinfo/old.mod: models with all that IMOD's text form has a line for. No package is needed.

python test/golden/mod/drawn.py

The texts beside them are what IMOD's own imodinfo printed of them: README.md.
"""
import struct
from pathlib import Path

here = Path(__file__).parent / "imodinfo"

NEW, MULTIPLE_CLIP, MATERIAL_BYTES, ORIGIN, TILTS, FLIPPED = (1 << bit for bit in (11, 12, 13, 14, 15, 16))
INT, FLOAT, SHORT, BYTE = range(4)
NO_INDEX, REVERT, SURFACE, ONE_POINT = (1 << bit for bit in (4, 5, 6, 7))
COLOR, GAP, VALUE, MIN_MAX = 1, 4, 10, 11


def ints(*values):
    return struct.pack(f">{len(values)}i", *values)


def floats(*values):
    return struct.pack(f">{len(values)}f", *values)


def chunk(name, body):
    return name + ints(len(body)) + body


def header(version, objects, flags):
    return b"".join([
        b"IMOD" + version, b"a model with everything".ljust(128, b"\0"), ints(400, 300, 200, objects),
        struct.pack(">I", flags), ints(1, 2, 10, 240), floats(0.5, -1.25, 1e-7), floats(1, 1, 2.5), ints(0, 0, 0, 3, 128),
        floats(0.7654321), ints(-9, 77), floats(1, -2, 3),
    ])


def head(name, contours, flags, meshes=0, surfaces=0, symbol=(1, 5, 2, 3, 0, 1, 0, 40)):
    return b"".join([
        b"OBJT" + name.ljust(64, b"\0") + bytes(64), ints(contours), struct.pack(">I", flags), ints(2, 1),
        floats(0.1, 1 / 3, 0.999999), ints(6), bytes(symbol), ints(meshes, surfaces),
    ])


def contour(points, flags=0, time=0, surface=0):
    return b"CONT" + ints(len(points), flags, time, surface) + b"".join(floats(*point) for point in points)


def mesh(vertices, indices, flags=0, time=0, surface=0):
    return b"".join([
        b"MESH" + ints(len(vertices), len(indices)) + struct.pack(">Ihh", flags, time, surface),
        *(floats(*vertex) for vertex in vertices), ints(*indices),
    ])


def clips(name, flags, planes):
    return chunk(name, bytes([len(planes), flags, 50, 0]) + b"".join(floats(*normal) for normal, _ in planes)
                 + b"".join(floats(*point) for _, point in planes))


def store(name, *items):
    return chunk(name, b"".join(struct.pack(">hH", kind, flags) + index + value for kind, flags, index, value in items))


def view(label, length=184):
    body = b"".join([
        floats(12.5, 300, 1, 0.1, 0.9), floats(10, 20, 30), floats(-200, -150, -100.5), floats(1, 1, 1),
        floats(*range(16)), struct.pack(">I", 0x80000006), label.ljust(32, b"\0"), floats(0.25, 0.75, 5, -6, 4), ints(0, 0),
    ])
    return chunk(b"VIEW", body[:length])


AT_POINT = FLOAT << 2
FLAGS = 0xFFFFFFFF & ~(1 << 3) & ~(1 << 9)


def drawn():
    plane = ((0, 0.6, -0.8), (-1, -2, -3))
    other = ((1, 0, 0), (-50.5, 0, 0))
    values = store(
        b"COST", (COLOR, BYTE << 2, ints(0), bytes([255, 0, 0, 0])), (VALUE, AT_POINT, ints(1), floats(0.5)),
        (GAP, 0, ints(1), ints(1)), (VALUE, AT_POINT, ints(3), floats(-2.25e-6)), (VALUE, REVERT, ints(4), ints(0)),
        (VALUE, AT_POINT, ints(5), floats(1234567)),
    )
    unsorted = store(b"COST", (VALUE, AT_POINT, ints(1), floats(2)), (VALUE, AT_POINT, ints(0), floats(1)))
    line = [(i + 0.125, 2 * i, 3.5) for i in range(6)]
    everything = b"".join([
        head("tubes µ".encode("latin-1"), 3, FLAGS, 2, 4), contour(line, 0x18, 3, 2), chunk(b"SIZE", floats(1, -1, 2.5, -1, 3, 4)), values,
        contour(line[:2], 0, 0, 1), unsorted, contour([]),
        mesh([(1, 2, 3), (0, 0, 1), (4, 5, 6), (0, 1, 0)], [-25, 0, 2, 0, -22, -1], 1 << 16, -2, 7), mesh([], []),
        clips(b"CLIP", 3, [plane, other]), chunk(b"IMAT", bytes([90, 200, 100, 9, 10, 20, 30, 4, 0, 0, 0, 0, 12, 240, 3, 0])),
        store(b"OBST", (VALUE, AT_POINT, ints(0), floats(7.5)), (VALUE, AT_POINT, ints(1), floats(0)),
              (VALUE, AT_POINT | SURFACE, ints(2), floats(3)), (MIN_MAX, FLOAT | FLOAT << 2 | NO_INDEX, floats(-1.5), floats(12.25))),
    ])
    scattered = b"".join([head(b"", 1, 1 << 9, symbol=(0, 0, 0, 0, 0, 0, 0, 0)), contour([(1e9, -1e-9, 0)]), clips(b"CLIP", 0, [plane])])
    views = chunk(b"VIEW", ints(1)) + view(b"first") + clips(b"MCLP", 1, [other]) + view(b"second", 176)
    image = chunk(b"MINX", floats(1, 1, 1, -4, -5, -6, 0, 0, 0, 7.65, 7.65, 7.65, 1, 2, 3, 0, 5, 0))
    slicer = chunk(b"SLAN", ints(1) + floats(13.1, 0, -30.2, 235.5196, 682.7441, 302) + b"upper ring, good".ljust(32, b"\0"))
    flags = NEW | MULTIPLE_CLIP | MATERIAL_BYTES | ORIGIN | TILTS | FLIPPED
    return header(b"V1.2", 2, flags) + everything + scattered + views + image + slicer + b"IEOF"


def old():
    """Of a program before 2003: materials as integers, one clipping plane, no views, no count of surfaces."""
    first = b"".join([
        head(b"first", 2, 1 << 3, 0, 99), contour([(1, 2, 3)], surface=3), contour([(4, 5, 6)], surface=1),
        clips(b"CLIP", 0, [((0, 0, -1), (0, 0, -9))]).replace(b"\x01\x00\x32\x00", b"\x00\x06\x32\x00"),
        chunk(b"IMAT", bytes([1, 2, 3, 4]) + ints(0x01020304, 0, 0x05060708)),
    ])
    second = b"".join([head(b"second", 0, 0), clips(b"CLIP", 2, [((0, 1, 0), (0, -9, 0))])])
    return header(b"V1.1", 2, 0) + first + second + clips(b"MCLP", 1, [((0, 1, 0), (0, -9, 0))]) + b"IEOF"


if __name__ == "__main__":
    here.mkdir(exist_ok=True)
    (here / "drawn.mod").write_bytes(drawn())
    (here / "old.mod").write_bytes(old())
