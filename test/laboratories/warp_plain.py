"""WarpTools as an ordinary group leaves it: two lamellae of a grid and one series of a test, from movies to M; an older
session in Warp 1.0.9 beside it.

Imitates
  https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/   (folders and names, .settings, tomostar, reconstruction/NAME_12.00Apx.mrc,
    matching/NAME_12.00Apx_TEMPLATE.star, parts of 1 since --normalized_coords is the default)
  https://warpem.github.io/warp/reference/warptools/tomogram_denoising/                   (average/even, odd; reconstruction/even, odd)
  https://warpem.github.io/warp/reference/warptools/tomogram_particle_files/              (RELION 4: one table, pixels of the particles; RELION 5: centred, in angstroms)
  https://warpem.github.io/warp/user_guide/m/quick_start_m/                               (populations, species, half maps)
  https://github.com/cramerlab/warp                                                      (Warp 1: .xml and .tomostar beside the movies, imod/, reconstruction/, export with
    rlnDetectorPixelSize in micrometres over rlnMagnification)

Series are called after grid, lamella and number (gr2_L1_ts_3); Position_1 was recorded with another program. gr2_L1_ts_4 was not aligned: its movies
are all there is. Two series have a tomogram at 8 A besides that at 12 A. Each volume, half and copy is noise of its own.
The mess: an average that looks like a gain reference, a crop for a thesis, a copy "(1)", a backup of Warp's XML, closed contours of a membrane,
scores, templates, averages of particles, masks, one list of particles in three tables and in three units.
"""
import numpy as np

from kit import Lab, Specimen, dose_symmetric, imod_model, lines, mdoc, noise, places, seed, star, xf

PIXEL, V, FINE, EXPORT = 2.0, 12.0, 8.0, 4.0
SHAPE, SHAPE_FINE = (16, 40, 44), (24, 60, 66)
TAKEN = dose_symmetric(10, 6)
#         series          reconstructed  at 8 A  denoised  matched  movies called after
TABLE = [("gr2_L1_ts_3", True, True, True, 13, "gr2_L1_ts_3"),
         ("gr2_L2_ts_1", True, True, True, 10, "gr2_L2_ts_1"),
         ("Position_1", True, False, False, 7, "Position_1"),
         ("gr2_L1_ts_4", False, False, False, 0, "gr2_L1_ts_4")]

lab = Lab(__doc__, ["https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/", "https://warpem.github.io/warp/reference/warptools/tomogram_denoising/",
                    "https://warpem.github.io/warp/reference/warptools/tomogram_particle_files/", "https://warpem.github.io/warp/user_guide/m/quick_start_m/", "https://github.com/cramerlab/warp"])
SIZE = np.array(SHAPE[::-1])
ANGSTROM = list(SIZE * V)
r = seed(lab.name, "values")
XML = '<?xml version="1.0" encoding="utf-16"?>\n'
MOVIE = XML + '<Movie UnselectManual="null" CTFResolutionEstimate="7.1">\n  <CTF><Param Name="PixelSize" Value="{pixel}" /><Param Name="Defocus" Value="4.1" /></CTF>\n</Movie>\n'
settings = lambda folder, extension, more="": f'{XML}<Settings>\n  <Import>\n    <Param Name="DataFolder" Value="{folder}" />\n    <Param Name="Extension" Value="{extension}" />\n    <Param Name="PixelSize" Value="{PIXEL}" />\n    <Param Name="GainPath" Value="gain/CountRef_gr2.mrc" />\n    <Param Name="DosePerAngstromFrame" Value="-3.1" />\n  </Import>\n{more}</Settings>\n'
lab.gain([n for n, *_ in TABLE], "gain/CountRef_gr2.mrc")
lab.text("warp_frameseries.settings", settings("frames", "*.tif"))
X, Y, Z = (int(a / PIXEL) for a in ANGSTROM)
lab.text("warp_tiltseries.settings", settings("tomostar", "*.tomostar", f'  <Tomo>\n    <Param Name="DimensionsX" Value="{X}" />\n    <Param Name="DimensionsY" Value="{Y}" />\n    <Param Name="DimensionsZ" Value="{Z}" />\n  </Tomo>\n'))
T = "warp_tiltseries/"
R = T + "reconstruction/"
relion4 = {k: [] for k in ("rlnMagnification", "rlnDetectorPixelSize", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnImageName", "rlnCtfImage", "rlnMicrographName", "rlnPixelSize", "rlnVoltage")}
relion5 = {k: [] for k in ("rlnTomoName", "rlnTomoParticleId", "rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnImageName", "rlnOpticsGroup")}


def frame_series(n, names):
    """What WarpTools leaves of each movie."""
    for i, f in enumerate(names):
        b = f[:-4]
        lab.text(f"warp_frameseries/{b}.xml", MOVIE.format(pixel=PIXEL))
        if i > 2:
            continue
        lab.junk("average of the frames of one tilt", f"warp_frameseries/average/{b}.mrc", noise((1, 40, 40), "average", b), PIXEL, stack=True)
        for h in ("even", "odd"):
            lab.junk("half of the average of one tilt", f"warp_frameseries/average/{h}/{b}.mrc", noise((1, 40, 40), h, b), PIXEL, stack=True)
        lab.junk("power spectrum", f"warp_frameseries/powerspectrum/{b}.mrc", noise((1, 32, 32), "spectrum", b), 1.0, stack=True)


def matching(n, k):
    """Normalised positions of template matching, and the same particles in both exports."""
    where = places(lab.name, n, n=k, size=ANGSTROM)
    m = f"{T}matching/{n}_12.00Apx_ribo_80S"
    norm = where / (SIZE * V)
    angles = [list(r.uniform(0, 180, k)) for _ in range(3)]
    lab.text(m + ".star", star([("", {"rlnCoordinateX": [f"{v:.6f}" for v in norm[:, 0]], "rlnCoordinateY": [f"{v:.6f}" for v in norm[:, 1]], "rlnCoordinateZ": [f"{v:.6f}" for v in norm[:, 2]],
                                      "rlnAngleRot": angles[0], "rlnAngleTilt": angles[1], "rlnAnglePsi": angles[2], "rlnMicrographName": [f"{n}.tomostar"] * k, "rlnAutopickFigureOfMerit": list(np.sort(r.uniform(5, 12, k))[::-1])})]))
    lab.junk("scores of the matching", m + "_corr.mrc", noise(SHAPE, "corr", n), V)
    lab.picture(f"{m}_picks/5.0.png")
    lab.points(n, m + ".star", "ribosome", where, V, also=["relion4/ribo_80S.star", "relion5/ribo_80S.star"])
    for i, (p, *a) in enumerate(zip(where, *angles)):
        sub = f"../{T}subtomo/{n}/{n}_{i:07d}"
        for c, v in zip(relion4, (10000.0, EXPORT, *(p / EXPORT), *a, sub + "_4.00A.mrc", sub + "_ctf_4.00A.mrc", f"{n}.tomostar", EXPORT, 300.0)):
            relion4[c].append(float(v) if isinstance(v, np.floating) else v)
        for c, v in zip(relion5, (n, i + 1, *(p - SIZE * V / 2), *a, f"../{T}particleseries/{n}/{n}_4.00A_{i + 1:06d}.mrcs", 1)):
            relion5[c].append(float(v) if isinstance(v, np.floating) else v)
    for i in range(2):
        lab.junk("one particle", f"{T}subtomo/{n}/{n}_{i:07d}_4.00A.mrc", noise((16, 16, 16), "subtomo", n, i), EXPORT)
        lab.junk("transfer function of one particle", f"{T}subtomo/{n}/{n}_{i:07d}_ctf_4.00A.mrc", noise((16, 16, 9), "ctf", n, i), EXPORT)
    lab.junk("images of one particle", f"{T}particleseries/{n}/{n}_4.00A_000001.mrcs", noise((7, 16, 16), "series", n), EXPORT, stack=True)


for n, reconstructed, fine, denoised, k, called in TABLE:
    names = [f"{called}_{i + 1:03d}_{a:.1f}_Jun11_14.{20 + i}.07.tif" for i, a in enumerate(TAKEN)]
    lab.movies(n, [f"frames/{f}" for f in names])
    lab.text(f"mdocs/{n}.mdoc", mdoc(TAKEN, PIXEL, names, f"{n}.mrc", (40, 40)))
    frame_series(n, names)
    if not reconstructed:
        continue
    order = sorted(range(len(TAKEN)), key=lambda i: TAKEN[i])
    angles = [TAKEN[i] for i in order]
    lab.text(f"tomostar/{n}.tomostar", star([("", {"wrpMovieName": [f"../warp_frameseries/{names[i]}" for i in order], "wrpAngleTilt": angles, "wrpAxisAngle": [84.1] * 7, "wrpDose": [3.1 * i for i in order], "wrpAverageIntensity": [4.2] * 7, "wrpMaskedFraction": [0.0] * 7})]))
    lab.text(f"{T}{n}.xml", f'{XML}<TiltSeries DataDirectory="../tomostar" AreAnglesInverted="False" PlaneNormal="0,0,1" UnselectManual="null">\n  <Angles>' + "\n".join(f"{a:g}" for a in angles) + "</Angles>\n</TiltSeries>\n")
    d = f"{T}tiltstack/{n}/{n}"
    lab.tilts(n, d + ".st", noise((7, 40, 44), "stack", n), V, angles)
    lab.text(d + ".rawtlt", lines(angles))
    lab.text(d + ".tlt", lines([a - 0.4 for a in angles]))
    lab.text(d + ".xf", xf(7, n))
    lab.text(d + ".edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={V / 10}\n")
    lab.tomogram(n, f"{R}{n}_12.00Apx.mrc", noise(SHAPE, n), V)
    lab.tomogram(n, f"{R}deconv/{n}_12.00Apx.mrc", noise(SHAPE, "deconv", n), V, ("filtered",))
    for h in ("even", "odd"):
        lab.half(n, f"{R}{h}/{n}_12.00Apx.mrc", noise(SHAPE, h, n), V)
    if denoised:  # cryoCARE on the halves, beside the originals
        lab.tomogram(n, f"{R}{n}_12.00Apx_denoised.mrc", noise(SHAPE, "denoised", n), V, ("denoised",))
    if fine:
        lab.tomogram(n, f"{R}{n}_8.00Apx.mrc", noise(SHAPE_FINE, "fine", n), FINE)
    for size in ("12.00", "8.00")[: 2 if fine else 1]:
        lab.picture(f"{R}{n}_{size}Apx.png")
    matching(n, k)

lab.junk("template of the matching", f"{T}template/ribo_80S_12.00.mrc", noise((16, 16, 16), "template"), V)
lab.junk("template as it was downloaded", "templates/emd_3228.mrc", noise((24, 24, 24), "emd"), 2.5)
lab.text("relion4/ribo_80S.star", star([("", relion4)]))
lab.text("relion5/ribo_80S.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnTomoTiltSeriesPixelSize": [PIXEL], "rlnTomoSubtomogramBinning": [EXPORT / PIXEL], "rlnImagePixelSize": [EXPORT], "rlnImageSize": [16]}), ("particles", relion5)]))
done = [n for n, ok, *_ in TABLE if ok]
lab.text("relion5/ribo_80S_tomograms.star", star([("global", {"rlnTomoName": done, "rlnTomoTiltSeriesStarFile": [f"tilt_series/{n}.star" for n in done], "rlnTomoHand": [-1] * 3, "rlnTomoTiltSeriesPixelSize": [PIXEL] * 3, "rlnTomoSizeX": [X] * 3, "rlnTomoSizeY": [Y] * 3, "rlnTomoSizeZ": [Z] * 3})]))
lab.text("relion5/ribo_80S_optimisation_set.star", "\ndata_\n\n_rlnTomoParticlesFile   ribo_80S.star\n_rlnTomoTomogramsFile   ribo_80S_tomograms.star\n")
lab.junk("a stack that only RELION wants to see", "relion5/dummy_tiltseries.mrc", noise((7, 16, 16), "dummy"), PIXEL, stack=True)
for job in ("relion4/Class3D/job004/run_it025_class001", "relion5/Refine3D/job009/run_class001", "relion5/Refine3D/job009/run_half1_class001_unfil", "relion5/Refine3D/job009/run_half2_class001_unfil"):
    lab.junk("average of particles", job + ".mrc", noise((16, 16, 16), job), EXPORT)
lab.junk("mask of a particle", "m/mask_ribo_4apx.mrc", (noise((16, 16, 16), "mask") > 0).astype(np.int8), EXPORT)
lab.text("m/gr2.population", f'{XML}<Population Name="gr2">\n  <Sources><Source Path="../warp_tiltseries/gr2.source" /></Sources>\n  <Species><Species Path="species/ribosome_1fd0c2aa/ribosome.species" /></Species>\n</Population>\n')
lab.text(T + "gr2.source", f'{XML}<DataSource Name="gr2" PixelSizeX="{PIXEL}">\n  <Files>' + "".join(f'<File Name="{n}.tomostar" />' for n in done) + "</Files>\n</DataSource>\n")
M = "m/species/ribosome_1fd0c2aa/"
lab.text(M + "ribosome.species", f'{XML}<Species Name="ribosome" PixelSize="{EXPORT}" />\n')
for f in ("ribosome", "ribosome_half1", "ribosome_half2", "ribosome_filt", "ribosome_filtsharp", "mask"):
    lab.junk("map of a species", f"{M}{f}.mrc", noise((20, 20, 20), "species", f), EXPORT)
lab.text(M + "ribosome_particles.star", star([("", {"wrpCoordinateX1": [112.5, 240.0], "wrpCoordinateY1": [90.0, 310.2], "wrpCoordinateZ1": [66.0, 101.0], "wrpAngleRot1": [0.0, 1.0], "wrpSourceName": ["gr2_L1_ts_3.tomostar", "gr2_L2_ts_1.tomostar"], "wrpSourceHash": ["A1B2", "A1B2"]})]))
lab.never("particles after M, in angstroms of a deformed volume", M + "ribosome_particles.star")

# two series of an older session in Warp 1.0.9, everything in the folder of the movies, which has another name by now
OLD, SMALL, W = 2.4, 14.4, "2021/frames/"
SHAPE_OLD = (18, 40, 40)
lab.text(W + "previous.settings", settings("", "*.tif").replace('"DataFolder" Value=""', '"Folder" Value="D:\\gr1_jan\\"').replace(str(PIXEL), str(OLD)).replace("gain/CountRef_gr2.mrc", "K2_gain.mrc"))
lab.gain(["gr1_ts_2", "gr1_ts_5"], W + "K2_gain.mrc", (36, 36))
TILTS_OLD = dose_symmetric(15, 6)[:7]
for n, picked in (("gr1_ts_2", 8), ("gr1_ts_5", 0)):
    names = [f"{n}_{i:03d}_{a:.1f}.tif" for i, a in enumerate(TILTS_OLD)]
    lab.movies(n, [W + f for f in names], (36, 36))
    lab.text(f"{W}mdoc/{n}.mrc.mdoc", mdoc(TILTS_OLD, OLD, names, f"{n}.mrc", (36, 36)))
    for f in names:
        lab.text(W + f[:-4] + ".xml", MOVIE.format(pixel=OLD))
    for f in names[:3]:
        lab.junk("average of the frames of one tilt", f"{W}average/{f[:-4]}.mrc", noise((1, 36, 36), "average", f), OLD, stack=True)
        lab.junk("power spectrum", f"{W}powerspectrum/{f[:-4]}.mrc", noise((1, 32, 32), "spectrum", f), 1.0, stack=True)
    order = sorted(range(7), key=lambda i: TILTS_OLD[i])
    angles = [TILTS_OLD[i] for i in order]
    lab.text(f"{W}{n}.tomostar", star([("", {"wrpMovieName": [names[i] for i in order], "wrpAngleTilt": angles, "wrpAxisAngle": [84.1] * 7, "wrpDose": [3.1 * i for i in order]})]))
    lab.text(f"{W}{n}.xml", f'{XML}<TiltSeries AreAnglesInverted="True" UnselectManual="null">\n  <Angles>' + "\n".join(f"{a:g}" for a in angles) + "</Angles>\n</TiltSeries>\n")
    lab.tilts(n, f"{W}imod/{n}/{n}.st", noise((7, 40, 40), "stack", n), SMALL, angles)
    lab.text(f"{W}imod/{n}/{n}.rawtlt", lines(angles))
    lab.text(f"{W}imod/{n}/{n}.xf", xf(7, n))
    lab.tomogram(n, f"{W}reconstruction/{n}_14.40Apx.mrc", noise(SHAPE_OLD, n), SMALL)
    lab.tomogram(n, f"{W}reconstruction/deconv/{n}_14.40Apx.mrc", noise(SHAPE_OLD, "deconv", n), SMALL, ("filtered",))
    if picked:  # exported for RELION 3: pixels of the particles, which the columns give
        where = places(lab.name, n, n=picked, size=[v * SMALL for v in SHAPE_OLD[::-1]])
        xyz = where / 4.8
        lab.text(f"{W}relion/{n}_ribosome.star", star([("", {"rlnMagnification": [10000.0] * picked, "rlnDetectorPixelSize": [4.8] * picked, "rlnVoltage": [300.0] * picked, "rlnCoordinateX": list(xyz[:, 0]), "rlnCoordinateY": list(xyz[:, 1]), "rlnCoordinateZ": list(xyz[:, 2]),
            "rlnAngleRot": [0.0] * picked, "rlnAngleTilt": [30.0] * picked, "rlnAnglePsi": [0.0] * picked, "rlnMicrographName": [f"{n}.tomostar"] * picked, "rlnImageName": [f"../subtomo/{n}/{n}_{i:07d}_4.80A.mrc" for i in range(picked)]})]))
        lab.points(n, f"{W}relion/{n}_ribosome.star", "ribosome", where, SMALL)

# picked and segmented by hand
where = places(lab.name, "synthase", n=9, size=ANGSTROM)
lab.text("picks/gr2_L2_ts_1_12.00Apx_ATPsynthase.mod", imod_model([("ATP synthase", [where], "scattered")], SHAPE[::-1], V))
lab.points("gr2_L2_ts_1", "picks/gr2_L2_ts_1_12.00Apx_ATPsynthase.mod", "ATP synthase", where, V)
t = np.linspace(0, 2 * np.pi, 30)
lab.text("picks/gr2_L2_ts_1_12.00Apx_membrane.mod", imod_model([("membrane", [np.column_stack([250 + 110 * np.cos(t), 240 + 90 * np.sin(t), np.full(30, z * V)]) for z in (5, 9)], "closed")], SHAPE[::-1], V))
lab.never("closed contours of a membrane: no places of particles", "picks/gr2_L2_ts_1_12.00Apx_membrane.mod")
lab.mask("gr2_L1_ts_3", "membrain/gr2_L1_ts_3_12.00Apx_denoised_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", Specimen("gr2_L1_ts_3", ANGSTROM).membrane(SHAPE), V)

# the mess
lab.junk("sum of a few movies to look for dirt: no gain reference", "gain/average_gr2_first10.mrc", noise((1, 40, 40), "dirt"), PIXEL, stack=True)
lab.junk("crop for a thesis", "thesis_figures/fig3_gr2_L1_ts_3_crop.mrc", noise((8, 20, 20), "crop"), V)
lab.picture("thesis_figures/fig3.png")
lab.copy(f"{R}gr2_L1_ts_3_12.00Apx.mrc", f"{R}gr2_L1_ts_3_12.00Apx (1).mrc")
lab.text(f"{T}gr2_L2_ts_1.xml~", "older\n")
lab.text("warp_tiltseries/processed_items.json", "[]\n")
lab.text("logs/ts_reconstruct 2024-06-12.log", "3/3\n")
lab.done()
