"""SerialEM to batchruntomo to cryoCARE: frames, stacks, one folder a series, even and odd tomograms with the same names, denoised ones.

Imitates
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm       (NAME.mrc.mdoc with ZValue, SubFramePath; .nav)
  https://bio3d.colorado.edu/imod/doc/batchGuide.html, https://bio3d.colorado.edu/imod/betaDoc/man/batchruntomo.html
    (directives in .adoc, a folder for each data set; the newer names: NAME.mrc, NAME_preali.mrc, NAME_ali.mrc, NAME_full_rec.mrc, NAME_rec.mrc)
  https://github.com/juglab/cryoCARE_pip/blob/master/README.md          (train_data_config.json, train_config.json, predict_config.json: even, odd, output)

The tilts were taken 0, +, -, …, and stand in the stack in that order; the batch sorted nothing, .rawtlt has the same order.
The mess: cryoCARE's header has a voxel size of 1; TS_12 was begun twice (an aborted stack); TS_13's reconstruction failed; the batch folder has a
spare copy of a stack; View and Anchor images, a montage of the square, a screenshot; the tomograms of a yeast from an older session, one with a blank.
"""
import json

import numpy as np

from kit import Lab, Specimen, dose_symmetric, lines, mdoc, places, imod_model, seed, xf

PIXEL, BIN, VOXEL = 2.72, 4, 10.88
SHAPE = (20, 44, 40)
ANGLES = dose_symmetric(6, 6)
#         name    reconstructed  picks  denoised
TABLE = [("TS_02", True, 12, True), ("TS_12", True, 15, True), ("TS_13", False, 0, False)]

lab = Lab(__doc__, ["https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://bio3d.colorado.edu/imod/doc/batchGuide.html",
                    "https://bio3d.colorado.edu/imod/betaDoc/man/batchruntomo.html", "https://github.com/juglab/cryoCARE_pip/blob/master/README.md"])
ANGSTROM = [n * VOXEL for n in SHAPE[::-1]]
r = seed(lab.name, "maps")
done = [n for n, ok, *_ in TABLE if ok]
lab.gain([n for n, *_ in TABLE], "session/frames/CountRef_TS_02_000.mrc")
for n, ok, k, denoised in TABLE:
    where = places(lab.name, n, n=k, size=ANGSTROM)
    s = Specimen(n, ANGSTROM, [where] if k else [])
    names = [f"{n}_{i:03d}_{a:.1f}.tif" for i, a in enumerate(ANGLES)]
    lab.movies(n, ["session/frames/" + f for f in names])
    stack = s.stack(ANGLES, (64, 60))
    lab.tilts(n, f"session/{n}.mrc", stack, PIXEL, ANGLES)
    lab.text(f"session/{n}.mrc.mdoc", mdoc(ANGLES, PIXEL, names, f"{n}.mrc", (60, 64), folder="X:\\session\\frames\\"))
    d = f"batch/{n}/{n}"
    lab.copy(f"session/{n}.mrc", d + ".mrc", "the stack once more, as batchruntomo took it,")
    lab.text(d + ".rawtlt", lines(ANGLES))
    lab.text(f"batch/{n}/batchDirective_{n}.adoc", f"setupset.copyarg.name={n}\nsetupset.copyarg.dual=0\nsetupset.copyarg.pixel={PIXEL / 10}\nsetupset.copyarg.rotation=84.1\nruntime.AlignedStack.any.binByFactor={BIN}\ncomparam.tilt.tilt.THICKNESS=80\n")
    lab.text(d + ".edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={PIXEL / 10}\n")
    lab.junk("coarsely aligned stack", d + "_preali.mrc", np.roll(stack, 1, 1), PIXEL, stack=True)
    if not ok:
        lab.text(f"batch/{n}/batchruntomo.log", "ABORT SET: Seed model has too few points\n")
        continue
    lab.text(d + ".tlt", lines([a + 0.3 for a in ANGLES]))
    lab.text(d + ".xf", xf(len(ANGLES), n))
    lab.text(f"batch/{n}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nTILTFILE {n}.tlt\nTHICKNESS 80\nIMAGEBINNED {BIN}\n")
    lab.text(f"batch/{n}/tilt.log", "Pixel size: 10.88\n")
    lab.junk("aligned stack", d + "_ali.mrc", np.roll(stack, 1, 2)[:, ::4, ::4].copy(), VOXEL, stack=True)
    lab.junk("before trimming: sections along y", d + "_full_rec.mrc", s.volume((22, 48, 44), VOXEL, what="whole").transpose(1, 0, 2), VOXEL)
    lab.tomogram(n, d + "_rec.mrc", s.volume(SHAPE, VOXEL), VOXEL)
    for h in ("even", "odd"):
        lab.half(n, f"cryocare/{h}/{n}_rec.mrc", s.volume(SHAPE, VOXEL, 1.5, h), VOXEL)
    if denoised:
        lab.tomogram(n, f"cryocare/denoised/{n}_rec.mrc", s.volume(SHAPE, VOXEL, 0.15, "denoised"), VOXEL, ("denoised",), header=1.0)
    lab.text(f"batch/{n}/{n}_ribo.mod", imod_model([("ribosome", [where], "scattered")], SHAPE[::-1], VOXEL))
    lab.points(n, f"batch/{n}/{n}_ribo.mod", "ribosome", where, VOXEL)
s = Specimen("TS_12", ANGSTROM)
lab.junk("a first try of TS_12, aborted after two tilts", "session/TS_12_aborted.mrc", s.stack(ANGLES[:2], (64, 60), "aborted"), PIXEL, stack=True)
lab.text("session/TS_12_aborted.mrc.mdoc", mdoc(ANGLES[:2], PIXEL, None, "TS_12_aborted.mrc", (60, 64)))
lab.movies(None, ["session/frames/TS_12_aborted_000_0.0.tif"])
lab.never("frame of a first try", "session/frames/TS_12_aborted_000_0.0.tif")
for n in ("View_TS_02", "Anchor_TS_02"):
    lab.junk("an image for finding the place", f"session/{n}.mrc", r.normal(900, 40, (1, 64, 64)).astype(np.int16), 86.0, stack=True)
lab.junk("montage of a square", "session/MMM_square4.mrc", r.normal(900, 40, (4, 64, 64)).astype(np.int16), 210.0, stack=True)
lab.text("session/MMM_square4.mrc.mdoc", "PixelSpacing = 210\nImageFile = MMM_square4.mrc\nMontage = 1\nDataMode = 1\n\n" + "".join(f"[ZValue = {z}]\nPieceCoordinates = {z % 2 * 60} {z // 2 * 60} 0\nTiltAngle = 0.01\n\n" for z in range(4)))
lab.text("session/grid4.nav", "AdocVersion = 2.00\nLastSavedAs = X:\\session\\grid4.nav\n\n[Item = TS_02]\nStageXYZ = 1.1 2.2 3.3\nTSstartAngle = 0\n")
lab.text("batch/batchMar14-1011.ebt", "BatchRunTomo.RootName=batchMar14-1011\n")
lab.text("batch/batchMar14-1011.log", "TS_13 failed\n")
even, odd = ([f"cryocare/{h}/{n}_rec.mrc" for n in done] for h in ("even", "odd"))
lab.text("cryocare/train_data_config.json", json.dumps({"even": even, "odd": odd, "patch_shape": [72, 72, 72], "num_slices": 1200, "split": 0.9, "tilt_axis": "Y", "n_normalization_samples": 500, "path": "cryocare/"}, indent=2))
lab.text("cryocare/train_config.json", json.dumps({"train_data": "cryocare/", "epochs": 100, "steps_per_epoch": 200, "batch_size": 16, "model_name": "model_march", "path": "cryocare/"}, indent=2))
lab.text("cryocare/predict_config.json", json.dumps({"path": "cryocare/model_march.tar.gz", "even": even, "odd": odd, "n_tiles": [1, 1, 1], "output": "cryocare/denoised", "overwrite": False}, indent=2))
lab.text("cryocare/model_march.tar.gz", b"\x1f\x8b\x08\0" + bytes(40))
for n in ("hefe_1", "hefe 2"):
    lab.tomogram(n, f"2021 Hefe/{n}_rec.mrc", Specimen(n, ANGSTROM).volume((16, 36, 36), 13.1), 13.1)
lab.picture("session/Screenshot_14_03.png")
lab.picture("batch/TS_02/TS_02_rec_thumbnail.png")
lab.done()
