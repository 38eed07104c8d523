"""Judges the miniature laboratory's volumes with mrcfile, zarr-python and numpy, and its configurations with the portal's own JSON schema.

python check_lab.py JOB.json    (environment: peers)

JOB: {"volumes": [{name, path, shape, kind, runIndex, spacingAngstrom}], "configs": [path], "schema": path or null}
"""
import io
import json
import sys
import warnings
from pathlib import Path

import jsonschema
import mrcfile
import numpy as np
import yaml
import zarr
from lab_formula import formula
from verdicts import Verdicts

# What is wrong with a file on purpose: mrcfile's strict validation must say no to exactly these, for this reason. (Of `half` nothing
# is wrong: mrcfile sums its squares in float16, which overflows.)
FAULTS = {
    "trunc_Vol.mrc": "data block could not be read",
    "int8_Vol.mrc": "statistics",
    "int8twin_Vol.mrc": "statistics",
    "half_Vol.mrc": "rms deviation is inf",
}
# Files whose header says another voxel size than their configuration.
HEADER_SPACING = {"novox_Vol.mrc": 0, "TS_0002.rec": 0, "wrongvox_Vol.mrc": 5.3}
# Formats that are not the portal's, by deposition: its schema must refuse each of them once, and nothing else.
OWN_FORMATS = {10304: ["RELION", "WARP"]}
BIG_ENDIAN = {"big_Vol.mrc", "bigfloat_Vol.mrc", "25jul_pos2_TS.mrc"}
verdicts = Verdicts()


def judge(volume):
    name, path = volume["name"], volume["path"]
    if path.endswith(".zarr"):
        judge_zarr(volume)
        return
    base = Path(path).name
    report = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        valid = mrcfile.validate(path, print_file=report)
    text = report.getvalue()
    fault = FAULTS.get(base)
    verdicts.check(name, "mrcfile.validate", fault in text.lower() and not valid if fault else valid, text)
    if base == "trunc_Vol.mrc":
        return
    with mrcfile.open(path, permissive=True) as mrc:
        data = mrc.data.view("u1") if volume["kind"] == "uint8" else mrc.data
        data = data.reshape((-1, *data.shape[-2:]))  # mrcfile reads a stack of one as a picture
        if base == "perm_Vol.mrc":  # stored with y along the columns
            verdicts.check(name, "axes", (int(mrc.header.mapc), int(mrc.header.mapr), int(mrc.header.maps)) == (2, 1, 3), mrc.header)
            data = data.transpose(0, 2, 1)
        wanted = formula(volume["shape"], volume["kind"], volume["runIndex"])
        verdicts.check(name, "voxels follow the formula", np.array_equal(data, wanted), (data.shape, data.dtype))
        found = [float(mrc.voxel_size[axis]) for axis in "xyz"]
        spacing = HEADER_SPACING.get(base, volume["spacingAngstrom"])
        verdicts.check(name, "voxel size", np.allclose(found, spacing, rtol=1e-5), found)
        verdicts.check(name, "label", bytes(mrc.header.label[0]).strip() == b"miniature lab", mrc.header.label[0])
        if base == "half_Vol.mrc" or not fault:
            wide = wanted.astype("f8")
            statistics = [float(mrc.header[key]) for key in ("dmin", "dmax", "dmean", "rms")]
            verdicts.check(name, "statistics", np.allclose(statistics, [wide.min(), wide.max(), wide.mean(), wide.std()], rtol=1e-6, atol=1e-6), statistics)
        order = ">" if base in BIG_ENDIAN else "<"
        verdicts.check(name, "byte order", data.dtype.newbyteorder("=") == data.dtype if order == "<" else data.dtype.byteorder == ">", data.dtype)


def judge_zarr(volume):
    name = volume["name"]
    root = zarr.open_group(volume["path"], mode="r")
    multiscale = root.attrs["multiscales"][0]
    scales = [level["coordinateTransformations"][0]["scale"] for level in multiscale["datasets"]]
    spacing = volume["spacingAngstrom"]
    verdicts.check(name, "scales", np.allclose(scales, [[spacing * 2**level] * 3 for level in range(3)]), scales)
    wanted = formula(volume["shape"], "float32", volume["runIndex"]).astype("f8")
    for level in range(3):
        found = root[multiscale["datasets"][level]["path"]][:]
        verdicts.check(name, f"level {level}", np.array_equal(found, wanted.astype("f4")), found.shape)
        if level < 2:
            z, y, x = (length // 2 for length in wanted.shape)
            wanted = wanted.reshape(z, 2, y, 2, x, 2).mean(axis=(1, 3, 5))


job = json.load(open(sys.argv[1]))
for volume in job["volumes"]:
    verdicts.guard(volume["name"], "opens", judge, volume)
for path in job["configs"]:
    document = json.loads(json.dumps(yaml.safe_load(open(path)), default=str))
    verdicts.check(path, "config version", document["version"] == "1.3.0", document["version"])
    if job["schema"]:
        errors = jsonschema.Draft202012Validator(json.load(open(job["schema"]))).iter_errors(document)
        found = [f"{list(error.absolute_path)}: {error.message[:300]}" for error in errors]
        own = OWN_FORMATS.get(document["standardization_config"]["deposition_id"], [])
        explained = len(found) == len(own) and all(any(f"'{name}'" in text for text in found) for name in own)
        verdicts.check(path, "config against the portal's schema", explained, found)
verdicts.print()
