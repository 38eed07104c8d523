"""The voxels of the miniature laboratory, by numpy. As a program: what an ingest of it must give, as NAME.npy.

python lab_formula.py JOBS.json    (environment: peers)
"""
import json
import sys

import numpy as np

MODULUS = {"int8": (101, 50), "uint8": (251, 0), "uint16": (251, 0)}


def formula(shape, kind, run_index):
    z, y, x = np.indices(shape, sparse=True)
    modulus, shift = MODULUS.get(kind, (251, 125))
    return (x + 3 * y + 7 * z + 11 * run_index) % modulus - shift


def standardised(job):
    """As float32, mode 0 read by the rule: a header maximum above 127 marks unsigned bytes, and u becomes u - 128; else they are signed."""
    voxels = formula(job["shape"], job["kind"], job["runIndex"])
    if job["kind"] == "uint8":
        voxels = voxels - 128 if job["name"] == "int8" else voxels.astype("u1").view("i1")
    return voxels.astype("f4")


if __name__ == "__main__":
    for job in json.load(open(sys.argv[1])):
        np.save(job["npy"], standardised(job))
