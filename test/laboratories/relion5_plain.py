#!/usr/bin/env python3
"""A RELION 5 project as the tutorial goes, from Tomography 5's movies to an average.

Imitates
  https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html              (jobs, names of folders, aliases, Trash)
  https://relion.readthedocs.io/en/release-5.0/Reference/STA/Datatypes/particle_set.html  (rlnCenteredCoordinateXAngst: from the centre of the tomogram)
  https://github.com/3dem/relion  (reconstruct_tomogram.cpp: with split tomograms rec_NAME_half1.mrc and _half2.mrc alone, else rec_NAME.mrc;
    rlnTomoSizeX in unbinned pixels; align_tiltseries_runner.cpp: external/NAME/NAME.edf; denoise: tomograms/rec_NAME.mrc)
  public issues with Tomography 5's names (Position_1.mdoc, Position_1_2.mdoc of the second series there,
    Position_1_001_0.00_20230214_093112_Fractions.tiff)

Halves at 16 A for cryoCARE, denoised tomograms of them (names as those of the others), whole tomograms at 16 and, some, at 8 A. All volumes and images are noise of
their own: names, sizes, headers and STAR files tell what they are. Particles of one kind in all four tomograms (picks, extraction, refinement:
the same ones, moved by a few angstroms), another kind in one tomogram, picked in tomograms of another size of voxel.
The mess: a second session has a Position_1 as well, which RELION's import was told to call grid5_Position_1; Position_5 was aborted after three tilts and never processed; averages of each tilt with halves and power spectra; a reconstruction with
another thickness in Trash; aliases of jobs as links; movies and mdocs behind links of the project; a link to the scratch disk that is gone, one out
of the folder; a second download of an mdoc, "(1)"; backups with a tilde; an empty job; averages, masks of particles; search maps and a gain.
"""
import numpy as np

from kit import Lab, Specimen, dose_symmetric, lines, mdoc, noise, places, seed, star, xf

PIXEL, V, FINE = 2.0, 16.0, 8.0
SHAPE, SHAPE_FINE = (10, 32, 36), (20, 64, 72)
UNBINNED = np.array([288, 256, 80])
SIZE = UNBINNED * PIXEL  # angstroms
TAKEN = dose_symmetric(3, 6)
ORDER = sorted(range(len(TAKEN)), key=lambda i: TAKEN[i])
#         name           tilts  ribosomes  proteasomes  membranes
TABLE = [("Position_1", 7, 11, 0, True),
         ("Position_1_2", 7, 8, 6, False),
         ("Position_2", 7, 9, 0, True),
         ("Position_10", 7, 13, 0, False),
         ("Position_5", 3, 0, 0, False),
         ("grid5_Position_1", 7, 7, 0, False)]
GRID5 = "grid5_Position_1"  # the prefix is what RELION's import was told; at the microscope it is a Position_1 once more
GOOD = [n for n, k, *_ in TABLE if k == 7 and n != GRID5]

lab = Lab(__doc__, ["https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html", "https://relion.readthedocs.io/en/release-5.0/Reference/STA/Datatypes/particle_set.html", "https://github.com/3dem/relion"])
T, T5, P = "Tomo5_230214_grid2/", "Tomo5_230301_grid5/", "relion/"
lab.gain([n for n, *_ in TABLE if n != GRID5], T + "20230213_105412_EER_GainReference.gain.tiff".replace("_EER", ""))
lab.gain([GRID5], T5 + "20230228_171103_GainReference.gain.tiff")
lab.junk("search map", T + "SearchMap_1.mrc", noise((1, 96, 96), "search"), 270.0, stack=True)
lab.junk("overview", T + "Overview.mrc", noise((1, 64, 64), "overview"), 900.0, stack=True)
lab.text(T + "Session.dm", '<?xml version="1.0" encoding="utf-8"?>\n<TomographySession><Name>230214_grid2</Name></TomographySession>\n')
for link, to in ((P + "frames", "../" + T + "frames"), (P + "mdoc", "../" + T + "mdoc"), (P + "frames_grid5", "../" + T5 + "frames"), (P + "scratch", "/scratch/job_88213/relion"), (P + "templates", "/usr/share")):
    (lab.root / link).parent.mkdir(parents=True, exist_ok=True)
    (lab.root / link).symlink_to(to)

columns = {}  # of the tables of all tilt series, job by job


def tables(job, file, names, block, more=lambda n: {}, each=lambda n, i: {}):
    """The table of all and a table each, as every job of RELION writes them anew."""
    for n in names:
        columns.setdefault(n, [{} for _ in range(7)])
        rows = [{**columns[n][i], **each(n, i)} for i in (ORDER if len(TAKEN) == 7 else ())]
        for i, row in zip(ORDER, rows):
            columns[n][i] = row
        lab.text(f"{P}{job}/tilt_series/{n}.star", star([(n, {k: [r[k] for r in rows] for k in rows[0]})]))
    all_ = [{"rlnTomoName": n, "rlnTomoTiltSeriesStarFile": f"{job}/tilt_series/{n}.star", "rlnVoltage": 300.0, "rlnSphericalAberration": 2.7, "rlnAmplitudeContrast": 0.1, "rlnMicrographOriginalPixelSize": PIXEL,
             "rlnTomoHand": -1.0, "rlnOpticsGroupName": "opticsGroup1", "rlnTomoTiltSeriesPixelSize": PIXEL, **more(n)} for n in names]
    lab.text(f"{P}{job}/{file}", star([(block, {k: [r[k] for r in all_] for k in all_[0]})]))


movie = {}
for n, k, *_ in TABLE:
    there, at, day = (T5, "Position_1", "20230301") if n == GRID5 else (T, n, "20230214")
    movie[n] = [f"{at}_{i + 1:03d}_{a:.2f}_{day}_{93112 + 100 * i:06d}_Fractions.tiff" for i, a in enumerate(TAKEN[:k])]
    lab.movies(n, [there + "frames/" + f for f in movie[n]])
    lab.text(f"{there}mdoc/{at}.mdoc", mdoc(TAKEN[:k], PIXEL, movie[n], f"{at}.mrc", (40, 40), folder=f"D:\\Krios\\{there[6:-1]}\\", camera="TFS: Tomography 5 Falcon 4i"))
lab.text(f"{T}mdoc/Position_2 (1).mdoc", (lab.root / f"{T}mdoc/Position_2.mdoc").read_bytes())



def aligned(first, names, frames):
    """From import to alignment: five jobs, the numbers of which begin with `first`."""
    job = lambda k, i: f"{k}/job{first + i:03d}"
    m, a = job("MotionCorr", 1) + f"/{frames}/", job("AlignTiltSeries", 4) + "/"
    tables(job("Import", 0), "tilt_series.star", names, "global", each=lambda n, i: {"rlnMicrographMovieName": f"{frames}/{movie[n][i]}", "rlnTomoTiltMovieFrameCount": 3, "rlnTomoNominalStageTiltAngle": TAKEN[i],
                                                                               "rlnTomoNominalTiltAxisAngle": 84.1, "rlnMicrographPreExposure": 3.1 * i, "rlnTomoNominalDefocus": -3.5})
    for n in names:
        for f in movie[n]:
            for e, why in (("", "average of one tilt"), ("_EVN", "half of the average of one tilt"), ("_ODD", "half of the average of one tilt")):
                lab.junk(why, f"{P}{m}{f[:-5]}{e}.mrc", noise((1, 40, 40), n, f, e), PIXEL, stack=True)
    image = lambda n, i, e: f"{m}{movie[n][i][:-5]}{e}.mrc"
    tables(job("MotionCorr", 1), "corrected_tilt_series.star", names, "global", each=lambda n, i: {"rlnMicrographName": image(n, i, ""), "rlnMicrographNameEven": image(n, i, "_EVN"), "rlnMicrographNameOdd": image(n, i, "_ODD")})
    tables(job("CtfFind", 2), "tilt_series_ctf.star", names, "global", each=lambda n, i: {"rlnDefocusU": 34100.0, "rlnDefocusV": 33900.0, "rlnDefocusAngle": 12.0})
    tables(job("ExcludeTiltImages", 3), "selected_tilt_series.star", names, "global")
    for n in names:
        angles = sorted(TAKEN)
        d = f"{P}{a}external/{n}/{n}"
        lab.tilts(n, d + ".st", noise((7, 40, 40), n, "stack"), PIXEL, angles)
        for e, t in ((".rawtlt", lines(angles)), (".tlt", lines([x + 0.4 for x in angles])), (".xf", xf(7, n)), (".edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={PIXEL / 10}\n")):
            lab.text(d + e, t)
    tables(a[:-1], "aligned_tilt_series.star", names, "global", lambda n: {"rlnEtomoDirectiveFile": f"{a}external/{n}/{n}.edf"},
           lambda n, i: {"rlnTomoXTilt": 0.0, "rlnTomoYTilt": TAKEN[i] + 0.4, "rlnTomoZRot": 84.1, "rlnTomoXShiftAngst": 3.2, "rlnTomoYShiftAngst": -1.4})


aligned(1, GOOD, "frames")
aligned(21, [GRID5], "frames_grid5")
sized = lambda n, v: {"rlnTomoTomogramBinning": v / PIXEL, "rlnTomoSizeX": int(UNBINNED[0]), "rlnTomoSizeY": int(UNBINNED[1]), "rlnTomoSizeZ": int(UNBINNED[2])}
H, R, G, D, F, TRASH = "ReconstructTomograms/job007/", "ReconstructTomograms/job031/", "ReconstructTomograms/job026/", "Denoise/job009/", "ReconstructTomograms/job010/", "Trash/ReconstructTomograms/job006/"
for n in GOOD:
    lab.tomogram(n, f"{P}{R}tomograms/rec_{n}.mrc", noise(SHAPE, n, "coarse"), V)
    for h in (1, 2):
        lab.half(n, f"{P}{H}tomograms/rec_{n}_half{h}.mrc", noise(SHAPE, n, "half", h), V)
    lab.tomogram(n, f"{P}{D}tomograms/rec_{n}.mrc", noise(SHAPE, n, "denoised"), V, ("denoised",))
for n in GOOD[:3]:
    lab.tomogram(n, f"{P}{F}tomograms/rec_{n}.mrc", noise(SHAPE_FINE, n, "fine"), FINE)
for n in GOOD[:2]:
    lab.junk("a reconstruction that was thrown away", f"{P}{TRASH}tomograms/rec_{n}.mrc", noise((16, 32, 36), n, "trash"), V)
lab.tomogram(GRID5, f"{P}{G}tomograms/rec_{GRID5}.mrc", noise(SHAPE, GRID5, "coarse"), V)
halves = lambda n: {**sized(n, V), **{f"rlnTomoReconstructedTomogramHalf{h}": f"{H}tomograms/rec_{n}_half{h}.mrc" for h in (1, 2)}}
tables(H[:-1], "tomograms.star", GOOD, "global", halves)
tables(D[:-1], "tomograms.star", GOOD, "global", lambda n: {**halves(n), "rlnTomoReconstructedTomogramDenoised": f"{D}tomograms/rec_{n}.mrc"})
tables(R[:-1], "tomograms.star", GOOD, "global", lambda n: {**sized(n, V), "rlnTomoReconstructedTomogram": f"{R}tomograms/rec_{n}.mrc"})
tables(G[:-1], "tomograms.star", [GRID5], "global", lambda n: {**sized(n, V), "rlnTomoReconstructedTomogram": f"{G}tomograms/rec_{n}.mrc"})
tables(F[:-1], "tomograms.star", GOOD[:3], "global", lambda n: {**sized(n, FINE), "rlnTomoReconstructedTomogram": f"{F}tomograms/rec_{n}.mrc"})
tables(TRASH[:-1], "tomograms.star", GOOD[:2], "global", lambda n: {**sized(n, V), "rlnTomoSizeZ": 128, "rlnTomoReconstructedTomogram": f"ReconstructTomograms/job006/tomograms/rec_{n}.mrc"})
lab.text(f"{P}Denoise/job008/denoising_model.tar.gz", b"\x1f\x8b\x08\0")
lab.text(f"{P}Denoise/job008/train_config.json", "{}\n")

shift = seed(lab.name, "shift")


def picked(job, kind, column, voxel, of, also=(), names=GOOD):
    """Picks as the picker leaves them: a file a tomogram and one of all; `also` are later jobs with the same particles."""
    found = {row[0]: places(lab.name, row[0], kind, n=row[column], size=SIZE) for row in TABLE if row[column] and row[0] in names}
    centred = {n: xyz - SIZE / 2 for n, xyz in found.items()}
    for n, c in centred.items():
        lab.text(f"{P}{job}/annotations/{n}_particles.star", star([("", {"rlnTomoName": [n] * len(c), **{f"rlnCenteredCoordinate{x}Angst": list(c[:, j]) for j, x in enumerate("XYZ")}})]))
    of_each = [n for n, c in centred.items() for _ in c]
    xyz = np.concatenate(list(centred.values()))
    lab.text(f"{P}{job}/particles.star", star([("particles", {"rlnTomoName": of_each, **{f"rlnCenteredCoordinate{x}Angst": list(xyz[:, j]) for j, x in enumerate("XYZ")}})]))
    lab.text(f"{P}{job}/optimisation_set.star", f"\ndata_\n\n_rlnTomoParticlesFile   {job}/particles.star\n_rlnTomoTomogramsFile   {of}tomograms.star\n")
    optics = ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnVoltage": [300.0], "rlnTomoTiltSeriesPixelSize": [PIXEL], "rlnTomoSubtomogramBinning": [4.0], "rlnImagePixelSize": [FINE], "rlnImageSize": [16]})
    for k, f in enumerate(also):
        origin = shift.normal(0, 2, xyz.shape) if k else xyz * 0
        lab.text(P + f, star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), optics, ("particles", {
            "rlnTomoName": of_each, **{f"rlnCenteredCoordinate{x}Angst": list(xyz[:, j] + origin[:, j]) for j, x in enumerate("XYZ")}, **{f"rlnOrigin{x}Angst": list(origin[:, j]) for j, x in enumerate("XYZ")},
            "rlnAngleRot": [10.0 * i for i in range(len(xyz))], "rlnAngleTilt": [40.0] * len(xyz), "rlnAnglePsi": [-20.0] * len(xyz), "rlnTomoParticleName": [f"{n}/{i + 1}" for i, n in enumerate(of_each)],
            "rlnImageName": [f"Extract/job013/Subtomograms/{n}/{i + 1}_stack2d.mrcs" for i, n in enumerate(of_each)], "rlnOpticsGroup": [1] * len(xyz)})]))
    for n, c in found.items():
        lab.points(n, f"{P}{job}/particles.star", kind, c, voxel, also=[f"{P}{job}/annotations/{n}_particles.star", *(P + f for f in also)])


picked("Picks/job012", "ribosome", 2, V, D, ("Extract/job013/particles.star", "Class3D/job015/run_it025_data.star", "Refine3D/job016/run_data.star"))
lab.text(f"{P}Picks/job012/particles.star~", (lab.root / f"{P}Picks/job012/particles.star").read_bytes()[:900])
picked("Picks/job018", "proteasome", 3, FINE, F)
picked("Picks/job027", "ribosome", 2, V, G, names=[GRID5])
for n in GOOD[:2]:
    lab.junk("images of one particle", f"{P}Extract/job013/Subtomograms/{n}/1_stack2d.mrcs", noise((7, 16, 16), n, "particle"), FINE, stack=True)
for f in ("InitialModel/job014/initial_model", "Class3D/job015/run_it025_class001", "Class3D/job015/run_it025_class002", "Refine3D/job016/run_class001", "Refine3D/job016/run_half1_class001_unfil",
          "Refine3D/job016/run_half2_class001_unfil", "Reconstruct/job019/half1", "Reconstruct/job019/half2", "Reconstruct/job019/merged", "PostProcess/job020/postprocess", "PostProcess/job020/postprocess_masked"):
    lab.junk("average of particles", f"{P}{f}.mrc", noise((16, 16, 16), f), FINE)
lab.junk("mask of a particle", P + "MaskCreate/job017/mask.mrc", (noise((16, 16, 16), "mask") > 0).astype(np.int8), FINE)
lab.text(P + "PostProcess/job020/logfile.pdf", b"%PDF-1.4\n")
for n, _, _, _, membranes in TABLE:
    if membranes:
        s = Specimen(n, SIZE)
        lab.mask(n, f"{P}membrain/rec_{n}_segmented.mrc", s.membrane(SHAPE), V)
        lab.junk("scores of the segmentation", f"{P}membrain/rec_{n}_scores.mrc", noise(SHAPE, n, "scores"), V)
for alias, job in (("ReconstructTomograms/bin8_halves", "job007"), ("ReconstructTomograms/bin4", "job010"), ("Denoise/predict", "job009"), ("Picks/ribosomes", "job012"), ("Picks/proteasomes", "job018"), ("Refine3D/first", "job016")):
    (lab.root / (P + alias)).symlink_to(job)
lab.text(P + "ReconstructTomograms/job011/run.err", "killed\n")
lab.text(P + "default_pipeline.star", star([("pipeline_general", {"rlnPipeLineJobCounter": 21}), ("pipeline_processes", {"rlnPipeLineProcessName": [H, D, F, "Picks/job012/", "Picks/job018/"], "rlnPipeLineProcessAlias": ["ReconstructTomograms/bin8_halves/", "Denoise/predict/", "ReconstructTomograms/bin4/", "Picks/ribosomes/", "Picks/proteasomes/"],
                                                                                      "rlnPipeLineProcessTypeLabel": ["relion.reconstructtomograms", "relion.denoisetomo", "relion.reconstructtomograms", "relion.picktomo", "relion.picktomo"], "rlnPipeLineProcessStatusLabel": ["Succeeded"] * 5})]))
lab.text(P + ".gui_projectdir", "")
lab.text("notes 230214.txt", "Position_5 aborted (lost tracking). bin8 for cryoCARE, bin4 for looking at ribosomes.\n")
lab.done()
