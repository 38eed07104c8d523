"""A RELION 4 project: three tomograms imported from IMOD, one particle set through import, pseudo-subtomograms and refinement.

Imitates
  https://relion.readthedocs.io/en/release-4.0/Reference/STA/Datatypes/tomogram_set.html  (tomograms.star: `global` and a table a tomogram)
  https://relion.readthedocs.io/en/release-4.0/Reference/STA/Datatypes/particle_set.html  (rlnCoordinateX/Y/Z, rlnOriginX/Y/ZAngst, rlnTomoName)
  https://relion.readthedocs.io/en/release-4.0/Reference/STA/Programs/subtomo.html         (PseudoSubtomo: data and weights of each particle)

Coordinates are pixels of the tilt series, not of the tomograms, which are binned by 4. After refinement the origin (in angstroms) is subtracted.
The mess: the header of one tomogram has no voxel size (its size in tomograms.star tells it), a copy "(1)", an older reconstruction, a
subtomogram average and masks, the fiducials' STAR file, a tomogram of another specimen in a folder with an umlaut and blanks.
"""
import numpy as np

from kit import Lab, Specimen, lines, places, seed, star, xf

PIXEL, BIN = 2.7, 4
SIZE, SHAPE = (192, 192, 96), (24, 48, 48)  # of the tomogram in pixels of the tilt series (x, y, z), and in voxels (z, y, x)
ANGLES = [-12.0, -8.0, -4.0, 0.0, 4.0, 8.0, 12.0]
#         name     particles  header of the tomogram
TABLE = [("TS_01", 14, None), ("TS_02", 17, None), ("TS_43", 11, 0.0)]

lab = Lab(__doc__, [
    "https://relion.readthedocs.io/en/release-4.0/Reference/STA/Datatypes/tomogram_set.html",
    "https://relion.readthedocs.io/en/release-4.0/Reference/STA/Datatypes/particle_set.html",
    "https://relion.readthedocs.io/en/release-4.0/Reference/STA/Programs/subtomo.html"])
ANGSTROM = [s * PIXEL for s in SIZE]
where = {n: places(lab.name, n, n=k, size=ANGSTROM) for n, k, _ in TABLE}

names, tables, imported, refined = [], [], [], []
for n, k, header in TABLE:
    s = Specimen(n, ANGSTROM, [where[n]])
    d = f"tomograms/{n}"
    lab.tilts(n, f"{d}/{n}.mrc", s.stack(ANGLES, SIZE[1::-1]), PIXEL, ANGLES)
    lab.text(f"{d}/{n}.tlt", lines(ANGLES))
    lab.text(f"{d}/{n}.rawtlt", lines(ANGLES))
    lab.text(f"{d}/{n}.xf", xf(len(ANGLES), n))
    lab.text(f"{d}/{n}_order.csv", "".join(f"{i + 1},{a}\n" for i, a in enumerate(sorted(ANGLES, key=abs))))
    lab.text(f"{d}/newst.com", f"$newstack -StandardInput\nInputFile {n}.mrc\nOutputFile {n}_ali.mrc\nTransformFile {n}.xf\nSizeToOutputInXandY {SIZE[0]},{SIZE[1]}\n")
    lab.text(f"{d}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nTILTFILE {n}.tlt\nTHICKNESS {SIZE[2]}\nFULLIMAGE {SIZE[0]} {SIZE[1]}\n")
    lab.text(f"{d}/{n}_ctfplotter.defocus", "1  0  0.0  0.0  0.0  3\n" + "".join(f"{i + 1} {i + 1} {a:.2f} {a:.2f} 3100 3150 12.0\n" for i, a in enumerate(ANGLES)))
    lab.tomogram(n, f"tomograms_bin4/{n}_bin4.mrc", s.volume(SHAPE, PIXEL * BIN), PIXEL * BIN, header=header)
    lab.points(n, "PseudoSubtomo/job003/particles.star", "ribosome", where[n], PIXEL * BIN,
               also=["input/coords_all.star", "ImportTomo/job002/particles.star", "Refine3D/job005/run_data.star"])
    names.append(n)
    tables.append((n, {"rlnTomoProjX": ["[1,0,0,0]"] * 7, "rlnTomoProjY": ["[0,1,0,0]"] * 7, "rlnTomoProjZ": ["[0,0,1,0]"] * 7, "rlnTomoProjW": ["[0,0,0,1]"] * 7,
                       "rlnDefocusU": [31000.0] * 7, "rlnDefocusV": [31500.0] * 7, "rlnDefocusAngle": [12.0] * 7, "rlnCtfScalefactor": [float(np.cos(np.radians(a))) for a in ANGLES],
                       "rlnMicrographPreExposure": [3.0 * i for i in range(7)]}))
    shift = seed(n, "origin").uniform(-6, 6, (k, 3))  # angstroms: the pixel read plus this origin
    for i, p in enumerate(where[n]):
        a = seed(n, i).uniform(-180, 180, 3)
        imported.append((n, i + 1, *(p / PIXEL), *a, 0.0, 0.0, 0.0))
        refined.append((n, i + 1, *((p + shift[i]) / PIXEL), *a, *shift[i]))

columns = ["rlnTomoName", "rlnTomoParticleId", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"]
as_columns = lambda rows: dict(zip(columns, zip(*rows)))
optics = ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnSphericalAberration": [2.7], "rlnVoltage": [300.0], "rlnTomoTiltSeriesPixelSize": [PIXEL]})
binned = ("optics", {**optics[1], "rlnImagePixelSize": [PIXEL * BIN], "rlnImageSize": [16], "rlnImageDimensionality": [3]})
count = len(names)
glob = ("global", {"rlnTomoName": names, "rlnTomoTiltSeriesName": [f"tomograms/{n}/{n}.mrc:mrc" for n in names], "rlnTomoFrameCount": [7] * count, "rlnTomoSizeX": [SIZE[0]] * count,
                   "rlnTomoSizeY": [SIZE[1]] * count, "rlnTomoSizeZ": [SIZE[2]] * count, "rlnTomoHand": [-1.0] * count, "rlnOpticsGroupName": ["opticsGroup1"] * count,
                   "rlnTomoTiltSeriesPixelSize": [PIXEL] * count, "rlnVoltage": [300.0] * count, "rlnSphericalAberration": [2.7] * count, "rlnAmplitudeContrast": [0.07] * count,
                   "rlnTomoImportFractionalDose": [3.0] * count, "rlnTomoFiducialsStarFile": [f"fiducials/{n}.star" for n in names]})
lab.text("ImportTomo/job001/tomograms.star", star([glob, *tables]))
lab.text("input/tomograms_descr.star", star([("", {"rlnTomoName": names, "rlnTomoTiltSeriesName": [f"tomograms/{n}/{n}.mrc" for n in names], "rlnTomoImportImodDir": [f"tomograms/{n}" for n in names],
                                                   "rlnTomoImportCtfPlotterFile": [f"tomograms/{n}/{n}_ctfplotter.defocus" for n in names], "rlnTomoImportFractionalDose": [3.0] * count,
                                                   "rlnTomoImportOrderList": [f"tomograms/{n}/{n}_order.csv" for n in names]})]))
lab.text("input/coords_all.star", star([("particles", as_columns([r[:8] for r in imported]))]))
lab.text("ImportTomo/job002/particles.star", star([optics, ("particles", as_columns(imported))]))
with_images = {**as_columns(imported), "rlnImageName": [f"PseudoSubtomo/job003/Subtomograms/{r[0]}/{r[1]}_data.mrc" for r in imported], "rlnOpticsGroup": [1] * len(imported)}
lab.text("PseudoSubtomo/job003/particles.star", star([binned, ("particles", with_images)]))
lab.text("Refine3D/job005/run_data.star", star([binned, ("particles", {**as_columns(refined), "rlnOpticsGroup": [1] * len(refined)})]))
for job, t, p in (("ImportTomo/job002", "ImportTomo/job001", "ImportTomo/job002"), ("PseudoSubtomo/job003", "ImportTomo/job001", "PseudoSubtomo/job003"), ("Refine3D/job005", "ImportTomo/job001", "Refine3D/job005")):
    lab.text(f"{job}/{'run_' if 'Refine' in job else ''}optimisation_set.star", star([("", {"rlnTomoParticlesFile": f"{p}/particles.star", "rlnTomoTomogramsFile": f"{t}/tomograms.star"})]))
jobs = {"ImportTomo/job001/": "relion.importtomo", "ImportTomo/job002/": "relion.importtomo", "PseudoSubtomo/job003/": "relion.pseudosubtomo", "Refine3D/job005/": "relion.refine3d.tomo", "PostProcess/job007/": "relion.postprocess"}
lab.text("default_pipeline.star", star([
    ("pipeline_general", {"rlnPipeLineJobCounter": 8}),
    ("pipeline_processes", {"rlnPipeLineProcessName": list(jobs), "rlnPipeLineProcessAlias": ["None"] * 5, "rlnPipeLineProcessTypeLabel": list(jobs.values()), "rlnPipeLineProcessStatusLabel": ["Succeeded"] * 5}),
    ("pipeline_nodes", {"rlnPipeLineNodeName": ["ImportTomo/job001/tomograms.star", "PseudoSubtomo/job003/particles.star", "Refine3D/job005/run_data.star"], "rlnPipeLineNodeTypeLabel": ["TomogramGroupMetadata.star.relion", "ParticleGroupMetadata.star.relion.tomo", "ParticleGroupMetadata.star.relion.tomo"]})]))
for job, label in jobs.items():
    lab.text(job + "note.txt", " ++++ Executing new job on Tue Mar  7 14:02:11 2023\n ++++ with the following command(s): \n")
    lab.text(job + "run.out", "done!\n")
    lab.text(job + "job.star", star([("job", {"rlnJobTypeLabel": label, "rlnJobIsContinue": 0, "rlnJobIsTomo": 1})]))

r = seed(lab.name, "maps")
box = lambda: r.normal(0, 1, (16, 16, 16)).astype(np.float32)
for n in names[:2]:
    for i in (1, 2):
        lab.junk("pseudo-subtomogram of one particle", f"PseudoSubtomo/job003/Subtomograms/{n}/{i}_data.mrc", box(), PIXEL * BIN)
        lab.junk("its weights", f"PseudoSubtomo/job003/Subtomograms/{n}/{i}_weights.mrc", np.abs(r.normal(0, 1, (32, 16, 16))).astype(np.float32), PIXEL * BIN)
for f in ("run_class001", "run_half1_class001_unfil", "run_half2_class001_unfil"):
    lab.junk("average of particles", f"Refine3D/job005/{f}.mrc", box(), PIXEL * BIN)
lab.junk("average of particles", "PostProcess/job007/postprocess.mrc", box(), PIXEL * BIN)
g = np.indices((16, 16, 16)) - 7.5
lab.junk("mask of the average", "MaskCreate/job006/mask.mrc", ((g**2).sum(0) < 36).astype(np.float32), PIXEL * BIN)
for n in names:
    lab.text(f"fiducials/{n}.star", star([("", {"rlnCoordinateX": [20.0, 150.5], "rlnCoordinateY": [33.0, 170.0], "rlnCoordinateZ": [40.0, 51.0]})]))
    lab.never("positions of gold beads", f"fiducials/{n}.star")
lab.copy("tomograms_bin4/TS_02_bin4.mrc", "tomograms_bin4/TS_02_bin4 (1).mrc")
lab.junk("an older reconstruction, from a bad alignment", "old_bad_alignment/TS_01_bin4.mrc", Specimen("TS_01", ANGSTROM).volume((20, 48, 48), PIXEL * BIN, what="old"), PIXEL * BIN)
lab.run("Liposom_1", "Liposomen für Vergleich", "Liposom 1")
lab.tomogram("Liposom_1", "Liposomen für Vergleich/Liposom 1.mrc", Specimen("liposome", ANGSTROM).volume((20, 40, 44), 13.6), 13.6)
lab.picture("Refine3D/job005/fsc.png")
lab.picture("tomograms_bin4/TS_01_bin4_slice.png")
lab.text("NOTES.txt", "TS_43: header lost in conversion, pixel is fine in relion. Do not use old_bad_alignment!\n")
lab.done()
