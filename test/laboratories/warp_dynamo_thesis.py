"""The folder of a PhD student who hands the thesis in: WarpTools, Dynamo, GAPSTOP, M, RELION, and what lies beside them after four years.

Imitates WarpTools' folders and tables (https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/ and the sources in https://github.com/warpem/warp:
TiltSeries.cs, TiltSeries.MatchFull.cs, TiltSeries.Denoise.cs, ExportParticlesTiltseries.cs, Species.cs), SerialEM's mdoc (https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm),
Dynamo's tables, volume lists and table maps (https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention, .../Tomogram-table_map_file, https://teamtomo.org), GAPSTOP's and STOPGAP's
parameters with cryoCAT's motive lists (https://pypi.org/project/scipion-em-gapstop/, https://github.com/turonova/cryoCAT), MemBrain-seg
(https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md), TARDIS (https://github.com/SMLC-NYSBC/TARDIS, tardis_em/utils/predictor.py), EMAN2's info files
(https://github.com/SBC-Utrecht/SBC-scripts/tree/main/imodxf2emanjson), IMOD (https://bio3d.colorado.edu/imod/doc/tomoguide.html).
From memory: names of SerialEM's frames and of the K3's gain, files of AreTomo and etomo below `tiltstack`, a Dynamo catalogue's and project's folders, the lines of a `.tomolist`, where M keeps versions, EMAN2's attributes.

The mess: a log of the series with two bad ones, of which one was processed all the same; a first alignment by patch tracking, with a catalogue of Dynamo on it; `old` with the pixel before its calibration;
one object found in three programs; numbers of tomograms that are the name's in one list, the order in two others; lists before and after a threshold and a classification; a labmate's EMAN2 on two of the
series, with an exported volume; a rotation project with series of the same names; copies for a colleague; a dark tilt that Warp left out of the stack.
"""
import hashlib
import json
import struct

import h5py
import numpy as np
import tifffile

from kit import Lab, Specimen, aln, dose_symmetric, imod_model, lines, mdoc, places, seed, star, xf

PIXEL, BIN4, BIN8 = 1.25, 5.0, 10.0
FINE, FRAME = (16, 48, 48), (192, 192)
SIZE = [n * BIN4 for n in FINE[::-1]]
TAKEN = dose_symmetric(18, 6)
MAY, NOV = "2023-05-12_krios2_grid2", "2023-11-03_krios2_grid5"
#         series  session good  80S picks, of which M keeps; ATP; Hsp60; dark; 5 A; comment
TABLE = [("TS_01", MAY, "yes", 14, 11, 9, 8, None, True, "lamella 1, nice cristae"),
         ("TS_02", MAY, "yes", 12, 9, 7, 6, 54.0, True, "last tilt black (grid bar)"),
         ("TS_03", MAY, "NO", 0, 0, 0, 0, None, False, "lamella broke during the series, not processed"),
         ("TS_04", MAY, "yes", 10, 8, 0, 7, None, False, "thick"),
         ("TS_05", NOV, "yes", 13, 10, 8, 9, None, True, "best one! Fig. 3"),
         ("TS_06", NOV, "NO", 0, 0, 0, 0, None, False, "crystalline ice, looked ok on screen. do not use"),
         ("TS_07", NOV, "yes", 0, 0, 0, 0, None, False, "only membranes, no ribosomes in view")]
WARP = "warp/warp_tiltseries"
HOME = "/scratch/reuter/thesis"
ETOMO_SHIFT = np.array([30.0, -20.0, 10.0])

lab = Lab(__doc__, ["https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/", "https://github.com/warpem/warp", "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention",
                    "https://github.com/turonova/cryoCAT", "https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md", "https://github.com/SMLC-NYSBC/TARDIS"])
good = lambda row: row[2] == "yes"
ID = {row[0]: f"thesis_{row[0]}" for row in TABLE}


def half16(d):
    return d.astype(np.float16)


def binned(d):
    z, y, x = (n // 2 for n in d.shape)
    return d.reshape(z, 2, y, 2, x, 2).mean((1, 3, 5))


def smooth(d):
    for axis in range(3):
        d = (np.roll(d, 1, axis) + 2 * d + np.roll(d, -1, axis)) / 4
    return d


def movie(run, path):
    """Two frames of a K3, mostly of zeros and ones."""
    p = lab.root / path
    p.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(p, seed("movie", path).poisson(0.12, (2, *FRAME)).astype(np.uint8), compression="zlib", photometric="minisblack", metadata=None)
    sha = hashlib.sha256(p.read_bytes()).hexdigest()
    if run:
        lab.run(run)["frames"].append({"file": path, "sha256": sha})
    else:
        lab.never("a frame of a series that the log calls bad", {"file": path, "sha256": sha})


def em(path, data, why=None):
    """EM: 128 words of header, float32."""
    d = np.asarray(data, "<f4")
    lab.text(path, struct.pack("<4B3i", 6, 0, 0, 5, *d.shape[::-1]) + bytes(496) + d.tobytes())
    if why:
        lab.never(why, path)


def matlab(path, what):
    lab.text(path, b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x01IM" + what.encode().ljust(64, b"\0"))


def hdf(path, data, apix, why):
    p = lab.root / path
    p.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(p, "w") as f:
        g = f.create_group("MDF/images/0")
        f["MDF/images"].attrs["imageid_max"] = 0
        for k, v in [*zip(("nx", "ny", "nz"), data.shape[::-1]), ("apix_x", apix), ("apix_y", apix), ("apix_z", apix)]:
            g.attrs[f"EMAN.{k}"] = v
        g.create_dataset("image", data=data.astype(np.float32), track_times=False)
    lab.never(why, path)


def settings(path, **p):
    tomo = f'  <Tomo>\n    <Param Name="DimensionsX" Value="{FRAME[1]}" />\n    <Param Name="DimensionsY" Value="{FRAME[0]}" />\n    <Param Name="DimensionsZ" Value="{FINE[0] * 4}" />\n  </Tomo>\n' if p.pop("tomo", 0) else ""
    rows = "".join(f'    <Param Name="{k}" Value="{v}" />\n' for k, v in p.items())
    lab.text(path, ('<?xml version="1.0" encoding="utf-16"?>\n<Settings>\n  <Import>\n' + rows + "  </Import>\n" + tomo + "</Settings>\n").encode("utf-16"))


def table(rows):
    """Dynamo: tag, aligned, averaged, shifts 4-6, Euler 7-9, cc 10, ..., tomogram 20, x y z 24-26."""
    out = ""
    for tag, tomo, where, shift in rows:
        a = seed("euler", tag, tomo).uniform(-180, 180, 3)
        v = [tag, 1, 1, *shift, *a, 0.31, 0, 0, 1, -54, 54, -54, 54, 0, 0, tomo, 1, 1, 0, *where, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        out += " ".join(f"{x:g}" if float(x).is_integer() else f"{x:.4f}" for x in v) + "\n"
    return out


# ---- the microscope, and Warp's folders of each series ----
picks80, kept80, early80, atp, atp_first, hsp, specimen, full = {}, {}, {}, {}, {}, {}, {}, {}
date = {MAY: ("May12", "12-May-23"), NOV: ("Nov03", "03-Nov-23")}
for name, session, ok, n80, nkeep, natp, nhsp, dark, fine, comment in TABLE:
    use, run = ok == "yes", ID[name]
    if use:
        lab.run(run, name)
    picks80[name] = places(lab.name, run, "80S", n=max(n80, 1), size=SIZE)[:n80]
    atp_first[name] = places(lab.name, run, "ATP", n=max(natp, 1), size=SIZE)[:natp]
    hsp[name] = places(lab.name, run, "Hsp60", n=max(nhsp, 1), size=SIZE)[:nhsp]
    early80[name] = picks80[name][:nkeep]
    kept80[name] = early80[name] + seed("M", name).uniform(-2.5, 2.5, (nkeep, 3)).round(2)
    atp[name] = atp_first[name] + seed("refined", name).uniform(-4, 4, (natp, 3)).round(2)
    s = specimen[name] = Specimen(f"{lab.name} {name}", SIZE, [picks80[name], atp[name], hsp[name]], radius=12)

    raw = f"raw/{session}"
    short, day = date[session]
    clock = lambda a: f"10.{TAKEN.index(a) * 2 + 11:02d}.{(TAKEN.index(a) * 17) % 60:02d}"
    frame = {a: f"{name}_{TAKEN.index(a):03d}_{a:.1f}_{short}_{clock(a)}.tif" for a in TAKEN}
    for a in TAKEN:
        movie(run if use else None, f"{raw}/frames/{frame[a]}")
    text = mdoc(TAKEN, PIXEL, [frame[a] for a in TAKEN], f"{name}.mrc", FRAME[::-1], folder=f"X:\\Reuter\\{session}\\frames\\", camera="SerialEM: Acquired on Titan Krios 2, K3 with BioQuantum")
    lab.text(f"{raw}/mdocs/{name}.mrc.mdoc", text.replace("14-Feb-23  09:", f"{day}  10:").replace("12.5 -40.1", f"{100 + 7 * int(name[3:])}.4 {-33.1 - int(name[3:])}"))
    if name == "TS_03":
        continue

    used = sorted(a for a in TAKEN if a != dark)
    stem = lambda a: frame[a].removesuffix(".tif")
    for a in used:
        d = seed("average", name, a).normal(10, 1, (3, 48, 48))
        image = {"average": (d[0] + d[1]) / 2, "average/even": d[0], "average/odd": d[1]}
        for where, i in image.items():
            lab.junk("the motion-corrected image of one tilt", f"warp/warp_frameseries/{where}/{stem(a)}.mrc", half16(i[None]), BIN4, stack=True)
        lab.text(f"warp/warp_frameseries/{stem(a)}.xml", f'<?xml version="1.0" encoding="utf-16"?>\n<Movie UnselectManual="null" CTFResolutionEstimate="5.9">\n  <CTF>\n    <Param Name="Defocus" Value="3.4" />\n    <Param Name="PixelSize" Value="{PIXEL}" />\n  </CTF>\n</Movie>\n')
    loop = {"wrpMovieName": [f"../warp_frameseries/{frame[a]}" for a in used], "wrpAngleTilt": [f"{a:.2f}" for a in used], "wrpAxisAngle": ["84.10"] * len(used), "wrpDose": [f"{TAKEN.index(a) * 3.1 + 1.55:.2f}" for a in used],
            "wrpAverageIntensity": ["9.870"] * len(used), "wrpMaskedFraction": ["0.000"] * len(used)}
    lab.text(f"warp/tomostar/{name}.tomostar", star([("", loop)]))
    angles = "\n".join(f"{a:.2f}" for a in used)
    for folder in (WARP, "warp/warp_tiltseries_etomo"):
        lab.text(f"{folder}/{name}.xml", f'<?xml version="1.0" encoding="utf-16"?>\n<TiltSeries DataDirectory="{HOME}/warp/tomostar" AreAnglesInverted="True" PlaneNormal="0, 0, 1" UnselectManual="null">\n  <Angles>{angles}</Angles>\n  <Dose>' + "\n".join(f"{TAKEN.index(a) * 3.1 + 1.55:.2f}" for a in used) + "</Dose>\n  <MoviePath>" + "\n".join(loop["wrpMovieName"]) + "</MoviePath>\n</TiltSeries>\n")
    st = f"{WARP}/tiltstack/{name}/{name}.st"
    sections = s.stack(used, (24, 24))
    if use:
        lab.tilts(run, st, half16(sections), BIN8, used)
    else:
        lab.junk("a series that the log calls bad", st, half16(sections), BIN8, stack=True)
    for f, t in (("rawtlt", lines(used)), ("st.aln", aln((24, 24), used, name)), ("tlt", lines([a - 0.6 for a in used])), ("xf", xf(len(used), name))):
        lab.text(st.removesuffix("st") + f, t)
    for a in used[:3] if name == "TS_05" else ():
        lab.picture(f"{WARP}/tiltstack/{name}/thumbnails/{stem(a)}.png", why="a thumbnail")
    e = f"warp/warp_tiltseries_etomo/tiltstack/{name}/{name}"
    lab.copy(st, f"{e}.st")
    for f, t in (("rawtlt", lines(used)), ("tlt", lines([a + 0.9 for a in used])), ("xf", xf(len(used), name, "etomo")), ("edf", f"Setup.DatasetName={name}\nSetup.PixelSize={BIN8 / 10}\nSetup.AxisType=Single Axis\nSetup.ImageRotation=84.1\n")):
        lab.text(f"{e}.{f}", t)

    # reconstructions: noise of two halves, at 5 A and averaged to 10 A
    body = s.density(FINE, BIN4)
    even, odd = (body + seed("noise", name, w).normal(0, 1.2, FINE) for w in ("even", "odd"))
    d8 = {"even": binned(even), "odd": binned(odd)}
    d8[""] = (d8["even"] + d8["odd"]) / 2
    d8["deconv"] = smooth(d8[""]) * 1.7
    full[name] = d8[""]
    rec = f"{WARP}/reconstruction"
    f8, f4 = f"{name}_10.00Apx", f"{name}_5.00Apx"
    bad = "a series that the log calls bad"
    lab.picture(f"{rec}/{f8}.png", why="a picture of a tomogram")
    if not use:
        lab.junk(bad, f"{rec}/{f8}.mrc", half16(d8[""]), BIN8)
        lab.junk(bad, f"{rec}/deconv/{f8}.mrc", half16(d8["deconv"]), BIN8)
    else:
        lab.tomogram(run, f"{rec}/{f8}.mrc", half16(d8[""]), BIN8)
        lab.tomogram(run, f"{rec}/deconv/{f8}.mrc", half16(d8["deconv"]), BIN8, ("filtered",))
        for w in ("even", "odd"):
            lab.half(run, f"{rec}/{w}/{f8}.mrc", half16(d8[w]), BIN8)
        if name in ("TS_01", "TS_02", "TS_05", "TS_07"):
            lab.tomogram(run, f"{WARP}/denoised/{f8}.mrc", smooth(smooth(d8[""])).astype(np.float32), BIN8, ("denoised",))
        if fine:
            lab.tomogram(run, f"{rec}/{f4}.mrc", half16((even + odd) / 2), BIN4)
    # the alignment before: the same, moved by some voxels
    moved = np.roll(binned((body + seed("noise", name, "etomo").normal(0, 0.8, FINE))), (1, -2, 3), (0, 1, 2))
    why = "of the first alignment, which was replaced" if use else bad
    lab.junk(why, f"warp/warp_tiltseries_etomo/reconstruction/{f8}.mrc", half16(moved), BIN8)
    lab.junk(why, f"warp/warp_tiltseries_etomo/reconstruction/deconv/{f8}.mrc", half16(smooth(moved)), BIN8)

    # Warp's template matching: fractions of the volume; before the threshold there are more
    if n80:
        m = f"{WARP}/matching/{f8}_80S"
        more = np.concatenate([picks80[name], places(lab.name, run, "false", n=25, size=SIZE)])
        for suffix, p in (("", more), ("_clean", picks80[name])):
            a = seed("angles", name, suffix).uniform(0, 180, (len(p), 3)).round(3)
            cols = {f"rlnCoordinate{c}": [f"{v:.6f}" for v in p[:, i] / SIZE[i]] for i, c in enumerate("XYZ")}
            cols |= {f"rlnAngle{c}": a[:, i].tolist() for i, c in enumerate(("Rot", "Tilt", "Psi"))}
            lab.text(f"{m}{suffix}.star", star([("", {**cols, "rlnMicrographName": [f"{name}.tomostar"] * len(p), "rlnAutopickFigureOfMerit": [f"{9.5 - 0.1 * i:.3f}" for i in range(len(p))]})]))
        lab.never("peaks before the threshold", f"{m}.star")
        lab.junk("correlations of a template", f"{m}_corr.mrc", np.abs(seed("corr", name).normal(0, 1, d8[""].shape)).astype(np.float32), BIN8)

lab.gain([ID[r[0]] for r in TABLE if r[1] == MAY and good(r)], f"raw/{MAY}/CountRef_TS_01_000_0.0_May12_10.11.00.mrc", FRAME)
lab.gain([ID[r[0]] for r in TABLE if r[1] == NOV and good(r)], f"raw/{NOV}/CountRef_TS_05_000_0.0_Nov03_10.11.00.mrc", FRAME)
for which, session, ref in (("may", MAY, "CountRef_TS_01_000_0.0_May12_10.11.00.mrc"), ("nov", NOV, "CountRef_TS_05_000_0.0_Nov03_10.11.00.mrc")):
    settings(f"warp/warp_frameseries_{which}.settings", DataFolder=f"../raw/{session}/frames", ProcessingFolder="warp_frameseries", PixelSize=PIXEL, BinTimes=2, Extension="*.tif", GainPath=f"../raw/{session}/{ref}", DosePerAngstromFrame=-3.1)
settings("warp/warp_tiltseries.settings", DataFolder="tomostar", ProcessingFolder="warp_tiltseries", PixelSize=PIXEL, BinTimes=0, Extension="*.tomostar", DosePerAngstromFrame=0, tomo=1)
settings("warp/warp_tiltseries_etomo.settings", DataFolder="tomostar", ProcessingFolder="warp_tiltseries_etomo", PixelSize=PIXEL, BinTimes=0, Extension="*.tomostar", DosePerAngstromFrame=0, tomo=1)
lab.text("warp/commands.sh", """# what I ran, in this order
WarpTools fs_motion_and_ctf --settings warp_frameseries_may.settings --m_grid 1x1x3 --c_grid 2x2x1 --out_averages --out_average_halves
WarpTools ts_import --mdocs ../raw/2023-05-12_krios2_grid2/mdocs --frameseries warp_frameseries --tilt_exposure 3.1 --min_intensity 0.3 --output tomostar
# first try, patch tracking
WarpTools ts_etomo_patches --settings warp_tiltseries_etomo.settings --angpix 10 --patch_size 500
WarpTools ts_reconstruct --settings warp_tiltseries_etomo.settings --angpix 10
# Sept 2023: AreTomo is much better, all new
WarpTools ts_aretomo --settings warp_tiltseries.settings --angpix 10 --alignz 600 --axis_iter 3
WarpTools ts_ctf --settings warp_tiltseries.settings --range_high 7 --auto_hand 4
WarpTools ts_reconstruct --settings warp_tiltseries.settings --angpix 10 --halfmap_frames
WarpTools ts_reconstruct --settings warp_tiltseries.settings --angpix 5 --input_data list_5A.txt
WarpTools ts_apply_denoiser --settings warp_tiltseries.settings --model noise2map.pt --angpix 10
WarpTools ts_template_match --settings warp_tiltseries.settings --tomo_angpix 10 --template_path template/80S_emd3228_10A.mrc --template_diameter 280 --subdivisions 3
WarpTools threshold_picks --settings warp_tiltseries.settings --in_suffix 80S --out_suffix clean --minimum 6
WarpTools ts_export_particles --settings warp_tiltseries.settings --input_directory warp_tiltseries/matching --input_pattern "*_80S_clean.star" --normalized_coords --output_star ../relion/80S_bin4.star --output_angpix 5 --box 96 --diameter 300 --relative_output_paths --2d
""")
blob = lambda n, *w: seed("blob", *w).normal(0, 1, (n, n, n)).astype(np.float32)
lab.junk("a template", "warp/template/80S_emd3228_10A.mrc", blob(16, "80S"), BIN8)

# ---- 80S in Warp, RELION and M ----
with80 = [r[0] for r in TABLE if r[3]]


def relion(path, where, origin=False, classes=False):
    n = [(t, p) for t in with80 for p in where[t]]
    cols = {"rlnTomoName": [f"{t}.tomostar" for t, _ in n], "rlnTomoParticleId": list(range(1, len(n) + 1))}
    o = seed("origin", path).uniform(-2, 2, (len(n), 3)).round(4) * origin
    cols |= {f"rlnCoordinate{c}": [f"{(p[i] + d) / BIN4:.3f}" for (_, p), d in zip(n, o[:, i])] for i, c in enumerate("XYZ")}
    cols |= {f"rlnOrigin{c}Angst": [f"{v:.4f}" for v in o[:, i]] for i, c in enumerate("XYZ")} if origin else {}
    cols |= {"rlnAngleRot": [12.5] * len(n), "rlnAngleTilt": [80.25] * len(n), "rlnAnglePsi": [-33.1] * len(n), "rlnOpticsGroup": [1] * len(n), "rlnImageName": [f"../warp/warp_tiltseries/particleseries/{t}/{t}_5.00A_{i:06d}.mrcs" for i, (t, _) in enumerate(n)]}
    cols |= {"rlnClassNumber": [1] * len(n)} if classes else {}
    optics = {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnSphericalAberration": ["2.700"], "rlnVoltage": ["300.000"], "rlnTomoTiltSeriesPixelSize": ["5.00000"], "rlnCtfDataAreCtfPremultiplied": [1], "rlnImageDimensionality": [2], "rlnTomoSubtomogramBinning": ["1.00000"], "rlnImagePixelSize": ["5.00000"], "rlnImageSize": [96], "rlnAmplitudeContrast": ["0.070"]}
    lab.text(path, star([("general", {"rlnTomoSubTomosAre2DStacks": 1}), ("optics", optics), ("particles", cols)]))


relion("relion/80S_bin4.star", picks80)
size = [int(v / BIN4) for v in SIZE]
lab.text("relion/80S_bin4_tomograms.star", star([("global", {"rlnTomoName": [f"{t}.tomostar" for t in with80], "rlnTomoTiltSeriesName": ["dummy_tiltseries.mrc"] * len(with80), "rlnTomoFrameCount": [6 if t == "TS_02" else 7 for t in with80],
         **{f"rlnTomoSize{c}": [size[i]] * len(with80) for i, c in enumerate("XYZ")}, "rlnTomoHand": ["-1.0"] * len(with80), "rlnOpticsGroupName": ["opticsGroup1"] * len(with80), "rlnTomoTiltSeriesPixelSize": ["5.00000"] * len(with80)})]))
lab.text("relion/80S_bin4_optimisation_set.star", star([("", {"rlnTomoParticlesFile": "80S_bin4.star", "rlnTomoTomogramsFile": "80S_bin4_tomograms.star"})]))
lab.junk("a file that WarpTools writes so that RELION finds one", "relion/dummy_tiltseries.mrc", np.zeros((2, 2, 2), np.float16), 1.0)
relion("relion/Class3D/job012/run_it025_data.star", picks80, origin=True, classes=True)
lab.junk("an average", "relion/Class3D/job012/run_it025_class001.mrc", blob(16, "class"), BIN4)
relion("relion/Select/job015/particles.star", early80)
relion("relion/Refine3D/job018/run_data.star", early80, origin=True)
lab.junk("an average", "relion/Refine3D/job018/run_half1_class001_unfil.mrc", blob(16, "half1"), BIN4)
lab.junk("an average", "relion/Refine3D/job018/run_class001.mrc", blob(16, "refine"), BIN4)
lab.text("relion/Refine3D/job018/note.txt", " ++++ Executing new job on Tue Jan 16 11:02:41 2024\nrelion_refine_mpi --i Select/job015/particles.star --o Refine3D/job018/run\n")
for t in ("TS_01", "TS_05"):
    for i in range(2):
        lab.junk("images of one particle", f"{WARP}/particleseries/{t}/{t}_5.00A_{i:06d}.mrcs", half16(seed("p", t, i).normal(0, 1, (7, 12, 12))), BIN4, stack=True)
m = "m/species/80S_c5b1a3d2"


def species(path, where):
    n = [(t, p) for t in with80 for p in where[t]]
    a = seed("species", path).uniform(-180, 180, (len(n), 3)).round(3)
    cols = {f"wrpCoordinate{c}1": [f"{p[i]:.3f}" for _, p in n] for i, c in enumerate("XYZ")} | {f"wrpAngle{c}1": a[:, i].tolist() for i, c in enumerate(("Rot", "Tilt", "Psi"))}
    lab.text(path, star([("", {**cols, "wrpRandomSubset": [i % 2 + 1 for i in range(len(n))], "wrpSourceName": [f"{t}.tomostar" for t, _ in n], "wrpSourceHash": [hashlib.md5(t.encode()).hexdigest()[:16].upper() for t, _ in n]})]))


species(f"{m}/80S_particles.star", kept80)
species(f"{m}/versions/6KQ2/80S_particles.star", early80)
lab.text(f"{m}/80S.species", '<?xml version="1.0" encoding="utf-16"?>\n<Species>\n  <Param Name="GUID" Value="c5b1a3d2-0d3e-4b7c-9f01-72d7a0a9b3aa" />\n  <Param Name="Name" Value="80S" />\n  <Param Name="PixelSize" Value="1.25" />\n  <Param Name="DiameterAngstrom" Value="300" />\n  <Param Name="PreviousVersion" Value="6KQ2" />\n</Species>\n')
for f in ("half1", "half2", "filt", "mask"):
    lab.junk("a map of a species", f"{m}/80S_{f}.mrc", (blob(16, "species", f) > 0).astype(np.float32) if f == "mask" else blob(16, "species", f), PIXEL)
lab.text("m/thesis.population", '<?xml version="1.0" encoding="utf-16"?>\n<Population>\n  <Param Name="Name" Value="thesis" />\n  <Species>\n    <Species GUID="c5b1a3d2-0d3e-4b7c-9f01-72d7a0a9b3aa" Path="species/80S_c5b1a3d2/80S.species" />\n  </Species>\n  <Sources>\n    <Source Path="../warp/warp_tiltseries.source" />\n  </Sources>\n</Population>\n')
lab.text("warp/warp_tiltseries.source", '<?xml version="1.0" encoding="utf-16"?>\n<DataSource>\n  <Param Name="Name" Value="warp_tiltseries" />\n  <Files>\n' + "".join(f'    <File Name="{t}.tomostar" Hash="{hashlib.md5(t.encode()).hexdigest()[:16].upper()}" />\n' for t in with80) + "  </Files>\n</DataSource>\n")
for t in with80:
    clean = f"{WARP}/matching/{t}_10.00Apx_80S_clean.star"
    lab.points(ID[t], f"{m}/80S_particles.star", "80S ribosome", kept80[t], BIN8, also=["relion/Select/job015/particles.star", "relion/Refine3D/job018/run_data.star", f"{m}/versions/6KQ2/80S_particles.star"], before=early80[t])
    lab.points(ID[t], clean, "80S ribosome", picks80[t], BIN8, also=["relion/80S_bin4.star", "relion/Class3D/job012/run_it025_data.star"], may=True)  # before the classification

# ---- GAPSTOP: numbers in the order of its list ----
order = [r[0] for r in TABLE if r[6]]
lab.text("gapstop/tm_param.star", star([("stopgap_tm_parameters", {"rootdir": [f"{HOME}/gapstop/"] * len(order), "outputdir": ["results/"] * len(order), "vol_ext": [".mrc"] * len(order), "tomo_name": [f"../{WARP}/reconstruction/{t}_10.00Apx.mrc" for t in order], "tomo_num": [i + 1 for i in range(len(order))],
         "wedgelist_name": ["wedgelist.star"] * len(order), "tmpl_name": ["hsp60_10A.em"] * len(order), "mask_name": ["mask.em"] * len(order), "symmetry": ["C7"] * len(order), "anglist_name": ["angles_10.csv"] * len(order), "smap_name": ["scores"] * len(order), "omap_name": ["angles"] * len(order)})]))
em("gapstop/hsp60_10A.em", blob(12, "hsp"), "a template")
em("gapstop/mask.em", np.ones((12, 12, 12)), "a template's mask")


def motl(path, rows):
    """AV3's 20 rows: 1 score, 4 number, 5 tomogram, 6 object, 8-10 place from 1, 11-13 shift, 17-19 angles, 20 class."""
    out = np.zeros((1, len(rows), 20), np.float32)
    for i, (tomo, p) in enumerate(rows):
        out[0, i, [0, 3, 4, 5, 19]] = 0.41 - 0.01 * i, i + 1, tomo, 1, 1
        out[0, i, 7:10] = np.round(p / BIN8) + 1
        out[0, i, 10:13] = p / BIN8 - np.round(p / BIN8)
        out[0, i, 16:19] = seed("motl", tomo, i).uniform(0, 180, 3)
    em(path, out)


for i, t in enumerate(order, 1):
    em(f"gapstop/results/scores_0_{i}.em", np.abs(seed("scores", t).normal(0, 0.1, full[t].shape)), "scores of template matching")
    em(f"gapstop/results/angles_0_{i}.em", seed("angles", t).integers(1, 99, full[t].shape), "numbers of angles")
    motl(f"gapstop/results/motl_hsp60_{i}.em", [(i, p) for p in hsp[t]])
    lab.points(ID[t], f"gapstop/results/motl_hsp60_{i}.em", "Hsp60", hsp[t], BIN8, also=["gapstop/allmotl_hsp60.em"])
motl("gapstop/allmotl_hsp60.em", [(i, p) for i, t in enumerate(order, 1) for p in hsp[t]])
lab.text("gapstop/extract.py", "from cryocat import tmana, cryomotl\nfor i in (1, 2, 3, 4):\n    tmana.scores_extract_particles(f'results/scores_0_{i}.em', f'results/angles_0_{i}.em', 'angles_10.csv', tomo_id=i, particle_diameter=16, sigma_threshold=8, output_path=f'results/motl_hsp60_{i}.em')\n")

# ---- Dynamo: a catalogue at bin 8, the particles once more at bin 4 ----
withatp = [r[0] for r in TABLE if r[5]]
number = {t: int(t[3:]) for t in withatp}
vll = lambda folder: "".join(f"{HOME}/warp/{folder}/reconstruction/deconv/{t}_10.00Apx.mrc\n* cropFromFile = {HOME}/warp/{folder}/reconstruction/{t}_10.00Apx.mrc\n* cropFromElsewhere = 1\n* index = {number[t]}\n* label = {t}\n* apix = 10.00\n* ytilt = -54.0 54.0\n* ftype = 1\n\n" for t in withatp)
doc = lambda folder, apix: "".join(f"{number[t]}\t{HOME}/warp/{folder}/reconstruction/{t}_{apix}Apx.mrc\n" for t in withatp)
rows = lambda where, voxel, num, shift=None: [(k + 1, num[t], np.round(p / voxel + 1 - (0 if shift is None else shift[k] / voxel), 4), (0, 0, 0) if shift is None else shift[k] / voxel) for k, (t, p) in enumerate((t, p) for t in withatp for p in where[t])]
moves = [b - a for t in withatp for a, b in zip(atp_first[t], atp[t])]
lab.text("dynamo/thesis_bin8.vll", vll("warp_tiltseries"))
lab.text("dynamo/thesis_bin8_indices_column20.doc", doc("warp_tiltseries", "10.00"))
matlab("dynamo/thesis_bin8.ctlg", "catalogue")
for i, t in enumerate(withatp, 1):
    matlab(f"dynamo/thesis_bin8/tomograms/volume_{i}/models/mmembraneByLevels_crista1.omd", "dmodels.membraneByLevels")
lab.text("dynamo/atp_bin8.Data/crop.tbl", table(rows(atp_first, BIN8, number)))
lab.text("dynamo/atp_bin8.Data/indices_column20.doc", doc("warp_tiltseries", "10.00"))
for i in (1, 2):
    em(f"dynamo/atp_bin8.Data/particle_{i:05d}.em", blob(12, "particle", i), "a subtomogram")
em("dynamo/atp_bin8.Data/template.em", blob(12, "template"), "an average")
lab.text("dynamo/pr_bin8/results/ite_0004/averages/refined_table_ref_001_ite_0004.tbl", table(rows(atp, BIN8, number, moves)))
em("dynamo/pr_bin8/results/ite_0004/averages/average_ref_001_ite_0004.em", blob(12, "average"), "an average")
lab.text("dynamo/bin4.tomolist", "".join(f"{i} {HOME}/{WARP}/reconstruction/{t}_5.00Apx.mrc\n" for i, t in enumerate(withatp, 1)))
lab.text("dynamo/atp_bin4.tbl", table(rows(atp, BIN4, {t: i for i, t in enumerate(withatp, 1)})))
lab.text("dynamo/bin8_to_bin4.m", "t = dread('pr_bin8/results/ite_0004/averages/refined_table_ref_001_ite_0004.tbl');\nt = dynamo_table_rescale(t, 'factor', 2);\n% numbers of bin4.tomolist\nt(t(:,20)==5,20) = 3;\nt(:,24:26) = t(:,24:26) + t(:,4:6); t(:,4:6) = 0;\ndwrite(t, 'atp_bin4.tbl');\ndtcrop('bin4.tomolist', t, 'atp_bin4.Data', 64);\n")
for t in withatp:
    lab.points(ID[t], "dynamo/atp_bin4.tbl", "ATP synthase", atp[t], BIN8, also=["dynamo/atp_bin8.Data/crop.tbl", "dynamo/pr_bin8/results/ite_0004/averages/refined_table_ref_001_ite_0004.tbl"], before=atp_first[t])
etomo_picks = {t: atp_first[t][:5] + ETOMO_SHIFT for t in withatp}
lab.text("dynamo/cat_etomo_OLD/cat_etomo.vll", vll("warp_tiltseries_etomo"))
lab.text("dynamo/cat_etomo_OLD/atp_etomo.Data/crop.tbl", table(rows(etomo_picks, BIN8, number)))
lab.text("dynamo/cat_etomo_OLD/atp_etomo.Data/indices_column20.doc", doc("warp_tiltseries_etomo", "10.00"))
lab.never("picked in the tomograms of the first alignment", "dynamo/cat_etomo_OLD/atp_etomo.Data/crop.tbl")

# ---- membranes ----
for t in ("TS_01", "TS_05", "TS_07"):
    b = f"membrain/{t}_10.00Apx_MemBrain_seg_v10_alpha.ckpt"
    lab.mask(ID[t], f"{b}_segmented.mrc", specimen[t].membrane(full[t].shape), BIN8)
    lab.junk("what the network says of each voxel", f"{b}_scores.mrc", (specimen[t].membrane(full[t].shape) * 6 - 3 + seed("score", t).normal(0, 1, full[t].shape)).astype(np.float32), BIN8)
lab.junk("a tomogram brought to the network's voxel size", "membrain/preprocessed/TS_05_5.00Apx_pixsize10.mrc", smooth(full["TS_05"]).astype(np.float32) * 0.9, BIN8)
lab.text("membrain/run.sh", "tomo_preprocessing match_pixel_size --input-tomogram ../warp/warp_tiltseries/reconstruction/TS_05_5.00Apx.mrc --output-path preprocessed/TS_05_5.00Apx_pixsize10.mrc --pixel-size-out 10.0  # test, not better\nfor t in TS_01 TS_05 TS_07; do membrain segment --tomogram-path ../warp/warp_tiltseries/denoised/${t}_10.00Apx.mrc --ckpt-path MemBrain_seg_v10_alpha.ckpt --out-folder . --store-probabilities; done\n")
for t in ("TS_02", "TS_05"):
    d = f"tardis/Predictions/{t}_10.00Apx"
    one, two = specimen[t].membrane(full[t].shape, 1), specimen[t].membrane(full[t].shape, 2)
    lab.mask(ID[t], f"{d}_semantic.mrc", ((one + two) > 0).astype(np.uint8), BIN8)
    lab.mask(ID[t], f"{d}_instance.mrc", np.where(one, 1, np.where(np.roll(two, 1, 2), 2, 0)).astype(np.int16), BIN8, may=True)
    cloud = np.array([(k, x, y, z) for k, mem in enumerate((one, two)) for z, y, x in np.argwhere(mem)[::7]], float)
    lab.text(f"{d}_instances.csv", "IDs,X [A],Y [A],Z [A]\n" + "".join(f"{k:.1f},{x * BIN8:.1f},{y * BIN8:.1f},{z * BIN8:.1f}\n" for k, x, y, z in cloud))
    lab.points(ID[t], f"{d}_instances.csv", "membrane", cloud[:, 1:] * BIN8, BIN8, instances=True, may=True)
lab.junk("a patch of a prediction", "tardis/temp/Patches/imgs/TS_05_10.00Apx_0_0_0_25.mrc", full["TS_05"][:, :16, :16].astype(np.float32), BIN8)
lab.text("tardis/Predictions/prediction_log.txt", "Semantic Prediction: TS_02_10.00Apx | Number of pixels: 702 \nSemantic Prediction: TS_05_10.00Apx | Number of pixels: 688")

# ---- Priya's EMAN2 ----
for t in ("TS_01", "TS_05"):
    mine = np.roll(full[t][::-1], 2, 2)
    why = "a labmate's reconstruction, not the student's to publish"
    hdf(f"eman2_priya/tomograms/{t}__bin8.hdf", mine, BIN8, why)
    hdf(f"eman2_priya/segmentations/{t}__mito_seg.hdf", np.abs(smooth(mine)), BIN8, why)
    lab.text(f"eman2_priya/info/{t}_info.json", json.dumps({"apix_unbin": PIXEL, "tlt_file": f"tiltseries/{t}.hdf", "tlt_params": [[0.0, 0.0, 84.1, a, 0.0] for a in sorted(TAKEN)], "ali_loss": [1.0] * 7, "class_list": {"0": {"name": "mito_00", "boxsize": 24}}, "boxes_3d": [[3.0, -2.0, 1.0, "tomobox", 0.9, 0]]}))
lab.junk("a labmate's reconstruction, not the student's to publish", "eman2_priya/TS_01__bin8_forIMOD.mrc", np.roll(full["TS_01"][::-1], 2, 2).astype(np.float32), BIN8)
lab.text("eman2_priya/README", "Priya 2024-02: my EMAN2 run on TS_01 and TS_05 of Jonas, only to train my mito network. My own alignment. Please do not distribute, goes with my paper.\n")

# ---- the rotation project: other cells, the same names ----
for name, n in (("TS_01", 10), ("TS_02", 0)):
    run, shape, voxel = f"rotation_{name}", (14, 32, 32), 8.8
    lab.run(run)
    angles = sorted(dose_symmetric(12, 8))
    where = places(lab.name, run, n=max(n, 1), size=[v * voxel for v in shape[::-1]])
    s = Specimen(f"{lab.name} {run}", [v * voxel for v in shape[::-1]], [where] if n else [], radius=40)
    d = f"rotation_2021_yeast/{name}/{name}"
    lab.tilts(run, f"{d}.st", s.stack(angles, (128, 128)), 2.2, angles)
    lab.text(f"{d}.st.mdoc", mdoc(angles, 2.2, image=f"{name}.st", size=(128, 128), camera="SerialEM: Digitized on Glacios").replace("14-Feb-23  09:", "08-Mar-21  15:").replace("12.5 -40.1", "-201.0 88.8"))
    for f, t in (("rawtlt", lines(angles)), ("tlt", lines([a - 1.1 for a in angles])), ("xf", xf(len(angles), run)), ("edf", f"Setup.DatasetName={name}\nSetup.PixelSize=0.22\nSetup.AxisType=Single Axis\nSetup.ImageRotation=84.1\n")):
        lab.text(f"{d}.{f}", t)
    lab.text(f"rotation_2021_yeast/{name}/tilt.com", f"$tilt -StandardInput\nInputProjections {name}_ali.mrc\nOutputFile {name}_full_rec.mrc\nIMAGEBINNED 4\nTILTFILE {name}.tlt\nTHICKNESS {shape[0] * 4}\nFULLIMAGE 128 128\n")
    lab.tomogram(run, f"{d}_rec.mrc", np.round(s.volume(shape, voxel) * 40).astype(np.int16), voxel)
    if n:
        lab.text(f"{d}_npc.mod", imod_model([("NPC", [[p] for p in where], "scattered")], shape[::-1], voxel))
        lab.points(run, f"{d}_npc.mod", "NPC", where, voxel)
lab.text("rotation_2021_yeast/notes.txt", "Rotation with Katja, Mar-Apr 2021. S. cerevisiae lamellae, Glacios, 2.2 A/px. Etomo, bin 4. NPCs clicked in 3dmod.\n")

# ---- what has piled up ----
old = "the pixel size before its calibration: 1.27 A"
for t in ("TS_01", "TS_02"):
    d = np.roll(full[t], 1, 1) + seed("old", t).normal(0, 0.4, full[t].shape)
    lab.junk(old, f"old/warp_2023-06/warp_tiltseries/reconstruction/{t}_10.16Apx.mrc", half16(d), 10.16)
    lab.junk(old, f"old/warp_2023-06/warp_tiltseries/reconstruction/deconv/{t}_10.16Apx.mrc", half16(smooth(d)), 10.16)
settings("old/warp_2023-06/warp_tiltseries.settings", DataFolder="tomostar", ProcessingFolder="warp_tiltseries", PixelSize=1.27, BinTimes=0, Extension="*.tomostar", DosePerAngstromFrame=0, tomo=1)
june = places(lab.name, "june", n=6, size=SIZE)
lab.text("old/warp_2023-06/TS_01_ribosomes_june.star", star([("", {**{f"rlnCoordinate{c}": (june[:, i] / 10.16).tolist() for i, c in enumerate("XYZ")}, "rlnMicrographName": ["TS_01_10.16Apx.mrc"] * 6})]))
lab.never(old, "old/warp_2023-06/TS_01_ribosomes_june.star")
lab.text("old/README", "everything in here has the nominal pixel (1.27). Calibrated Aug 2023: 1.25. do not use\n")
lab.junk("a mirrored try with the wrong hand", "to_delete/wrong_hand/TS_02_10.00Apx.mrc", half16(full["TS_02"][::-1] + seed("hand").normal(0, 0.3, full["TS_02"].shape)), BIN8)
lab.junk("a test at another voxel size, to be deleted", "to_delete/test_recon/TS_05_20.00Apx.mrc", half16(binned(full["TS_05"])), 20.0)
lab.copy(f"{WARP}/reconstruction/TS_04_10.00Apx.mrc", "to_delete/TS_04_10.00Apx (copy).mrc")
lab.copy(f"{WARP}/reconstruction/TS_01_10.00Apx.mrc", "for_Anna/TS_01_10.00Apx.mrc")
lab.copy(f"{WARP}/denoised/TS_05_10.00Apx.mrc", "for_Anna/TS_05_denoised.mrc")
lab.junk("a crop for a picture", "for_Anna/TS_05_mito_crop.mrc", smooth(smooth(full["TS_05"]))[2:7, 4:20, 4:20].astype(np.float32), BIN8)
lab.text("for_Anna/note.txt", "Hi Anna, the two tomograms for the cover + a crop of the mitochondrion. x, Jonas\n")
lab.picture("figures/Fig3_TS_05.png")
lab.picture("figures/FigS2_etomo_vs_aretomo.tif")
comma = lambda v: str(v).replace(".", ",")
lab.text("tiltseries_log.csv", b"\xef\xbb\xbf" + ("Tilt series;Date;Grid;Pixel (A);Tilts;Good?;Comment\r\n" + "".join(f"{n};{date[s][1]};{s[-5:]};{comma(PIXEL)};7;{ok};{comment}\r\n" for n, s, ok, *_, comment in TABLE)).encode())
lab.text("~$tiltseries_log.xlsx", b"\x06Jonas Reuter".ljust(165, b" "))
lab.text("README.txt", """Thesis data of Jonas Reuter, mitochondria of Polytomella in situ (FIB lamellae, Krios 2, K3, 1.25 A/px)

raw/            frames (tif, not gain corrected), mdocs, gain references. Two sessions: TS_01-TS_04 and TS_05-TS_07.
                SerialEM's own stacks were not kept.
tiltseries_log  which tilt series are good. The ones with NO are not part of the thesis and must not go to EMPIAR / the portal.
warp/           WarpTools. warp_tiltseries = FINAL (AreTomo alignment), all figures.
                warp_tiltseries_etomo = first alignment with patch tracking, replaced by the above. Coordinates do not fit
                each other! Only kept for Fig. S2, not to be published.
relion/, m/     80S ribosomes: Warp template matching -> Class3D -> Refine3D -> M. Final particles are those of M.
gapstop/        Hsp60
dynamo/         ATP synthase dimers, picked at bin 8, refined, then bin 4. cat_etomo_OLD belongs to the first alignment.
membrain/ tardis/   membrane segmentations
eman2_priya/    Priya's, ask her
rotation_2021_yeast/   my rotation project. Other cells, other microscope, but also TS_01, TS_02 ... do not mix up
old/ to_delete/ for_Anna/   not needed any more
""")
lab.done()
