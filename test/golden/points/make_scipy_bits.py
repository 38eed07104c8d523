"""Writes scipy_bits.golden.json: matrices of scipy's Rotation to the last digit. Run: python make_scipy_bits.py (scipy 1.16.3)

Angles whose sines and cosines the C library does not round correctly (one in a thousand) are passed over.
"""

import json
import math
import pathlib
import random
from decimal import Decimal, getcontext

import numpy as np
import scipy
from scipy.spatial.transform import Rotation

getcontext().prec = 50


def series(x, first):
    """Sine (first = 1) or cosine (first = 0) with 50 digits."""
    total = term = x if first else Decimal(1)
    n = first
    while abs(term) > Decimal(10) ** -45:
        term = -term * x * x / ((n + 1) * (n + 2))
        total += term
        n += 2
    return float(total)


def is_rounded(degrees):
    half = float(np.deg2rad(degrees)) / 2
    return math.sin(half) == series(Decimal(half), 1) and math.cos(half) == series(Decimal(half), 0)


source = random.Random(17)
triples = [[0, 0, 0], [90, -90, 180], [-180, 45, 30], [359.5, 725.25, -400]]
triples += [[round(source.uniform(-180, 180), 3) for _ in range(3)] for _ in range(60)]
cases = [
    {
        "angles": angles,
        "relion": Rotation.from_euler("ZYZ", angles, degrees=True).inv().as_matrix().ravel().tolist(),
        "stopgap": Rotation.from_euler("zxz", angles, degrees=True).as_matrix().ravel().tolist(),
        "slicer": Rotation.from_euler("xyz", [-angle for angle in angles], degrees=True).as_matrix().ravel().tolist(),
    }
    for angles in triples
    if all(is_rounded(angle) for angle in angles)
]
document = {"written_by": f"make_scipy_bits.py, scipy {scipy.__version__}", "cases": cases}
text = json.dumps(document, separators=(",", ":")).replace('{"angles"', '\n{"angles"')
(pathlib.Path(__file__).parent / "scipy_bits.golden.json").write_text(text + "\n")
