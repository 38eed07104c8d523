"""The drives of three people of one group, whose tilt series have the same names and different specimens.

Imitates IMOD's files (https://bio3d.colorado.edu/imod/doc/tomoguide.html, https://bio3d.colorado.edu/imod/doc/man/batchruntomo.html), AreTomo2's
(https://github.com/czimaginginstitute/AreTomo2/tree/main/docs), SerialEM's mdoc (https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm), MemBrain-seg's names
(https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md) and STAR files with rlnCoordinate in voxels of the tomogram.

The mess: TS_01 and TS_02 are on all three drives; Chi has a copy of Ana's TS_02 in her downloads (under the same name as her own TS_02) and segmented its membranes;
Ana's and Bo's tomograms have the same size and voxel; Bo keeps a backup of one tomogram; Chi's pixel is another one; a pilot series without mdoc.
"""
import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, imod_model, lines, mdoc, places, seed, star, xf

SIZE = (128, 128)
TAKEN = dose_symmetric(8, 6)
ANGLES = sorted(TAKEN)
#         person  series  pixel  shape         picks  day          hour  stage
TABLE = [("ana", "TS_01", 2.5, (18, 32, 32), 10, "07-Feb-22", 10, "-101.0 55.2"),
         ("ana", "TS_02", 2.5, (18, 32, 32), 0, "07-Feb-22", 12, "-96.3 58.0"),
         ("bo", "TS_01", 2.5, (18, 32, 32), 8, "19-May-23", 15, "40.7 -210.4"),
         ("bo", "TS_02", 2.5, (18, 32, 32), 6, "19-May-23", 17, "44.1 -207.7"),
         ("chi", "TS_01", 3.4, (16, 32, 32), 0, "02-Dec-23", 9, "300.9 12.5"),
         ("chi", "TS_02", 3.4, (16, 32, 32), 0, "02-Dec-23", 11, "305.5 14.0")]
WHAT = {"ana": "phage in E. coli", "bo": "axoneme", "chi": "vesicles"}


def dated(text, day, hour, stage):
    return text.replace("14-Feb-23  09:", f"{day}  {hour:02d}:").replace("12.5 -40.1", stage)


lab = Lab(__doc__, ["https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://github.com/czimaginginstitute/AreTomo2/tree/main/docs", "https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md"])
specimen = {}
for who, n, pixel, shape, k, day, hour, stage in TABLE:
    run, voxel = f"{who}_{n}", pixel * 4
    lab.run(run)
    size = [v * voxel for v in shape[::-1]]
    where = places(lab.name, run, n=max(k, 1), size=size)
    s = specimen[run] = Specimen(f"{who} {n}", size, [where] if k else [])
    stack = s.stack(ANGLES, SIZE)
    text = dated(mdoc(ANGLES, pixel, [f"{n}_{TAKEN.index(a):03d}_{a:.1f}.tif" for a in ANGLES], f"{n}.mrc", SIZE[::-1], order=[TAKEN.index(a) for a in ANGLES]), day, hour, stage)
    if who == "ana":  # Etomo, a folder a series
        d = f"drive_ana/tomograms/{n}"
        lab.tilts(run, f"{d}/{n}.st", stack, pixel, ANGLES)
        lab.text(f"{d}/{n}.st.mdoc", text)
        lab.text(f"{d}/{n}.rawtlt", lines(ANGLES))
        lab.text(f"{d}/{n}.tlt", lines([a + 0.3 for a in ANGLES]))
        lab.text(f"{d}/{n}.xf", xf(len(ANGLES), run))
        lab.text(f"{d}/{n}.edf", f"Setup.DatasetName={n}\nSetup.PixelSize={pixel / 10}\nSetup.AxisType=Single Axis\nSetup.ImageRotation=84.1\n")
        lab.text(f"{d}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nIMAGEBINNED 4\nTILTFILE {n}.tlt\nTHICKNESS {shape[0] * 4}\nFULLIMAGE {SIZE[1]} {SIZE[0]}\n")
        lab.tomogram(run, f"{d}/{n}_rec.mrc", s.volume(shape, voxel), voxel)
        if k:
            f = f"{d}/{n}_phages.mod"
            lab.text(f, imod_model([("phage", [[p] for p in where], "scattered")], shape[::-1], voxel))
            lab.points(run, f, "phage", where, voxel)
    if who == "bo":  # AreTomo2, flat folders
        lab.tilts(run, f"drive_bo/project/stacks/{n}.mrc", stack, pixel, ANGLES)
        lab.text(f"drive_bo/project/stacks/{n}.mrc.mdoc", text)
        lab.text(f"drive_bo/project/stacks/{n}_TLT.txt", "".join(f"{a:8.2f} {TAKEN.index(a) + 1:4d}\n" for a in ANGLES))
        lab.text(f"drive_bo/project/stacks/{n}.aln", aln(SIZE[::-1], ANGLES, run))
        lab.tomogram(run, f"drive_bo/project/recons/{n}_rec.mrc", s.volume(shape, voxel), voxel)
        f = f"drive_bo/project/picks/{n}_dynein.star"
        lab.text(f, star([("", {**{f"rlnCoordinate{c}": (where[:, i] / voxel).tolist() for i, c in enumerate("XYZ")}, "rlnMicrographName": [f"{n}_rec.mrc"] * k})]))
        lab.points(run, f, "dynein", where, voxel)
    if who == "chi":
        lab.tilts(run, f"drive_chi/{n}/{n}.mrc", stack, pixel, ANGLES)
        lab.text(f"drive_chi/{n}/{n}.mdoc", text)
        lab.text(f"drive_chi/{n}/{n}.aln", aln(SIZE[::-1], ANGLES, run))
        full = s.volume(shape, voxel)
        lab.tomogram(run, f"drive_chi/{n}/{n}_bin4.mrc", full, voxel)
        lab.mask(run, f"drive_chi/membrain/{n}_bin4_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", s.membrane(shape), voxel)
lab.copy("drive_ana/tomograms/TS_02/TS_02_rec.mrc", "drive_chi/downloads/from_ana/TS_02_rec.mrc")
lab.copy("drive_ana/tomograms/TS_02/TS_02.st", "drive_chi/downloads/from_ana/TS_02.st")
(lab.root / "drive_chi/downloads/from_ana/TS_02.rawtlt").write_text(lines(ANGLES))
lab.mask("ana_TS_02", "drive_chi/downloads/from_ana/membrain/TS_02_rec_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", specimen["ana_TS_02"].membrane((18, 32, 32)), 10.0)
lab.text("drive_chi/downloads/from_ana/readme.txt", "phage infected E. coli from Ana, only to test MemBrain. not ours\n")
lab.copy("drive_bo/project/recons/TS_01_rec.mrc", "drive_bo/backup_2023-06/TS_01_rec.mrc")
pilot = Specimen("pilot", [320] * 3)
lab.tilts("pilot_TS_01", "drive_bo/pilot_2022/TS_01.st", pilot.stack([-40, -20, 0, 20, 40], (96, 96)), 4.2, [-40, -20, 0, 20, 40])
lab.text("drive_bo/pilot_2022/TS_01.rawtlt", lines([-40, -20, 0, 20, 40]))
lab.picture("drive_ana/figures/fig1.png")
lab.text("drive_bo/project/run_aretomo.sh", "for i in TS_01 TS_02; do AreTomo2 -InMrc stacks/$i.mrc -OutMrc recons/${i}_rec.mrc -AngFile stacks/${i}_TLT.txt -VolZ 72 -OutBin 4 -PixSize 2.5 -FlipVol 1; done\n")
lab.text("inventory.txt", "".join(f"drive_{w}: {WHAT[w]}\n" for w in WHAT))
lab.done()
