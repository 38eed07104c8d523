"""Tomography 5, then a RELION 5 project with aliases and a Trash folder, tomograms denoised by cryoCARE, membranes of MemBrain-seg, positions of MemBrain-pick.

Imitates RELION 5's folders (https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html, …/Reference/STA/Datatypes/tomogram_set.html and particle_set.html: Import, MotionCorr,
AlignTiltSeries/…/external, Tomograms/jobNNN/tomograms/rec_NAME.mrc with _half1 and _half2, Denoise/jobNNN/tomograms/rec_NAME.mrc, Picks/jobNNN/annotations; aliases are links beside the
jobs; deleted jobs go to Trash), https://tomoguide.github.io/03-tutorial/03-relion-preprocessing/, MemBrain-seg (NAME_CHECKPOINT_segmented.mrc, NAME_scores.mrc:
https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md) and MemBrain-pick (https://github.com/CellArchLab/membrain-pick/blob/main/docs/Relion_Import.md:
NAME_clusters.star a membrane, rlnCoordinateX… in angstroms that are not centred).

The mess: raw and denoised tomograms have one name; an alias links to each of three jobs; a first reconstruction with a wrong tilt axis lies in Trash; Position_2 has two membranes.
"""
import os

import numpy as np

from kit import Lab, Specimen, dose_symmetric, lines, mdoc, places, seed, star, xf

PIXEL, SIZE = 2.5, (120, 120)
BIN, VOXEL, SHAPE = 4, 10.0, (20, 30, 30)
ANGSTROM = np.array([n * VOXEL for n in SHAPE[::-1]])
UNBINNED = [n * BIN for n in SHAPE[::-1]]
TAKEN = dose_symmetric(8, 6)
ANGLES = sorted(TAKEN)
STAMP = "20240603"
#         name          hour  stage            ribosomes  particles of membranes
TABLE = [("Position_1", 10, "-55.10 301.7", 12, [6]), ("Position_2", 12, "-58.23 300.0", 0, [5, 7]), ("Position_10", 15, "10.92 -77.7", 8, [])]


def dated(text, hour, stage):
    return text.replace("14-Feb-23  09:", f"03-Jun-24  {hour:02d}:").replace("12.5 -40.1", stage)


lab = Lab(__doc__, ["https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html", "https://relion.readthedocs.io/en/release-5.0/Reference/STA/Datatypes/tomogram_set.html",
                    "https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md", "https://github.com/CellArchLab/membrain-pick/blob/main/docs/Relion_Import.md"])
P = "relion"
optics = ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnSphericalAberration": [2.7], "rlnVoltage": [300.0], "rlnTomoTiltSeriesPixelSize": [PIXEL]})
allpicks = {"rlnTomoName": [], "rlnCenteredCoordinateXAngst": [], "rlnCenteredCoordinateYAngst": [], "rlnCenteredCoordinateZAngst": []}
master = {"rlnTomoName": [], "rlnTomoImportParticleFile": []}
for name, hour, stage, k, membranes in TABLE:
    where = places(lab.name, name, n=max(k, 1), size=ANGSTROM)
    s = Specimen(name, ANGSTROM, [where] if k else [])
    f = [f"{name}_{i + 1:03d}_{a:.2f}_{STAMP}_{hour:02d}{i:02d}31_EER.eer" for i, a in enumerate(TAKEN)]
    lab.movies(name, [f"{STAMP}_krios/frames/{x}" for x in f], size=SIZE, frames=2, pixel=PIXEL)
    lab.text(f"{STAMP}_krios/mdocs/{name}.mdoc", dated(mdoc(TAKEN, PIXEL, f, f"{name}.mrc", SIZE[::-1], folder="\\\\Offload\\20240603_krios\\", camera="TOMOGRAPHY: Titan Krios G4"), hour, stage))
    stack = s.stack(ANGLES, SIZE).astype(np.float32)
    rows = {"rlnMicrographMovieName": [], "rlnTomoNominalStageTiltAngle": [], "rlnTomoNominalTiltAxisAngle": [], "rlnMicrographPreExposure": [], "rlnMicrographName": [], "rlnTomoXTilt": [], "rlnTomoYTilt": [], "rlnTomoZRot": [], "rlnTomoXShiftAngst": [], "rlnTomoYShiftAngst": []}
    for i, a in enumerate(TAKEN):
        m = f"MotionCorr/job002/frames/{f[i].removesuffix('.eer')}.mrc"
        lab.junk("one motion-corrected image", f"{P}/{m}", stack[ANGLES.index(a)][None], PIXEL, stack=True)
        for c, v in zip(rows, (f"{STAMP}_krios/frames/{f[i]}", a, 84.1, 3.1 * i, m, 0.0, a + 0.35, 84.3, 3.5 * i, -2.25)):
            rows[c].append(v)
    for job in ("MotionCorr/job002", "AlignTiltSeries/job004", "Tomograms/job006", "Denoise/job008"):
        lab.text(f"{P}/{job}/tilt_series/{name}.star", star([(name, rows if job[0] != "M" else {c: v for c, v in rows.items() if c[:8] not in ("rlnTomoX", "rlnTomoY", "rlnTomoZ")})]))
    e = f"{P}/AlignTiltSeries/job004/external/{name}/{name}"
    lab.tilts(name, f"{e}.mrc", stack, PIXEL, ANGLES)
    lab.text(f"{e}.rawtlt", lines(ANGLES))
    lab.text(f"{e}.tlt", lines([a + 0.35 for a in ANGLES]))
    lab.text(f"{e}.xf", xf(len(ANGLES), name))
    full = s.volume(SHAPE, VOXEL)
    lab.tomogram(name, f"{P}/Tomograms/job006/tomograms/rec_{name}.mrc", full, VOXEL)
    for h in ("half1", "half2"):
        lab.half(name, f"{P}/Tomograms/job006/tomograms/rec_{name}_{h}.mrc", s.volume(SHAPE, VOXEL, what=h, noise=1.4), VOXEL)
    clean = (0.75 * s.density(SHAPE, VOXEL) + 0.25 * full).astype(np.float32)
    lab.tomogram(name, f"{P}/Denoise/job008/tomograms/rec_{name}.mrc", clean, VOXEL, ("denoised",))
    lab.junk("a reconstruction with the wrong tilt axis, deleted", f"{P}/Trash/Tomograms/job005/tomograms/rec_{name}.mrc", np.ascontiguousarray(s.volume(SHAPE, VOXEL, what="wrong axis", noise=2)[:, ::-1]), VOXEL)
    if k:
        c = where - ANGSTROM / 2
        p = f"{P}/Picks/job010/annotations/{name}_particles.star"
        lab.text(p, star([("", {"rlnTomoName": [name] * k, **{f"rlnCenteredCoordinate{a}Angst": c[:, i].tolist() for i, a in enumerate("XYZ")}})]))
        lab.points(name, p, "ribosome", where, VOXEL, also=[f"{P}/Picks/job010/particles.star"])
        allpicks["rlnTomoName"] += [name] * k
        for i, a in enumerate("XYZ"):
            allpicks[f"rlnCenteredCoordinate{a}Angst"] += c[:, i].tolist()
    seg = s.membrane(SHAPE)
    lab.mask(name, f"membrain/segmentations/rec_{name}_MemBrain_seg_v10_beta.ckpt_segmented.mrc", seg, VOXEL)
    lab.junk("probabilities of a segmentation", f"membrain/segmentations/rec_{name}_scores.mrc", (seg * 4 - 2 + seed(name, "scores").normal(0, 0.4, SHAPE)).astype(np.float32), VOXEL)
    for j, n in enumerate(membranes):
        on = np.argwhere(seg)
        at = on[np.sort(seed(name, "pick", j).choice(len(on), n, replace=False))][:, ::-1] * VOXEL  # x, y, z
        p = f"membrain/pick_output/rec_{name}_M{j + 1:02d}_clusters.star"
        angle = seed(name, "angles", j).uniform(-180, 180, (n, 3))
        lab.text(p, star([("", {**{f"rlnCoordinate{a}": at[:, i].astype(float).tolist() for i, a in enumerate("XYZ")}, **{f"rlnAngle{a}": angle[:, i].tolist() for i, a in enumerate(("Rot", "Tilt", "Psi"))}})]))
        lab.points(name, p, "membrane protein", at, VOXEL)
        master["rlnTomoName"].append(name)
        master["rlnTomoImportParticleFile"].append(f"../{p}")
names = [t[0] for t in TABLE]
n = len(names)


def tomoset(job, rec=None, denoised=None):
    c = {"rlnTomoName": names, "rlnVoltage": [300.0] * n, "rlnSphericalAberration": [2.7] * n, "rlnAmplitudeContrast": [0.1] * n, "rlnMicrographOriginalPixelSize": [PIXEL] * n, "rlnTomoHand": [-1.0] * n,
         "rlnOpticsGroupName": ["opticsGroup1"] * n, "rlnTomoTiltSeriesPixelSize": [PIXEL] * n, "rlnTomoTiltSeriesStarFile": [f"{job}/tilt_series/{x}.star" for x in names]}
    if rec:
        c |= {f"rlnTomoSize{a}": [UNBINNED[i]] * n for i, a in enumerate("XYZ")} | {"rlnTomoTomogramBinning": [float(BIN)] * n}
        c |= {f"rlnTomoReconstructedTomogramHalf{h}": [f"{rec}/tomograms/rec_{x}_half{h}.mrc" for x in names] for h in (1, 2)} | {"rlnTomoReconstructedTomogram": [f"{rec}/tomograms/rec_{x}.mrc" for x in names]}
    if denoised:
        c["rlnTomoReconstructedTomogramDenoised"] = [f"{denoised}/tomograms/rec_{x}.mrc" for x in names]
    return star([("global", c)])


lab.text(f"{P}/MotionCorr/job002/corrected_tilt_series.star", tomoset("MotionCorr/job002"))
lab.text(f"{P}/AlignTiltSeries/job004/aligned_tilt_series.star", tomoset("AlignTiltSeries/job004"))
lab.text(f"{P}/Tomograms/job006/tomograms.star", tomoset("Tomograms/job006", "Tomograms/job006"))
lab.text(f"{P}/Denoise/job008/tomograms.star", tomoset("Denoise/job008", "Tomograms/job006", "Denoise/job008"))
lab.text(f"{P}/Trash/Tomograms/job005/tomograms.star", tomoset("Trash/Tomograms/job005", "Tomograms/job005"))
lab.text(f"{P}/Denoise/job007/denoising_model.tar.gz", b"\x1f\x8b\x08\0" + bytes(200))
lab.text(f"{P}/Picks/job010/particles.star", star([("", allpicks)]))
lab.text(f"{P}/Picks/job010/optimisation_set.star", star([("", {"rlnTomoParticlesFile": "Picks/job010/particles.star", "rlnTomoTomogramsFile": "Denoise/job008/tomograms.star"})]))
lab.text("membrain/particles_membrain.star", star([("particles", master)]))
for job in ("Import/job001", "MotionCorr/job002", "AlignTiltSeries/job004", "Tomograms/job006", "Denoise/job007", "Denoise/job008", "Picks/job010", "Trash/Tomograms/job005"):
    lab.text(f"{P}/{job}/job.star", star([("job", {"rlnJobTypeLabel": "relion." + job.split("/")[-2].lower(), "rlnJobIsContinue": 0, "rlnJobIsTomo": 1})]))
    lab.text(f"{P}/{job}/RELION_JOB_EXIT_SUCCESS", "")
    lab.text(f"{P}/{job}/note.txt", " ++++ Executing new job on Mon Jun 10 2024\n")
for alias, job in (("AlignTiltSeries/imod_patch", "job004"), ("Tomograms/bin4_final", "job006"), ("Denoise/care_predict", "job008")):
    os.symlink(f"../{alias.split(chr(47))[0]}/{job}/", lab.root / P / alias)  # as RELION makes them
lab.text(f"{P}/default_pipeline.star", star([("pipeline_general", {"rlnPipeLineJobCounter": 11}), ("pipeline_processes", {"rlnPipeLineProcessName": ["Import/job001/", "MotionCorr/job002/", "AlignTiltSeries/job004/", "Tomograms/job006/", "Denoise/job007/", "Denoise/job008/", "Picks/job010/"],
         "rlnPipeLineProcessAlias": ["None", "None", "AlignTiltSeries/imod_patch/", "Tomograms/bin4_final/", "None", "Denoise/care_predict/", "None"]})]))
lab.junk("search map", f"{STAMP}_krios/SearchMap.mrc", seed(lab.name).normal(100, 9, (1, 80, 80)).astype(np.int16), 61.0, stack=True)
lab.text("todo.txt", "- Position_10: thick\n- membrain-pick on bin4 denoised, both membranes of Position_2\n- delete Trash!\n")
lab.done()
