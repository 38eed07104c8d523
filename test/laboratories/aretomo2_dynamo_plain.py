"""Four days at two microscopes: PACEtomo, MotionCor, AreTomo2 by a loop into one flat folder, etomo where it failed, Dynamo, STOPGAP, a try in RELION 4, a thesis.

Imitates
  https://github.com/eisfabian/PACEtomo                                     (NAME_ts_001.mrc and NAME_ts_001.mrc.mdoc: sections in the order of recording, numbered a session)
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm            (mdoc, SubFramePath, CountRef_FIRST FRAME.mrc)
  https://github.com/czimaginginstitute/AreTomo2 (MrcUtil/CSaveAlnFile.cpp: NAME OF INPUT.aln in the folder of the output; ImodUtil/CImodUtil.cpp: NAME OF INPUT_Imod/ with _st.xf, _st.tlt,
    _st.xtilt, _order_list.csv, newst.com, tilt.com; FindCtf/CSaveCtfResults.cpp: NAME OF INPUT_ctf.mrc, _ctf.txt; manual 1.1: -OutBin, -PixSize, -AlnFile)
  https://bio3d.colorado.edu/imod/doc/tomoguide.html                        (newer names: NAME_ali.mrc, NAME_full_rec.mrc, trimmed NAME_rec.mrc)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Volume_list_file     (.vll: a file a line, without * index the number is that of the line; > tables)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention     (4-6 shifts, 20 tomogram, 24-26 x, y, z; the place is x + dx)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Model                (CATALOGUE/tomograms/volume_N/models/NAME.omd)
  https://github.com/wan-lab-vanderbilt/STOPGAP                             (motive list of 16 columns, orig_x + x_shift, tomolist.txt, wedgelist)
  https://github.com/MPI-Dortmund/cryolo (source/tutorials/tut05_tomo.rst), https://github.com/MPI-Dortmund/cryoloBM   (CBOX, CBOX_UNTRACED, COORDS)
  https://github.com/cryoem/eman2 (programs/e2spt_boxer.py: boxes as text, x y z in voxels)
  https://github.com/tbepler/topaz (denoise3d -o FOLDER: names of the input), https://github.com/juglab/cryoCARE_pip (config files; output under the name of the even half)
  https://relion.readthedocs.io/en/release-4.0/STA_tutorial/ImportTomo.html (tomograms_descr.star, rlnTomoImportImodDir; coordinates in pixels of the series)
From memory: MotionCor's sums are called after the frames, with -SplitSum _EVN and _ODD; e2spt_boxer's whole numbers between tabs. Dynamo and STOPGAP count from 1; a voxel is allowed.

Names are DATE_ts_NUMBER, numbered anew each day. The first two days are the Krios', the others the Glacios'. Of the third day there are no frames: AreTomo2 ran on PACEtomo's own stacks, whose sections are
in the order of recording. The others were motion-corrected and stacked by angle. Two series that AreTomo2 could not align were done in etomo; what it made of them lies in `bad`. Ribosomes are Dynamo's
refined table, in RELION once more; proteasomes STOPGAP's last list; ferritin crYOLO's; vaults were boxed by hand in EMAN2.
The mess: a first round at bin 8 in `old`, a series that was broken off, two too thick, sums of one day that nobody deleted, averages, masks and single particles, a thesis with a copy of a tomogram.
"""
import struct

import numpy as np

from kit import Lab, dose_symmetric, imod_model, lines, mdoc, noise, places, seed, star, xf

TAKEN = dose_symmetric(12, 9)
ANGLES = sorted(TAKEN)
K, G = "Krios", "Glacios"
PIXEL, SHAPE, BIN = {K: 2.68, G: 3.11}, {K: (12, 36, 36), G: (12, 34, 38)}, 4
VOXEL = {m: p * BIN for m, p in PIXEL.items()}
DAYS = {"2024-05-12": K, "2024-06-03": K, "2024-09-17": G, "2024-11-25": G}
#          day, number        state       ribosomes proteasomes ferritin vaults
TABLE = {("2024-05-12", 1): ("good",      14, 0, 9, 0),
         ("2024-05-12", 2): ("good",      19, 0, 12, 0),
         ("2024-05-12", 3): ("good",      11, 0, 0, 0),
         ("2024-05-12", 4): ("thick",     0, 0, 0, 0),
         ("2024-05-12", 5): ("good",      16, 0, 0, 0),
         ("2024-05-12", 6): ("broken",    0, 0, 0, 0),
         ("2024-06-03", 1): ("good",      13, 0, 7, 0),
         ("2024-06-03", 2): ("good",      17, 0, 0, 0),
         ("2024-06-03", 3): ("good",      0, 0, 0, 0),
         ("2024-06-03", 4): ("etomo",     12, 0, 0, 0),
         ("2024-06-03", 5): ("good",      0, 0, 0, 0),
         ("2024-09-17", 1): ("good",      0, 8, 0, 6),
         ("2024-09-17", 2): ("good",      0, 10, 0, 0),
         ("2024-09-17", 3): ("thick",     0, 0, 0, 0),
         ("2024-09-17", 4): ("good",      0, 0, 0, 5),
         ("2024-09-17", 5): ("good",      0, 9, 0, 0),
         ("2024-09-17", 6): ("good",      0, 0, 0, 0),
         ("2024-11-25", 1): ("halves",    0, 11, 0, 0),
         ("2024-11-25", 2): ("etomo",     0, 7, 0, 0),
         ("2024-11-25", 3): ("halves",    0, 0, 0, 8),
         ("2024-11-25", 4): ("halves",    0, 12, 0, 0),
         ("2024-11-25", 5): ("good",      0, 0, 0, 0)}
TOPAZ = [("2024-05-12", 1), ("2024-05-12", 2), ("2024-05-12", 5), ("2024-06-03", 1)]
name = lambda key: "%s_ts_%03d" % key
P, A, S = "processing/", "processing/aretomo/", "sta/"
FAR = "/mnt/titan/cellbio/processing/"  # where the workstation has it
SIZE = (56, 56)

lab = Lab(__doc__, ["https://github.com/czimaginginstitute/AreTomo2", "https://github.com/eisfabian/PACEtomo", "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Volume_list_file",
                    "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention", "https://github.com/wan-lab-vanderbilt/STOPGAP", "https://github.com/MPI-Dortmund/cryolo",
                    "https://github.com/cryoem/eman2", "https://relion.readthedocs.io/en/release-4.0/STA_tutorial/ImportTomo.html"])
box = lambda why, path, v, n=14: lab.junk(why, path, noise((n, n, n), path), v)


def aligned(n, order):
    """AreTomo's rows are sorted by angle; the first column is the section in the input."""
    out = f"# AreTomo Alignment / Priims bprmMn \n# RawSize = {SIZE[1]} {SIZE[0]} {len(order)}\n# NumPatches = 0\n# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT\n"
    shifts = seed("aln", n).normal(0, 4, (len(order), 2))
    for i in np.argsort(order):
        out += "%5d  %9.4f  %9.5f  %9.3f  %9.3f  %7.2f  %7.2f  %7.2f  %7.2f  %8.2f\n" % (i, 84.4, 1, *shifts[i], 1, 1, 1, 0, order[i])
    return out


def aretomo(key, folder, order, source):
    """All that AreTomo2 leaves beside the volume."""
    n, m = name(key), DAYS[key[0]]
    d = f"{folder}{n}"
    lab.text(d + ".aln", aligned(n, order))
    lab.text(d + ".log", f"Input MRC File: {source}\nOutput MRC File: aretomo/{n}_rec.mrc\nPixel size: {PIXEL[m]:.2f}\nTotal time: 131.2 sec\n")
    lab.junk("power spectra of the CTF estimation", d + "_ctf.mrc", noise((len(order), 24, 24), folder, n, "ctf"), 1.0, stack=True)
    lab.text(d + "_ctf.txt", "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radian]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully\n"
             + "".join(f"{i + 1:4d}   {38100 + 40 * i:.2f}  {37800 + 40 * i:.2f}    -31.40      0.00     0.11   10.0000\n" for i in range(len(order))))
    for side, shape in (("XY", (1, *SHAPE[m][1:])), ("XZ", (1, SHAPE[m][0], SHAPE[m][2]))):
        lab.junk("projection of the volume", f"{d}_rec_proj{side}.mrc", noise(shape, folder, n, side), VOXEL[m])
    i = f"{d}_Imod/"
    lab.text(f"{i}{n}_st.xf", xf(len(order), n))
    lab.text(f"{i}{n}_st.tlt", lines(sorted(order), "{:8.2f}"))
    lab.text(f"{i}{n}_st.xtilt", lines([0.0] * len(order), "{:8.2f}"))
    lab.text(f"{i}{n}_ctf.txt", "1  0  0.0  0.0  0.0  3\n" + "".join("%4d  %4d  %7.2f  %7.2f  %8.2f  %8.2f  %7.2f\n" % (j + 1, j + 1, a, a, 3780 + 4 * j, 3810 + 4 * j, -31.4) for j, a in enumerate(sorted(order))))
    lab.text(f"{i}{n}_order_list.csv", "".join(f"{j + 1},{a:.2f}\n" for j, a in enumerate(order)))
    lab.text(f"{i}newst.com", f"$newstack -StandardInput\nInputFile\t{source}\nOutputFile\t{n}_st.ali\nTransformFile\t{n}_st.xf\nTaperAtFill     1,0\nAdjustOrigin\nOffsetsInXandY  0.0,0.0\nImagesAreBinned 1.0\nBinByFactor     1\n")
    lab.text(f"{i}tilt.com", f"$tilt -StandardInput\nInputProjections {n}_st.ali\nOutputFile {n}_st.rec\nIMAGEBINNED 1\nTILTFILE {n}_st.tlt\nTHICKNESS 48\nRADIAL 0.35 0.035\nXAXISTILT 0.0\nPERPENDICULAR\nMode 2\nFULLIMAGE {SIZE[1]} {SIZE[0]}\nXTILTFILE {n}_st.xtilt\n")


def etomo(key):
    n, m = name(key), DAYS[key[0]]
    e, v, s = f"{P}etomo/{n}/", VOXEL[m], SHAPE[m]
    lab.copy(f"{P}stacks/{n}.mrc", f"{e}{n}.mrc")
    lab.text(f"{e}{n}.rawtlt", lines(ANGLES))
    lab.text(f"{e}{n}.tlt", lines([a - 0.4 for a in ANGLES]))
    lab.text(f"{e}{n}.xf", xf(len(ANGLES), n, "etomo"))
    lab.text(f"{e}{n}.edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={PIXEL[m] / 10:.4f}\nSetup.FiducialDiameter=10.0\nSetup.OrigStackExt=mrc\n")
    lab.text(f"{e}newst.com", f"$newstack -StandardInput\nInputFile {n}.mrc\nOutputFile {n}_ali.mrc\nTransformFile {n}.xf\nBinByFactor {BIN}\n")
    lab.text(f"{e}tilt.com", f"$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nIMAGEBINNED {BIN}\nTILTFILE {n}.tlt\nTHICKNESS 60\nFULLIMAGE {SIZE[1]} {SIZE[0]}\n")
    lab.text(f"{e}trimvol.com", f"$trimvol -rx {n}_full_rec.mrc {n}_rec.mrc\n")
    lab.junk("aligned stack", f"{e}{n}_ali.mrc", noise((len(ANGLES), *s[1:]), n, "ali", dtype=np.int16), v, stack=True)
    lab.junk("before trimming: sections along y", f"{e}{n}_full_rec.mrc", noise((s[1] + 2, s[0] + 3, s[2] + 2), n, "full"), v)
    lab.text(f"{e}{n}_fid.mod", imod_model([("gold", [[g] for g in places(n, "gold", n=6, size=(150, 150, 20))], "scattered")], (*SIZE, len(ANGLES)), PIXEL[m]))
    lab.never("gold on the images", f"{e}{n}_fid.mod")
    lab.tomogram(n, f"{e}{n}_rec.mrc", noise(s, n, "etomo"), v)
    lab.junk("AreTomo2 could not align it, etomo did", f"{A}bad/{n}_rec.mrc", noise(s, n, "bad"), v)


def apart(key, kind, n, voxels=3.2):
    """Particles do not overlap."""
    v, kept, i = VOXEL[DAYS[key[0]]], [], 0
    size = [x * v for x in SHAPE[DAYS[key[0]]][::-1]]
    while len(kept) < n:
        p = places(lab.name, name(key), kind, i, n=1, size=size, margin=0.22)[0]
        kept += [p] if all(np.abs(p - q).max() > voxels * v for q in kept) else []
        i += 1
    return np.array(kept).reshape(-1, 3)


tomo = {}
for key, (state, *_) in TABLE.items():
    (day, number), n = key, name(key)
    m = DAYS[day]
    p, v, raw = PIXEL[m], VOXEL[m], f"data/{day}_{m}/"
    taken = TAKEN[:5] if state == "broken" else TAKEN
    own = day == "2024-09-17"
    ending = "eer" if m == G else "tif"
    frames = [f"{n}_{i:03d}_{a:.1f}.{ending}" for i, a in enumerate(taken)]
    text = mdoc(taken, p, frames, f"{n}.mrc", SIZE, folder=f"D:\\DATA\\{day}\\frames\\", camera=f"SerialEM: Acquired on {m}")
    lab.text(f"{raw}{n}.mrc.mdoc", text)
    if own:
        lab.tilts(n, f"{raw}{n}.mrc", noise((len(taken), *SIZE), n, "stack", dtype=np.int16), p, taken)
        lab.text(f"{raw}{n}.rawtlt", lines(taken))
    else:
        lab.movies(n, [f"{raw}frames/{f}" for f in frames])
    if state == "broken":
        continue
    if not own:
        lab.tilts(n, f"{P}stacks/{n}.mrc", noise((len(ANGLES), *SIZE), n, "stack"), p, ANGLES)
        lab.text(f"{P}stacks/{n}.rawtlt", lines(ANGLES))
        lab.text(f"{P}stacks/{n}_list.txt", f"{len(ANGLES)}\n" + "".join(f"../motioncor/{n}_{TAKEN.index(a):03d}_{a:.1f}.mrc\n0\n" for a in ANGLES))
    if state == "thick":
        continue
    order, source = (taken, f"../{raw}{n}.mrc") if own else (ANGLES, f"stacks/{n}.mrc")
    aretomo(key, f"{A}bad/" if state == "etomo" else A, order, source)
    if state == "etomo":
        etomo(key)
        tomo[key] = f"etomo/{n}/{n}_rec.mrc"
        continue
    tomo[key] = f"aretomo/{n}_rec.mrc"
    lab.tomogram(n, P + tomo[key], noise(SHAPE[m], n, "rec"), v)
    if state == "halves":
        for h in ("EVN", "ODD"):
            lab.half(n, f"{P}stacks/{n}_{h}.mrc", noise((len(ANGLES), *SIZE), n, h), p, stack=True)
            lab.half(n, f"{A}{n}_{h}_rec.mrc", noise(SHAPE[m], n, h, "rec"), v)
        lab.tomogram(n, f"{P}cryocare/denoised/{n}_EVN_rec.mrc", noise(SHAPE[m], n, "care"), v, ("denoised",))
    if key in TOPAZ:
        lab.tomogram(n, f"{P}topaz/{n}_rec.mrc", noise(SHAPE[m], n, "topaz"), v, ("denoised",))
for a in ANGLES:  # nobody deleted the sums of the last day
    for number in (1, 2, 3):
        f = f"{name(('2024-11-25', number))}_{TAKEN.index(a):03d}_{a:.1f}.mrc"
        lab.junk("sum of the frames of one tilt", f"{P}motioncor/{f}", noise((1, *SIZE), f), PIXEL[G], stack=True)
of = lambda day: [name(k) for k in TABLE if k[0] == day]
lab.gain(of("2024-05-12"), "data/2024-05-12_Krios/frames/CountRef_2024-05-12_ts_001_000_0.0.mrc")
lab.gain(of("2024-06-03"), "data/2024-06-03_Krios/frames/CountRef_2024-06-03_ts_001_000_0.0.mrc")
lab.gain(of("2024-11-25"), "data/2024-11-25_Glacios/frames/20241120_101533_EER_GainReference.gain")
for day, m in DAYS.items():
    lab.text(f"data/{day}_{m}/{day}.nav", "AdocVersion = 2.00\n\n[Item = 1]\nColor = 0\nStageXYZ = 12.1 -40.2 3.1\nType = 0\nNote = ts_001\n")
    lab.text(f"data/{day}_{m}/{day}_tgts.txt", f"_set rootname = {day}\n\n" + "".join(f"_tgt = {i:03d}\ntsfile = {day}_ts_{i:03d}.mrc\nSSX = {0.4 * i:.2f}\nSSY = 0.1\n\n" for i in range(1, 4)))
    lab.junk("map of the lamella", f"data/{day}_{m}/{day}_MMM.mrc", noise((2, 40, 40), day, "mmm", dtype=np.int16), 180.0, stack=True)
    script = f"""#!/bin/bash
# {day}, {m}, pixel {PIXEL[m]}
cd /mnt/titan/cellbio/processing
for f in {'../data/2024-09-17_Glacios' if day == '2024-09-17' else 'stacks'}/{day}_ts_???.mrc; do
  n=$(basename $f .mrc)
  AreTomo2 -InMrc $f -OutMrc aretomo/${{n}}_rec.mrc -AngFile ${{f%.mrc}}.rawtlt -VolZ 48 -AlignZ 40 -OutBin {BIN} -PixSize {PIXEL[m]} -TiltAxis 84 1 -FlipVol 1 -OutImod 1 -Wbp 1 -Kv {300 if m == K else 200} -Cs 2.7 -Gpu 0 > aretomo/$n.log
done
"""
    lab.text(f"{P}run_aretomo_{day}.sh", script)
lab.text(f"{P}run_mc_krios.sh", "for f in ../data/2024-0?-??_Krios/frames/2024*_ts_*.tif; do MotionCor2 -InTiff $f -OutMrc motioncor/$(basename $f .tif).mrc -Gain $G -PixSize 1.34 -FtBin 2 -Patch 5 5; done\n")
lab.text(f"{P}run_mc_glacios.sh", "MotionCor3 -InEer ../data/2024-11-25_Glacios/frames/ -Serial 1 -OutMrc motioncor/ -Gain 20241120_101533_EER_GainReference.gain -PixSize 3.11 -SplitSum 1 -FmIntFile fmint.txt\n")
lab.text(f"{P}denoise.sh", "topaz denoise3d aretomo/2024-05-12_ts_00[125]_rec.mrc aretomo/2024-06-03_ts_001_rec.mrc -o topaz -m unet-3d-10a -d 0\n")
halves = [k for k, v in TABLE.items() if v[0] == "halves"]
for f, t in (("train_data_config.json", '{"even": [%s], "odd": [%s], "patch_shape": [72, 72, 72], "num_slices": 1200, "split": 0.9, "tilt_axis": "Y", "n_normalization_samples": 500, "path": "./train_data"}'),
             ("predict_config.json", '{"path": "model/ribo_denoising.tar.gz", "even": [%s], "odd": [%s], "n_tiles": [1, 2, 2], "output": "denoised", "overwrite": "True"}')):
    lab.text(f"{P}cryocare/{f}", t % tuple(", ".join(f'"../aretomo/{name(k)}_{h}_rec.mrc"' for k in halves) for h in ("EVN", "ODD")) + "\n")
lab.text(f"{P}cryocare/train_config.json", '{"train_data": "./train_data", "epochs": 100, "steps_per_epoch": 200, "batch_size": 16, "unet_kern_size": 3, "unet_n_depth": 3, "unet_n_first": 16, "learning_rate": 0.0004, "model_name": "ribo_denoising", "path": "model"}\n')
for key in [("2024-05-12", 1), ("2024-05-12", 2)]:
    lab.tomogram(name(key), f"{P}old/bin8/{name(key)}_rec.mrc", noise((6, 18, 18), name(key), "bin8"), 2 * VOXEL[K], may=True)
lab.text(f"{P}old/bin8/readme.txt", "first round, OutBin 8, before the K3 gain was right\n")

# ---- ribosomes, by Dynamo ----
where = {k: [apart(k, j, c) for j, c in enumerate(TABLE[k][1:])] for k in tomo}
D = S + "dynamo/"
ribo = [k for k in tomo if TABLE[k][1]]
tables, tag, imported, refined = dict.fromkeys(("crop", "ite1", "ite6"), ""), 0, [], []


def row(tag, number, xyz, shift=(0, 0, 0), cc=0.0):
    c = [0.0] * 35
    c[0], c[1], c[2], c[3:6], c[9], c[12], c[13], c[14] = tag, 1, 1, shift, cc, 1, -48, 48
    c[6:9] = np.round(seed("angles", tag).uniform(-180, 180, 3), 2)
    c[19], c[20], c[21], c[23:26], c[31] = number, 1, 1, xyz, 1
    return " ".join(f"{x:.6g}" for x in c) + "\n"


def em(path, why):
    data = noise((12, 12, 12), path)
    lab.text(path, struct.pack("<4b3i", 6, 0, 0, 5, *data.shape) + bytes(496) + data.astype("<f4").tobytes())
    lab.never(why, path)


MAT = lambda when: f"MATLAB 5.0 MAT-file, Platform: GLNXA64, Created on: {when}".encode().ljust(124) + b"\0\1IM" + bytes(64)
ite = lambda i: f"{D}ribo_ali/results/ite_{i:04d}/averages/refined_table_ref_001_ite_{i:04d}.tbl"
vll = "# 06-03 ts_003 and ts_005 have no ribosomes\n"
for number, k in enumerate(ribo, 1):
    n, at = name(k), where[k][0]
    shift = np.round(seed("shift", n).uniform(-1.5, 1.5, at.shape), 3)
    single = ""
    for q, s in zip(at, shift):
        tag += 1
        x = np.round(q / VOXEL[K] + 1, 2)
        tables["crop"] += row(tag, number, x)
        tables["ite1"] += row(tag, number, x, s * 0.6, 0.21)
        tables["ite6"] += row(tag, number, x, s, 0.33)
        single += row(tag, number, x)
        if k[0] == "2024-05-12":
            imported.append((n, tag, *((x - 1 + s) * BIN), *seed("relion", tag).uniform(-90, 90, 3), 0.0, 0.0, 0.0))
    one = f"{D}tables/{n}_ribo.tbl"
    lab.text(one, single)
    vll += f"{FAR}{tomo[k]}\n> tables/{n}_ribo.tbl\n* apix = {VOXEL[K]:.2f}\n\n"
    lab.points(n, ite(6), "ribosome", at + shift * VOXEL[K], VOXEL[K], before=at, also=[one, D + "ribo.Data/crop.tbl", ite(1)] + ([S + "relion4_try/ribo_from_dynamo.star", S + "relion4_try/ImportTomo/job002/particles.star",
               S + "relion4_try/PseudoSubtomo/job003/particles.star"] if k[0] == "2024-05-12" else []))
    lab.text(f"{D}cellCat/tomograms/volume_{number}/models/mribo.omd", MAT("Fri Jul 12 10:11:12 2024"))
    lab.text(f"{D}cellCat/tomograms/volume_{number}/volume_{number}.tomo.mat", MAT("Fri Jul 12 10:01:12 2024"))
lab.text(D + "ribo.vll", vll)
lab.text(D + "cellCat.ctlg", MAT("Fri Jul 12 09:00:00 2024"))
lab.text(D + "ribo.Data/crop.tbl", tables["crop"])
for i in (1, 2):
    em(f"{D}ribo.Data/particle_{i:06d}.em", "one particle")
for i, t in ((1, "ite1"), (6, "ite6")):
    lab.text(ite(i), tables[t])
    em(f"{D}ribo_ali/results/ite_{i:04d}/averages/average_symmetrized_ref_001_ite_{i:04d}.em", "average of particles")
em(f"{D}ribo_ali/settings/mask.em", "mask of the average")
em(f"{D}ribo_ali/settings/template.em", "template")
box("average of particles", f"{D}ribo_avg_ite6.mrc", VOXEL[K], 24)
lab.text(f"{D}ribo_ali/vpr_info.txt", "name_project = ribo_ali\n")
lab.text(D + "ribo.m", "dcm -create cellCat -fromvll ribo.vll\ndtcrop ribo.vll reorder ribo.Data 24\ndcp.new('ribo_ali','d','ribo.Data','t','ribo.Data/crop.tbl','template','template.em');\n")

# ---- proteasomes, by STOPGAP ----
G_ = S + "stopgap/"
prot = [k for k in tomo if TABLE[k][2]]
columns = ["motl_idx", "tomo_num", "object", "subtomo_num", "halfset", "orig_x", "orig_y", "orig_z", "score", "x_shift", "y_shift", "z_shift", "phi", "psi", "the", "class"]
first, last, wedge = [], [], []
for number, k in enumerate(prot, 1):
    n, at, v = name(k), where[k][1], VOXEL[G]
    cell = np.round(at / v + 1)
    shift = np.round(at / v + 1 - cell, 3)
    for c, s in zip(cell, shift):
        i = len(last) + 1
        base = (i, number, 1, i, "AB"[i % 2], *(int(x) for x in c))
        turn = tuple(float(x) for x in np.round(seed("sg", i).uniform(-90, 90, 3), 3))
        first.append((*base, 0.0, 0.0, 0.0, 0.0, *turn, 1))
        last.append((*base, 0.27, *(float(x) for x in s), *turn, 1))
    wedge += [(number, v, *SHAPE[G][::-1], 0.0, a, 3.8, 3.1 * TAKEN.index(a)) for a in ANGLES]
    lab.points(n, f"{G_}lists/allmotl_20S_5.star", "proteasome", at, v, also=[f"{G_}lists/allmotl_20S_1.star", f"{G_}lists/allmotl_20S_4.star"])
for i, rows in ((1, first), (4, last), (5, last)):
    lab.text(f"{G_}lists/allmotl_20S_{i}.star", star([("stopgap_motivelist", dict(zip(columns, zip(*rows))))]))
lab.text(f"{G_}lists/tomolist.txt", "".join(f"{i} {FAR}{tomo[k]}\n" for i, k in enumerate(prot, 1)))
lab.text(f"{G_}lists/wedgelist.star", star([("stopgap_wedgelist", dict(zip(["tomo_num", "pixelsize", "tomo_x", "tomo_y", "tomo_z", "z_shift", "tilt_angle", "defocus", "exposure"], zip(*wedge))))]))
lab.text(f"{G_}params/subtomo_param.star", star([("stopgap_subtomo_parameters", {"completed_ali": [1], "rootdir": [f"/mnt/titan/cellbio/{G_}"], "subtomo_mode": ["ali_singleref"], "iteration": [5], "binning": [BIN], "motl_name": ["allmotl_20S"], "ref_name": ["ref"]})]))
for f in ("ref/ref_A_5", "ref/ref_B_5", "ref/ref_5", "masks/mask", "masks/ccmask", "subtomograms/subtomo_1", "subtomograms/subtomo_2"):
    box("average of particles, a mask, or one particle", f"{G_}{f}.mrc", VOXEL[G])
lab.text(f"{G_}run_stopgap.sh", f"rootdir='/mnt/titan/cellbio/{G_}'\nparamfilename='params/subtomo_param.star'\n")

# ---- picks on the tomograms ----
C = "picks/cryolo_ferritin/"
for k in tomo:
    n, ferritin, vaults = name(k), where[k][2], where[k][3]
    if len(ferritin):
        head = ["CoordinateX", "CoordinateY", "CoordinateZ", "Width", "Height", "Depth", "EstWidth", "EstHeight", "Confidence", "NumBoxes", "Angle"]
        at, edge = ferritin / VOXEL[K], 6.0
        cbox = lambda pts, depth, boxes: "\ndata_global\n\n_cbox_format_version 1.0\n\ndata_cryolo\n\nloop_\n" + "".join(f"_{h} #{i + 1}\n" for i, h in enumerate(head)) + "".join(
            f"{x - edge / 2:.4f} {y - edge / 2:.4f} {z:.4f} {edge} {edge} {depth} {edge} {edge} 0.6 {boxes} <NA>\n" for x, y, z in pts) + "\n\ndata_cryolo_include\n\nloop_\n_slice_index #1\n" + "".join(f"{z}\n" for z in sorted({round(q[2]) for q in pts}))
        lab.text(f"{C}CBOX/{n}_rec.cbox", cbox(at, edge, 4))
        slices = np.concatenate([at + (0, 0, d) for d in (-1, 0, 1)])
        lab.text(f"{C}CBOX_UNTRACED/{n}_rec.cbox", cbox(slices, 1, 1))
        lab.never("boxes slice by slice, before tracing", f"{C}CBOX_UNTRACED/{n}_rec.cbox")
        lab.text(f"{C}COORDS/{n}_rec.coords", "".join("%.3f %.3f %.3f\n" % tuple(q) for q in at))
        lab.points(n, f"{C}COORDS/{n}_rec.coords", "ferritin", ferritin, VOXEL[K], also=[f"{C}CBOX/{n}_rec.cbox"])
    if len(vaults):
        f = f"picks/eman_boxes/{n}_rec_vault.txt"
        lab.text(f, "".join("%d\t%d\t%d\n" % tuple(np.round(q / VOXEL[G]).astype(int)) for q in vaults))
        lab.points(n, f, "vault", vaults, VOXEL[G])
lab.text(C + "config_cryolo.json", '{"model": {"architecture": "PhosaurusNet", "input_size": 1024, "anchors": [6, 6], "filter": [0.1, "filtered"]}}\n')
lab.text(C + "predict.sh", "cryolo_predict.py -c config_cryolo.json -w cryolo_model.h5 -i ../../processing/topaz/ -o . -t 0.3 --tomogram -tsr 3 -tmem 0 -tmin 3\n")

# ---- the try in RELION 4 ----
R = S + "relion4_try/"
may = [k for k in ribo if k[0] == "2024-05-12"]
c4 = ["rlnTomoName", "rlnTomoParticleId", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"]
cols = {c: [float(x) if isinstance(x, np.floating) else x for x in v] for c, v in zip(c4, zip(*imported))}
optics = ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnSphericalAberration": [2.7], "rlnVoltage": [300.0], "rlnTomoTiltSeriesPixelSize": [PIXEL[K]]})
lab.text(R + "ribo_from_dynamo.star", star([("", {c: cols[c] for c in c4 if "Origin" not in c and c != "rlnTomoParticleId"})]))
lab.text(R + "tomograms_descr.star", star([("", {"rlnTomoName": [name(k) for k in may], "rlnTomoTiltSeriesName": [f"{FAR}stacks/{name(k)}.mrc" for k in may], "rlnTomoImportImodDir": [f"{FAR}aretomo/{name(k)}_Imod" for k in may],
                                             "rlnTomoImportCtfPlotterFile": [f"{FAR}aretomo/{name(k)}_Imod/{name(k)}_ctf.txt" for k in may], "rlnTomoImportFractionalDose": [3.1] * len(may)})]))
big = [x * BIN for x in SHAPE[K][::-1]]
lab.text(R + "ImportTomo/job001/tomograms.star", star([("global", {"rlnTomoName": [name(k) for k in may], "rlnTomoTiltSeriesName": [f"{FAR}stacks/{name(k)}.mrc" for k in may], "rlnTomoFrameCount": [len(ANGLES)] * len(may),
                                                               **{f"rlnTomoSize{c}": [x] * len(may) for c, x in zip("XYZ", big)}, "rlnTomoHand": [-1.0] * len(may), "rlnOpticsGroupName": ["opticsGroup1"] * len(may), "rlnTomoTiltSeriesPixelSize": [PIXEL[K]] * len(may), "rlnVoltage": [300.0] * len(may)})]))
for f, extra in (("ImportTomo/job002", {}), ("PseudoSubtomo/job003", {"rlnImagePixelSize": [VOXEL[K]], "rlnImageSize": [14], "rlnImageDimensionality": [3]})):
    lab.text(f"{R}{f}/particles.star", star([("optics", {**optics[1], **extra}), ("particles", {**cols, "rlnOpticsGroup": [1] * len(imported)})]))
for f in ("Refine3D/job004/run_it003_half1_class001", "Refine3D/job004/run_it003_half2_class001", "PseudoSubtomo/job003/Subtomograms/2024-05-12_ts_001/1_data", "PseudoSubtomo/job003/Subtomograms/2024-05-12_ts_001/1_weights"):
    box("half of an average, or one particle", f"{R}{f}.mrc", VOXEL[K])
lab.text(R + "default_pipeline.star", star([("pipeline_general", {"rlnPipeLineJobCounter": 5}), ("pipeline_processes", {"rlnPipeLineProcessName": ["ImportTomo/job001/", "ImportTomo/job002/", "PseudoSubtomo/job003/", "Refine3D/job004/"], "rlnPipeLineProcessAlias": ["None"] * 4,
                                                                        "rlnPipeLineProcessTypeLabel": ["relion.importtomo", "relion.importtomo", "relion.pseudosubtomo", "relion.refine3d.tomo"], "rlnPipeLineProcessStatusLabel": ["Succeeded", "Succeeded", "Succeeded", "Failed"]})]))

# ---- the thesis, notes ----
lab.copy(f"{A}2024-05-12_ts_002_rec.mrc", "thesis/movie/2024-05-12_ts_002_rec copy.mrc")
lab.junk("a crop for a figure", "thesis/figures/fig3a_crop_0512_002.mrc", noise((8, 16, 16), "crop"), VOXEL[K])
box("average of particles", "thesis/figures/ribo_avg_final.mrc", VOXEL[K], 24)
for f in ("thesis/figures/fig2_overview.png", "thesis/figures/fig3a.png", "thesis/figures/fig5_proteasomes.tif", f"{A}2024-05-12_ts_002_rec.png"):
    lab.picture(f)
lab.text("thesis/thesis_v7.tex", "\\documentclass{book}\n\\begin{document}\n\\chapter{Cryo-ET of stressed cells}\n\\end{document}\n")
lab.text("thesis/thesis_v7.pdf", b"%PDF-1.4\n%%EOF\n")
lab.text("thesis/figures/fig3.cxs", b"\x04\"M\x18" + bytes(60))
rows = "date,microscope,series,pixel (A),quality,remark\n"
WORDS = {"good": "ok", "halves": "ok, even/odd", "thick": "too thick, not reconstructed", "broken": "stopped, lost focus", "etomo": "AreTomo misaligned, done in etomo"}
for k, (state, *_) in TABLE.items():
    rows += f"{k[0]},{DAYS[k[0]]},ts_{k[1]:03d},{PIXEL[DAYS[k[0]]]},{'-' if state in ('thick', 'broken') else '+'},\"{WORDS[state]}\"\n"
lab.text("series.csv", rows)
lab.text("notes.txt", "Krios: 2024-05-12, 2024-06-03 (K3, 2.68 A)\nGlacios: 2024-09-17, 2024-11-25 (Falcon 4, 3.11 A). EERs of 2024-09-17 are on tape.\nall tomograms are bin 4\naretomo/bad: alignment jumps, use etomo/\n")
lab.done()
