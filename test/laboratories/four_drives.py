"""Four drives on a student's desk: tomograms without labels, copies under other names, the same series binned, turned or as bytes.

Imitates
  https://bio3d.colorado.edu/imod/doc/tomoguide.html                 (NAME.st, NAME.rawtlt, NAME_full.rec with the depth in y, NAME_rec.mrc)
  https://bio3d.colorado.edu/imod/doc/man/trimvol.html               (-yz swaps y and z of a raw reconstruction; -rx turns it, which keeps its handedness)
  https://bio3d.colorado.edu/imod/doc/man/binvol.html                (means of blocks of voxels)
  https://bio3d.colorado.edu/imod/doc/man/newstack.html              (-mode 0 -meansd: bytes of 0 to 255)
  https://bio3d.colorado.edu/imod/doc/binspec.html                   (models; their size is that of the volume they were drawn on)
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm     (mdoc, SubFramePath)

The first drive has series of mitochondria with stacks, the third tomograms of bacteria without any, of the same names; the second what the student took from
both for talks (final, good, new2), the fourth is of somebody who left years ago: headers without voxel size.
A person sees: mito_A is TS_01 byte by byte; good.mrc is TS_02 after a filter, and TS_02_b2 the mean of its blocks; new2/TS_01.rec is TS_01 before it was turned, and
the model beside it was drawn on that; *_8bit is for pictures; final2 is a series that is nowhere else. Frames of TS_01 were deleted but for three. A copy
of bacteria's TS_04 broke off; the whole one is on the first drive.
The mess: a spreadsheet with picks, CSV in nm, a catalogue of all, an average from EMDB, trash of macOS and Windows.
"""
import io
import zipfile

import numpy as np

from kit import Lab, Specimen, imod_model, lines, mdoc, places, xf

WD, SAN, PASS, OLD = "WD_black/", "SanDisk Extreme/", "My Passport/", "Elements/PhD 2013 DO NOT DELETE/"
ANGLES = [float(a) for a in range(-60, 61, 24)]
MITO, SHAPE = 12.0, (20, 44, 42)
BACT, SHAPE_BACT = 8.5, (18, 48, 46)
lab = Lab(__doc__, ["https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://bio3d.colorado.edu/imod/doc/man/trimvol.html", "https://bio3d.colorado.edu/imod/doc/man/binvol.html",
                    "https://bio3d.colorado.edu/imod/doc/man/newstack.html", "https://bio3d.colorado.edu/imod/doc/binspec.html", "https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm"])
size = lambda shape, v: [n * v for n in shape[::-1]]


def blocks(d):
    z, y, x = (n // 2 * 2 for n in d.shape)
    return d[:z, :y, :x].reshape(z // 2, 2, y // 2, 2, x // 2, 2).mean((1, 3, 5)).astype(np.float32)


def bytes_of(d):
    return np.clip((d - d.mean()) / d.std() * 30, -128, 127).round().astype(np.int8)


def sheet(rows):
    """The least that is a workbook: one sheet of text and numbers."""
    cell = lambda v: f'<c t="inlineStr"><is><t>{v}</t></is></c>' if isinstance(v, str) else f"<c><v>{v}</v></c>"
    xml = "".join("<row>" + "".join(cell(v) for v in row) + "</row>" for row in rows)
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    files = {"[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
             "xl/workbook.xml": f'<workbook {main}><sheets><sheet name="Sheet1" sheetId="1"/></sheets></workbook>', "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{xml}</sheetData></worksheet>"}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for n, t in files.items():
            z.writestr(zipfile.ZipInfo(n, (2022, 5, 4, 12, 0, 0)), t)
    return out.getvalue()


# ---- drive 1: mitochondria, with stacks ----
atp, dimers = places(lab.name, "atp", n=11, size=size(SHAPE, MITO)), places(lab.name, "dimers", n=7, size=size(SHAPE, MITO))
mito, whole = {}, {}
for n, picks in (("TS_01", atp), ("TS_02", dimers), ("TS_03", None), ("TS_05", None)):
    run = "mito " + n
    s = mito[n] = Specimen(run, size(SHAPE, MITO), [] if picks is None else [picks])
    d = f"{WD}2021 mito/{n}/{n}"
    lab.tilts(run, d + ".st", s.stack(ANGLES, (64, 62)), MITO / 6, ANGLES)
    lab.text(d + ".rawtlt", lines(ANGLES))
    if n == "TS_03":
        continue  # nobody reconstructed it
    lab.text(d + ".xf", xf(len(ANGLES), run))
    lab.text(d + ".tlt", lines(ANGLES))
    whole[n] = s.volume(SHAPE, MITO)
    lab.tomogram(run, d + "_rec.mrc", whole[n], MITO)
frames = [f"TS_01_{i:03d}_{a:.0f}.tif" for i, a in enumerate(ANGLES)]
lab.text(f"{WD}2021 mito/TS_01/TS_01.mdoc", mdoc(ANGLES, MITO / 6, frames, image="TS_01.st", size=(62, 64)))
lab.movies("mito TS_01", [f"{WD}2021 mito/frames/{f}" for f in frames[:3]])
lab.text(f"{WD}2021 mito/TS_01/ATP synthase.mod", imod_model([("ATP synthase", [atp], "scattered")], SHAPE[::-1], MITO))
lab.points("mito TS_01", f"{WD}2021 mito/TS_01/ATP synthase.mod", "ATP synthase", atp, MITO, also=[f"{SAN}new2/ATP flipped.mod"])
lab.text(f"{WD}2021 mito/picks/TS_02 dimers nm.csv", "x_nm,y_nm,z_nm\n" + "".join("%.3f,%.3f,%.3f\n" % tuple(p / 10) for p in dimers))
lab.points("mito TS_02", f"{WD}2021 mito/picks/TS_02 dimers nm.csv", "dimers", dimers, MITO)
lab.text(f"{WD}overview all tomos.csv", "drive;folder;tomo;specimen;pixel (nm);quality;comment\nWD_black;2021 mito;TS_01;mitochondria;1,2;good;final\nWD_black;2021 mito;TS_02;mitochondria;1,2;ok;\nMy Passport;bact;TS_01;bacteria;0,85;good;no stack any more\n")

# ---- drive 3: bacteria of the same names, tomograms only ----
receptors = places(lab.name, "receptors", n=9, size=size(SHAPE_BACT, BACT))
for n in ("TS_01", "TS_02", "TS_04"):
    run = "bact " + n
    s = Specimen(run, size(SHAPE_BACT, BACT), [receptors] if n == "TS_01" else [])
    whole[run] = s.volume(SHAPE_BACT, BACT)
    if n == "TS_04":
        lab.tomogram(run, f"{WD}backup of Passport/bact/{n}.mrc", whole[run], BACT)
        data = (lab.root / f"{WD}backup of Passport/bact/{n}.mrc").read_bytes()
        lab.text(f"{PASS}bact/{n}.mrc", data[: len(data) * 2 // 5])
        lab.never("a copy that broke off", f"{PASS}bact/{n}.mrc")
        continue
    lab.tomogram(run, f"{PASS}bact/{n}.mrc", whole[run], BACT)
    if n == "TS_02":
        lab.copy(f"{PASS}bact/{n}.mrc", f"{WD}backup of Passport/bact/{n}.mrc")
        lab.junk("bytes for a picture", f"{PASS}bact/pics/{n}_8bit.mrc", bytes_of(whole[run]), BACT)
        lab.tomogram(run, f"{PASS}bact/binned/{n}_bin2.mrc", blocks(whole[run]), BACT * 2, ("raw", "filtered"), may=True)
lab.text(f"{PASS}bact/picks/TS_01_receptors.csv", "X (nm),Y (nm),Z (nm),score\n" + "".join("%.2f,%.2f,%.2f,%.2f\n" % (*(p / 10), 0.9) for p in receptors))
lab.points("bact TS_01", f"{PASS}bact/picks/TS_01_receptors.csv", "receptors", receptors, BACT)
lab.text(f"{PASS}bact/picks/more picks.xlsx", sheet([["tomo", "x", "y", "z"], *[["TS_02", *map(float, np.round(p / BACT, 1))] for p in places(lab.name, "sheet", n=4, size=size(SHAPE_BACT, BACT))]]))
lab.never("a spreadsheet with picks: to be exported first", f"{PASS}bact/picks/more picks.xlsx")

# ---- drive 2: for talks ----
lab.copy(f"{WD}2021 mito/TS_01/TS_01_rec.mrc", f"{SAN}final/mito_A.mrc")
lab.copy(f"{PASS}bact/TS_01.mrc", f"{SAN}final/bug1.mrc")
d = whole["TS_02"]
soft = sum(np.roll(d, (i, j, k), (0, 1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)) / 27
lab.tomogram("mito TS_02", f"{SAN}good.mrc", soft.astype(np.float32), MITO, ("filtered",), may=True)
lab.tomogram("mito TS_02", f"{SAN}good/TS_02_b2.mrc", blocks(d), MITO * 2, ("raw", "filtered"), may=True)
lab.junk("the same series before it was turned: depth in y", f"{SAN}new2/TS_01.rec", np.ascontiguousarray(whole["TS_01"].transpose(1, 0, 2)), MITO)
lab.text(f"{SAN}new2/ATP flipped.mod", imod_model([("ATP synthase", [atp[:, [0, 2, 1]]], "scattered")], (SHAPE[2], SHAPE[0], SHAPE[1]), MITO))
lab.junk("bytes for a picture", f"{SAN}talk/TS_01_8bit.mrc", bytes_of(whole["TS_01"]), MITO)
lab.junk("bytes for a picture", f"{SAN}talk/movie2.mrc", bytes_of(whole["TS_05"]), MITO)
lab.junk("turned over for a talk: z reversed", f"{SAN}talk/TS_05 other way up.mrc", np.ascontiguousarray(whole["TS_05"][::-1]), MITO)
alone = Specimen("alone", size((22, 40, 44), 10.6))
lab.tomogram("final2", f"{SAN}final2.mrc", alone.volume((22, 40, 44), 10.6), 10.6)
lab.junk("an average from EMDB", f"{SAN}talk/emd_21375.map", Specimen("average", size((32, 32, 32), 4.2)).volume((32, 32, 32), 4.2, 0.1), 4.2)
lab.picture(f"{SAN}talk/slide 3.png")

# ---- drive 4: of somebody who left ----
lab.old_imod = True
spirals = places(lab.name, "cell7", n=8, size=size((20, 40, 40), 9.4))
s = Specimen("cell7", size((20, 40, 40), 9.4), [spirals])
old = f"{OLD}tomos/"
lab.tilts("cell7", f"{old}cell7.st", s.stack(ANGLES, (50, 50)), 2.35, ANGLES, header=1.0)
lab.text(f"{old}cell7.rawtlt", lines(ANGLES))
lab.tomogram("cell7", f"{old}cell7.rec", s.volume((20, 40, 40), 9.4), 9.4, header=1.0)
lab.text(f"{old}cell7 ribosomes.txt", "".join("%8.2f %8.2f %8.2f\n" % tuple(p / 9.4 + (0.5, 0.5, 0.0)) for p in spirals))
lab.points("cell7", f"{old}cell7 ribosomes.txt", "ribosomes", spirals, 9.4)
s = Specimen("cell9", size((18, 42, 38), 9.4))
lab.tomogram("cell9", f"{old}cell9.rec", s.volume((18, 42, 38), 9.4), 9.4)
lab.copy(f"{old}cell9.rec", f"{WD}from Elements/cell9 (copy).rec")
lab.tomogram("cell12", f"{old}cell12.rec", Specimen("cell12", size((18, 40, 40), 9.4)).volume((18, 40, 40), 9.4), 9.4, header=1.0)
lab.text(f"{OLD}READ ME FIRST.txt", "K2, 4x binned, unbinned pixel 0.235 nm. Headers of some are wrong (1.0)!\n")
lab.text(f"{OLD}thesis.pdf", b"%PDF-1.4\n" + bytes(40))
lab.text(f"{OLD}tomos/cell7.com", "$tilt -StandardInput\nInputProjections cell7.ali\nOutputFile cell7.rec\nTILTFILE cell7.tlt\nTHICKNESS 20\n$if (-e ./savework) ./savework\n")

for drive in (WD, SAN, PASS):
    lab.text(drive + ".DS_Store", b"\0\0\0\1Bud1" + bytes(60))
    lab.text(drive + "System Volume Information/IndexerVolumeGuid", "{0}\n")
lab.text(f"{SAN}._final2.mrc", b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(60))
lab.text(f"{PASS}$RECYCLE.BIN/S-1-5-21/$R3XK.mrc", bytes(2048))
lab.done()
