"""Two sessions of Tomography 5 on lamellae, put through AreTomo2 by one doctoral student, with picks and segmentations beside them.

Imitates
  https://github.com/czimaginginstitute/AreTomo2 (manual: -OutMrc, .aln, _Imod/ with the aligned stack; halves of the tilts)
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm   (mdoc; Tomography 5 writes one a position: Position_1.mdoc)
  https://github.com/teamtomo/mdocfile                             (names of Tomography 5's frames: POSITION_NUMBER_ANGLE_DATE_TIME_EER.eer)
  https://github.com/juglab/cryoCARE_pip                           (denoised tomograms under the names of their input)
  https://chanzuckerberg.github.io/cryoet-data-portal/             (an ingestion configuration, written by hand)

A place that was recorded a second time is Position_1_2, and both sessions have a Position_1: four different places. Everything of a session lies in
its folder. Tomograms are binned by 4 and by 8, of some runs by one of them only. Picks: of the first session in voxels of the binning that
the folder names, of the second in nm and in angstroms as the heads of the columns say. All volumes and stacks are noise of their own.
The mess: Tomography 5's search maps and overviews, averages of each tilt, an average that was made without a gain, ctffind's spectra, AreTomo2's aligned
stack and projections, halves, an average of particles and its template, crops and slices for a thesis, a copy "(1)", a backup "~", links, a position
that was stopped after three tilts (frames and mdoc alone), a position without mdoc.
"""
import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, lines, mdoc, noise, places

PIXEL, V4, V8 = 1.96, 7.84, 15.68
IMAGE, S4, S8 = (48, 48), (24, 48, 48), (12, 24, 24)
TAKEN = dose_symmetric(12, 6)
ANGLES = sorted(TAKEN)
A, B = "20230214_yeast_lamellae/", "20230621_Chlamy/"
#        session  position            bin 4  bin 8  mdoc   picks (object, number, unit)
TABLE = [(A, "Position_1", True, True, True, ("ribosome", 14, "bin8")),
         (A, "Position_1_2", True, True, True, ("ribosome", 9, "bin8")),
         (A, "Position_2", True, False, True, ("ribosome", 11, "bin8")),
         (A, "Position_4", False, True, True, None),
         (B, "Position_1", True, True, True, ("proteasome", 8, "nm")),
         (B, "Position_3", False, True, False, ("proteasome", 6, "nm")),
         (B, "Lamelle 3 Zürich", True, True, True, ("rubisco", 16, "A"))]
DATE = {A: "20230214", B: "20230621"}

lab = Lab(__doc__, ["https://github.com/czimaginginstitute/AreTomo2", "https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://github.com/teamtomo/mdocfile", "https://github.com/juglab/cryoCARE_pip", "https://chanzuckerberg.github.io/cryoet-data-portal/"])
SIZE = [n * V4 for n in S4[::-1]]
name = lambda session, n: f"{DATE[session]} {n}"


def record(session, n, taken, mdoc_too):
    """What the microscope wrote of one position."""
    frames = [f"{n}_{i + 1:03d}_{a:.2f}_{DATE[session]}_{9 + i // 6:02d}{10 * (i % 6):02d}12_EER.eer" for i, a in enumerate(taken)]
    lab.movies(name(session, n), [f"{session}raw/{f}" for f in frames], IMAGE)
    if mdoc_too:
        lab.text(f"{session}raw/{n}.mdoc", mdoc(taken, PIXEL, frames, n + ".eer", IMAGE, folder=f"D:\\TOMO\\{DATE[session]}\\", camera="TOM: Tomography 5"))
    return frames


for session, n, four, eight, written, picks in TABLE:
    run = name(session, n)
    frames = record(session, n, TAKEN, written)
    for f in frames[:3]:
        lab.junk("average of one tilt", f"{session}motioncor/{f.replace('_EER.eer', '.mrc')}", noise((1, *IMAGE), run, f), PIXEL, stack=True)
    s = f"{session}stacks/{n}"
    lab.tilts(run, s + ".mrc", noise((7, *IMAGE), run, "stack"), PIXEL, ANGLES)
    lab.text(s + ".rawtlt", lines(ANGLES))
    if session == A:
        for h in ("EVN", "ODD"):
            lab.half(run, f"{s}_{h}.mrc", noise((7, *IMAGE), run, h), PIXEL, stack=True)
    lab.junk("power spectra of ctffind", f"{session}ctffind/{n}_diag.mrc", noise((7, 32, 32), run, "ctf"), 1.0, stack=True)
    for done, b, shape, v in ((four, 4, S4, V4), (eight, 8, S8, V8)):
        if not done:
            continue
        t = f"{session}aretomo_bin{b}/{n}_bin{b}"
        lab.tomogram(run, t + ".mrc", noise(shape, run, "rec", b), v)
        lab.text(t + ".aln", aln(IMAGE[::-1], ANGLES, run, b))
        lab.junk("projection", t + "_projXY.mrc", noise((1, *shape[1:]), run, "XY", b), v, stack=True)
        if b == 4 and session == A:
            for h in ("EVN", "ODD"):
                lab.half(run, f"{session}aretomo_bin4/{h}/{n}_bin4.mrc", noise(shape, run, h, "rec"), v)
            lab.tomogram(run, f"{session}cryocare/denoised/{n}_bin4.mrc", noise(shape, run, "cryocare"), v, ("denoised",))
        if b == 8 and session == B:
            lab.tomogram(run, f"{session}isonet/corrected/{n}_bin8_corrected.mrc", noise(shape, run, "isonet"), v, ("denoised", "filtered"))
            lab.junk("mask for IsoNet's training", f"{session}isonet/mask/{n}_bin8_mask.mrc", (noise(shape, run, "mask") > 0).astype(np.int8), v)
    if picks:
        object, k, unit = picks
        where, v = places(lab.name, run, object, n=k, size=SIZE), V8 if eight else V4
        if unit == "bin8":
            file, head, values = f"{session}picks_bin8/{n}_ribo.csv", "X,Y,Z,score", np.column_stack([where / V8, np.linspace(0.9, 0.3, k)])
        elif unit == "nm":
            file, head, values = f"{session}picks/{n}_proteasome.csv", "x_nm,y_nm,z_nm", where / 10
        else:
            file, head, values = f"{session}picks/{n} rubisco.csv", "x [Å],y [Å],z [Å]", where
        lab.text(file, head + "\n" + "".join(",".join(f"{c:.3f}" for c in row) + "\n" for row in values))
        also = []
        if (session, n) == (A, "Position_1"):
            lab.text(f"{session}picks_bin8/{n}_ribo (1).csv", (lab.root / file).read_bytes())
            also = [f"{session}picks_bin8/{n}_ribo (1).csv"]
        lab.points(run, file, object, where, v, also=also, tolerance=1.05 * V8)

# ---- what the microscope leaves besides ----
record(B, "Position_5", TAKEN[:3], True)
for session in (A, B):
    lab.junk("low magnification", f"{session}raw/SearchMaps/Overview_1.mrc", noise((1, 64, 64), session, "overview"), 90.0, stack=True)
    lab.junk("low magnification", f"{session}raw/SearchMaps/SearchMap_3.mrc", noise((1, 64, 64), session, "search"), 38.0, stack=True)
    lab.picture(f"{session}raw/SearchMaps/Overview_1.jpg.png")
    lab.text(f"{session}raw/Session.dm", "<TomographySession/>\n")
    lab.text(f"{session}aretomo_bin4/aretomo.log", "AreTomo2 1.1.2\n")
    lab.gain([name(x, n) for x, n, *_ in TABLE if x == session] + ([name(B, "Position_5")] if session == B else []), f"{session}raw/{DATE[session]}_EER_GainReference.gain", IMAGE)
lab.junk("average of frames, made without a gain", A + "motioncor/Position_1_average_no_gain.mrc", noise((1, *IMAGE), "no gain"), PIXEL, stack=True)
lab.junk("aligned stack", A + "aretomo_bin4/Position_1_bin4_Imod/Position_1_bin4.st", noise((7, 12, 12), "imod"), V4, stack=True)
lab.text(A + "aretomo_bin4/Position_1_bin4_Imod/Position_1_bin4.tlt", lines(ANGLES))
lab.text(A + "raw/Position_2.mdoc~", mdoc(TAKEN[:2], PIXEL, None, "Position_2.eer", IMAGE))
lab.copy(A + "aretomo_bin8/Position_1_bin8.mrc", A + "aretomo_bin8/Position_1_bin8 (1).mrc")
lab.text(A + "aretomo_bin4/run.sh", "for p in Position_1 Position_1_2 Position_2; do AreTomo2 -InMrc ../stacks/$p.mrc -OutMrc ${p}_bin4.mrc -OutBin 4 -PixSize 1.96 -VolZ 96 -AngFile ../stacks/$p.rawtlt -OutImod 1; done\n")

# ---- segmentations ----
lab.mask(name(A, "Position_1"), A + "segmentation/Position_1_bin8_Dragonfly_labels.mrc", Specimen("position 1", SIZE).membrane(S8), V8)
lab.mask(name(B, "Lamelle 3 Zürich"), B + "amira/Lamelle 3 Zürich_bin8.Labels.am", Specimen("Lamelle 3", SIZE).membrane(S8), V8)
lab.mask(name(A, "Position_1_2"), A + "segmentation/Position_1_2_bin4_membrane.mrc", Specimen("position 1 2", SIZE).membrane(S4), V4)
lab.picture(A + "segmentation/Position_1 surface.png")

# ---- averages, the thesis, links ----
lab.junk("average of particles", A + "sta/ribo_avg_bin4_it005.mrc", noise((20, 20, 20), "average"), V4)
lab.junk("template", A + "sta/emd_3228_bin8_15.68A.mrc", noise((16, 16, 16), "template"), V8)
lab.junk("mask of a particle", A + "sta/mask_sphere_r8.mrc", (noise((20, 20, 20), "sphere") > 1).astype(np.int8), V4)
lab.junk("crop for a figure", "Thesis/Fig2/Position_1_crop_ER.mrc", noise((10, 20, 18), "crop"), V4)
lab.junk("slices for a figure", "Thesis/Fig2/Lamelle 3 Zürich_slices10-14.mrc", noise((5, 48, 48), "slices"), V4)
for f in ("Fig2/Position_1_slice12.tif", "Fig2/Fig2_v3.png", "Fig3/proteasomes.png"):
    lab.picture("Thesis/" + f)
lab.text("Thesis/thesis_v12 final.docx", b"PK\x03\x04")
lab.text("Thesis/counts.csv", "tomogram,ribosomes,area_um2\nPosition_1,14,0.42\nPosition_2,11,0.38\n")
lab.text("config.yaml", "# first try, by hand (not finished!)\ndataset: yeast lamellae\nruns:\n  - sources:\n      - source_glob:\n          list_glob: 20230214_yeast_lamellae/aretomo_bin4/*.mrc\n          match_regex: (.*)_bin4\\.mrc$\ntomograms:\n  - metadata:\n      voxel_spacing: 7.8\n      processing: raw\n")
lab.text("notes.txt", "yeast lamellae Feb 2023, Chlamy June 2023. 1.96 A/px both. Position_5 (June) stopped, beam shutter.\nPosition_1 of February and Position_1 of June are of course different.\n")
(lab.root / A / "frames_on_server").symlink_to("/mnt/krios1/20230214")
(lab.root / "Thesis" / "tomograms").symlink_to("../20230214_yeast_lamellae/aretomo_bin4")
lab.text(B + "aretomo_bin4/Position_3_bin4.mrc", b"")
lab.done()
