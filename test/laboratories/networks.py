"""A laboratory that picks by networks: DeepETPicker, DeePiCt, DeepFinder and EMAN2's, on the same tomograms, and denoised siblings of these.

Imitates
  https://github.com/cbmi-group/DeepETPicker (README, tutorials, test.py: runs/…/Coords_All/NAME.coords: class, x, y, z in voxels from 0, tabs; Coords_withArea has a fifth column; utils/coord_gen.py: coords/num_name.csv;
    raw_data/ with tomograms and hand-picked NAME.coords of the same name; data_std, label and data_ocp folders to train with)
  https://github.com/ZauggGroup/DeePiCt (3d_cnn: predictions/MODEL/TOMO/CLASS/probability_map.mrc, post_processed_prediction.mrc, motl_N.csv: 20 columns without a header, as TOM's; config.yaml, metadata.csv)
  https://github.com/deep-finder/cryoet-deepfinder (examples/analyze/result: tomoN_objlist.xml, tomoN_scoremaps.h5, tomoN_labelmap.mrc; objlist with tomo_idx to train with)
  https://blake.bcm.edu/emanwiki/EMAN2/e2tomo (info/NAME_info.json: boxes_3d from the middle of the tomogram in unbinned pixels, class_list; segmentations/NAME__LABEL_seg.hdf)
  https://topaz-em.readthedocs.io (topaz denoise3d -o DIR/ keeps the name), https://github.com/IsoNet-cryoET/IsoNet (deconv, mask, NAME_corrected.mrc, tomograms.star), https://github.com/juglab/cryoCARE_pip

A person sees: tomograms/NAME_rec.mrc is the tomogram (IMOD, bin 4). FINAL picks are DeepETPicker's Coords_All of the second training (1 = ribosome, 2 = proteasome), merged in all_picks.csv with names of classes;
those of the first training (try1) are older. DeePiCt's FAS with a post-processed mask; its membranes are a segmentation. DeepFinder's ATP synthases (class 1). EMAN2's HDF has the same tomogram again.
The mess: hand-picked coordinates to train with, of some tomograms, beside copies of these; normalised tomograms; targets, score maps and probability maps; MRC without a voxel size from DeePiCt; a list of
DeePiCt before cleaning (prev_motl); denoised ones of the same name; a validation folder with another specimen; IsoNet's masks; merged lists.
"""
import json

import h5py
import numpy as np

from kit import Lab, Specimen, fingerprint, lines, mdoc, places, seed, star, xf

PIXEL, V = 2.75, 11.0
SHAPE = (16, 38, 36)
ANGSTROM = [n * V for n in SHAPE[::-1]]
ANGLES = [float(a) for a in range(-52, 53, 13)]
#         name     ribosomes proteasomes FAS  synthases EMAN2's  denoised by
TABLE = [("ld_005", 9, 4, 6, 5, 0), ("ld_011", 7, 3, 0, 8, 0), ("ld_012", 11, 0, 7, 6, 8), ("ld_018", 8, 6, 5, 0, 0), ("ld_023", 6, 5, 9, 4, 7)]
lab = Lab(__doc__, ["https://github.com/cbmi-group/DeepETPicker", "https://github.com/ZauggGroup/DeePiCt", "https://github.com/deep-finder/cryoet-deepfinder", "https://blake.bcm.edu/emanwiki/EMAN2/e2tomo", "https://github.com/IsoNet-cryoET/IsoNet", "https://topaz-em.readthedocs.io", "https://github.com/juglab/cryoCARE_pip"])
r = seed(lab.name)
noise = lambda *s: r.normal(0, 1, s).astype(np.float32)


def apart(*words, n, d=24):
    kept, i = [], 0
    while len(kept) < n:
        p = places(*words, i, n=1, size=ANGSTROM, margin=0.12)[0]
        kept += [p] if all(np.linalg.norm(p - q) > d for q in kept) else []
        i += 1
    return np.array(kept).reshape(-1, 3)


def balls(sets, radius=1.8):
    out = np.zeros(SHAPE, np.int8)
    g = np.indices(SHAPE)[::-1]
    for label, xyz in sets:
        for p in xyz / V:
            out[sum((a - c) ** 2 for a, c in zip(g, p)) <= radius**2] = label
    return out


def coords(sets, area=False):
    rows = [(k, *np.round(p / V).astype(int), *([0.1 + 0.01 * i] if area else [])) for k, pts in sets for i, p in enumerate(pts)]
    return "".join("\t".join(str(float(v)) if area else str(v) for v in row) + "\n" for row in rows)


def motl(pts):
    rows = [(220 - 3 * i, *np.round(p / V).astype(int)[:2], i + 1, 0, 0, 0, *np.round(p / V).astype(int), *[0] * 9, 1) for i, p in enumerate(pts)]
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def objl(rows):
    return "<objlist>\n" + "".join('  <object ' + (f'tomo_idx="{t}" ' if t is not None else "") + f'class_label="{k}" x="{p[0]:.2f}" y="{p[1]:.2f}" z="{p[2]:.2f}" cluster_size="{n}"/>\n' for t, k, p, n in rows) + "</objlist>\n"


def hdf(path, data):
    p = lab.root / path
    p.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(p, "w", track_order=False) as f:
        g = f.create_group("MDF/images/0")
        g.create_dataset("image", data=data, track_times=False)
        for c, n in zip("xyz", data.shape[::-1]):
            g.attrs[f"EMAN.n{c}"], g.attrs[f"EMAN.apix_{c}"] = np.int32(n), np.float32(V)


def h5(path, key, data):
    p = lab.root / path
    p.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(p, "w", track_order=False) as f:
        f.create_dataset(key, data=data, track_times=False)


merged, train, numbers = "tomo,class_id,class_name,x,y,z\n", [], []
DET, RUN2, RUN1 = "deepetpicker", "deepetpicker/runs/train_ribo_prot_v2/version_0", "deepetpicker/runs/try1/version_0"
for t, (name, nr, np_, nf, na, ne) in enumerate(TABLE):
    ribo, prot, fas, atp, eman, extra = np.split(apart(name, n=nr + np_ + nf + na + ne + 4), np.cumsum([nr, np_, nf, na, ne]))
    s = Specimen(name, ANGSTROM, [ribo, prot, fas, atp, eman], radius=40)
    lab.tilts(name, f"tiltseries/{name}/{name}.st", s.stack(ANGLES, (80, 76)), PIXEL * 2, ANGLES)
    lab.text(f"tiltseries/{name}/{name}.rawtlt", lines(ANGLES))
    lab.text(f"tiltseries/{name}/{name}.tlt", lines([a + 0.31 for a in ANGLES]))
    lab.text(f"tiltseries/{name}/{name}.xf", xf(len(ANGLES), name))
    lab.text(f"tiltseries/{name}/{name}.st.mdoc", mdoc(ANGLES, PIXEL * 2, None, f"{name}.st", (76, 80)))
    full = s.volume(SHAPE, V)
    lab.tomogram(name, f"tomograms/{name}_rec.mrc", full, V)
    lab.tomogram(name, f"denoised_topaz/{name}_rec.mrc", s.volume(SHAPE, V, 0.2, "topaz"), V, ("denoised",))
    if t < 3:  # IsoNet
        lab.tomogram(name, f"isonet/corrected_tomos/{name}_rec_corrected.mrc", s.volume(SHAPE, V, 0.15, "isonet"), V, ("denoised", "filtered"))
        lab.tomogram(name, f"isonet/deconv/{name}_rec.mrc", s.volume(SHAPE, V, 0.6, "deconv"), V, ("filtered", "raw"), may=True)
        lab.junk("a mask for training", f"isonet/mask/{name}_rec_mask.mrc", (s.density(SHAPE, V) < 0.5).astype(np.int8), V)
        for i in range(2):
            lab.junk("a cube to train with", f"isonet/subtomo/{name}_rec_{i:06d}.mrc", noise(16, 16, 16), V)
    else:  # cryoCARE
        for h in ("EVN", "ODD"):
            lab.half(name, f"cryocare/{h}/{name}_rec.mrc", s.volume(SHAPE, V, 1.4, h), V)
        lab.tomogram(name, f"cryocare/denoised.rec/{name}_rec.mrc", s.volume(SHAPE, V, 0.25, "care"), V, ("denoised",))
    # DeepETPicker
    final = [(1, ribo), (2, prot)]
    for k, pts, object in ((1, ribo, "ribosome"), (2, prot, "proteasome")):
        if len(pts):
            lab.points(name, f"{RUN2}/Coords_All/{name}_rec.coords", object, pts, V, also=[f"{RUN2}/Coords_withArea/{name}_rec.coords", "all_picks.csv"])
            merged += "".join(f"{name}_rec,{k},{object},{x:.0f},{y:.0f},{z:.0f}\n" for x, y, z in pts / V)
    lab.text(f"{RUN2}/Coords_All/{name}_rec.coords", coords(final))
    lab.text(f"{RUN2}/Coords_withArea/{name}_rec.coords", coords(final, True))
    lab.text(f"{RUN1}/Coords_All/{name}_rec.coords", coords([(1, np.concatenate([ribo[: nr // 2], extra])), (2, prot[1:])]))
    lab.copy(f"tomograms/{name}_rec.mrc", f"{DET}/raw_data/{name}_rec.mrc")
    lab.junk("normalised for a network", f"{DET}/data_std/{name}_rec.mrc", ((full - full.mean()) / full.std() * 0.9).astype(np.float32), V, header=0.0)
    if t < 2:
        lab.text(f"{DET}/raw_data/{name}_rec.coords", coords([(1, ribo[:3] + 4), (2, prot[:2] - 3)]))
        lab.text(f"{DET}/coords/{name}_rec.coords", coords([(1, ribo[:3] + 4), (2, prot[:2] - 3)]))
        numbers.append(f"5.0\t{name}_rec\t{t}\n")
        for kind, radius in (("sphere7", 1.5), ("data_ocp", 2.4)):
            lab.junk("a label to train with", f"{DET}/{kind}/{name}_rec.mrc", balls([(1, ribo[:3] + 4), (2, prot[:2] - 3)], radius), V, header=0.0)
            lab.truth["never"][-1]["union"] = fingerprint(balls([(1, ribo[:3] + 4), (2, prot[:2] - 3)], radius) > 0)
    # DeePiCt: MRC without a voxel size
    P = f"deepict/predictions/full_vpp_model_{{}}/{name}_rec/{{}}"
    membrane = s.membrane(SHAPE)
    soft = np.clip(membrane * 0.9 + np.abs(noise(*SHAPE)) * 0.05, 0, 1).astype(np.float32)
    lab.junk("probabilities", P.format("memb", "membrane") + "/probability_map.mrc", soft, V, header=0.0)
    lab.mask(name, P.format("memb", "membrane") + "/post_processed_prediction.mrc", membrane, V, header=0.0)
    if nf:
        F = P.format("fas", "fas")
        lab.junk("probabilities", F + "/probability_map.mrc", (balls([(1, np.concatenate([fas, extra]))], 2.2) * 0.8 + np.abs(noise(*SHAPE)) * 0.05).astype(np.float32), V, header=0.0)
        lab.mask(name, F + "/post_processed_prediction.mrc", balls([(1, fas)], 2.2), V, header=0.0, may=True)
        lab.points(name, F + f"/motl_{nf}.csv", "FAS", fas, V)
        lab.text(F + f"/motl_{nf}.csv", motl(fas))
        lab.text(F + f"/prev_motl_{nf + 4}.csv", motl(np.concatenate([fas, extra])))
    # DeepFinder
    if na:
        rows = [(None, 1, p / V, 90 + i) for i, p in enumerate(atp)]
        lab.points(name, f"deepfinder/result/{name}_objlist.xml", "ATP synthase", atp, V)
        lab.text(f"deepfinder/result/{name}_objlist.xml", objl(rows))
        lab.mask(name, f"deepfinder/result/{name}_labelmap.mrc", balls([(1, atp)], 2.4), V, may=True)
        h5(f"deepfinder/result/{name}_scoremaps.h5", "dataset", np.stack([np.abs(noise(9, 20, 19))] * 2, -1).astype("f2"))
        train += [(t, 1, p / V + 1, 1) for p in atp[:2]]
    # EMAN2
    if ne:
        middle = np.array(SHAPE[::-1]) * V / 2
        lab.points(name, f"eman2/info/{name}_rec_info.json", "vault", eman, V)
        boxes = [[*np.round((p - middle) / PIXEL, 1).tolist(), "tomoseg", 0.8, 0] for p in eman]
        lab.text(f"eman2/info/{name}_rec_info.json", json.dumps({"apix_unbin": PIXEL, "boxes_3d": boxes, "class_list": {"0": {"boxsize": 48, "name": "vault"}}}, indent=1))
        hdf(f"eman2/tomograms/{name}_rec.hdf", full)
        hdf(f"eman2/segmentations/{name}_rec__vault_seg.hdf", np.abs(noise(*SHAPE)) * 0.1)
lab.text("all_picks.csv", merged)
# to train with
valid = Specimen("another specimen", ANGSTROM)
for i in range(2):
    lab.junk("simulated, to validate a network", f"deepfinder/val/sim_{i}.mrc", valid.volume(SHAPE, V, 1.0, str(i)), V)
    target = balls([(1, places("val", i, n=4, size=ANGSTROM, margin=0.2))])
    lab.junk("a target to validate with", f"deepfinder/val/sim_{i}_target.mrc", target, V)
for name in ("ld_005", "ld_011"):
    target = balls([(1, places(name, "train", n=3, size=ANGSTROM, margin=0.2))], 2.5)
    lab.junk("a target to train with", f"deepfinder/train/{name}_target.mrc", target, V)
lab.text("deepfinder/train/object_list_train.xml", objl(train))
h5("deepfinder/train/net_weights_FINAL.h5", "conv/kernel", np.zeros((3, 3), "f4"))
lab.text(f"{DET}/coords/num_name.csv", "".join(numbers))
lab.text(f"{DET}/configs/train_ribo_prot_v2.py", 'train_configs={"dset_name": "ld", "base_path": "/data/lin/deepetpicker", "coord_path": "/data/lin/deepetpicker/raw_data", "coord_format": ".coords", "tomo_path": "/data/lin/deepetpicker/data_std", "tomo_format": ".mrc", "num_cls": 2, "label_diameter": 7, "ocp_diameter": "12,9"}')
lab.text(f"{RUN2}/checkpoints/epoch=59-val_loss=0.2.ckpt", bytes(2048))
lab.text(f"{RUN1}/checkpoints/epoch=11-val_loss=0.5.ckpt", bytes(2048))
lab.text("deepict/config.yaml", "dataset_table: /data/lin/deepict/metadata.csv\noutput_dir: /data/lin/deepict\nmodel_path: /data/lin/models/full_vpp_model_fas.pth\ntomos_sets:\n  training_list: []\n  prediction_list: [" + ", ".join(f"{q[0]}_rec" for q in TABLE) + "]\nprediction:\n  active: true\n  processing_tomo: tomo\n  semantic_class: fas\npostprocessing_clustering:\n  active: true\n  threshold: 0.5\n  min_cluster_size: 20\n  calculate_motl: true\n")
lab.text("deepict/metadata.csv", "tomo_name,tomo,no_mask\n" + "".join(f"{q[0]}_rec,/data/lin/tomograms/{q[0]}_rec.mrc,\n" for q in TABLE))
lab.text("isonet/tomograms.star", star([("", {"rlnIndex": [1, 2, 3], "rlnMicrographName": [f"../tomograms/{q[0]}_rec.mrc" for q in TABLE[:3]], "rlnPixelSize": [V] * 3, "rlnDefocus": [30000.0] * 3, "rlnNumberSubtomo": [100] * 3})]))
lab.text("isonet/results/model_iter30.h5", bytes(1024))
lab.text("cryocare/train_config.json", json.dumps({"even": [f"EVN/{q[0]}_rec.mrc" for q in TABLE[3:]], "odd": [f"ODD/{q[0]}_rec.mrc" for q in TABLE[3:]], "patch_shape": [72, 72, 72], "path": "./"}))
lab.text("denoised_topaz/cmd.txt", "topaz denoise3d ../tomograms/*_rec.mrc -o . -m unet-3d-10a --patch-size 96\n")
lab.text("README.txt", "bin 4, 11 A. picks: deepetpicker train_ribo_prot_v2 is final (1 = ribosome, 2 = proteasome), try1 was a test with too few particles.\nall_picks.csv = these, merged for the paper.\nDeePiCt: FAS and membranes, with the published models. DeepFinder: class 1 = ATP synthase. EMAN2: vaults, only two tomograms.\n")
lab.picture("slides/compare_pickers.png")
lab.done()
