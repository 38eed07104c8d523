"""Subtomogram averaging as an ordinary student does it: Dynamo and PEET on the same tomograms, lists of particles in several units beside them.

Imitates
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention  (columns: 1 tag, 4-6 shifts, 7-9 angles, 20 tomogram, 24-26 x, y, z)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table             (a data folder: crop.tbl, particle_000003.em)
  https://bio3d.colorado.edu/PEET/PEETmanualBeta.html                    (a project in a directory of its own; models, initial motive lists)
  https://bio3d.colorado.edu/ftp/PEET/man/html/man1/PEET.1.html          (the .prm: fnVolume, fnModParticle, initMOTL, reference, fnOutput)
  https://bio3d.colorado.edu/imod/doc/tomoguide.html, https://bio3d.colorado.edu/imod/doc/binspec.html (etomo's files; models)
Columns of a motive list as published readers of PEET's files have them; Dynamo's .tomolist as its table of numbers: a number and a path a line.

Tomograms at bin 4 (all) and bin 8 (two). Dynamo has capsids, PEET spikes. Others are tables: portals in nm, pores from the middle of the tomogram
in voxels, ribosomes at bin 8 as a model and once more as a list of RELION's kind. Each volume and stack is noise of its own.
The mess: a slice of a reference that looks like a gain, averages, halves, templates and masks of particles, single particles, a copied table, an
earlier motive list, a tail model for directions, averages of single tilts, models of X-rays and of elongated beads, contours of an envelope.
"""
import struct

import numpy as np

from kit import Lab, imod_model, lines, mdoc, noise, places, seed, star, xf

PIXEL, V, V8 = 2.2, 8.8, 17.6
SHAPE, SHAPE8, RAW = (20, 48, 52), (10, 24, 26), (96, 104)
ANGLES = [float(a) for a in range(-54, 55, 9)]
SIZE = np.array(SHAPE[::-1])
ANGSTROM = list(SIZE * V)
#         name         number  capsids  spikes  bin 8  portals  pores  ribosomes
TABLE = [("HIV_03",     1,     16,      13,     True,  0,       0,     0),
         ("HIV_07",     2,     11,      10,     False, 9,       0,     0),
         ("HIV_12",     4,     9,       0,      True,  0,       0,     12),
         ("Position_1", 5,     0,       8,      False, 0,       7,     0),
         ("mock_2",     None,  0,       0,      False, 0,       0,     0)]
HEADER = "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved\n"

lab = Lab(__doc__, ["https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention", "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table", "https://bio3d.colorado.edu/PEET/PEETmanualBeta.html",
                    "https://bio3d.colorado.edu/ftp/PEET/man/html/man1/PEET.1.html", "https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://bio3d.colorado.edu/imod/doc/binspec.html"])
scattered = lambda name, where, voxel=V, shape=SHAPE: imod_model([(name, [[p] for p in where], "scattered")], shape[::-1], voxel)


def em(path, shape, why):
    """EM: machine 6, type 5 (float), three sizes, 512 bytes of header in all."""
    lab.text(path, struct.pack("<4b3i", 6, 0, 0, 5, *shape[::-1]) + bytes(496) + noise(shape, path).astype("<f4").tobytes())
    lab.never(why, path)


def row(tag, number, xyz, shift=(0, 0, 0), cc=0.0):
    c = [0.0] * 35
    c[0], c[1], c[2], c[3:6], c[9], c[12], c[13], c[14] = tag, 1, 1, shift, cc, 1, -54, 54
    c[6:9] = seed("angles", tag).uniform(-180, 180, 3)
    c[19], c[20], c[21], c[23:26], c[31] = number, 1, 1, xyz, 1
    return " ".join(f"{v:.4g}" if i not in (3, 4, 5, 23, 24, 25) else f"{v:.3f}" for i, v in enumerate(c)) + "\n"


def motl(n, offsets):
    a = seed("motl", n).uniform(-180, 180, (len(offsets), 3))
    return HEADER + "".join("%.4f,0,0,%d,0,0,0,0,0,0,%.3f,%.3f,%.3f,0,0,0,%.2f,%.2f,%.2f,1\n" % (0.4, i + 1, *o, *a[i]) for i, o in enumerate(offsets))


def etomo(n):
    """Stack, reconstruction and what etomo leaves beside them."""
    d = f"etomo/{n}/{n}"
    lab.tilts(n, d + ".st", noise((len(ANGLES), *RAW), n, "stack", dtype=np.int16), PIXEL, ANGLES)
    if n != "mock_2":
        lab.text(d + ".st.mdoc", mdoc(ANGLES, PIXEL, None, f"{n}.st", RAW[::-1]))
    lab.text(d + ".rawtlt", lines(ANGLES))
    lab.text(d + ".tlt", lines([a - 0.2 for a in ANGLES]))
    lab.text(d + ".xf", xf(len(ANGLES), n))
    lab.text(d + ".edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={PIXEL / 10}\n")
    lab.text(f"etomo/{n}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nIMAGEBINNED 4\nTHICKNESS 96\n")
    lab.junk("before trimming: sections along y", d + "_full_rec.mrc", noise((SHAPE[1], SHAPE[0] + 4, SHAPE[2]), n, "full"), V)
    lab.tomogram(n, d + "_rec.mrc", noise(SHAPE, n), V)
    flat = (len(ANGLES), *RAW)
    for f, kind in ((d + "_peak.mod", "X-rays"), (f"etomo/{n}/clusterElong.mod", "elongated beads")):
        lab.text(f, scattered(kind, places(f, n=5, size=[s * PIXEL for s in flat[::-1]]), PIXEL, flat))
        lab.never(f"{kind} on the images", f)


refined = crop = ""
tag, parts, ribo = 0, [], None
for n, number, capsids, spikes, bin8, portals, pores, ribosomes in TABLE:
    etomo(n)
    if bin8:
        lab.tomogram(n, f"bin8/{n}_bin8.mrc", noise(SHAPE8, n, "bin8"), V8)
    where = places(lab.name, n, "capsid", n=capsids, size=ANGSTROM)
    for p in where:
        tag += 1
        shift = np.round(seed("shift", tag).uniform(-2, 2, 3), 3)
        crop += row(tag, number, p / V + 1)
        refined += row(tag, number, p / V + 1 - shift, shift, 0.3)
        if tag < 4:
            em(f"dynamo/capsid.Data/particle_{tag:06d}.em", (12, 12, 12), "one particle")
    if capsids:
        lab.points(n, "dynamo/capsid.Data/crop.tbl", "capsid", where, V, also=["dynamo/align2/results/ite_0003/averages/refined_table_ref_001_ite_0003.tbl", "dynamo/crop (1).tbl"])
    if spikes:
        where = places(lab.name, n, "spike", n=spikes, size=ANGSTROM)
        offsets = np.round(seed("offset", n).uniform(-1.5, 1.5, (spikes, 3)), 3)
        picked, t = where - offsets * V, len(parts) + 1
        lab.text(f"peet/spike/{n}_spike.mod", scattered("spike", picked))
        lab.text(f"peet/spike/{n}_initMOTL.csv", motl(n, np.zeros((spikes, 3))))
        for i, o in ((1, 0), (4, 1)):
            lab.text(f"peet/spike/spike_MOTL_Tom{t}_Iter{i}.csv", motl(n, o * offsets))
        lab.points(n, f"peet/spike/spike_MOTL_Tom{t}_Iter4.csv", "spike", where, V, also=[f"peet/spike/{n}_spike.mod", "peet/spike/spike.prm"], before=picked)
        lab.text(f"peet/spike/{n}_tail.mod", scattered("tail", picked + seed("tail", n).choice([-60.0, 60.0], (spikes, 3))))
        lab.never("ends of the spikes, for their directions", f"peet/spike/{n}_tail.mod")
        parts.append((f"../../etomo/{n}/{n}_rec.mrc", f"{n}_spike.mod", f"{n}_initMOTL.csv"))
    if portals:
        where = places(lab.name, n, "portal", n=portals, size=ANGSTROM)
        lab.text(f"picks/{n}_portal_nm.csv", "x_nm,y_nm,z_nm\n" + "".join("%.3f,%.3f,%.3f\n" % tuple(p / 10) for p in where))
        lab.points(n, f"picks/{n}_portal_nm.csv", "portal", where, V)
    if pores:
        where = places(lab.name, n, "pore", n=pores, size=ANGSTROM)
        lab.text(f"picks/{n}_pore_centered.csv", "# voxels of bin 4, from the middle of the tomogram\nx,y,z\n" + "".join("%.2f,%.2f,%.2f\n" % tuple(p / V - SIZE // 2) for p in where))
        lab.points(n, f"picks/{n}_pore_centered.csv", "pore", where, V)
    if ribosomes:
        ribo = (n, places(lab.name, n, "ribosome", n=ribosomes, size=ANGSTROM))
n, where = ribo
lab.text(f"picks/{n}_ribosome_bin8.mod", scattered("ribosome", where, V8, SHAPE8))
c = where / PIXEL
lab.text("picks/ribosomes_unbinned.star", star([("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnTomoTiltSeriesPixelSize": [PIXEL]}),
                                               ("particles", {"rlnTomoName": [n] * len(c), "rlnCoordinateX": list(c[:, 0]), "rlnCoordinateY": list(c[:, 1]), "rlnCoordinateZ": list(c[:, 2]), "rlnOpticsGroup": [1] * len(c)})]))
lab.points(n, f"picks/{n}_ribosome_bin8.mod", "ribosome", where, V8, also=["picks/ribosomes_unbinned.star"], tolerance=1.05 * V8)

# Dynamo
cluster = "/scratch/hiv/tomo/"
numbered = "".join(f"{k} {cluster}{n}_rec.mrc\n" for n, k, *_ in TABLE if k)
lab.text("dynamo/capsid.Data/crop.tbl", crop)
lab.text("dynamo/capsid.Data/indices_column20.doc", numbered)
lab.text("dynamo/hiv.tomolist", numbered)
lab.text("dynamo/crop (1).tbl", crop)
A = "dynamo/align2/results/ite_0003/averages/"
lab.text(A + "refined_table_ref_001_ite_0003.tbl", refined)
em(A + "average_symmetrized_ref_001_ite_0003.em", (12, 12, 12), "average of particles")
em("dynamo/masks/mask_capsid.em", (12, 12, 12), "mask of the average")
em("dynamo/template_emd_3782.em", (12, 12, 12), "template")
lab.text("dynamo/align2/vpr_info.txt", "name_project = align2\n")
lab.text("dynamo/commands.m", "dtcrop capsid.Data/indices_column20.doc crop.tbl capsid.Data 48\n")

# PEET
P = "peet/spike/"
cell = lambda i: "{" + ", ".join(f"'{p[i]}'" for p in parts) + "}"
lab.text(P + "spike.prm", f"fnVolume = {cell(0)}\nfnModParticle = {cell(1)}\ninitMOTL = {cell(2)}\ntiltRange = {{{', '.join('[-54, 54]' for _ in parts)}}}\ndPhi = {{-12:4:12}}\ndTheta = {{-12:4:12}}\ndPsi = {{-12:4:12}}\n"
         "searchRadius = {[4]}\nreference = 'spikeRef.mrc'\nfnOutput = 'spike'\nszVol = [16, 16, 16]\nmaskType = 'mask.mrc'\n")
lab.text(P + "spike.epe", "#spike\nPeet.RootName=spike\nVersion=1.1\n")
for f in ("spikeRef", "spike_AvgVol_4P0031", "spike_Ref4", "unMaskedRef", "spike_half1", "spike_half2"):
    lab.junk("reference or average of particles", f"{P}{f}.mrc", noise((16, 16, 16), f), V)
lab.junk("a slice of the reference", P + "superRef_norm.mrc", seed("slice").normal(1, 0.05, (1, *RAW)).astype(np.float32), 1.0, stack=True)
g = np.indices((16, 16, 16)) - 7.5
lab.junk("mask of the average", P + "mask.mrc", ((g**2).sum(0) < 40).astype(np.float32), V)
lab.text(P + "spike_MOTL_Tom1_Iter4.csv~", motl("old", np.ones((13, 3))))
lab.never("an earlier motive list", P + "spike_MOTL_Tom1_Iter4.csv~")
lab.picture(P + "spike_FSC.png")

# the rest
t = np.linspace(0, 2 * np.pi, 30)
lab.text("etomo/HIV_03/HIV_03_envelope.mod", imod_model([("envelope", [np.column_stack([230 + 90 * np.cos(t), 210 + 90 * np.sin(t), np.full(30, z * V)]) for z in (7, 12)], "closed")], SHAPE[::-1], V))
lab.never("closed contours of an envelope: no places of particles", "etomo/HIV_03/HIV_03_envelope.mod")
for i in (1, 7):
    lab.junk("average of one tilt", f"frames_ali/HIV_03_{i:03d}_{ANGLES[i]:.1f}.mrc", noise((1, *RAW), "tilt", i), PIXEL, stack=True)
lab.copy("bin8/HIV_12_bin8.mrc", "talk/HIV_12_bin8 copy.mrc")
lab.picture("talk/average.png")
lab.text("README.txt", "bin4 = 8.8 A, bin8 = 17.6 A. mock_2 = control without virus.\n")
lab.done()
