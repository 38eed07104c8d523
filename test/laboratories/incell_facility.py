"""Lamellae of Chlamydomonas at a facility: Tomography 5, AreTomo2 by the facility and WarpTools by the laboratory, RELION 4 then 5, IsoNet, MemBrain-seg, TARDIS, copick, napari.

Imitates
  public issues and scripts with names of Tomography 5 (Position_1.mdoc, Position_1_2.mdoc, Position_1_001_0.00_20230613_142233_fractions.tiff, Position_1.mrc, *_override.mdoc), as https://github.com/warpem/warp/issues and https://github.com/CellArchLab/relion5-scripts (Position_1)
  https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series (warp_tiltseries/reconstruction/NAME_8.00Apx.mrc, even/, odd/, deconv/, tiltstack/NAME/NAME.st, tomostar/NAME.tomostar)
  https://relion.readthedocs.io/en/release-5.0 (ReconstructTomograms/jobNNN/tomograms/rec_NAME.mrc, _half1, _half2, tomograms.star, Denoise, Picks/…/annotations, rlnCenteredCoordinateXAngst), release-4.0 (rlnCoordinateX in unbinned pixels)
  https://github.com/IsoNet-cryoET/IsoNet (tomograms.star, deconv, mask, corrected_tomos/NAME_corrected.mrc, subtomo)
  https://github.com/LorenzLamm/membrain-seg docs/Usage/Segmentation.md (NAME_MODEL.ckpt_segmented.mrc, NAME_scores.mrc; match_pixel_size)
  https://github.com/SMLC-NYSBC/TARDIS (Predictions/NAME_semantic.mrc, NAME_instances.csv, NAME_instances_filter.csv)
  https://github.com/copick/copick (config.json, ExperimentRuns), https://napari.org/stable/howtos/layers/points.html (CSV: index, axis-0 (z), axis-1 (y), axis-2 (x) in pixels of the layer)

A person sees: five series on two lamellae. Warp's tomograms (8 A, bin 4; 16 A, bin 8) are the laboratory's; RELION 5's lie at 8 A, too, and are denoised (Denoise); AreTomo2's are the facility's on the fly, at 16 A.
Ribosomes: RELION 5's run_data.star (centred angstroms), once more for M as a star of Warp in pixels of 8 A, and in RELION 4 before (unbinned pixels, the same places), and in copick under relion. PSII: copick, by hand.
Rubisco-free pyrenoid tubule crossings: napari's CSV in pixels of 16 A.
The mess: Position_1 and Position_1_2 are different places; halves of two programs under names of tomograms; tilt series of the microscope and of Warp; scores; a segmentation at 10 A of a matched tomogram, no tomogram of which is kept;
IsoNet's corrected ones of three runs, its masks; a first AreTomo try with the wrong axis; TARDIS' points are of surfaces; Position_3_2 has not been processed.
"""
import json

import mrcfile
import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, fingerprint, lines, mdoc, places, seed, star

lab = Lab(__doc__, ["https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series", "https://relion.readthedocs.io/en/release-5.0", "https://relion.readthedocs.io/en/release-4.0",
    "https://github.com/IsoNet-cryoET/IsoNet", "https://github.com/LorenzLamm/membrain-seg/blob/main/docs/Usage/Segmentation.md", "https://github.com/SMLC-NYSBC/TARDIS", "https://github.com/copick/copick",
    "https://napari.org/stable/howtos/layers/points.html", "https://github.com/CellArchLab/relion5-scripts"])
PIXEL, V4, V8 = 2.0, 8.0, 16.0
S4, S8 = (16, 40, 40), (8, 20, 20)
SIZE = [n * V4 for n in S4[::-1]]
UNB = (160, 160, 64)
ORDER = dose_symmetric(12, 9)
SORTED = sorted(ORDER)
TABLE = [("Position_1", 8, 4, 3), ("Position_1_2", 6, 0, 4), ("Position_2", 7, 5, 0), ("Position_10", 5, 3, 2), ("Position_3_2", 0, 0, 0)]
r = seed(lab.name)
noise = lambda *s: r.normal(0, 1, s).astype("f4")
DATE = "20230613"


def copick(obj, user, session, run, xyz):
    return json.dumps({"pickable_object_name": obj, "user_id": user, "session_id": session, "run_name": run, "voxel_spacing": None, "unit": "angstrom",
        "points": [{"location": dict(zip("xyz", [round(float(v), 3) for v in p])), "transformation_": np.eye(4).tolist(), "instance_id": 0, "score": 1.0} for p in xyz]}, indent=2)


ribos, warp, rel4 = {"TomoName": [], "X": [], "Y": [], "Z": []}, [], {"TomoName": [], "X": [], "Y": [], "Z": []}
tomo5, tomo4, iso = [], [], []
for t, (name, nr, np2, nn) in enumerate(TABLE):
    done = name != "Position_3_2"
    kept, i = [], 0
    while len(kept) < nr + np2 + nn:
        p = places(name, i, n=1, size=SIZE, margin=0.15)[0]
        kept += [p] if all(np.linalg.norm(p - q) > 35 for q in kept) else []
        i += 1
    kept = np.array(kept).reshape(-1, 3)
    ribo, psii, cross = kept[:nr], kept[nr:nr + np2], kept[nr + np2:]
    s = Specimen(name, SIZE, [kept], radius=50)
    # the microscope
    frames = [f"{name}_{k + 1:03d}_{a:.2f}_{DATE}_14{t}{k:03d}_fractions.tiff" for k, a in enumerate(ORDER)]
    lab.movies(name, [f"session/{f}" for f in frames], size=(32, 32), pixel=PIXEL)
    lab.text(f"session/{name}.mdoc", mdoc(ORDER, PIXEL, frames, f"{name}.mrc", (80, 80), "Z:\\TEMScripting\\BM-Ceta\\Session0613\\"))
    if t < 2:
        lab.text(f"session/{name}_override.mdoc", mdoc(ORDER[:-1], PIXEL, frames[:-1], f"{name}.mrc", (80, 80), "Z:\\TEMScripting\\BM-Ceta\\Session0613\\"))
    lab.tilts(name, f"session/{name}.mrc", s.stack(ORDER, (80, 80)), PIXEL, ORDER)
    lab.text(f"session/{name}_SearchMap.xml", "<MicroscopeImage/>\n")
    if not done:
        continue
    # the facility: AreTomo2
    lab.text(f"facility_aretomo/{name}.aln", aln((80, 80), SORTED, name))
    lab.text(f"facility_aretomo/{name}.log", f"AreTomo2 -InMrc {name}.mrc -OutMrc {name}.mrc -VolZ 64 -OutBin 8 -AlignZ 60 -PixSize 2.0 -FlipVol 1\n")
    lab.tomogram(name, f"facility_aretomo/{name}.mrc", s.volume(S8, V8, 1.1, "aretomo"), V8, may=True)
    if t == 0:
        lab.junk("a try with the wrong tilt axis", f"facility_aretomo/try_axis_95/{name}.mrc", noise(*S8), V8)
    # the laboratory: WarpTools
    W = "warp"
    lab.text(f"{W}/tomostar/{name}.tomostar", star([("", {"wrpMovieName": [f"../../session/{f}" for f in frames], "wrpAngleTilt": ORDER, "wrpAxisAngle": [84.1] * 9, "wrpDose": [3.1 * k for k in range(9)]})]))
    lab.text(f"{W}/warp_tiltseries/{name}.xml", f'<?xml version="1.0" encoding="utf-8"?>\n<TiltSeries DataDirectory="" AreAnglesInverted="False" PlaneNormal="0, 0, 1" UnselectFilter="False" UnselectManual="null">\n  <Angles>{chr(10).join(str(a) for a in ORDER)}</Angles>\n</TiltSeries>\n')
    e = lab.mrc(f"{W}/warp_tiltseries/tiltstack/{name}/{name}.st", s.stack(SORTED, (80, 80), "warp").astype("f4"), PIXEL, stack=True)
    with mrcfile.open(lab.root / e["file"]) as m:
        sections = [fingerprint(x) for x in m.data]
    lab.run(name)["tiltseries"].append({**e, "angles": SORTED, "sections": sections, "may": True})
    lab.text(f"{W}/warp_tiltseries/tiltstack/{name}/{name}.rawtlt", lines(SORTED))
    R = f"{W}/warp_tiltseries/reconstruction"
    lab.tomogram(name, f"{R}/{name}_8.00Apx.mrc", s.volume(S4, V4), V4)
    lab.tomogram(name, f"{R}/{name}_16.00Apx.mrc", s.volume(S8, V8), V8)
    for h in ("even", "odd"):
        lab.half(name, f"{R}/{h}/{name}_8.00Apx.mrc", s.volume(S4, V4, 1.4, h), V4)
        lab.half(name, f"{R}/{h}/{name}_16.00Apx.mrc", s.volume(S8, V8, 1.4, h), V8)
    lab.tomogram(name, f"{R}/deconv/{name}_8.00Apx.mrc", (s.density(S4, V4) * 1.2).astype("f4"), V4, ("filtered",), may=True)
    lab.picture(f"{R}/{name}_8.00Apx.png")
    # RELION 5
    lab.tomogram(name, f"relion5/ReconstructTomograms/job006/tomograms/rec_{name}.mrc", s.volume(S4, V4, 1.0, "relion5"), V4, may=True)
    for h in (1, 2):
        lab.half(name, f"relion5/ReconstructTomograms/job006/tomograms/rec_{name}_half{h}.mrc", s.volume(S4, V4, 1.4, f"r{h}"), V4)
    lab.tomogram(name, f"relion5/Denoise/job009/tomograms/rec_{name}.mrc", (s.density(S4, V4) * 0.9 + 0.01).astype("f4"), V4, ("denoised",))
    tomo5.append(name)
    centre = np.array(SIZE) / 2
    for p in ribo:
        ribos["TomoName"].append(name)
        for c, v in zip("XYZ", p - centre):
            ribos[c].append(float(v))
        warp.append((f"{name}.tomostar", *(p / V4)))
        rel4["TomoName"].append(name)
        for c, v in zip("XYZ", p / PIXEL):
            rel4[c].append(float(v))
    if nr:
        lab.points(name, "relion5/Refine3D/job031/run_data.star", "ribosome", ribo, V4, also=["warp/ribo_for_M/ribosome_8.00Apx.star", "relion4/import/particles.star", f"copick/ExperimentRuns/{name}/Picks/relion_31_ribosome.json"])
        lab.text(f"copick/ExperimentRuns/{name}/Picks/relion_31_ribosome.json", copick("ribosome", "relion", "31", name, ribo))
        tm = np.concatenate([ribo, places(name, "tm", n=9, size=SIZE)])
        lab.text(f"{W}/warp_tiltseries/matching/{name}_16.00Apx_emd_15806.star", star([("", {"rlnCoordinateX": list(map(float, tm[:, 0] / SIZE[0])), "rlnCoordinateY": list(map(float, tm[:, 1] / SIZE[1])), "rlnCoordinateZ": list(map(float, tm[:, 2] / SIZE[2])),
            "rlnAngleRot": [10.0] * len(tm), "rlnAngleTilt": [20.0] * len(tm), "rlnAnglePsi": [5.0] * len(tm), "rlnMicrographName": [f"{name}.tomostar"] * len(tm), "rlnAutopickFigureOfMerit": list(map(float, np.linspace(12, 4, len(tm))))})]))
        lab.points(name, f"{W}/warp_tiltseries/matching/{name}_16.00Apx_emd_15806.star", "ribosome, candidates of template matching", tm, V8, may=True)
        lab.junk("scores of template matching", f"{W}/warp_tiltseries/matching/{name}_16.00Apx_emd_15806_corr.mrc", noise(*S8), V8)
    if np2:
        lab.points(name, f"copick/ExperimentRuns/{name}/Picks/wojciech_1_psii.json", "PSII", psii, V8)
        lab.text(f"copick/ExperimentRuns/{name}/Picks/wojciech_1_psii.json", copick("psii", "wojciech", "1", name, psii))
    if nn:
        lab.points(name, f"napari_picks/{name}_crossings.csv", "tubule crossings", cross, V8)
        lab.text(f"napari_picks/{name}_crossings.csv", "index,axis-0,axis-1,axis-2\n" + "".join(f"{float(k)},{p[2] / V8:.4f},{p[1] / V8:.4f},{p[0] / V8:.4f}\n" for k, p in enumerate(cross)))
    # IsoNet, on Warp's 16 A
    if t < 3:
        lab.tomogram(name, f"isonet/corrected_tomos/{name}_16.00Apx_corrected.mrc", (s.density(S8, V8) * 0.8 - 0.01).astype("f4"), V8, ("denoised", "filtered"))
        lab.tomogram(name, f"isonet/deconv/{name}_16.00Apx.mrc", (s.density(S8, V8) * 1.1).astype("f4"), V8, ("filtered",), may=True)
        lab.junk("where IsoNet looks for subtomograms", f"isonet/mask/{name}_16.00Apx_mask.mrc", (s.density(S8, V8) > -0.5).astype(np.int8), V8)
        iso.append(name)
    # MemBrain-seg on RELION 5's denoised, 8 A
    lab.mask(name, f"membrain/out/rec_{name}_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", s.membrane(S4), V4)
    if t < 2:
        lab.junk("scores", f"membrain/out/rec_{name}_scores.mrc", noise(*S4), V4)
    if t == 1:
        lab.junk("a segmentation of a tomogram rescaled to 10 A, which is not kept", f"membrain/out_10A/rec_{name}_10A_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", s.membrane((13, 32, 32)), 10.0)
    # TARDIS on 16 A of two
    if t in (0, 2):
        lab.mask(name, f"tardis/Predictions/{name}_16.00Apx_semantic.mrc", s.membrane(S8, 1), V8, may=True)
        inst = (s.membrane(S8, 1) * np.where(np.arange(20)[None, None] < 10, 1, 2)).astype(np.int16)
        inst[np.nonzero(inst)[0].max()] = 0  # too small a piece is dropped
        lab.mask(name, f"tardis/Predictions/{name}_16.00Apx_instances.mrc", inst, V8, may=True)
        z, y, x = np.nonzero(inst)
        pick = slice(None, None, 9)
        rows = "".join(f"{inst[c, b, a]},{a * V8:.3f},{b * V8:.3f},{c * V8:.3f}\n" for a, b, c in list(zip(x, y, z))[pick])
        lab.points(name, f"tardis/Predictions/{name}_16.00Apx_instances.csv", "membrane", np.array([(a * V8, b * V8, c * V8) for a, b, c in list(zip(x, y, z))[pick]]), V8, instances=True, may=True)
        lab.text(f"tardis/Predictions/{name}_16.00Apx_instances.csv", "IDs,X [A],Y [A],Z [A]\n" + rows)
    # copick's own volume
    lab.zarr(f"copick/ExperimentRuns/{name}/VoxelSpacing{V8:.3f}/wbp.zarr", s.volume(S8, V8), V8)
for e in iso[:1]:
    for k in range(3):
        lab.junk("a cube to train with", f"isonet/results/{e}_{k:06d}_iter05.mrc", noise(8, 8, 8), V8)
lab.text("isonet/tomograms.star", star([("", {"rlnIndex": [1, 2, 3], "rlnMicrographName": [f"../warp/warp_tiltseries/reconstruction/{n}_16.00Apx.mrc" for n in iso], "rlnPixelSize": [16.0] * 3, "rlnDefocus": [35000.0] * 3, "rlnNumberSubtomo": [100] * 3,
    "rlnMaskName": [f"mask/{n}_16.00Apx_mask.mrc" for n in iso], "rlnDeconvTomoName": [f"deconv/{n}_16.00Apx.mrc" for n in iso], "rlnCorrectedTomoName": [f"corrected_tomos/{n}_16.00Apx_corrected.mrc" for n in iso]})]))
n5 = len(tomo5)
glob5 = {"rlnTomoName": tomo5, "rlnVoltage": [300.0] * n5, "rlnSphericalAberration": [2.7] * n5, "rlnAmplitudeContrast": [0.1] * n5, "rlnMicrographOriginalPixelSize": [PIXEL] * n5, "rlnTomoHand": [-1.0] * n5, "rlnOpticsGroupName": ["optics1"] * n5,
    "rlnTomoTiltSeriesPixelSize": [PIXEL] * n5, "rlnTomoTiltSeriesStarFile": [f"ReconstructTomograms/job006/tilt_series/{n}.star" for n in tomo5], "rlnTomoTomogramBinning": [4.0] * n5,
    "rlnTomoSizeX": [UNB[0]] * n5, "rlnTomoSizeY": [UNB[1]] * n5, "rlnTomoSizeZ": [UNB[2]] * n5, "rlnTomoReconstructedTomogramHalf1": [f"ReconstructTomograms/job006/tomograms/rec_{n}_half1.mrc" for n in tomo5], "rlnTomoReconstructedTomogramHalf2": [f"ReconstructTomograms/job006/tomograms/rec_{n}_half2.mrc" for n in tomo5]}
lab.text("relion5/ReconstructTomograms/job006/tomograms.star", star([("global", {**glob5, "rlnTomoReconstructedTomogram": [f"ReconstructTomograms/job006/tomograms/rec_{n}.mrc" for n in tomo5]})]))
lab.text("relion5/Denoise/job009/tomograms.star", star([("global", {**glob5, "rlnTomoReconstructedTomogramDenoised": [f"Denoise/job009/tomograms/rec_{n}.mrc" for n in tomo5]})]))
for n in tomo5:
    lab.text(f"relion5/ReconstructTomograms/job006/tilt_series/{n}.star", star([(n, {"rlnMicrographMovieName": [f"frames/{n}_{k + 1:03d}.tiff" for k in range(9)], "rlnTomoNominalStageTiltAngle": ORDER, "rlnMicrographPreExposure": [3.1 * k for k in range(9)]})]))
m = len(ribos["TomoName"])
optics = ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["optics1"], "rlnSphericalAberration": [2.7], "rlnVoltage": [300.0], "rlnTomoTiltSeriesPixelSize": [PIXEL], "rlnCtfDataAreCtfPremultiplied": [1], "rlnImageDimensionality": [2], "rlnTomoSubtomogramBinning": [4.0], "rlnImagePixelSize": [8.0], "rlnImageSize": [48]})
for job, k in (("Extract/job020/particles.star", 1), ("Refine3D/job031/run_data.star", 2)):
    lab.text(f"relion5/{job}", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), optics, ("particles", {"rlnTomoName": ribos["TomoName"], **{f"rlnCenteredCoordinate{c}Angst": ribos[c] for c in "XYZ"}, "rlnTomoParticleName": [f"{n}/{i}" for i, n in enumerate(ribos["TomoName"])],
        "rlnOpticsGroup": [1] * m, "rlnImageName": [f"Extract/job020/Subtomograms/{n}/{i}_stack2d.mrcs" for i, n in enumerate(ribos["TomoName"])], **{f"rlnOrigin{c}Angst": [0.0] * m for c in "XYZ"}, "rlnAngleRot": [float(i) for i in range(m)], "rlnAngleTilt": [90.0] * m, "rlnAnglePsi": [k * 3.0] * m})]))
lab.text("relion5/Refine3D/job031/run_optimisation_set.star", star([("optimisation_set", {"rlnTomoParticlesFile": "Refine3D/job031/run_data.star", "rlnTomoTomogramsFile": "ReconstructTomograms/job006/tomograms.star"})]))
for f in ("run_class001.mrc", "run_half1_class001_unfil.mrc"):
    lab.junk("an average", f"relion5/Refine3D/job031/{f}", noise(24, 24, 24), 8.0)
lab.junk("a stack of a particle", "relion5/Extract/job020/Subtomograms/Position_1/0_stack2d.mrcs", noise(9, 16, 16), 8.0, stack=True)
lab.text("relion4/import/particles.star", star([optics, ("particles", {"rlnTomoName": rel4["TomoName"], **{f"rlnCoordinate{c}": rel4[c] for c in "XYZ"}, "rlnOpticsGroup": [1] * m})]))
lab.text("relion4/ImportTomo/job001/tomograms.star", star([("global", {"rlnTomoName": tomo5, "rlnTomoTiltSeriesName": [f"../warp/warp_tiltseries/tiltstack/{n}/{n}.st" for n in tomo5], "rlnTomoFrameCount": [9] * n5, "rlnTomoSizeX": [UNB[0]] * n5, "rlnTomoSizeY": [UNB[1]] * n5, "rlnTomoSizeZ": [UNB[2]] * n5, "rlnTomoTiltSeriesPixelSize": [PIXEL] * n5, "rlnTomoHand": [-1.0] * n5, "rlnVoltage": [300.0] * n5})]))
lab.text("warp/ribo_for_M/ribosome_8.00Apx.star", star([("", {"rlnMicrographName": [w[0] for w in warp], **{f"rlnCoordinate{c}": [float(w[i + 1]) for w in warp] for i, c in enumerate("XYZ")}, "rlnPixelSize": [8.0] * m, "rlnAngleRot": [float(i) for i in range(m)], "rlnAngleTilt": [90.0] * m, "rlnAnglePsi": [6.0] * m})]))
lab.text("warp/warp_tiltseries.settings", '<?xml version="1.0" encoding="utf-8"?>\n<Settings>\n  <Param Name="DataFolder" Value="tomostar" />\n  <Param Name="ProcessingFolder" Value="warp_tiltseries" />\n  <Param Name="PixelSize" Value="2.0" />\n</Settings>\n')
lab.text("copick/config.json", json.dumps({"config_type": "filesystem", "name": "chlamy", "description": "thylakoids", "version": "1.6.1", "user_id": "wojciech", "overlay_root": "local:///data/chlamy/copick", "overlay_fs_args": {"auto_mkdir": True},
    "pickable_objects": [{"name": n, "is_particle": True, "label": i + 1, "color": [90, 20, 30, 255], "radius": 60} for i, n in enumerate(["ribosome", "psii"])]}, indent=2))
lab.text("napari_picks/README.txt", "clicked on the 16 A warp tomograms\n")
lab.gain([x[0] for x in TABLE], f"session/gain_{DATE}.tiff", size=(32, 32))
for f in ("Overview", "SearchMap_1", "Lamella_2_atlas"):
    lab.junk("a map of the grid", f"session/{f}.mrc", noise(1, 48, 48), 400.0, stack=True)
lab.done()
