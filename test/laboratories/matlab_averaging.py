"""Two groups of particles found and averaged with programs in MATLAB: an emClarity project, and a STOPGAP folder beside tomograms of TOMOMAN.

Imitates
  https://github.com/StochasticAnalytics/emClarity             (testScripts, BH_templateSearch3d: convmap_wedgeType_2_binN/NAME_binN.csv with 26 columns,
    x, y, z of which the 11th to 13th are the place times the binning; .pos and, by point2model, .mod with the place itself; .path; _convmap.mrc,
    _angles.list; fixedStacks/NAME.fixed, .rawtlt, .tlt, .xf, .order, .erase; aliStacks/; cache/NAME_PART_binN.rec; subTomoMeta.mat)
  https://github.com/wan-lab-vanderbilt/STOPGAP                (bash/stopgap_initialize_folder.sh: params, lists, ref, masks, fsc, subtomograms, meta; a
    motive list has 16 columns, orig_x is where extract_parse_subtomo_positions.m takes the voxel from, plus x_shift after an alignment;
    sg_extract_make_tomolist.m: lines of number and path; maps/scores_0_1.em)
  https://github.com/wan-lab-vanderbilt/TOMOMAN                (STACK/STACK.st, STACK_dose-filt.st, .rawtlt, AreTomo or IMOD folder; bin8/STACK_dose-filt.rec)
MATLAB counts voxels from 1; a voxel is allowed. Two parts of tilt_4 were cut out: two tomograms of one run.
The mess: convmap/ is the copy that emClarity wants; maps and half maps of particles; the stack with fewer images than were taken; .erase models are beads.
"""
import struct

import numpy as np

from kit import Lab, Specimen, dose_symmetric, imod_model, lines, places, seed, star, xf

PIXEL, BIN, V = 2.10, 5, 10.5
SHAPE = (20, 40, 44)
PIXEL_S, BIN_S, V_S = 1.70, 8, 13.6
SHAPE_S = (18, 36, 40)
TAKEN = dose_symmetric(10, 6)
ANGLES = sorted(TAKEN)
#         emClarity  parts and their particles
PARTS = [("tilt_1", [12]),
         ("tilt_4", [9, 7]),
         ("tilt_12", [0])]
#           STOPGAP: number, stack, particles
STACKS = [(1, "lam3_ts_001", 10),
          (2, "lam3_ts_002", 8),
          (7, "lam8_ts_001", 0)]

lab = Lab(__doc__, ["https://github.com/StochasticAnalytics/emClarity", "https://github.com/wan-lab-vanderbilt/STOPGAP", "https://github.com/wan-lab-vanderbilt/TOMOMAN"])
r = seed(lab.name, "maps")
noise = lambda *shape: r.normal(0, 1, shape).astype(np.float32)


def em(path, data):
    """EM file of 32-bit floats: a header of 512 bytes whose first four say machine and type."""
    z, y, x = data.shape
    lab.text(path, struct.pack("<4B3i", 6, 0, 0, 5, x, y, z) + bytes(512 - 16) + np.ascontiguousarray(data, "<f4").tobytes())
    lab.never("EM file: scores, angles or averages", path)


E = "emClarity/"
angstrom = [n * V for n in SHAPE[::-1]]
for n, parts in PARTS:
    s = Specimen(n, angstrom)
    lab.tilts(n, f"{E}fixedStacks/{n}.fixed", s.stack(ANGLES, (64, 60)), PIXEL, ANGLES)
    lab.text(f"{E}fixedStacks/{n}.rawtlt", lines(ANGLES))
    lab.text(f"{E}fixedStacks/{n}.tlt", lines([a + 0.2 for a in ANGLES]))
    lab.text(f"{E}fixedStacks/{n}.xf", xf(len(ANGLES), n))
    lab.text(f"{E}fixedStacks/{n}.order", "".join(f"{TAKEN.index(a) + 1}\n" for a in ANGLES))
    lab.text(f"{E}fixedStacks/{n}.erase", imod_model([("beads", [np.array([[30.0, 40, 0], [80, 20, 1]])], "scattered")], (60, 64, len(ANGLES)), PIXEL))
    lab.never("beads on images", f"{E}fixedStacks/{n}.erase")
    lab.text(f"{E}fixedStacks/ctf/{n}_ali1_ctf.tlt", "".join(f"{i + 1}\t{0:.2f}\t{0:.2f}\t{a:.3f}\n" for i, a in enumerate(ANGLES)))
    lab.junk("aligned stack", f"{E}aliStacks/{n}_ali1.fixed", s.stack(ANGLES, (56, 52), "ali"), PIXEL, stack=True)
    lab.junk("aligned stack, binned", f"{E}cache/{n}_ali1_bin{BIN}.fixed", s.stack(ANGLES, (14, 12), "bin"), V, stack=True)
    lab.text(f"{E}recon/{n}_recon.coords", f"{n}\n{len(parts)}\n" + "220\n1\n200\n100\n0\n0\n" * len(parts))
    for i, k in enumerate(parts):
        part = Specimen(f"{n} {i}", angstrom, [places(lab.name, n, i, n=k, size=angstrom)] if k else [])
        b = f"{n}_{i + 1}_bin{BIN}"
        lab.tomogram(n, f"{E}cache/{b}.rec", part.volume(SHAPE, V), V)
        if not k:
            continue
        c = f"{E}convmap_wedgeType_2_bin{BIN}/{b}"
        pos = part.particles / V + 1
        rows = "".join(f"{9 - 0.2 * j:.2f} {BIN} 0 {j + 1} 1 1 1 1 1 0 " + " ".join(f"{v:f}" for v in p * BIN) + " 30 60 -15 " + " ".join(f"{v:f}" for v in np.eye(3).ravel()) + " 1 \n" for j, p in enumerate(pos))
        lab.text(c + ".csv", rows)
        lab.text(c + ".pos", "".join("%f %f %f\n" % tuple(p) for p in pos))
        model = imod_model([("", [(pos - (0.5, 0.5, 0)) * V], "scattered")], SHAPE[::-1], V)
        lab.text(c + ".mod", model[:model.index(b"MINX")] + b"IEOF")  # point2model without an image
        lab.text(c + ".path", f"{b},./cache/,.rec,fixedStacks/ctf/{n}_ali1_ctf.tlt")
        lab.text(c + "_angles.list", "0.00\t0.00\t0.00\n30.00\t60.00\t-15.00\n")
        lab.junk("scores of a template search", c + "_convmap.mrc", noise(*SHAPE), V)
        lab.points(n, c + ".csv", "particle", part.particles, V, also=[c + ".mod", c + ".pos"] + [f"{E}convmap/{b}{x}" for x in (".csv", ".mod", ".pos")])
        for x in (".csv", ".mod", ".pos", ".path", "_convmap.mrc"):
            (lab.root / f"{E}convmap").mkdir(exist_ok=True)
            (lab.root / f"{E}convmap/{b}{x}").write_bytes((lab.root / (c + x)).read_bytes())
lab.text(E + "param0.m", f"fileName=param0.m\nsubTomoMeta=ribo\nPIXEL_SIZE={PIXEL}e-10\nTmp_samplingRate={BIN}\nTmp_threshold=500\nparticleRadius=[130,130,130]\n")
lab.text(E + "ribo.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64, Created on: Fri Jun 02 11:00:00 2023" + bytes(60))
for f in ("cycle003_ribo_class0_REF_ODD", "cycle003_ribo_class0_REF_EVE", "cycle003_ribo_Raw_NoWgt"):
    lab.junk("average of particles", f"{E}{f}.mrc", noise(14, 14, 14), V)
lab.text(E + "FSC/cycle003_ribo_Raw-1-fsc_GLD.txt", "0.01 0.99\n")
lab.text(E + "logFile/emClarity.logfile", "emClarity version 1.5.3.11\n")
lab.junk("template", E + "ref_bin5.mrc", noise(14, 14, 14), V)

T, S = "tomoman/", "stopgap/ribo_bin8/"
angstrom = [n * V_S for n in SHAPE_S[::-1]]
columns = ["motl_idx", "tomo_num", "object", "subtomo_num", "halfset", "orig_x", "orig_y", "orig_z", "score", "x_shift", "y_shift", "z_shift", "phi", "psi", "the", "class"]
first, last, j = [], [], 0
for number, n, k in STACKS:
    s = Specimen(n, angstrom, [places(lab.name, n, n=k, size=angstrom)] if k else [])
    lab.tilts(n, f"{T}{n}/{n}.st", s.stack(ANGLES, (60, 64)), PIXEL_S, ANGLES)
    lab.text(f"{T}{n}/{n}.rawtlt", lines(ANGLES))
    lab.junk("the series weighted by dose", f"{T}{n}/{n}_dose-filt.st", s.stack(ANGLES, (60, 64), "dose"), PIXEL_S, stack=True)
    lab.text(f"{T}{n}/imod/{n}_dose-filt.xf", xf(len(ANGLES), n))
    lab.text(f"{T}{n}/imod/{n}_dose-filt.tlt", lines(ANGLES))
    lab.tomogram(n, f"{T}bin8/{n}_dose-filt.rec", s.volume(SHAPE_S, V_S), V_S)
    for p in s.particles:
        j += 1
        at = p / V_S + 1
        whole = np.floor(at)
        half = "AB"[j % 2]
        first.append((j, number, 1, j, half, *(float(v) for v in whole), 0.0, 0.0, 0.0, 0.0, 12.0, 40.0, 80.0, 1))
        last.append((j, number, 1, j, half, *(float(v) for v in whole), 0.31, *(float(v) for v in at - whole), 13.0, 41.0, 79.0, 1))
    if k:
        lab.points(n, S + "lists/allmotl_3.star", "ribosome", s.particles, V_S, also=[S + "lists/allmotl_1.star"])
        em(f"stopgap/tm_bin8/maps/scores_0_{number}.em", noise(4, 6, 6))
        em(f"stopgap/tm_bin8/maps/omap_0_{number}.em", noise(4, 6, 6))
for i, rows in ((1, first), (3, last)):
    lab.text(f"{S}lists/allmotl_{i}.star", star([("stopgap_motivelist", dict(zip(columns, zip(*rows))))]))
wedge = [(number, PIXEL_S, 320, 288, 144, 0.0, a, 3.2, 2.0 * i) for number, *_ in STACKS for i, a in enumerate(ANGLES)]
lab.text(S + "lists/wedgelist.star", star([("stopgap_wedgelist", dict(zip(["tomo_num", "pixelsize", "tomo_x", "tomo_y", "tomo_z", "z_shift", "tilt_angle", "defocus", "exposure"], zip(*wedge))))]))
lab.text(S + "lists/tomolist.txt", "".join(f"{number} /lustre/scratch/old/{T}bin8/{n}_dose-filt.rec\n" for number, n, _ in STACKS))
lab.text(S + "params/subtomo_param.star", star([("stopgap_subtomo_parameters", {"completed_ali": [1], "rootdir": ["/lustre/scratch/old/stopgap/ribo_bin8/"], "subtomo_mode": ["ali_singleref"], "iteration": [3], "binning": [BIN_S]})]))
for f in ("ref/ref_A_3", "ref/ref_B_3", "ref/ref_3", "masks/mask", "subtomograms/subtomo_000001"):
    lab.junk("of particles", f"{S}{f}.mrc", noise(14, 14, 14), V_S)
em(S + "ref/ref_1.em", noise(4, 4, 4))
lab.text(T + "tomolist.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(60))
lab.text(T + "tomoman.log", "TOMOMAN: Initializing!!!\n")
lab.text("LIESMICH.txt", "emClarity: 2.10 A; STOPGAP: 1.70 A\n")
lab.done()
