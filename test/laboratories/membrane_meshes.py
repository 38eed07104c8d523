"""A group that measures membranes in cells: lamellae of a control and of a treatment, in two sessions that have the same names of positions, segmented by six
programs and corrected by hand, meshes and what is measured on them, particles on membranes.

Imitates Surface Morphometrics (https://github.com/GrotjahnLab/surface_morphometrics: config.yml, mrc2xyz.py, segmentation_to_meshes.py: NAME_LABEL.xyz in nm, .ply,
.surface.vtp, .AVV_rh9.gt, .csv, .vtp; that Amira's MRC has no word MAP: its issue 9), MemBrain-seg (https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md
and data_utils.py: NAME_CHECKPOINT_segmented.mrc, NAME_scores.mrc, components, skeletons), MemBrain-pick (https://github.com/LorenzLamm/membrain-pick/blob/main/docs/Data_Preparation.md,
…/docs/Prediction.md, https://github.com/CellArchLab/membrain-pick/blob/main/docs/Relion_Import.md: a mask, an .obj, an .h5 and a .star a membrane, in angstroms that are not centred), Ais
(https://github.com/bionanopatterning/Ais, headless_processes.py and util.py: NAME__MODEL.mrc of 0 to 255, NAME__MODEL_coords.tsv in voxels, .scns, .scnm), TomoSegMemTV
(https://github.com/scipion-em/scipion-em-tomosegmemtv: _s2, _tv, _surf, _tv2, _flt), Amira's label fields, surfaces and landmarks (https://pypi.org/project/ahds/), ChimeraX and Segger
(https://www.cgl.ucsf.edu/chimerax/docs/user/commands/segmentation.html, https://www.cgl.ucsf.edu/chimera/docs/UsersGuide/midas/segment.html, marker sets), IMOD and AreTomo2.
From memory: names of Dragonfly's exports (a multi-page TIFF and a folder of slices), Blender's, the columns of pycurv's CSV, Amira's HxByteRLE.

The mess: everything is called Position_1 twice; codes (V1, T3) for the measuring, in a table, where V2 is Position_1_2; one segmentation as .am, as MRC without MAP and voxels and as the copy
that was measured; another as TIFF, as slices and as MRC; labels in nm; probabilities, saliencies and scores beside masks; corrections of two people of which a consensus was made; a prediction
and its correction; labels that were binned or cropped; membranes one by one; clouds of points, centres of triangles and a camera's path that are no particles; volumes unrolled along a membrane.
"""
import json
import struct

import h5py
import numpy as np
import tifffile

from kit import Lab, Specimen, aln, dose_symmetric, fingerprint, imod_model, lines, mdoc, places, seed, star, xf

PAGES = ["https://github.com/GrotjahnLab/surface_morphometrics", "https://github.com/baradlab/surface_morphometrics/issues/9", "https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md", "https://github.com/LorenzLamm/membrain-pick/blob/main/docs/Data_Preparation.md",
         "https://github.com/LorenzLamm/membrain-pick/blob/main/docs/Prediction.md", "https://github.com/CellArchLab/membrain-pick/blob/main/docs/Relion_Import.md", "https://github.com/bionanopatterning/Ais", "https://github.com/scipion-em/scipion-em-tomosegmemtv",
         "https://pypi.org/project/ahds/", "https://www.cgl.ucsf.edu/chimerax/docs/user/commands/segmentation.html", "https://www.cgl.ucsf.edu/chimera/docs/UsersGuide/midas/segment.html"]
lab = Lab(__doc__, PAGES)
PIXEL, BIN, VOXEL, SHAPE, IMAGE = 2.68, 4, 10.72, (20, 36, 32), (144, 128)
ANGSTROM = np.array(SHAPE[::-1]) * VOXEL
SESSION = {"veh": ("2023-09-12_lamellae_vehicle", "20230912", "12-Sep-23"), "tg": ("2023-09-14_lamellae_Tg", "20230914", "14-Sep-23")}
TAKEN = {"veh": dose_symmetric(14, 6), "tg": [a + 9 for a in dose_symmetric(12, 6)]}
#         code: condition, position, hour, stage, frames, denoised by deconvolution
TABLE = {"V1": ("veh", "Position_1", 10, "-311.20 140.05", True), "V2": ("veh", "Position_1_2", 11, "-309.88 141.90", False), "V3": ("veh", "Position_3", 14, "22.71 -87.40", False),
         "T1": ("tg", "Position_1", 9, "402.15 55.62", True), "T3": ("tg", "Position_3", 12, "395.40 61.03", False), "T4": ("tg", "Position_4", 16, "-77.09 -210.34", False)}
run = {c: f"{t[0]}_{t[1]}" for c, t in TABLE.items()}
NEAR = {"V1": (6, 5), "T1": (7,)}  # MemBrain-pick: particles of each membrane
LISTS = {"V2": 9, "V3": 8, "T3": 11, "T4": 10}  # particles of other programs
picked = {c: [places(lab.name, c, "membrane", i, n=n, size=ANGSTROM) for i, n in enumerate(k)] for c, k in NEAR.items()} | {c: [places(lab.name, c, n=k, size=ANGSTROM)] for c, k in LISTS.items()}
junctions = places(lab.name, "crista junctions", n=6, size=ANGSTROM)
contacts = places(lab.name, "contacts", n=5, size=ANGSTROM)
specimen = {c: Specimen(run[c], list(ANGSTROM), picked[c] + ([junctions] if c == "T1" else [contacts] if c == "T3" else []), radius=45) for c in TABLE}
rec = {c: s.volume(SHAPE, VOXEL) for c, s in specimen.items()}


def smooth(d, times=2):
    for _ in range(times):
        for axis in range(3):
            d = (np.roll(d, 1, axis) + d + np.roll(d, -1, axis)) / 3
    return d.astype(np.float32)


def labelled(code, *which):
    """Labels 1, 2, … of the membranes of a specimen."""
    out = np.zeros(SHAPE, np.int8)
    for value, w in reversed(list(enumerate(which, 1))):
        out[specimen[code].membrane(SHAPE, w) > 0] = value
    return out


def coordinates(p):
    return {f"rlnCoordinate{a}": [float(v) for v in p[:, i]] for i, a in enumerate("XYZ")}


def angles(n, *words):
    r = seed("angles", *words)
    return {f"rlnAngle{a}": r.uniform(-180, 180, n).round(4).tolist() for a in ("Rot", "Tilt", "Psi")}


# ---- the sessions and the tomograms ----
for code, (cond, name, hour, stage, kept) in TABLE.items():
    folder, stamp, day = SESSION[cond]
    taken, n = TAKEN[cond], len(TAKEN[cond])
    order = sorted(taken)
    movies = [f"{name}_{i + 1:03d}_{a:.2f}_{stamp}_{hour:02d}{2 * i:02d}17_EER.eer" for i, a in enumerate(taken)]
    text = mdoc(taken, PIXEL, movies, f"{name}.mrc", IMAGE[::-1], folder=f"\\\\Offload\\{folder}\\", camera="TOMOGRAPHY: Titan Krios G3", dose=3.3 if cond == "veh" else 3.6)
    lab.text(f"raw/{folder}/{name}.mdoc", text.replace("14-Feb-23  09:", f"{day}  {hour:02d}:").replace("12.5 -40.1", stage))
    lab.run(run[code], name, code, f"{cond}_{code}", f"{folder}_{name}")
    if kept:
        lab.movies(run[code], [f"raw/{folder}/frames/{m}" for m in movies], size=(40, 40), frames=2)
    stack = specimen[code].stack(order, IMAGE)
    if cond == "veh":  # etomo
        d = f"tomograms/veh/{name}"
        lab.text(f"{d}/{name}.edf", f"#Etomo\nSetup.DatasetName={name}\nSetup.AxisType=Single Axis\nSetup.PixelSize={PIXEL / 10:g}\nSetup.FiducialDiameter=10.0\nSetup.ImageRotationA=84.1\nSetup.OrigRawStackExt=mrc\n")
        lab.text(f"{d}/tilt.com", f"$tilt -StandardInput\nInputProjections {name}_ali.mrc\nOutputFile {name}_full_rec.mrc\nIMAGEBINNED {BIN}\nTILTFILE {name}.tlt\nTHICKNESS {SHAPE[0] * BIN}\nFULLIMAGE {IMAGE[1]} {IMAGE[0]}\nPERPENDICULAR\nMODE 2\n")
        lab.text(f"{d}/{name}.xf", xf(n, run[code]))
        lab.text(f"{d}/{name}.rawtlt", lines(order))
        lab.text(f"{d}/{name}.tlt", lines([a - 0.3 for a in order]))
    else:  # AreTomo2
        d = "tomograms/tg"
        lab.text(f"{d}/{name}.aln", aln(IMAGE[::-1], order, run[code]).replace("-85.3000", " 84.3100"))
        lab.text(f"{d}/{name}.rawtlt", lines(order))
        lab.text(f"{d}/{name}_Imod/{name}_st.xf", xf(n, run[code]))
    lab.tilts(run[code], f"{d}/{name}.mrc", stack, PIXEL, order)
    lab.tomogram(run[code], f"{d}/{name}_rec.mrc", rec[code], VOXEL)
    v = rec[code]
    lab.tomogram(run[code], f"deconv/{cond}/{name}_rec_deconv.mrc", ((v - v.mean()) / v.std() + smooth((v - v.mean()) / v.std())).astype(np.float32), VOXEL, ("filtered",))
for cond, (folder, stamp, _) in SESSION.items():
    lab.gain([run[c] for c in TABLE if TABLE[c][0] == cond], f"raw/{folder}/{stamp}_081502_EER_GainReference.gain")
    lab.junk("an overview", f"raw/{folder}/SearchMaps/SearchMap_1.mrc", seed(lab.name, cond).normal(90, 9, (1, 72, 72)).astype(np.int16), 64.0, stack=True)
lab.text("deconv/run.sh", "for c in veh tg; do for t in $(ls ../tomograms/$c | grep _rec); do python deconv.py $t $c; done; done   # tom_deconv, strength 1.0\n")
lab.tomogram(run["V3"], "tomograms/veh/bin8/Position_3_bin8.mrc", specimen["V3"].volume([s // 2 for s in SHAPE], VOXEL * 2), VOXEL * 2)
lab.text("names.csv", "code,condition,position,lamella,good\n" + "".join(f"{c},{t[0]},{t[1]},lam{1 + i // 2},{'mito' if c != 'T4' else 'mito+ER'}\n" for i, (c, t) in enumerate(TABLE.items())))

# ---- MemBrain-seg ----
CKPT = "MemBrain_seg_v10_beta.ckpt"
predicted = {c: s.membrane(SHAPE, 10) for c, s in specimen.items()}
corrected = labelled("T3", 10, 5).clip(0, 1)
for code, (cond, name, *_) in TABLE.items():
    lab.mask(run[code], f"membrain_seg/{cond}/{name}_rec_deconv_{CKPT}_segmented.mrc", predicted[code], VOXEL, may=code == "T3")
for code in ("V1", "T1"):
    cond, name = TABLE[code][:2]
    lab.junk("scores before the threshold", f"membrain_seg/{cond}/{name}_rec_deconv_scores.mrc", (smooth(predicted[code] * 6.0 - 3) + seed("scores", code).normal(0, 0.2, SHAPE)).astype(np.float32), VOXEL)
lab.mask(run["T3"], f"membrain_seg/tg/Position_3_rec_deconv_{CKPT}_segmented_corrected.mrc", corrected, VOXEL)
thin = predicted["V1"] * (np.indices(SHAPE).sum(0) % 2)
lab.mask(run["V1"], f"membrain_seg/skeletons/veh_Position_1_rec_deconv_{CKPT}_segmented_skel.mrc", thin.astype(np.int8), VOXEL, may=True)
for code in ("V1", "T1"):
    old = specimen[code].membrane(SHAPE, 9)
    lab.junk("an old try", f"membrain_seg/old_v9/{TABLE[code][0]}/{TABLE[code][1]}_rec_membrain_v9_best.ckpt_segmented.mrc", old, VOXEL)
lab.text("membrain_seg/README.txt", f"{CKPT} on the deconvolved tomograms (../deconv), threshold 0, no rescaling\nold_v9/ = first try with v9 on the raw ones, lots of rubbish at the lamella surface. do NOT use\nPosition_3 of tg: corrected in napari by user_b (.._corrected), use this one\nskeletons/ only for PySeg\n")

# ---- corrected by two people ----
for who, extra in (("user_a", 6), ("user_b", 7)):
    lab.junk("one of two annotators: only for their agreement", f"ground_truth/veh_Position_1/{who}.mrc", labelled("V1", 10, extra).clip(0, 1), VOXEL)
lab.mask(run["V1"], "ground_truth/veh_Position_1/consensus.mrc", labelled("V1", 10, 8).clip(0, 1), VOXEL)
for i in range(3):
    cut = np.s_[2:18, 4 + 5 * i : 20 + 5 * i, 6:22]
    lab.junk("a patch of a training", f"ground_truth/finetune/imagesTr/veh_P1_patch{i}_0000.mrc", rec["V1"][cut], VOXEL)
    lab.junk("labels of a patch of a training", f"ground_truth/finetune/labelsTr/veh_P1_patch{i}.mrc", labelled("V1", 10, 8)[cut].clip(0, 1), VOXEL)
lab.text("ground_truth/README.txt", "veh Position_1 was corrected independently by two of us to see how well we agree (dice 0.81).\nuser_a.mrc, user_b.mrc  each one alone. not for publication!\nconsensus.mrc           what we agreed on. this is THE ground truth\nfinetune/               16^3 patches cut from it for membrain finetune\n")

# ---- TomoSegMemTV: its headers say 1 A ----
s = smooth(specimen["V3"].membrane(SHAPE, 1).astype(np.float32), 1)
for suffix, d in (("s2", smooth(rec["V3"], 1)), ("surf", s * 0.8 + 0.01 * smooth(rec["V3"])), ("flt", s)):
    lab.junk("a step of TomoSegMemTV" if suffix != "flt" else "saliencies before the threshold", f"tomosegmemtv/veh/Position_3_{suffix}.mrc", d.astype(np.float32), VOXEL, header=1.0)
lab.mask(run["V3"], "tomosegmemtv/veh/Position_3_flt_thr0.4_mask.mrc", (s > 0.4).astype(np.int8), VOXEL, header=1.0)
lab.text("tomosegmemtv/veh/run_Position_3.sh", "T=../../tomograms/veh/Position_3/Position_3_rec.mrc\nscale_space -s 3 $T Position_3_s2.mrc\ndtvoting -s 10 Position_3_s2.mrc Position_3_tv.mrc\nsurfaceness -m 0.02 -s 1.0 -p 0 Position_3_tv.mrc Position_3_surf.mrc\ndtvoting -w -s 10 Position_3_surf.mrc Position_3_tv2.mrc\nsurfaceness -S -s 0.75 -p 1.25 -l 20 Position_3_tv2.mrc Position_3_flt.mrc\nthresholding -l 0.4 Position_3_flt.mrc Position_3_flt_thr0.4_mask.mrc\nrm *_tv*.mrc\n")


# ---- Amira ----
def rle(data):
    """HxByteRLE: a count and a value, or 128 + a count and that many values."""
    out, i, flat = bytearray(), 0, data.astype(np.uint8).ravel()
    while i < len(flat):
        n = 1
        while i + n < len(flat) and n < 127 and flat[i + n] == flat[i]:
            n += 1
        out += bytes((n, flat[i]))
        i += n
    return bytes(out)


def amira(path, data, voxel, materials=(), packed=False):
    z, y, x = data.shape
    rows = "".join(f'        {m} {{\n            Id {i + 1},\n            Color {0.3 * i:.1f} 0.8 0.2\n        }}\n' for i, m in enumerate(materials))
    kind, field = ("byte", "Labels") if materials else ("float", "Data")
    body = rle(data) if packed else data.astype(np.uint8 if materials else "<f4").tobytes()
    head = f"# AmiraMesh BINARY-LITTLE-ENDIAN 2.1\n\n\ndefine Lattice {x} {y} {z}\n\nParameters {{\n" + (f"    Materials {{\n{rows}    }}\n" if materials else "")
    head += f'    Content "{x}x{y}x{z} {kind}, uniform coordinates",\n    BoundingBox {" ".join(f"0 {(n - 1) * voxel:g}" for n in (x, y, z))},\n    CoordType "uniform"\n}}\n\n'
    head += f"Lattice {{ {kind} {field} }} @1{f'(HxByteRLE,{len(body)})' if packed else ''}\n\n# Data section follows\n@1\n"
    lab.text(path, head.encode() + body + b"\n")


def amira_mrc(path):
    """Amira's MRC has neither the word MAP nor a machine stamp."""
    p = lab.root / path
    b = bytearray(p.read_bytes())
    b[208:216] = bytes(8)
    p.write_bytes(bytes(b))


MATERIALS = ("Exterior", "OMM", "IMM", "ER")
t1 = labelled("T1", 0, 1, 2)
lab.mask(run["T1"], "amira/tg/Position_1_labels_export.mrc", t1, VOXEL, header=1.0)
amira_mrc("amira/tg/Position_1_labels_export.mrc")
amira("amira/tg/Position_1_rec.Labels.am", t1, VOXEL, MATERIALS, packed=True)
t4 = labelled("T4", 0, 3)
lab.mask(run["T4"], "amira/tg/Position_4_rec.Labels.am", t4, VOXEL)
amira("amira/tg/Position_4_rec.Labels.am", t4, VOXEL / 10, MATERIALS[:2] + ("ER",))  # in nm
gauss = smooth(rec["T4"], 3)
lab.run(run["T4"])["tomograms"].append({"file": "amira/tg/Position_4_rec_gauss.am", "size": list(SHAPE[::-1]), "spacing": VOXEL, "fingerprint": fingerprint(gauss), "processing": ["filtered"], "may": True})
amira("amira/tg/Position_4_rec_gauss.am", gauss, VOXEL)
lab.text("amira/tg/Position_1_crista_junctions.landmarkAscii", f'# AmiraMesh 3D ASCII 2.0\n\n\ndefine Markers {len(junctions)}\n\nParameters {{\n    NumSets 1,\n    ContentType "LandmarkSet"\n}}\n\nMarkers {{ float[3] Coordinates }} @1\n\n# Data section follows\n@1\n' + "".join("%.5e %.5e %.5e\n" % tuple(p) for p in junctions))
lab.points(run["T1"], "amira/tg/Position_1_crista_junctions.landmarkAscii", "crista junction", junctions, VOXEL)
ICO = np.array([v for a in (-1, 1) for b in (-1.618, 1.618) for v in ((0, a, b), (a, b, 0), (b, 0, a))])
FACES = [(i, j, k) for i in range(12) for j in range(i) for k in range(j) if max(np.linalg.norm(ICO[p] - ICO[q]) for p, q in ((i, j), (j, k), (i, k))) < 2.01]
mesh = lambda scale, where=0.5: (ICO * 60 + ANGSTROM * where) * scale
for name in ("Position_1", "Position_4"):
    lab.text(f"amira/tg/{name}_rec.surf", "# HyperSurface 0.1 ASCII\n\nParameters {\n    Materials {\n        Exterior {\n            Id 1\n        }\n        OMM {\n            Id 2\n        }\n    }\n}\n\n" + f"Vertices {len(ICO)}\n" + "".join("\t%.4f %.4f %.4f\n" % tuple(v) for v in mesh(1 if name[-1] == "1" else 0.1))
             + f"Patches 1\n{{\nInnerRegion OMM\nOuterRegion Exterior\nBoundaryID 0\nTriangles {len(FACES)}\n" + "".join("\t%d %d %d\n" % tuple(i + 1 for i in f) for f in FACES) + "}\n")
lab.text("amira/tg/Position_1.hx", '# Amira Project 620\nset hideNewModules 0\n[ load ${SCRIPTDIR}/Position_1_rec.Labels.am ] setLabel "Position_1_rec.Labels"\n[ load -raw ${SCRIPTDIR}/../../tomograms/tg/Position_1_rec.mrc ]\n')
lab.text("amira/NOTES.txt", "all from tg. labels drawn on tomograms/tg/*_rec.mrc\nPosition_1: OMM 1, IMM 2, ER 3, exported as mrc for the morphometrics (T1). the export loses the pixel size!\nPosition_4: loaded with 1.072 (nm) as voxel size, so everything of it is in nm. OMM 1, ER 2. gauss = only to see something\n")

# ---- Dragonfly ----
v3 = labelled("V3", 0, 1, 2)
lab.text("dragonfly/veh/Position_3_MultiROI.tif", b"")
tifffile.imwrite(lab.root / "dragonfly/veh/Position_3_MultiROI.tif", v3.astype(np.uint8), photometric="minisblack", metadata=None)
for z in range(SHAPE[0]):
    f = f"dragonfly/veh/Position_3_MultiROI_slices/Position_3_MultiROI_{z:04d}.tif"
    lab.text(f, b"")
    tifffile.imwrite(lab.root / f, v3[z].astype(np.uint8), photometric="minisblack", metadata=None)
lab.text("dragonfly/veh/Position_3_MultiROI_labels.csv", "Label,Name,Color\n1,OMM,#ff0000\n2,IMM,#00ff00\n3,ER,#0000ff\n")
for f in ("Position_3.ORSSession", "Position_3_MultiROI.ORSObject"):
    lab.text(f"dragonfly/veh/{f}", b"PK\3\4" + seed(f).bytes(160))
lab.text("dragonfly/veh/tif2labels.py", "import mrcfile, tifffile\na = tifffile.imread('Position_3_MultiROI.tif')   # same order of slices and rows as the mrc, checked\nwith mrcfile.new('../../morphometrics/segmentations/V3_labels.mrc') as m:\n    m.set_data(a.astype('int8')); m.voxel_size = 10.72\n")

# ---- Surface Morphometrics ----
M = "morphometrics"
lab.mask(run["V3"], f"{M}/segmentations/V3_labels.mrc", v3, VOXEL)
lab.mask(run["V1"], f"{M}/segmentations/V1_labels.mrc", labelled("V1", 0, 1, 2), VOXEL)
lab.mask(run["T3"], f"{M}/segmentations/T3_labels.mrc", labelled("T3", 0, 1), VOXEL)
lab.mrc(f"{M}/segmentations/T1_labels.mrc", t1, VOXEL)  # the voxels of Amira's export: one of both is published
labels = {"V1": labelled("V1", 0, 1, 2), "V3": v3, "T1": t1, "T3": labelled("T3", 0, 1)}
for code in ("V1", "T1"):
    cond, name = TABLE[code][:2]
    lab.copy(f"tomograms/veh/{name}/{name}_rec.mrc" if cond == "veh" else f"tomograms/tg/{name}_rec.mrc", f"{M}/tomograms/{code}.mrc")
lab.junk("labels that were binned for a test: no tomogram has these voxels", f"{M}/test_bin2/T3_labels_bin2.mrc", labels["T3"][::2, ::2, ::2], VOXEL * 2)
lab.junk("labels of a piece", f"{M}/test_crop/V1_crop_labels.mrc", labels["V1"][4:16, 6:26, 4:24], VOXEL)
lab.junk("a piece of a tomogram", f"{M}/test_crop/V1_crop.mrc", rec["V1"][4:16, 6:26, 4:24], VOXEL)
for folder, exp in (("", "veh_vs_tg"), ("test_crop/", "crop")):
    lab.text(f"{M}/{folder}config.yml", f'seg_dir: "./segmentations/"\ntomo_dir: "./tomograms/"\nwork_dir: "./results/"\nexp_name: "{exp}"\nsegmentation_values:\n  OMM: 1\n  IMM: 2\n  ER: 3\ncores: 14\nsurface_generation:\n  angstroms: false\n  isotropic_remesh: true\n  target_area: 1.0\n  octree_depth: 9\ncurvature_measurements:\n  radius_hit: 9\n  min_component: 30\n  exclude_borders: 1\ndistance_and_orientation_measurements:\n  mindist: 3\n  maxdist: 400\n  intra:\n    - OMM\n    - IMM\n  inter:\n    OMM:\n      - IMM\n      - ER\n')
vtp = lambda pts, extra="": f'<?xml version="1.0"?>\n<VTKFile type="PolyData" version="0.1" byte_order="LittleEndian">\n  <PolyData>\n    <Piece NumberOfPoints="{len(pts)}" NumberOfVerts="0" NumberOfLines="0" NumberOfStrips="0" NumberOfPolys="{len(FACES)}">\n{extra}      <Points>\n        <DataArray type="Float32" Name="Points" NumberOfComponents="3" format="ascii">\n' + "\n".join("          %.4f %.4f %.4f" % tuple(p) for p in pts) + '\n        </DataArray>\n      </Points>\n      <Polys>\n        <DataArray type="Int64" Name="connectivity" format="ascii">\n          ' + " ".join(str(i) for f in FACES for i in f) + '\n        </DataArray>\n        <DataArray type="Int64" Name="offsets" format="ascii">\n          ' + " ".join(str(3 * i + 3) for i in range(len(FACES))) + "\n        </DataArray>\n      </Polys>\n    </Piece>\n  </PolyData>\n</VTKFile>\n"
ply = lambda pts: f"ply\nformat ascii 1.0\ncomment VCGLIB generated\nelement vertex {len(pts)}\nproperty float x\nproperty float y\nproperty float z\nelement face {len(FACES)}\nproperty list uchar int vertex_indices\nend_header\n" + "".join("%.4f %.4f %.4f\n" % tuple(p) for p in pts) + "".join("3 %d %d %d\n" % f for f in FACES)
for code, d in labels.items():
    for value, part in enumerate(("OMM", "IMM", "ER")[: d.max()], 1):
        base, pts = f"{M}/results/{code}_labels_{part}", mesh(0.1, 0.4 + 0.05 * value)
        zyx = np.argwhere(d == value)[::3]
        lab.text(f"{base}.xyz", "".join("%.4f %.4f %.4f\n" % tuple(p) for p in zyx[:, ::-1] * VOXEL / 10))
        lab.text(f"{base}.ply", ply(pts))
        lab.text(f"{base}.surface.vtp", vtp(pts))
        lab.text(f"{base}.AVV_rh9.vtp", vtp(pts, '      <CellData>\n        <DataArray type="Float32" Name="curvedness_VV" format="ascii">\n          ' + " ".join(["0.0312"] * len(FACES)) + "\n        </DataArray>\n      </CellData>\n"))
        lab.text(f"{base}.AVV_rh9.gt", "⛾ gt".encode() + seed(base).bytes(220))
        r, centre = seed("avv", base), np.array([pts[list(f)].mean(0) for f in FACES])
        normal = centre - centre.mean(0)
        rows = np.c_[np.arange(len(FACES)), r.normal(0, 0.03, (len(FACES), 4)), r.uniform(0.8, 1.2, len(FACES)), centre, normal / np.linalg.norm(normal, axis=1)[:, None], r.uniform(10, 30, len(FACES))]
        lab.text(f"{base}.AVV_rh9.csv", "index,kappa_1,kappa_2,gauss_curvature_VV,curvedness_VV,area,xyz_x,xyz_y,xyz_z,n_v_x,n_v_y,n_v_z,OMM_dist\n" + "".join("%d,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f\n" % tuple(row) for row in rows))
lab.text(f"{M}/results/patch_statistics.csv", "tomogram,label,region_type,region_id,n_triangles,total_area,curvedness_VV_mean\n" + "".join(f"{c},IMM,{t},{i},{300 + i},{310.5 + i},0.03{i}\n" for c in ("T3", "V3") for t in ("patch", "random") for i in range(1, 4)))
lab.text(f"{M}/results/veh_vs_tg.pkl", b"\x80\x04\x95" + seed("pickle").bytes(120))
lab.text(f"{M}/README.md", "surface_morphometrics, all in nm. Names are the codes of ../names.csv (V = vehicle, T = thapsigargin). 1 OMM, 2 IMM, 3 ER\n- V1: MemBrain-seg split by hand in napari (user_a)\n- V3: Dragonfly\n- T1: Amira, pixel size put back into the header\n- T3: MemBrain-seg corrected, split by hand (user_b)\ntest_bin2, test_crop: how robust is the curvature? throw away\n")

# ---- Ais ----
NET = {"Membrane": 0, "Mitochondrion": 4, "ATPSynthase": 3}
for code in ("V2", "T4"):
    cond, name = TABLE[code][:2]
    for net, which in NET.items():
        if code == "V2" or net == "Membrane":
            p = (smooth(specimen[code].membrane(SHAPE, which).astype(np.float32), 1) * 255).round().astype(np.uint16)
            lab.junk("probabilities of 0 to 255", f"ais/segmentations_{cond}/{name}_rec__{net}.mrc", p, VOXEL)
    lab.text(f"ais/{cond}_{name}_rec.scns", b"\x80\x04\x95" + seed("scns", code).bytes(300))
p = smooth(specimen["V2"].membrane(SHAPE, 0).astype(np.float32), 1) * 255
lab.mask(run["V2"], "ais/segmentations_veh/Position_1_2_rec__Membrane_above128.mrc", (p > 128).astype(np.int8), VOXEL)
lab.text("ais/segmentations_veh/Position_1_2_rec__ATPSynthase_coords.tsv", "".join("%d\t%d\t%d\n" % tuple(np.round(q / VOXEL)) for q in picked["V2"][0]))
lab.points(run["V2"], "ais/segmentations_veh/Position_1_2_rec__ATPSynthase_coords.tsv", "ATP synthase", picked["V2"][0], VOXEL)
mito8 = Specimen("mito8", list(ANGSTROM)).membrane([s // 2 for s in SHAPE])
lab.mask(run["V3"], "ais/segmentations_veh_bin8/Position_3_bin8__Mitochondrion_binary.mrc", mito8, VOXEL * 2)
for net in NET:
    lab.text(f"ais/models/10.72_64_0.02{len(net)}_{net}.scnm", b"./PaxHeader" + seed(net).bytes(300))
lab.text("ais/commands.txt", "ais segment -m models/10.72_64_0.028_Membrane.scnm -d ../tomograms/tg -ou segmentations_tg -gpu 0\nais segment -m models/10.72_64_0.028_Membrane.scnm -d ../tomograms/veh/Position_1_2 -ou segmentations_veh -gpu 0\nais pick -d segmentations_veh -t ATPSynthase -ou segmentations_veh -threshold 128 -spacing 120 -size 200000\n")

# ---- ChimeraX ----
regions = np.zeros(SHAPE, np.int16)
regions[specimen["T3"].membrane(SHAPE, 12) > 0] = 31
regions[specimen["T3"].membrane(SHAPE, 11) > 0] = 12
lab.mask(run["T3"], "chimerax/tg/Position_3_rec_deconv_regions.mrc", regions, VOXEL)
lab.junk("densities within a mask", "chimerax/tg/Position_3_rec_masked_ER.mrc", np.where(specimen["T3"].membrane(SHAPE, 2), rec["T3"], 0).astype(np.float32), VOXEL)
cmm = lambda title, xyz, linked=False: f'<marker_set name="{title}">\n' + "".join('<marker id="%d" x="%.3f" y="%.3f" z="%.3f" r="1" g="0.7" b="0" radius="40"/>\n' % (i + 1, *p) for i, p in enumerate(xyz)) + "".join(f'<link id1="{i}" id2="{i + 1}" r="1" g="1" b="1" radius="10"/>\n' for i in range(1, len(xyz)) if linked) + "</marker_set>\n"
lab.text("chimerax/tg/Position_3_ER_mito_contacts.cmm", cmm("ER-mito contacts", contacts))
lab.points(run["T3"], "chimerax/tg/Position_3_ER_mito_contacts.cmm", "ER-mitochondria contact", contacts, VOXEL)
lab.text("chimerax/tg/Position_3_camera_path.cmm", cmm("camera path", places("camera", n=7, size=ANGSTROM), True))
lab.text("chimerax/tg/Position_3.cxs", b"\x28\xb5\x2f\xfd" + seed("cxs").bytes(400))
lab.text("chimerax/tg/Position_3_rec_deconv.seg", b"\x89HDF\r\n\x1a\n" + seed("seg").bytes(300))
lab.text("chimerax/tg/README", "Segger on deconv/tg/Position_3_rec_deconv.mrc, grouped by hand, regions exported (export mask): 12 = OMM, 31 = IMM\nmasked_ER: volume mask, for the figure\ncamera_path: for the movie\n")

# ---- MemBrain-pick ----
for code, lists in ((c, picked[c]) for c in NEAR):
    cond, name = TABLE[code][:2]
    d = f"membrain_pick/{cond}"
    for i, p in enumerate(lists, 1):
        one = predicted[code] * (np.indices(SHAPE)[2] < 16 if i == 1 else np.indices(SHAPE)[2] >= 16)
        lab.mask(run[code], f"{d}/membranes/{name}/M{i}.mrc", one.astype(np.int8), VOXEL, may=True)
        pts = mesh(1, 0.3 + 0.2 * i)
        for sub in ("mesh_data", "predict_output"):
            f = lab.root / f"{d}/{sub}/{name}_M{i}.h5"
            f.parent.mkdir(parents=True, exist_ok=True)
            with h5py.File(f, "w") as h:
                h["points"], h["faces"], h["pixel_size"] = pts, np.array(FACES), VOXEL
                h["tomo_file"] = f"../../deconv/{cond}/{name}_rec_deconv.mrc"
                h["normal_values"] = seed("h5", str(f.name)).normal(0, 1, (len(pts), 20)).astype(np.float32)
                if sub[0] == "p":
                    h["scores"], h["cluster_centers"] = seed("score", f.name).uniform(0, 10, len(pts)), p
        lab.text(f"{d}/mesh_data/{name}_M{i}.obj", "".join("v %.4f %.4f %.4f\n" % tuple(v) for v in pts) + "".join("f %d %d %d\n" % tuple(k + 1 for k in f) for f in FACES))
        lab.text(f"{d}/predict_output/{name}_M{i}_clusters.star", star([("", {**coordinates(p), **angles(len(p), code, i)})]))
        lab.points(run[code], f"{d}/predict_output/{name}_M{i}_clusters.star", "ATP synthase", p, VOXEL)
        lab.picture(f"membrain_pick/membranograms/{cond}_{name}_M{i}.png", why="a membranogram")
gt = places(lab.name, "by hand", n=4, size=ANGSTROM)
lab.text("membrain_pick/veh/training/Position_1_M1_GT.star", star([("", {**coordinates(gt), **angles(4, "gt")})]))
lab.points(run["V1"], "membrain_pick/veh/training/Position_1_M1_GT.star", "ATP synthase", gt, VOXEL, may=True)
lab.junk("densities unrolled along a membrane", "membrain_pick/membranograms/tg_Position_1_M1_unrolled.mrc", seed("unrolled").normal(0, 1, (9, 40, 28)).astype(np.float32), VOXEL)
lab.text("membrain_pick/particles_membrain.star", star([("particles", {"rlnTomoName": ["V1", "V1", "T1"], "rlnTomoImportParticleFile": [f"membrain_pick/{c}/predict_output/Position_1_M{i}_clusters.star" for c, i in (("veh", 1), ("veh", 2), ("tg", 1))]})]))
lab.text("membrain_pick/atp_synthase.ckpt", b"PK\3\4" + seed("ckpt").bytes(200))
lab.text("membrain_pick/README.txt", "trained for ATP synthase (training/: clicked in surforama on M1 of vehicle Position_1), predicted on Position_1 of both conditions.\nmembranes/ cut from the MemBrain-seg masks. coordinates of the star files are in Angstrom, from the corner, as MemBrain-pick writes them\n")

# ---- lists of particles ----
unit = lambda code: (lambda v: v / np.linalg.norm(v, axis=1)[:, None])(seed("normal", code).normal(0, 1, (LISTS[code], 3)))
p = picked["T3"][0]
lab.text("picks/tg_Position_3_ATPsynthase_normals.csv", "x_nm,y_nm,z_nm,nx,ny,nz\n" + "".join("%.3f,%.3f,%.3f,%.4f,%.4f,%.4f\n" % tuple(row) for row in np.c_[p / 10, unit("T3")]))
annotated = {**coordinates(p / VOXEL), "rlnTomoName": ["T3"] * len(p), "rlnDetectorPixelSize": [VOXEL] * len(p)}
lab.text(f"{M}/star/T3.star", star([("particles", annotated)]))
lab.text(f"{M}/star/T3_IMM_meshannotated.star", star([("particles", {**annotated, "patch_id": list(range(1, len(p) + 1)), "mesh_distance": seed("md").uniform(2, 9, len(p)).round(3).tolist()})]))
lab.points(run["T3"], "picks/tg_Position_3_ATPsynthase_normals.csv", "ATP synthase", p, VOXEL, also=[f"{M}/star/T3.star", f"{M}/star/T3_IMM_meshannotated.star"])
rows = [(TABLE[c][0], TABLE[c][1], *q, *u) for c in ("V3", "T4") for q, u in zip(picked[c][0] / VOXEL, unit(c))]
lab.text("picks/ATP_dimers_all.csv", "condition,tomogram,x_px,y_px,z_px,nx,ny,nz\n" + "".join("%s,%s,%.3f,%.3f,%.3f,%.4f,%.4f,%.4f\n" % row for row in rows))
for c in ("V3", "T4"):
    lab.points(run[c], "picks/ATP_dimers_all.csv", "ATP synthase dimer", picked[c][0], VOXEL)
lab.text("picks/README.txt", "pixels are those of the bin4 tomograms (10.72 A). Position_3 of tg once more in morphometrics/star for the patches\n")
for f in ("atp_avg_bin4", "atp_avg_bin4_half1"):
    lab.junk("an average", f"picks/sta/{f}.mrc", seed(f).normal(0, 1, (16, 16, 16)).astype(np.float32), VOXEL)
lab.junk("a mask of an average", "picks/sta/mask_cyl.mrc", (np.hypot(*(np.indices((16, 16, 16))[1:] - 8)) < 5).astype(np.int8), VOXEL)

# ---- Blender, figures, a copy ----
obj = lambda pts: "# Blender 4.0\no membrane\n" + "".join("v %.5f %.5f %.5f\n" % tuple(v) for v in pts) + "".join("f %d %d %d\n" % tuple(k + 1 for k in f) for f in FACES)
for part, scale in (("V1_OMM", 0.1), ("V1_IMM", 0.1), ("T1_OMM", 0.001)):
    lab.text(f"figures/blender/{part}.obj", obj(mesh(scale)))
pts = mesh(0.1)
lab.text("figures/blender/V1_IMM.stl", b"Exported from Blender-4.0".ljust(80, b"\0") + struct.pack("<I", len(FACES)) + b"".join(struct.pack("<12fH", 0, 0, 1, *pts[list(f)].ravel(), 0) for f in FACES))
scene = json.dumps({"asset": {"version": "2.0", "generator": "Khronos glTF Blender I/O v4.0.43"}, "scene": 0, "scenes": [{"nodes": []}]}).encode()
scene += b" " * (-len(scene) % 4)
lab.text("figures/blender/fig2_scene.glb", struct.pack("<4s2I", b"glTF", 2, 20 + len(scene)) + struct.pack("<I4s", len(scene), b"JSON") + scene)
lab.text("figures/blender/fig2.blend", b"BLENDER-v400" + seed("blend").bytes(300))
for f in ("fig1_veh.png", "fig1_tg.png", "fig3_curvature.tif"):
    lab.picture(f"figures/{f}")
lab.junk("five sections for a figure", "figures/T1_slices_8-12.mrc", rec["T1"][8:13].mean(0)[None].astype(np.float32), VOXEL)
lab.copy(f"membrain_seg/tg/Position_1_rec_deconv_{CKPT}_segmented.mrc", "figures/blender/Position_1_seg_copy.mrc")
lab.text("membranes.mod", imod_model([("OMM", [np.c_[100 + 60 * np.cos(np.linspace(0, 6, 12)), 120 + 60 * np.sin(np.linspace(0, 6, 12)), np.full(12, 85.76)]], "closed")], SHAPE[::-1], VOXEL))
lab.text("README.txt", """Krios, lamellae of MEFs, 12 Sep 2023 vehicle (veh), 14 Sep 2023 thapsigargin 4 h (tg). 2.68 A, tomograms at bin 4 (10.72 A).
!! both sessions have a Position_1 and a Position_3. They are DIFFERENT cells. names.csv has our codes
raw/            mdocs, frames of the Position_1s only (the others are on the tape)
tomograms/      veh: etomo (user_a), tg: AreTomo2 (user_b)
deconv/         for looking and for MemBrain-seg
membrain_seg, ais, tomosegmemtv, amira, dragonfly, chimerax: segmentations
morphometrics/  the measuring
membrain_pick, picks: ATP synthase
figures/        not data
""")
lab.done()
