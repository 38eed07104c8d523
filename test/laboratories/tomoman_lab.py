"""A project of TOMOMAN: stacks by AreTomo or IMOD, reconstructed by novaCTF at two binnings, denoised by cryoCARE, averaged by STOPGAP and Dynamo.

  https://github.com/wan-lab-vanderbilt/TOMOMAN   (src/import: TS_01/, its frames/ and .mdoc, tomo_num in the order of import; motioncor2: TS_01.st, _dose-filt.st;
    cleanstacks: _clean.st and .rawtlt; ctffind4: ctffind4/diagnostic_TS_01_dose-filt.txt; aretomo: AreTomo/TS_01_dose-filt_bin4.st, .xf, .tlt, tilt.com, newst.com;
    novactf: novactf_bin4/TS_01_dose-filt.rec and the same name in novactf_bin8/; cryocare: oddeven_bin8/1_EVN.rec, bin8_cryocare/1_denoised.rec, after tomo_num;
    misc/tomoman_link_tomos.m: 1.rec, after tomo_num; toolbox/tomolist_mat2star.m)
  https://github.com/turonova/novaCTF, https://github.com/turonova/Fourier3D   (volumeIO.cpp: a binned volume keeps the grid and the cell of its source in the header)
  https://github.com/wan-lab-vanderbilt/STOPGAP   (sg_get_motl_fields.m, sg_get_wedgelist_fields.m, read_extract_tomolist.m: lines of tomo_num and name; positions in
    voxels of the tomogram, from 1; template matching: scores_1.mrc and angles_1.mrc of the size of the tomogram)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention   (columns 4 to 6 shifts, 20 the tomogram, 24 to 26 places)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Volume_list_file

tomo_num counts the mdocs: TS_02 came later and has 5, so 2 is TS_03. Dynamo counts its list of volumes (.vll), otherwise again. bin 8 was made by Fourier3D: its header says
the pixel of bin 4. The mess: cleaned stacks and stacks weighted by dose beside those of all images; a series that TOMOMAN skips; a try with the defocus the wrong way round;
backups of clip (.rec~); links by number; scores of template matching; averages, masks and subtomograms; one set of particles in STOPGAP's and Dynamo's units; an older
motive list; a table of picks of all tomograms with columns of names; an older project with a TS_01 of its own; a colleague's copy.
"""
import os
import struct

import mrcfile
import numpy as np

from kit import Lab, Specimen, dose_symmetric, lines, mdoc, places, seed, star, xf

PIXEL = 3.56
V4, V8 = PIXEL * 4, PIXEL * 8
SHAPE4, SHAPE8 = (22, 48, 44), (11, 24, 22)
DETECTOR = (192, 176)
TAKEN = dose_symmetric(12, 4)
ANGLES = sorted(TAKEN)
SIZE = [n * V8 for n in SHAPE8[::-1]]
#         series  tomo_num  in Dynamo's list  aligned by  removed tilts  denoised
TABLE = [("TS_01", 1, 3, "AreTomo", 0, True),
         ("TS_03", 2, 1, "imod", 0, True),
         ("TS_04", 3, 2, "AreTomo", 1, False),
         ("TS_11", 4, None, None, 0, False),  # skipped
         ("TS_02", 5, 4, "AreTomo", 0, False)]
USED = [row for row in TABLE if row[3]]

lab = Lab(__doc__, ["https://github.com/wan-lab-vanderbilt/TOMOMAN", "https://github.com/turonova/novaCTF", "https://github.com/turonova/Fourier3D", "https://github.com/wan-lab-vanderbilt/STOPGAP",
                    "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention", "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Volume_list_file"])
r = seed(lab.name, "maps")
noise = lambda *shape: r.normal(0, 1, shape).astype(np.float32)


def mat5(rows):
    """A MATLAB 5 file of a struct array `tomolist`, not compressed: numbers and words alone."""
    element = lambda kind, data: struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)
    fields = list(rows[0])

    def matrix(cls, dims, name, body):
        return element(14, element(6, struct.pack("<II", cls, 0)) + element(5, struct.pack(f"<{len(dims)}i", *dims)) + element(1, name.encode()) + body)

    def value(v):
        if isinstance(v, str):
            return matrix(4, (1, len(v)), "", element(4, v.encode("utf-16-le")))
        v = np.atleast_1d(np.asarray(v, float))
        return matrix(6, (len(v), 1), "", element(9, v.tobytes()))

    names = b"".join(f.encode().ljust(32, b"\0") for f in fields)
    body = struct.pack("<HHI", 5, 4, 32) + element(1, names) + b"".join(value(row[f]) for row in rows for f in fields)
    return b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + struct.pack("<H", 0x0100) + b"IM" + matrix(2, (1, len(rows)), "tomolist", body)


def rec(run, path, data, voxel, what=("raw",), may=False):
    """A tomogram; at bin 8 the header has the grid and the cell of bin 4, as Fourier3D leaves them."""
    lab.tomogram(run, path, data, voxel, what, may=may)
    fourier(path, voxel)


def fourier(path, voxel):
    if voxel == V8:
        with mrcfile.mmap(lab.root / path, "r+", permissive=True) as m:
            m.header.mx, m.header.my, m.header.mz = SHAPE4[::-1]
            m.header.cella.x, m.header.cella.y, m.header.cella.z = (n * V4 for n in SHAPE4[::-1])


def apart(*words, n):
    """Places of which no two are nearer than two voxels: programs count from 0 or from 1, and each point has to be told from its neighbours."""
    xyz = np.zeros((0, 3))
    for p in places(*words, n=400, size=SIZE):
        if len(xyz) < n and (len(xyz) == 0 or np.abs(xyz - p).max(1).min() > 2.2 * V8):
            xyz = np.vstack([xyz, p])
    return xyz


specimens, ribosomes, atp = {}, {}, {}
for n, number, *_ in TABLE:
    lab.run(n)
    ribosomes[n], atp[n] = apart("ribosome", n, n=9 + number), apart("atp", n, n=4 + number)
    specimens[n] = Specimen(n, SIZE, [ribosomes[n]], radius=70)
lab.gain([n for n, *_ in TABLE], "gain/gain_rot.mrc")

tomolist, wedges = [], {k: [] for k in ("tomo_num", "pixelsize", "tomo_x", "tomo_y", "tomo_z", "z_shift", "tilt_angle", "defocus", "exposure", "voltage", "amp_contrast", "cs")}
for n, number, _, software, removed, denoised in TABLE:
    s = specimens[n]
    names = [f"{n}_{i:03d}_{a:.1f}_Mar11_{12 + number:02d}.{10 + i:02d}.05.tif" for i, a in enumerate(TAKEN)]
    lab.movies(n, [f"{n}/frames/{f}" for f in names])
    list_ = mdoc(TAKEN, PIXEL, names, n + ".mrc", DETECTOR[::-1], dose=3.4)
    lab.text(f"{n}/{n}.mrc.mdoc", list_)
    lab.text(f"raw_data/{n}.mrc.mdoc", list_)
    whole = s.stack(ANGLES, DETECTOR)
    lab.tilts(n, f"{n}/{n}.st", whole, PIXEL, ANGLES)
    lab.text(f"{n}/{n}.rawtlt", lines(ANGLES, "{:g}"))
    df, kept = f"{n}_dose-filt", list(range(len(ANGLES)))
    lab.junk("weighted by dose", f"{n}/{df}.st", (whole * 0.8 + s.stack(ANGLES, DETECTOR, "df") * 0.2).astype(np.float32), PIXEL, stack=True)
    lab.text(f"{n}/{df}.rawtlt", lines(ANGLES, "{:g}"))
    if removed:
        kept = kept[:-removed]
        lab.junk("without the bad images", f"{n}/{n}_clean.st", whole[kept], PIXEL, stack=True)
        lab.junk("weighted by dose, without the bad images", f"{n}/{df}_clean.st", (whole[kept] * 0.8 + 3).astype(np.float32), PIXEL, stack=True)
        for f in (n, df):
            lab.text(f"{n}/{f}_clean.rawtlt", lines([ANGLES[k] for k in kept], "{:g}"))
        df += "_clean"
    tomolist.append({"root_dir": "/fs/pool/chlamy/tomoman/", "stack_dir": f"/fs/pool/chlamy/tomoman/{n}/", "mdoc_name": n + ".mrc.mdoc", "tomo_num": number, "pixelsize": PIXEL, "voltage": 300,
                     "stack_name": f"{n}{'_clean' if removed else ''}.st", "dose_filtered_stack_name": df + ".st", "skip": int(not software), "rawtlt": [ANGLES[k] for k in kept],
                     "alignment_stack": "dose-filtered", "alignment_software": software or "none", "tomo_recons_algorithm": "novaCTF" if software else "none"})
    if not software:
        continue
    lab.text(f"{n}/ctffind4/diagnostic_{df}.txt", "# Output from CTFFind version 4.1.14\n" + "".join(f"{i + 1}.000000 {38000 + 50 * i}.0 {37100 + 40 * i}.0 44.1 0.0 0.09 7.1\n" for i in range(len(kept))))
    lab.junk("power spectra", f"{n}/ctffind4/diagnostic_{df}.mrc", noise(len(kept), 24, 24), 1.0, stack=True)
    a = f"{n}/{software}/"
    lab.text(a + df + ".xf", xf(len(kept), n))
    lab.text(a + df + ".tlt", lines([ANGLES[k] + 0.6 for k in kept]))
    lab.text(a + "newst.com", f"$newstack -StandardInput\nInputFile\t/fs/pool/chlamy/tomoman/{n}/{df}.st\nOutputFile\t/fs/pool/chlamy/tomoman/{n}/{df}.ali\nTransformFile\t{a}{df}.xf\nBinByFactor\t8\n")
    lab.text(a + "tilt.com", f"$tilt -StandardInput\nInputProjections /fs/pool/chlamy/tomoman/{n}/{df}.ali\nOutputFile /fs/pool/chlamy/tomoman/{n}/{df}_full.rec\nIMAGEBINNED 8\n"
                             f"TILTFILE {a}{df}.tlt\nTHICKNESS 88\nFULLIMAGE {DETECTOR[1]} {DETECTOR[0]}\nSHIFT 0.0 0.0\n")
    if software == "AreTomo":
        lab.junk("binned for the alignment", f"{a}{df}_bin4.st", noise(len(kept), DETECTOR[0] // 4, DETECTOR[1] // 4), V4, stack=True)
    else:
        lab.junk("aligned stack", f"{a}{df}_ali.mrc", noise(len(kept), DETECTOR[0] // 8, DETECTOR[1] // 8), V8, stack=True)
        lab.text(a + df + ".edf", f"Setup.DatasetName={df}\nSetup.AxisType=Single Axis\nSetup.PixelSize={PIXEL / 10}\n")
        lab.text(a + df + "_fid.xf", xf(len(kept), n))
    lab.text(f"{n}/novaCTF/run_novaCTF.sh", f"#!/usr/bin/env bash\nnovaCTF -Algorithm 3dctf -InputProjections {n}/novaCTF/stacks/aligned_stack.ali -OutputFile novactf_bin4/{df}.rec -TILTFILE {a}{df}.tlt "
             f"-THICKNESS 22 -FULLIMAGE 44,48 -SHIFT 0,0 -PixelSize {V4 / 10} -DefocusStep 20 -Use3DCTF 1\nclip rotx novactf_bin4/{df}.rec novactf_bin4/{df}.rec\n"
             f"Fourier3D -InputFile novactf_bin4/{df}.rec -OutputFile novactf_bin8/{df}.rec -BinFactor 2 -MemoryLimit 40000\n")
    rec(n, f"novactf_bin4/{df}.rec", s.volume(SHAPE4, V4), V4, ("raw",))
    rec(n, f"novactf_bin8/{df}.rec", s.volume(SHAPE8, V8), V8, ("raw",))
    if number == 2:
        lab.junk("before it was turned", f"novactf_bin4/{df}.rec~", noise(SHAPE4[1], SHAPE4[0], SHAPE4[2]), V4)
    if number in (1, 2):
        f = f"novactf_bin8_defocus_hand/{df}.rec"
        lab.junk("a try with the defocus the wrong way round", f, noise(*SHAPE8), V8)
        fourier(f, V8)
    if denoised:
        for h in ("EVN", "ODD"):
            lab.half(n, f"oddeven_bin8/{number}_{h}.rec", s.volume(SHAPE8, V8, 1.4, h), V8)
            fourier(f"oddeven_bin8/{number}_{h}.rec", V8)
        rec(n, f"bin8_cryocare/{number}_denoised.rec", s.volume(SHAPE8, V8, 0.15, "cryocare"), V8, ("denoised",))
    for k in kept:
        for key, v in zip(wedges, (number, V4, *SHAPE4[::-1], 0.0, ANGLES[k], 3.7 + 0.01 * k, 3.4 * TAKEN.index(ANGLES[k]), 300.0, 0.07, 2.7)):
            wedges[key].append(v)
    os.makedirs(lab.root / "stopgap/tomos", exist_ok=True)
    os.symlink(f"../../novactf_bin4/{df}.rec", lab.root / f"stopgap/tomos/{number}.rec")
lab.text("tomolist.mat", mat5(tomolist))
lab.text("tomoman.log", "TOMOMAN: Importing new stacks!!!\nTOMOMAN: ACHTUNG!!! Skipping stack TS_07!!!\n")
lab.text("tomoman_novactf.param", "root_dir = /fs/pool/chlamy/tomoman/\ntomolist_name = tomolist.mat\nali_stack_bin = 4\nprocess_stack = dose-filtered\ntomo_bin = 4,8\noutput_dir_prefix = novactf_\n")
lab.text("novactf_bin8_defocus_hand/NOTE.txt", "hand of defocus was wrong here, do not use\n")

# ---- STOPGAP: bin 4, voxels from 1 ----
name_of = {number: f"{n}_dose-filt{'_clean' if removed else ''}.rec" for n, number, _, _, removed, _ in USED}
lab.text("stopgap/lists/tomolist.txt", "".join(f"{k} {name_of[k]}\n" for k in sorted(name_of)))
lab.text("stopgap/lists/wedgelist.star", star([("stopgap_wedgelist", wedges)]))


def motl(of, shift):
    c = {k: [] for k in ("motl_idx", "tomo_num", "object", "subtomo_num", "halfset", "orig_x", "orig_y", "orig_z", "score", "x_shift", "y_shift", "z_shift", "phi", "psi", "the", "class")}
    g = seed("motl", shift)
    for n, number, *_ in USED:
        for xyz in of[n]:
            d = g.uniform(-0.6, 0.6, 3) * shift
            p = xyz / V4 + 1 - d
            i = len(c["motl_idx"]) + 1
            for k, v in zip(c, (i, number, 1, i, "AB"[i % 2], *map(float, np.round(p, 4)), 0.31, *map(float, np.round(d, 4)), *map(float, g.uniform(-180, 180, 3)), 1)):
                c[k].append(v)
    return star([("stopgap_motivelist", c)])


lab.text("stopgap/lists/allmotl_ribo_1.star", motl(ribosomes, 0))
lab.text("stopgap/lists/allmotl_ribo_6.star", motl(ribosomes, 1))
for h in "AB":
    lab.junk("average", f"stopgap/ref/ref_{h}_6.mrc", noise(16, 16, 16), V4)
lab.junk("mask of an average", "stopgap/masks/sphere.mrc", (noise(16, 16, 16) > 0).astype(np.float32), V4)
for i in (1, 2):
    lab.junk("subtomogram", f"stopgap/subtomograms/subtomo_{i}.mrc", noise(16, 16, 16), V4)
for n, number, *_ in USED[:2]:
    lab.junk("scores of template matching", f"stopgap/tm/maps/scores_{number}.mrc", np.abs(noise(*SHAPE8)), V8)
    lab.junk("angles of template matching", f"stopgap/tm/maps/angles_{number}.mrc", np.floor(np.abs(noise(*SHAPE8)) * 400), V8)

# ---- Dynamo: bin 8 ----
order = sorted((k, n, removed) for n, _, k, _, removed, _ in USED)
full = lambda n, removed: f"/fs/pool/chlamy/tomoman/novactf_bin8/{n}_dose-filt{'_clean' if removed else ''}.rec"
lab.text("dynamo/chlamy.vll", "".join(f"{full(n, c)}\n* apix = {V8}\n* ytilt = -48 48\n\n" for _, n, c in order))
lab.text("dynamo/tomograms_column20.doc", "".join(f"{k} {full(n, c)}\n" for k, n, c in order))
lab.text("dynamo/chlamy.ctlg", mat5([{"name": "chlamy", "apix": V8}]))


def table(of, start):
    rows = ""
    for k, n, _ in order:
        for xyz in of[n]:
            d = np.round(seed("tbl", n, float(xyz[0])).uniform(-0.4, 0.4, 3), 3)
            start, p = start + 1, xyz / V8 + 1 - d
            row = [start, 1, 1, *d, 10, 20, 30, 0.2, 0, 0, 1, -48, 48, -60, 60, 0, 0, k, 1, 1, 0, *np.round(p, 3), 0, 0, 0, 0, 0, 1, 0, 0, 0]
            rows += " ".join(f"{v:g}" for v in row) + "\n"
    return rows


lab.text("dynamo/atp_synthase/results/ite_0004/averages/refined_table_ref_001_ite_0004.tbl", table(atp, 0))
lab.text("dynamo/ribo_bin8.tbl", table(ribosomes, 0))
lab.text("dynamo/crop_atp.m", "dtcrop('tomograms_column20.doc','atp.tbl','particles',24);\n")
for n, *_ in USED:
    lab.points(n, "stopgap/lists/allmotl_ribo_6.star", "ribosome", ribosomes[n], V4, also=["stopgap/lists/allmotl_ribo_1.star", "dynamo/ribo_bin8.tbl"], tolerance=1.1 * V8)
    lab.points(n, "dynamo/atp_synthase/results/ite_0004/averages/refined_table_ref_001_ite_0004.tbl", "ATP synthase", atp[n], V8)

# ---- one table of what a student picked ----
rows, picked = [], {}
for n, number, *_ in USED:
    for what in ("PSII", "rubisco"):
        picked[n, what] = apart(what, n, n=4 + number)
        rows += [f"{n}\t{what}\t" + "\t".join(f"{c / V8:.1f}" for c in p) + "\tlena" for p in picked[n, what]]
        lab.points(n, "picks/all_picks_bin8.tsv", what, np.round(picked[n, what] / V8, 1) * V8, V8)
lab.text("picks/all_picks_bin8.tsv", "tomogram\tparticle\tx\ty\tz\tby\n" + "\n".join(rows) + "\n")

# ---- others ----
other = Specimen("old TS_01", SIZE)
old = "old_2019_TS_01"
lab.run(old)
lab.tilts(old, "old_2019/TS_01/TS_01.st", other.stack(ANGLES, (96, 88)), 4.2, ANGLES)
lab.run(old)["tiltseries"][-1]["may"] = True  # a series of its own, if it is published
lab.text("old_2019/TS_01/TS_01.rawtlt", lines(ANGLES, "{:g}"))
lab.tomogram(old, "old_2019/TS_01/TS_01_bin4.rec", other.volume((10, 22, 20), 16.8), 16.8, may=True)
lab.text("old_2019/README", "HeLa test from 2019, other people's\n")
lab.copy("novactf_bin8/TS_03_dose-filt.rec", "for_Lena/TS_03_dose-filt.rec")
lab.done()
