"""A virology group's folder: cells infected with a coronavirus, wild type and three mutants, over two years, microscopes at home and at a facility.

Imitates
  SerialEM's mdoc: https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm; PACEtomo's names of series: https://github.com/eisfabian/PACEtomo;
  alignframes, which sums frames and stacks the sums, -adjust: https://bio3d.colorado.edu/imod/betaDoc/man/alignframes.html, https://bio3d.colorado.edu/imod/betaDoc/alignframesGuide.html;
  etomo and batchruntomo: https://bio3d.colorado.edu/imod/doc/tomoguide.html; directives as in https://pypi.org/project/waretomo/ and programs that write them (setupset.copyarg.pixel in nm);
  binspec: https://bio3d.colorado.edu/imod/doc/binspec.html;
  AreTomo2: https://github.com/czimaginginstitute/AreTomo2 (NAME_Imod/NAME_st.tlt, .xf, tilt.com; MrcUtil/CSaveAlnFile.cpp);
  WarpTools: https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/ (ts_stack, ts_import_alignments with the pixel of the alignment, ts_reconstruct, ts_template_match,
    ts_export_particles) and https://github.com/warpem/warp;
  RELION 5: https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html, columns of an extracted set as in https://github.com/hanjinliu/cylindra (Class3D's run_it025_data.star);
  Dynamo: https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention;
  MemBrain-seg: https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md.
From memory: alignframes' option that sorts the tilts, names of Tomography 5 and of MotionCor's sums, the lines of newstack's list of files, the text of an .ebt, the columns of the group's spreadsheet.

The mess: TS_01 is a wild type in March and a mutant in June; Position_1 is another place on each of two grids of one session, and only the spreadsheet (and a list of newstack's) says that it is WT_04;
series of 2024 have only their date; two series that the spreadsheet does not use, one of which was reconstructed; frames of a session are on tape; etomo on the facility's data was given up; AreTomo2 with
the pixel of the other microscope; a folder TS_02_old; the stack before X-rays were removed; copies under the paper's names; a series that nobody has reconstructed yet; a colleague's VLPs.
"""
import struct

import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, imod_model, lines, mdoc, places, seed, star, xf

HOME, OX, TEN = 2.682, 2.43, 10.0
SIZE, THICK, SHAPE4, SHAPE10 = (96, 96), 48, (12, 24, 24), (12, 26, 26)
TAKEN = dose_symmetric(12, 8)
ANGLES = sorted(TAKEN)
N = len(ANGLES)
MAR, JUN, FEB, SEP, JAN = "2022-03-15_Krios1_WT", "2022-06-21_Krios1_dUbl", "2023-02-10_eBIC_Krios3", "2023-09-05_Krios1_N15A", "2024-01-18_Krios1_H120N_rep"
DAY = {MAR: "15-Mar-22", JUN: "21-Jun-22", FEB: "10-Feb-23", SEP: "05-Sep-23", JAN: "18-Jan-24"}
#         run         session  at the microscope    pixel use    quality stage           hour  comment
TABLE = [("WT_01", MAR, "TS_01", HOME, "yes", 1, "101.4 -220.1", 10, "many DMVs"),
         ("WT_02", MAR, "TS_02", HOME, "yes", 2, "98.7 -231.9", 12, ""),
         ("WT_03", MAR, "TS_03", HOME, "no", 3, "45.1 310.5", 14, "drift at neg. tilts, lost tracking. do not use"),
         ("dUbl_01", JUN, "TS_01", HOME, "yes", 1, "-12.3 150.2", 9, ""),
         ("dUbl_02", JUN, "TS_02", HOME, "yes", 2, "-20.8 163.4", 11, "realigned Aug 22 (old one had a jump)"),
         ("dUbl_03", JUN, "TS_03", HOME, "yes", 1, "33.3 -87.5", 13, "virions in vesicle"),
         ("WT_04", FEB, "Position_1", OX, "yes", 1, "310.0 18.4", 9, "grid1"),
         ("WT_05", FEB, "Position_2", OX, "yes", 2, "305.6 30.9", 11, "grid1"),
         ("H120N_01", FEB, "Position_1", OX, "yes", 1, "-155.2 -80.3", 17, "grid4"),
         ("H120N_02", FEB, "Position_2", OX, "no", 3, "-160.7 -71.1", 19, "grid4, crystalline ice, not reconstructed"),
         ("N15A_01", SEP, "L1_ts_001", HOME, "yes", 1, "222.1 77.3", 10, "PACEtomo lamella 1"),
         ("N15A_02", SEP, "L1_ts_002", HOME, "yes", 1, "223.9 79.0", 10, "PACEtomo lamella 1"),
         ("N15A_03", SEP, "L2_ts_001", HOME, "yes", 2, "-41.0 12.6", 15, "PACEtomo lamella 2"),
         ("H120N_03", JAN, "20240118_ts_01", HOME, "yes", 1, "60.0 -144.4", 10, ""),
         ("H120N_04", JAN, "20240118_ts_02", HOME, "yes", 2, "66.6 -139.8", 13, "still to be reconstructed")]
GRID = {"WT": "grid1_WT", "H120N": "grid4_H120N"}
SPIKES = {"WT_01": 14, "WT_02": 11, "dUbl_01": 12, "dUbl_02": 9}
VIRIONS = {"dUbl_03": 8, "WT_04": 7, "N15A_01": 6}
PORES = {"N15A_01": 12, "N15A_02": 10, "N15A_03": 7, "H120N_03": 9}
W = "processing/warp/warp_tiltseries"
ROOT = "/data/coronalab/virology_mutants"

lab = Lab(__doc__, ["https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://bio3d.colorado.edu/imod/betaDoc/man/alignframes.html", "https://bio3d.colorado.edu/imod/doc/tomoguide.html",
                    "https://github.com/czimaginginstitute/AreTomo2", "https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/",
                    "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention", "https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html"])
box = lambda pixel: np.array(SHAPE4[::-1]) * pixel * 4
blob = lambda n, *w: seed("blob", *w).normal(0, 1, (n, n, n)).astype(np.float32)
BAD = "a series that the spreadsheet does not use"


def half16(d):
    return d.astype(np.float16)


def em(path, data):
    d = np.asarray(data, "<f4")
    lab.text(path, struct.pack("<4B3i", 6, 0, 0, 5, *d.shape[::-1]) + bytes(496) + d.tobytes())
    lab.never("an average", path)


def smooth(d):
    for axis in range(3):
        d = (np.roll(d, 1, axis) + 2 * d + np.roll(d, -1, axis)) / 4
    return d


def etomo(d, name, pixel, run):
    """What etomo and batchruntomo leave beside a stack."""
    lab.text(f"{d}.rawtlt", lines(ANGLES))
    lab.text(f"{d}.tlt", lines([a + 0.7 for a in ANGLES]))
    lab.text(f"{d}.xf", xf(N, run))
    lab.text(f"{d}.prexg", xf(N, run, "pre"))
    lab.text(f"{d}.edf", f"#Mon Apr 04 10:12:07 CEST 2022\nSetup.DatasetName={name}\nSetup.BackupDirectory=\nSetup.PixelSize={pixel / 10:.4f}\nSetup.AxisType=Single Axis\nSetup.ImageRotation=84.1\nSetup.FiducialDiameter=10.0\n")
    folder = d.rsplit("/", 1)[0]
    lab.text(f"{folder}/newst.com", f"$newstack -StandardInput\nInputFile\t{name}.st\nOutputFile\t{name}_ali.mrc\nTransformFile\t{name}.xf\nAdjustOrigin\nImagesAreBinned\t1.0\nBinByFactor\t4\nAntialiasFilter -1\n")
    lab.text(f"{folder}/tilt.com", f"$tilt -StandardInput\nInputProjections {name}_ali.mrc\nOutputFile {name}_full_rec.mrc\nIMAGEBINNED 4\nTILTFILE {name}.tlt\nTHICKNESS {THICK}\nFULLIMAGE {SIZE[1]} {SIZE[0]}\n$if (-e ./savework) ./savework\n")
    lab.text(f"{folder}/trimvol.com", f"$trimvol -rx -f {name}_full_rec.mrc {name}_rec.mrc\n")
    lab.text(f"{folder}/align.log", " Residual error mean and sd:    0.611    0.402 nm\n")


def aretomo(folder, name, pixel, run, volume, kept=True):
    """-OutImod 1 -OutBin 4"""
    lab.text(f"{folder}/{name}_rec.aln", aln(SIZE[::-1], ANGLES, run))
    imod = f"{folder}/{name}_Imod"
    lab.text(f"{imod}/{name}_st.tlt", lines([a - 0.4 for a in ANGLES]))
    lab.text(f"{imod}/{name}_st.xf", xf(N, run))
    lab.text(f"{imod}/{name}_st_order_list.csv", "ImageNumber, TiltAngle\n" + "".join(f"{i + 1:4d}, {a - 0.4:8.2f}\n" for i, a in enumerate(ANGLES)))
    lab.text(f"{imod}/newst.com", f"$newstack -StandardInput\nInputFile\t{name}_st.mrc\nOutputFile\t{name}_st.ali\nTransformFile\t{name}_st.xf\nTaperAtFill     1,0\nAdjustOrigin\nImagesAreBinned 1.0\nBinByFactor     1\n")
    lab.text(f"{imod}/tilt.com", f"$tilt -StandardInput\nInputProjections {name}_st.ali\nOutputFile {name}_st.rec\nIMAGEBINNED 1\nTILTFILE {name}_st.tlt\nTHICKNESS {THICK}\nFULLIMAGE {SIZE[1]} {SIZE[0]}\n")
    if kept:
        lab.tomogram(run, f"{folder}/{name}_rec.mrc", volume, pixel * 4)
        lab.junk("projection of the volume", f"{folder}/{name}_rec_projXY.mrc", volume.mean(0)[None].astype(np.float32), pixel * 4)


def settings(path, **p):
    tomo = f'  <Tomo>\n    <Param Name="DimensionsX" Value="{SIZE[1]}" />\n    <Param Name="DimensionsY" Value="{SIZE[0]}" />\n    <Param Name="DimensionsZ" Value="{THICK}" />\n  </Tomo>\n' if p.pop("tomo", 0) else ""
    rows = "".join(f'    <Param Name="{k}" Value="{v}" />\n' for k, v in p.items())
    lab.text(path, ('<?xml version="1.0" encoding="utf-16"?>\n<Settings>\n  <Import>\n' + rows + "  </Import>\n" + tomo + "</Settings>\n").encode("utf-16"))


def warp(run, name, frame, s, may):
    """A series in WarpTools, aligned by AreTomo2 on the stack that Warp wrote."""
    stem = lambda a: frame[a].removesuffix(".tif")
    for a in ANGLES[:2]:
        lab.junk("the motion-corrected image of one tilt", f"processing/warp/warp_frameseries/average/{stem(a)}.mrc", half16(seed("average", run, a).normal(10, 1, (1, 48, 48))), HOME, stack=True)
    for a in ANGLES:
        lab.text(f"processing/warp/warp_frameseries/{stem(a)}.xml", f'<?xml version="1.0" encoding="utf-16"?>\n<Movie UnselectManual="null" CTFResolutionEstimate="6.1">\n  <CTF>\n    <Param Name="Defocus" Value="4.1" />\n    <Param Name="PixelSize" Value="{HOME}" />\n  </CTF>\n</Movie>\n')
    dose = [f"{TAKEN.index(a) * 3.1 + 1.55:.2f}" for a in ANGLES]
    loop = {"wrpMovieName": [f"../warp_frameseries/{frame[a]}" for a in ANGLES], "wrpAngleTilt": [f"{a:.2f}" for a in ANGLES], "wrpAxisAngle": ["84.10"] * N, "wrpDose": dose, "wrpAverageIntensity": ["9.870"] * N, "wrpMaskedFraction": ["0.000"] * N}
    lab.text(f"processing/warp/tomostar/{name}.tomostar", star([("", loop)]))
    lab.text(f"{W}/{name}.xml", f'<?xml version="1.0" encoding="utf-16"?>\n<TiltSeries DataDirectory="{ROOT}/processing/warp/tomostar" AreAnglesInverted="True" PlaneNormal="0, 0, 1" UnselectManual="null">\n  <Angles>' + "\n".join(f"{a:.2f}" for a in ANGLES) + "</Angles>\n  <Dose>" + "\n".join(dose) + "</Dose>\n  <MoviePath>" + "\n".join(loop["wrpMovieName"]) + "</MoviePath>\n</TiltSeries>\n")
    st = f"{W}/tiltstack/{name}/{name}"
    lab.tilts(run, f"{st}.st", half16(s.stack(ANGLES, SIZE)), HOME, ANGLES)
    lab.text(f"{st}.rawtlt", lines(ANGLES))
    if may:
        return
    aretomo(f"processing/aretomo2/{'N15A' if run[0] == 'N' else '240118'}", name, HOME, run, s.volume(SHAPE4, HOME * 4, what="aretomo2"))
    body = s.density(SHAPE10, TEN)
    even, odd = (body + seed("noise", run, w).normal(0, 1.3, SHAPE10) for w in ("even", "odd"))
    rec = f"{W}/reconstruction"
    lab.tomogram(run, f"{rec}/{name}_10.00Apx.mrc", half16((even + odd) / 2), TEN)
    lab.half(run, f"{rec}/even/{name}_10.00Apx.mrc", half16(even), TEN)
    lab.half(run, f"{rec}/odd/{name}_10.00Apx.mrc", half16(odd), TEN)
    lab.tomogram(run, f"{rec}/deconv/{name}_10.00Apx.mrc", half16(smooth((even + odd) / 2) * 1.6), TEN, ("filtered",))
    lab.picture(f"{rec}/{name}_10.00Apx.png", why="a picture of a tomogram")


# ---- the microscopes, and each series' processing ----
specimen, spikes, spikes_first, virions, pores, pores_first, frames_of = {}, {}, {}, {}, {}, {}, {}
for run, session, name, pixel, use, q, stage, hour, comment in TABLE:
    good, sample = use == "yes", run.split("_")[0]
    if good:
        lab.run(run, name, f"{sample}_{name}", f"{session}_{name}", f"{GRID.get(sample, '')}_{name}", f"{session[:10]}_{name}")
    spikes_first[run] = places(lab.name, run, "spike", n=max(SPIKES.get(run, 0), 1), size=box(pixel))[: SPIKES.get(run, 0)]
    spikes[run] = spikes_first[run] + seed("refined", run).uniform(-6, 6, spikes_first[run].shape).round(2)
    virions[run] = places(lab.name, run, "virion", n=max(VIRIONS.get(run, 0), 1), size=box(pixel))[: VIRIONS.get(run, 0)]
    pores_first[run] = places(lab.name, run, "pore", n=max(PORES.get(run, 0), 1), size=box(pixel))[: PORES.get(run, 0)]
    keep = pores_first[run][: max(PORES.get(run, 0) - 3, 0)]
    pores[run] = keep + seed("refined", run).uniform(-4, 4, keep.shape).round(2)
    found = [p for p in (spikes[run], virions[run], pores_first[run]) if len(p)]
    s = specimen[run] = Specimen(f"{lab.name} {run}", [n * pixel for n in (*SIZE[::-1], THICK)], found, radius=24)
    # the microscope
    d, m, y = DAY[session].split("-")
    clock = lambda i: f"{hour}.{i * 2 + 11:02d}.{(i * 17) % 60:02d}"
    raw = f"raw/{session}"
    if session == FEB:
        grid = f"{raw}/{GRID[sample]}"
        names = [f"{name}_{i + 1:03d}_{a:.2f}_20230210_{hour:02d}{i * 2 + 11:02d}31_EER.eer" for i, a in enumerate(TAKEN)]
        folder, where, mdocs = f"{grid}/{{}}", "Z:\\DoseFractions\\coronalab\\" + GRID[sample] + "\\", f"{grid}/{name}.mdoc"
        camera = "TOMOGRAPHY: Titan Krios G4, Falcon 4i"
    else:
        names = [f"{name}_{i:03d}_{a:.1f}_{m}{d}_{clock(i)}.tif" for i, a in enumerate(TAKEN)]
        folder, where, mdocs = f"{raw}/frames/{{}}", f"X:\\Lena\\{session}\\frames\\", f"{raw}/{name}.mrc.mdoc"
        camera = "SerialEM: Acquired on Titan Krios 1, K3"
    if session != JUN:
        lab.movies(run if good else None, [folder.format(f) for f in names])
        if not good:
            lab.never(BAD, *[folder.format(f) for f in names])
    frame = frames_of[run] = dict(zip(TAKEN, names))
    text = mdoc(TAKEN, pixel, names, f"{name}.mrc", SIZE[::-1], folder=where, camera=camera).replace("14-Feb-23  09:", f"{DAY[session]}  {hour:02d}:").replace("12.5 -40.1", stage)
    lab.text(mdocs, text)
    stack = s.stack(ANGLES, SIZE)
    # the older half: alignframes and etomo
    if session in (MAR, JUN):
        e = f"processing/etomo/{sample}/{name}/{name}"
        if good:
            lab.tilts(run, f"{e}.st", stack, pixel, ANGLES)
            rec = np.round(s.volume(SHAPE4, pixel * 4) * 40).astype(np.int16)
            lab.tomogram(run, f"{e}_rec.mrc", rec, pixel * 4)
        else:
            lab.junk(BAD, f"{e}.st", stack, pixel, stack=True)
            lab.junk(BAD, f"{e}_rec.mrc", np.round(s.volume(SHAPE4, pixel * 4) * 40).astype(np.int16), pixel * 4)
        order = sorted(range(N), key=lambda i: TAKEN[i])
        lab.text(f"{e}.st.mdoc", mdoc(ANGLES, pixel, [names[i] for i in order], f"{name}.st", SIZE[::-1], folder=where, camera=camera, order=order).replace("14-Feb-23  09:", f"{DAY[session]}  {hour:02d}:").replace("12.5 -40.1", stage))
        etomo(e, name, pixel, run)
        if run == "WT_01":
            before = stack.copy()
            before.reshape(N, -1)[np.arange(N), seed("xray").integers(0, SIZE[0] * SIZE[1], N)] += 900
            lab.tilts(run, f"{e}_orig.st", before, pixel, ANGLES)
            lab.run(run)["tiltseries"][-1]["may"] = True
            lab.junk("the aligned stack", f"{e}_ali.mrc", np.roll(stack.reshape(N, 24, 4, 24, 4).mean((2, 4)), 2, 2).round().astype(np.int16), pixel * 4, stack=True)
            lab.junk("the volume before it was turned", f"{e}_full_rec.mrc", np.ascontiguousarray(np.round(s.volume(SHAPE4, pixel * 4) * 40)[::-1].transpose(1, 0, 2)).astype(np.int16), pixel * 4)
        if run == "dUbl_02":
            o = f"processing/etomo/{sample}/TS_02_old/{name}"
            lab.copy(f"{e}.st", f"{o}.st")
            etomo(o, name, pixel, "old")
            lab.junk("an alignment that was replaced", f"{o}_rec.mrc", np.round(np.roll(s.volume(SHAPE4, pixel * 4, what="old"), (1, 2), (1, 2)) * 40).astype(np.int16), pixel * 4)
    # the facility: MotionCor, newstack, AreTomo2
    if session == FEB:
        a2 = "processing/aretomo2/eBIC_Feb23"
        sums = [f"{frame[a].removesuffix('_EER.eer')}_mc.mrc" for a in ANGLES]
        lab.text(f"processing/motioncor/{run}_filein.txt", f"{N}\n" + "".join(f"{GRID[sample]}/{f}\n0\n" for f in sums))
        if run == "WT_04":
            for f, i in zip(sums, stack):
                lab.junk("sum of the frames of one tilt", f"processing/motioncor/{GRID[sample]}/{f}", i[None].astype(np.float32), pixel, stack=True)
        if good:
            lab.tilts(run, f"{a2}/{run}.st", stack, pixel, ANGLES)
            aretomo(a2, run, pixel, run, s.volume(SHAPE4, pixel * 4))
        else:
            lab.junk(BAD, f"{a2}/{run}.st", stack, pixel, stack=True)
        lab.text(f"{a2}/{run}.rawtlt", lines(ANGLES))
        lab.text(f"{a2}/{run}.mdoc", text)
        if run == "WT_04":
            e = f"processing/etomo/WT/{run}/{run}"
            lab.copy(f"{a2}/{run}.st", f"{e}.st")
            etomo(e, run, pixel, "etomo")
            lab.junk("etomo's try, which was given up", f"{e}_rec.mrc", np.round(np.roll(s.volume(SHAPE4, pixel * 4, what="etomo"), (2, -2), (1, 2)) * 40).astype(np.int16), pixel * 4)
            wrong = "processing/aretomo2/eBIC_Feb23_wrong_pix"
            aretomo(wrong, run, HOME, "wrong", None, kept=False)
            lab.junk("the pixel of the other microscope", f"{wrong}/{run}_rec.mrc", s.volume(SHAPE4, HOME * 4, what="wrong"), HOME * 4)
    if session in (SEP, JAN):
        warp(run, name, frame, s, may=run == "H120N_04")

lab.gain([r[0] for r in TABLE if r[1] == MAR and r[4] == "yes"], f"raw/{MAR}/frames/CountRef_TS_01_000_0.0_Mar15_10.11.00.mrc")
lab.gain([r[0] for r in TABLE if r[1] == FEB and r[4] == "yes"], f"raw/{FEB}/20230208_094412_EER_GainReference.gain")
lab.gain([r[0] for r in TABLE if r[1] == SEP], f"raw/{SEP}/frames/CountRef_L1_ts_001_000_0.0.mrc")
lab.gain([r[0] for r in TABLE if r[1] == JAN], f"raw/{JAN}/frames/CountRef_20240118_ts_01_000_0.0.mrc")
lab.text(f"raw/{JUN}/FRAMES_ARE_ON_TAPE.txt", "frames moved to tape 2023-04 (LTO 000317), ask IT. mdocs are here.\n")
for session in (MAR, SEP):
    lab.junk("maps of squares", f"raw/{session}/MMM.mrc", seed("mmm", session).normal(100, 8, (3, 36, 36)).astype(np.int16), 62.0, stack=True)
    lab.text(f"raw/{session}/nav.nav", "AdocVersion = 2.00\nLastSavedAs = X:\\Lena\\nav.nav\n\n[Item = 1]\nColor = 0\nNote = 1-A\n")
lab.text(f"raw/{SEP}/L1_tgts.txt", "_set startTilt = 0\n\n_tgt = 001\ntgtfile = L1_tgt_001.mrc\ntsfile = L1_ts_001.mrc\nSSX = 0\nSSY = 0\n\n_tgt = 002\ntgtfile = L1_tgt_002.mrc\ntsfile = L1_ts_002.mrc\nSSX = 1.9\nSSY = 0.3\n")
lab.junk("preview of a target", f"raw/{SEP}/L1_tgt_001.mrc", seed("tgt").normal(100, 8, (1, 40, 40)).astype(np.int16), HOME * 4, stack=True)
for g in GRID.values():
    lab.picture(f"raw/{FEB}/{g}/Position_1_Search.png", why="a picture of the microscope")

settings("processing/warp/warp_frameseries.settings", DataFolder=f"../../raw/{SEP}/frames", ProcessingFolder="warp_frameseries", PixelSize=HOME, BinTimes=0, Extension="*.tif", DosePerAngstromFrame=-3.1)
settings("processing/warp/warp_frameseries_240118.settings", DataFolder=f"../../raw/{JAN}/frames", ProcessingFolder="warp_frameseries", PixelSize=HOME, BinTimes=0, Extension="*.tif", DosePerAngstromFrame=-3.1)
settings("processing/warp/warp_tiltseries.settings", DataFolder="tomostar", ProcessingFolder="warp_tiltseries", PixelSize=HOME, BinTimes=0, Extension="*.tomostar", DosePerAngstromFrame=0, tomo=1)
lab.text("processing/warp/warp_cmds.txt", f"""WarpTools fs_motion_and_ctf --settings warp_frameseries.settings --m_grid 1x1x3 --c_grid 2x2x1 --out_averages
WarpTools ts_import --mdocs ../../raw/{SEP} --frameseries warp_frameseries --tilt_exposure 3.1 --output tomostar
WarpTools ts_stack --settings warp_tiltseries.settings
# AreTomo2 -> ../aretomo2/
WarpTools ts_import_alignments --settings warp_tiltseries.settings --alignments ../aretomo2/N15A --alignment_angpix {HOME}
WarpTools ts_ctf --settings warp_tiltseries.settings --range_high 7
WarpTools ts_reconstruct --settings warp_tiltseries.settings --angpix 10 --halfmap_frames
WarpTools ts_template_match --settings warp_tiltseries.settings --tomo_angpix 10 --template_path pore_10A.mrc --template_diameter 220 --symmetry C6
WarpTools threshold_picks --settings warp_tiltseries.settings --in_suffix pore --out_suffix clean --minimum 5
WarpTools ts_export_particles --settings warp_tiltseries.settings --input_directory warp_tiltseries/matching --input_pattern "*_pore_clean.star" --normalized_coords --output_star ../relion5/pore_bin2.star --output_angpix {HOME * 2} --box 96 --diameter 220 --relative_output_paths --2d
# 240118 the same, appended Feb 2024. ts_02 not aligned yet
""")
lab.text("processing/aretomo2/run_aretomo2.sh", "#!/bin/bash\n" + "".join(f"AreTomo2 -InMrc eBIC_Feb23/{r}.st -OutMrc eBIC_Feb23/{r}_rec.mrc -AngFile eBIC_Feb23/{r}.rawtlt -VolZ {THICK} -OutBin 4 -TiltAxis -85.3 1 -FlipVol 1 -OutImod 1 -PixSize {OX} -Kv 300 -Cs 2.7\n" for r in ("WT_04", "WT_05", "H120N_01"))
         + "".join(f"AreTomo2 -InMrc ../warp/warp_tiltseries/tiltstack/{n}/{n}.st -OutMrc {f}/{n}_rec.mrc -AngFile ../warp/warp_tiltseries/tiltstack/{n}/{n}.rawtlt -VolZ {THICK} -OutBin 4 -TiltAxis -85.3 1 -FlipVol 1 -OutImod 1 -PixSize {HOME} -Kv 300 -Cs 2.7\n" for f, n in (("N15A", "L1_ts_001"), ("N15A", "L1_ts_002"), ("N15A", "L2_ts_001"), ("240118", "20240118_ts_01"))))
lab.text("processing/aretomo2/eBIC_Feb23_wrong_pix/README", "forgot to change -PixSize (Krios1!). Not used, see eBIC_Feb23\n")
lab.text("processing/etomo/batch_mar22.ebt", "#Tue Apr 05 09:10:11 CEST 2022\nmeta.ver=1.0\nmeta.RootName=batch_mar22\nmeta.row.ebt1.Run=true\n")
lab.text("processing/etomo/batchDirective.adoc", f"setupset.copyarg.userawtlt = 1\nsetupset.copyarg.stackext = st\nsetupset.copyarg.pixel = {HOME / 10:.4f}\nsetupset.copyarg.rotation = 84.1\nsetupset.copyarg.gold = 10\nsetupset.copyarg.dual = 0\nruntime.Preprocessing.any.removeXrays = 1\nruntime.AlignedStack.any.binByFactor = 4\ncomparam.tilt.tilt.THICKNESS = {THICK}\nruntime.Trimvol.any.reorient = 2\n")
lab.text("processing/etomo/alignframes_all.sh", "# IMOD 4.12\nfor s in WT/TS_01 WT/TS_02 WT/TS_03; do alignframes -mdoc ../../raw/" + MAR + "/$(basename $s).mrc.mdoc -path ../../raw/" + MAR + "/frames -gain ../../raw/" + MAR + "/frames/CountRef_TS_01_000_0.0_Mar15_10.11.00.mrc -reorder 1 -adjust -output $s/$(basename $s).st; done\n"
         "for s in dUbl/TS_01 dUbl/TS_02 dUbl/TS_03; do alignframes -mdoc ../../raw/" + JUN + "/$(basename $s).mrc.mdoc -path ../../raw/" + JUN + "/frames -reorder 1 -adjust -output $s/$(basename $s).st; done\n")

# ---- spikes: Dynamo, clicked on etomo's tomograms ----
withspikes = list(SPIKES)
at_scope = {r[0]: r[2] for r in TABLE}
doc = "".join(f"{i} {ROOT}/processing/etomo/{t.split('_')[0]}/{at_scope[t]}/{at_scope[t]}_rec.mrc\n" for i, t in enumerate(withspikes, 1))


def table(path, where, shifts=None):
    out, tag = "", 0
    for i, t in enumerate(withspikes, 1):
        for k, p in enumerate(where[t]):
            tag += 1
            shift = (0, 0, 0) if shifts is None else (shifts[t][k] - p) / (HOME * 4)
            v = [tag, 1, 1, *shift, *seed("euler", tag, path).uniform(-180, 180, 3), 0.27, 0, 0, 1, -48, 48, -48, 48, 0, 0, i, 1, 1, 0, *np.round(p / (HOME * 4) + 1, 4), 0, 0, 0, 0, 0, 0, 0, 0, 0]
            out += " ".join(f"{x:g}" if float(x).is_integer() else f"{x:.4f}" for x in v) + "\n"
    lab.text(path, out)


D = "processing/dynamo"
lab.text(f"{D}/spikes.vll", "".join(f"{row.split()[1]}\n* index = {row.split()[0]}\n* apix = {HOME * 4:.3f}\n\n" for row in doc.splitlines()))
lab.text(f"{D}/spikes_bin4.Data/indices_column20.doc", doc)
table(f"{D}/spikes_bin4.Data/crop.tbl", spikes_first)
table(f"{D}/spike_align/results/ite_0006/averages/refined_table_ref_001_ite_0006.tbl", spikes_first, spikes)
em(f"{D}/spike_align/results/ite_0006/averages/average_ref_001_ite_0006.em", blob(12, "spike"))
em(f"{D}/spikes_bin4.Data/template.em", blob(12, "template"))
for t in withspikes:
    lab.points(t, f"{D}/spike_align/results/ite_0006/averages/refined_table_ref_001_ite_0006.tbl", "spike", spikes[t], HOME * 4, also=[f"{D}/spikes_bin4.Data/crop.tbl"], before=spikes_first[t])

# ---- virions: clicked in 3dmod ----
for t, file in (("dUbl_03", "processing/etomo/dUbl/TS_03/TS_03_virions.mod"), ("WT_04", "picks/WT_04_virions.mod"), ("N15A_01", "picks/L1_ts_001_rec_virions.mod")):
    voxel = 4 * next(r[3] for r in TABLE if r[0] == t)
    lab.text(file, imod_model([("virions", [[p] for p in virions[t]], "scattered")], SHAPE4[::-1], voxel))
    also = []
    if t == "WT_04":
        also = ["picks/WT_04_virions.txt"]
        lab.text(also[0], "".join("%12.2f%12.2f%12.2f\n" % tuple(p / voxel + (0.5, 0.5, 0)) for p in virions[t]))
    lab.points(t, file, "virion", virions[t], voxel, also=also)

# ---- pores: Warp's template matching, RELION 5 ----
withpores = list(PORES)
size10 = np.array(SHAPE10[::-1]) * TEN
for t in withpores:
    m = f"{W}/matching/{at_scope[t]}_10.00Apx_pore"
    more = np.concatenate([pores_first[t], places(lab.name, t, "false", n=20, size=box(HOME))])
    for suffix, p in (("", more), ("_clean", pores_first[t])):
        a = seed("angles", t, suffix).uniform(0, 180, (len(p), 3)).round(3)
        cols = {f"rlnCoordinate{c}": [f"{v:.6f}" for v in p[:, i] / size10[i]] for i, c in enumerate("XYZ")} | {f"rlnAngle{c}": a[:, i].tolist() for i, c in enumerate(("Rot", "Tilt", "Psi"))}
        lab.text(f"{m}{suffix}.star", star([("", {**cols, "rlnMicrographName": [f"{at_scope[t]}.tomostar"] * len(p), "rlnAutopickFigureOfMerit": [f"{8.5 - 0.1 * i:.3f}" for i in range(len(p))]})]))
    lab.never("peaks before the threshold", f"{m}.star")
    lab.junk("correlations of a template", f"{m}_corr.mrc", np.abs(seed("corr", t).normal(0, 1, SHAPE10)).astype(np.float32), TEN)
lab.junk("a template", "processing/warp/pore_10A.mrc", blob(16, "pore"), TEN)
BIN2 = HOME * 2


def relion(path, where, classes=False, shifts=None):
    rows = [(t, k, p) for t in withpores for k, p in enumerate(where[t])]
    cols = {"rlnTomoName": [f"{at_scope[t]}.tomostar" for t, _, _ in rows], "rlnTomoParticleId": list(range(1, len(rows) + 1))}
    cols |= {f"rlnCoordinate{c}": [f"{p[i] / BIN2:.3f}" for _, _, p in rows] for i, c in enumerate("XYZ")}
    if shifts is not None:
        cols |= {f"rlnOrigin{c}Angst": [f"{p[i] - shifts[t][k][i]:.4f}" for t, k, p in rows] for i, c in enumerate("XYZ")}
    cols |= {"rlnAngleRot": [12.5] * len(rows), "rlnAngleTilt": [80.25] * len(rows), "rlnAnglePsi": [-33.1] * len(rows), "rlnOpticsGroup": [1] * len(rows), "rlnImageName": [f"../warp/warp_tiltseries/particleseries/{at_scope[t]}/{at_scope[t]}_{BIN2:.2f}A_{k:06d}.mrcs" for t, k, _ in rows]}
    cols |= {"rlnClassNumber": [1] * len(rows)} if classes else {}
    optics = {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnSphericalAberration": ["2.700"], "rlnVoltage": ["300.000"], "rlnTomoTiltSeriesPixelSize": [f"{BIN2:.5f}"], "rlnCtfDataAreCtfPremultiplied": [1], "rlnImageDimensionality": [2], "rlnTomoSubtomogramBinning": ["1.00000"], "rlnImagePixelSize": [f"{BIN2:.5f}"], "rlnImageSize": [96], "rlnAmplitudeContrast": ["0.070"]}
    lab.text(path, star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", optics), ("particles", cols)]))


R = "processing/relion5"
kept_first = {t: pores_first[t][: len(pores[t])] for t in withpores}
relion(f"{R}/pore_bin2.star", pores_first)
relion(f"{R}/Class3D/job007/run_it025_data.star", pores_first, classes=True, shifts=pores_first)
relion(f"{R}/Select/job009/particles.star", kept_first, classes=True)
relion(f"{R}/Refine3D/job014/run_data.star", kept_first, shifts=pores)
lab.text(f"{R}/pore_bin2_tomograms.star", star([("global", {"rlnTomoName": [f"{at_scope[t]}.tomostar" for t in withpores], "rlnTomoTiltSeriesName": ["dummy_tiltseries.mrc"] * len(withpores), "rlnTomoFrameCount": [N] * len(withpores),
         **{f"rlnTomoSize{c}": [int(n / 2)] * len(withpores) for c, n in zip("XYZ", (*SIZE[::-1], THICK))}, "rlnTomoHand": ["-1.0"] * len(withpores), "rlnOpticsGroupName": ["opticsGroup1"] * len(withpores), "rlnTomoTiltSeriesPixelSize": [f"{BIN2:.5f}"] * len(withpores)})]))
lab.text(f"{R}/pore_bin2_optimisation_set.star", star([("", {"rlnTomoParticlesFile": "pore_bin2.star", "rlnTomoTomogramsFile": "pore_bin2_tomograms.star"})]))
lab.junk("a file that WarpTools writes so that RELION finds one", f"{R}/dummy_tiltseries.mrc", np.zeros((2, 2, 2), np.float16), 1.0)
lab.text(f"{R}/Refine3D/job014/note.txt", " ++++ Executing new job on Mon Mar 11 18:40:02 2024\nrelion_refine_mpi --ios Select/job009/optimisation_set.star --o Refine3D/job014/run\n")
for f in ("Refine3D/job014/run_half1_class001_unfil", "Refine3D/job014/run_half2_class001_unfil", "Refine3D/job014/run_class001", "Class3D/job007/run_it025_class001", "PostProcess/job016/postprocess"):
    lab.junk("an average", f"{R}/{f}.mrc", blob(16, f), BIN2)
lab.junk("a mask of an average", f"{R}/MaskCreate/job015/mask.mrc", (smooth(blob(16, "mask")) > 0).astype(np.float32), BIN2)
for i in range(2):
    lab.junk("images of one particle", f"{W}/particleseries/L1_ts_001/L1_ts_001_{BIN2:.2f}A_{i:06d}.mrcs", half16(seed("p", i).normal(0, 1, (N, 12, 12))), BIN2, stack=True)
for t in withpores:
    lab.points(t, f"{R}/Refine3D/job014/run_data.star", "DMV pore", pores[t], TEN, also=[f"{R}/Select/job009/particles.star"], before=kept_first[t])
    lab.points(t, f"{W}/matching/{at_scope[t]}_10.00Apx_pore_clean.star", "DMV pore", pores_first[t], TEN, also=[f"{R}/pore_bin2.star", f"{R}/Class3D/job007/run_it025_data.star"], may=True)  # before the classification

# ---- membranes, and what has piled up ----
for t, n, pixel in (("WT_04", "WT_04", OX), ("N15A_01", "L1_ts_001", HOME)):
    lab.mask(t, f"segmentation/{n}_rec_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", specimen[t].membrane(SHAPE4), pixel * 4)
for t, source in (("WT_01", "processing/etomo/WT/TS_01/TS_01_rec.mrc"), ("dUbl_01", "processing/etomo/dUbl/TS_01/TS_01_rec.mrc"), ("H120N_01", "processing/aretomo2/eBIC_Feb23/H120N_01_rec.mrc"), ("N15A_01", "processing/aretomo2/N15A/L1_ts_001_rec.mrc")):
    lab.copy(source, f"for_paper/Fig2/{t}.mrc")
lab.picture("for_paper/Fig2/Fig2_panels_v3.png")
lab.picture("for_paper/FigS4_residuals.tif")
vlp = Specimen("marc", box(HOME), [places("marc", n=5, size=box(HOME))])
why = "a colleague's"
lab.junk(why, "HIV_VLP_Marc/TS_01.st", vlp.stack(ANGLES[::2], (72, 72)), HOME, stack=True)
lab.text("HIV_VLP_Marc/TS_01.rawtlt", lines(ANGLES[::2]))
lab.junk(why, "HIV_VLP_Marc/TS_01_rec.mrc", np.round(vlp.volume((10, 18, 18), HOME * 4) * 40).astype(np.int16), HOME * 4)
lab.text("HIV_VLP_Marc/README.txt", "Marc's HIV VLPs, only here because his quota was full. Not part of this project, not to be published!\n")
lab.text("tilt_series_overview.csv", ("Sample;No;Date;Microscope;Session folder;Name at scope;Pixel (A);Tilts;Quality (1 best);Use;Comment\r\n" + "".join(
    f"{r.split('_')[0]};{int(r.split('_')[1])};{DAY[s]};{'eBIC Krios3' if s == FEB else 'Krios1'};{s};{n};{str(p).replace('.', ',')};{N};{q};{use};{c}\r\n" for r, s, n, p, use, q, _, _, c in TABLE)).encode("cp1252"))
lab.text("good_tomos_for_spikes.txt", "".join(f"{t}\n" for t in withspikes))
lab.text("README.txt", """Mutants of MHV nsp3 / E, infected 17Cl-1 cells, lamellae. Lena & Tomasz, 2022-2024

raw/         as recorded. Krios1 = ours (SerialEM, 2.682 A), eBIC Krios3 = Tomography 5, 2.43 A
tilt_series_overview.csv   one row per tilt series. Number = number within the sample (WT_04 = 4th wild type).
             Only those with Use = yes go into the paper and will be deposited.
processing/etomo      2022: alignframes + batchruntomo, bin 4. (eBIC data with etomo: no good, too few beads -> AreTomo2)
processing/motioncor  eBIC: MotionCor3, then newstack into WT_04.st etc.
processing/aretomo2   2023/24, bin 4
processing/warp       Sept 2023 and Jan 2024
processing/dynamo     spikes on virions
processing/relion5    DMV pores
picks/       by hand in 3dmod
for_paper/   copies
""")
lab.done()
