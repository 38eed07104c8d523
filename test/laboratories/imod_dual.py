"""Plastic sections, two axes, reconstructed by hand in etomo over the years, in the older style of names.

Imitates
  https://bio3d.colorado.edu/imod/doc/tomoguide.html  (axes a and b; sum.rec is the combined volume before trimming, its sections along y;
    trimvol makes DATASET.rec of it, with sections along z)
  the table "Data file naming conventions within Etomo" of IMOD's sources (NAMEa.st, NAMEa_orig.st, NAMEa.preali, NAMEa.ali, NAMEa.rec, top.rec …,
    sum.rec, NAME.rec; found in http://bio3d.colorado.edu/imod/openSource/Archive/imod_4.5.1_src.tar.gz)
  https://bio3d.colorado.edu/imod/doc/binspec.html    (models: the middle of the first voxel is at 0.5, 0.5, 0; contours closed, open or scattered)

hela_7 and hela_8 are finished: one run each, two tilt series, one tomogram. Of hela_9 only sum.rec exists: nobody trimmed it. hela_12 has one axis.
Volumes and stacks have one kind of header (space group 0, mz = nz): names and sizes tell them apart.
The mess: headers of hela_8 say a pixel of 1 (the .edf knows 10.1 A), a German copy, backups with a tilde, fiducials and membranes as models beside
the vesicles that were picked, montage pieces, a series of another cell line whose b axis was never taken.
"""
import numpy as np

from kit import Lab, Specimen, imod_model, lines, places, xf

PIXEL = 10.1  # thick sections at low magnification
SHAPE = (18, 40, 44)      # the trimmed tomogram (z, y, x)
FULL = (48, 26, 48)       # before trimming: y, z, x
ANGLES = [float(a) for a in range(-60, 61, 15)]
#         name      axes    finished  vesicles  header of all its files
TABLE = [("hela_7", "ab", True, 16, None),
         ("hela_8", "ab", True, 0, 1.0),
         ("hela_9", "ab", False, 0, None),
         ("hela_12", "", True, 9, None)]

lab = Lab(__doc__, ["https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://bio3d.colorado.edu/imod/doc/binspec.html", "http://bio3d.colorado.edu/imod/openSource/Archive/imod_4.5.1_src.tar.gz (table of data file names)"])
ANGSTROM = [n * PIXEL for n in SHAPE[::-1]]
lab.old_imod = True


def axis(n, x, s, header):
    """What etomo leaves of one axis; x is "" where there is only one."""
    d, raw = f"{n}/{n}{x}", s.stack(ANGLES, (52, 52), "axis " + x)
    lab.tilts(n, d + ".st", raw, PIXEL, ANGLES, header=header)
    with_xrays = raw.copy()
    with_xrays[2, 10, 10] = 9000
    lab.junk("raw stack before X-rays were removed", f"{n}/{n}{x}_orig.st" if x == "" else f"{n}/{n}_orig{x}.st", with_xrays, PIXEL, stack=True, header=header)
    lab.junk("coarsely aligned stack", d + ".preali", np.roll(raw, 2, 1), PIXEL, stack=True, header=header)
    lab.junk("aligned stack", d + ".ali", np.roll(raw, 1, 2), PIXEL, stack=True, header=header)
    lab.text(d + ".rawtlt", lines(ANGLES))
    lab.text(d + ".tlt", lines([a + 0.7 for a in ANGLES]))
    lab.text(d + ".xf", xf(len(ANGLES), n, x))
    lab.text(d + ".prexg", xf(len(ANGLES), n, x, "pre"))
    gold = [np.column_stack([np.linspace(60, 400, len(ANGLES)), np.full(len(ANGLES), 90.0 + 40 * i), np.arange(len(ANGLES)) * PIXEL]) for i in range(5)]
    for f in (".fid", ".seed"):
        lab.text(d + f, imod_model([("gold", gold, "open")], (52, 52, len(ANGLES)), PIXEL))
        lab.never("gold beads along the tilts", d + f)
    for c in ("xcorr", "track", "align", "newst", "tilt"):
        lab.text(f"{n}/{c}{x}.com", f"# Command file made by copytomocoms\n$goto doit\n$doit:\n$# {c} for {n}{x}.st\n")
        lab.text(f"{n}/{c}{x}.log", "SUCCESSFULLY COMPLETED\n")
    lab.text(f"{n}/{c}{x}.log~", "older\n")


for n, axes, finished, k, header in TABLE:
    where = places(lab.name, n, n=k, size=ANGSTROM)
    s = Specimen(n, ANGSTROM, [where] if k else [], radius=120)
    trimmed = s.volume(SHAPE, PIXEL)
    untrimmed = lambda what: s.volume((26, 48, 48), PIXEL, what=what).transpose(1, 0, 2)
    for x in axes or [""]:
        axis(n, x, s, header)
        if axes:
            lab.junk("volume of one axis", f"{n}/{n}{x}.rec", untrimmed("axis " + x), PIXEL, header=header)
            for p in ("top", "mid", "bot"):
                lab.junk("sample for the positions of the boundaries", f"{n}/{p}{x}.rec", s.volume((48, 26, 48), PIXEL, 2, p + x)[::16], PIXEL, header=header)
    lab.text(f"{n}/{n}.edf", f"Setup.DatasetName={n}\nSetup.AxisType={'Dual Axis' if axes else 'Single Axis'}\nSetup.PixelSize={PIXEL / 10}\nSetup.FiducialDiameter=15.0\nSetup.AxisA.ImageRotation=-11.8\nSetup.DataSource=CCD\nSetup.ViewType=Single View\n")
    if axes:
        lab.junk("volume of axis b, turned to that of axis a", f"{n}/{n}b.mat", untrimmed("mat"), PIXEL, header=header)
        for c in ("solvematch", "matchvol1", "patchcorr", "matchorwarp", "volcombine"):
            lab.text(f"{n}/{c}.com", f"# {c}\n")
        lab.text(f"{n}/solve.xf", "  0.9981  0.0031 -0.0601\n -0.0030  0.9999  0.0021\n  0.0600 -0.0020  0.9982  3.1  -2.2  0.4\n")
        lab.text(f"{n}/patch.out", "4 positions\n")
    if axes and finished:
        lab.junk("combined, before trimming: sections along y", f"{n}/sum.rec", untrimmed("sum"), PIXEL, header=header)
    elif axes:  # all there is of this run: to publish it as it is, or to ask for it, are both right
        lab.tomogram(n, f"{n}/sum.rec", np.ascontiguousarray(untrimmed("sum")), PIXEL, may=True, header=header)
    else:
        lab.junk("before trimming: sections along y", f"{n}/{n}_full.rec", untrimmed("full"), PIXEL)
    if finished:
        lab.tomogram(n, f"{n}/{n}.rec", trimmed, PIXEL, header=header)
    if k:
        lab.text(f"{n}/{n}_vesikel.mod", imod_model([("vesicle", [where], "scattered")], SHAPE[::-1], PIXEL))
        lab.points(n, f"{n}/{n}_vesikel.mod", "vesicle", where, PIXEL)
t = np.linspace(0, 2 * np.pi, 40)
rings = [np.column_stack([220 + 110 * np.cos(t), 200 + 90 * np.sin(t), np.full(40, z * PIXEL)]) for z in (4, 8, 12)]
lab.text("hela_7/hela_7_membran.mod", imod_model([("Kernhülle", rings, "closed")], SHAPE[::-1], PIXEL))
lab.never("closed contours of a membrane: no places of particles", "hela_7/hela_7_membran.mod")
lab.copy("hela_7/hela_7.rec", "hela_7/hela_7 - Kopie.rec")
lab.copy("hela_12/hela_12.st", "hela_12/backup/hela_12.st")
lab.copy("hela_12/hela_12_vesikel.mod", "hela_12/hela_12_vesikel.mod~")
s = Specimen("vero", ANGSTROM)
lab.run("vero_2", "vero_2a")
axis("vero_2", "a", s, None)
lab.picture("hela_7/hela_7_Schnitt 9.tif")
lab.picture("Übersicht/Gitter 3 montage.png")
lab.text("Protokoll.txt", "hela_9: Kombination gut, Trimmen fehlt noch. hela_8: Pixel im Header falsch.\n")
lab.done()
