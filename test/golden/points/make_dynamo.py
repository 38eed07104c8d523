"""Writes dynamo.golden.json beside this file: angles of Dynamo (tdrot, tilt, narot) and matrices by scipy, 64 triples.

.cache/venv-peers/bin/python test/golden/points/make_dynamo.py                        (scipy 1.17.1, numpy 1.26.4)

Dynamo's matrix, Rz(narot) Rx(tilt) Rz(tdrot) about fixed axes, turns the particle onto the reference; the inverse is the particle's pose.
"""
import json
import pathlib

import numpy as np
from scipy.spatial.transform import Rotation

angles = np.random.default_rng(52).uniform([-180, 0, -180], [180, 180, 180], (64, 3)).round(3)
poses = Rotation.from_euler("zxz", angles, degrees=True).inv().as_matrix().reshape(-1, 9)
rows = [[*a, *(round(value, 13) + 0.0 for value in m)] for a, m in zip(angles.tolist(), poses.tolist())]
out = pathlib.Path(__file__).with_name("dynamo.golden.json")
out.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
