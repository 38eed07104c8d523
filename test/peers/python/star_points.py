"""Particle lists as starfile, numpy and scipy have them: the formulas of the portal's readers, written anew.

python star_points.py JOBS.json      jobs: [{path, format, filter, binning}]; prints [[x, y, z, nine numbers], ...] for each
"""
import json
import sys

import starfile
from scipy.spatial.transform import Rotation


def named(rows, column, value):
    return rows if value is None else rows[rows[column].astype(str) == value]


def relion(rows, origins, pixel):
    coordinates = rows[["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"]].to_numpy(float)
    shifts = rows[origins].to_numpy(float) / pixel if set(origins) <= set(rows.columns) else 0
    angles = rows[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy(float)
    return coordinates - shifts, Rotation.from_euler("ZYZ", angles, degrees=True).inv()


def read(path, kind, value):
    tables = starfile.read(path, always_dict=True)
    if kind == "relion4":
        rows = named(tables["particles"], "rlnTomoName", value)
        return relion(rows, ["rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"], tables["optics"]["rlnImagePixelSize"][0])
    [rows] = tables.values()
    if kind == "stopgap":
        rows = named(rows, "tomo_num", value)
        positions = rows[["orig_x", "orig_y", "orig_z"]].to_numpy(float) + rows[["x_shift", "y_shift", "z_shift"]].to_numpy(float)
        return positions, Rotation.from_euler("zxz", rows[["phi", "the", "psi"]].to_numpy(float), degrees=True)
    rows = named(rows, "rlnTomoName" if kind == "tomoman" else "rlnMicrographName", value)
    return relion(rows, ["rlnOriginX", "rlnOriginY", "rlnOriginZ"], 1)


answers = []
for job in json.load(open(sys.argv[1])):
    positions, rotations = read(job["path"], job["format"], job["filter"])
    matrices = rotations.as_matrix().reshape(-1, 9)
    answers.append([[*p, *m] for p, m in zip((positions / job["binning"]).tolist(), matrices.tolist())])
print(json.dumps(answers))
