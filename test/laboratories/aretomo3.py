"""One session through AreTomo3, from movies to three tomograms a position, and reconstructed once more at another binning.

Imitates AreTomo3_Manual_2.2.0_25may21.pdf (https://github.com/czimaginginstitute/AreTomo3/tree/main/docs): section 5 (NAME.mrc, NAME_EVN.mrc,
NAME_ODD.mrc, NAME_Vol.mrc, NAME_EVN_Vol.mrc, NAME_ODD_Vol.mrc, NAME_TLT.txt, NAME_CTF.txt, NAME_CTF_Imod.txt, NAME.aln), 4.4 (-Cmd 2 writes
into another folder), 4.8 (a second binning: NAME_2ND_Vol.mrc), -OutImod. AreTomo3_Session.json, MdocDone.txt, TiltSeries_Metrics.csv and the
columns of NAME_CTF.txt are those of https://github.com/czimaginginstitute/AreTomo3 (CAreTomo3Json.cpp, CTsMetrics.cpp, CSaveCtfResults.cpp).

Names as the microscope gives them: Position_5, Position_5_2 and Position_50 are three places. The tilts are taken 0, +, -, …; the stacks ascend.
The mess: a position that was stopped after three tilts (stack, no volume), a position of which only movies exist, a gain of another camera,
a second run of AreTomo3 whose folder has the same names at another spacing, denoised volumes with a header of 1.
"""
import json

import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, lines, mdoc, seed, xf

PIXEL, BIN, BIN2, BIN3 = 1.52, 6, 4, 8
V, V2, V3 = 9.12, 6.08, 12.16
SHAPE, SHAPE2, SHAPE3 = (20, 42, 42), (30, 63, 63), (15, 32, 32)
TAKEN = dose_symmetric(5, 6)
ANGLES = sorted(TAKEN)
#         mdoc            series  volumes  second binning  denoised
TABLE = [("Position_5", True, True, True, True),
         ("Position_5_2", True, True, True, False),
         ("Position_50", True, True, False, True),
         ("Position_61", False, False, False, False)]

lab = Lab(__doc__, ["https://github.com/czimaginginstitute/AreTomo3/tree/main/docs (AreTomo3_Manual_2.2.0_25may21.pdf)", "https://github.com/czimaginginstitute/AreTomo3/blob/main/CAreTomo3Json.cpp"])
ANGSTROM = [n * V for n in SHAPE[::-1]]
r = seed(lab.name, "maps")
metrics = "Tilt_Series,Thickness(Pix),Tilt_Axis,Global_Shift(Pix),Bad_Patch_Low,Bad_Patch_All,Defocus(A),ExtPhase(Deg),CTF_Res(A),CTF_Score,DF_Hand,Pix_Size(A),Cs(mm),Kv,Alpha0,Beta0\n"


def ctf(n):
    head = "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radian]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully; #8 - dfHand\n"
    lab.text(f"run001/{n}_CTF.txt", head + "".join(f"{i + 1:4d}   {31000 + 40 * i:8.2f}  {30800 + 40 * i:8.2f}   -22.1000    0.0000    0.1312    7.9000   1\n" for i in range(len(ANGLES))))
    lab.text(f"run001/{n}_CTF_Imod.txt", "1  0  0.0  0.0  0.0  3\n" + "".join(f"{i + 1:4d}  {i + 1:4d}  {a:7.2f}  {a:7.2f}   3100.00   3080.00   -22.10\n" for i, a in enumerate(ANGLES)))
    lab.junk("power spectra of the CTF estimation", f"run001/{n}_CTF.mrc", r.normal(0, 1, (len(ANGLES), 24, 24)).astype(np.float32), PIXEL, stack=True)


lab.gain([n for n, *_ in TABLE], "frames/20240611_EER_GainReference.tiff")
for n, series, volumes, second, denoised in TABLE:
    # taken one after the other; the name has number, angle and time
    names = [f"{n}_{i + 1:03d}_{a:.2f}_20240611_{101500 + 61 * i}_fractions.tiff" for i, a in enumerate(TAKEN)]
    lab.movies(n, ["frames/" + f for f in names])
    lab.text(f"frames/{n}.mdoc", mdoc(TAKEN, PIXEL, names, n, (40, 40), folder="D:\\TOMO\\20240611\\", dose=0.0))
    if not series:
        continue
    s = Specimen(n, ANGSTROM)
    size = (66, 66)
    lab.tilts(n, f"run001/{n}.mrc", s.stack(ANGLES, size), PIXEL, ANGLES)
    for h in ("EVN", "ODD"):
        lab.half(n, f"run001/{n}_{h}.mrc", s.stack(ANGLES, size, h), PIXEL, stack=True)
    lab.text(f"run001/{n}_TLT.txt", "".join(f"{a:8.2f}  {TAKEN.index(a) + 1:4d}\n" for a in ANGLES))
    lab.text(f"run001/{n}.aln", aln(size, ANGLES, n).replace("# NumPatches = 0\n", "# NumPatches = 0\n# AlphaOffset =     1.50\n# BetaOffset =     0.00\n# Thickness = 118\n"))
    ctf(n)
    imod = f"run001/{n}_Imod"
    lab.text(f"{imod}/{n}_st.xf", xf(len(ANGLES), n))
    lab.text(f"{imod}/{n}_st.tlt", lines(ANGLES))
    lab.text(f"{imod}/{n}_order_list.csv", "".join(f"{i + 1},{a:.2f}\n" for i, a in enumerate(TAKEN)))
    lab.text(f"{imod}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_st.ali\nOutputFile {n}_st.rec\nTILTFILE {n}_st.tlt\nTHICKNESS 120\n")
    lab.text(f"run001/{n}_Log/{n}_AT_GL.csv", "0.0,0.0,0.0\n")
    metrics += f"{n}.mrc,    118, -85.30,   211.30, 0.02, 0.05,  31000.0,   0.0,  7.90, 0.1312, 1,  {PIXEL}, 2.7, 300, 1.5, 0.0\n"
    lab.tomogram(n, f"run001/{n}_Vol.mrc", s.volume(SHAPE, V), V)
    for h in ("EVN", "ODD"):
        lab.half(n, f"run001/{n}_{h}_Vol.mrc", s.volume(SHAPE, V, 1.4, h), V)
    if second:
        lab.tomogram(n, f"run001/{n}_2ND_Vol.mrc", s.volume(SHAPE2, V2, 1.2), V2)
    lab.tomogram(n, f"run002/{n}_Vol.mrc", s.volume(SHAPE3, V3, 0.8), V3)
    if denoised:
        lab.tomogram(n, f"run001/denoised/{n}_Vol.mrc", s.volume(SHAPE, V, 0.1, "denoised"), V, ("denoised",), header=1.0)
half = sorted(TAKEN[:3])
s = Specimen("Position_33", ANGSTROM)
lab.junk("a series that was stopped after three tilts", "run001/Position_33.mrc", s.stack(half, (66, 66)), PIXEL, stack=True)
lab.text("run001/Position_33_TLT.txt", "".join(f"{a:8.2f}  {TAKEN.index(a) + 1:4d}\n" for a in half))
session = {"software": {"name": "AreTomo3", "version": "2.2.0"}, "input": {"InPrefix": "frames/Position_", "Gain": "frames/20240611_EER_GainReference.tiff", "DarkMrc": "", "DefectFile": ""},
           "output": {"TmpDir": "", "LogDir": "", "OutDir": "run001/"},
           "parameters": {"PixSize": PIXEL, "Kv": 300, "Cs": 2.7, "FmDose": 0.3, "SplitSum": 1, "VolZ": 120, "AtBin": [BIN, BIN2, 0.0], "TiltAxis": [-85.3, 1], "FlipVol": 1, "Wbp": 1, "CorrCTF": [1, 15], "OutImod": 1, "Cmd": 0}, "Time": "Tue Jun 11 12:31:02 2024"}
lab.text("run001/AreTomo3_Session.json", json.dumps(session, indent=5))
session["input"]["InPrefix"], session["output"]["OutDir"] = "run001/Position_", "run002/"
session["parameters"].update({"AtBin": [BIN3, 0.0, 0.0], "Cmd": 2})
lab.text("run002/AreTomo3_Session.json", json.dumps(session, indent=5))
lab.text("run001/TiltSeries_Metrics.csv", metrics)
lab.text("run001/MdocDone.txt", "".join(f"frames/{n}.mdoc\n" for n, series, *_ in TABLE if series))
lab.gain([], "frames/K3_CountRef_alt.tiff", (36, 44))
lab.never("gain reference of another camera", "frames/K3_CountRef_alt.tiff")
lab.picture("run001/Position_5_Vol.png")
lab.text("frames/EpuSession.dm", "<EpuSession />\n")
lab.text("run001/stdout 11.6.log", "GPU 0: done\n")
lab.done()
