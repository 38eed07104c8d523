"""A practical course: three programs on the same five tilt series of virus-like particles, each with tomograms and picks of its own.

Imitates
  https://github.com/cryoem/eman2 (programs/e2tomogram.py, e2spt_boxer.py, e2proc3d.py; libEM/io/hdfio2.cpp): info/NAME_info.json with boxes_3d (x, y, z from
    the middle of the tomogram in pixels of the unbinned series), tomograms/NAME__bin4.hdf, particles3d/, spt_00/; e2proc3d.py exports to MRC;
    e2spt_boxer's text has voxels of the tomogram
  https://relion.readthedocs.io/en/release-4.0/ (STA tutorial: tomograms/NAME with etomo's files, ImportTomo, coordinates in pixels of the unbinned series,
    PseudoSubtomo, Refine3D)
  https://github.com/SBC-Utrecht/PyTom (lists of particles: PickPosition in voxels of the tomogram that Origin names; 04_Particle_Picking/)

The series lie in data/ once, and RELION's folder has links to them. EMAN2's tomograms of three series were exported, that of VLP_04 was not: it is
there as HDF alone, which a program may read or say that it cannot. VLP_05 was left as a stack for who wanted to try. All is noise of its own.
The mess: EMAN2's copies of the stacks, landmarks, network scores; untrimmed volumes; averages of particles of all three programs for comparison, a
published map, masks, templates; projections of PyTom; the same picks as EMAN2's text; an empty reconstruction, a copy "(1)", a "~", a zip of last year,
links (one to a disk that is gone, one out of the folder, one to a folder here), slides and figures.
"""
import json

import numpy as np

from kit import Lab, Specimen, fingerprint, lines, mdoc, noise, places, star, xf

PIXEL, V4, V8 = 2.7, 10.8, 21.6
ANGLES = [float(a) for a in range(-54, 55, 12)]
IMAGE = (48, 48)
RELION, EMAN, PYTOM = (18, 48, 44), (20, 48, 48), (12, 28, 28)
#         series   RELION  EMAN2  exported  PyTom
TABLE = [("VLP_01", 12, 9, True, 10),
         ("VLP_02", 8, 7, True, 6),
         ("VLP_03", 10, 0, True, 0),
         ("VLP_04", 6, 0, False, 7),
         ("VLP_05", None, None, False, None)]
C = "Tomo_Practical_2022/"
R, E, P = C + "day1_relion4/", C + "day2_eman2/", C + "day3_pytom/"

lab = Lab(__doc__, ["https://github.com/cryoem/eman2", "https://relion.readthedocs.io/en/release-4.0/STA_tutorial/index.html", "https://github.com/SBC-Utrecht/PyTom"])
box = lambda shape, v: [n * v for n in shape[::-1]]


hdf = lab.hdf


def relion(n, k):
    """Etomo's folder and the coordinates for RELION 4."""
    d = f"{R}tomograms/{n}/"
    for e in (".st", ".rawtlt"):
        (lab.root / d).mkdir(parents=True, exist_ok=True)
        (lab.root / d / (n + e)).symlink_to(f"../../../data/{n}{e}")
    lab.text(d + n + ".tlt", lines([a + 0.4 for a in ANGLES]))
    lab.text(d + n + ".xf", xf(len(ANGLES), n))
    lab.text(d + "tilt.com", f"$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nIMAGEBINNED 4\nTHICKNESS 104\n")
    lab.text(d + "newst.com", f"$newstack -StandardInput\nInputFile {n}.st\nOutputFile {n}_ali.mrc\nBinByFactor 4\n")
    lab.junk("aligned stack", f"{d}{n}_ali.mrc", noise((len(ANGLES), 12, 12), n, "ali"), V4, stack=True)
    lab.junk("before trimming: sections along y", f"{d}{n}_full_rec.mrc", noise((52, 26, 48), n, "full"), V4)
    lab.tomogram(n, f"{d}{n}_rec.mrc", noise(RELION, n, "etomo"), V4)
    where = places(lab.name, n, "relion", n=k, size=box(RELION, V4))
    lab.text(f"{R}input/coords_{n}.star", star([("", {"rlnTomoName": [n] * k, **{f"rlnCoordinate{c}": list(where[:, j] / PIXEL) for j, c in enumerate("XYZ")}})]))
    lab.points(n, f"{R}input/coords_{n}.star", "gag", where, V4, also=[R + "ImportCoords/job003/particles.star"])
    return where / PIXEL


def eman(n, k, exported):
    stack = hdf(f"{E}tiltseries/{n}.hdf", noise((len(ANGLES), *IMAGE), n, "eman stack"), PIXEL)
    lab.never("EMAN2's copy of the stack", stack)
    data = noise(EMAN, n, "eman")
    entry = hdf(f"{E}tomograms/{n}__bin4.hdf", data, V4)
    if exported:
        lab.tomogram(n, f"{E}exported_mrc/{n}__bin4.mrc", data, V4)
    else:
        lab.run(n)["tomograms"].append({**entry, "processing": ["raw"]})
    where = places(lab.name, n, "eman", n=k, size=box(EMAN, V4))
    middle = np.array(EMAN[::-1]) // 2
    boxes = [[*((p / V4 - middle) * V4 / PIXEL).round(2).tolist(), "manual", 0.0, 0] for p in where]
    lab.text(f"{E}info/{n}_info.json", json.dumps({"apix_unbin": PIXEL, "tlt_file": f"tiltseries/{n}.hdf", "ali_loss": [1.1] * len(ANGLES), "tlt_params": [[0.3 * i, -0.2 * i, 84.2, a, 0.1] for i, a in enumerate(ANGLES)],
                                                   "defocus": [3.4] * len(ANGLES), "cs": 2.7, "voltage": 300.0, "boxes_3d": boxes, "class_list": {"0": {"boxsize": 64, "name": "gag"}}}, indent=0))
    if k:
        also = []
        if n == "VLP_01":
            also = [f"{E}{n}_gag_boxes.txt"]
            lab.text(also[0], "".join("{:.1f}\t{:.1f}\t{:.1f}\n".format(*(p / V4)) for p in where))
        lab.points(n, f"{E}info/{n}_info.json", "gag", where, V4, also=also)
    lab.text(f"{E}tomorecon_00/{n}_landmarks_04.txt", "12.1 -40.2 3.3\n-31.0 22.5 1.0\n")
    lab.never("landmarks of the alignment", f"{E}tomorecon_00/{n}_landmarks_04.txt")


def pytom(n, k):
    t = f"{P}04_Particle_Picking/Tomograms/{n}_WBP.mrc"
    lab.tomogram(n, t, noise(PYTOM, n, "pytom"), V8)
    lab.text(f"{P}03_Tomographic_Reconstruction/{n}/alignment/markerLocations.txt", "0 12.1 44.2\n1 30.5 10.9\n")
    for i in range(2):
        lab.junk("one image of the series", f"{P}03_Tomographic_Reconstruction/{n}/sorted/sorted_{i:02d}.mrc", noise((1, *IMAGE), n, "sorted", i), PIXEL, stack=True)
    if not k:
        return
    where = places(lab.name, n, "pytom", n=k, size=box(PYTOM, V8))
    rows = "".join(f'  <Particle Filename="Subtomograms/{n}_WBP/particle_{i}.mrc">\n    <Rotation X="0.0" Paradigm="ZXZ" Z1="{10 * i}.0" Z2="0.0"/>\n    <Shift Y="0.0" X="0.0" Z="0.0"/>\n'
                   f'    <PickPosition Origin="04_Particle_Picking/Tomograms/{n}_WBP.mrc" X="{x:.2f}" Y="{y:.2f}" Z="{z:.2f}"/>\n    <Score Type="FLCFScore" Value="0.{40 - i}"/>\n    <Class Name="0"/>\n  </Particle>\n' for i, (x, y, z) in enumerate(where / V8))
    lab.text(f"{P}04_Particle_Picking/Picked_Particles/particleList_gag_{n}_WBP.xml", f"<ParticleList Path=\"/\">\n{rows}</ParticleList>\n")
    lab.points(n, f"{P}04_Particle_Picking/Picked_Particles/particleList_gag_{n}_WBP.xml", "gag", where, V8)
    lab.junk("scores of the matching", f"{P}04_Particle_Picking/Template_Matching/scores_{n}_WBP_gag.mrc", noise(PYTOM, n, "scores"), V8)
    lab.junk("angles of the matching", f"{P}04_Particle_Picking/Template_Matching/angles_{n}_WBP_gag.mrc", noise(PYTOM, n, "angles"), V8)


coordinates = {}
for n, a, b, exported, c in TABLE:
    lab.tilts(n, f"{C}data/{n}.st", noise((len(ANGLES), *IMAGE), n, "stack", dtype=np.int16), PIXEL, ANGLES)
    lab.text(f"{C}data/{n}.rawtlt", lines(ANGLES))
    if n != "VLP_04":
        lab.text(f"{C}data/{n}.st.mdoc", mdoc(ANGLES, PIXEL, None, n + ".st", IMAGE))
    if a is not None:
        coordinates[n] = relion(n, a)
        eman(n, b, exported)
        pytom(n, c)
of = [n for n, x in coordinates.items() for _ in x]
xyz = np.concatenate(list(coordinates.values()))
lab.text(R + "ImportCoords/job003/particles.star", star([("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnTomoTiltSeriesPixelSize": [PIXEL], "rlnVoltage": [300.0]}),
                                                          ("particles", {"rlnTomoName": of, **{f"rlnCoordinate{c}": list(xyz[:, j]) for j, c in enumerate("XYZ")}, "rlnOpticsGroup": [1] * len(of), "rlnTomoParticleName": [f"{n}/{i + 1}" for i, n in enumerate(of)]})]))
k = len(coordinates)
lab.text(R + "ImportTomo/job001/tomograms.star", star([("global", {"rlnTomoName": list(coordinates), "rlnTomoTiltSeriesName": [f"tomograms/{n}/{n}.st:mrc" for n in coordinates], "rlnTomoFrameCount": [len(ANGLES)] * k, "rlnTomoSizeX": [RELION[2] * 4] * k, "rlnTomoSizeY": [RELION[1] * 4] * k, "rlnTomoSizeZ": [RELION[0] * 4] * k,
                                                                    "rlnTomoHand": [-1.0] * k, "rlnOpticsGroupName": ["opticsGroup1"] * k, "rlnTomoTiltSeriesPixelSize": [PIXEL] * k, "rlnVoltage": [300.0] * k})]))
lab.junk("one pseudo-subtomogram", R + "PseudoSubtomo/job004/Subtomograms/VLP_01/1_data.mrc", noise((16, 16, 16), "pseudo"), V4)
lab.junk("weights of a pseudo-subtomogram", R + "PseudoSubtomo/job004/Subtomograms/VLP_01/1_weights.mrc", noise((16, 16, 9), "weights"), V4)
for f in ("run_class001", "run_half1_class001_unfil", "run_half2_class001_unfil"):
    lab.junk("average of particles", f"{R}Refine3D/job006/{f}.mrc", noise((24, 24, 24), "relion", f), V4)
lab.text(R + "default_pipeline.star", star([("pipeline_general", {"rlnPipeLineJobCounter": 7})]))
lab.text(R + "input/coords_VLP_02.star~", "data_\n")
lab.copy(f"{R}tomograms/VLP_02/VLP_02_rec.mrc", f"{R}tomograms/VLP_02/VLP_02_rec (1).mrc")
lab.text(f"{R}tomograms/VLP_05/VLP_05_rec.mrc", b"")
lab.mask("VLP_01", C + "day1_relion4/segmentation/VLP_01_rec_membrane.mrc", Specimen("VLP_01", box(RELION, V4)).membrane(RELION), V4)
lab.text(E + "info/project.json", json.dumps({"global.apix": PIXEL, "global.microscope_voltage": 300.0}))
lab.text(E + ".eman2log.txt", "2022/09/07 10:11:12\t2022/09/07 10:31:00\t4211/\te2tomogram.py --alltiltseries --zeroid -1 --outsize 1k\n2022/09/07 15:02:40\t2022/09/07 15:02:55\t5120/\te2proc3d.py tomograms/VLP_01__bin4.hdf exported_mrc/VLP_01__bin4.mrc\n")
lab.never("particles", hdf(E + "particles3d/VLP_01__gag.hdf", noise((12, 12, 12), "particles"), V4))
for f in ("threed_01", "threed_02"):
    lab.never("average of particles", hdf(f"{E}spt_00/{f}.hdf", noise((16, 16, 16), f), V4))
lab.never("scores of a network", hdf(E + "segmentations/VLP_01__bin4__membrane_seg.hdf", noise(EMAN, "network"), V4))
lab.junk("average of particles, exported", E + "exported_mrc/threed_02.mrc", noise((16, 16, 16), "exported average"), V4)
lab.junk("template", P + "04_Particle_Picking/Template_Matching/gag_template_bin8.mrc", noise((14, 14, 14), "template"), V8)
lab.junk("mask of a template", P + "04_Particle_Picking/Template_Matching/mask_sphere.mrc", (noise((14, 14, 14), "sphere") > 1).astype(np.int8), V8)
for f in ("relion4_gag_bin4", "eman2_gag", "pytom_gag_average", "emd_3782_rescaled"):
    lab.junk("average of particles", f"{C}compare/averages/{f}.mrc", noise((24, 24, 24), "compare", f), V4)
lab.picture(C + "compare/FSC all three.png")
lab.picture(C + "compare/VLP_01 slice.tif")
lab.text(C + "compare/numbers.csv", "program,particles,resolution_A\nRELION 4,36,21.3\nEMAN2,16,26\nPyTom,23,30\n")
lab.text(C + "slides/day2.pdf", "%PDF-1.5\n")
lab.text(C + "practical_2021.zip", b"PK\5\6" + bytes(18))
lab.text(C + "README.txt", "Tomography practical 2022, HIV-1 VLPs, pixel 2.7 A, tilt axis 84.\ndata/ has the five tilt series. Day 1 IMOD + RELION 4 (bin 4), day 2 EMAN2 (bin 4), day 3 PyTom (bin 8).\n"
         "Every program aligns for itself, so picks fit the tomograms of their program only!\nVLP_05 is for those who are fast.\n")
for link, to in ((C + "frames", "/gpfs/teaching/2022/frames"), (C + "slides/fonts", "/usr/share"), (C + "results", "day2_eman2/exported_mrc")):
    (lab.root / link).symlink_to(to)
lab.done()
