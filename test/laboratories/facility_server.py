"""A user's folder on a facility's server: single particles in EPU, cryoSPARC and RELION beside tomography of lamellae (SerialEM with PACEtomo, Tomography 5), a screening microscope and correlative light microscopy.

Imitates
  EPU: https://diamondlightsource.github.io/smartem-decisions/main/explanations/epu-data-structures.html, https://home.cryonav.org/index.php/CryoNAV_EPU_SerialEM_Folder_Structures (EpuSession.dm, Images-Disc1,
    GridSquare_ID/Data/FoilHole_ID_Data_ID_ID_DATE_TIME_fractions.tiff | .xml | .jpg, FoilHoles, Atlas);
  cryoSPARC: https://guide.cryosparc.com/application-guide-v4.0+/low-level-results-interface, https://cryolike.readthedocs.io/en/latest/tutorials/read_cryosparc_file.html (a .cs file is a NumPy array), and public scripts for
    names: UID_MOVIE_patch_aligned_doseweighted.mrc, _background.mrc, J4_020_class_averages.mrc, J7_005_volume_map_half_A.mrc, J7_005_volume_mask_fsc_auto.mrc, J3_passthrough_exposures.cs, extract/…_particles.mrc;
  RELION, single particles: https://relion.readthedocs.io/en/release-5.0/SPA_tutorial/index.html, https://github.com/3dem/em-testdata (MotionCorr/job002/…_PS.mrc, corrected_micrographs.star, AutoPick/…_autopick.star,
    Extract/….mrcs, run_it025_classes.mrcs, run_half1_class001_unfil.mrc);
  PACEtomo: https://github.com/eisfabian/PACEtomo (ROOT_tgts.txt, ROOT_tgt_001.mrc, ROOT_ts_001.mrc and .mdoc, ROOT_tgts_run00.txt); SerialEM: https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm;
  Tomography 5: https://github.com/3dem/relion/issues/1158 (Position_1_008_24.00_DATE_TIME_…), https://github.com/czimaginginstitute/AreTomo3/issues/24;
  IMOD: https://bio3d.colorado.edu/imod/doc/man/alignframes.html, https://bio3d.colorado.edu/imod/doc/man/batchruntomo.html; AreTomo2: https://github.com/czimaginginstitute/AreTomo2;
  ctffind 4: https://grigoriefflab.umassmed.edu/ctffind4; IsoNet: https://github.com/IsoNet-cryoET/IsoNet; MemBrain-seg: https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md;
  pytom-match-pick: https://github.com/SBC-Utrecht/pytom-match-pick/wiki/extracting-particles;
  MAPS: https://github.com/DiamondLightSource/python-murfey (EMproject.emxml, LayersData/Layer/Electron Snapshot/Electron Snapshot.tiff), public readers of MapsProject.xml (Tile_ROW-COL-….tif);
  3DCT: https://github.com/coraxx/3DCT, https://github.com/hermankhfung/3DCT (DATE_TIME_correlation.txt: markers in 3D, where they go, in 2D; tables of coordinates as text).
From memory: headers of .lif, .czi and .nd2, the text of FEI's TIFF tag, names of Falcon's sums, ctffind's diagnostic stack, the text of PACEtomo's run file.

The mess: the Glacios' series have the names of the Krios' (L1_ts_001), another pixel and other exposures; a test grid has Position_1 like the real session, and a tomogram; the facility's automatic previews beside the user's
tomograms, and of one series they are all there is; a colleague's try on a copy of a stack; gain references of three cameras and copies of them in one folder; frames that belong to no series; maps, masks, averages and 2D
stacks of single particles; ctffind's spectra, as many as there are tilts; fluorescence as .mrc, once in the grid of a tomogram; beads in three columns.
"""
import io
import json

import numpy as np
import tifffile

from kit import Lab, Specimen, aln, dose_symmetric, imod_model, lines, mdoc, places, seed, star, xf

TAKEN = dose_symmetric(12, 6)
ANGLES = sorted(TAKEN)
N = len(ANGLES)
K, G, T, X = "data/20240925_Krios1_PACEtomo", "data/20240918_Glacios_screening", "data/20241010_Krios2_Tomo5", "data/20241009_Krios2_testgrid"
E, F = "data/20240905_Krios1_EPU_complex", "data/20241021_Krios2_EPU_complex"
A, B = "processing/user_a", "processing/user_b"
#        run                session series       pixel  images     tomogram      binning day          hour  stage             what user_a or user_b made of it
TABLE = [("L1_ts_001",      K, "L1_ts_001",      1.97,  (96, 96), (10, 24, 24), 4, "25-Sep-24", 10, "-112.40 310.85", "etomo"),
         ("L1_ts_002",      K, "L1_ts_002",      1.97,  (96, 96), (10, 24, 24), 4, "25-Sep-24", 10, "-110.95 312.20", "etomo"),
         ("L1_ts_003",      K, "L1_ts_003",      1.97,  (96, 96), (10, 24, 24), 4, "25-Sep-24", 10, "-109.31 309.02", None),
         ("L2_ts_001",      K, "L2_ts_001",      1.97,  (96, 96), (10, 24, 24), 4, "25-Sep-24", 15, "402.73 -88.16",  "etomo"),
         ("glacios_L1_ts_001", G, "L1_ts_001",   4.28,  (64, 64), (12, 32, 32), 2, "18-Sep-24", 11, "-96.02 287.44",  None),
         ("glacios_L1_ts_002", G, "L1_ts_002",   4.28,  (64, 64), (12, 32, 32), 2, "18-Sep-24", 12, "-94.70 291.13",  None),
         ("Position_1",     T, "Position_1",     1.53,  (80, 80), (10, 20, 20), 4, "10-Oct-24", 9,  "55.18 201.77",   "aretomo"),
         ("Position_2",     T, "Position_2",     1.53,  (80, 80), (10, 20, 20), 4, "10-Oct-24", 13, "-310.66 -45.92", "aretomo")]
SPA = {E: (0.83, "20240905", "tiff"), F: (0.94, "20241021", "mrc")}  # pixel, day, movies

lab = Lab(__doc__, [w.rstrip(",;.)") for w in __doc__.split() if w.startswith("https://")])
r = seed(lab.name, "noise")
noise = lambda *shape: r.normal(0, 1, shape).astype(np.float32)
picture = lambda n=120: b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1" + r.integers(0, 255, n).astype(np.uint8).tobytes() + b"\xff\xd9"
may = lambda kind, run: lab.run(run)[kind][-1].update(may=True)
text_never = lambda why, path, content: lab.never(why, lab.text(path, content))


def dated(text, day, hour, stage):
    return text.replace("14-Feb-23  09:", f"{day}  {hour:02d}:").replace("12.5 -40.1", stage)


def tif(why, path, data, fei=None):
    """With FEI's text of the microscope's state where that is what the microscope writes."""
    lab.text(path, b"")
    tags = [(34682, 2, 0, f"[User]\r\nDate=09/20/2024\r\n[Beam]\r\nBeam={fei}\r\n[Scan]\r\nPixelWidth=1.2e-007\r\nPixelHeight=1.2e-007\r\n", True)] if fei else []
    tifffile.imwrite(lab.root / path, data, photometric="minisblack", metadata=None, extratags=tags)
    lab.never(why, path)


def cs(path, rows):
    """cryoSPARC's tables are arrays of NumPy."""
    b = io.BytesIO()
    np.save(b, rows)
    lab.text(path, b.getvalue())
    lab.text(path[:-3].replace("_passthrough", "") + ".csg" if "passthrough" in path else path[:-3] + ".csg", "created: 2024-09-07 10:11:12\ngroup:\n  name: output\n  type: table\n")


def ball(n):
    z, y, x = np.indices((n, n, n)) - n / 2
    return (x**2 + y**2 + z**2 < (n / 3) ** 2).astype(np.float32)


# ---- tomography: what the microscopes and the users have of each series ----
picked, spec = {}, {}
for run, session, name, pixel, size, shape, by, day, hour, stage, made in TABLE:
    V = pixel * by
    box = np.array(shape[::-1]) * V
    lab.run(run, f"{session.split('/')[1]}_{name}", f"{session.split('/')[1][9:]}_{name}", f"{session.split('_')[1]}_{name}")
    if run in ("L1_ts_001", "L2_ts_001"):
        picked[run] = np.round(places(lab.name, run, n=9 if run == "L1_ts_001" else 6, size=box) / V) * V
    s = spec[run] = Specimen(run, box, [picked[run]] if run in picked else [], radius=5 * pixel)
    stack = s.stack(ANGLES, size)
    again = lambda what: (stack + seed(run, what).normal(0, 1.5, stack.shape)).round().astype(np.int16)  # the same exposures, summed by another program
    order = [ANGLES.index(a) for a in TAKEN]
    movies, folder = None, ""
    if session == K:
        movies, folder = [f"{name}_{i:03d}_{a:.1f}_Sep25_{hour}.{12 + 2 * i:02d}.31.tif" for i, a in enumerate(TAKEN)], "D:\\DoseFractions\\user_a\\20240925\\"
        lab.movies(run, [f"{K}/frames/{f}" for f in movies], pixel=pixel)
    if session == T:
        movies, folder = [f"{name}_{i + 1:03d}_{a:.2f}_20241010_{hour:02d}{11 + 3 * i}07_EER.eer" for i, a in enumerate(TAKEN)], "\\\\192.168.10.2\\OffloadData\\20241010_user_b\\"
        lab.movies(run, [f"{T}/{f}" for f in movies], pixel=pixel)
        for f in movies[:2]:
            lab.junk("a sum of one tilt", f"{T}/{f.replace('_EER.eer', '.mrc')}", noise(1, 40, 40), pixel, stack=True)
        lab.text(f"{T}/Thumbnails/{name}_Search.jpg", picture())
    camera = {K: "SerialEM: Digitized on Titan Krios D3886", G: "SerialEM: Digitized on Glacios D5021", T: "TOMOGRAPHY: Titan Krios G4"}[session]
    text = dated(mdoc(TAKEN, pixel, movies, f"{name}.mrc", size[::-1], folder=folder, dose=3.4 if session == K else 2.8, camera=camera), day, hour, stage)
    lab.text(f"{session}/{name}.mdoc" if session == T else f"{session}/{name}.mrc.mdoc", text)
    if session != T:  # SerialEM's own stack, in the order of recording
        lab.tilts(run, f"{session}/{name}.mrc", again("camera")[order], pixel, TAKEN)
        may("tiltseries", run)
    if session == G:  # screening: a tomogram on the fly
        lab.text(f"{G}/onthefly/{name}.rawtlt", lines(ANGLES))
        lab.text(f"{G}/onthefly/{name}.aln", aln(size[::-1], ANGLES, run))
        lab.tomogram(run, f"{G}/onthefly/{name}_rec.mrc", s.volume(shape, V), V, may=True)
    if session == K:  # the facility's pipeline
        L = f"{K}/live"
        lab.tilts(run, f"{L}/alignframes/{name}_aligned.mrc", stack, pixel, ANGLES)
        if made:
            may("tiltseries", run)
        lab.text(f"{L}/alignframes/{name}_aligned.rawtlt", lines(ANGLES))
        lab.text(f"{L}/aretomo/{name}_bin8.aln", aln(size[::-1], ANGLES, run, "live"))
        lab.tomogram(run, f"{L}/aretomo/{name}_bin8.mrc", s.volume((5, 12, 12), pixel * 8, what="live"), pixel * 8, may=bool(made))
        lab.text(f"{L}/aretomo/{name}_bin8.jpg", picture())
    if made == "etomo":
        D = f"{A}/tomo/imod/{name}"
        lab.tilts(run, f"{D}/{name}.st", again("motioncor2"), pixel, ANGLES)
        lab.text(f"{D}/{name}.rawtlt", lines(ANGLES))
        lab.text(f"{D}/{name}.tlt", lines([a + 0.32 for a in ANGLES]))
        lab.text(f"{D}/{name}.xf", xf(N, run))
        lab.text(f"{D}/{name}.edf", f"#Etomo\nSetup.DatasetName={name}\nSetup.AxisType=Single Axis\nSetup.PixelSize={pixel / 10:g}\nSetup.ImageRotationA=84.1\nSetup.OrigRawStackExt=st\n")
        lab.text(f"{D}/newst.com", f"$newstack -StandardInput\nInputFile {name}.st\nOutputFile {name}_ali.mrc\nTransformFile {name}.xf\nBinByFactor {by}\n")
        lab.text(f"{D}/tilt.com", f"$tilt -StandardInput\nInputProjections {name}_ali.mrc\nOutputFile {name}_full_rec.mrc\nIMAGEBINNED {by}\nTILTFILE {name}.tlt\nTHICKNESS {shape[0] * by}\nFULLIMAGE {size[1]} {size[0]}\n")
        lab.junk("the aligned stack", f"{D}/{name}_ali.mrc", s.stack(ANGLES, (24, 24), "ali"), V, stack=True)
        lab.tomogram(run, f"{D}/{name}_rec.mrc", s.volume(shape, V), V)
        lab.junk("spectra of ctffind, a section for each tilt", f"{A}/tomo/ctffind/{name}_diag.mrc", noise(N, 48, 48), pixel, stack=True)
        lab.text(f"{A}/tomo/ctffind/{name}_diag.txt", "# Output from CTFFind version 4.1.14, run on 2024-09-27 09:12:44\n# Input file: ../imod/" + f"{name}/{name}.st ; Number of micrographs: {N}\n# Pixel size: {pixel:.3f} Angstroms ; acceleration voltage: 300.0 keV\n"
                 + "".join(f"{i + 1}.000000 41250.3 40811.9 12.4 0.0 0.0871 9.2\n" for i in range(N)))
        text_never("what ctffind says of the spectra", f"{A}/tomo/ctffind/{name}_diag_avrot.txt", f"# Output from CTFFind version 4.1.14, run on 2024-09-27 09:12:44\n# Input file: ../imod/{name}/{name}.st ; Number of micrographs: {N}\n" + "".join(" ".join(f"{v:.5f}" for v in row) + "\n" for row in r.uniform(0, 0.5, (6, 12))))
    if made == "aretomo":
        D = f"{B}/tomo5/{name}"
        lab.tilts(run, f"{D}/{name}.mrc", stack, pixel, ANGLES)
        lab.text(f"{D}/{name}.rawtlt", lines(ANGLES))
        lab.text(f"{D}/{name}_bin4.aln", aln(size[::-1], ANGLES, run))
        vol = s.volume(shape, V)
        lab.tomogram(run, f"{D}/{name}_bin4.mrc", vol, V)
        lab.tomogram(run, f"{B}/isonet/deconv/{name}_bin4.mrc", (s.density(shape, V) * 1.2 + 0.2 * vol).astype(np.float32), V, ("filtered",), may=True)
        lab.junk("where IsoNet trains", f"{B}/isonet/mask/{name}_bin4_mask.mrc", s.membrane(shape, 7), V)
        lab.tomogram(run, f"{B}/isonet/corrected_tomos/{name}_bin4_corrected.mrc", (s.density(shape, V) * 0.9 + 0.1 * vol).astype(np.float32), V, ("denoised", "filtered"))
names = [t[2] for t in TABLE if t[1] == T]
lab.text(f"{B}/isonet/tomograms.star", star([("", {"rlnIndex": [1, 2], "rlnMicrographName": [f"../tomo5/{n}/{n}_bin4.mrc" for n in names], "rlnPixelSize": [6.12] * 2, "rlnDefocus": [38000.0] * 2, "rlnNumberSubtomo": [100] * 2,
         "rlnDeconvTomoName": [f"deconv/{n}_bin4.mrc" for n in names], "rlnMaskName": [f"mask/{n}_bin4_mask.mrc" for n in names], "rlnCorrectedTomoName": [f"corrected_tomos/{n}_bin4_corrected.mrc" for n in names]})]))

# ---- the sessions, besides: maps, targets, frames of no series, a series that was stopped ----
lab.gain([t[0] for t in TABLE if t[1] == K], f"{K}/frames/CountRef_L1_ts_001_000_0.0_Sep25_10.12.31.mrc")
lab.gain([t[0] for t in TABLE if t[1] == T], f"{T}/20241010_083512_EER_GainReference.gain")
lab.movies(None, [f"{K}/frames/{f}" for f in ("gaincheck_Sep25_08.31.02.tif", "Preview_Sep25_09.48.17.tif", "L2_ts_002_000_0.0_Sep25_18.02.10.tif", "L2_ts_002_001_12.0_Sep25_18.04.12.tif")])
lab.never("frames of no series, or of one that was stopped after two tilts", *[f"{K}/frames/{f}" for f in ("gaincheck_Sep25_08.31.02.tif", "Preview_Sep25_09.48.17.tif", "L2_ts_002_000_0.0_Sep25_18.02.10.tif", "L2_ts_002_001_12.0_Sep25_18.04.12.tif")])
lab.junk("a series that was stopped after two tilts", f"{K}/aborted/L2_ts_002.mrc", Specimen("L2_ts_002", [700, 700, 300]).stack([0.0, 12.0], (96, 96)), 1.97, stack=True)
lab.text(f"{K}/aborted/L2_ts_002.mrc.mdoc", dated(mdoc([0.0, 12.0], 1.97, ["L2_ts_002_000_0.0_Sep25_18.02.10.tif", "L2_ts_002_001_12.0_Sep25_18.04.12.tif"], "L2_ts_002.mrc", (96, 96), folder="D:\\DoseFractions\\user_a\\20240925\\", dose=3.4), "25-Sep-24", 18, "405.11 -86.90"))
for lamella in ("L1", "L2"):
    mine = [t for t in TABLE if t[1] == K and t[2].startswith(lamella)]
    lab.text(f"{K}/{lamella}_tgts.txt", "_set startTilt = 0\n\n" + "".join(f"_tgt = {i + 1:03d}\ntgtfile = {lamella}_tgt_{i + 1:03d}.mrc\ntsfile = {t[2]}.mrc\nstageX = {t[9].split()[0]}\nstageY = {t[9].split()[1]}\nskip = False\n\n" for i, t in enumerate(mine)))
    lab.text(f"{K}/{lamella}_tgts_run00.txt", f"_set startTilt = 0\n_bset = -36\n\n_tgt = 001\ntsfile = {mine[0][2]}.mrc\nsec = {N}\n\n")
    for i, t in enumerate(mine):
        lab.junk("a view of a target", f"{K}/{lamella}_tgt_{i + 1:03d}.mrc", noise(1, 48, 48), 7.9, stack=True)
for d, mag, px, files in ((K, 2250, 61.2, ("LMM_grid4.mrc", "L1_MMM.mrc")), (G, 1250, 98.5, ("LMM_grid4.mrc", "L1_map.mrc"))):
    for f in files:
        lab.junk("a map of the grid or of a lamella", f"{d}/{f}", np.round(200 + 30 * noise(4, 48, 48)).astype(np.int16), px, stack=True)
        lab.text(f"{d}/{f}.mdoc", f"PixelSpacing = {px}\nVoltage = 300\nImageFile = {f}\nImageSize = 48 48\nMontage = 1\nDataMode = 1\n\n" + "".join(f"[ZValue = {i}]\nPieceCoordinates = {i % 2 * 44} {i // 2 * 44} 0\nTiltAngle = 0.02\nStagePosition = {i % 2 * 90} {i // 2 * 90}\nMagnification = {mag}\nPixelSpacing = {px}\n\n" for i in range(4)))
    lab.text(f"{d}/grid4.nav", "AdocVersion = 2.00\nLastSavedAs = X:\\user_a\\grid4.nav\n\n" + "".join(f"[Item = {i + 1}]\nColor = 2\nStageXYZ = -112.4 310.9 {41 + i}.2\nNumPts = 1\nRegis = 1\nType = 2\nNote = {f}\nMapFile = X:\\user_a\\{f}\nMapID = 2210{i}\nPtsX = -112.4\nPtsY = 310.9\n\n" for i, f in enumerate(files)))
lab.junk("a search map", f"{T}/SearchMaps/SearchMap_1.mrc", noise(1, 60, 60), 290.0, stack=True)
lab.text(f"{T}/Batch/BatchPositionsList.xml", "<BatchPositions><Name>Position_1</Name><Name>Position_2</Name></BatchPositions>\n")
lab.text(f"{T}/Session.dm", "<TomographySession />\n")

# ---- the test grid: a replica of gold, to find the axis ----
gold = Specimen("cross grating", np.array([20, 20, 10]) * 6.12)
tests = [f"Position_1_{i + 1:03d}_{a:.2f}_20241009_17{11 + 3 * i}07_EER.eer" for i, a in enumerate(TAKEN)]
lab.movies(None, [f"{X}/{f}" for f in tests])
lab.never("frames of a test grid", *[f"{X}/{f}" for f in tests])
lab.text(f"{X}/Position_1.mdoc", dated(mdoc(TAKEN, 1.53, tests, "Position_1.mrc", (80, 80), folder="\\\\192.168.10.2\\OffloadData\\20241009_testgrid\\", dose=2.8, camera="TOMOGRAPHY: Titan Krios G4"), "09-Oct-24", 17, "2.15 -7.40"))
lab.junk("a series of a test grid", f"{X}/axis_test/crossgrating.mrc", gold.stack(ANGLES, (80, 80)), 1.53, stack=True)
lab.text(f"{X}/axis_test/crossgrating.rawtlt", lines(ANGLES))
lab.junk("a tomogram of a test grid", f"{X}/axis_test/crossgrating_rec.mrc", gold.volume((10, 20, 20), 6.12), 6.12)
lab.text(f"{X}/NOTE.txt", "Cross grating (gold), only to find the tilt axis offset before the session of 10 October. No sample in it. Not to be published.\n")

# ---- single particles: EPU ----
for e, (pixel, day, kind) in SPA.items():
    lab.text(f"{e}/EpuSession.dm", '<?xml version="1.0"?><EpuSessionXml xmlns="http://schemas.datacontract.org/2004/07/Applications.Epu.Persistence"><Name>complex</Name></EpuSessionXml>\n')
    lab.text(f"{e}/Metadata/GridSquare_8999138.dm", "<GridSquareXml />\n")
    q = f"{e}/Images-Disc1/GridSquare_8999138"
    lab.junk("an image of a grid square", f"{q}/GridSquare_{day}_151151.mrc", noise(1, 40, 40), 420.0, stack=True)
    lab.junk("an image of a hole", f"{q}/FoilHoles/FoilHole_9015883_{day}_154715.mrc", noise(1, 40, 40), 25.0, stack=True)
    lab.junk("a part of an atlas", f"{e}/Atlas/Tile_0_0_0.mrc", noise(1, 40, 40), 5400.0, stack=True)
    lab.junk("an atlas", f"{e}/Atlas/Atlas_1.mrc", noise(1, 60, 60), 5400.0, stack=True)
    for i in range(4):
        f = f"{q}/Data/FoilHole_{9015883 + 6 * i}_Data_{9017347 + 7 * i}_{6 + i}_{day}_1549{15 + 4 * i}"
        if kind == "mrc":
            lab.junk("frames of single particles", f"{f}_fractions.mrc", r.poisson(3, (8, 40, 40)).astype(np.uint8), pixel, stack=True)
        else:
            lab.movies(None, [f"{f}_fractions.{kind}"], frames=8, pixel=pixel)
            lab.never("frames of single particles", f"{f}_fractions.{kind}")
        lab.text(f"{f}.xml", f'<MicroscopeImage><microscopeData><stage><Position><A>0.0002</A></Position></stage></microscopeData><SpatialScale><pixelSize><x><numericValue>{pixel}E-10</numericValue></x></pixelSize></SpatialScale></MicroscopeImage>\n')
        lab.text(f"{f}.jpg", picture(60))
    g = f"{e}/gain_K3_{day}.mrc" if kind == "tiff" else f"{e}/{day}_070144_EER_GainReference.gain"
    lab.gain([], g)
    lab.never("a gain reference of single particles", g)
    lab.text(f"{e}/info.txt", f"single particle, {'Krios1 K3 BioContinuum' if kind == 'tiff' else 'Krios2 Falcon 4i Selectris X'}, {pixel} A/pix, 40 e/A2\n")
lab.copy(f"{E}/gain_K3_20240905.mrc", "data/gains/Krios1_K3_20240905.mrc", "a copy of a gain reference of single particles, byte by byte,")
lab.copy(f"{F}/20241021_070144_EER_GainReference.gain", "data/gains/Krios2_Falcon4i_20241021.gain", "a copy of a gain reference of single particles, byte by byte,")
lab.text("data/gains/Krios2_Falcon4i_20241010.gain", (lab.root / T / "20241010_083512_EER_GainReference.gain").read_bytes())

# ---- cryoSPARC ----
C, uid = f"{A}/cryosparc/CS-complex/P12", lambda i: f"{13361838351298364391 + 77 * i:021d}"
mics = [f"FoilHole_{9015883 + 6 * i}_Data_{9017347 + 7 * i}_{6 + i}_20240905_1549{15 + 4 * i}_fractions" for i in range(4)]
for i, m in enumerate(mics):
    for what in ("patch_aligned", "patch_aligned_doseweighted", "background"):
        lab.junk("a micrograph of single particles", f"{C}/J2/motioncorrected/{uid(i)}_{m}_{what}.mrc", noise(1, 48, 48) if i else noise(1, 48, 48) + 4, 0.83, stack=True)
    lab.junk("images of single particles", f"{C}/J5/extract/{uid(i)}_{m}_particles.mrc", noise(N + i, 20, 20), 3.32, stack=True)
exposures = np.array([(i, f"J2/motioncorrected/{uid(i)}_{m}_patch_aligned_doseweighted.mrc".encode(), 0.83) for i, m in enumerate(mics)], dtype=[("uid", "<u8"), ("micrograph_blob/path", "S120"), ("micrograph_blob/psize_A", "<f4")])
parts = np.array([(i, b"J5/extract/particles.mrc", r.uniform(), r.uniform(), 0.83) for i in range(40)], dtype=[("uid", "<u8"), ("blob/path", "S40"), ("location/center_x_frac", "<f4"), ("location/center_y_frac", "<f4"), ("location/micrograph_psize_A", "<f4")])
cs(f"{C}/J2/micrographs.cs", exposures)
cs(f"{C}/J2/J2_passthrough_exposures.cs", exposures)
cs(f"{C}/J5/extracted_particles.cs", parts)
cs(f"{C}/J6/J6_020_particles.cs", parts)
cs(f"{C}/J34/J34_005_particles.cs", parts)
lab.junk("class averages of single particles", f"{C}/J6/J6_020_class_averages.mrc", noise(10, 20, 20), 3.32, stack=True)
for f in ("volume_map", "volume_map_sharp", "volume_map_half_A", "volume_map_half_B"):
    lab.junk("a map of single particles", f"{C}/J34/J34_005_{f}.mrc", ball(24) * 3 + noise(24, 24, 24), 1.66)
for f in ("volume_mask_fsc_auto", "volume_mask_refine"):
    lab.junk("a mask of single particles", f"{C}/J34/J34_005_{f}.mrc", ball(24) if "fsc" in f else (ball(24) * np.roll(ball(24), 2, 0)), 1.66)
for j in (2, 5, 6, 34):
    lab.text(f"{C}/J{j}/job.json", json.dumps({"uid": f"J{j}", "project_uid": "P12", "type": {2: "patch_motion_correction_multi", 5: "extract_micrographs_multi", 6: "class_2D_new", 34: "homo_refine_new"}[j], "status": "completed"}))
    lab.text(f"{C}/J{j}/job.log", "================= CRYOSPARC v4.5.3  =================\nRunning job\n")
lab.text(f"{C}/project.json", json.dumps({"uid": "P12", "title": "complex"}))

# ---- RELION, single particles of the second session; a map of the EMDB ----
R, names = f"{A}/relion_spa", [f"FoilHole_{9015883 + 6 * i}_Data_{9017347 + 7 * i}_{6 + i}_20241021_1549{15 + 4 * i}_fractions" for i in range(4)]
for i, m in enumerate(names):
    lab.junk("a micrograph of single particles", f"{R}/MotionCorr/job002/Movies/{m}.mrc", noise(1, 48, 48), 0.94, stack=True)
    lab.junk("a spectrum of a micrograph", f"{R}/MotionCorr/job002/Movies/{m}_PS.mrc", noise(1, 32, 32), 0.94, stack=True)
    lab.junk("a spectrum of ctffind", f"{R}/CtfFind/job003/Movies/{m}_PS.ctf", noise(1, 32, 32), 0.94, stack=True)
    text_never("picks in micrographs", f"{R}/AutoPick/job004/Movies/{m}_autopick.star", star([("", {"rlnCoordinateX": r.uniform(4, 44, 6).tolist(), "rlnCoordinateY": r.uniform(4, 44, 6).tolist(), "rlnAutopickFigureOfMerit": r.uniform(0, 1, 6).tolist()})]))
    lab.junk("images of single particles", f"{R}/Extract/job005/Movies/{m}.mrcs", noise(N, 20, 20), 3.76, stack=True)
optics = ("optics", {"rlnOpticsGroupName": ["opticsGroup1"], "rlnOpticsGroup": [1], "rlnMicrographOriginalPixelSize": [0.94], "rlnVoltage": [300.0], "rlnSphericalAberration": [2.7], "rlnAmplitudeContrast": [0.1], "rlnImagePixelSize": [3.76], "rlnImageSize": [20], "rlnImageDimensionality": [2]})
lab.text(f"{R}/MotionCorr/job002/corrected_micrographs.star", star([optics, ("micrographs", {"rlnMicrographName": [f"MotionCorr/job002/Movies/{m}.mrc" for m in names], "rlnOpticsGroup": [1] * 4})]))
rows = [(f"{k + 1:06d}@Extract/job005/Movies/{m}.mrcs", f"MotionCorr/job002/Movies/{m}.mrc", *r.uniform(4, 44, 2), *r.uniform(-180, 180, 3), 1) for m in names for k in range(N)]
for job in ("Extract/job005/particles.star", "Refine3D/job009/run_data.star"):
    text_never("single particles", f"{R}/{job}", star([optics, ("particles", dict(zip(("rlnImageName", "rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOpticsGroup"), [list(c) for c in zip(*rows)])))]))
lab.junk("class averages of single particles", f"{R}/Class2D/job006/run_it025_classes.mrcs", noise(8, 20, 20), 3.76, stack=True)
for p, why in (("InitialModel/job007/initial_model.mrc", "a map of single particles"), ("Class3D/job008/run_it025_class001.mrc", "a map of single particles"), ("Refine3D/job009/run_class001.mrc", "a map of single particles"), ("Refine3D/job009/run_half1_class001_unfil.mrc", "a half map of single particles"),
               ("Refine3D/job009/run_half2_class001_unfil.mrc", "a half map of single particles"), ("PostProcess/job011/postprocess.mrc", "a map of single particles"), ("LocalRes/job012/relion_locres.mrc", "local resolution")):
    lab.junk(why, f"{R}/{p}", ball(20) * 3 + noise(20, 20, 20), 3.76)
lab.junk("a mask of single particles", f"{R}/MaskCreate/job010/mask.mrc", ball(20), 3.76)
lab.junk("a map of the EMDB", f"{A}/models/emd_14321.map", ball(32) * 2 + noise(32, 32, 32), 1.66)
lab.text(f"{A}/models/complex_fit.pdb", "HEADER    MODEL\nATOM      1  CA  ALA A   1      11.104   6.134  -6.504  1.00  0.00           C\nEND\n")
for m in names[:2]:
    text_never("picks in micrographs", f"{A}/cryolo/EMAN/{m}.box", "".join(f"{x:.0f}\t{y:.0f}\t12\t12\n" for x, y in r.uniform(4, 40, (7, 2))))

# ---- tomography: template matching, averages, masks, a model, a colleague's try ----
M, V = f"{A}/tomo/tm", 7.88
for run, at in picked.items():
    n, tomo = len(at), f"{run}_rec"
    for what in ("scores", "angles"):
        lab.junk(f"{what} of template matching", f"{M}/{tomo}_{what}.mrc", np.abs(noise(10, 24, 24)) * (0.1 if what == "scores" else 900), V)
    lab.text(f"{M}/{tomo}_job.json", json.dumps({"mask": "templates/mask_ribosome.mrc", "output_dir": "tm", "tomogram": f"../imod/{run}/{tomo}.mrc", "template": "templates/ribosome_7.88A.mrc", "tomo_id": tomo, "tomo_shape": [24, 24, 10],
             "template_shape": [16, 16, 16], "voxel_size": V, "particle_diameter": 290, "tilt_angles": [float(np.radians(a)) for a in ANGLES], "pytom_tm_version_number": "0.7.2", "output_dtype": "float32"}, indent=4))
    angles = seed("angles", run).uniform(-180, 180, (n, 3))
    lab.text(f"{M}/{tomo}_particles.star", star([("", {**{f"rlnCoordinate{a}": np.round(at[:, i] / V).astype(int).tolist() for i, a in enumerate("XYZ")}, **{f"rlnAngle{a}": angles[:, i].tolist() for i, a in enumerate(("Rot", "Tilt", "Psi"))}, "rlnLCCmax": [0.44 - 0.01 * i for i in range(n)],
             "rlnCutOff": [0.19] * n, "rlnSearchStd": [0.031] * n, "rlnDetectorPixelSize": [V] * n, "rlnMicrographName": [tomo] * n})]))
    lab.points(run, f"{M}/{tomo}_particles.star", "ribosome", at, V)
lab.junk("a template", f"{M}/templates/ribosome_7.88A.mrc", ball(16) * 2 + 0.1 * noise(16, 16, 16), V)
lab.junk("a mask of a template", f"{M}/templates/mask_ribosome.mrc", ball(16), V)
for p in ("Reconstruct/job003/merged.mrc", "Refine3D/job005/run_class001.mrc", "Refine3D/job005/run_half1_class001_unfil.mrc", "Refine3D/job005/run_half2_class001_unfil.mrc", "PostProcess/job007/postprocess.mrc"):
    lab.junk("an average of subtomograms", f"{A}/tomo/sta/{p}", ball(18) * 3 + noise(18, 18, 18), 3.94)
lab.junk("a mask of an average", f"{A}/tomo/sta/MaskCreate/job006/mask.mrc", ball(18), 3.94)
size = np.array([24, 24, 10]) * V
drops = places(lab.name, "droplets", n=5, size=size)
lab.text(f"{A}/tomo/imod/L1_ts_002/L1_ts_002_lipid_droplets.mod", imod_model([("lipid droplet", [[p] for p in drops], "scattered")], (24, 24, 10), V))
lab.points("L1_ts_002", f"{A}/tomo/imod/L1_ts_002/L1_ts_002_lipid_droplets.mod", "lipid droplet", drops, V)
lab.mask("L1_ts_001", f"{A}/tomo/membrain/L1_ts_001_rec_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", spec["L1_ts_001"].membrane((10, 24, 24)), V)
lab.mask("Position_2", f"{B}/membrain/Position_2_bin4_corrected_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", spec["Position_2"].membrane((10, 20, 20)), 6.12)
for i, a in enumerate(TAKEN[:4]):
    lab.junk("a motion-corrected image of one tilt", f"{A}/tomo/mc2/L1_ts_001_{i:03d}_{a:.1f}_DW.mrc", noise(1, 48, 48), 1.97, stack=True)
lab.text(f"{B}/try_aretomo/L1_ts_001.mrc", (lab.root / A / "tomo/imod/L1_ts_001/L1_ts_001.st").read_bytes())
lab.never("a copy, byte by byte, of the stack of user_a", {"file": f"{B}/try_aretomo/L1_ts_001.mrc", "copy_of": f"{A}/tomo/imod/L1_ts_001/L1_ts_001.st"})
lab.text(f"{B}/try_aretomo/L1_ts_001_bin4.aln", aln((96, 96), ANGLES, "try"))
lab.tomogram("L1_ts_001", f"{B}/try_aretomo/L1_ts_001_bin4.mrc", spec["L1_ts_001"].volume((10, 24, 24), V, what="aretomo"), V, may=True)
lab.text(f"{B}/try_aretomo/notes.txt", "user_a's stack of L1_ts_001 (Krios), to compare AreTomo2 with etomo. Not better.\n")

# ---- light, ions and electrons ----
for path, head in (("flm/20240919_grid4_L1.lif", b"\x70\0\0\0"), ("flm/20240919_grid4_overview.czi", b"ZISRAWFILE"), ("flm/20240919_grid4_L2.nd2", b"\xda\xce\xbe\x0a")):
    lab.text(f"clem/{path}", head + r.integers(0, 255, 400).astype(np.uint8).tobytes())
for ch in ("GFP", "reflection"):
    tif("fluorescence", f"clem/flm/L1_zstack_{ch}.ome.tif", r.poisson(30, (12, 48, 48)).astype(np.uint16))
tif("fluorescence", "clem/flm/L1_zstack_GFP_resliced.tif", r.poisson(30, (20, 48, 48)).astype(np.uint16))
lab.junk("fluorescence", "clem/flm/L1_GFP_deconvolved.mrc", np.abs(noise(12, 40, 40)) * 100, 1080.0)
lab.junk("fluorescence, resampled to the grid of a tomogram", "clem/overlay/L1_ts_001_rec_GFP.mrc", np.abs(noise(10, 24, 24)) * 50, V)
lab.text("clem/overlay/README.txt", "L1_ts_001_rec_GFP.mrc: the GFP channel transformed (3DCT, then by hand) into the frame of L1_ts_001_rec.mrc, to overlay in ChimeraX. It is light, no tomogram.\n")
lab.picture("clem/overlay/L1_ts_001_overlay.png")
tif("an image of the ion beam", "clem/aquilos/L1_FIB_before_001.tif", r.poisson(90, (48, 64)).astype(np.uint8), "IBeam")
tif("an image of the ion beam", "clem/aquilos/L1_FIB_after_001.tif", r.poisson(90, (48, 64)).astype(np.uint8), "IBeam")
tif("an overview of the SEM", "clem/aquilos/grid4_SEM_overview.tif", r.poisson(90, (48, 64)).astype(np.uint8), "EBeam")
P = "clem/aquilos/MAPS/grid4"
lab.text(f"{P}/EMproject.emxml", '<?xml version="1.0"?><EMProject xmlns="http://schemas.datacontract.org/2004/07/Fei.Applications.SAL"><datasets /></EMProject>\n')
lab.text(f"{P}/MapsProject.xml", '<?xml version="1.0"?><MapsProject><DisplayName>grid4</DisplayName></MapsProject>\n')
for row in (1, 2):
    for col in (1, 2):
        tif("a tile of MAPS", f"{P}/LayersData/Layer/Tile Set (1)/Tile_{row:03d}-{col:03d}-000000_0-000.tif", r.poisson(90, (32, 32)).astype(np.uint8), "EBeam")
tif("a picture of MAPS", f"{P}/LayersData/Layer/Electron Snapshot (2)/Electron Snapshot (2).tiff", r.poisson(90, (32, 48)).astype(np.uint8), "EBeam")
beads = r.uniform(2, 46, (8, 3))
text_never("beads, in pixels of the light microscope", "clem/3DCT/L1_beads_3d.txt", "".join("\t".join(f"{v:.2f}" for v in b) + "\n" for b in beads))
text_never("a spot, in pixels of the light microscope", "clem/3DCT/L1_POI.txt", "21.40\t19.77\t6.02\n24.91\t30.08\t5.87\n")
text_never("coordinates of a correlation", "clem/3DCT/2024-09-20_14-33-10_correlation.txt", "#\n# 3D to 2D correlation\n#\n#   - rotation (Euler phi, psi, theta): [-12.401, 88.110,  1.042]\n#   - scale =  9.871\n#   - translation for rotation around [0,0,0] = [211.412, 80.904,  0.000]\n#   - rms error (in 2d pixels) =   1.84\n#   - optimization successful\n#\n#\n# Transformation of initial (3D) markers\n#\n#\tInitial (3D) markers\t\tTransformed initial\t\tFinal (2D) markers\tTransformed-Final\n"
           + "".join("\t" + "\t\t".join("\t".join(f"{v:7.2f}" for v in part) for part in (b, b * 9.8, (b * 9.8)[:2], (0.4, -0.3))) + "\n" for b in beads))

# ---- notes ----
lab.text("sessions.csv", "date,microscope,camera,what,pixel (A),folder\n2024-09-05,Krios1,K3,single particles (EPU),0.83,data/20240905_Krios1_EPU_complex\n2024-09-18,Glacios,Falcon 3,screening of grid 4 (SerialEM),4.28,data/20240918_Glacios_screening\n2024-09-25,Krios1,K3,tomography of grid 4 (PACEtomo),1.97,data/20240925_Krios1_PACEtomo\n"
         "2024-10-09,Krios2,Falcon 4i,test grid (cross grating),1.53,data/20241009_Krios2_testgrid\n2024-10-10,Krios2,Falcon 4i,tomography of grid 7 (Tomography 5),1.53,data/20241010_Krios2_Tomo5\n2024-10-21,Krios2,Falcon 4i,single particles (EPU),0.94,data/20241021_Krios2_EPU_complex\n")
lab.text("README_user_a.txt", """Everything of the project on the facility's server.
data/         as it came, one folder a session (sessions.csv). data/gains are the facility's copies of the gain references.
              Glacios: only screening, to choose the lamellae. It has L1_ts_001 and L1_ts_002 too, these are NOT the Krios series (other places, 4.28 A).
              data/20240925_Krios1_PACEtomo/live is the facility's automatic pipeline (alignframes, AreTomo bin 8). L1_ts_003 I never did again, its live stack and tomogram are fine.
              L2_ts_002 was stopped after two tilts, to be thrown away.
processing/   user_a: grid 4 (motioncor2, batchruntomo, pytom-match-pick on the _rec.mrc) and all of the single particles (cryosparc, relion_spa)
              user_b: grid 7 (motioncor3, AreTomo2, IsoNet); try_aretomo is only a comparison
clem/         light microscopy, Aquilos, 3DCT
""")
lab.done()
