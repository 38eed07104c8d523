"""Prints IMOD models as text, version 2.0: read by imodmodel, numbers by C's %g through Python's.

python test/golden/mod/ascii.py FILE.mod…    (environment: peers)
python test/golden/mod/ascii.py              writes ascii.txt, the text of the fixture, and numbers.json
"""
import json
import struct
import sys
from pathlib import Path

import imodmodel

UNITS = {0: "pixels", 3: "km", 1: "m", -2: "cm", -3: "mm", -6: "um", -9: "nm", -10: "A", -12: "pm"}
ORIGIN, TILTS, OPEN, SCATTERED = 1 << 14, 1 << 15, 1 << 3, 1 << 9


def single(value):
    return struct.unpack(">f", struct.pack(">f", value))[0]


def g(*values):
    return " ".join("%g" % single(value) for value in values)


def lines(path):
    model = imodmodel.ImodModel.from_file(path)
    head = model.header
    yield "# imod ascii file version 2.0"
    yield f"imod {len(model.objects)}"
    yield f"max {head.xmax} {head.ymax} {head.zmax}"
    yield f"offsets {g(head.xoffset, head.yoffset, head.zoffset)}"
    yield f"angles {g(head.alpha, head.beta, head.gamma)}"
    yield f"scale {g(head.xscale, head.yscale, head.zscale)}"
    yield f"mousemode {head.mousemode}"
    yield f"drawmode {head.drawmode}"
    yield f"b&w_level {head.blacklevel},{head.whitelevel}"
    yield f"resolution {head.res}"
    yield f"threshold {head.thresh}"
    yield f"pixsize {g(head.pixelsize)}"
    yield f"units {UNITS[head.units]}"
    flags = struct.unpack(">I", Path(path).read_bytes()[152:156])[0]
    if model.minx is not None:
        yield f"refcurscale {g(*model.minx.cscale)}"
        yield f"refcurtrans {g(*model.minx.ctrans)}"
        if flags & TILTS:
            yield f"refcurrot {g(*model.minx.crot)}"
        if flags & ORIGIN:
            yield f"refoldtrans {g(*model.minx.otrans)}"
    for slicer in model.slicer_angles:
        yield f"slicerAngle {slicer.time} {g(*slicer.angles, *slicer.center)} {slicer.label}"
    for at, one in enumerate(model.objects):
        head = one.header
        flags = int(head.flags)
        yield f"object {at} {len(one.contours)} {len(one.meshes)}"
        yield f"name {head.name}"
        yield f"color {g(head.red, head.green, head.blue)} {head.trans}"
        yield "scattered" if flags & SCATTERED else "open" if flags & OPEN else "closed"
        yield f"linewidth {head.linewidth}"
        yield f"pointsize {head.pdrawsize}"
        for i, contour in enumerate(one.contours):
            points = contour.points
            yield f"contour {i} {contour.header.surf} {len(points)}"
            for j, point in enumerate(points):
                sizes = contour.point_sizes
                size = f" {g(sizes[j])}" if sizes is not None and sizes[j] >= 0 else ""
                yield g(*point) + size


def text(path):
    return "".join(f"{line}\n" for line in lines(path))


NUMBERS = [
    0, -0.0, 1, -1, 0.1, 1 / 3, 13.1, -30.2, 0.0001, 0.00001, 0.000123456789, 99999.95, 99999.96, 999999, 999999.5, 999998.5, 1000000, 123456.5, 123457.5,
    100000.5, 1.5e-5, 1e10, 3.0634e-41, 1.4e-45, -8.98e34, 3.4028235e38, 235.5196, 12.5, 1234567, 2 ** 24, 0.5, 682.744141, float("inf"), -float("inf"), float("nan"),
]

if __name__ == "__main__":
    if len(sys.argv) > 1:
        json.dump([text(path) for path in sys.argv[1:]], sys.stdout)
    else:
        golden = Path(__file__).parent
        fixture = golden.parents[1] / "fixtures" / "mod" / "imodmodel-0.1.0.mod"
        (golden / "ascii.txt").write_text(text(fixture))
        pairs = [[struct.pack(">f", value).hex(), "%g" % single(value)] for value in NUMBERS]
        body = ",\n".join(f"  {json.dumps(pair)}" for pair in pairs)
        (golden / "numbers.json").write_text(f'{{ "written_by": "Python\'s %g, test/golden/mod/ascii.py", "numbers": [\n{body}\n] }}\n')
