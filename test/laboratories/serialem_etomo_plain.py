"""SerialEM and etomo as an ordinary student leaves them: two specimens, series by hand and in a batch, two axes of some, cryoCARE and IsoNet.

Imitates
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm   (NAME.st beside NAME.st.mdoc; SubFramePath; maps and anchors; .nav)
  https://bio3d.colorado.edu/imod/doc/tomoguide.html               (axes a and b; the combined volume; trimvol; models of fiducials and of X-rays)
  https://bio3d.colorado.edu/imod/doc/batchGuide.html              (a folder and an .adoc for each data set; NAME_ali.mrc, NAME_full_rec.mrc, NAME_rec.mrc)
  https://bio3d.colorado.edu/imod/doc/man/ccderaser.html           (NAME_peak.mod)
  https://bio3d.colorado.edu/imod/doc/binspec.html                 (models: scattered, open and closed)
  https://github.com/juglab/cryoCARE_pip                           (even, odd, output)
  https://github.com/IsoNet-cryoET/IsoNet                          (tomoset, deconv, mask and corrected_tomos; the STAR file)

Both specimens have the folders 2021 and cryocare. The algae were done in a batch, the yeast by hand, yeast in 2021 with two axes. Stacks are sorted
by angle, .rawtlt and .mdoc have the same order. Each volume, stack, half and copy is noise of its own.
The mess: series without an mdoc, one that nobody trimmed, with an empty file where the trimmed one was to be, an earlier reconstruction and earlier
picks with a tilde, half stacks, single-axis volumes, ctffind's spectra, averages of single tilts, IsoNet's masks, crops and figures for a thesis,
a copy "(1)", links that lead out of the folder and to nowhere, a binned copy on which somebody picked, contours of a membrane.
"""
import json

import numpy as np

from kit import Lab, Specimen, imod_model, lines, mdoc, noise, places, star, xf

SHAPE, RAW = (12, 30, 34), (60, 68)  # tomograms (z, y, x) and images (y, x), binned by 2
ANGLES = [float(a) for a in range(-60, 61, 12)]
#         folder         name                pixel axes  mdoc   state        ribosomes  denoised  IsoNet
TABLE = [("algae/2021", "gr2_L1_ts_3",       3.42, "",   True,  "trimmed",   14,        True,     True),
         ("algae/2021", "gr2_L1_ts_7",       3.42, "",   True,  "trimmed",   9,         True,     True),
         ("algae/2021", "gr2_L2_ts_1",       3.42, "",   True,  "untrimmed", 0,         False,    False),
         ("algae/2022", "Lamelle 3 Zürich",  3.42, "",   False, "trimmed",   0,         False,    False),
         ("yeast/2021", "hefe_4",            4.5,  "ab", True,  "trimmed",   11,        False,    False),
         ("yeast/2021", "hefe_5",            4.5,  "ab", False, "trimmed",   0,         False,    False),
         ("yeast/2022", "Position_1",        2.68, "",   True,  "trimmed",   12,        True,     False),
         ("yeast/2022", "Position_2",        2.68, "",   True,  "trimmed",   0,         True,     False),
         ("yeast/2022", "Position_3",        2.68, "",   True,  "stack",     0,         False,    False)]

lab = Lab(__doc__, ["https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://bio3d.colorado.edu/imod/doc/batchGuide.html",
                    "https://bio3d.colorado.edu/imod/doc/man/ccderaser.html", "https://bio3d.colorado.edu/imod/doc/binspec.html", "https://github.com/juglab/cryoCARE_pip", "https://github.com/IsoNet-cryoET/IsoNet"])
images = lambda *words, n=len(ANGLES), size=RAW: noise((n, *size), *words, dtype=np.int16)
volume = lambda *words, shape=SHAPE: noise(shape, *words)
scattered = lambda name, where, voxel, shape=SHAPE: imod_model([(name, [where], "scattered")], shape[::-1], voxel)


def axis(folder, n, x, pixel, has_mdoc, aligned):
    """Stack, angles and what etomo leaves of one axis."""
    d = f"{folder}/{n}/{n}{x}"
    names = [f"{n}{x}_{i:03d}_{a:.1f}.tif" for i, a in enumerate(ANGLES)]
    frames = n.startswith("Position")
    lab.tilts(n, d + ".st", images(n, x, "stack"), pixel, ANGLES)
    if frames:
        lab.movies(n, [f"{folder}/frames/{f}" for f in names])
    if has_mdoc:
        lab.text(d + ".st.mdoc", mdoc(ANGLES, pixel, names if frames else None, f"{n}{x}.st", RAW[::-1], folder="D:\\yeast\\frames\\"))
    lab.text(d + ".rawtlt", lines(ANGLES))
    if not aligned:
        return
    lab.text(d + ".tlt", lines([a + 0.4 for a in ANGLES]))
    lab.text(d + ".xf", xf(len(ANGLES), n, x))
    lab.text(f"{folder}/{n}/tilt{x}.com", f"$tilt -StandardInput\nInputProjections {n}{x}_ali.mrc\nOutputFile {n}{x}_{'' if x else 'full_'}rec.mrc\nIMAGEBINNED 2\nTILTFILE {n}{x}.tlt\nTHICKNESS 40\n")
    lab.junk("aligned stack", d + "_ali.mrc", images(n, x, "ali", size=SHAPE[1:]), pixel * 2, stack=True)
    for f, kind, k in ((d + "_peak.mod", "X-rays", 5), (d + ".fid", "gold on the images", 6)):
        at = places(f, n=k, size=(RAW[1] * pixel, RAW[0] * pixel, len(ANGLES) * pixel))
        lab.text(f, imod_model([(kind, [[p] for p in at], "scattered")], (*RAW[::-1], len(ANGLES)), pixel))
        lab.never("places on the images of a series", f)


iso = []
for folder, n, pixel, axes, has_mdoc, state, k, denoised, isonet in TABLE:
    v, d = 2 * pixel, f"{folder}/{n}/{n}"
    specimen = folder.split("/")[0]
    size = [s * v for s in SHAPE[::-1]]
    lab.run(n, n + "a", n.replace(" ", "_"), "Lamelle_3_Zurich")
    for x in axes or [""]:
        axis(folder, n, x, pixel, has_mdoc, state != "stack")
    lab.text(d + ".edf", f"Setup.DatasetName={n}\nSetup.AxisType={'Dual' if axes else 'Single'} Axis\nSetup.PixelSize={pixel / 10}\nSetup.FiducialDiameter=10.0\n")
    if state == "stack":
        continue
    if folder == "algae/2021":
        lab.text(f"{folder}/{n}/batchDirective.adoc", f"setupset.copyarg.name={n}\nsetupset.copyarg.dual=0\nsetupset.copyarg.pixel={pixel / 10}\nruntime.AlignedStack.any.binByFactor=2\n")
    whole = (SHAPE[1] + 4, SHAPE[0] + 4, SHAPE[2] + 4)
    for x in axes:
        lab.junk("volume of one axis: sections along y", f"{d}{x}_rec.mrc", volume(n, x, "axis", shape=whole), v)
    if axes:
        lab.junk("combined, before trimming: sections along y", f"{folder}/{n}/sum_rec.mrc", volume(n, "sum", shape=whole), v)
        lab.text(f"{folder}/{n}/combine.com", "# combine\n")
        lab.text(f"{folder}/{n}/solve.xf", "  0.9981  0.0031 -0.0601\n -0.0030  0.9999  0.0021\n  0.0600 -0.0020  0.9982  3.1  -2.2  0.4\n")
    elif state == "untrimmed":  # all there is of it: to publish it and to leave it out are both right
        lab.tomogram(n, d + "_full_rec.mrc", volume(n, "full", shape=whole), v, may=True)
        lab.text(d + "_rec.mrc", b"")
    else:
        lab.junk("before trimming: sections along y", d + "_full_rec.mrc", volume(n, "full", shape=whole), v)
    if state == "untrimmed":
        continue
    lab.tomogram(n, d + "_rec.mrc", volume(n), v)
    where = places(lab.name, n, n=k, size=size)
    if k:
        lab.text(d + "_ribosomes.mod", scattered("ribosome", where, v))
        lab.points(n, d + "_ribosomes.mod", "ribosome", where, v)
    if denoised:
        for h in ("even", "odd"):
            lab.half(n, f"{d}_{h}.st", images(n, h, "stack"), pixel, stack=True)
            lab.half(n, f"{specimen}/cryocare/{h}/{n}_rec.mrc", volume(n, h), v)
        lab.tomogram(n, f"{specimen}/cryocare/denoised/{n}_rec.mrc", volume(n, "denoised"), v, ("denoised",))
    if isonet:
        I = specimen + "/isonet/"
        lab.copy(d + "_rec.mrc", f"{I}tomoset/{n}_rec.mrc")
        lab.tomogram(n, f"{I}deconv/{n}_rec.mrc", volume(n, "deconv"), v, ("filtered",), may=True)
        lab.junk("where IsoNet trains: no segmentation", f"{I}mask/{n}_rec_mask.mrc", Specimen(n, size).membrane(SHAPE), v)
        lab.tomogram(n, f"{I}corrected_tomos/{n}_rec_corrected.mrc", volume(n, "corrected"), v, ("filtered", "denoised"))
        iso.append((len(iso) + 1, f"tomoset/{n}_rec.mrc", v, 35000.0, 1.0, f"deconv/{n}_rec.mrc", f"mask/{n}_rec_mask.mrc"))
columns = ("rlnIndex", "rlnMicrographName", "rlnPixelSize", "rlnDefocus", "rlnNumberSubtomo", "rlnDeconvTomoName", "rlnMaskName")
lab.text("algae/isonet/tomograms.star", star([("", dict(zip(columns, zip(*iso))))]))
for s in ("algae", "yeast"):
    names = [n for f, n, *_, d, _ in TABLE if f.startswith(s) and d]
    even, odd = ([f"{h}/{n}_rec.mrc" for n in names] for h in ("even", "odd"))
    lab.text(f"{s}/cryocare/train_data_config.json", json.dumps({"even": even, "odd": odd, "patch_shape": [72, 72, 72], "num_slices": 1200, "path": "./"}, indent=1))
    lab.text(f"{s}/cryocare/predict_config.json", json.dumps({"path": "model.tar.gz", "even": even, "odd": odd, "output": "denoised"}, indent=1))

# the mess
A, B, Y, Z = "algae/2021/gr2_L1_ts_3/", "algae/2021/gr2_L1_ts_7/", "yeast/2022/", "algae/2022/Lamelle 3 Zürich/"
lab.junk("an earlier reconstruction", A + "gr2_L1_ts_3_rec.mrc~", volume("earlier"), 6.84)
lab.text(A + "gr2_L1_ts_3_ribosomes.mod~", scattered("ribosome", places("earlier", n=6, size=[s * 6.84 for s in SHAPE[::-1]]), 6.84))
lab.never("earlier picks", A + "gr2_L1_ts_3_ribosomes.mod~")
half = tuple(s // 2 for s in SHAPE)
lab.tomogram("gr2_L1_ts_7", B + "gr2_L1_ts_7_rec_bin2.mrc", volume("binned", shape=half), 13.68, may=True)
rubisco = places("rubisco", n=8, size=[s * 6.84 for s in SHAPE[::-1]])
lab.text(B + "gr2_L1_ts_7_rubisco_bin2.mod", scattered("rubisco", rubisco, 13.68, half))
lab.points("gr2_L1_ts_7", B + "gr2_L1_ts_7_rubisco_bin2.mod", "rubisco", rubisco, 6.84, tolerance=14.4)
lab.text(B + "clusterElong.mod", scattered("clusters", places("clusters", n=4, size=(220, 190, 30)), 3.42, (11, *RAW)))
lab.never("elongated beads on the images", B + "clusterElong.mod")
t = np.linspace(0, 2 * np.pi, 30)
rings = [np.column_stack([130 + 70 * np.cos(t), 115 + 70 * np.sin(t), np.full(30, z * 6.84)]) for z in (5, 8, 11)]
lab.text(Z + "Membran.mod", imod_model([("Thylakoid", rings, "closed")], SHAPE[::-1], 6.84))
lab.never("closed contours of a membrane: no places of particles", Z + "Membran.mod")
for n in ("gr2_L1_ts_3", "gr2_L1_ts_7"):
    lab.junk("power spectra", f"algae/ctffind/{n}_diag.mrc", noise((len(ANGLES), 64, 64), n, "diag"), 1.0, stack=True)
    lab.text(f"algae/ctffind/{n}_diag.txt", "# Output from CTFFind version 4.1.14\n" + "".join(f"{i + 1}.0 41000.0 40200.0 12.1 0.0 0.11 8.1\n" for i in range(len(ANGLES))))
for i in (0, 5):
    lab.junk("average of one tilt", f"{Y}frames/aligned/Position_1_{i:03d}_{ANGLES[i]:.1f}_ali.mrc", noise((1, 40, 40), "average", i), 2.68, stack=True)
lab.copy(Y + "Position_2/Position_2.st", Y + "Position_2/Position_2 (1).st")
lab.junk("images for finding the place", Y + "Anchor.mrc", images("anchor", n=1), 60.0, stack=True)
lab.junk("montage of a grid", Y + "LMM_grid2.mrc", images("map", n=4), 210.0, stack=True)
lab.text(Y + "LMM_grid2.mrc.mdoc", "PixelSpacing = 210\nImageFile = LMM_grid2.mrc\nMontage = 1\nDataMode = 1\n\n" + "".join(f"[ZValue = {z}]\nPieceCoordinates = {z % 2 * 90} {z // 2 * 80} 0\nTiltAngle = 0.01\n\n" for z in range(4)))
lab.text(Y + "grid2.nav", "AdocVersion = 2.00\nLastSavedAs = D:\\yeast\\grid2.nav\n\n[Item = 1]\nStageXYZ = 1.1 2.2 3.3\n")
lab.junk("a crop for a thesis", "Thesis/Abb_12_crop.mrc", volume("crop", shape=(8, 20, 22)), 6.84)
lab.junk("one slice for a thesis", "Thesis/Position_1_rec_slice8.mrc", volume("slice", shape=(1, *SHAPE[1:])), 5.36)
lab.picture("Thesis/Abb_12.tif")
lab.picture("Thesis/Abb_13_Lamelle 3 Zürich.png")
lab.text("Thesis/Kapitel 4.docx", b"PK\3\4" + bytes(60))
(lab.root / "Thesis/hostname.txt").symlink_to("/etc/hostname")
(lab.root / "yeast/raw").symlink_to("/mnt/krios/2022/yeast")
lab.text("algae/2021/batch_2021.log", "gr2_L2_ts_1: trimvol failed, disk full\n")
lab.done()
