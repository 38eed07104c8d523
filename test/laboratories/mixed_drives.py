"""A drive on which three students left their folders beside each other: two projects whose series have the same names, and a challenge in copick.

Imitates
  https://bio3d.colorado.edu/imod/doc/tomoguide.html                (NAME.st, NAME.rawtlt, NAME.xf, NAME_rec.mrc, models)
  https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md   (predictions/NAME_MODEL_segmented.mrc)
  https://smlc-nysbc.github.io/TARDIS/                              (Predictions/NAME_semantic.mrc, NAME_instances.mrc: a label an instance)
  https://github.com/copick/copick (README, copick_filesystem_tech_spec.md)       (ExperimentRuns/RUN/VoxelSpacing10.000/TYPE.zarr, Picks/USER_SESSION_OBJECT.json in
    angstroms, Segmentations/10.000_USER_SESSION_NAME.zarr; copick.json as config)
  http://tinoweinkauf.net/notes/amiramesh.html                      (.am: header of text, then bytes, x fastest)

Both projects have a TS_01 and a TS_02, of other specimens and another pixel; the challenge has a TS_5_4. A file manager named the copies:
"TS_01_rec (1).mrc", "Kopie von TS_02_rec.mrc", and a folder "raw copy (1)". Umlauts and blanks are in the names, one of them as macOS decomposes it.
The mess: crops and sections for a thesis, a talk, a render, TARDIS' semantic mask next to its instances, a segmentation by hand in Amira beside the
same one as MRC, a table with decimal commas in pixels of another binning that nobody wrote down.
"""
import json
import unicodedata

import numpy as np

from kit import Lab, Specimen, imod_model, lines, places, xf

ANGLES = [float(a) for a in range(-20, 21, 8)]
A, B, C = "Jörg Müller/Projekt Hefe/", unicodedata.normalize("NFD", "Anna Groß-Böhm/") + "ER whorls/", "Kaggle 2024/"
#         folder  series   voxel   shape         picks
TABLE = [(A, "TS_01", 13.1, (20, 42, 40), 12),
         (A, "TS_02", 13.1, (20, 42, 40), 0),
         (B, "TS_01", 9.6, (22, 46, 44), 0),
         (B, "TS_02", 9.6, (22, 46, 44), 9)]
KAGGLE = [("TS_5_4", 10.0, (18, 40, 40), {"ribosome": 11, "apo-ferritin": 7}), ("TS_69_2", 10.0, (18, 40, 40), {"ribosome": 6})]
lab = Lab(__doc__, ["https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md", "https://smlc-nysbc.github.io/TARDIS/",
                    "https://github.com/copick/copick", "http://tinoweinkauf.net/notes/amiramesh.html"])
for folder, n, v, shape, k in TABLE:
    run = f"{'Hefe' if folder == A else 'ER'} {n}"
    angstrom = [m * v for m in shape[::-1]]
    where = places(lab.name, run, n=k, size=angstrom)
    s = Specimen(run, angstrom, [where] if k else [])
    d = f"{folder}etomo/{n}/{n}"
    lab.tilts(run, d + ".st", s.stack(ANGLES, (60, 58)), v / 6, ANGLES)
    lab.text(d + ".rawtlt", lines(ANGLES))
    lab.text(d + ".tlt", lines(ANGLES))
    lab.text(d + ".xf", xf(len(ANGLES), run))
    lab.junk("aligned stack", d + "_ali.mrc", s.stack(ANGLES, (24, 22), "ali"), v, stack=True)
    lab.tomogram(run, d + "_rec.mrc", s.volume(shape, v), v)
    if folder == A:
        if k:
            lab.text(f"{A}Picks/{n} FAS (3dmod).mod", imod_model([("FAS", [where], "scattered")], shape[::-1], v))
            lab.points(run, f"{A}Picks/{n} FAS (3dmod).mod", "FAS", where, v)
            lab.copy(d + "_rec.mrc", f"{A}etomo/{n}/{n}_rec (1).mrc")
            whole = s.volume(shape, v)
            lab.junk("a crop for a figure", f"{A}Masterarbeit/Abbildungen/Abb 4 Ausschnitt groß.mrc", np.ascontiguousarray(whole[4:14, 6:30, 6:30]), v)
            lab.junk("one section for a figure", f"{A}Masterarbeit/Abbildungen/Abb 5 Schnitt.mrc", whole[9:10].copy(), v)
        else:
            lab.copy(d + "_rec.mrc", f"{A}Kopie von {n}_rec.mrc")
            lab.copy(d + ".st", f"{A}raw copy (1)/{n}.st")
            lab.copy(d + ".rawtlt", f"{A}raw copy (1)/{n}.rawtlt")
        continue
    first, second = s.membrane(shape, 0), s.membrane(shape, 1)
    if n == "TS_01":
        lab.mask(run, f"{B}predictions/{n}_rec_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", first, v)
        hand = s.membrane(shape, 5)
        lab.mask(run, f"{B}Amira/{n}_rec Membran Labels.am", hand, v)
        lab.text(f"{B}Amira/Projekt.hx", "# Amira Script\nremove -all\n")
    else:
        small = np.zeros(shape, np.int8)
        small[2:4, 2:4, 2:4] = 1  # too small for an instance
        lab.mask(run, f"{B}etomo/{n}/Predictions/{n}_rec_semantic.mrc", np.maximum(np.maximum(first, second), small), v)
        lab.mask(run, f"{B}etomo/{n}/Predictions/{n}_rec_instances.mrc", np.where(second > 0, 2, first).astype(np.int8), v, may=True)
        lab.text(f"{B}picks {n} Ribosomen.txt", "".join("%.2f\t%.2f\t%.2f\n" % tuple(p / v) for p in where))
        lab.points(run, f"{B}picks {n} Ribosomen.txt", "ribosome", where, v)
        table = "x;y;z\r\n" + "".join(";".join(f"{x:.1f}".replace(".", ",") for x in p / 14.4) + "\r\n" for p in places(lab.name, "lost", n=5, size=angstrom))
        lab.text(f"{B}alte picks {n} bin.csv", table)
        lab.never("picks of a binning that nobody wrote down", f"{B}alte picks {n} bin.csv")
objects = [{"name": o, "is_particle": True, "label": i + 1, "color": [0, 90 * i, 200, 255], "radius": 80} for i, o in enumerate(("ribosome", "apo-ferritin"))] + [{"name": "membrane", "is_particle": False, "label": 3, "color": [0, 0, 0, 255]}]
lab.text(C + "copick.json", json.dumps({"name": "czii_cryoet", "description": "training", "version": "1.0.0", "config_type": "filesystem", "pickable_objects": objects, "overlay_root": "local:///kaggle/working/overlay", "static_root": "local:///kaggle/input/static", "overlay_fs_args": {"auto_mkdir": True}}, indent=2))
for n, v, shape, picks in KAGGLE:
    angstrom = [m * v for m in shape[::-1]]
    where = {o: places(lab.name, n, o, n=k, size=angstrom) for o, k in picks.items()}
    s = Specimen(n, angstrom, list(where.values()))
    d = f"{C}ExperimentRuns/{n}/"
    lab.tomogram(n, f"{d}VoxelSpacing10.000/wbp.zarr", s.volume(shape, v), v)
    lab.tomogram(n, f"{d}VoxelSpacing10.000/denoised.zarr", s.volume(shape, v, 0.2, "denoised"), v, ("denoised",))
    for o, xyz in where.items():
        file = f"{d}Picks/curation_0_{o}.json"
        point = lambda p: {"location": dict(zip("xyz", (float(c) for c in p))), "transformation_": np.eye(4).tolist(), "instance_id": 0}
        lab.text(file, json.dumps({"pickable_object_name": o, "user_id": "curation", "session_id": "0", "run_name": n, "voxel_spacing": None, "unit": "angstrom", "points": [point(p) for p in xyz]}, indent=1))
        lab.points(n, file, o, xyz, v)
    if n == "TS_5_4":
        lab.mask(n, f"{d}Segmentations/10.000_membrain_0_membrane.zarr", s.membrane(shape, 0).astype(np.uint8), v)
lab.text(C + "submission.csv", "id,experiment,particle_type,x,y,z\n0,TS_5_4,ribosome,100.0,120.0,80.0\n1,TS_5_4,ribosome,90.0,20.0,50.0\n")
lab.never("what was handed in for the challenge: predictions", C + "submission.csv")
lab.text(C + "notebook final.ipynb", "{}\n")
for f in (A + "Masterarbeit/Abbildungen/Abb 1 Übersicht.png", A + "Masterarbeit/Abbildungen/Abb 2.tif", B + "render blau (2).png"):
    lab.picture(f)
lab.text(A + "Masterarbeit/Masterarbeit_final_FINAL.docx", b"PK\3\4" + bytes(60))
lab.text(A + ".~lock.Masterarbeit.docx#", ",joerg,\n")
lab.text("Thumbs.db", b"\xd0\xcf\x11\xe0" + bytes(60))
lab.done()
