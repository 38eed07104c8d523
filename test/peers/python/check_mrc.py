"""Judges MRC files that emporium wrote: mrcfile's strict validation, voxels bit for bit, header fields, statistics in float64.

python check_mrc.py JOBS.json    (environment: peers)
"""
import io
import json
import sys

import mrcfile
import numpy as np
from verdicts import Verdicts

verdicts = Verdicts()


def near(found, wanted, scale=None):
    """Relative 1e-6; `scale` stands in for the wanted value where that may be near zero (a mean)."""
    return abs(float(found) - float(wanted)) <= 1e-6 * (abs(float(wanted)) if scale is None else scale)


def judge(job):
    name, path = job["name"], job["mrc"]
    source = np.load(job["npy"])
    report = io.StringIO()
    valid = mrcfile.validate(path, print_file=report)
    verdicts.check(name, "mrcfile.validate", valid, report.getvalue())
    with mrcfile.open(path, permissive=False) as mrc:
        data, h = mrc.data.reshape(source.shape), mrc.header
        verdicts.check(name, "float32 little-endian", mrc.data.dtype == np.dtype("<f4"), mrc.data.dtype)
        verdicts.check(name, "voxels bit-equal", np.array_equal(data.view("u4"), source.view("u4")), "differ")
        nz, ny, nx = source.shape
        tilts, spacing = job.get("tilts", False), job["spacingAngstrom"]
        fields = {
            "n": ([int(h.nx), int(h.ny), int(h.nz)], [nx, ny, nz]),
            "m": ([int(h.mx), int(h.my), int(h.mz)], [nx, ny, 1 if tilts else nz]),
            "mode": (int(h.mode), 2),
            "nstart": ([int(h.nxstart), int(h.nystart), int(h.nzstart)], [0, 0, 0]),
            "map axes": ([int(h.mapc), int(h.mapr), int(h.maps)], [1, 2, 3]),
            "space group": (int(h.ispg), 0 if tilts else 1),
            "nversion": (int(h.nversion), 20141),
            "machine stamp": (list(h.machst.tobytes()), [0x44, 0x44, 0, 0]),
            # that of the program that wrote it, then the source's own, which the reference drops
            "labels": (int(h.nlabl), 2 if job.get("sourceLabel") else 1),
            "second label": (bytes(h.label[1]).rstrip(b" \0")[: len(job.get("sourceLabel", "")) or 80], job.get("sourceLabel", "").encode()),
            "extended bytes": (int(h.nsymbt), job.get("extendedBytes", 0)),
            "extended type": (h.exttyp.tobytes(), b"SERI" if job.get("extendedBytes") else b"MRCO"),
            "angles": ([float(h.cellb.alpha), float(h.cellb.beta), float(h.cellb.gamma)], [90, 90, 90]),
            "origin": ([float(h.origin.x), float(h.origin.y), float(h.origin.z)], [0, 0, 0]),
        }
        for field, (found, wanted) in fields.items():
            verdicts.check(name, f"header {field}", found == wanted, f"{found}, wanted {wanted}")
        cell = np.array([nx, ny, 1 if tilts else nz]) * spacing
        found = np.array([float(h.cella.x), float(h.cella.y), float(h.cella.z)])
        verdicts.check(name, "header cell", np.allclose(found, cell, rtol=1e-6), f"{found}, wanted {cell}")
        if job.get("extendedBytes"):
            wanted = bytes(i % 256 for i in range(job["extendedBytes"]))
            verdicts.check(name, "extended header copied", mrc.extended_header.tobytes() == wanted, "differs")
        wide = source.astype("f8")
        deviation = wide.std()
        span = max(abs(wide.mean()), deviation, 1e-30)
        verdicts.check(name, "dmin dmax exact", h.dmin == source.min() and h.dmax == source.max(), (h.dmin, h.dmax, source.min(), source.max()))
        verdicts.check(name, "dmean", near(h.dmean, wide.mean(), span), f"{h.dmean}, numpy {wide.mean()}")
        verdicts.check(name, "rms", near(h.rms, deviation, max(deviation, 1e-30)), f"{h.rms}, numpy {deviation}")


for job in json.load(open(sys.argv[1])):
    verdicts.guard(job["name"], "opens with mrcfile", judge, job)
verdicts.print()
