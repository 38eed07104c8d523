#!/usr/bin/env python3
"""A postdoc's series in SerialEM and IMOD, each reconstructed at two voxel sizes: bin 4 for template matching, bin 8 for denoising and looking.

Imitates
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm   (NAME.st.mdoc beside NAME.st; SubFramePath; CountRef)
  https://bio3d.colorado.edu/imod/doc/tomoguide.html, batchGuide.html  (older names: NAME.st, NAME.ali, NAME_full.rec, NAME.rec; tilt.com; directives)
  https://bio3d.colorado.edu/imod/doc/man/binvol.html              (the output has larger pixel spacings in its header)
  https://bio3d.colorado.edu/imod/doc/binspec.html                 (models)
  https://github.com/juglab/cryoCARE_pip                           (cryoCARE_predict.py: the name and the header of the even half)
  https://github.com/IsoNet-cryoET/IsoNet                          (tomoset, deconv, mask, corrected_tomos; the STAR file)
  https://github.com/teamtomo/membrain-seg                         (dataloading/data_utils.py: NAME_MODEL_segmented.mrc; an older version stored no voxel size)
  https://github.com/SBC-Utrecht/pytom-match-pick                  (extract.py: TOMO_particles.star, voxels from 0, rlnDetectorPixelSize; _job.json, _scores.mrc, _angles.mrc)
  https://github.com/MPI-Dortmund/tomotwin-cryoet                  (coords/PROTEIN.coords: x y z in voxels of its tomogram, without a header)
From memory: what Dragonfly and Amira call their exports and that their TIFF and MRC have no voxel size (as in `membrane_meshes` and `synapse_group`).

Bin 4 is etomo's own; bin 8 is a second etomo folder of some and binvol's of the others, in a folder that names it, under the name of the series. TS_02 was
trimmed thicker the second time, TS_11 has bin 8 alone, TS_12 was never aligned. All volumes and images are noise of their own.
A person sees: folders and names tell bin 4 and bin 8, sizes tell of which of both a segmentation is; models lie on bin 8; `unbinned` is the stack's pixel.
The mess: untrimmed volumes, aligned stacks, trials with other thickness and SIRT, a backup, an older one with a tilde, a byte copy for a talk, half stacks, IsoNet's
masks and copies, scores and angles of the matching, picks before a threshold, averages with halves, crops and figures, a spreadsheet, a link to scratch.
"""
import json

import numpy as np
import tifffile

from kit import Lab, Specimen, fingerprint, imod_model, lines, mdoc, noise, places, star, xf

PIXEL, V4, V8 = 1.7, 6.8, 13.6
S4, S8, THICK8, RAW = (16, 40, 48), (8, 20, 24), (11, 20, 24), (80, 96)  # z, y, x; images y, x
ANGLES = [float(a) for a in range(-54, 55, 12)]
MODEL = "MemBrain_seg_v10_alpha.ckpt"
#         name     bin 8 by  denoised    segmented    ATPase (bin 8)  80S (bin 4)  proteasome (bin 4)  TRiC (unbinned)
TABLE = [("TS_01", "etomo",  "cryocare", "membrain",  8,              13,          0,                  0),
         ("TS_02", "etomo",  "cryocare", "dragonfly", 6,              0,           9,                  0),
         ("TS_03", "binvol", "cryocare", "membrain",  0,              11,          0,                  7),
         ("TS_04", "binvol", "cryocare", "amira",     0,              15,          10,                 5),
         ("TS_10", "binvol", "isonet",   "membrain",  7,              0,           0,                  12),
         ("TS_11", "alone",  "isonet",   None,        10,             0,           0,                  0),
         ("TS_12", None,     None,       None,        0,              0,           0,                  0)]

lab = Lab(__doc__, ["https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://bio3d.colorado.edu/imod/doc/man/binvol.html", "https://bio3d.colorado.edu/imod/doc/binspec.html",
                    "https://github.com/juglab/cryoCARE_pip", "https://github.com/IsoNet-cryoET/IsoNet", "https://github.com/teamtomo/membrain-seg", "https://github.com/SBC-Utrecht/pytom-match-pick", "https://github.com/MPI-Dortmund/tomotwin-cryoet"])
images = lambda *words, size=RAW: noise((len(ANGLES), *size), *words, dtype=np.int16)
volume = lambda *words, shape: noise(shape, *words)
angstroms = lambda shape, v: [n * v for n in shape[::-1]]
around = lambda s: (s[1] + 4, s[0] + 6, s[2] + 4)  # before trimming: sections along y


def etomo(folder, n, binning, shape, stack):
    """What etomo leaves of one series beside the trimmed volume."""
    d, v = f"{folder}/{n}/{n}", PIXEL * binning
    names = [f"{n}_{i:03d}_{a:.1f}.tif" for i, a in enumerate(ANGLES)]
    if stack:
        lab.tilts(n, d + ".st", images(n, "stack"), PIXEL, ANGLES)
        lab.text(d + ".st.mdoc", mdoc(ANGLES, PIXEL, names, n + ".st", RAW[::-1], folder="X:\\2023_mito\\frames\\"))
        lab.movies(n, [f"serialem/frames/{f}" for f in names])
    else:
        (lab.root / f"{folder}/{n}").mkdir(parents=True, exist_ok=True)
        (lab.root / (d + ".st")).symlink_to(f"../../etomo/{n}/{n}.st")
    lab.text(d + ".rawtlt", lines(ANGLES))
    lab.text(d + ".edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={PIXEL / 10}\nSetup.FiducialDiameter=10.0\n")
    if not shape:
        return
    lab.text(d + ".tlt", lines([a + 0.3 for a in ANGLES]))
    lab.text(d + ".xf", xf(len(ANGLES), n))
    lab.text(f"{folder}/{n}/newst.com", f"$newstack -StandardInput\nInputFile {n}.st\nOutputFile {n}.ali\nTransformFile {n}.xf\nBinByFactor {binning}\n")
    lab.text(f"{folder}/{n}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}.ali\nOutputFile {n}_full.rec\nIMAGEBINNED {binning}\nTILTFILE {n}.tlt\nTHICKNESS {around(shape)[1] * binning}\nFULLIMAGE {RAW[1]} {RAW[0]}\n")
    lab.text(f"{folder}/{n}/batchDirective.adoc", f"setupset.copyarg.name={n}\nsetupset.copyarg.dual=0\nsetupset.copyarg.pixel={PIXEL / 10}\nruntime.AlignedStack.any.binByFactor={binning}\n")
    lab.junk("aligned stack", d + ".ali", images(n, binning, "ali", size=shape[1:]), v, stack=True)
    lab.junk("before trimming: sections along y", d + "_full.rec", volume(n, binning, "full", shape=around(shape)), v)
    if stack:
        gold = places(n, "gold", n=5, size=(RAW[1] * PIXEL, RAW[0] * PIXEL, len(ANGLES) * PIXEL))
        lab.text(d + ".fid", imod_model([("gold", [[p] for p in gold], "scattered")], (*RAW[::-1], len(ANGLES)), PIXEL))
        lab.never("gold on the images of a series", d + ".fid")


def segmented(n, program, shape):
    """Labels on the denoised volume of bin 8; none of the three files says a voxel size."""
    s = Specimen(n, angstroms(shape, V8))
    if program == "membrain":
        lab.mask(n, f"membrain/{n}_{MODEL}_segmented.mrc", s.membrane(shape), V8, header=0)
        lab.junk("scores, not cut at a threshold", f"membrain/{n}_scores.mrc", volume(n, "scores", shape=shape), V8, header=0)
    two = np.where(s.membrane(shape, 1) > 0, 2, s.membrane(shape)).astype(np.int8)
    if program == "amira":
        lab.mask(n, f"amira/{n}_bin8.Labels.mrc", two, V8, header=1)
        lab.text(f"amira/{n}_bin8.hx", "# Amira Project 630\n# Amira\n")
    if program == "dragonfly":
        path = f"dragonfly/{n}_bin8_MultiROI.tif"
        lab.text(path, b"")
        tifffile.imwrite(lab.root / path, two.astype(np.uint8), photometric="minisblack", metadata=None)
        lab.run(n)["masks"].append({"file": path, "size": list(shape[::-1]), "spacing": V8, "fingerprint": fingerprint(two), "labels": {str(i): fingerprint(two == i) for i in (1, 2)}, "union": fingerprint(two > 0)})
        lab.text(f"dragonfly/{n}_bin8.ORSSession", b"PK\3\4" + bytes(60))
        lab.text(f"dragonfly/{n}_bin8_MultiROI_labels.csv", "Label,Name,Color\n1,outer membrane,#ff0000\n2,cristae,#00ff00\n")


def matched(n, path, k):
    """pytom-match-pick in the folder of its tomogram's size; first with a low threshold."""
    tomo = path.rsplit("/", 1)[1].removesuffix(".rec")
    every = np.floor(places(n, "80S", n=k + 8, size=S4[::-1])).astype(int)
    job = {"output_dir": "/scratch/pd/pytom_bin4", "tomogram": f"/scratch/pd/{path}", "template": "/scratch/pd/templates/80S_6.8A.mrc", "tomo_id": tomo, "tomo_shape": list(S4[::-1]), "voxel_size": V4,
           "particle_diameter": 290, "job_stats": {"search_space": 3.9e8, "variance": 0.00096, "std": 0.031}, "pytom_tm_version_number": "0.7.2"}
    lab.text(f"pytom_bin4/{tomo}_job.json", json.dumps(job, indent=4))
    for what in ("scores", "angles"):
        lab.junk(f"{what} of template matching", f"pytom_bin4/{tomo}_{what}.mrc", volume(n, what, shape=S4), V4)
    for folder, m in (("pytom_bin4", k), ("pytom_bin4/cutoff_0.1_too_many", k + 8)):
        c = {f"rlnCoordinate{a}": every[:m, i].tolist() for i, a in enumerate("XYZ")} | {f"rlnAngle{a}": [float(10 * j % 170) for j in range(m)] for a in ("Rot", "Tilt", "Psi")}
        c |= {"rlnLCCmax": [0.46 - 0.01 * j for j in range(m)], "rlnCutOff": [0.18 if m == k else 0.1] * m, "rlnSearchStd": [0.031] * m, "rlnDetectorPixelSize": [V4] * m, "rlnMicrographName": [tomo] * m}
        lab.text(f"{folder}/{tomo}_particles.star", star([("particles", c)]))
    lab.points(n, f"pytom_bin4/{tomo}_particles.star", "80S", every[:k] * V4, V4)
    lab.never("picks at a threshold that was given up", f"pytom_bin4/cutoff_0.1_too_many/{tomo}_particles.star")


unbinned, iso, halves = [], [], []
for n, second, denoised, program, atp, ribo, proteasome, tric in TABLE:
    lab.run(n)
    fine, coarse, s8 = None, None, THICK8 if n == "TS_02" else S8
    if second == "alone":
        etomo("etomo_bin8", n, 8, s8, True)
    else:
        etomo("etomo", n, 4, S4 if second else None, True)
    if second == "etomo":
        etomo("etomo_bin8", n, 8, s8, False)
    if second in ("etomo", "binvol"):
        fine = f"etomo/{n}/{n}.rec" if second == "etomo" else f"etomo/{n}/{n}_bin4.rec"
        lab.tomogram(n, fine, volume(n, "bin 4", shape=S4), V4)
    if second:
        coarse = f"bin8/{n}.rec" if second == "binvol" else f"etomo_bin8/{n}/{n}.rec"
        lab.tomogram(n, coarse, volume(n, "bin 8", shape=s8), V8)
    if denoised == "cryocare":
        halves.append(n)
        for h in ("even", "odd"):
            lab.half(n, f"etomo/{n}/{n}_{h}.st", images(n, h), PIXEL, stack=True)
            lab.half(n, f"cryocare/{h}/{n}.mrc", volume(n, h, shape=s8), V8)
        lab.tomogram(n, f"cryocare/denoised/{n}.mrc", volume(n, "denoised", shape=s8), V8, ("denoised",))
    if denoised == "isonet":
        lab.copy(coarse, f"isonet/tomoset/{n}.rec")
        lab.tomogram(n, f"isonet/deconv/{n}.rec", volume(n, "deconv", shape=s8), V8, ("filtered",), may=True)
        lab.junk("where IsoNet trains: no segmentation", f"isonet/mask/{n}_mask.mrc", Specimen(n + "train", angstroms(s8, V8)).membrane(s8), V8)
        lab.tomogram(n, f"isonet/corrected_tomos/{n}_corrected.mrc", volume(n, "corrected", shape=s8), V8, ("filtered", "denoised"))
        iso.append((len(iso) + 1, f"tomoset/{n}.rec", V8, 38000.0, 1.0, f"deconv/{n}.rec", f"mask/{n}_mask.mrc"))
    if program:
        segmented(n, program, s8)
    if atp:
        where = places(n, "ATPase", n=atp, size=angstroms(s8, V8))
        f = f"picks_imod/{n}_bin8_ATPase"
        lab.text(f + ".mod", imod_model([("ATPase", [where], "scattered")], s8[::-1], V8))
        lab.text(f + ".txt", "".join("%10.2f%10.2f%10.2f\n" % tuple(p / V8 + (0.5, 0.5, 0)) for p in where))  # model2point
        lab.points(n, f + ".mod", "ATPase", where, V8, also=[f + ".txt"])
    if ribo:
        matched(n, fine, ribo)
    if proteasome:
        where = places(n, "proteasome", n=proteasome, size=angstroms(S4, V4))
        lab.text(f"tomotwin_bin4/{n}/coords/proteasome.coords", "".join("%.3f %.3f %.3f\n" % tuple(p / V4) for p in where))
        lab.points(n, f"tomotwin_bin4/{n}/coords/proteasome.coords", "proteasome", where, V4)
    if tric:
        where = places(n, "TRiC", n=tric, size=angstroms(S4, V4))
        unbinned += [f"{n},{i + 1},{x:.1f},{y:.1f},{z:.1f}" for i, (x, y, z) in enumerate(where / PIXEL)]
        lab.points(n, "picks/TRiC_unbinned_px.csv", "TRiC", where, V4)
lab.text("picks/TRiC_unbinned_px.csv", "tilt_series,particle,x,y,z\n" + "\n".join(unbinned) + "\n")
columns = ("rlnIndex", "rlnMicrographName", "rlnPixelSize", "rlnDefocus", "rlnNumberSubtomo", "rlnDeconvTomoName", "rlnMaskName")
lab.text("isonet/tomograms.star", star([("", dict(zip(columns, zip(*iso))))]))
even, odd = ([f"{h}/{n}.mrc" for n in halves] for h in ("even", "odd"))
lab.text("cryocare/train_data_config.json", json.dumps({"even": even, "odd": odd, "patch_shape": [72, 72, 72], "num_slices": 1200, "path": "./"}, indent=1))
lab.text("cryocare/predict_config.json", json.dumps({"path": "model.tar.gz", "even": even, "odd": odd, "output": "denoised"}, indent=1))
lab.gain([n for n, *_ in TABLE], "serialem/CountRef_TS_01_000_0.0.mrc")

# the mess
lab.junk("a trial with another thickness", "etomo_bin8/trial_TS_01/TS_01.rec", volume("trial", shape=(6, 20, 24)), V8)
lab.junk("a trial of SIRT", "trials/TS_03_SIRT_bin8.rec", volume("sirt", shape=S8), V8)
lab.junk("a trial of patch tracking", "trials/TS_04_patchtrack_bin4.rec", volume("patch", shape=S4), V4)
lab.junk("an earlier volume", "etomo/TS_04/TS_04_bin4.rec~", volume("earlier", shape=S4), V4)
lab.copy("etomo/TS_03/TS_03_bin4.rec", "backup_230901/TS_03_bin4.rec")
lab.copy("bin8/TS_10.rec", "figures/talk/TS_10_bin8.rec")
lab.junk("a crop for a figure", "figures/fig3_TS_03_crop.mrc", volume("crop", shape=(8, 14, 16)), V4)
lab.junk("a mean of slices for a figure", "figures/fig2_TS_01_slices.mrc", volume("slice", shape=(1, *S8[1:])), V8)
for f in ("fig2_TS_01.tif", "fig3_TS_03.png", "talk/TS_10_bin8_slice.png"):
    lab.picture("figures/" + f)
for f in ("ribo_bin4_avg", "ribo_bin4_avg_half1", "ribo_bin4_avg_half2"):
    lab.junk("average of particles", f"sta/{f}.mrc", volume(f, shape=(20, 20, 20)), V4)
lab.junk("template", "templates/80S_6.8A.mrc", volume("template", shape=(16, 16, 16)), V4)
lab.text("tomograms.csv", "tilt series,defocus (um),bin4,bin8,quality,comment\n" + "".join(f"{n},{-3.5 - 0.1 * i:.1f},{'yes' if s in ('etomo', 'binvol') else 'no'},{'yes' if s else 'no'},{4 - i % 3 if s else 0},{'' if s else 'lost tracking at +30'}\n" for i, (n, s, *_) in enumerate(TABLE)))
lab.text("tomograms.xlsx", b"PK\3\4" + bytes(60))
lab.text("bin8/binvol.sh", "for t in TS_03 TS_04 TS_10; do binvol -binning 2 ../etomo/$t/${t}_bin4.rec $t.rec; done\n")
(lab.root / "scratch").symlink_to("/scratch/pd")
lab.done()
