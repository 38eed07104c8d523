"""Judges point files and models that emporium writes, and its reading of models.

python check_points.py JOBS.json    (environment: peers)    JOBS: {"lines": [{"case", "path", "kind", "spacing", points, rotations, ids}],
"models": [{"case", "path", "reading"}]}
"""
import json
import sys
from types import SimpleNamespace

import fsspec
import imodmodel
import numpy as np
from copick.impl import cryoet_data_portal as portal
from verdicts import Verdicts

verdicts = Verdicts()
SHAPES = {"point": "Point", "orientedPoint": "OrientedPoint", "instancePoint": "InstanceSegmentation"}


def lines(job):
    case, kind, spacing = job["case"], job["kind"], job["spacing"]
    with open(job["path"], encoding="ascii") as file:
        rows = [json.loads(line) for line in file]
    found = [[row["location"][axis] for axis in "xyz"] for row in rows]
    verdicts.check(case, "locations", found == job["points"], "they differ")
    verdicts.check(case, "floats", all(type(value) is float for point in found for value in point), "integers among them")
    verdicts.check(case, "types", {row["type"] for row in rows} == {kind}, {row["type"] for row in rows})
    if kind == "instancePoint":
        ids = [row["instance_id"] for row in rows]
        verdicts.check(case, "instances", ids == job["ids"] and all(type(i) is int for i in ids), ids[:5])
    # copick opens the portal's files in its bucket: here the bucket is this disk
    portal.s3fs.S3FileSystem = lambda anon: fsspec.filesystem("file")
    source = SimpleNamespace(
        shape_type=SHAPES[kind], annotation_file_id=1, object_name="ribosome", voxel_spacing=spacing, s3_path=job["path"]
    )
    picks = portal.CopickPicksFileCDP.from_portal_container.__func__(Container, source)
    located = [[p.location.x / spacing, p.location.y / spacing, p.location.z / spacing] for p in picks.points]
    verdicts.check(case, "copick, locations", np.allclose(located, job["points"], rtol=1e-12, atol=0), "they differ")
    if kind == "orientedPoint":
        matrices = [np.array(p.transformation_)[:3, :3].reshape(-1).tolist() for p in picks.points]
        verdicts.check(case, "copick, matrices", matrices == job["rotations"], "they differ")
        verdicts.check(case, "copick, rotations", all(abs(np.linalg.det(np.reshape(m, (3, 3))) - 1) < 1e-6 for m in matrices))


class Container(SimpleNamespace):
    """Stands where copick's file of picks does, which would ask the portal who its authors are."""


def models(job):
    case, reading = job["case"], job["reading"]
    model = imodmodel.ImodModel.from_file(job["path"])
    header = model.header
    theirs = [header.name, [header.xmax, header.ymax, header.zmax], int(header.flags), header.pixelsize, header.units]
    verdicts.check(case, "header", reading["header"] == theirs, f"{reading['header']} wanted {theirs}")
    names = [one.header.name for one in model.objects]
    verdicts.check(case, "objects", [one["name"] for one in reading["objects"]] == names, f"wanted {names}")
    for ours, one in zip(reading["objects"], model.objects):
        head = [int(one.header.flags), one.header.pdrawsize, [one.header.red, one.header.green, one.header.blue]]
        verdicts.check(case, f"{one.header.name}: head", ours["head"] == head, f"{ours['head']} wanted {head}")
        contours = [np.asarray(c.points).reshape(-1).tolist() for c in one.contours]
        verdicts.check(case, f"{one.header.name}: contours", ours["contours"] == contours, "they differ")
        sizes = [None if c.point_sizes is None else c.point_sizes.tolist() for c in one.contours]
        verdicts.check(case, f"{one.header.name}: sizes", ours["sizes"] == sizes, f"{ours['sizes']} wanted {sizes}")
        meshes = [[np.asarray(m.raw_vertices).tolist(), np.asarray(m.raw_indices).tolist()] for m in one.meshes]
        verdicts.check(case, f"{one.header.name}: meshes", ours["meshes"] == meshes, "they differ")
    slicers = [[s.time, list(s.angles), list(s.center), s.label] for s in model.slicer_angles]
    verdicts.check(case, "slicer angles", reading["slicerAngles"] == slicers, f"{reading['slicerAngles']} wanted {slicers}")
    minx = model.minx and [list(three) for three in (model.minx.otrans, model.minx.cscale, model.minx.ctrans, model.minx.crot)]
    verdicts.check(case, "image", reading["image"] == minx, f"{reading['image']} wanted {minx}")


with open(sys.argv[1], encoding="utf-8") as file:
    jobs = json.load(file)
for job in jobs["lines"]:
    verdicts.guard(job["case"], "read", lines, job)
for job in jobs["models"]:
    verdicts.guard(job["case"], "read", models, job)
verdicts.print()
