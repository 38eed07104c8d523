"""The drive of a laboratory that works on axonemes: three people, SerialEM, batchruntomo and etomo by hand, PEET, IsoNet, models drawn by hand, a paper.

Imitates SerialEM's files (https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm; tags of a navigator file as in
https://github.com/mastcu/SerialEM), IMOD's (https://bio3d.colorado.edu/imod/doc/tomoguide.html, https://bio3d.colorado.edu/imod/doc/man/batchruntomo.html,
https://bio3d.colorado.edu/imod/doc/man/trimvol.html, https://bio3d.colorado.edu/imod/doc/man/newstack.html, https://bio3d.colorado.edu/imod/doc/man/nad_eed_3d.html,
https://bio3d.colorado.edu/imod/doc/man/imodmop.html, https://bio3d.colorado.edu/imod/doc/binspec.html), PEET's (https://bio3d.colorado.edu/PEET/PEETmanual.html,
the columns of its motive lists as public programs write them), IsoNet 0.2's STAR file (https://github.com/IsoNet-cryoET/IsoNet) and tomdeconv
(https://github.com/dtegunov/tom_deconv). From memory: the text of an .ebt, etomo's `naddir.NAME`, the sign of the origin of a piece that trimvol cut,
that MATLAB's writer leaves voxels of 1 A, PEET's names of averages, Amira's labels as the kit writes them.

The mess: Marta's and Tomas's series have the same names and not the same pixel; Tomas's stacks are in the order of recording beside sorted ones; a series
in two files since SerialEM crashed, joined under the name of the first; another that was begun again; frames of some deleted, of one in part; a stack that is left
only in the folder for EMPIAR under another name; two axes, and two axes of which one was lost; tomograms as the tilt program left them, mirrored, cut, turned,
filtered three ways; Tomas has a copy of Marta's tomogram under the name of his own and picked in it; the same particles at two binnings and in a table in nm;
particles in a piece of a tomogram; averages, masks and references; a rotation student's exercise.
"""
import struct

import numpy as np

from kit import Lab, Specimen, dose_symmetric, imod_model, lines, mdoc, places, seed, star, xf

PAGES = ["https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://bio3d.colorado.edu/imod/doc/man/batchruntomo.html",
         "https://bio3d.colorado.edu/imod/doc/man/trimvol.html", "https://bio3d.colorado.edu/imod/doc/binspec.html", "https://bio3d.colorado.edu/PEET/PEETmanual.html", "https://github.com/IsoNet-cryoET/IsoNet", "https://github.com/dtegunov/tom_deconv"]
lab = Lab(__doc__, PAGES)
TAKEN = dose_symmetric(12, 8)
ANGLES = sorted(TAKEN)
M, T, J = "2021-11-18_Krios_Chlamy", "TomasR/2022-05-03_Tetrahymena", "2019-06_axonemes_dual"
#        run             series    pixel  size of images  tomogram at bin 4  day          hour  stage
TABLE = {"marta_ts_001": ("ts_001", 2.15, (128, 128), (20, 32, 32), "18-Nov-21", 14, "-211.4 88.1"),
         "marta_ts_002": ("ts_002", 2.15, (128, 128), (20, 32, 32), "18-Nov-21", 15, "-205.9 91.7"),
         "marta_ts_003": ("ts_003", 2.15, (128, 128), (20, 32, 32), "18-Nov-21", 17, "-198.0 60.2"),
         "marta_ts_005": ("ts_005", 2.15, (128, 128), (20, 32, 32), "18-Nov-21", 21, "-150.3 44.4"),
         "tomas_ts_001": ("ts_001", 2.72, (96, 96), (18, 24, 24), "03-May-22", 10, "310.0 -75.5"),
         "tomas_ts_002": ("ts_002", 2.72, (96, 96), (18, 24, 24), "03-May-22", 11, "316.6 -71.0"),
         "tomas_ts_104": ("ts_104_2", 2.72, (96, 96), (18, 24, 24), "04-May-22", 9, "402.1 -20.9"),
         "axo_007": ("axo_007", 4.27, (80, 80), (16, 20, 20), "12-Jun-19", 13, "77.0 512.0"),
         "axo_009": ("axo_009", 4.27, (80, 80), (16, 20, 20), "12-Jun-19", 16, "91.2 505.5")}
HEADER = "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved,CREATED WITH PEET Version 1.15.0 10-January-2021\n"


# ---- headers as the programs leave them ----
def seri(path, values, flags):
    """SerialEM's extended header: two bytes a value, `flags` says which."""
    p = lab.root / path
    b = bytearray(p.read_bytes())
    ext = b"".join(struct.pack(f"<{len(v)}h", *v) for v in values)
    struct.pack_into("<i", b, 92, len(ext))
    b[104:108] = b"SERI"
    struct.pack_into("<2h", b, 128, len(values[0]) * 2, flags)
    p.write_bytes(bytes(b[:1024]) + ext + bytes(b[1024:]))


def tilted(path, angles):
    seri(path, [(round(a * 100),) for a in angles], 1)


def origin(path, start, voxel):
    """A piece of a volume keeps its place in the origin of its header."""
    p = lab.root / path
    b = bytearray(p.read_bytes())
    struct.pack_into("<3f", b, 196, *[-s * voxel for s in start])
    p.write_bytes(bytes(b))


def dated(text, run, minutes=0):
    _, _, _, _, day, hour, stage = TABLE[run]
    return text.replace("14-Feb-23  09:", f"{day}  {hour + minutes:02d}:").replace("12.5 -40.1", stage)


def sem(run, angles, image, order=None, frames=None, camera="SerialEM: Digitized on Titan Krios", later=0):
    _, pixel, size, *_ = TABLE[run]
    return dated(mdoc(angles, pixel, frames, image, size[::-1], "X:\\Marta\\frames\\" if run.startswith("marta") else "D:\\TR\\frames\\", order, 2.9, camera), run, later)


def binned(data, by=2):
    z, y, x = (n // by for n in data.shape)
    return data[: z * by, : y * by, : x * by].reshape(z, by, y, by, x, by).mean((1, 3, 5))


def smooth(data, times=2):
    d = np.asarray(data, np.float32)
    for _ in range(times):
        for axis in range(3):
            d = (np.roll(d, 1, axis) + d + np.roll(d, -1, axis)) / 3
    return d


whole = lambda d: np.round(d).astype(np.int16)


def doublets(size, each, *words):
    """Nine doublets around an axoneme along x: (nine, each, 3) in angstroms."""
    r = seed("doublets", *words)
    a = np.arange(9) * 2 * np.pi / 9 + r.uniform(0, 0.6)
    x = np.linspace(0.2, 0.8, each)
    return np.array([[(size[0] * t, size[1] * (0.5 + 0.31 * np.cos(k)), size[2] * (0.5 + 0.29 * np.sin(k))) for t in x] for k in a]).round(2)


# ---- specimens; the volume at half the binning is the one that is binned ----
size = {r: np.array(v[3][::-1]) * v[1] * 4 for r, v in TABLE.items()}
traced = {r: doublets(size[r], n, r) for r, n in (("marta_ts_001", 4), ("marta_ts_002", 3), ("tomas_ts_001", 2), ("tomas_ts_002", 2))}
sites = {r: t.reshape(-1, 3) for r, t in traced.items()}
spokes = (traced["marta_ts_001"][:, 1:3].mean(1) * 0.7 + size["marta_ts_001"] * 0.15).round(2)
arms = places(lab.name, "arms", n=13, size=size["marta_ts_001"])
base = places(lab.name, "basal", n=7, size=size["axo_007"])
inside = {**sites, "axo_007": base}
inside["marta_ts_001"] = np.concatenate([sites["marta_ts_001"], spokes, arms])
specimen = {r: Specimen(r, list(size[r]), [inside[r]] if r in inside else [], radius=5 * v[1]) for r, v in TABLE.items()}
fine = {r: whole(specimen[r].volume([2 * n for n in v[3]], v[1] * 2) * 400 + 900) for r, v in TABLE.items()}
rec = {r: whole(binned(fine[r])) for r in TABLE}
stack = {r: specimen[r].stack(ANGLES, v[2]) for r, v in TABLE.items()}
taken = {r: s[[ANGLES.index(a) for a in TAKEN]] for r, s in stack.items()}


# ---- what etomo leaves ----
def etomo(run, d, n, axis="Single Axis", rotation=84.3, batch=None, stackext="st"):
    pixel, shape = TABLE[run][1], TABLE[run][3]
    lab.text(f"{d}/{n}.edf", f"#Etomo\nSetup.DatasetName={n}\nSetup.BackupDirectory=\nSetup.AxisType={axis}\nSetup.PixelSize={pixel / 10:g}\nSetup.FiducialDiameter=10.0\nSetup.ImageRotationA={rotation}\nSetup.AxisA.ExcludeProjections=\nSetup.OrigRawStackExt={stackext}\n")
    for x in ("a", "b") if axis == "Dual Axis" else ("",):
        size = TABLE[run][2]
        lab.text(f"{d}/tilt{x}.com", f"# THIS IS A COMMAND FILE TO RUN TILT\n$setenv IMOD_OUTPUT_FORMAT MRC\n$tilt -StandardInput\nInputProjections {n}{x}_ali.mrc\nOutputFile {n}{x}_{'full_' if not x else ''}rec.mrc\nIMAGEBINNED 4\nTILTFILE {n}{x}.tlt\nXTILTFILE {n}{x}.xtilt\nTHICKNESS {shape[0] * 4}\nRADIAL 0.35 0.035\nFULLIMAGE {size[1]} {size[0]}\nPERPENDICULAR\nMODE 1\nSCALE 0 500\n$if (-e ./savework) ./savework\n")
        lab.text(f"{d}/{n}{x}.rawtlt", lines(ANGLES))
        lab.text(f"{d}/{n}{x}.tlt", lines([a + 0.21 for a in ANGLES]))
        lab.text(f"{d}/{n}{x}.xf", xf(len(ANGLES), run, x))
        lab.text(f"{d}/{n}{x}.prexg", xf(len(ANGLES), run, x, "pre"))
        lab.text(f"{d}/{n}{x}.fid", imod_model([("Fiducials", [np.c_[seed("fid", run, x, k).uniform(50, 200, (len(ANGLES), 2)), np.arange(len(ANGLES)) * pixel] for k in range(4)], "open")], (*size[::-1], len(ANGLES)), pixel))
        lab.never("gold of the alignment", {"file": f"{d}/{n}{x}.fid"})
    if batch:
        lab.text(f"{d}/batch{n}.adoc", f"setupset.copyarg.name={n}\nsetupset.copyarg.stackext={stackext}\nsetupset.datasetDirectory=/mnt/flagella/{d}\nsetupset.copyarg.dual=0\nsetupset.copyarg.pixel={pixel / 10:g}\nsetupset.copyarg.gold=10\nsetupset.copyarg.rotation={rotation}\nsetupset.copyarg.userawtlt=1\nruntime.AlignedStack.any.binByFactor=4\nruntime.Trimvol.any.reorient=2\n")
        lab.text(f"{d}/batchruntomo.log", f"Starting data set {n}\nCompleted data set {n}\n")


def untrimmed(run, path, seen=rec):
    """As tilt leaves it: slices are in X and Z, with a margin."""
    v = np.pad(seen[run], ((2, 2), (1, 1), (0, 0)), mode="reflect")
    lab.junk("as the tilt program left it: neither turned nor trimmed", path, np.ascontiguousarray(v.transpose(1, 0, 2)), TABLE[run][1] * 4)


def motl(offsets, step=0):
    r = seed("motl", len(offsets), step)
    return HEADER + "".join(f"{r.uniform(0.2, 0.5):.4f},0,0,{i + 1},0,0,0,0,0,0,{o[0]:.4f},{o[1]:.4f},{o[2]:.4f},0,0,0,{r.uniform(-180, 180):.2f},{r.uniform(-180, 180):.2f},{r.uniform(0, 180):.2f},1\n" for i, o in enumerate(offsets))


def prm(path, volumes, models, motls, output, box):
    cell = lambda names: "{" + ", ".join(f"'{n}'" for n in names) + "}"
    lab.text(path, f"fnVolume = {cell(volumes)}\nfnModParticle = {cell(models)}\ninitMOTL = {cell(motls)}\ntiltRange = {{{', '.join('[-48, 48]' for _ in volumes)}}}\ndPhi = {{-9:3:9, -3:1:3}}\ndTheta = {{-9:3:9, -3:1:3}}\ndPsi = {{-9:3:9, -3:1:3}}\n"
             f"searchRadius = {{[2], [1]}}\nlowCutoff = {{[0, 0.05], [0, 0.05]}}\nhiCutoff = {{[0.25, 0.05], [0.3, 0.05]}}\nrefThreshold = {{20, 20}}\nreference = 'ref_{output}.mrc'\nfnOutput = '{output}'\nszVol = [{box}, {box}, {box}]\nalignedBaseName = ''\ndebugLevel = 3\nlstThresholds = [20]\nyaxisType = 0\nflgWedgeWeight = 1\nsampleSphere = 'none'\nmaskType = 'mask_{output}.mrc'\nparticlePerCPU = 10\nselectClassID = []\n")


def averages(folder, output, box, voxel, count):
    r = seed("average", folder, output)
    for name, why in ((f"{output}_AvgVol_3P{count:04d}.mrc", "an average"), (f"unMasked_{output}_AvgVol_3P{count:04d}.mrc", "an average"), (f"ref_{output}.mrc", "a reference")):
        lab.junk(why, f"{folder}/{name}", r.normal(0, 1, (box,) * 3).astype(np.float32), voxel)
    z, y, x = np.indices((box,) * 3) - box / 2
    lab.junk("a mask for averaging", f"{folder}/mask_{output}.mrc", (y**2 + z**2 < (box / 3) ** 2).astype(np.float32), voxel)


# ---- 2021: Marta, SerialEM and batchruntomo ----
frames = {r: [f"ts_001_{TAKEN.index(a):03d}_{a:.1f}_{'Nov18' if r[0] == 'm' else 'May03'}_{10 + TAKEN.index(a)}.31.{'tif' if r[0] == 'm' else 'mrc'}" for a in ANGLES] for r in ("marta_ts_001", "tomas_ts_001")}
lab.movies("marta_ts_001", [f"{M}/frames/{f}" for f in frames["marta_ts_001"]])
lab.gain(["marta_ts_001"], f"{M}/frames/SuperRef_ts_001_000.mrc")
for run in ("marta_ts_001", "marta_ts_002", "marta_ts_003", "marta_ts_005"):
    n, pixel, *_ = TABLE[run]
    d = f"{M}/proc/{n}"
    etomo(run, d, n, batch=True)
    if n != "ts_005":
        lab.tilts(run, f"{d}/{n}.st", stack[run], pixel, ANGLES)
        tilted(f"{d}/{n}.st", ANGLES)
    if n in ("ts_001", "ts_002"):
        names = frames.get(run) or [f"ts_002_{TAKEN.index(a):03d}_{a:.1f}_Nov18.tif" for a in ANGLES]
        lab.text(f"{d}/{n}.st.mdoc", sem(run, ANGLES, f"{n}.st", [TAKEN.index(a) for a in ANGLES], names))
    untrimmed(run, f"{d}/{n}_full_rec.mrc")
    lab.tomogram(run, f"{d}/{n}_rec.mrc", rec[run], pixel * 4)
lab.junk("aligned and binned images", f"{M}/proc/ts_001/ts_001_ali.mrc", whole(stack["marta_ts_001"].reshape(9, 32, 4, 32, 4).mean((2, 4))), 8.6, stack=True)
lab.text(f"{M}/proc/nov18.adoc", "setupset.copyarg.dual=0\nsetupset.copyarg.pixel=0.215\nsetupset.copyarg.gold=10\nsetupset.copyarg.rotation=84.3\nsetupset.copyarg.userawtlt=1\nruntime.Preprocessing.any.removeXrays=1\nruntime.AlignedStack.any.binByFactor=4\nruntime.Trimvol.any.reorient=2\n")
lab.text(f"{M}/proc/nov18.ebt", "#Etomo batch\n#Fri Nov 19 11:02:40 CET 2021\nMeta.Project.Dir=/mnt/flagella/" + M + "/proc\n" + "".join(f"Row.stack{i}.Path=/mnt/flagella/{M}/proc/{n}/{n}.st\nRow.stack{i}.Run=true\nRow.stack{i}.Dual=false\n" for i, n in enumerate(("ts_001", "ts_002", "ts_003", "ts_005"))))
for n in ("ts_001", "ts_002"):
    lab.tomogram(f"marta_{n}", f"{M}/bin2/{n}_bin2_rec.mrc", fine[f"marta_{n}"], 4.3)
lab.text(f"{M}/bin2/make_bin2.sh", "# for PEET: same alignment, aligned stack at bin 2\nfor i in ts_001 ts_002; do\n  newstack -bin 2 -xform ../proc/$i/$i.xf ../proc/$i/$i.st ${i}_ali2.mrc\n  tilt -param tilt_$i.com\n  trimvol -rx ${i}_full_rec.mrc ${i}_bin2_rec.mrc\ndone\n")

# the two files of ts_003, joined in proc/
run, n = "marta_ts_003", "ts_003"
for name, part, later in ((n, range(5), 0), (f"{n}_2", range(5, 9), 2)):
    lab.junk("a part of a series of which the other part is in another file: they are joined in proc/ts_003", f"{M}/raw/{name}.st", taken[run][list(part)], 2.15, stack=True)
    tilted(f"{M}/raw/{name}.st", [TAKEN[i] for i in part])
    lab.text(f"{M}/raw/{name}.st.mdoc", sem(run, [TAKEN[i] for i in part], f"{name}.st", list(part), later=later))
lab.text(f"{M}/proc/ts_003/join.sh", "# SerialEM crashed after 5 tilts, rest is in ts_003_2\nnewstack ../../raw/ts_003.st ../../raw/ts_003_2.st tmp.st\nnewstack -reorder 1 -angle tmp.rawtlt tmp.st ts_003.st\nrm tmp.st\n")
bad = Specimen("marta ts_004", [1100, 1100, 700])
lab.junk("given up: a crack", f"{M}/raw/bad/ts_004.st", bad.stack(ANGLES[2:7], (128, 128)), 2.15, stack=True)
lab.text(f"{M}/raw/bad/ts_004.st.mdoc", dated(mdoc(ANGLES[2:7], 2.15, None, "ts_004.st", (128, 128), order=[TAKEN.index(a) for a in ANGLES[2:7]]), "marta_ts_003", 2))
lab.junk("a binned copy of a stack", f"{M}/proc/ts_002/ts_002_b4_look.st", whole(stack["marta_ts_002"].reshape(9, 32, 4, 32, 4).mean((2, 4))), 8.6, stack=True)

# maps and single images of the session
r = seed("maps")
image = lambda n, *s: np.round(r.normal(200, 30, (n, *s))).astype(np.int16)
mont = lambda file, n, pixel, mag: f"PixelSpacing = {pixel}\nVoltage = 300\nImageFile = {file}\nImageSize = 64 64\nMontage = 1\nDataMode = 1\n\n[T = SerialEM: Digitized on Titan Krios                         18-Nov-21  11:20:41]\n\n" + "".join(f"[ZValue = {i}]\nPieceCoordinates = {i % 3 * 58} {i // 3 * 58} 0\nMinMaxMean = 12 380 200.1\nTiltAngle = 0.01\nStagePosition = {i % 3 * 300 - 300} {i // 3 * 300 - 300}\nStageZ = 41.2\nMagnification = {mag}\nPixelSpacing = {pixel}\nDefocus = 0\nDateTime = 18-Nov-21  11:{21 + i}:02\n\n" for i in range(n))
for file, n, pixel, mag in (("LMM.mrc", 9, 656.1, 135), ("SQ03_map.mrc", 4, 41.0, 2250)):
    lab.junk("a map of the grid", f"{M}/nav/{file}", image(n, 64, 64), pixel, stack=True)
    seri(f"{M}/nav/{file}", [(i % 3 * 58, i // 3 * 58, 0) for i in range(n)], 2)
    lab.text(f"{M}/nav/{file}.mdoc", mont(file, n, pixel, mag))
lab.junk("anchor maps", f"{M}/nav/ts_001_anchor.mrc", image(2, 64, 64), 17.2, stack=True)
lab.text(f"{M}/nav/ts_001_anchor.mrc.mdoc", dated(mdoc([0.0, 0.0], 17.2, None, "ts_001_anchor.mrc", (64, 64)), "marta_ts_001", -1))
lab.junk("single images to look at", f"{M}/nav/rec_images.mrc", image(3, 96, 96), 2.15, stack=True)
lab.text(f"{M}/nav/rec_images.mrc.mdoc", dated(mdoc([0.0, 0.0, 0.0], 2.15, None, "rec_images.mrc", (96, 96)), "marta_ts_001", -2))
item = lambda k, file, w, note: f"[Item = {k}]\nColor = 2\nStageXYZ = -211.4 88.1 41.2\nNumPts = 5\nRegis = 1\nType = 2\nNote = {note}\nMapFile = X:\\Marta\\{file}\nMapID = 8812{k}\nMapMontage = {w}\nMapSection = 0\nMapBinning = 2\nMapMagInd = 5\nMapCamera = 0\nMapWidthHeight = 174 174\nMapFramesXY = {'3 3' if w else '0 0'}\nPtsX = -1 1 1 -1 -1\nPtsY = -1 -1 1 1 -1\n\n"
lab.text(f"{M}/nav/18Nov21.nav", "AdocVersion = 2.00\nLastSavedAs = X:\\Marta\\18Nov21.nav\n\n" + item("1-A", "LMM.mrc", 1, "whole grid") + item("2-A", "SQ03_map.mrc", 1, "good square") + item("3-A", "ts_001_anchor.mrc", 0, "anchor ts_001"))

# filtered copies
for n in ("ts_001", "ts_002"):
    lab.tomogram(f"marta_{n}", f"{M}/filtered/{n}_rec_nad.mrc", whole(smooth(rec[f"marta_{n}"])), 8.6, ("filtered", "denoised"))
v = rec["marta_ts_001"].astype(np.float32)
lab.tomogram("marta_ts_001", f"{M}/filtered/ts_001_rec_deconv.mrc", ((v - v.mean()) / v.std() + (smooth(v) - v.mean()) / v.std()).astype(np.float32), 8.6, ("filtered",), header=1.0)
lab.text(f"{M}/filtered/deconv_ts001.m", "v = tom_mrcread('../proc/ts_001/ts_001_rec.mrc');\nd = tom_deconv_tomo(v.Value, 8.6, 4.1, 1.1, 1, 0.02, false, 0);\ntom_mrcwrite(d, 'name', 'ts_001_rec_deconv.mrc');\n")
lab.text(f"{M}/filtered/nad.sh", "nad_eed_3d -k 90 -n 12 ../proc/ts_001/ts_001_rec.mrc ts_001_rec_nad.mrc\nnad_eed_3d -k 90 -n 12 ../proc/ts_002/ts_002_rec.mrc ts_002_rec_nad.mrc\n")
piece = rec["marta_ts_001"][6:14, 8:24, 8:24]
lab.junk("a piece to try filters on", f"{M}/proc/ts_001/naddir.ts_001/test.input", piece, 8.6)
for k, i in ((50, 6), (90, 12)):
    lab.junk("a filter tried on a piece", f"{M}/proc/ts_001/naddir.ts_001/test.K{k}-{i}.mrc", whole(smooth(piece, i // 6)), 8.6)

# drawn by hand
ring = [np.array([(size["marta_ts_002"][0] * (0.5 + 0.3 * np.cos(a)), size["marta_ts_002"][1] * (0.5 + 0.3 * np.sin(a)), z * 8.6) for a in np.linspace(0, 6.1, 14)]) for z in range(5, 15, 2)]
lab.text(f"{M}/seg/ts_002_membrane.mod", imod_model([("flagellar membrane", ring, "closed"), ("ER?", ring[:2], "closed")], (32, 32, 20), 8.6))
lab.mask("marta_ts_002", f"{M}/seg/ts_002_membrane_mask.mrc", specimen["marta_ts_002"].membrane((20, 32, 32)), 8.6)
lab.junk("densities within a drawn membrane", f"{M}/seg/ts_002_membrane_mop.mrc", whole(np.where(specimen["marta_ts_002"].membrane((20, 32, 32)), rec["marta_ts_002"], 0)), 8.6)
lab.text(f"{M}/seg/mop.sh", "imodmop -mask 1 -o 1 ts_002_membrane.mod ../proc/ts_002/ts_002_rec.mrc ts_002_membrane_mask.mrc\n# for the movie\nimodmop -o 1 ts_002_membrane.mod ../proc/ts_002/ts_002_rec.mrc ts_002_membrane_mop.mrc\n")

# ---- PEET at bin 2, before that at bin 4 ----
for folder, voxel, output, of, last in (("PEET/run1_bin4", 8.6, "run1", lambda n: f"../../{M}/proc/{n}/{n}_rec.mrc", 1), ("PEET/run3_bin2", 4.3, "run3", lambda n: f"../../{M}/bin2/{n}_bin2_rec.mrc", 4)):
    parts = []
    for number, n in enumerate(("ts_001", "ts_002"), 1):
        run, where, box = f"marta_{n}", sites[f"marta_{n}"], tuple(int(x * 8.6 / voxel) for x in (32, 32, 20))
        offsets = seed("offsets", n, output).normal(0, 0.7, where.shape).clip(-2, 2).round(4) if last > 1 else np.zeros(where.shape)
        picked = where - offsets * voxel
        model = f"{n}_96nm{'_bin4' if voxel > 5 else ''}.mod"
        lab.text(f"{folder}/{model}", imod_model([("96nm", np.split(picked, 9), "scattered")], box, voxel))
        lab.text(f"{folder}/{n}_initMOTL.csv", motl(np.zeros(where.shape)))
        lab.text(f"{folder}/{output}_MOTL_Tom{number}_Iter1.csv", motl(np.zeros(where.shape), 1))
        if last > 1:
            lab.text(f"{folder}/{output}_MOTL_Tom{number}_Iter{last}.csv", motl(offsets, 2))
            old = [f"PEET/run1_bin4/{f}" for f in (f"{n}_96nm_bin4.mod", f"run1_MOTL_Tom{number}_Iter1.csv", "run1.prm")]
            lab.points(run, f"{folder}/{output}_MOTL_Tom{number}_Iter{last}.csv", "96nm", where, voxel, also=[f"{folder}/{model}", f"{folder}/run3.prm", *old, "paper_2023_96nm/tables/Table_S2_particles.csv"], before=picked, tolerance=9.2)
            along = doublets(size[run], len(traced[run][0]) + 2, run)  # the same nine lines, clicked at other places
            lab.text(f"{folder}/{n}_doublets_trace.mod", imod_model([("DMT", list(along), "open")], box, voxel))
            lab.points(run, f"{folder}/{n}_doublets_trace.mod", "doublets", along.reshape(-1, 3), voxel, instances=True, may=True)
        parts.append((of(n), model, f"{n}_initMOTL.csv"))
    prm(f"{folder}/{output}.prm", *zip(*parts), output, 24 if voxel < 5 else 12)
    averages(folder, output, 16, voxel, 63)
lab.text("PEET/NOTES.txt", "run1_bin4  first go at bin 4 (Dec 21), same particles as run3, only for the reference\nrun2       deleted\nrun3_bin2  the one of the paper. traced doublets (9 contours), addModPts, 96 nm repeats, 4 iterations\nspokes     RS3 in the cut-out axoneme, coordinates are in axonemes/ts_001_axo1.mrc !! not in the whole tomogram. not in the paper\n")
# an axoneme cut out, and one turned upright
start = (6, 4, 4)  # x, y, z
v = fine["marta_ts_001"][start[2] : start[2] + 32, start[1] : start[1] + 56, start[0] : start[0] + 52]
lab.junk("a piece of a tomogram", "PEET/axonemes/ts_001_axo1.mrc", np.ascontiguousarray(v), 4.3)
origin("PEET/axonemes/ts_001_axo1.mrc", start, 4.3)
v = np.ascontiguousarray(fine["marta_ts_002"][4:36, 6:58, 6:58].transpose(0, 2, 1)[:, ::-1])
lab.junk("a piece of a tomogram, turned", "PEET/axonemes/ts_002_axo1_rot.mrc", v, 4.3)
lab.text("PEET/axonemes/cut.sh", f"trimvol -x {start[0] + 1},{start[0] + 52} -y {start[1] + 1},{start[1] + 56} -z {start[2] + 1},{start[2] + 32} ../../{M}/bin2/ts_001_bin2_rec.mrc ts_001_axo1.mrc\ntrimvol -x 7,58 -y 7,58 -z 5,36 ../../{M}/bin2/ts_002_bin2_rec.mrc t.mrc; rotatevol -a 90,0,0 t.mrc ts_002_axo1_rot.mrc; rm t.mrc\n")
lab.text("PEET/spokes/ts_001_axo1_RS3.mod", imod_model([("RS3", [spokes - np.array(start) * 4.3], "scattered")], (52, 56, 32), 4.3))
lab.text("PEET/spokes/ts_001_axo1_initMOTL.csv", motl(np.zeros(spokes.shape)))
prm("PEET/spokes/spokes.prm", ["../axonemes/ts_001_axo1.mrc"], ["ts_001_axo1_RS3.mod"], ["ts_001_axo1_initMOTL.csv"], "spokes", 16)
lab.points("marta_ts_001", "PEET/spokes/ts_001_axo1_RS3.mod", "RS3", spokes, 4.3, also=["PEET/spokes/spokes.prm"], may=True)

# ---- 2022: Tomas, etomo by hand ----
lab.movies("tomas_ts_001", [f"{T}/raw/frames/{f}" for f in frames["tomas_ts_001"]], pixel=2.72)
left = [f"{T}/raw/frames/ts_002_{i:03d}_{TAKEN[i]:.1f}_May03.mrc" for i in (0, 1, 3, 4)]
lab.movies("tomas_ts_002", left, pixel=2.72)
for run in ("tomas_ts_001", "tomas_ts_002", "tomas_ts_104"):
    n, pixel, *_ = TABLE[run]
    d = f"{T}/tomograms/{n}"
    lab.tilts(run, f"{T}/raw/{n}.mrc", taken[run], pixel, TAKEN)
    tilted(f"{T}/raw/{n}.mrc", TAKEN)
    names = [f"{n}_{i:03d}_{a:.1f}_May03.mrc" for i, a in enumerate(TAKEN)] if n != "ts_001" else [frames[run][ANGLES.index(a)] for a in TAKEN]
    lab.text(f"{T}/raw/{n}.mrc.mdoc", sem(run, TAKEN, f"{n}.mrc", None, names if n != "ts_104_2" else None, camera="SerialEM: Digitized on Talos Arctica"))
    lab.mrc(f"{d}/{n}.st", stack[run], pixel, stack=True)  # the same images, sorted: one of both is published
    etomo(run, d, n, rotation=-94.7)
    untrimmed(run, f"{d}/{n}_full_rec.mrc")
    lab.tomogram(run, f"{d}/{n}_rec.mrc", rec[run], pixel * 4)
lab.run("tomas_ts_104", "ts_104", "ts_104_2")["aliases"][:] = ["ts_104", "ts_104_2"]
begun = Specimen("ts_104 begun", [1200, 1200, 700]).stack(TAKEN[:3], (96, 96))
lab.junk("three images of a series that was begun again", f"{T}/raw/ts_104.mrc", begun, 2.72, stack=True)
lab.text(f"{T}/raw/ts_104.mrc.mdoc", sem("tomas_ts_104", TAKEN[:3], "ts_104.mrc", camera="SerialEM: Digitized on Talos Arctica", later=-1))
lab.junk("the wrong hand", f"{T}/tomograms/ts_002/ts_002_rec_yz.mrc", np.ascontiguousarray(rec["tomas_ts_002"][::-1]), 10.88)
lab.text(f"{T}/tomograms/ts_002/README", "ts_002_rec_yz.mrc = trimvol -yz, mirrored, dyneins go the wrong way!! use ts_002_rec.mrc (-rx)\n")

isonet = {}
for run in ("tomas_ts_001", "tomas_ts_002"):
    n = TABLE[run][0]
    v = rec[run].astype(np.float32)
    norm = (v - v.mean()) / v.std()
    lab.tomogram(run, f"{T}/isonet/deconv/{n}_rec.mrc", (norm + smooth(norm)).astype(np.float32), 10.88, ("filtered",))
    lab.tomogram(run, f"{T}/isonet/corrected_tomos/{n}_rec_corrected.mrc", smooth(specimen[run].density(TABLE[run][3], 10.88) + 0.2 * norm, 1).astype(np.float32), 10.88, ("denoised", "filtered"))
    lab.junk("where to train", f"{T}/isonet/mask/{n}_rec_mask.mrc", (smooth(np.abs(norm)) > 0.8).astype(np.int8), 10.88)
lab.junk("a first try", f"{T}/isonet/corrected_old/ts_001_rec_corrected.mrc", smooth(rec["tomas_ts_001"], 4), 10.88)
lab.text(f"{T}/isonet/NOTES.txt", "corrected_old: first try, defocus wrong. do not use\ncorrected_tomos: final, 30 iterations on the deconv ones\n")
for i in range(3):
    lab.junk("a cube of the training", f"{T}/isonet/subtomo/subtomo{i:06d}.mrc", rec["tomas_ts_001"].astype(np.float32)[1:17, 2 + i : 18 + i, 4:20], 10.88)
names = ("ts_001", "ts_002")
lab.text(f"{T}/isonet/tomograms.star", star([("", {"rlnIndex": [1, 2], "rlnMicrographName": [f"../tomograms/{n}/{n}_rec.mrc" for n in names], "rlnPixelSize": [10.88, 10.88], "rlnDefocus": [38000.0, 41500.0], "rlnNumberSubtomo": [100, 100],
    "rlnSnrFalloff": [0.7, 0.7], "rlnDeconvStrength": [1.0, 1.0], "rlnDeconvTomoName": [f"deconv/{n}_rec.mrc" for n in names], "rlnMaskDensityPercentage": [50.0, 50.0], "rlnMaskStdPercentage": [50.0, 50.0], "rlnMaskName": [f"mask/{n}_rec_mask.mrc" for n in names]})]))
lab.mask("tomas_ts_001", f"{T}/seg/ts_001_rec.Labels.am", specimen["tomas_ts_001"].membrane((18, 24, 24)).astype(np.uint8) * 2, 10.88)
lab.mask("tomas_ts_002", f"{T}/seg/ts_002_mask.mrc", specimen["tomas_ts_002"].membrane((18, 24, 24)), 10.88)

parts = []
for number, n in enumerate(names, 1):
    run, where = f"tomas_{n}", sites[f"tomas_{n}"]
    offsets = seed("offsets", run).normal(0, 0.5, where.shape).clip(-1.5, 1.5).round(4)
    picked = where - offsets * 10.88
    f = f"{T}/PEET/tet96"
    lab.text(f"{f}/{n}.mod", imod_model([("", [picked], "scattered")], (24, 24, 18), 10.88))
    lab.text(f"{f}/{n}_initMOTL.csv", motl(np.zeros(where.shape)))
    for k, o in ((1, np.zeros(where.shape)), (2, offsets)):
        lab.text(f"{f}/tet96_MOTL_Tom{number}_Iter{k}.csv", motl(o, k))
    lab.points(run, f"{f}/tet96_MOTL_Tom{number}_Iter2.csv", "tet96", where, 10.88, also=[f"{f}/{n}.mod", f"{f}/tet96.prm", "paper_2023_96nm/tables/Table_S2_particles.csv"], before=picked)
    parts.append((f"../../tomograms/{n}/{n}_rec.mrc", f"{n}.mod", f"{n}_initMOTL.csv"))
prm(f"{T}/PEET/tet96/tet96.prm", *zip(*parts), "tet96", 10)
averages(f"{T}/PEET/tet96", "tet96", 12, 10.88, 36)

# Tomas's control: Marta's tomogram under a name that his own series has
C = "TomasR/control_from_marta"
lab.copy(f"{M}/proc/ts_001/ts_001_rec.mrc", f"{C}/ts_001_rec.mrc")
lab.text(f"{C}/ts_001_IDA.mod", imod_model([("IDA", [arms], "scattered")], (32, 32, 20), 8.6))
lab.text(f"{C}/ts_001_IDA_initMOTL.csv", motl(np.zeros(arms.shape)))
prm(f"{C}/ida_ctrl.prm", ["./ts_001_rec.mrc"], ["ts_001_IDA.mod"], ["ts_001_IDA_initMOTL.csv"], "ida_ctrl", 12)
lab.points("marta_ts_001", f"{C}/ts_001_IDA.mod", "IDA", arms, 8.6, also=[f"{C}/ida_ctrl.prm"])
lab.text(f"{C}/readme.txt", "Chlamy WT control, Marta's ts_001 of Nov 21 (bin 4), NOT my ts_001\n")

# ---- 2019: two axes ----
run, d = "axo_007", f"{J}/axo_007"
second = specimen[run].stack(ANGLES, (80, 80), "b")
for x, data, later in (("a", stack[run], 0), ("b", second, 1)):
    lab.tilts(run, f"{d}/axo_007{x}.st", data, 4.27, ANGLES)
    tilted(f"{d}/axo_007{x}.st", ANGLES)
    lab.text(f"{d}/axo_007{x}.st.mdoc", sem(run, ANGLES, f"axo_007{x}.st", camera="SerialEM: Digitized on Tecnai F30", later=later))
    half = {run: whole(rec[run] + seed("axis", x).normal(0, 150, rec[run].shape))}
    untrimmed(run, f"{d}/axo_007{x}_rec.mrc", half)
untrimmed(run, f"{d}/sum_rec.mrc")
etomo(run, d, "axo_007", "Dual Axis", 12.1)
lab.tomogram(run, f"{d}/axo_007_rec.mrc", rec[run], 17.08)
lab.text(f"{d}/axo_007_basal.mod", imod_model([("basal bodies", [base], "scattered")], (20, 20, 16), 17.08))
lab.points(run, f"{d}/axo_007_basal.mod", "basal bodies", base, 17.08)
lab.text(f"{d}/tomopitch.mod", imod_model([("", [np.array([(10.0, 20, 60), (300, 20, 62)]), np.array([(10.0, 20, 200), (300, 20, 204)])], "open")], (20, 16, 20), 17.08))
lab.never("lines of the positioning", {"file": f"{d}/tomopitch.mod"})
run, d = "axo_009", f"{J}/axo_009"
lab.run(run, "axo_009a")
lab.tilts(run, f"{d}/axo_009a.st", stack[run], 4.27, ANGLES)
lab.text(f"{d}/axo_009a.st.mdoc", sem(run, ANGLES, "axo_009a.st", camera="SerialEM: Digitized on Tecnai F30"))
lab.tilts(run, f"{d}/axo_009b.st", specimen[run].stack(ANGLES[:6], (80, 80), "b"), 4.27, ANGLES[:6])
lab.truth["runs"][run]["tiltseries"][-1]["may"] = True
lab.text(f"{d}/axo_009b.st.mdoc", sem(run, ANGLES[:6], "axo_009b.st", camera="SerialEM: Digitized on Tecnai F30", later=1))
etomo(run, d, "axo_009a", rotation=12.1)
untrimmed(run, f"{d}/axo_009a_full_rec.mrc")
lab.tomogram(run, f"{d}/axo_009a_rec.mrc", rec[run], 17.08)

# ---- the paper ----
P = "paper_2023_96nm"
lab.copy(f"{M}/filtered/ts_001_rec_nad.mrc", f"{P}/figures/fig2/ts_001_rec_nad.mrc")
lab.junk("a piece for a figure", f"{P}/figures/fig2/ts_001_crop.mrc", whole(smooth(rec["marta_ts_001"]))[8:12, 6:26, 4:28], 8.6)
for f in ("fig1.png", "fig2/fig2a_slice10.tif", "fig3.png"):
    lab.picture(f"{P}/figures/{f}")
rows = [("Chlamy ts_001", sites["marta_ts_001"]), ("Chlamy ts_002", sites["marta_ts_002"]), ("Tetrahymena ts_001", sites["tomas_ts_001"]), ("Tetrahymena ts_002", sites["tomas_ts_002"])]
lab.text(f"{P}/tables/Table_S2_particles.csv", "tomogram,x (nm),y (nm),z (nm)\n" + "".join(f"{t},{x / 10:.2f},{y / 10:.2f},{z / 10:.2f}\n" for t, w in rows for x, y, z in w))
r = seed("emdb")
for f in ("avg96_wt.map.mrc", "avg96_wt_half1.mrc", "avg96_wt_half2.mrc"):
    lab.junk("an average for EMDB", f"{P}/EMDB/avg96_wt/{f}", r.normal(0, 1, (16, 16, 16)).astype(np.float32), 4.3)
lab.junk("a mask of an average", f"{P}/EMDB/avg96_wt/avg96_wt_mask.mrc", (np.indices((16, 16, 16)).sum(0) < 24).astype(np.float32), 4.3)
v = rec["axo_007"].astype(float)
lab.junk("a tomogram scaled to bytes for EMDB", f"{P}/EMDB/tomo_axo_007/axo_007_8bit.mrc", np.clip((v - v.mean()) / v.std() * 30 + 64, 0, 127).round().astype(np.int8), 17.08)
lab.text(f"{P}/EMDB/TODO.txt", "avg96_wt: FSC xml missing\ntomo_axo_007: 8 bit version of 2019-06/axo_007/axo_007_rec.mrc, EMDB wants the bytes? ask\n")
for source, target in (("ts_001", "chlamy_wt_01"), ("ts_002", "chlamy_wt_02")):
    lab.copy(f"{M}/proc/{source}/{source}.st", f"{P}/EMPIAR/raw/{target}.st")
lab.tilts("marta_ts_005", f"{P}/EMPIAR/raw/chlamy_wt_04.st", stack["marta_ts_005"], 2.15, ANGLES)
tilted(f"{P}/EMPIAR/raw/chlamy_wt_04.st", ANGLES)
lab.truth["runs"]["marta_ts_005"]["aliases"] += ["ts_005", "chlamy_wt_04"]
lab.text(f"{P}/EMPIAR/raw/chlamy_wt_04.st.mdoc", sem("marta_ts_005", ANGLES, "ts_005.st", [TAKEN.index(a) for a in ANGLES]))
lab.text(f"{P}/EMPIAR/empiar_table.csv", "name in EMPIAR,our name,path,pixel (A),comment\n" + "".join(f"chlamy_wt_{i:02d},{n},{M}/proc/{n}/{n}.st,2.15,{c}\n" for i, n, c in ((1, "ts_001", ""), (2, "ts_002", ""), (3, "ts_003", "joined stack, NOT COPIED YET"), (4, "ts_005", "original was on the broken disk; this is the only copy"))) + "tetra_01,Tomas ts_001,,2.72,NOT COPIED YET\n")

# ---- a rotation student ----
L = "Lena_rotation"
lab.copy(f"{M}/proc/ts_002/ts_002_rec.mrc", f"{L}/TS2.mrc")
lab.text(f"{L}/practice.mod", imod_model([("practice", [places("lena", n=5, size=size["marta_ts_002"])], "scattered")], (32, 32, 20), 8.6))
lab.never("an exercise", {"file": f"{L}/practice.mod"})
lab.text(f"{L}/notes.txt", "TS2 = Marta's Chlamy ts_002, to learn 3dmod. practice.mod is just clicking around, no real picks\n")

lab.text("cryoet_log.csv", "series,who,session,specimen,A/px,status,comment\n"
         "axo_007,Joanna,2019-06,Chlamy axonemes,4.27,done,dual axis combined\naxo_009,Joanna,2019-06,Chlamy axonemes,4.27,done,b axis: grid moved and stopped at 6 tilts; reconstructed from a only\n"
         "ts_001,Marta,2021-11-18,Chlamy WT,2.15,done,frames kept\nts_002,Marta,2021-11-18,Chlamy WT,2.15,done,frames deleted to make room\n"
         "ts_003,Marta,2021-11-18,Chlamy WT,2.15,done,crashed after 5 tilts and resumed as ts_003_2; joined in proc/ts_003 (that is the full series)\n"
         "ts_004,Marta,2021-11-18,Chlamy WT,2.15,BAD,crack - do not use\nts_005,Marta,2021-11-18,Chlamy WT,2.15,done,stack lost with the disk (see EMPIAR folder)\n"
         "ts_001,Tomas,2022-05-03,Tetrahymena,2.72,done,\nts_002,Tomas,2022-05-03,Tetrahymena,2.72,done,disk full: 5 of 9 frame files lost\n"
         "ts_104,Tomas,2022-05-03,Tetrahymena,2.72,BAD,crashed after 3 tilts; area burnt\nts_104_2,Tomas,2022-05-03,Tetrahymena,2.72,done,next to ts_104; complete\n")
lab.text("README_FIRST.txt", "flagella drive = /mnt/flagella\n2019-06...   Joanna, dual axis, Tecnai\n2021-11-18.. Marta, Chlamy WT, Krios, 2.15 A\nTomasR/      Tomas, Tetrahymena, Arctica, 2.72 A. CAREFUL he also has ts_001 and ts_002\nPEET/        Marta\npaper_2023_96nm/ figures, EMDB and EMPIAR (not finished)\nLena_rotation/ exercise, can go\nwhat is what: cryoet_log.csv\n")
lab.done()
