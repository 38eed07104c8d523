"""A session that AreTomo3 processed while it was recorded, and what a small group made of it: denoised, segmented, picked in copick.

Imitates
  https://github.com/czimaginginstitute/AreTomo3        (manual and sources: NAME.mrc, NAME_EVN.mrc, NAME_ODD.mrc, NAME_Vol.mrc, NAME_EVN_Vol.mrc, NAME_ODD_Vol.mrc,
    NAME_2ND_Vol.mrc, .aln, _TLT.txt, _CTF.txt, _CTF.mrc, _Imod/, _Log/, MdocDone.txt, TiltSeries_Metrics.csv, AreTomo3_Session.json)
  https://github.com/czimaginginstitute/AreTomo2        (.aln, _Imod; -OutMrc NAME_Vol.mrc)
  https://copick.github.io/copick/                      (ExperimentRuns/RUN/VoxelSpacing…/TYPE.zarr, Picks/USER_SESSION_OBJECT.json in angstroms, Segmentations/)
  https://github.com/teamtomo/membrain-seg, https://smlc-nysbc.github.io/TARDIS/, https://github.com/IsoNet-cryoET/IsoNet, https://github.com/MLI-lab/DeepDeWedge

Four positions, tilt axis and pixel as the session's file says. Position_3_2 was too bad for AreTomo3: its stack is there, its tomogram is from AreTomo2 by
hand, the other tries of AreTomo2 (thickness, SART) are left over; to publish those or not is a matter of taste. DenoisET's names are those of its
input, in a folder; of Position_10 it left an empty file, and DeepDeWedge was used instead. Each volume, half and copy is noise of its own.
The mess: aligned stacks for IMOD, spectra, IsoNet's masks and scores of a network, a copy "(1)", picks once more as CSV in angstroms (all positions)
and in voxels (one of them), a link that leads out of the folder and one to nowhere, crops for a talk, averages.
"""
import json
import os

import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, lines, mdoc, noise, places, seed, xf

PIXEL, V, SECOND = 3.1, 6.2, 12.4
SIZE = (72, 80)  # images: y, x
SHAPE, SHAPE2 = (20, 36, 40), (10, 18, 20)
TAKEN = dose_symmetric(12, 8)
ANGLES = sorted(TAKEN)
#         position        AreTomo3  DenoisET  IsoNet  segmented by      ribosomes  synthases
TABLE = [("Position_1", True, True, True, ("membrain", "tardis"), 12, 5),
         ("Position_2", True, True, False, ("membrain",), 9, 0),
         ("Position_10", True, False, False, ("tardis",), 6, 0),
         ("Position_3_2", False, False, False, (), 0, 0)]

lab = Lab(__doc__, ["https://github.com/czimaginginstitute/AreTomo3", "https://github.com/czimaginginstitute/AreTomo2", "https://copick.github.io/copick/", "https://github.com/teamtomo/membrain-seg",
                    "https://smlc-nysbc.github.io/TARDIS/", "https://github.com/IsoNet-cryoET/IsoNet", "https://github.com/MLI-lab/DeepDeWedge"])
ANGSTROM = [n * V for n in SHAPE[::-1]]
A, C = "AreTomo3/", "copick/ExperimentRuns/"
r = seed(lab.name, "values")
stack = lambda *words: noise((9, *SIZE), *words, dtype=np.int16)
lab.gain([n for n, *_ in TABLE], "frames/20250312_gain.mrc")
lab.text(A + "AreTomo3_Session.json", json.dumps({"package": {"url": "https://github.com/czimaginginstitute/AreTomo3", "version": "2.1.4"}, "parameters": {
    "InPrefix": "../frames/", "InSuffix": ".mdoc", "OutDir": "./", "Gain": "../frames/20250312_gain.mrc", "kV": 300, "Cs": 2.7, "PixSize": PIXEL, "FmDose": 0.6, "McBin": 1, "AtBin": [V / PIXEL, SECOND / PIXEL], "VolZ": 40, "FlipVol": 1, "Wbp": 1, "SplitSum": 1, "Serial": 1000}}, indent=1))
lab.text(A + "MdocDone.txt", "".join(f"../frames/{n}.mdoc\n" for n, *_ in TABLE))
lab.text(A + "TiltSeries_Metrics.csv", "Tilt_Series,Thickness(Pix),Tilt_Axis,Global_Shift(Pix),Bad_Patch_Low,Bad_Patch_All,CTF_Res(A),CTF_Score,Pix_Size(A),Cs(nm),Kv,Alpha0,Beta0\n"
         + "".join(f"{n}.mrc,{24 if ok else 0},-85.30,{31.2 if ok else 402.7},0.00,0.02,{14.1 if ok else 48.3},{0.21 if ok else 0.02},{PIXEL},2.7,300,0.0,0.0\n" for n, ok, *_ in TABLE))
lab.text(A + "log.txt", "4 of 4\n")


def aretomo3(n, good):
    """What AreTomo3 leaves of one position; a bad one has no volumes."""
    names = [f"{n}_{i + 1:03d}_{a:.2f}_20250312_10{i:02d}12_fractions.tiff" for i, a in enumerate(TAKEN)]
    lab.movies(n, [f"frames/{f}" for f in names])
    lab.text(f"frames/{n}.mdoc", mdoc(TAKEN, PIXEL, names, f"{n}.mrc", SIZE[::-1]))
    lab.tilts(n, f"{A}{n}.mrc", stack(n), PIXEL, ANGLES)
    for h in ("EVN", "ODD"):
        lab.half(n, f"{A}{n}_{h}.mrc", stack(n, h), PIXEL, stack=True)
    lab.text(f"{A}{n}_TLT.txt", "".join(f"{a:8.2f}{TAKEN.index(a) + 1:5d}{3.1:8.2f}\n" for a in ANGLES))
    lab.text(f"{A}{n}.aln", aln(SIZE[::-1], ANGLES, n))
    lab.text(f"{A}{n}_CTF.txt", "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radian]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully\n"
             + "".join(f"{i + 1:4d}  41200.15  40800.20   33.10  0.00  0.12  12.10\n" for i in range(9)))
    lab.junk("spectra of the tilts", f"{A}{n}_CTF.mrc", noise((9, 32, 32), "spectrum", n), 1.0, stack=True)
    lab.text(f"{A}{n}_Log/{n}_Full.txt", "done\n")
    if not good:
        return
    lab.tomogram(n, f"{A}{n}_Vol.mrc", noise(SHAPE, n), V)
    lab.tomogram(n, f"{A}{n}_2ND_Vol.mrc", noise(SHAPE2, "second", n), SECOND)
    for h in ("EVN", "ODD"):
        lab.half(n, f"{A}{n}_{h}_Vol.mrc", noise(SHAPE, h, n), V)
    lab.junk("stack for IMOD, without dark images", f"{A}{n}_Imod/{n}_st.mrc", stack("imod", n), PIXEL, stack=True)
    for end, content in ((".tlt", lines(ANGLES)), (".xf", xf(9, n)), (".xtilt", lines([0] * 9)), ("_order_list.csv", "ImageNumber,TiltAngle\n" + "".join(f"{i + 1},{a}\n" for i, a in enumerate(ANGLES)))):
        lab.text(f"{A}{n}_Imod/{n}_st{end}" if end[0] == "." else f"{A}{n}_Imod/{n}{end}", content)


def picks(n, user, name, where):
    lab.text(f"{C}{n}/Picks/{user}_1_{name}.json", json.dumps({"pickable_object_name": name, "user_id": user, "session_id": "1", "run_name": n, "voxel_spacing": V, "unit": "angstrom", "trust_orientation": False,
        "points": [{"location": dict(zip("xyz", map(float, p))), "transformation_": np.eye(4).tolist(), "instance_id": 0, "score": 1.0} for p in where]}, indent=1))


table = []
for n, good, denoiset, isonet, by, ribosomes, synthases in TABLE:
    s = Specimen(n, ANGSTROM)
    aretomo3(n, good)
    if denoiset:
        lab.tomogram(n, f"DenoisET/{n}_Vol.mrc", noise(SHAPE, "denoiset", n), V, ("denoised",))
    if isonet:
        lab.tomogram(n, f"IsoNet/deconv/{n}_Vol.mrc", noise(SHAPE, "deconv", n), V, ("filtered",))
        lab.junk("mask for the training", f"IsoNet/mask/{n}_Vol_mask.mrc", s.membrane(SHAPE, "isonet"), V)
        lab.tomogram(n, f"IsoNet/corrected/{n}_Vol_corrected.mrc", noise(SHAPE, "isonet", n), V, ("denoised", "filtered"))
        lab.text("IsoNet/tomograms.star", f"\ndata_\n\nloop_\n_rlnIndex #1\n_rlnMicrographName #2\n_rlnPixelSize #3\n_rlnDefocus #4\n_rlnNumberSubtomo #5\n_rlnMaskBoundary #6\n_rlnDeconvTomoName #7\n_rlnMaskName #8\n_rlnCorrectedTomoName #9\n"
                 f"1 ../{A}{n}_Vol.mrc {V} 41000 100 None deconv/{n}_Vol.mrc mask/{n}_Vol_mask.mrc corrected/{n}_Vol_corrected.mrc\n")
    if "membrain" in by:
        m = f"membrain/{n}_Vol_MemBrain_seg_v10_alpha.ckpt"
        lab.mask(n, m + "_segmented.mrc", s.membrane(SHAPE), V)
        lab.junk("scores of the network", m + "_scores.mrc", noise(SHAPE, "scores", n), V)
    if "tardis" in by:
        lab.mask(n, f"{A}Predictions/{n}_Vol_semantic.mrc", s.membrane(SHAPE, "tubes"), V)
        ends = places(lab.name, n, "tube", n=2, size=ANGSTROM)
        tube = np.linspace(*ends, 12)
        file = f"{A}Predictions/{n}_Vol_instances.csv"
        lab.text(file, "IDs,X [A],Y [A],Z [A]\n" + "".join(f"{i},{x:.2f},{y + 14 * i:.2f},{z:.2f}\n" for i in (0, 1) for x, y, z in tube))
        lab.points(n, file, "microtubule", np.concatenate([tube + (0, 14 * i, 0) for i in (0, 1)]), V, instances=True, may=True)
    if ribosomes:
        where = places(lab.name, n, n=ribosomes, size=ANGSTROM)
        also = ["picks/ribosomes_all.csv"] + (["picks/Position_2_ribosome_voxels.csv"] if n == "Position_2" else [])
        picks(n, "anna", "ribosome", where)
        lab.points(n, f"{C}{n}/Picks/anna_1_ribosome.json", "ribosome", where, V, also=also)
        table += [(n, *p) for p in where]
        if len(also) > 1:
            lab.text(also[1], "x,y,z\n" + "".join("{:.3f},{:.3f},{:.3f}\n".format(*p) for p in where / V))
    if synthases:
        where = places(lab.name, n, "synthase", n=synthases, size=ANGSTROM)
        picks(n, "anna", "atp-synthase", where)
        lab.points(n, f"{C}{n}/Picks/anna_1_atp-synthase.json", "ATP synthase", where, V)
lab.text("picks/ribosomes_all.csv", "run_name,x,y,z\n" + "".join("{},{:.2f},{:.2f},{:.2f}\n".format(*row) for row in table))

# copick: the tomograms as they were put in, one segmentation
lab.text("copick/config.json", json.dumps({"name": "chlamy", "description": "Position_1, 2 and 10", "version": "1.10.0", "config_type": "filesystem", "overlay_root": "local:///home/anna/chlamy/copick/", "overlay_fs_args": {"auto_mkdir": True},
    "pickable_objects": [{"name": "ribosome", "is_particle": True, "label": 1, "color": [0, 117, 220, 255], "radius": 120}, {"name": "atp-synthase", "is_particle": True, "label": 2, "color": [153, 63, 0, 255], "radius": 80}, {"name": "membrane", "is_particle": False, "label": 3, "color": [76, 0, 92, 255]}]}, indent=1))
for n in ("Position_1", "Position_2"):  # perhaps AreTomo3's, perhaps not: nobody can tell
    lab.tomogram(n, f"{C}{n}/VoxelSpacing{V:.3f}/wbp.zarr", noise(SHAPE, "copick", n), V, may=True)
lab.mask("Position_1", f"{C}Position_1/Segmentations/{V:.3f}_membrain-seg_1_membrane.zarr", Specimen("Position_1", ANGSTROM).membrane(SHAPE, "copick").astype(np.uint8), V, may=True)
lab.text(f"{C}Position_10/Picks/anna_2_atp-synthase.json", "")

# DenoisET stopped at Position_10
lab.text("DenoisET/Position_10_Vol.mrc", b"")
lab.tomogram("Position_10", "ddw/refined_tomograms/Position_10_EVN_Vol+Position_10_ODD_Vol_refined.mrc", noise(SHAPE, "ddw"), V, ("denoised",), header=1.0)

# AreTomo2 by hand
H = "AreTomo2_by_hand/Position_3_2"
lab.tomogram("Position_3_2", H + "_Vol.mrc", noise(SHAPE, "aretomo2"), V)
lab.tomogram("Position_3_2", H + "_Vol_az300_try.mrc", noise(SHAPE, "az300"), V, may=True)
lab.tomogram("Position_3_2", H + "_Vol_sart_try.mrc", noise(SHAPE, "sart"), V, may=True)
lab.tomogram("Position_1", "AreTomo2_by_hand/tries/Position_1_tiltcor0.mrc", noise((24, *SHAPE[1:]), "tiltcor"), V, may=True)
lab.text(H + ".aln", aln(SIZE[::-1], ANGLES, "by hand"))
lab.text("AreTomo2_by_hand/run.sh", f"AreTomo2 -InMrc ../{A}Position_3_2.mrc -OutMrc Position_3_2_Vol.mrc -AngFile ../{A}Position_3_2_TLT.txt -VolZ 40 -OutBin 2 -PixSize {PIXEL} -TiltAxis -85.3 1 -FlipVol 1\n")

# the mess
lab.copy(A + "Position_2_Vol.mrc", A + "Position_2_Vol (1).mrc")
lab.junk("average of particles", "averages/ribosome_bin2_avg.mrc", noise((16, 16, 16), "average"), V)
lab.junk("template", "averages/template_80S_12.4A.mrc", noise((14, 14, 14), "template"), SECOND)
lab.junk("crop for a talk", "talk/Position_1_crop_tubes.mrc", noise((8, 20, 24), "crop"), V)
lab.picture("talk/slide4.png")
outside = lab.out / "somebody_else"
outside.mkdir(exist_ok=True)
(outside / "notes.txt").write_text("not this folder\n")
os.symlink("../somebody_else", lab.root / "from_peter")
os.symlink("/mnt/krios2/20250312/frames", lab.root / "frames_on_server")
lab.done()
