"""Writes rotations.json beside this file: matrices by scipy of 1,000 random angle triples a convention, and of quarter turns.

.cache/venv-peers/bin/python test/golden/points/rotations.py          (scipy 1.17.1, numpy 1.26.4)
"""
import itertools
import json
import pathlib

import numpy as np
from scipy.spatial.transform import Rotation

RANDOM = 1000
random = np.random.default_rng(20)


def angles(tilt_high):
    """First, second, third of a sequence; a few decimals, as files have them."""
    triples = random.uniform([-180, 0, -180], [180, tilt_high, 180], (RANDOM, 3)).round(4).tolist()
    return triples + [list(t) for t in itertools.product((-180, -90, 0, 90), (-90, 0, 90, 180), (0, 90, 270, 720))]


def matrices(rotation):
    return [[round(value, 13) + 0.0 for value in matrix.ravel()] for matrix in rotation.as_matrix()]


relion = angles(180)
stopgap = angles(180)
slicer = angles(360)
facts = {
    # rot, tilt, psi: the inverse of the intrinsic rotation about z, y', z''
    "relion": [relion, matrices(Rotation.from_euler("ZYZ", relion, degrees=True).inv())],
    # phi, the, psi: extrinsic, about z, x, z
    "stopgap": [stopgap, matrices(Rotation.from_euler("zxz", stopgap, degrees=True))],
    # ax, ay, az: the inverse of the intrinsic rotation about x, y', z''
    "slicer": [slicer, matrices(Rotation.from_euler("XYZ", slicer, degrees=True).inv())],
}
out = pathlib.Path(__file__).with_name("rotations.json")
rows = {name: [[*a, *m] for a, m in zip(*both)] for name, both in facts.items()}
lines = [f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in values) + "\n]" for name, values in rows.items()]
out.write_text("{\n" + ",\n".join(lines) + "\n}\n")
