"""A PEET project beside the IMOD folders of its tomograms.

Imitates
  https://bio3d.colorado.edu/PEET/PEETmanualBeta.html            (a project in a directory of its own; the .epe; volumes, models and initial motive lists)
  https://bio3d.colorado.edu/ftp/PEET/man/html/man1/PEET.1.html  (the .prm: fnVolume, fnModParticle, initMOTL, tiltRange, fnOutput, reference, szVol …)
  https://bio3d.colorado.edu/imod/doc/binspec.html                (the models)
The columns of a motive list (xOffset, yOffset, zOffset in voxels: particle = model point + offset) are those of published readers and writers of
PEET's files; the manual names them without their order.

The first project (`spikes`) has two tomograms of the older names (.rec), in other folders. Its result is NAME_MOTL_TomN_IterM.csv with small offsets.
`spikes_subset` is a second .prm on one of the same models: the same particles once more, not others.
The mess: the reference and averages beside the project, a mask, tail.mod and head.mod that are directions and no places, a motive list that is of
no model, a model of the membrane in the tomogram's folder, a tomogram that no project uses, backups.
"""
import numpy as np

from kit import Lab, Specimen, imod_model, lines, places, seed, xf

VOXEL, PIXEL, SHAPE = 13.3, 3.325, (22, 44, 46)
ANGLES = [float(a) for a in range(-60, 61, 20)]
#         name       particles  tomogram's file        number in the first project
TABLE = [("virus_04", 18, "virus_04/virus_04.rec", 1), ("virus_11", 13, "virus_11/virus_11.rec", 2), ("virus_15", 0, "virus_15/virus_15.rec", None)]
HEADER = "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved\n"

lab = Lab(__doc__, ["https://bio3d.colorado.edu/PEET/PEETmanualBeta.html", "https://bio3d.colorado.edu/ftp/PEET/man/html/man1/PEET.1.html", "https://bio3d.colorado.edu/imod/doc/binspec.html"])
ANGSTROM = [n * VOXEL for n in SHAPE[::-1]]
r = seed(lab.name, "maps")


def motl(n, offsets):
    a = seed("motl", n).uniform(-180, 180, (len(offsets), 3))
    return HEADER + "".join("%.4f,0,0,%d,0,0,0,0,0,0,%.3f,%.3f,%.3f,0,0,0,%.2f,%.2f,%.2f,1\n" % (0.4, i + 1, *o, *a[i]) for i, o in enumerate(offsets))


def prm(folder, name, parts):
    """parts: (tomogram, model, motive list), as the .prm writes them, relative to its own folder."""
    cell = lambda i: "{" + ", ".join(f"'{p[i]}'" for p in parts) + "}"
    lab.text(f"{folder}/{name}.prm", f"fnVolume = {cell(0)}\nfnModParticle = {cell(1)}\ninitMOTL = {cell(2)}\ntiltRange = {{{', '.join('[-60, 60]' for _ in parts)}}}\ndPhi = {{-12:4:12}}\ndTheta = {{-12:4:12}}\ndPsi = {{-12:4:12}}\n"
             f"searchRadius = {{[4]}}\nlowCutoff = {{[0, 0.05]}}\nhiCutoff = {{[0.35, 0.05]}}\nreference = 'reference.mrc'\nfnOutput = '{name}'\nszVol = [16, 16, 16]\nmaskType = 'mask.mrc'\n")
    lab.text(f"{folder}/{name}.epe", f"#{name}\nPeet.RootName={name}\nVersion=1.1\n")


parts = []
for n, k, file, number in TABLE:
    where = places(lab.name, n, n=k, size=ANGSTROM)
    s = Specimen(n, ANGSTROM, [where] if k else [])
    lab.tilts(n, f"tomo/{n}/{n}.st", s.stack(ANGLES, (60, 60)), PIXEL, ANGLES)
    lab.text(f"tomo/{n}/{n}.rawtlt", lines(ANGLES))
    lab.text(f"tomo/{n}/{n}.xf", xf(len(ANGLES), n))
    lab.text(f"tomo/{n}/{n}.tlt", lines(ANGLES))
    lab.text(f"tomo/{n}/{n}.edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={PIXEL / 10}\n")
    lab.tomogram(n, "tomo/" + file, s.volume(SHAPE, VOXEL), VOXEL)
    if not k:
        continue
    offsets = np.round(seed("offset", n).uniform(-1.5, 1.5, (k, 3)), 3)  # voxels; the model has the place before PEET moved it
    picked = where - offsets * VOXEL
    lab.text(f"peet/spikes/{n}_spikes.mod", imod_model([("spike", [[p] for p in picked], "scattered")], SHAPE[::-1], VOXEL))
    lab.text(f"peet/spikes/{n}_initMOTL.csv", motl(n, np.zeros((k, 3))))
    lab.text(f"peet/spikes/spikes_MOTL_Tom{number}_Iter1.csv", motl(n, np.zeros((k, 3))))
    lab.text(f"peet/spikes/spikes_MOTL_Tom{number}_Iter3.csv", motl(n, offsets))
    # what was picked and what PEET made of it are both right, one at a time
    again = ["peet/spikes_subset/spikes_subset.prm"] if number == 1 else []
    lab.points(n, f"peet/spikes/spikes_MOTL_Tom{number}_Iter3.csv", "spike", where, VOXEL, also=[f"peet/spikes/{n}_spikes.mod", "peet/spikes/spikes.prm", *again], before=picked)
    for f, d in (("tail", 60.0), ("head", -60.0)):
        lab.text(f"peet/spikes/{n}_{f}.mod", imod_model([(f, [[p] for p in picked + seed(f, n).choice([-d, d], (k, 3))], "scattered")], SHAPE[::-1], VOXEL))
        lab.never("ends of the spikes, for their directions", f"peet/spikes/{n}_{f}.mod")
    parts.append((f"../../tomo/{file}", f"{n}_spikes.mod", f"{n}_initMOTL.csv"))
prm("peet/spikes", "spikes", parts)
prm("peet/spikes_subset", "spikes_subset", [(parts[0][0], "../spikes/" + parts[0][1], "../spikes/" + parts[0][2])])
for folder in ("spikes", "spikes_subset"):
    box = r.normal(0, 1, (16, 16, 16)).astype(np.float32)
    lab.junk("reference of the alignment", f"peet/{folder}/reference.mrc", box, VOXEL)
    lab.junk("average of particles", f"peet/{folder}/{folder}_AvgVol_3P0031.mrc", np.roll(box, 1, 0), VOXEL)
    lab.junk("average of particles", f"peet/{folder}/{folder}_Ref1.mrc", np.roll(box, 2, 0), VOXEL)
g = np.indices((16, 16, 16)) - 7.5
lab.junk("mask of the average", "peet/spikes/mask.mrc", ((g**2).sum(0) < 40).astype(np.float32), VOXEL)
lab.text("peet/spikes/old/spikes_MOTL_Tom7_Iter2.csv", motl("old", np.zeros((5, 3))))
lab.never("a motive list of a tomogram that is not here", "peet/spikes/old/spikes_MOTL_Tom7_Iter2.csv")
t = np.linspace(0, 2 * np.pi, 30)
lab.text("tomo/virus_04/virus_04_membrane.mod", imod_model([("envelope", [np.column_stack([300 + 120 * np.cos(t), 290 + 120 * np.sin(t), np.full(30, z * VOXEL)]) for z in (6, 11)], "closed")], SHAPE[::-1], VOXEL))
lab.never("closed contours of a membrane: no places of particles", "tomo/virus_04/virus_04_membrane.mod")
lab.copy("peet/spikes/virus_11_spikes.mod", "peet/spikes/virus_11_spikes.mod~")
lab.copy("tomo/virus_11/virus_11.rec", "peet/spikes/volumes (local copies)/virus_11.rec")
lab.picture("peet/spikes/spikes_FSC.png")
lab.text("peet/spikes/calcFSC.log", "0.143 at 24 A\n")
lab.text("peet/notes.txt", "subset = only virus_04, to see whether symmetry helps\n")
lab.done()
