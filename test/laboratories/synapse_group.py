"""A group that works on synapses: neurons in culture on grids (SerialEM, etomo, cryoCARE), lamellae of brain slices (Tomography 5, AreTomo3, IsoNet2), a second person's reprocessing of the
cultures with AreTomo2 at another binning under numbers of his own, a table that joins both namings, vesicles and receptors picked by hand, and very many tables of what was measured.

Imitates
  SerialEM's mdocs and navigator: https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm; etomo's names: https://bio3d.colorado.edu/imod/doc/tomoguide.html;
  AreTomo2: https://github.com/czimaginginstitute/AreTomo2; AreTomo3: https://github.com/czimaginginstitute/AreTomo3 (NAME_Vol.mrc, NAME_EVN_Vol.mrc, NAME_ODD_Vol.mrc, NAME_TLT.txt);
  IsoNet2: https://github.com/IsoNet-cryoET/IsoNet2/releases/tag/IsoNet-2.1.0 (headers keep the voxel size), https://github.com/kbwal/IsoNet2 (IsoNet/tutorial/intro.md);
  cryoCARE: https://github.com/juglab/cryoCARE_pip; MemBrain-seg: https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md;
  TARDIS: https://github.com/SMLC-NYSBC/TARDIS (docs/usage/3d_mt.rst), https://github.com/mrelan1/waxham-workflow (05_TARDIS/guide.md: a neuroscience group's guide; newstack -format 2 of the 32-bit mask for Amira);
  SynapseNet: https://github.com/computational-cell-analytics/synapse-net (instances of vesicles as TIFF; synapse_net/imod/to_imod.py: a point and a radius a vesicle);
  Pyto: https://github.com/vladanl/Pyto (presynaptic_example: 3d/tomo.mrc, viz/labels.mrc, connectors/tomo_new_tethers.mrc, .pkl, .dat), https://github.com/Zuber-group/CryoVesNet (az.mod, labels.mrc);
  nearest neighbours: https://github.com/brungerlab/synapse_tomograms (tables of 3D coordinates, simulated random controls); ArtiaX: https://github.com/FrangakisLab/ArtiaX;
  EMAN2: https://github.com/cryoem/eman2 (programs/e2spt_boxer.py: x, y, z of a line in voxels); RELION 5: https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html;
  Amira's spatial graph: https://github.com/jefferis/AnalysisSuite (AmiraFileFunctions.R) and TARDIS' writer.
From memory: Tomography 5's folders, napari's columns, Dragonfly's MultiROI, 3DCT's list of beads, the columns of the group's own tables, where SynapseNet writes.

The mess: tomo_101 … tomo_104 are not in the order of the grids, tomo_105 is the facility's test; a series of three images; one that Mira never finished, Jun did; a try with the pixel of super-resolution; halves,
denoised and raw of one name in three folders; one mask as 32 and as 16 bits; vesicles once as a model and once in nm in a table under the other name; receptors in ArtiaX, in RELION (centred) and twice in tables;
random controls, points of a membrane's surface, centres of clusters, pairs across the cleft, beads in fluorescence and areas that look like places; first picks that are incomplete; copies for Lena, crops for a poster.
"""
import io
import json
import zipfile

import numpy as np
import tifffile

from kit import Lab, Specimen, aln, dose_symmetric, fingerprint, imod_model, lines, mdoc, places, seed, star, xf

PAGES = ["https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://github.com/czimaginginstitute/AreTomo2", "https://github.com/czimaginginstitute/AreTomo3",
         "https://github.com/IsoNet-cryoET/IsoNet2/releases/tag/IsoNet-2.1.0", "https://github.com/kbwal/IsoNet2", "https://github.com/juglab/cryoCARE_pip", "https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md",
         "https://github.com/SMLC-NYSBC/TARDIS", "https://github.com/mrelan1/waxham-workflow", "https://github.com/computational-cell-analytics/synapse-net", "https://github.com/vladanl/Pyto", "https://github.com/Zuber-group/CryoVesNet",
         "https://github.com/brungerlab/synapse_tomograms", "https://github.com/FrangakisLab/ArtiaX", "https://github.com/cryoem/eman2", "https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html", "https://github.com/jefferis/AnalysisSuite"]
lab = Lab(__doc__, PAGES)
IMAGE, THICK = (108, 108), 96  # y, x of an image; unbinned voxels of a tomogram
TAKEN = dose_symmetric(16, 6)
ANGLES = sorted(TAKEN)
N = len(ANGLES)
CULT, SLICE, BIN, JBIN = 2.17, 1.96, 4, 6
V, W, J = CULT * BIN, SLICE * BIN, round(CULT * JBIN, 2)  # 8.68, 7.84, 13.02
SHAPE, JSHAPE = (24, 27, 27), (16, 18, 18)
SIZE, WSIZE = np.array(SHAPE[::-1]) * V, np.array(SHAPE[::-1]) * W
#         run             Jun         grid square position condition        hour  frames rec    vesicles
CULTURE = {"G2_sq3_pos1": ("tomo_103", "G2", "sq3", "pos1", "control", 10, True, True, 17),
           "G2_sq3_pos2": ("tomo_101", "G2", "sq3", "pos2", "control", 12, False, True, 14),
           "G2_sq5_pos1": ("tomo_104", "G2", "sq5", "pos1", "control", 15, False, False, 0),
           "G4_sq1_pos1": ("tomo_102", "G4", "sq1", "pos1", "TTX 48 h", 11, True, True, 12)}
#         run              session              mdoc             genotype hour receptors
SLICES = {"Position_1": ("20240213_slice_WT", "slice_WT", 9, 0), "Position_1_2": ("20240213_slice_WT", "slice_WT", 11, 13), "L3_Position_1": ("20240618_slice_KO", "slice_KO", 10, 11), "L3_Position_4": ("20240618_slice_KO", None, 14, 0)}
DAY = {"G2": ("20230511_cultures_G2", "11-May-23"), "G4": ("20230525_cultures_G4_TTX", "25-May-23"), "20240213_slice_WT": ("20240213", "13-Feb-24"), "20240618_slice_KO": ("20240618", "18-Jun-24")}
sv = {r: places(lab.name, r, "SV", n=t[-1], size=SIZE, margin=0.15) for r, t in CULTURE.items() if t[-1]}
sv["Position_1"] = places(lab.name, "slice SV", n=10, size=WSIZE)
ampar = {r: places(lab.name, r, "AMPAR", n=t[-1], size=WSIZE) for r, t in SLICES.items() if t[-1]}
gaba = places(lab.name, "GABAAR", n=8, size=SIZE)
spec = {r: Specimen(r, SIZE, [sv[r]] if r in sv else [], radius=170) for r in CULTURE} | {r: Specimen(r, WSIZE, [p[r] for p in (sv, ampar) if r in p], radius=70) for r in SLICES}


def smooth(d, times=1):
    for _ in range(times):
        for axis in range(3):
            d = (np.roll(d, 1, axis) + d + np.roll(d, -1, axis)) / 3
    return d.astype(np.float32)


def xyz(at, form="rlnCoordinate{}"):
    return {form.format(a): [round(float(v), 4) for v in at[:, i]] for i, a in enumerate("XYZ")}


def spheres(at, shape, voxel, radius, instances=False):
    out, grid = np.zeros(shape, np.uint16), np.indices(shape)[::-1] * voxel
    for i, p in enumerate(at, 1):
        out[np.sqrt(((grid - p[:, None, None, None]) ** 2).sum(0)) < radius] = i if instances else 1
    return out


def labels(run, *which, first=1):
    out = np.zeros(SHAPE, np.int8)
    for value, w in reversed(list(enumerate(which, first))):
        out[spec[run].membrane(SHAPE, w) > 0] = value
    return out


def tif(path, data):
    lab.text(path, b"")
    tifffile.imwrite(lab.root / path, data, photometric="minisblack", metadata=None)


def tif_mask(run, path, data, voxel):
    tif(path, data)
    values = [int(v) for v in np.unique(data) if v]
    lab.run(run)["masks"].append({"file": path, "size": list(data.shape[::-1]), "spacing": voxel, "fingerprint": fingerprint(data), "labels": {str(v): fingerprint(data == v) for v in values}, "union": fingerprint(data > 0)})


def dated(text, day, hour, stage):
    return text.replace("14-Feb-23  09:", f"{day}  {hour:02d}:").replace("12.5 -40.1", stage)


def table(path, head, rows):
    lab.text(path, head + "\n" + "".join(",".join(f"{v:.3f}" if isinstance(v, (float, np.floating)) else str(v) for v in row) + "\n" for row in rows))


# ---- cultures: SerialEM, etomo, cryoCARE; Jun's once more ----
for run, (jun, grid, square, pos, cond, hour, kept, done, k) in CULTURE.items():
    lab.run(run, jun, f"{grid}_{square}_{pos}")
    folder, day = DAY[grid]
    s = spec[run]
    frames = [f"{run}_{i + 1:03d}_{a:.1f}_{day.replace('-', '')[:5]}_{hour:02d}.{i:02d}.31.tif" for i, a in enumerate(TAKEN)]
    text = dated(mdoc(TAKEN, CULT, frames, f"{run}.mrc", IMAGE[::-1], folder="X:\\Mira\\frames\\"), day, hour, f"{100 + 7 * hour}.2 -{40 + hour}.9")
    lab.text(f"SerialEM/{folder}/{run}.mrc.mdoc", text)
    if kept:
        lab.movies(run, [f"SerialEM/{folder}/frames/{f}" for f in frames])
    d = f"etomo/{run}"
    stack = s.stack(ANGLES, IMAGE)
    lab.tilts(run, f"{d}/{run}.mrc", stack, CULT, ANGLES)
    lab.text(f"{d}/{run}.rawtlt", lines(ANGLES))
    lab.text(f"{d}/{run}.edf", f"#Etomo\nSetup.DatasetName={run}\nSetup.AxisType=Single Axis\nSetup.PixelSize={CULT / 10:g}\nSetup.FiducialDiameter=10.0\nSetup.ImageRotationA=84.1\nSetup.OrigRawStackExt=mrc\n")
    if done:
        lab.text(f"{d}/tilt.com", f"$tilt -StandardInput\nInputProjections {run}_ali.mrc\nOutputFile {run}_full_rec.mrc\nIMAGEBINNED {BIN}\nTILTFILE {run}.tlt\nTHICKNESS {THICK}\nFULLIMAGE {IMAGE[1]} {IMAGE[0]}\nPERPENDICULAR\nMODE 2\n")
        lab.text(f"{d}/{run}.xf", xf(N, run))
        lab.text(f"{d}/{run}.tlt", lines([a - 0.4 for a in ANGLES]))
        rec = s.volume(SHAPE, V)
        lab.tomogram(run, f"{d}/{run}_rec.mrc", rec, V)
        for i, h in enumerate(("even", "odd")):
            lab.half(run, f"cryocare/{h}/{run}_rec.mrc", s.volume(SHAPE, V, 1.4, h), V)
        lab.tomogram(run, f"cryocare/denoised/{run}_rec.mrc", (0.8 * s.density(SHAPE, V) + 0.15 * rec).astype(np.float32), V, ("denoised",))
    # Jun: the same exposures, corrected by MotionCor3, AreTomo2
    D = f"Jun_reprocessing/{jun}"
    lab.tilts(run, f"{D}/{jun}.mrc", (stack + seed(run, "jun").normal(0, 1.5, stack.shape)).round().astype(np.int16), CULT, ANGLES)
    lab.run(run)["tiltseries"][-1]["may"] = done
    lab.text(f"{D}/{jun}.rawtlt", lines(ANGLES))
    lab.text(f"{D}/{jun}.aln", aln(IMAGE[::-1], ANGLES, run))
    lab.tomogram(run, f"{D}/{jun}_rec_bin6.mrc", s.volume(JSHAPE, J, what="jun"), J)
lab.run("G2_sq5_pos1")["tiltseries"][0]["may"] = True  # Mira's, never aligned: Jun's is the one that has a tomogram
lab.junk("a coarse alignment that nobody went on with", "etomo/G2_sq5_pos1/G2_sq5_pos1_preali.mrc", spec["G2_sq5_pos1"].stack(ANGLES, (27, 27), "preali"), V, stack=True)
lab.junk("before it was turned and trimmed: depth in y", "etomo/G2_sq3_pos1/G2_sq3_pos1_full_rec.mrc", np.ascontiguousarray(spec["G2_sq3_pos1"].volume((27, 32, 27), V, what="full_rec").transpose(1, 0, 2)), V)
lab.junk("a series that was aborted after three images", "SerialEM/20230511_cultures_G2/G2_sq3_pos2_aborted.mrc", Specimen("aborted", SIZE).stack(TAKEN[:3], IMAGE), CULT, stack=True)
lab.text("SerialEM/20230511_cultures_G2/G2_sq3_pos2_aborted.mrc.mdoc", dated(mdoc(TAKEN[:3], CULT, None, "G2_sq3_pos2_aborted.mrc", IMAGE[::-1]), "11-May-23", 11, "184.2 -52.9"))
for grid in ("G2", "G4"):
    folder = DAY[grid][0]
    lab.junk("a map of squares", f"SerialEM/{folder}/{grid}_LMM.mrc", seed(lab.name, grid).normal(80, 9, (4, 60, 60)).astype(np.int16), 650.0, stack=True)
    lab.text(f"SerialEM/{folder}/nav_{grid}.nav", "AdocVersion = 2.00\nLastSavedAs = X:\\Mira\\nav.nav\n\n[Item = 1]\nColor = 2\nStageXYZ = 170.2 -50.9 12.1\nNumPts = 1\nType = 2\nNote = sq3\nMapFile = LMM.mrc\n")
    lab.gain([r for r in CULTURE if r[:2] == grid and CULTURE[r][6]], f"SerialEM/{folder}/frames/CountRef_{grid}_K3.mrc")
D = "Jun_reprocessing"
test = Specimen("apoferritin", SIZE)
lab.junk("the facility's test grid, not the group's", f"{D}/tomo_105/tomo_105.mrc", test.stack(ANGLES, IMAGE), CULT, stack=True)
lab.text(f"{D}/tomo_105/tomo_105.rawtlt", lines(ANGLES))
lab.junk("the facility's test grid, not the group's", f"{D}/tomo_105/tomo_105_rec_bin6.mrc", test.volume(JSHAPE, J), J)
lab.junk("a try with the pixel of super-resolution", f"{D}/old_superres_pixel/tomo_103_rec_bin6.mrc", spec["G2_sq3_pos1"].volume(JSHAPE, J, 1.2, "superres"), J, header=J / 2)
lab.text(f"{D}/run_aretomo2.sh", "for t in tomo_101 tomo_102 tomo_103 tomo_104 tomo_105; do\n  AreTomo2 -InMrc $t/$t.mrc -OutMrc $t/${t}_rec_bin6.mrc -AngFile $t/$t.rawtlt -VolZ 96 -OutBin 6 -PixSize 2.17 -TiltAxis 84.1 1 -FlipVol 1 -Gpu 0\ndone\n# old_superres_pixel: I had -PixSize 1.085 (K3 super-res). wrong, frames were already binned!\n")

# ---- slices: Tomography 5, AreTomo3, IsoNet2 ----
iso = ["Position_1", "Position_1_2"]
for run, (session, out, hour, k) in SLICES.items():
    lab.run(run, f"WT_{run}" if "WT" in session else f"KO_{run}", f"{session}_{run}")
    stamp, day = DAY[session]
    s = spec[run]
    eer = [f"{run}_{i + 1:03d}_{a:.2f}_{stamp}_{hour:02d}{3 * i:02d}31_EER.eer" for i, a in enumerate(TAKEN)]
    lab.movies(run, [f"Tomo5/{session}/{f}" for f in eer], size=(36, 36), frames=2)
    lab.text(f"Tomo5/{session}/{run}.mdoc", dated(mdoc(TAKEN, SLICE, eer, f"{run}.mrc", IMAGE[::-1], folder=f"\\\\192.168.10.2\\OffloadData\\{session}\\", camera="TOMOGRAPHY: Titan Krios G4"), day, hour, f"-{200 + hour}.4 {90 - hour}.1"))
    if not out:
        continue
    A = f"aretomo3/{out}/{run}"
    lab.tilts(run, f"{A}.mrc", s.stack(ANGLES, IMAGE), SLICE, ANGLES)
    lab.text(f"{A}.aln", aln(IMAGE[::-1], ANGLES, run).replace("# NumPatches", "# AlphaOffset =     0.00\n# BetaOffset =     0.00\n# NumPatches"))
    lab.text(f"{A}_TLT.txt", "".join(f"{a:8.2f} {TAKEN.index(a) + 1:4d} {3.1:8.2f}\n" for a in ANGLES))
    vol = s.volume(SHAPE, W)
    lab.tomogram(run, f"{A}_Vol.mrc", vol, W)
    for h in ("EVN", "ODD"):
        lab.half(run, f"{A}_{h}_Vol.mrc", s.volume(SHAPE, W, 1.4, h), W)
    if run in iso:
        made = (0.9 * s.density(SHAPE, W) + 0.1 * vol).astype(np.float32)
        f = f"isonet2/corrected_tomos/_isonet2-n2n_unet-medium_{run}_EVN_Vol.mrc"
        lab.tomogram(run, f, made, W, ("denoised", "filtered"))
        lab.copy(f, f"tardis/{run}.mrc")
        actin = s.membrane(SHAPE, 3)
        lab.mask(run, f"tardis/Predictions/{run}_semantic.mrc", actin.astype(np.float32), W)
        if run == "Position_1":
            lab.mrc(f"tardis/Predictions/{run}_semantic_int16.mrc", actin.astype(np.int16), W)  # the same voxels, for Amira: one of both is published
        zyx = np.argwhere(actin)[::6]
        rows = [(i * 5 // len(zyx), *(v[::-1] * W)) for i, v in enumerate(zyx)]
        table(f"tardis/Predictions/{run}_instances.csv", "IDs,X [A],Y [A],Z [A]", rows)
        lab.points(run, f"tardis/Predictions/{run}_instances.csv", "actin", zyx[:, ::-1] * W, W, instances=True, may=True)
lab.junk("a test with too little thickness", "aretomo3/slice_WT_test_bin8/Position_1_Vol.mrc", spec["Position_1"].volume((6, 13, 13), W * 2, 1, "test"), W * 2)
half = [f"/data/mira/aretomo3/slice_WT/{r}_EVN_Vol.mrc" for r in iso]
lab.text("isonet2/tomograms.star", star([("", {"rlnIndex": [1, 2], "rlnTomoName": ["None"] * 2, "rlnTomoReconstructedTomogramHalf1": half, "rlnTomoReconstructedTomogramHalf2": [h.replace("EVN", "ODD") for h in half], "rlnPixelSize": [W] * 2, "rlnDefocus": [35100.0, 36240.0],
         "rlnVoltage": [300] * 2, "rlnSphericalAberration": [2.7] * 2, "rlnAmplitudeContrast": [0.1] * 2, "rlnMaskName": ["None"] * 2, "rlnTiltMin": [-48] * 2, "rlnTiltMax": [48] * 2, "rlnNumberSubtomo": [300] * 2, "rlnCorrectedTomoName": [f"corrected_tomos/_isonet2-n2n_unet-medium_{r}_EVN_Vol.mrc" for r in iso]})]))
for session in {t[0]: 0 for t in SLICES.values()}:
    lab.gain([r for r in SLICES if SLICES[r][0] == session], f"Tomo5/{session}/{DAY[session][0]}_074412_EER_GainReference.gain")
    lab.picture(f"Tomo5/{session}/Thumbnails/Overview.png", why="a thumbnail of the microscope")

# ---- segmentations ----
for run in ("G2_sq3_pos1", "G2_sq3_pos2"):
    lab.mask(run, f"membrain/{run}_rec_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", spec[run].membrane(SHAPE), V)
lab.mask("L3_Position_1", "membrain/slices/L3_Position_1_Vol_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", spec["L3_Position_1"].membrane(SHAPE), W)
lab.mask("G2_sq3_pos1", "amira/G2_sq3_pos1_rec.Labels.am", labels("G2_sq3_pos1", 1, 2, 4), V)
tif_mask("G4_sq1_pos1", "dragonfly/G4_sq1_pos1_MultiROI.tif", labels("G4_sq1_pos1", 1, 2, 5).astype(np.uint8), V)
table("dragonfly/G4_sq1_pos1_MultiROI_stats.csv", "Label,Name,Volume (nm3),Surface (nm2),Center X,Center Y,Center Z", [(i, n, 1200.5 * i, 800.2 * i, 11.0 + i, 140.0 / i, 90.5) for i, n in enumerate(("PM pre", "PM post", "mito"), 1)])
lab.text("dragonfly/G4_sq1_pos1.ORSSession", b"PK\3\4" + seed("ors").bytes(160))
tif_mask("G2_sq3_pos2", "synapsenet/vesicles/G2_sq3_pos2_rec.tif", spheres(sv["G2_sq3_pos2"], SHAPE, V, 19.0, True), V)
P = "pyto/G2_sq3_pos2"
lab.copy("etomo/G2_sq3_pos2/G2_sq3_pos2_rec.mrc", f"{P}/3d/tomo.mrc")
bound = np.ones(SHAPE, np.int16)
bound[:, :, :6] = 0
bound[spec["G2_sq3_pos2"].membrane(SHAPE, 1) > 0] = 2
inside = spheres(sv["G2_sq3_pos2"], SHAPE, V, 21.0, True).astype(np.int16)
bound[inside > 0] = inside[inside > 0] + 9
lab.mask("G2_sq3_pos2", f"{P}/viz/labels.mrc", bound, V)
tethers = np.where((spec["G2_sq3_pos2"].membrane(SHAPE, 8) > 0) & (np.indices(SHAPE)[1] % 7 < 2), np.indices(SHAPE)[1] // 7 + 31, 0).astype(np.int16)
lab.mask("G2_sq3_pos2", f"{P}/connectors/tomo_new_tethers.mrc", tethers, V, may=True)
lab.text(f"{P}/connectors/tomo_new_tethers.pkl", b"\x80\x03ccore\n" + seed("pkl").bytes(200))
lab.text(f"{P}/connectors/tomo_new_tethers.dat", "#\n# Machine: synapse1\n# Image (in): ../3d/tomo.mrc\n# Boundaries (in): ../viz/labels.mrc\n# Segmented image (out): tomo_new_tethers.mrc\n#\n# Id  Volume Surface Length Bound1 Bound2\n" + "".join(f"{31 + i:5d} {14 + i:7d} {40 + i:7d} {9.5 + i:7.2f} {10 + i:5d}    2\n" for i in range(4)))
line = [np.c_[np.linspace(50, 160, 9), 90 + 12 * np.sin(np.linspace(0, 3, 9)), np.full(9, 95.48)] + (0, 30 * i, 8 * i) for i in range(3)]
vert = np.array([p for c in line for p in (c[0], c[-1])])
rows = lambda a, form: "".join(" ".join(form % v for v in r) + "\n" for r in np.atleast_2d(a))
lab.text("amira/Position_1_actin.CorrelationLines.am", f"# AmiraMesh 3D ASCII 3.0\n\ndefine VERTEX {len(vert)}\ndefine EDGE 3\ndefine POINT 27\n\nParameters {{\n    ContentType \"HxSpatialGraph\"\n}}\n\nVERTEX {{ float[3] VertexCoordinates }} @1\nEDGE {{ int[2] EdgeConnectivity }} @2\nEDGE {{ int NumEdgePoints }} @3\nPOINT {{ float[3] EdgePointCoordinates }} @4\n\n# Data section follows\n@1\n"
         + rows(vert, "%.6f") + "\n@2\n0 1\n2 3\n4 5\n\n@3\n9\n9\n9\n\n@4\n" + rows(np.concatenate(line), "%.6f"))
lab.points("Position_1", "amira/Position_1_actin.CorrelationLines.am", "actin", np.concatenate(line), W, instances=True, may=True)
table("amira/Position_1_actin_segments.csv", "Segment ID,Length,Mean radius,Orientation Theta,Orientation Phi", [(i, 152.3 + 4 * i, 35.0, 81.2 + i, 12.5 * i) for i in range(3)])

# ---- picks ----
for run in ("G2_sq3_pos1", "G2_sq3_pos2"):
    lab.text(f"picks/imod/{run}_SV.mod", imod_model([("SV", [[p] for p in sv[run]], "scattered")], SHAPE[::-1], V))
    lab.text(f"picks/imod/{run}_AZ.mod", imod_model([("active zone", [np.c_[np.linspace(70, 190, 8), np.linspace(80, 120, 8) + 3 * z, np.full(8, z * V)] for z in (6, 10, 14)], "open")], SHAPE[::-1], V))
lab.text("picks/imod/old/G2_sq3_pos1_SV.mod", imod_model([("SV", [[p + 25] for p in sv["G2_sq3_pos1"][:6]], "scattered")], SHAPE[::-1], V))
lab.never("first picks, incomplete and shifted", "picks/imod/old/G2_sq3_pos1_SV.mod")
for run, v in (("G4_sq1_pos1", V), ("Position_1", W)):
    table(f"picks/napari/{run}_SV.csv", "index,axis-0,axis-1,axis-2", [(i, *(p[::-1] / v)) for i, p in enumerate(sv[run])])
for run, p in ampar.items():
    ang = seed(lab.name, run).uniform(-180, 180, (len(p), 3)).round(3)
    lab.text(f"picks/artiax/{run}_AMPAR.star", star([("particles", {"rlnTomoName": [run] * len(p), **xyz(p / W), **{f"rlnOrigin{a}": [0.0] * len(p) for a in "XYZ"}, **{f"rlnAngle{a}": ang[:, i].tolist() for i, a in enumerate(("Rot", "Tilt", "Psi"))}})]))
box = np.round(gaba / J)
lab.text(f"{D}/eman2_boxes/tomo_102_GABAAR.txt", "".join("%d\t%d\t%d\n" % tuple(p) for p in box))
lab.points("G4_sq1_pos1", f"{D}/eman2_boxes/tomo_102_GABAAR.txt", "GABAA receptor", box * J, J)
lab.text("picks/README.txt", "imod/: SV = synaptic vesicles, centres (scattered points), on the etomo _rec (bin4). AZ = active zone drawn as lines, for the distances\nimod/old: first try before I knew how to center them. do not use!\nnapari/: points layers, also bin4 (etomo) or AreTomo3 _Vol\nartiax/: AMPA receptors, by Mira and Tobi, on the _Vol\nGABAA receptors: Jun picked in EMAN2 on his bin6\n")

# ---- RELION 5, receptors ----
R = "relion5_AMPAR"
centre = np.array([IMAGE[1], IMAGE[0], THICK]) * SLICE / 2
names = list(ampar)
lab.text(f"{R}/Import/job001/tomograms.star", "\n# version 50001\n" + star([("global", {"rlnTomoName": names, "rlnVoltage": [300.0] * 2, "rlnSphericalAberration": [2.7] * 2, "rlnAmplitudeContrast": [0.1] * 2, "rlnMicrographOriginalPixelSize": [SLICE] * 2, "rlnTomoHand": [-1.0] * 2, "rlnOpticsGroupName": ["opticsGroup1"] * 2,
         "rlnTomoTiltSeriesPixelSize": [SLICE] * 2, "rlnTomoTiltSeriesStarFile": [f"Import/job001/tilt_series/{n}.star" for n in names], **{f"rlnTomoSize{a}": [v] * 2 for a, v in zip("XYZ", (IMAGE[1], IMAGE[0], THICK))}, "rlnTomoTomogramBinning": [float(BIN)] * 2,
         "rlnTomoReconstructedTomogram": [f"../aretomo3/{SLICES[n][1]}/{n}_Vol.mrc" for n in names]})]))
for n in names:
    lab.text(f"{R}/Import/job001/tilt_series/{n}.star", star([(n, {"rlnTomoNominalStageTiltAngle": ANGLES, "rlnMicrographPreExposure": [3.1 * TAKEN.index(a) for a in ANGLES], "rlnMicrographName": [f"{i + 1:06d}@../aretomo3/{SLICES[n][1]}/{n}.mrc" for i in range(N)]})]))
optics = ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnTomoTiltSeriesPixelSize": [SLICE], "rlnTomoSubtomogramBinning": [2.0], "rlnImageSize": [16], "rlnImagePixelSize": [SLICE * 2]})
chosen = {r: [i for i in range(len(p)) if i % 4 != 2] for r, p in ampar.items()}
for job, pick, moved in (("Extract/job003/particles", None, 0), ("Class3D/job005/run_it025_data", None, 0), ("Select/job006/particles", chosen, 0), ("Refine3D/job008/run_data", chosen, 4)):
    out = {k: [] for k in ("rlnTomoName", "rlnTomoParticleName", *(f"rlnCenteredCoordinate{a}Angst" for a in "XYZ"), *(f"rlnOrigin{a}Angst" for a in "XYZ"), *(f"rlnAngle{a}" for a in ("Rot", "Tilt", "Psi")), "rlnImageName", "rlnOpticsGroup")}
    for r, p in ampar.items():
        for i in pick[r] if pick else range(len(p)):
            o = seed("origin", r, i).uniform(-moved, moved, 3).round(3)
            row = (r, f"{r}/{i + 1}", *(p[i] - centre + o).round(3), *o, *seed("angle", r, i).uniform(-180, 180, 3).round(3), f"Extract/job003/Subtomograms/{r}/{i + 1}_stack2d.mrcs", 1)
            for key, v in zip(out, row):
                out[key].append(v if isinstance(v, (str, int)) else float(v))
    lab.text(f"{R}/{job}.star", "\n# version 50001\n" + star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), optics, ("particles", out)]))
for r in names:
    for i in (1, 2):
        lab.junk("a particle cut out", f"{R}/Extract/job003/Subtomograms/{r}/{i}_stack2d.mrcs", seed("cut", r, i).normal(0, 1, (N, 16, 16)).astype(np.float16), SLICE * 2, stack=True)
for f in ("run_class001", "run_half1_class001_unfil", "run_half2_class001_unfil"):
    lab.junk("an average", f"{R}/Refine3D/job008/{f}.mrc", seed(f).normal(0, 1, (16, 16, 16)).astype(np.float32), SLICE * 2)
lab.junk("a mask of an average", f"{R}/MaskCreate/job009/mask.mrc", smooth((np.sqrt(sum((a - 8.0) ** 2 for a in np.indices((16, 16, 16)))) < 5).astype(np.float32)), SLICE * 2)
lab.junk("a public map, to begin with", f"{R}/ref/emd_2680.map", seed("emd").normal(0, 1, (20, 20, 20)).astype(np.float32), 2.2)
for f in ("job.star", "note.txt", "run.out"):
    lab.text(f"{R}/Refine3D/job008/{f}", "data_job\n\n_rlnJobTypeLabel  relion.refine3d.tomo\n_rlnJobIsContinue  0\n" if f[0] == "j" else " ++++ Executing new job\n")

# ---- what was measured ----
nm = lambda p: p / 10
cult = ("G2_sq3_pos1", "G2_sq3_pos2", "G4_sq1_pos1")
dist = "analysis/distances/SV_AZ_distances.csv"
table(dist, "tomo_id,vesicle_id,x_nm,y_nm,z_nm,diameter_nm,dist_AZ_nm,pool", [(CULTURE[r][0], i + 1, *nm(p), seed("d", r, i).uniform(36, 44), seed("a", r, i).uniform(2, 120), "RRP" if i % 4 == 0 else "reserve") for r in cult for i, p in enumerate(sv[r])])
nnd = "analysis/NND/AMPAR_coordinates_nnd.csv"
table(nnd, "tomogram,receptor,x_px,y_px,z_px,nnd_nm", [(r, i + 1, *(q / W), seed("nnd", r, i).uniform(10, 40)) for r, p in ampar.items() for i, q in enumerate(p)])
everything = "analysis/notebooks/out/df_all.csv"
table(everything, ",tomogram,x,y,z,nnd_nm,cluster", [(i, r, *nm(q), seed("nnd", r, i).uniform(10, 40), i % 3) for r, p in ampar.items() for i, q in enumerate(p)])
for run, f in (("G2_sq3_pos1", "picks/imod/G2_sq3_pos1_SV.mod"), ("G2_sq3_pos2", "picks/imod/G2_sq3_pos2_SV.mod"), ("G4_sq1_pos1", "picks/napari/G4_sq1_pos1_SV.csv")):
    lab.points(run, f, "synaptic vesicle", sv[run], V, also=[dist])
lab.points("Position_1", "picks/napari/Position_1_SV.csv", "synaptic vesicle", sv["Position_1"], W)
for run, p in ampar.items():
    lab.points(run, f"picks/artiax/{run}_AMPAR.star", "AMPA receptor", p, W, also=[f"{R}/Extract/job003/particles.star", f"{R}/Class3D/job005/run_it025_data.star", nnd, everything])
    lab.points(run, f"{R}/Refine3D/job008/run_data.star", "AMPA receptor", p[chosen[run]], W, also=[f"{R}/Select/job006/particles.star"], may=True)
    for k in range(3):
        table(f"analysis/NND/random/{run}_random_{k:03d}.csv", "x,y,z", nm(places("random", run, k, n=len(p), size=WSIZE)))
        lab.never("a random control", f"analysis/NND/random/{run}_random_{k:03d}.csv")
clusters = {r: np.array([ampar[r][i::3].mean(0) for i in range(3)]) for r in ampar}
table("analysis/NND/nanoclusters.csv", "tomogram,cluster,x_nm,y_nm,z_nm,n_receptors,radius_nm", [(r, i, *nm(q), len(ampar[r][i::3]), 31.5 + i) for r, c in clusters.items() for i, q in enumerate(c)])
for r, c in clusters.items():
    lab.points(r, "analysis/NND/nanoclusters.csv", "nanocluster", c, W, may=True)
surface = places("psd", n=30, size=SIZE)
table("analysis/membranes/G2_sq3_pos1_PSD_surface_normals.csv", "x,y,z,nx,ny,nz", [(*nm(q), *(v / np.linalg.norm(v))) for q, v in zip(surface, seed("normals").normal(0, 1, (30, 3)))])
lab.never("points of a membrane's surface", "analysis/membranes/G2_sq3_pos1_PSD_surface_normals.csv")
pairs = places("pairs", n=9, size=WSIZE)
table("analysis/NND/transsynaptic_pairs.csv", "tomogram,pre_x,pre_y,pre_z,post_x,post_y,post_z,distance_nm", [("Position_1_2", *nm(q), *nm(q + 180), 31.2) for q in pairs])
lab.never("pairs across the cleft", "analysis/NND/transsynaptic_pairs.csv")
table("analysis/morphometry.csv", "tomo_id,AZ_area_nm2,cleft_width_nm,PSD_thickness_nm,n_SV", [(t[0], 41000.5 + 900 * i, 22.4 + i, 30.1 - i, t[-1]) for i, t in enumerate(CULTURE.values())])
table("analysis/stats/summary.csv", "condition,n,mean,sd,sem,p", [("control", 31, 24.31, 6.2, 1.11, 0.031), ("TTX", 12, 29.7, 7.9, 2.28, 0.031)])
table("analysis/stats/for_prism.csv", "control,TTX,KO", [(20.1 + i, 26.3 + i / 2, 31.2 - i) for i in range(9)])
lab.text("analysis/notebooks/NND_v3_final.ipynb", json.dumps({"cells": [{"cell_type": "code", "execution_count": 3, "metadata": {}, "outputs": [{"name": "stdout", "output_type": "stream", "text": ["24 receptors, mean nnd 23.9 nm\n"]}], "source": ["df = pd.read_csv('../NND/AMPAR_coordinates_nnd.csv')\n", "xyz = df[['x_px','y_px','z_px']].values * 0.784  # nm\n", "df.to_csv('out/df_all.csv')"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1))
lab.text("analysis/notebooks/out/nnd.pkl", b"\x80\x04\x95" + seed("nnd").bytes(150))
for f in ("nnd_histogram.png", "SV_AZ.png"):
    lab.picture(f"analysis/notebooks/out/{f}")

# ---- light, for others, a poster ----
for f in ("G2_sq3_fluo.tif", "G2_overview_LM.png"):
    lab.picture(f"CLEM/{f}", why="light microscopy")
for f in ("G2_cryoFM.lif", "L3_tile.czi"):
    lab.text(f"CLEM/{f}", (b"\x70\0\0\0" if f[-1] == "f" else b"ZISRAWFILE") + seed(f).bytes(400))
lab.text("CLEM/3DCT/G2_sq3_beads.txt", "".join("%.3f\t%.3f\t%.3f\n" % tuple(p) for p in seed("beads").uniform(5, 30, (7, 3))))
lab.never("beads in a stack of fluorescence", "CLEM/3DCT/G2_sq3_beads.txt")
lab.junk("fluorescence on the grid of a tomogram", "CLEM/G2_sq3_pos1_mCherry_on_rec.mrc", (400 * np.exp(-((np.indices(SHAPE) - np.array([12, 15, 13])[:, None, None, None]) ** 2).sum(0) / 90)).astype(np.float32), V)
lab.copy("cryocare/denoised/G2_sq3_pos1_rec.mrc", "for_Lena/control_synapse.mrc")
lab.copy("isonet2/corrected_tomos/_isonet2-n2n_unet-medium_Position_1_EVN_Vol.mrc", "for_Lena/slice_synapse.mrc")
crop = spec["G2_sq3_pos1"].volume(SHAPE, V)
lab.junk("a crop for a poster", "poster_FENS/synapse_crop.mrc", crop[6:18, 5:24, 4:25], V)
lab.junk("an average of slices for a poster", "poster_FENS/synapse_5slices.mrc", crop[10:15].mean(0)[None].astype(np.float32), V)
lab.picture("poster_FENS/fig1.tif")
lab.text("poster_FENS/synapse.cxs", b"\x28\xb5\x2f\xfd" + seed("cxs").bytes(200))

# ---- the table that joins both namings ----
HEAD = ["tomo_id", "original_name", "grid", "square", "position", "condition", "pixel_A", "rec_bin", "usable", "comment"]
NOTE = {"tomo_104": "Mira never aligned it, only Jun's rec", "tomo_105": "apoferritin test grid of the facility, not ours, do not publish"}
META = [[t[0], r, t[1], t[2], t[3], t[4], CULT, BIN if t[7] else JBIN, "yes", NOTE.get(t[0], "")] for r, t in CULTURE.items()] + [["tomo_105", "", "test", "", "", "", CULT, JBIN, "no", NOTE["tomo_105"]]]
META.sort()
lab.text("metadata.csv", "".join(",".join(f'"{v}"' if isinstance(v, str) and "," in v else str(v) for v in row) + "\n" for row in [HEAD, *META]))


def workbook(rows):
    cell = lambda v: f'<c t="inlineStr"><is><t>{v}</t></is></c>' if isinstance(v, str) else f"<c><v>{v}</v></c>"
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    parts = {"[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
             "xl/workbook.xml": f'<workbook {main}><sheets><sheet name="cultures" sheetId="1"/></sheets></workbook>', "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>" + "".join("<row>" + "".join(map(cell, row)) + "</row>" for row in rows) + "</sheetData></worksheet>"}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for n, t in parts.items():
            z.writestr(zipfile.ZipInfo(n, (2024, 7, 1, 12, 0, 0)), t)
    return out.getvalue()


lab.text("metadata.xlsx", workbook([HEAD, *META]))
lab.text("README.txt", """Synapses, cryo-ET. Mira (cultures, slices), Jun (reprocessing of the cultures, GABAA), Tobi (AMPA receptors)

SerialEM/       cultures, DIV18, K3, 2.17 A/pix. frames only of G2_sq3_pos1 and G4_sq1_pos1, the rest is on tape
Tomo5/          lamellae of hippocampal slices, 1.96 A/pix, EER. WT: Position_..., KO: L3_Position_... L3_Position_4 not processed yet
etomo/          my tomograms of the cultures, bin 4
cryocare/       even, odd and denoised have the SAME file names!
aretomo3/, isonet2/   slices
Jun_reprocessing/     the same tilt series as in etomo/, bin 6, Jun's numbers. who is who -> metadata.xlsx / metadata.csv
                      tomo_105 is NOT ours (facility test), do not publish
membrain, amira, dragonfly, synapsenet, pyto, tardis   segmentations
picks/, relion5_AMPAR/   vesicles and receptors
analysis/       distances, NND, statistics. coordinates in there are those of picks/ in nm
aretomo3/slice_WT_test_bin8: ignore
CLEM, for_Lena (copies), poster_FENS: not for the repository
""")
lab.done()
