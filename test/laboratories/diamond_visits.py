"""Two visits of one group to Diamond's eBIC, processed there by Ot2Rec and by the facility's own pipeline, and once more at home by AreTomo2.

  https://github.com/rosalindfranklininstitute/Ot2Rec          (src/Ot2Rec: metadata, params, align, recon, aretomo, motioncorr, ctffind: PROJECT_proj.yaml, _master_md.yaml,
    _mc2.yaml, _mc2_mdout.yaml, _align.yaml, …; motioncor/NAME_0001_-30.0.mrc, ctffind/NAME_0001_-30.0_ctffind.mrc, stacks/NAME_0001/NAME_0001.st (binned by
    stack_bin_factor), .rawtlt, _sources.txt, _ali.mrc, _rec.mrc; AreTomo: NAME_0001/NAME_0001_rec.mrc, NAME_0001.st.aln)
  https://github.com/DiamondLightSource/cryoem-services        (src/cryoemservices/services/tomo_align_aretomo.py, denoise.py, membrain_seg.py and their tests: in a RELION
    project MotionCorr/job002/Movies/NAME_001_0.0.mrc, Tomograms/job006/tomograms/NAME_stack.mrc, _stack_Vol.mrc, _stack.aln, _stack_TLT.txt,
    Denoise/job007/tomograms/NAME_stack_Vol.denoised.mrc, Segmentation/…_segmented.mrc; VISIT/processed/raw/relion_murfey)
  https://github.com/DiamondLightSource/python-murfey          (VISIT/raw, /processing with the gain reference, /metadata)
  https://github.com/wan-lab-vanderbilt/TOMOMAN                (tm_fix_frame_brackets.m: names of frames with brackets)
  https://github.com/czimaginginstitute/AreTomo3/issues/24     (NAME.mdoc beside EER movies)

Ot2Rec numbers series by what stands after the prefix, as four digits: Position_1 of raw/ is Position_0001 there, and Position_master_md.yaml says so. Both visits have a
Position_1 and a Position_2, of different specimens. Home's folders have names of months; copies of the mdocs lie there, and a sheet says which visit is which.
The mess: brackets in names of movies; series whose frames alone exist; a first try of Ot2Rec with the wrong axis under the same names; sums of single tilts, power spectra,
aligned stacks; stacks binned by 2 beside others; halves; denoised ones of the same name; a table of picks of both visits in nm, with a column for the visit; a sheet of
doses and pixels in nm and in Å; atlas and search maps; a colleague's grid.
"""
import hashlib
import struct

import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, lines, mdoc, places, seed, star, xf

TAKEN = dose_symmetric(12, 4)
ANGLES = sorted(TAKEN)
A, B = "bi31234-5", "bi31234-9"
PIXEL = {A: 3.8, B: 2.68}
HOME = {A: "May22", B: "Jan23"}
SHAPES = {7.6: (28, 48, 52), 15.2: (14, 24, 26), 10.72: (20, 30, 34), 8.04: (27, 40, 45), 13.4: (16, 24, 27)}
DETECTOR = {A: (96, 104), B: (120, 136)}
#        visit number  Ot2Rec          facility  home    halves and denoised at home
TABLE = [(A, 1, "recon", False, True, True),
         (A, 2, "recon", False, True, False),
         (A, 12, "stack", False, False, False),
         (B, 1, "recon", True, True, True),
         (B, 2, "recon", False, True, False),
         (B, 3, None, True, False, False),
         (B, 7, None, False, False, False)]

lab = Lab(__doc__, ["https://github.com/rosalindfranklininstitute/Ot2Rec", "https://github.com/DiamondLightSource/cryoem-services", "https://github.com/DiamondLightSource/python-murfey",
                    "https://github.com/wan-lab-vanderbilt/TOMOMAN", "https://github.com/czimaginginstitute/AreTomo3/issues/24"])
r = seed(lab.name, "maps")
noise = lambda *shape: r.normal(0, 1, shape).astype(np.float32)


def eer(path, frames=4, size=4096):
    """Little-endian BigTIFF; each directory has width, height, bits, compression 65001, offset, rows, length of its strip."""
    parts = [seed("eer", path, i).integers(0, 256, 40).astype(np.uint8).tobytes() for i in range(frames)]
    b, at = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16), 16
    for i, p in enumerate(parts):
        tags = [(256, 4, size), (257, 4, size), (258, 3, 1), (259, 3, 65001), (273, 16, 0), (278, 4, size), (279, 16, len(p))]
        length = 8 + 20 * len(tags) + 8
        tags[4] = (273, 16, at + length)
        b += struct.pack("<Q", len(tags)) + b"".join(struct.pack("<HHQQ", t, k, 1, v) for t, k, v in tags)
        at += length + len(p)
        b += struct.pack("<Q", at if i + 1 < frames else 0) + p
    return b


def yaml(tree, indent=0):
    """As yaml.dump(indent=4) writes it, for what Ot2Rec keeps."""
    pad, out = " " * indent, ""
    for k, v in tree.items():
        if isinstance(v, dict):
            out += f"{pad}{k}:\n" + yaml(v, indent + 4)
        elif isinstance(v, list):
            out += f"{pad}{k}:\n" + "".join(f"{pad}- {x}\n" for x in v)
        else:
            out += f"{pad}{k}: {v}\n"
    return out


def images(v, n, what, binning=1):
    """The same exposures each time, motion-corrected anew; binned, as newstack does it."""
    whole = specimens[v, n].stack(ANGLES, DETECTOR[v]) + seed("made", v, n, what).normal(0, 1, (len(ANGLES), *DETECTOR[v]))
    rows, columns = (m // binning for m in DETECTOR[v])
    return whole.reshape(len(ANGLES), rows, binning, columns, binning).mean((2, 4)).round().astype(np.int16)


ids = lambda v: [n for w, n, o, *_ in TABLE if w == v and o]
frames, specimens, sheet, picks = {}, {}, [], []
SIZE = {A: [n * 15.2 for n in SHAPES[15.2][::-1]], B: [n * 13.4 for n in SHAPES[13.4][::-1]]}

# ---- raw ----
for v, n, *_ in TABLE:
    run, name = f"{v}_Position_{n}", f"Position_{n}"
    lab.run(run, f"{HOME[v]}_Position_{n}", f"{v}_Position_{n:04}")
    specimens[v, n] = Specimen(run, SIZE[v], [places(run, n=9, size=SIZE[v])], radius=60)
    if v == A:
        names = [f"{name}_{i + 1:03d}[{a:.2f}]_EER.eer" for i, a in enumerate(TAKEN)]
        for f in names:
            b = eer(f"{v}/{f}")
            lab.text(f"{v}/raw/{f}", b)
            lab.run(run)["frames"].append({"file": f"{v}/raw/{f}", "sha256": hashlib.sha256(b).hexdigest()})
    else:
        names = [f"{name}_{i + 1:03d}_{a:.2f}_20230118_{100000 + 2000 * n + 37 * i}_fractions.tiff" for i, a in enumerate(TAKEN)]
        lab.movies(run, [f"{v}/raw/{f}" for f in names])
    frames[v, n] = names
    list_ = mdoc(TAKEN, PIXEL[v], names, name + ".mrc", DETECTOR[v][::-1], folder="D:\\Data\\", dose=3.0 if v == A else 2.6, camera="TFS: Tomography 5")
    list_ = list_.replace("14-Feb-23  09:", ("04-May-22  " if v == A else "18-Jan-23  ") + f"{(9 + n) % 24:02d}:")
    lab.text(f"{v}/raw/{name}.mdoc", list_)
    if n < 12 and _[2]:
        lab.text(f"home/{HOME[v]}/mdocs/{name}.mdoc", list_)
    sheet.append((HOME[v], v, name, "yeast wt" if v == A else "yeast, starved", f"{PIXEL[v] / 10:.3f}", PIXEL[v], 3.0 if v == A else 2.6, len(TAKEN)))
for v in (A, B):
    lab.text(f"{v}/metadata/Supervisor_2022{'' if v == A else '1'}/Sample5/Atlas/Atlas.dm", "<AtlasSession />\n")
    lab.junk("tile of an atlas", f"{v}/metadata/Supervisor_2022{'' if v == A else '1'}/Sample5/Atlas/Tile_12_3.mrc", noise(1, 40, 40), 790.0, stack=True)
    lab.junk("search map", f"{v}/metadata/SearchMaps/SearchMap_4.mrc", noise(1, 44, 44), 290.0, stack=True)
    lab.text(f"{v}/.ispyb/visit.json", '{"visit": "' + v + '"}\n')
    lab.text(f"{v}/tmp/.keep", "")
lab.gain([f"{A}_Position_{n}" for v, n, *_ in TABLE if v == A], f"{A}/raw/20220503_181522_EER_GainReference.gain")
lab.gain([f"{B}_Position_{n}" for v, n, *_ in TABLE if v == B], f"{B}/processing/gain.mrc")

# ---- Ot2Rec at the facility ----
for v, algorithm in ((A, "imod"), (B, "aretomo")):
    d, p, rawtype = f"{v}/processing/ot2rec", PIXEL[v], "eer" if v == A else "tiff"
    lab.text(f"{d}/Position_proj.yaml", yaml({"source_folder": f"/dls/m12/data/2022/{v}/raw", "TS_folder_prefix": "''", "file_prefix": "Position", "image_stack_field": 0,
                                               "image_index_field": 1, "image_tiltangle_field": 2, "filetype": rawtype}))
    every = [(n, i, a, f) for n in ids(v) for i, (a, f) in enumerate(zip(TAKEN, frames[v, n]))]
    lab.text(f"{d}/Position_master_md.yaml", yaml({"angles": [a for *_, a, _ in every], "file_paths": [f"/dls/m12/data/2022/{v}/raw/{f}" for *_, f in every],
                                                    "image_idx": [i + 1 for _, i, *_ in every], "ts": [n for n, *_ in every]}))
    lab.text(f"{d}/Position_mc2.yaml", yaml({"System": {"process_list": ids(v), "output_path": "./motioncor", "output_prefix": "Position", "use_gpu": "auto"},
                                              "MC2": {"gain_reference": f"/dls/m12/data/2022/{v}/gain.mrc", "pixel_size": p, "desired_pixel_size": p, "patch_size": [5, 5, 20]}}))
    lab.text(f"{d}/Position_mc2_mdout.yaml", yaml({"file_paths": {k: f"/dls/m12/data/2022/{v}/raw/{f}" for k, (*_, f) in enumerate(every)},
                                                    "output": {k: f"./motioncor/Position_{n:04}_{a}.mrc" for k, (n, _, a, _) in enumerate(every)},
                                                    "ts": {k: n for k, (n, *_) in enumerate(every)}, "angles": {k: a for k, (*_, a, _) in enumerate(every)}}))
    lab.text(f"{d}/Position_align.yaml", yaml({"System": {"process_list": ids(v), "output_path": "./stacks", "output_rootname": "Position", "output_suffix": "''"},
                                                "BatchRunTomo": {"setup": {"excluded_views": [0], "use_rawtlt": "true", "pixel_size": p / 10, "rot_angle": 84.1, "gold_size": 0.0, "stack_bin_factor": 2}}}))
    lab.text(f"{d}/Position_align_mdout.yaml", yaml({"ts": dict(enumerate(ids(v))), "stack_output": {k: f"./stacks/Position_{n:04}/Position_{n:04}.st" for k, n in enumerate(ids(v))},
                                                      "align_output": {k: f"./stacks/Position_{n:04}/Position_{n:04}_ali.mrc" for k, n in enumerate(ids(v))}}))
    lab.text(f"{d}/o2r_motioncor2.log", "INFO: Metadata read successfully.\n")
    for n, i, a, f in every:
        if n == 1:
            lab.junk("sum of the frames of one tilt", f"{d}/motioncor/Position_{n:04}_{a}.mrc", noise(1, 96, 104), p, stack=True)
            lab.junk("power spectrum", f"{d}/ctffind/Position_{n:04}_{a}_ctffind.mrc", noise(1, 24, 24), 1.0, stack=True)
            lab.text(f"{d}/ctffind/Position_{n:04}_{a}_ctffind.txt", "# Columns: #1 - micrograph number\n1.000000 34511.2 33780.9 41.2 0.0 0.04 8.9\n")
    for w, n, ot2rec, facility, home, _ in TABLE:
        if w != v or not ot2rec:
            continue
        run, s, base = f"{v}_Position_{n}", specimens[v, n], f"Position_{n:04}"
        lab.tilts(run, f"{d}/stacks/{base}/{base}.st", images(v, n, "ot2rec", 2), p * 2, ANGLES)
        if facility or home:
            lab.run(run)["tiltseries"][-1]["may"] = True  # the same sections as another's, binned
        lab.text(f"{d}/stacks/{base}/{base}.rawtlt", lines(ANGLES, "{}"))
        lab.text(f"{d}/stacks/{base}/{base}_sources.txt", f"{len(ANGLES)}\n" + "".join(f"./motioncor/{base}_{a}.mrc\n0\n" for a in ANGLES))
        if ot2rec != "recon":
            continue
        if algorithm == "imod":
            for f, text in ((".tlt", lines([a + 0.3 for a in ANGLES])), (".xf", xf(len(ANGLES), run)), (".prexf", xf(len(ANGLES), run, "pre"))):
                lab.text(f"{d}/stacks/{base}/{base}{f}", text)
            lab.junk("aligned stack", f"{d}/stacks/{base}/{base}_ali.mrc", images(v, n, "ali", 2), p * 2, stack=True)
            lab.text(f"{d}/stacks/{base}/tilt.com", f"$tilt -StandardInput\nInputProjections {base}_ali.mrc\nOutputFile {base}_full_rec.mrc\nIMAGEBINNED 1\nTILTFILE {base}.tlt\nTHICKNESS 90\n")
            lab.tomogram(run, f"{d}/stacks/{base}/{base}_rec.mrc", s.volume(SHAPES[7.6], 7.6), 7.6)
        else:
            lab.text(f"{d}/aretomo/{base}/{base}.st.aln", aln((68, 60), ANGLES, run))
            lab.tomogram(run, f"{d}/aretomo/{base}/{base}_rec.mrc", s.volume(SHAPES[10.72], 10.72), 10.72)
    name = "recon" if algorithm == "imod" else "aretomo_align-recon"
    lab.text(f"{d}/Position_{name}.yaml", yaml({"System": {"process_list": ids(v), "output_path": "./stacks/" if algorithm == "imod" else "./aretomo", "output_rootname": "Position", "output_suffix": "''"},
                                                 **({"BatchRunTomo": {"aligned_stack": {"bin_factor": 1}, "reconstruction": {"thickness": 90}}} if algorithm == "imod" else
                                                    {"AreTomo_setup": {"aretomo_mode": 2, "rot_angle": 84.1, "output_binning": 2}, "AreTomo_recon": {"volz": 300, "pixel_size": 5.36}})}))
t = f"{A}/processing/ot2rec_try1/stacks/Position_0001/Position_0001"
lab.junk("a first try with the wrong axis", t + "_rec.mrc", noise(*SHAPES[7.6]), 7.6)
lab.text(f"{A}/processing/ot2rec_try1/README", "wrong rot_angle (-95.9), see ot2rec/ for the good ones\n")

# ---- the facility's own pipeline, second visit ----
d = f"{B}/processed/raw/relion_murfey"
lab.text(f"{d}/default_pipeline.star", star([("pipeline_general", {"rlnPipeLineJobCounter": 9}), ("pipeline_processes", {"rlnPipeLineProcessName": ["Import/job001/", "MotionCorr/job002/", "Tomograms/job006/", "Denoise/job007/", "Segmentation/job008/"],
                                                                   "rlnPipeLineProcessTypeLabel": ["relion.importtomo", "relion.motioncorr.motioncor2", "relion.reconstructtomograms", "relion.denoisetomo", "membrain.segment"]})]))
for v, n, _, facility, home, more in TABLE:
    if not facility:
        continue
    run, s, base = f"{v}_Position_{n}", specimens[v, n], f"Position_{n}_stack"
    for f in frames[v, n][:2]:
        lab.junk("sum of the frames of one tilt", f"{d}/MotionCorr/job002/Movies/{f.replace('.tiff', '_motion_corrected.mrc')}", noise(1, *DETECTOR[B]), PIXEL[B], stack=True)
    j = f"{d}/Tomograms/job006/tomograms/{base}"
    lab.tilts(run, j + ".mrc", images(v, n, "facility"), PIXEL[B], ANGLES)
    lab.text(j + "_TLT.txt", "".join(f"{a:.2f} {TAKEN.index(a) + 1}\n" for a in ANGLES))
    lab.text(j + ".aln", aln((136, 120), ANGLES, run, "facility"))
    lab.text(j + "_Imod/tilt.com", f"$tilt -StandardInput\nInputProjections {base}.st\nOutputFile {base}_rec.mrc\nIMAGEBINNED 1\nTILTFILE {base}.tlt\n")
    lab.text(j + "_Imod/" + base + ".tlt", lines(ANGLES))
    lab.picture(j + "_Vol_thumbnail.png")
    lab.tomogram(run, j + "_Vol.mrc", s.volume(SHAPES[8.04], 8.04, what="facility"), 8.04)
    lab.tomogram(run, f"{d}/Denoise/job007/tomograms/{base}_Vol.denoised.mrc", s.volume(SHAPES[8.04], 8.04, 0.2, "topaz"), 8.04, ("denoised",))
    lab.mask(run, f"{d}/Segmentation/job008/tomograms/{base}_Vol.denoised_segmented.mrc", s.membrane(SHAPES[8.04]), 8.04)

# ---- at home ----
for v, n, _, facility, home, more in TABLE:
    if not home:
        continue
    run, s, base = f"{v}_Position_{n}", specimens[v, n], f"Position_{n}"
    V = 15.2 if v == A else 13.4
    h = f"home/{HOME[v]}"
    lab.tilts(run, f"{h}/stacks/{base}.mrc", images(v, n, "home"), PIXEL[v], ANGLES)
    if facility:
        lab.run(run)["tiltseries"][-1]["may"] = True
    lab.text(f"{h}/stacks/{base}.rawtlt", lines(ANGLES))
    lab.text(f"{h}/aretomo2/{base}.aln", aln(DETECTOR[v][::-1], ANGLES, run, "home"))
    lab.tomogram(run, f"{h}/aretomo2/{base}_rec.mrc", s.volume(SHAPES[V], V, what="home"), V)
    if more:
        for half in ("EVN", "ODD"):
            lab.half(run, f"{h}/aretomo2/{base}_{half}_rec.mrc", s.volume(SHAPES[V], V, 1.4, half), V)
        lab.tomogram(run, f"{h}/cryocare/{base}_rec.mrc", s.volume(SHAPES[V], V, 0.15, "cryocare"), V, ("denoised",))
    xyz = places("ribosome", run, n=8 + n, size=SIZE[v])
    lab.points(run, "home/picks_all.csv", "ribosome", xyz, V)
    picks += [(v, base, *(f"{c / 10:.2f}" for c in x), "80S") for x in xyz]
    if v == B and n == 2:
        lab.copy(f"{h}/aretomo2/{base}_rec.mrc", f"home/for_group_meeting/{base}_rec.mrc")
lab.text("home/picks_all.csv", "visit,tomogram,x_nm,y_nm,z_nm,what\n" + "".join(",".join(map(str, p)) + "\n" for p in picks))
lab.text("home/sheet_dose_pixel.csv", "month;visit;series;sample;pixel (nm);pixel (A);dose per tilt (e/A2);tilts\n" + "".join(";".join(map(str, row)) + "\n" for row in sheet))
lab.text("home/sheet_dose_pixel_OLD.csv", "month;visit;series;pixel (A)\nMay22;bi31234-5;Position_1;4.11\n")
lab.text("home/run_aretomo2.sh", "for m in stacks/*.mrc; do AreTomo2 -InMrc $m -OutMrc aretomo2/$(basename $m .mrc)_rec.mrc -AngFile ${m%.mrc}.rawtlt -VolZ 1200 -OutBin $BIN -FlipVol 1; done\n")
lab.text("notes.txt", "bi31234-5 = May 2022, bi31234-9 = January 2023. Position_7 (Jan): lamella broke, only frames.\n")
lab.junk("a colleague's grid", "bi31234-9/tmp/from_hannah/lamella_map.mrc", noise(1, 48, 48), 122.0, stack=True)
lab.done()
