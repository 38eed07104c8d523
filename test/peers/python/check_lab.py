"""Judges the miniature laboratory with mrcfile, numpy and the portal's own JSON schema of configurations.

python check_lab.py JOB.json    (environment: peers)

JOB: {"volumes": [{name, path, shape, kind, runIndex, spacingAngstrom}], "configs": [path], "schema": path or null}
"""
import io
import json
import sys
import warnings

import jsonschema
import mrcfile
import numpy as np
import yaml
from lab_formula import formula
from verdicts import Verdicts

# What is wrong with a file on purpose: mrcfile's strict validation must say no to exactly these, for this reason. (Of `half` nothing
# is wrong: mrcfile sums its squares in float16, which overflows.)
FAULTS = {"trunc": "data block could not be read", "int8": "statistics", "int8twin": "statistics", "half": "rms deviation is inf"}
verdicts = Verdicts()


def judge(volume):
    name, path = volume["name"], volume["path"]
    report = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        valid = mrcfile.validate(path, print_file=report)
    text = report.getvalue()
    fault = FAULTS.get(name)
    verdicts.check(name, "mrcfile.validate", fault in text.lower() and not valid if fault else valid, text)
    if name == "trunc":
        return
    with mrcfile.open(path, permissive=True) as mrc:
        data = mrc.data.view("u1") if volume["kind"] == "uint8" else mrc.data
        if name == "perm":  # stored with y along the columns
            verdicts.check(name, "axes", (int(mrc.header.mapc), int(mrc.header.mapr), int(mrc.header.maps)) == (2, 1, 3), mrc.header)
            data = data.transpose(0, 2, 1)
        wanted = formula(volume["shape"], volume["kind"], volume["runIndex"])
        verdicts.check(name, "voxels follow the formula", np.array_equal(data, wanted), (data.shape, data.dtype))
        header_spacing = 0 if name in ("novox", "TS_0002") else 5.3 if name == "wrongvox" else volume["spacingAngstrom"]
        found = [float(mrc.voxel_size[axis]) for axis in "xyz"]
        verdicts.check(name, "voxel size", np.allclose(found, header_spacing, rtol=1e-5), found)
        verdicts.check(name, "label", bytes(mrc.header.label[0]).strip() == b"miniature lab", mrc.header.label[0])
        if name == "half" or not fault:
            wide = wanted.astype("f8")
            statistics = [float(mrc.header[key]) for key in ("dmin", "dmax", "dmean", "rms")]
            verdicts.check(name, "statistics", np.allclose(statistics, [wide.min(), wide.max(), wide.mean(), wide.std()], rtol=1e-6, atol=1e-6), statistics)
        order = ">" if name.startswith("big") else "<"
        verdicts.check(name, "byte order", data.dtype.newbyteorder("=") == data.dtype if order == "<" else data.dtype.byteorder == ">", data.dtype)


job = json.load(open(sys.argv[1]))
for volume in job["volumes"]:
    verdicts.guard(volume["name"], "opens", judge, volume)
for path in job["configs"]:
    document = json.loads(json.dumps(yaml.safe_load(open(path)), default=str))
    verdicts.check(path, "config version", document["version"] == "1.3.0", document["version"])
    if job["schema"]:
        errors = jsonschema.Draft202012Validator(json.load(open(job["schema"]))).iter_errors(document)
        found = [f"{list(error.absolute_path)}: {error.message[:300]}" for error in errors]
        verdicts.check(path, "config against the portal's schema", not found, found)
verdicts.print()
