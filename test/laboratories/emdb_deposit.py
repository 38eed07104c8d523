"""A folder that somebody prepared for EMPIAR and EMDB, and what lies beside it: two samples, wild type and double knock-out, whose series have the same names.

  https://empiar.org/deposition/manual, https://www.ebi.ac.uk/empiar/faq                (raw data with pixel sizes; tomograms, lists and a README are welcome; frames are best)
  https://github.com/emdb-empiar/empiar-depositor                                        (tests/deposition_json/working_example.json: imagesets with directory, category, voxel_type,
    num_images_or_tilt_series, pixel_width; directories that begin with data/)
  https://www.ebi.ac.uk/emdb/pages/documentation/deposition/general                      (primary map, half maps, masks, additional maps, FSC as XML, an image; gzip; a tomogram is an entry)
  http://emdatabank.org/mapformat.html, http://emdatabank.org/tomograph_requirements.html (CCP4 maps, an entry for each average, representative tomograms)
  https://pypi.org/project/sfftk                                                          (EMDB-SFF: .hff, .sff, from .am, .mod, .map, .stl, …)
  https://www.ilastik.org/documentation                                                   (Simple Segmentation, Probabilities; exported_data of HDF5: every voxel has a label from 1 on)
  https://napari.org/stable/api/napari.layers.Points.html                                 (data of N points in D dimensions, in the order of the axes: z, y, x)
  ImageJ's Cell Counter (source of Kurt De Vos' plugin): CellCounter_Marker_File, Image_Filename, Marker_Type, MarkerX, MarkerY, MarkerZ: pixels from 0, slices from 1.
From knowledge, without a page: names within an EMDB entry's folder (map/, header/, other/, masks/, fsc/, images/), segments of EMDB-SFF's HDF5, Slicer's .seg.nrrd.

Every entry's header tells what it is (method, title, file). EMD-51234 is the tomogram of wt/ts_02 once more, compressed; those of dko are not compressed: EMD-51235 is dko/ts_01 denoised; dko/ts_04 has a
tomogram only as EMD-51236. Stacks of dko say 1 Å: its mdocs and the table say 3.37.
The mess: averages and halves beside a copy of a tomogram; averages put back into a tomogram; an old reconstruction that must not be uploaded; halves of tomograms; aligned
stacks; tomograms downsampled for a figure, of which one was counted in; crops; frames of a film for the paper; tables of lengths, of distances and of numbers of particles;
one table of particles of both samples in nm, also of a ts_03 of dko that is not deposited, and wt's once more as RELION's; segmentations of six programs; models, a simulated map, and another's entry.
"""
import gzip
import hashlib
import json

import h5py
import numpy as np
import tifffile

from kit import Lab, Specimen, fingerprint, lines, mdoc, places, seed, star

TAKEN = [0.0, 12.0, -12.0, 24.0, -24.0, 36.0, -36.0]
ANGLES = sorted(TAKEN)
PIXEL = {"wt": 2.68, "dko": 3.37}
V = {"wt": 10.72, "dko": 13.48}
SHAPE = {"wt": (24, 48, 44), "dko": (20, 44, 40)}  # z, y, x
OPEN = (51231, 51235, 51236)  # entries whose maps are not compressed
STRAIN = {"wt": "wild type", "dko": "double knock-out"}
#         sample series  tomogram frames halves denoised ds2
TABLE = [("wt", "ts_01", True, True, False, False, True),
         ("wt", "ts_02", True, True, True, False, False),
         ("wt", "ts_03", True, False, False, False, True),
         ("wt", "ts_05", True, False, False, False, False),
         ("dko", "ts_01", True, True, True, True, True),
         ("dko", "ts_02", True, True, False, False, False),
         ("dko", "ts_04", False, True, False, False, False)]

lab = Lab(__doc__, ["https://empiar.org/deposition/manual", "https://www.ebi.ac.uk/empiar/faq", "https://github.com/emdb-empiar/empiar-depositor",
                    "https://www.ebi.ac.uk/emdb/pages/documentation/deposition/general", "http://emdatabank.org/mapformat.html", "https://pypi.org/project/sfftk",
                    "https://www.ilastik.org/documentation/basics/dataselection", "https://napari.org/stable/api/napari.layers.Points.html"])
r = seed(lab.name, "maps")
noise = lambda *shape: r.normal(0, 1, shape).astype(np.float32)
specimens, whole, found, sheet = {}, {}, {}, []


def packed(path, data, voxel):
    """A map as EMDB takes it, compressed or, in the entries that are not uploaded yet, not; the truth's entry names the file that is left."""
    e = lab.mrc(path, data, voxel)
    if any(f"emd_{n}" in path for n in OPEN):
        return e
    p = lab.root / path
    lab.text(path + ".gz", gzip.compress(p.read_bytes(), mtime=0))
    p.unlink()
    return {**e, "file": path + ".gz"}


def header(number, method, title, details, shape, voxel, maps=""):
    z, y, x = shape
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<emd emdb_id="EMD-{number}" version="3.0.6.6">
  <admin><current_status><code>HPUB</code></current_status><title>{title}</title></admin>
  <crossreferences><auxiliary_link_list/></crossreferences>
  <structure_determination_list>
    <structure_determination structure_determination_id="1">
      <method>{method}</method>
      <aggregation_state>cell</aggregation_state>
    </structure_determination>
  </structure_determination_list>
  <map format="CCP4" size_kbytes="{4 * x * y * z // 1024 + 1}">
    <file>emd_{number}.map.gz</file>
    <dimensions><col>{x}</col><row>{y}</row><sec>{z}</sec></dimensions>
    <pixel_spacing><x units="Å">{voxel}</x><y units="Å">{voxel}</y><z units="Å">{voxel}</z></pixel_spacing>
    <details>{details}</details>
  </map>
  <interpretation>{maps}</interpretation>
</emd>
"""


def blob(n, *words):
    """An average: dense in the middle."""
    g = np.indices((n, n, n)) - n / 2
    d = np.sqrt((g**2).sum(0))
    return (np.exp(-((d / (n / 5)) ** 2)) + seed("average", *words).normal(0, 0.05, (n, n, n))).astype(np.float32)


def blocks(d):
    z, y, x = (n // 2 for n in d.shape)
    return np.ascontiguousarray(d[: 2 * z, : 2 * y, : 2 * x].reshape(z, 2, y, 2, x, 2).mean((1, 3, 5)).astype(np.float32))


def segmentation(run, path, data, voxel, wanted, may=False):
    """A mask in a format that the kit does not write; `wanted` are the labels of structures."""
    shown = np.where(np.isin(data, wanted), data, 0)
    e = {"file": path, "size": list(data.shape[::-1]), "spacing": voxel, "fingerprint": fingerprint(data),
         "labels": {str(v): fingerprint(data == v) for v in wanted}, "union": fingerprint(shown > 0)}
    lab.run(run)["masks"].append({**e, "may": True} if may else e)


# ---- empiar/data: what was recorded, and tomograms ----
for s, t, tomogram, frames, halves, denoised, ds2 in TABLE:
    run, d, p, v = f"{s}_{t}", f"empiar/data/{s}", PIXEL[s], V[s]
    size = [n * v for n in SHAPE[s][::-1]]
    lab.run(run, f"{s} {t}", f"{s}-{t}")
    found[run] = places("injectisome", run, n=7 + len(sheet), size=size)
    specimens[run] = sp = Specimen(run, size, [found[run]], radius=70)
    names = [f"{t}_{i:03d}_{a:.1f}.tif" for i, a in enumerate(TAKEN)]
    lab.tilts(run, f"{d}/tilt_series/{t}.mrc", sp.stack(ANGLES, (72, 76)), p, ANGLES, header=1.0 if s == "dko" else None)
    lab.text(f"{d}/tilt_series/{t}.rawtlt", lines(ANGLES))
    order = [TAKEN.index(a) for a in ANGLES]
    lab.text(f"{d}/tilt_series/{t}.mrc.mdoc", mdoc(ANGLES, p, [names[i] for i in order] if frames else None, t + ".mrc", (76, 72), folder=f"D:\\{s}\\frames\\", order=order))
    if frames:
        lab.movies(run, [f"{d}/frames/{t}/{n}" for n in names], size=(72, 76))
    if tomogram:
        whole[run] = sp.volume(SHAPE[s], v)
        lab.tomogram(run, f"{d}/tomograms/{t}.mrc", whole[run], v)
    if halves:
        for half in ("even", "odd"):
            lab.half(run, f"{d}/tomograms/halves/{t}_{half}.mrc", sp.volume(SHAPE[s], v, 1.4, half), v)
    if t == "ts_01":
        lab.junk("aligned stack", f"{d}/aligned/{t}_ali.mrc", sp.stack(ANGLES, (36, 38), "ali"), p * 2, stack=True)
    if ds2:
        lab.tomogram(run, f"figures/downsampled/{s}_{t}_ds2.mrc", blocks(whole[run]), v * 2, ("raw", "filtered"), may=True)
    sheet.append((STRAIN[s], s, t, f"{p / 10:.3f}", len(TAKEN), "-5", f"data/{s}/tilt_series/{t}.mrc", "yes" if frames else "no", "yes" if tomogram else "see EMDB"))
for s in PIXEL:
    lab.gain([f"{w}_{t}" for w, t, _, f, *_ in TABLE if w == s and f], f"empiar/data/{s}/frames/gain_{s}.mrc", size=(72, 76))
set_ = lambda s, what, folder, category, n, pixel: {"name": f"{what} of {STRAIN[s]}", "directory": f"data/{s}/{folder}", "category": category, "header_format": "('T1', '')", "data_format": "('T1', '')",
                                                     "num_images_or_tilt_series": n, "frames_per_image": len(TAKEN), "voxel_type": "('T3', '')", "pixel_width": pixel, "pixel_height": pixel, "details": None}
lab.text("empiar/deposition.json", json.dumps({"title": "Injectisomes of wild type and double knock-out in situ", "release_date": "HP", "experiment_type": 3, "cross_references": [{"name": f"EMD-{n}"} for n in range(51230, 51237)],
         "imagesets": [set_(s, *rest) for s in PIXEL for rest in (("Tilt series", "tilt_series", "('T2', '')", sum(w == s for w, *_ in TABLE), PIXEL[s]), ("Frames", "frames", "('T3', '')", sum(w == s and f for w, _, _, f, *_ in TABLE), PIXEL[s]),
                                                                  ("Tomograms", "tomograms", "('T10', 'tomograms')", sum(w == s and m for w, _, m, *_ in TABLE), V[s]))]}, indent=2))
lab.text("empiar/README.txt", "data/wt and data/dko: tilt_series (unaligned, with mdoc), frames (not gain corrected), tomograms (bin4, WBP).\nThe series are numbered per sample: wt ts_01 and dko ts_01 are different cells!\nPixel sizes: wt 2.68 A, dko 3.37 A (the headers of the dko stacks are wrong).\n")
lab.text("empiar/tilt_series_overview.csv", "strain;sample;series;pixel (nm);tilts;defocus (um);file;frames;tomogram\n" + "".join(";".join(map(str, row)) + "\n" for row in sheet))
lab.text("empiar/tilt_series_overview_OLD.csv", "sample;series;pixel (A)\nwt;ts_01;3.4\ndko;ts_01;2.68\n")
lab.text("empiar/upload.sh", "empiar-depositor -g GLOBUS -e images/thumb.png TOKEN deposition.json data\n")

# ---- emdb: an entry a folder ----
for number, s in ((51230, "wt"), (51231, "dko")):
    d, n, v = f"emdb/EMD-{number}", 30, PIXEL[s] * 2
    mean = blob(n, s)
    lab.never("a subtomogram average", packed(f"{d}/map/emd_{number}.map", mean, v))
    for i in (1, 2):
        lab.never("half map of an average", packed(f"{d}/other/emd_{number}_half_map_{i}.map", blob(n, s, i), v))
    lab.never("unsharpened average", packed(f"{d}/other/emd_{number}_additional_1.map", blob(n, s, "unsharp"), v))
    lab.junk("mask of an average", f"{d}/masks/emd_{number}_msk_1.map", (mean > 0.3).astype(np.float32), v)
    lab.text(f"{d}/fsc/emd_{number}_fsc.xml", '<fsc title="FSC" xaxis="Resolution (A-1)" yaxis="Correlation Coefficient">\n' + "".join(f"  <coordinate><x>{i / 200:.4f}</x><y>{1 / (1 + (i / 9) ** 4):.4f}</y></coordinate>\n" for i in range(1, 30)) + "</fsc>\n")
    lab.text(f"{d}/header/emd-{number}.xml", header(number, "subtomogramAveraging", f"Subtomogram average of the injectisome, {STRAIN[s]}", "sharpened", (n, n, n), v, f'<half_map_list><half_map format="CCP4"><file>emd_{number}_half_map_1.map.gz</file></half_map><half_map format="CCP4"><file>emd_{number}_half_map_2.map.gz</file></half_map></half_map_list>'))
    lab.picture(f"{d}/images/emd_{number}.png")
ENTRIES = [(51234, "wt", "ts_02", "Weighted back-projection, bin 4"), (51235, "dko", "ts_01", "Denoised with cryoCARE, bin 4"), (51236, "dko", "ts_04", "Weighted back-projection, bin 4")]
for number, s, t, details in ENTRIES:
    d, run = f"emdb/EMD-{number}", f"{s}_{t}"
    path = f"{d}/map/emd_{number}.map"
    if number == 51234:
        lab.never(f"the tomogram empiar/data/{s}/tomograms/{t}.mrc once more, compressed", {"file": packed(path, whole[run], V[s])["file"]})
    else:
        e = packed(path, specimens[run].volume(SHAPE[s], V[s], 0.15 if number == 51235 else 1.0, "emdb"), V[s])
        lab.run(run)["tomograms"].append({**e, "processing": ["denoised"] if number == 51235 else ["raw"]})
    lab.text(f"{d}/header/emd-{number}.xml", header(number, "tomography", f"In situ cryo-electron tomogram of a {STRAIN[s]} cell ({s} {t})", details, SHAPE[s], V[s]))
    lab.picture(f"{d}/images/emd_{number}.png")
lab.text("emdb/entries.csv", "entry,method,sample,series,what\nEMD-51230,subtomogram averaging,wt,,average\nEMD-51231,subtomogram averaging,dko,,average\n" + "".join(f"EMD-{n},tomography,{s},{t},{x.lower().replace(',', '')}\n" for n, s, t, x in ENTRIES))
lab.never("another's entry", packed("emdb/for_comparison/emd_8544.map", blob(28, "another"), 2.72))

# ---- representative: averages, halves and a tomogram in one folder ----
R = "representative/"
for s in PIXEL:
    lab.junk("a subtomogram average", f"{R}{s}_average.mrc", blob(30, s, "C24"), PIXEL[s] * 2)
    for i in (1, 2):
        lab.junk("half map of an average", f"{R}{s}_half{i}.mrc", blob(30, s, "half", i), PIXEL[s] * 2)
lab.copy("empiar/data/wt/tomograms/ts_02.mrc", R + "wt_ts_02.mrc")
back = np.zeros(SHAPE["wt"], np.float32)
for x, y, z in np.round(found["wt_ts_02"] / V["wt"]).astype(int):
    d = sum((g - c) ** 2 for g, c in zip(np.indices(SHAPE["wt"]), (z, y, x)))
    back += np.where(d < 16, np.exp(-d / 4.0), 0).astype(np.float32)
lab.junk("averages put back at the places of particles", R + "wt_ts_02_mapped_back.mrc", back, V["wt"])

# ---- segmentations ----
S = "segmentations/"
m = {run: specimens[run].membrane(SHAPE[run.split("_")[0]]) for run in whole}
second = {run: specimens[run].membrane(SHAPE[run.split("_")[0]], 1) for run in whole}
two = np.where(second["dko_ts_01"] > 0, 2, m["dko_ts_01"]).astype(np.uint8)
lab.mask("wt_ts_02", S + "amira/wt_ts_02_membranes.am", m["wt_ts_02"], V["wt"])
lab.text(S + "emdb-sff/wt_ts_02.hff", b"")
with h5py.File(lab.root / (S + "emdb-sff/wt_ts_02.hff"), "w", track_order=False) as f:
    f["version"], f["name"], f["primary_descriptor"] = b"0.8.0.dev1", b"wt_ts_02", b"three_d_volume"
    g = f.create_group("lattice_list/0")
    g["mode"], g["endianness"], g["size"] = b"uint8", b"little", np.array(SHAPE["wt"][::-1], "i4")
    g["data"] = np.void(m["wt_ts_02"].astype("u1").tobytes())
    f["segment_list/0/biological_annotation/name"] = b"membrane"
lab.never("the segmentation of amira/wt_ts_02_membranes.am as EMDB-SFF", {"file": S + "emdb-sff/wt_ts_02.hff"})
lab.text(S + "emdb-sff/dko_ts_01.sff", '<?xml version="1.0" encoding="UTF-8"?>\n<segmentation>\n  <version>0.8.0.dev1</version>\n  <name>dko_ts_01</name>\n  <primary_descriptor>mesh_list</primary_descriptor>\n  <segment_list><segment id="1"><biological_annotation><name>outer membrane</name></biological_annotation></segment></segment_list>\n</segmentation>\n')
lab.never("meshes", S + "emdb-sff/dko_ts_01.sff")


def tif(path, data):
    lab.text(path, b"")
    tifffile.imwrite(lab.root / path, data, photometric="minisblack", compression="zlib", metadata=None)


tif(S + "napari/dko_ts_01_labels.tif", two)
segmentation("dko_ts_01", S + "napari/dko_ts_01_labels.tif", two, V["dko"], [1, 2])
lab.text(S + "napari/dko_ts_01_labels.txt", "1 outer membrane\n2 inner membrane\n")
for name, data in (("dko_ts_02_Simple Segmentation", (m["dko_ts_02"] + 1).astype("u1")[..., None]), ("wt_ts_03_Probabilities", np.stack([1 - m["wt_ts_03"] * 0.8, m["wt_ts_03"] * 0.8], -1).astype("f4"))):
    lab.text(f"{S}ilastik/{name}.h5", b"")
    with h5py.File(lab.root / f"{S}ilastik/{name}.h5", "w", track_order=False) as f:
        f.create_dataset("exported_data", data=data, compression="gzip", track_times=False)
segmentation("dko_ts_02", S + "ilastik/dko_ts_02_Simple Segmentation.h5", m["dko_ts_02"] + 1, V["dko"], [2])
lab.never("probabilities", {"file": S + "ilastik/wt_ts_03_Probabilities.h5"})
lab.text(S + "ilastik/membranes.ilp", b"\x89HDF\r\n\x1a\n" + bytes(80))
z, y, x = SHAPE["wt"]
nrrd = f"NRRD0004\n# Complete NRRD file format specification at:\n# http://teem.sourceforge.net/nrrd/format.html\ntype: unsigned char\ndimension: 3\nspace: left-posterior-superior\nsizes: {x} {y} {z}\nspace directions: (10.72,0,0) (0,10.72,0) (0,0,10.72)\nkinds: domain domain domain\nencoding: gzip\nspace origin: (0,0,0)\nSegment0_Name:=membrane\nSegment0_LabelValue:=1\n\n"
lab.text(S + "slicer/wt_ts_05.seg.nrrd", nrrd.encode() + gzip.compress(m["wt_ts_05"].astype("u1").tobytes(), mtime=0))
segmentation("wt_ts_05", S + "slicer/wt_ts_05.seg.nrrd", m["wt_ts_05"], V["wt"], [1])
lab.junk("a mask at the size of a film, of no tomogram", S + "for_movie/dko_ts_02_mem_half.mrc", (blocks(m["dko_ts_02"].astype(np.float32)) > 0.2).astype(np.int8), V["dko"] * 2)
lab.text(S + "for_movie/wt_ts_02_surface.stl", b"solid membrane\nendsolid membrane\n")

# ---- particles ----
P = "particles/"
rows = []
for s, t, tomogram, *_ in TABLE:
    run = f"{s}_{t}"
    also = [P + "wt_relion/particles.star"] if s == "wt" else []
    lab.points(run, P + "injectisomes_wt_dko.csv", "injectisome", found[run], V[s], also=also)
    a = seed("angles", run).uniform(0, 360, (len(found[run]), 3))
    rows += [(s, t, *(f"{c / 10:.3f}" for c in xyz), *(f"{c:.1f}" for c in e), 1 + i % 2) for i, (xyz, e) in enumerate(zip(found[run], a))]
for xyz in places("injectisome", "dko_ts_03", n=5, size=[c * 13.48 for c in (40, 44, 20)]):  # a series of dko that is not deposited
    rows.append(("dko", "ts_03", *(f"{c / 10:.3f}" for c in xyz), "10.0", "20.0", "30.0", 1))
lab.text(P + "injectisomes_wt_dko.csv", "sample,series,x (nm),y (nm),z (nm),rot,tilt,psi,half\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
wt = [(t, xyz) for s, t, *_ in TABLE if s == "wt" for xyz in found[f"{s}_{t}"]]
lab.text(P + "wt_relion/particles.star", star([("optics", {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["wt"], "rlnTomoTiltSeriesPixelSize": [2.68]}),
         ("particles", {"rlnTomoName": [t for t, _ in wt], **{f"rlnCoordinate{c}": [float(xyz[i] / PIXEL["wt"]) for _, xyz in wt] for i, c in enumerate("XYZ")}, "rlnOpticsGroup": [1] * len(wt)})]))
flagella = places("flagella", n=6, size=[c - 4 * V["wt"] for c in (44 * V["wt"], 48 * V["wt"], 24 * V["wt"])])
voxels = np.round((flagella / V["wt"] - 0.5) / 2).astype(int)  # voxel of the downsampled tomogram
lab.points("wt_ts_03", P + "counted/CellCounter_wt_ts_03_ds2.xml", "flagella", (voxels * 2 + 0.5) * V["wt"], V["wt"], tolerance=2.1 * V["wt"])
marks = "".join(f"         <Marker>\r\n             <MarkerX>{a}</MarkerX>\r\n             <MarkerY>{b}</MarkerY>\r\n             <MarkerZ>{c + 1}</MarkerZ>\r\n         </Marker>\r\n" for a, b, c in voxels)
lab.text(P + "counted/CellCounter_wt_ts_03_ds2.xml", '<?xml version="1.0" encoding="UTF-8"?>\r\n<CellCounter_Marker_File>\r\n <Image_Properties>\r\n     <Image_Filename>wt_ts_03_ds2.mrc</Image_Filename>\r\n </Image_Properties>\r\n <Marker_Data>\r\n     <Current_Type>1</Current_Type>\r\n'
         + "     <Marker_Type>\r\n         <Type>1</Type>\r\n" + marks + "     </Marker_Type>\r\n     <Marker_Type>\r\n         <Type>2</Type>\r\n     </Marker_Type>\r\n </Marker_Data>\r\n</CellCounter_Marker_File>\r\n")
lab.never("coordinates before the particles were cleaned", P + "old/injectisomes_all_v1.csv")
lab.text(P + "old/injectisomes_all_v1.csv", "sample,series,x (nm),y (nm),z (nm)\n" + "".join(f"{s},{t},{a / 10:.2f},{b / 10:.2f},{c / 10:.2f}\n" for s, t, *_ in TABLE[:5] for a, b, c in places("v1", s, t, n=16, size=[430, 470, 220])))

# ---- tables, figures, films, models ----
lab.text("supplement/Table_S2_cells.csv", "sample,series,length_nm,width_nm,thickness_nm\n" + "".join(f"{s},{t},{21.5 + i},{18 - i},{17 + i / 2}\n" for i, (s, t, *_) in enumerate(TABLE)))
lab.text("supplement/Table_S3_neighbours.csv", "sample,series,dx,dy,dz\n" + "".join(f"{s},{t},{a:.2f},{b:.2f},{c:.2f}\n" for s, t, *_ in TABLE for a, b, c in seed("neighbours", s, t).uniform(2, 18, (5, 3))))
lab.text("supplement/Table_S4_numbers.csv", "sample,series,injectisomes,flagella\n" + "".join(f"{s},{t},{len(found[f'{s}_{t}'])},{6 if (s, t) == ('wt', 'ts_03') else 0}\n" for s, t, *_ in TABLE))
for f in ("supplement/Fig_S1.png", "figures/Fig1_overview.png", "figures/Fig2_slice_wt_ts_01.tif", *(f"films/Movie_S1_frames/frame_{i:03d}.tif" for i in range(4))):
    lab.picture(f)
lab.junk("a crop for a figure", "figures/Fig3_crop_dko_ts_01.mrc", np.ascontiguousarray(whole["dko_ts_01"][5:15, 8:30, 6:28]), V["dko"])
film = whole["wt_ts_02"]
lab.junk("a film's slices as bytes, of every second pixel", "films/Movie_S2_wt_ts_02.mrc", np.clip(film[:, ::2, ::2] * 20 + 128, 0, 127).astype(np.int8), 1.0, stack=True)
lab.text("films/Movie_S1.mp4", b"\0\0\0\x18ftypmp42" + bytes(600))
lab.text("films/Movie_S2.avi", b"RIFF\x00\x02\x00\x00AVI LIST" + bytes(500))
atoms = "".join("ATOM  %5d  CA  ALA A%4d    %8.3f%8.3f%8.3f  1.00 50.00           C\n" % (i, i, *xyz) for i, xyz in enumerate(seed("atoms").uniform(0, 90, (20, 3)), 1))
lab.text("models/injectisome_fit.pdb", "HEADER    MODEL FITTED TO EMD-51230\n" + atoms + "END\n")
lab.text("models/injectisome_fit.cif", "data_fit\nloop_\n_atom_site.group_PDB\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\nATOM 10.1 22.3 31.9\nATOM 12.4 20.3 30.2\n")
lab.junk("a map simulated from a model", "models/molmap_8A.mrc", blob(26, "molmap"), 2.0)

# ---- not to be uploaded ----
for s, t in (("wt", "ts_01"), ("dko", "ts_02")):
    lab.junk("an old reconstruction, not to be uploaded", f"old_recs_DO_NOT_UPLOAD/{s}/{t}.mrc", specimens[f"{s}_{t}"].volume(SHAPE[s], V[s], 1.2, "old"), V[s])
lab.text("old_recs_DO_NOT_UPLOAD/README.txt", "Wrong handedness and a bad alignment. Do not upload, use empiar/data/*/tomograms.\n")
lab.text("README.md", "# Deposition\n\n* `empiar/` goes to EMPIAR as it is\n* `emdb/` one folder per entry\n* `representative/` for the referees\n* `old_recs_DO_NOT_UPLOAD/` delete after acceptance\n")
lab.done()
