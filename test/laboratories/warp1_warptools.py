"""Two grids of one project, first in Warp 1.0.9 under Windows, and five years later once more in WarpTools, under other names of the series.

  https://github.com/cramerlab/warp    (Warp 1: WarpLib/TiltSeries.cs: NAME_10.00Apx.mrc in reconstruction/, its odd/, even/, deconv/; matching/NAME_10.00Apx_TEMPLATE.star with
    coordinates from 0 to 1 and rlnMicrographName NAME.mrc, beside _corr.mrc; subtomo/NAME/NAME_0000000_6.00A.mrc; WarpLib/Movie.cs: XML beside frames, average/, deconv/; both as
    UTF-16; Warp/MainWindow.xaml.cs: previous.settings in the folder of the import; DialogTomoImportImod.xaml.cs: imod/NAME/NAME.st and .rawtlt below that folder,
    .tomostar with angles that are turned over and shifts in Å; DialogTomoParticleExport.xaml.cs: STAR of RELION 3 with rlnMagnification 10000 and rlnDetectorPixelSize)
  https://github.com/warpem/warp       (WarpTools: docs/user_guide/warptools/quick_start_warptools_tilt_series.md, docs/reference/warp/task_dialogs_tilt_series.md,
    docs/user_guide/warp/quick_start_warp_tilt_series.md, docs/reference/warptools/tomogram_particle_files.md, processing_warp_v1_data.md; TiltSeries.StackTilts.cs,
    TiltSeries.MatchFull.cs, ExportParticlesTiltseries.cs: XML as UTF-8, 16 bit floats, tiltstack/NAME, coordinates in pixels of the particles)
  https://relion.readthedocs.io/en/release-3.1/Reference/Conventions.html    (rlnOriginX is subtracted)

Both grids have a TS_01 and a TS_02, of different specimens, with tomograms of one name, size and voxel. The new names begin at 1 again, without the series that were given up: ts_002
is grid 1's TS_03. Which is which only the movies tell, in .tomostar and mdocs. Some series were processed once, some twice, some neither time.
The mess: stacks below frames/imod in one grid and tomostar/imod in the other; particles of both grids in one list of RELION 3, where only the paths of the subtomograms tell the
grid; lists before thresholds, in four units; gold beads as fiducials, as BoxNet's masks and in 3D; gain references of four days, of which two were used; a table of names that was
a draft; tries of both generations with the wrong hand and the wrong pixel under the same names; a volume that broke off; figures, crops, filtered copies.
"""
import numpy as np

from kit import Lab, Specimen, dose_symmetric, imod_model, lines, mdoc, places, seed, star, xf

TAKEN = dose_symmetric(15, 6)
ANGLES = sorted(TAKEN)
G = {1: "grid1_20190312", 2: "grid2_20200618"}
PIXEL, DETECTOR, DAY = {1: 4.0, 2: 3.2}, {1: (80, 100), 2: (100, 125)}, {1: "Mar12", 2: "Jun18"}
IMPORT = {1: f"{G[1]}/frames", 2: f"{G[2]}/tomostar"}  # the folder of Warp 1's tilt series
NEW = "reprocess_2024"
FIELD = (320.0, 400.0, 160.0)  # x, y, z: the axis is along y
OLD_SHAPE, NEW_SHAPE = (16, 40, 32), (20, 50, 40)  # 10 and 8 Å
PARTICLE = 6.0
#        grid Warp 1   WarpTools  Warp 1 made    particles (old, new)  halves and deconvolved
TABLE = [(1, "TS_01", "ts_001", "tomogram", (9, 12), True),
         (1, "TS_03", "ts_002", "tomogram", (7, 10), False),
         (1, "TS_02", None, "stack", (0, 0), False),
         (1, "TS_04", "ts_003", "stack", (0, 11), False),
         (2, "TS_01", "ts_004", "tomogram", (8, 13), False),
         (2, "TS_02", "ts_005", "tomogram", (6, 14), False),
         (2, "TS_05", "ts_006", None, (0, 0), False)]
DARK = {"ts_002": 45.0}  # left out by --min_intensity

lab = Lab(__doc__, ["https://github.com/cramerlab/warp", "https://github.com/warpem/warp", "https://relion.readthedocs.io/en/release-3.1/Reference/Conventions.html"])
r = seed(lab.name, "maps")
noise = lambda *shape: r.normal(0, 1, shape).astype(np.float32)
f16 = lambda d: d.astype(np.float16)
param = lambda **k: "".join(f'\t<Param Name="{n}" Value="{v}" />\n' for n, v in k.items())
utf16 = lambda t: b"\xff\xfe" + t.encode("utf-16-le")
head = '<?xml version="1.0" encoding="utf-{}"?>\n'


def settings(g, old, data, extension, gain, processing=""):
    """Of Warp 1 (Windows, UTF-16) or WarpTools (UTF-8)."""
    z = int(FIELD[2] / PIXEL[g])
    imports = dict(Folder=data) if old else dict(DataFolder=data, ProcessingFolder=processing)
    top = param(PixelSizeX=PIXEL[g], PixelSizeY=PIXEL[g], PixelSizeAngle=0) if old else ""
    more = {} if old else {"PixelSize": PIXEL[g]}
    t = f"<Settings>\n{top}<Import>\n" + param(**imports, Extension=extension, **more, BinTimes=0, GainPath=gain, GainFlipX=False, GainFlipY=g == 2, CorrectGain=True, DosePerAngstromFrame=-2.8)
    t += "</Import>\n<Tomo>\n" + param(DimensionsX=DETECTOR[g][0], DimensionsY=DETECTOR[g][1], DimensionsZ=z) + "</Tomo>\n</Settings>\n"
    return utf16(head.format(16) + t) if old else head.format(8) + t


def movie(g, folder="", pixel=None):
    return f'<Movie UnselectFilter="False" UnselectManual="null"{folder} CTFResolutionEstimate="7.4" MeanFrameMovement="0.8" MaskPercentage="0.02">\n<OptionsCTF>\n' + \
        param(Window=512, PixelSizeX=PIXEL[g], PixelSizeY=PIXEL[g], BinTimes=0) + '</OptionsCTF>\n<CTF>\n' + param(Defocus=3.4, Voltage=300, Cs=2.7) + "</CTF>\n</Movie>\n"


def series(g, angles, paths, sign, folder=""):
    col = lambda n, v: f"<{n}>" + "\n".join(map(str, v)) + f"</{n}>\n"
    return f'<TiltSeries{folder} AreAnglesInverted="False" PlaneNormal="0, 0, 1" UnselectFilter="False" UnselectManual="null" CTFResolutionEstimate="9.1">\n' + \
        col("Angles", [sign * a for a in angles]) + col("Dose", [2.8 * TAKEN.index(a) for a in angles]) + col("UseTilt", ["True"] * len(angles)) + \
        col("AxisAngle", [84.1] * len(angles)) + col("MoviePath", paths) + "</TiltSeries>\n"


def tomostar(angles, paths, sign, old, *words):
    s = seed("tomostar", *words)
    c = {"wrpMovieName": paths, "wrpAngleTilt": [float(sign * a) for a in angles], "wrpAxisAngle": [84.1] * len(angles)}
    if old:
        c |= {"wrpAxisOffsetX": [float(v) for v in s.normal(0, 20, len(angles))], "wrpAxisOffsetY": [float(v) for v in s.normal(0, 20, len(angles))]}
    c["wrpDose"] = [2.8 * TAKEN.index(a) for a in angles]
    if not old:
        c |= {"wrpAverageIntensity": [3.9] * len(angles), "wrpMaskedFraction": [0.0] * len(angles)}
    return star([("", c)])


def images(key, what, angles=ANGLES, binning=1):
    """The same exposures, motion-corrected anew each time."""
    g = key[0]
    whole = new_specimen[key].stack(ANGLES, DETECTOR[g]) + seed("made", *key, what).normal(0, 1, (len(ANGLES), *DETECTOR[g]))
    whole = whole[[ANGLES.index(a) for a in angles]]
    y, x = (n // binning for n in DETECTOR[g])
    return whole[:, : y * binning, : x * binning].reshape(len(angles), y, binning, x, binning).mean((2, 4)).astype(np.float32)


def columns(xyz, scale, names, micrograph="rlnMicrographName", **more):
    c = {f"rlnCoordinate{a}": [float(v) for v in xyz[:, i] / (scale if np.isscalar(scale) else scale[i])] for i, a in enumerate("XYZ")}
    s = seed("angles", len(xyz), *names[:1])
    c |= {f"rlnAngle{a}": [float(v) for v in s.uniform(-170, 170, len(xyz))] for a in ("Rot", "Tilt", "Psi")}
    return c | {micrograph: list(names)} | more


def join(parts):
    return {k: sum((list(p[k]) for p in parts), []) for k in parts[0]} if parts else {}


old_specimen, new_specimen, picks, sheet, frames = {}, {}, {}, [], {}
for g, old, new, made, (few, many), _ in TABLE:
    key, run = (g, old), f"{G[g]}_{old}"
    lab.run(run, *([new] if new else []), f"{G[g]}_{old}", f"grid{g}_{old}", *([old] if (1 if old in ("TS_03", "TS_04", "TS_05") else 0) else []))
    xyz = places(run, n=15, size=FIELD)
    moved = np.clip(xyz + (14, -11, 9), 8, np.array(FIELD) - 8)  # another alignment, five years later
    old_specimen[key], new_specimen[key] = Specimen(run, FIELD, [xyz], radius=60), Specimen(run, FIELD, [moved], radius=60)
    s = seed("refined", run)
    picks[key] = (np.round(xyz[:few] / 10) * 10, xyz[:few], np.round(moved[:many] / 8) * 8, np.round(moved[:many] + s.normal(0, 1, (many, 3)), 2))

# ---- the microscope ----
for g, old, new, *_ in TABLE:
    run, d = f"{G[g]}_{old}", G[g]
    names = [f"{old}_{i + 1:03d}_{a:.1f}_{DAY[g]}_{9 + int(old[-1])}.{2 * i:02d}.33.tif" for i, a in enumerate(TAKEN)]
    frames[g, old] = names
    lab.movies(run, [f"{d}/frames/{f}" for f in names], size=DETECTOR[g], pixel=PIXEL[g])
    text = mdoc(TAKEN, PIXEL[g], names, old + ".mrc", DETECTOR[g][::-1], folder="D:\\DATA\\hsv\\" + d + "\\frames\\", dose=2.8)
    text = text.replace("14-Feb-23  09:", ("12-Mar-19  " if g == 1 else "18-Jun-20  ") + f"{9 + int(old[-1]):02d}:")
    lab.text(f"{d}/mdoc/{old}.mrc.mdoc", text)
    if new:
        lab.text(f"{NEW}/g{g}/mdoc/{new}.mdoc", text)
    for f in names:
        lab.text(f"{d}/frames/{f[:-4]}.xml", utf16(head.format(16) + movie(g)))
    sheet.append((g, old, new or "-", f"{PIXEL[g] / 10:.2f}", 2.8, len(TAKEN), "bad ice" if old == "TS_02" and g == 1 else ""))
lab.text(f"{G[2]}/mdoc/TS_03.mrc.mdoc", mdoc(TAKEN, 3.2, [f"TS_03_{i + 1:03d}_{a:.1f}_Jun18_12.{2 * i:02d}.33.tif" for i, a in enumerate(TAKEN)], "TS_03.mrc", (125, 100), folder="D:\\DATA\\hsv\\grid2_20200618\\frames\\"))
of = lambda g: [f"{G[h]}_{o}" for h, o, *_ in TABLE if h == g]
lab.gain(of(1), "gains/20190312_gain.mrc", DETECTOR[1])
lab.gain(of(2), "gains/20200618_gain.mrc", DETECTOR[2])
lab.junk("gain reference of another session", "gains/20180905_gain.mrc", r.normal(1, 0.05, (1, *DETECTOR[1])).astype(np.float32), 1.0, stack=True)
lab.junk("gain reference that was not used", "gains/20200619_gain.mrc", r.normal(1, 0.05, (1, *DETECTOR[2])).astype(np.float32), 1.0, stack=True)

# ---- Warp 1.0.9 ----
for g in (1, 2):
    gain = "Z:\\hsv\\gains\\" + ("20190312" if g == 1 else "20200618") + "_gain.mrc"
    if g == 2:
        lab.text(f"{G[2]}/frames/previous.settings", settings(2, True, f"Z:\\hsv\\{G[2]}\\frames\\", "*.tif", gain))
    lab.text(f"{IMPORT[g]}/previous.settings", settings(g, True, f"Z:\\hsv\\{IMPORT[g]}\\".replace("/", "\\"), "*.tomostar", gain))
for (g, old, new, made, (few, _), more) in TABLE:
    key, run, d = (g, old), f"{G[g]}_{old}", IMPORT[g]
    for i, f in enumerate(frames[key][:2]):
        b = f[:-4]
        if old == "TS_01":
            lab.junk("sum of the frames of one tilt", f"{G[g]}/frames/average/{b}.mrc", noise(1, *DETECTOR[g]), PIXEL[g], stack=True)
            lab.junk("sum of one tilt, deconvolved", f"{G[g]}/frames/deconv/{b}.mrc", noise(1, *DETECTOR[g]), PIXEL[g], stack=True)
            lab.picture(f"{G[g]}/frames/thumbnails/{b}.png")
            p = seed("gold", f).uniform(5, 70, (4, 2))
            lab.text(f"{G[g]}/frames/matching/{b}_BoxNet2Mask_20180918.star", star([("", {"rlnCoordinateX": p[:, 0].tolist(), "rlnCoordinateY": p[:, 1].tolist(), "rlnMicrographName": [b + ".mrc"] * 4, "rlnAutopickFigureOfMerit": [0.9] * 4})]))
    if not made:
        continue
    where = "" if g == 1 else "../frames/"
    paths = [where + frames[key][TAKEN.index(a)] for a in ANGLES]
    lab.text(f"{d}/{old}.tomostar", tomostar(ANGLES, paths, -1, True, run))
    lab.text(f"{d}/{old}.xml", utf16(head.format(16) + series(g, ANGLES, paths, -1)))
    im = f"{d}/imod/{old}/{old}"
    lab.tilts(run, im + ".st", images(key, "warp1"), PIXEL[g], ANGLES)
    lab.text(im + ".rawtlt", lines(ANGLES, "{:g}"))
    lab.text(im + ".tlt", lines([a + 0.4 for a in ANGLES]))
    lab.text(im + ".xf", xf(len(ANGLES), run))
    lab.text(f"{d}/imod/{old}/taSolution.log", " view   rotation    tilt    deltilt     mag      dmag      skew    resid-nm\n" + "".join(f"{i + 1:5d}   84.1   {a + 0.4:6.1f}   0.00   1.0000   0.0000   0.00   0.9\n" for i, a in enumerate(ANGLES)))
    lab.text(im + ".fid", imod_model([("", [[(p[0], p[1], k * PIXEL[g]) for k in range(len(ANGLES))] for p in seed("fid", run).uniform(20, 200, (3, 2))], "open")], (*DETECTOR[g][::-1], len(ANGLES)), PIXEL[g]))
    if made != "tomogram":
        continue
    t = f"{old}_10.00Apx"
    volume = old_specimen[key].volume(OLD_SHAPE, 10.0, what="warp1")
    lab.tomogram(run, f"{d}/reconstruction/{t}.mrc", volume, 10.0)
    if more:
        lab.tomogram(run, f"{d}/reconstruction/deconv/{t}.mrc", old_specimen[key].volume(OLD_SHAPE, 10.0, 0.5, "deconv"), 10.0, ("filtered",))
        for half in ("odd", "even"):
            lab.half(run, f"{d}/reconstruction/{half}/{t}.mrc", old_specimen[key].volume(OLD_SHAPE, 10.0, 1.4, half), 10.0)
        lab.copy(f"{d}/reconstruction/{t}.mrc", f"figures/fig2/{t}.mrc")
        lab.junk("filtered for a figure", f"figures/fig2/{t}_gauss.mrc", (volume + np.roll(volume, 1, 2) + np.roll(volume, 1, 1)) / 3, 10.0)
        lab.junk("cut out for a figure", "figures/fig2/capsid_crop.mrc", volume[2:14, 5:25, 5:25], 10.0)
        lab.junk("aligned stack, to look at", f"{im}_ali.mrc", images(key, "ali", binning=2), PIXEL[g] * 2, stack=True)
        lab.junk("reconstruction to look at, not turned", f"{im}_full_rec.mrc", noise(20, 10, 25), PIXEL[g] * 4)
    if old == "TS_01":
        lab.junk("correlation with a template", f"{d}/matching/{t}_70S_corr.mrc", noise(*OLD_SHAPE), 10.0)
    lab.junk("subtomogram", f"{d}/subtomo/{old}/{old}_0000000_6.00A.mrc", noise(12, 12, 12), 6.0)
    lab.junk("CTF of a subtomogram", f"{d}/subtomo/{old}/{old}_0000000_ctf_6.00A.mrc", np.abs(noise(12, 12, 12)), 6.0)
    peaks = np.concatenate([picks[key][0], np.round(places("false", run, n=20, size=FIELD) / 10) * 10])
    lab.text(f"{d}/matching/{t}_70S.star", star([("", columns(peaks, FIELD, [old + ".mrc"] * len(peaks), rlnAutopickFigureOfMerit=[float(v) for v in np.linspace(9, 3, len(peaks))]))]))
    lab.points(run, f"{d}/matching/{t}_70S.star", "ribosome", peaks, 10.0, may=True)  # every peak, before anybody looked
for g in (1, 2):
    lab.text(f"{G[g]}/frames/goodparticles_BoxNet2Mask_20180918.star", star([("", {"rlnCoordinateX": [12.0, 44.5], "rlnCoordinateY": [31.0, 60.2], "rlnMicrographName": [frames[g, "TS_01"][0][:-4] + ".mrc"] * 2})]))
broken = f"{IMPORT[1]}/reconstruction/TS_02_10.00Apx.mrc"
lab.mrc(broken, noise(*OLD_SHAPE), 10.0)
lab.never("broken off when the disk was full", broken)
with open(lab.root / broken, "r+b") as f:
    f.truncate(1024 + 16000)
lab.junk("a try with the wrong pixel size", f"{G[2]}/tomostar_OLD/reconstruction/TS_01_10.00Apx.mrc", old_specimen[2, "TS_01"].volume(OLD_SHAPE, 10.0, what="wrong"), 10.0)
lab.text(f"{G[2]}/tomostar_OLD/TS_01.tomostar", tomostar(ANGLES, ["../frames/" + frames[2, "TS_01"][TAKEN.index(a)] for a in ANGLES], 1, True, "old"))
lab.text(f"{G[2]}/tomostar_OLD/readme.txt", "pixel was 2.56 here, wrong! use ../tomostar\n")

# ---- RELION 3, both grids in one list ----
parts = {"export": [], "class": [], "refine": []}
for g, old, new, made, (few, _), more in TABLE:
    if not few:
        continue
    key, run, d = (g, old), f"{G[g]}_{old}", IMPORT[g]
    coarse, fine, *_ = picks[key]
    names = [old + ".tomostar"] * few
    image = [f"../{d}/subtomo/{old}/{old}_{i:07d}_6.00A.mrc" for i in range(few)]
    one = columns(coarse, PARTICLE, names, rlnMagnification=["10000.0"] * few, rlnDetectorPixelSize=["6.00000"] * few, rlnCtfMaxResolution=["9.1"] * few, rlnImageName=image, rlnCtfImage=[i.replace("_6.00A", "_ctf_6.00A") for i in image])
    parts["export"].append(one)
    origin = (coarse - fine) / PARTICLE
    moved = one | {f"rlnOrigin{a}": [float(v) for v in origin[:, i]] for i, a in enumerate("XYZ")} | {"rlnImageName": [i[3:] if i.startswith("../") else i for i in image], "rlnClassNumber": [1] * few}
    parts["class"].append(moved | {"rlnLogLikeliContribution": [1.2e5] * few})
    parts["refine"].append(moved | {"rlnRandomSubset": [1 + i % 2 for i in range(few)]})
    lab.points(run, "relion3/Refine3D/job009/run_data.star", "ribosome", fine, 10.0, before=coarse,
               also=["relion3/join_g1g2.star", f"relion3/g{g}_particles.star", "relion3/Class3D/job006/run_it025_data.star", "relion3/Refine3D/job009/run_it008_data.star"])
for g in (1, 2):
    lab.text(f"relion3/g{g}_particles.star", star([("", join([p for p, row in zip(parts["export"], [t for t in TABLE if t[4][0]]) if row[0] == g]))]))
lab.text("relion3/join_g1g2.star", star([("", join(parts["export"]))]))
lab.text("relion3/Class3D/job006/run_it025_data.star", star([("", join(parts["class"]))]))
for f in ("run_it008_data.star", "run_data.star"):
    lab.text(f"relion3/Refine3D/job009/{f}", star([("", join(parts["refine"]))]))
lab.junk("average", "relion3/Refine3D/job009/run_class001.mrc", noise(12, 12, 12), 6.0)
lab.junk("mask of the average", "relion3/MaskCreate/job010/mask.mrc", (noise(12, 12, 12) > 0.5).astype(np.float32), 6.0)

# ---- WarpTools, 2024 ----
for g in (1, 2):
    d, gain = f"{NEW}/g{g}", "../../gains/" + ("20190312" if g == 1 else "20200618") + "_gain.mrc"
    lab.text(f"{d}/warp_frameseries.settings", settings(g, False, f"../../{G[g]}/frames", "*.tif", gain, "warp_frameseries"))
    lab.text(f"{d}/warp_tiltseries.settings", settings(g, False, "tomostar", "*.tomostar", gain, "warp_tiltseries"))
final = {1: [], 2: []}
for g, old, new, made, (_, many), more in TABLE:
    if not new:
        continue
    key, run, d = (g, old), f"{G[g]}_{old}", f"{NEW}/g{g}"
    sign = 1 if g == 1 else -1  # --dont_invert for the first grid
    angles = [a for a in ANGLES if a != DARK.get(new)]
    for f in frames[key]:
        lab.text(f"{d}/warp_frameseries/{f[:-4]}.xml", head.format(8) + movie(g, f' DataDirectory="../../{G[g]}/frames"'))
    lab.junk("sum of the frames of one tilt", f"{d}/warp_frameseries/average/{frames[key][0][:-4]}.mrc", f16(noise(1, *DETECTOR[g])), PIXEL[g], stack=True)
    paths = ["../warp_frameseries/" + frames[key][TAKEN.index(a)] for a in angles]
    lab.text(f"{d}/tomostar/{new}.tomostar", tomostar(angles, paths, sign, False, run))
    w = f"{d}/warp_tiltseries"
    lab.text(f"{w}/{new}.xml", head.format(8) + series(g, angles, paths, sign, f' DataDirectory="tomostar"'))
    lab.tilts(run, f"{w}/tiltstack/{new}/{new}.st", images(key, "warptools", angles, 2), PIXEL[g] * 2, angles)
    if made:
        lab.run(run)["tiltseries"][-1]["may"] = True  # the same exposures once more, binned
    lab.text(f"{w}/tiltstack/{new}/{new}.rawtlt", lines([sign * a for a in angles]))
    lab.text(f"{w}/tiltstack/{new}/{new}.xf", xf(len(angles), run, "new"))
    lab.text(f"{w}/tiltstack/{new}/{new}.tlt", lines([sign * a + 0.2 for a in angles]))
    s, t = new_specimen[key], f"{new}_8.00Apx"
    lab.tomogram(run, f"{w}/reconstruction/{t}.mrc", f16(s.volume(NEW_SHAPE, 8.0, what="warptools")), 8.0)
    lab.picture(f"{w}/reconstruction/{t}.png")
    if more:
        for half in ("odd", "even"):
            lab.half(run, f"{w}/reconstruction/{half}/{t}.mrc", f16(s.volume(NEW_SHAPE, 8.0, 1.4, "new" + half)), 8.0)
        lab.tomogram(run, f"{w}/reconstruction/denoised/{t}.mrc", f16(s.volume(NEW_SHAPE, 8.0, 0.15, "noise2map")), 8.0, ("denoised",))
        lab.junk("a try with the wrong hand", f"{d}/warp_tiltseries_try1/reconstruction/{t}.mrc", f16(s.volume(NEW_SHAPE, 8.0, what="try1")[::-1]), 8.0)
        lab.text(f"{d}/warp_tiltseries_try1/README.txt", "hand is flipped here (forgot --dont_invert)\n")
    if not many:
        continue
    coarse, fine = picks[key][2:]
    peaks = np.concatenate([coarse, np.round(places("false2", run, n=18, size=FIELD) / 8) * 8])
    for suffix, xyz in (("70S", peaks), ("70S_clean", coarse)):
        lab.text(f"{w}/matching/{t}_{suffix}.star", star([("", columns(xyz, FIELD, [new + ".tomostar"] * len(xyz), rlnAutopickFigureOfMerit=[float(v) for v in np.linspace(9, 3, len(xyz))]))]))
    lab.points(run, f"{w}/matching/{t}_70S.star", "ribosome", peaks, 8.0, may=True)
    if more or new == "ts_004":
        lab.junk("correlation with a template", f"{w}/matching/{t}_70S_corr.mrc", f16(noise(*NEW_SHAPE)), 8.0)
    final[g].append((new, coarse, fine))
    lab.points(run, f"relion5/Refine3D/job00{g + 2}/run_data.star", "ribosome", fine, 8.0, before=coarse, also=[f"{w}/matching/{t}_70S_clean.star", f"relion5/matching_g{g}.star"])
for g, rows in final.items():
    optics = {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnSphericalAberration": [2.7], "rlnVoltage": [300.0], "rlnTomoTiltSeriesPixelSize": [PARTICLE], "rlnCtfDataAreCtfPremultiplied": [1],
              "rlnImageDimensionality": [2], "rlnTomoSubtomogramBinning": [1.0], "rlnImagePixelSize": [PARTICLE], "rlnImageSize": [24], "rlnAmplitudeContrast": [0.07]}
    table = lambda refined: join([columns(c, PARTICLE, [n + ".tomostar"] * len(c), "rlnTomoName", rlnTomoParticleName=[f"{n}/{i + 1}" for i in range(len(c))], rlnOpticsGroup=[1] * len(c),
                                          rlnImageName=[f"../{NEW}/g{g}/warp_tiltseries/particleseries/{n}/{n}_{i:06d}_6.00A.mrcs" for i in range(len(c))],
                                          **({f"rlnOrigin{a}Angst": [float(v) for v in (c - f)[:, k]] for k, a in enumerate("XYZ")} if refined else {})) for n, c, f in rows])
    lab.text(f"relion5/matching_g{g}.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", optics), ("particles", table(False))]))
    lab.text(f"relion5/matching_g{g}_tomograms.star", star([("global", {"rlnTomoName": [n + ".tomostar" for n, *_ in rows], "rlnTomoTiltSeriesName": ["dummy.mrc"] * len(rows), "rlnTomoFrameCount": [7] * len(rows),
        **{f"rlnTomoSize{a}": [round(v / PARTICLE)] * len(rows) for a, v in zip("XYZ", FIELD)}, "rlnTomoHand": [-1.0] * len(rows), "rlnOpticsGroupName": ["opticsGroup1"] * len(rows), "rlnTomoTiltSeriesPixelSize": [PARTICLE] * len(rows)})]))
    lab.text(f"relion5/matching_g{g}_optimisation_set.star", star([("", {"rlnTomoParticlesFile": f"matching_g{g}.star", "rlnTomoTomogramsFile": f"matching_g{g}_tomograms.star"})]))
    lab.text(f"relion5/Refine3D/job00{g + 2}/run_data.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", optics), ("particles", table(True))]))
lab.junk("what RELION asks for", "relion5/dummy_tiltseries.mrc", noise(1, 8, 8), 1.0, stack=True)
lab.junk("average", "relion5/Refine3D/job003/run_class001.mrc", noise(24, 24, 24), 6.0)
lab.junk("template", f"{NEW}/g1/warp_tiltseries/template/70S.mrc", noise(16, 16, 16), 8.0)

# ---- gold beads, tables, figures ----
xyz = places("gold", n=5, size=FIELD)
lab.text("gold/g1_TS_01_gold3d.star", star([("", {"rlnCoordinateX": (xyz[:, 0] / 10).tolist(), "rlnCoordinateY": (xyz[:, 1] / 10).tolist(), "rlnCoordinateZ": (xyz[:, 2] / 10).tolist(), "rlnMicrographName": ["TS_01.mrc"] * 5})]))
lab.points(f"{G[1]}_TS_01", "gold/g1_TS_01_gold3d.star", "gold bead", xyz, 10.0, may=True)
lab.text("series.csv", "grid;name 2019/20;name 2024;pixel (nm);dose per tilt;tilts;remark\n" + "".join(";".join(map(str, row)) + "\n" for row in sheet))
lab.text("old/names_draft.csv", "grid;name 2019/20;name 2024\n" + "".join(f"1;TS_{i:02d};ts_{i:03d}\n" for i in range(1, 5)) + "2;TS_01;ts_005\n2;TS_02;ts_006\n")
lab.text("old/pixelsizes.txt", "grid 1: 4.18 (before calibration)\ngrid 2: 3.2\n")
for f in ("figures/fig1.png", "figures/fig3.tif", "relion5/Refine3D/job003/fsc.png"):
    lab.picture(f)
lab.text("notes.txt", "2019/20: Warp 1.0.9 on the Windows box. 2024: all again in WarpTools, new names (see series.csv). TS_02 of grid 1: bad ice, not reprocessed.\n")
lab.done()
