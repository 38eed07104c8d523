"""Writes the MRC files of a list of cases with mrcfile, and beside each the voxels a reader must find, as NAME.npy.

python make_inputs.py CASES.json FOLDER    (environment: peers)
"""
import json
import sys

import mrcfile
import numpy as np

MODES = {"int8": 0, "int16": 1, "float32": 2, "uint16": 6, "float16": 12}


def voxels(kind, shape, seed):
    """Random voxels over the whole range of the type, so that a lost bit, a swapped byte or a sign shows."""
    rng = np.random.default_rng(seed)
    if kind == "float32":
        return rng.standard_normal(shape, dtype="f4") * np.float32(20)
    if kind == "float16":
        values = rng.integers(0, 65536, shape, dtype="u2").view("f2").copy()
        values[~np.isfinite(values)] = 1.5
        return values
    limits = np.iinfo(kind)
    return rng.integers(limits.min, limits.max + 1, shape, dtype=kind)


def write(case, path):
    data = voxels(case["kind"], case["shape"], case["seed"])
    order = ">" if case.get("bigEndian") else "<"
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(data.astype(data.dtype.newbyteorder(order)))
        if case.get("tilts"):
            mrc.set_image_stack()
        else:
            mrc.set_volume()
        mrc.voxel_size = case["spacingAngstrom"]
        extended = case.get("extendedBytes", 0)
        if extended:
            mrc.set_extended_header(np.frombuffer(bytes(i % 256 for i in range(extended)), dtype="V1"))
            mrc.header.exttyp = b"SERI"
        mrc.update_header_stats()
        if case.get("unsigned"):
            mrc.header.dmax = 250
        mrc.flush()
    # mode 0 whose header says a maximum above 127 holds unsigned bytes: u becomes u - 128
    return (data.view("u1").astype("i2") - 128) if case.get("unsigned") else data


if __name__ == "__main__":
    cases, folder = json.load(open(sys.argv[1])), sys.argv[2]
    for case in cases:
        np.save(f"{folder}/{case['name']}.npy", write(case, f"{folder}/{case['name']}.mrc").astype("f4"))
