#!/usr/bin/env python3
"""One group's disk: WarpTools twice over the same series (the first folder was given up), RELION 5 and M after it, CryoBoost and nextPYP beside.

Imitates
  https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/ (settings with ProcessingFolder, tomostar, reconstruction/NAME_10.00Apx.mrc)
  https://warpem.github.io/warp/user_guide/m/quick_start_m/ (population, source, species/NAME_HASH/NAME_particles.star with wrpCoordinateX1 in angstroms)
  https://relion.readthedocs.io/en/release-5.0 (particles by rlnTomoName, rlnCenteredCoordinateXAngst, rlnOriginXAngst; Class3D, Select, Refine3D with unfiltered halves)
  https://github.com/Klumpe-lab/CryoBoost (config/Schemes/warp_tomo_prep, External/jobNNN: fs_motion_and_ctf.star, aligned_tilt_series.star, warp_tiltseries/reconstruction
    with even and odd, tomograms.star; src/templateMatching: tmResults/*_scores.mrc, candidates.star, candidatesWarp, vis/imodCenter)
  https://docs.nextpyp.app, https://github.com/nextpyp/pyp (a folder a block: mrc/NAME.rec unturned with its depth along y, _half1.rec, _den.rec, _seg.rec; mod/NAME.spk; pkl, webp,
    next/NAME.next in unbinned pixels as x, y, depth, radius; the places of .spk are x, depth, y, so they lie in the unturned .rec and in no other tomogram; virion_thresholds.next; frealign/maps; particles.parquet)

Units: tables of Warp in pixels of 4 A, RELION's in angstroms from the middle, the list of all in pixels of the unbinned tilt series, CryoBoost's from the middle, M's in angstroms.
The mess: the first processing folder has the same voxels and the same names as the good one and was made with the wrong pixel size and hand (NOTES.txt says so); a class of
junk; the particles once more in every step; CryoBoost on another session whose series has a prefix; a job that failed, Trash; half maps; a block of nextPYP whose mrc/ is a link.
"""
import json

import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, imod_model, lines, mdoc, places, seed, star, xf

PIXEL, V, EXPORT = 1.6, 12.8, 4.0
SHAPE = (16, 40, 36)  # z, y, x
SIZE = [n * V for n in SHAPE[::-1]]
UNBINNED = [round(n * V / PIXEL) for n in SHAPE[::-1]]
ORDER = dose_symmetric(10, 8)
SORTED = sorted(ORDER)
#         series    first try  ribosomes  junk class  nextPYP  spikes
TABLE = [("Pos_12", True, 11, 4, True, 7), ("Pos_13_2", True, 8, 3, False, 0), ("Pos_14", False, 9, 0, True, 5), ("Pos_2", False, 0, 0, False, 0)]
CB_PIXEL, CB_V, CB_SHAPE = 2.95, 11.8, (14, 32, 32)
CB_SIZE = [n * CB_V for n in CB_SHAPE[::-1]]
CRYOBOOST = [("lam4_Position_1", 6), ("lam4_Position_1_2", 5)]

lab = Lab(__doc__, ["https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/", "https://warpem.github.io/warp/user_guide/m/quick_start_m/",
    "https://relion.readthedocs.io/en/release-5.0", "https://github.com/Klumpe-lab/CryoBoost", "https://docs.nextpyp.app", "https://github.com/nextpyp/pyp"])
r = seed(lab.name)
noise = lambda *s: r.normal(0, 1, s).astype("f4")


def settings(data, extension, processing, pixel):
    return (f'<?xml version="1.0" encoding="utf-16"?>\n<Settings>\n  <Import>\n    <Param Name="DataFolder" Value="{data}" />\n    <Param Name="ProcessingFolder" Value="{processing}" />\n    <Param Name="Extension" Value="{extension}" />\n'
            f'    <Param Name="PixelSize" Value="{pixel}" />\n    <Param Name="GainPath" Value="gain_ref.mrc" />\n  </Import>\n  <Tomo>\n    <Param Name="DimensionsX" Value="{UNBINNED[0]}" />\n    <Param Name="DimensionsY" Value="{UNBINNED[1]}" />\n    <Param Name="DimensionsZ" Value="{UNBINNED[2]}" />\n  </Tomo>\n</Settings>\n')


def apart(*words, n, size, least=45):
    kept, i = [], 0
    while len(kept) < n:
        p = places(*words, i, n=1, size=size, margin=0.15)[0]
        kept += [p] if all(np.linalg.norm(p - q) > least for q in kept) else []
        i += 1
    return np.array(kept).reshape(-1, 3)


def tomostar(names, angles, folder):
    return star([("", {"wrpMovieName": [f"{folder}/{f}" for f in names], "wrpAngleTilt": list(angles), "wrpAxisAngle": [-85.6] * len(angles), "wrpDose": [3.1 * k for k in range(len(angles))]})])


xml = lambda angles, inverted: f'<?xml version="1.0" encoding="utf-16"?>\n<TiltSeries DataDirectory="" AreAnglesInverted="{inverted}" PlaneNormal="0, 0, 1" UnselectManual="null">\n  <Angles>' + "\n".join(f"{a:g}" for a in angles) + "</Angles>\n</TiltSeries>\n"
lab.gain([n for n, *_ in TABLE], "gain_ref.mrc", size=(32, 32))
lab.text("warp_frameseries.settings", settings("frames", "*.tif", "warp_frameseries", PIXEL))
lab.text("warp_tiltseries.settings", settings("tomostar", "*.tomostar", "warp_tiltseries", PIXEL))
lab.text("warp_tiltseries_first.settings", settings("tomostar", "*.tomostar", "warp_tiltseries_first", 1.35))
lab.text("NOTES.txt", "warp_tiltseries_first: pixel size was 1.35 (wrong calibration) and hand not flipped, gave up after two. DO NOT USE, redone in warp_tiltseries.\nTilt tables for all: tables/tilts.csv\n")
matching, refined, classed, everything = [], [], [], []
tilts = "tomo,frame,angle,dose,defocus_um,used\n"
for name, first, k, bad, pyp, spikes in TABLE:
    found = apart(name, n=k + bad + spikes, size=SIZE)
    ribo, junk, spike = found[:k], found[k:k + bad], found[k + bad:]
    s = Specimen(name, SIZE, [found], radius=60)
    names = [f"{name}_{i + 1:03d}_{a:.1f}_20240311_{120000 + i}.tif" for i, a in enumerate(ORDER)]
    lab.movies(name, [f"frames/{f}" for f in names], size=(32, 32), pixel=PIXEL)
    lab.text(f"mdoc/{name}.mrc.mdoc", mdoc(ORDER, PIXEL, names, f"{name}.mrc", (72, 80)))
    tilts += "".join(f"{name},{f},{a},{3.1 * i:.1f},{3.4 + 0.01 * i:.2f},{1 if abs(a) < 60 else 0}\n" for i, (f, a) in enumerate(zip(names, ORDER)))
    lab.text(f"tomostar/{name}.tomostar", tomostar(names, ORDER, "../frames"))
    for f in names[:2]:
        lab.junk("average of the frames of one tilt", f"warp_frameseries/average/{f[:-4]}.mrc", noise(1, 32, 32), PIXEL, stack=True)
    for folder, angles in (("warp_tiltseries", ORDER), *((("warp_tiltseries_first", ORDER),) if first else ())):
        good = folder == "warp_tiltseries"
        lab.text(f"{folder}/{name}.xml", xml(angles, "True" if good else "False"))
        if name == "Pos_2":
            continue
        raw = s.stack(SORTED, (72, 80))
        raw = raw if good else raw + 1
        d = f"{folder}/tiltstack/{name}/{name}"
        if good:
            lab.tilts(name, d + ".st", raw, PIXEL, SORTED)
        else:
            lab.junk("a stack of the first try, with the wrong pixel size", d + ".st", raw, PIXEL, stack=True, header=1.35)
        lab.text(d + ".rawtlt", lines(SORTED))
        lab.text(d + ".st.aln", aln((80, 72), SORTED, folder, name))
        R = f"{folder}/reconstruction"
        if good:
            lab.tomogram(name, f"{R}/{name}_12.80Apx.mrc", s.volume(SHAPE, V), V)
            lab.tomogram(name, f"{R}/deconv/{name}_12.80Apx.mrc", (s.density(SHAPE, V) * 1.3).astype("f4"), V, ("filtered",), may=True)
        else:
            lab.junk("a tomogram of the first try", f"{R}/{name}_12.80Apx.mrc", s.volume(SHAPE, V, 1.1, "first")[::-1], V)
        for h in ("even", "odd"):
            if good:
                lab.half(name, f"{R}/{h}/{name}_12.80Apx.mrc", s.volume(SHAPE, V, 1.5, h), V)
            else:
                lab.junk("half of a tomogram of the first try", f"{R}/{h}/{name}_12.80Apx.mrc", s.volume(SHAPE, V, 1.5, "first " + h)[::-1], V)
        lab.picture(f"{R}/{name}_12.80Apx.png")
    for xyz, cls in ((ribo, 1), (junk, 2)):
        for p in xyz:
            shift = np.round(r.normal(0, 4, 3), 2)  # refined: position = coordinate - origin
            matching.append((f"{name}.tomostar", *(p / EXPORT)))
            classed.append((name, cls, p + shift, shift))
            everything.append((name, cls, *(p / PIXEL)))
            if cls == 1:
                refined.append((name, p + shift, shift))
    if k:
        lab.points(name, "relion/Refine3D/job011/run_data.star", "ribosome", ribo, V, also=["relion/Select/job008/particles.star", "relion/Refine3D/job011/run_it003_data.star", "m/species/ribosome_5d1f83aa/ribosome_particles.star", "relion/Extract/job010/particles.star"])
        both = np.concatenate([ribo, junk])
        if bad:
            lab.points(name, "relion/matching.star", "ribosome, before the classes", both, V, also=["relion/Class3D/job006/run_it025_data.star", "tables/all_particles.star"], may=True)
    # nextPYP
    if pyp:
        P = "nextpyp/tomo-preprocessing-fqK2vY1xGJ9aCwYn"
        turned = lambda v: np.ascontiguousarray(v.transpose(1, 0, 2))  # depth along y
        lab.tilts(name, f"{P}/mrc/{name}.mrc", (s.stack(SORTED, (72, 80)) + r.integers(-1, 2, (9, 72, 80))).astype(np.int16), PIXEL, SORTED)
        lab.run(name)["tiltseries"][-1]["may"] = True
        lab.tomogram(name, f"{P}/mrc/{name}.rec", turned(s.volume(SHAPE, V, 1.0, "pyp")), V, may=True)
        for h in (1, 2):
            lab.half(name, f"{P}/mrc/{name}_half{h}.rec", turned(s.volume(SHAPE, V, 1.5, f"pyp{h}")), V)
        lab.tomogram(name, f"{P}/mrc/{name}_den.rec", turned((s.density(SHAPE, V) * 0.9).astype("f4")), V, ("denoised",), may=True)
        lab.mask(name, f"{P}/mrc/{name}_seg.rec", turned(s.membrane(SHAPE)), V, may=True)
        for f in ("", "_rec", "_sides", "_2D_ctftilt"):
            lab.text(f"{P}/webp/{name}{f}.webp", b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0")
        lab.text(f"{P}/pkl/{name}.pkl", b"\x80\x04}\x94\x8c\x04mode\x94\x8c\x04tomo\x94s.")
        lab.text(f"{P}/mod/{name}.spk", imod_model([("", [spike[:, [0, 2, 1]]], "scattered")], (SHAPE[2], SHAPE[0], SHAPE[1]), V))
        lab.points(name, f"{P}/mod/{name}.spk", "spikes", spike, V, tolerance=V * 1.3, may=True, also=[f"nextpyp/tomo-picking-fdd81hTQm0fWrNZC/next/{name}.next"])
        lab.text(f"nextpyp/tomo-picking-fdd81hTQm0fWrNZC/next/{name}.next", "".join(f"{p[0] / PIXEL:.1f}\t{p[1] / PIXEL:.1f}\t{p[2] / PIXEL:.1f}\t40.0\n" for p in spike))
        lab.text(f"{P}/log/{name}.log", "2024-03-15 10:11:12 -- Starting tilt-series alignment\n")
        lab.text(f"{P}/ali/{name}.tlt", lines(SORTED))
        lab.text(f"{P}/ali/{name}.xf", xf(9, name, "pyp"))
        lab.text(f"{P}/ctf/{name}.ctf", "34000.1\n34000.1\n0.1\n")
for n, folder in (("tomo-preprocessing-fqK2vY1xGJ9aCwYn", "preprocessing"), ("tomo-picking-fdd81hTQm0fWrNZC", "picking"), ("tomo-coarse-refinement-fiEWHJe7bXSTZLEV", "refinement")):
    lab.text(f"nextpyp/{n}/.pyp_config.toml", f'data_mode = "tomo"\nscope_pixel = {PIXEL}\nscope_voltage = 300.0\ntomo_rec_binning = 8\ntomo_rec_thickness = {UNBINNED[2]}\ndata_set = "{n}"\nmicromon_block = "tomo-{folder}"\n')
    lab.text(f"nextpyp/{n}/{n}.films", "Pos_12\nPos_14\n")
    lab.text(f"nextpyp/{n}/{n}.micrographs", "Pos_12\nPos_14\n")
lab.text("nextpyp/tomo-preprocessing-fqK2vY1xGJ9aCwYn/virion_thresholds.next", "Pos_12\t0\t3\nPos_14\t0\t2\n")
lab.text("nextpyp/tomo-picking-fdd81hTQm0fWrNZC/particles.parquet", b"PAR1" + bytes(40) + b"PAR1")
lab.text("nextpyp/tomo-picking-fdd81hTQm0fWrNZC/next/good.next", "Pos_12\nPos_14\n")
(lab.root / "nextpyp/tomo-coarse-refinement-fiEWHJe7bXSTZLEV/mrc").symlink_to("../tomo-preprocessing-fqK2vY1xGJ9aCwYn/mrc", target_is_directory=True)
C = "nextpyp/tomo-coarse-refinement-fiEWHJe7bXSTZLEV/frealign"
for f in ("tomo-coarse-refinement-fiEWHJe7bXSTZLEV_r01_02", "tomo-coarse-refinement-fiEWHJe7bXSTZLEV_r01_02_half1", "tomo-coarse-refinement-fiEWHJe7bXSTZLEV_r01_02_half2"):
    lab.junk("an average", f"{C}/maps/{f}.mrc", noise(16, 16, 16), 3.2)
lab.text(f"{C}/maps/tomo-coarse-refinement-fiEWHJe7bXSTZLEV_r01_02.bz2", b"BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0")
lab.text(f"{C}/scratch/Pos_12_r01_02.cistem", bytes(64))
lab.text("tables/tilts.csv", tilts)
lab.text("tables/all_particles.star", star([("particles", {"rlnTomoName": [e[0] for e in everything], **{f"rlnCoordinate{c}": [float(e[2 + i]) for e in everything] for i, c in enumerate("XYZ")}, "rlnClassNumber": [e[1] for e in everything]})]))
# RELION 5
m = len(matching)
optics = lambda: ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnSphericalAberration": [2.7], "rlnVoltage": [300.0], "rlnTomoTiltSeriesPixelSize": [PIXEL], "rlnCtfDataAreCtfPremultiplied": [1], "rlnImageDimensionality": [2], "rlnTomoSubtomogramBinning": [2.5], "rlnImagePixelSize": [EXPORT], "rlnImageSize": [64]})
general = ("general", {"rlnTomoSubTomosAre2DStacks": 1})
centre = np.array(SIZE) / 2
lab.text("relion/matching.star", star([general, optics(), ("particles", {"rlnTomoName": [x[0] for x in matching], **{f"rlnCoordinate{c}": [float(x[1 + i]) for x in matching] for i, c in enumerate("XYZ")}, "rlnAngleRot": [1.0] * m, "rlnAngleTilt": [2.0] * m, "rlnAnglePsi": [3.0] * m,
    "rlnTomoParticleName": [f"{x[0]}/{i}" for i, x in enumerate(matching)], "rlnOpticsGroup": [1] * m, "rlnImageName": [f"../warp_tiltseries/particleseries/{x[0][:-9]}/{x[0][:-9]}_4.00A_{i:06d}.mrcs" for i, x in enumerate(matching)]})]))
tomos = [n for n, *_ in TABLE if n != "Pos_2"]
lab.text("relion/matching_tomograms.star", star([("global", {"rlnTomoName": [f"{n}.tomostar" for n in tomos], "rlnTomoTiltSeriesName": ["dummy_tiltseries.mrc"] * 3, "rlnTomoFrameCount": [9] * 3, "rlnTomoSizeX": [UNBINNED[0]] * 3, "rlnTomoSizeY": [UNBINNED[1]] * 3, "rlnTomoSizeZ": [UNBINNED[2]] * 3, "rlnTomoHand": [-1] * 3, "rlnTomoTiltSeriesPixelSize": [PIXEL] * 3})]))
lab.text("relion/matching_optimisation_set.star", "\ndata_\n\n_rlnTomoParticlesFile   matching.star\n_rlnTomoTomogramsFile   matching_tomograms.star\n")
lab.junk("a stack that only RELION wants to see", "relion/dummy_tiltseries.mrc", noise(2, 2, 2), PIXEL, stack=True)


def particles(rows, origin, cls=None):
    n = len(rows)
    c = {"rlnTomoName": [f"{x[0]}.tomostar" for x in rows], **{f"rlnCenteredCoordinate{a}Angst": [float(x[1][i] - centre[i] - (0 if origin else x[2][i])) for x in rows] for i, a in enumerate("XYZ")}, "rlnOpticsGroup": [1] * n, "rlnAngleRot": [float(i) for i in range(n)], "rlnAngleTilt": [40.0] * n, "rlnAnglePsi": [5.0] * n}
    c |= {f"rlnOrigin{a}Angst": [float(x[2][i]) if origin else 0.0 for x in rows] for i, a in enumerate("XYZ")}
    return star([general, optics(), ("particles", {**c, **({"rlnClassNumber": cls} if cls else {})})])


three = [(n, p, s) for n, _, p, s in classed]
lab.text("relion/Class3D/job006/run_it025_data.star", particles(three, True, [x[1] for x in classed]))
for i in (0, 12):
    lab.text(f"relion/Class3D/job006/run_it{i:03d}_data.star", particles(three, i > 0, [x[1] for x in classed]))
lab.text("relion/Select/job008/particles.star", particles(refined, True))
lab.text("relion/Extract/job010/particles.star", particles(refined, False))
for i in ("_it000", "_it003", ""):
    lab.text(f"relion/Refine3D/job011/run{i}_data.star", particles(refined, i != "_it000"))
for i in (1, 2):
    lab.junk("an average of a class", f"relion/Class3D/job006/run_it025_class00{i}.mrc", noise(16, 16, 16), EXPORT)
    lab.junk("half of an average", f"relion/Refine3D/job011/run_half{i}_class001_unfil.mrc", noise(16, 16, 16), EXPORT)
lab.junk("an average", "relion/Refine3D/job011/run_class001.mrc", noise(16, 16, 16), EXPORT)
lab.junk("mask of a particle", "relion/MaskCreate/job012/mask.mrc", (noise(16, 16, 16) > 0).astype("f4"), EXPORT)
lab.text("relion/Trash/Refine3D/job009/run_data.star", particles(refined[::2], True))
lab.text("relion/default_pipeline.star", star([("pipeline_processes", {"rlnPipeLineProcessName": ["Class3D/job006/", "Select/job008/", "Extract/job010/", "Refine3D/job011/"], "rlnPipeLineProcessTypeLabel": ["relion.class3d", "relion.select", "relion.pseudosubtomo", "relion.refine3d.tomo"], "rlnPipeLineProcessStatusLabel": ["Succeeded"] * 4})]))
# M
lab.text("m/copia.population", '<?xml version="1.0" encoding="utf-16"?>\n<Population Name="copia">\n  <Sources><Source Path="../warp_tiltseries/copia.source" /></Sources>\n  <Species><Species Path="species/ribosome_5d1f83aa/ribosome.species" /></Species>\n</Population>\n')
lab.text("warp_tiltseries/copia.source", '<?xml version="1.0" encoding="utf-16"?>\n<DataSource Name="copia" PixelSizeX="1.6">\n  <Files>' + "".join(f'<File Name="{n}.tomostar" />' for n in tomos) + "</Files>\n</DataSource>\n")
lab.text("m/species/ribosome_5d1f83aa/ribosome.species", '<?xml version="1.0" encoding="utf-16"?>\n<Species Name="ribosome" PixelSize="1.6" />\n')
for f in ("ribosome", "ribosome_half1", "ribosome_half2", "ribosome_filt", "mask"):
    lab.junk("map of a species", f"m/species/ribosome_5d1f83aa/{f}.mrc", noise(16, 16, 16), PIXEL)
lab.text("m/species/ribosome_5d1f83aa/ribosome_particles.star", star([("", {**{f"wrpCoordinate{c}1": [float(x[1][i] - x[2][i]) for x in refined] for i, c in enumerate("XYZ")}, "wrpAngleRot1": [1.0] * len(refined), "wrpSourceName": [f"{x[0]}.tomostar" for x in refined], "wrpSourceHash": ["3F9A"] * len(refined)})]))
# CryoBoost
B = "cryoboost_lam4"
for job in ("importmovies", "fsMotionAndCtf", "aligntiltsWarp", "tsCtf", "tsReconstruct", "templatematching", "tmextractcand"):
    lab.text(f"{B}/Schemes/warp_tomo_prep/{job}/job.star", "\n# version 30001\n\ndata_job\n\n_rlnJobTypeLabel   relion.external\n_rlnJobIsContinue   0\n\ndata_joboptions_values\n\nloop_\n_rlnJobOptionVariable #1\n_rlnJobOptionValue #2\nfn_exe   crboost_warp.py\nparam1_label   rescale_angpixs\nparam1_value   11.8\n")
lab.text(f"{B}/Schemes/warp_tomo_prep/scheme.star", "\ndata_scheme_general\n\n_rlnSchemeName   Schemes/warp_tomo_prep/\n_rlnSchemeCurrentNodeName   EXIT\n")
candidates = []
lab.gain([n for n, _ in CRYOBOOST], f"{B}/gain_lam4.mrc", size=(32, 32))
for name, k in CRYOBOOST:
    xyz = apart(name, n=k, size=CB_SIZE)
    s = Specimen(name, CB_SIZE, [xyz], radius=60)
    lab.run(name, name.removeprefix("lam4_"))
    names = [f"{name}_{i + 1:03d}[{a:.2f}]_EER.tif".replace("[", "_").replace("]", "") for i, a in enumerate(ORDER)]
    lab.movies(name, [f"{B}/frames/{f}" for f in names], size=(32, 32), pixel=CB_PIXEL)
    lab.text(f"{B}/mdoc/{name}.mdoc", mdoc(ORDER, CB_PIXEL, names, f"{name}.mrc", (64, 64), folder="D:\\lam4\\"))
    for j in ("job003", "job004", "job005"):
        lab.text(f"{B}/External/{j}/warp_tiltseries/{name}.xml", xml(ORDER, "False"))
        lab.text(f"{B}/External/{j}/tomostar/{name}.tomostar", tomostar(names, ORDER, "../../job002/warp_frameseries"))
        lab.text(f"{B}/External/{j}/tilt_series/{name}.star", star([(name, {"rlnMicrographMovieName": [f"frames/{f}" for f in names], "rlnTomoNominalStageTiltAngle": ORDER, "rlnMicrographPreExposure": [3.0 * i for i in range(9)], "rlnMicrographName": [f"External/job002/warp_frameseries/average/{f[:-4]}.mrc" for f in names], "cryoBoostKey": names})]))
    for f in names[:2]:
        for h in ("", "even/", "odd/"):
            lab.junk("average of the frames of one tilt", f"{B}/External/job002/warp_frameseries/average/{h}{f[:-4]}.mrc", noise(1, 32, 32), CB_PIXEL, stack=True)
    lab.tilts(name, f"{B}/External/job003/warp_tiltseries/tiltstack/{name}/{name}.st", s.stack(SORTED, (64, 64)), CB_V, SORTED)
    lab.text(f"{B}/External/job003/warp_tiltseries/tiltstack/{name}/{name}.rawtlt", lines(SORTED))
    lab.text(f"{B}/External/job003/warp_tiltseries/tiltstack/{name}/{name}.st.aln", aln((64, 64), SORTED, name))
    R = f"{B}/External/job005/warp_tiltseries/reconstruction"
    lab.tomogram(name, f"{R}/{name}_11.80Apx.mrc", s.volume(CB_SHAPE, CB_V), CB_V)
    lab.tomogram(name, f"{R}/deconv/{name}_11.80Apx.mrc", (s.density(CB_SHAPE, CB_V) * 1.2).astype("f4"), CB_V, ("filtered",), may=True)
    for h in ("even", "odd"):
        lab.half(name, f"{R}/{h}/{name}_11.80Apx.mrc", s.volume(CB_SHAPE, CB_V, 1.5, h), CB_V)
    lab.tomogram(name, f"{B}/External/job007/tomograms/rec_{name}.mrc", (s.density(CB_SHAPE, CB_V) * 0.9 - 0.02).astype("f4"), CB_V, ("denoised",))
    T = f"{B}/External/job008/tmResults/{name}_11.80Apx"
    lab.junk("scores of template matching", f"{T}_scores.mrc", noise(*CB_SHAPE), CB_V)
    lab.junk("angles of template matching", f"{T}_angles.mrc", noise(*CB_SHAPE), CB_V)
    lab.text(f"{T}_job.json", json.dumps({"tomogram": f"External/job005/warp_tiltseries/reconstruction/{name}_11.80Apx.mrc", "voxel_size": CB_V, "template": "templates/ribo_11.80.mrc"}))
    lab.copy(f"{T}_scores.mrc", f"{B}/External/job009/tmResults/{name}_11.80Apx_scores.mrc")
    half = np.array(CB_SIZE) / 2
    candidates += [(name, *(p - half)) for p in xyz]
    lab.text(f"{B}/External/job009/vis/imodCenter/coords_{name}.mod", imod_model([("", [xyz], "scattered")], CB_SHAPE[::-1], CB_V))
    lab.text(f"{B}/External/job009/candidatesWarp/{name}_11.80Apx.star", star([("", {**{f"rlnCoordinate{c}": [float(p[i] / CB_V) for p in xyz] for i, c in enumerate("XYZ")}, "rlnAngleRot": [1.0] * k, "rlnAngleTilt": [2.0] * k, "rlnAnglePsi": [3.0] * k, "rlnMicrographName": [f"{name}.tomostar"] * k, "rlnAutopickFigureOfMerit": [float(v) for v in np.linspace(0.4, 0.2, k)]})]))
    lab.points(name, f"{B}/External/job009/candidates.star", "ribosome", xyz, CB_V, also=[f"{B}/External/job009/candidatesWarp/{name}_11.80Apx.star", f"{B}/External/job009/vis/imodCenter/coords_{name}.mod"])
k = len(candidates)
lab.text(f"{B}/External/job009/candidates.star", star([("", {"rlnTomoName": [c[0] for c in candidates], **{f"rlnCenteredCoordinate{a}Angst": [float(c[1 + i]) for c in candidates] for i, a in enumerate("XYZ")}, "rlnAngleRot": [1.0] * k, "rlnAngleTilt": [2.0] * k, "rlnAnglePsi": [3.0] * k, "rlnLCCmax": [0.3] * k, "rlnCutOff": [0.17] * k, "rlnSearchStd": [0.02] * k, "rlnTomoTiltSeriesPixelSize": [CB_V] * k, "rlnOpticsGroup": [1] * k})]))
lab.text(f"{B}/External/job009/optimisation_set.star", star([("", {"rlnTomoParticlesFile": ["External/job009/candidates.star"], "rlnTomoTomogramsFile": ["External/job009/tomograms.star"]})]))
ts = [n for n, _ in CRYOBOOST]
rec = lambda n, h="": f"External/job005/warp_tiltseries/reconstruction/{h}{n}_11.80Apx.mrc"
table = {"rlnTomoName": ts, "rlnTomoTiltSeriesStarFile": [f"External/job005/tilt_series/{n}.star" for n in ts], "rlnVoltage": [300.0] * 2, "rlnSphericalAberration": [2.7] * 2, "rlnMicrographOriginalPixelSize": [CB_PIXEL] * 2, "rlnTomoHand": [-1.0] * 2, "rlnTomoTiltSeriesPixelSize": [CB_PIXEL] * 2, "rlnTomoSizeX": [128] * 2, "rlnTomoSizeY": [128] * 2, "rlnTomoSizeZ": [56] * 2}
lab.text(f"{B}/External/job003/aligned_tilt_series.star", star([("global", table)]))
for job in ("job005", "job009"):
    lab.text(f"{B}/External/{job}/tomograms.star", star([("global", {**table, "rlnTomoReconstructedTomogram": [rec(n) for n in ts], "rlnTomoReconstructedTomogramHalf1": [rec(n, "even/") for n in ts], "rlnTomoReconstructedTomogramHalf2": [rec(n, "odd/") for n in ts], "rlnTomoTomogramBinning": [CB_V / CB_PIXEL] * 2})]))
lab.text(f"{B}/External/job007/tomograms.star", star([("global", {**table, "rlnTomoReconstructedTomogramDenoised": [f"External/job007/tomograms/rec_{n}.mrc" for n in ts], "rlnTomoTomogramBinning": [CB_V / CB_PIXEL] * 2})]))
lab.text(f"{B}/External/job006/run.err", "CUDA out of memory\n")
lab.text(f"{B}/External/job006/RELION_JOB_EXIT_FAILURE", "")
lab.junk("a template", f"{B}/templates/ribo_11.80.mrc", noise(14, 14, 14), CB_V)
lab.done()
