#!/usr/bin/env python3
"""What a user took home from a facility that runs AreTomo3, and what was done with it at home.

Imitates
  https://github.com/czimaginginstitute/AreTomo3   (manual 2.2.0 and sources: NAME.mrc, _EVN, _ODD, _Vol, _EVN_Vol, _ODD_Vol, _2ND_Vol, _CTF.mrc, _CTF.txt, _TLT.txt, .aln with DarkFrame, _Imod/, _Log/,
    MdocDone.txt, TiltSeries_Metrics.csv (CTsMetrics.cpp), AreTomo3_Session.json; -Cmd 1 begins with the stacks of another folder)
  https://github.com/Phaips/aretomo3torelion5      (relion_star_files/tomograms.star and NAME.star; rlnMicrographName NUMBER@NAME.mrc)
  https://github.com/MLI-lab/DeepDeWedge           (refine_tomogram.py: project_dir/refined_tomograms/EVEN+ODD_refined.mrc; mrctools.py sets no voxel size; it moves an older file to NAME.mrc~)
  https://github.com/juglab/cryoCARE_pip           (cryoCARE_predict.py: output/ has the name of the even half; its header is that of the half)
  https://github.com/SMLC-NYSBC/TARDIS             (Predictions/NAME_semantic.mrc, NAME_instances.csv with IDs, X [A], Y [A], Z [A])
  https://github.com/teamtomo/membrain-seg         (NAME_MODEL.ckpt_segmented.mrc, NAME_scores.mrc)
  https://github.com/MPI-Dortmund/tomotwin-cryoet  (voxels of about 10 A; pick: coords/TARGET.coords, x y z in voxels; scale_coordinates)
  https://github.com/SBC-Utrecht/pytom-match-pick  (extract.py: NAME_particles.star in voxels from 0, rlnDetectorPixelSize; relion5_compat: angstroms from the middle), https://github.com/Phaips/batch_pytom_aretomo3
  https://github.com/KosinskiLab/pyTME             (orientations.py: NAME.tsv with x, y, z, euler_x, euler_y, euler_z, score, detail; voxels)

Two grids at two magnifications, Position_1 to 3 on both. AreTomo3 has cut the lamella of grid A's Position_2, and failed with grid B's Position_3: both were run again in a folder beside it with other AlignZ
and VolZ. Grid A's Position_4 is a bad series (a note says that it was not used further), Position_5 was stopped after three tilts. Grid A: DeepDeWedge (Position_2 from the second run), TARDIS on links,
pytom-match-pick, RELION 5; grid B: cryoCARE, MemBrain-seg on its results, TomoTwin on the tomograms as they are (10.72 A), pyTME. TomoTwin on grid A's Position_1 needed a copy of 10 A.
Each volume, stack, half and mask is noise of its own. The mess: spectra, aligned stacks, atlases, search maps, the facility's report and thumbnails, training data of DeepDeWedge and an earlier result of it
with a tilde, scores and angles of template matching, a looser extraction as a try, templates and masks, averages, a denoised copy renamed for Amira, a bin for a film, a spreadsheet.
"""
import json
import os

import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, lines, mdoc, noise, places, seed, star, xf

G = {"A": dict(folder="facility_data/20250611_gridA/", pixel=1.96, v=7.84, second=15.68, eer=True, day="20250611"), "B": dict(folder="facility_data/20250612_gridB/", pixel=2.68, v=10.72, second=21.44, eer=False, day="20250612")}
SIZE, SHAPE, SHAPE2, THICK = (88, 96), (12, 22, 24), (6, 11, 12), (16, 22, 24)  # images y, x; tomograms z, y, x, unbinned by 4 and by 8; with the other VolZ
TAKEN = dose_symmetric(12, 8)
ANGLES = sorted(TAKEN)
#         grid, name          tilts AreTomo3    again  denoised   segmented   80S  20S
TABLE = [("A", "Position_1", 9, "good",   False, "ddw",      "tardis",   11,  7),
         ("A", "Position_2", 9, "good",   True,  "ddw",      "tardis",   9,   0),
         ("A", "Position_3", 9, "dark",   False, None,       None,       13,  0),
         ("A", "Position_4", 9, "good",   False, None,       None,       0,   0),
         ("A", "Position_5", 3, None,     False, None,       None,       0,   0),
         ("B", "Position_1", 9, "good",   False, "cryocare", "membrain", 8,   6),
         ("B", "Position_2", 9, "good",   False, "cryocare", "membrain", 0,   10),
         ("B", "Position_3", 9, "failed", True,  None,       None,       0,   0)]
key = lambda g, n: f"grid{g}_{n}"
lab = Lab(__doc__, ["https://github.com/czimaginginstitute/AreTomo3", "https://github.com/Phaips/aretomo3torelion5", "https://github.com/MLI-lab/DeepDeWedge", "https://github.com/juglab/cryoCARE_pip", "https://github.com/SMLC-NYSBC/TARDIS",
                    "https://github.com/teamtomo/membrain-seg", "https://github.com/MPI-Dortmund/tomotwin-cryoet", "https://github.com/SBC-Utrecht/pytom-match-pick", "https://github.com/Phaips/batch_pytom_aretomo3", "https://github.com/KosinskiLab/pyTME"])
again = lambda g: G[g]["folder"] + "aretomo3_AlignZ500_VolZ64/"
first = lambda g: G[g]["folder"] + "aretomo3/"
A, B, VA, VB = first("A"), first("B"), G["A"]["v"], G["B"]["v"]
for g, n, *_ in TABLE:
    lab.run(key(g, n), f"{G[g]['day']}_{key(g, n)}", f"{G[g]['day']}_grid{g}-{n}", f"grid{g}-{n}")


def volumes(d, g, n, shape):
    """The volumes of one run of AreTomo3, and the files of its alignment."""
    v, dark = G[g]["v"], 1 if (g, n) == ("A", "Position_3") else 0
    lab.tomogram(key(g, n), f"{d}{n}_Vol.mrc", noise(shape, d, n), v)
    lab.tomogram(key(g, n), f"{d}{n}_2ND_Vol.mrc", noise(tuple(s // 2 for s in shape), d, n, "second"), G[g]["second"])
    for h in ("EVN", "ODD"):
        lab.half(key(g, n), f"{d}{n}_{h}_Vol.mrc", noise(shape, d, n, h), v)
    left = ANGLES[dark:]
    table = aln(SIZE[::-1], left, d, n, raw=9)
    lab.text(f"{d}{n}.aln", table.replace("# NumPatches", f"# DarkFrame =  {0:4d} {0:4d} {ANGLES[0]:8.2f}\n# NumPatches") if dark else table)
    lab.junk("stack for IMOD, without dark images", f"{d}{n}_Imod/{n}_st.mrc", noise((9 - dark, *SIZE), d, n, "imod", dtype=np.int16), G[g]["pixel"], stack=True)
    for end, text in (("_st.tlt", lines(left)), ("_st.xf", xf(9 - dark, d, n)), ("_st.xtilt", lines([0] * (9 - dark))), ("_order_list.csv", "ImageNumber,TiltAngle\n" + "".join(f"{i + 1},{a:.2f}\n" for i, a in enumerate(TAKEN) if a in left))):
        lab.text(f"{d}{n}_Imod/{n}{end}", text)
    lab.text(f"{d}{n}_Log/{n}_AT_GL.csv", "0.0,0.0,0.0\n")


def session(d, g, rows, z):
    s = {"software": {"name": "AreTomo3", "version": "2.2.0"}, "input": {"InPrefix": f"/facility/{g}/frames/", "InSuffix": ".mdoc", "OutDir": "/facility/" + d, "Gain": f"/facility/{g}/frames/{G[g]['day']}_083012_{'EER_' if G[g]['eer'] else ''}GainReference.gain"},
         "parameters": {"PixSize": G[g]["pixel"], "kV": 300, "Cs": 2.7, "AmpContrast": 0.07, "McBin": 1, "AtBin": [4.0, 8.0, 0.0], "VolZ": z, "AlignZ": 500 if z == 64 else 0, "FlipVol": 1, "Wbp": 1, "SplitSum": 1, "Cmd": 1 if z == 64 else 0, "TiltAxis": [-85.3, 1.0]}}
    lab.text(d + "AreTomo3_Session.json", json.dumps(s, indent=4))
    lab.text(d + "TiltSeries_Metrics.csv", "Tilt_Series,Thickness(Pix),Tilt_Axis,Global_Shift(Pix),Bad_Patch_Low,Bad_Patch_All,CTF_Res(A),CTF_Score,DF_Hand,Pix_Size(A),Cs(nm),Kv,Alpha0,Beta0\n"
             + "".join(f"{n}.mrc, {28 + i:6d}, {-85.3 + i / 10:6.2f}, {812.5 if bad else 31.2 + i:8.2f},  0.00,  0.02, {41.2 if bad else 12.1:5.2f},  0.{1 if bad else 21}100, -1, {G[g]['pixel']:5.2f}, 2.7, 300, 1.5, 0.0\n" for i, (n, bad) in enumerate(rows)))


for g, p in G.items():
    F, rows = p["folder"] + "frames/", [r for r in TABLE if r[0] == g]
    lab.gain([key(g, r[1]) for r in rows], F + f"{p['day']}_083012_{'EER_' if p['eer'] else ''}GainReference.gain")
    for _, n, tilts, state, redo, *_ in rows:
        names = [f"{n}_{i + 1:03d}_{a:.2f}_{p['day']}_1{n[-1]}{11 + 3 * i}07_{'EER.eer' if p['eer'] else 'Fractions.tiff'}" for i, a in enumerate(TAKEN[:tilts])]
        lab.movies(key(g, n), [F + f for f in names])
        lab.text(f"{F}{n}.mdoc", mdoc(TAKEN[:tilts], p["pixel"], names, f"{n}.mrc", SIZE[::-1], folder=f"D:\\DoseFractions\\{p['day']}_grid{g}\\", camera="TFS: Tomography 5 Falcon 4i"))
        if not state:
            continue
        d = first(g)
        lab.tilts(key(g, n), f"{d}{n}.mrc", noise((9, *SIZE), g, n, "stack", dtype=np.int16), p["pixel"], ANGLES)
        for h in ("EVN", "ODD"):
            lab.half(key(g, n), f"{d}{n}_{h}.mrc", noise((9, *SIZE), g, n, h, "stack", dtype=np.int16), p["pixel"], stack=True)
        lab.text(f"{d}{n}_TLT.txt", "".join(f"{a:8.2f}{TAKEN.index(a) + 1:5d}{3.1:8.2f}\n" for a in ANGLES))
        if state != "failed":
            volumes(d, g, n, SHAPE)
            lab.text(f"{d}{n}_CTF.txt", "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radian]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully; #8 - dfHand\n"
                     + "".join(f"{i + 1:4d}   {41000 + 40 * i:8.2f}  {40800 + 40 * i:8.2f}   -22.1000    0.0000    0.1312    7.9000   -1\n" for i in range(9)))
            lab.junk("spectra of the tilts", f"{d}{n}_CTF.mrc", noise((9, 32, 32), g, n, "spectrum"), 1.0, stack=True)
            lab.picture(f"{p['folder']}report/thumbnails/{n}_Vol_XY.png")
        if redo:
            volumes(again(g), g, n, THICK)
    session(first(g), g, [(r[1], r[1] == "Position_4" or r[3] == "failed") for r in rows if r[3]], 48)
    session(again(g), g, [(r[1], False) for r in rows if r[4]], 64)
    lab.text(first(g) + "MdocDone.txt", "".join(f"/facility/{g}/frames/{r[1]}.mdoc\n" for r in rows))
    lab.junk("atlas", p["folder"] + "Atlas/Atlas_1.mrc", noise((1, 64, 64), g, "atlas"), 1450.0, stack=True)
    lab.picture(p["folder"] + "Atlas/Atlas_1.jpg.png")
    lab.junk("search map", p["folder"] + "SearchMaps/SearchMap_1.mrc", noise((1, 80, 80), g, "search"), 272.0, stack=True)
    lab.text(p["folder"] + "report/report.html", f"<html><h1>{p['day']} grid {g}</h1><p>{len(rows)} tilt series</p></html>\n")
    lab.text(p["folder"] + "report/report.pdf", b"%PDF-1.4\n")
lab.text("notes.txt", "gridA Position_2: lamella was cut off, reprocessed with AlignZ 500 VolZ 64, use that one for DDW\ngridA Position_4: ice contamination, alignment bad, not used further\ngridA Position_5: stopped\ngridB Position_3: first run crashed, reprocessed\n")
lab.text("sessions.xlsx", b"PK\3\4" + bytes(60))

# ---- DeepDeWedge on grid A, cryoCARE on grid B ----
D, C = "denoising/ddw_gridA/", "denoising/cryocare_gridB/"
even = {n: f"{again('A') if redo else A}{n}_EVN_Vol.mrc" for g, n, _, _, redo, how, *_ in TABLE if how == "ddw"}
for n, e in even.items():
    lab.tomogram(key("A", n), f"{D}refined_tomograms/{n}_EVN_Vol+{n}_ODD_Vol_refined.mrc", noise(THICK if n == "Position_2" else SHAPE, n, "ddw"), VA, ("denoised",), header=0.0)
(lab.root / D / "logs/version_0/checkpoints").mkdir(parents=True)
lab.text(D + "config.yaml", "shared:\n  project_dir: .\n  tomo0_files:\n" + "".join(f"    - ../../{e}\n" for e in even.values()) + "  tomo1_files:\n" + "".join(f"    - ../../{e.replace('_EVN_', '_ODD_')}\n" for e in even.values())
         + "  subtomo_size: 96\n  mw_angle: 60\nrefine_tomogram:\n  model_checkpoint_file: logs/version_0/checkpoints/val_loss/epoch=999.ckpt\n  recompute_normalization: true\n")
lab.text(f"{D}logs/version_0/checkpoints/val_loss/epoch=999.ckpt", b"PK\3\4" + bytes(60))
earlier = f"{D}refined_tomograms/Position_1_EVN_Vol+Position_1_ODD_Vol_refined.mrc~"
lab.junk("an earlier result of DeepDeWedge", earlier, noise(SHAPE, "earlier"), VA, header=0.0)
for i in range(2):
    lab.junk("a subtomogram to train with", f"{D}subtomos/fitting_subtomos/subtomo0/{i}.mrc", noise((12, 12, 12), "train", i), VA, header=0.0)
care = [n for g, n, *_, how, _, _, _ in TABLE if how == "cryocare"]
for n in care:
    lab.tomogram(key("B", n), f"{C}denoised/{n}_EVN_Vol.mrc", noise(SHAPE, n, "cryocare"), VB, ("denoised",))
halves = {h: [f"../../{B}{n}_{k}_Vol.mrc" for n in care] for h, k in (("even", "EVN"), ("odd", "ODD"))}
lab.text(C + "train_data_config.json", json.dumps({**halves, "patch_shape": [72, 72, 72], "num_slices": 1200, "split": 0.9, "tilt_axis": "Y", "n_normalization_samples": 500, "path": "./train"}, indent=1))
lab.text(C + "predict_config.json", json.dumps({"path": "./model.tar.gz", **halves, "n_tiles": [1, 1, 1], "output": "denoised", "overwrite": False, "gpu_id": [0]}, indent=1))
lab.copy(f"{C}denoised/Position_1_EVN_Vol.mrc", "for_amira/gridB_Position_1_denoised.mrc")

# ---- segmentations ----
for g, n, *_, how, eighty, twenty in TABLE:
    size = [s * G[g]["v"] for s in SHAPE[::-1]]
    s = Specimen(key(g, n), size)
    if how == "tardis":
        d = "segmentation/tardis_gridA/"
        (lab.root / d).mkdir(parents=True, exist_ok=True)
        shape = THICK if n == "Position_2" else SHAPE
        os.symlink("../../" + (again("A") if n == "Position_2" else A) + f"{n}_Vol.mrc", lab.root / f"{d}{n}_Vol.mrc")
        lab.mask(key(g, n), f"{d}Predictions/{n}_Vol_semantic.mrc", s.membrane(shape), VA)
        tube = np.linspace(*places(n, "tube", n=2, size=size), 12)
        lab.text(f"{d}Predictions/{n}_Vol_instances.csv", "IDs,X [A],Y [A],Z [A]\n" + "".join(f"{i},{x:.2f},{y + 9 * i:.2f},{z:.2f}\n" for i in (0, 1) for x, y, z in tube))
        lab.points(key(g, n), f"{d}Predictions/{n}_Vol_instances.csv", "membrane", np.concatenate([tube + (0, 9 * i, 0) for i in (0, 1)]), VA, instances=True, may=True)
    if how == "membrain":
        m = f"segmentation/membrain_gridB/{n}_EVN_Vol"
        lab.mask(key(g, n), m + "_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", s.membrane(SHAPE), VB)
        lab.junk("scores of the network", m + "_scores.mrc", noise(SHAPE, g, n, "scores"), VB)

# ---- pytom-match-pick and RELION 5 on grid A, pyTME and TomoTwin on grid B, TomoTwin on one of grid A ----
P, R, M, T = "picking/pytom_gridA/", "relion5_gridA/", "picking/pytme_gridB/", "picking/tomotwin/"
angles = lambda n: {f"rlnAngle{a}": [round(float(x), 3) for x in seed("euler", a).uniform(-90, 90, n)] for a in ("Rot", "Tilt", "Psi")}
tail = lambda n, cut: {"rlnLCCmax": [0.4] * n, "rlnCutOff": [cut] * n, "rlnSearchStd": [0.03] * n}
every, centred = {}, {}
spots = lambda *words, n: np.floor(places(*words, n=n, size=SHAPE[::-1])).astype(int)
for g, n, *_, eighty, twenty in TABLE:
    if g == "A" and eighty:
        d, vol = f"{P}{n}/{n}_Vol", f"{n}_Vol"
        at = spots(n, "80S", n=eighty + 8)
        for f, k, cut in ((d + "_particles.star", eighty, 0.18), (f"{P}cutoff_0.10_try/{vol}_particles.star", eighty + 8, 0.1)):
            lab.text(f, star([("particles", {**{f"rlnCoordinate{a}": [int(x) for x in at[:k, j]] for j, a in enumerate("XYZ")}, **angles(k), **tail(k, cut), "rlnDetectorPixelSize": [VA] * k, "rlnMicrographName": [vol] * k})]))
        lab.never("a try with a lower cutoff", f"{P}cutoff_0.10_try/{vol}_particles.star")
        lab.text(d + "_job.json", json.dumps({"tomogram": f"/home/li/{A}{vol}.mrc", "template": "/home/li/picking/templates/80S_7.84A.mrc", "mask": "/home/li/picking/templates/mask_80S.mrc", "output_dir": f"/home/li/{P}{n}", "tomo_id": vol, "tomo_shape": SHAPE[::-1],
                                              "voxel_size": VA, "search_origin": [0, 0, 0], "search_size": SHAPE[::-1], "particle_diameter": 290, "pytom_tm_version_number": "0.10.0", "job_stats": {"search_space": 3.9e8, "variance": 0.0009, "std": 0.03}}, indent=4))
        for what in ("scores", "angles"):
            lab.junk(f"{what} of template matching", f"{d}_{what}.mrc", noise(SHAPE, n, what), VA)
        every[n] = at[:eighty]
        lab.points(key(g, n), d + "_particles.star", "80S ribosome", at[:eighty] * VA, VA, also=[R + "particles.star", R + "Extract/job002/particles.star"])
    if g == "B" and eighty:
        at = spots(g, n, "80S", n=eighty)
        lab.text(f"{M}{n}_80S.tsv", "x\ty\tz\teuler_x\teuler_y\teuler_z\tscore\tdetail\n" + "".join("\t".join(map(str, (*map(float, q), 10.0 * i, 20.0, -40.0, 0.31, -1.0))) + "\n" for i, q in enumerate(at)))
        lab.points(key(g, n), f"{M}{n}_80S.tsv", "80S ribosome", at * VB, VB)
        lab.text(f"{M}{n}_80S.pickle", b"\x80\x04" + bytes(60))
        lab.text(M + "run.sh", f"match_template -m ../../{B}{n}_Vol.mrc -i ../templates/80S_10.72A.mrc --template-mask ../templates/mask_80S.mrc -a 10 -o {n}_80S.pickle\npostprocess --input-file {n}_80S.pickle --output-prefix {n}_80S --output-format orientations\n")
    if twenty:
        v, o = (10.0, f"{T}gridA_{n}_10A/") if g == "A" else (VB, f"{T}gridB_{n}/")
        at = places(g, n, "20S", n=twenty, size=[s * G[g]["v"] for s in SHAPE[::-1]])
        lab.text(o + "coords/20S.coords", "".join("%.3f %.3f %.3f\n" % tuple(q / v) for q in at))
        lab.text(o + "located.tloc", b"\x80\x04" + bytes(60))
        also = []
        if g == "A":  # scaled back to the voxels of AreTomo3's tomogram
            also = [o + "coords/20S_scaled_7.84.coords"]
            lab.text(also[0], "".join("%.3f %.3f %.3f\n" % tuple(q / VA) for q in at))
            lab.tomogram(key(g, n), f"{T}tomo/gridA_{n}_Vol_10A.mrc", noise((9, 17, 19), "10A"), 10.0, may=True)
        lab.points(key(g, n), o + "coords/20S.coords", "20S proteasome", at, G[g]["v"], also=also, tolerance=11.3)
lab.text(T + "commands.sh", f"# grid A is rescaled to 10 A, grid B has 10.72 A and is used as it is\ntomotwin_embed.py tomogram -m tomotwin_latest.pth -v tomo/gridA_Position_1_Vol_10A.mrc -b 256 -o embed/\ntomotwin_embed.py tomogram -m tomotwin_latest.pth -v ../../{B}Position_1_Vol.mrc -b 256 -o embed/\n"
         "tomotwin_pick.py -l gridA_Position_1_10A/located.tloc -o gridA_Position_1_10A/coords/ --target 20S\ntomotwin_tools.py scale_coordinates --coords gridA_Position_1_10A/coords/20S.coords --tomotwin_pixel_size 10 --extraction_pixel_size 7.84 --out gridA_Position_1_10A/coords/20S_scaled_7.84.coords\n")
whole = [n for n in every for _ in every[n]]
xyz = np.concatenate([(at - np.array(SHAPE[::-1]) / 2) * VA for at in every.values()])
rows = {"rlnTomoName": whole, **{f"rlnCenteredCoordinate{a}Angst": [float(x) for x in xyz[:, j]] for j, a in enumerate("XYZ")}, **angles(len(whole))}
lab.text(R + "particles.star", star([("particles", {**rows, **tail(len(whole), 0.18), "rlnTomoTiltSeriesPixelSize": [G["A"]["pixel"]] * len(whole)})]))
lab.text(R + "Extract/job002/particles.star", star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["optics1"], "rlnVoltage": [300.0], "rlnTomoTiltSeriesPixelSize": [1.96], "rlnTomoSubtomogramBinning": [4.0], "rlnImagePixelSize": [VA], "rlnImageSize": [16]}),
    ("particles", {**rows, "rlnTomoParticleName": [f"{n}/{i + 1}" for i, n in enumerate(whole)], "rlnImageName": [f"Extract/job002/Subtomograms/{n}/{i + 1}_stack2d.mrcs" for i, n in enumerate(whole)], "rlnOpticsGroup": [1] * len(whole)})]))
lab.junk("images of one particle", R + "Extract/job002/Subtomograms/Position_1/1_stack2d.mrcs", noise((9, 16, 16), "particle"), VA, stack=True)
for n in every:
    lab.text(f"{R}relion_star_files/{n}.star", star([(n, {"rlnMicrographName": [f"{i + 1:06d}@../{A}{n}.mrc" for i in range(9)], "rlnTomoNominalStageTiltAngle": ANGLES, "rlnMicrographPreExposure": [3.1 * TAKEN.index(a) for a in ANGLES], "rlnTomoXTilt": [0.0] * 9, "rlnTomoYTilt": ANGLES, "rlnTomoZRot": [-85.3] * 9,
        "rlnTomoXShiftAngst": [1.2] * 9, "rlnTomoYShiftAngst": [-3.4] * 9, "rlnDefocusU": [41000.0] * 9, "rlnDefocusV": [40800.0] * 9, "rlnDefocusAngle": [-22.1] * 9})]))
cols = lambda value: [value] * len(every)
lab.text(R + "relion_star_files/tomograms.star", star([("global", {"rlnTomoName": list(every), "rlnVoltage": cols(300.0), "rlnSphericalAberration": cols(2.7), "rlnAmplitudeContrast": cols(0.07), "rlnMicrographOriginalPixelSize": cols(1.96), "rlnTomoHand": cols(-1.0), "rlnOpticsGroupName": cols("optics1"),
    "rlnTomoTiltSeriesPixelSize": cols(1.96), "rlnTomoTiltSeriesStarFile": [f"relion_star_files/{n}.star" for n in every], "rlnTomoTomogramBinning": cols(4.0), "rlnTomoSizeX": cols(96), "rlnTomoSizeY": cols(88), "rlnTomoSizeZ": cols(48), "rlnTomoReconstructedTomogram": [f"../{A}{n}_Vol.mrc" for n in every]})]))
for f in ("Reconstruct/job003/half1", "Reconstruct/job003/half2", "Reconstruct/job003/merged", "Refine3D/job004/run_class001"):
    lab.junk("average of particles", f"{R}{f}.mrc", noise((16, 16, 16), f), VA)
for f, v in (("80S_7.84A", VA), ("80S_10.72A", VB)):
    lab.junk("template", f"picking/templates/{f}.mrc", noise((16, 16, 16), f), v)
lab.junk("mask of a template", "picking/templates/mask_80S.mrc", (noise((16, 16, 16), "sphere") > 0).astype(np.int8), VA)
lab.junk("a binned crop for a film", "for_amira/film/gridA_Position_1_crop_bin2.mrc", noise((5, 8, 9), "film"), 15.68)
lab.picture("for_amira/film/frame_0001.png")
lab.done()
