"""A Dynamo project whose tomograms lie elsewhere, and whose tables know them by number.

Imitates
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention   (columns: 1 tag, 4-6 shifts, 7-9 angles, 20 number of the tomogram,
    22 class, 24-26 x, y, z in the original volume; the position is x + dx)
  https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table                (a data folder: particle_00003.em is the particle with the tag 3)
  teamtomo's walkthrough of a Dynamo data folder (crop.tbl, indices_column20.doc: the number of a tomogram and its file, a line each)

The numbers are 3, 7 and 12, with gaps. The volumes were copied since: the lists have the paths of a cluster, the files are here in another folder.
There are volumes of two binnings; `ribosomen_bin4` was picked in the finer ones, `ribosomen_bin8` has the same particles in the coarser ones.
The mess: a refined table with shifts, a table of random seeds for a first reference, averages and masks as .em and .mrc, a copied table, a volume
that no list names, a catalogue's models.

What the first voxel's number is (0 or 1) no page says that could be found: the positions count from 1, and the judge allows one voxel of the coarser tomograms.
"""
import struct

import numpy as np

from kit import Lab, Specimen, aln, lines, places, seed

V4, V8 = 8.72, 17.44
SHAPE4, SHAPE8 = (24, 48, 48), (12, 24, 24)
ANGLES = [float(a) for a in range(-54, 55, 18)]
#         name             number  particles
TABLE = [("Zelle 1_lam2", 3, 15), ("Zelle 1_lam5", 7, 12), ("Zelle 2_lam1", 12, 10)]

lab = Lab(__doc__, ["https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention", "https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table"])
ANGSTROM = [n * V4 for n in SHAPE4[::-1]]
r = seed(lab.name, "maps")


def em(path, data):
    """EM: machine 6, type 5 (float), three sizes, 512 bytes of header in all."""
    lab.text(path, struct.pack("<4b3i", 6, 0, 0, 5, *data.shape[::-1]) + bytes(496) + np.ascontiguousarray(data, "<f4").tobytes())


def row(tag, number, xyz, shift=(0, 0, 0), cc=0.0, cls=1):
    c = [0.0] * 35
    c[0], c[1], c[2], c[3:6], c[9], c[12], c[13], c[14] = tag, 1, 1, shift, cc, 1, -54, 54
    c[6:9] = seed("angles", tag).uniform(-180, 180, 3)
    c[19], c[20], c[21], c[23:26], c[31] = number, 1, cls, xyz, 1
    return " ".join(f"{v:.4g}" if i not in (3, 4, 5, 23, 24, 25) else f"{v:.3f}" for i, v in enumerate(c)) + "\n"


tables = {k: "" for k in ("crop4", "crop8", "refined", "seeds")}
tag = 0
for n, number, k in TABLE:
    where = places(lab.name, n, n=k, size=ANGSTROM)
    s = Specimen(n, ANGSTROM, [where])
    lab.tilts(n, f"stacks/{n}.st", s.stack(ANGLES, (64, 64)), 2.18, ANGLES)
    lab.text(f"stacks/{n}.tlt", lines(ANGLES))
    lab.text(f"stacks/{n}.aln", aln((64, 64), ANGLES, n))
    lab.tomogram(n, f"Rekonstruktionen/bin4/{n}.mrc", s.volume(SHAPE4, V4), V4)
    lab.tomogram(n, f"Rekonstruktionen/bin8/{n}_bin8.mrc", s.volume(SHAPE8, V8, 0.6), V8)
    lab.points(n, "dynamo/ribosomen_bin4.Data/crop.tbl", "ribosome", where, V4,
               also=["dynamo/ribosomen_bin8.Data/crop.tbl", "dynamo/align1/results/ite_0004/averages/refined_table_ref_001_ite_0004.tbl", "dynamo/refined_table copy.tbl"], tolerance=1.05 * V8)
    for p in where:
        tag += 1
        fine, coarse = p / V4 + 1, p / V8 + 1
        shift = np.round(seed("shift", tag).uniform(-2, 2, 3), 3)
        tables["crop4"] += row(tag, number, fine)
        tables["crop8"] += row(tag, number, coarse)
        tables["refined"] += row(tag, number, fine - shift, shift, 0.31)
        if tag <= 2:
            em(f"dynamo/ribosomen_bin4.Data/particle_{tag:06d}.em", r.normal(0, 1, (12, 12, 12)))
            lab.never("one particle", f"dynamo/ribosomen_bin4.Data/particle_{tag:06d}.em")
for i in range(8):
    tables["seeds"] += row(9000 + i, 1, seed("seeds", i).uniform(1, 30, 3))
far = "/scratch/tomo/2022/"
lab.text("dynamo/ribosomen_bin4.Data/crop.tbl", tables["crop4"])
lab.text("dynamo/ribosomen_bin4.Data/indices_column20.doc", "".join(f"{k} {far}bin4/{n}.mrc\n" for n, k, _ in TABLE))
lab.text("dynamo/ribosomen_bin8.Data/crop.tbl", tables["crop8"])
lab.text("dynamo/ribosomen_bin8.Data/indices_column20.doc", "".join(f"{k} {far}bin8/{n}_bin8.mrc\n" for n, k, _ in TABLE))
lab.text("dynamo/volumes.vll", "".join(f"{far}bin4/{n}.mrc\n* label = {n}\n" for n, k, _ in TABLE))
lab.text("dynamo/ribosomen.tomolist", "".join(f"{k} {far}bin4/{n}.mrc\n" for n, k, _ in TABLE))
lab.text("dynamo/align1/results/ite_0004/averages/refined_table_ref_001_ite_0004.tbl", tables["refined"])
lab.text("dynamo/refined_table copy.tbl", tables["refined"])
lab.text("dynamo/seeds/random_seeds.tbl", tables["seeds"])
lab.never("random places for a first reference, of no tomogram of the list", "dynamo/seeds/random_seeds.tbl")
for i in (3, 4):
    f = f"dynamo/align1/results/ite_{i:04d}/averages/average_symmetrized_ref_001_ite_{i:04d}.em"
    em(f, r.normal(0, 1, (12, 12, 12)))
    lab.never("average of particles", f)
lab.junk("average of particles", "dynamo/average_final.mrc", r.normal(0, 1, (16, 16, 16)).astype(np.float32), V4)
em("dynamo/masks/mask.em", np.ones((12, 12, 12)))
lab.never("mask of the average", "dynamo/masks/mask.em")
lab.text("dynamo/align1/vpr_info.txt", "name_project = align1\nvirtual_project = align1.vpr\n")
lab.text("dynamo/kat.ctlg/tomograms/volume_3/models/mcgeneral.omd", b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(90))
lab.run("Zelle_9_test", "Zelle 9_test")
lab.tomogram("Zelle_9_test", "Rekonstruktionen/bin4/Zelle 9_test.mrc", Specimen("Zelle 9", ANGSTROM).volume((18, 48, 48), V4), V4)
lab.picture("Rekonstruktionen/bin4/Zelle 1_lam2.png")
lab.text("dynamo/commands.m", "dtcrop ribosomen_bin4.Data/indices_column20.doc crop.tbl ribosomen_bin4.Data 48\ndcp.new('align1','d','ribosomen_bin4.Data','t','crop.tbl')\n")
lab.done()
