"""The shared folder of a course: Dynamo, PEET, RELION and STOPGAP on the same three series and the same picks, each in its own units.

Imitates
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention, …/Tomogram-table_map_file   (columns 4-6, 20, 24-26; indices_column20.doc; .vll)
  https://bio3d.colorado.edu/PEET/PEETmanualBeta.html, https://bio3d.colorado.edu/imod/doc/binspec.html     (.prm, models, motive lists)
  https://relion.readthedocs.io/en/release-4.0/Reference/STA/Datatypes/particle_set.html                    (pixels of the tilt series)
  https://relion.readthedocs.io/en/latest/Reference/STA/Datatypes/particle_set.html                         (5: rlnCenteredCoordinate?Angst, from the middle of the tomogram)
  https://github.com/wan-lab-vanderbilt/STOPGAP                                                             (motive list of 16 columns, orig_x + x_shift, tomolist.txt)

Dynamo and PEET work in the tomograms of 10.8 A (binning 8), STOPGAP in those of 5.4 A (binning 4), RELION 4 in pixels of 1.35 A, RELION 5 in angstroms from
the middle. A person sees that all of them are the same VLP capsomers: one list a run is to be published, whichever.
PEET has two of the three series, RELION 4 two others. MATLAB counts voxels from 1.
The mess: solutions (copies), a participant's half-done exercise, PDFs, references, a script with an old path; TS_43's number is 3 in Dynamo and 43 in STOPGAP.
"""
import numpy as np

from kit import Lab, Specimen, imod_model, lines, places, seed, star, xf

PIXEL, V8, V4 = 1.35, 10.8, 5.4
SHAPE8, SHAPE4 = (16, 36, 36), (32, 72, 72)
SIZE = (288, 288, 128)
ANGLES = [float(a) for a in range(-57, 58, 19)]
#         name   n   Dynamo STOPGAP PEET  RELION 4
TABLE = [("TS_01", 15, 1, 1, 1, True), ("TS_03", 12, 2, 3, 2, False), ("TS_43", 10, 3, 43, None, True)]
lab = Lab(__doc__, ["https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention", "https://bio3d.colorado.edu/PEET/PEETmanualBeta.html", "https://relion.readthedocs.io/en/release-4.0/Reference/STA/Datatypes/particle_set.html",
                    "https://relion.readthedocs.io/en/latest/Reference/STA/Datatypes/particle_set.html", "https://github.com/wan-lab-vanderbilt/STOPGAP"])
ANGSTROM = [n * V8 for n in SHAPE8[::-1]]
r = seed(lab.name, "x")
noise = lambda *s: r.normal(0, 1, s).astype(np.float32)
HEADER = "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved\n"


def apart(*words, n, size, d=45.0):
    """places(), none nearer than d angstroms to another."""
    kept, i = [], 0
    while len(kept) < n:
        p = places(*words, i, n=1, size=size)[0]
        kept += [p] if all(np.linalg.norm(p - q) > d for q in kept) else []
        i += 1
    return np.array(kept)


def row(tag, number, xyz, shift=(0, 0, 0), cc=0.0):
    c = [0.0] * 35
    c[0], c[1], c[2], c[3:6], c[9], c[12], c[13], c[14] = tag, 1, 1, shift, cc, 1, -57, 57
    c[6:9] = seed("angles", tag).uniform(-180, 180, 3)
    c[19], c[20], c[21], c[23:26], c[31] = number, 1, 1, xyz, 1
    return " ".join(f"{v:.4g}" if i not in (3, 4, 5, 23, 24, 25) else f"{v:.3f}" for i, v in enumerate(c)) + "\n"


crop, refined, parts, sg, r4, r5, tables = "", "", [], [], [], [], []
tag = 0
for n, k, dyn, stop, peet, in4 in TABLE:
    where = apart(lab.name, n, n=k, size=ANGSTROM)
    s = Specimen(n, ANGSTROM, [where])
    d = f"data/{n}/{n}"
    lab.tilts(n, d + ".st", s.stack(ANGLES, (72, 72)), PIXEL, ANGLES)
    lab.text(d + ".rawtlt", lines(ANGLES))
    lab.text(d + ".tlt", lines([a - 0.4 for a in ANGLES]))
    lab.text(d + ".xf", xf(len(ANGLES), n))
    lab.text(f"data/{n}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nTILTFILE {n}.tlt\nIMAGEBINNED 8\nTHICKNESS {SIZE[2]}\nFULLIMAGE {SIZE[0]} {SIZE[1]}\n")
    lab.tomogram(n, f"data/tomograms_bin8/{n}_bin8.mrc", s.volume(SHAPE8, V8), V8)
    lab.tomogram(n, f"data/tomograms_bin4/{n}_bin4.mrc", s.volume(SHAPE4, V4, 1.4), V4)
    also = ["dynamo/hiv.Data/crop.tbl", "dynamo/solutions/crop.tbl", "stopgap/lists/allmotl_1.star", "stopgap/lists/allmotl_4.star", "relion5/particles_centered.star", "picks/%s_picks.txt" % n]
    off = np.round(seed("off", n).uniform(-1, 1, (k, 3)), 3)  # voxels of 10.8 A
    if peet:
        m = f"peet/{n}_hiv.mod"
        lab.text(m, imod_model([("hiv", [[p] for p in where - off * V8], "scattered")], SHAPE8[::-1], V8))
        motl = lambda o: HEADER + "".join("%.4f,0,0,%d,0,0,0,0,0,0,%.3f,%.3f,%.3f,0,0,0,0.00,0.00,0.00,1\n" % (0.4, i + 1, *x) for i, x in enumerate(o))
        lab.text(f"peet/{n}_initMOTL.csv", motl(np.zeros((k, 3))))
        lab.text(f"peet/hiv_MOTL_Tom{peet}_Iter4.csv", motl(off))
        parts.append((f"../data/tomograms_bin8/{n}_bin8.mrc", f"{n}_hiv.mod", f"{n}_initMOTL.csv"))
        also += [m, f"peet/hiv_MOTL_Tom{peet}_Iter4.csv", "peet/hiv.prm"]
    if in4:
        also += ["relion4/ImportTomo/job002/particles.star", "relion4/Refine3D/job004/run_data.star"]
    lab.points(n, "dynamo/results/refined_table_ref_001_ite_0003.tbl", "capsomer", where, V8, also=also, tolerance=1.05 * V8)
    lab.text(f"picks/{n}_picks.txt", "".join("%.2f %.2f %.2f\n" % tuple(p / V8) for p in where))
    for i, p in enumerate(where):
        tag += 1
        crop += row(tag, dyn, np.round(p / V8 + 1))
        refined += row(tag, dyn, np.round(p / V8 + 1), p / V8 + 1 - np.round(p / V8 + 1), 0.4)
        at = p / V4 + 1
        whole = np.floor(at)
        sg.append((tag, stop, 1, tag, "AB"[tag % 2], *(float(v) for v in whole), 0.3, *(float(v) for v in at - whole), 12.0, 40.0, 80.0, 1))
        if in4:
            e = np.round(seed("e", n, i).uniform(-5, 5, 3), 3)
            r4.append((n, i + 1, *((p + e) / PIXEL), 10.0, 40.0, -20.0, *e))
        r5.append((n, f"{n}/{i + 1}", *(p - np.array(SIZE) * PIXEL / 2), 0.0, 40.0, 0.0))
    proj = {"rlnTomoProjX": ["[1,0,0,0]"] * 7, "rlnTomoProjY": ["[0,1,0,0]"] * 7, "rlnTomoProjZ": ["[0,0,1,0]"] * 7, "rlnTomoProjW": ["[0,0,0,1]"] * 7, "rlnDefocusU": [31000.0] * 7}
    tables.append((n, proj))
lab.text("dynamo/hiv.Data/crop.tbl", crop)
lab.copy("dynamo/hiv.Data/crop.tbl", "dynamo/solutions/crop.tbl")
lab.text("dynamo/hiv.Data/indices_column20.doc", "".join(f"{k} /data/course/data/tomograms_bin8/{n}_bin8.mrc\n" for n, _, k, *_ in TABLE))
lab.text("dynamo/hiv.vll", "".join(f"/data/course/data/tomograms_bin8/{n}_bin8.mrc\n" for n, *_ in TABLE))
lab.text("dynamo/results/refined_table_ref_001_ite_0003.tbl", refined)
lab.text("dynamo/participant_07/crop.tbl", "".join(crop.splitlines(True)[:6]))
lab.never("a participant's half-done exercise: the first six of the same particles", "dynamo/participant_07/crop.tbl")
cell = lambda i: "{" + ", ".join(f"'{p[i]}'" for p in parts) + "}"
lab.text("peet/hiv.prm", f"fnVolume = {cell(0)}\nfnModParticle = {cell(1)}\ninitMOTL = {cell(2)}\ntiltRange = {{[-57, 57], [-57, 57]}}\nreference = [1, 1]\nfnOutput = 'hiv'\nszVol = [16, 16, 16]\n")
lab.text("peet/hiv.epe", "#hiv\nPeet.RootName=hiv\nVersion=1.1\n")
cols = ["rlnTomoName", "rlnTomoParticleId", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"]
optics = ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnSphericalAberration": [2.7], "rlnVoltage": [300.0], "rlnTomoTiltSeriesPixelSize": [PIXEL], "rlnImagePixelSize": [V4], "rlnImageSize": [16], "rlnImageDimensionality": [3]})
at0 = [(*x[:2], *(c - e / PIXEL for c, e in zip(x[2:5], x[8:])), *x[5:8], 0.0, 0.0, 0.0) for x in r4]
lab.text("relion4/ImportTomo/job002/particles.star", star([("optics", {k: v for k, v in optics[1].items() if "Image" not in k}), ("particles", dict(zip(cols, zip(*at0))))]))
lab.text("relion4/Refine3D/job004/run_data.star", star([optics, ("particles", {**dict(zip(cols, zip(*r4))), "rlnOpticsGroup": [1] * len(r4)})]))
glob = lambda names: ("global", {"rlnTomoName": names, "rlnTomoTiltSeriesName": [f"../data/{n}/{n}.st:mrc" for n in names], "rlnTomoFrameCount": [7] * len(names), **{f"rlnTomoSize{c}": [v] * len(names) for c, v in zip("XYZ", SIZE)}, "rlnTomoHand": [-1.0] * len(names), "rlnTomoTiltSeriesPixelSize": [PIXEL] * len(names), "rlnVoltage": [300.0] * len(names)})
lab.text("relion4/ImportTomo/job001/tomograms.star", star([glob(["TS_01", "TS_43"]), *[t for t in tables if t[0] != "TS_03"]]))
lab.text("relion5/particles_centered.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", {k: v for k, v in optics[1].items() if k != "rlnImageDimensionality"}), ("particles", {**dict(zip(["rlnTomoName", "rlnTomoParticleName", "rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"], zip(*r5))), "rlnOpticsGroup": [1] * len(r5)})]))
g5 = glob([n for n, *_ in TABLE])[1]
lab.text("relion5/tomograms.star", star([("global", {**g5, "rlnTomoTiltSeriesStarFile": [f"tilt_series/{n}.star" for n, *_ in TABLE], "rlnTomoTomogramBinning": [8.0] * 3, "rlnTomoReconstructedTomogram": [f"../data/tomograms_bin8/{n}_bin8.mrc" for n, *_ in TABLE]})]))
mc = ["motl_idx", "tomo_num", "object", "subtomo_num", "halfset", "orig_x", "orig_y", "orig_z", "score", "x_shift", "y_shift", "z_shift", "phi", "psi", "the", "class"]
lab.text("stopgap/lists/allmotl_4.star", star([("stopgap_motivelist", dict(zip(mc, zip(*sg))))]))
lab.text("stopgap/lists/allmotl_1.star", star([("stopgap_motivelist", dict(zip(mc, zip(*[(*x[:8], 0.0, 0.0, 0.0, 0.0, *x[12:]) for x in sg]))))]))
lab.text("stopgap/lists/tomolist.txt", "".join(f"{k} /data/course/data/tomograms_bin4/{n}_bin4.mrc\n" for n, _, _, k, *_ in TABLE))
w = [(k, PIXEL, *SIZE, 0.0, a, 3.2, 2.0 * i) for _, _, _, k, *_ in TABLE for i, a in enumerate(ANGLES)]
lab.text("stopgap/lists/wedgelist.star", star([("stopgap_wedgelist", dict(zip(["tomo_num", "pixelsize", "tomo_x", "tomo_y", "tomo_z", "z_shift", "tilt_angle", "defocus", "exposure"], zip(*w))))]))
lab.text("stopgap/params/subtomo_param.star", star([("stopgap_subtomo_parameters", {"completed_ali": [1], "rootdir": ["/data/course/stopgap/"], "subtomo_mode": ["ali_singleref"], "iteration": [4], "binning": [4]})]))
for f, v in (("dynamo/results/average_ref_001_ite_0003.mrc", V8), ("peet/hiv_AvgVol_4P0027.mrc", V8), ("relion4/Refine3D/job004/run_class001.mrc", V4), ("stopgap/ref/ref_4.mrc", V4), ("stopgap/masks/mask.mrc", V4), ("relion4/mask.mrc", V4)):
    lab.junk("of particles", f, noise(14, 14, 14), v)
lab.junk("a reference of the EMDB, handed out", "reference/emd_3782_bin8.mrc", noise(16, 16, 16), V8)
lab.copy("data/tomograms_bin8/TS_01_bin8.mrc", "dynamo/TS_01_bin8.mrc")
lab.text("handouts/day2_dynamo.pdf", b"%PDF-1.4\n%%EOF\n")
lab.text("README_participants.txt", "EMPIAR-10164, 3 of 43 series. pixel 1.35, bin8 = 10.8 A. Please do not write into solutions/!\n")
lab.text("stopgap/run_stopgap.sh", "rootdir='/scratch/old_course_2022/stopgap/'\n")
lab.done()
