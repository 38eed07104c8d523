"""What a facility delivers after a session on two lamellae: PACEtomo's tilt series, EER movies, MotionCor3, AreTomo3, reports.

Imitates
  https://github.com/eisfabian/PACEtomo (README.md; PACEtomo_selectTargets.py, PACEtomo.py: ROOT_tgts.txt with `_tgt = 001`, tgtfile, tsfile, map, stageX …;
    ROOT_tgt_001.mrc, ROOT_tgt_001_view.mrc, ROOT_ts_001.mrc and its .mdoc; the frames' base name is that of the tilt series; dose-symmetric, grouped)
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm      (.mrc.mdoc, .nav, montages)
  https://github.com/czimaginginstitute/MotionCor3                    (NAME.mrc, NAME_DW.mrc of one movie)
  https://github.com/czimaginginstitute/AreTomo3 (AreTomo/CTsMetrics.cpp, AreTomo/ImodUtil: TiltSeries_Metrics.csv, NAME.aln, NAME_TLT.txt, NAME_CTF.txt,
    NAME_EVN.mrc, NAME_ODD.mrc, NAME_Vol.mrc, NAME_EVN_Vol.mrc, NAME_ODD_Vol.mrc, NAME_Imod/)
  https://github.com/tbepler/topaz                                     (denoise3d: NAME.denoised.mrc)

The root name is `lam` on both lamellae, so both have lam_ts_001 and lam_ts_002: they are different places. All movies lie in one folder; only the date and
time in their names, and the mdocs, tell the two lamellae apart.
To be published: five runs with their movies and the one gain reference; the motion-corrected stacks of AreTomo3 (sorted by angle); its volumes, the denoised ones.
SerialEM's own stacks, in the order of recording, are the same tilts, summed on line: they may be published; of L07's lam_ts_003, where AreTomo3 failed, they are all there is.
Never: halves, sums of single movies, target and view images, montages, power spectra, what lies in raw_backup/ (copies), tables of shifts (no picks).
The mess: paths D:\\DoseFractions\\… in the mdocs; reports as PNG, MP4, HTML, CSV; a README without pixel size; headers of the denoised volumes say 1.0 A.
"""
import hashlib
import json
import struct

import numpy as np

from kit import Lab, Specimen, aln, lines, mdoc, places, seed, xf

PIXEL, V = 1.96, 7.84
SHAPE, SIZE = (18, 32, 32), (128, 128)
TAKEN = [0.0, 15.0, -15.0, -30.0, 30.0, 45.0, -45.0]      # groups of two
ANGLES = sorted(TAKEN)
#         lamella  series        first movie at  AreTomo3  denoised
TABLE = [("L03", "lam_ts_001", (10, 2), True, True), ("L03", "lam_ts_002", (10, 2), True, True),
         ("L07", "lam_ts_001", (14, 37), True, True), ("L07", "lam_ts_002", (14, 37), True, False), ("L07", "lam_ts_003", (14, 37), False, False)]
R = "https://github.com/"
lab = Lab(__doc__, [R + "eisfabian/PACEtomo", "https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", R + "czimaginginstitute/MotionCor3", R + "czimaginginstitute/AreTomo3", R + "tbepler/topaz"])
ANGSTROM = [n * V for n in SHAPE[::-1]]
r = seed(lab.name, "maps")
noise = lambda *shape: r.normal(0, 1, shape).astype(np.float32)
METRICS = "Tilt_Series,Thickness(Pix),Tilt_Axis,Global_Shift(Pix),Bad_Patch_Low,Bad_Patch_All,CTF_Res(A),CTF_Score,DF_Hand,Pix_Size(A),Cs(nm),Kv,Alpha0,Beta0\n"


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


runs = [f"{la}_{n}" for la, n, *_ in TABLE]
lab.gain(runs, "gain/20240312_093011_EER_GainReference.gain")
reports = {"L03": "", "L07": ""}
metrics = {"L03": METRICS, "L07": METRICS}
for (lamella, n, (hour, minute), ok, denoised), run in zip(TABLE, runs):
    lab.run(run, f"{n}_{lamella}", *([] if ok else [n]))
    s = Specimen(run, ANGSTROM)
    number = int(n[-3:])
    clock = [(hour, minute + 2 * i, 5 + 17 * (number - 1)) for i in range(len(TAKEN))]
    names = [f"{n}_{i:03d}_{a:.1f}_Mar12_{h:02d}.{m:02d}.{c:02d}.eer" for i, (a, (h, m, c)) in enumerate(zip(TAKEN, clock))]
    for f in names:
        b = eer(f)
        lab.text("frames/" + f, b)
        lab.run(run)["frames"].append({"file": "frames/" + f, "sha256": hashlib.sha256(b).hexdigest()})
    text = mdoc(TAKEN, PIXEL, names, f"{n}.mrc", SIZE, folder="D:\\DoseFractions\\20240312_mueller\\frames\\", dose=3.4)
    for i, (h, m, c) in enumerate(clock):
        text = text.replace(f"14-Feb-23  09:{i:02d}:31", f"12-Mar-24  {h:02d}:{m:02d}:{c:02d}")
    d = f"serialem/{lamella}/{n}"
    lab.text(d + ".mrc.mdoc", text)
    lab.tilts(run, d + ".mrc", s.stack(TAKEN, SIZE, "online"), PIXEL, TAKEN)
    if ok:
        lab.run(run)["tiltseries"][-1]["may"] = True
    lab.junk("image of a target", f"serialem/{lamella}/lam_tgt_{number:03d}.mrc", noise(1, 64, 64), 15.7, stack=True)
    if number == 1:
        lab.junk("view image of a target", f"serialem/{lamella}/lam_tgt_001_view.mrc", noise(1, 64, 64), 62.0, stack=True)
    shifts = "".join(f"{i},{a:.2f},{3.4 * (i + 1):.1f},{x:.2f},{y:.2f},{z:.2f},{m:.1f}\n" for i, (a, x, y, z, m) in enumerate(zip(TAKEN, *r.uniform(2, 28, (4, 7)))))
    lab.text(f"reports/{lamella}/{n}_per_tilt.csv", "index,tilt_angle,dose,x,y,z_height,mean_counts\n" + shifts)
    lab.never("statistics of tilts: no picks", f"reports/{lamella}/{n}_per_tilt.csv")
    if not ok:
        reports[lamella] += f"<p>{n}: AreTomo3 failed (signal 11)</p>"
        continue
    if run == "L03_lam_ts_001":
        for f, a in zip(names[:3], TAKEN):
            for x in ("", "_DW"):
                lab.junk("the sum of one movie", f"motioncor3/{lamella}/{f[:-4]}{x}.mrc", s.stack([a], (64, 64), "sum" + x + str(a)).astype(np.float32), 2 * PIXEL, stack=True)
    A = f"aretomo3/{lamella}/{n}"
    lab.tilts(run, A + ".mrc", s.stack(ANGLES, SIZE), PIXEL, ANGLES)
    for h in ("EVN", "ODD"):
        lab.half(run, f"{A}_{h}.mrc", s.stack(ANGLES, SIZE, h), PIXEL, stack=True)
    lab.text(A + "_TLT.txt", "".join(f"{a:8.2f}  {TAKEN.index(a) + 1:4d}\n" for a in ANGLES))
    lab.text(A + ".aln", aln(SIZE, ANGLES, run))
    lab.text(A + "_CTF.txt", "# AreTomo3 / CTF\n" + "".join(f"{i + 1:4d}   {31000 + 40 * i:8.2f}  {30800 + 40 * i:8.2f}   -22.1000    0.0000    0.1312    7.9000   1\n" for i in range(7)))
    lab.junk("power spectra", A + "_CTF.mrc", noise(7, 24, 24), PIXEL, stack=True)
    lab.text(A + "_Imod/" + n + "_st.xf", xf(7, run))
    lab.text(A + "_Imod/" + n + "_st.tlt", lines(ANGLES))
    lab.text(A + "_Imod/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_st.ali\nOutputFile {n}_st.rec\nTILTFILE {n}_st.tlt\nTHICKNESS 72\n")
    metrics[lamella] += f"{n}.mrc,     68, -85.30,    31.30,  0.02,  0.05,  7.90,  0.1312,  1,  {PIXEL}, 2.7, 300, 1.5, 0.0\n"
    lab.tomogram(run, A + "_Vol.mrc", s.volume(SHAPE, V), V)
    for h in ("EVN", "ODD"):
        lab.half(run, f"{A}_{h}_Vol.mrc", s.volume(SHAPE, V, 1.4, h), V)
    if denoised:
        lab.tomogram(run, f"denoised/{lamella}/{n}_Vol.denoised.mrc", s.volume(SHAPE, V, 0.1, "denoised"), V, ("denoised",), header=1.0)
    lab.picture(f"reports/{lamella}/{n}.png")
    lab.text(f"reports/{lamella}/{n}_tomogram.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
    reports[lamella] += f"<h2>{n}</h2><img src='{n}.png'>"
for lamella in reports:
    D = f"serialem/{lamella}/"
    targets = [n for la, n, *_ in TABLE if la == lamella]
    lab.text(D + "lam_tgts.txt", "".join(f"_tgt = {n[-3:]}\ntgtfile = lam_tgt_{n[-3:]}.mrc\ntsfile = {n}.mrc\nmap = {12 + i}\nstageX = {211.2 + i}\nstageY = -40.5\nSSX = {1.4 * i}\nSSY = {-0.7 * i}\nskip = False\n\n" for i, n in enumerate(targets)))
    lab.text(D + f"{lamella}.nav", f"AdocVersion = 2.00\nLastSavedAs = D:\\SerialEM\\20240312_mueller\\{lamella}.nav\n\n[Item = {lamella}_MMM]\nColor = 2\nStageXYZ = 210.0 -41.2 30.4\nMapFile = {lamella}_MMM.mrc\nType = 2\n\n" + "".join(f"[Item = {n[-3:]}]\nStageXYZ = {211.2 + i} -40.5 30.4\nNote = lam_tgts.txt\nType = 0\n\n" for i, n in enumerate(targets)))
    lab.junk("montage of the lamella", D + f"{lamella}_MMM.mrc", noise(4, 64, 64), 62.0, stack=True)
    lab.text(D + f"{lamella}_MMM.mrc.mdoc", f"PixelSpacing = 62\nImageFile = {lamella}_MMM.mrc\nMontage = 1\nDataMode = 1\n\n" + "".join(f"[ZValue = {z}]\nPieceCoordinates = {z % 2 * 58} {z // 2 * 58} 0\nTiltAngle = -9.01\n\n" for z in range(4)))
    lab.text(f"aretomo3/{lamella}/TiltSeries_Metrics.csv", metrics[lamella])
    lab.text(f"aretomo3/{lamella}/AreTomo3_Session.json", json.dumps({"parameters": {"PixSize": PIXEL, "kV": 300, "AtBin": [4.0], "InPrefix": f"/scratch/session/stacks/{lamella}/", "OutDir": f"/scratch/session/aretomo3/{lamella}/", "Cmd": 1}}, indent=1))
    lab.text(f"reports/{lamella}/index.html", f"<html><body><h1>{lamella}</h1>{reports[lamella]}</body></html>\n")
lab.junk("atlas", "serialem/LMM_grid2.mrc", noise(4, 64, 64), 640.0, stack=True)
lab.text("reports/summary.csv", "lamella,tilt_series,tilts,dose,status\n" + "".join(f"{la},{n},7,23.8,{'ok' if ok else 'failed'}\n" for la, n, _, ok, _ in TABLE))
for lamella, n, *_ in TABLE[1:3]:
    for f in (f"{n}.mrc", f"{n}.mrc.mdoc"):
        lab.copy(f"serialem/{lamella}/{f}", f"raw_backup/{lamella}/{f}")
for f in lab.run(runs[2])["frames"]:
    lab.copy(f["file"], "raw_backup/frames/" + f["file"][7:])
lab.copy("gain/20240312_093011_EER_GainReference.gain", "raw_backup/frames/20240312_093011_EER_GainReference.gain")
lab.text("README.txt", "Session 20240312, Krios G4 / Falcon 4i / Selectris X, 10 eV\nUser: J. Mueller (BAG 1234). Grid 2, lamellae L03 and L07, PACEtomo 1.9, pre-tilt -9 deg\n\nserialem/   what the microscope wrote\nframes/     movies (EER)\nmotioncor3/ single sums for the QC page\naretomo3/   stacks and tomograms (bin 4)\ndenoised/   topaz denoise3d\nreports/    QC\nraw_backup/ do not touch\n\nData are deleted after 90 days!\n")
lab.text("md5sums.txt", "".join(hashlib.md5((lab.root / f["file"]).read_bytes()).hexdigest() + "  " + f["file"] + "\n" for f in lab.run(runs[0])["frames"]))
lab.done()
