"""Tomograms of one grid, and what pickers made of them: crYOLO, TomoTwin, DeepFinder, Topaz, and people in copick.

Imitates
  https://cryolo.readthedocs.io (tomogram picking), https://github.com/MPI-Dortmund/cryoloBM (CoordsIO: .cbox is STAR with data_global, data_cryolo; _CoordinateX and Y are a box's corner, _CoordinateZ
    its middle, _Width; COORDS/NAME.coords are middles; CBOX_3D, CBOX_UNTRACED: boxes slice by slice)
  https://github.com/MPI-Dortmund/tomotwin-cryoet (docs/tutorials/tut01_reference.rst, text_modules/scale.rst, modules/common/io/coords_format.py: tomo/NAME_a10.mrc rescaled to 10 A,
    out/locate/located.tloc, coords/PROTEIN.coords: x y z without a header, in voxels of the rescaled tomogram; scale_coordinates writes PROTEIN_a8.coords)
  https://github.com/deep-finder/cryoet-deepfinder (utils/objl.py, examples: objlist XML with class_label, x, y, z, cluster_size; tomoN_objlist_raw.xml and _thresholded.xml, labelmaps; targets for training)
  https://github.com/tbepler/topaz (extracted particles: image_name, x_coord, y_coord, score: two-dimensional, of slices)
  https://github.com/copick/copick (copick_filesystem_tech_spec.md: config.json, ExperimentRuns/RUN/VoxelSpacing8.000/wbp.zarr, Picks/USER_SESSION_OBJECT.json in angstroms)

A person sees: ribosomes are those of DeepFinder after its thresholds (class 1; proteasomes are class 2), once more in copick under the user deepfinder; ferritin is TomoTwin's, in two voxel sizes;
crYOLO's are the VLPs, in two formats; in copick Annika marked nucleosomes by hand. Label maps are masks that may be published.
The mess: crYOLO at a threshold of 0.1 as a test, slice by slice before tracing; TomoTwin's references and medoids; raw lists of DeepFinder; a merged list with tomo_idx; training targets with
spheres at positions; inverted copies of tomograms for a picker; tomograms low-passed for crYOLO; copick's volumes have the same voxels as the MRC files; Topaz' picks of slices;
a table for the paper; headers of the inverted ones say 1 A.
"""
import json
import pickle

import h5py
import numpy as np

from kit import Lab, Specimen, fingerprint, lines, mdoc, places, seed

PIXEL, V, TEN = 2.0, 8.0, 10.0
SHAPE = (20, 40, 40)
SHAPE_TEN = (16, 32, 32)
ANGSTROM = [n * V for n in SHAPE[::-1]]
ANGLES = [float(a) for a in range(-54, 55, 12)]
#         name    ribosomes proteasomes raw  VLP  ferritin nucleosomes
TABLE = [("g2_017", 9, 4, 5, 6, 11, 0), ("g2_021", 6, 0, 7, 8, 13, 5), ("g2_022", 11, 3, 4, 5, 0, 7), ("g2_030", 0, 0, 0, 0, 0, 0)]
lab = Lab(__doc__, ["https://cryolo.readthedocs.io", "https://github.com/MPI-Dortmund/cryoloBM", "https://github.com/MPI-Dortmund/tomotwin-cryoet", "https://github.com/deep-finder/cryoet-deepfinder", "https://github.com/tbepler/topaz", "https://github.com/copick/copick"])
r = seed(lab.name)
noise = lambda *s: r.normal(0, 1, s).astype(np.float32)


def apart(*words, n, d=20):
    kept, i = [], 0
    while len(kept) < n:
        p = places(*words, i, n=1, size=ANGSTROM, margin=0.12)[0]
        kept += [p] if all(np.linalg.norm(p - q) > d for q in kept) else []
        i += 1
    return np.array(kept).reshape(-1, 3)


def cbox(path, vox, box, score, flat=False):
    head = ["CoordinateX", "CoordinateY", "CoordinateZ", "Width", "Height", "Depth", "EstWidth", "EstHeight", "Confidence", "NumBoxes", "Angle"]
    rows = [(x - box / 2, y - box / 2, z, box, box, 1 if flat else box, box, box, c, "<NA>" if flat else 7, "<NA>") for (x, y, z), c in zip(vox, score)]
    text = "\ndata_global\n\n_cbox_format_version 1.0\n\ndata_cryolo\n\nloop_\n" + "".join(f"_{h} #{i + 1}\n" for i, h in enumerate(head))
    text += "".join(" ".join(f"{v:.4f}" if isinstance(v, float) else str(v) for v in row) + "\n" for row in rows)
    lab.text(path, text + "\n\ndata_cryolo_include\n\nloop_\n_slice_index #1\n" + "".join(f"{z}\n" for z in sorted({round(float(v[2])) for v in vox})))


def objl(rows, idx=False):
    out = "<objlist>\n"
    for t, k, p, size in rows:
        out += "  <object " + (f'tomo_idx="{t}" ' if idx else "") + f'class_label="{k}" x="{p[0]:.3f}" y="{p[1]:.3f}" z="{p[2]:.3f}" cluster_size="{size}"/>\n'
    return out + "</objlist>\n"


def balls(shape, sets, radius):
    out = np.zeros(shape, np.int8)
    g = np.indices(shape)[::-1]
    for label, xyz in sets:
        for p in xyz / V:
            out[sum((a - c) ** 2 for a, c in zip(g, p)) <= radius**2] = label
    return out


def picks(object, user, session, run, xyz):
    return json.dumps({"pickable_object_name": object, "user_id": user, "session_id": session, "run_name": run, "voxel_spacing": None, "unit": "angstrom", "trust_orientation": True,
                       "points": [{"location": dict(zip("xyz", [round(float(v), 3) for v in p])), "transformation_": np.eye(4).tolist(), "instance_id": 0, "score": 1.0} for p in xyz]}, indent=2)


everything, topaz = [], "image_name\tx_coord\ty_coord\tscore\n"
for t, (name, nr, np_, raw, nv, nf, nn) in enumerate(TABLE):
    sets = np.split(apart(name, n=nr + np_ + raw + nv + nf + nn), np.cumsum([nr, np_, raw, nv, nf]))
    ribo, prot, junk, vlp, fer, nuc = sets
    s = Specimen(name, ANGSTROM, [ribo, prot, vlp, fer, nuc], radius=36)
    lab.tilts(name, f"tiltseries/{name}.mrc", s.stack(ANGLES, (80, 80)), PIXEL * 2, ANGLES)
    lab.text(f"tiltseries/{name}.rawtlt", lines(ANGLES))
    lab.text(f"tiltseries/{name}.mrc.mdoc", mdoc(ANGLES, PIXEL * 2, None, f"{name}.mrc", (80, 80)))
    full = s.volume(SHAPE, V)
    lab.tomogram(name, f"tomograms/{name}.mrc", full, V)
    lab.junk("contrast turned over for a picker", f"tomograms_inv/{name}_inv.mrc", -full, V, header=1.0)
    lab.junk("low-passed for crYOLO", f"cryolo/filtered_tmp/tomograms/{name}.mrc", (full * 0.5 + s.density(SHAPE, V)).astype(np.float32), V)
    ten = s.volume(SHAPE_TEN, TEN, 0.7)
    lab.tomogram(name, f"tomotwin/tomo/{name}_a10.mrc", ten, TEN, may=True)
    # crYOLO
    if nv:
        lab.points(name, f"cryolo/out/CBOX_3D/{name}.cbox", "VLP", vlp, V, also=[f"cryolo/out/COORDS/{name}.coords"])
        cbox(f"cryolo/out/CBOX_3D/{name}.cbox", vlp / V, 6, np.linspace(0.9, 0.4, nv).tolist())
        lab.text(f"cryolo/out/COORDS/{name}.coords", "".join("%d %d %d\n" % tuple(np.round(p / V)) for p in vlp))
        slices = np.concatenate([vlp / V + (0.2, -0.1, dz) for dz in (-1, 0, 1)])
        cbox(f"cryolo/out/CBOX_UNTRACED/{name}.cbox", np.round(slices), 6, np.linspace(0.9, 0.3, 3 * nv).tolist(), flat=True)
        lower = np.concatenate([vlp, apart(name, "low", n=9)])
        cbox(f"cryolo/out_t0.1_test/CBOX_3D/{name}.cbox", lower / V, 6, np.linspace(0.9, 0.1, len(lower)).tolist())
        lab.text(f"cryolo/out_t0.1_test/COORDS/{name}.coords", "".join("%d %d %d\n" % tuple(np.round(p / V)) for p in lower))
    # TomoTwin
    if nf:
        lab.points(name, f"tomotwin/{name}/coords/ferritin.coords", "ferritin", fer, V, also=[f"tomotwin/{name}/coords/ferritin_a8.coords"])
        lab.text(f"tomotwin/{name}/coords/ferritin.coords", "".join("%.4f %.4f %.4f\n" % tuple(p / TEN) for p in fer))
        lab.text(f"tomotwin/{name}/coords/ferritin_a8.coords", "".join("%.4f %.4f %.4f\n" % tuple(p / V) for p in fer))
        lab.text(f"tomotwin/{name}/out/locate/located.tloc", pickle.dumps({"X": fer[:, 0].tolist()}, protocol=4))
        lab.text(f"tomotwin/{name}/reference.coords", "%.4f %.4f %.4f\n" % tuple(fer[0] / TEN))
        lab.junk("a reference", f"tomotwin/{name}/reference/ferritin_0.mrc", noise(17, 17, 17), TEN)
    # DeepFinder
    found = [(t, 1, p / V, 180 + i) for i, p in enumerate(ribo)] + [(t, 2, p / V, 120 + i) for i, p in enumerate(prot)]
    if found:
        lab.text(f"deepfinder/result/{name}_objlist_thresholded.xml", objl(found))
        lab.text(f"deepfinder/result/{name}_objlist_raw.xml", objl([*found, *[(t, 1 + i % 2, p / V, 9 + i) for i, p in enumerate(junk)]]))
        everything += found
        lab.mask(name, f"deepfinder/result/{name}_labelmap.mrc", balls(SHAPE, [(1, np.concatenate([ribo, junk])), (2, prot)], 2.2), V, may=True)
        lab.points(name, f"deepfinder/result/{name}_objlist_thresholded.xml", "ribosome", ribo, V, also=["deepfinder/all_objl.xml", f"copick/ExperimentRuns/{name}/Picks/deepfinder_1_ribosome.json"])
        if np_:
            lab.points(name, f"deepfinder/result/{name}_objlist_thresholded.xml", "proteasome", prot, V, also=["deepfinder/all_objl.xml"])
    C = f"copick/ExperimentRuns/{name}"
    lab.zarr(f"{C}/VoxelSpacing{V:.3f}/wbp.zarr", full, V)
    if nr:
        lab.text(f"{C}/Picks/deepfinder_1_ribosome.json", picks("ribosome", "deepfinder", "1", name, ribo))
    if nn:
        lab.points(name, f"{C}/Picks/annika_0_nucleosome.json", "nucleosome", nuc, V)
        lab.text(f"{C}/Picks/annika_0_nucleosome.json", picks("nucleosome", "annika", "0", name, nuc))
    topaz += "".join(f"{name}_z{int(p[2] / V):03d}\t{p[0] / V:.0f}\t{p[1] / V:.0f}\t{2.1 - i * 0.1:.3f}\n" for i, p in enumerate(ribo))
lab.text("deepfinder/all_objl.xml", objl(everything, True))
lab.text("copick/config.json", json.dumps({"config_type": "filesystem", "name": "g2", "description": "grid 2, for the paper", "version": "1.6.1", "user_id": "annika", "overlay_root": "local:///home/annika/g2/copick", "overlay_fs_args": {"auto_mkdir": True},
         "pickable_objects": [{"name": n, "is_particle": True, "label": i + 1, "color": [90, 20 * i, 30, 255], "radius": 60} for i, n in enumerate(["ribosome", "proteasome", "nucleosome"])]}, indent=2))
lab.text("topaz/predicted_slices.txt", topaz)
# training of DeepFinder, with data of this grid
for n in ("g2_017", "g2_021"):
    where = places(n, "train", n=5, size=ANGSTROM, margin=0.2)
    target = balls(SHAPE, [(1, where[:3]), (2, where[3:])], 2.5)
    lab.junk("a target to train with: balls at places", f"deepfinder/train/{n}_target.mrc", target, V)
    lab.truth["never"][-1]["union"] = fingerprint(target > 0)
    lab.text(f"deepfinder/train/{n}_objl_train.xml", objl([(0, 1 + (i > 2), p / V, 1) for i, p in enumerate(where)]))
    for i in range(3):
        lab.junk("a cube to train with", f"deepfinder/train/patches/{n}_{i:03d}.mrc", noise(16, 16, 16), V)
with h5py.File(lab.root / "deepfinder/train/net_weights_FINAL.h5", "w", track_order=False) as f:
    f.create_dataset("conv/kernel", data=np.zeros((3, 3), "f4"), track_times=False)
lab.text("deepfinder/params_train.xml", '<paramsTrain>\n  <path_out path="/data/annika/deepfinder/train/"/>\n  <path_tomo>\n    <tomo0 path="/data/annika/tomograms/g2_017.mrc"/>\n    <tomo1 path="/data/annika/tomograms/g2_021.mrc"/>\n  </path_tomo>\n  <number_of_classes n="2"/>\n</paramsTrain>\n')
lab.text("cryolo/config_cryolo.json", json.dumps({"model": {"architecture": "PhosaurusNet", "input_size": 1024, "anchors": [6, 6], "filter": [0.1, "cryolo/filtered_tmp/"]}, "train": {"train_image_folder": "train_image/"}}, indent=2))
lab.text("cryolo/predict.sh", "cryolo_predict.py -c config_cryolo.json -w vlp_model.h5 -i ../tomograms -o out -t 0.3 --tomogram -tsr -1 -tmem 3 -tmin 5\n# cryolo_predict.py … -t 0.1 -o out_t0.1_test   # too many false ones\n")
lab.text("paper/table_S2.csv", "tomogram;ribosomes;proteasomes;ferritin\n" + "".join(f"{t[0]};{t[1]};{t[2]};{t[5]}\n" for t in TABLE))
lab.picture("paper/fig3_panelB.png", (60, 60))
lab.text("README.md", "grid 2, 8 A/px (bin 4). DeepFinder: 1 = ribosome, 2 = proteasome, use *thresholded*. tomotwin works at 10 A!\ng2_030 is empty ice.\n")
lab.done()
