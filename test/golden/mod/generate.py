"""Makes test/fixtures/mod/imodmodel-0.1.0.mod with imodmodel, and facts.json with what imodmodel reads in it.

python test/golden/mod/generate.py    (environment: peers)
"""
import json
from pathlib import Path

import imodmodel
import numpy as np
from imodmodel.models import IMAT, MINX, SLAN, Contour, ContourHeader, ImodModel, Mesh, ModelHeader, Object, ObjectFlags, ObjectHeader

golden = Path(__file__).parent / "facts.json"
fixtures = golden.parents[2] / "fixtures" / "mod"


def contour(points, sizes=None, surf=0):
    return Contour(header=ContourHeader(surf=surf), points=np.array(points, float).reshape(-1, 3), point_sizes=sizes)


def write():
    scattered = Object(
        header=ObjectHeader(name="ribosome", flags=ObjectFlags(scattered=True), red=1.0, green=0.25, blue=0.5, pdrawsize=7),
        contours=[contour([[1.5, 2.25, 3], [10, 20, 30]], np.array([4.5, -1.0])), contour([], surf=2), contour([[7, 8, 9]])],
        imat=IMAT(),
    )
    empty = Object(header=ObjectHeader(name=""))
    mesh = Mesh(raw_vertices=np.arange(18, dtype=float), raw_indices=np.array([-25, 0, 2, 4, -22, -1]))
    meshed = Object(
        header=ObjectHeader(name="membrane", flags=ObjectFlags(open=True)),
        contours=[contour([[0.5, 0.5, 0.5], [1.5, 0.5, 0.5], [1.5, 1.5, 0.5]])],
        meshes=[mesh],
    )
    three = lambda *values: tuple(float(value) for value in values)
    model = ImodModel(
        header=ModelHeader(xmax=64, ymax=56, zmax=32, pixelsize=1.348, units=-9),
        objects=[scattered, empty, meshed],
        slicer_angles=[
            SLAN(time=1, angles=three(13.1, 0, -30.2), center=three(10, 20, 30), label="first"),
            SLAN(time=1, angles=three(-90, 45, 180), center=three(1, 2, 3), label=""),
        ],
        minx=MINX(
            oscale=three(1, 1, 1), otrans=three(-5, 6, 7), orot=three(0, 0, 0),
            cscale=three(13.48, 13.48, 13.48), ctrans=three(1, 2, 3), crot=three(90, 0, 0),
        ),
    )
    model.to_file(fixtures / "imodmodel-0.1.0.mod")


def numbers(array):
    return [float(value) for value in np.asarray(array).reshape(-1)]


def facts(path):
    model = imodmodel.ImodModel.from_file(path)
    header = model.header
    return {
        "name": header.name,
        "max": [header.xmax, header.ymax, header.zmax],
        "flags": int(header.flags),
        "pixelSize": header.pixelsize,
        "units": header.units,
        "objects": [
            {
                "name": one.header.name,
                "flags": int(one.header.flags),
                "color": [one.header.red, one.header.green, one.header.blue],
                "pointSize": one.header.pdrawsize,
                "contours": [
                    {
                        "surface": c.header.surf,
                        "xyz": numbers(c.points),
                        "sizes": None if c.point_sizes is None else numbers(c.point_sizes),
                    }
                    for c in one.contours
                ],
                "meshes": [
                    {"vertices": numbers(m.raw_vertices), "indices": [int(i) for i in m.raw_indices]} for m in one.meshes
                ],
            }
            for one in model.objects
        ],
        "slicerAngles": [
            {"time": s.time, "angles": numbers(s.angles), "center": numbers(s.center), "label": s.label}
            for s in model.slicer_angles
        ],
        "image": None if model.minx is None else {
            "oldTranslation": numbers(model.minx.otrans),
            "scale": numbers(model.minx.cscale),
            "translation": numbers(model.minx.ctrans),
            "rotation": numbers(model.minx.crot),
        },
    }


if __name__ == "__main__":
    fixtures.mkdir(exist_ok=True)
    write()
    files = {path.name: facts(path) for path in sorted(fixtures.glob("*.mod"))}
    golden.write_text(json.dumps({"written_by": "imodmodel 0.1.0, test/golden/mod/generate.py", "files": files}, indent=1) + "\n")
