"""A Scipion 3 project with its tomography plugins, copied whole from the facility's ScipionUserData: Runs/NUMBER_Protocol/{extra,tmp,logs,*.sqlite}, project.sqlite.

Imitates
  https://github.com/scipion-em/scipion-em-tomo (tomo/objects.py: Coordinate3D keeps _x, _y, _z in voxels from the origin of the tomogram, that is its middle; the set keeps _samplingRate and
    _boxSize in Properties; tomo/constants.py: BOTTOM_LEFT_CORNER; protocols/protocol_base.py: tiltseries.sqlite, tomograms.sqlite, coordinates.sqlite; protocol_export_coords.py: Export/TSID.txt, int
    voxels from the bottom left corner)
  https://github.com/scipion-em/scipion-pyworkflow (pyworkflow/mapper/sqlite.py: tables Properties, Classes, Objects with columns c00, c01, …; id, enabled, label, comment, creation)
  https://github.com/scipion-em/scipion-em-imod (protocol_tomoReconstruction.py: extra/TSID/TSID.mrc, TSID_odd.mrc, TSID_even.mrc, TSID.tlt; protocol_fiducialAlignment.py: TSID_fid.xf, TSID_interpolated.tlt,
    TSID_noGaps.fid, TSID_fid.xyz; protocol_xRaysEraser.py: extra/TSID/TSID.mrcs)
  https://scipion-em.github.io/docs (projects, Runs)

A person sees: the imported stacks (ProtImportTs) are the tilt series; every later stack is processed. ProtImodTomoReconstruction 000301 are the tomograms (10.72 A), 000655 the same at 21.44 A for picking
on a laptop; tomo3d's SIRT (000410) have no voxel size in their headers, tomograms.sqlite knows. IsoNet's are corrected copies. Ribosomes: 000780 without duplicates, exported as text by 000812;
000660 is before the duplicates went. Membranes: 000900. TS_03 was redone by hand in etomo. TS_05 has no fiducials: no tomogram.
The mess: the first reconstruction of two series (000290, aborted: too thin); processed stacks under the names of the imported ones; Tmp, logs, uploads; a tomogram with all but the membranes erased;
subtomograms and averages of RELION; deleted protocols with empty folders; the same names everywhere.
"""
import json
import math
import sqlite3

import numpy as np

from kit import Lab, Specimen, lines, mdoc, places, seed, star, xf

PIXEL, V, V8 = 2.68, 10.72, 21.44
SHAPE, SHAPE8 = (14, 30, 28), (7, 15, 14)
SIZE = [n * V for n in SHAPE[::-1]]
ANGLES = [float(a) for a in range(-48, 49, 12)]
#        name   ribosomes duplicates sirt  mask
TABLE = [("TS_01", 11, 3, True, True), ("TS_02", 8, 2, True, True), ("TS_03", 13, 4, False, True), ("TS_04", 6, 0, True, False), ("TS_05", 0, 0, False, False)]
NAMES = [t[0] for t in TABLE]
lab = Lab(__doc__, ["https://github.com/scipion-em/scipion-em-tomo", "https://github.com/scipion-em/scipion-pyworkflow", "https://github.com/scipion-em/scipion-em-imod", "https://scipion-em.github.io/docs"])
R = "ER_ribosomes_tomo/Runs"
r = seed(lab.name)
noise = lambda *s: r.normal(0, 1, s).astype(np.float32)


def sets(path, item, columns, rows, properties, prefix="", more=()):
    """A set of Scipion: Properties, Classes, Objects; `more`: (prefix, item, columns, rows) of nested sets (tilt images)."""
    p = lab.root / path
    p.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(p)
    db.execute("CREATE TABLE Properties (key TEXT UNIQUE, value TEXT DEFAULT NULL)")
    db.executemany("INSERT INTO Properties VALUES (?, ?)", list(properties.items()))
    for pre, what, cols, content in [(prefix, item, columns, rows), *more]:
        db.execute(f"CREATE TABLE {pre}Classes (id INTEGER PRIMARY KEY AUTOINCREMENT, label_property TEXT UNIQUE, column_name TEXT UNIQUE, class_name TEXT DEFAULT NULL)")
        db.execute(f"INSERT INTO {pre}Classes (label_property, column_name, class_name) VALUES ('self', 'c00', ?)", (what,))
        db.executemany(f"INSERT INTO {pre}Classes (label_property, column_name, class_name) VALUES (?, ?, ?)", [(n, f"c{i + 1:02d}", k) for i, (n, k) in enumerate(cols)])
        types = {"Integer": "INTEGER", "Float": "REAL", "Boolean": "INTEGER", "String": "TEXT", "CsvList": "TEXT", "Matrix": "TEXT"}
        db.execute(f"CREATE TABLE {pre}Objects (id INTEGER PRIMARY KEY, enabled INTEGER DEFAULT 1, label TEXT DEFAULT NULL, comment TEXT DEFAULT NULL, creation DATE, " + ", ".join(f"c{i + 1:02d} {types[k]} DEFAULT NULL" for i, (_, k) in enumerate(cols)) + ")")
        for i, row in enumerate(content):
            db.execute(f"INSERT INTO {pre}Objects VALUES ({','.join('?' * (5 + len(cols)))})", (i + 1, 1, "", "", "2024-03-12 10:11:12", *row))
    db.commit()
    db.close()


def tilts_sqlite(path, files, pixel, aligned=False):
    cols = [("_samplingRate", "Float"), ("_tsId", "String"), ("_anglesCount", "Integer"), ("_hasAlignment", "Boolean"), ("_interpolated", "Boolean"), ("_acquisition._voltage", "Float"), ("_acquisition._tiltAxisAngle", "Float")]
    images = [("_index", "Integer"), ("_filename", "String"), ("_samplingRate", "Float"), ("_tiltAngle", "Float"), ("_tsId", "String"), ("_acqOrder", "Integer")]
    order = {a: i + 1 for i, a in enumerate(sorted(ANGLES, key=lambda a: (abs(a), -a)))}
    more = [(f"{t}_", "TiltImage", images, [(i + 1, files.format(t=t), pixel, a, t, order[a]) for i, a in enumerate(ANGLES)]) for t in NAMES]
    sets(path, "TiltSeries", cols, [(pixel, t, len(ANGLES), aligned, False, 300.0, 84.1) for t in NAMES], {"self": "SetOfTiltSeries", "_samplingRate": str(pixel), "_size": str(len(NAMES))}, more=more)


def volumes_sqlite(path, rows, voxel, what="Tomogram", name="SetOfTomograms"):
    cols = [("_filename", "String"), ("_samplingRate", "Float"), ("_halfMapFilenames", "CsvList"), ("_tsId", "String"), ("_origin._matrix", "Matrix")]
    sets(path, what, cols, [(f.split("/", 1)[1], voxel, h, t, f"[[1,0,0,{-n[0] * voxel / 2}],[0,1,0,{-n[1] * voxel / 2}],[0,0,1,{-n[2] * voxel / 2}],[0,0,0,1]]") for t, f, h, n in rows], {"self": name, "_samplingRate": str(voxel), "_size": str(len(rows))})


def coordinates_sqlite(path, rows, voxel, shape):
    """In voxels from the middle of the tomogram."""
    cols = [("_x", "Float"), ("_y", "Float"), ("_z", "Float"), ("_volId", "Integer"), ("_eulerMatrix._matrix", "Matrix"), ("_groupId", "Integer"), ("_tomoId", "String"), ("_score", "Float")]
    out = [(*[float(c - n / 2) for c, n in zip(p / voxel, shape[::-1])], NAMES.index(t) + 1, "[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]", 0, t, s) for t, p, s in rows]
    sets(path, "Coordinate3D", cols, out, {"self": "SetOfCoordinates3D", "_samplingRate": str(voxel), "_boxSize": "28", "_size": str(len(out))})


def protocol(number, name, *files):
    base = f"{R}/{number:06d}_{name}"
    for f, text in (("logs/run.stdout", f"RUNNING PROTOCOL -----------------\n    Scipion: v3.7.1\n  currentDir: /home/scipionuser/ScipionUserData/projects/ER_ribosomes_tomo\n  workingDir: Runs/{number:06d}_{name}\n"), ("logs/run.stderr", ""), ("logs/schedule.log", "")):
        lab.text(f"{base}/{f}", text)
    return base


RUNS = [(2, "ProtImportTs", "import ts from Krios2"), (105, "ProtImodXraysEraser", "imod - X-rays eraser"), (150, "ProtImodXcorrPrealignment", "coarse"), (230, "ProtImodFiducialAlignment", "fid ali"), (290, "ProtImodTomoReconstruction", "rec bin4 (TOO THIN! redo)"),
        (301, "ProtImodTomoReconstruction", "rec bin4"), (410, "ProtJjsoftReconstructTomogram", "tomo3d SIRT 30it"), (500, "ProtImodEtomo", "TS_03 by hand"), (655, "ProtImodTomoReconstruction", "rec bin8 for the laptop"), (640, "PytomProtTM", "TM 80S"),
        (660, "PytomProtExtract", "extract 80S"), (720, "ProtIsoNetTomoReconstruction", "isonet 30"), (780, "ProtTomoPickingRemoveDuplicates", "80S no duplicates -> USE"), (812, "ProtExportCoordinates3D", "export 80S"), (900, "ProtMemBrainSegSegment", "membranes"), (950, "ProtTomoApplyTomoMask", "only membranes"),
        (1020, "ProtRelion5ExtractSubtomos", "extract bin2"), (1100, "ProtRelion5RefineSubtomo", "refine bin2")]
at = {(n, k): protocol(n, k) for n, k, _ in RUNS}
P = lambda n: next(v for (m, _), v in at.items() if m == n)

# the project itself
p = lab.root / "ER_ribosomes_tomo/project.sqlite"
db = sqlite3.connect(p)
db.execute("CREATE TABLE Objects (id INTEGER PRIMARY KEY AUTOINCREMENT, parent_id INTEGER REFERENCES Objects(id), name TEXT, classname TEXT, value TEXT DEFAULT NULL, label TEXT DEFAULT NULL, comment TEXT DEFAULT NULL, creation DATE)")
db.execute("CREATE TABLE Relations (id INTEGER PRIMARY KEY AUTOINCREMENT, parent_id INTEGER, name TEXT, classname TEXT, value TEXT, label TEXT, comment TEXT, object_parent_id INTEGER, object_child_id INTEGER, creation DATE)")
for n, k, label in RUNS:
    db.execute("INSERT INTO Objects (id, name, classname, label, comment, creation) VALUES (?, '', ?, ?, '', '2024-03-12 10:11:12')", (n, k, label))
    db.execute("INSERT INTO Objects (parent_id, name, classname, value) VALUES (?, ?, 'String', ?)", (n, f"{n}.status", "aborted" if n == 290 else "finished"))
    if n == 812:
        db.execute("INSERT INTO Objects (parent_id, name, classname, value) VALUES (?, ?, 'Pointer', '780')", (n, f"{n}.inputCoordinates"))
db.commit()
db.close()
sets("ER_ribosomes_tomo/settings.sqlite", "ProjectSettings", [("lastRunsView", "Integer")], [(1,)], {"self": "ProjectSettings"})
lab.text("ER_ribosomes_tomo/Logs/schedule.log", "")
lab.text("ER_ribosomes_tomo/Tmp/000655.params.json", "{}")
lab.text("ER_ribosomes_tomo/.sessions/last", "301\n")
lab.text(f"{R}/000222_ProtImodFiducialModel/logs/run.log", "deleted\n")
lab.text("ER_ribosomes_tomo/export_workflow_20240401.json", json.dumps([{"object.className": k, "object.id": str(n), "object.label": l, "_useQueue": False} for n, k, l in RUNS], indent=2))

recs, recs8, sirt, iso, masks, masked, thin, clean, raw = [], [], [], [], [], [], [], [], []
for name, nr, nd, has_sirt, has_mask in TABLE:
    xyz = places(name, n=nr, size=SIZE)
    dup = (xyz[:nd] + seed(name, "dup").uniform(-8, 8, (nd, 3))).round(2)
    s = Specimen(name, SIZE, [xyz] if nr else [], radius=60)
    stack = s.stack(ANGLES, (120, 112))
    lab.tilts(name, f"{P(2)}/extra/{name}.mrc", stack, PIXEL, ANGLES)
    lab.text(f"raw_mdocs/{name}.mrc.mdoc", mdoc(ANGLES, PIXEL, None, f"{name}.mrc", (112, 120)))
    erased = stack.copy()
    erased[:, 10:13, 20] = 100
    lab.junk("X-rays erased: a processed stack", f"{P(105)}/extra/{name}/{name}.mrcs", erased, PIXEL, stack=True)
    for n in (105, 150, 230):
        lab.text(f"{P(n)}/extra/{name}/{name}.tlt", lines(ANGLES))
    lab.text(f"{P(150)}/extra/{name}/{name}.prexg", xf(len(ANGLES), name, "prexg"))
    if name == "TS_05":
        continue
    A = f"{P(230)}/extra/{name}/{name}"
    lab.text(f"{A}_fid.xf", xf(len(ANGLES), name, "fid"))
    lab.text(f"{A}_interpolated.tlt", lines([a + 0.3 for a in ANGLES]))
    lab.text(f"{A}_fid.xyz", "".join("%4d %9.2f %9.2f %9.2f %3d %3d\n" % (i + 1, *q, 1, i + 1) for i, q in enumerate(seed(name, "gold").uniform(0, 80, (7, 3)))))
    lab.text(f"{A}_resid.txt", "      7 residuals\n")
    ali = np.roll(erased, 2, 1)
    lab.junk("aligned and interpolated", f"{P(230)}/extra/{name}/{name}_interpolated.mrcs", ali, PIXEL, stack=True)
    n3 = SHAPE[::-1]
    F = f"{P(301)}/extra/{name}/{name}"
    full = s.volume(SHAPE, V)
    lab.tomogram(name, f"{F}.mrc", full, V)
    for h in ("odd", "even"):
        lab.half(name, f"{F}_{h}.mrc", s.volume(SHAPE, V, 1.4, h), V)
    if name in ("TS_01", "TS_02"):
        lab.tomogram(name, f"{P(290)}/extra/{name}/{name}.mrc", s.volume((6, 30, 28), V, 1.1, "thin"), V, may=True)
        thin.append((name, f"{P(290)}/extra/{name}/{name}.mrc", "", (28, 30, 6)))
    lab.text(f"{F}.tlt", lines([a + 0.3 for a in ANGLES]))
    recs.append((name, f"{F}.mrc", f"{F}_odd.mrc,{F}_even.mrc".replace("ER_ribosomes_tomo/", ""), n3))
    F8 = f"{P(655)}/extra/{name}/{name}"
    lab.tomogram(name, f"{F8}.mrc", s.volume(SHAPE8, V8, 0.6), V8)
    lab.text(f"{F8}.tlt", lines([a + 0.3 for a in ANGLES]))
    recs8.append((name, f"{F8}.mrc", "", SHAPE8[::-1]))
    if has_sirt:
        f = f"{P(410)}/extra/{name}/{name}.mrc"
        lab.tomogram(name, f, s.volume(SHAPE, V, 0.5, "sirt"), V, header=0.0)
        sirt.append((name, f, "", n3))
    f = f"{P(720)}/extra/corrected/{name}_corrected.mrc"
    lab.tomogram(name, f, s.volume(SHAPE, V, 0.2, "isonet"), V, processing=("denoised", "filtered"))
    iso.append((name, f, "", n3))
    if name == "TS_03":
        E = f"{P(500)}/extra/{name}"
        lab.copy(f"{P(105)}/extra/{name}/{name}.mrcs", f"{E}/{name}.mrc", "etomo's input, erased")
        lab.text(f"{E}/{name}.rawtlt", lines(ANGLES))
        lab.text(f"{E}/{name}.tlt", lines([a - 0.4 for a in ANGLES]))
        lab.text(f"{E}/{name}.xf", xf(len(ANGLES), name, "etomo"))
        lab.text(f"{E}/{name}.edf", f"#Thu Mar 14 2024\nSetup.DatasetName={name}\nSetup.AxisType=Single Axis\nSetup.PixelSize=0.268\n")
        lab.text(f"{E}/tilt.com", f"$tilt -StandardInput\nInputProjections {name}_ali.mrc\nOutputFile {name}_full_rec.mrc\nIMAGEBINNED 4\nTILTFILE {name}.tlt\nTHICKNESS 80\n")
        lab.junk("aligned", f"{E}/{name}_ali.mrc", np.ascontiguousarray(np.roll(ali, 1, 2)[:, ::4, ::4]), V, stack=True)
        byhand = s.volume(SHAPE, V, 0.9, "byhand")
        lab.junk("not yet rotated about X", f"{E}/{name}_full_rec.mrc", np.ascontiguousarray(byhand.transpose(1, 0, 2)), V)
        lab.tomogram(name, f"{E}/{name}_rec.mrc", byhand, V)
    # template matching, duplicates, export
    for w in ("scores", "angles"):
        lab.junk(f"template matching's {w}", f"{P(640)}/extra/{name}/{name}_{w}.mrc", noise(*SHAPE), V)
    raw += [(name, q, 0.4) for q in [*xyz, *dup]]
    clean += [(name, q, 0.5) for q in xyz]
    lab.points(name, f"{P(812)}/Export/{name}.txt", "80S ribosome", xyz, V, also=[f"{P(780)}/coordinates.sqlite"], tolerance=1.2 * V)
    lab.text(f"{P(812)}/Export/{name}.txt", "".join("%d %d %d\n" % tuple(math.floor(c) for c in q / V) for q in xyz))
    if has_mask:
        m = s.membrane(SHAPE)
        f = f"{P(900)}/extra/{name}_MemBrain_seg_v10_alpha.ckpt_segmented.mrc"
        lab.mask(name, f, m, V)
        masks.append((name, f, "", n3))
        f = f"{P(950)}/extra/{name}_masked.mrc"
        lab.junk("all but the membranes erased", f, (full * m).astype(np.float32), V)
        masked.append((name, f, "", n3))
    for i in range(2):
        lab.junk("a particle", f"{P(1020)}/extra/Subtomograms/{name}/{i + 1}_stack2d.mrcs", noise(5, 16, 16), PIXEL * 2, stack=True)
tilts_sqlite(f"{P(2)}/tiltseries.sqlite", "Runs/000002_ProtImportTs/extra/{t}.mrc", PIXEL)
tilts_sqlite(f"{P(105)}/tiltseries.sqlite", "Runs/000105_ProtImodXraysEraser/extra/{t}/{t}.mrcs", PIXEL)
tilts_sqlite(f"{P(230)}/tiltseries.sqlite", "Runs/000105_ProtImodXraysEraser/extra/{t}/{t}.mrcs", PIXEL, True)
for n, rows, v in ((290, thin, V), (301, recs, V), (655, recs8, V8), (410, sirt, V), (720, iso, V), (950, masked, V)):
    volumes_sqlite(f"{P(n)}/tomograms.sqlite", rows, v)
volumes_sqlite(f"{P(900)}/tomomasks.sqlite", masks, V, "TomoMask", "SetOfTomoMasks")
coordinates_sqlite(f"{P(660)}/coordinates.sqlite", raw, V, SHAPE)
coordinates_sqlite(f"{P(780)}/coordinates.sqlite", clean, V, SHAPE)
lab.text(f"{P(1020)}/extra/inParticles.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("particles", {
    "rlnTomoName": [t for t, _, _ in clean], "rlnCenteredCoordinateXAngst": [float(q[0] - SIZE[0] / 2) for _, q, _ in clean], "rlnCenteredCoordinateYAngst": [float(q[1] - SIZE[1] / 2) for _, q, _ in clean],
    "rlnCenteredCoordinateZAngst": [float(q[2] - SIZE[2] / 2) for _, q, _ in clean], "rlnOpticsGroup": [1] * len(clean), "rlnTomoParticleName": [f"{t}/{i}" for i, (t, _, _) in enumerate(clean)]})]))
for e in [e for q in lab.truth["runs"].values() for e in q["points"]]:
    e["also"].append(f"{P(1020)}/extra/inParticles.star")
for w in ("class001", "half1_class001_unfil", "half2_class001_unfil"):
    lab.junk("an average", f"{P(1100)}/extra/_run_{w}.mrc", noise(16, 16, 16), PIXEL * 2)
lab.junk("a mask of an average", f"{P(1100)}/extra/mask.mrc", (noise(16, 16, 16) > 0).astype(np.int8), PIXEL * 2)
lab.junk("a template", "ER_ribosomes_tomo/Uploads/emd_80S_lp40.mrc", noise(14, 14, 14), V)
lab.done()
