"""Judges how emporium reads alignments: sections against cryoet-alignment's, Etomo's folder against etomofiles, rotations against scipy.

python alignment_check.py JOBS.json    (environment: peers)
JOBS: [{"case", "kind": "imod" | "aretomo" | "relion" | "warp" | "etomo" | "rotations", "files": {name: path}, …, "sections"}]
"""
import json
import sys
from pathlib import Path

import etomofiles
import numpy as np
from cryoet_alignment.io.aretomo3 import AreTomo3ALN
from cryoet_alignment.io.cryoet_data_portal import Alignment
from cryoet_alignment.io.imod import ImodAlignment, ImodTILTCOM, ImodTLT, ImodXF, ImodXTILT
from cryoet_alignment.io.relion import RelionAlignment
from cryoet_alignment.io.warp import WarpAlignment
from scipy.spatial.transform import Rotation
from verdicts import Verdicts

verdicts = Verdicts()


def section_rows(alignment):
    return [
        [s.z_index, s.tilt_angle, s.volume_x_rotation, *np.ravel(s.in_plane_rotation).tolist(), s.x_offset, s.y_offset]
        for s in alignment.per_section_alignment_parameters
    ]


def imod(job):
    files = job["files"]
    text = lambda name: Path(files[name]).read_text() if name in files else None
    return Alignment.from_imod(
        ImodAlignment(
            xf=ImodXF.from_string(text("xf")),
            tlt=ImodTLT.from_string(text("tlt")),
            xtilt=ImodXTILT.from_string(text("xtilt")) if "xtilt" in files else None,
            tiltcom=ImodTILTCOM.from_string(text("com")) if "com" in files else None,
        ),
        vol_size=(1, 1, 1),
    )


def relion(job):
    image = tuple(job["image"]) if job.get("image") else None
    return Alignment.from_relion(RelionAlignment.from_file(job["files"]["star"], tomo_name=job["tomogram"], image_size_px=image))


def warp(job):
    alignment = Alignment.from_warp(WarpAlignment.from_file(job["files"]["xml"]))
    # it turns the tilt angles around and keeps images that are not used: src/formats/alignment/README.md
    for section in alignment.per_section_alignment_parameters:
        section.tilt_angle = -section.tilt_angle
    kept = [s for s in alignment.per_section_alignment_parameters if s.z_index in job["used"]]
    alignment.per_section_alignment_parameters = kept
    return alignment


READERS = {
    "imod": imod,
    "aretomo": lambda job: Alignment.from_aretomo3(AreTomo3ALN.from_file(job["files"]["aln"])),
    "relion": relion,
    "warp": warp,
}


def compare(case, name, ours, theirs, tolerance):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    verdicts.check(case, f"{name} shape", ours.shape == theirs.shape, f"{ours.shape} wanted {theirs.shape}")
    if ours.shape == theirs.shape:
        worst = float(np.abs(ours - theirs).max(initial=0))
        verdicts.check(case, name, worst <= tolerance, f"worst difference {worst}")


def etomo(job):
    frame = etomofiles.read(Path(job["files"]["folder"]))
    columns = ["xf_a11", "xf_a12", "xf_a21", "xf_a22", "xf_dx", "xf_dy"]
    compare(job["case"], "transforms", job["transforms"], frame[columns].to_numpy(), 0)
    excluded = (np.flatnonzero(frame["excluded"].to_numpy()) + 1).tolist()
    verdicts.check(job["case"], "excluded", job["excluded"] == excluded, f"{job['excluded']} wanted {excluded}")


def rotations(job):
    """Angles about x, y, z of matrices, and back: P = Rz · Ry · Rx is scipy's extrinsic xyz."""
    angles = np.asarray(job["angles"])
    compare(job["case"], "in-plane", job["inPlane"], Rotation.from_euler("z", angles[:, 2:], degrees=True).as_matrix()[:, :2, :2], 1e-14)
    made = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    again = Rotation.from_euler("xyz", np.asarray(job["found"]), degrees=True).as_matrix()
    compare(job["case"], "matrices", again, made, 1e-9)


def judge(job):
    if job["kind"] == "etomo":
        etomo(job)
    elif job["kind"] == "rotations":
        rotations(job)
    else:
        compare(job["case"], "sections", job["sections"], section_rows(READERS[job["kind"]](job)), job.get("tolerance", 1e-9))


with open(sys.argv[1], encoding="utf-8") as file:
    for job in json.load(file):
        verdicts.guard(job["case"], "read", judge, job)
verdicts.print()
