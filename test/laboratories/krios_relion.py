"""A postdoc's share: one grid of yeast lamellae in two sessions of Tomography 5 (EER), RELION 5, AreTomo2 and AreTomo3, a predecessor's RELION 4 project with numbers of its own, a colleague's copies.

Imitates
  RELION 5: https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html (jobs, Import with a prefix, annotations), https://github.com/3dem/relion/issues/1137 (what the coordinates are
    centred on), https://github.com/3dem/relion/issues/1158 and https://github.com/fzxgao/fomo (names of Tomography 5 in RELION's tables, default_pipeline.star),
    https://github.com/hanjinliu/cylindra (Class3D's run_it025_data.star);
  RELION 4: https://relion.readthedocs.io/en/release-4.0/Reference/STA/Datatypes/tomogram_set.html and …/particle_set.html;
  AreTomo2: https://github.com/czimaginginstitute/AreTomo2 (ImodUtil/CImodUtil.cpp: NAME_Imod/NAME_st.mrc, NAME_st.tlt, NAME_st.xf, NAME_st_order_list.csv, newst.com, tilt.com);
  AreTomo3: https://github.com/czimaginginstitute/AreTomo3 (CTsPackage.cpp: NAME_Vol.mrc, NAME_EVN_Vol.mrc, NAME_ODD_Vol.mrc, NAME_TLT.txt, NAME_CTF.txt);
  cryoCARE: https://github.com/juglab/cryoCARE_pip (scripts/cryoCARE_predict.py: the result has the name of the even half and its header);
  IsoNet: https://github.com/IsoNet-cryoET/IsoNet (tomograms.star, deconv, mask, corrected_tomos/NAME_corrected.mrc);
  ArtiaX: https://github.com/FrangakisLab/ArtiaX (io/RELION: voxels of the tomogram; io/Artiatomi: motive lists with rows of 20, counted from 1; emwrite.py);
  Blik: https://github.com/brisvag/blik, https://github.com/teamtomo/cryohub (writing/star.py: rlnCoordinate in voxels, rlnTomoTiltSeriesPixelSize that of the tomogram, experiment_id);
  MemBrain-seg: https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md.
From memory: folders and names of Tomography 5, napari's columns, ChimeraX' markers, job.star's fields, which of RELION's files stay after a clean-up.

The mess: Position_1 and Position_2 are other places in May than in March; RELION has March's with a prefix and May's under names of lamellae (its mdocs are renamed copies), AreTomo3 has May's as
they came; March's Position_3 drifted and was collected again in May as Position_2 (lam5b); the predecessor's tomo01 is March's Position_2; a first Import had another microscope's pixel (2.42), one
reconstruction of it is not in Trash; cryoCARE's results are called EVN; AreTomo2 left a dark image out; IsoNet's input are copies; Tobias' tomo_A is lam6; crops for a talk.
"""
import os
import struct

import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, imod_model, lines, mdoc, places, seed, star, xf

PIXEL, WRONG, SIZE, THICK = 3.02, 2.42, (106, 106), 40
TEN, SHAPE = 10.0, (12, 32, 32)  # RELION: "Binned pixel size (A)" 10
BIN4, SHAPE4 = PIXEL * 4, (10, 26, 26)
UNB = np.array([SIZE[1], SIZE[0], THICK])
ANGSTROM = UNB * PIXEL
CENTRE = (UNB / 2 - 1) * PIXEL
TAKEN = dose_symmetric(9, 6)
ANGLES = sorted(TAKEN)
N = len(ANGLES)
#         run                day         session name     RELION 5            AreTomo2/3 dark  predecessor stage            hour  ribosomes
TABLE = [("0312_Position_1", "20240312", "Position_1",   "d0312_Position_1", [],        "tomo02", "-101.42 220.07", 10, 14),
         ("0312_Position_2", "20240312", "Position_2",   "d0312_Position_2", [27.0],    "tomo01", "-98.77 231.90",  12, 11),
         ("0312_Position_3", "20240312", "Position_3",   None,               [],        "tomo03", "45.10 -310.55",  14, 0),
         ("0514_Position_1", "20240514", "Position_1",   "lam4",             [],        None,     "310.02 18.44",   9,  16),
         ("0514_Position_2", "20240514", "Position_2",   "lam5b",            [],        None,     "45.61 -309.98",  11, 0),
         ("0514_Position_5_2", "20240514", "Position_5_2", "lam6",           [],        None,     "-12.35 150.20",  16, 0)]
MAREK = {"tomo01": 7, "tomo02": 10, "tomo03": 6}
DAY = {"20240312": "12-Mar-24", "20240514": "14-May-24"}
RAW = {"20240312": "raw/20240312_Krios2_yeast_g7", "20240514": "raw/20240514_Krios2_yeast_g7"}
R, M, T = "relion5", "marek_relion4", "for_tobias"


def dated(text, day, hour, stage):
    return text.replace("14-Feb-23  09:", f"{DAY[day]}  {hour:02d}:").replace("12.5 -40.1", stage)


def em(path, rows):
    """A motive list as ArtiaX writes it: 20 values a particle."""
    d = np.asarray(rows, "<f4")
    lab.text(path, struct.pack("<4b3i", 6, 0, 0, 5, d.shape[1], d.shape[0], 1) + b"0" * 496 + d.tobytes())


def may(kind, run):
    lab.run(run)[kind][-1]["may"] = True


def xyz(at, form="rlnCoordinate{}"):
    return {form.format(a): [round(float(v), 4) for v in at[:, i]] for i, a in enumerate("XYZ")}


lab = Lab(__doc__, ["https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html", "https://github.com/3dem/relion/issues/1137", "https://github.com/czimaginginstitute/AreTomo2",
                    "https://github.com/czimaginginstitute/AreTomo3", "https://github.com/juglab/cryoCARE_pip", "https://github.com/IsoNet-cryoET/IsoNet", "https://github.com/FrangakisLab/ArtiaX",
                    "https://github.com/teamtomo/cryohub", "https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md"])
spec, ribo, picked, refined, marek = {}, {}, [], [], []
for run, day, name, rln, dark, old, stage, hour, k in TABLE:
    lab.run(run, name, *(x for x in (rln, old) if x), f"{day}_{name}")
    ribo[run] = places(lab.name, run, n=max(k, 1), size=SHAPE4[::-1] * np.array(BIN4))
    s = spec[run] = Specimen(run, ANGSTROM, [ribo[run]] if k else [])
    stack = s.stack(ANGLES, SIZE)
    again = lambda what: (stack + seed(run, what).normal(0, 1.5, stack.shape)).round().astype(np.int16)  # the same exposures, motion-corrected by another program
    # ---- the microscope ----
    eer = [f"{name}_{i + 1:03d}_{a:.2f}_{day}_{hour:02d}{i:02d}31_EER.eer" for i, a in enumerate(TAKEN)]
    lab.movies(run, [f"{RAW[day]}/{f}" for f in eer], size=(40, 40), frames=3, pixel=PIXEL)
    text = dated(mdoc(TAKEN, PIXEL, eer, f"{name}.mrc", SIZE[::-1], folder=f"\\\\192.168.10.2\\OffloadData\\{day}_Krios2_yeast_g7\\", camera="TOMOGRAPHY: Titan Krios G4"), day, hour, stage)
    lab.text(f"{RAW[day]}/{name}.mdoc", text)
    lab.picture(f"{RAW[day]}/Thumbnails/{name}_Search.png", why="a thumbnail of the microscope")
    # ---- AreTomo, outside of RELION ----
    if day == "20240312" and old != "tomo03":
        A = f"aretomo2_march/{name}"
        mine = again("aretomo2")
        lab.tilts(run, f"{A}/{name}.mrc", mine, PIXEL, ANGLES)
        may("tiltseries", run)
        lab.text(f"{A}/{name}.rawtlt", lines(ANGLES))
        left = [a for a in ANGLES if a not in dark]
        lab.text(f"{A}/{name}_rec.aln", aln(SIZE[::-1], left, run, raw=N).replace("# NumPatches", "".join(f"# DarkFrame =  {ANGLES.index(a):4d} {ANGLES.index(a):4d} {a:8.2f}\n" for a in dark) + "# NumPatches"))
        lab.junk("AreTomo2's copy of the stack for IMOD, without the dark images", f"{A}/{name}_Imod/{name}_st.mrc", mine[[ANGLES.index(a) for a in left]].astype(np.float32), PIXEL, stack=True)
        lab.text(f"{A}/{name}_Imod/{name}_st.tlt", lines([a + 0.6 for a in left]))
        lab.text(f"{A}/{name}_Imod/{name}_st.xf", xf(len(left), run))
        lab.text(f"{A}/{name}_Imod/{name}_st_order_list.csv", "ImageNumber, TiltAngle\n" + "".join(f"{ANGLES.index(a) + 1:4d}, {a + 0.6:8.2f}\n" for a in left))
        lab.text(f"{A}/{name}_Imod/newst.com", f"$newstack -StandardInput\nInputFile\t{name}_st.mrc\nOutputFile\t{name}_st.ali\nTransformFile\t{name}_st.xf\nTaperAtFill     1,0\nAdjustOrigin\nImagesAreBinned 1.0\nBinByFactor     1\n")
        lab.text(f"{A}/{name}_Imod/tilt.com", f"$tilt -StandardInput\nInputProjections {name}_st.ali\nOutputFile {name}_st.rec\nIMAGEBINNED 1\nTILTFILE {name}_st.tlt\nTHICKNESS {THICK}\nFULLIMAGE {SIZE[1]} {SIZE[0]}\n")
        vol = s.volume(SHAPE4, BIN4, what="aretomo2")
        lab.tomogram(run, f"{A}/{name}_rec.mrc", vol, BIN4)
        lab.copy(f"{A}/{name}_rec.mrc", f"isonet/tomos/{name}_rec.mrc")
        lab.tomogram(run, f"isonet/deconv/{name}_rec.mrc", (s.density(SHAPE4, BIN4) * 1.2 + 0.2 * vol).astype(np.float32), BIN4, ("filtered",), may=True)
        lab.junk("where IsoNet trains", f"isonet/mask/{name}_rec_mask.mrc", s.membrane(SHAPE4, 7), BIN4)
        lab.tomogram(run, f"isonet/corrected_tomos/{name}_rec_corrected.mrc", (s.density(SHAPE4, BIN4) * 0.9 + 0.1 * vol).astype(np.float32), BIN4, ("denoised", "filtered"))
    if day == "20240514":
        A = "aretomo3_may"
        lab.tilts(run, f"{A}/{name}.mrc", again("aretomo3"), PIXEL, ANGLES)
        may("tiltseries", run)
        lab.text(f"{A}/{name}.aln", aln(SIZE[::-1], ANGLES, run).replace("# NumPatches", "# AlphaOffset =     0.00\n# BetaOffset =     0.00\n# NumPatches"))
        lab.text(f"{A}/{name}_TLT.txt", "".join(f"{a:8.2f} {TAKEN.index(a) + 1:4d} {3.1:8.2f}\n" for a in ANGLES))
        lab.text(f"{A}/{name}_CTF.txt", "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radian]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully; #8 - dfHand\n" + "".join(f"{i + 1:4d}  34500.0  34200.0  12.00  0.00  0.1100  7.8000  -1\n" for i in range(N)))
        lab.tomogram(run, f"{A}/{name}_Vol.mrc", s.volume(SHAPE4, BIN4, what="aretomo3"), BIN4)
        for h in ("EVN", "ODD"):
            lab.half(run, f"{A}/{name}_{h}_Vol.mrc", s.volume(SHAPE4, BIN4, 1.4, f"aretomo3 {h}"), BIN4)
        lab.tomogram(run, f"cryocare_may/denoised/{name}_EVN_Vol.mrc", (s.density(SHAPE4, BIN4) * 0.85 + 0.1 * s.volume(SHAPE4, BIN4, what="aretomo3")).astype(np.float32), BIN4, ("denoised",))
    # ---- RELION 5 ----
    if rln:
        folder = "frames_0312" if day == "20240312" else "frames_0514"
        lab.text(f"{R}/{'mdoc_0312' if day == '20240312' else 'mdoc_0514'}/{name if day == '20240312' else rln}.mdoc", text)
        base = {"rlnMicrographMovieName": [f"{folder}/{f}" for f in eer], "rlnTomoTiltMovieFrameCount": [3] * N, "rlnTomoNominalStageTiltAngle": TAKEN, "rlnTomoNominalTiltAxisAngle": [84.1] * N,
                "rlnMicrographPreExposure": [3.1 * i for i in range(N)], "rlnTomoNominalDefocus": [-3.5] * N}
        lab.text(f"{R}/Import/job006/tilt_series/{rln}.star", star([(rln, base)]))
        mic = {**base, "rlnMicrographName": [f"MotionCorr/job007/{folder}/{f[:-4].replace('.', '_')}.mrc" for f in eer]}
        for i in (0, 1):  # she removed most of them to save space
            lab.junk("one motion-corrected image", f"{R}/{mic['rlnMicrographName'][i]}", stack[ANGLES.index(TAKEN[i])][None].astype(np.float16), PIXEL, stack=True)
        aligned = {**mic, "rlnTomoXTilt": [0.0] * N, "rlnTomoYTilt": [a + 0.4 for a in TAKEN], "rlnTomoZRot": [84.6] * N, "rlnTomoXShiftAngst": [2.0 * i for i in range(N)], "rlnTomoYShiftAngst": [-3.1] * N}
        for job, rows in (("MotionCorr/job007", mic), ("CtfFind/job008", mic), ("AlignTiltSeries/job010", aligned)):
            lab.text(f"{R}/{job}/tilt_series/{rln}.star", star([(rln, rows)]))
        E = f"{R}/AlignTiltSeries/job010/external/{rln}/{rln}"
        lab.tilts(run, f"{E}.mrc", stack.astype(np.float32), PIXEL, ANGLES)
        lab.text(f"{E}.rawtlt", lines(ANGLES))
        lab.text(f"{E}.tlt", lines([a + 0.4 for a in ANGLES]))
        lab.text(f"{E}.xf", xf(N, run, "relion"))
        lab.text(f"{E}.edf", f"Setup.DatasetName={rln}\nSetup.PixelSize={PIXEL / 10}\nSetup.AxisType=Single Axis\nSetup.ImageRotation=84.1\n")
        V = f"{R}/Tomograms/job012/tomograms/rec_{rln}"
        full = s.volume(SHAPE, TEN)
        lab.tomogram(run, f"{V}.mrc", full, TEN)
        for h in ("half1", "half2"):
            lab.half(run, f"{V}_{h}.mrc", s.volume(SHAPE, TEN, 1.4, h), TEN)
        lab.tomogram(run, f"{R}/Denoise/job014/tomograms/rec_{rln}.mrc", (0.75 * s.density(SHAPE, TEN) + 0.2 * full).astype(np.float32), TEN, ("denoised",))
        if day == "20240312":  # the first Import: no prefix, another microscope's pixel
            lab.text(f"{R}/Import/job001/tilt_series/{name}.star", star([(name, base)]))
            lab.text(f"{R}/AlignTiltSeries/job004/tilt_series/{name}.star", star([(name, {**aligned, "rlnMicrographName": [x.replace("job007", "job002") for x in aligned["rlnMicrographName"]]})]))
            lab.junk("a reconstruction after the Import with a wrong pixel (2.42 instead of 3.02)", f"{R}/Tomograms/job005/tomograms/rec_{name}.mrc", s.volume((9, 26, 26), 12.48, 1.1, "job005"), 12.48, header=10.0)
            lab.junk("a deleted reconstruction, from the Import with a wrong pixel", f"{R}/Trash/Tomograms/job003/tomograms/rec_{name}.mrc", s.volume((9, 26, 26), 12.48, 1.3, "job003"), 12.48, header=10.0)
        if k:
            at = ribo[run]
            c = at - CENTRE
            sel = [i for i in range(k) if i % 3 != 1]
            lab.text(f"{R}/Picks/job015/annotations/{rln}_particles.star", star([("particles", {"rlnTomoName": [rln] * k, **xyz(c, "rlnCenteredCoordinate{}Angst")})]))
            lab.points(run, f"{R}/Picks/job015/particles.star", "ribosome", at, TEN, may=True, also=[f"{R}/Picks/job015/annotations/{rln}_particles.star", f"{R}/Extract/job016/particles.star", f"{R}/Class3D/job017/run_it025_data.star", f"{T}/ribosomes/particles.star"])
            lab.points(run, f"{R}/Refine3D/job019/run_data.star", "ribosome", at[sel], TEN, also=[f"{R}/Select/job018/particles.star", f"{R}/Refine3D/job019/run_it012_data.star"])
            for i in range(k):
                o = seed("origin", run, i).uniform(-5, 5, 3)
                a = seed("angles", run, i).uniform(-180, 180, 3)
                picked.append((rln, f"{rln}/{i + 1}", *c[i], *a, 0.0, 0.0, 0.0, 1, 1 if i in sel else 2))
                if i in sel:
                    refined.append((rln, f"{rln}/{i + 1}", *(c[i] + o), *a, *o, 1, 1))
    # ---- the predecessor ----
    if old:
        d = f"{M}/tomograms/{old}"
        lab.tilts(run, f"{d}/{old}.mrc", again("marek"), PIXEL, ANGLES)
        lab.text(f"{d}/{old}.mdoc", text)
        lab.text(f"{d}/{old}.rawtlt", lines(ANGLES))
        lab.text(f"{d}/{old}.tlt", lines([a - 0.2 for a in ANGLES]))
        lab.text(f"{d}/{old}.xf", xf(N, run, "marek"))
        lab.text(f"{d}/{old}_order.csv", "".join(f"{i + 1},{a}\n" for i, a in enumerate(TAKEN)))
        lab.text(f"{d}/newst.com", f"$newstack -StandardInput\nInputFile {old}.mrc\nOutputFile {old}_ali.mrc\nTransformFile {old}.xf\nBinByFactor 4\nSizeToOutputInXandY {SIZE[1] // 4},{SIZE[0] // 4}\n")
        lab.text(f"{d}/tilt.com", f"$tilt -StandardInput\nInputProjections {old}_ali.mrc\nOutputFile {old}_full_rec.mrc\nIMAGEBINNED 4\nTILTFILE {old}.tlt\nTHICKNESS {THICK}\nFULLIMAGE {SIZE[1]} {SIZE[0]}\n")
        lab.tomogram(run, f"{d}/{old}_b4.rec", s.volume(SHAPE4, BIN4, 0.9, "marek"), BIN4)
        his = places(lab.name, run, "marek", n=MAREK[old], size=SHAPE4[::-1] * np.array(BIN4))
        marek += [(old, i + 1, *(p / PIXEL)) for i, p in enumerate(his)]
        lab.points(run, f"{M}/ImportTomo/job003/particles.star", "ribosome", his, BIN4, also=[f"{M}/coords/{old}.star"], may=old != "tomo03")
        lab.text(f"{M}/coords/{old}.star", star([("", xyz(his / PIXEL))]))
        if old != "tomo03":
            may("tiltseries", run)
            may("tomograms", run)

# ---- RELION 5's tables ----
rows = [(t[3], t[1]) for t in TABLE if t[3]]
names = [r[0] for r in rows]


def table(job, n, file=None, pixel=PIXEL, extra=()):
    g = {"rlnTomoName": n, "rlnVoltage": [300.0] * len(n), "rlnSphericalAberration": [2.7] * len(n), "rlnAmplitudeContrast": [0.1] * len(n), "rlnMicrographOriginalPixelSize": [pixel] * len(n),
         "rlnTomoHand": [-1.0] * len(n), "rlnOpticsGroupName": ["opticsGroup1"] * len(n), "rlnTomoTiltSeriesPixelSize": [pixel] * len(n), "rlnTomoTiltSeriesStarFile": [f"{job}/tilt_series/{x}.star" for x in n]}
    lab.text(f"{R}/{file}", "\n# version 50001\n" + star([("global", {**g, **dict(extra)})]))


def made(job, n, binned, size, halves=True):
    out = {"rlnTomoTomogramBinning": [binned] * len(n), **{f"rlnTomoSize{a}": [v] * len(n) for a, v in zip("XYZ", size)}}
    if halves:
        out |= {f"rlnTomoReconstructedTomogramHalf{h}": [f"{job}/tomograms/rec_{x}_half{h}.mrc" for x in n] for h in (1, 2)}
    return {**out, "rlnTomoReconstructedTomogram": [f"{job}/tomograms/rec_{x}.mrc" for x in n]}


early = ["Position_1", "Position_2"]
size = UNB.tolist()
table("Import/job001", early, "Import/job001/tilt_series.star", WRONG)
table("AlignTiltSeries/job004", early, "AlignTiltSeries/job004/aligned_tilt_series.star", WRONG)
table("AlignTiltSeries/job004", early, "Tomograms/job005/tomograms.star", WRONG, made("Tomograms/job005", early, TEN / WRONG, size, False))
table("AlignTiltSeries/job004", early, "Trash/Tomograms/job003/tomograms.star", WRONG, made("Tomograms/job003", early, TEN / WRONG, size, False))
table("Import/job006", names, "Import/job006/tilt_series.star")
table("MotionCorr/job007", names, "MotionCorr/job007/corrected_tilt_series.star")
table("CtfFind/job008", names, "CtfFind/job008/tilt_series_ctf.star")
table("AlignTiltSeries/job010", names, "AlignTiltSeries/job010/aligned_tilt_series.star")
table("AlignTiltSeries/job010", names, "Tomograms/job012/tomograms.star", extra=made("Tomograms/job012", names, TEN / PIXEL, size))
table("AlignTiltSeries/job010", names, "Denoise/job014/tomograms.star", extra={**made("Tomograms/job012", names, TEN / PIXEL, size), "rlnTomoReconstructedTomogramDenoised": [f"Denoise/job014/tomograms/rec_{x}.mrc" for x in names]})
cols = ["rlnTomoName", "rlnTomoParticleName", *(f"rlnCenteredCoordinate{a}Angst" for a in "XYZ"), "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", *(f"rlnOrigin{a}Angst" for a in "XYZ"), "rlnOpticsGroup", "rlnClassNumber"]
optics = ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnVoltage": [300.0], "rlnSphericalAberration": [2.7], "rlnAmplitudeContrast": [0.1], "rlnTomoTiltSeriesPixelSize": [PIXEL],
                     "rlnCtfDataAreCtfPremultiplied": [1], "rlnImageDimensionality": [2], "rlnTomoSubtomogramBinning": [4.0], "rlnImagePixelSize": [BIN4], "rlnImageSize": [32]})


def particles(file, list_, keep):
    rows = [r if keep else r[:-1] for r in list_]
    lab.text(f"{R}/{file}", "\n# version 50001\n" + star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), optics, ("particles", dict(zip(cols, zip(*rows))))]))


lab.text(f"{R}/Picks/job015/particles.star", star([("particles", {c: [r[cols.index(c)] for r in picked] for c in (cols[0], *cols[2:5])})]))
lab.text(f"{R}/Picks/job015/optimisation_set.star", star([("", {"rlnTomoParticlesFile": "Picks/job015/particles.star", "rlnTomoTomogramsFile": "Denoise/job014/tomograms.star"})]))
particles("Extract/job016/particles.star", picked, False)
particles("Class3D/job017/run_it025_data.star", picked, True)
particles("Select/job018/particles.star", [r for r in picked if r[-1] == 1], True)
particles("Refine3D/job019/run_it012_data.star", refined, True)
particles("Refine3D/job019/run_data.star", refined, True)
small = lambda p: seed(lab.name, p).normal(0, 1, (16, 16, 16)).astype(np.float32)
for p in ("Class3D/job017/run_it025_class001.mrc", "Class3D/job017/run_it025_class002.mrc", "Refine3D/job019/run_class001.mrc", "Refine3D/job019/run_half1_class001_unfil.mrc", "Refine3D/job019/run_half2_class001_unfil.mrc"):
    lab.junk("an average of particles", f"{R}/{p}", small(p), BIN4)
lab.junk("a mask of an average", f"{R}/MaskCreate/job020/mask.mrc", (np.hypot.outer(np.arange(16) - 8, np.hypot.outer(np.arange(16) - 8, np.arange(16) - 8)) < 6).astype(np.float32), BIN4)
lab.junk("images of one particle", f"{R}/Extract/job016/Subtomograms/lam4/1_stack2d.mrcs", seed(lab.name, "2d").normal(0, 1, (N, 16, 16)).astype(np.float32), BIN4, stack=True)
JOBS = [("Import/job001", "Import/first_try", "relion.importtomo"), ("AlignTiltSeries/job004", "None", "relion.aligntiltseries"), ("Tomograms/job005", "Tomograms/firstlook", "relion.reconstructtomograms"),
        ("Import/job006", "Import/both_sessions", "relion.importtomo"), ("MotionCorr/job007", "None", "relion.motioncorr.own"), ("CtfFind/job008", "None", "relion.ctffind.ctffind4"), ("AlignTiltSeries/job010", "AlignTiltSeries/imod_patch", "relion.aligntiltseries"),
        ("Tomograms/job012", "Tomograms/ten_angstrom", "relion.reconstructtomograms"), ("Denoise/job013", "Denoise/train", "relion.denoisetomo"), ("Denoise/job014", "Denoise/predict", "relion.denoisetomo"), ("Picks/job015", "Picks/ribo", "relion.picktomo"),
        ("Extract/job016", "None", "relion.pseudosubtomo"), ("Class3D/job017", "None", "relion.class3d"), ("Select/job018", "Select/good_ribo", "relion.select.interactive"), ("Refine3D/job019", "None", "relion.refine3d.tomo"), ("MaskCreate/job020", "None", "relion.maskcreate")]
for job, alias, label in JOBS:
    pixel = WRONG if job in ("Import/job001", "AlignTiltSeries/job004", "Tomograms/job005") else PIXEL
    lab.text(f"{R}/{job}/job.star", star([("job", {"rlnJobTypeLabel": label, "rlnJobIsContinue": 0, "rlnJobIsTomo": 1})]) + (star([("joboptions_values", {"rlnJobOptionVariable": ["angpix"], "rlnJobOptionValue": [pixel]})]) if job[:6] == "Import" else ""))
    lab.text(f"{R}/{job}/note.txt", f" ++++ Executing new job on {'Mon Mar 18' if pixel == WRONG else 'Tue May 21'} 2024\n")
    lab.text(f"{R}/{job}/RELION_JOB_EXIT_SUCCESS", "")
    if alias != "None":
        os.symlink(f"../{job}/", lab.root / R / alias)
lab.text(f"{R}/Import/job001/note.txt", " ++++ Executing new job on Mon Mar 18 2024\n\nWRONG PIXEL SIZE (that is the one of the SPA session). redo!!\n")
lab.text(f"{R}/Denoise/job013/denoising_model.tar.gz", b"\x1f\x8b\x08\0" + bytes(300))
edges = [("Import/job001", "AlignTiltSeries/job004"), ("AlignTiltSeries/job004", "Tomograms/job005"), ("Import/job006", "MotionCorr/job007"), ("MotionCorr/job007", "CtfFind/job008"), ("CtfFind/job008", "AlignTiltSeries/job010"), ("AlignTiltSeries/job010", "Tomograms/job012"),
         ("Tomograms/job012", "Denoise/job014"), ("Denoise/job014", "Picks/job015"), ("Picks/job015", "Extract/job016"), ("Extract/job016", "Class3D/job017"), ("Class3D/job017", "Select/job018"), ("Select/job018", "Refine3D/job019")]
node = {"Import": "tilt_series.star", "AlignTiltSeries": "aligned_tilt_series.star", "MotionCorr": "corrected_tilt_series.star", "CtfFind": "tilt_series_ctf.star", "Tomograms": "tomograms.star", "Denoise": "tomograms.star", "Class3D": "run_it025_data.star"}
node = lambda j, of=node: f"{j}/{of.get(j.split('/')[0], 'particles.star')}"
lab.text(f"{R}/default_pipeline.star", "\n# version 50001\n" + star([("pipeline_general", {"rlnPipeLineJobCounter": 21}),
         ("pipeline_processes", {"rlnPipeLineProcessName": [f"{j}/" for j, *_ in JOBS], "rlnPipeLineProcessAlias": [a if a == "None" else f"{a}/" for _, a, _ in JOBS], "rlnPipeLineProcessTypeLabel": [x for *_, x in JOBS], "rlnPipeLineProcessStatusLabel": ["Succeeded"] * len(JOBS)}),
         ("pipeline_input_edges", {"rlnPipeLineEdgeFromNode": [node(a) for a, _ in edges], "rlnPipeLineEdgeProcess": [f"{b}/" for _, b in edges]}),
         ("pipeline_output_edges", {"rlnPipeLineEdgeProcess": [f"{a}/" for a, _ in edges], "rlnPipeLineEdgeToNode": [node(a) for a, _ in edges]})]))
for f, day in (("frames_0312", "20240312"), ("frames_0514", "20240514")):
    os.symlink(f"../{RAW[day]}", lab.root / R / f)

# ---- the sessions, besides ----
lab.gain([t[0] for t in TABLE if t[1] == "20240312"], f"{RAW['20240312']}/20240311_173012_EER_GainReference.gain")
lab.gain([t[0] for t in TABLE if t[1] == "20240514"], f"{RAW['20240514']}/20240513_190544_EER_GainReference.gain")
for day in RAW:
    lab.junk("a search map", f"{RAW[day]}/SearchMaps/SearchMap_1.mrc", seed(lab.name, day).normal(100, 9, (1, 90, 90)).astype(np.int16), 61.0, stack=True)

# ---- picks by other programs ----
at = places(lab.name, "mitoribosome", n=9, size=np.array(SHAPE4[::-1]) * BIN4)
lab.text("aretomo2_march/Position_2/Position_2_mitoribo.mod", imod_model([("mitoribosome", [[p] for p in at], "scattered")], SHAPE4[::-1], BIN4))
lab.points("0312_Position_2", "aretomo2_march/Position_2/Position_2_mitoribo.mod", "mitoribosome", at, BIN4)
at = places(lab.name, "atp synthase", n=10, size=np.array(SHAPE[::-1]) * TEN)
ang = seed(lab.name, "artiax").uniform(-180, 180, (10, 3))
lab.text("chimerax/rec_lam6_atpsynthase.star", star([("particles", {"rlnTomoName": ["lam6"] * 10, **xyz(at / TEN), **{f"rlnOrigin{a}": [0.0] * 10 for a in "XYZ"}, **{f"rlnAngle{a}": ang[:, i].round(3).tolist() for i, a in enumerate(("Rot", "Tilt", "Psi"))}})]))
em("chimerax/rec_lam6_atpsynthase.em", [[1, 0, 0, 0, 6, i + 1, 0, *(p / TEN + 1), 0, 0, 0, 0, 0, 0, *a, 1] for i, (p, a) in enumerate(zip(at, ang))])
lab.points("0514_Position_5_2", "chimerax/rec_lam6_atpsynthase.star", "ATP synthase", at, TEN, also=["chimerax/rec_lam6_atpsynthase.em"])
at = places(lab.name, "contact", n=5, size=np.array(SHAPE[::-1]) * TEN)
lab.text("chimerax/rec_lam5b_ERcontacts.cmm", '<marker_set name="ER contacts">\n' + "".join('<marker id="%d" x="%.3f" y="%.3f" z="%.3f" r="1" g="1" b="0" radius="40"/>\n' % (i + 1, *p) for i, p in enumerate(at)) + "</marker_set>\n")
lab.points("0514_Position_2", "chimerax/rec_lam5b_ERcontacts.cmm", "ER contact", at, TEN)
lab.text("chimerax/README.txt", "ArtiaX / ChimeraX sessions. everything here on the denoised RELION tomograms (Denoise/predict, 10 A).\n.em and .star of lam6 are the same list, the .em was for Lukas.\n")
at = places(lab.name, "proteasome", n=7, size=np.array(SHAPE[::-1]) * TEN)
lab.text("blik/lam4_proteasome.star", star([("optics", {"rlnOpticsGroup": [0], "rlnTomoTiltSeriesPixelSize": [TEN]}), ("particles", {**xyz(at / TEN), **{f"rlnOrigin{a}Angst": [0.0] * 7 for a in "XYZ"}, **{f"rlnAngle{a}": [0.0] * 7 for a in ("Rot", "Tilt", "Psi")}, "experiment_id": ["rec_lam4"] * 7, "rlnOpticsGroup": [0] * 7})]))
lab.points("0514_Position_1", "blik/lam4_proteasome.star", "proteasome", at, TEN)
at = places(lab.name, "vesicle", n=6, size=np.array(SHAPE4[::-1]) * BIN4)
lab.text("aretomo3_may/napari/Position_1_vesicles.csv", "index,axis-0,axis-1,axis-2\n" + "".join("%d,%.4f,%.4f,%.4f\n" % (i, *(p / BIN4)[::-1]) for i, p in enumerate(at)))
lab.points("0514_Position_1", "aretomo3_may/napari/Position_1_vesicles.csv", "vesicle", at, BIN4)

# ---- the predecessor's tables ----
old = sorted(MAREK)
lab.text(f"{M}/input/tomograms_descr.star", star([("", {"rlnTomoName": old, "rlnTomoTiltSeriesName": [f"tomograms/{n}/{n}.mrc" for n in old], "rlnTomoImportImodDir": [f"tomograms/{n}" for n in old], "rlnTomoImportOrderList": [f"tomograms/{n}/{n}_order.csv" for n in old], "rlnTomoImportFractionalDose": [3.1] * 3})]))
lab.text(f"{M}/input/coords.star", star([("", {"rlnTomoName": old, "rlnTomoImportParticleFile": [f"coords/{n}.star" for n in old]})]))
one = {"rlnTomoProjX": ["[1,0,0,0]"] * N, "rlnTomoProjY": ["[0,1,0,0]"] * N, "rlnTomoProjZ": ["[0,0,1,0]"] * N, "rlnTomoProjW": ["[0,0,0,1]"] * N, "rlnMicrographPreExposure": [3.1 * TAKEN.index(a) for a in ANGLES]}
lab.text(f"{M}/ImportTomo/job001/tomograms.star", star([("global", {"rlnTomoName": old, "rlnTomoTiltSeriesName": [f"tomograms/{n}/{n}.mrc" for n in old], "rlnTomoFrameCount": [N] * 3, **{f"rlnTomoSize{a}": [v] * 3 for a, v in zip("XYZ", size)}, "rlnTomoHand": [-1.0] * 3,
         "rlnOpticsGroupName": ["opticsGroup1"] * 3, "rlnTomoTiltSeriesPixelSize": [PIXEL] * 3, "rlnVoltage": [300.0] * 3, "rlnSphericalAberration": [2.7] * 3, "rlnAmplitudeContrast": [0.1] * 3}), *((n, one) for n in old)]))
marek.sort(key=lambda r: r[:2])
lab.text(f"{M}/ImportTomo/job003/particles.star", star([("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnTomoTiltSeriesPixelSize": [PIXEL]}), ("particles", {**dict(zip(("rlnTomoName", "rlnTomoParticleId", *(f"rlnCoordinate{a}" for a in "XYZ")), zip(*[(r[0], r[1], *(float(v) for v in r[2:])) for r in marek]))), "rlnOpticsGroup": [1] * len(marek)})]))
lab.text(f"{M}/NUMBERS.txt", "my numbers (order in which I finished them, NOT the positions of the session of 12 March)\ntomo01 = Position_2\ntomo02 = Position_1\ntomo03 = Position_3 (drifts after the 4th tilt, but usable?)\nMarek\n")

# ---- IsoNet, cryoCARE ----
lab.text("isonet/tomograms.star", star([("", {"rlnIndex": [1, 2], "rlnMicrographName": [f"tomos/{n}_rec.mrc" for n in early], "rlnPixelSize": [BIN4] * 2, "rlnDefocus": [34000.0] * 2, "rlnNumberSubtomo": [100] * 2, "rlnSnrFalloff": [1.0] * 2, "rlnDeconvStrength": [1.0] * 2,
         "rlnDeconvTomoName": [f"deconv/{n}_rec.mrc" for n in early], "rlnMaskName": [f"mask/{n}_rec_mask.mrc" for n in early]})]))
lab.text("isonet/results/model_iter30.h5", b"\x89HDF\r\n\x1a\n" + bytes(200))
lab.text("cryocare_may/predict_config.json", '{\n  "path": "model/may.tar.gz",\n  "even": "../aretomo3_may/even_links",\n  "odd": "../aretomo3_may/odd_links",\n  "n_tiles": [1, 1, 1],\n  "output": "denoised",\n  "overwrite": false,\n  "gpu_id": 0\n}\n')

# ---- Tobias ----
lab.copy(f"{R}/Tomograms/job012/tomograms/rec_lam4.mrc", f"{T}/tomograms/rec_lam4.mrc")
lab.copy(f"{R}/Denoise/job014/tomograms/rec_d0312_Position_1.mrc", f"{T}/tomograms/rec_d0312_Position_1.mrc")
lab.copy(f"{R}/Tomograms/job012/tomograms/rec_lam6.mrc", f"{T}/tomograms/tomo_A.mrc")
lab.text(f"{T}/ribosomes/particles.star", (lab.root / R / "Picks/job015/particles.star").read_bytes())
lab.mask("0514_Position_1", f"{T}/membrain/rec_lam4_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", spec["0514_Position_1"].membrane(SHAPE), TEN)
mito = spec["0514_Position_5_2"].membrane(SHAPE, 1)
mito[(spec["0514_Position_5_2"].membrane(SHAPE, 2) > 0) & (mito == 0)] = 2
lab.mask("0514_Position_5_2", f"{T}/tomo_A_mito_labels.mrc", mito, TEN)
lab.tomogram("0514_Position_5_2", f"{T}/tomo_A_gauss.mrc", spec["0514_Position_5_2"].volume(SHAPE, TEN, 0.35), TEN, ("filtered",), may=True)
lab.text(f"{T}/notes_tobias.txt", "from Ines 3 June: rec_lam4 (raw), rec_d0312_Position_1 (denoised), tomo_A (= lam6, renamed so that I stay blind)\nmembrain on lam4 done\ntomo_A: labels by hand in napari, 1 outer membrane 2 inner. gauss only to look at\n")

# ---- a talk ----
lam4 = (0.75 * spec["0514_Position_1"].density(SHAPE, TEN) + 0.2 * spec["0514_Position_1"].volume(SHAPE, TEN)).astype(np.float32)
lab.junk("a crop for a figure", "talk_Heidelberg_June/lam4_crop_mito.mrc", lam4[3:9, 8:24, 10:26], TEN)
lab.junk("an average of slices for a figure", "talk_Heidelberg_June/lam4_5slices.mrc", lam4[4:9].mean(0)[None].astype(np.float32), TEN)
for p in ("fig1_lam4.png", "fig2_atpsynthase.png", "scheme.tif"):
    lab.picture(f"talk_Heidelberg_June/{p}")
lab.text("talk_Heidelberg_June/lam4.cxs", b"\x93NUMPY-no-session" + bytes(64))
lab.text("positions.csv", "session,position,lamella,relion,comment\n12 March,Position_1,lam1,d0312_Position_1,\n12 March,Position_2,lam2,d0312_Position_2,\n12 March,Position_3,lam5,-,drift; not imported; see May Position_2\n14 May,Position_1,lam4,lam4,\n14 May,Position_2,lam5,lam5b,same place as Position_3 of March (re-collected)\n14 May,Position_5_2,lam6,lam6,second start (Position_5 gave nothing)\n")
lab.text("README_ines.txt", """Krios2, S. cerevisiae lamellae, grid 7. Two sessions: 12 March and 14 May 2024 (grid stored in between). 3.02 A/pix, Falcon 4i EER.
CAREFUL: Tomography started to count again in May. Position_1 and Position_2 of May are NOT those of March -> positions.csv
relion5/       both sessions. Import/job001 had 2.42 (SPA), everything from it (up to job005) is wrong, use from job006 on. final: Tomograms/job012, Denoise/job014
aretomo2_march/, aretomo3_may/   for the figures of the mitochondria (own stacks, MotionCor3)
marek_relion4/ Marek's first project, of the March session, own numbers (NUMBERS.txt). Position_3 of March exists only there.
for_tobias/    copies, and what he made of them
""")
lab.done()
