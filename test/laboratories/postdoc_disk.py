"""The external disk of a postdoc who left, copied in a hurry: own bacteria and a collaborator's organelles, both with series called tomo_01, tomo_02, ...

Imitates
  https://bio3d.colorado.edu/imod/doc/tomoguide.html, man/trimvol.html, man/binvol.html, man/rotatevol.html   (NAME.st, NAME.rawtlt, NAME_rec.mrc, NAME_sirt_rec.mrc)
  https://github.com/czimaginginstitute/AreTomo2                      (NAME.aln, NAME_rec.mrc; a header without voxel size)
  https://github.com/juglab/cryoCARE_pip, https://github.com/IsoNet-cryoET/IsoNet (corrected_tomos/NAME_corrected.mrc), https://github.com/MLI-lab/DeepDeWedge
    (refined_tomograms/EVEN+ODD_refined.mrc)
  https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md   (NAME_MODEL.ckpt_segmented.mrc, NAME_scores.mrc; names in public scripts: NAME_corrected_MemBrain_seg_v10_alpha.ckpt_segmented.mrc)
  https://bio3d.colorado.edu/ftp/PEET/man/html/man1/PEET.1.html, https://www.dynamo-em.org/w/index.php?title=Table_convention
  https://chanzuckerberg.github.io/cryoet-data-portal/cryoet_data_portal_docsite_quick_start.html   (files of a run as they are downloaded one by one)
  https://www.rbvi.ucsf.edu/chimerax/docs/user/formats/cmapformats.html  (sessions, marker files)
From memory: Amira's label field as in kit.py, EMAN2's HDF, ChimeraX' .cxs (packed, so noise here), napari's labels saved as TIFF.

A person sees: `caulo` is the postdoc's, 2.2 A unbinned, `mito_Anna` the collaborator's, 2.68 A; README_karin.txt has both. Of caulo tomo_02 the stack was not copied, of tomo_04
only a binned copy and of tomo_06 only what lies in paper_final. SIRT of tomo3d left headers of 1 A, AreTomo of 0. tomo_01_rec.mrc of `old` is another alignment that was given up, tomo_03_rot is
turned for a figure and tomo_01_trim a piece for a film. paper_final/tomo_A is caulo tomo_01 byte by byte (table S1 says so); to_send/for_Anna has copies of hers under dates, and her tomo_05, which is
nowhere else. PEET's points are of caulo's unbinned-by-4 tomograms; Dynamo's table counts tomograms by a list whose paths are those of the cluster. emd_ files and ref_portal are others' data.
"""
import json

import numpy as np
import tifffile

from kit import Lab, Specimen, aln, fingerprint, imod_model, lines, mdoc, places, seed, xf

lab = Lab(__doc__, ["https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://github.com/czimaginginstitute/AreTomo2", "https://github.com/juglab/cryoCARE_pip", "https://github.com/IsoNet-cryoET/IsoNet",
                    "https://github.com/MLI-lab/DeepDeWedge", "https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md", "https://bio3d.colorado.edu/ftp/PEET/man/html/man1/PEET.1.html",
                    "https://www.dynamo-em.org/w/index.php?title=Table_convention", "https://chanzuckerberg.github.io/cryoet-data-portal/cryoet_data_portal_docsite_quick_start.html"])
ANGLES = [float(a) for a in range(-60, 61, 20)]
C, M = "caulo", "mito_Anna"
PIX = {C: 2.2, M: 2.68}
SHAPE = {C: (20, 46, 42), M: (22, 44, 46)}
V = {p: round(PIX[p] * 4, 4) for p in PIX}
size = lambda p: [n * V[p] for n in SHAPE[p][::-1]]
PICKS = {(C, "tomo_01"): ("motors", 6), (C, "tomo_02"): ("motors", 5), (C, "tomo_03"): ("motors", 4), (M, "tomo_01"): ("atp", 9), (M, "tomo_03"): ("atp", 7)}
xyz = {k: places(lab.name, *k, n=n, size=size(k[0])) for k, (_, n) in PICKS.items()}
S = {(p, f"tomo_{i:02d}"): Specimen(f"{p} tomo_{i:02d}", size(p), [xyz[p, f"tomo_{i:02d}"]] if (p, f"tomo_{i:02d}") in xyz else []) for p in PIX for i in range(1, 7)}
run = lambda p, n: f"{p} {n}"
vol = lambda p, n, noise=1.0, what="full": S[p, n].volume(SHAPE[p], V[p], noise, what)


def blocks(d):
    z, y, x = (n // 2 * 2 for n in d.shape)
    return d[:z, :y, :x].reshape(z // 2, 2, y // 2, 2, x // 2, 2).mean((1, 3, 5)).astype(np.float32)


def hdf(path, data, voxel, why):
    lab.never(why, lab.hdf(path, data, voxel)["file"])


def average(path, words, voxel, why, n=24):
    lab.junk(why, path, Specimen(words, [n * voxel] * 3, [[[n * voxel / 2] * 3]]).volume((n, n, n), voxel, 0.1), voxel)


def ball(path, voxel, why, n=24):
    z, y, x = np.indices((n, n, n)) - n / 2
    lab.junk(why, path, (np.sqrt(z**2 + y**2 + x**2) < n / 3).astype(np.float32), voxel)


# ---- own bacteria: IMOD ----
wbp = {}
for n in ("tomo_01", "tomo_02", "tomo_03"):
    d = f"{C}/imod/{n}/{n}"
    if n != "tomo_02":
        lab.tilts(run(C, n), d + ".st", S[C, n].stack(ANGLES, (60, 56)), PIX[C], ANGLES)
        lab.text(d + ".rawtlt", lines(ANGLES))
        lab.text(d + ".xf", xf(len(ANGLES), n))
    if n != "tomo_03":
        lab.text(d + ".st.mdoc", mdoc(ANGLES, PIX[C], image=n + ".st", size=(56, 60)).replace("14-Feb-23  09", f"21-Jan-21  {10 + int(n[-1])}"))
    lab.text(d + ".tlt", lines([a + 0.4 for a in ANGLES]))
    wbp[n] = vol(C, n)
    lab.tomogram(run(C, n), d + "_rec.mrc", wbp[n], V[C])
    lab.text(f"{C}/imod/{n}/tilt.com", f"$setenv IMOD_OUTPUT_FORMAT MRC\n$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nIMAGEBINNED 4\nTILTFILE {n}.tlt\nTHICKNESS 80\n$if (-e ./savework) ./savework\n")
n = "tomo_01"
sirt = vol(C, n, 0.5, "sirt")
lab.tomogram(run(C, n), f"{C}/imod/{n}/{n}_sirt_rec.mrc", sirt, V[C], ("raw", "filtered"), header=1.0)
lab.tomogram(run(C, n), f"{C}/bin8/{n}_sirt_bin8.mrc", blocks(sirt), V[C] * 2, ("raw", "filtered"), may=True)
lab.tomogram(run(C, "tomo_02"), f"{C}/imod/tomo_02/tomo_02_sirt_rec.mrc", vol(C, "tomo_02", 0.5, "sirt"), V[C], ("raw", "filtered"), header=1.0)
lab.tomogram(run(C, "tomo_02"), f"{C}/bin8/tomo_02_bin8.mrc", blocks(wbp["tomo_02"]), V[C] * 2, ("raw", "filtered"), may=True)
lab.tomogram(run(C, "tomo_04"), f"{C}/bin8/tomo_04_bin8.mrc", blocks(vol(C, "tomo_04")), V[C] * 2)
lab.junk("a piece for a film", f"{C}/trim/{n}_trim.mrc", wbp[n][4:16, 10:38, 8:34], V[C])
lab.junk("turned in the plane for a figure", f"{C}/trim/tomo_03_rot.mrc", np.ascontiguousarray(np.rot90(wbp["tomo_03"], 1, (1, 2))), V[C])
lab.text(f"{C}/imod/{n}/{n}_fid.mod", imod_model([("", [np.stack([p + [i * 3, 0, i] for i in range(7)]) for p in places(lab.name, "gold", n=5, size=[56 * 2.2, 60 * 2.2, 7])], "open")], (56, 60, 7), 2.2))
lab.never("gold on the tilt series", f"{C}/imod/{n}/{n}_fid.mod")
rng = [np.array([[V[C] * (20 + 12 * np.cos(t)), V[C] * (22 + 9 * np.sin(t)), V[C] * z] for t in np.linspace(0, 6, 14)]) for z in (6, 9, 12)]
lab.text(f"{C}/imod/{n}/{n}_IM_OM.mod", imod_model([("IM", rng[:2], "closed"), ("OM", rng[2:], "closed")], SHAPE[C][::-1], V[C]))
lab.never("outlines drawn for a figure", f"{C}/imod/{n}/{n}_IM_OM.mod")

# ---- networks ----
half = {k: vol(C, "tomo_03", 1.4, k) for k in ("even", "odd")}
for k in half:
    lab.half(run(C, "tomo_03"), f"{C}/halves/tomo_03_{k}_rec.mrc", half[k], V[C])
lab.tomogram(run(C, "tomo_03"), f"{C}/cryocare/denoised/tomo_03_even_rec.mrc", vol(C, "tomo_03", 0.2, "care"), V[C], ("denoised",))
lab.text(f"{C}/cryocare/predict_config.json", json.dumps({"path": "model.tar.gz", "even": "../halves/tomo_03_even_rec.mrc", "odd": "../halves/tomo_03_odd_rec.mrc", "n_tiles": [1, 1, 1], "output": "denoised"}))
lab.tomogram(run(C, "tomo_03"), f"{C}/ddw/refined_tomograms/tomo_03_even_rec+tomo_03_odd_rec_refined.mrc", vol(C, "tomo_03", 0.15, "ddw"), V[C], ("denoised", "filtered"), header=1.0)
lab.tomogram(run(C, "tomo_02"), f"{C}/isonet/corrected_tomos/tomo_02_sirt_rec_corrected.mrc", vol(C, "tomo_02", 0.2, "isonet"), V[C], ("denoised", "filtered"), header=1.0)
seg = S[C, "tomo_02"].membrane(SHAPE[C])
MB = f"{C}/membrain/tomo_02_sirt_rec_corrected"
lab.mask(run(C, "tomo_02"), MB + "_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", seg, V[C], header=1.0)
lab.junk("scores of MemBrain", MB + "_scores.mrc", (seg * 4 - 2 + seed("scores").normal(0, 0.4, SHAPE[C])).astype(np.float32), V[C], header=1.0)

# ---- PEET leftovers of the motors ----
HEADER = "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved\n"
motl = lambda k, it: HEADER + "".join(f"0.{31 + i},0,0,{i + 1},0,0,0,0,0,0,0,0,0,0,0,0,{12 * i},{7 * i},{9 * it},1\n" for i in range(k))
PE = f"{C}/PEET/motor_run2"
used = ("tomo_01", "tomo_02", "tomo_03")
for i, n in enumerate(used, 1):
    lab.text(f"{PE}/{n}_motors.mod", imod_model([("motors", [xyz[C, n]], "scattered")], SHAPE[C][::-1], V[C]))
    lab.text(f"{PE}/motors_MOTL_Tom{i}_Iter4.csv", motl(len(xyz[C, n]), 4))
    lab.points(run(C, n), f"{PE}/{n}_motors.mod", "motors", xyz[C, n], V[C], also=[f"{PE}/motors_MOTL_Tom{i}_Iter4.csv", f"{PE}/motors.prm", f"paper_final/tables/{n}_motors.csv"])
cell = lambda t: "{" + ", ".join(f"'{x}'" for x in t) + "}"
lab.text(f"{PE}/motors.prm", f"fnVolume = {cell([f'/scratch/karin/caulo/{n}/{n}_rec.mrc' for n in used])}\nfnModParticle = {cell([f'{n}_motors.mod' for n in used])}\ninitMOTL = 3\nfnOutput = 'motors'\nszVol = [24, 24, 24]\nreference = {{1, 2}}\nmaskType = 'mask_motor.mrc'\nalignedBaseName = ''\n")
average(f"{PE}/motors_AvgVol_4P0015.mrc", "motor", V[C], "an average")
ball(f"{PE}/mask_motor.mrc", V[C], "the mask of an average")

# ---- collaborator's organelles: AreTomo ----
arec = {}
for n in ("tomo_01", "tomo_02", "tomo_03", "tomo_04"):
    arec[n] = vol(M, n)
    lab.tomogram(run(M, n), f"{M}/aretomo/{n}_rec.mrc", arec[n], V[M], header=V[M] if n == "tomo_04" else 0.0)
    lab.text(f"{M}/aretomo/{n}.aln", aln((60, 62), ANGLES, M, n))
    if n in ("tomo_01", "tomo_02"):
        lab.tilts(run(M, n), f"{M}/stacks/{n}.mrc", S[M, n].stack(ANGLES, (62, 60)), PIX[M], ANGLES)
        lab.text(f"{M}/stacks/{n}.rawtlt", lines(ANGLES))
    lab.text(f"{M}/mdocs/{n}.mrc.mdoc", mdoc(ANGLES, PIX[M], [f"{n}_{i:03d}_{a:.1f}.eer" for i, a in enumerate(ANGLES)], image=n + ".mrc", size=(60, 62), folder="D:\\Anna\\").replace("14-Feb-23  09", f"07-Sep-22  {8 + int(n[-1]):02d}"))
fresh = lambda k: {1: ("tomo_01", xyz[M, "tomo_01"]), 2: ("tomo_03", xyz[M, "tomo_03"])}[k]
lab.text(f"{M}/dynamo/mito.tomolist", "".join(f"{k} /cluster/karin/mito/aretomo/{fresh(k)[0]}_rec.mrc\n" for k in (1, 2)))
rows, tag = "", 0
for k in (1, 2):
    for p in fresh(k)[1]:
        tag += 1
        rows += " ".join(f"{x:g}" for x in [tag, 1, 1, 0, 0, 0, 10 * tag % 180, 35, 20, 0.3, 0, 0, 1, -60, 60, -60, 60, 0, 0, k, 1, 1, 0]) + " " + " ".join(f"{x:.3f}" for x in p / V[M] + 1) + " 0" * 9 + "\n"
lab.text(f"{M}/dynamo/atp_it3.tbl", rows)
for k in (1, 2):
    lab.points(run(M, fresh(k)[0]), f"{M}/dynamo/atp_it3.tbl", "ATP synthase", fresh(k)[1], V[M], also=[f"{M}/chimerax/tomo_01_atp.cmm"] if k == 1 else [])
lab.text(f"{M}/dynamo/average_it3.em", b"\6\0\0\5" + np.array([16] * 3, "<i4").tobytes() + bytes(496) + seed("em").normal(0, 1, (16, 16, 16)).astype("<f4").tobytes())
lab.never("an average", f"{M}/dynamo/average_it3.em")
lab.mask(run(M, "tomo_01"), f"{M}/amira/tomo_01.Labels.am", S[M, "tomo_01"].membrane(SHAPE[M], 1), V[M])
m3 = S[M, "tomo_03"].membrane(SHAPE[M], 2)
f = f"{M}/napari/tomo_03_labels.tif"
lab.text(f, b"")
tifffile.imwrite(lab.root / f, m3.astype(np.uint8), photometric="minisblack", metadata=None)
lab.run(run(M, "tomo_03"))["masks"].append({"file": f, "size": list(SHAPE[M][::-1]), "spacing": V[M], "fingerprint": fingerprint(m3), "labels": {"1": fingerprint(m3 == 1)}, "union": fingerprint(m3 > 0)})
hdf(f"{M}/eman2/segmentations/tomo_02__bin4__mito_seg.hdf", np.abs(seed("seg").normal(0, 1, SHAPE[M])).astype(np.float32), V[M], "a map of a network's probabilities")
lab.text(f"{M}/chimerax/tomo_01_atp.cmm", '<marker_set name="atp">\n' + "".join(f'<marker id="{i}" x="{p[0]:.3f}" y="{p[1]:.3f}" z="{p[2]:.3f}" r="1" g="1" b="0" radius="40"/>\n' for i, p in enumerate(xyz[M, "tomo_01"], 1)) + "</marker_set>\n")
for f in (f"{M}/chimerax/tomo_01_fig.cxs", "paper_final/Fig1/fig1_v7.cxs"):
    lab.text(f, b"\x04\x22\x4d\x18" + seed(f).bytes(2000))
lab.text("paper_final/Fig2/motor_chimera.py", "import cPickle, base64\ntry:\n\tfrom SimpleSession.versions.v65 import beginRestore\nexcept ImportError:\n\tpass\n")

# ---- to_send, paper_final, old ----
lab.copy(f"{M}/aretomo/tomo_02_rec.mrc", "to_send/for_Anna/tomo_02_20230411.mrc")
lab.copy(f"{M}/aretomo/tomo_03_rec.mrc", "to_send/for_Anna/tomo_03_20230411.mrc")
lab.tomogram(run(M, "tomo_05"), "to_send/for_Anna/mito_tomo_05_rec.mrc", vol(M, "tomo_05"), V[M], header=V[M])
lab.copy(f"{C}/imod/tomo_01/tomo_01_rec.mrc", "paper_final/Fig1/tomo_A.mrc")
lab.junk("a running mean for a figure", "paper_final/Fig1/tomo_A_avg5slices.mrc", sum(np.roll(wbp["tomo_01"], i, 0) for i in range(-2, 3)).astype(np.float32) / 5, V[C])
lab.tomogram(run(C, "tomo_06"), "paper_final/Fig3/caulo_tomo_06_rec.mrc", vol(C, "tomo_06"), V[C])
lab.junk("bytes for a film", "talks/2022_GRC/tomo_01_8bit.mrc", np.clip(wbp["tomo_01"] * 20, -128, 127).round().astype(np.int8), V[C])
average("paper_final/EMDB/emd_99881_motor.map", "motor final", V[C], "an average")
ball("paper_final/EMDB/emd_99881_msk_1.map", V[C], "the mask of an average")
for n in used:
    lab.text(f"paper_final/tables/{n}_motors.csv", "particle,x_A,y_A,z_A\n" + "".join("%d,%.2f,%.2f,%.2f\n" % (i, *p) for i, p in enumerate(xyz[C, n], 1)))
lab.text("paper_final/tables/Table_S1.csv", "figure,volume,tomogram,treatment\n1,tomo_A,caulo tomo_01,WT\n2,motor,caulo tomo_01-03,WT\n3,caulo_tomo_06,caulo tomo_06,dFliF\n")
lab.junk("a first alignment that was given up", "old/tomo_01_rec.mrc", vol(C, "tomo_01", 1.0, "first try") + np.roll(wbp["tomo_01"], 3, 2) * 0.2, V[C])
lab.junk("before it was turned: depth in y", "old/tomo_03_full_rec.mrc", np.ascontiguousarray(np.pad(wbp["tomo_03"], ((2, 2), (1, 1), (0, 0)), mode="reflect").transpose(1, 0, 2)), V[C])
lab.text("old/notes.txt", "everything in here is the first alignment (Nov 2020), do not use. New ones in caulo/imod\n")

# ---- other people's data ----
REF = Specimen("pombe", [36 * 13.48] * 3)
lab.junk("from the CryoET Data Portal: it is published there", "ref_portal_10000/TS_026.mrc", REF.volume((18, 36, 36), 13.48), 13.48)
lab.junk("from the CryoET Data Portal: it is published there", "ref_portal_10000/103-membrane-1.0_segmentationmask.mrc", REF.membrane((18, 36, 36)), 13.48)
lab.text("ref_portal_10000/tomogram_metadata.json", json.dumps({"voxel_spacing": 13.48, "run_name": "TS_026", "processing": "raw", "deposition_id": 10000, "mrc_file": "10000/TS_026/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_026.mrc", "dates": {"release_date": "2022-09-01"}}))
average("refs/emd_3420.map", "flagellar motor of others", 5.4, "an average from EMDB")
for f in ("talks/2022_GRC/slide_motor.png", "talks/2023_lab/mito.tif", "paper_final/Fig1/Fig1_v7.png", "paper_final/Fig3/panelB.tif"):
    lab.picture(f)
for f in ("talks/2022_GRC/tomo_01.mp4", "paper_final/Movie_S1.mov"):
    lab.text(f, b"\0\0\0\x18ftypmp42" + seed(f).bytes(600))
lab.text("README_karin.txt", "Karin's disk, copied in a hurry 28 Apr 2023 - the rest was on /scratch and is gone\n\ncaulo/      my Caulobacter, Krios/K2, 2.2 A/px unbinned. rec are bin4 = 8.8 A, bin8 = 17.6 A\n"
         "            SIRT headers say 1 A: ignore, they are bin4 as well. IsoNet, ddw and membrain took that over\nmito_Anna/  Anna's mitochondria, 2.68 A/px, AreTomo bin 4 = 10.72 A. headers of some are 0!\n"
         "            CAREFUL same names tomo_01.. as mine, other specimen\nto_send/    what I sent or wanted to send\npaper_final/ figures; tomo_A = caulo tomo_01\nref*        downloaded, not ours\nold/        forget it\n\nmissing: stack of caulo tomo_02 and 04, stacks of Anna 03 and later, all frames\n")
lab.text(".DS_Store", b"\0\0\0\1Bud1" + bytes(60))
lab.done()
