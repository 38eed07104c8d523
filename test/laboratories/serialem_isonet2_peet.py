"""SerialEM (dose-symmetric), IMOD reconstructions of all and of half the frames, IsoNet2 with its tables, PEET on top.

Imitates
  https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm              (NAME.mrc with NAME.mrc.mdoc; the stack is in the order of acquisition)
  https://bio3d.colorado.edu/imod/doc/batchGuide.html                         (a folder a dataset, NAME_rec.mrc, .edf)
  https://github.com/IsoNet-cryoET/IsoNet2 (README 2.2: tomograms.star with rlnTomoReconstructedTomogramHalf1/2, averaged_tomos/NAME_EVN_full.mrc, denoise/, mask/,
    isonet_maps/, corrected_tomos/; IsoNet/bin/isonet.py: PREFIX_METHOD_ARCH_NAME.mrc with an empty PREFIX, corrected_epochsN for previews, rlnDenoisedTomoName, rlnCorrectedTomoName, rlnMaskName)
  https://bio3d.colorado.edu/PEET/PEETmanualBeta.html                         (.prm, models, motive lists)

What a person knows: etomo/NAME/NAME_rec.mrc is the tomogram; EVN and ODD are halves of it; averaged_tomos is the sum of these (as good as a tomogram, or none);
IsoNet2's denoised and corrected ones are to be published as such; masks say where IsoNet2 trains. Etomo's stack is SerialEM's, sorted by angle.
The mess: deconvolved tomograms of one series, masks of an older run, previews of the network, a table for a second IsoNet job, a PEET run on one series only.
"""
import numpy as np

from kit import Lab, Specimen, dose_symmetric, imod_model, lines, mdoc, places, seed, star, xf

PIXEL, V = 2.16, 8.64
SHAPE = (20, 44, 40)
TAKEN = dose_symmetric(15, 8)
#         name      hour  spikes
TABLE = [("vlp_02", 10, 14), ("vlp_05", 11, 11), ("vlp_09", 14, 0)]
HEADER = "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved\n"
lab = Lab(__doc__, ["https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm", "https://bio3d.colorado.edu/imod/doc/batchGuide.html", "https://github.com/IsoNet-cryoET/IsoNet2", "https://bio3d.colorado.edu/PEET/PEETmanualBeta.html"])
ANGSTROM = [n * V for n in SHAPE[::-1]]
r = seed(lab.name, "x")
noise = lambda *s: r.normal(0, 1, s).astype(np.float32)


def apart(*words, n, size, d=45.0):
    kept, i = [], 0
    while len(kept) < n:
        p = places(*words, i, n=1, size=size)[0]
        kept += [p] if all(np.linalg.norm(p - q) > d for q in kept) else []
        i += 1
    return np.array(kept).reshape(-1, 3)


I = "isonet/"
parts, iso = [], []
for number, (n, hour, k) in enumerate(TABLE):
    where = apart(lab.name, n, n=k, size=ANGSTROM)
    s = Specimen(n, ANGSTROM, [where] if k else [])
    names = [f"{n}_{i:03d}_{a:.1f}.tif" for i, a in enumerate(TAKEN)]
    lab.movies(n, ["raw/frames/" + f for f in names])
    taken = s.stack(TAKEN, (60, 56))
    order = sorted(range(len(TAKEN)), key=lambda i: TAKEN[i])
    up = [TAKEN[i] for i in order]
    lab.mrc(f"raw/{n}.mrc", taken, PIXEL, stack=True)  # the same sections as below
    lab.text(f"raw/{n}.mrc.mdoc", mdoc(TAKEN, PIXEL, names, f"{n}.mrc", (56, 60), folder="D:\\20230214\\").replace("14-Feb-23  09:", f"14-Feb-23  {hour}:"))
    d = f"etomo/{n}/{n}"
    lab.tilts(n, d + ".st", taken[order], PIXEL, up)
    lab.text(d + ".rawtlt", lines(up))
    lab.text(d + ".tlt", lines([a + 0.7 for a in up]))
    lab.text(d + ".xf", xf(len(up), n))
    lab.text(d + ".edf", f"Setup.DatasetName={n}\nSetup.AxisType=Single Axis\nSetup.PixelSize={PIXEL / 10}\nSetup.FinalStack.A.Binning=4\n")
    lab.text(f"etomo/{n}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_ali.mrc\nOutputFile {n}_full_rec.mrc\nIMAGEBINNED 4\nTILTFILE {n}.tlt\nTHICKNESS 80\nFULLIMAGE 160 176\n")
    lab.junk("aligned stack", d + "_ali.mrc", s.stack(up, (30, 28), "ali"), V, stack=True)
    lab.tomogram(n, d + "_rec.mrc", s.volume(SHAPE, V), V)
    for h, full in (("EVN", "even"), ("ODD", "odd")):
        lab.half(n, f"{I}tomograms_split/{h}/{n}_{h}.mrc", s.volume(SHAPE, V, 1.4, full), V)
    lab.tomogram(n, f"{I}averaged_tomos/{n}_EVN_full.mrc", s.volume(SHAPE, V, 1.4, "even") + s.volume(SHAPE, V, 1.4, "odd"), V, may=True)
    lab.tomogram(n, f"{I}corrected_tomos/_n2n_unet-medium_{n}_EVN.mrc", s.volume(SHAPE, V, 0.25, "n2n"), V, ("denoised",))
    lab.tomogram(n, f"{I}corrected_tomos/_isonet2-n2n_unet-medium_{n}_EVN.mrc", s.volume(SHAPE, V, 0.1, "isonet"), V, ("denoised", "filtered"))
    if number == 0:
        lab.tomogram(n, f"{I}deconv/{n}_EVN_full.mrc", s.volume(SHAPE, V, 0.5, "deconv"), V, ("filtered",))
        for e in (60, 70):
            lab.junk("a preview of the training", f"{I}isonet_maps/corrected_epochs{e}_isonet2-n2n_unet-medium_{n}_EVN.mrc", s.volume(SHAPE, V, 20 / e, f"epoch{e}"), V)
    box = np.zeros(SHAPE, np.int8)
    box[4:16, 5 + number:38, 5:36] = 1
    base = f"_n2n_unet-medium_{n}_EVN_mask"
    lab.junk("where IsoNet2 trains", f"{I}mask/{base}.mrc", box, V)
    lab.junk("where IsoNet2 trained before", f"{I}mask_old/{base}.mrc", box[:, ::-1].copy(), V)
    iso.append((number + 1, f"averaged_tomos/{n}_EVN_full.mrc", f"tomograms_split/EVN/{n}_EVN.mrc", f"tomograms_split/ODD/{n}_ODD.mrc", f"{V:.6f}", 31000 + 900 * number, 300, 2.7, 0.1, "None", f"mask/{base}.mrc", -60, 60, "None", 600, f"corrected_tomos/_isonet2-n2n_unet-medium_{n}_EVN.mrc", f"corrected_tomos/_n2n_unet-medium_{n}_EVN.mrc"))
    if not k:
        continue
    off = np.round(seed("off", n).uniform(-1.2, 1.2, (k, 3)), 3)
    picked = where - off * V
    lab.text(f"peet/{n}_spike.mod", imod_model([("spike", [[p] for p in picked], "scattered")], SHAPE[::-1], V))
    motl = lambda o: HEADER + "".join("%.4f,0,0,%d,0,0,0,0,0,0,%.3f,%.3f,%.3f,0,0,0,0.00,0.00,0.00,1\n" % (0.4, i + 1, *x) for i, x in enumerate(o))
    lab.text(f"peet/{n}_initMOTL.csv", motl(np.zeros((k, 3))))
    lab.text(f"peet/spike_MOTL_Tom{number + 1}_Iter5.csv", motl(off))
    if number == 0:
        lab.text("peet/one/one_MOTL_Tom1_Iter2.csv", motl(off * 0.5))
        lab.text("peet/one/one.prm", f"fnVolume = {{'../../etomo/{n}/{n}_rec.mrc'}}\nfnModParticle = {{'../{n}_spike.mod'}}\ninitMOTL = {{'../{n}_initMOTL.csv'}}\ntiltRange = {{[-60, 60]}}\nfnOutput = 'one'\nszVol = [16, 16, 16]\n")
    lab.points(n, f"peet/spike_MOTL_Tom{number + 1}_Iter5.csv", "spike", where, V, also=[f"peet/{n}_spike.mod", "peet/spike.prm"] + (["peet/one/one_MOTL_Tom1_Iter2.csv", "peet/one/one.prm"] if number == 0 else []), before=picked)
    parts.append((f"../etomo/{n}/{n}_rec.mrc", f"{n}_spike.mod", f"{n}_initMOTL.csv"))
cols = ["rlnIndex", "rlnTomoName", "rlnTomoReconstructedTomogramHalf1", "rlnTomoReconstructedTomogramHalf2", "rlnPixelSize", "rlnDefocus", "rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast", "rlnMaskBoundary", "rlnMaskName", "rlnTiltMin", "rlnTiltMax", "rlnBoxFile", "rlnNumberSubtomo", "rlnCorrectedTomoName", "rlnDenoisedTomoName"]
lab.text(I + "tomograms.star", "# Created by the starfile Python package (version 0.5.6) at 15:09:27 on 26/11/2025\n\n" + star([("", dict(zip(cols, zip(*iso))))]))
lab.text(I + "tomograms_job2.star", star([("", dict(zip(cols[:10], zip(*[x[:10] for x in iso[:1]]))))]))
for f in ("denoise/network_n2n_unet-medium_96_full.pt", "isonet_maps/network_isonet2-n2n_unet-medium_96_full.pt"):
    lab.text(I + f, b"PK\3\4" + bytes(300))
lab.text(I + "isonet_maps/log.txt", "Epoch 70/70\n")
lab.picture(I + "isonet_maps/loss_full.png")
lab.picture(I + "isonet_maps/xz_vlp_02_EVN_epoch70.png")
cell = lambda i: "{" + ", ".join(f"'{p[i]}'" for p in parts) + "}"
lab.text("peet/spike.prm", f"fnVolume = {cell(0)}\nfnModParticle = {cell(1)}\ninitMOTL = {cell(2)}\ntiltRange = {{[-60, 60], [-60, 60]}}\nreference = [1, 3]\nfnOutput = 'spike'\nszVol = [16, 16, 16]\n")
lab.text("peet/spike.epe", "#spike\nPeet.RootName=spike\nVersion=1.1\n")
lab.junk("average of particles", "peet/spike_AvgVol_6P0025.mrc", noise(16, 16, 16), V)
lab.text("raw/nav.nav", "AdocVersion = 2.00\nLastSavedAs = D:\\20230214\\nav.nav\n\n[Item = 1-A]\nColor = 0\nStageXYZ = 12.1 -40.2 3.3\n")
lab.text("Readme.md", "averaged_tomos = EVN + ODD by isonet prepare_star. Publish corrected_tomos!\n")
lab.done()
