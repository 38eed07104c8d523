"""Five public series reprocessed through one tutorial after another, by somebody who has two own series of which one has the name of a public one.

Imitates
  https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/   (frames as they come from EMPIAR; NAME_10.00Apx.mrc, matching, relion/matching.star)
  https://github.com/MPI-Dortmund/tomotwin-cryoet (docs/tutorials/tut01_reference.rst, text_modules/scale.rst, pick_main.py: coords/PROTEIN.coords, x y z without a header)
  https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html                     (the same five series, tomograms of 10 A)
  https://github.com/turonova/novaSTA (parameter_file_example.txt, src/motlEntry.h, src/extractSubtomos.cpp: tomograms are called by their number, in tomoDigits digits)
  https://github.com/turonova/cryoCAT (cryocat/core/cryomotl.py: the twenty columns; places are x + shift_x)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Volume_list_file, …/DBox_folder, …/Prebinned_tomograms   (.vll; settings.card, tags.em, batch_N; NAME_CatBinned1.mrc)
  https://github.com/kmshin1397/ETSimulations (docs/ArtiatomiProcessor.rst, templates/artiatomi/EmSART_HR.cfg, setup_artia_reconstructions.m; docs/I3Processor.rst and src/processors/i3_processor.py:
    defs/maps, defs/sets, trf: name, whole voxels, rests, matrix)
  https://github.com/uermel/Artiatomi, http://www.electrontomography.org/?page_id=317 (Protomo), https://github.com/SBC-Utrecht/PyTom (tests/testData/pickpos_format.xml), https://github.com/StochasticAnalytics/emClarity,
  https://github.com/wan-lab-vanderbilt/STOPGAP, https://github.com/copick/copick
  https://github.com/Chromatin-Structure-Rhythms-Lab/ChlamyAnnotations (wget of entry 11830: data/chlamy_visual_proteomics/RUN/RUN.st, .rawtlt, _dose-filt.st, _EVN.st, _ODD.st)
From memory: EMPIAR's descriptions of an entry, the names in an EMDB folder, that EM volumes say nothing of voxels, the folders of the challenge, what novaCTF's output is called before it is turned.

A person sees, in README.md: downloads/ is not theirs. Of it the frames of 10164 go along with the reconstructions, the stack of the one series of 11830 may; the entry's own reconstruction and its other series, the averages
of the EMDB, and the challenge (picks and tomogram may, the note says that it was practice) are published already. tutorials/ are their reconstructions of 10164 and are to be published; own_2024/ is their own grid.
Every program has picked for itself: each list is a set of particles of its own, in its own units.
The mess: TS_01 and TS_03 are series of the entry and of the own grid; .rec and .mrc of one tomogram; flipyz beside rotx; an unflipped volume; numbers of tomograms that are those of the names (STOPGAP, cryoCAT),
of links (novaSTA) or of a list in another order (Dynamo); EM and MRC of one volume; a first try at the super-resolution pixel; Dynamo's prebinned copy; scratch.
"""
import gzip
import json
import os
import pickle
import struct

import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, imod_model, lines, mdoc, places, seed, star, xf

PAGES = ["https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/", "https://github.com/MPI-Dortmund/tomotwin-cryoet", "https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html",
         "https://github.com/turonova/novaSTA", "https://github.com/turonova/cryoCAT", "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Volume_list_file", "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/DBox_folder",
         "https://github.com/kmshin1397/ETSimulations", "https://github.com/uermel/Artiatomi", "http://www.electrontomography.org/?page_id=317", "https://github.com/SBC-Utrecht/PyTom", "https://github.com/StochasticAnalytics/emClarity",
         "https://github.com/wan-lab-vanderbilt/STOPGAP", "https://github.com/copick/copick", "https://github.com/Chromatin-Structure-Rhythms-Lab/ChlamyAnnotations"]
lab = Lab(__doc__, PAGES)
PIXEL, V4, V8, TEN = 1.35, 5.4, 10.8, 10.0
S4, S8, S10, SIZE = (20, 40, 40), (10, 20, 20), (11, 22, 22), np.array([160, 160, 80])
TAKEN = dose_symmetric(20, 6)
#         series  hour  bin 4  its own places: program -> how many
TABLE = {"TS_01": (9, True, {"stopgap": 6, "dynamo": 7, "novasta": 5, "warp": 8, "relion": 4}),
         "TS_03": (11, True, {"novasta": 9, "i3": 8, "warp": 11}),
         "TS_43": (14, True, {"stopgap": 7, "dynamo": 9, "artiatomi": 8, "relion": 5}),
         "TS_45": (16, False, {"pytom": 10, "emclarity": 11, "relion": 6}),
         "TS_54": (20, False, {"stopgap": 10, "cryocat": 12, "tomotwin": 8})}
OWN = {"TS_01": 2.14, "TS_03": 2.14}  # of the own grid
OWN_SHAPE, OWN_TAKEN = (10, 24, 24), [0.0, 18.0, -18.0, 36.0, -36.0, 54.0, -54.0]
D, T, O = "downloads", "tutorials", "own_2024"
box = SIZE * PIXEL
hiv = lambda n: f"hiv_{n}"


def apart(*words, n, size, among=(), d=23.0):
    """Places of which no two are nearer than d angstroms along each axis, nor to those of `among`."""
    kept, i = list(among), 0
    while len(kept) < n + len(among):
        p = places(*words, i, n=1, size=size, margin=0.13)[0]
        kept += [p] if all(np.abs(p - q).max() > d for q in kept) else []
        i += 1
    return np.array(kept[len(among):])


def em(path, data, why="of particles"):
    d = np.ascontiguousarray(data, "<f4")
    lab.text(path, struct.pack("<4B3i", 6, 0, 0, 5, *d.shape[::-1]) + bytes(512 - 16) + d.tobytes())
    if why:
        lab.never(why, path)


def motl(tomo, at, first=1, shift=True):
    """Rows of AV3: the voxel is 8 to 10, counted from 1, the rest 11 to 13, the tomogram 5."""
    rows = []
    for i, p in enumerate(at):
        whole = np.round(p) if shift else p
        rows.append([0.3 + 0.01 * i, 0, 0, first + i, tomo, 1, 0, *whole, *(p - whole), 0, 0, 0, 11.0 * i, 23.0, 71.0, 1])
    return rows


angles = {n: [round(a + 0.01 * (i + 1), 2) for a in TAKEN] for i, n in enumerate(TABLE)}
P = {n: {} for n in TABLE}  # one program's particles are not another's
for n, v in TABLE.items():
    for k, m in v[2].items():
        P[n][k] = apart(lab.name, n, k, n=m, size=box, among=[p for at in P[n].values() for p in at])
S = {n: Specimen(hiv(n), list(box), list(P[n].values()), radius=25) for n in TABLE}
of = lambda what, *s: seed(lab.name, what).normal(0, 1, s).astype(np.float32)
short = lambda a: f"{a:.1f}"

# ---- downloads: the entry with frames ----
E = f"{D}/EMPIAR/10164"
movies = {n: [f"{n}_{i:03d}_{short(a)}.mrc" for i, a in enumerate(TAKEN)] for n in TABLE}
for i, (n, (hour, *_)) in enumerate(TABLE.items()):
    lab.movies(hiv(n), [f"{E}/data/frames/{f}" for f in movies[n]], size=(32, 32), pixel=0.675)
    text = mdoc(angles[n], 0.675, movies[n], f"{n}.mrc", (320, 320), folder="D:\\DATA\\Flu\\", dose=2.9)
    lab.text(f"{E}/data/mdoc/{n}.mrc.mdoc", text.replace("14-Feb-23  09:", f"{8 + i:02d}-Jul-15  {hour:02d}:").replace("12.5 -40.1", f"{100 + 17 * i}.2 -{40 + i}.7"))
sets = [{"name": "Unaligned frames", "directory": "data/frames", "category": "micrographs - multiframe", "header_format": "MRC", "num_images_or_tilt_series": 5, "frames_per_image": 3, "pixel_width": 0.675, "pixel_height": 0.675}]
lab.text(f"{E}/10164.json", json.dumps({"EMPIAR-10164": {"title": "Cryo-electron tomography of immature HIV-1 dMACANC VLPs", "status": "REL", "release_date": "2018-03-21", "dataset_size": "740 GB", "experiment_type": "EMDB", "cross_references": [{"name": "EMD-3782"}], "imagesets": sets, "scale": "molecule"}}, indent=2))
xml = lambda k, title, folder: f'<?xml version="1.0" encoding="UTF-8"?>\n<entry accessionCode="EMPIAR-{k}">\n  <admin><entryStatus>REL</entryStatus><title>{title}</title></admin>\n  <imageSet><name>tilt series</name><directory>{folder}</directory><category>tilt series</category></imageSet>\n</entry>\n'
lab.text(f"{E}/10164.xml", xml(10164, "Cryo-electron tomography of immature HIV-1 dMACANC VLPs", "data/frames"))
lab.text(f"{E}/get.sh", "for i in 01 03 43 45 54; do\n  wget -c ftp://ftp.ebi.ac.uk/empiar/world_availability/10164/data/mdoc/TS_$i.mrc.mdoc\n  wget -c ftp://ftp.ebi.ac.uk/empiar/world_availability/10164/data/frames/TS_${i}_*.mrc\ndone\n")

# ---- downloads: the entry with stacks and reconstructions ----
C, PIX = f"{D}/EMPIAR/11830/data/chlamy_visual_proteomics", 1.96
CV, CS = PIX * 4, (10, 24, 24)
CH = {"07032023_Arctis_grid2_Position_7": True, "07032023_Arctis_grid2_Position_11": False}
lab.text(f"{D}/EMPIAR/11830/11830.xml", xml(11830, "Chlamydomonas, visual proteomics", "data/chlamy_visual_proteomics"))
lab.text(f"{D}/EMPIAR/11830/11830.json", json.dumps({"EMPIAR-11830": {"title": "Chlamydomonas, visual proteomics", "status": "REL", "release_date": "2024-01-24", "imagesets": [{"name": "chlamy", "directory": "data/chlamy_visual_proteomics", "category": "tilt series", "pixel_width": PIX, "pixel_height": PIX}]}}, indent=2))
A = f"{T}/chlamy_aretomo"
for k, (n, mine) in enumerate(CH.items()):
    c = [round(a + 0.3 + k, 1) for a in sorted(TAKEN)]
    s = Specimen(n, [24 * CV, 24 * CV, 10 * CV])
    stack, d = s.stack(c, (96, 96)), f"{C}/{n}/{n}"
    if mine:
        lab.tilts("chlamy_Position_7", d + ".st", stack, PIX, c)
        lab.run("chlamy_Position_7")["tiltseries"][-1]["may"] = True
    else:
        lab.junk("of a public entry, only looked at", d + ".st", stack, PIX, stack=True)
    lab.junk("weighted by dose by the entry's authors", d + "_dose-filt.st", (stack * 0.9).astype(np.int16), PIX, stack=True)
    for h in ("EVN", "ODD") if mine else ():
        lab.junk("half of the frames, of a public entry", f"{d}_{h}.st", s.stack(c, (96, 96), h), PIX, stack=True)
    lab.text(d + ".rawtlt", lines(c))
    lab.text(d + ".mdoc", mdoc(c, PIX, [f"{n}_{i:03d}.eer" for i in range(7)], f"{n}.st", (96, 96), order=[TAKEN.index(a) for a in sorted(TAKEN)], camera="TOMO4").replace("14-Feb-23  09:", f"07-Mar-23  {10 + 3 * k}:").replace("12.5 -40.1", f"-{200 + k}.1 77.{k}"))
    lab.junk("the entry's own reconstruction: published by its authors", d + "_bin4.rec", s.volume(CS, CV, 1.0, "theirs"), CV)
    if mine:
        rec = s.volume(CS, CV, 1.1, "mine")
        os.makedirs(lab.root / A, exist_ok=True)
        os.symlink(f"../../{d}.st", lab.root / A / f"{n}.st")
        lab.tomogram("chlamy_Position_7", f"{A}/{n}_Vol.mrc", rec, CV)
        lab.junk("without -FlipVol: its sections run along y", f"{A}/noflip/{n}_Vol.mrc", np.ascontiguousarray(s.volume(CS, CV, 1.1, "noflip").transpose(1, 0, 2)), CV)
        lab.text(f"{A}/{n}.aln", aln((96, 96), c, n))
        lab.text(f"{A}/{n}_TLT.txt", lines(c))
        lab.text(f"{A}/run.sh", f"AreTomo2 -InMrc {n}.st -OutMrc {n}_Vol.mrc -AngFile {n}_TLT.txt -VolZ 40 -OutBin 4 -PixSize {PIX} -FlipVol 1 -TiltAxis -85.3\n# noflip/: same with -FlipVol 0 (wrong orientation, only to see what it does)\n")
        lab.mask("chlamy_Position_7", f"{T}/membrain/{n}_Vol_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", s.membrane(CS), CV)

# ---- downloads: EMDB, the challenge ----
emdb = lambda k, title: f'<?xml version="1.0" encoding="UTF-8"?>\n<emd emdb_id="EMD-{k}" version="3.0.6.6">\n  <admin><title>{title}</title></admin>\n  <structure_determination_list><structure_determination structure_determination_id="1"><method>subtomogramAveraging</method></structure_determination></structure_determination_list>\n  <map format="CCP4"><file>emd_{k}.map.gz</file><pixel_spacing><x units="Å">1.35</x></pixel_spacing></map>\n</emd>\n'
for k, v, title in ((3782, PIXEL, "Immature HIV-1 CA-SP1"), (15854, 1.0, "a reference"), (13150, 2.7, "a ribosome")):
    b = f"{D}/EMDB/EMD-{k}"
    lab.text(f"{b}/header/emd-{k}.xml", emdb(k, title))
    if k == 13150:
        lab.junk("an average of the EMDB", f"{b}/map/emd_{k}.map", of(k, 20, 20, 20), v)
        continue
    path = f"{b}/map/emd_{k}.map"
    lab.mrc(path, of(k, 20, 20, 20), v)
    lab.text(path + ".gz", gzip.compress((lab.root / path).read_bytes(), mtime=0))
    (lab.root / path).unlink()
    lab.never("an average of the EMDB", path + ".gz")
K, KS = f"{D}/czii-cryo-et-object-identification/train", (12, 24, 24)
kaggle = Specimen("TS_5_4", [240.0, 240.0, 120.0])
for tomo in ("denoised", "wbp"):
    e = lab.zarr(f"{K}/static/ExperimentRuns/TS_5_4/VoxelSpacing10.000/{tomo}.zarr", kaggle.volume(KS, TEN, 0.3 if tomo == "denoised" else 1.0, tomo), TEN)
    lab.run("TS_5_4")["tomograms"].append({**e, "processing": ["denoised" if tomo == "denoised" else "raw"], "may": True})
pick = lambda p: {"location": dict(zip("xyz", (float(c) for c in p))), "transformation_": np.eye(4).tolist(), "instance_id": 0}
for k, (o, user, m) in enumerate((("apo-ferritin", "curation", 7), ("ribosome", "curation", 5), ("virus-like-particle", "curation", 3), ("ribosome", "me", 6))):
    at = apart(lab.name, o, user, n=m, size=[240, 240, 120])
    path = f"{K}/overlay/ExperimentRuns/TS_5_4/Picks/{o}.json" if user == "curation" else f"{D}/czii-cryo-et-object-identification/my_overlay/ExperimentRuns/TS_5_4/Picks/me_1_{o}.json"
    lab.text(path, json.dumps({"pickable_object_name": o, "user_id": user, "session_id": "0" if user == "curation" else "1", "run_name": "TS_5_4", "voxel_spacing": None, "unit": "angstrom", "points": [pick(p) for p in at]}, indent=1))
    lab.points("TS_5_4", path, o, at, TEN, may=True)
lab.text(f"{D}/czii-cryo-et-object-identification/copick.config", json.dumps({"config_type": "filesystem", "name": "czii_cryoet_mlchallenge_2024", "version": "0.5.4", "pickable_objects": [{"name": o, "is_particle": True, "label": i + 1, "color": [0, 117, 220, 128], "radius": 60} for i, o in enumerate(("apo-ferritin", "ribosome", "virus-like-particle"))], "overlay_root": "my_overlay", "static_root": "train/static"}, indent=1))
lab.text(f"{D}/czii-cryo-et-object-identification/sample_submission.csv", "id,experiment,particle_type,x,y,z\n0,TS_5_4,beta-amylase,0.0,0.0,0.0\n")

# ---- stacks and their alignment, for everything below ----
order = sorted(range(7), key=lambda i: TAKEN[i])
for n in TABLE:
    a = [angles[n][i] for i in order]
    b = f"{T}/imod/{n}/{n}"
    lab.tilts(hiv(n), b + ".st", S[n].stack(a, (160, 160)), PIXEL, a)
    lab.text(b + ".rawtlt", lines(a))
    lab.text(b + ".tlt", lines([x - 0.4 - 0.01 * len(n) for x in a]))
    lab.text(b + ".xf", xf(7, n))
    lab.text(b + ".edf", f"#Etomo\nSetup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize=0.135\nSetup.OrigRawStackExt=st\n")
    lab.text(f"{T}/imod/{n}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nTILTFILE {n}.tlt\nTHICKNESS {SIZE[2]}\nFULLIMAGE {SIZE[0]} {SIZE[1]}\n")

# ---- novaCTF: bin 8 of all, bin 4 of three ----
N = f"{T}/novactf"
rec8 = {n: S[n].volume(S8, V8, 1.0, "nova8") for n in TABLE}
rec4 = {n: S[n].volume(S4, V4, 1.0, "nova4") for n in TABLE if TABLE[n][1]}
for n in TABLE:
    lab.tomogram(hiv(n), f"{N}/{n}/{n}_bin8.rec", rec8[n], V8)
    if n in rec4:
        lab.tomogram(hiv(n), f"{N}/{n}/{n}_bin4.rec", rec4[n], V4)
    lab.text(f"{N}/{n}/setup_reconstruction.com", f"Algorithm 3dctf\nInputProjections {n}_ali.st\nOutputFile {n}_flipped.rec\nTILTFILE ../../imod/{n}/{n}.tlt\nTHICKNESS {SIZE[2]}\nFULLIMAGE {SIZE[0]} {SIZE[1]}\nPixelSize 0.135\nNumberOfInputStacks 9\nUse3DCTF 1\n")
    lab.text(f"{N}/{n}/defocus_file.txt", "".join(f"{i + 1} {i + 1} {a:.2f} {a:.2f} {2800 + 10 * i}\n" for i, a in enumerate([angles[n][j] for j in order])))
lab.copy(f"{N}/TS_03/TS_03_bin8.rec", f"{N}/TS_03/TS_03_bin8.mrc")
lab.copy(f"{N}/TS_43/TS_43_bin4.rec", f"{N}/TS_43/TS_43_bin4.mrc")
lab.junk("mirrored: y and z exchanged", f"{N}/TS_01/TS_01_bin8_flipyz.rec", np.ascontiguousarray(rec8["TS_01"][:, ::-1]), V8)
lab.junk("as novaCTF writes it: sections run along y", f"{N}/TS_01/TS_01_flipped.rec", np.ascontiguousarray(rec4["TS_01"].transpose(1, 0, 2)), V4)
lab.text(f"{N}/NOTES.txt", "clip flipyz changes the hand!! TS_01_bin8_flipyz.rec is WRONG, *_bin8.rec and *_bin4.rec are made with clip rotx and are right.\n*_flipped.rec = what novaCTF writes, not turned yet.\n.mrc = same file, other programs don't like .rec\n")

# ---- WarpTools ----
W = f"{T}/warptools"
settings = lambda folder, ext: f'<?xml version="1.0" encoding="utf-16"?>\n<Settings>\n  <Import>\n    <Param Name="DataFolder" Value="{folder}" />\n    <Param Name="Extension" Value="{ext}" />\n    <Param Name="PixelSize" Value="0.675" />\n    <Param Name="BinTimes" Value="1" />\n    <Param Name="DosePerAngstromFrame" Value="-2.9" />\n  </Import>\n  <Tomo>\n    <Param Name="DimensionsX" Value="160" />\n    <Param Name="DimensionsY" Value="160" />\n    <Param Name="DimensionsZ" Value="80" />\n  </Tomo>\n</Settings>\n'
lab.text(f"{W}/warp_frameseries.settings", settings("frames", "*.mrc"))
lab.text(f"{W}/warp_tiltseries.settings", settings("tomostar", "*.tomostar"))
os.symlink(f"../../{E}/data/frames", lab.root / W / "frames")
exported = []
for n in TABLE:
    a = [angles[n][i] for i in order]
    lab.text(f"{W}/tomostar/{n}.tomostar", star([("", {"wrpMovieName": [f"../warp_frameseries/{movies[n][i]}" for i in order], "wrpAngleTilt": a, "wrpAxisAngle": [85.3] * 7, "wrpDose": [2.9 * i for i in order], "wrpAverageIntensity": [3.9] * 7, "wrpMaskedFraction": [0.0] * 7})]))
    lab.text(f"{W}/warp_tiltseries/{n}.xml", '<?xml version="1.0" encoding="utf-16"?>\n<TiltSeries DataDirectory="../tomostar" AreAnglesInverted="True" PlaneNormal="0,0,1" UnselectManual="null">\n  <Angles>' + "\n".join(f"{x:g}" for x in a) + "</Angles>\n</TiltSeries>\n")
    d = f"{W}/warp_tiltseries/tiltstack/{n}/{n}"
    lab.tilts(hiv(n), d + ".st", S[n].stack(a, (22, 22), "warp"), TEN, a)
    lab.run(hiv(n))["tiltseries"][-1]["may"] = True
    lab.text(d + ".rawtlt", lines(a))
    R = f"{W}/warp_tiltseries/reconstruction"
    lab.tomogram(hiv(n), f"{R}/{n}_10.00Apx.mrc", S[n].volume(S10, TEN, 1.0, "warp"), TEN)
    lab.picture(f"{R}/{n}_10.00Apx.png")
    for h in ("even", "odd") if n in ("TS_03", "TS_54") else ():
        lab.half(hiv(n), f"{R}/{h}/{n}_10.00Apx.mrc", S[n].volume(S10, TEN, 1.4, "w" + h), TEN)
    at = P[n].get("warp")
    if at is not None:
        norm, good = at / (np.array(S10[::-1]) * TEN), np.arange(len(at)) % 3 > 0
        m = f"{W}/warp_tiltseries/matching/{n}_10.00Apx_emd_3782"
        match = lambda x: star([("", {**{f"rlnCoordinate{c}": [float(f"{v:.6f}") for v in x[:, i]] for i, c in enumerate("XYZ")}, **{f"rlnAngle{k}": [10.0 + j for j in range(len(x))] for k in ("Rot", "Tilt", "Psi")}, "rlnMicrographName": [f"{n}.tomostar"] * len(x), "rlnAutopickFigureOfMerit": [9 - 0.2 * j for j in range(len(x))]})])
        lab.text(m + ".star", match(norm))
        lab.text(m + "_clean.star", match(norm[good]))
        lab.junk("scores of a matching", m + "_corr.mrc", of(n + "corr", *S10), TEN)
        lab.points(hiv(n), m + ".star", "capsid, candidates", at, TEN, may=True)
        lab.points(hiv(n), m + "_clean.star", "capsid", at[good], TEN, also=[f"{W}/relion/matching.star"])
        exported += [(f"{n}.tomostar", *(float(v) for v in p / 4.0)) for p in at[good]]
lab.text(f"{W}/relion/matching.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnTomoTiltSeriesPixelSize": [PIXEL], "rlnTomoSubtomogramBinning": [4 / PIXEL], "rlnImagePixelSize": [4.0], "rlnImageSize": [12]}),
         ("particles", {"rlnTomoName": [x[0] for x in exported], **{f"rlnCoordinate{c}": [x[1 + i] for x in exported] for i, c in enumerate("XYZ")}, "rlnOpticsGroup": [1] * len(exported)})]))
lab.junk("a template", f"{W}/warp_tiltseries/template/emd_3782_10.00.mrc", of("template", 10, 10, 10), TEN)

# ---- RELION 5, on the same five ----
R5 = f"{T}/relion5"
picked, refined = [], []
for n in TABLE:
    base = {"rlnMicrographMovieName": [f"frames/{f}" for f in movies[n]], "rlnTomoTiltMovieFrameCount": [3] * 7, "rlnTomoNominalStageTiltAngle": angles[n], "rlnTomoNominalTiltAxisAngle": [85.0] * 7, "rlnMicrographPreExposure": [2.9 * i for i in range(7)], "rlnTomoNominalDefocus": [-3.0] * 7}
    lab.text(f"{R5}/Import/job001/tilt_series/{n}.star", star([(n, base)]))
    r = seed(lab.name, "relion", n)
    lab.text(f"{R5}/AlignTiltSeries/job005/tilt_series/{n}.star", star([(n, {**base, "rlnTomoXTilt": [0.0] * 7, "rlnTomoYTilt": [x + 0.3 for x in angles[n]], "rlnTomoZRot": [85.1] * 7, "rlnTomoXShiftAngst": r.normal(0, 9, 7).round(2).tolist(), "rlnTomoYShiftAngst": r.normal(0, 9, 7).round(2).tolist()})]))
    b = f"{R5}/Tomograms/job007/tomograms/rec_{n}"
    lab.tomogram(hiv(n), b + ".mrc", S[n].volume(S10, TEN, 1.0, "relion"), TEN)
    if n in ("TS_01", "TS_43"):
        for h in (1, 2):
            lab.half(hiv(n), f"{b}_half{h}.mrc", S[n].volume(S10, TEN, 1.4, f"r{h}"), TEN)
        lab.tomogram(hiv(n), f"{R5}/Denoise/job009/tomograms/rec_{n}.mrc", S[n].volume(S10, TEN, 0.1, "rden"), TEN, ("denoised",))
    for i, p in enumerate(P[n].get("relion", [])):
        c, e = p - box / 2, seed("origin", n, i).uniform(-3, 3, 3)
        picked.append((n, *c))
        refined.append((n, f"{n}/{i + 1}", *(c + e), *e, 10.0 * i, 20.0, 30.0, 1))
    if "relion" in P[n]:
        lab.points(hiv(n), f"{R5}/Refine3D/job014/run_data.star", "capsid", P[n]["relion"], TEN, also=[f"{R5}/Picks/job011/particles.star", f"{R5}/Extract/job012/particles.star"])
g = {"rlnTomoName": list(TABLE), "rlnVoltage": [300.0] * 5, "rlnSphericalAberration": [2.7] * 5, "rlnAmplitudeContrast": [0.1] * 5, "rlnMicrographOriginalPixelSize": [0.675] * 5, "rlnTomoHand": [-1.0] * 5, "rlnOpticsGroupName": ["optics1"] * 5, "rlnTomoTiltSeriesPixelSize": [PIXEL] * 5}
for job, f in (("Import/job001", "tilt_series.star"), ("AlignTiltSeries/job005", "aligned_tilt_series.star")):
    lab.text(f"{R5}/{job}/{f}", star([("global", {**g, "rlnTomoTiltSeriesStarFile": [f"{job}/tilt_series/{n}.star" for n in TABLE]})]))
t = {**g, "rlnTomoTiltSeriesStarFile": [f"AlignTiltSeries/job005/tilt_series/{n}.star" for n in TABLE], "rlnTomoTomogramBinning": [round(TEN / PIXEL, 6)] * 5, **{f"rlnTomoSize{c}": [int(v)] * 5 for c, v in zip("XYZ", SIZE)}, "rlnTomoReconstructedTomogram": [f"Tomograms/job007/tomograms/rec_{n}.mrc" for n in TABLE]}
lab.text(f"{R5}/Tomograms/job007/tomograms.star", star([("global", t)]))
two = lambda d: {k: [v[0], v[2]] for k, v in d.items()}
lab.text(f"{R5}/Denoise/job009/tomograms.star", star([("global", {**two(t), "rlnTomoReconstructedTomogramDenoised": [f"Denoise/job009/tomograms/rec_{n}.mrc" for n in ("TS_01", "TS_43")]})]))
centred = [f"rlnCenteredCoordinate{c}Angst" for c in "XYZ"]
cols = ["rlnTomoName", "rlnTomoParticleName", *centred, *(f"rlnOrigin{c}Angst" for c in "XYZ"), "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOpticsGroup"]
optics = ("optics", {"rlnVoltage": [300.0], "rlnSphericalAberration": [2.7], "rlnAmplitudeContrast": [0.1], "rlnTomoTiltSeriesPixelSize": [PIXEL], "rlnOpticsGroup": [1], "rlnOpticsGroupName": ["optics1"], "rlnImageDimensionality": [2], "rlnTomoSubtomogramBinning": [4.0], "rlnImagePixelSize": [V4], "rlnImageSize": [16]})
lab.text(f"{R5}/Picks/job011/particles.star", star([("particles", dict(zip(["rlnTomoName", *centred], zip(*picked))))]))
lab.text(f"{R5}/Extract/job012/particles.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), optics, ("particles", dict(zip(cols, zip(*[(*x[:2], *(a - b for a, b in zip(x[2:5], x[5:8])), 0.0, 0.0, 0.0, *x[8:]) for x in refined]))))]))
lab.text(f"{R5}/Refine3D/job014/run_data.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), optics, ("particles", dict(zip(cols, zip(*refined))))]))
for f in ("run_class001", "run_half1_class001_unfil"):
    lab.junk("an average", f"{R5}/Refine3D/job014/{f}.mrc", of(f, 12, 12, 12), V4)
jobs = ["Import/job001/", "AlignTiltSeries/job005/", "Tomograms/job007/", "Denoise/job009/", "Picks/job011/", "Extract/job012/", "Refine3D/job014/"]
lab.text(f"{R5}/default_pipeline.star", "\n# version 50001\n" + star([("pipeline_general", {"rlnPipeLineJobCounter": 15}), ("pipeline_processes", {"rlnPipeLineProcessName": jobs, "rlnPipeLineProcessAlias": ["None"] * 7, "rlnPipeLineProcessTypeLabel": ["relion.importtomo", "relion.aligntiltseries", "relion.reconstructtomograms", "relion.denoisetomo", "relion.picktomo", "relion.pseudosubtomo", "relion.refine3d.tomo"], "rlnPipeLineProcessStatusLabel": ["Succeeded"] * 7})]))

# ---- STOPGAP: bin 8, numbers of the names ----
SG = f"{T}/stopgap"
mc = ["motl_idx", "tomo_num", "object", "subtomo_num", "halfset", "orig_x", "orig_y", "orig_z", "score", "x_shift", "y_shift", "z_shift", "phi", "psi", "the", "class"]
rows, number = [], lambda n: int(n[3:])
for n in TABLE:
    for p in P[n].get("stopgap", []):
        at, k = p / V8 + 1, len(rows) + 1
        whole = np.floor(at)
        rows.append((k, number(n), 1, k, "AB"[k % 2], *(float(v) for v in whole), 0.3, *(float(v) for v in at - whole), 12.0, 40.0, 80.0, 1))
    if "stopgap" in P[n]:
        lab.points(hiv(n), f"{SG}/lists/allmotl_hiv_5.star", "capsid", P[n]["stopgap"], V8, also=[f"{SG}/lists/allmotl_hiv_1.star"], tolerance=1.1 * V8)
lab.text(f"{SG}/lists/allmotl_hiv_5.star", star([("stopgap_motivelist", dict(zip(mc, zip(*rows))))]))
lab.text(f"{SG}/lists/allmotl_hiv_1.star", star([("stopgap_motivelist", dict(zip(mc, zip(*[(*x[:8], 0.0, 0.0, 0.0, 0.0, *x[12:]) for x in rows]))))]))
lab.text(f"{SG}/lists/tomolist.txt", "".join(f"{number(n)} /scratch/{N}/{n}/{n}_bin8.rec\n" for n in TABLE))
w = [(number(n), PIXEL, *(int(v) for v in SIZE), 0.0, a, 3.2, 2.9 * i) for n in TABLE for i, a in enumerate(angles[n])]
lab.text(f"{SG}/lists/wedgelist.star", star([("stopgap_wedgelist", dict(zip(["tomo_num", "pixelsize", "tomo_x", "tomo_y", "tomo_z", "z_shift", "tilt_angle", "defocus", "exposure"], zip(*w))))]))
lab.junk("an average", f"{SG}/ref/ref_5.mrc", of("sg", 12, 12, 12), V8)

# ---- Dynamo: bin 4, in the order of the .vll ----
DY = f"{T}/dynamo"
vll = ["TS_43", "TS_01"]
lab.text(f"{DY}/hiv.vll", "".join(f"/scratch/{N}/{n}/{n}_bin4.rec\n* apix = {V4}\n* ytilt = -60 60\n* index = {i + 1}\n" for i, n in enumerate(vll)))
lab.text(f"{DY}/hiv.ctlg", b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + bytes(60))
crop = table = ""
tag = 0
for i, n in enumerate(vll):
    lab.text(f"{DY}/hiv/tomograms/volume_{i + 1}/models/mdipoleSet_1.omd", b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + bytes(40))
    for p in P[n]["dynamo"]:
        tag += 1
        at = p / V4 + 1
        for final in (False, True):
            c = [0.0] * 35
            c[0], c[1], c[2], c[9], c[12], c[13], c[14], c[19], c[20], c[21], c[31] = tag, 1, 1, 0.3 if final else 0, 1, -60, 60, i + 1, 1, 1, 1
            c[3:6], c[6:9], c[23:26] = (at - np.round(at) if final else (0, 0, 0)), seed("dyn", tag).uniform(-180, 180, 3), np.round(at)
            row = " ".join(f"{v:.4g}" if k not in (3, 4, 5, 23, 24, 25) else f"{v:.3f}" for k, v in enumerate(c)) + "\n"
            crop, table = (crop, table + row) if final else (crop + row, table)
    lab.points(hiv(n), f"{DY}/align/results/ite_0004/averages/refined_table_ref_001_ite_0004.tbl", "capsid", P[n]["dynamo"], V4, also=[f"{DY}/hiv_b4.Data/crop.tbl"], tolerance=1.1 * V4)
lab.text(f"{DY}/hiv_b4.Data/crop.tbl", crop)
lab.text(f"{DY}/hiv_b4.Data/indices_column20.doc", "".join(f"{i + 1} /scratch/{N}/{n}/{n}_bin4.rec\n" for i, n in enumerate(vll)))
for i in (1, 2):
    em(f"{DY}/hiv_b4.Data/particle_{i:05d}.em", of(f"dy{i}", 8, 8, 8))
    em(f"{DY}/hiv_b4.dBoxes/batch_0/particle_{i:07d}.em", of(f"dy{i}", 8, 8, 8))
lab.text(f"{DY}/hiv_b4.dBoxes/settings.card", "padding = 7\nbatch = 1000\n")
em(f"{DY}/hiv_b4.dBoxes/tags.em", np.arange(1.0, tag + 1)[None, None], "tags of particles")
lab.text(f"{DY}/align/results/ite_0004/averages/refined_table_ref_001_ite_0004.tbl", table)
em(f"{DY}/align/results/ite_0004/averages/average_ref_001_ite_0004.em", of("dyave", 8, 8, 8))
lab.tomogram(hiv("TS_01"), f"{DY}/prebinned/TS_01_bin4_CatBinned1.mrc", rec4["TS_01"].reshape(10, 2, 20, 2, 20, 2).mean((1, 3, 5)).astype(np.float32), V8, ("raw", "filtered"), may=True)

# ---- novaSTA: bin 4, tomograms by number through links; cryoCAT: numbers of the names ----
NS = f"{T}/novasta"
os.makedirs(lab.root / NS / "tomos")
rows = []
for i, n in enumerate(rec4):
    os.symlink(f"../../novactf/{n}/{n}_bin4.rec", lab.root / NS / f"tomos/{i + 1:03d}.rec")
    if "novasta" in P[n]:
        rows += motl(i + 1, P[n]["novasta"] / V4 + 1, len(rows) + 1)
        lab.points(hiv(n), f"{NS}/motl/allmotl_6.em", "capsid", P[n]["novasta"], V4, also=[f"{NS}/motl/allmotl_1.em"], tolerance=1.1 * V4)
em(f"{NS}/motl/allmotl_6.em", np.array(rows)[None], None)
first = np.array(rows)
first[:, 10:13] = 0
em(f"{NS}/motl/allmotl_1.em", first[None], None)
em(f"{NS}/lists/wedge_list.em", np.array([[1, -60, 60], [2, -60, 60], [3, -60, 60]])[None], "a wedge list")
em(f"{NS}/ref/ref_6.em", of("nsref", 10, 10, 10))
em(f"{NS}/ref/mask.em", (of("nsmask", 10, 10, 10) > 0), "a mask of an average")
lab.text(f"{NS}/params.txt", "useGPU 0\nextractSubtomos 1\niter 5\nstartIndex 1\nmotl ./motl/allmotl\nref ./ref/ref\nmask ./ref/mask.em\nwedgeList ./lists/wedge_list.em\nsubtomograms ./subtomos/subtomo\nsubtomoSize 10\ntomograms ./tomos/\ntomoDigits 3\npixelSize 5.4\n")
CC = f"{T}/cryocat"
names = ["score", "geom1", "geom2", "subtomo_id", "tomo_id", "object_id", "subtomo_mean", "x", "y", "z", "shift_x", "shift_y", "shift_z", "geom3", "geom4", "geom5", "phi", "psi", "theta", "class"]
rows = motl(54, P["TS_54"]["cryocat"] / V8 + 1)
lab.text(f"{CC}/motl_tm_clean_bin8.csv", ",".join(names) + "\n" + "".join(",".join(f"{v:.4f}" for v in r) + "\n" for r in rows))
em(f"{CC}/motl_tm_clean_bin8.em", np.array(rows)[None], None)
lab.points(hiv("TS_54"), f"{CC}/motl_tm_clean_bin8.csv", "capsid", P["TS_54"]["cryocat"], V8, also=[f"{CC}/motl_tm_clean_bin8.em"], tolerance=1.1 * V8)
lab.text(f"{CC}/clean.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": ["from cryocat import cryomotl\n", "m = cryomotl.Motl.load('motl_tm_clean_bin8.em')  # tomo_id is the number in the name, volumes: ../novactf/*/*_bin8.rec"], "outputs": [], "metadata": {}, "execution_count": 1}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))

# ---- Artiatomi: SART at bin 8, in EM and, turned into MRC, with no voxel size ----
AR = f"{T}/artiatomi/TS_43"
sart = S["TS_43"].volume(S8, V8, 0.8, "sart")
lab.tomogram(hiv("TS_43"), f"{AR}/TS_43_SART_bin8.mrc", sart, V8, header=1.0)
em(f"{AR}/TS_43_SART_bin8.em", sart, None)
em(f"{AR}/markerfile.em", np.zeros((1, 7, 10)), "markers of an alignment")
em(f"{AR}/motl_TS_43.em", np.array(motl(43, P["TS_43"]["artiatomi"] / V8 + 1))[None], None)
lab.points(hiv("TS_43"), f"{AR}/motl_TS_43.em", "capsid", P["TS_43"]["artiatomi"], V8, tolerance=1.1 * V8)
lab.text(f"{AR}/EmSART.cfg", f"CudaDeviceID = 0\nLambda = 0.3\nIterations = 3\nProjectionFile = /scratch/{T}/imod/TS_43/TS_43.st\nOutVolumeFile = /scratch/{AR}/TS_43_SART_bin8.em\nMarkerFile = /scratch/{AR}/markerfile.em\nRecDimesions = 20 20 10\nVolumeShift = 0 0 0\nVoxelSize = 8\nCtfMode = false\nWBP = false\n")
lab.text(f"{AR}/NOTES.txt", "picked in TS_43_SART_bin8 (bin 8 of 1.35 A = 10.8 A). the .mrc is the .em through em2mrc (which forgets the voxel size).\n")

# ---- emClarity, PyTom, i3, Protomo ----
EC = f"{T}/emclarity"
lab.copy(f"{T}/imod/TS_45/TS_45.st", f"{EC}/fixedStacks/TS_45.fixed")
for x in ("rawtlt", "tlt", "xf"):
    lab.text(f"{EC}/fixedStacks/TS_45.{x}", (lab.root / f"{T}/imod/TS_45/TS_45.{x}").read_bytes())
lab.tomogram(hiv("TS_45"), f"{EC}/cache/TS_45_1_bin8.rec", S["TS_45"].volume(S8, V8, 0.9, "emc"), V8)
c, pos = f"{EC}/convmap_wedgeType_2_bin8/TS_45_1_bin8", P["TS_45"]["emclarity"] / V8 + 1
lab.text(c + ".csv", "".join(f"{9 - 0.2 * j:.2f} 8 0 {j + 1} 1 1 1 1 1 0 " + " ".join(f"{v:f}" for v in p * 8) + " 30 60 -15 " + " ".join(f"{v:f}" for v in np.eye(3).ravel()) + " 1 \n" for j, p in enumerate(pos)))
lab.text(c + ".pos", "".join("%f %f %f\n" % tuple(p) for p in pos))
lab.text(c + ".path", "TS_45_1_bin8,./cache/,.rec,fixedStacks/ctf/TS_45_ali1_ctf.tlt")
lab.junk("scores of a template search", c + "_convmap.mrc", of("conv", *S8), V8)
lab.points(hiv("TS_45"), c + ".csv", "capsid", P["TS_45"]["emclarity"], V8, also=[c + ".pos"], tolerance=1.1 * V8)
lab.text(f"{EC}/recon/TS_45_recon.coords", "TS_45\n1\n160\n1\n160\n80\n0\n0\n")
lab.text(f"{EC}/param0.m", "subTomoMeta=hiv\nPIXEL_SIZE=1.35e-10\nfixedStackPath=fixedStacks\nTmp_samplingRate=8\n")
lab.text(f"{EC}/hiv.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + bytes(48))
PT = f"{T}/pytom"
lab.text(f"{PT}/TS_45/particleList.xml", "<!-- PyTom Version: 1.0 -->\n<ParticleList>\n" + "".join(f'  <Particle Filename="Subtomograms/TS_45/particle_{j}.em">\n    <Rotation Z1="{10.0 * j}" Z2="20.0" X="30.0" Paradigm="ZXZ"/>\n    <Shift X="0.0" Y="0.0" Z="0.0"/>\n    <PickPosition X="{q[0] / V8:.3f}" Y="{q[1] / V8:.3f}" Z="{q[2] / V8:.3f}" Origin="../novactf/TS_45/TS_45_bin8.rec" Binning="1"/>\n    <Score Type="FLCFScore" Value="{0.5 - 0.01 * j}" RemoveAutocorr="False"/>\n    <Class Name="0"/>\n  </Particle>\n' for j, q in enumerate(P["TS_45"]["pytom"])) + "</ParticleList>\n")
lab.text(f"{PT}/TS_45/job.xml", '<JobDescription Destination="TS_45/">\n  <Volume Filename="../novactf/TS_45/TS_45_bin8.rec" Binning="1"/>\n  <Reference Weighting="" File="templates/hiv_bin8.em"/>\n  <Mask Filename="templates/mask.em" Binning="1" isSphere="True"/>\n</JobDescription>\n')
em(f"{PT}/TS_45/scores.em", of("pytom", *S8), "scores of a matching")
em(f"{PT}/templates/hiv_bin8.em", of("pyt", 8, 8, 8))
lab.points(hiv("TS_45"), f"{PT}/TS_45/particleList.xml", "capsid", P["TS_45"]["pytom"], V8)
I3 = f"{T}/i3"
lab.text(f"{I3}/defs/maps", "../maps TS_03_bin8.mrc ../maps/TS_03.tlt\n")
lab.text(f"{I3}/defs/sets", "TS_03_bin8.mrc TS_03_hiv\n")
lab.text(f"{I3}/trf/TS_03_hiv.trf", "".join("TS_03_hiv %d %d %d %f %f %f 1.0 0.0 0.0 0.0 1.0 0.0 0.0 0.0 1.0\n" % (*np.floor(p / V8), *(p / V8 - np.floor(p / V8))) for p in P["TS_03"]["i3"]))
lab.copy(f"{N}/TS_03/TS_03_bin8.rec", f"{I3}/maps/TS_03_bin8.mrc")
lab.text(f"{I3}/maps/TS_03.tlt", 'TILT SERIES "TS_03"\n\n  AXIS\n    TILT AZIMUTH 85.3\n' + "".join(f"  IMAGE {i + 1} FILE TS_03_bin8.mrc\n    TILT ANGLE {angles['TS_03'][j]}\n" for i, j in enumerate(order)) + "END\n")
lab.text(f"{I3}/mraparam.sh", "MOTIFSIZE='8 8 8'\nSAMPFACT='1 1 1'\n")
lab.points(hiv("TS_03"), f"{I3}/trf/TS_03_hiv.trf", "capsid", P["TS_03"]["i3"], V8, tolerance=1.1 * V8)
lab.text(f"{T}/protomo/TS_03.tlt", 'TILT SERIES "TS_03"\n\n  AXIS\n    TILT AZIMUTH 85.3\n' + "".join(f"  IMAGE {i + 1} FILE TS_03_{i + 1:02d} ORIGIN [ 48.0 48.0 ]\n    TILT ANGLE {angles['TS_03'][j]}\n    ROTATION 0.{i}\n" for i, j in enumerate(order)) + "END\n")
lab.text(f"{T}/protomo/TS_03.param", 'tiltseries {\n  S = 160\n  SZ = 80\n  sampling: 4\n}\n')

# ---- TomoTwin on Warp's 10 A ----
TT = f"{T}/tomotwin"
os.makedirs(lab.root / TT / "tomo")
os.symlink("../../warptools/warp_tiltseries/reconstruction/TS_54_10.00Apx.mrc", lab.root / TT / "tomo/TS_54_a10.mrc")
at = P["TS_54"]["tomotwin"]
lab.text(f"{TT}/TS_54/coords/capsid.coords", "".join("%.2f %.2f %.2f\n" % tuple(p / TEN) for p in at))
lab.text(f"{TT}/TS_54/coords/capsid_a1.35.coords", "".join("%.2f %.2f %.2f\n" % tuple(p / PIXEL) for p in at))
lab.text(f"{TT}/TS_54/out/locate/located.tloc", pickle.dumps({"X": [1.0], "Y": [2.0], "Z": [3.0]}))
lab.junk("a reference of a picker", f"{TT}/TS_54/reference/capsid_0.mrc", of("tt", 10, 10, 10), TEN)
lab.text(f"{TT}/TS_54/coords/references.coords", "4.00 5.00 4.00\n")
lab.never("references of a picker", f"{TT}/TS_54/coords/references.coords")
lab.text(f"{TT}/cmd.sh", "tomotwin_embed.py tomogram -m tomotwin_latest.pth -v tomo/TS_54_a10.mrc -o TS_54/out/embed/tomo\ntomotwin_pick.py -l TS_54/out/locate/located.tloc -o TS_54/coords/\ntomotwin_tools.py scale_coordinates --coords TS_54/coords/capsid.coords --tomotwin_pixel_size 10 --extraction_pixel_size 1.35 --out TS_54/coords/capsid_a1.35.coords\n")
lab.points(hiv("TS_54"), f"{TT}/TS_54/coords/capsid.coords", "capsid", at, TEN, also=[f"{TT}/TS_54/coords/capsid_a1.35.coords"])

# ---- the own grid ----
lab.gain(["own_TS_01", "own_TS_03"], f"{O}/frames/gain_ref.mrc")
for i, (n, pixel) in enumerate(OWN.items()):
    run, v = f"own_{n}", pixel * 4
    size = np.array(OWN_SHAPE[::-1]) * v
    at = apart(lab.name, run, n=22 + i, size=size)
    s = Specimen(run, list(size), [at], radius=40)
    names = [f"{n}_{k:03d}_{a:.1f}.tif" for k, a in enumerate(OWN_TAKEN)]
    a = [round(x + 0.1 + 0.2 * i, 1) for x in sorted(OWN_TAKEN)]
    lab.movies(run, [f"{O}/frames/{f}" for f in names])
    lab.tilts(run, f"{O}/{n}/{n}.st", s.stack(a, (96, 96)), pixel, a)
    lab.text(f"{O}/{n}/{n}.st.mdoc", mdoc(a, pixel, [names[OWN_TAKEN.index(x)] for x in sorted(OWN_TAKEN)], f"{n}.st", (96, 96), folder="X:\\me\\2024\\", order=[OWN_TAKEN.index(x) for x in sorted(OWN_TAKEN)], dose=3.4).replace("14-Feb-23  09:", f"05-Jun-24  {13 + i}:").replace("12.5 -40.1", f"{-310 + 9 * i}.4 12.{i}"))
    lab.text(f"{O}/{n}/{n}.rawtlt", lines(a))
    lab.text(f"{O}/{n}/{n}.tlt", lines([x + 0.6 for x in a]))
    lab.text(f"{O}/{n}/{n}.xf", xf(7, run))
    lab.text(f"{O}/{n}/{n}.edf", f"#Etomo\nSetup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={pixel / 10}\nSetup.OrigRawStackExt=st\n")
    lab.text(f"{O}/{n}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nIMAGEBINNED 4\nTILTFILE {n}.tlt\nTHICKNESS 40\nFULLIMAGE 96 96\n")
    lab.tomogram(run, f"{O}/{n}/{n}_rec.mrc", s.volume(OWN_SHAPE, v), v)
    lab.text(f"{O}/{n}/{n}_ribosomes.mod", imod_model([("ribosome", [[p] for p in at], "scattered")], OWN_SHAPE[::-1], v))
    lab.points(run, f"{O}/{n}/{n}_ribosomes.mod", "ribosome", at, v)
    if n == "TS_03":
        lab.mask(run, f"{O}/membrain/{n}_rec_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", s.membrane(OWN_SHAPE), v)

# ---- what is to be thrown away ----
lab.junk("a first try at the pixel of the super-resolution frames", f"{T}/old_wrong_pixel/TS_01_bin8.rec", S["TS_01"].volume(S8, V8, 1.0, "try"), 5.4)
lab.text(f"{T}/old_wrong_pixel/DO_NOT_USE.txt", "reconstructed as if 0.675 was the pixel of the stack (it is 1.35). delete.\n")
lab.junk("for a figure", "scratch/TS_01_crop_fig.mrc", np.ascontiguousarray(rec4["TS_01"][4:10, 6:26, 6:26]), V4)
lab.copy(f"{N}/TS_01/TS_01_bin8.rec", "scratch/tomo.mrc")
lab.picture("scratch/TS_01.png")
lab.text("scratch/slurm-1182.out", "done\n")
lab.text("docs/STA_tutorial.pdf", b"%PDF-1.4\n%%EOF\n")
lab.text("README.md", f"""# Tutorials on public data, and my own grid

What is whose:

* `downloads/` is NOT mine, everything there is public already.
  * `downloads/EMPIAR/10164` frames of five series (HIV-1 VLPs). I start from these. The frames go along with my tomograms.
  * `downloads/EMPIAR/11830` (Chlamydomonas) the stack of Position_7 is what I reconstructed again, it may go along. The reconstructions `*_bin4.rec` in there are the authors' own: do not deposit. Position_11: only looked at, do not deposit.
  * `downloads/EMDB` maps of others, as templates. Do not deposit.
  * `downloads/czii-cryo-et-object-identification` Kaggle. Practice, also my picks. Need not be deposited.
* `tutorials/` are MY reconstructions and particles of EMPIAR-10164 (TS_01, TS_03, TS_43, TS_45, TS_54) and of Position_7, one folder per program. To be deposited. Each program picked for itself, they are not the same particles.
  * `old_wrong_pixel/` do not use
* `own_2024/` my own grid (yeast, 2.14 A). **TS_01 and TS_03 here have nothing to do with TS_01 and TS_03 of EMPIAR-10164.**
* `scratch/` rubbish

Pixel of 10164: 0.675 (super-resolution) in the frames, 1.35 in all stacks. bin 8 = 10.8 A, bin 4 = 5.4 A.
""")
lab.done()
