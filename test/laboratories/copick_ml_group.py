"""A machine-learning engineer's project folder: AreTomo3's output of three sessions, denoisers, copick, a download of the portal, training data, predictions.

Imitates
  https://github.com/czimaginginstitute/AreTomo3 (docs, AreTomo/CTsMetrics.cpp, DataUtil/CTsPackage.cpp)  (NAME.mrc, _EVN, _ODD, _Vol, _EVN_Vol, _2ND_Vol, _CTF.mrc,
    _CTF.txt, _TLT.txt, .aln, NAME_Imod/NAME_st.*, TiltSeries_Metrics.csv, AreTomo3_Session.json, MdocDone.txt)
  https://copick.github.io/copick/, https://github.com/copick/copick (src/copick/impl/filesystem.py)      (ExperimentRuns/RUN/VoxelSpacing10.000/TYPE.zarr,
    TYPE_NAME_features.zarr, Picks/USER_SESSION_OBJECT.json, Segmentations/10.000_USER_SESSION_NAME-multilabel.zarr; places in angstroms)
  https://chanzuckerberg.github.io/octopi/user-guide/inference, …/labels                                   (targets, predict; localize writes picks of user octopi)
  https://chanzuckerberg.github.io/cryoet-data-portal/cryoet_data_portal_docsite_quick_start.html          (RUN/Reconstructions/…; single files by the python client)
  https://chanzuckerberg.github.io/cryoet-data-portal/cryoet_data_portal_docsite_aws.html                  (aws s3 sync)
  https://github.com/MLI-lab/DeepDeWedge (ddw/refine_tomogram.py)      (refined_tomograms/EVEN+ODD_refined.mrc)
  https://github.com/kbwal/IsoNet2 (IsoNet/tutorial/intro.md, bin)     (tomograms.star, corrected_tomos/_METHOD_ARCH_EVEN.mrc, previews corrected_epochs10_…)
  https://github.com/juglab/cryoCARE_pip, https://github.com/tbepler/topaz                                  (both write the name of their input; cryoCARE that of the even half)
  https://github.com/deep-finder/cryoet-deepfinder (deepfinder/utils/objl.py)                               (objlist: class_label, x, y, z in voxels; label map)
  https://tomotwin-cryoet.readthedocs.io/ (tutorials)                  (located.tloc, NAME.coords in voxels)
  https://github.com/MIC-DKFZ/nnUNet (documentation/dataset_format.md) (nnUNet_raw/Dataset…/imagesTr/CASE_0000.nii.gz, labelsTr, predictions under the case's name)
  https://github.com/Fran-AM/polnet (README)                           (tomo_001_den, _lbl, _mics_snr, _rec_snr, _motif_list.csv)
  docs/guides of emporium (new-configuration, publish-tree)            (the first attempt: a configuration and the tree that it made)
From memory: what cryoCARE and topaz call their output, DeepDeWedge's and IsoNet2's headers without a true voxel size, mrcfile's uint16 of uint8, faket's names,
AreTomo3's line of a dark frame, the columns of a Kaggle submission.

A person sees: sessions 24nov10a, 24nov12b and 24dec03c have positions of the same names, which are different places; copick, nnU-Net and the notes name them
SESSION_Position. run002 of 24nov10a is the same stacks once more at 7.5 A. For publication: AreTomo3's volumes, the final denoised ones, picks of curation/final,
TomoTwin's and DeepFinder's picks of 24nov12b, membranes. Simulations, the portal's data, training data, features, probabilities, targets are nobody's to publish.
"""
import gzip
import json
import struct

import numpy as np

from kit import Lab, Specimen, aln, fingerprint, lines, mdoc, places, seed, star, xf

SHAPE, SHAPE7 = (16, 26, 26), (22, 34, 34)
ANGLES = [float(a) for a in range(-54, 55, 18)]
SIDE = 104  # pixels of a tilt image: 4 to a voxel of the volumes
#         session     position      pixel  picks dark run002 frames
TABLE = [("24nov10a", "Position_1", 2.5, 10, False, True, False),
         ("24nov10a", "Position_2", 2.5, 8, False, True, False),
         ("24nov10a", "Position_2_2", 2.5, 0, False, False, False),
         ("24nov12b", "Position_1", 2.5, 9, False, False, False),
         ("24nov12b", "Position_2", 2.5, 7, True, False, False),
         ("24dec03c", "Position_1", 3.0, 6, False, False, True)]
lab = Lab(__doc__, ["https://github.com/czimaginginstitute/AreTomo3", "https://copick.github.io/copick/", "https://chanzuckerberg.github.io/octopi/", "https://chanzuckerberg.github.io/cryoet-data-portal/",
                    "https://github.com/MLI-lab/DeepDeWedge", "https://github.com/kbwal/IsoNet2", "https://github.com/juglab/cryoCARE_pip", "https://github.com/tbepler/topaz",
                    "https://github.com/deep-finder/cryoet-deepfinder", "https://tomotwin-cryoet.readthedocs.io/", "https://github.com/MIC-DKFZ/nnUNet", "https://github.com/Fran-AM/polnet"])
js = lambda path, d: lab.text(path, json.dumps(d, indent=4))
HPC = "/hpc/projects/lhofer/ml_group"


def apart(*words, n, size, d=45.0):
    kept, i = [], 0
    while len(kept) < n:
        p = places(*words, i, n=1, size=size, margin=0.16)[0]
        kept += [p] if all(np.linalg.norm(p - q) > d for q in kept) else []
        i += 1
    return np.array(kept).reshape(-1, 3)


def halved(d):
    z, y, x = (n // 2 * 2 for n in d.shape)
    return d[:z, :y, :x].reshape(z // 2, 2, y // 2, 2, x // 2, 2).mean((1, 3, 5)).astype(np.float32)


def spheres(shape, voxel, xyz, radius=35.0, value=1):
    z, y, x = np.indices(shape) * voxel
    return value * np.any([(x - p[0]) ** 2 + (y - p[1]) ** 2 + (z - p[2]) ** 2 < radius**2 for p in xyz], axis=0).astype(np.int8)


DAY = {"24nov10a": ("20241110", "10-Nov-24"), "24nov12b": ("20241112", "12-Nov-24"), "24dec03c": ("20241203", "03-Dec-24")}


def when_and_where(session, hour, run, *args, **more):
    """An mdoc with the time and the place of its own series."""
    text = mdoc(*args, **more).replace("DateTime = 14-Feb-23  09", f"DateTime = {DAY[session][1]}  {hour}")
    r = seed("stage", run)
    return text.replace("StagePosition = 12.5 -40.1", "StagePosition = %.3f %.3f" % tuple(r.uniform(-400, 400, 2)))


def picks(path, run, xyz, user, session, name="ribosome", scores=None):
    one = lambda i, p: {"location": dict(zip("xyz", (round(float(c), 3) for c in p))), "transformation_": np.eye(4).tolist(), "instance_id": 0, "score": 1.0 if scores is None else round(float(scores[i]), 3)}
    js(f"{path}/ExperimentRuns/{run}/Picks/{user}_{session}_{name}.json", {"pickable_object_name": name, "user_id": user, "session_id": session, "run_name": run, "voxel_spacing": None, "unit": "angstrom",
                                                                         "points": [one(i, p) for i, p in enumerate(xyz)], "trust_orientation": True})
    return f"{path}/ExperimentRuns/{run}/Picks/{user}_{session}_{name}.json"


def nifti(path, data, voxel):
    """NIfTI-1 of one file, compressed; x fastest."""
    kind, bits = {"f": (16, 32), "i": (256, 8), "u": (2, 8)}[data.dtype.kind]
    z, y, x = data.shape
    head = struct.pack("<i36xB", 348, 0)[:40] + struct.pack("<8h", 3, x, y, z, 1, 1, 1, 1) + bytes(14) + struct.pack("<3h", kind, bits, 0)
    head += struct.pack("<8f", 1, voxel, voxel, voxel, 1, 1, 1, 1) + struct.pack("<f", 352) + bytes(348 - 112 - 4) + b"n+1\0"
    lab.text(path, gzip.compress(head[:344] + b"n+1\0" + bytes(4) + np.ascontiguousarray(data).tobytes(), mtime=0))


def copick_volume(path, data, voxel, why):
    lab.zarr(path, data, voxel)
    lab.never(why, {"file": path})


# ---- the sessions and AreTomo3 ----
made = {}
metrics = {}
for session, position, pixel, n, dark, again, frames in TABLE:
    run, v = f"{session}_{position}", pixel * 4
    size = [k * v for k in SHAPE[::-1]]
    xyz = apart(lab.name, run, n=n, size=size)
    s = Specimen(run, size, [xyz] if n else [], radius=60)
    base = f"aretomo3/{session}/run001/{position}"
    stack = s.stack(ANGLES, (SIDE, SIDE))
    lab.tilts(run, base + ".mrc", stack, pixel, ANGLES)
    evn, odd = s.volume(SHAPE, v, 1.4, "evn"), s.volume(SHAPE, v, 1.4, "odd")
    full = ((evn + odd) / 2).astype(np.float32)
    lab.tomogram(run, base + "_Vol.mrc", full, v)
    lab.tomogram(run, base + "_2ND_Vol.mrc", halved(full), v * 2)
    if session != "24dec03c":  # -SplitSum 0 there
        lab.half(run, base + "_EVN_Vol.mrc", evn, v)
        lab.half(run, base + "_ODD_Vol.mrc", odd, v)
    if run == "24nov10a_Position_1":
        lab.half(run, base + "_EVN.mrc", s.stack(ANGLES, (SIDE, SIDE), "evn"), pixel, stack=True)
        lab.half(run, base + "_ODD.mrc", s.stack(ANGLES, (SIDE, SIDE), "odd"), pixel, stack=True)
    order = sorted(range(7), key=lambda i: (abs(ANGLES[i]), -ANGLES[i]))
    when = {i: k for k, i in enumerate(order)}
    lab.text(base + "_TLT.txt", "".join("%9.2f %5d %9.3f\n" % (a, when[i] + 1, 3.1 * when[i]) for i, a in enumerate(ANGLES)))
    keep = ANGLES[:-1] if dark else ANGLES
    table = aln((SIDE, SIDE), keep, run, raw=7)
    if dark:
        table = table.replace("# NumPatches", "# DarkFrame =      6      6     54.00\n# NumPatches")
    lab.text(base + ".aln", table)
    r = seed("ctf", run)
    lab.text(base + "_CTF.txt", "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radian]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully; #8 - dfHand\n"
             + "".join("%4d   %8.2f  %8.2f  %8.2f %8.2f  %8.4f  %8.4f %3d\n" % (i + 1, d, d - 240, 41.2, 0, 0.12, 9.4, -1) for i, d in enumerate(r.normal(31000, 900, 7))))
    lab.text(base + "_CTF_Imod.txt", "1 0 0.0 0.0 0.0 3\n" + "".join("%d %d %.2f %.2f %.1f %.1f 41.20\n" % (i + 1, i + 1, a, a, 3100, 3076) for i, a in enumerate(ANGLES)))
    lab.junk("power spectra of the tilt images", base + "_CTF.mrc", np.abs(r.normal(0, 1, (7, 24, 24))).astype(np.float32), pixel, stack=True)
    lab.text(f"{base}_Imod/{position}_st.tlt", lines(keep))
    lab.text(f"{base}_Imod/{position}_st.xf", xf(len(keep), run))
    lab.text(f"{base}_Imod/{position}_order_list.csv", "ImageNumber,TiltAngle\n" + "".join(f"{k + 1},{ANGLES[i]:.2f}\n" for k, i in enumerate(order)))
    metrics.setdefault((session, "run001"), []).append(f"{position}.mrc,   {SHAPE[0] * 4:4d},  -85.30,    12.40,  0.02,  0.07,  9.40,  0.1200, -1,  {pixel:.2f}, 2.7, 300, -1.2, 0.4\n")
    # the microscope's own files
    hour = 10 + len(made) % 3 + ("2_2" in position)
    names = [f"{position}_{when[i] + 1:03d}_{a:.2f}_{DAY[session][0]}_{hour}{when[i]:02d}31_fractions.tiff" for i, a in enumerate(ANGLES)]
    lab.text(f"krios/{session}/{position}.mdoc", when_and_where(session, hour, run, [ANGLES[i] for i in order], pixel, [names[i] for i in order], image=f"{position}.mrc", size=(SIDE, SIDE), folder=f"X:\\{session}\\frames\\", order=[0, 1, 2, 3, 4, 5, 6]))
    if frames:
        lab.movies(run, [f"krios/{session}/frames/{x}" for x in names], size=(SIDE, SIDE))
        lab.gain([run], f"krios/{session}/gain_ref_k3.mrc", size=(SIDE, SIDE))
    if again:  # the same stacks, thicker and less binned, CTF-corrected
        b2 = f"aretomo3/{session}/run002/{position}"
        lab.copy(base + ".mrc", b2 + ".mrc", "the same stack, copied for the second run")
        lab.tomogram(run, b2 + "_Vol.mrc", s.volume(SHAPE7, pixel * 3, 1.2, "run002"), pixel * 3)
        lab.text(b2 + "_TLT.txt", "".join("%9.2f %5d %9.3f\n" % (a, when[i] + 1, 3.1 * when[i]) for i, a in enumerate(ANGLES)))
        lab.text(b2 + ".aln", aln((SIDE, SIDE), ANGLES, run, "run002", raw=7))
        lab.text(f"{b2}_Imod/{position}_st.tlt", lines(ANGLES))
        lab.text(f"{b2}_Imod/{position}_st.xf", xf(7, run, 2))
        if position == "Position_1":
            lab.copy(base + ".mrc", f"{b2}_Imod/{position}_st.mrc", "the stack without dark images, of which there are none: a copy")
        metrics.setdefault((session, "run002"), []).append(f"{position}.mrc,     66,  -85.10,    10.10,  0.01,  0.04,  8.90,  0.1400, -1,  2.50, 2.7, 300, -1.0, 0.2\n")
    made[run] = (s, v, xyz, full, evn, odd, size)
for (session, k), rows in metrics.items():
    d = f"aretomo3/{session}/{k}"
    lab.text(f"{d}/TiltSeries_Metrics.csv", "Tilt_Series,Thickness(Pix),Tilt_Axis,Global_Shift(Pix),Bad_Patch_Low,Bad_Patch_All,CTF_Res(A),CTF_Score,DF_Hand,Pix_Size(A),Cs(nm),Kv,Alpha0,Beta0\n" + "".join(rows))
    pixel = next(t[2] for t in TABLE if t[0] == session)
    js(f"{d}/AreTomo3_Session.json", {"software": {"version": "AreTomo3 2.1.0"}, "input": {"InPrefix": f"/data/krios/{session}/", "InSuffix": ".mdoc", "OutDir": f"{HPC}/{d}/", "PixSize": str(pixel), "Kv": "300", "FmDose": "0.52"},
                                       "parameters": {"AtBin": "3.0 0.0 0.0" if k == "run002" else "4.0 8.0 0.0", "VolZ": "66" if k == "run002" else "64", "CorrCTF": "1 15" if k == "run002" else "0", "SplitSum": "0" if session == "24dec03c" else "1",
                                                      "OutImod": "2" if k == "run002" else "1", "FlipVol": "1"}, "Time": "Tue Dec  3 18:20:11 2024"})
    lab.text(f"{d}/MdocDone.txt", "".join(f"{HPC}/krios/{session}/{x.split('.')[0]}.mdoc\n" for x in rows))
lab.text("krios/24dec03c/Position_3.mdoc", when_and_where("24dec03c", 14, "24dec03c_Position_3", [0.0, 18.0], 3.0, ["Position_3_001_0.00_20241203_140031_fractions.tiff", "Position_3_002_18.00_20241203_140131_fractions.tiff"], image="Position_3.mrc", size=(SIDE, SIDE), folder="X:\\24dec03c\\frames\\"))
lab.text("sessions.csv", "session,microscope,sample,pixel_A,positions,frames,remark\n24nov10a,Krios 1 / K3,yeast lysate grid 2,2.5,3,tape archive,live AreTomo3 = run001; run002 = reprocessed (CTF corrected 7.5 A)\n24nov12b,Krios 1 / K3,yeast lysate grid 5,2.5,2,tape archive,live AreTomo3\n"
         "24dec03c,Krios 2 / K3,S. pombe spheroplasts,3.0,1,krios/24dec03c/frames,\"Position_3 aborted after two images, nothing kept\"\n")

# ---- denoised ----
OF = "denoised"
for p in ("Position_1", "Position_2"):
    run = f"24nov10a_{p}"
    s, v = made[run][:2]
    lab.tomogram(run, f"denoise/cryocare/24nov10a/denoised/{p}_EVN_Vol.mrc", s.volume(SHAPE, v, 0.15, "cryocare"), v, (OF,))
js("denoise/cryocare/24nov10a/predict_config.json", {"path": "model/ribo_lysate.tar.gz", "even": [f"{HPC}/aretomo3/24nov10a/run001/{p}_EVN_Vol.mrc" for p in ("Position_1", "Position_2")], "odd": [f"{HPC}/aretomo3/24nov10a/run001/{p}_ODD_Vol.mrc" for p in ("Position_1", "Position_2")], "n_tiles": [2, 2, 2], "output": "denoised", "overwrite": False})
js("denoise/cryocare/24nov10a/train_data_config.json", {"even": [f"{HPC}/aretomo3/24nov10a/run001/Position_1_EVN_Vol.mrc"], "odd": [f"{HPC}/aretomo3/24nov10a/run001/Position_1_ODD_Vol.mrc"], "patch_shape": [72, 72, 72], "num_slices": 1200, "split": 0.9, "tilt_axis": "Y", "n_normalization_samples": 500, "path": "train_data"})
s, v = made["24nov10a_Position_1"][:2]
lab.tomogram("24nov10a_Position_1", "denoise/ddw/project/refined_tomograms/Position_1_EVN_Vol+Position_1_ODD_Vol_refined.mrc", s.volume(SHAPE, v, 0.12, "ddw"), v, (OF,), header=1.0)
lab.text("denoise/ddw/config.yaml", f"shared:\n  project_dir: project\n  tomo0_files:\n    - {HPC}/aretomo3/24nov10a/run001/Position_1_EVN_Vol.mrc\n  tomo1_files:\n    - {HPC}/aretomo3/24nov10a/run001/Position_1_ODD_Vol.mrc\n  subtomo_size: 96\n  mw_angle: 60\n  gpu: 0\nrefine_tomogram:\n  model_checkpoint_file: project/logs/version_0/checkpoints/epoch=599.ckpt\n  subtomo_overlap: 32\n")
for part, k in (("fitting_subtomos", 2), ("val_subtomos", 1)):
    for i in range(k):
        for h in (0, 1):
            lab.junk("a cube of a training", f"denoise/ddw/project/subtomos/{part}/subtomo{h}/{i}.mrc", seed("ddw", part, i, h).normal(0, 1, (16, 16, 16)).astype(np.float32), 1.0, header=1.0)
for run in ("24nov12b_Position_1", "24nov12b_Position_2", "24dec03c_Position_1"):
    session, p = run.split("_", 1)
    s, v = made[run][:2]
    lab.tomogram(run, f"denoise/topaz/{session}/{p}_Vol.mrc", s.volume(SHAPE, v, 0.3, "topaz"), v, (OF,))
lab.text("denoise/topaz/run.sh", "#!/bin/bash\nfor s in 24nov12b 24dec03c; do\n  topaz denoise3d $PWD/../../aretomo3/$s/run001/Position_?_Vol.mrc -o $s -m unet-3d-10a -s 48 -p 24 -d 0\ndone\n")
I = "denoise/isonet2/24nov12b"
even = [f"{HPC}/aretomo3/24nov12b/run001/Position_{i}_EVN_Vol.mrc" for i in (1, 2)]
corrected = [f"corrected_tomos/_isonet2-n2n_unet-medium_Position_{i}_EVN_Vol.mrc" for i in (1, 2)]
for i in (1, 2):
    run = f"24nov12b_Position_{i}"
    s, v = made[run][:2]
    lab.tomogram(run, f"{I}/{corrected[i - 1]}", s.volume(SHAPE, v, 0.2, "isonet2"), v, (OF, "filtered"), header=1.0)
s, v = made["24nov12b_Position_1"][:2]
lab.junk("a preview of a training after 10 of 50 epochs", f"{I}/isonet_maps/corrected_epochs10_isonet2-n2n_unet-medium_Position_1_EVN_Vol.mrc", s.volume(SHAPE, v, 0.6, "isonet2 preview"), v, header=1.0)
lab.text(f"{I}/tomograms.star", "# Created by the starfile Python package (version 0.5.10) at 11:02:33 on 09/12/2024\n" + star([("", {
    "rlnIndex": [1, 2], "rlnTomoName": ["None"] * 2, "rlnTomoReconstructedTomogramHalf1": even, "rlnTomoReconstructedTomogramHalf2": [e.replace("EVN", "ODD") for e in even], "rlnPixelSize": [10.0] * 2, "rlnDefocus": [31020.0, 30844.0],
    "rlnVoltage": [300] * 2, "rlnSphericalAberration": [2.7] * 2, "rlnAmplitudeContrast": [0.1] * 2, "rlnMaskBoundary": ["None"] * 2, "rlnMaskName": [f"mask/Position_{i}_EVN_Vol_mask.mrc" for i in (1, 2)], "rlnTiltMin": [-54] * 2, "rlnTiltMax": [54] * 2,
    "rlnBoxFile": ["None"] * 2, "rlnNumberSubtomo": [500] * 2, "rlnCorrectedTomoName": corrected})]))
for i in (1, 2):
    d = (made[f"24nov12b_Position_{i}"][0].density(SHAPE, 10.0) > -0.6).astype(np.int8)
    lab.junk("a mask of where IsoNet2 takes its cubes", f"{I}/mask/Position_{i}_EVN_Vol_mask.mrc", d, 10.0, header=1.0)

# ---- OME-Zarr of the same volumes ----
for p in ("Position_1", "Position_2", "Position_2_2"):
    copick_volume(f"zarr/24nov10a_run001/{p}_Vol.zarr", made[f"24nov10a_{p}"][3], 10.0, "the volume of run001 once more, as OME-Zarr")
lab.text("zarr/mrc2zarr.sh", "for f in ../aretomo3/24nov10a/run001/*_Vol.mrc; do case $f in *EVN*|*ODD*|*2ND*) continue;; esac\n  python mrc_to_omezarr.py $f 24nov10a_run001/$(basename ${f%.mrc}).zarr\ndone\n")

# ---- copick ----
STATIC, OVER = "copick/static", "copick/overlay"
objects = [{"name": "ribosome", "is_particle": True, "pdb_id": "4V6F", "label": 1, "color": [0, 117, 220, 255], "radius": 60.0, "identifier": "GO:0022626"},
           {"name": "membrane", "is_particle": False, "label": 2, "color": [153, 63, 0, 255], "radius": None, "identifier": "GO:0016020"}]
js("copick/config.json", {"config_type": "filesystem", "name": "ribo_lysate", "description": "Ribosomes of the three sessions", "version": "1.4.0", "pickable_objects": objects, "user_id": "lhofer", "session_id": "1",
                          "overlay_root": f"local://{HPC}/{OVER}", "overlay_fs_args": {"auto_mkdir": True}, "static_root": f"local://{HPC}/{STATIC}", "static_fs_args": {"auto_mkdir": True}})
js("copick/config_portal.json", {"config_type": "cryoet_data_portal", "name": "portal 10440", "version": "1.4.0", "pickable_objects": objects[:1], "overlay_root": f"local://{HPC}/copick/portal_overlay", "overlay_fs_args": {"auto_mkdir": True}, "dataset_ids": [10440]})
js("copick/config_sim.json", {"config_type": "filesystem", "name": "polnet simulations", "version": "1.4.0", "pickable_objects": objects, "overlay_root": f"local://{HPC}/simulation/copick_sim", "overlay_fs_args": {"auto_mkdir": True}})
FINAL, all_octopi = {}, []
for run, (s, v, xyz, full, evn, odd, size) in made.items():
    session, p = run.split("_", 1)
    home = f"{STATIC}/ExperimentRuns/{run}/VoxelSpacing{v:.3f}"
    copick_volume(f"{home}/wbp.zarr", full, v, "the volume of run001 once more, in copick's static root")
    if session == "24nov10a" and p != "Position_2_2":
        copick_volume(f"{home}/denoised.zarr", s.volume(SHAPE, v, 0.15, "cryocare"), v, "cryoCARE's volume once more, in copick's static root")
    r = seed("picks", run)
    if session in ("24nov10a", "24dec03c") and len(xyz):
        FINAL[run] = picks(OVER, run, xyz, "curation", "final")
        first = xyz[: max(3, len(xyz) // 2)] + r.normal(0, 2, (max(3, len(xyz) // 2), 3))
        lab.points(run, picks(OVER, run, first, "lhofer", "1"), "ribosome", first, v, may=True)
        second = xyz[:-1] + r.normal(0, 2.5, (len(xyz) - 1, 3))
        lab.points(run, picks(OVER, run, second, "mkumar", "1"), "ribosome", second, v, may=True)
    if run in ("24nov10a_Position_1", "24nov10a_Position_2"):
        many = apart("tm", run, n=len(xyz) + 14, size=size, d=25)
        lab.never("every peak of a template matching, without a threshold", {"file": picks(OVER, run, many, "tm", "0", scores=np.sort(r.uniform(0.02, 0.3, len(many)))[::-1])})
        m = s.membrane(SHAPE)
        lab.mask(run, f"{OVER}/ExperimentRuns/{run}/Segmentations/{v:.3f}_lhofer_1_membrane.zarr", m, v)
        target = spheres(SHAPE, v, xyz) + 2 * (m & ~(spheres(SHAPE, v, xyz) > 0)).astype(np.int8)
        path = f"{OVER}/ExperimentRuns/{run}/Segmentations/{v:.3f}_octopi_1_targets-multilabel.zarr"
        lab.never("targets of a training: balls painted at the picks", {**lab.zarr(path, target.astype(np.uint8), v), "union": fingerprint(target > 0)})
        ball = spheres(SHAPE, v, xyz)
        lab.never("targets of a training: balls painted at the picks", {"file": path, "union": fingerprint(ball > 0)})
        f = f"{OVER}/ExperimentRuns/{run}/VoxelSpacing{v:.3f}/wbp_sobel_features.zarr"
        feature = np.abs(np.gradient(full, axis=1)).astype(np.float32)
        lab.never("features for a picker", lab.zarr(f, feature, v))
    if session == "24nov12b":
        guess = xyz[:-2] + r.normal(0, 3, (len(xyz) - 2, 3))
        all_octopi += [(run, p_) for p_ in guess]
        lab.points(run, picks(OVER, run, guess, "octopi", "1", scores=r.uniform(0.5, 1, len(guess))), "ribosome", guess, v, also=["predictions/octopi/submission.csv"], may=True)
        pred = spheres(SHAPE, v, guess, 42)
        lab.mask(run, f"{OVER}/ExperimentRuns/{run}/Segmentations/{v:.3f}_octopi_1_predict-multilabel.zarr", pred.astype(np.uint8), v, may=True)
lab.text("predictions/octopi/submission.csv", "id,experiment,particle_type,x,y,z\n" + "".join("%d,%s,ribosome,%.3f,%.3f,%.3f\n" % (i, n, *p) for i, (n, p) in enumerate(all_octopi)))
lab.text("predictions/octopi/localize_1.yaml", "input:\n  config: copick/config.json\n  seg_name: predict\n  seg_user_id: octopi\n  seg_session_id: '1'\noutput:\n  pick_user_id: octopi\n  pick_session_id: '1'\nparameters:\n  method: watershed\n  radius_min_scale: 0.4\n  radius_max_scale: 1.0\n  voxel_size: 10.0\n")
js("predictions/octopi/results/metrics.json", {"ribosome": {"precision": 0.81, "recall": 0.74, "f1": 0.77}, "ground_truth": "curation/final", "predict": "octopi/1"})
for run, path in FINAL.items():
    s, v, xyz = made[run][:3]
    lab.text(f"exports/ndjson/{run}-ribosome-1.0_point.ndjson", "".join(json.dumps({"type": "point", "location": dict(zip("xyz", (round(float(c / v), 4) for c in q)))}) + "\n" for q in xyz))
    lab.points(run, path, "ribosome", xyz, v, also=[f"exports/ndjson/{run}-ribosome-1.0_point.ndjson", "exports/relion5/ribosome_curation_final.star"])
rows = [(run, q - np.array(made[run][6]) / 2) for run in FINAL for q in made[run][2]]
lab.text("exports/relion5/ribosome_curation_final.star", star([("particles", {"rlnTomoName": [a for a, _ in rows], **{f"rlnCenteredCoordinate{c}Angst": [float(q[i]) for _, q in rows] for i, c in enumerate("XYZ")},
                                                                          "rlnAngleRot": [0.0] * len(rows), "rlnAngleTilt": [0.0] * len(rows), "rlnAnglePsi": [0.0] * len(rows)})]))
lab.text("copick/README.md", "# copick project\n\nRun names are SESSION_POSITION of AreTomo3 (run001).\n\n| user/session | what |\n|---|---|\n| lhofer/1 | my first round, half of the particles |\n| mkumar/1 | Mahesh, independent second annotation |\n| **curation/final** | consensus of both, this is the ground truth and what we deposit |\n"
         "| tm/0 | all peaks of template matching, no cutoff. Only to look at, most are wrong |\n| octopi/1 | predictions of the network on 24nov12b |\n\nSegmentations: `lhofer_1_membrane` is manual. `octopi_1_targets` are painted spheres for training.\nexports/ is made from curation/final.\n")
lab.never("a prediction on the portal's run", {"file": picks("copick/portal_overlay", "16193", apart("portal picks", n=5, size=[300, 300, 160]), "octopi", "1")})

# ---- predictions of other programs ----
s, v, xyz, full, *_ = made["24nov12b_Position_1"]
T = "predictions/tomotwin/24nov12b_Position_1"
lab.text(f"{T}/ribosome.coords", "".join("%.4f %.4f %.4f\n" % tuple(q / v) for q in xyz))
lab.text(f"{T}/located.tloc", b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00" + seed("tloc").bytes(240))
lab.text(f"{T}/embeddings_note.txt", f"tomotwin_embed.py tomogram -m tomotwin_latest.pth -v {HPC}/aretomo3/24nov12b/run001/Position_1_Vol.mrc -b 400\ntomotwin_pick.py -l located.tloc -o . --target ribosome --minmetric 0.42\nchecked in napari, fine.\n")
lab.points("24nov12b_Position_1", f"{T}/ribosome.coords", "ribosome", xyz, v)
s, v, xyz, full, *_ , size = made["24nov12b_Position_2"]
pro = apart("proteasome", n=5, size=size)
D = "predictions/deepfinder/24nov12b_Position_2"
objects_xml = "<objlist>\n" + "".join('  <object obj_id="%d" class_label="%d" x="%.3f" y="%.3f" z="%.3f" cluster_size="%d"/>\n' % (i + 1, c, *(q / v), 180 - i) for i, (c, q) in enumerate([(1, q) for q in xyz] + [(2, q) for q in pro])) + "</objlist>\n"
lab.text(f"{D}/Position_2_objlist_thr.xml", objects_xml)
lab.points("24nov12b_Position_2", f"{D}/Position_2_objlist_thr.xml", "ribosome", xyz, v)
lab.points("24nov12b_Position_2", f"{D}/Position_2_objlist_thr.xml", "proteasome", pro, v)
lm = spheres(SHAPE, v, xyz, 40)
lm = np.where((spheres(SHAPE, v, pro, 30) > 0) & (lm == 0), 2, lm).astype(np.int8)
lab.mask("24nov12b_Position_2", f"{D}/Position_2_labelmap.mrc", lm, v, may=True, header=1.0)
lab.text(f"{D}/classes.txt", "0 background\n1 ribosome\n2 proteasome\n")
lab.text(f"{D}/segment.py", f"# input: {HPC}/aretomo3/24nov12b/run001/Position_2_Vol.mrc (10 A)\nfrom deepfinder.inference import Segment\nseg = Segment(Ncl=3, path_weights='net_weights_epoch60.h5', patch_size=160)\n")
N = "predictions/nnunet/nnUNet_raw/Dataset501_Membrane"
for i, run in enumerate(("24nov10a_Position_1", "24nov10a_Position_2")):
    s, v, _, full, *_ = made[run]
    nifti(f"{N}/imagesTr/{run}_0000.nii.gz", ((full - full.mean()) / full.std()).astype(np.float32), v)
    nifti(f"{N}/labelsTr/{run}.nii.gz", s.membrane(SHAPE).astype(np.uint8), v)
js(f"{N}/dataset.json", {"channel_names": {"0": "noNorm"}, "labels": {"background": 0, "membrane": 1}, "numTraining": 2, "file_ending": ".nii.gz"})
for i in (1, 2):
    run = f"24nov12b_Position_{i}"
    s, v = made[run][:2]
    m = s.membrane(SHAPE, "nnunet")
    nifti(f"predictions/nnunet/predictions/{run}.nii.gz", m.astype(np.uint8), v)
    lab.mask(run, f"predictions/nnunet/masks_mrc/{run}_membrane.mrc", m, v)
    soft = np.clip(m * 0.8 + seed("prob", run).uniform(0, 0.2, SHAPE), 0, 1).astype(np.float32)
    lab.junk("a map of probabilities", f"predictions/nnunet/prob_maps/{run}_membrane_prob.mrc", soft, v)

# ---- the portal ----
FROM = "from the portal as it was downloaded: it is published there"
PV = 10.012
for i, ts in enumerate(("TS_5_4", "TS_6_4")):
    size = [k * PV for k in SHAPE[::-1]]
    q = apart("portal", ts, n=6, size=size)
    s = Specimen(f"portal {ts}", size, [q], radius=60)
    R = f"cryoet_portal/10440/{ts}"
    if ts == "TS_5_4":  # aws s3 sync of a run without frames
        lab.junk(FROM, f"{R}/Reconstructions/VoxelSpacing10.012/Tomograms/100/{ts}.mrc", s.volume(SHAPE, PV, 0.8), PV)
        lab.junk(FROM, f"{R}/TiltSeries/100/{ts}.mrc", s.stack(ANGLES[::2], (60, 60)), 5.006, stack=True)
        js(f"{R}/TiltSeries/100/tiltseries_metadata.json", {"deposition_id": "10310", "pixel_spacing": 5.006, "tilt_range": {"min": -54, "max": 54}, "is_aligned": False, "run_name": ts})
        js(f"{R}/Alignments/100/alignment_metadata.json", {"alignment_type": "GLOBAL", "is_portal_standard": False, "deposition_id": 10310})
        js(f"{R}/run_metadata.json", {"run_name": ts, "last_updated_at": 1733345280})
    lab.never(FROM, lab.zarr(f"{R}/Reconstructions/VoxelSpacing10.012/Tomograms/100/{ts}.zarr", s.volume(SHAPE, PV, 0.8), PV))
    js(f"{R}/Reconstructions/VoxelSpacing10.012/Tomograms/100/tomogram_metadata.json", {"voxel_spacing": PV, "processing": "denoised", "deposition_id": 10310, "run_name": ts, "size": dict(zip("xyz", SHAPE[::-1]))})
    A = f"{R}/Reconstructions/VoxelSpacing10.012/Annotations/101/cytosolic_ribosome-1.0"
    lab.text(A + "_orientedpoint.ndjson", "".join(json.dumps({"type": "orientedPoint", "location": dict(zip("xyz", (round(float(c / PV), 4) for c in x))), "xyz_rotation_matrix": np.eye(3).tolist()}) + "\n" for x in q))
    js(A + ".json", {"annotation_object": {"name": "cytosolic ribosome", "id": "GO:0022626"}, "annotation_method": "manual", "method_type": "manual", "object_count": 6, "deposition_id": 10310, "files": [{"format": "ndjson", "path": f"10440/{ts}/Reconstructions/VoxelSpacing10.012/Annotations/101/cytosolic_ribosome-1.0_orientedpoint.ndjson"}]})
    lab.never(FROM, {"file": A + "_orientedpoint.ndjson"})
js("cryoet_portal/10440/dataset_metadata.json", {"dataset_identifier": 10440, "dataset_title": "CZII - CryoET Object Identification Challenge", "deposition_id": 10310, "sample_type": "in_vitro"})
lab.text("cryoet_portal/sync.sh", "aws s3 --no-sign-request sync s3://cryoet-data-portal-public/10440/TS_5_4 10440/TS_5_4 --exclude '*Frames*' --exclude '*KeyPhotos*'\n")
s = Specimen("portal TS_73_6", [300, 300, 160], radius=60)
lab.junk(FROM, "notebooks/TS_73_6.mrc", s.volume((16, 30, 30), PV, 0.8), PV)
lab.text("notebooks/cytosolic_ribosome-1.0_orientedpoint.ndjson", "".join(json.dumps({"type": "orientedPoint", "location": dict(zip("xyz", (float(c) for c in x)))}) + "\n" for x in apart("73", n=4, size=[30, 30, 16], d=3)))
lab.never(FROM, {"file": "notebooks/cytosolic_ribosome-1.0_orientedpoint.ndjson"})
js("notebooks/cytosolic_ribosome-1.0.json", {"annotation_object": {"name": "cytosolic ribosome", "id": "GO:0022626"}, "deposition_id": 10310, "files": [{"format": "ndjson", "path": "10440/TS_73_6/Reconstructions/VoxelSpacing10.012/Annotations/101/cytosolic_ribosome-1.0_orientedpoint.ndjson"}]})

# ---- training data ----
for split, run, kind in (("train", "24nov10a_Position_1", "wbp"), ("train", "24nov10a_Position_1", "cryocare"), ("val", "24nov10a_Position_2", "wbp"), ("test", "24nov12b_Position_1", "wbp")):
    session, p = run.split("_", 1)
    source = f"aretomo3/{session}/run001/{p}_Vol.mrc" if kind == "wbp" else f"denoise/cryocare/{session}/denoised/{p}_EVN_Vol.mrc"
    lab.copy(source, f"training/v2/{split}/images/{run}_{kind}.mrc")
    lab.junk("balls painted at picks, for a training", f"training/v2/{split}/labels/{run}_{kind}.mrc", spheres(SHAPE, 10.0, made[run][2], 32), 10.0)
for run in ("24nov10a_Position_1", "24nov10a_Position_2", "24nov12b_Position_1"):
    full = made[run][3]
    low, high = np.percentile(full, (1, 99))
    lab.junk("a volume normalised to 0 to 255 for a training", f"training/norm_uint8/{run}.mrc", (np.clip((full - low) / (high - low), 0, 1) * 255).round().astype(np.uint16), 10.0)
for i in range(3):
    full, xyz = made["24nov10a_Position_1"][3], made["24nov10a_Position_1"][2]
    z, y, x = 0, 4 * i, 3 * i
    lab.junk("a patch of a tomogram, for a training", f"training/patches/img/patch_{i:04d}.mrc", full[z : z + 12, y : y + 12, x : x + 12], 10.0, header=1.0)
    lab.junk("labels of a patch, for a training", f"training/patches/lbl/patch_{i:04d}.mrc", spheres(SHAPE, 10.0, xyz)[z : z + 12, y : y + 12, x : x + 12], 10.0, header=1.0)
js("training/v2/splits.json", {"train": ["24nov10a_Position_1"], "val": ["24nov10a_Position_2"], "test": ["24nov12b_Position_1"]})

# ---- simulations ----
for k in (1, 2):
    t = f"tomo_{k:03d}"
    P = f"simulation/polnet_ribo/{t}"
    q = apart("polnet", k, n=8, size=[300, 300, 160])
    s = Specimen(f"polnet {k}", [300, 300, 160], [q], radius=60)
    lab.junk("simulated", f"{P}/{t}_den.mrc", np.maximum(0, -s.density(SHAPE, 10.0)).astype(np.float32), 10.0)
    lab.junk("labels of a simulation", f"{P}/{t}_lbl.mrc", spheres(SHAPE, 10.0, q, 40), 10.0)
    lab.junk("simulated", f"{P}/{t}_mics_snr1.0.mrc", s.stack(ANGLES, (30, 30)).astype(np.float32), 10.0, stack=True)
    lab.junk("simulated", f"{P}/{t}_rec_snr1.0.mrc", s.volume(SHAPE, 10.0, 0.7), 10.0)
    lab.text(f"{P}/{t}_motif_list.csv", "Density\tMicrographs\tPolyData\tTomo3D\tType\tLabel\tCode\tPolymer\tX\tY\tZ\tQ1\tQ2\tQ3\tQ4\n" + "".join(f"{t}_den.mrc\t{t}_mics_snr1.0.mrc\t{t}_poly_den.vtp\t{t}_rec_snr1.0.mrc\tSAWLC\t1\tpdb_4v6f\t{i}\t{x[0]:.2f}\t{x[1]:.2f}\t{x[2]:.2f}\t1.0\t0.0\t0.0\t0.0\n" for i, x in enumerate(q)))
    lab.never("places in a simulation", {"file": f"{P}/{t}_motif_list.csv"}, {"file": picks("simulation/copick_sim", t, q, "polnet", "0")})
    lab.never("simulated", lab.zarr(f"simulation/copick_sim/ExperimentRuns/{t}/VoxelSpacing10.000/wbp.zarr", s.volume(SHAPE, 10.0, 0.7), 10.0))
lab.text("simulation/polnet_ribo/labels_table.csv", "MODEL\tLABEL\nin_10A/4v6f_10A.pns\t1\n")
lab.text("simulation/polnet_ribo/config.yaml", "metadata:\n  version: 1.0\nfolders:\n  output: polnet_ribo\nglobal:\n  ntomos: 2\n  seed: 4\nsample:\n  voi_shape: [30, 30, 16]\n  v_size: 10\ntem:\n  file: in_tem/simplest.tem\n")
s = Specimen("faket", [300, 300, 160], radius=60)
lab.junk("simulated, in the style of a real series", "simulation/faket/24nov10a_Position_1_style/reconstruction.mrc", s.volume(SHAPE, 10.0, 0.9), 10.0)
lab.junk("simulated, in the style of a real series", "simulation/faket/24nov10a_Position_1_style/projections_styled.mrc", s.stack(ANGLES, (60, 60)).astype(np.float32), 5.0, stack=True)
lab.text("simulation/faket/24nov10a_Position_1_style/projections.tlt", lines(ANGLES))
lab.text("simulation/README.txt", "Synthetic data only. polnet (10 A, snr 1) and faket with the noise of 24nov10a Position_1. For pretraining octopi. Not part of the deposition.\n")

# ---- the first attempt at a deposition ----
lab.text("ingest_try1/deposition.yaml", """# made with emporium ingest new, Dec 12, edited by hand
standardization_config:
  deposition_id: 10001
  source_prefix: ml_group
depositions:
  - metadata:
      deposition_identifier: 10001
      deposition_title: Title of the deposition # please fill in: title [Title of the deposition]
      deposition_description: test
    sources: [{literal: {value: ["10001"]}}]
datasets:
  - metadata: {dataset_identifier: 10002, dataset_title: Yeast lysate, sample_type: in_vitro}
    sources: [{literal: {value: ["10002"]}}]
runs:
  - sources:
      - source_glob: {list_glob: "aretomo3/24nov10a/run001/Position_1_Vol.mrc", name_regex: "(.*)_Vol.mrc"}
voxel_spacings:
  - sources: [{literal: {value: [8.0]}}]
tomograms:
  - metadata: {voxel_spacing: 8.0, processing: raw, ctf_corrected: false} # please check
    sources:
      - source_glob: {list_glob: "aretomo3/24nov10a/run001/{run_name}_Vol.mrc"}
tiltseries:
  - metadata: {pixel_spacing: 2.0, is_aligned: false}
    sources:
      - source_glob: {list_glob: "aretomo3/24nov10a/run001/{run_name}.mrc"}
annotations:
  - metadata: {annotation_object: {name: ribosome, id: "GO:0005840"}}
    sources:
      - Point: {binning: 10, file_format: copick, glob_string: "copick/overlay/ExperimentRuns/24nov10a_{run_name}/Picks/curation_final_ribosome.json"}
""")
X = "ingest_try1/out/10002/Position_1"
full = made["24nov10a_Position_1"][3]
lab.mrc(f"{X}/Reconstructions/VoxelSpacing8.000/Tomograms/100/Position_1.mrc", full, 8.0)
lab.zarr(f"{X}/Reconstructions/VoxelSpacing8.000/Tomograms/100/Position_1.zarr", full, 8.0)
TRY = "what the first attempt wrote, with a wrong voxel size"
lab.never(TRY, {"file": f"{X}/Reconstructions/VoxelSpacing8.000/Tomograms/100/Position_1.mrc"}, {"file": f"{X}/Reconstructions/VoxelSpacing8.000/Tomograms/100/Position_1.zarr"})
js(f"{X}/Reconstructions/VoxelSpacing8.000/Tomograms/100/tomogram_metadata.json", {"voxel_spacing": 8.0, "processing": "raw", "deposition_id": 10001, "run_name": "Position_1"})
lab.text(f"{X}/Reconstructions/VoxelSpacing8.000/Annotations/100/ribosome-1.0_point.ndjson", "".join(json.dumps({"type": "point", "location": dict(zip("xyz", (round(float(c / 8.0), 4) for c in q)))}) + "\n" for q in made["24nov10a_Position_1"][2]))
lab.never(TRY, {"file": f"{X}/Reconstructions/VoxelSpacing8.000/Annotations/100/ribosome-1.0_point.ndjson"})
js(f"{X}/Reconstructions/VoxelSpacing8.000/Annotations/100/ribosome-1.0.json", {"annotation_object": {"name": "ribosome", "id": "GO:0005840"}, "deposition_id": 10001, "object_count": 10})
js(f"{X}/run_metadata.json", {"run_name": "Position_1"})
js("ingest_try1/out/10002/dataset_metadata.json", {"dataset_identifier": 10002, "dataset_title": "Yeast lysate", "deposition_id": 10001})
js("ingest_try1/out/depositions_metadata/10001/deposition_metadata.json", {"deposition_identifier": 10001, "deposition_title": "Title of the deposition"})
lab.text("ingest_try1/NOTES.txt", "First try. Voxel size is WRONG (8 A, should be 10 A: I used 2.0 A pixel instead of 2.5). Also one session only. Start again.\n")

# ---- notebooks and a colleague's copies ----
full = made["24nov10a_Position_1"][3]
lab.junk("a piece of a tomogram, from a notebook", "notebooks/outputs/roi_crop.mrc", full[4:12, 8:24, 8:24], 10.0)
soft = full.copy()
for axis in range(3):
    soft = (np.roll(soft, 1, axis) + 2 * soft + np.roll(soft, -1, axis)) / 4
lab.junk("a filter that was tried in a notebook", "notebooks/outputs/gauss_test.mrc", soft.astype(np.float32), 10.0, header=1.0)
lab.picture("notebooks/outputs/fsc_curves.png")
lab.picture("notebooks/outputs/24nov10a_Position_1_slice.png")
js("notebooks/01_explore.ipynb", {"cells": [{"cell_type": "code", "source": ["import mrcfile\n", "v = mrcfile.read('../aretomo3/24nov10a/run001/Position_1_Vol.mrc')\n", "crop = v[4:12, 8:24, 8:24]\n", "mrcfile.write('outputs/roi_crop.mrc', crop, voxel_size=10.0)"], "outputs": [], "metadata": {}, "execution_count": 3}], "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5})
r = seed("eval")
lab.text("notebooks/outputs/eval_octopi_24nov10a.csv", "run,x,y,z,match,distance\n" + "".join("24nov10a_Position_1,%.1f,%.1f,%.1f,%s,%.1f\n" % (*q, m, 12.3) for q, m in zip(apart("eval", n=12, size=[300, 300, 160], d=20), ["TP", "FP", "FN"] * 4)))
lab.never("true and false positives of an evaluation", {"file": "notebooks/outputs/eval_octopi_24nov10a.csv"})
lab.copy("aretomo3/24nov12b/run001/Position_1_Vol.mrc", "mahesh/tomos_from_lena/Position_1_Vol.mrc")
lab.junk("a mirrored copy, to try augmentation", "mahesh/augment_test/Position_1_flipx.mrc", made["24nov12b_Position_1"][3][:, :, ::-1], 10.0)
lab.text("README.md", """# ml_group: ribosome picking

- `krios/` mdocs and (24dec03c only) frames. Frames of the November sessions are on tape.
- `aretomo3/SESSION/runNNN/` AreTomo3. Position_1 of one session has nothing to do with Position_1 of another one. run001 is live, run002 reprocessed. All picks are on run001.
- `denoise/` cryoCARE, DeepDeWedge, Topaz, IsoNet2. cryoCARE writes the name of the even half, these are the denoised full ones.
- `copick/` see README there. `zarr/` conversions of run001.
- `predictions/` TomoTwin and DeepFinder picks of 24nov12b are checked and go into the deposition, so do the nnU-Net membranes. prob_maps not.
- `training/`, `simulation/`, `notebooks/`, `mahesh/` are not for the deposition. `cryoet_portal/` is downloaded (dataset 10440).
- `ingest_try1/` first attempt, wrong voxel size, ignore.

Lena, Dec 2024
""")
lab.done()
