"""The archive of a group that did tomography of bacteria from 2006 to 2016: a database with a folder a tilt series, and what lies beside it.

Imitates the folders of the Caltech Tomography Database and what its pipeline leaves (README_ADMIN_GUIDE and README_USER_GUIDE of the package, and its public
records: rawdata/NAME.mrc, 3dimage_NUMBER/NAME_full.rec, AutoCaps, keyimg_ID.jpg, keymov_ID.mp4 and .flv; PMC4633326), the extended header of UCSF Tomo and of FEI's
programs (https://bio3d.colorado.edu/imod/doc/mrc_format.txt, https://lbem-focus.epfl.ch/wiki/doku.php?do=export_xhtml&id=feiextendedmrcformat_not_used_by_2dx,
https://itk.org/Doxygen/html/structitk_1_1MRCHeaderObject_1_1FeiExtendedHeader.html; UCSF Tomo has 12 numbers a section and angstroms, as IMOD's alignframes reads it),
RAPTOR (https://bio3d.colorado.edu/imod/doc/man/raptor.html), Leginon's names (https://emg.nysbc.org/projects/leginon/wiki/How_does_Leginon_Name_the_Files),
IMOD (https://bio3d.colorado.edu/imod/doc/tomoguide.html, https://bio3d.colorado.edu/imod/doc/man/nad_eed_3d.html), SerialEM's mdoc
(https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm), PEET (https://bio3d.colorado.edu/PEET/PEETmanual.html). From memory: columns of the tables, file_NUMBER,
that tomo3d leaves voxels of 1 A, the log of EM-Menu, that RAPTOR's volumes have the depth in z with one orientation and in y with another.

The mess: MR_1.mrc is of two people on one day, bd_05.mrc of two in two years, CC_07.mrc was taken again; headers of 1 A, or of 2 A since a stack of 1 A was binned, pixels in metres in an
extended header or only in the table, angles in an extended header, in a text or as a range in the table; reconstructions that are deleted in the table but not on the disk; volumes as bytes,
binned, filtered, turned; the tomogram that is meant lies in somebody's scratch folder; copies of raw data; averages of motors; pictures and films of all.
"""
import csv
import io
import struct

import numpy as np

from kit import Lab, Specimen, imod_model, lines, mdoc, places, seed, xf

PAGES = ["https://pmc.ncbi.nlm.nih.gov/articles/PMC4633326", "https://bio3d.colorado.edu/imod/doc/mrc_format.txt", "https://lbem-focus.epfl.ch/wiki/doku.php?do=export_xhtml&id=feiextendedmrcformat_not_used_by_2dx",
         "https://itk.org/Doxygen/html/structitk_1_1MRCHeaderObject_1_1FeiExtendedHeader.html", "https://bio3d.colorado.edu/imod/doc/man/raptor.html", "https://emg.nysbc.org/projects/leginon/wiki/How_does_Leginon_Name_the_Files",
         "https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://bio3d.colorado.edu/imod/doc/man/nad_eed_3d.html", "https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://bio3d.colorado.edu/PEET/PEETmanual.html"]
lab = Lab(__doc__, PAGES)
lab.old_imod = True
#   id                   file                pixel  images    depth species                     scope           software        range     step  note in the table
TABLE = {
    "usa2006-10-04-2": ("CP_3a.st", 8.2, (72, 80), 16, "Caulobacter crescentus", "Tecnai F30", "FEI Tomo", (-60, 60), 12, "dual axis, CP_3a and CP_3b"),
    "usa2007-08-11-14": ("MG_16.mrc", 9.6, (80, 80), 16, "Escherichia coli", "Polara", "UCSF Tomo", (-60, 60), 12, "tilt series lost with the old RAID, reconstruction (bytes) is all there is"),
    "usa2008-03-12-1": ("MR_1.mrc", 9.6, (80, 80), 16, "Caulobacter crescentus", "Polara", "UCSF Tomo", (-60, 60), 12, ""),
    "usa2008-03-12-2": ("MR_2.mrc", 9.6, (80, 80), 16, "Caulobacter crescentus", "Polara", "UCSF Tomo", (-60, 60), 12, "best of the day"),
    "usb2008-03-12-1": ("MR_1.mrc", 6.8, (80, 72), 20, "Vibrio cholerae", "Polara", "UCSF Tomo", (-55, 55), 11, "not the MR_1 of usa. Raptor lost half of the images, use rec by hand in scratch/user_b/MR_1 (not uploaded yet)"),
    "usb2009-11-05-3": ("CC_07.mrc", 6.8, (80, 72), 20, "Vibrio cholerae", "Polara", "UCSF Tomo", (-55, 55), 11, "BAD: drift, do not use. collected again as usb2010-02-17-1"),
    "usb2010-02-17-1": ("CC_07.mrc", 6.8, (80, 72), 20, "Vibrio cholerae", "Polara", "UCSF Tomo", (-55, 55), 11, "CC_07 once more, good"),
    "usa2010-05-27-1": ("MR_11.mrc", 9.6, (80, 80), 16, "Caulobacter crescentus", "Polara", "UCSF Tomo", (-60, 60), 12, "pipeline failed, no rec"),
    "usc2011-04-08-1": ("11apr08a_00003_00_ex.mrc", 5.75, (76, 76), 16, "Helicobacter hepaticus", "Krios", "Leginon", (-54, 54), 9, "no pixel size in header!"),
    "pdx2012-06-20-2": ("Tomo_4.mrc", 6.3, (80, 80), 18, "Bdellovibrio bacteriovorus", "Krios", "FEI Tomo", (-60, 60), 10, ""),
    "usc2013-09-30-1": ("Hel_03.st", 4.9, (72, 72), 16, "Helicobacter pylori", "F20", "DigitalMicrograph", (-50, 50), 10, "from dm3, angles not in file: constant increments"),
    "usb2014-07-01-5": ("bd_05.mrc", 4.2, (80, 80), 20, "Bdellovibrio bacteriovorus", "Krios", "Serial EM", (-60, 60), 12, ""),
    "usb2014-07-01-6": ("bd_06.mrc", 4.2, (80, 80), 20, "Bdellovibrio bacteriovorus", "Krios", "Serial EM", (-60, 60), 12, ""),
    "usc2015-01-20-2": ("bd_05.mrc", 5.1, (72, 72), 14, "Brucella abortus", "Krios", "UCSF Tomo", (-60, 60), 15, "bd = box D here, nothing to do with Bdellovibrio"),
    "pdx2016-02-11-1": ("BV_2.mrc", 5.2, (76, 80), 16, "Bdellovibrio bacteriovorus", "F20", "TVIPS EM-Menu", (-60, 60), 15, "no pixel size in header"),
}
D = {run: f"data/{run}" for run in TABLE}
base = {run: t[0].rsplit(".", 1)[0] for run, t in TABLE.items()}
angles = {run: [round(float(a + seed("angle", run, i).uniform(-0.3, 0.3)), 2) if t[6] not in ("DigitalMicrograph",) else float(a) for i, a in enumerate(range(t[7][0], t[7][1] + 1, t[8]))] for run, t in TABLE.items()}
shape = {run: (t[3], t[2][0] // 2, t[2][1] // 2) for run, t in TABLE.items()}  # of a volume at bin 2
size = {run: np.array(shape[run][::-1]) * t[1] * 2 for run, t in TABLE.items()}
whole = lambda d: np.round(d).astype(np.int16)

ribosomes = places(lab.name, "ribosomes", n=9, size=size["usa2008-03-12-1"])
arrays = places(lab.name, "arrays", n=6, size=size["usc2015-01-20-2"])
pili = places(lab.name, "pili", n=7, size=size["usb2010-02-17-1"])
motors = {run: places(lab.name, "motor", run, n=n, size=size[run], margin=0.2) for run, n in (("usb2014-07-01-5", 5), ("usb2014-07-01-6", 4))}
inside = {"usa2008-03-12-1": ribosomes, "usc2015-01-20-2": arrays, "usb2010-02-17-1": pili, **motors}
specimen = {run: Specimen(run, list(size[run]), [inside[run]] if run in inside else [], radius=5 * t[1]) for run, t in TABLE.items()}
stack = {run: specimen[run].stack(angles[run], t[2]) for run, t in TABLE.items()}
rec = {run: whole(specimen[run].volume(shape[run], t[1] * 2) * 300 + 800) for run, t in TABLE.items()}


def smooth(data, times):
    d = np.asarray(data, np.float32)
    for _ in range(times):
        for axis in range(3):
            d = (np.roll(d, 1, axis) + d + np.roll(d, -1, axis)) / 3
    return d


def blocks(d):
    z, y, x = (n // 2 for n in d.shape)
    return d[: z * 2, : y * 2, : x * 2].reshape(z, 2, y, 2, x, 2).mean((1, 3, 5))


def as_bytes(d):
    return np.clip((d - d.mean(dtype=float)) / d.std(dtype=float) * 22 + 64, 0, 127).round().astype(np.int8)


def agard(path, tilts, pixel, nreal, sections, axis=84.0):
    """The extended header of Agard's format: `nreal` numbers a section, the tilt first, the axis 11th, the pixel 12th."""
    p = lab.root / path
    b = bytearray(p.read_bytes())
    r = seed("stage", path)
    ext = b""
    for i in range(sections):
        row = [0.0] * nreal
        if i < len(tilts):
            row[:12] = [tilts[i], 0.0, *r.normal(0, 1e-5, 3), 0.0, 0.0, -8e-6, 1.0, 118.0, axis, pixel]
            if nreal > 12:
                row[12] = 18000.0
        ext += struct.pack(f"<{nreal}f", *row)
    struct.pack_into("<i", b, 92, len(ext))
    struct.pack_into("<i", b, 108, 0)  # no program of that time wrote the year of the format
    struct.pack_into("<2h", b, 128, 0, nreal)
    p.write_bytes(bytes(b[:1024]) + ext + bytes(b[1024:]))


def raw(run, path, data, tilts, header=None):
    pixel, program = TABLE[run][1], TABLE[run][6]
    lab.tilts(run, path, data, pixel, tilts, header=header)
    if program == "UCSF Tomo":
        agard(path, tilts, pixel, 12, len(tilts))
    elif program == "FEI Tomo":
        agard(path, tilts, pixel * 1e-10, 32, 1024)


three = []


def threed(run, number, name, data, by, software, processing=("raw",), status=0, kind="reconstruction", notes="", header=None, why=None, may=False, told=True):
    """A volume in the database: its row in the table, its file, its truth. `told`: the table has its voxel."""
    path, voxel = f"{D[run]}/3dimage_{number}/{name}", TABLE[run][1] * by
    three.append((number, run, kind, name, f"{voxel / 10:g}" if told else "", software, ("ok", "", "delete")[status], notes))
    if why:
        lab.junk(why, path, data, voxel, header=header)
    else:
        lab.tomogram(run, path, data, voxel, processing, header=header, may=may)
    return path


def jpeg(path, why="a picture"):
    lab.text(path, b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xdb\0C\0" + bytes(seed("jpeg", path).integers(1, 255, 400, dtype=np.uint8)) + b"\xff\xd9")
    lab.never(why, {"file": path})


# ---- raw data ----
for run, t in TABLE.items():
    if run in ("usa2007-08-11-14", "usb2009-11-05-3", "usa2006-10-04-2"):
        continue
    raw(run, f"{D[run]}/rawdata/{t[0]}", stack[run], angles[run], header=1.0 if t[6] in ("FEI Tomo", "Leginon", "TVIPS EM-Menu") else None)
run = "usa2006-10-04-2"
raw(run, f"{D[run]}/rawdata/CP_3a.st", stack[run], angles[run], header=1.0)
second = [round(a + 0.35, 2) for a in angles[run]]
raw(run, f"{D[run]}/rawdata/CP_3b.st", specimen[run].stack(second, TABLE[run][2], "b"), second, header=1.0)
run = "usb2009-11-05-3"
lab.junk("drifted, taken again", f"{D[run]}/rawdata/CC_07.mrc", stack[run], 6.8, stack=True)
agard(f"{D[run]}/rawdata/CC_07.mrc", angles[run], 6.8, 12, len(angles[run]))
lab.text(f"{D['usc2011-04-08-1']}/rawdata/11apr08a_00003_00_ex.tlt", lines(angles["usc2011-04-08-1"]))
lab.text(f"{D['pdx2012-06-20-2']}/rawdata/Tomo_4.txt", "FEI Tomography 4.0 log\nTilt series: Tomo_4   2012-06-20 14:02:11\nHolder tilt scheme: linear, -60.0 to 60.0, step 10.0\nMagnification: 18000  Defocus: -10.0 um  Binning: 2  Pixel size: 0.63 nm\n" + "".join(f"14:{5 + i:02d}:30 Tilt {a:7.2f}  acquired, shift {seed('fei', i).normal(0, 3):.1f} px\n" for i, a in enumerate(angles["pdx2012-06-20-2"])))
for run in ("usb2014-07-01-5", "usb2014-07-01-6"):
    hour = 15 if run.endswith("5") else 17
    text = mdoc(angles[run], 4.2, None, TABLE[run][0], (80, 80), dose=9.1).replace("14-Feb-23  09:", f"01-Jul-14  {hour}:").replace("12.5 -40.1", "311.0 -20.7" if hour == 15 else "298.4 -31.5")
    lab.text(f"{D[run]}/rawdata/{TABLE[run][0]}.mdoc", text)

# ---- the database's volumes ----
v = rec["usa2006-10-04-2"]
threed("usa2006-10-04-2", 12, "CP_3.rec", v, 2, "IMOD", notes="both axes combined", told=False)
threed("usa2006-10-04-2", 13, "CP_3a.rec", whole(v + seed("a").normal(0, 200, v.shape)), 2, "IMOD", status=2, why="one axis alone, deleted in the table", notes="a axis only", told=False)
threed("usa2007-08-11-14", 88, "MG_16_byte.rec", as_bytes(rec["usa2007-08-11-14"]), 2, "IMOD", header=1.0)
threed("usa2008-03-12-1", 1201, "MR_1_full.rec", rec["usa2008-03-12-1"], 2, "Raptor", told=False)
run = "usa2008-03-12-2"
threed(run, 1202, "MR_2_part11_6_full.rec", whole(specimen[run].volume(shape[run], 19.2, 2.5, "part") * 300 + 800), 2, "Raptor", status=2, why="half of the images dropped, deleted in the table", notes="6 of 11 images dropped, done again by hand (1477)")
threed(run, 1477, "MR_2.rec", rec[run], 2, "IMOD", notes="by hand")
threed(run, 1478, "MR_2_bin4.rec", whole(blocks(rec[run])), 4, "IMOD", ("raw", "filtered"), may=True, notes="binvol of 1477")
threed(run, 1479, "MR_2_byte.rec", as_bytes(rec[run]), 2, "IMOD", why="scaled to bytes, for a film", notes="1477 as bytes for the movie")
threed(run, 1480, "MR_2_NAD.rec", whole(smooth(rec[run], 2)), 2, "IMOD nad_eed_3d", ("filtered", "denoised"), notes="NAD k=40 n=10 of 1477")
threed(run, 1481, "MR_2_stalk_subvol.rec", rec[run][4:12, 8:28, 10:30], 2, "IMOD", kind="subvolume", why="a piece", notes="stalk")
threed("usb2008-03-12-1", 1203, "MR_1_part11_6_full.rec", whole(specimen["usb2008-03-12-1"].volume(shape["usb2008-03-12-1"], 13.6, 2.5, "part") * 300 + 800), 2, "Raptor", status=2, why="half of the images dropped, deleted in the table", notes="bad")
threed("usb2009-11-05-3", 1390, "CC_07_full.rec", rec["usb2009-11-05-3"], 2, "Raptor", status=2, why="of a series that drifted", notes="drift")
threed("usb2010-02-17-1", 1433, "CC_07_full.rec", rec["usb2010-02-17-1"], 2, "Raptor")
threed("usc2011-04-08-1", 1611, "11apr08a_00003_00_ex_full.rec", rec["usc2011-04-08-1"], 2, "Raptor", header=2.0, notes="header says 0.2 nm, wrong")
run = "pdx2012-06-20-2"
threed(run, 1850, "Tomo_4_full.rec", np.ascontiguousarray(np.pad(rec[run], ((3, 3), (0, 0), (0, 0)), mode="reflect").transpose(1, 0, 2)), 2, "IMOD", why="as the tilt program left it: depth in y", notes="not trimmed (XZY), use 1851")
threed(run, 1851, "Tomo_4.rec", rec[run], 2, "IMOD", notes="trimvol -rx")
threed("usc2013-09-30-1", 2044, "Hel_03.rec", rec["usc2013-09-30-1"].astype(np.float32), 2, "IMOD")
run = "usb2014-07-01-5"
sirt = {r: {2: smooth(specimen[r].volume(shape[r], 8.4, 0.5, "sirt"), 1), 4: specimen[r].volume([n // 2 for n in shape[r]], 16.8, 0.4, "sirt4")} for r in motors}
threed(run, 2210, "bd_05_full.rec", rec[run], 2, "Raptor")
threed(run, 2211, "bd_05_SIRT_bin2.rec", sirt[run][2], 2, "tomo3d", ("raw", "filtered"), header=1.0, notes="SIRT 30 iterations")
bin4 = {run: threed(run, 2212, "bd_05_SIRT_bin4.rec", sirt[run][4], 4, "tomo3d", ("raw", "filtered"), header=1.0, notes="SIRT 30 iterations, for picking")}
run = "usb2014-07-01-6"
threed(run, 2214, "bd_06.rec", rec[run], 2, "IMOD", notes="from scratch/user_b/bd_06")
bin4[run] = threed(run, 2215, "bd_06_SIRT_bin4.rec", sirt[run][4], 4, "tomo3d", ("raw", "filtered"), header=1.0, notes="SIRT 30 iterations, for picking")
threed("usc2015-01-20-2", 2390, "bd_05_full.rec", rec["usc2015-01-20-2"], 2, "Raptor")
threed("pdx2016-02-11-1", 2533, "BV_2.rec", rec["pdx2016-02-11-1"].astype(np.float32), 2, "IMOD", header=2.0, notes="header wrong, no pixel size in raw data")

# ---- what people drew and picked ----
others = []


def other(run, number, name, notes):
    others.append((number, run, name, notes))
    return f"{D[run]}/file_{number}/{name}"


def model(path, objects, shape_, voxel, header=None):
    """Coordinates in pixels of the volume; the pixel of the model is that of the header."""
    h = header or voxel
    lab.text(path, imod_model([(n, [np.asarray(c) / voxel * h for c in contours], k) for n, contours, k in objects], shape_[::-1], h))
    return path


path = model(other("usa2008-03-12-1", 118, "MR_1_ribosomes.mod", "ribosomes, on 1201"), [("ribosomes", [ribosomes], "scattered")], shape["usa2008-03-12-1"], 19.2)
lab.points("usa2008-03-12-1", path, "ribosomes", ribosomes, 19.2)
lab.mask("usa2008-03-12-2", other("usa2008-03-12-2", 311, "MR_2.Labels.am", "membrane, Amira, on 1477"), specimen["usa2008-03-12-2"].membrane(shape["usa2008-03-12-2"]).astype(np.uint8) * 2, 19.2)
lab.text(other("usa2008-03-12-2", 312, "MR_2_membrane.surf", "surface of 311"), "# HyperSurface 0.1 ASCII\n\nParameters {\n    Materials {\n        Exterior { Id 1 }\n        Membrane { Id 2 }\n    }\n}\nVertices 0\nNBranchingPoints 0\n")
path = other("usb2010-02-17-1", 402, "CC_07_pili_nm.csv", "base of pili in nm, on 1433")
lab.text(path, "x_nm,y_nm,z_nm\n" + "".join("%.3f,%.3f,%.3f\n" % tuple(p / 10) for p in pili))
lab.points("usb2010-02-17-1", path, "pili", pili, 13.6)
lab.mask("usb2010-02-17-1", other("usb2010-02-17-1", 403, "CC_07_outer_membrane_mask.mrc", "imodmop -mask 1, on 1433"), specimen["usb2010-02-17-1"].membrane(shape["usb2010-02-17-1"]), 13.6)
path = model("scratch/user_c/picks/bd_05_arrays.mod", [("chemoreceptor arrays", [arrays], "scattered")], shape["usc2015-01-20-2"], 10.2)
lab.points("usc2015-01-20-2", path, "chemoreceptor arrays", arrays, 10.2)
lab.text("scratch/user_c/picks/notes.txt", "bd_05_arrays.mod: chemoreceptor arrays in my bd_05 (usc2015-01-20-2, 3dimage_2390), box D\n")
path = other("usb2014-07-01-5", 520, "bd_05.fid", "fiducials")
model(path, [("Fiducials", [np.c_[seed("fid", k).uniform(40, 280, (len(angles["usb2014-07-01-5"]), 2)), np.arange(len(angles["usb2014-07-01-5"])) * 4.2] for k in range(5)], "open")], (len(angles["usb2014-07-01-5"]), 80, 80), 4.2)
lab.never("gold of the alignment", {"file": path})

# ---- averages of motors ----
A = "averages/motor_Bdello"
HEADER = "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved\n"
for number, (run, at) in enumerate(motors.items(), 1):
    n, r = base[run], seed("motl", run)
    offsets = r.normal(0, 0.5, at.shape).clip(-1.2, 1.2).round(3)
    picked = at - offsets * 16.8
    row = lambda i, o: f"{r.uniform(0.2, 0.5):.4f},0,0,{i + 1},0,0,0,0,0,0,{o[0]:.3f},{o[1]:.3f},{o[2]:.3f},0,0,0,{r.uniform(-180, 180):.2f},{r.uniform(-180, 180):.2f},{r.uniform(0, 180):.2f},1\n"
    path = model(f"{A}/{n}_motors.mod", [("motors", [picked], "scattered")], [k // 2 for k in shape[run]], 16.8, 1.0)
    lab.text(f"{A}/{n}_initMOTL.csv", HEADER + "".join(row(i, (0, 0, 0)) for i in range(len(at))))
    for k in (1, 2, 3):
        lab.text(f"{A}/motor_MOTL_Tom{number}_Iter{k}.csv", HEADER + "".join(row(i, o) for i, o in enumerate(offsets * (k - 1) / 2)))
    lab.points(run, f"{A}/motor_MOTL_Tom{number}_Iter3.csv", "motors", at, 16.8, also=[path, f"{A}/motor.prm"], before=picked, tolerance=17.7)
cell = lambda names: "{" + ", ".join(f"'{n}'" for n in names) + "}"
lab.text(f"{A}/motor.prm", f"fnVolume = {cell('../../' + bin4[r] for r in motors)}\nfnModParticle = {cell(base[r] + '_motors.mod' for r in motors)}\ninitMOTL = {cell(base[r] + '_initMOTL.csv' for r in motors)}\ntiltRange = {{[-60, 60], [-60, 60]}}\ndPhi = {{-180:10:180, -9:3:9}}\ndTheta = {{-9:3:9, -3:1:3}}\ndPsi = {{-9:3:9, -3:1:3}}\nsearchRadius = {{[2], [1]}}\nlowCutoff = {{[0, 0.05], [0, 0.05]}}\nhiCutoff = {{[0.3, 0.05], [0.4, 0.05]}}\nrefThreshold = {{9, 9}}\nreference = {{1, 1}}\nfnOutput = 'motor'\nszVol = [12, 12, 12]\nlstThresholds = [9]\nflgWedgeWeight = 1\n")
for f, why in (("motor_AvgVol_3P0009.mrc", "an average"), ("motor_AvgVol_3P0009_sym20.mrc", "an average"), ("unMasked_motor_AvgVol_3P0009.mrc", "an average"), ("motor_Ref1.mrc", "a reference")):
    lab.junk(why, f"{A}/{f}", seed(f).normal(0, 1, (12, 12, 12)).astype(np.float32), 16.8, header=1.0)
lab.text(f"{A}/README", "motors of bd_05 and bd_06 (July 2014, user_b), picked on the SIRT bin4 volumes. headers of those say 1 A, real voxel 1.68 nm\n")

# ---- somebody's own folders ----
run, S = "usb2008-03-12-1", "scratch/user_b/MR_1"
lab.copy(f"{D[run]}/rawdata/MR_1.mrc", f"{S}/MR_1.st")
lab.tomogram(run, f"{S}/MR_1.rec", rec[run], 13.6)
run2, S2 = "usb2014-07-01-6", "scratch/user_b/bd_06"
lab.copy(f"{D[run2]}/rawdata/bd_06.mrc", f"{S2}/bd_06.st")
lab.copy(f"{D[run2]}/3dimage_2214/bd_06.rec", f"{S2}/bd_06.rec")
for r, s in ((run, S), (run2, S2)):
    n, pixel, (y, x) = base[r], *TABLE[r][1:3]
    lab.text(f"{s}/{n}.rawtlt", lines(angles[r]))
    lab.text(f"{s}/{n}.tlt", lines([a - 0.6 for a in angles[r]]))
    lab.text(f"{s}/{n}.xf", xf(len(angles[r]), r))
    lab.text(f"{s}/{n}.edf", f"#Etomo\nSetup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={pixel / 10:g}\nSetup.FiducialDiameter=10.0\nSetup.ImageRotationA=84.0\n")
    lab.text(f"{s}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}.ali\nOutputFile {n}_full.rec\nIMAGEBINNED 2\nTILTFILE {n}.tlt\nTHICKNESS {shape[r][0] * 2}\nFULLIMAGE {x} {y}\n$if (-e ./savework) ./savework\n")
    lab.junk("aligned and binned images", f"{s}/{n}.ali", whole(stack[r].reshape(len(stack[r]), y // 2, 2, x // 2, 2).mean((2, 4))), pixel * 2, stack=True)
    lab.junk("as the tilt program left it: depth in y", f"{s}/{n}_full.rec", np.ascontiguousarray(np.pad(rec[r], ((2, 2), (1, 1), (0, 0)), mode="reflect").transpose(1, 0, 2)), pixel * 2)
for k, n in ((20, 5), (40, 20)):
    lab.junk("a filter that was tried", f"scratch/user_a/nad_tests/MR_2_NAD_k{k}n{n}.rec", whole(smooth(rec["usa2008-03-12-2"], n // 5 + 3)), 19.2)
lab.text("scratch/user_a/nad_tests/README", "tests only, the good one (k40 n10) is in the database as 1480\n")

# ---- what the pipeline left ----
for r in ("usa2008-03-12-1", "usb2008-03-12-1"):
    P, (y, x), n = f"Pipeline_Proc/{r}", TABLE[r][2], len(angles[r])
    small = whole(stack[r].reshape(n, y // 2, 2, x // 2, 2).mean((2, 4)))
    lab.junk("images binned before RAPTOR", f"{P}/temp/MR_1.mrc", small, TABLE[r][1] * 2, stack=True)
    keep = slice(None) if r[2] == "a" else slice(3, 8)
    lab.junk("aligned images", f"{P}/align/MR_1.ali", whole(np.roll(small, 2, 2))[keep], TABLE[r][1] * 2, stack=True)
    lab.text(f"{P}/align/MR_1_RAPTOR.log", f"RAPTOR -execPath /usr/local/IMOD/bin/ -path /jdatabase/data/{r}/rawdata/ -diameter 10 -angles -rec 0 -thickness 300 -bin 2 -orientation 1 -verb 1 -output {P}/ -input MR_1.mrc\n{len(angles[r][keep])} of {n} images used\n")
    lab.text(f"{P}/IMOD/MR_1.tlt", lines(angles[r][keep]))
    lab.text(f"{P}/IMOD/MR_1.xf", xf(len(angles[r][keep]), r, "raptor"))
    lab.text(f"{P}/pipeline.log", "10:02:11 Starting RAPTOR **********\n10:44:52 Finished RAPTOR **********\n")

# ---- sessions ----
B = "jscope/user_b/2014-07-01"
for n, r in (("bd_05", "usb2014-07-01-5"), ("bd_06", "usb2014-07-01-6")):
    lab.copy(f"{D[r]}/rawdata/{n}.mrc", f"{B}/Done/{n}.mrc")
    lab.text(f"{B}/Done/{n}.mrc.mdoc", (lab.root / f"{D[r]}/rawdata/{n}.mrc.mdoc").read_bytes())
lab.junk("given up after four images", f"{B}/bd_04.mrc", Specimen("bd_04", [600, 600, 300]).stack([-60.0, -48, -36, -24], (80, 80)), 4.2, stack=True)
lab.text(f"{B}/bd_04.mrc.mdoc", mdoc([-60.0, -48.0, -36.0, -24.0], 4.2, None, "bd_04.mrc", (80, 80), dose=9.1).replace("14-Feb-23  09:", "01-Jul-14  13:"))
lab.junk("a map of the grid", f"{B}/gridmap.mrc", seed("map").normal(200, 30, (6, 64, 64)).round().astype(np.int16), 610.0, stack=True)
lab.text(f"{B}/session_notes.txt", "1 July 2014 Krios, K2 counting summed on the fly, no frames kept\nbd_04 aborted after 4 tilts (ice), do not process\nbd_05 ok\nbd_06 ok\n")
lab.text("jscope/user_c/2013-09-30/Hel_03.dm3", struct.pack(">3i", 3, 900, 1) + bytes(900))
lab.text("jscope/user_c/2013-09-30/readme.txt", "dm2mrc Hel_03.dm3 Hel_03.st (uploaded to database). DM does not save the angles, -50 to 50 in 10 deg steps\n")
lab.text("jscope/pdx/2016-02-11/BV_2_000.tvips", struct.pack("<4i", 256, 2, 80, 76) + bytes(600))
lab.text("jscope/pdx/2016-02-11/BV_2_log.txt", "EM-Menu 4 tilt series BV_2\n# image  tilt(deg)  time\n" + "".join(f"{i + 1:3d}  {a:8.2f}  16:{10 + i}:05\n" for i, a in enumerate(angles["pdx2016-02-11-1"])))
lab.text(f"{D['pdx2016-02-11-1']}/rawdata/BV_2.rawtlt", lines(angles["pdx2016-02-11-1"]))

# ---- pictures, films, tables ----
films = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
for run in TABLE:
    jpeg(f"{D[run]}/keyimg_{run}.jpg")
    jpeg(f"{D[run]}/keyimg_{run}_s.jpg")
    ext = "mov" if run < "usa2007" else "flv"
    lab.text(f"{D[run]}/keymov_{run}.{ext}", (b"FLV\1\5\0\0\0\t" if ext == "flv" else b"\0\0\0\x14ftypqt  ") + bytes(200))
    if run > "usb2010" or run[:3] in ("usc", "pdx"):
        lab.text(f"{D[run]}/keymov_{run}.mp4", films + bytes(300))
for run, number, caption in (("usa2008-03-12-2", 3727, "stalk"), ("usa2008-03-12-2", 3731, "S-layer"), ("usb2014-07-01-5", 10483, "flagellar motor"), ("usc2015-01-20-2", 10560, "")):
    jpeg(f"{D[run]}/AutoCaps/{run}_slicer{number}.jpg")
    lab.text(f"{D[run]}/AutoCaps/{run}_slicer{number}.txt", caption + "\n")
jpeg("paper_2012/fig2_MR_2.jpg")
lab.picture("paper_2012/fig3.tif")
lab.junk("a piece for a figure", "paper_2012/MR_2_crop.mrc", whole(smooth(rec["usa2008-03-12-2"], 2))[5:11, 6:30, 6:34], 19.2)
lab.text("paper_2012/movieS1.mov", b"\0\0\0\x14ftypqt  " + bytes(300))


def table(path, head, rows):
    out = io.StringIO()
    w = csv.writer(out, lineterminator="\n")
    w.writerow(head)
    w.writerows(rows)
    lab.text(path, out.getvalue())


PEOPLE = {"usa": "user_a", "usb": "user_b", "usc": "user_c", "pdx": "postdoc"}
table("database/TiltSeriesData.csv", ("tiltseriesID", "date", "user", "scope", "software_acquisition", "species", "filename", "pixel_size (nm)", "defocus (um)", "dosage (e/A2)", "tilt_min", "tilt_max", "tilt_step", "single_dual", "status", "notes"),
      [(r, r[3:13], PEOPLE[r[:3]], t[5], t[6], t[4], t[0], f"{t[1] / 10:g}", -seed("defocus", r).integers(4, 12), seed("dose", r).integers(100, 190), *t[7], t[8], 2 if "dual" in t[9] else 1, "delete" if "BAD" in t[9] else "ok", t[9]) for r, t in TABLE.items()])
table("database/ThreeDFile.csv", ("id", "tiltseriesID", "classify", "filename", "pixel_size (nm)", "software_process", "status", "notes"), three)
table("database/OtherFile.csv", ("id", "tiltseriesID", "filename", "notes"), others)
lab.text("README.txt", """Archive of the tomography group, 2006-2016. The server is gone, these are its data directory and exports of its tables.
data/           one folder a tilt series (three letters of the person, date, number):
                rawdata/ as from the microscope, 3dimage_N/ reconstruction number N, file_N/ other files, keyimg_, keymov_, AutoCaps/ snapshots
database/       TiltSeriesData.csv, ThreeDFile.csv, OtherFile.csv. Pixel sizes there are right, headers are not always.
                status delete = deleted in the database, though most of these files are still on the disk
Pipeline_Proc/  what RAPTOR left when the pipeline ran
jscope/         session folders of the microscopes, Done/ = already uploaded to data/
scratch/        people's own. Same file name does NOT mean same series (MR_1, bd_05!), go by the ID
averages/       PEET
""")
lab.done()
