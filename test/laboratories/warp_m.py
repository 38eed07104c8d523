"""WarpTools from movies to template matching, M after it, and picks that an older Warp exported into a folder beside the project.

Imitates
  https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/   (names of folders and files, .settings, tomostar,
    reconstruction/NAME_10.00Apx.mrc, matching/NAME_10.00Apx_emd_15854_clean.star, relion/, m/10491.population, m/species/NAME_HASH/)
  https://warpem.github.io/warp/reference/warptools/tomogram_denoising/                   (average/even, average/odd, reconstruction/even, odd; Noise2Map)
  https://warpem.github.io/warp/reference/warptools/tomogram_particle_files/              (RELION 3.0: one table; voxels of a tomogram, zero in the
    middle of the first; rlnMicrographName is the tomostar file)
  https://warpem.github.io/warp/user_guide/m/quick_start_m/                               (populations, sources, species; half maps, masks)

  https://github.com/warpem/warp (WarpLib, ReconstructParticleSeries: rlnTomoName is NAME.tomostar, coordinates in pixels of the particles)

Template matching writes positions as parts of 1 (--normalized_coords), the export in pixels of the particles (4 A), the older Warp in pixels that
its columns give (rlnDetectorPixelSize in micrometres over rlnMagnification, 5 A) and, by hand, in voxels of the tomograms without any size.
_clean.star is a selection of the first list, which is as right.
The mess: TS_32 has no reconstruction; TS_17 has one at 5 A besides; a dark image is in no tomostar; tilt stacks at 10 A exist of the series that
were aligned; subtomograms, averages of species in several versions, a mask at 4 A; the stack that only RELION wants to see.
"""
import numpy as np

from kit import Lab, Specimen, dose_symmetric, lines, mdoc, places, seed, star, xf

PIXEL, V, FINE, EXPORT, OLD = 1.25, 10.0, 5.0, 4.0, 5.0
SHAPE, SHAPE_FINE = (20, 40, 44), (40, 80, 88)
TAKEN = dose_symmetric(6, 6)
#         series   reconstructed  at 5 A  matched  Warp 1       dark image
TABLE = [("TS_1", True, False, 14, "exported", None),
         ("TS_11", True, False, 9, "by hand", 5),
         ("TS_17", True, True, 11, None, None),
         ("TS_32", False, False, 0, None, None)]

lab = Lab(__doc__, ["https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/", "https://warpem.github.io/warp/reference/warptools/tomogram_denoising/",
                    "https://warpem.github.io/warp/reference/warptools/tomogram_particle_files/", "https://warpem.github.io/warp/user_guide/m/quick_start_m/"])
ANGSTROM = [n * V for n in SHAPE[::-1]]
SIZE = np.array(SHAPE[::-1])
r = seed(lab.name, "maps")
noise = lambda *shape: r.normal(0, 1, shape).astype(np.float32)
settings = lambda folder, extension, more="": f'<?xml version="1.0" encoding="utf-16"?>\n<Settings>\n  <Import>\n    <Param Name="DataFolder" Value="{folder}" />\n    <Param Name="Extension" Value="{extension}" />\n    <Param Name="PixelSize" Value="{PIXEL}" />\n    <Param Name="GainPath" Value="gain_ref.mrc" />\n    <Param Name="DosePerAngstromFrame" Value="-2.64" />\n  </Import>\n{more}</Settings>\n'
P = "10491/"
lab.gain([n for n, *_ in TABLE], P + "gain_ref.mrc")
lab.text(P + "warp_frameseries.settings", settings("frames", "*.tif"))
lab.text(P + "warp_tiltseries.settings", settings("tomostar", "*.tomostar", '  <Tomo>\n    <Param Name="DimensionsX" Value="352" />\n    <Param Name="DimensionsY" Value="320" />\n    <Param Name="DimensionsZ" Value="160" />\n  </Tomo>\n'))
matched = lambda xyz, n, fom: star([("", {"rlnCoordinateX": [float(f"{v:.6f}") for v in xyz[:, 0]], "rlnCoordinateY": list(xyz[:, 1]), "rlnCoordinateZ": list(xyz[:, 2]),
                                          "rlnAngleRot": list(r.uniform(-180, 180, len(xyz))), "rlnAngleTilt": list(r.uniform(0, 180, len(xyz))), "rlnAnglePsi": list(r.uniform(-180, 180, len(xyz))),
                                          "rlnMicrographName": [f"{n}.tomostar"] * len(xyz), "rlnAutopickFigureOfMerit": list(fom)})])
particles = {k: [] for k in ("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnTomoName", "rlnImageName", "rlnOpticsGroup")}
for n, reconstructed, fine, k, older, dark in TABLE:
    where = places(lab.name, n, n=k, size=ANGSTROM)
    ribosomes = places(lab.name, n, "ribosomes", n=8 if older else 0, size=ANGSTROM)
    s = Specimen(n, ANGSTROM, [where, ribosomes])
    names = [f"{n}_{i + 1:05d}_{a:.1f}_Jul31_10.{36 + i}.03.tif" for i, a in enumerate(TAKEN)]
    lab.movies(n, [f"{P}frames/{f}" for f in names])
    lab.text(f"{P}mdoc/{n}.mrc.mdoc", mdoc(TAKEN, PIXEL, names, f"{n}.mrc", (40, 40), folder="X:\\10491\\frames\\", dose=2.64))
    for f in names:
        b = f[:-4]
        lab.text(f"{P}warp_frameseries/{b}.xml", f'<?xml version="1.0" encoding="utf-16"?>\n<Movie UnselectManual="null" CTFResolutionEstimate="5.8">\n  <CTF><Param Name="PixelSize" Value="{PIXEL}" /><Param Name="Defocus" Value="3.1" /></CTF>\n</Movie>\n')
    for f in names[:2]:
        b = f[:-4]
        lab.junk("average of the frames of one tilt", f"{P}warp_frameseries/average/{b}.mrc", noise(1, 40, 40), PIXEL, stack=True)
        for h in ("even", "odd"):
            lab.junk("half of the average of one tilt", f"{P}warp_frameseries/average/{h}/{b}.mrc", noise(1, 40, 40), PIXEL, stack=True)
        lab.junk("power spectrum", f"{P}warp_frameseries/powerspectrum/{b}.mrc", noise(1, 32, 32), 1.0, stack=True)
    order = sorted((i for i in range(len(TAKEN)) if i != dark), key=lambda i: TAKEN[i])
    angles = [TAKEN[i] for i in order]
    lab.text(f"{P}tomostar/{n}.tomostar", star([("", {"wrpMovieName": [f"../warp_frameseries/{names[i]}" for i in order], "wrpAngleTilt": [float(TAKEN[i]) for i in order], "wrpAxisAngle": [-85.6] * len(order),
                                                      "wrpDose": [2.64 * i for i in order], "wrpAverageIntensity": [3.9] * len(order), "wrpMaskedFraction": [0.0] * len(order)})]))
    lab.text(f"{P}warp_tiltseries/{n}.xml", '<?xml version="1.0" encoding="utf-16"?>\n<TiltSeries DataDirectory="../tomostar" AreAnglesInverted="True" PlaneNormal="0,0,1" UnselectManual="null">\n  <Angles>' + "\n".join(f"{a:g}" for a in angles) + "</Angles>\n</TiltSeries>\n")
    if not reconstructed:
        continue
    d = f"{P}warp_tiltseries/tiltstack/{n}/{n}"
    lab.tilts(n, d + ".st", s.stack(angles, (40, 44)), V, angles)
    lab.text(d + ".rawtlt", lines(angles))
    lab.text(d + ".tlt", lines([a + 0.3 for a in angles]))
    lab.text(d + ".xf", xf(len(angles), n))
    lab.text(d + ".edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize=1.0\n")
    R = f"{P}warp_tiltseries/reconstruction/"
    lab.tomogram(n, f"{R}{n}_10.00Apx.mrc", s.volume(SHAPE, V), V)
    lab.tomogram(n, f"{R}deconv/{n}_10.00Apx.mrc", s.volume(SHAPE, V, 0.6, "deconv"), V, ("filtered",))
    lab.tomogram(n, f"{R}denoised/{n}_10.00Apx.mrc", s.volume(SHAPE, V, 0.1, "denoised"), V, ("denoised",))
    for h in ("even", "odd"):
        lab.half(n, f"{R}{h}/{n}_10.00Apx.mrc", s.volume(SHAPE, V, 1.4, h), V)
    if fine:
        lab.tomogram(n, f"{R}{n}_5.00Apx.mrc", s.volume(SHAPE_FINE, FINE), FINE)
    lab.picture(f"{R}{n}_10.00Apx.png")
    m = f"{P}warp_tiltseries/matching/{n}_10.00Apx_emd_15854"
    fom = np.sort(r.uniform(4, 12, k))[::-1]
    keep = fom >= np.median(fom)
    norm = where / (SIZE * V)
    lab.text(m + ".star", matched(norm, n, fom))
    lab.text(m + "_clean.star", matched(norm[keep], n, fom[keep]))
    lab.junk("scores of the matching", m + "_corr.mrc", noise(*SHAPE), V)
    lab.junk("angles of the matching", m + "_angleid.mrc", noise(*SHAPE), V)
    lab.picture(f"{m}_picks/6.0.png")
    lab.points(n, m + ".star", "apoferritin", where, V, may=True)
    lab.points(n, m + "_clean.star", "apoferritin", where[keep], V, also=[P + "relion/matching.star"])
    for i, p in enumerate(where[keep]):
        image = f"../warp_tiltseries/particleseries/{n}/{n}_4.00A_{i + 1:06d}.mrcs"
        row = (*(float(v) for v in p / EXPORT), 10.0 * i, 40.0, -20.0, f"{n}.tomostar", image, 1)
        for column, v in zip(particles, row):
            particles[column].append(v)
    for i in range(2):
        lab.junk("images of one particle", f"{P}warp_tiltseries/particleseries/{n}/{n}_4.00A_{i + 1:06d}.mrcs", noise(len(angles), 12, 12), EXPORT, stack=True)
    if older == "exported":
        xyz = ribosomes / OLD
        e = len(xyz)
        file = f"Warp_1.0.9/{n}_ribosome_subtomo.star"
        lab.text(file, star([("", {"rlnMagnification": [10000.0] * e, "rlnDetectorPixelSize": [OLD] * e, "rlnVoltage": [300.0] * e, "rlnSphericalAberration": [2.7] * e, "rlnAmplitudeContrast": [0.07] * e,
                                   "rlnCoordinateX": list(xyz[:, 0]), "rlnCoordinateY": list(xyz[:, 1]), "rlnCoordinateZ": list(xyz[:, 2]), "rlnAngleRot": [0.0] * e, "rlnAngleTilt": [30.0] * e, "rlnAnglePsi": [0.0] * e,
                                   "rlnMicrographName": [f"{n}.tomostar"] * e, "rlnImageName": [f"../subtomo/{n}/{n}_{i:07d}_5.00A.mrc" for i in range(e)], "rlnCtfImage": [f"../subtomo/{n}/{n}_{i:07d}_ctf_5.00A.mrc" for i in range(e)]})]))
        lab.points(n, file, "ribosome", ribosomes, V)
        lab.junk("one particle", f"Warp_1.0.9/subtomo/{n}/{n}_0000000_5.00A.mrc", noise(12, 12, 12), OLD)
        lab.junk("transfer function of one particle", f"Warp_1.0.9/subtomo/{n}/{n}_0000000_ctf_5.00A.mrc", noise(12, 12, 7), OLD)
    if older == "by hand":
        xyz = ribosomes / V
        file = f"Warp_1.0.9/{n}_ribosome_manual.star"
        lab.text(file, star([("", {"rlnCoordinateX": list(xyz[:, 0]), "rlnCoordinateY": list(xyz[:, 1]), "rlnCoordinateZ": list(xyz[:, 2]), "rlnMicrographName": [f"{n}.tomostar"] * len(xyz)})]))
        lab.points(n, file, "ribosome", ribosomes, V)
lab.junk("template of the matching", f"{P}warp_tiltseries/template/emd_15854_10.00.mrc", noise(14, 14, 14), V)
lab.text(P + "relion/matching.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnTomoTiltSeriesPixelSize": [PIXEL], "rlnTomoSubtomogramBinning": [EXPORT / PIXEL], "rlnImagePixelSize": [EXPORT], "rlnImageSize": [12]}), ("particles", particles)]))
lab.text(P + "relion/matching_tomograms.star", star([("global", {"rlnTomoName": [f"{n}.tomostar" for n, ok, *_ in TABLE if ok], "rlnTomoTiltSeriesName": ["dummy_tiltseries.mrc"] * 3, "rlnTomoFrameCount": [len(TAKEN)] * 3, "rlnTomoSizeX": [352] * 3, "rlnTomoSizeY": [320] * 3, "rlnTomoSizeZ": [160] * 3, "rlnTomoHand": [-1] * 3, "rlnTomoTiltSeriesPixelSize": [PIXEL] * 3})]))
lab.text(P + "relion/matching_optimisation_set.star", "\ndata_\n\n_rlnTomoParticlesFile   matching.star\n_rlnTomoTomogramsFile   matching_tomograms.star\n")
lab.junk("a stack that only RELION wants to see", P + "relion/dummy_tiltseries.mrc", noise(len(TAKEN), 8, 8), PIXEL, stack=True)
for f in ("run_class001", "run_half1_class001_unfil", "run_half2_class001_unfil"):
    lab.junk("average of particles", f"{P}relion/Refine3D/job002/{f}.mrc", noise(14, 14, 14), EXPORT)
lab.junk("mask of a particle", P + "m/mask_4apx.mrc", (noise(14, 14, 14) > 0).astype(np.int8), EXPORT)
lab.text(P + "m/10491.population", '<?xml version="1.0" encoding="utf-16"?>\n<Population Name="10491">\n  <Sources><Source Path="../warp_tiltseries/10491.source" /></Sources>\n  <Species><Species Path="species/apoferritin_797f75c2/apoferritin.species" /></Species>\n</Population>\n')
lab.text(P + "warp_tiltseries/10491.source", '<?xml version="1.0" encoding="utf-16"?>\n<DataSource Name="10491" PixelSizeX="1.25">\n  <Files>' + "".join(f'<File Name="{n}.tomostar" />' for n, *_ in TABLE) + "</Files>\n</DataSource>\n")
for folder in ("m/species/apoferritin_797f75c2/", "m/species/apoferritin_797f75c2/versions/9cd1a4b2/"):
    lab.text(P + folder + "apoferritin.species", '<?xml version="1.0" encoding="utf-16"?>\n<Species Name="apoferritin" PixelSize="1.25" />\n')
    for f in ("apoferritin", "apoferritin_half1", "apoferritin_half2", "apoferritin_filt", "apoferritin_filtsharp", "apoferritin_denoised", "mask"):
        lab.junk("map of a species", f"{P}{folder}{f}.mrc", noise(14, 14, 14), PIXEL)
    lab.text(P + folder + "apoferritin_particles.star", star([("", {"wrpCoordinateX1": [112.5, 240.0], "wrpCoordinateY1": [90.0, 310.2], "wrpCoordinateZ1": [66.0, 101.0], "wrpAngleRot1": [0.0, 1.0], "wrpSourceName": ["TS_1.tomostar", "TS_17.tomostar"], "wrpSourceHash": ["5D0C2", "5D0C2"]})]))
    lab.never("particles after M, in angstroms of a deformed volume", P + folder + "apoferritin_particles.star")
lab.text(P + "warp_tiltseries/processed_items.json", "[]\n")
lab.text(P + "logs/ts_reconstruct 2024-07-31.log", "3/3\n")
lab.done()
