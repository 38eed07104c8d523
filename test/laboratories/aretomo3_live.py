"""AreTomo3 running live at a facility: two grids with the same names of positions, a second run at another binning, then copick.

Imitates AreTomo3's manual (https://github.com/czimaginginstitute/AreTomo3/tree/main/docs, 2.x) and sources: names NAME.mrc, _EVN.mrc, _ODD.mrc, _TLT.txt, .aln,
_CTF.txt, _CTF.mrc, NAME_Imod/; DataUtil/CAsyncSaveVol.cpp for _Vol.mrc, _EVN_Vol.mrc, _ODD_Vol.mrc; MdocDone.txt, TiltSeries_Metrics.csv, AreTomo3_Session.json
beside them. Frames are named as Tomography 5 does (public issues: https://github.com/3dem/relion/issues, https://github.com/teamtomo/mdocfile).
copick: https://copick.github.io/copick/ (config of the filesystem type, ExperimentRuns/RUN/{Picks,VoxelSpacing…,Segmentations}); picks are in angstroms.

The mess: Position_1 exists on both grids; grid 1 is EER, grid 2 TIFF; one series came after the session was stopped and has only frames; grid 1 was run again with
-AtBin 8 into another folder, which holds the same motion-corrected stacks once more; copick's runs have names of their own, its wbp.zarr are the tomograms again,
one pick file is empty, one object was picked by two people in one run.
"""
import json

import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, lines, mdoc, places, seed, xf

PIXEL, SIZE = 2.62, (144, 144)  # y, x
VOXEL, SHAPE = 10.48, (18, 36, 36)  # -AtBin 4
VOXEL8, SHAPE8 = 20.96, (9, 18, 18)  # -AtBin 8
ANGSTROM = [n * VOXEL for n in SHAPE[::-1]]
TAKEN = dose_symmetric(8, 6)
ANGLES = sorted(TAKEN)
#         grid     position      day          hour  stage           copick's run             manual  template matching
TABLE = [("grid1", "Position_1", "11-Mar-24", 10, "-312.4 101.9", "240311_g1_Position_1", 14, 0),
         ("grid1", "Position_3", "11-Mar-24", 13, "-288.0 -43.7", "240311_g1_Position_3", 0, 0),
         ("grid2", "Position_1", "12-Mar-24", 9, "77.5 210.3", "240312_g2_Position_1", 7, 11),
         ("grid2", "Position_2", "12-Mar-24", 11, "81.2 214.8", None, 0, 0)]


def dated(text, day, hour, stage):
    return text.replace("14-Feb-23  09:", f"{day}  {hour:02d}:").replace("12.5 -40.1", stage)


def frame(name, day, hour, a, eer):
    n = TAKEN.index(a)
    d = {"11-Mar-24": "20240311", "12-Mar-24": "20240312"}[day]
    return f"{name}_{n + 1:03d}_{a:.2f}_{d}_{hour:02d}{n:02d}31_" + ("EER.eer" if eer else "fractions.tiff")


lab = Lab(__doc__, ["https://github.com/czimaginginstitute/AreTomo3/tree/main/docs", "https://github.com/czimaginginstitute/AreTomo3/blob/main/DataUtil/CAsyncSaveVol.cpp", "https://copick.github.io/copick/"])
r = seed(lab.name, "maps")
objects = [{"name": "ribosome", "is_particle": True, "label": 1, "color": [0, 117, 220, 255], "radius": 130}, {"name": "membrane", "is_particle": False, "label": 2, "color": [153, 63, 0, 255]},
           {"name": "proteasome", "is_particle": True, "label": 3, "color": [76, 0, 92, 255], "radius": 80}]
lab.text("copick/config.json", json.dumps({"config_type": "filesystem", "name": "lamC", "description": "240311 lamellae, both grids", "version": "1.5.0", "pickable_objects": objects,
         "overlay_root": "local:///groups/lamC/copick/overlay/", "overlay_fs_args": {"auto_mkdir": True}, "static_root": "local:///groups/lamC/copick/static/"}, indent=4))
for grid, name, day, hour, stage, crun, manual, matched in TABLE:
    run, eer = f"{grid}_{name}", grid == "grid1"
    lab.run(run, *([crun] if crun else []))
    where = places(lab.name, run, n=max(manual, matched, 1), size=ANGSTROM)
    s = Specimen(run, ANGSTROM, [where] if manual or matched else [])
    names = [frame(name, day, hour, a, eer) for a in TAKEN]
    lab.movies(run, [f"raw/{grid}/{f}" for f in names], size=SIZE, frames=2, pixel=PIXEL)
    lab.text(f"raw/{grid}/{name}.mdoc", dated(mdoc(TAKEN, PIXEL, names, f"{name}.mrc", SIZE[::-1], folder="\\\\OffloadServer\\240311_lamC\\" + grid + "\\", camera="TOMOGRAPHY: Titan Krios G4"), day, hour, stage))
    out = f"at3_live/{grid}/{name}"
    stack = s.stack(ANGLES, SIZE)
    lab.tilts(run, f"{out}.mrc", stack, PIXEL, ANGLES)
    for half in ("EVN", "ODD"):
        lab.half(run, f"{out}_{half}.mrc", s.stack(ANGLES, SIZE, half), PIXEL, stack=True)
    full = s.volume(SHAPE, VOXEL)
    lab.tomogram(run, f"{out}_Vol.mrc", full, VOXEL)
    for half in ("EVN", "ODD"):
        lab.half(run, f"{out}_{half}_Vol.mrc", s.volume(SHAPE, VOXEL, what=half, noise=1.4), VOXEL)
    tlt = "".join(f"{a:8.2f} {TAKEN.index(a) + 1:4d} {3.1 * TAKEN.index(a):8.2f}\n" for a in ANGLES)
    ctf = "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radian]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully; #8 - dfHand\n" + "".join(
        f"{i + 1:4d}   36100.00  35900.00   -41.2000    0.0000    0.1300    7.9000   1\n" for i in range(len(ANGLES)))
    lab.text(f"{out}.aln", aln(SIZE[::-1], ANGLES, run))
    lab.text(f"{out}_TLT.txt", tlt)
    lab.text(f"{out}_CTF.txt", ctf)
    lab.text(f"{out}_CTF_Imod.txt", "1 0 0. 0. 0 3\n" + "".join(f"{i + 1} {i + 1} {a:.2f} {a:.2f} 3610.0 3590.0 -41.2\n" for i, a in enumerate(ANGLES)))
    lab.junk("power spectra of the CTF estimation", f"{out}_CTF.mrc", seed(run, "ctf").normal(0, 1, (len(ANGLES), 32, 32)).astype(np.float32), 1.0, stack=True)
    lab.text(f"{out}_Imod/{name}_st.xf", xf(len(ANGLES), run))
    lab.text(f"{out}_Imod/{name}_st.tlt", lines(ANGLES))
    lab.text(f"{out}_Imod/{name}_st_order_list.csv", "ImageNumber, TiltAngle\n" + "".join(f"{i + 1},{a:.2f}\n" for i, a in enumerate(TAKEN)))
    lab.text(f"{out}_Imod/newst.com", f"$newstack -StandardInput\nInputFile ../{name}.mrc\nOutputFile {name}_st.ali\nTransformFile {name}_st.xf\nBinByFactor 4\n")
    if grid == "grid1":
        again = f"at3_bin8_grid1/{name}"
        lab.tomogram(run, f"{again}_Vol.mrc", s.volume(SHAPE8, VOXEL8), VOXEL8)
        lab.half(run, f"{again}_EVN_Vol.mrc", s.volume(SHAPE8, VOXEL8, what="EVN", noise=1.4), VOXEL8)
        lab.half(run, f"{again}_ODD_Vol.mrc", s.volume(SHAPE8, VOXEL8, what="ODD", noise=1.4), VOXEL8)
        for end in (".mrc", "_EVN.mrc", "_ODD.mrc"):
            lab.copy(f"{out}{end}", f"{again}{end}", "the same motion correction again, a copy")
        lab.text(f"{again}.aln", aln(SIZE[::-1], ANGLES, run, "8"))
        lab.text(f"{again}_TLT.txt", tlt)
        lab.text(f"{again}_CTF.txt", ctf)
    if crun:
        lab.zarr(f"copick/static/ExperimentRuns/{crun}/VoxelSpacing{VOXEL:.3f}/wbp.zarr", full, VOXEL)
        picks = []
        if manual:
            picks.append(("anna", "1", where[:manual]))
        if matched:
            picks.append(("pytom-match-pick", "0", where[:matched]))
        for user, session, xyz in picks:
            f = f"copick/overlay/ExperimentRuns/{crun}/Picks/{user}_{session}_ribosome.json"
            pts = [{"location": dict(zip("xyz", map(float, p))), "transformation_": np.eye(4).tolist(), "instance_id": 0, "score": 1.0} for p in xyz]
            lab.text(f, json.dumps({"pickable_object_name": "ribosome", "user_id": user, "session_id": session, "run_name": crun, "voxel_spacing": VOXEL, "unit": "angstrom", "points": pts, "trust_orientation": False}, indent=2))
            lab.points(run, f, "ribosome", xyz, VOXEL)
        if manual:
            f = f"copick/overlay/ExperimentRuns/{crun}/Picks/anna_1_proteasome.json"
            lab.text(f, json.dumps({"pickable_object_name": "proteasome", "user_id": "anna", "session_id": "1", "run_name": crun, "voxel_spacing": VOXEL, "unit": "angstrom", "points": [], "trust_orientation": True}))
        lab.mask(run, f"copick/overlay/ExperimentRuns/{crun}/Segmentations/{VOXEL:.3f}_membrain-seg_1_membrane.zarr", s.membrane(SHAPE).astype(np.uint8), VOXEL)
    if crun == "240311_g1_Position_3":
        d = (full - full.mean()) * 0.6 + s.density(SHAPE, VOXEL).astype(np.float32) * 0.4
        lab.tomogram(run, f"copick/static/ExperimentRuns/{crun}/VoxelSpacing{VOXEL:.3f}/denoised.zarr", d.astype(np.float32), VOXEL, ("denoised",))
# the session was stopped before AreTomo3 took it
late = [frame("Position_4", "12-Mar-24", 15, a, False) for a in TAKEN]
lab.run("grid2_Position_4")
lab.movies("grid2_Position_4", [f"raw/grid2/{f}" for f in late], size=SIZE, frames=2, pixel=PIXEL)
lab.text("raw/grid2/Position_4.mdoc", dated(mdoc(TAKEN, PIXEL, late, "Position_4.mrc", SIZE[::-1], folder="\\\\OffloadServer\\240311_lamC\\grid2\\", camera="TOMOGRAPHY: Titan Krios G4"), "12-Mar-24", 15, "90.1 -5.5"))
lab.gain([f"{t[0]}_{t[1]}" for t in TABLE if t[0] == "grid2"] + ["grid2_Position_4"], "raw/grid2/gain_post_240312.mrc", size=SIZE)
for grid in ("grid1", "grid2"):
    done = [t for t in TABLE if t[0] == grid]
    lab.text(f"at3_live/{grid}/MdocDone.txt", "".join(f"/data/240311_lamC/{grid}/{t[1]}.mdoc\n" for t in done))
    lab.text(f"at3_live/{grid}/TiltSeries_Metrics.csv", "Tilt_Series,Thickness(Pix),Tilt_Axis,Global_Shift(Pix),Bad_Patch_Low,Bad_Patch_All,CTF_Res(A),CTF_Score,Pix_Size(A),Cs(nm),Kv,Alpha0,Beta0\n" + "".join(f"{t[1]}.mrc,  410, -85.30, 120.20, 0.00, 0.05, 7.90, 0.1300, {PIXEL}, 2.7, 300, 0.00, 0.00\n" for t in done))
    lab.text(f"at3_live/{grid}/AreTomo3_Session.json", json.dumps({"software": "AreTomo3", "version": "AreTomo3_2.0.4", "parameters": {"InPrefix": f"/data/240311_lamC/{grid}/", "OutDir": f"/data/240311_lamC/at3_live/{grid}/", "PixSize": PIXEL, "AtBin": [4.0, 0, 0], "kV": 300, "SplitSum": 1, "FmDose": 0.1, "Serial": 1000}}, indent=2))
    lab.text(f"at3_live/{grid}/aretomo3.log", "AreTomo3 2.0.4 Built Oct 2024\nWaiting for new mdoc files ...\n")
lab.text("at3_bin8_grid1/AreTomo3_Session.json", json.dumps({"software": "AreTomo3", "version": "AreTomo3_2.0.4", "parameters": {"InPrefix": "/data/240311_lamC/grid1/", "OutDir": "/data/240311_lamC/at3_bin8_grid1/", "PixSize": PIXEL, "AtBin": [8.0, 0, 0], "kV": 300, "SplitSum": 1}}, indent=2))
lab.junk("overview of a grid", "raw/grid1/Overview.mrc", r.normal(100, 9, (1, 80, 80)).astype(np.int16), 640.0, stack=True)
lab.junk("search map", "raw/grid2/SearchMap_2.mrc", r.normal(100, 9, (1, 80, 80)).astype(np.int16), 61.0, stack=True)
lab.text("NOTES facility.txt", "11/12 March, 2 grids. live AreTomo3 (bin 4). g1 again with bin 8 for overview slides. Position_4 g2 came late, not processed. picks: copick folder (Mehmet)\n")
lab.done()
