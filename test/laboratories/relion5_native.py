"""RELION 5 by itself, from movies to tomograms to picks, with its own tables.

Imitates https://relion.readthedocs.io/en/latest/STA_tutorial/ (Import/job001/tilt_series/NAME.star; MotionCorr, AlignTiltSeries/job004/aligned_tilt_series.star; Tomograms/job006/tomograms.star with
rlnTomoTomogramBinning, rlnTomoReconstructedTomogram and …Half1, Half2, rlnTomoReconstructedTomogramDenoised; tomograms/rec_NAME.mrc, rec_NAME_half1.mrc; Picks/job010/particles.star with
rlnCenteredCoordinate?Angst) and https://relion.readthedocs.io/en/latest/Reference/STA/Datatypes/particle_set.html. rlnTomoNominalStageTiltAngle has the microscope's angles.
There is no stack of the series: single tilts lie in MotionCorr (not to be published), the movies are there. Extract and Refine3D have the same particles.
"""
import numpy as np

from kit import Lab, Specimen, dose_symmetric, mdoc, places, seed, star

PIXEL, V, SHAPE, SIZE = 1.35, 10.8, (16, 36, 40), (320, 288, 128)
TAKEN = dose_symmetric(15, 8)
lab = Lab(__doc__, ["https://relion.readthedocs.io/en/latest/STA_tutorial/", "https://relion.readthedocs.io/en/latest/Reference/STA/Datatypes/particle_set.html"])
size = [m * V for m in SHAPE[::-1]]
r = seed(lab.name)
names, picks, refined = ["TS_01", "TS_03"], [], []
for n, k, hour in (("TS_01", 10, 10), ("TS_03", 8, 11)):
    where = places(lab.name, n, n=k, size=size)
    s = Specimen(n, size, [where])
    movies = [f"{n}_{i:03d}_{a:.1f}.tif" for i, a in enumerate(TAKEN)]
    lab.movies(n, ["frames/" + f for f in movies])
    lab.text(f"mdoc/{n}.mdoc", mdoc(TAKEN, PIXEL, movies, f"{n}.mrc", (40, 40)).replace("14-Feb-23  09:", f"14-Feb-23  {hour}:"))
    base = {"rlnMicrographMovieName": [f"frames/{f}" for f in movies], "rlnTomoTiltMovieFrameCount": [3] * 9, "rlnTomoNominalStageTiltAngle": TAKEN, "rlnTomoNominalTiltAxisAngle": [85.0] * 9, "rlnMicrographPreExposure": [3.0 * i for i in range(9)], "rlnTomoNominalDefocus": [-3.0] * 9}
    lab.text(f"Import/job001/tilt_series/{n}.star", star([(n, base)]))
    mic = {**base, "rlnMicrographName": [f"MotionCorr/job002/frames/{f[:-4]}.mrc" for f in movies]}
    lab.text(f"MotionCorr/job002/tilt_series/{n}.star", star([(n, mic)]))
    lab.text(f"AlignTiltSeries/job004/tilt_series/{n}.star", star([(n, {**mic, "rlnTomoXTilt": [0.0] * 9, "rlnTomoYTilt": [a + 0.4 for a in TAKEN], "rlnTomoZRot": [85.2] * 9, "rlnTomoXShiftAngst": [1.0] * 9, "rlnTomoYShiftAngst": [-2.0] * 9})]))
    for f in movies[:3]:
        lab.junk("average of the frames of one tilt", f"MotionCorr/job002/frames/{f[:-4]}.mrc", r.normal(0, 1, (1, 40, 40)).astype(np.float32), PIXEL, stack=True)
    T = f"Tomograms/job006/tomograms/rec_{n}"
    lab.tomogram(n, T + ".mrc", s.volume(SHAPE, V), V)
    for h in (1, 2):
        lab.half(n, f"{T}_half{h}.mrc", s.volume(SHAPE, V, 1.4, f"h{h}"), V)
    lab.tomogram(n, f"Denoise/job008/tomograms/rec_{n}.mrc", s.volume(SHAPE, V, 0.1, "den"), V, ("denoised",))
    for i, p in enumerate(where):
        c = p - np.array(SIZE) * PIXEL / 2
        e = seed("e", n, i).uniform(-4, 4, 3)
        picks.append((n, *c))
        refined.append((n, f"{n}/{i + 1}", *(c + e), *e, 10.0, 20.0, 30.0, 1))
    lab.points(n, "Refine3D/job012/run_data.star", "ribosome", where, V, also=["Picks/job010/particles.star", f"Picks/job010/annotations/{n}_particles.star", "Extract/job011/particles.star"])
    lab.text(f"Picks/job010/annotations/{n}_particles.star", star([("particles", dict(zip(["rlnTomoName", "rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst"], zip(*[x for x in picks if x[0] == n]))))]))
g = {"rlnTomoName": names, "rlnVoltage": [300.0] * 2, "rlnSphericalAberration": [2.7] * 2, "rlnAmplitudeContrast": [0.1] * 2, "rlnMicrographOriginalPixelSize": [PIXEL] * 2, "rlnTomoHand": [-1.0] * 2, "rlnOpticsGroupName": ["optics1"] * 2, "rlnTomoTiltSeriesPixelSize": [PIXEL] * 2}
for job, f in (("Import/job001", "tilt_series.star"), ("MotionCorr/job002", "corrected_tilt_series.star"), ("AlignTiltSeries/job004", "aligned_tilt_series.star")):
    lab.text(f"{job}/{f}", star([("global", {**g, "rlnTomoTiltSeriesStarFile": [f"{job}/tilt_series/{n}.star" for n in names]})]))
t = {**g, "rlnTomoTiltSeriesStarFile": [f"AlignTiltSeries/job004/tilt_series/{n}.star" for n in names], "rlnTomoTomogramBinning": [8.0] * 2, **{f"rlnTomoSize{c}": [v] * 2 for c, v in zip("XYZ", SIZE)}, "rlnTomoReconstructedTomogram": [f"Tomograms/job006/tomograms/rec_{n}.mrc" for n in names]}
lab.text("Tomograms/job006/tomograms.star", star([("global", {**t, **{f"rlnTomoReconstructedTomogramHalf{h}": [f"Tomograms/job006/tomograms/rec_{n}_half{h}.mrc" for n in names] for h in (1, 2)}})]))
lab.text("Denoise/job008/tomograms.star", star([("global", {**t, "rlnTomoReconstructedTomogramDenoised": [f"Denoise/job008/tomograms/rec_{n}.mrc" for n in names]})]))
lab.text("Picks/job010/particles.star", star([("particles", dict(zip(["rlnTomoName", "rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst"], zip(*picks))))]))
optics = ("optics", {"rlnVoltage": [300.0], "rlnSphericalAberration": [2.7], "rlnAmplitudeContrast": [0.1], "rlnTomoTiltSeriesPixelSize": [PIXEL], "rlnOpticsGroup": [1], "rlnOpticsGroupName": ["optics1"], "rlnCtfDataAreCtfPremultiplied": [1], "rlnImageDimensionality": [2], "rlnTomoSubtomogramBinning": [4.0], "rlnImagePixelSize": [5.4], "rlnImageSize": [16]})
cols = ["rlnTomoName", "rlnTomoParticleName", "rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst", "rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOpticsGroup"]
lab.text("Extract/job011/particles.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), optics, ("particles", dict(zip(cols, zip(*[(*x[:2], *(a - b for a, b in zip(x[2:5], x[5:8])), 0.0, 0.0, 0.0, *x[8:]) for x in refined]))))]))
lab.text("Refine3D/job012/run_data.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), optics, ("particles", dict(zip(cols, zip(*refined))))]))
lab.junk("images of one particle", "Extract/job011/Subtomograms/TS_01/1_stack2d.mrcs", r.normal(0, 1, (9, 16, 16)).astype(np.float32), 5.4, stack=True)
for f in ("run_class001", "run_half1_class001_unfil"):
    lab.junk("average of particles", f"Refine3D/job012/{f}.mrc", r.normal(0, 1, (16, 16, 16)).astype(np.float32), 5.4)
jobs = ["Import/job001/", "MotionCorr/job002/", "AlignTiltSeries/job004/", "Tomograms/job006/", "Denoise/job008/", "Picks/job010/", "Extract/job011/", "Refine3D/job012/"]
lab.text("default_pipeline.star", "\n# version 50001\n" + star([("pipeline_general", {"rlnPipeLineJobCounter": 13}), ("pipeline_processes", {"rlnPipeLineProcessName": jobs, "rlnPipeLineProcessAlias": ["None"] * 8, "rlnPipeLineProcessTypeLabel": ["relion.importtomo", "relion.motioncorr.own", "relion.aligntiltseries", "relion.reconstructtomograms", "relion.denoisetomo", "relion.picktomo", "relion.pseudosubtomo", "relion.refine3d.tomo"], "rlnPipeLineProcessStatusLabel": ["Succeeded"] * 8})]))
lab.done()
