#!/usr/bin/env python3
"""Two PhD students' project on a group server: PACEtomo, WarpTools 2, RELION 5 from its 2D export, M, IsoNet2, cryoCARE and MemBrain-seg.

Imitates
  https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/   (folders, settings, tomostar, tiltstack, matching, `relion/matching*.star`, `dummy_tiltseries.mrc`)
  https://github.com/warpem/warp   (ExportParticlesTiltseries.cs: columns of the 2D and 3D tables; matching's names; 16-bit MRC; M's species)
  https://relion.readthedocs.io/en/release-5.0/   (Class3D, Select, Refine3D: run_data.star, default_pipeline.star)
  https://github.com/IsoNet-cryoET/IsoNet2   (isonet.py predict: OUT/PREFIX_METHOD_ARCH_NAME OF THE FIRST HALF.mrc; headers of 1 A)
  https://github.com/juglab/cryoCARE_pip, https://github.com/teamtomo/membrain-seg, https://github.com/eisfabian/PACEtomo

Anna recorded TIFF, Warp at 9.80 A of all and 7.84 A of lamella 2; Bjoern reprocessed three of her series as tomo_01 … at 15.68 A, and has a session of his own (EER) with
the names L02_ts_001 and L02_ts_002. Notes say what is whose, which series were given up, and which table of particles is the last.
All volumes are noise of their own. The mess: an alignment that was replaced, a test with another thickness, an aborted series and one of ice, half a dozen tables of the
same particles before and after classification, averages, masks, copies for a talk, links, copies of mdocs under new names.
"""
import json

import numpy as np
import tifffile

from kit import Lab, Specimen, aln, fingerprint, dose_symmetric, imod_model, lines, mdoc, noise, places, seed, star, xf

DIMS = (240, 160, 80)  # x, y, z unbinned
A_PIX, B_PIX = 1.96, 1.53
TILTS = dose_symmetric(12, 9)  # 0, 12, -12 … as they are taken
ORDER = sorted(range(9), key=lambda i: TILTS[i])
ANGLES = [TILTS[i] for i in ORDER]
MODEL = "MemBrain_seg_v10_alpha.ckpt"

# Anna's:   name           alignment   7.84 A  picked  kept  membrane  Bjoern's name  ATPases (Bjoern)
ANNA = [("L02_ts_001", "aretomo", True,   14,     9,    True,     "tomo_01",     8),
        ("L02_ts_002", "aretomo", True,   12,     7,    True,     "tomo_02",     6),
        ("L02_ts_004", "aretomo", True,   10,     6,    False,    None,          0),
        ("L05_ts_001", "etomo",   False,  16,     11,   True,     None,          0),
        ("L05_ts_003", "etomo",   False,  11,     5,    False,    "tomo_03",     10)]
# Bjoern's own:  name     6.12 A … cryoCARE  proteasomes
BJOERN = [("L02_ts_001", True,  6), ("L02_ts_002", True, 9), ("L03_ts_001", False, 7)]

lab = Lab(__doc__, ["https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/", "https://github.com/warpem/warp", "https://relion.readthedocs.io/en/release-5.0/",
                    "https://github.com/juglab/cryoCARE_pip", "https://github.com/teamtomo/membrain-seg", "https://github.com/eisfabian/PACEtomo"])
A, R, B = "anna", "bjoern/reprocess_anna_202406", "bjoern/20240925_grid7"
volume = lambda *words, shape: noise(shape, *words).astype(np.float16)


def shape(pixel, apx):
    """As Warp: even sizes; z, y, x."""
    return tuple(int(round(n * pixel / apx / 2)) * 2 for n in DIMS[::-1])


def angstroms(pixel):
    return [n * pixel for n in DIMS]


def settings(path, pixel, data, processing, ext, gain, exposure=3.1):
    p = lambda n, v: f'  <Param Name="{n}" Value="{v}" />\n'
    s = '<?xml version="1.0" encoding="utf-16"?>\n<Settings>\n  <Import>\n' + "".join("  " + p(*x) for x in (("DataFolder", data), ("DoRecursiveSearch", "False"), ("ProcessingFolder", processing), ("Extension", ext), ("PixelSize", pixel), ("BinTimes", 0), ("GainPath", gain), ("GainFlipY", "True"), ("DosePerAngstromFrame", -exposure)))
    s += '  </Import>\n  <Tomo>\n' + "".join("  " + p(f"Dimensions{c}", n) for c, n in zip("XYZ", DIMS)) + "  </Tomo>\n</Settings>\n"
    lab.text(path, s.replace("utf-16", "utf-8"))


def frames_of(name, ext, date):
    return [f"{name}_{i + 1:03d}_{a:.1f}_{date}_{10 + (7 * int(name[1:3]) + 3 * int(name[-3:])) % 9:02d}.{4 * i + int(name[-3:]):02d}.{(31 * i + 7 * int(name[-3:])) % 60:02d}.{ext}" for i, a in enumerate(TILTS)]


def recorded(folder, mdocs, n, ext, pixel, date, hour, drive, run, upto=9):
    """PACEtomo: frames and an mdoc in the order of recording."""
    files = frames_of(n, ext, date[3:6] + date[:2])[:upto]
    lab.movies(run, [f"{folder}/{f}" for f in files])
    text = mdoc(TILTS[:upto], pixel, files, n + ".mrc", DIMS[:2], folder=drive).replace("14-Feb-23  09:", f"{date}  {hour:02d}:")
    lab.text(f"{mdocs}/{n}.mrc.mdoc", text)
    return files


def tilt_xml(path, movies, pixel, n, inverted="False"):
    rows = lambda v: "\n".join(str(x) for x in v)
    ang = " ".join(["{:.1f}"] * 3).format(*angstroms(pixel)).replace(" ", ", ")
    lab.text(path, f'<?xml version="1.0" encoding="utf-8"?>\n<TiltSeries DataDirectory="../tomostar" AreAnglesInverted="{inverted}" PlaneNormal="0, 0, 1" ImageDimensionsAngstrom="{DIMS[0] * pixel:.1f}, {DIMS[1] * pixel:.1f}" VolumeDimensionsAngstrom="{ang}" UnselectFilter="False" UnselectManual="null" CTFResolutionEstimate="8.1">\n'
             f"<Angles>{rows(ANGLES)}</Angles>\n<Dose>{rows(round(3.1 * i, 1) for i in ORDER)}</Dose>\n<UseTilt>{rows(['True'] * 9)}</UseTilt>\n<AxisAngle>{rows(['84.1'] * 9)}</AxisAngle>\n<MoviePath>{rows('../warp_frameseries/' + movies[i] for i in ORDER)}</MoviePath>\n"
             f'<OptionsCTF>\n<Param Name="PixelSizeX" Value="{pixel}" />\n<Param Name="PixelSizeY" Value="{pixel}" />\n</OptionsCTF>\n<CTF>\n<Param Name="PixelSize" Value="{pixel}" />\n<Param Name="Voltage" Value="300" />\n<Param Name="Defocus" Value="3.42" />\n</CTF>\n</TiltSeries>\n')


def warp(home, n, files, pixel, stack_apx, run, aligned, date, stack_may=False):
    """Frame series, tomostar, tiltstack and XML of one series."""
    for i, f in enumerate(files):
        base = f.rsplit(".", 1)[0]
        lab.text(f"{home}/warp_frameseries/{base}.xml", f'<?xml version="1.0" encoding="utf-8"?>\n<Movie UnselectFilter="False" UnselectManual="null" CTFResolutionEstimate="6.2" MeanFrameMovement="1.1">\n<CTF>\n<Param Name="PixelSize" Value="{pixel}" />\n<Param Name="Defocus" Value="3.4" />\n</CTF>\n</Movie>\n')
        lab.junk("average of the frames of one image", f"{home}/warp_frameseries/average/{base}.mrc", noise((1, 20, 24), home, n, "avg", i).astype(np.float16), pixel)
        if i < 2:
            for h in ("even", "odd"):
                lab.junk("average of the frames of one image", f"{home}/warp_frameseries/average/{h}/{base}.mrc", noise((1, 20, 24), home, n, h, i).astype(np.float16), pixel)
            lab.junk("power spectrum", f"{home}/warp_frameseries/powerspectrum/{base}.mrc", noise((1, 12, 24), home, n, "ps", i).astype(np.float16), pixel)
            lab.picture(f"{home}/warp_frameseries/thumbnails/{base}.png")
    cols = {"wrpMovieName": [f"../warp_frameseries/{files[i]}" for i in ORDER], "wrpAngleTilt": ANGLES, "wrpAxisAngle": [84.1] * 9, "wrpDose": [round(3.1 * i, 2) for i in ORDER], "wrpAverageIntensity": [3.9] * 9, "wrpMaskedFraction": [0.0] * 9}
    lab.text(f"{home}/tomostar/{n}.tomostar", star([("", cols)]))
    tilt_xml(f"{home}/warp_tiltseries/{n}.xml", files, pixel, n)
    d = f"{home}/warp_tiltseries/tiltstack/{n}/{n}"
    size = tuple(int(round(x * pixel / stack_apx / 2)) * 2 for x in DIMS[1::-1])
    lab.tilts(run, d + ".st", noise((9, *size), home, n, "stack"), stack_apx, ANGLES)
    if stack_may:
        lab.run(run)["tiltseries"][-1]["may"] = True
    lab.text(d + ".rawtlt", lines(ANGLES))
    if aligned == "aretomo":
        lab.text(d + ".st.aln", aln(size[::-1], [a - 0.7 for a in ANGLES], home, n).replace("-85.3000", " 84.1000"))
        lab.text(d + ".xf", xf(9, home, n)); lab.text(d + ".tlt", lines([a - 0.7 for a in ANGLES]))
        lab.junk("aligned stack", d + "_aligned.mrc", noise((9, *size), home, n, "ali"), stack_apx, stack=True)
    if aligned == "etomo":
        lab.text(d + ".edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={stack_apx / 10}\n")
        lab.text(d + ".xf", xf(9, home, n)); lab.text(d + ".tlt", lines([a + 0.2 for a in ANGLES]))
        lab.text(d.rsplit("/", 1)[0] + "/align.com", f"$tiltalign -StandardInput\nModelFile {n}.fid\nImageFile {n}.preali\nImagesAreBinned 1\nOutputTransformFile {n}.tltxf\n")
        gold = places(home, n, "patch", n=5, size=(size[1] * stack_apx, size[0] * stack_apx, 9 * stack_apx))
        lab.text(d + ".fid", imod_model([("patches", [[p] for p in gold], "scattered")], (*size[::-1], 9), stack_apx))
        lab.never("tracked patches on the images of a series", d + ".fid")
        if n == "L05_ts_001":
            lab.junk("aligned stack", d + ".preali", noise((9, *size), home, n, "preali"), stack_apx, stack=True)


def reconstructed(home, n, pixel, apx, run, halves=False, deconv=False, may=False):
    r = f"{home}/warp_tiltseries/reconstruction"
    f = f"{n}_{apx:.2f}Apx"
    lab.tomogram(run, f"{r}/{f}.mrc", volume(home, n, apx, shape=shape(pixel, apx)), apx, may=may)
    lab.picture(f"{r}/{f}.png")
    if halves:
        for h in ("even", "odd"):
            lab.half(run, f"{r}/{h}/{f}.mrc", volume(home, n, apx, h, shape=shape(pixel, apx)), apx)
    if deconv:
        lab.tomogram(run, f"{r}/deconv/{f}.mrc", volume(home, n, apx, "deconv", shape=shape(pixel, apx)), apx, ("filtered",), may=True)


def matched(home, n, pixel, apx, template, every, k):
    """Normalized places of all peaks and of those above the threshold."""
    m, f = f"{home}/warp_tiltseries/matching", f"{n}_{apx:.2f}Apx_{template}"
    lab.junk("scores of template matching", f"{m}/{f}_corr.mrc", volume(home, n, template, "corr", shape=shape(pixel, apx)), apx)
    lab.text(f"{m}/{f}_angleid.tif", b"")
    tifffile.imwrite(lab.root / f"{m}/{f}_angleid.tif", seed(home, n, "angleid").integers(0, 60, shape(pixel, apx)).astype(np.float32), compression="zlib", metadata=None)
    lab.never("orientations of template matching", f"{m}/{f}_angleid.tif")
    for suffix, count in (("", len(every)), ("_clean", k)):
        xyz = every[:count] / (np.array(DIMS) * pixel)
        c = {f"rlnCoordinate{a}": [float(f"{v:.6f}") for v in xyz[:, i]] for i, a in enumerate("XYZ")} | angles(count)
        c = {key: [f"{v:.6f}" for v in val] if key.startswith("rlnCoord") else val for key, val in c.items()}
        c |= {"rlnMicrographName": [f"{n}.tomostar"] * count, "rlnAutopickFigureOfMerit": [9.1 - 0.2 * i for i in range(count)]}
        lab.text(f"{m}/{f}{suffix}.star", star([("", c)]))
    lab.never("all peaks of template matching", f"{m}/{f}.star")


def angles(k, turn=0):
    return {f"rlnAngle{a}": [float((37 * (i + 3) + 11 * j + turn) % 170) for i in range(k)] for j, a in enumerate(("Rot", "Tilt", "Psi"))}


def particles2d(path, rows, pixel, out, series_dir, moved=None, classes=None, extra=False):
    """RELION 5's table of 2D stacks as Warp exports it; rows (series, xyz at picking, index); coordinates in pixels of the exported images, xyz = coordinate · pixel - origin."""
    names = sorted({r[0] for r in rows})
    n = len(rows)
    xyz = np.array([r[1] for r in rows])
    o = np.zeros((n, 3)) if moved is None else xyz - moved
    optics = {"rlnOpticsGroup": list(range(1, len(names) + 1)), "rlnOpticsGroupName": [f"opticsGroup{i + 1}" for i in range(len(names))], "rlnSphericalAberration": [2.7] * len(names), "rlnVoltage": [300.0] * len(names), "rlnTomoTiltSeriesPixelSize": [pixel] * len(names),
              "rlnCtfDataAreCtfPremultiplied": [1] * len(names), "rlnImageDimensionality": [2] * len(names), "rlnTomoSubtomogramBinning": [out / pixel] * len(names), "rlnImagePixelSize": [out] * len(names), "rlnImageSize": [16] * len(names), "rlnAmplitudeContrast": [0.07] * len(names)}
    c = {"rlnTomoName": [f"{r[0]}.tomostar" for r in rows], "rlnTomoParticleId": [r[2] + 1 for r in rows]}
    c |= {f"rlnCoordinate{a}": [float(v) for v in xyz[:, i] / out] for i, a in enumerate("XYZ")} | angles(n, 5 if extra else 0)
    c |= {"rlnTomoParticleName": [f"{r[0]}/{r[2] + 1}" for r in rows], "rlnOpticsGroup": [names.index(r[0]) + 1 for r in rows], "rlnImageName": [f"{series_dir}/{r[0]}/{r[0]}_{out:.2f}A_{r[2] + 1:06d}.mrcs" for r in rows]}
    c |= {f"rlnOrigin{a}Angst": [float(v) for v in o[:, i]] for i, a in enumerate("XYZ")} | {"rlnTomoVisibleFrames": ["[" + ",".join("1" * 9) + "]"] * n}
    if classes:
        c |= {"rlnClassNumber": classes}
    if extra:
        c |= {"rlnGroupNumber": [1] * n, "rlnNormCorrection": [1.0] * n, "rlnLogLikeliContribution": [38000.5] * n, "rlnMaxValueProbDistribution": [0.31] * n, "rlnRandomSubset": [i % 2 + 1 for i in range(n)]}
    head = "# version 50001\n" if extra else ""
    lab.text(path, head + star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", optics), ("particles", c)]))


def exported(home, name, series, pixel, out):
    """What lies beside the table: tomograms, set, dummy."""
    r = f"{home}/relion"
    g = {"rlnTomoName": [f"{n}.tomostar" for n in series], "rlnTomoTiltSeriesName": ["dummy_tiltseries.mrc"] * len(series), "rlnTomoFrameCount": [9] * len(series)} | {f"rlnTomoSize{c}": [d] * len(series) for c, d in zip("XYZ", DIMS)}
    g |= {"rlnTomoHand": [-1.0] * len(series), "rlnOpticsGroupName": [f"opticsGroup{i + 1}" for i in range(len(series))], "rlnTomoTiltSeriesPixelSize": [pixel] * len(series), "rlnVoltage": [300.0] * len(series), "rlnSphericalAberration": [2.7] * len(series), "rlnAmplitudeContrast": [0.07] * len(series), "rlnTomoImportFractionalDose": [3.1] * len(series)}
    t = lambda: {"rlnTomoProjX": ["[1,0,0,0]"] * 9, "rlnTomoProjY": ["[0,1,0,0]"] * 9, "rlnTomoProjZ": ["[0,0,1,0]"] * 9, "rlnTomoProjW": ["[0,0,0,1]"] * 9, "rlnDefocusU": [34100.0] * 9, "rlnDefocusV": [33900.0] * 9, "rlnDefocusAngle": [12.0] * 9, "rlnCtfScalefactor": [float(np.cos(np.radians(a))) for a in ANGLES], "rlnMicrographPreExposure": [3.1 * i for i in ORDER]}
    lab.text(f"{r}/{name}_tomograms.star", star([("global", g)] + [(f"{n}.tomostar", t()) for n in series]))
    lab.text(f"{r}/{name}_optimisation_set.star", star([("", {"rlnTomoParticlesFile": f"{name}.star", "rlnTomoTomogramsFile": f"{name}_tomograms.star"})]))
    lab.junk("Warp's dummy for RELION", f"{r}/dummy_tiltseries.mrc", np.zeros((2, 2, 2), np.float16) + (0 if home == A else 0), 1.0)
    for n in series:
        for i in (1, 2):
            lab.junk("images of one particle", f"{home}/warp_tiltseries/particleseries/{n}/{n}_{out:.2f}A_{i:06d}.mrcs", noise((9, 16, 16), home, n, "particle", i).astype(np.float16), out, stack=True)
        lab.junk("mean images of particles", f"{home}/warp_tiltseries/particleseries/{n}/{n}_{out:.2f}A_average.mrcs", noise((9, 16, 16), home, n, "mean").astype(np.float16), out, stack=True)


def relion_maps(folder, out, names, kind="average of particles"):
    for f in names:
        lab.junk(kind, f"{folder}/{f}.mrc", noise((16, 16, 16), folder, f), out)


def scored(folder, f, n, run, shp, apx, header=None):
    s = Specimen(folder + n, [x * apx for x in shp[::-1]])
    lab.mask(run, f"{folder}/{f}_{MODEL}_segmented.mrc", s.membrane(shp), apx, header=header)
    if n != "L02_ts_001":
        lab.junk("scores, not cut at a threshold", f"{folder}/{f}_{MODEL}_scores.mrc", noise(shp, folder, n, "scores"), apx, header=header)


# ---- Anna ----
DA, RAW_A = "11-Jun-24", f"{A}/raw_20240611_krios2"
settings(f"{A}/warp_frameseries.settings", A_PIX, "raw_20240611_krios2/frames", "warp_frameseries", "*.tif", "raw_20240611_krios2/CountRef_L02_ts_001_001_0.0.mrc")
settings(f"{A}/warp_tiltseries.settings", A_PIX, "tomostar", "warp_tiltseries", "*.tomostar", "raw_20240611_krios2/CountRef_L02_ts_001_001_0.0.mrc")
every, kept, movies, iso = [], [], {}, []
for i, (n, how, fine, picked, keep, membrane, *_) in enumerate(ANNA):
    lab.run(n)
    movies[n] = recorded(f"{RAW_A}/frames", f"{RAW_A}/mdocs", n, "tif", A_PIX, DA, 9 + i, "D:\\DATA\\anna\\20240611\\frames\\", n)
    warp(A, n, movies[n], A_PIX, 9.8, n, how, DA)
    reconstructed(A, n, A_PIX, 9.8, n, halves=True, deconv=True)
    if fine:
        reconstructed(A, n, A_PIX, 7.84, n)
    f = f"{n}_9.80Apx"
    lab.tomogram(n, f"{A}/isonet2/corrected_tomos/_isonet2-n2n_unet-medium_{f}.mrc", noise(shape(A_PIX, 9.8), A, n, "isonet"), 9.8, ("denoised", "filtered"), header=1)
    lab.junk("where IsoNet trains: no segmentation", f"{A}/isonet2/mask/{f}_mask.mrc", Specimen(n + "train", angstroms(A_PIX)).membrane(shape(A_PIX, 9.8)), 9.8, header=1)
    iso.append((i + 1, "None", f"../warp_tiltseries/reconstruction/even/{f}.mrc", f"../warp_tiltseries/reconstruction/odd/{f}.mrc", 9.8, 34200.0, f"mask/{f}_mask.mrc", f"corrected_tomos/_isonet2-n2n_unet-medium_{f}.mrc"))
    if membrane:
        scored(f"{A}/membrain", f"_isonet2-n2n_unet-medium_{f}", n, n, shape(A_PIX, 9.8), 9.8)
    peaks = places(n, "80S", n=picked + 9, size=angstroms(A_PIX))
    matched(A, n, A_PIX, 9.8, "emd_3228", peaks, picked)
    lab.never("picks before the classification", f"{A}/warp_tiltseries/matching/{n}_9.80Apx_emd_3228_clean.star")
    every += [(n, peaks[j], j) for j in range(picked)]
    kept += [(n, peaks[j], j) for j in range(picked) if j % picked < keep]
columns = ("rlnIndex", "rlnTomoName", "rlnTomoReconstructedTomogramHalf1", "rlnTomoReconstructedTomogramHalf2", "rlnPixelSize", "rlnDefocus", "rlnMaskName", "rlnCorrectedTomoName")
lab.text(f"{A}/isonet2/tomograms.star", star([("", dict(zip(columns, zip(*iso))))]))
names = [n for n, *_ in ANNA]
first = np.array([r[1] for r in every]) + seed("refined 2").normal(0, 1.2, (len(every), 3))
last = np.array([r[1] for r in kept]) + seed("refined 6").normal(0, 1.5, (len(kept), 3))
RE, PS = f"{A}/relion", "../warp_tiltseries/particleseries"
particles2d(f"{RE}/matching.star", every, A_PIX, 4.9, PS)
exported(A, "matching", names, A_PIX, 4.9)
is_kept = {(r[0], r[2]) for r in kept}
classes = [1 if (r[0], r[2]) in is_kept else 2 + j % 2 for j, r in enumerate(every)]
particles2d(f"{RE}/Refine3D/job002/run_it007_data.star", every, A_PIX, 4.9, PS, first + 1, extra=True)
particles2d(f"{RE}/Refine3D/job002/run_data.star", every, A_PIX, 4.9, PS, first, extra=True)
particles2d(f"{RE}/Class3D/job003/run_it024_data.star", every, A_PIX, 4.9, PS, first, classes, True)
particles2d(f"{RE}/Class3D/job003/run_it025_data.star", every, A_PIX, 4.9, PS, first, classes, True)
chosen = np.array([x for x, c in zip(first, classes) if c == 1])
particles2d(f"{RE}/Select/job004/particles.star", kept, A_PIX, 4.9, PS, chosen, [1] * len(kept), True)
particles2d(f"{RE}/Refine3D/job006/run_data.star", kept, A_PIX, 4.9, PS, last, [1] * len(kept), True)
for j, t in (("Refine3D/job002", "refine3d"), ("Class3D/job003", "class3d"), ("Select/job004", "select"), ("Refine3D/job006", "refine3d")):
    ios = "matching_optimisation_set.star" if j[-1] in "23" else "Select/job004/optimisation_set.star" if j[-1] == "6" else "Class3D/job003/run_it025_optimisation_set.star"
    lab.text(f"{RE}/{j}/job.star", f"# version 50001\n\ndata_job\n\n_rlnJobTypeLabel             relion.{t}.tomo\n_rlnJobIsContinue                       0\n_rlnJobIsTomo                           1\n\n\ndata_joboptions_values\n\nloop_\n_rlnJobOptionVariable #1\n_rlnJobOptionValue #2\nin_optimisation {ios}\n")
    lab.text(f"{RE}/{j}/RELION_JOB_EXIT_SUCCESS", ""); lab.text(f"{RE}/{j}/run.out", f" + input {ios}\n"); lab.text(f"{RE}/{j}/run.err", "")
for path, p in (("Refine3D/job002/run_optimisation_set.star", "Refine3D/job002/run_data.star"), ("Class3D/job003/run_it025_optimisation_set.star", "Class3D/job003/run_it025_data.star"), ("Select/job004/optimisation_set.star", "Select/job004/particles.star"), ("Refine3D/job006/run_optimisation_set.star", "Refine3D/job006/run_data.star")):
    lab.text(f"{RE}/{path}", star([("", {"rlnTomoParticlesFile": p, "rlnTomoTomogramsFile": "matching_tomograms.star"})]))
lab.text(f"{RE}/default_pipeline.star", "\n# version 50001\n" + star([("pipeline_general", {"rlnPipeLineJobCounter": 8})]) + star([
    ("pipeline_processes", {"rlnPipeLineProcessName": ["Refine3D/job002/", "Class3D/job003/", "Select/job004/", "MaskCreate/job005/", "Refine3D/job006/", "PostProcess/job007/"], "rlnPipeLineProcessAlias": ["None"] * 6, "rlnPipeLineProcessTypeLabel": ["relion.refine3d.tomo", "relion.class3d.tomo", "relion.select.interactive", "relion.maskcreate", "relion.refine3d.tomo", "relion.postprocess"], "rlnPipeLineProcessStatusLabel": ["Succeeded"] * 6}),
    ("pipeline_input_edges", {"rlnPipeLineEdgeFromNode": ["Refine3D/job002/run_optimisation_set.star", "Class3D/job003/run_it025_optimisation_set.star", "Select/job004/optimisation_set.star"], "rlnPipeLineEdgeProcess": ["Class3D/job003/", "Select/job004/", "Refine3D/job006/"]})]))
relion_maps(f"{RE}/Refine3D/job002", 4.9, ["run_class001", "run_half1_class001_unfil", "run_half2_class001_unfil"])
relion_maps(f"{RE}/Class3D/job003", 4.9, ["run_it025_class001", "run_it025_class002", "run_it025_class003"])
relion_maps(f"{RE}/Refine3D/job006", 4.9, ["run_class001", "run_half1_class001_unfil", "run_half2_class001_unfil"])
lab.junk("mask of an average", f"{RE}/MaskCreate/job005/mask.mrc", np.clip(noise((16, 16, 16), "mask"), 0, 1), 4.9)
relion_maps(f"{RE}/PostProcess/job007", 4.9, ["postprocess", "postprocess_masked"])
relion_maps(RE, 4.9, ["emd_3228_4.9A_lp60"], "template")
relion_maps(f"{A}/warp_tiltseries/template", 9.8, ["emd_3228", "emd_3228_flipx"], "template")

# M moves them a little once more
final = last + seed("M").normal(0, 0.6, last.shape)
SP = f"{A}/m/species/ribo80S_4f1c22ab"
c = {f"wrpCoordinate{a}1": [float(v) for v in final[:, i]] for i, a in enumerate("XYZ")} | {f"wrp{k[3:]}1": v for k, v in angles(len(kept), 9).items()}
c |= {"wrpRandomSubset": [i % 2 + 1 for i in range(len(kept))], "wrpSourceName": [f"{r[0]}.tomostar" for r in kept], "wrpSourceHash": [f"{seed(r[0], 'hash').integers(1 << 60):016X}" for r in kept]}
lab.text(f"{SP}/ribo80S_particles.star", star([("", c)]))
relion_maps(SP, 1.96, [f"ribo80S_{s}" for s in ("half1", "half2", "filt", "filtsharp", "denoised")])
lab.junk("mask of an average", f"{SP}/ribo80S_mask.mrc", (noise((16, 16, 16), "m mask") > 0).astype(np.float32), 1.96)
lab.text(f"{SP}/ribo80S.species", '<?xml version="1.0" encoding="utf-8"?>\n<Species Name="ribo80S" GUID="4f1c22ab-0000-4000-8000-000000000001" Version="2b1f">\n<Param Name="PixelSize" Value="1.96" />\n<Param Name="Size" Value="16" />\n<Param Name="DiameterAngstrom" Value="300" />\n<Param Name="TemporalResolutionMovement" Value="1" />\n</Species>\n')
lab.text(f"{A}/m/ribo.population", '<?xml version="1.0" encoding="utf-8"?>\n<Population Name="ribo">\n<Species>\n<Species GUID="4f1c22ab-0000-4000-8000-000000000001" Path="species/ribo80S_4f1c22ab/ribo80S.species" />\n</Species>\n<Sources>\n<Source GUID="11aa22bb-0000-4000-8000-000000000002" Path="../warp_tiltseries/20240611.source" />\n</Sources>\n</Population>\n')
lab.text(f"{A}/warp_tiltseries/20240611.source", '<?xml version="1.0" encoding="utf-8"?>\n<DataSource Name="20240611" GUID="11aa22bb-0000-4000-8000-000000000002" Version="1">\n<Param Name="PixelSizeX" Value="1.96" />\n<Files>\n' + "".join(f'<File Name="{n}.tomostar" Hash="{seed(n, "hash").integers(1 << 60):016X}" />\n' for n in names) + "</Files>\n</DataSource>\n")
for n in names:
    mine = [j for j, r in enumerate(kept) if r[0] == n]
    lab.points(n, f"{SP}/ribo80S_particles.star", "80S ribosome", final[mine], 9.8, also=[f"{RE}/Refine3D/job006/run_data.star", f"{RE}/Select/job004/particles.star"])
lab.never("particles before the classification", f"{RE}/matching.star", f"{RE}/Refine3D/job002/run_data.star", f"{RE}/Refine3D/job002/run_it007_data.star", f"{RE}/Class3D/job003/run_it024_data.star", f"{RE}/Class3D/job003/run_it025_data.star")

# not processed yet, aborted, bad
lab.run("L05_ts_004")
recorded(f"{RAW_A}/frames", f"{RAW_A}/mdocs", "L05_ts_004", "tif", A_PIX, DA, 17, "D:\\DATA\\anna\\20240611\\frames\\", "L05_ts_004")
aborted = recorded(f"{RAW_A}/frames", f"{RAW_A}/mdocs", "L02_ts_003", "tif", A_PIX, DA, 15, "D:\\DATA\\anna\\20240611\\frames\\", None, upto=3)
lab.never("a series that was aborted after three tilts", *[f"{RAW_A}/frames/{f}" for f in aborted])
lab.run("L05_ts_002")  # ice: frames deleted
bad = frames_of("L05_ts_002", "tif", "Jun11")
lab.text(f"{RAW_A}/mdocs/L05_ts_002.mrc.mdoc", mdoc(TILTS, A_PIX, bad, "L05_ts_002.mrc", DIMS[:2], folder="D:\\DATA\\anna\\20240611\\frames\\").replace("14-Feb-23  09:", f"{DA}  16:"))
warp(A, "L05_ts_002", bad, A_PIX, 9.8, "L05_ts_002", "aretomo", DA, stack_may=True)
reconstructed(A, "L05_ts_002", A_PIX, 9.8, "L05_ts_002", may=True)
lab.gain([*names, "L05_ts_004"], f"{RAW_A}/CountRef_L02_ts_001_001_0.0.mrc")
lab.text(f"{RAW_A}/L02_tgts.txt", "_set numTargets = 4\n_tgt = 001\ntsfile = L02_ts_001.mrc\n_tgt = 002\ntsfile = L02_ts_002.mrc\n_tgt = 003\ntsfile = L02_ts_003.mrc\n_tgt = 004\ntsfile = L02_ts_004.mrc\n")

# ---- Bjoern: three of Anna's series once more ----
settings(f"{R}/warp_tiltseries.settings", A_PIX, "tomostar", "warp_tiltseries", "*.tomostar", "../../anna/raw_20240611_krios2/CountRef_L02_ts_001_001_0.0.mrc")
settings(f"{R}/warp_frameseries.settings", A_PIX, "frames", "warp_frameseries", "*.tif", "../../anna/raw_20240611_krios2/CountRef_L02_ts_001_001_0.0.mrc")
(lab.root / R).mkdir(parents=True, exist_ok=True)
(lab.root / R / "frames").symlink_to("../../anna/raw_20240611_krios2/frames")
rows3 = {k: [] for k in ("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnMicrographName", "rlnMagnification", "rlnDetectorPixelSize", "rlnCtfMaxResolution", "rlnImageName", "rlnCtfImage", "rlnPixelSize", "rlnVoltage", "rlnSphericalAberration")}
for n, how, fine, picked, keep, membrane, b, atp in ANNA:
    if not b:
        continue
    lab.text(f"{R}/mdocs/{b}.mdoc", (lab.root / f"{RAW_A}/mdocs/{n}.mrc.mdoc").read_bytes())
    warp(R, b, movies[n], A_PIX, 15.68, n, "aretomo", DA, stack_may=True)
    reconstructed(R, b, A_PIX, 15.68, n)
    peaks = places(n, "ATP", n=atp + 7, size=angstroms(A_PIX))
    matched(R, b, A_PIX, 15.68, "emd_4806", peaks, atp)
    scored(f"{R}/membrain", f"{b}_15.68Apx", b, n, shape(A_PIX, 15.68), 15.68)
    for j in range(atp):
        stem = f"../warp_tiltseries/subtomo/{b}/{b}_{j:07d}"
        a = angles(atp)
        row = (*[float(v) for v in peaks[j] / 5.88], *[a[f"rlnAngle{x}"][j] for x in ("Rot", "Tilt", "Psi")], f"{b}.tomostar", "10000.0", 5.88, 8.1, stem + "_5.88A.mrc", stem + "_ctf_5.88A.mrc", 5.88, 300.0, 2.7)
        for k, v in zip(rows3, row):
            rows3[k].append(v)
    for j in range(2):
        lab.junk("one particle", f"{R}/warp_tiltseries/subtomo/{b}/{b}_{j:07d}_5.88A.mrc", noise((16, 16, 16), b, j).astype(np.float16), 5.88)
        lab.junk("CTF of one particle", f"{R}/warp_tiltseries/subtomo/{b}/{b}_{j:07d}_ctf_5.88A.mrc", noise((16, 16, 9), b, "ctf", j).astype(np.float16), 5.88)
    lab.points(n, f"{R}/relion/ATPsynthase_bin3.star", "ATP synthase", peaks[:atp], 15.68, also=[f"{R}/warp_tiltseries/matching/{b}_15.68Apx_emd_4806_clean.star"])
lab.text(f"{R}/relion/ATPsynthase_bin3.star", star([("", rows3)]))
relion_maps(f"{R}/warp_tiltseries/template", 15.68, ["emd_4806"], "template")
lab.text(f"{R}/rename.csv", "new,original (anna),lamella\n" + "".join(f"{b},{n},{n[:3]}\n" for n, *_, b, _ in ANNA if b))

# ---- Bjoern's own session ----
DB, mine_b = "25-Sep-24", {}
settings(f"{B}/warp_frameseries.settings", B_PIX, "frames", "warp_frameseries", "*.eer", "20240925_150211_EER_GainReference.gain")
settings(f"{B}/warp_tiltseries.settings", B_PIX, "tomostar", "warp_tiltseries", "*.tomostar", "20240925_150211_EER_GainReference.gain")
rows, cc = [], []
for i, (n, denoised, prot) in enumerate(BJOERN):
    run = f"grid7_{n}"
    lab.run(run, n, f"20240925_grid7_{n}", f"bjoern_{n}", f"bjoern_20240925_grid7_{n}")
    files = recorded(f"{B}/frames", f"{B}/mdocs", n, "eer", B_PIX, DB, 10 + i, "D:\\DATA\\bjoern\\grid7\\", run)
    warp(B, n, files, B_PIX, 12.24, run, "aretomo", DB)
    reconstructed(B, n, B_PIX, 12.24, run, halves=True)
    if n == "L02_ts_002":
        reconstructed(B, n, B_PIX, 7.65, run)
    if denoised:
        lab.tomogram(run, f"{B}/cryocare/denoised/{n}_12.24Apx.mrc", noise(shape(B_PIX, 12.24), B, n, "care"), 12.24, ("denoised",))
        cc.append(f"{n}_12.24Apx.mrc")
    peaks = places(B, n, "26S", n=prot + 8, size=angstroms(B_PIX))
    matched(B, n, B_PIX, 12.24, "emd_3932", peaks, prot)
    rows += [(n, peaks[j], j) for j in range(prot)]
moved = np.array([r[1] for r in rows]) + seed("26S").normal(0, 1.2, (len(rows), 3))
particles2d(f"{B}/relion/matching.star", rows, B_PIX, 6.12, PS)
exported(B, "matching", [n for n, *_ in BJOERN], B_PIX, 6.12)
particles2d(f"{B}/relion/Refine3D/job001/run_data.star", rows, B_PIX, 6.12, PS, moved, [1] * len(rows), True)
lab.text(f"{B}/relion/Refine3D/job001/run_optimisation_set.star", star([("", {"rlnTomoParticlesFile": "Refine3D/job001/run_data.star", "rlnTomoTomogramsFile": "matching_tomograms.star"})]))
relion_maps(f"{B}/relion/Refine3D/job001", 6.12, ["run_class001", "run_half1_class001_unfil", "run_half2_class001_unfil"])
relion_maps(f"{B}/warp_tiltseries/template", 12.24, ["emd_3932"], "template")
for n, *_ in BJOERN:
    lab.points(f"grid7_{n}", f"{B}/relion/Refine3D/job001/run_data.star", "26S proteasome", moved[[j for j, r in enumerate(rows) if r[0] == n]], 12.24, also=[f"{B}/relion/matching.star", f"{B}/warp_tiltseries/matching/{n}_12.24Apx_emd_3932_clean.star"])
for name, extra in (("train_data_config", {"patch_shape": [72, 72, 72]}), ("predict_config", {"path": "model.tar.gz", "output": "denoised"})):
    lab.text(f"{B}/cryocare/{name}.json", json.dumps({"even": [f"../warp_tiltseries/reconstruction/even/{f}" for f in cc], "odd": [f"../warp_tiltseries/reconstruction/odd/{f}" for f in cc]} | extra, indent=1))
# one that cannot be aligned: frames deleted
failed = frames_of("L03_ts_002", "eer", "Sep25")
lab.run("grid7_L03_ts_002", "L03_ts_002")
lab.text(f"{B}/mdocs/L03_ts_002.mrc.mdoc", mdoc(TILTS, B_PIX, failed, "L03_ts_002.mrc", DIMS[:2], folder="D:\\DATA\\bjoern\\grid7\\").replace("14-Feb-23  09:", f"{DB}  14:"))
warp(B, "L03_ts_002", failed, B_PIX, 12.24, "grid7_L03_ts_002", None, DB, stack_may=True)
lab.gain([f"grid7_{n}" for n, *_ in BJOERN], f"{B}/20240925_150211_EER_GainReference.gain")

# ---- the mess ----
for n in ("L02_ts_001", "L02_ts_002"):  # the first alignment
    lab.junk("an alignment that was replaced", f"{A}/old/warp_tiltseries_etomo_patches/reconstruction/{n}_9.80Apx.mrc", volume("old", n, shape=shape(A_PIX, 9.8)), 9.8)
    tilt_xml(f"{A}/old/warp_tiltseries_etomo_patches/{n}.xml", movies[n], A_PIX, n)
lab.junk("a test with too small a thickness", f"{A}/test/reconstruction/L02_ts_001_20.00Apx.mrc", volume("test", shape=(4, 16, 24)), 20.0)
lab.copy(f"{A}/warp_tiltseries/reconstruction/L02_ts_001_9.80Apx.mrc", f"{A}/figures/talk_emblab/L02_ts_001.mrc")
lab.copy(f"{A}/membrain/_isonet2-n2n_unet-medium_L02_ts_002_9.80Apx_{MODEL}_segmented.mrc", f"{A}/figures/fig2/L02_ts_002_membranes.mrc")
lab.junk("a crop for a figure", f"{A}/figures/fig2/L02_ts_002_crop.mrc", noise((10, 20, 24), "crop"), 9.8)
for f in ("fig2/fig2a.png", "fig2/fig2b.tif", "talk_emblab/L02_ts_001_slice.png", "ribo_fsc.png"):
    lab.picture(f"{A}/figures/{f}")
lab.copy(f"{R}/warp_tiltseries/reconstruction/tomo_01_15.68Apx.mrc", f"bjoern/for_anna/tomo_01_15.68Apx.mrc")
lab.copy(f"{A}/relion/PostProcess/job007/postprocess.mrc", "for_EMDB/ribo80S_postprocess.mrc")
(lab.root / "bjoern" / "scratch").symlink_to("/scratch/bjoern")
(lab.root / A / "tomograms_latest").symlink_to("warp_tiltseries/reconstruction")
lab.text(f"{A}/old/warp_tiltseries.settings.bak", "<Settings />\n")
lab.text(f"{A}/tilt_series_list.csv", "tilt series,lamella,quality,use,comment\n" + "".join(f"{n},{n[:3]},{5 - i % 3},yes,{'aretomo' if h == 'aretomo' else 'etomo patches, imported'}\n" for i, (n, h, *_) in enumerate(ANNA))
         + "L02_ts_003,L02,0,no,aborted at -12: lost the target. not used\nL05_ts_002,L05,1,no,thick ice; frames deleted\nL05_ts_004,L05,4,yes,good but not processed yet\n")
lab.text("bjoern/20240925_grid7/series.csv", "series,good/bad,comment\n" + "".join(f"{n},good,\n" for n, *_ in BJOERN) + "L03_ts_002,bad,alignment fails; frames deleted\n")
lab.text("README.txt", "Lamellae of yeast. anna/: session of 2024-06-11 (Krios 2, K3, 1.96 A). bjoern/20240925_grid7/: Bjoern's own grid (Krios 1, Falcon 4i EER, 1.53 A) - OTHER lamellae, the names L02_ts_... are the same by accident.\n"
         "bjoern/reprocess_anna_202406/: three of Anna's series again at 15.68 A for the ATP synthases and membranes of Fig. 4, renamed, see rename.csv.\n\n"
         "Final tomograms: warp_tiltseries/reconstruction of each. anna/old is the first alignment (bad), do not use. anna/test: tests.\n"
         "Ribosomes: final set is the one in m/species (after Class3D/job003, class 1 -> Select/job004 -> Refine3D/job006 -> M).\n")
lab.done()
