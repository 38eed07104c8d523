#!/usr/bin/env python3
"""The drives of a student who left: three drives with series of the same names, which are three projects.

Imitates
  https://bio3d.colorado.edu/imod/doc/etomoTutorial.html and tomoguide.html   (NAME.st, .preali, .ali, NAME_full.rec before trimming, NAME.rec; a.st and b.st,
    sum.rec; NAME.fid, autofidseed.dir/clusterElong.mod, NAME_peak.mod of eraser.com)
  https://bio3d.colorado.edu/imod/doc/binspec.html                            (models)
  AreTomo2's manual (NAME.aln, NAME_TLT.txt, NAME_Vol.mrc here as -OutMrc was called: NAME_rec.mrc; halves _EVN, _ODD)
  https://topaz-em.readthedocs.io and cryoCARE's README                       (denoised tomograms under the names of their input, in a folder)
  https://chanzuckerberg.github.io/cryoet-data-portal/                        (folders of a download)

Drive 1 (2019, yeast): etomo, ts_1 and ts_2, ts_3 with two axes, ts_5 of which only the stack is left (its tomogram is an empty file).
Drive 2 (2021, algae): AreTomo2, ts_1, ts_2, ts_4 with halves, denoised by Topaz under the same names. Other images, another pixel, other sizes.
USB stick: the last specimen, "Lamelle 3 Zürich", etomo by hand, and copies of drive 1. All volumes are noise of their own.
The mess: copies "(1)" and "- Kopie", a thesis folder with crops, slices, figures and averages, picks in nm (drive 2), in voxels of tomograms binned
twice as much (drive 1, the head of each file says so), in IMOD models, the same picks in two files; closed contours of a membrane; a spreadsheet;
tilde backups; links to the institute's server that is gone; no mdocs on drive 2; another group's tomogram from the portal.
"""
import json

import numpy as np

from kit import Lab, Specimen, aln, imod_model, lines, mdoc, noise, places, star, xf

lab = Lab(__doc__, ["https://bio3d.colorado.edu/imod/doc/etomoTutorial.html", "https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://bio3d.colorado.edu/imod/doc/binspec.html", "https://github.com/czimaginginstitute/AreTomo2", "https://topaz-em.readthedocs.io", "https://chanzuckerberg.github.io/cryoet-data-portal/"])
ONE, TWO, USB = "Drive1_2019/", "Drive2_2021_WD/", "USB-Stick/"
ANGLES = [float(a) for a in range(-54, 55, 12)]
image = lambda *words, size: noise((len(ANGLES), *size), *words, dtype=np.int16)


def etomo(run, folder, n, axis, pixel, size, voxel, shape, dual=False, raw=True):
    """What etomo leaves of one axis ("" where there is one)."""
    d = f"{folder}{n}{axis}"
    lab.tilts(run, d + ".st", image(run, axis, "st", size=size), pixel, ANGLES)
    for e, why, bin in ((".preali", "coarsely aligned stack", 1), (".ali", "aligned stack", 4)):
        lab.junk(why, d + e, image(run, axis, e, size=(size[0] // bin, size[1] // bin)), pixel * bin, stack=True)
    full = noise((shape[1] + 4, shape[0] + 6, shape[2] + 4), run, axis, "full")
    lab.junk("volume of one axis" if dual else "before trimming: sections along y", d + (".rec" if dual else "_full.rec"), full, voxel)
    lab.text(d + ".rawtlt", lines(ANGLES))
    lab.text(d + ".tlt", lines([a + 0.6 for a in ANGLES]))
    lab.text(d + ".xf", xf(len(ANGLES), run, axis))
    beads = [np.column_stack([np.linspace(10, 60, len(ANGLES)), np.full(len(ANGLES), 12.0 + 9 * i), np.arange(len(ANGLES))]) * pixel for i in range(4)]
    for f in (d + ".fid", folder + f"autofidseed{axis}.dir/clusterElong.mod"):
        lab.text(f, imod_model([("", beads, "open")], (*size, len(ANGLES)), pixel))
        lab.never("gold beads along the tilts", f)
    for c in ("align", "tilt"):
        lab.text(f"{folder}{c}{axis}.com", f"$tilt -StandardInput\nInputProjections {n}{axis}.ali\nOutputFile {n}{axis}{'' if dual else '_full'}.rec\nIMAGEBINNED 4\nTHICKNESS {shape[0] * 4}\n" if c == "tilt" else f"$tiltalign -StandardInput\nModelFile {n}{axis}.fid\n")
    lab.text(f"{folder}tilt{axis}.com~", "$tilt\n")


def single(run, folder, n, pixel, size, voxel, shape):
    etomo(run, folder, n, "", pixel, size, voxel, shape)
    lab.text(f"{folder}{n}.edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={pixel / 10}\n")
    lab.tomogram(run, f"{folder}{n}.rec", noise(shape, run, "rec"), voxel)


# ---- drive 1: etomo, 3.42 A, tomograms binned by 4 ----
P1, V1, S1, I1 = 3.42, 13.68, (14, 40, 44), (44, 48)
for n in ("ts_1", "ts_2"):
    single(f"yeast {n}", f"{ONE}{n}/", n, P1, I1, V1, S1)
    lab.text(f"{ONE}{n}/{n}.st.mdoc", mdoc(ANGLES, P1, None, f"{n}.st", I1[::-1]))
run = "yeast ts_3"
for x in "ab":
    etomo(run, f"{ONE}ts_3/", "ts_3", x, P1, I1, V1, S1, dual=True)
lab.text(f"{ONE}ts_3/ts_3.edf", f"Setup.DatasetName=ts_3\nSetup.AxisType=Dual Axis\nSetup.PixelSize={P1 / 10}\n")
lab.junk("combined, before trimming: sections along y", f"{ONE}ts_3/sum.rec", noise((44, 20, 48), run, "sum"), V1)
lab.tomogram(run, f"{ONE}ts_3/ts_3.rec", noise(S1, run, "rec"), V1)
lab.tilts("yeast ts_5", f"{ONE}ts_5/ts_5.st", image("yeast ts_5", size=I1), P1, ANGLES)
lab.text(f"{ONE}ts_5/ts_5.rawtlt", lines(ANGLES))
lab.text(f"{ONE}ts_5/ts_5.rec", b"")
lab.copy(f"{ONE}ts_1/ts_1.rec", f"{ONE}ts_1/ts_1 (1).rec")
lab.copy(f"{ONE}ts_2/ts_2.st", f"{ONE}ts_2/ts_2 - Kopie.st")
SIZE1 = [n * V1 for n in S1[::-1]]
for n, k in (("ts_1", 12), ("ts_2", 9)):
    where = places(lab.name, "yeast", n, n=k, size=SIZE1)
    half = where / (2 * V1)
    rows = "".join("{:.2f} {:.2f} {:.2f}\n".format(*p) for p in half)
    lab.text(f"{ONE}picks_bin8/{n}_ATPase.txt", f"# x y z in voxels of the bin8 tomogram ({2 * V1} A)\n" + rows)
    lab.text(f"{ONE}picks_bin8/{n}_ATPase (1).txt", f"# x y z in voxels of the bin8 tomogram ({2 * V1} A)\n" + rows)
    lab.points(f"yeast {n}", f"{ONE}picks_bin8/{n}_ATPase.txt", "ATPase", where, V1, also=[f"{ONE}picks_bin8/{n}_ATPase (1).txt"], tolerance=1.05 * 2 * V1)
where = places(lab.name, "yeast ts_3 ribosomes", n=10, size=SIZE1)
lab.text(f"{ONE}ts_3/ribosomes.mod", imod_model([("ribosome", [where], "scattered")], S1[::-1], V1))
lab.points(run, f"{ONE}ts_3/ribosomes.mod", "ribosome", where, V1)
t = np.linspace(0, 2 * np.pi, 30)
for n in ("ts_1", "ts_2"):
    lab.tomogram(f"yeast {n}", f"{ONE}cryocare/denoised/{n}.rec", noise(S1, "yeast", n, "cryocare"), V1, ("denoised",))
lab.tomogram("yeast ts_2", f"{ONE}ts_2/ts_2_SIRT.rec", noise(S1, "yeast ts_2", "sirt"), V1, ("raw", "filtered"), may=True)
xrays = np.column_stack([places(lab.name, "x-rays", n=30, size=[n * P1 for n in I1[::-1]] + [0])[:, :2], np.arange(30) % len(ANGLES) * P1])
lab.text(f"{ONE}ts_2/ts_2_peak.mod", imod_model([("", [xrays], "scattered")], (*I1[::-1], len(ANGLES)), P1))
lab.never("X-rays that ccderaser found in the raw stack", f"{ONE}ts_2/ts_2_peak.mod")
rings = [np.column_stack([290 + 120 * np.cos(t), 270 + 100 * np.sin(t), np.full(30, z * V1)]) for z in (3, 6, 9)]
lab.text(f"{ONE}ts_1/membrane.mod", imod_model([("membrane", rings, "closed")], S1[::-1], V1))
lab.never("closed contours of a membrane", f"{ONE}ts_1/membrane.mod")
for f in ("ATPase_Ref_bin4", "ATPase_AvgVol_3P24", "maskSphere"):
    lab.junk("average of particles, or its mask", f"{ONE}PEET/{f}.mrc", noise((20, 20, 20), f) if "mask" not in f else (noise((20, 20, 20), f) > 1).astype(np.int8), V1)

# ---- drive 2: AreTomo2, 2.62 A, binned by 4; no mdocs ----
P2, V2, S2, I2 = 2.62, 10.48, (14, 44, 48), (46, 50)
SIZE2 = [n * V2 for n in S2[::-1]]
for n, k in (("ts_1", 14), ("ts_2", 0), ("ts_4", 8)):
    run = f"algae {n}"
    s = f"{TWO}stacks/{n}"
    lab.tilts(run, s + ".mrc", image(run, "st", size=I2), P2, ANGLES)
    lab.text(s + ".rawtlt", lines(ANGLES))
    for h in ("EVN", "ODD"):
        lab.half(run, f"{s}_{h}.mrc", image(run, h, size=I2), P2, stack=True)
        lab.half(run, f"{TWO}AreTomo/{n}_{h}_rec.mrc", noise(S2, run, h, "rec"), V2)
    lab.tomogram(run, f"{TWO}AreTomo/{n}_rec.mrc", noise(S2, run, "rec"), V2)
    lab.text(f"{TWO}AreTomo/{n}.aln", aln(I2[::-1], ANGLES, run))
    lab.text(f"{TWO}AreTomo/{n}_TLT.txt", "".join(f"{a:8.2f} {i + 1:4d}\n" for i, a in enumerate(ANGLES)))
    for p in ("XY", "XZ"):
        lab.junk("projection", f"{TWO}AreTomo/{n}_rec_proj{p}.mrc", noise((1, 44 if p == "XY" else 14, 48), run, p), V2, stack=True)
    lab.tomogram(run, f"{TWO}topaz_denoised/{n}_rec.mrc", noise(S2, run, "topaz"), V2, ("denoised",))
    if k:
        where = places(lab.name, run, n=k, size=SIZE2)
        lab.text(f"{TWO}picks/{n}_rubisco_nm.csv", "x_nm,y_nm,z_nm\n" + "".join("{:.3f},{:.3f},{:.3f}\n".format(*(p / 10)) for p in where))
        lab.points(run, f"{TWO}picks/{n}_rubisco_nm.csv", "rubisco", where, V2, also=[f"{TWO}relion3/all_rubisco.star"])
    lab.junk("mask for IsoNet's training", f"{TWO}isonet/mask/{n}_rec_mask.mrc", (noise(S2, run, "isonet") > 0).astype(np.int8), V2)
    lab.tomogram(run, f"{TWO}isonet/deconv/{n}_rec.mrc", noise(S2, run, "deconv"), V2, ("filtered",))
    lab.tomogram(run, f"{TWO}isonet/corrected/{n}_rec_corrected.mrc", noise(S2, run, "corrected"), V2, ("denoised", "filtered"))
lab.tomogram("algae ts_1", f"{TWO}AreTomo_bin8/ts_1_rec.mrc", noise((7, 22, 24), "algae ts_1", "bin8"), 2 * V2)
runs = {n: places(lab.name, f"algae {n}", n=k, size=SIZE2) for n, k in (("ts_1", 14), ("ts_4", 8))}
of = [n for n, xyz in runs.items() for _ in xyz]
xyz = np.concatenate(list(runs.values())) / P2
ALL = f"{TWO}relion3/all_rubisco.star"
lab.text(ALL, star([("optics", {"rlnOpticsGroup": [1], "rlnImagePixelSize": [P2], "rlnVoltage": [300.0]}), ("particles", {
    "rlnMicrographName": [f"{n}_rec.mrc" for n in of], **{f"rlnCoordinate{c}": list(xyz[:, j]) for j, c in enumerate("XYZ")}, "rlnImageName": [f"subtomo/{n}_{i:04d}.mrc" for i, n in enumerate(of)], "rlnOpticsGroup": [1] * len(of)})]))
lab.text(f"{TWO}isonet/tomograms.star", star([("", {"rlnIndex": [1, 2, 3], "rlnMicrographName": [f"../AreTomo/{n}_rec.mrc" for n in ("ts_1", "ts_2", "ts_4")], "rlnPixelSize": [V2] * 3, "rlnDefocus": [38000.0] * 3, "rlnNumberSubtomo": [100] * 3, "rlnMaskName": [f"mask/{n}_rec_mask.mrc" for n in ("ts_1", "ts_2", "ts_4")]})]))
lab.mask("algae ts_1", f"{TWO}membrain/ts_1_rec_segmented.mrc", Specimen("algae ts_1", SIZE2).membrane(S2), V2)
lab.copy(f"{TWO}AreTomo/ts_2_rec.mrc", f"{TWO}AreTomo/ts_2_rec (1).mrc")
lab.text(f"{TWO}AreTomo/run_aretomo.sh", "for i in ts_1 ts_2 ts_4; do AreTomo2 -InMrc ../stacks/$i.mrc -OutMrc ${i}_rec.mrc -PixSize 2.62 -OutBin 4 -VolZ 56 -AngFile ../stacks/$i.rawtlt; done\n")
lab.text(TWO + "samples.xlsx", b"PK\x03\x04")

# ---- the stick: one more specimen, and copies of drive 1 ----
single("Lamelle 3 Zürich", f"{USB}Lamelle 3 Zürich/", "Lamelle 3 Zürich", 3.42, (44, 44), V1, (12, 36, 40))
for i, a in enumerate(ANGLES):
    lab.junk("average of one tilt", f"{USB}Lamelle 3 Zürich/mc/L3_{i + 1:03d}_{a:.1f}.mrc", noise((1, 44, 44), "L3", i), 3.42, stack=True)
lab.tomogram("gr2_L1_ts_3", USB + "gr2_L1_ts_3.rec", noise(S1, "gr2"), V1)
where = places(lab.name, "gr2", n=6, size=SIZE1)
lab.text(USB + "gr2_L1_ts_3_proteasome.mod", imod_model([("proteasome", [where], "scattered")], S1[::-1], V1))
lab.points("gr2_L1_ts_3", USB + "gr2_L1_ts_3_proteasome.mod", "proteasome", where, V1)
lab.copy(f"{ONE}ts_1/ts_1.rec", f"{USB}backup yeast/ts_1.rec")
lab.copy(f"{ONE}ts_1/ts_1.st", f"{USB}backup yeast/ts_1.st")
lab.copy(f"{ONE}ts_2/ts_2.rec", f"{USB}backup yeast/ts_2.rec")

# ---- the thesis ----
TH = USB + "Thesis/"
lab.junk("crop for a figure", TH + "Fig3/ts_1_crop.mrc", noise((16, 20, 24), "crop 1"), V1)
lab.junk("crop for a figure", TH + "Fig3/ts_2_crop_vacuole.rec", noise((12, 24, 20), "crop 2"), V1)
lab.junk("slices for a figure", TH + "Fig4/ts_4_slices_80-84.mrc", noise((5, 44, 48), "slices"), V2)
lab.junk("average of particles", TH + "Fig5/rubisco_average.mrc", noise((24, 24, 24), "rubisco"), 2 * P2)
lab.picture(TH + "Fig3/ts_1_slice40.tif")
lab.picture(TH + "Fig3/Abb. 3.png")
lab.picture(TH + "Fig5/fsc.png")
lab.text(TH + "thesis_final_v7.docx", b"PK\x03\x04")
for f in ("ts_1", "ts_2"):
    lab.text(TH + f"tables/{f}_ATPase.csv", "particle,diameter_nm\n1,11.2\n2,10.9\n")

# ---- another group's tomogram ----
D = USB + "downloads/cryoet_portal/10301/01082023_Brno_Position_13/"
R = D + "Reconstructions/VoxelSpacing14.080/"
lab.junk("another group's, from the portal", R + "Tomograms/100/01082023_Brno_Position_13.mrc", noise((16, 40, 44), "portal"), 14.08)
lab.text(R + "Tomograms/100/tomogram_metadata.json", json.dumps({"deposition_id": 10301, "voxel_spacing": 14.08, "size": {"x": 44, "y": 40, "z": 16}, "processing": "raw", "is_visualization_default": True}))
lab.text(R + "Annotations/101/ribosome-1.0_point.ndjson", '{"type": "point", "location": {"x": 10, "y": 12, "z": 8}}\n{"type": "point", "location": {"x": 20, "y": 22, "z": 6}}\n')
lab.text(R + "Annotations/101/ribosome-1.0.json", json.dumps({"annotation_object": {"name": "ribosome"}, "deposition_id": 10301, "object_count": 2}))
lab.never("another group's picks, from the portal", R + "Annotations/101/ribosome-1.0_point.ndjson")
lab.text(USB + "downloads/cryoet_portal/10301/dataset_metadata.json", json.dumps({"dataset_identifier": 10301, "dataset_title": "Chlamydomonas reinhardtii"}))
for link, to in ((ONE + "raw", "/mnt/institut/krios/2019/raw"), (TWO + "frames", "/mnt/institut/krios2/frames"), (TH + "daten", "../../Drive1_2019/ts_1"), (USB + "fonts", "/usr/share")):
    (lab.root / link).symlink_to(to)
lab.text("LIESMICH.txt", "Drive1: yeast (2019). Drive2: algae (2021), other microscope. Names of the series are not unique!\n")
lab.done()
