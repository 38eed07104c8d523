"""Two sessions of Thermo Fisher's Tomography 5 on a Falcon 4, aligned and reconstructed with Etomo, denoised twice.

Its manual is not public. Names as users and public scripts show them:
  https://github.com/czimaginginstitute/AreTomo3/issues/24   (EER movies and NAME.mdoc in one folder, NAME_override.mdoc to be skipped,
    DATE_TIME_EER_GainReference.gain)
  https://github.com/3dem/relion/issues/1158, https://github.com/tomotools/tomotools/issues/42   (no stack is written; SubFramePath on a Windows drive)
  https://github.com/wan-lab-vanderbilt/TOMOMAN               (gain references of the same name; movies NAME_NUMBER_ANGLE_DATE_TIME_EER.eer, _Fractions.tiff)
  https://bio3d.colorado.edu/imod/doc/tomoguide.html           (NAME.st, NAME_preali.mrc, NAME_ali.mrc, NAME_full_rec.mrc, NAME_rec.mrc, NAME.rawtlt, .tlt, .xf, .edf)
EER is TIFF of 64 bits with compression 65001 (https://github.com/fei-company/EerReaderLib); the bytes of its images are of no meaning here.

_rec.mrc is _full_rec.mrc trimmed, rotated about x: y of the one is z of the other. Etomo's names are the only ones; denoised copies have the same names in
another folder (topaz) or an ending (cryoCARE, from half tomograms).
The mess: Position_3 and Position_3_2 and Position_30 are three places; a series that was taken twice (_override.mdoc is no list of frames); search maps
and what the camera saw while searching; sums of single tilts; an aligned stack in the folder of the tomograms; half tomograms; a spare gain.
"""
import hashlib
import struct

import numpy as np

from kit import Lab, Specimen, dose_symmetric, lines, mdoc, seed, xf

PIXEL, BIN = 1.98, 6
V = 11.88
FULL, SHAPE = (48, 30, 52), (20, 44, 48)
TAKEN = dose_symmetric(8, 6)
ANGLES = sorted(TAKEN)
#         session              position        movies              rec    topaz  cryoCARE
TABLE = [("20240611_Hefe_G2", "Position_3", "_EER.eer", True, True, False),
         ("20240611_Hefe_G2", "Position_3_2", "_EER.eer", True, True, True),
         ("20240611_Hefe_G2", "Position_30", "_EER.eer", True, False, False),
         ("20240702_Hefe_G5", "Lamella4", "_Fractions.tiff", True, True, False),
         ("20240702_Hefe_G5", "Lamella5", "_Fractions.tiff", False, False, False)]

lab = Lab(__doc__, ["https://github.com/czimaginginstitute/AreTomo3/issues/24", "https://github.com/3dem/relion/issues/1158", "https://github.com/tomotools/tomotools/issues/42", "https://github.com/wan-lab-vanderbilt/TOMOMAN",
                    "https://bio3d.colorado.edu/imod/doc/tomoguide.html", "https://github.com/fei-company/EerReaderLib"])
ANGSTROM = [n * V for n in SHAPE[::-1]]
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


for session in dict.fromkeys(s for s, *_ in TABLE):
    here = [p for s, p, *_ in TABLE if s == session]
    lab.gain(here, f"{session}/{session[:8]}_090412_EER_GainReference.gain")
    lab.text(f"{session}/Batch/BatchPositionsList.xml", "<BatchPositions>" + "".join(f"<Name>{p}</Name>" for p in here) + "</BatchPositions>\n")
    lab.text(f"{session}/Session.dm", "<TomographySession />\n")
    lab.junk("overview of a lamella", f"{session}/SearchMaps/Overview_1.mrc", noise(1, 50, 50), 290.0, stack=True)
for session, n, kind, rec, topaz, cryocare in TABLE:
    lab.run(n, f"{session}_{n}")
    s = Specimen(n, ANGSTROM)
    day = session[:8]
    names = [f"{n}_{i + 1:03d}_{a:.2f}_{day}_{111500 + 43 * i}{kind}" for i, a in enumerate(TAKEN)]
    paths = [f"{session}/{f}" for f in names]
    if kind == "_EER.eer":
        for p in paths:
            b = eer(p)
            lab.text(p, b)
            lab.run(n)["frames"].append({"file": p, "sha256": hashlib.sha256(b).hexdigest()})
    else:
        lab.movies(n, paths)
    list_ = mdoc(TAKEN, PIXEL, names, n + ".mrc", (40, 40), folder="\\\\10.0.1.7\\OffloadData\\TemScripting\\EF-Falcon\\", dose=3.2, camera="TFS: Tomography 5")
    lab.text(f"{session}/{n}.mdoc", list_)
    if n == "Position_3_2":
        lab.text(f"{session}/{n}_override.mdoc", list_.replace("ExposureDose = 3.2", "ExposureDose = 0"))
    lab.junk("what was seen while searching", f"{session}/{n}_search.mrc", noise(1, 48, 48), 36.1, stack=True)
    for f in names[:2]:
        lab.junk("sum of the frames of one tilt", f"{session}/{f.replace(kind, '.mrc')}", noise(1, 40, 40), PIXEL, stack=True)
    lab.picture(f"{session}/Thumbnails/{n}.png")
    d = f"etomo/{n}/{n}"
    lab.tilts(n, d + ".st", s.stack(ANGLES, (60, 64)), PIXEL, ANGLES)
    lab.text(d + ".rawtlt", lines(ANGLES))
    if not rec:
        continue
    lab.text(d + ".edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={PIXEL / 10}\nSetup.Combine.FinalStack={n}_rec.mrc\n")
    lab.text(d + ".tlt", lines([a - 0.4 for a in ANGLES]))
    lab.text(d + ".xf", xf(len(ANGLES), n))
    lab.text(d + "_fid.xf", xf(len(ANGLES), n))
    lab.junk("stack after a coarse alignment", d + "_preali.mrc", s.stack(ANGLES, (30, 32), "preali"), PIXEL * 2, stack=True)
    lab.junk("aligned stack", d + "_ali.mrc", s.stack(ANGLES, (24, 26), "ali"), V, stack=True)
    lab.text(f"etomo/{n}/tilt.com", f"$setenv IMOD_OUTPUT_FORMAT MRC\n$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nIMAGEBINNED {BIN}\nTILTFILE {n}.tlt\nTHICKNESS 180\n$if (-e ./savework) ./savework\n")
    lab.text(f"etomo/{n}/newst.com", f"$newstack -StandardInput\nInputFile {n}.st\nOutputFile {n}_ali.mrc\nTransformFile {n}.xf\nBinByFactor {BIN}\n")
    whole = s.volume(SHAPE, V)
    full = noise(*FULL)
    full[2:2 + SHAPE[1], 5:5 + SHAPE[0], 2:2 + SHAPE[2]] = whole[::-1].transpose(1, 0, 2)
    lab.junk("before it was trimmed", d + "_full_rec.mrc", full, V)
    lab.text(f"etomo/{n}/trimvol.log", f"trimvol -x 3,50 -y 6,25 -z 3,46 -rx {n}_full_rec.mrc {n}_rec.mrc\n")
    lab.tomogram(n, d + "_rec.mrc", whole, V)
    if topaz:
        lab.tomogram(n, f"denoised_topaz/{n}_rec.mrc", s.volume(SHAPE, V, 0.2, "topaz"), V, ("denoised",))
    if cryocare:
        lab.tomogram(n, f"etomo/{n}/{n}_rec_denoised.mrc", s.volume(SHAPE, V, 0.1, "cryocare"), V, ("denoised",))
        for h in ("even", "odd"):
            lab.half(n, f"etomo/{n}/{n}_{h}_rec.mrc", s.volume(SHAPE, V, 1.4, h), V)
    if n == "Lamella4":
        lab.copy(d + "_rec.mrc", f"fuer Anna/{n}_rec.mrc")
lab.gain([], "20240702_Hefe_G5/alt/20231104_101112_EER_GainReference.gain", (36, 36))
lab.never("gain reference of another year", "20240702_Hefe_G5/alt/20231104_101112_EER_GainReference.gain")
lab.text("etomo/notes.txt", "30 has no denoised one: topaz crashed\nLamella5: ice, not reconstructed\n")
lab.done()
