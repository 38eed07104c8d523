"""Two sessions of PACEtomo on one microscope, in March and in June, whose series have the same names; AreTomo2, pytom-match-pick, DeepDeWedge, IsoNet, MemBrain-seg.

  https://github.com/eisfabian/PACEtomo          (README and PACEtomo.py, PACEtomo_selectTargets.py: ROOT_tgts.txt with _tgt, tgtfile, tsfile, SSX, skip; ROOT_tgt_001.mrc;
    ROOT_ts_001.mrc and its mdoc in the order of recording; an older file becomes ROOT_ts_001.mrc~; sortByTilt sorts the stack and its mdoc in place and leaves
    ROOT_ts_001_unsorted.mrc.mdoc; SetFrameBaseName calls frames after the series)
  https://github.com/SBC-Utrecht/pytom-match-pick (src/pytom_tm/tmjob.py, extract.py, merge_stars.py and the wiki: TOMO_scores.mrc, TOMO_angles.mrc, TOMO_job.json with paths,
    voxel_size and tomogram_mask; TOMO_particles.star in voxels counted from 0 with rlnDetectorPixelSize and rlnMicrographName; --relion5-compat writes
    rlnCenteredCoordinateXAngst from the half of the box)
  https://github.com/MLI-lab/DeepDeWedge         (ddw/refine_tomogram.py: refined_tomograms/EVEN+ODD_refined.mrc; its header has no voxel size)
  https://github.com/IsoNet-cryoET/IsoNet (deconv, mask, corrected_tomos), https://github.com/LorenzLamm/membrain-seg docs/Usage/Segmentation.md (NAME_MODEL.ckpt_segmented.mrc, NAME_scores.mrc)
  https://napari.org/stable/howtos/layers/points.html (index, axis-0 (z), axis-1 (y), axis-2 (x) in voxels), https://bio3d.colorado.edu/imod/doc/binspec.html (models)
AreTomo2's options and MotionCor's names of sums are from knowledge of their manuals.

The camera is the same, so tomograms of one name have one size in both months. March records in dose-symmetric order; June has sortByTilt, except for L02. March's L01_ts_002 was
aborted and started again as L01_ts_002_2; June's L02_ts_002 was aborted for good. AreTomo2 ran on March's L02_ts_001 with June's pixel: its header says 10.88, which is June's bin 4.
June's L02_ts_001 was stacked in the order of recording, but its .rawtlt is sorted. Template matching in March: the automatic cutoff is what went on; another and a stricter one are tries.
The mess: halves under the names of stacks, a slab that template matching searched, score maps, templates, targets, maps, a first reconstruction with the wrong axis, copies and crops
for figures, a sheet in nm with a slip, picks of two programs in voxels of two binnings.
"""
import hashlib
import json
import struct

import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, imod_model, lines, mdoc, places, seed, star

MAR, JUN = "march24", "june24"
PIXEL = {MAR: 3.92, JUN: 2.72}
TAKEN = {MAR: dose_symmetric(16, 4), JUN: [a + 9 for a in dose_symmetric(15, 4)]}
CAMERA, BIN2, BIN4 = (96, 104), (28, 48, 52), (14, 24, 26)
#        month series        records aligned binnings  halves matched
TABLE = [(MAR, "L01_ts_001", 5, "aln", (2, 4), True, True),
         (MAR, "L01_ts_002_2", 5, "aln", (4,), False, True),
         (MAR, "L01_ts_002", 2, None, (), False, False),
         (MAR, "L01_ts_003", 5, "recording", (4,), False, False),
         (MAR, "L02_ts_001", 5, "wrong -PixSize", (4,), False, True),
         (JUN, "L01_ts_001", 5, "aln", (2, 4), True, True),
         (JUN, "L01_ts_002", 5, "aln", (4,), False, True),
         (JUN, "L02_ts_001", 5, "sorted .rawtlt", (), False, False),
         (JUN, "L02_ts_002", 2, None, (), False, False)]

lab = Lab(__doc__, ["https://github.com/eisfabian/PACEtomo", "https://github.com/SBC-Utrecht/pytom-match-pick", "https://github.com/MLI-lab/DeepDeWedge", "https://github.com/IsoNet-cryoET/IsoNet",
                    "https://github.com/LorenzLamm/membrain-seg", "https://napari.org/stable/howtos/layers/points.html", "https://bio3d.colorado.edu/imod/doc/binspec.html"])
r = seed(lab.name, "maps")
noise = lambda *shape: r.normal(0, 1, shape).astype(np.float32)
SPACING = {(m, b): round(PIXEL[m] * b, 2) for m in PIXEL for b in (2, 4)}
SIZE = {m: [n * SPACING[m, 4] for n in BIN4[::-1]] for m in PIXEL}


def eer(path, frames=4, size=4096):
    """Little-endian BigTIFF; each directory has width, height, bits, compression 65001, offset, rows, length of its strip."""
    parts = [seed("eer", path, i).integers(0, 256, 40).astype(np.uint8).tobytes() for i in range(frames)]
    b, at = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16), 16
    for i, p in enumerate(parts):
        tags = [(256, 4, size), (257, 4, size), (258, 3, 1), (259, 3, 65001), (273, 16, 0), (278, 4, size), (279, 16, len(p))]
        length = 8 + 20 * len(tags) + 8
        tags[4] = (273, 16, at + length)
        b += struct.pack("<Q", len(tags)) + b"".join(struct.pack("<HHQQ", t, k, 1, v) for t, k, v in tags)
        at += length + len(p)
        b += struct.pack("<Q", at if i + 1 < frames else 0) + p
    return b


def images(m, name, angles, what):
    """The same exposures each time, summed anew."""
    taken = TAKEN[m][: len(angles)]
    whole = specimens[m, name].stack(taken, CAMERA) + seed("made", m, name, what).normal(0, 1, (len(taken), *CAMERA))
    return whole[[taken.index(a) for a in angles]].round().astype(np.int16)


specimens, mdocs, sheet = {}, {}, []
# ---- the microscope: PACEtomo ----
for m, name, n, aligned, *_ in TABLE:
    k = sorted(r[:2] for r in TABLE).index((m, name))  # the hour
    run, taken = f"{m}_{name}", TAKEN[m][:n]
    day = "Mar12" if m == MAR else "Jun04"
    lab.run(run, f"{m}-{name}", f"{m[:3]}_{name}", name)
    specimens[m, name] = Specimen(run, SIZE[m], [places(run, n=9, size=SIZE[m])], radius=60)
    end = "eer" if m == MAR else "tif"
    names = [f"{name}_{i + 1:03d}_{a:.1f}_{day}_{10 + k}.{12 + i}.07.{end}" for i, a in enumerate(taken)]
    if m == MAR:
        for f in names:
            b = eer(f"{m}/{f}")
            lab.text(f"{m}/raw/frames/{f}", b)
            lab.run(run)["frames"].append({"file": f"{m}/raw/frames/{f}", "sha256": hashlib.sha256(b).hexdigest()})
    else:
        lab.movies(run, [f"{m}/raw/frames/{f}" for f in names])
    sort = m == JUN and aligned == "aln"
    angles = sorted(taken) if sort else taken
    write = lambda a: mdoc(a, PIXEL[m], [names[taken.index(x)] for x in a], name + ".mrc", CAMERA[::-1], folder=f"X:\\anna\\{'20240312' if m == MAR else '20240604'}\\frames\\",
                           order=[taken.index(x) for x in a], dose=3.2 if m == MAR else 2.9).replace("14-Feb-23  09:", ("12-Mar-24" if m == MAR else "04-Jun-24") + f"  {10 + k}:")
    lab.tilts(run, f"{m}/raw/{name}.mrc", images(m, name, angles, "camera"), PIXEL[m], angles)
    lab.run(run)["tiltseries"][-1]["may"] = True  # the same exposures as the motion-corrected ones; or two images, hardly a series
    mdocs[m, name] = write(taken)
    lab.text(f"{m}/raw/{name}.mrc.mdoc", write(angles))
    if sort:
        lab.text(f"{m}/raw/{name}_unsorted.mrc.mdoc", write(taken))
    sheet.append((m, name, f"{PIXEL[m] / 10:.3f}", PIXEL[m], n, "aborted" if aligned is None else ""))
for m in PIXEL:
    for lamella in ("L01", "L02"):
        mine = sorted(n for w, n, *_ in TABLE if w == m and n.startswith(lamella))
        text = "_set startTilt = 0\n_set minTilt = -60\n\n" if m == MAR else "_set startTilt = 9\n\n"
        for i, n in enumerate(mine):
            text += f"_tgt = {i + 1:03d}\ntgtfile = {lamella}_tgt_{i + 1:03d}.mrc\ntsfile = {n}.mrc\nSSX = {1.7 * i}\nSSY = {-0.9 * i}\nstageX = 112.4\nstageY = -80.9\nskip = False\n\n"
            lab.junk("preview of a target", f"{m}/raw/{lamella}_tgt_{i + 1:03d}.mrc", noise(1, 40, 44), PIXEL[m] * 4, stack=True)
        lab.text(f"{m}/raw/{lamella}_tgts.txt", text)
        lab.junk("map of a lamella", f"{m}/raw/{lamella}_MMM.mrc", noise(3, 36, 36), 41.0, stack=True)
    lab.text(f"{m}/raw/nav.nav", "AdocVersion = 2.00\nLastSavedAs = X:\\anna\\nav.nav\n\n[Item = 001]\nColor = 0\nNote = L01_tgts.txt\n")
    lab.text(f"{m}/raw/SEM_log.log", "PACEtomo: Target 2 / 4:\nWARNING: Tilt series file already exists. Existing file was renamed.\n")
lab.junk("an older file that PACEtomo renamed", f"{MAR}/raw/L01_ts_003.mrc~", noise(1, *CAMERA), PIXEL[MAR], stack=True)
lab.gain([f"{m}_{n}" for m, n, *_ in TABLE if m == MAR], f"{MAR}/raw/frames/20240311_EER_GainReference.gain")
lab.gain([f"{m}_{n}" for m, n, *_ in TABLE if m == JUN], f"{JUN}/raw/frames/CountRef_L01.mrc")

# ---- motion correction, stacks, AreTomo2 ----
for m, name, n, aligned, binnings, halves, _ in TABLE:
    if not aligned:
        continue
    run, s, taken = f"{m}_{name}", specimens[m, name], TAKEN[m]
    recorded = aligned in ("recording", "sorted .rawtlt")
    angles = taken if recorded else sorted(taken)
    lab.tilts(run, f"{m}/stacks/{name}.mrc", images(m, name, angles, "motioncor"), PIXEL[m], angles)
    lab.text(f"{m}/stacks/{name}.rawtlt", lines(sorted(taken) if aligned == "sorted .rawtlt" else angles))
    if recorded:
        lab.text(f"{m}/stacks/{name}.mrc.mdoc", mdocs[m, name])
    if halves:
        for a in taken[:2]:
            lab.junk("sum of the frames of one tilt", f"{m}/motioncor/{name}_{taken.index(a) + 1:03d}_{a:.1f}.mrc", noise(1, *CAMERA), PIXEL[m], stack=True)
            lab.junk("sum of half of the frames", f"{m}/motioncor/{name}_{taken.index(a) + 1:03d}_{a:.1f}_EVN.mrc", noise(1, *CAMERA), PIXEL[m], stack=True)
        lab.half(run, f"{m}/stacks_odd/{name}.mrc", images(m, name, angles, "odd"), PIXEL[m], stack=True)
    if not binnings:
        continue
    said = PIXEL[JUN] if aligned == "wrong -PixSize" else PIXEL[m]
    for b in binnings:
        d, V = f"{m}/aretomo2/bin{b}", SPACING[m, b]
        shape = BIN2 if b == 2 else BIN4
        lab.tomogram(run, f"{d}/{name}_rec.mrc", s.volume(shape, V), V, header=round(said * b, 2))
        lab.text(f"{d}/{name}_rec.aln", aln(CAMERA[::-1], sorted(taken), run))
        lab.text(f"{d}/{name}_rec_Imod/{name}_rec_st.tlt", lines(sorted(taken)))
        lab.text(f"{d}/{name}_rec_Imod/tilt.com", f"$tilt -StandardInput\nInputProjections {name}_rec_st.mrc\nOutputFile {name}_rec.mrc\nIMAGEBINNED 1\nTILTFILE {name}_rec_st.tlt\nTHICKNESS 56\n")
        lab.text(f"{d}/{name}.log", f"AreTomo2 -InMrc ../../stacks/{name}.mrc -OutMrc {name}_rec.mrc -AngFile ../../stacks/{name}.rawtlt -PixSize {said} -Kv 300 -OutBin {b} -VolZ 56 -AlignZ 40 -FlipVol 1 -OutImod 1 -Gpu 0\n"
                                        f"Pixel size: {said:8.3f}\nTotal alignment time: 41.2\n")
    if halves:
        for half in ("EVN", "ODD"):
            lab.half(run, f"{m}/aretomo2/bin4/{name}_rec_{half}.mrc", s.volume(BIN4, SPACING[m, 4], 1.4, half), SPACING[m, 4])
t = f"{MAR}/aretomo2_try_axis-95"
for name in ("L01_ts_001", "L01_ts_003"):
    lab.junk("a first reconstruction with the wrong axis", f"{t}/{name}_rec.mrc", noise(*BIN4), SPACING[MAR, 4])
lab.text(f"{t}/DONT_USE.txt", "tilt axis -95.9 is wrong, see ../aretomo2\n")

# ---- DeepDeWedge in March, IsoNet in June, membranes ----
name, V = "L01_ts_001", SPACING[MAR, 4]
s = specimens[MAR, name]
refined = f"{name}_rec_EVN+{name}_rec_ODD_refined"
lab.tomogram(f"{MAR}_{name}", f"{MAR}/ddw/refined_tomograms/{refined}.mrc", s.volume(BIN4, V, 0.15, "ddw"), V, ("denoised", "filtered"), header=0)
lab.text(f"{MAR}/ddw/config.yaml", f"shared:\n  project_dir: ddw\n  tomo0_files:\n    - aretomo2/bin4/{name}_rec_EVN.mrc\n  tomo1_files:\n    - aretomo2/bin4/{name}_rec_ODD.mrc\n  subtomo_size: 96\n  mw_angle: 60\nrefine_tomogram:\n  model_checkpoint_file: ddw/logs/val_loss.ckpt\n")
for i in range(2):
    lab.junk("a subtomogram to train with", f"{MAR}/ddw/subtomos/fitting_subtomos/subtomo0/{i}.mrc", noise(12, 12, 12), V)
lab.mask(f"{MAR}_{name}", f"{MAR}/membrain/{refined}_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", s.membrane(BIN4), V)
lab.junk("scores of MemBrain", f"{MAR}/membrain/{refined}_scores.mrc", noise(*BIN4), V)
V, iso = SPACING[JUN, 4], ("L01_ts_001", "L01_ts_002")
for name in iso:
    s = specimens[JUN, name]
    lab.tomogram(f"{JUN}_{name}", f"{JUN}/isonet/corrected_tomos/{name}_rec_corrected.mrc", s.volume(BIN4, V, 0.15, "isonet"), V, ("denoised", "filtered"))
    lab.tomogram(f"{JUN}_{name}", f"{JUN}/isonet/deconv/{name}_rec.mrc", s.volume(BIN4, V, 0.6, "deconv"), V, ("filtered",), may=True)
    lab.junk("where IsoNet looks for subtomograms", f"{JUN}/isonet/mask/{name}_rec_mask.mrc", (s.density(BIN4, V) > -0.5).astype(np.int8), V)
lab.text(f"{JUN}/isonet/tomograms.star", star([("", {"rlnIndex": [1, 2], "rlnMicrographName": [f"../aretomo2/bin4/{n}_rec.mrc" for n in iso], "rlnPixelSize": [V] * 2, "rlnDefocus": [36000.0] * 2,
    "rlnNumberSubtomo": [100] * 2, "rlnDeconvTomoName": [f"deconv/{n}_rec.mrc" for n in iso], "rlnMaskName": [f"mask/{n}_rec_mask.mrc" for n in iso], "rlnCorrectedTomoName": [f"corrected_tomos/{n}_rec_corrected.mrc" for n in iso]})]))
lab.mask(f"{JUN}_{iso[0]}", f"{JUN}/membrain/{iso[0]}_rec_corrected_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", specimens[JUN, iso[0]].membrane(BIN4), V)

# ---- pytom-match-pick ----
matched, merged = {"mar": [], "jun": []}, {}


def particles(ids, voxels, V, tomo, cutoff):
    e = seed("angles", tomo, V)
    n = len(voxels)
    c = {f"rlnCoordinate{a}": [int(x) for x in voxels[:, i]] for i, a in enumerate("XYZ")}
    c |= {f"rlnAngle{a}": [float(x) for x in e.uniform(-180, 180, 60)[ids]] for a in ("Rot", "Tilt", "Psi")}
    return c | {"rlnLCCmax": [0.46 - 0.01 * int(i) for i in ids], "rlnCutOff": [cutoff] * n, "rlnSearchStd": [0.031] * n, "rlnDetectorPixelSize": [V] * n, "rlnMicrographName": [tomo] * n}


def job(folder, tomo, path, template, V, taken, slab):
    d = {"mask": f"/scratch/anna/templates/mask_{template}.mrc", "mask_is_spherical": True, "output_dir": f"/scratch/anna/{folder}", "tomogram": path, "template": f"/scratch/anna/templates/{template}_{V:.2f}A.mrc",
         "tomo_id": tomo, "tomo_shape": list(BIN4[::-1]), "template_shape": [16, 16, 16], "voxel_size": V, "tomogram_mask": slab, "whole_start": None, "sub_start": [0, 0, 0], "sub_step": list(BIN4[::-1]),
         "start_slice": 0, "steps_slice": 1, "rotational_symmetry": 1, "particle_diameter": 300, "rotation_file": 7.0, "n_rotations": 45123, "tilt_angles": [float(np.radians(a)) for a in sorted(taken)],
         "tilt_weighting": True, "low_pass": None, "high_pass": 400, "dose_accumulation": None, "ctf_data": None, "whiten_spectrum": False, "random_phase_correction": False, "rng_seed": 321, "job_key": "0",
         "leader": None, "job_stats": {"search_space": 3.9e8, "variance": 0.00096, "std": 0.031}, "log_level": "INFO", "pytom_tm_version_number": "0.7.2", "output_dtype": "float32",
         "search_x": [0, 26], "search_y": [0, 24], "search_z": [0, 14]}
    lab.text(f"{folder}/{tomo}_job.json", json.dumps(d, indent=4))
    for what in ("scores", "angles"):
        lab.junk(f"{what} of template matching", f"{folder}/{tomo}_{what}.mrc", np.abs(noise(*BIN4)) * (0.1 if what == "scores" else 900), V)


for m, name, *_, m_matched in TABLE:
    if not m_matched:
        continue
    run, short, V = f"{m}_{name}", m[:3], SPACING[m, 4]
    folder, tomo = f"template_matching/{short}", f"{name}_rec" if m == MAR else name
    path = f"/scratch/anna/march24/aretomo2/bin4/{tomo}.mrc" if m == MAR else f"/scratch/anna/tm_input/jun/{tomo}.mrc"
    slab = None
    if m == MAR and name != "L02_ts_001":
        z = np.arange(14)[:, None, None] + np.zeros(BIN4)
        lab.junk("where template matching searches", f"{folder}/masks/{tomo}_slab.mrc", ((z > 2) & (z < 11)).astype(np.int8), V)
        slab = f"/scratch/anna/{folder}/masks/{tomo}_slab.mrc"
    job(folder, tomo, path, "80S", V, TAKEN[m], slab)
    n = 9 + len(matched["mar"]) + 2 * len(matched["jun"])
    every = np.floor(places("80S", run, n=n + 9, size=BIN4[::-1])).astype(int)
    good = np.arange(n)
    lists = {f"{folder}/{tomo}_particles.star": (good, 0.182)} if m == MAR else {f"{folder}/extract_0.20/{tomo}_particles.star": (good, 0.2)}
    tries = {f"{folder}/cutoff_0.10/{tomo}_particles.star": (np.arange(n + 9), 0.1), f"{folder}/cutoff_0.30/{tomo}_particles.star": (good[:-4], 0.3)} if m == MAR else \
        {f"{folder}/extract_0.12/{tomo}_particles.star": (np.arange(n + 9), 0.12)}
    for f, (ids, cutoff) in {**lists, **tries}.items():
        lab.text(f, star([("particles", particles(ids, every[ids], V, tomo, cutoff))]))
        if f in tries:
            lab.never("a try with another cutoff: the same particles once more, with false ones or without some", f)
    also = [f"{folder}/particles_merged.star"] if m == MAR else ["relion5/jun_80S.star"]
    lab.points(run, next(iter(lists)), "80S ribosome", every[:n] * V, V, also=also)
    matched[short].append((name, tomo, particles(good, every[:n], V, tomo, 0.2)))
    lab.text(f"{folder}/{tomo}_extraction_graph.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>\n")
join = lambda short, over: {k: [x for _, _, p in matched[short] for x in p[k]] for k in matched[short][0][2]} | over
lab.text("template_matching/mar/particles_merged.star", star([("particles", join("mar", {}))]))
p = join("jun", {})
five = {f"rlnCenteredCoordinate{a}Angst": [(x - n / 2) * SPACING[JUN, 4] for x in p[f"rlnCoordinate{a}"]] for a, n in zip("XYZ", BIN4[::-1])}
lab.text("relion5/jun_80S.star", star([("particles", {**five, **{k: p[k] for k in ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")}, "rlnTomoTiltSeriesPixelSize": p["rlnDetectorPixelSize"], "rlnTomoName": p["rlnMicrographName"]})]))
lab.text("template_matching/README", "mar: the lists beside the job files (automatic cutoff) are the ones we use, merged in particles_merged.star.\n     cutoff_0.10 has gold and membranes, cutoff_0.30 loses half of the ribosomes\n"
                                     "jun: extract_0.20 is the one that went to RELION; extract_0.12 only to see\n")
# proteasomes in June, under the same names as the ribosomes
name, V = "L01_ts_001", SPACING[JUN, 4]
job("template_matching/jun_20S", name, f"/scratch/anna/tm_input/jun/{name}.mrc", "20S", V, TAKEN[JUN], None)
at = np.floor(places("20S", JUN, name, n=7, size=BIN4[::-1])).astype(int)
lab.text(f"template_matching/jun_20S/{name}_particles.star", star([("particles", particles(np.arange(7), at, V, name, 0.21))]))
lab.points(f"{JUN}_{name}", f"template_matching/jun_20S/{name}_particles.star", "20S proteasome", at * V, V)
for template in ("80S", "20S"):
    lab.junk("mask of a template", f"templates/mask_{template}.mrc", (noise(16, 16, 16) > 0).astype(np.float32), SPACING[MAR, 4])
    for m in PIXEL:
        lab.junk("a template", f"templates/{template}_{SPACING[m, 4]:.2f}A.mrc", noise(16, 16, 16), SPACING[m, 4])
lab.junk("a map of the EMDB", "templates/emd_3228_crop.mrc", noise(20, 20, 20), 2.08)

# ---- by hand ----
name = "L01_ts_001"
xyz = places("by hand", JUN, name, n=8, size=SIZE[JUN])
V = SPACING[JUN, 2]
lab.points(f"{JUN}_{name}", f"picks/june/{name}_vault.csv", "vault", xyz, V)
lab.text(f"picks/june/{name}_vault.csv", "index,axis-0,axis-1,axis-2\n" + "".join(f"{float(k)},{p[2] / V:.4f},{p[1] / V:.4f},{p[0] / V:.4f}\n" for k, p in enumerate(xyz)))
for name in ("L01_ts_001", "L01_ts_003"):
    xyz = places("by hand", MAR, name, n=6, size=SIZE[MAR])
    V = SPACING[MAR, 4]
    lab.points(f"{MAR}_{name}", f"picks/march/{name}_vault.mod", "vault", xyz, V)
    lab.text(f"picks/march/{name}_vault.mod", imod_model([("vault", [xyz], "scattered")], BIN4[::-1], V))
lab.text("picks/README.txt", "june: napari, on the bin 2 tomogram. march: 3dmod on bin 4\n")

# ---- figures, sheets ----
lab.copy(f"{MAR}/aretomo2/bin4/L01_ts_001_rec.mrc", "figures/fig2/L01_ts_001_rec.mrc")
lab.copy(f"{JUN}/aretomo2/bin4/L01_ts_002_rec.mrc", "figures/fig3/june_tomo.mrc")
lab.junk("a part for a figure", "figures/fig2/crop.mrc", specimens[MAR, "L01_ts_001"].volume(BIN4, SPACING[MAR, 4])[3:11, 4:18, 5:19], SPACING[MAR, 4])
lab.picture("figures/fig2/panel_a.png")
lab.picture("figures/fig3/tomo.tif")
sheet[3] = (*sheet[3][:2], "0.272", 2.72, 5, "??")
lab.text("sessions.csv", "month;series;pixel (nm);pixel (A);tilts;remark\n" + "".join(";".join(map(str, row)) + "\n" for row in sheet))
lab.text("notes.txt", "March: EER, 3.92 A. June: K3 frames, 2.72 A. Same lamella names, other grids!\nMarch L01 target 2 stopped (refill), again as L01_ts_002_2. June L02 target 2 stopped.\nAreTomo2 of March L02_ts_001 ran with June's pixel size, redo!\n")
lab.done()
