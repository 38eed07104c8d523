"""Fifteen years of IMOD in one folder: two axes by hand, single axes in etomo, batchruntomo, and what was made of the tomograms since.

Imitates
  https://bio3d.colorado.edu/imod/doc/tomoguide.html               (a.st, b.st, sum.rec; NAME_full.rec with its sections along y; trimvol makes NAME.rec of it)
  https://bio3d.colorado.edu/imod/doc/man/trimvol.html             (-yz swaps y and z, which makes a mirror image; -rx turns)
  https://bio3d.colorado.edu/imod/doc/man/clip.html, newstack.html, binvol.html   (clip rotx turns; newstack -bin bins in x and y alone; binvol in x, y and z)
  https://bio3d.colorado.edu/imod/doc/directives.html              (setupset.copyarg…, runtime.Trimvol.any.reorient: 0 none, 1 swap, 2 turn)
  https://bio3d.colorado.edu/imod/doc/man/excludeviews.html        (NAME_cutviews0.st holds the views taken out of NAME.st)
  https://bio3d.colorado.edu/imod/doc/man/findbeads3d.html, imodmop.html, finishjoin.html, sirtsetup.html
  https://bio3d.colorado.edu/imod/doc/binspec.html                 (models; an object's flags, meshes, the size and the scale of the volume they were drawn on)
  https://www.dynamo-em.org/w/index.php?title=Table_convention, Volume_list_file;  https://bio3d.colorado.edu/ftp/PEET/man/html/man1/PEET.1.html
Names by version as sources of IMOD have them (names of Etomo's FileType and TomogramState, command files with NAME_3dfind_rec.mrc, found in public repositories);
the rest from knowledge of the manual pages, which could not be opened when this was written.

ptk12 and cell21 have two axes. ptk12_yz.rec was swapped instead of turned: its mirror image. The untrimmed volume of cell08 is as deep as it is wide, so sizes do not tell
which way it lies. cell05 was trimmed as bytes: that is its tomogram. cell09 was never trimmed, and copied under another name. cell03 is there filtered, as 16-bit, as bytes, binned, and binned in the plane alone; a model was drawn on the
last, so its z is in other voxels than its x. The nuclear pores of cell05 were marked before trimming. Dynamo and PEET worked at bin 2, of which the tomograms are deleted.
TS_004 of 2019 and of 2023 are different cells. TS_007 lost a view by excludeviews; its .tlt is 2.4 degrees off. Of TS_012 there is only IMOD's HDF.
The mess: gold by findbeads3d, contours open and closed, a mesh, greys and masks by imodmop, a join of serial sections, a montage of the grid, films for talks, folders
`old`, `do not use`, copies by date.
"""
import struct

import h5py
import mrcfile
import numpy as np

from kit import Lab, Specimen, fingerprint, imod_model, lines, mdoc, places, seed, xf

BIN = 4
#        name                folder           pixel  shape of the tomogram (z, y, x)
TABLE = {"ptk12": ("2009_ptk", 7.1, (16, 40, 44)),
         "sp1": ("2010_serial/sec1", 10.4, (8, 36, 40)), "sp2": ("2010_serial/sec2", 10.4, (8, 36, 40)), "sp3": ("2010_serial/sec3", 10.4, (8, 36, 40)),
         "cell03": ("2012_cryo/cell03", 3.92, (20, 44, 40)), "cell05": ("2012_cryo/cell05", 3.92, (18, 40, 42)), "cell08": ("2012_cryo/cell08", 3.92, (36, 36, 40)),
         "cell09": ("2012_cryo/cell09", 3.92, (30, 30, 32)),
         "cell21": ("2016_batch_dual/cell21", 4.4, (18, 42, 40)),
         "TS_004": ("2019_batch/TS_004", 3.37, (20, 42, 44)), "TS_005": ("2019_batch/TS_005", 3.37, (20, 42, 44)), "TS_006": ("2019_batch/TS_006", 3.37, (20, 42, 44)),
         "TS_007": ("2019_batch/TS_007", 3.37, (20, 42, 44)),
         "2023 TS_004": ("2023_krios/TS_004", 2.68, (18, 46, 40)), "TS_011": ("2023_krios/TS_011", 2.68, (18, 46, 40)), "TS_012": ("2023_krios/TS_012", 2.68, (18, 46, 40))}
ANGLES = [float(a) for a in range(-60, 61, 20)]
MARGIN = (2, 3, 4)  # what trimming took off at each side: z, y, x

lab = Lab(__doc__, ["https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://bio3d.colorado.edu/imod/doc/man/trimvol.html", "https://bio3d.colorado.edu/imod/doc/man/newstack.html",
                    "https://bio3d.colorado.edu/imod/doc/directives.html", "https://bio3d.colorado.edu/imod/doc/binspec.html", "https://bio3d.colorado.edu/imod/doc/man/excludeviews.html"])
base = lambda n: n.split()[-1]
voxel = lambda n: round(TABLE[n][1] * BIN, 4)
size = lambda n: [k * voxel(n) for k in TABLE[n][2][::-1]]
i16 = lambda d: np.clip(d * 300, -32000, 32000).round().astype(np.int16)
byte = lambda d: np.clip(d * 11 + 63, 0, 127).round().astype(np.int8)


def label(path, *texts):
    """What IMOD's programs leave in the header, with fixed dates."""
    with mrcfile.mmap(lab.root / path, "r+", permissive=True) as m:
        for i, t in enumerate(texts):
            m.header.label[i] = t.ljust(80)[:80].encode()
        m.header.nlabl = len(texts)


def whole(d):
    """Before trimming: its sections along y, and turned by clip rotx's inverse."""
    z, y, x = MARGIN
    out = seed("margin", d.shape, float(d.flat[0])).normal(0, 1, (d.shape[1] + 2 * y, d.shape[0] + 2 * z, d.shape[2] + 2 * x)) * d.std()
    out = out.round().astype(d.dtype) if d.dtype.kind == "i" else out.astype(np.float32)
    out[y:-y, z:-z, x:-x] = d[::-1].transpose(1, 0, 2)
    return out


def on_whole(n, xyz):
    """Places of the trimmed tomogram in angstroms, in the untrimmed volume."""
    z, y, x = MARGIN
    p, depth = np.asarray(xyz) / voxel(n), TABLE[n][2][0] + 2 * z
    return np.column_stack([p[:, 0] + x, depth - 1 - (p[:, 2] + z), p[:, 1] + y]) * voxel(n)


def blocks(d, by):
    z, y, x = (n // b * b for n, b in zip(d.shape, by))
    return d[:z, :y, :x].reshape(z // by[0], by[0], y // by[1], by[1], x // by[2], by[2]).mean((1, 3, 5))


def plane(path, data, v, why):
    """Binned in x and y alone: the header has two spacings."""
    lab.junk(why, path, data, v, header=(2 * v, 2 * v, v))


def rings(n, which, zs):
    t, r = np.linspace(0, 2 * np.pi, 30, endpoint=False), seed("rings", n, which)
    c, a = np.array(size(n)) * r.uniform(0.4, 0.6, 3), min(size(n)[:2]) * r.uniform(0.2, 0.3)
    return [np.column_stack([c[0] + a * np.cos(t), c[1] + a * np.sin(t), np.full(30, z * voxel(n))]) for z in zs]


def meshed(model, points, v):
    """A mesh after the last contour: the vertices of a ring, each with its normal, and a list of triangles."""
    p = np.asarray(points) / v + (0.5, 0.5, 0.0)
    verts = np.empty((2 * len(p), 3), ">f4")
    verts[0::2], verts[1::2] = p, (0, 0, 1)
    order = [-25, *(k for i in range(1, len(p) - 1) for k in (0, 2 * i, 2 * i + 2)), -22, -1]
    chunk = b"MESH" + struct.pack(">3iHH", len(verts), len(order), 1 << 16, 0, 0) + verts.tobytes() + np.array(order, ">i4").tobytes()
    return model.replace(b"MINX", chunk + b"MINX")


def ascii_model(name, xyz, n):
    p = np.asarray(xyz) / voxel(n) + (0.5, 0.5, 0.0)
    x, y, z = TABLE[n][2][::-1]
    head = f"# imod ascii file version 2.0\n\nimod 1\nmax {x} {y} {z}\noffsets 0 0 0\nangles 0 0 0\nscale 1 1 1\npixsize {voxel(n) / 10:g}\nunits nm\n\nobject 0 1 0\nname {name}\ncolor 0 1 0 0\nscattered\n\n"
    return head + f"contour 0 0 {len(p)}\n" + "".join("%.3f %.3f %.3f\n" % tuple(q) for q in p)


def com(n, d, dual=""):
    z = (TABLE[n][2][0] + 2 * MARGIN[0]) * BIN
    new = n.startswith(("TS", "20", "cell21"))
    ali, full = (f"{base(n)}{dual}_ali.mrc", f"{base(n)}{dual}_{'' if dual else 'full_'}rec.mrc") if new else (f"{base(n)}{dual}.ali", f"{base(n)}{dual}{'' if dual else '_full'}.rec")
    lab.text(f"{d}/tilt{dual}.com", f"# THIS IS A COMMAND FILE TO RUN TILT\n$tilt -StandardInput\nInputProjections {ali}\nOutputFile {full}\nIMAGEBINNED {BIN}\nTILTFILE {base(n)}{dual}.tlt\nXTILTFILE {base(n)}{dual}.xtilt\n"
             f"THICKNESS {z}\nRADIAL 0.35 0.035\nFalloffIsTrueSigma 1\nXAXISTILT 0.0\nSCALE 0.0 700.0\nPERPENDICULAR\nMODE 1\nFULLIMAGE 192 184\nSUBSETSTART 0 0\nAdjustOrigin\nOFFSET 0.0\nSHIFT 0.0 0.0\n$if (-e ./savework) ./savework\n")
    lab.text(f"{d}/newst{dual}.com", f"$newstack -StandardInput\nInputFile\t{base(n)}{dual}.{'mrc' if new else 'st'}\nOutputFile\t{ali}\nTransformFile\t{base(n)}{dual}.xf\nTaperAtFill\t1,0\nBinByFactor\t{BIN}\n")


def edf(n, d, dual=False):
    lab.text(f"{d}/{base(n)}.edf", f"#Thu May 16 11:20:14 MDT 2019\nSetup.DatasetName={base(n)}\nSetup.AxisType={'Dual' if dual else 'Single'} Axis\nSetup.PixelSize={TABLE[n][1] / 10}\nSetup.FiducialDiameter=10.0\n"
             "ProcessTrack.PostProcessing=Complete\nReconstructionState.TrimvolFlipped=false\nSetup.ViewType=Single View\n")


def axis(n, d, s, x="", ext=".st", angles=ANGLES, data=None, new=False):
    """A raw stack and what the alignment leaves beside it."""
    raw = s.stack(angles, (46, 48), "axis " + x) if data is None else data
    f = f"{d}/{base(n)}{x}"
    lab.tilts(n, f + ext, raw, TABLE[n][1], angles)
    label(f + ext, "SerialEM: Digitized on Tecnai/Titan                      12-Mar-12  10:11:12", "    Tilt axis angle = -12.5, binning = 1  spot = 5  camera = 0  bidir = 0.0")
    lab.text(f + ".rawtlt", lines(angles))
    lab.text(f + ".tlt", lines([a + 0.3 for a in angles]))
    lab.text(f + ".xf", xf(len(angles), n, x))
    lab.text(f + ".prexg", xf(len(angles), n, x, "pre"))
    for kind, k in (("preali", 2), ("ali", 1)):
        lab.junk("aligned stack", f"{f}_{kind}.mrc" if new else f"{f}.{kind}", np.ascontiguousarray(np.roll(raw, k, 1)[:, :30, :28]), TABLE[n][1], stack=True)
    gold = [np.column_stack([np.linspace(20, 160, len(angles)), np.full(len(angles), 30.0 + 20 * i), np.arange(len(angles)) * TABLE[n][1]]) for i in range(4)]
    lab.text(f + ".fid", imod_model([("gold", gold, "open")], (48, 46, len(angles)), TABLE[n][1]))
    lab.never("gold along the tilts", f + ".fid")
    com(n, d, x)
    lab.text(f"{d}/align{x}.log", " TILTALIGN\n Residual error mean and sd    0.412    0.233\n")
    return raw


specimens, vol, where = {}, {}, {}
for n, (d, pixel, shape) in TABLE.items():
    where[n] = {k: places(lab.name, n, k, n=m, size=size(n)) for k, m in (("ribosome", 9 + len(n)), ("pore", 6), ("other", 5))}
    specimens[n] = Specimen(f"{lab.name} {n}", size(n), [where[n]["ribosome"]], radius=voxel(n) * 2)
    vol[n] = i16(specimens[n].volume(shape, voxel(n)))

# ---- 2009: two axes by hand ----
lab.old_imod = True
n, d, v = "ptk12", TABLE["ptk12"][0], voxel("ptk12")
s = specimens[n]
for x in "ab":
    axis(n, d, s, x)
    lab.junk("volume of one axis", f"{d}/{n}{x}.rec", whole(i16(s.volume(TABLE[n][2], v, 1.5, x))), v)
lab.junk("volume of axis b, turned to that of axis a", f"{d}/bmat.rec", whole(i16(s.volume(TABLE[n][2], v, 1.5, "bmat"))), v)
lab.junk("combined, before trimming: sections along y", f"{d}/sum.rec", whole(vol[n]), v)
lab.tomogram(n, f"{d}/{n}.rec", vol[n], v)
label(f"{d}/{n}.rec", "combine: two axes                                        03-Nov-09  16:40:02", "trimvol: turned about X                                  04-Nov-09  09:12:55")
lab.junk("swapped instead of turned: a mirror image", f"{d}/{n}_yz.rec", np.ascontiguousarray(vol[n][::-1]), v)
label(f"{d}/{n}_yz.rec", "combine: two axes                                        03-Nov-09  16:40:02", "clip: flipyz                                             03-Nov-09  18:02:31")
edf(n, d, dual=True)
lab.text(f"{d}/{n}_vesicles.mod", meshed(imod_model([("vesicles", [where[n]["ribosome"]], "scattered"), ("membrane", rings(n, 0, (4, 6, 8)), "closed")], TABLE[n][2][::-1], v), rings(n, 0, (6,))[0], v))
lab.points(n, f"{d}/{n}_vesicles.mod", "vesicles", where[n]["ribosome"], v, also=[f"{d}/on sum.rec.mod"])
lab.text(f"{d}/on sum.rec.mod", imod_model([("vesicles", [on_whole(n, where[n]["ribosome"])], "scattered")], whole(vol[n]).shape[::-1], v))
lab.text(f"{d}/README.txt", "ptk12_yz was with swap, wrong hand! ptk12.rec is rotated.\n")

# ---- 2010: serial sections ----
for n in ("sp1", "sp2", "sp3"):
    d, v = TABLE[n][0], voxel(n)
    axis(n, d, specimens[n])
    lab.junk("before trimming", f"{d}/{n}_full.rec", whole(vol[n]), v)
    lab.tomogram(n, f"{d}/{n}.rec", vol[n], v)
    edf(n, d)
joined = np.concatenate([np.roll(vol[n], k, 2) for k, n in enumerate(("sp1", "sp2", "sp3"))])
lab.tomogram("spindle", "2010_serial/join/spindle.join", joined, v, may=True)
lab.text("2010_serial/join/spindle.ejf", "Join.RootName=spindle\nJoin.Version=1.1\nSectionTable.1.Section=../sec1/sp1.rec\nSectionTable.2.Section=../sec2/sp2.rec\nSectionTable.3.Section=../sec3/sp3.rec\n")
lab.text("2010_serial/join/finishjoin.com", "$finishjoin -StandardInput\nRootName spindle\nInputFile ../sec1/sp1.rec\nInputFile ../sec2/sp2.rec\nInputFile ../sec3/sp3.rec\n")
lab.junk("slices at the edges of the sections, for the joining", "2010_serial/join/spindle.sample", joined[[0, 7, 8, 15, 16, 23]], v)
lab.junk("a try of the joining, reduced", "2010_serial/join/spindle_trial.join", i16(blocks(joined / 300, (2, 2, 2))), 2 * v)
mts = [np.column_stack([np.linspace(100, 900, 12), np.linspace(150, 800, 12) + 40 * i, np.linspace(0, 22, 12) * v]) for i in range(4)]
lab.text("2010_serial/join/spindle_MTs.mod", imod_model([("microtubules", mts, "open")], joined.shape[::-1], v))
lab.never("open contours of microtubules: no places of particles", "2010_serial/join/spindle_MTs.mod")

# ---- 2012: single axes ----
lab.old_imod = False
for n in ("cell03", "cell05", "cell08", "cell09"):
    d, v, s = TABLE[n][0], voxel(n), specimens[n]
    axis(n, d, s)
    edf(n, d)
    lab.junk("before trimming", f"{d}/{n}_full.rec", whole(vol[n]) if n != "cell08" else np.ascontiguousarray(vol[n][::-1].transpose(1, 0, 2)), v)
    if n == "cell09":  # nobody trimmed it
        lab.copy(f"{d}/{n}_full.rec", f"{d}/{n}_view.rec")
        continue
    final = byte(vol[n] / 300) if n == "cell05" else vol[n]
    lab.tomogram(n, f"{d}/{n}.rec", final, v)
    label(f"{d}/{n}.rec", "TILT: Tomographic reconstruction                         02-Oct-12  12:00:00", "trimvol" + (" -mm 1,44: bytes" if n == "cell05" else "") + " -rx")
n, d, v = "cell03", TABLE["cell03"][0], voxel("cell03")
s, f = specimens[n], vol[n] / 300
lab.tomogram(n, f"{d}/{n}_sirt.rec", i16(s.volume(TABLE[n][2], v, 0.5, "sirt")), v, ("raw", "filtered"))
label(f"{d}/{n}_sirt.rec", "TILT: 12 iterations of SIRT                              05-Oct-12  12:00:00", "trimvol -rx")
lab.junk("SIRT before trimming", f"{d}/{n}_full.srec12", whole(i16(s.volume(TABLE[n][2], v, 0.5, "sirt"))), v)
lab.junk("the tomogram as other 16-bit numbers, for Amira", f"{d}/{n}_16bit.mrc", (vol[n].astype(int) * 2 + 700).clip(-32000, 32000).astype(np.int16), v)
lab.junk("the tomogram as bytes, for pictures", f"{d}/{n}_byte.rec", byte(f), v)
lab.tomogram(n, f"{d}/{n}_bin2.rec", i16(blocks(f, (2, 2, 2))), 2 * v, may=True)
lab.tomogram(n, f"{d}/{n}_nad20.rec", i16(s.volume(TABLE[n][2], v, 0.2, "nad")), v, ("denoised", "filtered"), may=True)
plane(f"{d}/{n}_b2.rec", i16(blocks(f, (1, 2, 2))), v, "binned in the plane alone")
label(f"{d}/{n}_b2.rec", "newstack: Images binned by 2                             09-Jan-13  10:10:10")
lab.text(f"{d}/{n}_ribo.mod", imod_model([("", [where[n]["ribosome"]], "scattered")], TABLE[n][2][::-1], v))
lab.text(f"{d}/{n}_ribo_ascii.mod", ascii_model("ribosomes", where[n]["ribosome"], n))
lab.text(f"{d}/{n}_ribo.txt", "".join("%10.2f %10.2f %10.2f\n" % tuple(p / v + (0.5, 0.5, 0)) for p in where[n]["ribosome"]))
lab.text(f"{d}/{n}_bin2_ribo.mod", imod_model([("ribosome", [where[n]["ribosome"] - v / 2], "scattered")], (20, 22, 10), 2 * v))
lab.points(n, f"{d}/{n}_ribo.mod", "ribosome", where[n]["ribosome"], v, also=[f"{d}/{n}_ribo_ascii.mod", f"{d}/{n}_ribo.txt", f"{d}/{n}_bin2_ribo.mod"])
p = (where[n]["pore"] - (v / 2, v / 2, 0)) * (1, 1, 2)  # so that dividing by 2 v counts sections of v
m = imod_model([("pores", [[q] for q in p], "scattered")], (20, 22, 20), 2 * v)
m = m[:192] + struct.pack(">f", 0.5) + m[196:-4 - 72 + 36] + struct.pack(">3f", 2 * v, 2 * v, v) + m[-4 - 72 + 48:]  # the scale in x, y, z
lab.text(f"{d}/{n}_pores on b2.mod", m)
lab.points(n, f"{d}/{n}_pores on b2.mod", "pores", where[n]["pore"], v)
lab.junk("an older alignment", f"{d}/old/{n}.rec", i16(s.volume(TABLE[n][2], v, 2.0, "older")), v)
for i in range(3):
    lab.picture(f"{d}/movie/{n}_z{i:03d}.tif", why="a picture of a film")
lab.text(f"{d}/movie/{n}.avi", b"RIFF" + bytes(400))
lab.junk("bytes for a film, every second slice", f"{d}/movie/{n}_movie.mrc", np.ascontiguousarray(byte(f)[::2]), v)
n, d, v = "cell05", TABLE["cell05"][0], voxel("cell05")
lab.text(f"{d}/{n}_pores.mod", imod_model([("nuclear pores", [on_whole(n, where[n]["pore"])], "scattered")], whole(vol[n]).shape[::-1], v))
lab.points(n, f"{d}/{n}_pores.mod", "nuclear pores", where[n]["pore"], v)
plane(f"{d}/{n}_half.rec", i16(blocks(vol[n] / 300, (1, 2, 2))), v, "binned in the plane alone")  # and nothing beside it with such voxels
lab.text(f"{d}/trimvol.log", f"trimvol -x 5,46 -y 4,43 -z 3,20 -mm 1,44 -rx {n}_full.rec {n}.rec\n")
n, d, v = "cell08", TABLE["cell08"][0], voxel("cell08")
lab.junk("before turning, of the same size", f"{d}/{n}_test.rec", np.ascontiguousarray(vol[n][::-1].transpose(1, 0, 2)) + np.int16(0), v)
pieces = seed("grid").integers(0, 900, (12, 40, 40)).astype(np.int16)
lab.junk("montage of the grid", "2012_cryo/grid1_LM.st", pieces, 480.0, stack=True)
lab.text("2012_cryo/grid1_LM.pl", "".join(f"{x * 36:6d} {y * 36:6d}     0\n" for y in range(3) for x in range(4)))
lab.junk("montage of the grid, blended", "2012_cryo/grid1_LM_blend.mrc", pieces.reshape(3, 4, 40, 40).transpose(0, 2, 1, 3).reshape(1, 120, 160), 480.0, stack=True)
lab.text("2012_cryo/grid1.nav", "AdocVersion = 2.00\n\n[Item = 1]\nColor = 0\nStageXYZ = 10 20 30\nType = 2\n")

# ---- 2016: two axes in a batch ----
n, d, v = "cell21", TABLE["cell21"][0], voxel("cell21")
s = specimens[n]
for x in "ab":
    axis(n, d, s, x, ".mrc", new=True)
    lab.junk("volume of one axis", f"{d}/{n}{x}_rec.mrc", whole(i16(s.volume(TABLE[n][2], v, 1.5, x))), v)
lab.junk("combined, before trimming", f"{d}/{n}_sum_rec.mrc", whole(vol[n]), v)
lab.tomogram(n, f"{d}/{n}_rec.mrc", vol[n], v)
label(f"{d}/{n}_rec.mrc", "combine", "trimvol -rx")
edf(n, d, dual=True)
lab.text("2016_batch_dual/batch.adoc", "setupset.copyarg.dual = 1\nsetupset.copyarg.montage = 0\nsetupset.copyarg.pixel = 0.44\nsetupset.copyarg.gold = 10\nruntime.AlignedStack.any.binByFactor = 4\nruntime.Postprocess.any.doTrimvol = 1\nruntime.Trimvol.any.reorient = 2\n")
er = s.membrane(TABLE[n][2], 0)
lab.mask(n, f"{d}/{n}_ER.rec", (er * 1).astype(np.int8), v)
label(f"{d}/{n}_ER.rec", "imodmop: painted model                                   11-Aug-17  15:00:00")
lab.junk("grey values within contours", f"{d}/{n}_nucleus.mrc", np.where(s.membrane(TABLE[n][2], 1) > 0, vol[n], vol[n].min()).astype(np.int16), v)
label(f"{d}/{n}_nucleus.mrc", "imodmop: painted model                                   11-Aug-17  15:20:00")
nucleus = np.where(s.membrane(TABLE[n][2], 1) > 0, vol[n], vol[n].min())
lab.junk("grey values within contours, binned", f"{d}/{n}_nucleus_bin2.mrc", nucleus[::2, ::2, ::2].astype(np.int16), 2 * v)
lab.copy(f"{d}/{n}_rec.mrc", f"{d}/for_chimera/{n}.map")
lab.text(f"{d}/{n}_proteasome.mod", imod_model([("proteasome", [[q] for q in where[n]["other"]], "closed")], TABLE[n][2][::-1], v))  # a point a contour
lab.points(n, f"{d}/{n}_proteasome.mod", "proteasome", where[n]["other"], v)
lab.text(f"{d}/{n}_ER.mod", imod_model([("ER", rings(n, 1, (5, 6, 7, 8, 9)), "closed")], TABLE[n][2][::-1], v))
lab.never("closed contours", f"{d}/{n}_ER.mod")

# ---- 2019: batchruntomo ----
lab.text("2019_batch/batchMay16-1120.ebt", "Dataset.1.RootName=TS_004\nDataset.2.RootName=TS_005\nDataset.3.RootName=TS_006\nDataset.4.RootName=TS_007\n")
for n in ("TS_004", "TS_005", "TS_006", "TS_007"):
    d, v, s = TABLE[n][0], voxel(n), specimens[n]
    if n == "TS_007":
        every = s.stack(ANGLES, (46, 48))
        axis(n, d, s, "", ".mrc", ANGLES[:-1], np.ascontiguousarray(every[:-1]), new=True)
        lab.junk("a view taken out by excludeviews", f"{d}/{n}_cutviews0.mrc", every[-1:], TABLE[n][1], stack=True)
        lab.text(f"{d}/{n}_cutviews0.rawtlt", lines(ANGLES[-1:]))
        lab.text(f"{d}/{n}_cutviews0.info", "7 7\n")
        lab.text(f"{d}/{n}.tlt", lines([a + 2.4 for a in ANGLES[:-1]]))
    else:
        axis(n, d, s, "", ".mrc", new=True)
    lab.text(f"{d}/{n}.mrc.mdoc", mdoc(ANGLES, TABLE[n][1], None, n + ".mrc", (48, 46)))
    lab.text(f"{d}/batchDirective.adoc", f"setupset.copyarg.name = {n}\nsetupset.copyarg.pixel = 0.337\nsetupset.copyarg.dual = 0\nsetupset.copyarg.userawtlt = 1\nruntime.AlignedStack.any.binByFactor = {BIN}\n"
             f"comparam.tilt.tilt.THICKNESS = 96\nruntime.Reconstruction.any.useSirt = {int(n == 'TS_004')}\nruntime.Reconstruction.any.doBackprojAlso = 1\nruntime.Trimvol.any.reorient = 2\n")
    edf(n, d)
    lab.junk("before trimming", f"{d}/{n}_full_rec.mrc", whole(vol[n]), v)
    lab.tomogram(n, f"{d}/{n}_rec.mrc", vol[n], v)
    label(f"{d}/{n}_rec.mrc", "TILT: Tomographic reconstruction", "trimvol -rx")
n, d, v = "TS_004", TABLE["TS_004"][0], voxel("TS_004")
s = specimens[n]
lab.junk("SIRT before trimming", f"{d}/{n}_full_srec10.mrc", whole(i16(s.volume(TABLE[n][2], v, 0.5, "sirt"))), v)
lab.tomogram(n, f"{d}/{n}_sirt_rec.mrc", i16(s.volume(TABLE[n][2], v, 0.5, "sirt")), v, ("raw", "filtered"))
coarse = i16(s.volume((26, 14, 26), v * 2, 0.4, "3dfind"))
lab.junk("a volume to find gold in", f"{d}/{n}_3dfind_rec.mrc", coarse, v * 2)
beads = places("beads", n=9, size=(26 * 2 * v, 14 * 2 * v, 26 * 2 * v))
lab.text(f"{d}/{n}_3dfind.mod", imod_model([("", [beads], "scattered")], (26, 14, 26), v * 2))
lab.text(f"{d}/findbeads3d.com", f"$findbeads3d -StandardInput\nInputFile\t{n}_3dfind_rec.mrc\nOutputFile\t{n}_3dfind.mod\nBeadSize\t29.7\nBinningOfVolume\t{2 * BIN}\n")
gold = places("gold", n=7, size=size(n))
lab.text(f"{d}/{n}_fiducials3d.mod", imod_model([("", [gold], "scattered")], TABLE[n][2][::-1], v))
lab.text(f"{d}/notes.txt", f"findbeads3d {n}_rec.mrc {n}_fiducials3d.mod -size 7.4\n")
lab.never("gold", f"{d}/{n}_3dfind.mod", f"{d}/{n}_fiducials3d.mod")
lab.junk("reconstructed with a wrong thickness", f"2019_batch/do not use/{n}_rec.mrc", np.ascontiguousarray(i16(s.volume((12, 42, 44), v, 1.4, "thin"))), v)
lab.copy(f"{d}/{n}.mrc", f"2019_batch/do not use/{n}.mrc")
lab.copy(f"{d}/{n}_rec.mrc", f"2019_batch/talk Gordon 2020/{n} nice one.mrc")
lab.junk("turned over for a talk", f"2019_batch/talk Gordon 2020/{n}_flip.mrc", np.ascontiguousarray(vol[n][:, ::-1]), v)
n, d, v = "TS_005", TABLE["TS_005"][0], voxel("TS_005")
s = specimens[n]
lab.mask(n, f"{d}/seg/{n}_vesicle_mask.mrc", (s.membrane(TABLE[n][2], 3) * 1).astype(np.int8), v)
lab.junk("a mask of the untrimmed volume", f"{d}/seg/{n}_full_mask.mrc", (whole(s.membrane(TABLE[n][2], 4).astype(np.int16)) == 1).astype(np.int8), v)
plane(f"{d}/seg/{n}_b2_mask.mrc", (blocks(s.membrane(TABLE[n][2], 5).astype(float), (1, 2, 2)) > 0.4).astype(np.int8), v, "a mask of what was binned in the plane alone")
lab.truth["never"][-1]["union"] = fingerprint((blocks(s.membrane(TABLE[n][2], 5).astype(float), (1, 2, 2)) > 0.4))
lab.mask(n, f"{d}/seg/{n}_actin255.mrc", (s.membrane(TABLE[n][2], 6).astype(np.int16) * 255), v)
lab.text(f"{d}/seg/{n}_mt.mod", imod_model([("mt", [np.column_stack([np.linspace(50, 500, 8), np.linspace(60, 400, 8), np.linspace(30, 200, 8)])], "open")], TABLE[n][2][::-1], v))
lab.never("open contours", f"{d}/seg/{n}_mt.mod")
n, d, v = "TS_006", TABLE["TS_006"][0], voxel("TS_006")
again = "2019_batch/TS_006_20190705"
lab.copy(f"{d}/{n}.mrc", f"{again}/{n}.mrc")
lab.text(f"{again}/{n}.rawtlt", lines(ANGLES))
lab.tomogram(n, f"{again}/{n}_rec.mrc", i16(specimens[n].volume(TABLE[n][2], v, 1.1, "july")), v, may=True)
lab.copy(f"{d}/{n}_rec.mrc", f"2019_batch/TS_006_backup 2020-01-14/{n}_rec.mrc")

# ---- lists at bin 2, of which the tomograms are deleted ----
at2 = lambda n: voxel(n) / 2
names = ["TS_004", "TS_006"]
lab.text("dynamo_2020/tomos_bin2.vll", "".join(f"/scratch/anna/2019_batch/{n}/{n}_bin2_rec.mrc\n* apix = {at2(n)}\n* ytilt = -60 60\n\n" for n in names))
lab.text("dynamo_2020/indices_column20.doc", "".join(f"{i + 1} /scratch/anna/2019_batch/{n}/{n}_bin2_rec.mrc\n" for i, n in enumerate(names)))
rows, tag = "", 0
for i, n in enumerate(names):
    for q in where[n]["ribosome"]:
        tag += 1
        c = q / at2(n) + 1
        rows += " ".join(f"{x:g}" for x in [tag, 1, 1, 0, 0, 0, 10, 20, 30, 0.3, 0, 0, 1, -60, 60, -60, 60, 0, 0, i + 1, 1, 1, 0, *np.round(c, 2), 0, 0, 0, 0, 0, 1, 0, 0, 0]) + "\n"
    lab.points(n, "dynamo_2020/ribo_bin2.tbl", "ribosome", where[n]["ribosome"], voxel(n))
lab.text("dynamo_2020/ribo_bin2.tbl", rows)
HEADER = "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved\n"
n, v = "TS_005", at2("TS_005")
shape2 = tuple(2 * k for k in TABLE[n][2][::-1])
lab.text(f"peet_2021/{n}_bin2_sta.mod", imod_model([("sta", [[q] for q in where[n]["other"] + v / 2], "scattered")], shape2, v))
lab.text(f"peet_2021/{n}_bin2_initMOTL.csv", HEADER + "".join(f"1,0,0,{i + 1},0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1\n" for i in range(5)))
lab.text("peet_2021/sta.prm", f"fnVolume = {{'../2019_batch/{n}/{n}_bin2_rec.mrc'}}\nfnModParticle = {{'{n}_bin2_sta.mod'}}\ninitMOTL = {{'{n}_bin2_initMOTL.csv'}}\ntiltRange = {{[-60, 60]}}\nfnOutput = 'sta'\nszVol = [16, 16, 16]\nreference = 'ref.mrc'\n")
lab.junk("a reference", "peet_2021/ref.mrc", seed("ref").normal(0, 1, (16, 16, 16)).astype(np.float32), v)
lab.points(n, f"peet_2021/{n}_bin2_sta.mod", "sta", where[n]["other"], voxel(n), also=["peet_2021/sta.prm"])

# ---- 2023 ----
for n in ("2023 TS_004", "TS_011", "TS_012"):
    d, v, s = TABLE[n][0], voxel(n), specimens[n]
    k = base(n)
    axis(n, d, s, "", ".mrc", new=True)
    frames = [f"{k}_{i:03d}_{a:.1f}.tif" for i, a in enumerate(ANGLES)]
    lab.text(f"{d}/{k}.mrc.mdoc", mdoc(ANGLES, TABLE[n][1], frames if n == "TS_011" else None, k + ".mrc", (48, 46)))
    if n == "TS_011":
        lab.movies(n, [f"2023_krios/frames/{f}" for f in frames])
    edf(n, d)
    if n != "TS_012":
        lab.junk("before trimming", f"{d}/{k}_full_rec.mrc", whole(vol[n]), v)
        lab.tomogram(n, f"{d}/{k}_rec.mrc", vol[n], v)


def hdf(path, data, v):
    p = lab.root / path
    with h5py.File(p, "w") as h:
        g = h.create_group("MDF/images/0")
        for c, m in zip("xyz", data.shape[::-1]):
            g.attrs[f"IMOD.n{c}"], g.attrs[f"IMOD.m{c}"], g.attrs[f"IMOD.{c}len"] = np.int32(m), np.int32(m), np.float32(m * v)
        g.create_dataset("image", data=data, track_times=False)
    return {"file": path, "size": list(data.shape[::-1]), "spacing": v, "fingerprint": fingerprint(data)}


d, v = TABLE["TS_011"][0], voxel("TS_011")
lab.never("the same as TS_011_rec.mrc, as HDF", {"file": hdf(f"{d}/TS_011_rec.hdf", vol["TS_011"], v)["file"]})
lab.run("TS_012")["tomograms"].append({**hdf(f"{TABLE['TS_012'][0]}/TS_012_rec.hdf", vol["TS_012"], voxel("TS_012")), "processing": ["raw"]})
gold = places("gold 11", n=6, size=size("TS_011"))
lab.text(f"{d}/TS_011_picks.mod", imod_model([("ribosome", [where["TS_011"]["ribosome"]], "scattered"), ("gold", [gold], "scattered"), ("", [], "scattered")], TABLE["TS_011"][2][::-1], v))
lab.points("TS_011", f"{d}/TS_011_picks.mod", "ribosome", where["TS_011"]["ribosome"], v)
lab.points("TS_011", f"{d}/TS_011_picks.mod", "gold", gold, v, may=True)
n = "2023 TS_004"
lab.text("2023_krios/picks/TS_004_ribo.mod", imod_model([("ribosome", [where[n]["ribosome"]], "scattered")], TABLE[n][2][::-1], voxel(n)))
lab.points(n, "2023_krios/picks/TS_004_ribo.mod", "ribosome", where[n]["ribosome"], voxel(n))
lab.text("overview.csv", "year;series;pixel (nm);binning;bin pixel (nm);comment\n2009;ptk12;0,71;4;2,84;dual\n2012;cell03;0,392;4;1,57;SIRT is better\n2019;TS_004;0,337;4;1,35;\n2023;TS_004;0,268;4;1,07;other cell!\n")
lab.done()
