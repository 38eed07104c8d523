"""A laboratory in the middle of its way to the CryoET Data Portal: drives with an inventory of `emporium curate`, a first configuration and the tree made of it, and what came since.

Imitates
  https://github.com/chanzuckerberg/cryoet-data-portal-backend (schema, ingestion_tools)   (RUN/TiltSeries/100/…, Reconstructions/VoxelSpacing6.520/{Tomograms,Annotations}/100/…, object-1.0_point.ndjson;
    locations in voxels);
  emporium's own programs: `curate scan --out`, `curate match` (matching_runs.csv, review_runs.csv, unmatched_*.csv), a vocabulary, `ingest new` with its file of decisions, `ingest run`;
  https://github.com/czimaginginstitute/AreTomo3 (CAreTomo3Json.cpp: names and values in AreTomo3_Session.json; CReadMdocDone.cpp: MdocDone.txt; NAME.mrc, _EVN.mrc, _Vol.mrc, _TLT.txt, .aln, _Imod/);
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm (NAME.mrc.mdoc, frames NAME_000_0.0.tif);
  https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/ (tomostar, warp_tiltseries/{tiltstack,reconstruction,matching}, ts_export_particles) and RELION 5's Refine3D;
  https://copick.github.io/copick/ (ExperimentRuns/RUN/{Picks,Segmentations,VoxelSpacing…}, angstroms); https://github.com/teamtomo/membrain-seg (NAME_MemBrain_seg_v10_alpha.ckpt_segmented.mrc);
  https://bio3d.colorado.edu/imod/doc/binspec.html (models).
From memory: names of frames of the two cameras, which files a live session leaves of a series that it is at, ome-zarr's folders of a converted tomogram.

A person sees: drives/ is the archive of 2019, of which two runs are on the portal since 2023, two are not; cc_d2 is a backup of a part. 2025-02-11_g3 was processed while it was recorded, with 1.63 Å; the
calibration in November gave 1.585 Å, one tomogram was reconstructed again; its Position_3 is called g3_lam2_p1 since May. Position_4 came after the first round, Position_5 was only being taken.
2025-09-24_g7 is SerialEM and WarpTools with the right pixel. publish/ has the first round: configuration, decisions, tree, of Position_1 to 3 with the old pixel and the old name. jonas_2021 has a
Position_1 and a Position_2 of another cell.
The mess: picks in copick, cleaned once more as the portal's ndjson; OME-Zarr of tomograms, of one the only copy; decisions that name files by names that they no longer have.
"""
import json

import mrcfile
import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, fingerprint, imod_model, lines, mdoc, places, seed, star, xf

lab = Lab(__doc__, ["https://github.com/chanzuckerberg/cryoet-data-portal-backend", "https://github.com/czimaginginstitute/AreTomo3", "https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm",
                    "https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/", "https://copick.github.io/copick/", "https://github.com/teamtomo/membrain-seg", "https://bio3d.colorado.edu/imod/doc/binspec.html"])
js = lambda path, d: lab.text(path, json.dumps(d, indent=2) + "\n")
angstrom = lambda shape, v: [n * v for n in shape[::-1]]

# ---- drives/: IMOD, 2019 ----
OLD, OLD_BIN4, OLD_SHAPE, OLD_SIZE = 4.34, 17.36, (12, 24, 24), (96, 96)
OLD_ANGLES = [float(a) for a in range(-48, 49, 16)]
#         run                 on the portal as       motors  hats  tomogram
DRIVE = [("kh2019-05-25-3",   "kha2019-05-25-3",     3,      5,    ".rec"),
         ("kh2019-05-25-4",   "kh2019-05-25-4",      2,      0,    ".rec"),
         ("kh2019-06-12-1",   None,                  4,      7,    ".rec"),
         ("kh2019-06-12-2",   None,                  0,      0,    ".zarr")]
D1 = "drives/cc_d1/Caulobacter_crescentus"
for name, there, motors, hats, form in DRIVE:
    base = f"{D1}/{name}/{name}"
    pf, ht = (places(lab.name, name, w, n=max(k, 1), size=angstrom(OLD_SHAPE, OLD_BIN4))[:k] for w, k in (("motor", motors), ("hat", hats)))
    s = Specimen(name, angstrom(OLD_SHAPE, OLD_BIN4), [pf, ht] if hats else [pf] if motors else [])
    stack, volume = s.stack(OLD_ANGLES, OLD_SIZE), s.volume(OLD_SHAPE, OLD_BIN4).round(3)
    model = lambda file, object, xyz: (lab.text(file, imod_model([(object, [[p] for p in xyz], "scattered")], OLD_SHAPE[::-1], OLD_BIN4)), file)[1]
    lab.text(f"{base}.rawtlt", lines(OLD_ANGLES))
    lab.text(f"{base}.tlt", lines([a + 0.3 for a in OLD_ANGLES]))
    lab.text(f"{base}.xf", xf(len(OLD_ANGLES), name))
    lab.text(f"{base}.st.mdoc", mdoc(OLD_ANGLES, OLD, image=f"{name}.st", size=OLD_SIZE[::-1], camera="SerialEM: Digitized on FEI Tecnai Polara").replace("14-Feb-23", f"{name[9:11]}-{'May' if '-05-' in name else 'Jun'}-19"))
    if there:
        why = f"on the portal since 2023 as {there}: the table of curate match says so"
        lab.junk(why, f"{base}.st", stack, OLD, stack=True)
        lab.junk(why, f"{base}.rec", volume, OLD_BIN4)
        lab.never(why, model(f"{D1}/{name}/PF.mod", "PF", pf))
        if hats:
            lab.never(why, model(f"{D1}/{name}/hat.mod", "hat", ht))
        continue
    lab.run(name)
    lab.tilts(name, f"{base}.st", stack, OLD, OLD_ANGLES)
    if form == ".rec":
        lab.tomogram(name, f"{base}.rec", volume, OLD_BIN4)
    else:  # the .rec was deleted when the drive was full
        lab.tomogram(name, f"zarr/{name}.zarr", volume, OLD_BIN4)
    if motors:
        lab.points(name, model(f"{D1}/{name}/PF.mod", "PF", pf), "polar flagellum", pf, OLD_BIN4)
    if hats:
        lab.points(name, model(f"{D1}/{name}/hat.mod", "hat", ht), "hat", ht, OLD_BIN4)
for name in ("kh2019-05-25-3", "kh2019-06-12-1"):
    for end in (".st", ".rec", ".rawtlt", ".st.mdoc"):
        lab.copy(f"{D1}/{name}/{name}{end}", f"drives/cc_d2_backup/Caulobacter_crescentus/{name}/{name}{end}")
lab.text("drives/cc_d1/.DS_Store", b"\0\0\0\1Bud1" + bytes(60))

# ---- curate/: what emporium wrote of the drives ----
HOME = "/data/hoshino/portal"
MATCHES = [("kh2019-05-25-4", "kh2019-05-25-4", 14004, "cc_d1", "exact", 1), ("kh2019-05-25-3", "kha2019-05-25-3", 14003, "cc_d1", "two-letter", 0.95), ("kh2019-05-25-3", "kha2019-05-25-3", 14003, "cc_d2_backup", "two-letter", 0.95)]
place = lambda drive, name: f"{HOME}/drives/{drive}/Caulobacter_crescentus/{name}"
lab.text("curate/portal_runs.csv", "CZI_run_name,CZI_run_id,CZI_dataset_id\nkha2019-05-25-3,14003,10311\nkh2019-05-25-4,14004,10311\nkha2019-07-01-2,14009,10311\n")
lab.text("curate/matching_runs.csv", "sc_run_name,CZI_run_name,CZI_run_id,path,rule,score,status,dataset_id\n" + "".join(f"{n},{there},{i},{place(d, n)},{rule},{score},matched,10311\n" for n, there, i, d, rule, score in MATCHES))
lab.text("curate/review_runs.csv", "archive_path,portal_run_id,decision,who,note,sc_run_name,CZI_run_name,dataset_id,rule,score,reason\n")
lab.text("curate/unmatched_archive.csv", "path,run\n" + "".join(f"{place(d, n)},{n}\n" for d, n in (("cc_d1", "kh2019-06-12-1"), ("cc_d1", "kh2019-06-12-2"), ("cc_d2_backup", "kh2019-06-12-1"))))
lab.text("curate/unmatched_portal.csv", "CZI_run_name,CZI_run_id\nkha2019-07-01-2,14009\n")
lab.text("curate/missing_runs.csv", "species,run,path,drive,files,bytes,tomograms,tilt_series,models,perhaps\n" + "".join(f"Caulobacter,{n},{place(d, n)},{d},{f},{f * 12000},{t},1,{m},\n" for n, d, f, t, m in (("kh2019-06-12-1", "cc_d1", 8, 1, 2), ("kh2019-06-12-1", "cc_d2_backup", 4, 1, 0), ("kh2019-06-12-2", "cc_d1", 5, 0, 0))))
listed = [("cc_d1" if "cc_d1" in p.parts else "cc_d2_backup", p) for p in sorted((lab.root / "drives").rglob("*")) if p.is_file()]
KIND = {".st": "tilt", ".rec": "rec", ".mod": "model", "": "trash"}
lab.text("curate/archive.json", "[\n" + ",\n".join(json.dumps({"drive": d, "path": f"{HOME}/{p.relative_to(lab.root)}", "dir": f"{HOME}/{p.parent.relative_to(lab.root)}", "name": p.name, "ext": p.suffix, "size": p.stat().st_size, "mtime": "2025-03-20T09:14:02.000Z", "kind": KIND.get(p.suffix, "aux"), **({"run": p.parent.name, "species": "Caulobacter"} if p.suffix else {"hygiene": ["desktop"]})}, separators=(",", ":")) for d, p in listed) + "\n]\n")
for drive, tag in (("cc_d1", "bc0dc94fe9c6"), ("cc_d2_backup", "f0427c2536fb")):
    inventory = f".emporium/curate/inventory/{drive}-{tag}"
    js(f"{inventory}/inventory.json", {"format": 3, "root": f"{HOME}/drives/{drive}", "full": True})
    lab.text(f"{inventory}/listing-3.ndjson", "".join(json.dumps({"path": str(p.relative_to(lab.root / "drives" / d)), "size": p.stat().st_size}) + "\n" for d, p in listed if d == drive))
    lab.text(f"{inventory}/table-3.bin", bytes(range(256)))
lab.text(".emporium/journals/ingest-round1-5c9887ff5c77907d.journal", b"\x00\x01journal" + bytes(240))
lab.text("curate/vocabulary.yaml", "labels:\n  - name: PF\n    aliases: [pf, motor]\n    meaning: polar flagellar motor\n    ontology: GO:0120100\n  - name: hat\n    meaning: hat-like structure at the inner membrane, 2019\n    status: unresolved\n")

# ---- a session, processed while it was recorded ----
G3, PIXEL, NOMINAL, SIZE, SHAPE = "krios/2025-02-11_g3", 1.585, 1.63, (96, 96), (12, 24, 24)
VOXEL, NOMINAL_VOXEL = 6.34, 6.52
TAKEN = dose_symmetric(9, 6)
ANGLES = sorted(TAKEN)
#         run           name at the microscope hour  ribosomes  done
LIVE = [("Position_1",  "Position_1",          9,    13,        True),
        ("Position_2",  "Position_2",          11,   9,         True),
        ("g3_lam2_p1",  "Position_3",          13,   7,         True),
        ("Position_4",  "Position_4",          15,   0,         True),
        ("Position_5",  "Position_5",          17,   0,         False)]
session = lambda out, pixel, cmd: {"Name": "AreTomo3", "Version": "AreTomo3_2.1.2", "InPrefix": f"{HOME}/{G3}/raw/", "InSuffix": ".mdoc", "InSkips": ["_override"], "OutDir": f"{HOME}/{G3}/{out}/", "PixSize": pixel,
    "kV": 300, "Cs": 2.7, "FmDose": 0.52, "Serial": 1000, "Cmd": cmd, "Resume": 0, "Gpu": [0, 1], "Gain": f"{HOME}/{G3}/raw/20250211_gain.tif", "McPatch": [5, 5], "McBin": 1.0, "FmInt": 12, "SplitSum": 1, "VolZ": 48, "AtBin": [4.0, 0.0, 0.0],
    "TiltAxis": [-85.3, 1], "FlipVol": 1, "Wbp": 1, "CorrCTF": [1, 15], "Time": "Tue Feb 11 18:20:41 2025" if cmd == 0 else "Thu Nov  6 10:02:11 2025"}
spec, ribo, whole = {}, {}, {}
for run, name, hour, k, done in LIVE:
    r = "g3 " + run
    lab.run(r, run, name, f"2025-02-11_g3_{name}")
    ribo[run] = places(lab.name, run, n=max(k, 1), size=angstrom(SHAPE, VOXEL))[:k]
    s = spec[run] = Specimen(r, angstrom(SHAPE, VOXEL), [ribo[run]] if k else [], radius=20)
    frames = [f"{name}_{i + 1:03d}_{a:.2f}_20250211_{hour:02d}{i:02d}31_fractions.tiff" for i, a in enumerate(TAKEN)]
    taken = frames if done else frames[:4]
    lab.movies(r, [f"{G3}/raw/{f}" for f in taken], size=(48, 48), frames=3)
    text = mdoc(TAKEN[:len(taken)], NOMINAL, taken, f"{name}.mrc", SIZE[::-1], folder="\\\\OffloadServer\\2025-02-11_g3\\", camera="TOMOGRAPHY: Titan Krios G4")
    lab.text(f"{G3}/raw/{name}.mdoc", text.replace("14-Feb-23  09:", f"11-Feb-25  {hour:02d}:").replace("12.5 -40.1", f"{20 * hour}.4 {-13.5 + hour}"))
    if not done:
        continue
    out = f"{G3}/aretomo3/{run}"
    stack = s.stack(ANGLES, SIZE).astype(np.float32)
    lab.tilts(r, f"{out}.mrc", stack, PIXEL, ANGLES, header=NOMINAL)
    for end, what in (("_EVN.mrc", "even"), ("_ODD.mrc", "odd")):
        lab.half(r, f"{out}{end}", s.stack(ANGLES, SIZE, what).astype(np.float32), NOMINAL, stack=True)
    whole[run] = s.volume(SHAPE, VOXEL)
    lab.tomogram(r, f"{out}_Vol.mrc", whole[run], VOXEL, header=NOMINAL_VOXEL, may=run == "Position_2")
    for end, what in (("_EVN_Vol.mrc", "EVN"), ("_ODD_Vol.mrc", "ODD")):
        lab.half(r, f"{out}{end}", s.volume(SHAPE, VOXEL, 1.4, what), NOMINAL_VOXEL)
    lab.text(f"{out}.aln", aln(SIZE[::-1], ANGLES, run))
    lab.text(f"{out}_TLT.txt", "".join(f"{a:8.2f} {TAKEN.index(a) + 1:4d} {3.1:8.2f}\n" for a in ANGLES))
    lab.text(f"{out}_CTF.txt", "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radian]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully; #8 - dfHand\n" + "".join(f"{i + 1:4d}  35500.0  35100.0  21.00  0.00  0.1200  7.1000  -1\n" for i in range(len(ANGLES))))
    lab.junk("power spectra of the CTF estimation", f"{out}_CTF.mrc", seed(run, "ctf").normal(0, 1, (len(ANGLES), 32, 32)).astype(np.float32), 1.0, stack=True)
    lab.text(f"{out}_Imod/{run}_st.tlt", lines(ANGLES))
    lab.text(f"{out}_Imod/{run}_st.xf", xf(len(ANGLES), run))
lab.gain([f"g3 {t[0]}" for t in LIVE], f"{G3}/raw/20250211_gain.tif", size=(48, 48))
done = [t for t in LIVE if t[4]]
lab.text(f"{G3}/aretomo3/MdocDone.txt", "".join(f"{HOME}/{G3}/raw/{t[1]}.mdoc\n" for t in done))
lab.text(f"{G3}/aretomo3/TiltSeries_Metrics.csv", "Tilt_Series,Thickness(Pix),Tilt_Axis,Global_Shift(Pix),Bad_Patch_Low,Bad_Patch_All,CTF_Res(A),CTF_Score,Pix_Size(A),Cs(nm),Kv,Alpha0,Beta0\n" + "".join(f"{t[1]}.mrc,  40, -85.30, 120.20, 0.00, 0.05, 7.10, 0.1200, {NOMINAL}, 2.7, 300, 0.00, 0.00\n" for t in done))
js(f"{G3}/aretomo3/AreTomo3_Session.json", session("aretomo3", NOMINAL, 0))
# one of them again, with the calibrated pixel
C = f"{G3}/aretomo3_calibrated/Position_2"
again = lambda what: (whole["Position_2"] * 0.97 + seed("again", what).normal(0, 0.15, SHAPE)).astype(np.float32)  # of the same images: the noise is the same
lab.tomogram("g3 Position_2", f"{C}_Vol.mrc", again(""), VOXEL)
for end in ("EVN", "ODD"):
    lab.half("g3 Position_2", f"{C}_{end}_Vol.mrc", spec["Position_2"].volume(SHAPE, VOXEL, 1.4, end) + seed("again", end).normal(0, 0.15, SHAPE).astype(np.float32), VOXEL)
lab.text(f"{C}.aln", aln(SIZE[::-1], ANGLES, "Position_2"))
lab.text(f"{C}_TLT.txt", "".join(f"{a:8.2f} {TAKEN.index(a) + 1:4d} {3.1:8.2f}\n" for a in ANGLES))
js(f"{G3}/aretomo3_calibrated/AreTomo3_Session.json", session("aretomo3_calibrated", PIXEL, 2))
lab.text(f"{G3}/PIXEL_SIZE.txt", """Krios 2, K3, 53 kx (the one of g3 and g7)

nominal      1.63  A/px
calibrated   1.585 A/px   apoferritin, B. Klein, 2025-11-03

2025-02-11_g3 was all collected and reconstructed with 1.63 in the headers. Correct value for every series of g3: 1.585
(bin 4: 6.34, not 6.52). Position_2 reconstructed again with 1.585 (aretomo3_calibrated), use that one. The others are
fine as they are, only the number is wrong.
g7 (September) was set up with 1.585 already.
""")
lab.tomogram("g3 Position_1", f"{G3}/denoised/Position_1_Vol_cryocare.mrc", (0.8 * spec["Position_1"].density(SHAPE, VOXEL) + 0.1 * whole["Position_1"]).astype(np.float32), VOXEL, ("denoised",), header=NOMINAL_VOXEL)
lab.mask("g3 Position_1", f"{G3}/membrain/Position_1_Vol_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", spec["Position_1"].membrane(SHAPE), VOXEL, header=NOMINAL_VOXEL)

# ---- SerialEM, WarpTools, RELION 5 ----
G7, TEN, TEN_SHAPE, TEN_SIZE, FRAME = "krios/2025-09-24_g7", 10.0, (10, 30, 30), (30, 30), (190, 190)
#       series        picks  good
WARP = [("g7_ts_001", 12,    True), ("g7_ts_002", 8, True), ("g7_ts_003", 0, False)]
W = f"{G7}/warp/warp_tiltseries"
settings = lambda path, **p: lab.text(path, ('<?xml version="1.0" encoding="utf-16"?>\n<Settings>\n  <Import>\n' + "".join(f'    <Param Name="{k}" Value="{v}" />\n' for k, v in p.items()) + "  </Import>\n"
    + (f'  <Tomo>\n    <Param Name="DimensionsX" Value="{FRAME[1]}" />\n    <Param Name="DimensionsY" Value="{FRAME[0]}" />\n    <Param Name="DimensionsZ" Value="64" />\n  </Tomo>\n' if "tomostar" in p["DataFolder"] else "") + "</Settings>\n").encode("utf-16"))
half16 = lambda d: d.astype(np.float16)
found, seventy = [], {}
for name, k, good in WARP:
    frames = [f"{name}_{i:03d}_{a:.1f}_Sep24_11.{i * 2:02d}.40.tif" for i, a in enumerate(TAKEN)]
    lab.run(name)
    lab.movies(name, [f"{G7}/frames/{f}" for f in frames], size=(48, 48), frames=3)
    lab.text(f"{G7}/mdocs/{name}.mrc.mdoc", mdoc(TAKEN, PIXEL, frames, f"{name}.mrc", FRAME[::-1], folder="X:\\hoshino\\2025-09-24_g7\\frames\\", camera="SerialEM: Acquired on Titan Krios 2, K3").replace("14-Feb-23", "24-Sep-25").replace("12.5 -40.1", f"{int(name[-1]) * 40}.1 88.3"))
    if not good:  # g7_ts_003 came last, nobody has processed it
        continue
    at = seventy[name] = places(lab.name, name, n=k, size=angstrom(TEN_SHAPE, TEN))
    s = Specimen(name, angstrom(TEN_SHAPE, TEN), [at], radius=25)
    movie = [f"../frames/{f}" for f in (frames[TAKEN.index(a)] for a in ANGLES)]
    lab.text(f"{G7}/warp/tomostar/{name}.tomostar", star([("", {"wrpMovieName": movie, "wrpAngleTilt": [f"{a:.2f}" for a in ANGLES], "wrpAxisAngle": ["84.10"] * 7, "wrpDose": [f"{TAKEN.index(a) * 3.1 + 1.55:.2f}" for a in ANGLES], "wrpAverageIntensity": ["9.870"] * 7, "wrpMaskedFraction": ["0.000"] * 7})]))
    lab.text(f"{W}/{name}.xml", f'<?xml version="1.0" encoding="utf-16"?>\n<TiltSeries DataDirectory="{HOME}/{G7}/warp/tomostar" AreAnglesInverted="True" UnselectManual="null">\n  <Angles>' + "\n".join(f"{a:.2f}" for a in ANGLES) + "</Angles>\n  <MoviePath>" + "\n".join(movie) + "</MoviePath>\n</TiltSeries>\n")
    lab.tilts(name, f"{W}/tiltstack/{name}/{name}.st", half16(s.stack(ANGLES, TEN_SIZE)), TEN, ANGLES)
    lab.text(f"{W}/tiltstack/{name}/{name}.rawtlt", lines(ANGLES))
    lab.text(f"{W}/tiltstack/{name}/{name}.st.aln", aln(TEN_SIZE[::-1], ANGLES, name))
    f = f"{name}_10.00Apx"
    even, odd = (s.volume(TEN_SHAPE, TEN, 1.3, w) for w in ("even", "odd"))
    whole[name] = half16((even + odd) / 2)
    lab.tomogram(name, f"{W}/reconstruction/{f}.mrc", whole[name], TEN)
    lab.half(name, f"{W}/reconstruction/even/{f}.mrc", half16(even), TEN)
    lab.half(name, f"{W}/reconstruction/odd/{f}.mrc", half16(odd), TEN)
    more = np.concatenate([at, places(lab.name, name, "false", n=16, size=angstrom(TEN_SHAPE, TEN))])
    lab.text(f"{W}/matching/{f}_70S.star", star([("", {**{f"rlnCoordinate{c}": [f"{v:.6f}" for v in more[:, i] / angstrom(TEN_SHAPE, TEN)[i]] for i, c in enumerate("XYZ")}, "rlnAngleRot": [10.0] * len(more), "rlnAngleTilt": [70.0] * len(more), "rlnAnglePsi": [20.0] * len(more), "rlnMicrographName": [f"{name}.tomostar"] * len(more), "rlnAutopickFigureOfMerit": [f"{9.5 - 0.1 * i:.3f}" for i in range(len(more))]})]))
    lab.never("peaks before the threshold", f"{W}/matching/{f}_70S.star")
    found += [(name, *p) for p in at]
settings(f"{G7}/warp/warp_frameseries.settings", DataFolder="../frames", ProcessingFolder="warp_frameseries", PixelSize=PIXEL, BinTimes=0, Extension="*.tif", DosePerAngstromFrame=-3.1)
settings(f"{G7}/warp/warp_tiltseries.settings", DataFolder="tomostar", ProcessingFolder="warp_tiltseries", PixelSize=PIXEL, BinTimes=0, Extension="*.tomostar", DosePerAngstromFrame=0)


def relion(path, shift):
    o = seed("origin", path).uniform(-2, 2, (len(found), 3)).round(4) * shift
    n = len(found)
    cols = {"rlnTomoName": [f"{t[0]}.tomostar" for t in found], "rlnTomoParticleId": list(range(1, n + 1)), **{f"rlnCoordinate{c}": [f"{(t[i + 1] + o[j, i]) / 5:.3f}" for j, t in enumerate(found)] for i, c in enumerate("XYZ")}}
    cols |= {f"rlnOrigin{c}Angst": [f"{v:.4f}" for v in o[:, i]] for i, c in enumerate("XYZ")} if shift else {}
    cols |= {"rlnAngleRot": [12.5] * n, "rlnAngleTilt": [80.25] * n, "rlnAnglePsi": [-33.1] * n, "rlnOpticsGroup": [1] * n, "rlnImageName": [f"../warp/warp_tiltseries/particleseries/{t[0]}/{t[0]}_5.00A_{i:06d}.mrcs" for i, t in enumerate(found)]}
    optics = {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnSphericalAberration": ["2.700"], "rlnVoltage": ["300.000"], "rlnTomoTiltSeriesPixelSize": ["5.00000"], "rlnCtfDataAreCtfPremultiplied": [1], "rlnImageDimensionality": [2], "rlnTomoSubtomogramBinning": ["1.00000"], "rlnImagePixelSize": ["5.00000"], "rlnImageSize": [64], "rlnAmplitudeContrast": ["0.070"]}
    lab.text(f"{G7}/relion5/{path}", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", optics), ("particles", cols)]))


relion("70S.star", 0)
relion("Refine3D/job004/run_data.star", 1)
lab.text(f"{G7}/relion5/70S_tomograms.star", star([("global", {"rlnTomoName": [f"{t[0]}.tomostar" for t in WARP[:2]], "rlnTomoTiltSeriesName": ["dummy_tiltseries.mrc"] * 2, "rlnTomoFrameCount": [7] * 2, **{f"rlnTomoSize{c}": [int(v / 5)] * 2 for c, v in zip("XYZ", angstrom(TEN_SHAPE, TEN))}, "rlnTomoHand": ["-1.0"] * 2, "rlnOpticsGroupName": ["opticsGroup1"] * 2, "rlnTomoTiltSeriesPixelSize": ["5.00000"] * 2})]))
lab.text(f"{G7}/relion5/70S_optimisation_set.star", star([("", {"rlnTomoParticlesFile": "70S.star", "rlnTomoTomogramsFile": "70S_tomograms.star"})]))
lab.junk("an average", f"{G7}/relion5/Refine3D/job004/run_class001.mrc", seed("average").normal(0, 1, (16, 16, 16)).astype(np.float32), 5.0)
for name, at in seventy.items():
    lab.points(name, f"{G7}/relion5/Refine3D/job004/run_data.star", "70S ribosome", at, TEN, also=[f"{G7}/relion5/70S.star"])

# ---- copick, on the first round's names and voxels ----
objects = [{"name": "ribosome", "is_particle": True, "label": 1, "color": [0, 117, 220, 255], "radius": 120, "identifier": "GO:0022626"}, {"name": "membrane", "is_particle": False, "label": 2, "color": [153, 63, 0, 255], "identifier": "GO:0016020"}]
js("copick/config.json", {"config_type": "filesystem", "name": "caulobacter g3", "description": "g3, first round", "version": "1.12.0", "pickable_objects": objects, "overlay_root": f"local://{HOME}/copick/overlay/", "overlay_fs_args": {"auto_mkdir": True}, "static_root": f"local://{HOME}/copick/static/", "static_fs_args": {"auto_mkdir": False}})
false = places(lab.name, "false ribosomes", n=4, size=angstrom(SHAPE, VOXEL))
late = places(lab.name, "found later", n=2, size=angstrom(SHAPE, VOXEL))
picks = {"Position_1": np.concatenate([ribo["Position_1"][:11], false]), "Position_2": ribo["Position_2"], "Position_3": ribo["g3_lam2_p1"]}
nd = lambda xyz: "".join(json.dumps({"type": "point", "location": dict(zip("xyz", (round(float(c), 4) for c in p / VOXEL)))}) + "\n" for p in xyz)
for name, xyz in picks.items():
    run = "g3 " + {"Position_3": "g3_lam2_p1"}.get(name, name)
    c = f"copick/overlay/ExperimentRuns/{name}"
    f = f"{c}/Picks/mio_1_ribosome.json"
    js(f, {"pickable_object_name": "ribosome", "user_id": "mio", "session_id": "1", "run_name": name, "voxel_spacing": NOMINAL_VOXEL, "unit": "angstrom",
           "points": [{"location": dict(zip("xyz", (float(v) for v in p / VOXEL * NOMINAL_VOXEL))), "transformation_": np.eye(4).tolist(), "instance_id": 0, "score": 1.0} for p in xyz], "trust_orientation": True})
    lab.zarr(f"copick/static/ExperimentRuns/{name}/VoxelSpacing6.520/wbp.zarr", whole[run[3:]], NOMINAL_VOXEL)
    # Position_1's were looked at once more, in the tree's ndjson; Position_2's ndjson is what the tree had
    lab.points(run, f, "ribosome", xyz, VOXEL, may=name == "Position_1", also=["picks/Position_2-ribosome-1.0_point.ndjson"] if name == "Position_2" else [])
shell = spec["Position_2"].membrane(SHAPE).astype(np.uint8)
e = lab.zarr("copick/overlay/ExperimentRuns/Position_2/Segmentations/6.520_membrain-seg_1_membrane.zarr", shell, NOMINAL_VOXEL)
# in round 1 somebody wrote that it is preliminary
lab.run("g3 Position_2")["masks"].append({**e, "spacing": VOXEL, "labels": {"1": fingerprint(shell)}, "union": fingerprint(shell), "may": True})
clean = np.concatenate([ribo["Position_1"][:11], late])
lab.text("picks/Position_1-ribosome-1.1_point.ndjson", nd(clean))
lab.points("g3 Position_1", "picks/Position_1-ribosome-1.1_point.ndjson", "ribosome", clean, VOXEL)
lab.text("picks/Position_2-ribosome-1.0_point.ndjson", nd(ribo["Position_2"]))
lab.text("picks/README.txt", "ndjson as in the portal's tree, voxels of the bin 4 tomograms (z y x = 12 24 24).\nPosition_1: went through all of Mio's again, 4 out, 2 new -> version 1.1, publish this one.\nPosition_2: as it was in publish/standardized, nothing changed.\n")

# ---- OME-Zarr of tomograms, for the browser ----
for run in ("Position_1", "Position_4"):
    lab.zarr(f"zarr/{run}.zarr", whole[run], NOMINAL_VOXEL)
lab.zarr("zarr/g7_ts_001.zarr", whole["g7_ts_001"], TEN)

# ---- a colleague's folder ----
J, J_PIXEL, J_VOXEL, J_SHAPE = "jonas_2021", 2.2, 8.8, (14, 24, 24)
J_ANGLES = [float(a) for a in range(-50, 51, 20)]
for name, k in (("Position_1", 6), ("Position_2", 0)):
    r = "jonas " + name
    lab.run(r, name, f"jonas_2021_{name}", f"jonas_{name}")
    at = places(lab.name, r, n=max(k, 1), size=angstrom(J_SHAPE, J_VOXEL))[:k]
    s = Specimen(r, angstrom(J_SHAPE, J_VOXEL), [at] if k else [], radius=30)
    base = f"{J}/{name}/{name}"
    lab.tilts(r, f"{base}.st", s.stack(J_ANGLES, (96, 96)), J_PIXEL, J_ANGLES)
    lab.text(f"{base}.rawtlt", lines(J_ANGLES))
    lab.text(f"{base}.tlt", lines([a - 0.4 for a in J_ANGLES]))
    lab.text(f"{base}.xf", xf(len(J_ANGLES), r))
    lab.text(f"{base}.st.mdoc", mdoc(J_ANGLES, J_PIXEL, image=f"{name}.st", size=(96, 96)).replace("14-Feb-23", "08-Jul-21"))
    lab.tomogram(r, f"{base}_rec.mrc", s.volume(J_SHAPE, J_VOXEL), J_VOXEL)
    if k:
        f = f"{J}/{name}/chemoreceptors.mod"
        lab.text(f, imod_model([("chemoreceptors", [[p] for p in at], "scattered")], J_SHAPE[::-1], J_VOXEL))
        lab.points(r, f, "chemoreceptor", at, J_VOXEL)
lab.text(f"{J}/readme", "Hyphomonas, July 2021, Arctica. Jonas\nto be published with the rest\n")

# ---- the first round: what emporium wrote in April 2025, when there were three series and nobody knew of the calibration ----
AUTHORS = [{"name": "Mio Hoshino", "ORCID": "0000-0002-1825-0097", "primary_author_status": True, "corresponding_author_status": True}]
DATES = {"deposition_date": "2025-05-01", "release_date": "2025-05-01", "last_modified_date": "2025-05-01"}
whose = {"authors": AUTHORS, "dates": DATES}
end = {"deposition_id": 10302, "last_updated_at": 1745312044}
T = "publish/standardized/10302"
FIRST = "what the first round made, with the pixel before its calibration"


def converted(path, data, voxel, stack=False):
    """As `ingest run` writes volumes: the voxels of the source, with a label of its own."""
    lab.junk(FIRST, path, data, voxel, stack=stack)
    with mrcfile.open(lab.root / path, "r+") as m:
        m.header.nlabl = 1
        m.header.label[0] = "Converted by emporium.".ljust(60) + "2025-04-22 14:07:24"


for run, name, *_ in LIVE[:3]:
    js(f"{T}/{name}/run_metadata.json", {"run_name": name, **end})
    t = f"TiltSeries/100/{name}"
    converted(f"{T}/{name}/{t}.mrc", spec[run].stack(ANGLES, SIZE).astype(np.float32), NOMINAL, stack=True)
    js(f"{T}/{name}/TiltSeries/100/tiltseries_metadata.json", {"acceleration_voltage": 300000, "spherical_aberration_constant": 2.7, "microscope": {"manufacturer": "TFS", "model": "Krios"}, "camera": {"manufacturer": "Gatan", "model": "K3"}, "data_acquisition_software": "Tomography",
        "is_aligned": False, "tilt_range": {"min": -27.0, "max": 27.0}, "tilt_step": 9.0, "tilt_axis": 84.1, "tilting_scheme": "dose symmetric", "total_flux": 21.7, "tilt_series_quality": 4, "pixel_spacing": NOMINAL, "size": dict(zip("zyx", (7, *SIZE))),
        "mrc_file": f"10302/{name}/{t}.mrc", "run_name": name, "frames_count": 7, "per_section_parameter": [], **end})
    lab.copy(f"{G3}/aretomo3/{run}.aln", f"{T}/{name}/Alignments/100/{name}.aln", "what the first round copied")
    js(f"{T}/{name}/Alignments/100/alignment_metadata.json", {"format": "ARETOMO3", "alignment_type": "GLOBAL", "method_type": "projection_matching", "per_section_alignment_parameters": [], **end})
    rec = f"{name}/Reconstructions/VoxelSpacing6.520"
    for f in sorted((lab.root / G3 / "raw").glob(f"{name}_*.tiff")):
        lab.text(f"{T}/{name}/Frames/{f.name}", f.read_bytes())
    js(f"{T}/{name}/Frames/frames_metadata.json", {"dose_rate": 2.5833, "is_gain_corrected": False, "frames": [], **end})
    lab.text(f"{T}/{name}/Gains/20250211_gain.tif", (lab.root / G3 / "raw/20250211_gain.tif").read_bytes())
    converted(f"{T}/{rec}/Tomograms/100/{name}.mrc", whole[run], NOMINAL_VOXEL)
    lab.never(FIRST, lab.zarr(f"{T}/{rec}/Tomograms/100/{name}.zarr", whole[run], NOMINAL_VOXEL))
    js(f"{T}/{rec}/Tomograms/100/tomogram_metadata.json", {"voxel_spacing": NOMINAL_VOXEL, "fiducial_alignment_status": "NON_FIDUCIAL", "ctf_corrected": True, "reconstruction_method": "WBP", "reconstruction_software": "AreTomo3", "processing": "raw", "tomogram_version": 1.0,
        "is_visualization_default": True, **whose, "size": dict(zip("zyx", SHAPE)), "omezarr_dir": f"10302/{rec}/Tomograms/100/{name}.zarr", "mrc_file": f"10302/{rec}/Tomograms/100/{name}.mrc", "run_name": name, **end})
    a = f"{rec}/Annotations/100/ribosome-1.0"
    lab.text(f"{T}/{a}_point.ndjson", nd(picks[name]))
    lab.never(FIRST, f"{T}/{a}_point.ndjson")
    js(f"{T}/{a}.json", {"annotation_ingest_id": "ribosome-1", "annotation_object": {"name": "ribosome", "id": "GO:0005840"}, "annotation_method": "picked by hand", "method_type": "manual", "annotation_software": "copick", "ground_truth_status": False, "is_curator_recommended": False, "version": 1.0,
        **whose, "object_count": len(picks[name]), "files": [{"format": "ndjson", "path": f"10302/{a}_point.ndjson", "shape": "Point", "is_visualization_default": True}], **end})
    js(f"{T}/{rec}/NeuroglancerPrecompute/100-neuroglancer_config.json", {"title": name, "layers": []})
    for size in ("original", "snapshot", "thumbnail"):
        lab.picture(f"{T}/{rec}/Images/100/key-photo-{size}.png")
js(f"{T}/dataset_metadata.json", {"dataset_identifier": 10302, "dataset_title": "Caulobacter crescentus cell poles", "dataset_description": "Poles of Caulobacter crescentus.", "sample_type": "organism", "organism": {"name": "Caulobacter crescentus", "taxonomy_id": 155892}, **whose, **end})
js("publish/standardized/depositions_metadata/10302/deposition_metadata.json", {"deposition_identifier": 10302, "deposition_title": "Caulobacter crescentus cell poles", **whose, **end})
lab.text("publish/round1.yaml", """# Written for /data/hoshino/portal: give that as INPUT to ingest plan and ingest run.
# 72 files, 3 runs: Position_1, Position_2, Position_3

version: 1.3.0
standardization_config: {deposition_id: &deposition 10302, source_prefix: ""}
depositions:
  - metadata:
      deposition_identifier: *deposition
      deposition_title: &title Caulobacter crescentus cell poles
      deposition_description: &description Poles of Caulobacter crescentus.
      deposition_types: [annotation, dataset, tomogram]
      authors: &authors
        - {name: Mio Hoshino, ORCID: 0000-0002-1825-0097, primary_author_status: true, corresponding_author_status: true}
      dates: &dates {deposition_date: &day "2025-05-01", release_date: *day, last_modified_date: *day}
    sources:
      - literal: {value: [10302]}
datasets:
  - metadata:
      dataset_identifier: 10302
      dataset_title: *title
      dataset_description: *description
      sample_type: organism
      organism: {name: Caulobacter crescentus, taxonomy_id: 155892}
      authors: *authors
      dates: *dates
    sources:
      - literal: {value: ["10302"]}
runs:
  - sources:
      - source_glob: {list_glob: krios/2025-02-11_g3/raw/*.mdoc, name_regex: (.*)\\.mdoc$}
voxel_spacings:
  - sources:
      - literal: {value: [6.52]}
gains:
  - sources:
      - source_glob: {list_glob: krios/2025-02-11_g3/raw/20250211_gain.tif}
frames:
  - metadata: {dose_rate: 2.5833, is_gain_corrected: false}
    sources:
      - source_glob: {list_glob: "krios/2025-02-11_g3/raw/{run_name}_*.tiff"}
tiltseries:
  - metadata: {acceleration_voltage: 300000, tilt_range: {min: -27.0, max: 27.0}, tilt_step: 9.0, tilt_axis: 84.1, total_flux: 21.7, pixel_spacing: 1.63, is_aligned: false}
    sources:
      - source_glob: {list_glob: "krios/2025-02-11_g3/aretomo3/{run_name}.mrc"}
alignments:
  - metadata: {format: ARETOMO3, alignment_type: GLOBAL, method_type: projection_matching}
    sources:
      - source_glob: {list_glob: "krios/2025-02-11_g3/aretomo3/{run_name}.aln"}
tomograms:
  - metadata: {voxel_spacing: 6.52, ctf_corrected: true, reconstruction_method: WBP, reconstruction_software: AreTomo3, processing: raw, authors: *authors, dates: *dates}
    sources:
      - source_glob: {list_glob: "krios/2025-02-11_g3/aretomo3/{run_name}_Vol.mrc"}
annotations:
  - metadata: {annotation_object: {name: ribosome, id: GO:0005840}, annotation_method: picked by hand, method_type: manual, authors: *authors, dates: *dates}
    sources:
      - Point:
          file_format: copick
          glob_string: copick/overlay/ExperimentRuns/{run_name}/Picks/mio_1_ribosome.json
          binning: 6.52
""")
lab.text("publish/round1.decisions.yaml", """# What ingest new takes each file for, and why. Edit this file, answer its questions behind answer:, and give it to ingest new with --decisions.
# What it says is obeyed; files that it does not name are decided anew. The first row that names a file counts.

runs: [Position_1, Position_2, Position_3]
questions:
  []
files:
  # MH 22 April: preliminary, not in this deposition
  - {files: "copick/overlay/ExperimentRuns/{run_name}/Segmentations/6.520_membrain-seg_1_membrane.zarr", is: left out, because: preliminary}
  - {files: copick/config.json, is: left out, because: the configuration of copick}
  - files: copick/overlay/ExperimentRuns/{run_name}/Picks/mio_1_ribosome.json
    is: points
    because: copick's picks of ribosome (3 files, such as copick/overlay/ExperimentRuns/Position_1/Picks/mio_1_ribosome.json)
    details:
      object: ribosome
      points: {shape: Point, format: copick, unit: Å, binning: 6.52, inSpacingAngstrom: 6.52}
  - files: copick/static/ExperimentRuns/{run_name}/VoxelSpacing6.520/wbp.zarr
    is: left out
    because: the voxels of krios/2025-02-11_g3/aretomo3/Position_1_Vol.mrc once more (3 files, such as copick/static/ExperimentRuns/Position_1/VoxelSpacing6.520/wbp.zarr)
  - files: krios/2025-02-11_g3/aretomo3/{run_name}.aln
    is: alignment
    because: AreTomo2 wrote it (3 files, such as krios/2025-02-11_g3/aretomo3/Position_1.aln)
    details: {format: ARETOMO3, methodType: projection_matching, alignmentType: GLOBAL}
  - {files: "krios/2025-02-11_g3/aretomo3/{run_name}.mrc", is: tilt series, because: "Position_1.mdoc describes its images (3 files, such as krios/2025-02-11_g3/aretomo3/Position_1.mrc)"}
  - files: krios/2025-02-11_g3/aretomo3/{run_name}_CTF.txt
    is: ctf
    because: the CTF estimate of the stack of Position_1.aln (3 files, such as krios/2025-02-11_g3/aretomo3/Position_1_CTF.txt)
    details: {format: CTFFIND}
  - files: krios/2025-02-11_g3/aretomo3/{run_name}_EVN_Vol.mrc
    is: half map
    because: made of half of the frames, as Position_1.aln and its name say (3 files, such as krios/2025-02-11_g3/aretomo3/Position_1_EVN_Vol.mrc)
  - files: krios/2025-02-11_g3/aretomo3/{run_name}_Vol.mrc
    is: tomogram
    because: the volume of Position_1.aln (3 files, such as krios/2025-02-11_g3/aretomo3/Position_1_Vol.mrc)
    details: {processing: raw, reconstructionSoftware: AreTomo3, reconstructionMethod: WBP, ctfCorrected: true, fiducial: false}
  - {files: "krios/2025-02-11_g3/raw/{run_name}.mdoc", is: acquisition, because: "it describes the tilts of Position_1 (3 files, such as krios/2025-02-11_g3/raw/Position_1.mdoc)"}
""")
lab.text("publish/run_2025-04-22.log", "73 done, 0 already there, 0 failed, 0 blocked; 1005 KiB read in 1.9s\n")
lab.text("runs.csv", "run,was,session,comment\n" + "".join(f"{run},{name if run != name else ''},2025-02-11_g3,{c}\n" for (run, name, *_), c in zip(LIVE, ("", "reconstructed again", "renamed in May: is on lamella 2", "", "not finished"))) + "".join(f"{n},,2025-09-24_g7,{'' if good else 'to do'}\n" for n, _, good in WARP) + "".join(f"{n},,drives/cc_d1,{'on the portal: ' + there if there else 'new'}\n" for n, there, *_ in DRIVE))
lab.text("README.txt", """Portal deposition, Hoshino lab

drives/     2019, Polara. inventoried with emporium curate (curate/), two runs are on the portal since 2023 (10311)
krios/      g3 (Feb 2025, live AreTomo3), g7 (Sep 2025, WarpTools). g3: read PIXEL_SIZE.txt !
jonas_2021/ Jonas
publish/    round 1 (April 2025): emporium ingest new, then run, Position_1 to Position_3 of g3. Never sent. To be done again with everything.
copick/     Mio's picks, made on round 1
picks/      cleaned
zarr/       for the browser. kh2019-06-12-2: the .rec is gone, this is the tomogram
""")
lab.done()
