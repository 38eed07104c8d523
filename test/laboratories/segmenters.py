"""Tomograms, and what IsoNet, MemBrain-seg and TARDIS left beside them.

Imitates
  https://github.com/IsoNet-cryoET/IsoNet/blob/master/tutorial/IsoNet_v0.2_Tutorial.md   (tomoset/, the STAR file, deconvolved tomograms of the same
    names, NAME_mask.mrc, subtomo/, results/, corrected_tomos/NAME_corrected.mrc as bin/predict.py names it)
  https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md            (./predictions; NAME_MODEL_segmented.mrc, with
    --store-connected-components a label a membrane; NAME_scores.mrc with --store-probabilities; the names as data_utils.py makes them)
  https://smlc-nysbc.github.io/TARDIS/ (docs/usage/3d_membrane.rst, scripting.rst)          (Predictions/NAME_semantic.mrc, NAME_instances.csv: IDs, X [A], …)

What may be published: the tomograms, the corrected ones (as filtered or denoised), the deconvolved ones, and the segmentations of membranes.
Never: IsoNet's masks of where to train, scores, subtomograms. TARDIS' CSV traces surfaces: instances, not places of particles.
The mess: tomoset/ holds copies; a segmentation of a tomogram that was rescaled to 10 A (other size, other spacing); a segmentation whose tomogram is
not here; a smoothed mask of a figure; "final" and "final2".
"""
import numpy as np

from kit import Lab, Specimen, seed, star

VOXEL, SHAPE = 13.48, (20, 44, 44)
TEN, SHAPE_TEN = 10.0, (27, 59, 59)
#         name           IsoNet  MemBrain       TARDIS
TABLE = [("chlamy_021", True, "one", True),
         ("chlamy_034", True, "components", False),
         ("chlamy_034b", False, "rescaled", True),
         ("neuron 2", False, None, False)]
MODEL = "MemBrain_seg_v10_alpha.ckpt"

lab = Lab(__doc__, ["https://github.com/IsoNet-cryoET/IsoNet/blob/master/tutorial/IsoNet_v0.2_Tutorial.md", "https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md",
                    "https://github.com/SMLC-NYSBC/TARDIS/blob/main/docs/usage/3d_membrane.rst"])
ANGSTROM = [n * VOXEL for n in SHAPE[::-1]]
r = seed(lab.name, "maps")
rows = []
for n, isonet, membrain, tardis in TABLE:
    s = Specimen(n, ANGSTROM)
    lab.tomogram(n, f"tomograms/{n}.mrc", s.volume(SHAPE, VOXEL), VOXEL)
    if isonet:
        i = len(rows) + 1
        rows.append((i, f"tomoset/{n}.mrc", VOXEL, 38000.0, 100, 0.7, 1.0, f"chlamy_deconv/{n}.mrc", 50.0, 50.0, f"chlamy_mask/{n}_mask.mrc"))
        lab.copy(f"tomograms/{n}.mrc", f"isonet/tomoset/{n}.mrc")
        lab.tomogram(n, f"isonet/chlamy_deconv/{n}.mrc", s.volume(SHAPE, VOXEL, 0.6, "deconvolved"), VOXEL, ("filtered",), may=True)
        lab.junk("where IsoNet may train: no segmentation", f"isonet/chlamy_mask/{n}_mask.mrc", (s.density(SHAPE, VOXEL) > 0).astype(np.uint8).view(np.int8), VOXEL)
        lab.tomogram(n, f"isonet/corrected_tomos/{n}_corrected.mrc", s.volume(SHAPE, VOXEL, 0.2, "corrected"), VOXEL, ("filtered", "denoised"))
        for k in range(2):
            lab.junk("subtomogram for training", f"isonet/subtomo/{n}_{k:06d}.mrc", r.normal(0, 1, (16, 16, 16)).astype(np.float32), VOXEL)
            lab.junk("subtomogram for training", f"isonet/results/{n}_{k:06d}_iter03.mrc", r.normal(0, 1, (16, 16, 16)).astype(np.float32), VOXEL)
    first, second = s.membrane(SHAPE, 0), s.membrane(SHAPE, 1)
    if membrain in ("one", "components"):
        labels = np.maximum(first, second) if membrain == "one" else np.where(second > 0, 2, first).astype(np.int8)
        lab.mask(n, f"predictions/{n}_{MODEL}_segmented.mrc", labels.astype(np.int8), VOXEL)
        lab.junk("scores, not cut at a threshold", f"predictions/{n}_scores.mrc", (labels * 3.0 + r.normal(-2, 0.4, SHAPE)).astype(np.float32), VOXEL)
    if membrain == "rescaled":
        lab.tomogram(n, f"rescaled/{n}_10.00A.mrc", s.volume(SHAPE_TEN, TEN), TEN, ("raw", "filtered"), may=True)
        lab.mask(n, f"predictions/{n}_10.00A_{MODEL}_segmented.mrc", s.membrane(SHAPE_TEN, 0), TEN, may=True)
    if tardis:
        shell = s.membrane(SHAPE, 2)
        lab.mask(n, f"tomograms/Predictions/{n}_semantic.mrc", shell, VOXEL)
        zyx = np.argwhere(shell)[::7]
        side = (zyx[:, 2] > SHAPE[2] // 2).astype(int)
        xyz = zyx[:, ::-1] * VOXEL
        lab.text(f"tomograms/Predictions/{n}_instances.csv", "IDs,X [A],Y [A],Z [A]\n" + "".join(f"{float(i)},{p[0]:.3f},{p[1]:.3f},{p[2]:.3f}\n" for i, p in zip(side, xyz)))
        lab.points(n, f"tomograms/Predictions/{n}_instances.csv", "membrane", xyz, VOXEL, instances=True, may=True)
    if membrain == "components":
        lab.copy(f"predictions/{n}_{MODEL}_segmented.mrc", f"predictions/final/{n}_final2.mrc")
        smooth = (first.astype(np.float32) + np.roll(first, 1, 2) + np.roll(first, 1, 1)) / 3
        lab.junk("smoothed for a picture", f"predictions/{n}_for_chimera.mrc", smooth, VOXEL)
columns = ["rlnIndex", "rlnMicrographName", "rlnPixelSize", "rlnDefocus", "rlnNumberSubtomo", "rlnSnrFalloff", "rlnDeconvStrength", "rlnDeconvTomoName", "rlnMaskDensityPercentage", "rlnMaskStdPercentage", "rlnMaskName"]
lab.text("isonet/chlamy.star", star([("", dict(zip(columns, zip(*rows))))]))
lab.text("isonet/subtomo.star", star([("", {"rlnSubtomoIndex": [1], "rlnImageName": ["subtomo/chlamy_021_000000.mrc"], "rlnCubeSize": [64], "rlnCropSize": [96], "rlnPixelSize": [VOXEL]})]))
lab.text("isonet/results/model_iter30.h5", b"\x89HDF\r\n\x1a\n" + bytes(80))
lost = Specimen("lost", ANGSTROM).membrane((18, 50, 40), 3)
lab.junk("a segmentation of a tomogram that is not here", f"predictions/chlamy_007_{MODEL}_segmented.mrc", lost, VOXEL)
lab.text("tomograms/Predictions/prediction_log.txt", "Tardis-em v0.3.10\n[2 / 2] images\n")
lab.picture("predictions/chlamy_021 (rendered).png")
lab.text("TODO.txt", "rescaled one only for membrain; figures use corrected_tomos\n")
lab.done()
