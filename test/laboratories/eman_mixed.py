#!/usr/bin/env python3
"""Two people of one laboratory: one with EMAN2 and with Leginon, Appion and Protomo, the other with IMOD, PyTom, AV3 and PySeg, with series of the same names.

Imitates
  https://github.com/cryoem/eman2 (e2import, e2tomogram, e2spt_boxer: tiltseries/NAME.hdf, tomograms/NAME__bin4.hdf, info/NAME_info.json with boxes_3d from the middle in
    unbinned pixels) and https://blake.bcm.edu/emanwiki/EMAN2 (e2proc3d.py NAME__bin4.hdf NAME__bin4.mrc)
  https://github.com/nysbc/appion-protomo and Appion's protomo2reconstruction.py (tiltseriesNNNN/raw, raw/original, seriesNNNN.tlt, .param, recons_protomo/out/
    SESSION_seriesNNNN_iteNNN_dim_ang_thick_pxlszN_bck.binN_protomo.norm.mrc, recons_tomo3d_SIRT, stack/); Leginon's names of images
  https://github.com/SBC-Utrecht/PyTom (job.xml of a localization; ParticleList with PickPosition in voxels of the volume that was searched; folders of its GUI; coords_ files)
  AV3 (motive lists as EM files of 20 rows: 5 the tomogram, 8 to 10 places counted from 1, 11 to 13 shifts; https://doi.org/10.1016/j.jsb.2005.01.011)
  https://github.com/anmartinezs/pyseg_system (data/tutorials: mb_seg_single_oriented.star, particles.star in voxels of rlnMicrographName; segmentations of 1 membrane, 2 lumen,
    3 cytosol; subvolumes _tid_N.mrc and _tid_N_seg.mrc; graphs)

The mess: TS_001 and TS_002 are of both people and of different specimens; what Protomo wrote has a header of 1 A and says 2.62 A and bin 4 in its name; a first alignment by
Protomo was given up and has the same names; TS_003 of EMAN2 was never exported; scores of EMAN2's network beside what was thresholded; the other's tomogram copied into a
folder of downloads; motive lists in voxels of bin 8 and PyTom's in voxels of bin 4 with the same particles.
"""
import json
import struct

import numpy as np

from kit import Lab, Specimen, dose_symmetric, fingerprint, lines, mdoc, places, seed, star, xf

PIXEL, V, FINE = 2.62, 10.48, 5.24
SHAPE, ANGLES = (16, 36, 40), [float(a) for a in range(-48, 49, 16)]
P2, V2, V8 = 3.42, 13.68, 27.36
SHAPE2, SHAPE8 = (16, 40, 36), (8, 20, 18)
TAKEN = dose_symmetric(15, 6)
lab = Lab(__doc__, ["https://github.com/cryoem/eman2", "https://blake.bcm.edu/emanwiki/EMAN2", "https://github.com/nysbc/appion-protomo", "https://github.com/SBC-Utrecht/PyTom",
    "https://doi.org/10.1016/j.jsb.2005.01.011", "https://github.com/anmartinezs/pyseg_system"])
SIZE, SIZE2 = [n * V for n in SHAPE[::-1]], [n * V2 for n in SHAPE2[::-1]]
r = seed(lab.name)
noise = lambda *s: r.normal(0, 1, s).astype("f4")
A, B = "postdoc/", "phd/"


def apart(*words, n, size, least=70):
    kept, i = [], 0
    while len(kept) < n:
        p = places(*words, i, n=1, size=size, margin=0.15)[0]
        kept += [p] if all(np.linalg.norm(p - q) > least for q in kept) else []
        i += 1
    return np.array(kept).reshape(-1, 3)


hdf = lab.hdf


def em(path, data):
    """EM: 6 is a PC, 5 is float32; x fastest."""
    d = np.ascontiguousarray(data, "<f4")
    lab.text(path, struct.pack("<4B3i", 6, 0, 0, 5, *d.shape[::-1]) + bytes(512 - 16) + d.tobytes())


def turned(sections):
    """As after an alignment whose tilt axis was near 90 degrees."""
    return np.ascontiguousarray(np.roll(np.rot90(sections, axes=(1, 2)), (2, -3), axis=(1, 2)))


def dated(text, day, hour, stage):
    return text.replace("14-Feb-23  09:", f"{day}  {hour:02d}:").replace("12.5 -40.1", stage)


# ---- EMAN2 ----
E = A + "eman2/"
for i, (n, k, m) in enumerate([("TS_001", 9, 4), ("TS_002", 7, 0), ("TS_003", 5, 0)]):
    run = "postdoc_" + n
    lab.run(run, *([n] if n == "TS_003" else []))
    found = apart(run, n=k + m, size=SIZE)
    ribo, prot = found[:k], found[k:]
    s = Specimen(run, SIZE, [found], radius=60)
    stack = s.stack(ANGLES, (72, 80))
    lab.tilts(run, f"{A}session_apr12/{n}.mrc", stack, PIXEL, ANGLES)
    lab.text(f"{A}session_apr12/{n}.mrc.mdoc", dated(mdoc(ANGLES, PIXEL, None, f"{n}.mrc", (80, 72)), "12-Apr-22", 10 + i, f"{101 + i}.0 -33.1"))
    lab.text(f"{A}session_apr12/{n}.rawtlt", lines(ANGLES))
    hdf(f"{E}tiltseries/{n}.hdf", stack, PIXEL)
    volume = s.volume(SHAPE, V)
    e = hdf(f"{E}tomograms/{n}__bin4.hdf", volume, V)
    if n == "TS_003":
        lab.run(run)["tomograms"].append({**e, "processing": ["raw"]})
    else:
        lab.tomogram(run, f"{E}export_mrc/{n}__bin4.mrc", volume, V)
        lab.tomogram(run, f"{E}export_mrc/{n}__bin4_lp60.mrc", (s.density(SHAPE, V) * 0.8).astype("f4"), V, ("filtered", "raw"), may=True)
        lab.junk("scores of a network", f"{E}export_mrc/{n}__bin4__membrane_seg.mrc", noise(*SHAPE), V)
        lab.mask(run, f"{E}export_mrc/{n}_membrane_thr.mrc", s.membrane(SHAPE), V)
    middle, boxes = np.array(SHAPE[::-1]) // 2, []
    for cls, xyz, name in ((0, ribo, "ribosome"), (1, prot, "proteasome")):
        boxes += [[*((p / V - middle) * V / PIXEL).round(3).tolist(), "manual", 0.0, cls] for p in xyz]
        if len(xyz):
            also = [f"{E}export_mrc/{n}_ribo.txt"] if cls == 0 and n != "TS_003" else []
            lab.points(run, f"{E}info/{n}_info.json", name, xyz, V, also=also)
    lab.text(f"{E}info/{n}_info.json", json.dumps({"apix_unbin": PIXEL, "tlt_file": f"tiltseries/{n}.hdf", "tlt_params": [[0.3 * j, -0.2 * j, 84.2, a, 0.1] for j, a in enumerate(ANGLES)], "boxes_3d": boxes,
        "class_list": {"0": {"boxsize": 96, "name": "ribosome"}, "1": {"boxsize": 72, "name": "proteasome"}}}, indent=0))
    if n != "TS_003":
        lab.text(f"{E}export_mrc/{n}_ribo.txt", "".join("{:.2f}\t{:.2f}\t{:.2f}\n".format(*(p / V)) for p in ribo))
hdf(f"{E}segmentations/TS_001__bin4__membrane_seg.hdf", np.abs(noise(*SHAPE)), V)
hdf(f"{E}particles3d/TS_001__ribosome.hdf", noise(12, 12, 12), V)
hdf(f"{E}spt_00/threed_05.hdf", noise(16, 16, 16), V)
lab.junk("an average, exported", f"{E}spt_00/threed_05.mrc", noise(16, 16, 16), V)
lab.text(f"{E}info/project.json", json.dumps({"global.apix": PIXEL, "global.microscope_cs": 2.7, "global.microscope_voltage": 300.0}))
lab.text(f"{E}.eman2log.txt", "2022/04/20 10:11:12\t2022/04/20 10:31:00\t4211/\te2tomogram.py --alltiltseries --zeroid -1 --outsize 1k\n")
lab.text(f"{E}export.sh", "for i in tomograms/*bin4.hdf; do e2proc3d.py $i export_mrc/$(basename $i .hdf).mrc; done\n")
# ---- Leginon, Appion, Protomo ----
S = "22apr12a"
for t, k in ((1, 6), (2, 0)):
    n = f"series{t:04d}"
    run = f"{S}_{n}"
    lab.run(run, n, f"tiltseries{t:04d}")
    xyz = apart(run, n=k, size=SIZE)
    s = Specimen(run, SIZE, [xyz] if k else [], radius=60)
    images = s.stack(ANGLES, (72, 80))
    for align in ("align1", "align2"):
        D = f"{A}appion/{S}/protomo/{align}/tiltseries{t:04d}/"
        names = [f"{S}_00012gr_00003sq_v01_0000{t}tomo_{j + 1:03d}" for j in range(len(ANGLES))]
        if align == "align2":
            for j, f in enumerate(names):
                lab.junk("one image of a tilt series", f"{D}raw/{f}.mrc", images[j][None], PIXEL, stack=True)
                lab.copy(f"{D}raw/{f}.mrc", f"{D}raw/original/{f}.mrc")
        tlt = f"\n TILT SERIES {n}\n\n   AXIS\n\n     TILT AZIMUTH    -95.213\n\n   ORIENTATION\n\n     PSI   0.000\n     THETA 0.000\n     PHI   0.000\n\n"
        tlt += "".join(f"   IMAGE {j + 1:3d}     FILE {f}     ORIGIN [ {40 + j * 0.3:9.3f} {36 - j * 0.2:9.3f} ]    TILT ANGLE  {a:8.3f}    ROTATION {0.01 * j:8.3f}\n" for j, (f, a) in enumerate(zip(names, ANGLES)))
        tlt += f"\n   REFERENCE IMAGE {len(ANGLES) // 2 + 1}\n\n END\n"
        for f in (n, "coarse_" + n, n + "00", n + "05"):
            lab.text(f"{D}{f}.tlt", tlt)
        lab.text(f"{D}{n}.param", f" tiltseries {{\n   pathlist: \"{D}raw/*.mrc\"\n   S = 4 (* AP sampling *)\n   map {{ size: {{ 40, 36, 16 }} (* AP reconstruction map size *) sampling: 4 }}\n }}\n")
        name = f"{S}_{n}_ite005_dim160x144_ang-48.0to48.0_thick64_pxlsz{PIXEL}_bck.bin4"
        if align == "align2":
            lab.tomogram(run, f"{D}recons_protomo/out/{name}_protomo.norm.mrc", s.volume(SHAPE, V), V, header=1.0)
            if t == 1:
                lab.tomogram(run, f"{D}recons_tomo3d_SIRT/{name.replace('_bck', '').replace('bin4', 'bin2')}_tomo3d_SIRT.mrc", s.volume(tuple(2 * v for v in SHAPE), FINE), FINE, ("raw", "filtered"), header=FINE)
            lab.junk("a stack that was rotated and shifted", f"{D}stack/{name.replace('_bck', '')}.mrc", turned(images).astype("f4"), PIXEL, stack=True)
            lab.text(f"{D}stack/{n}.tlt", lines(ANGLES))
            lab.picture(f"{D}media/tiltseries/{n}.png")
        else:
            lab.junk("a tomogram of an alignment that was given up", f"{D}recons_protomo/out/{name}_protomo.norm.mrc", s.volume(SHAPE, V, 1.2, "bad")[:, ::-1], V, header=1.0)
    if k:
        lab.text(f"{A}appion/picks/{S}_{n}_spikes.txt", "# x y z in pixels of the unbinned images\n" + "".join("{:.1f} {:.1f} {:.1f}\n".format(*(p / PIXEL)) for p in xyz))
        lab.points(run, f"{A}appion/picks/{S}_{n}_spikes.txt", "spikes", xyz, V)
for f in ("00012gr", "00012gr_00003sq", "00012gr_00003sq_v01_00002hl"):
    lab.junk("an atlas, a square or a hole", f"{A}appion/{S}/rawdata/{S}_{f}.mrc", noise(1, 48, 48), 400.0, stack=True)
lab.text(f"{A}appion/{S}/protomo/align1/README", "axis was 180 degrees off, use align2\n")
# ---- IMOD, PyTom, AV3, PySeg ----
motl, numbers, membrane = [], [], []
for i, (n, k, m, p) in enumerate([("TS_001", 8, 0, 6), ("TS_002", 6, 3, 0), ("TS_004", 7, 0, 4)]):
    run = "phd_" + n
    lab.run(run, *([n] if n == "TS_004" else []))
    found = apart(run, n=k + m + p, size=SIZE2)
    ribo, prot, trans = found[:k], found[k:k + m], found[k + m:]
    s = Specimen(run, SIZE2, [found], radius=70)
    sections = s.stack(sorted(TAKEN), (80, 72))
    lab.tilts(run, f"{B}raw/{n}.st", sections, P2, sorted(TAKEN))
    lab.text(f"{B}raw/{n}.st.mdoc", dated(mdoc(sorted(TAKEN), P2, None, f"{n}.st", (72, 80), order=[TAKEN.index(a) for a in sorted(TAKEN)]), "03-Nov-22", 8 + i, f"-{60 + i}.0 210.4"))
    lab.text(f"{B}imod/{n}/{n}.rawtlt", lines(sorted(TAKEN)))
    lab.text(f"{B}imod/{n}/{n}.tlt", lines([a + 0.2 for a in sorted(TAKEN)]))
    lab.text(f"{B}imod/{n}/{n}.xf", xf(len(TAKEN), n))
    lab.junk("an aligned stack", f"{B}imod/{n}/{n}.ali", turned(sections), P2, stack=True)
    lab.tomogram(run, f"{B}imod/{n}/{n}_bin4.rec", s.volume(SHAPE2, V2), V2)
    if n != "TS_004":
        lab.tomogram(run, f"{B}imod/{n}/{n}_bin8.rec", s.volume(SHAPE8, V8, 0.7), V8)
    em(f"{B}av3/tomos/{n}_bin8.em", s.volume(SHAPE8, V8, 0.7))
    # PyTom
    T = f"{B}pytom/04_Particle_Picking/"
    lab.copy(f"{B}imod/{n}/{n}_bin4.rec", f"{T}Tomograms/{n}_WBP.mrc")
    C = f"{T}Template_Matching/cross_correlation/{n}_WBP/"
    lab.text(C + "job.xml", f'<JobDescription Destination="{C}">\n  <Volume Filename="{T}Tomograms/{n}_WBP.mrc" Binning="1" Subregion=" 0,0,0,0,0,0 "/>\n  <Reference Weighting="" File="templates/ribo_bin4.em"/>\n  <Mask Filename="templates/mask.em" Binning="1" isSphere="True"/>\n  <WedgeInfo Angle1="45" Angle2="45" CutoffRadius="0.0" TiltAxis="custom"/>\n  <Angles Type="FromEMFile" File="angles_12.85_7112.em"/>\n  <Score Type="FLCFScore" Value="-100000000"/>\n</JobDescription>\n')
    em(C + "scores_ribo.em", noise(*SHAPE2))
    em(C + "angles_ribo.em", noise(*SHAPE2))
    rows = "".join(f'  <Particle Filename="Subtomograms/{n}_WBP/particle_{j}.em">\n    <Rotation Z1="{10.0 * j}" Z2="20.0" X="30.0" Paradigm="ZXZ"/>\n    <Shift X="0.0" Y="0.0" Z="0.0"/>\n    <PickPosition X="{q[0] / V2:.3f}" Y="{q[1] / V2:.3f}" Z="{q[2] / V2:.3f}" Origin="{T}Tomograms/{n}_WBP.mrc" Binning="1"/>\n    <Wedge Type="SingleTiltWedge">\n      <SingleTiltWedge Angle1="45.0" Angle2="45.0" CutoffRadius="0.0" Smooth="0.0"/>\n    </Wedge>\n    <Score Type="FLCFScore" Value="{0.5 - 0.01 * j}"/>\n    <Class Name="0"/>\n  </Particle>\n' for j, q in enumerate(ribo))
    lab.text(f"{T}Picked_Particles/particleList_TM_{n}_WBP.xml", f"<!-- PyTom Version: 1.0 -->\n<ParticleList>\n{rows}</ParticleList>\n")
    lab.points(run, f"{T}Picked_Particles/particleList_TM_{n}_WBP.xml", "ribosome", ribo, V2, also=[f"{B}av3/motl/motl_1.em", f"{B}av3/motl/motl_3.em"], tolerance=V8 * 1.05)
    if m:
        lab.text(f"{T}Picked_Particles/coords_{n}_WBP_proteasome.txt", f"#\n#TOMONAME\t{n}_WBP.mrc\n#MARKERINDEX\t1\n" + "".join("{:8.0f} {:8.0f} {:8.0f}\n".format(*(q / V2)) for q in prot))
        lab.points(run, f"{T}Picked_Particles/coords_{n}_WBP_proteasome.txt", "proteasome", prot, V2)
    # AV3
    numbers.append(f"{i + 1} {n}\n")
    for j, q in enumerate(ribo):
        off = np.round(r.normal(0, 0.3, 3), 2)
        motl.append([0.4, 0, 0, j + 1, i + 1, 0, 0, *np.round(q / V8 + 1 - off), *(q / V8 + 1 - np.round(q / V8 + 1 - off)), 0, 0, 0, 10.0 * j, 20.0, 30.0, 1])
    # PySeg
    if p:
        shell = s.membrane(SHAPE2)
        z, y, x = np.indices(SHAPE2)
        inside = np.hypot(np.hypot(z - SHAPE2[0] / 2, y - SHAPE2[1] / 2), x - SHAPE2[2] / 2) < 5
        seg = np.where(shell > 0, 1, np.where(inside, 2, 3)).astype(np.int8)
        seg[:2] = 0
        lab.mask(run, f"{B}pyseg/pre/in/{n}_bin4_seg.mrc", seg, V2)
        for q in range(2):
            lab.junk("a subvolume around a membrane", f"{B}pyseg/pre/mbo/{n}_bin4_tid_{q}.mrc", s.volume(SHAPE2, V2)[2:14, 4:28, 4 + q:30 + q], V2)
            lab.junk("a subvolume of a segmentation", f"{B}pyseg/pre/mbo/{n}_bin4_tid_{q}_seg.mrc", seg[2:14, 4:28, 4 + q:30 + q], V2)
        lab.text(f"{B}pyseg/graphs/{n}_bin4_tid_0_mb_graph.pkl", b"\x80\x04}\x94.")
        lab.text(f"{B}pyseg/graphs/{n}_bin4_tid_0_edges.vtp", '<?xml version="1.0"?>\n<VTKFile type="PolyData" version="0.1" byte_order="LittleEndian">\n<PolyData><Piece NumberOfPoints="2" NumberOfVerts="0" NumberOfLines="1" NumberOfStrips="0" NumberOfPolys="0"><Points><DataArray type="Float32" NumberOfComponents="3" format="ascii">1 2 3 4 5 6</DataArray></Points></Piece></PolyData>\n</VTKFile>\n')
        membrane += [(f"/fs/pool/phd/imod/{n}/{n}_bin4.rec", *(q / V2)) for q in trans]
        lab.points(run, f"{B}pyseg/pick/fil_mb_to_lumen_parts.star", "translocon", trans, V2)
seg = [n for n in ("TS_001", "TS_004")]
lab.text(f"{B}pyseg/pre/in/mb_seg_single_oriented.star", star([("", {"rlnMicrographName": [f"/fs/pool/phd/imod/{n}/{n}_bin4.rec" for n in seg], "rlnImageName": [f"/fs/pool/phd/pyseg/pre/in/{n}_bin4_seg.mrc" for n in seg], "psSegLabel": [0, 0], "psSegImage": [f"/fs/pool/phd/pyseg/pre/in/{n}_bin4_seg.mrc" for n in seg], "rlnOriginX": [0, 0], "rlnOriginY": [0, 0], "rlnOriginZ": [0, 0]})]))
lab.text(f"{B}pyseg/pick/fil_mb_to_lumen_parts.star", star([("", {"rlnMicrographName": [x[0] for x in membrane], "rlnImageName": [f"svols/particle_{i}.mrc" for i in range(len(membrane))], **{f"rlnCoordinate{c}": [float(x[1 + i]) for x in membrane] for i, c in enumerate("XYZ")}, "rlnGroupNumber": [1] * len(membrane), "rlnAngleRot": [0.0] * len(membrane), "rlnAngleTilt": [30.0] * len(membrane), "rlnAnglePsi": [4.0] * len(membrane)})]))
lab.junk("one particle", f"{B}pyseg/pick/svols/particle_0.mrc", noise(12, 12, 12), V2)
m3 = np.array(motl, "f4")
m1 = m3.copy()
m1[:, 10:13] = 0
for i, d in ((1, m1), (3, m3)):
    em(f"{B}av3/motl/motl_{i}.em", d[None])
em(f"{B}av3/ref/ref_3.em", noise(16, 16, 16))
em(f"{B}av3/mask_sphere.em", (noise(16, 16, 16) > 0).astype("f4"))
em(f"{B}av3/wedge/wedge_1.em", noise(16, 16, 16))
lab.text(f"{B}av3/tomograms.txt", "".join(numbers))
lab.text(f"{B}av3/run_av3.m", "% bin 8, positions from 1\nav3_scan_angles_exact('ref/ref', 'motl/motl', 'particles/p', 3, 'mask_sphere.em')\n")
em(f"{B}pytom/templates/ribo_bin4.em", noise(14, 14, 14))
em(f"{B}pytom/templates/mask.em", (noise(14, 14, 14) > 0).astype("f4"))
lab.text(f"{B}pytom/logfile.js", '{"version": "1.0"}\n')
lab.copy(f"{B}imod/TS_001/TS_001_bin4.rec", f"{A}from_phd/TS_001_bin4.rec")
lab.text(f"{A}from_phd/readme.txt", "her ribosomes, to test the network\n")
lab.done()
