#!/usr/bin/env python3
"""A core facility's resin tomography at room temperature: SerialEM and IMOD on one F20 over two years, three users, all volumes noise.

Imitates
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm     (NAME.st.mdoc, PieceCoordinates; navigator files, maps)
  https://bio3d.colorado.edu/SerialEM/betaHlp/html/about_navigator.htm  (maps, anchor maps)
  https://bio3d.colorado.edu/imod/doc/tomoguide.html                 (a/b, NAMEa.st, NAMEa.rec, sum.rec, NAME.rec; .prexg, .xf, .tlt, .fid, .seed; montages: .pl, .bl)
  https://bio3d.colorado.edu/imod/doc/tomojoin.html, man/finishjoin.html, man/xfjointomo.html  (.ejf, .join, .sample, .sampavg, .joininfo, .tomoxg, startjoin.com)
  https://bio3d.colorado.edu/imod/doc/man/trimvol.html, man/binvol.html, man/mrc2tif.html, man/sirtsetup.html, binspec.html, man/model2point.html
  etomo's FileType.java (older and newer names: sum.rec and sum_rec.mrc, _full.rec and _full_rec.mrc, _trial.join, .srec10)
From memory: which files a .joincom is (a copy of startjoin.com that people keep), the headings of the tables, the facility's log.

A folder a person. Fischer and Okafor both have a `cell1`: of two axes at 11.4 A, of one at 5.79 A. Fischer's stacks are copied or linked from her raw data, of
cell1 etomo has removed the X-rays and kept the `_orig`. Okafor's first visit has etomo's older names, the second the newer. Park keeps raw data of a part: of
golgi2_s2 the tape has it. Dual axis: only the combined and trimmed NAME.rec is a result; a.rec, b.rec, sum.rec have their sections along y.
Undecidable and so `may`: copies binned by two, SIRT beside the weighted one, a flattened copy, the joined volume as a run of its own with its labels and points, the
montage as pieces or blended, open contours of microtubules. Closed contours are outlines of organelles, no places.
"""
import base64
import hashlib

import mrcfile
import numpy as np

from kit import Lab, Specimen, fingerprint, imod_model, lines, noise, places, seed

ANGLES = [float(a) for a in range(-60, 61, 12)]  # of every tilt that the test needs
N = len(ANGLES)
RAW, REC, FULL = (48, 56), (10, 44, 52), (48, 16, 56)  # images y, x; volumes z, y, x; before trimming sections along y
MAG = {9600: 11.4, 14500: 7.62, 19000: 5.79}
H, O, P = "Fischer_Hanna", "Okafor_R", "Park_TJ"
#        run               folder  name             mag    axes  bin  style  raw folder                     stack in etomo's folder  reconstruction
TABLE = [("MT_cell3_grid2", H, "MT_cell3_grid2",    14500, "ab", 1, "old", "rawdata/2022-03-14_MT_grid2",  "copy",  "rec"),
         ("MT_cell5_grid2", H, "MT_cell5_grid2",    14500, "ab", 1, "old", "rawdata/2022-03-14_MT_grid2",  "link",  "rec"),
         ("MT_cell6_grid2", H, "MT_cell6_grid2",    14500, "a",  1, "old", "rawdata/2022-03-14_MT_grid2",  None,    None),
         ("cell1_Fischer",  H, "cell1",              9600, "ab", 1, "old", "rawdata/2022-06-20_cells",     "fixed", "rec"),
         ("cell1_Okafor",   O, "cell1",             19000, "",   1, "old", "raw/221108",                   "link",  "rec"),
         ("cell2",          O, "cell2",             19000, "",   1, "old", "raw/221108",                   "link",  "rec"),
         ("cell3",          O, "cell3",             14500, "ab", 1, "new", "raw/230516",                   "copy",  "rec"),
         ("nerve1",         O, "nerve1",            19000, "",   1, "new", "raw/230516",                   "link",  "sirt"),
         ("golgi2_s1",      P, "golgi2_s1",         14500, "",   2, "old", "raw_2023-04",                  None,    "bytes"),
         ("golgi2_s2",      P, "golgi2_s2",         14500, "",   2, "old", None,                           None,    "bytes"),
         ("golgi2_s3",      P, "golgi2_s3",         14500, "",   2, "old", "raw_2023-04",                  None,    "bytes"),
         ("golgi5",         P, "golgi5",            19000, "",   1, "old", "raw_2023-09",                  "montage", "rec")]
#         run, vesicles in an own model, in the table of centres
VESICLES = [("cell1_Okafor", True, 14), ("cell2", False, 11), ("nerve1", False, 17)]

lab = Lab(__doc__, ["https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://bio3d.colorado.edu/SerialEM/betaHlp/html/about_navigator.htm", "https://bio3d.colorado.edu/imod/doc/tomoguide.html",
                    "https://bio3d.colorado.edu/imod/doc/tomojoin.html", "https://bio3d.colorado.edu/imod/doc/man/xfjointomo.html", "https://bio3d.colorado.edu/imod/doc/binspec.html"])
lab.old_imod = True  # neither SerialEM nor IMOD of these years sets the space group
JPEG = base64.b64decode("/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AEj0L/Yr/9k=")
box = lambda shape, v: [n * v for n in shape[::-1]]
images = lambda *w, n=N, size=RAW: noise((n, *size), *w, dtype=np.int16)
volume = lambda *w, shape=REC: noise(shape, *w, dtype=np.int16)
as_bytes = lambda *w, shape=REC: np.clip(noise(shape, *w, dtype=np.int16) - 100, -127, 127).astype(np.int8)
extension = lambda style: ".st" if style == "old" else ".mrc"


def xf(n, *words, angle=-11.6):
    a, r = np.radians(angle), seed("xf", *words)
    return "".join("%12.7f%12.7f%12.7f%12.7f%12.3f%12.3f\n" % (np.cos(a), np.sin(a), -np.sin(a), np.cos(a), *r.normal(0, 3, 2)) for _ in range(n))


def jpeg(path, why="a picture"):
    comment = path.encode()
    lab.text(path, JPEG[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + JPEG[2:])
    lab.never(why, {"file": path, "sha256": hashlib.sha256((lab.root / path).read_bytes()).hexdigest()})


def mdoc(image, pixel, mag, day, angles=None, pieces=0, n=0, size=RAW, axis=-11.6):
    """Of a tilt series, of a montaged one, or (angles None) of n maps."""
    out = f"PixelSpacing = {pixel}\nVoltage = 200\nImageFile = {image}\nImageSize = {size[1]} {size[0]}\n" + ("Montage = 1\n" if pieces else "") + "DataMode = 1\n\n"
    out += f"[T = SerialEM: Acquired on Tecnai F20                   {day}  10:02:11    ]\n\n"
    out += f"[T =     Tilt axis angle = {axis}, binning = 2  spot = 3  camera = 0]\n\n" if angles else ""
    for z in range(len(angles) * (pieces or 1) if angles else n):
        a = angles[z // (pieces or 1)] if angles else 0.02
        out += f"[ZValue = {z}]\n" + (f"PieceCoordinates = {(z % pieces) * (size[1] - 8)} 0 {z // pieces}\n" if pieces else "") + f"TiltAngle = {a}\nStagePosition = 112.41 -60.77\n"
        out += f"StageZ = -12.1\nMagnification = {mag}\nIntensity = 0.11\nExposureDose = 0\nPixelSpacing = {pixel}\nSpotSize = 3\nDefocus = -1.0\nRotationAngle = 168.4\n"
        out += f"ExposureTime = 0.5\nBinning = 2\nCameraIndex = 0\nDividedBy2 = 0\nDateTime = {day}  10:{z % 60:02d}:31\n\n"
    return out


def etomo_texts(d, n, axes, pixel, binning, style, montage=False, srt=False):
    e = extension(style)
    lab.text(f"{d}/{n}.edf", f"#Etomo data file\nSetup.DatasetName={n}\nSetup.AxisType={'Dual Axis' if axes else 'Single Axis'}\nSetup.PixelSize={pixel / 10:g}\nSetup.FiducialDiameter=10.0\n"
             f"Setup.ViewType={'Montage' if montage else 'Single View'}\nSetup.ImageRotationA=-11.6\n" + (f"Setup.NamingStyle=1\nSetup.OrigImageStackExt=mrc\n" if style == "new" else ""))
    for x in axes or ("",):
        s = d + "/" + n + x
        lab.text(s + ".rawtlt", lines(ANGLES))
        lab.text(s + ".tlt", lines([a - 0.4 for a in ANGLES]))
        for k in ("prexf", "prexg", "xf", "tltxf"):
            lab.text(f"{s}.{k}", xf(N, n, x, k, angle=-11.6 if k == "xf" else 0.2))
        lab.text(f"{d}/xcorr{x}.com", f"$tiltxcorr -StandardInput\nInputFile\t{n}{x}{'.bl' if montage else e}\nOutputFile\t{n}{x}.prexf\nTiltFile\t{n}{x}.rawtlt\nRotationAngle\t-11.6\n")
        lab.text(f"{d}/align{x}.com", f"$tiltalign -StandardInput\nModelFile\t{n}{x}.fid\nImageFile\t{n}{x}.preali\nImagesAreBinned\t{binning}\nOutputTiltFile\t{n}{x}.tlt\nOutputTransformFile\t{n}{x}.tltxf\n")
        lab.text(f"{d}/{'blend' if montage else 'newst'}{x}.com", f"$newstack -StandardInput\nInputFile\t{n}{x}{e}\nOutputFile\t{n}{x}{'.ali' if style == 'old' else '_ali.mrc'}\nTransformFile\t{n}{x}.xf\nBinByFactor\t{binning}\n")
        full = {("old", True): ".rec", ("old", False): "_full.rec", ("new", True): "_rec.mrc", ("new", False): "_full_rec.mrc"}[style, bool(axes)]
        lab.text(f"{d}/tilt{x}.com", f"$tilt -StandardInput\nInputProjections\t{n}{x}{'.ali' if style == 'old' else '_ali.mrc'}\nOutputFile\t{n}{x}{full}\nIMAGEBINNED\t{binning}\nTILTFILE\t{n}{x}.tlt\nTHICKNESS\t{FULL[1] * binning}\nFULLIMAGE\t{RAW[1]} {RAW[0]}\n")
        lab.text(f"{d}/tilt{x}.log", "TILT: 11 views\n")
        gold = places(n, x, "gold", n=6, size=(RAW[1] * pixel, RAW[0] * pixel, N * pixel))
        model = lambda w: imod_model([(w, [[p] for p in gold], "scattered")], (*RAW[::-1], N), pixel)
        for f in (".fid", ".seed", "_erase.fid"):
            lab.text(s + f, model("fiducials"))
            lab.never("gold on the images of a series", s + f)
        pitch = f"{d}/tomopitch{x}.mod"
        lab.text(pitch, imod_model([("", [p[:2] for p in np.split(places(n, x, "pitch", n=6, size=box(FULL, pixel * binning)), 3)], "open")], FULL[::-1], pixel * binning))
        lab.never("lines along the surfaces of a section, for positioning", pitch)
    if axes == "ab":
        lab.text(f"{d}/combine.com", "$goto doall\n$combine:\n")
        lab.text(f"{d}/volcombine.com", f"$filltomo -StandardInput\n$combinefft -StandardInput\nOutputFile\t{'sum.rec' if style == 'old' else 'sum_rec.mrc'}\n")
        lab.text(f"{d}/solve.xf", "   0.9991  0.0012  0.0020\n  -0.0011  1.0003  0.0009\n  -0.0021 -0.0010  0.9987\n     3.20     -1.10      0.40\n")
        lab.text(f"{d}/transferfid.log", "6 fiducials transferred\n")
        lab.text(f"{d}/patch_region.mod", imod_model([("", [places(n, "region", n=4, size=box(FULL, pixel * binning))], "closed")], FULL[::-1], pixel * binning))
        lab.never("where patches are correlated", f"{d}/patch_region.mod")


DAYS = {"rawdata/2022-03-14_MT_grid2": "14-Mar-22", "rawdata/2022-06-20_cells": "20-Jun-22", "raw/221108": "08-Nov-22", "raw/230516": "16-May-23", "raw_2023-04": "21-Apr-23", "raw_2023-09": "12-Sep-23"}
where, shape_of, voxel_of = {}, {}, {}
for run, person, n, mag, axes, binning, style, raw, how, kind in TABLE:
    lab.run(run, n, f"{person}_{n}", f"{n}_{person}", *([n + "a"] if axes == "a" else []))
    pixel, e = MAG[mag], extension(style)
    v = pixel * binning
    montage = how == "montage"
    shape = (10, 44, 96) if montage else tuple([REC[0] + 2, REC[1] // 2, REC[2] // 2]) if binning == 2 else REC
    d = f"{person}/{ {H: 'etomo/', O: 'tomograms/', P: ''}[person] }{n}"
    shape_of[run], voxel_of[run] = shape, v
    for x in axes or ("",):
        if raw is None:
            continue
        r = f"{person}/{raw}/{n}{x}{e}"
        if montage:
            entry = {**lab.mrc(r, images(run, "pieces", n=2 * N), pixel, stack=True)}
            with mrcfile.open(lab.root / r) as m:
                sections = [fingerprint(s) for s in m.data]
            lab.run(run)["tiltseries"].append({**entry, "angles": [a for a in ANGLES for _ in (0, 1)], "sections": sections, "may": True})
            lab.text(r + ".mdoc", mdoc(f"{n}{e}", pixel, mag, DAYS[raw], ANGLES, pieces=2))
            (lab.root / d).mkdir(parents=True, exist_ok=True)
            (lab.root / f"{d}/{n}.st").symlink_to(f"../{raw}/{n}.st")
            lab.text(f"{d}/{n}.pl", "".join(f"{i * (RAW[1] - 8):7d}{0:7d}{z:7d}\n" for z in range(N) for i in (0, 1)))
            lab.text(f"{d}/{n}.ecd", "  1\n")
            lab.tilts(run, f"{d}/{n}.bl", images(run, "blended", size=(48, 104)), pixel, ANGLES)
            lab.run(run)["tiltseries"][-1]["may"] = True
            continue
        lab.tilts(run, r, images(run, x, "raw"), pixel, ANGLES)
        lab.text(r + ".mdoc", mdoc(f"{n}{x}{e}", pixel, mag, DAYS[raw], ANGLES, axis=-11.6))
        if how == "copy":
            lab.copy(r, f"{d}/{n}{x}{e}")
        if how == "link":
            (lab.root / d).mkdir(parents=True, exist_ok=True)
            (lab.root / f"{d}/{n}{x}{e}").symlink_to(f"../../{raw}/{n}{x}{e}")
        if how == "fixed":
            lab.run(run)["tiltseries"][-1]["may"] = True
            lab.copy(r, f"{d}/{n}{x}_orig{e}")
            lab.tilts(run, f"{d}/{n}{x}{e}", images(run, x, "fixed"), pixel, ANGLES)
            lab.run(run)["tiltseries"][-1]["may"] = True
    if kind is None:
        continue
    etomo_texts(d, n, axes, pixel, binning, style, montage)
    size = (48, 104) if montage else RAW if binning == 1 else (24, 28)
    full = FULL if binning == 1 else (24, 18, 28)
    if montage:
        full = (48, 16, 104)
    ali, pre = (".ali", ".preali") if style == "old" else ("_ali.mrc", "_preali.mrc")
    for x in axes or ("",):
        lab.junk("aligned stack", f"{d}/{n}{x}{ali}", images(run, x, "ali", size=size), v, stack=True)
        if x != "b" and person != P:
            lab.junk("coarsely aligned stack", f"{d}/{n}{x}{pre}", images(run, x, "preali", size=(24, 28)), 2 * pixel, stack=True)
        f = {("old", True): ".rec", ("old", False): "_full.rec", ("new", True): "_rec.mrc", ("new", False): "_full_rec.mrc"}[style, bool(axes)]
        lab.junk("one axis, before trimming: sections along y" if axes else "before trimming: sections along y", f"{d}/{n}{x}{f}", volume(run, x, "full", shape=full), v)
    if axes:
        lab.junk("both axes, before trimming: sections along y", f"{d}/{'sum.rec' if style == 'old' else 'sum_rec.mrc'}", volume(run, "sum", shape=full), v)
    if kind == "sirt":
        lab.junk("SIRT, before trimming", f"{d}/{n}_full.srec12", volume(run, "srec", shape=full), v)
        lab.text(f"{d}/sirtsetup.com", f"$sirtsetup -StandardInput\nCommandFile\ttilt.com\nIterationCount\t12\nLeaveIterations\t12\n")
        final = f"{d}/{n}_sirt12.rec"
        lab.text(f"{d}/trimvol.log", f"trimvol -x 3,54 -z 3,46 -f -rx {n}_full.srec12 {n}_sirt12.rec\n")
    else:
        final = f"{d}/{n}{'.rec' if style == 'old' else '_rec.mrc'}"
        lab.text(f"{d}/trimvol.log", f"trimvol -x 3,54 -z 3,46 -rx {'sum.rec' if axes else n + '_full.rec'} {final.rsplit('/', 1)[1]}\n")
    lab.tomogram(run, final, as_bytes(run, "final", shape=shape) if kind == "bytes" else volume(run, "final", shape=shape), v)
    where[run] = final

# binned, bytes, flattened, SIRT
half = lambda s: (s[0] // 2, s[1] // 2, s[2] // 2)
for run in ("MT_cell3_grid2", "MT_cell5_grid2", "cell2"):
    f = where[run].removesuffix(".rec") + "_bin2.rec"
    lab.tomogram(run, f, volume(run, "bin2", shape=half(REC)), 2 * voxel_of[run], may=run != "MT_cell5_grid2")
lab.tomogram("cell2", f"{O}/tomograms/cell2/cell2_flat.rec", volume("cell2", "flat", shape=(9, *REC[1:])), voxel_of["cell2"], may=True)
lab.text(f"{O}/tomograms/cell2/cell2_flat.mod", imod_model([("surface", [p for p in np.split(places("flat", n=8, size=box(REC, 5.79)), 4)], "open")], REC[::-1], 5.79))
lab.never("surfaces of a section, for flattening", f"{O}/tomograms/cell2/cell2_flat.mod")
lab.text(f"{O}/tomograms/cell2/flatten.com", "$warpvol -StandardInput\nInputFile\tcell2.rec\nOutputFile\tcell2_flat.rec\nTransformFile\tcell2_flat.xf\n")
lab.tomogram("cell1_Okafor", f"{O}/tomograms/cell1/cell1_sirt10.rec", volume("cell1_Okafor", "sirt"), voxel_of["cell1_Okafor"], may=True)
lab.junk("SIRT, before trimming", f"{O}/tomograms/cell1/cell1_full.srec10", volume("cell1_Okafor", "srec", shape=FULL), voxel_of["cell1_Okafor"])
lab.junk("a copy in bytes", f"{O}/tomograms/cell2/cell2_8bit.rec", as_bytes("cell2", "8bit"), voxel_of["cell2"])
lab.junk("a copy in bytes", f"{H}/for_paper/Fig4_MT_cell3_grid2_8bit.rec", as_bytes("MT_cell3_grid2", "8bit"), voxel_of["MT_cell3_grid2"])

# Fischer's models
v = voxel_of["MT_cell3_grid2"]
ribo = places("MT_cell3", "ribosomes", n=16, size=box(REC, v))
tubes = [np.linspace(a, b, 6) for a, b in zip(places("tubes", "a", n=5, size=box(REC, v)), places("tubes", "b", n=5, size=box(REC, v)))]
mito = [places("mito", i, n=9, size=box(REC, v)) for i in range(4)]
m3 = f"{H}/models/MT_cell3_grid2.mod"
lab.text(m3, imod_model([("microtubules", tubes, "open"), ("mitochondrion", mito, "closed"), ("ribosomes", [ribo], "scattered")], REC[::-1], v))
lab.points("MT_cell3_grid2", m3, "ribosomes", ribo, v)
lab.points("MT_cell3_grid2", m3, "microtubules", np.concatenate(tubes), v, instances=True, may=True)
lab.text(f"{H}/models/old/MT_cell3_grid2_v1.mod", imod_model([("microtubules", tubes[:2], "open"), ("ribosomes", [ribo[:7]], "scattered")], REC[::-1], v))
lab.never("an earlier version of a model", f"{H}/models/old/MT_cell3_grid2_v1.mod")
v = voxel_of["MT_cell5_grid2"]
ribo = places("MT_cell5", "ribosomes", n=12, size=box(REC, v))
lab.text(f"{H}/models/MT_cell5_grid2_bin2_ribosomes.mod", imod_model([("ribosomes", [[p] for p in ribo], "scattered")], half(REC)[::-1], 2 * v))
lab.points("MT_cell5_grid2", f"{H}/models/MT_cell5_grid2_bin2_ribosomes.mod", "ribosomes", ribo, 2 * v)
v = voxel_of["cell1_Fischer"]
tubes = [np.linspace(a, b, 5) for a, b in zip(places("tubes1", "a", n=4, size=box(REC, v)), places("tubes1", "b", n=4, size=box(REC, v)))]
lab.text(f"{H}/models/cell1_MTs.mod", imod_model([("KMT", tubes, "open"), ("chromosome", [places("chromosome", i, n=7, size=box(REC, v)) for i in range(3)], "closed")], REC[::-1], v))
lab.points("cell1_Fischer", f"{H}/models/cell1_MTs.mod", "KMT", np.concatenate(tubes), v, instances=True, may=True)
lab.text(f"{H}/models/MT_lengths.csv", "tomogram,object,contour,length_nm\n" + "".join(f"MT_cell3_grid2,microtubules,{i + 1},{210 + 13 * i:.1f}\n" for i in range(5)))
lab.text(f"{H}/models/MT_cell3_imodinfo.txt", "# MODEL MT_cell3_grid2.mod\n# NAME  IMOD-NewModel\n# PIX SCALE:  x = 1\n# PIX SIZE      = 0.762\n# UNITS: nm\n\nOBJECT 1\nNAME:  microtubules\n       5 contours\n       object uses open contours.\n")

# Okafor's vesicles
table = []
for run, model, k in VESICLES:
    v, name = voxel_of[run], next(t[2] for t in TABLE if t[0] == run)
    xyz = places(run, "vesicles", n=k, size=box(REC, v))
    if model:
        f = f"{O}/vesicles/{name}_vesicles.mod"
        lab.text(f, imod_model([("synaptic vesicles", [xyz], "scattered"), ("active zone", [places("az", i, n=6, size=box(REC, v)) for i in range(3)], "closed")], REC[::-1], v))
        lab.points(run, f, "synaptic vesicles", xyz, v, also=[f"{O}/vesicles/vesicle_centres.csv"])
    else:
        lab.points(run, f"{O}/vesicles/vesicle_centres.csv", "vesicles", xyz, v)
    px = xyz / v + (0.5, 0.5, 0)
    table += [f"{name},{i + 1},{a:.2f},{b:.2f},{c:.2f},{a * v / 10:.2f},{b * v / 10:.2f},{c * v / 10:.2f},{39.5 + i % 5:.1f}" for i, (a, b, c) in enumerate(px)]
lab.text(f"{O}/vesicles/vesicle_centres.csv", "tomogram,vesicle,x_px,y_px,z_px,x_nm,y_nm,z_nm,diameter_nm\n" + "\n".join(table) + "\n")
lab.text(f"{O}/vesicles/summary_density.csv", "tomogram,n_vesicles,AZ_area_um2,vesicles_per_um2,mean_diameter_nm\n" + "".join(f"{r.split('_')[0]},{k},0.0{k}1,{k * 7.3:.1f},41.2\n" for r, _, k in VESICLES))
lab.text(f"{O}/vesicles/vesicles.xlsx", b"PK\3\4" + bytes(60))
v = voxel_of["cell3"]
docked, reserve = places("cell3", "docked", n=5, size=box(REC, v)), places("cell3", "reserve", n=13, size=box(REC, v))
f = f"{O}/tomograms/cell3/cell3.mod"
lab.text(f, imod_model([("docked SV", [docked], "scattered"), ("reserve pool SV", [reserve], "scattered"), ("PM", [places("pm", i, n=8, size=box(REC, v)) for i in range(3)], "open")], REC[::-1], v))
lab.points("cell3", f, "docked SV", docked, v)
lab.points("cell3", f, "reserve pool SV", reserve, v)
lab.points("cell3", f, "PM", np.concatenate([places("pm", i, n=8, size=box(REC, v)) for i in range(3)]), v, instances=True, may=True)
lab.text(f"{O}/tomograms/cell2/cell2.mod", imod_model([("vesicle outlines", [places("outline", i, n=10, size=box(REC, 5.79)) for i in range(5)], "closed")], REC[::-1], 5.79))
lab.never("outlines, closed contours", f"{O}/tomograms/cell2/cell2.mod")

# Park's join
j, v = f"{P}/join_golgi2", voxel_of["golgi2_s1"]
joined = (34, *shape_of["golgi2_s1"][1:])
lab.run("golgi2", "golgi2_join", "join_golgi2", "golgi2_joined")
lab.text(f"{j}/golgi2.ejf", "#Etomo join data file\nJoin.Version=1.1\nJoin.RootName=golgi2\nJoin.SectionTableRow.RowCount=3\n" + "".join(f"Join.SectionTableRow.{i}.Section=/data2/resin/Park_TJ/golgi2_s{i}/golgi2_s{i}.rec\nJoin.SectionTableRow.{i}.RowNumber={i}\nJoin.SectionTableRow.{i}.JoinFinalStart=1\nJoin.SectionTableRow.{i}.JoinFinalEnd={11 + (i != 2)}\n" for i in (1, 2, 3)))
joincom = "$makejoincom\n" + "".join(f"$newstack -secs 0-2 ../golgi2_s{i}/golgi2_s{i}.rec golgi2.sample{i}\n" for i in (1, 2, 3))
lab.text(f"{j}/startjoin.com", joincom)
lab.text(f"{j}/golgi2.joincom", joincom)
lab.text(f"{j}/startjoin.log", "MAKEJOINCOM\n")
lab.text(f"{j}/golgi2.joininfo", "3  0  26  22\n0  0  0\n")
lab.text(f"{j}/golgi2.joinxf", xf(3, "join", angle=2.1))
lab.text(f"{j}/golgi2.tomoxg", xf(3, "joinxg", angle=2.1))
lab.text(f"{j}/finishjoin.log", "finishjoin -r golgi2 1,12 1,11 1,12\n")
lab.junk("slices at the boundaries, for joining", f"{j}/golgi2.sample", as_bytes("sample", shape=(12, *joined[1:])), v)
lab.junk("slices at the boundaries, for joining", f"{j}/golgi2.sampavg", as_bytes("sampavg", shape=(4, *joined[1:])), v)
lab.junk("a trial of the join", f"{j}/golgi2_trial.join", as_bytes("trial", shape=(15, 11, 13)), 2 * v)
lab.tomogram("golgi2", f"{j}/golgi2.join", as_bytes("joined", shape=joined), v, may=True)
lab.tomogram("golgi2", f"{j}/golgi2_join_bin2.mrc", as_bytes("joined bin2", shape=(17, 11, 13)), 2 * v, may=True)
copi = places("golgi2", "COPI", n=10, size=box(joined, v))
lab.text(f"{j}/golgi2_join.mod", imod_model([("cis cisterna", [places("cis", i, n=9, size=box(joined, v)) for i in range(6)], "closed"), ("COPI vesicles", [copi], "scattered")], joined[::-1], v))
lab.points("golgi2", f"{j}/golgi2_join.mod", "COPI vesicles", copi, v, may=True)
lab.text(f"{j}/golgi2_refine.mod", imod_model([("", [p for p in np.split(places("refine", n=8, size=box(joined, v)), 4)], "open")], joined[::-1], v))
lab.never("lines across the boundaries, to refine the join", f"{j}/golgi2_refine.mod")
s3 = shape_of["golgi2_s3"]
ribo = places("golgi2_s3", "ribosomes", n=15, size=box(s3, v))
lab.text(f"{P}/golgi2_s3/golgi2_s3_ribo.mod", imod_model([("ribosomes", [ribo], "scattered")], s3[::-1], v))
lab.points("golgi2_s3", f"{P}/golgi2_s3/golgi2_s3_ribo.mod", "ribosomes", ribo, v)
v5, s5 = voxel_of["golgi5"], shape_of["golgi5"]
clathrin = places("golgi5", "clathrin", n=9, size=box(s5, v5))
lab.text(f"{P}/golgi5/golgi5_clathrin.mod", imod_model([("clathrin-coated vesicles", [[p] for p in clathrin], "scattered")], s5[::-1], v5))
lab.points("golgi5", f"{P}/golgi5/golgi5_clathrin.mod", "clathrin", clathrin, v5)

# Amira
two = lambda s, shape: np.where(s.membrane(shape, 1) > 0, 2, s.membrane(shape)).astype(np.int8)
lab.mask("golgi2_s3", f"{P}/amira/golgi2_s3.Labels.am", two(Specimen("golgi2_s3", box(s3, v)), s3), v)
lab.mask("golgi2", f"{P}/amira/golgi2_join.Labels.am", two(Specimen("golgi2", box(joined, v)), joined), v, may=True)
lab.junk("what Amira wrote of a crop, in bytes and without a voxel size", f"{P}/amira/golgi2_s3_crop_amira.mrc", as_bytes("amira", shape=(8, 14, 18)), v, header=1.0)
lab.text(f"{P}/amira/golgi2.hx", "# Amira Project 630\n# Amira\n\n[ load ${SCRIPTDIR}/golgi2_join.Labels.am ] setLabel {golgi2_join.Labels.am}\n")
lab.text(f"{P}/amira/golgi2_join.Labels.surf", "# HyperSurface 0.1 ASCII\n\nParameters {\n    Materials {\n        Exterior {\n            Id 1\n        }\n    }\n}\n\nVertices 3\n 0 0 0\n 10 0 0\n 0 10 0\n")

# maps
for person, raw, grid, mag, px in ((H, "rawdata/2022-03-14_MT_grid2", "grid2", 120, 940.0), (H, "rawdata/2022-06-20_cells", "LMM", 120, 940.0), (O, "raw/221108", "LMM", 120, 940.0), (O, "raw/230516", "LMM", 120, 940.0), (P, "raw_2023-04", "golgi2_ribbon", 240, 471.0)):
    d, day = f"{person}/{raw}", DAYS[raw]
    m = f"{grid}_map.st" if person == H else f"{grid}.mrc"
    lab.junk("a map at low magnification", f"{d}/{m}", images(d, m, n=6, size=(24, 28)), px, stack=True)
    lab.text(f"{d}/{m}.mdoc", mdoc(m, px, mag, day, pieces=0, n=6, size=(24, 28)))
    anchors = f"{grid}_anchors.st" if person != P else "anchor_maps.mrc"
    lab.junk("anchor maps", f"{d}/{anchors}", images(d, anchors, n=4, size=(24, 28)), 62.0, stack=True)
    lab.text(f"{d}/{anchors}.mdoc", mdoc(anchors, 62.0, 1700, day, n=4, size=(24, 28)))
    nav = "AdocVersion = 2.00\nLastSavedAs = X:\\" + person + "\\" + grid + ".nav\n\n"
    nav += f"[Item = 1-A]\nColor = 2\nStageXYZ = 0.0 0.0 -12.0\nNumPts = 5\nRegis = 1\nType = 2\nMapFile = X:\\{person}\\{m}\nMapID = 8812345\nMapMontage = 1\nMapSection = 0\nMapBinning = 2\nMapMagInd = 9\nMapWidthHeight = 28 24\nPtsX = 0 1 1 0 0\nPtsY = 0 0 1 1 0\n\n"
    nav += "".join(f"[Item = {i + 2}-A]\nColor = 2\nStageXYZ = {10.4 * i:.2f} {-7.1 * i:.2f} -12.1\nNumPts = 5\nRegis = 1\nType = 2\nNote = Sec {i} - {anchors}\nMapFile = X:\\{person}\\{anchors}\nMapID = 99213{i}\nMapMontage = 0\nMapSection = {i}\nMapBinning = 2\nMapMagInd = 16\nMapWidthHeight = 28 24\nPtsX = 0 1 1 0 0\nPtsY = 0 0 1 1 0\n\n" for i in range(4))
    lab.text(f"{d}/{grid}.nav", nav)
lab.junk("single images while focusing", f"{H}/rawdata/2022-06-20_cells/focus_test.st", images("focus", n=3, size=(24, 28)), 11.4, stack=True)

# the mess
old = f"{H}/etomo/MT_cell3_grid2"
lab.junk("an earlier combination", f"{old}/old_combine/sum.rec", volume("old sum", shape=FULL), 7.62)
lab.junk("an earlier volume", f"{old}/MT_cell3_grid2.rec~", volume("earlier", shape=(9, *REC[1:])), 7.62)
lab.junk("turned so that the spindle lies along x", f"{H}/for_paper/MT_cell3_grid2_rot.rec", volume("rotated", shape=(10, 50, 40)), 7.62)
lab.junk("a crop for a figure", f"{H}/for_paper/Fig4_crop.mrc", volume("crop", shape=(6, 20, 24)), 7.62)
lab.copy(where["cell1_Fischer"], f"{H}/for_paper/FigS2_cell1.rec")
lab.copy(where["MT_cell3_grid2"], f"{O}/from_Hanna/MT_cell3_grid2.rec")
lab.copy(where["cell2"], f"{O}/to_send/cell2_synapse.rec")
lab.copy(where["golgi2_s3"], f"{P}/amira/golgi2_s3.rec")
lab.junk("means of five slices", f"{O}/figures/cell2_avg5.mrc", volume("avg5", shape=(2, *REC[1:])), 5.79)
for f in (f"{H}/for_paper/Fig4A.tif", f"{O}/figures/cell2_z05.tif", f"{P}/figures/golgi2_model.tif", f"{P}/figures/golgi2_model.png"):
    lab.picture(f)
for i in range(3):
    lab.picture(f"{O}/figures/cell1_tif/cell1.{i:03d}.tif", why="a slice of a tomogram as TIFF")
for f in (f"{H}/for_paper/Fig4B.jpg", f"{H}/rawdata/2022-03-14_MT_grid2/grid2_LM_screenshot.jpg", f"{O}/figures/cell2_slice.jpg", f"{P}/golgi5/golgi5_slicer.jpg"):
    jpeg(f)
lab.text(f"{O}/figures/cell2_through_z.mov", bytes(8) + b"ftypqt  " + bytes(200))
lab.text(f"{P}/README.txt", "golgi2: three serial sections (s1 = first from the knife), joined with etomo, see join_golgi2\nraw stack of s2 is on tape (RT0412), not restored\ngolgi5: 2x1 montage, blended in etomo\nreconstructions are binned by 2 (15.24 A) except golgi5\n")
lab.text("facility/pixel_sizes_F20_US4000_bin2.txt", "mag  pixel(nm)  calibrated 2022-01-12\n" + "".join(f"{m}  {p / 10:g}\n" for m, p in MAG.items()))
log = [("date", "user", "sample", "series", "mag", "axes", "remark")] + [({"rawdata/2022-03-14_MT_grid2": "2022-03-14", "rawdata/2022-06-20_cells": "2022-06-20", "raw/221108": "2022-11-08", "raw/230516": "2023-05-16", "raw_2023-04": "2023-04-21", "raw_2023-09": "2023-09-12", None: "2023-04-21"}[t[7]], t[1].split("_")[0],
        {H: "HeLa mitotic HPF-FS LR white", O: "mouse synapse HPF-FS Epon", P: "NRK Golgi Epon serial"}[t[1]], t[2], str(t[3]), {"ab": "dual", "a": "a only", "": "single"}[t[4]], {"MT_cell6_grid2": "section moved out of range for b; not reconstructed yet", "golgi5": "montage 2x1", "golgi2_s2": "raw on tape RT0412"}.get(t[0], "")) for t in TABLE]
lab.text("facility/resin_log_2022-2023.csv", "".join(",".join(r) + "\n" for r in log))
lab.text("facility/etomo_howto.docx", b"PK\3\4" + bytes(80))
lab.done()
