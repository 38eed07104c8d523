"""The drive that a student left: two raw sessions, reconstructions at two binnings, figures, crops, an older configuration.

Imitates Tomography 5 as users show it, since its manual is not public: NAME.mdoc beside movies NAME_001_ANGLE_DATE_TIME_Fractions.mrc with
SubFramePath on a Windows drive, places of one square as Position_1, Position_1_2, others as Position_10
(https://github.com/3dem/relion/issues/1158, https://github.com/czimaginginstitute/AreTomo3/issues/33; the test data of Ot2Rec have Position_1_2 and
Position_10); the mdoc is that of https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm. The older configuration has the sections of
https://github.com/chanzuckerberg/cryoet-data-portal-backend (ingestion_tools), and the pixel size that was believed in 2022.

Both sessions have a Position_1: two specimens, two runs. Position_1_2 and Position_10 are runs of their own. The pixel is 2.80, as mdocs, headers
and the notes say; the old YAML says 2.65 and names folders that are gone.
The mess: frames averaged one by one (driftcorr), crops of a tomogram for a figure, a copy, AppleDouble files, an empty file, picks in nm and with
decimal commas, a talk, movies of sections, overviews.
"""
import numpy as np

from kit import Lab, Specimen, dose_symmetric, lines, mdoc, places, seed, xf

PIXEL, V4, V8 = 2.80, 11.2, 22.4
SHAPE4, SHAPE8 = (24, 48, 48), (12, 24, 24)
TAKEN = dose_symmetric(10, 6)
ANGLES = sorted(TAKEN)
#         session       position        bin4   bin8   picks
TABLE = [("2023-03-24", "Position_1", True, True, 11),
         ("2023-03-24", "Position_1_2", True, False, 14),
         ("2023-03-24", "Position_10", True, True, 0),
         ("2023-05-02", "Position_1", True, False, 0),
         ("2023-05-02", "Position_3", False, False, 0)]
SPECIMEN = {"2023-03-24": "Hefe", "2023-05-02": "Mitos isoliert"}

lab = Lab(__doc__, ["https://github.com/3dem/relion/issues/1158", "https://github.com/czimaginginstitute/AreTomo3/issues/33", "https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm",
                    "https://github.com/chanzuckerberg/cryoet-data-portal-backend"])
ANGSTROM = [n * V4 for n in SHAPE4[::-1]]
r = seed(lab.name, "maps")
run_of = lambda session, position: f"{session[5:].replace('-', '')}_{position}"
for session in SPECIMEN:
    lab.gain([run_of(s, p) for s, p, *_ in TABLE if s == session], f"Rohdaten/{session}/{session.replace('-', '')}_GainReference.tiff")
    lab.text(f"Rohdaten/{session}/Session.dm", "<TomographySession />\n")
    lab.text(f"Rohdaten/{session}/Batch/BatchPositionsList.xml", "<BatchPositions>" + "".join(f"<Name>{p}</Name>" for s, p, *_ in TABLE if s == session) + "</BatchPositions>\n")
    lab.junk("overview of a square", f"Rohdaten/{session}/SearchMaps/SearchMap_1.mrc", r.normal(800, 30, (1, 60, 60)).astype(np.int16), 410.0, stack=True)
for session, position, bin4, bin8, k in TABLE:
    n = run_of(session, position)
    lab.run(n, position, f"{session}_{position}", f"{SPECIMEN[session]}_{position}")
    where = places(lab.name, n, n=k, size=ANGSTROM)
    s = Specimen(n, ANGSTROM, [where] if k else [])
    raw = f"Rohdaten/{session}/"
    names = [f"{position}_{i + 1:03d}_{a:.2f}_{session.replace('-', '')}_{121311 + 57 * i}_Fractions.mrc" for i, a in enumerate(TAKEN)]
    lab.movies(n, [raw + f for f in names], pixel=PIXEL)
    lab.text(f"{raw}{position}.mdoc", mdoc(TAKEN, PIXEL, names, position + ".mrc", (40, 40), folder="Z:\\TemScripting\\Falcon\\", camera="TFS: Tomography 5"))
    lab.picture(f"{raw}Thumbnails/{position}.png")
    for i, f in enumerate(names[:3]):
        lab.junk("average of the frames of one tilt", f"driftcorr/{session}/{f.replace('_Fractions', '_dc')}", r.normal(90, 9, (1, 40, 40)).astype(np.float32), PIXEL, stack=True)
    lab.text(f"driftcorr/{session}/{position}_drift.txt", "".join(f"{i} {0.3 * i:.2f} {-0.2 * i:.2f}\n" for i in range(3)))
    lab.tilts(n, f"stacks/{session}/{position}.st", s.stack(ANGLES, (60, 60)), PIXEL, ANGLES)
    lab.text(f"stacks/{session}/{position}.rawtlt", lines(ANGLES))
    if bin4:
        lab.text(f"stacks/{session}/{position}.xf", xf(len(ANGLES), n))
        lab.text(f"stacks/{session}/{position}.tlt", lines(ANGLES))
        lab.tomogram(n, f"rec/{session}/{position}_bin4.rec", s.volume(SHAPE4, V4), V4)
    if bin8:
        lab.tomogram(n, f"rec/{session}/{position}_bin8.rec", s.volume(SHAPE8, V8, 0.5), V8)
    if k:
        nm = where / 10
        german = position == "Position_1_2"
        rows = "".join((";" if german else ",").join(f"{v:.3f}".replace(".", "," if german else ".") for v in p) + "\n" for p in nm)
        file = f"picks/{session} {position} ATP-Synthase{' (Excel)' if german else ''}.csv"
        lab.text(file, ("x_nm;y_nm;z_nm\r\n" if german else "x_nm,y_nm,z_nm\n") + rows)
        lab.points(n, file, "ATP synthase", where, V4)
first = Specimen(run_of(*TABLE[0][:2]), ANGSTROM, [places(lab.name, run_of(*TABLE[0][:2]), n=11, size=ANGSTROM)])
lab.mask(run_of(*TABLE[0][:2]), "rec/2023-03-24/Position_1_bin8_membran.mrc", first.membrane(SHAPE8), V8)
whole = first.volume(SHAPE4, V4)
for i, cut in enumerate((np.s_[4:16, 8:32, 8:32], np.s_[10:22, 20:44, 4:40])):
    lab.junk("a crop of Position_1_bin4 for a figure", f"Doktorarbeit/Abbildungen/Abb 3{'ab'[i]} Ausschnitt.mrc", np.ascontiguousarray(whole[cut]), V4)
lab.junk("one section of a tomogram for a figure", "Doktorarbeit/Abbildungen/Abb 3 Schnitt 12.mrc", whole[12:13].copy(), V4)
for f in ("Abb 1 Übersicht.png", "Abb 2.tif", "Abb 3 final FINAL.png"):
    lab.picture("Doktorarbeit/Abbildungen/" + f, (30, 40))
lab.text("Doktorarbeit/Vortrag Gruppe.pptx", b"PK\3\4" + bytes(60))
lab.text("Doktorarbeit/Filme/Position_1_bin4.mp4", bytes(4) + b"ftypisom" + bytes(60))
lab.copy("rec/2023-03-24/Position_10_bin4.rec", "rec/2023-03-24/Position_10_bin4 (1).rec")
lab.copy("rec/2023-03-24/Position_1_bin4.rec", "Doktorarbeit/Kopie von Position_1_bin4.rec")
lab.text("rec/2023-03-24/._Position_1_bin4.rec", bytes.fromhex("00051607000200004d6163204f532058") + bytes(60))
lab.never("what macOS leaves beside a file", "rec/2023-03-24/._Position_1_bin4.rec")
lab.text("rec/2023-05-02/Position_3_bin4.rec", b"")
lab.never("an empty file: the disk was full", "rec/2023-05-02/Position_3_bin4.rec")
lab.text("rec/.DS_Store", b"\0\0\0\1Bud1" + bytes(40))
lab.text("Einreichung_2022.yaml", """# first try of a submission, never finished
version: "1.1.0"
standardization_config:
  deposition_id: 10999
  source_prefix: yeast_2022
deposition:
  metadata: {deposition_title: Yeast lamellae, deposition_description: in work}
runs:
  - sources:
      - source_glob: {list_glob: "rec_alt/*.rec", match_regex: ".*\\\\.rec$", name_regex: "(.*)_bin4.rec"}
voxel_spacings:
  - sources:
      - literal: {value: [10.6]}
tiltseries:
  - metadata: {pixel_spacing: 2.65, tilt_step: 10.0, total_flux: 80}
    sources:
      - source_glob: {list_glob: "stacks_alt/{run_name}.st", match_regex: ".*"}
tomograms:
  - metadata: {voxel_spacing: 10.6, processing: raw, reconstruction_software: IMOD, tomogram_version: 1}
    sources:
      - source_glob: {list_glob: "rec_alt/{run_name}_bin4.rec", match_regex: ".*"}
""")
lab.text("Notizen.txt", "Pixel 2,80 A (neu kalibriert Jan 2023, vorher 2,65 angenommen)\n24.3. Hefe, 2.5. isolierte Mitochondrien. Position_3 vom 2.5. nicht rekonstruiert\n")
lab.done()
