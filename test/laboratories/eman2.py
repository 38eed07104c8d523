"""An EMAN2 tomography project: everything is HDF of EMAN2, and what is known of it is JSON in info/.

Imitates the files that EMAN2's programs write (https://github.com/cryoem/eman2, programs/): e2import.py (tiltseries/NAME.hdf, info/project.json),
e2tomogram.py (tomograms/NAME__bin4.hdf; info/NAME_info.json with tlt_params, tlt_file, ali_loss, apix_unbin), e2spt_boxer.py (boxes_3d: x, y, z
from the middle of the tomogram, in pixels of the unbinned tilt series; class_list), e2spt_extract.py (particles3d/), e2spt_average.py
(spt_00/threed_01.hdf), .eman2log.txt; and libEM/io/hdfio2.cpp (/MDF/images/0/image, attributes EMAN.apix_x …).
See also https://blake.bcm.edu/emanwiki/EMAN2 and https://pypi.org/project/scipion-em-emantomo/.

Nothing here can be published as it is: the tomograms have to be exported first (e2proc3d.py tomograms/NAME__bin4.hdf NAME.mrc). To say so, naming
EMAN2 or its HDF, is right; an empty dataset without a word is not. A program that reads EMAN2's HDF may also publish them, rightly.
The mess: two binnings of one series, a segmentation, averages, a tomogram of a failed alignment, a zip of somebody's figures, a JSON that is cut off.
"""
import json

import numpy as np

from kit import Lab, Specimen, fingerprint, places, seed

PIXEL, V4, V8 = 2.62, 10.48, 20.96
SHAPE4, SHAPE8 = (20, 44, 44), (10, 22, 22)
ANGLES = [float(a) for a in range(-50, 51, 20)]
#         name         ribosomes  proteasomes
TABLE = [("tomo5", 12, 4), ("tomo5_b", 9, 0), ("tomo12", 0, 0)]

lab = Lab(__doc__, ["https://github.com/cryoem/eman2 (programs/e2tomogram.py, e2spt_boxer.py, libEM/io/hdfio2.cpp)", "https://blake.bcm.edu/emanwiki/EMAN2"],
          expect="export", said_by=[r"(?is)EMAN2?\b.{0,600}(export|convert|e2proc3d)", r"(?is)(export|convert|e2proc3d).{0,600}EMAN"])
ANGSTROM = [n * V4 for n in SHAPE4[::-1]]
r = seed(lab.name, "maps")


def hdf(path, data, voxel):
    return lab.hdf(path, data, voxel, statistics=True)


for n, k, m in TABLE:
    ribosomes, proteasomes = places(lab.name, n, "r", n=k, size=ANGSTROM), places(lab.name, n, "p", n=m, size=ANGSTROM)
    s = Specimen(n, ANGSTROM, [ribosomes] if k else [])
    run = lab.run(n)
    stack = s.stack(ANGLES, (56, 56))
    run["tiltseries"].append({**hdf(f"tiltseries/{n}.hdf", stack, PIXEL), "angles": ANGLES, "sections": [fingerprint(x) for x in stack]})
    run["tomograms"].append({**hdf(f"tomograms/{n}__bin4.hdf", s.volume(SHAPE4, V4), V4), "processing": ["raw"]})
    if n == "tomo5":
        run["tomograms"].append({**hdf(f"tomograms/{n}__bin8.hdf", s.volume(SHAPE8, V8, 0.5), V8), "processing": ["raw"]})
    boxes, middle = [], np.array(SHAPE4[::-1]) // 2
    for cls, found, name in ((0, ribosomes, "ribosome"), (1, proteasomes, "proteasome")):
        boxes += [[*((p / V4 - middle) * V4 / PIXEL).round(3).tolist(), "manual", 0.0, cls] for p in found]
        if len(found):
            lab.points(n, f"info/{n}_info.json", name, found, V4)
    lab.text(f"info/{n}_info.json", json.dumps({"apix_unbin": PIXEL, "tlt_file": f"tiltseries/{n}.hdf", "ali_loss": [1.2] * len(ANGLES), "tlt_params": [[0.3 * i, -0.2 * i, 84.2, a, 0.1] for i, a in enumerate(ANGLES)],
                                                "defocus": [3.1] * len(ANGLES), "cs": 2.7, "voltage": 300.0, "boxes_3d": boxes, "class_list": {"0": {"boxsize": 96, "name": "ribosome"}, "1": {"boxsize": 72, "name": "proteasome"}}}, indent=0))
    lab.text(f"tomorecon_00/{n}_landmarks_04.txt", "12.1 -40.2 3.3\n-31.0 22.5 1.0\n")
    lab.never("landmarks of the alignment", f"tomorecon_00/{n}_landmarks_04.txt")
lab.never("tomogram of an alignment that failed", hdf("tomorecon_01/tomo_final.hdf", r.normal(0, 1, (20, 44, 44)).astype(np.float32), V4))
lab.never("particles", hdf("particles3d/tomo5__ribosome.hdf", r.normal(0, 1, (12, 12, 12)).astype(np.float32), V4))
for f in ("threed_01", "threed_01_even", "threed_01_odd"):
    lab.never("average of particles", hdf(f"spt_00/{f}.hdf", r.normal(0, 1, (16, 16, 16)).astype(np.float32), V4))
lab.never("scores of a network that nobody checked", hdf("segmentations/tomo5__bin4__membrane_seg.hdf", np.abs(r.normal(0, 1, SHAPE4)).astype(np.float32), V4))
lab.text("spt_00/fsc_masked_01.txt", "0.01 1.0\n0.02 0.97\n")
lab.text("spt_00/0_spt_params.json", json.dumps({"input_ptcls": "sets/ribosome.lst", "sym": "c1"}))
lab.text("sets/ribosome.lst", "#LSX\n# This file is in fast LST format.\n# 45\n0\tparticles3d/tomo5__ribosome.hdf              \n")
lab.text("info/project.json", json.dumps({"global.apix": PIXEL, "global.microscope_cs": 2.7, "global.microscope_voltage": 300.0, "project_name": "ribosomes in situ"}))
lab.text("info/tomo13_info.json", '{"apix_unbin": 2.62, "tlt_file": "tiltseries/tomo13.hdf", "ali_lo')
lab.text(".eman2log.txt", "2023/05/02 10:11:12\t2023/05/02 10:31:00\t4211/\te2tomogram.py --alltiltseries --zeroid -1 --outsize 1k\n")
lab.text("figures for talk.zip", b"PK\5\6" + bytes(18))
lab.picture("snapshots/tomo5 slice 10.png")
lab.done()
