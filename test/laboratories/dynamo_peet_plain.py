"""A thesis of 2016 to 2019: axonemes by PEET and a membrane protein by Dynamo, of two sessions with different pixels, all reconstructed in etomo.

Imitates
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm   (NAME.st beside NAME.st.mdoc; SubFramePath; maps; .nav)
  https://bio3d.colorado.edu/imod/doc/tomoguide.html               (older names: NAME_full.rec, trimmed NAME.rec; NAME.ali; NAME.fid)
  https://bio3d.colorado.edu/imod/betaDoc/man/sirtsetup.html       (NAME_full.srecNN; what trimvol makes of it is called by people, here NAME_SIRT.rec)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention     (1 tag, 4-6 shifts, 20 tomogram, 24-26 x, y, z; the place is x + dx)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Volume_list_file     (.vll: a file a line, * label, * index, * apix, > models and tables)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Prebinned_tomograms  (NAME_CatBinnedX.rec beside NAME.rec: X times binned by 2; models keep the scale of NAME.rec)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Model       (CATALOGUE/tomograms/volume_N/models/NAME.omd)
  https://bio3d.colorado.edu/ftp/PEET/man/html/man1/PEET.1.html    (.prm); public scripts with PEET's names: NAME_PtsAdded.mod, NAME_InitMOTL.csv, FN_MOTL_TomN_IterM.csv
  https://warpem.github.io/warp/reference/warptools/tomogram_particle_files and the tests of dynamo2m (dynamo2warp: seven columns, NAME.tomostar)
From memory: etomo's NAME.nad, the list of cards in a Dynamo project, what the averages of PEET and their .epe hold. Dynamo counts from 1; a voxel is allowed.

Stacks are sorted by angle as SerialEM leaves bidirectional series. The second session has frames, the first has not. The Dynamo picks were made at bin 4; the same
particles were cropped again at bin 2 from tomograms that are deleted since, aligned twice, cleaned by their correlation and exported for RELION: those that were exported are the result. The doublets
of the axonemes were traced with few points; addModPts filled in the particles. An earlier PEET run has the same models.
The mess: filtered copies for looking (NAD, Gauss), SIRT of some, a series that nobody trimmed, one that could not be aligned, Dynamo's prebinned copy,
averages, halves and masks (PEET, Dynamo, RELION, EMDB), averages put back into a tomogram, sessions of Chimera, figures, a backup of the laptop, lists with paths of a workstation.
"""
import struct

import numpy as np

from kit import Lab, imod_model, lines, mdoc, noise, places, seed, star, xf

ANGLES = [float(a) for a in range(-60, 61, 15)]
ORDER = [4, 3, 2, 1, 0, 5, 6, 7, 8]  # bidirectional from 0
A, B, S = "imaging/161107_F30/", "imaging/180522_Krios/", "sta/"
PIXEL, BIN, SHAPE = {A: 3.92, B: 2.71}, {A: 2, B: 4}, {A: (14, 40, 44), B: (16, 48, 46)}
#        session  name         state        particles  SIRT   copy for looking
TABLE = [(A, "axo_ts03",    "trimmed",   30, True,  "nad"),
         (A, "axo_ts04",    "trimmed",   24, False, "nad"),
         (A, "axo_ts08",    "untrimmed", 0,  False, ""),
         (A, "axo_ts11",    "stack",     0,  False, ""),
         (B, "pm_L2_ts01",  "trimmed",   21, False, "gauss"),
         (B, "pm_L2_ts02",  "trimmed",   17, True,  "gauss"),
         (B, "pm_L3_ts05",  "trimmed",   12, False, "")]
of = lambda s: [n for f, n, *_ in TABLE if f == s]
VOXEL = {s: PIXEL[s] * BIN[s] for s in (A, B)}
EXTENT = {s: [n * VOXEL[s] for n in SHAPE[s][::-1]] for s in (A, B)}

lab = Lab(__doc__, ["https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Volume_list_file", "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Prebinned_tomograms",
                    "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention", "https://bio3d.colorado.edu/ftp/PEET/man/html/man1/PEET.1.html", "https://warpem.github.io/warp/reference/warptools/tomogram_particle_files"])
box = lambda why, path, v, n=16: lab.junk(why, path, noise((n, n, n), path), v)

for s, n, state, k, sirt, copy in TABLE:
    d, v, p = f"{s}{n}/{n}", VOXEL[s], PIXEL[s]
    frames = [f"{n}_{ORDER.index(i):03d}_{a:.1f}.tif" for i, a in enumerate(ANGLES)] if s == B else None
    lab.tilts(n, d + ".st", noise((len(ANGLES), 60, 60), n, "stack", dtype=np.int16), p, ANGLES)
    lab.text(d + ".st.mdoc", mdoc(ANGLES, p, frames, f"{n}.st", (60, 60), folder="X:\\Jule\\180522_Krios\\frames\\", order=[ORDER.index(i) for i in range(len(ANGLES))]))
    if frames:
        lab.movies(n, [f"{s}frames/{f}" for f in frames])
    lab.text(d + ".rawtlt", lines(ANGLES))
    lab.text(d + ".edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={p / 10:.4f}\nSetup.FiducialDiameter=10.0\n")
    if state == "stack":
        continue
    lab.text(d + ".tlt", lines([a + 0.7 for a in ANGLES]))
    lab.text(d + ".xf", xf(len(ANGLES), n))
    lab.text(f"{s}{n}/newst.com", f"$newstack -StandardInput\nInputFile {n}.st\nOutputFile {n}.ali\nTransformFile {n}.xf\nBinByFactor {BIN[s]}\n")
    lab.text(f"{s}{n}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}.ali\nOutputFile {n}_full.rec\nIMAGEBINNED {BIN[s]}\nTILTFILE {n}.tlt\nTHICKNESS 80\n")
    lab.junk("aligned stack", d + ".ali", noise((len(ANGLES), *SHAPE[s][1:]), n, "ali", dtype=np.int16), v, stack=True)
    gold = places(n, "gold", n=8, size=(60 * p, 60 * p, len(ANGLES) * p))
    lab.text(d + ".fid", imod_model([("gold", [[g] for g in gold], "scattered")], (60, 60, len(ANGLES)), p))
    lab.never("gold on the images", d + ".fid")
    whole = (SHAPE[s][1] + 4, SHAPE[s][0] + 6, SHAPE[s][2] + 4)
    if state == "untrimmed":  # to publish all there is of it and to leave it out are both right
        lab.tomogram(n, d + "_full.rec", noise(whole, n, "full"), v, may=True)
        continue
    lab.junk("before trimming: sections along y", d + "_full.rec", noise(whole, n, "full"), v)
    lab.tomogram(n, d + ".rec", noise(SHAPE[s], n), v)
    if sirt:
        lab.junk("SIRT before trimming", d + "_full.srec10", noise(whole, n, "srec"), v)
        lab.tomogram(n, d + "_SIRT.rec", noise(SHAPE[s], n, "sirt"), v, ("raw", "filtered"))
    if copy:
        lab.tomogram(n, d + {"nad": ".nad", "gauss": "_gauss.rec"}[copy], noise(SHAPE[s], n, copy), v, ("filtered", "denoised"))
lab.gain(of(B), B + "frames/K2_gain_180522.mrc")
lab.tomogram("pm_L2_ts02", f"{B}pm_L2_ts02/pm_L2_ts02_CatBinned1.rec", noise((8, 24, 23), "prebinned"), 2 * VOXEL[B], may=True)
where = {n: places(lab.name, n, n=k, size=EXTENT[s]) for s, n, _, k, *_ in TABLE if k}

# ---- the axonemes, by PEET ----
PEET = S + "peet_axoneme/"
HEADER = "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved\n"
motl = lambda n, off: HEADER + "".join("%.4f,0,0,%d,0,0,0,0,0,0,%.3f,%.3f,%.3f,0,0,0,%.2f,%.2f,%.2f,1\n" % (0.3, i + 1, *o, *seed("euler", n, i).uniform(-90, 90, 3)) for i, o in enumerate(off))
cell = lambda words: "{" + ", ".join(f"'{w}'" for w in words) + "}"
axo = [n for n in of(A) if n in where]
for number, n in enumerate(axo, 1):
    k, m = len(where[n]), f"{PEET}{n}_doublets"
    ends = [places("doublet", n, j, n=2, size=EXTENT[A]) for j in range(3)]
    picked = np.round(np.concatenate([e[0] + np.linspace(0, 1, k // 3)[:, None] * (e[1] - e[0]) for e in ends]), 3)
    off = np.round(seed("offset", n).uniform(-1.4, 1.4, (k, 3)), 3)
    lab.text(m + ".mod", imod_model([("doublets", [[e[0], (e[0] + e[1]) / 2, e[1]] for e in ends], "open")], SHAPE[A][::-1], VOXEL[A]))
    lab.never("doublets as traced, a few points each: no places of particles", m + ".mod")
    lab.text(m + "_PtsAdded.mod", imod_model([("doublets", np.split(picked, 3), "open")], SHAPE[A][::-1], VOXEL[A]))
    lab.text(m + "_InitMOTL.csv", motl(n, np.zeros((k, 3))))
    lab.text(m + "_RotAxes.csv", "0,1,0\n" * k)
    for it, o in ((1, off * 0), (2, off * 0.6), (4, off)):
        lab.text(f"{PEET}axo_MOTL_Tom{number}_Iter{it}.csv", motl(n, o))
    lab.text(f"{PEET}run1/axo_run1_MOTL_Tom{number}_Iter3.csv", motl(n, off * 0.5))
    lab.points(n, f"{PEET}axo_MOTL_Tom{number}_Iter4.csv", "doublet microtubule", picked + off * VOXEL[A], VOXEL[A], before=picked,
               also=[PEET + "axo.prm", m + "_PtsAdded.mod", PEET + "run1/axo_run1.prm", *(f"{PEET}axo_MOTL_Tom{number}_Iter{i}.csv" for i in (1, 2))])
for folder, name, up in ((PEET, "axo", ""), (PEET + "run1/", "axo_run1", "../")):
    lab.text(f"{folder}{name}.prm", f"fnVolume = {cell(f'../{up}../{A}{n}/{n}.rec' for n in axo)}\nfnModParticle = {cell(f'{up}{n}_doublets_PtsAdded.mod' for n in axo)}\ninitMOTL = {cell(f'{up}{n}_doublets_InitMOTL.csv' for n in axo)}\n"
             f"tiltRange = {{[-60, 60], [-60, 60]}}\ndPhi = {{-12:4:12, -6:2:6}}\ndTheta = {{-12:4:12, -6:2:6}}\ndPsi = {{-12:4:12, -6:2:6}}\nsearchRadius = {{[4], [2]}}\nreference = [1, 12]\nfnOutput = '{name}'\nszVol = [16, 16, 16]\nmaskType = 'none'\n")
    lab.text(f"{folder}{name}.epe", f"Peet.RootName={name}\nVersion=1.1\n")
    for f in (f"{name}_Ref1.mrc", f"{name}_AvgVol_3P0054.mrc", f"{name}_unMasked_AvgVol_3P0054.mrc"):
        box("average of particles", folder + f, VOXEL[A])

# ---- the membrane protein, by Dynamo ----
DYN = S + "dynamo/"
FAR = "/data2/jule/imaging/180522_Krios/"
pm, tag, tables, coarse, rows = [n for n in of(B) if n in where], 0, dict.fromkeys(("crop", "bin2", "ite1", "ite5", "bin2_ite4", "clean"), ""), {}, []


def row(tag, number, xyz, shift=(0, 0, 0), cc=0.0):
    c = [0.0] * 35
    c[0], c[1], c[2], c[3:6], c[9], c[12], c[13], c[14] = tag, 1, 1, shift, cc, 1, -60, 60
    c[6:9] = np.round(seed("angles", tag).uniform(-180, 180, 3), 2)
    c[19], c[20], c[21], c[23:26], c[31] = number, 1, 1, xyz, 1
    return " ".join(f"{x:.6g}" for x in c) + "\n"


def em(path, why):
    data = noise((12, 12, 12), path)
    lab.text(path, struct.pack("<4b3i", 6, 0, 0, 5, *data.shape) + bytes(496) + data.astype("<f4").tobytes())
    lab.never(why, path)


clean = {}
for number, n in enumerate(pm, 1):
    shift = np.round(seed("shift", n).uniform(-1.5, 1.5, where[n].shape), 3)  # bin 4 voxels
    refined = where[n] + shift * VOXEL[B]
    keep = [i for i in range(len(shift)) if i % 4 != 1]
    clean[n] = refined[keep]
    for i, (p, d) in enumerate(zip(where[n], shift)):
        tag += 1
        x4, x2, cc = p / VOXEL[B] + 1, p / (2 * PIXEL[B]) + 1, 0.31 if i in keep else 0.08
        for t, r in (("crop", row(tag, number, x4)), ("ite1", row(tag, number, x4, d * 0.7, cc)), ("ite5", row(tag, number, x4, d, cc)), ("bin2", row(tag, number, x2)), ("bin2_ite4", row(tag, number, x2, d * 2, cc))):
            tables[t] += r
        if i in keep:
            tables["clean"] += row(tag, number, x4, d, cc)
            rows.append((*((x4 + d)), *seed("relion", tag).uniform(-90, 90, 3), f"{n}.tomostar"))
        if tag < 3:
            for b in (4, 2):
                em(f"{DYN}pm_bin{b}.Data/particle_{tag:06d}.em", "one particle")
    ite = lambda project, i: f"{DYN}{project}/results/ite_{i:04d}/averages/refined_table_ref_001_ite_{i:04d}.tbl"
    lab.points(n, ite("align_bin4", 5), "membrane protein", refined, VOXEL[B], before=where[n],
               also=[f"{DYN}pm_bin4.Data/crop.tbl", f"{DYN}pm_bin2.Data/crop.tbl", ite("align_bin4", 1), ite("align_bin2", 4), DYN + "pm_picked.tbl"], may=True)
    lab.points(n, DYN + "pm_clean_cc02.tbl", "membrane protein", clean[n], VOXEL[B], before=where[n][keep], also=[S + "relion/pm_dynamo2warp.star", S + "relion/Refine3D/job004/run_data.star"])
    lab.text(f"{DYN}pmCatalogue/tomograms/volume_{number}/models/mmembraneByLevels.omd", b"MATLAB 5.0 MAT-file, Platform: GLNXA64, Created on: Tue Jun 12 10:11:12 2018".ljust(124) + b"\0\1IM" + bytes(64))
for path, t in (("pm_picked.tbl", "crop"), ("pm_bin4.Data/crop.tbl", "crop"), ("pm_bin2.Data/crop.tbl", "bin2"), ("pm_clean_cc02.tbl", "clean")):
    lab.text(DYN + path, tables[t])
for project, i, t in (("align_bin4", 1, "ite1"), ("align_bin4", 5, "ite5"), ("align_bin2", 4, "bin2_ite4")):
    lab.text(ite(project, i), tables[t])
    em(f"{DYN}{project}/results/ite_{i:04d}/averages/average_symmetrized_ref_001_ite_{i:04d}.em", "average of particles")
    em(f"{DYN}{project}/settings/mask.em", "mask of the average")
    lab.text(f"{DYN}{project}/vpr_info.txt", f"name_project = {project}\n")
for b in ("", "_bin2"):
    lab.text(f"{DYN}pm_bin{b[4:] or 4}.Data/indices_column20.doc", "".join(f"{i} {FAR}{n}/{n}{b}.rec\n" for i, n in enumerate(pm, 1)))
lab.text(DYN + "pm.vll", "# ts03 and ts04 of L2 were too thick\n" + "".join(f"{FAR}{n}/{n}.rec\n* label = {n}\n* index = {i}\n* apix = {VOXEL[B]:.2f}\n* ytilt = -60 60\n\n" for i, n in enumerate(pm, 1)))
lab.text(DYN + "pmCatalogue.ctlg", b"MATLAB 5.0 MAT-file, Platform: GLNXA64, Created on: Mon Jun 11 09:00:00 2018".ljust(124) + b"\0\1IM" + bytes(64))
lab.text(DYN + "todo.m", "dcm -create pmCatalogue -fromvll pm.vll\ndtcrop('pm_bin4.Data/indices_column20.doc','pm_picked.tbl','pm_bin4.Data',48);\ndcp.new('align_bin4','d','pm_bin4.Data','t','pm_bin4.Data/crop.tbl');\n")

# ---- the export, the maps, the figures ----
columns = [f"rln{c}" for c in ("CoordinateX", "CoordinateY", "CoordinateZ", "AngleRot", "AngleTilt", "AnglePsi", "MicrographName")]
export = {c: [float(x) if j < 6 else x for x in v] for j, (c, v) in enumerate(zip(columns, zip(*rows)))}
lab.text(S + "relion/pm_dynamo2warp.star", star([("", export)]))
fine = lambda c: [round(2 * x, 3) if "Coordinate" in c else x for x in export[c]]  # pixels of the subtomograms
lab.text(S + "relion/Refine3D/job004/run_data.star", star([("", {**{c: fine(c) for c in columns}, "rlnImageName": [f"subtomo/{m[:-9]}/{i + 1:07d}.mrc" for i, m in enumerate(export["rlnMicrographName"])],
                                                                "rlnMagnification": [10000.0] * len(rows), "rlnDetectorPixelSize": [5.42] * len(rows), **{f"rlnOrigin{c}": [0.0] * len(rows) for c in "XYZ"}})]))
for f in ("Refine3D/job004/run_class001", "Refine3D/job004/run_half1_class001_unfil", "Refine3D/job004/run_half2_class001_unfil", "MaskCreate/job005/mask", "PostProcess/job006/postprocess", "subtomo/pm_L2_ts01/0000001"):
    box("average of particles, its mask, or one particle", f"{S}relion/{f}.mrc", 5.42)
for entry, v in (("4711", VOXEL[A]), ("4712", 5.42)):
    for f in ("", "_half_map_1", "_half_map_2", "_msk_1"):
        box("average for EMDB", f"{S}emdb/emd_{entry}{f}.map", v, 20)
    lab.text(f"{S}emdb/emd_{entry}_fsc.xml", "<fsc><coordinate><x>0.01</x><y>0.99</y></coordinate></fsc>\n")
lab.junk("averages put back into the tomogram", "figures/pm_L2_ts01_mapback.mrc", noise(SHAPE[B], "mapback"), VOXEL[B])
lab.junk("a crop for a figure", "figures/axo_ts03_crop_fig2.mrc", noise((8, 20, 24), "crop"), VOXEL[A])
lab.text("figures/fig3_scene.py", "import chimera\nfrom chimera import runCommand\nrunCommand('open /data2/jule/sta/emdb/emd_4712.map')\n")
lab.text("figures/fig4.cxs", b"\x04\"M\x18" + bytes(60))
for f in ("figures/fig2_axoneme.tif", "figures/fig3.png", "imaging/180522_Krios/pm_L2_ts01/pm_L2_ts01_z24.png"):
    lab.picture(f)
lab.copy(f"{A}axo_ts03/axo_ts03.rec", "backup_laptop/tomos/axo_ts03.rec")
lab.copy(f"{PEET}axo_ts03_doublets_PtsAdded.mod", "backup_laptop/axo_ts03_doublets_PtsAdded.mod")
lab.junk("map of the grid", B + "LMM.mrc", noise((4, 60, 60), "map", dtype=np.int16), 250.0, stack=True)
lab.text(B + "nav_180522.nav", "AdocVersion = 2.00\nLastSavedAs = X:\\Jule\\180522_Krios\\nav.nav\n\n[Item = 1]\nStageXYZ = 1.1 2.2 3.3\n")
lab.text("tomograms.csv", "session;tomogram;pixel (A);binning;comment\n" + "".join(f"{s[8:-1]};{n};{PIXEL[s]};{BIN[s]};{dict(stack='no gold', untrimmed='crushed').get(state, '')}\n" for s, n, state, *_ in TABLE))
lab.text("thesis_ch3.docx", b"PK\3\4" + bytes(60))
lab.done()
