#!/usr/bin/env python3
"""Three external drives of a group, copied side by side into one folder: raw data, reconstructions, picks; names and bookkeeping alone join them.

Imitates
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm   (NAME.mrc.mdoc, SubFramePath, CountRef)
  https://github.com/warpem/warp/issues/461                        (Tomography 5: Position_3_12.mdoc, its axis)
  https://github.com/warpem/warp                                   (Position_1_001_0.00_DATE_TIME_fractions.tiff, as public readers of such mdocs have it)
  https://bio3d.colorado.edu/imod/doc/tomoguide.html, man/binvol.html, man/newstack.html, binspec.html (old and new names of etomo; -mode 0)
  https://github.com/czimaginginstitute/AreTomo2                   (-OutMrc, .aln, _Imod, _projXY)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention
  https://github.com/teamtomo/membrain-seg                         (NAME_CKPT_segmented.mrc)
  https://napari.org/stable/howtos/layers/points.html              (index,axis-0,axis-1,axis-2: z, y, x)
  https://github.com/FrangakisLab/ArtiaX/blob/main/src/io/Artiatomi/ArtiatomiParticleData.py (rows 8 to 10 from 1, 11 to 13 shifts)

`Elements_4TB` (a Mac's) has the raw data of three sessions and two reconstructions that were made anew; `WD_backup` (Windows) the reconstructions, a partial backup of
both others and a colleague's tomograms of Chlamydomonas, two of which are called as Tomography 5 calls series here; `Seagate_Anna` picks, segmentations, binned copies.
L1's series are `ts001` … in etomo: folders name the session, some have a copy of the stack, all have its mdoc, the spreadsheet joins both. Two pilots have no series
anywhere; `L1_ts_004` and `Position_10` have no tomogram. All volumes are noise of their own, but binned copies and those as bytes are what they say.
Old and new: a README says that the new `ts002.rec` counts; of `Pos2` there is only a `_v2` of a later date, so that the first may be published or not.
Binned copies on which somebody segmented or picked count as tomograms; those without anything may; the one of the old `ts002` must not.
"""
import os
import struct
import time

import numpy as np

from kit import Lab, Specimen, aln, imod_model, lines, mdoc, noise, places, xf

E, W, S = "Elements_4TB", "WD_backup", "Seagate_Anna"
SHAPE, HALF, RAW = (20, 28, 36), (10, 14, 18), (112, 144)  # z, y, x at bin 4 and bin 8; images y, x
LINEAR = [float(a) for a in range(-42, 43, 12)]
SYMMETRIC = [0.0] + [float(s * k * 12) for k in range(1, 5) for s in (1, -1)]
CKPT = "MemBrain_seg_v10_alpha.ckpt"
#           folder of raw data               its name in WD_backup      pixel   angles     frames are there
SESSIONS = {"A": ("2022-06-14_yeast_SerialEM", "etomo/2022-06-14_yeast", 2.10, LINEAR,    True),
            "B": ("2022-11-03_mito_Tomo5",     "aretomo2_mito",          2.68, SYMMETRIC, True),
            "C": ("2023-02-20_yeast_SerialEM", "etomo/2023-02-20_yeast", 2.10, LINEAR,    False),
            "P": (None,                        "2021_pilot",             3.45, None,      False)}
#         series          of   tomogram's    stack copied  binned     sample                      quality  comment
TABLE = [("L1_ts_001",    "A", "ts001",      True,  "picked",  "S. cerevisiae WT",               4, ""),
         ("L1_ts_002",    "A", "ts002",      True,  "old",     "S. cerevisiae WT",               5, "re-aligned March 2023"),
         ("L1_ts_003",    "A", "ts003",      False, None,      "S. cerevisiae WT",               3, ""),
         ("L1_ts_004",    "A", None,         False, None,      "S. cerevisiae WT",               1, "drift, not reconstructed"),
         ("Position_1",   "B", "Pos1",       False, "unused",  "isolated yeast mitochondria",    5, "best one"),
         ("Position_2",   "B", "Pos2",       False, None,      "isolated yeast mitochondria",    4, ""),
         ("Position_2_2", "B", "Pos2_2",     False, None,      "isolated yeast mitochondria",    4, ""),
         ("Position_10",  "B", None,         False, None,      "isolated yeast mitochondria",    2, "thick ice"),
         ("L3_ts_001",    "C", "L3_ts_001",  True,  "picked",  "S. cerevisiae atg15",            4, ""),
         ("L3_ts_002",    "C", "L3_ts_002",  False, "picked",  "S. cerevisiae atg15",            5, "nice vacuole"),
         ("L3_ts_003",    "C", "L3_ts_003",  False, None,      "S. cerevisiae atg15",            3, ""),
         ("pilot_03",     "P", "pilot_03",   False, None,      "S. cerevisiae WT (pilot)",       3, "raw data lost, only tomogram"),
         ("pilot_07",     "P", "pilot_07",   False, None,      "S. cerevisiae WT (pilot)",       2, "raw data lost, only tomogram")]
#         object            series          in what            on bin  how many
PICKS = [("80S",            "L1_ts_001",    "dynamo",          4, 11),
         ("80S",            "L1_ts_003",    "dynamo",          4, 8),
         ("80S",            "L3_ts_001",    "dynamo",          4, 9),
         ("80S",            "L3_ts_003",    "dynamo",          4, 6),
         ("NPC",            "L1_ts_001",    "imod",            8, 4),
         ("crista_junction", "Position_2_2", "imod",           4, 7),
         ("ATP_synthase",   "Position_1",   "napari",          4, 12),
         ("80S_manual",     "L3_ts_002",    "napari",          8, 10),
         ("prohibitin",     "Position_2",   "artiax",          4, 9),
         ("80S",            "pilot_03",     "artiax",          4, 13)]
MASKS = [("Position_1", 4), ("L3_ts_001", 8), ("L3_ts_002", 8)]

lab = Lab(__doc__, ["https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://github.com/warpem/warp/issues/461", "https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://bio3d.colorado.edu/imod/doc/man/binvol.html",
                    "https://bio3d.colorado.edu/imod/doc/man/newstack.html", "https://bio3d.colorado.edu/imod/doc/binspec.html", "https://github.com/czimaginginstitute/AreTomo2", "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention",
                    "https://github.com/teamtomo/membrain-seg", "https://napari.org/stable/howtos/layers/points.html", "https://github.com/FrangakisLab/ArtiaX/blob/main/src/io/Artiatomi/ArtiatomiParticleData.py"])
volume = lambda *words, shape=SHAPE: noise(shape, *words)
binned = lambda d: d.reshape(d.shape[0] // 2, 2, d.shape[1] // 2, 2, d.shape[2] // 2, 2).mean((1, 3, 5)).astype(np.float32)
as_bytes = lambda d: (np.round((d - d.min()) / (d.max() - d.min()) * 255) - 128).astype(np.int8)


def tomo5(name, angles, frames, pixel):
    out = f"DataMode = 6\nImageSize = {RAW[1]} {RAW[0]}\nImageFile = {name}.mrc\nPixelSpacing = {pixel}\nVoltage = 300.00\n\n[T = Tomography: TITAN52339070    03-Nov-2022  10:15:32]\n\n[T =   TiltAxisAngle = -176.20  Binning = 1  SpotSize = 6]\n\n"
    for z, (a, f) in enumerate(zip(angles, frames)):
        out += f"[ZValue = {z}]\nTiltAngle = {a + 0.01:.2f}\nStagePosition = 101.32 -88.10\nStageZ = -12.4\nMagnification = 42000\nExposureDose = 3.30\nDefocus = -4.0\nRotationAngle = 86.20\nExposureTime = 1.10\nPixelSpacing = {pixel}\nBinning = 1\n"
        out += f"PriorRecordDose = {3.3 * z:.2f}\nSubFramePath = \\\\192.168.10.2\\TEM\\{SESSIONS['B'][0]}\\{f}\nNumSubFrames = 3\nFrameDosesAndNumber = 1.10 3\nDateTime = 03-Nov-22  10:{10 + 3 * z:02d}:{z:02d}\n\n"
    return out


def raw(n, session):
    folder, _, pixel, angles, there = SESSIONS[session]
    f, stack = f"{E}/{folder}", noise((len(angles), *RAW), n, "stack", dtype=np.int16)
    lab.tilts(n, f"{f}/{n}.mrc", stack, pixel, angles)
    if session == "B":
        frames = [f"{n}_{z + 1:03d}_{a:.2f}_20221103_10{10 + 3 * z:02d}{z:02d}_fractions.tiff" for z, a in enumerate(angles)]
        lab.text(f"{f}/{n}.mdoc", tomo5(n, angles, frames, pixel))
        lab.movies(n, [f"{f}/{x}" for x in frames])
    else:
        frames = [f"{n}_{z:03d}_{a:.1f}.tif" for z, a in enumerate(angles)]
        lab.text(f"{f}/{n}.mrc.mdoc", mdoc(angles, pixel, frames, n + ".mrc", RAW[::-1], folder=f"X:\\AnnaK\\{folder}\\frames\\"))
        if there:
            lab.movies(n, [f"{f}/frames/{x}" for x in frames])


def etomo(n, short, session, copied):
    folder, place, pixel, angles, _ = SESSIONS[session]
    old = session == "A"  # names of IMOD before 4.11
    d = f"{W}/{place}/{short}/{short}"
    st, rec, full, ali = (d + x for x in ((".st", ".rec", "_full.rec", ".ali") if old else (".mrc", "_rec.mrc", "_full_rec.mrc", "_ali.mrc")))
    if copied:
        lab.copy(f"{E}/{folder}/{n}.mrc", st)
        lab.junk("aligned stack", ali, noise((len(angles), RAW[0] // 4, RAW[1] // 4), n, "ali", dtype=np.int16), pixel * 4, stack=True)
        lab.junk("before trimming: sections along y", full, volume(n, "full", shape=(SHAPE[1] + 2, SHAPE[0] + 8, SHAPE[2] + 2)), pixel * 4)
    lab.text(st + ".mdoc", (lab.root / f"{E}/{folder}/{n}.mrc.mdoc").read_bytes())
    lab.text(d + ".rawtlt", lines(angles))
    lab.text(d + ".tlt", lines([a + 0.4 for a in angles]))
    lab.text(d + ".xf", xf(len(angles), n))
    lab.text(d + ".edf", f"Setup.DatasetName={short}\nSetup.AxisType=Single Axis\nSetup.PixelSize={pixel / 10}\nSetup.FiducialDiameter=10.0\n")
    name = lambda x: x.rsplit("/", 1)[1]
    lab.text(f"{W}/{place}/{short}/newst.com", f"$newstack -StandardInput\nInputFile {name(st)}\nOutputFile {name(ali)}\nTransformFile {short}.xf\nBinByFactor 4\n")
    lab.text(f"{W}/{place}/{short}/tilt.com", f"$tilt -StandardInput\nInputProjections {name(ali)}\nOutputFile {name(full)}\nIMAGEBINNED 4\nTILTFILE {short}.tlt\nTHICKNESS {(SHAPE[0] + 8) * 4}\nFULLIMAGE {RAW[1]} {RAW[0]}\n")
    return rec


def aretomo(n, short, session):
    folder, place, pixel, angles, _ = SESSIONS[session]
    d = f"{W}/{place}/{short}_bin4"
    lab.text(d + ".aln", aln(RAW[::-1], sorted(angles), n))
    lab.text(f"{W}/{place}/{n}.rawtlt", lines([a + 0.01 for a in angles]))  # extracttilts
    for i, what in enumerate(("projXY", "projXZ")):
        lab.junk("projection of a volume", f"{d}_{what}.mrc", volume(n, what, shape=(1, *((SHAPE[1], SHAPE[2]) if i == 0 else (SHAPE[0], SHAPE[2])))), pixel * 4)
    if short == "Pos1":
        lab.text(f"{d}_Imod/{short}_bin4_st.xf", xf(len(angles), n))
        lab.text(f"{d}_Imod/{short}_bin4_st.tlt", lines(sorted(angles)))
        lab.text(f"{d}_Imod/tilt.com", f"$tilt -StandardInput\nInputProjections {short}_bin4_st.mrc\nOutputFile {short}_bin4_full.rec\nIMAGEBINNED 1\nTILTFILE {short}_bin4_st.tlt\nTHICKNESS {SHAPE[0] * 4}\nFULLIMAGE {RAW[1]} {RAW[0]}\n")
    return d + ".mrc"


rec, data, bin8, script = {}, {}, {}, "#!/bin/bash\nR=/mnt/elements/2022-11-03_mito_Tomo5\n"
for n, session, short, copied, bins, *_ in TABLE:
    lab.run(n, *([short] if short and short != n else []), *([short + "_bin4"] if session in "BP" and short else []))
    folder, place, pixel, *_ = SESSIONS[session]
    if folder:
        raw(n, session)
    if not short:
        continue
    v = pixel * 4
    data[n] = volume(n, "rec")
    rec[n] = etomo(n, short, session, copied) if session in "AC" else aretomo(n, short, session) if session == "B" else f"{W}/{place}/{short}_bin4.rec"
    if session == "B":
        script += f"AreTomo2 -InMrc $R/{n}.mrc -AngFile {n}.rawtlt -OutMrc {short}_bin4.mrc -AlignZ 60 -VolZ {SHAPE[0] * 4} -OutBin 4 -PixSize {pixel} -Kv 300 -TiltCor 1 -FlipVol 1{' -OutImod 1' if short == 'Pos1' else ''} -Gpu 0\n"
    if n == "L1_ts_002":
        lab.junk("an alignment that a README says is replaced", rec[n], data[n], v)
        lab.tomogram(n, f"{E}/realigned_2023-03/ts002.rec", volume(n, "realigned"), v)
    else:
        lab.tomogram(n, rec[n], data[n], v, may=n == "Position_2")
    if n == "Position_2":
        rec[n] = f"{E}/{folder}/reprocessed/Pos2_bin4_v2.mrc"
        lab.tomogram(n, rec[n], volume(n, "v2"), v)
        lab.text(rec[n].replace(".mrc", ".aln"), aln(RAW[::-1], sorted(SYMMETRIC), n, "v2"))
    if bins:
        bin8[n] = f"{S}/bin8/{short}_bin8.mrc"
        if bins == "old":
            lab.junk("a binned copy of the volume that was replaced", bin8[n], binned(data[n]), v * 2)
        else:
            lab.tomogram(n, bin8[n], binned(data[n]), v * 2, may=bins == "unused")
lab.text(f"{W}/aretomo2_mito/run_aretomo2.sh", script)
lab.text(f"{S}/bin8/binvol.txt", "".join(f"binvol -binning 2 /Volumes/WD_backup/{rec[n].split('/', 1)[1]} {f.rsplit('/', 1)[1]}\n" for n, f in bin8.items()))
lab.text(f"{E}/realigned_2023-03/README.txt", "ts002 (14 June, L1) realigned with 9 more fiducials, residual 0.41 instead of 1.1 nm.\nUse this one, the ts002.rec on the WD drive is replaced by it. AK 17.3.23\n")
lab.gain([n for n, s, *_ in TABLE if s == "A"], f"{E}/{SESSIONS['A'][0]}/frames/CountRef_L1_ts_001_000_-42.0.mrc")

# ---- Anna's picks and segmentations ----
short = {n: s for n, _, s, *_ in TABLE}
voxel = {n: SESSIONS[s][2] * 4 for n, s, *_ in TABLE}
table, numbers, series = [], [], []
for what, n, how, b, k in PICKS:
    v, shape = voxel[n] * b / 4, SHAPE if b == 4 else HALF
    where = places(n, what, n=k, size=[x * v for x in shape[::-1]])
    if how == "dynamo":
        numbers.append(f"{len(numbers) + 1} /media/anna/{rec[n]}\n")
        shift = np.round(places(n, "shift", n=k, size=(2, 2, 2)) - 1, 3)
        series.append(n)
        for p, d in zip(where / v + 1, shift):
            row = [0] * 42
            row[0], row[1], row[2], row[12], row[13], row[14] = len(table) + 1, 1, 1, 1, -42, 42
            row[3:6], row[6:9], row[9] = d, (15.0 * len(table) % 360, 40.0, 70.0), 0.31
            row[19], row[21], row[23:26] = len(numbers), 1, np.round(p, 2)
            table.append(" ".join(f"{x:g}" if isinstance(x, int) else f"{x:.3f}" for x in row))
        dyn = f"{S}/picks/dynamo_80S/80S_bin4_refined.tbl"
        also = [f"{W}/backup_Anna_2023-01/picks/dynamo_80S/80S_bin4_refined.tbl"] if len(series) < 3 else []
        lab.points(n, dyn, what, where + shift * v, v, also=also, before=where)
        if len(series) == 2:
            lab.text(also[0], "\n".join(table) + "\n")
            lab.text(also[0].rsplit("/", 1)[0] + "/indices_column20.doc", "".join(numbers))
    if how == "imod":
        f = f"{S}/picks/imod/{short[n]}_bin{b}_{what}.mod"
        lab.text(f, imod_model([(what, [[p] for p in where], "scattered")], shape[::-1], v))
        lab.points(n, f, what, where, v)
    if how == "napari":
        f = f"{S}/picks/napari/{short[n]}_bin{b}_{what}.csv"
        lab.text(f, "index,axis-0,axis-1,axis-2\n" + "".join(f"{i}.0,{z:.6f},{y:.6f},{x:.6f}\n" for i, (x, y, z) in enumerate(where / v)))
        lab.points(n, f, what, where, v)
    if how == "artiax":
        f = f"{S}/picks/artiax/{rec[n].rsplit('/', 1)[1].rsplit('.', 1)[0]}_{what}.em"
        motl = np.zeros((k, 20), "<f4")
        motl[:, 0], motl[:, 4], motl[:, 5], motl[:, 7:10], motl[:, 19] = 0.4, 1, np.arange(1, k + 1), where / v + 1, 1
        motl[:, 16:19] = [[10.0 * i % 180, 25.0, 60.0] for i in range(k)]
        lab.text(f, bytes([6, 0, 0, 5]) + struct.pack("<3i", 20, k, 1) + bytes(496) + motl.tobytes())
        lab.points(n, f, what, where, v)
lab.text(dyn, "\n".join(table) + "\n")
lab.text(dyn.rsplit("/", 1)[0] + "/indices_column20.doc", "".join(numbers))
for n, b in MASKS:
    v, shape = voxel[n] * b / 4, SHAPE if b == 4 else HALF
    d = f"{S}/membrain/{short[n]}_bin{b}_"
    lab.mask(n, d + CKPT + "_segmented.mrc", Specimen(n, [x * v for x in shape[::-1]]).membrane(shape), v)
    lab.junk("scores, not cut at a threshold", d + "scores.mrc", volume(n, "scores", shape=shape), v)
rows = "Session,Series (microscope),Tomogram,Sample,Quality (1-5),Comment\n"
rows += "".join(f"{(SESSIONS[s][0] or '2021 pilot').split('_')[0]},{n},{t or '-'},{sample},{q},{c}\n" for n, s, t, _, _, sample, q, c in TABLE)
lab.text(f"{S}/tomogram_list_2023.csv", rows)

# ---- a colleague's ----
for i in (1, 2):
    run = f"Jonas_Position_{i}"
    lab.run(run, f"Position_{i}", f"Position_{i}_bin4", f"chlamy_Position_{i}")
    lab.tomogram(run, f"{W}/from_Jonas_chlamy_2019/Position_{i}_bin4.mrc", volume(run, shape=(18, 30, 30)), 13.68, may=True)
lab.text(f"{W}/from_Jonas_chlamy_2019/readme_jonas.txt", "Hi Anna, two Chlamydomonas thylakoid tomograms to try MemBrain on (Falcon 3, 3.42 A, bin 4). Raw data are with me in Basel.\nJonas\n")

# ---- copies and a partial backup ----
A = SESSIONS["A"][0]
b = f"{W}/backup_Elements_2022-07/{A}"
for n in ("L1_ts_001", "L1_ts_002"):
    lab.copy(f"{E}/{A}/{n}.mrc", f"{b}/{n}.mrc")
    lab.text(f"{b}/{n}.mrc.mdoc", (lab.root / f"{E}/{A}/{n}.mrc.mdoc").read_bytes())
for f in sorted((lab.root / f"{E}/{A}/frames").glob("L1_ts_001_*.tif"))[:5]:
    lab.copy(f"{E}/{A}/frames/{f.name}", f"{b}/frames/{f.name}")
lab.text(f"{b}/L1_ts_003.mrc", (lab.root / f"{E}/{A}/L1_ts_003.mrc").read_bytes()[:90000])
lab.never("a copy that broke off", f"{b}/L1_ts_003.mrc")
lab.copy(rec["L1_ts_001"], f"{S}/tomograms_bin4/ts001.rec")
lab.copy(rec["L3_ts_001"], f"{S}/tomograms_bin4/L3_ts_001_rec.mrc")
lab.copy(rec["Position_1"], f"{E}/for_Seagate/Pos1_bin4.mrc")

# ---- the mess ----
lab.junk("as bytes, for a film", f"{S}/talks/L3_ts_002_8bit.mrc", as_bytes(data["L3_ts_002"]), voxel["L3_ts_002"])
lab.junk("as bytes", f"{S}/tomograms_bin4/Pos1_bin4_byte.mrc", as_bytes(data["Position_1"]), voxel["Position_1"])
lab.junk("a crop for a figure", f"{S}/figures/fig2_Pos1_crop.mrc", data["Position_1"][4:14, 4:18, 6:22], voxel["Position_1"])
lab.junk("a low magnification map", f"{E}/{A}/L1_MMM.mrc", noise((4, 64, 64), "map", dtype=np.int16), 92.1, stack=True)
lab.text(f"{E}/{A}/L1_MMM.mrc.mdoc", "PixelSpacing = 92.1\nImageFile = L1_MMM.mrc\nImageSize = 64 64\nMontage = 1\nDataMode = 1\n\n[T = SerialEM: Digitized on Titan Krios]\n\n" + "".join(f"[ZValue = {i}]\nPieceCoordinates = {60 * (i % 2)} {60 * (i // 2)} 0\nTiltAngle = 0.0\nMagnification = 580\nPixelSpacing = 92.1\n\n" for i in range(4)))
lab.text(f"{E}/{A}/nav_L1.nav", "AdocVersion = 2.00\nLastSavedAs = X:\\AnnaK\\nav_L1.nav\n\n[Item = 1-A]\nColor = 2\nStageXYZ = 12.5 -40.1 33.0\nMapFile = X:\\AnnaK\\L1_MMM.mrc\nType = 2\n\n")
lab.text(f"{E}/{SESSIONS['B'][0]}/Batch/BatchPositionsList.xml", '<?xml version="1.0"?>\n<BatchPositionsList><BatchPositions><BatchPositionParameters><Name>Position_1</Name></BatchPositionParameters></BatchPositions></BatchPositionsList>\n')
for f in ("average/80S_ref_bin4", "average/80S_mask_bin4"):
    lab.junk("average of particles" if "ref" in f else "mask of an average", f"{S}/picks/dynamo_80S/{f}.mrc", volume(f, shape=(16, 16, 16)) if "ref" in f else Specimen(f, [16.0] * 3).membrane((16, 16, 16)), 8.4)
for f in ("figures/fig1_overview.png", "figures/fig2_Pos1.tif", "figures/fig3_vacuole_L3_ts_002.png", "talks/gm_2023-03/slide4_ts001.png"):
    lab.picture(f"{S}/{f}")
lab.text(f"{S}/talks/GroupMeeting_2023-03-10.pptx", b"PK\3\4" + bytes(200))
lab.text(f"{S}/talks/L3_ts_002_movie.mp4", b"\0\0\0\x18ftypmp42" + bytes(200))
lab.text(f"{S}/tomogram_list_2023.xlsx", b"PK\3\4" + bytes(120))
# a Mac's
double = struct.pack(">2I", 0x00051607, 0x00020000) + b"Mac OS X        " + struct.pack(">H3I3I", 2, 9, 50, 3760, 2, 3810, 286) + bytes(4046)
for f in (f"{A}/._L1_ts_001.mrc", f"{A}/._L1_ts_001.mrc.mdoc", f"{A}/._L1_ts_002.mrc", "realigned_2023-03/._ts002.rec", f"{SESSIONS['B'][0]}/._Position_1.mrc", f"{SESSIONS['B'][0]}/._Position_1.mdoc"):
    lab.text(f"{E}/{f}", double)
    lab.never("a Mac's attributes of a file", f"{E}/{f}")
for f in (".DS_Store", f"{A}/.DS_Store", "realigned_2023-03/.DS_Store"):
    lab.text(f"{E}/{f}", b"\0\0\0\1Bud1\0\0\x10\0\0\0\x08\0" + bytes(600))
lab.text(f"{E}/.Spotlight-V100/VolumeConfiguration.plist", '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict/></plist>\n')
lab.junk("in the trash of a Mac", f"{E}/.Trashes/501/ts002_test.rec", volume("trash"), 8.4)
# Windows'
lab.junk("in the recycle bin of Windows", f"{W}/$RECYCLE.BIN/S-1-5-21-1004336348-1177238915-682003330-1001/$R7Q2LXK.mrc", volume("recycled"), 10.72)
lab.text(f"{W}/$RECYCLE.BIN/S-1-5-21-1004336348-1177238915-682003330-1001/$I7Q2LXK.mrc", struct.pack("<3Q", 2, 62464, 133120000000000000) + "\0\0\0\0E:\\aretomo2_mito\\Pos1_bin4_test.mrc\0".encode("utf-16-le"))
lab.text(f"{W}/$RECYCLE.BIN/S-1-5-21-1004336348-1177238915-682003330-1001/desktop.ini", "[.ShellClassInfo]\r\nCLSID={645FF040-5081-101B-9F08-00AA002F954E}\r\n")
lab.text(f"{W}/System Volume Information/WPSettings.dat", b"\x0c\0\0\0" + bytes(8))
lab.text(f"{W}/System Volume Information/IndexerVolumeGuid", "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}".encode("utf-16-le"))
lab.text(f"{W}/aretomo2_mito/Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
# dates of change, as copying with a file manager keeps them: the first that fits
DAYS = [("backup_Anna_2023-01", "2023-01-16"), ("backup_Elements_2022-07", "2022-06-15"), ("for_Seagate", "2022-11-28"), ("from_Jonas", "2019-08-02"), ("2021_pilot", "2021-09-20"), ("reprocessed", "2023-05-02"), ("realigned", "2023-03-17"),
        ("bin8/ts00", "2022-08-11"), ("picks/", "2023-04-21"), ("membrain/", "2023-04-03"), ("tomogram_list", "2023-05-10"), ("talks", "2023-03-09"), ("figures", "2023-05-11"), ("L3_ts", "2023-02-27"), ("2023-02-20", "2023-02-27"),
        ("ts001.rec", "2022-07-04"), ("etomo/2022-06", "2022-07-04"), ("2022-06-14", "2022-06-14"), ("2022-11-03_mito_Tomo5", "2022-11-03"), ("", "2022-11-28")]
for f in lab.root.rglob("*"):
    day = next(d for part, d in DAYS if part in str(f.relative_to(lab.root)))
    t = time.mktime(time.strptime(day, "%Y-%m-%d"))
    os.utime(f, (t, t))
lab.done()
