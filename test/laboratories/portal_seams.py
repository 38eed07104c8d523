"""Own series beside two datasets of the CryoET Data Portal, of which a part was processed once more.

Imitates
  https://chanzuckerberg.github.io/cryoet-data-portal/cryoet_data_portal_docsite_quick_start.html   (download_everything makes RUN/… in the working folder;
    download_mrcfile, download_omezarr and Annotation.download write one file into it: _file_tools.py)
  https://chanzuckerberg.github.io/cryoet-data-portal/cryoet_data_portal_docsite_aws.html           (aws s3 sync of one run)
  https://github.com/chanzuckerberg/cryoet-data-portal-backend (schema/README.md, ingestion_tools)    (RUN/TiltSeries/100/…, Reconstructions/VoxelSpacing13.480/
    {Tomograms,Annotations}/100/…, NAME-1.0_orientedpoint.ndjson, NAME-1.0.json, NAME-1.0_segmentationmask.mrc; ids before 2024 as 101-NAME-1.0_…)
  https://copick.github.io/copick/ (setup/data_portal.md)     (config_type cryoet_data_portal, dataset_ids, overlay_root; runs of the portal have numbers there)
  https://github.com/czimaginginstitute/AreTomo3/tree/main/docs, https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md,
  https://github.com/juglab/cryoCARE_pip (README)             (NAME_Vol.mrc, _EVN, _ODD; NAME_MODEL_segmented.mrc)

A person sees: TS_026 and TS_027 are runs of dataset 20011, as they were downloaded; what lies in portal_20017/ was downloaded file by file from another
dataset. New are a denoised TS_026, a reconstruction of its tilt series with other voxels, a segmentation of TS_027 and picks in TS_027. Own are L1_ts_003,
L1_ts_007 and a TS_001, which has the name of a run of dataset 20017.
The mess: portal files renamed or converted, the portal's stack as input of AreTomo, a standardised tree and a configuration of an earlier try, picks in a
project of copick whose runs are the portal's numbers, thumbnails, scripts.
"""
import json

import numpy as np

from kit import Lab, Specimen, aln, lines, mdoc, places, xf

V, SHAPE = 13.48, (18, 40, 40)
TEN, SHAPE_TEN = 10.0, (24, 54, 54)
OWN, SHAPE_OWN = 13.1, (20, 42, 40)
SINGLE, SHAPE_SINGLE = 7.84, (18, 40, 38)
ANGLES = [float(a) for a in range(-50, 51, 20)]
#         own series    own ones: picks, frames
TABLE = [("L1_ts_003", 9, True), ("L1_ts_007", 0, False), ("TS_001", 6, False)]
lab = Lab(__doc__, ["https://chanzuckerberg.github.io/cryoet-data-portal/cryoet_data_portal_docsite_quick_start.html", "https://chanzuckerberg.github.io/cryoet-data-portal/cryoet_data_portal_docsite_aws.html",
                    "https://github.com/chanzuckerberg/cryoet-data-portal-backend", "https://copick.github.io/copick/", "https://github.com/czimaginginstitute/AreTomo3/tree/main/docs",
                    "https://github.com/teamtomo/membrain-seg/blob/main/docs/Usage/Segmentation.md", "https://github.com/juglab/cryoCARE_pip"])
js = lambda path, d: lab.text(path, json.dumps(d, indent=4))
DATES = {"deposition_date": "2022-09-01", "release_date": "2022-09-01", "last_modified_date": "2023-09-01"}
AUTHORS = [{"name": "First Author", "primary_author_status": True, "corresponding_author_status": True}]
portal = lambda dataset: {"authors": AUTHORS, "dates": DATES, "deposition_id": dataset, "last_updated_at": 1733345280}
FROM = "from the portal as it was downloaded: it is published there"
angstrom = lambda shape, v: [n * v for n in shape[::-1]]


def ndjson(xyz, v, kind="orientedPoint"):
    """Locations in voxels of the tomogram, as the portal has them."""
    rot = {"xyz_rotation_matrix": np.eye(3).tolist()} if kind == "orientedPoint" else {}
    return "".join(json.dumps({"type": kind, "location": dict(zip("xyz", (round(float(c), 4) for c in p / v))), **rot}) + "\n" for p in xyz)


def volume_of_portal(base, data, v, why=FROM, zarr=True):
    lab.junk(why, base + ".mrc", data, v)
    if zarr:
        lab.never(why, lab.zarr(base + ".zarr", data, v))


def annotation(base, dataset, name, shape, files, method):
    js(base + ".json", {"annotation_object": {"name": name, "id": "GO:0022626"}, "annotation_method": method, "method_type": "hybrid", "annotation_software": "pyTOM + Keras", "ground_truth_status": True,
                        "is_curator_recommended": False, "version": 1.0, "object_count": 9, "files": [{"format": f.rsplit(".", 1)[1], "path": f, "shape": shape, "is_visualization_default": True} for f in files], **portal(dataset)})


# ---- dataset 20011: two runs, as download_everything and aws s3 sync leave them ----
PORTAL = "data/portal_20011/"
specimens, ribosomes = {}, {}
for n, k in (("TS_026", 9), ("TS_027", 7)):
    ribosomes[n] = places(lab.name, n, n=k, size=angstrom(SHAPE, V))
    s = specimens[n] = Specimen("pombe " + n, angstrom(SHAPE, V), [ribosomes[n]])
    key = f"20011/{n}/"
    js(f"{PORTAL}{n}/run_metadata.json", {"run_name": n, "deposition_id": 20011, "last_updated_at": 1733345280})
    t = f"{n}/TiltSeries/100/"
    stack = s.stack(ANGLES, (56, 54))
    volume_of_portal(f"{PORTAL}{t}{n}", stack, V / 4, zarr=False)
    lab.text(f"{PORTAL}{t}{n}.rawtlt", lines(ANGLES))
    js(f"{PORTAL}{t}tiltseries_metadata.json", {"acceleration_voltage": 300000, "spherical_aberration_constant": 2.7, "microscope": {"manufacturer": "FEI", "model": "Titan Krios"}, "camera": {"manufacturer": "Gatan", "model": "K2 SUMMIT"}, "is_aligned": False,
        "tilt_range": {"min": -50.0, "max": 50.0}, "tilt_step": 20.0, "tilt_axis": 84.7, "total_flux": 132.0, "pixel_spacing": V / 4, "omezarr_dir": f"{key}TiltSeries/100/{n}.zarr", "mrc_file": f"{key}TiltSeries/100/{n}.mrc", "deposition_id": 20011})
    js(f"{PORTAL}{n}/Alignments/100/alignment_metadata.json", {"alignment_type": "GLOBAL", "format": "IMOD", "volume_dimension": {"x": 539.2, "y": 539.2, "z": 242.6}, "deposition_id": 20011, "per_section_alignment_parameters": []})
    lab.text(f"{PORTAL}{n}/Alignments/100/{n}.xf", xf(len(ANGLES), n))
    rec = f"{n}/Reconstructions/VoxelSpacing13.480/"
    volume_of_portal(f"{PORTAL}{rec}Tomograms/100/{n}", s.volume(SHAPE, V), V)
    js(f"{PORTAL}{rec}Tomograms/100/tomogram_metadata.json", {"voxel_spacing": V, "fiducial_alignment_status": "NON_FIDUCIAL", "ctf_corrected": True, "reconstruction_method": "WBP", "reconstruction_software": "IMOD", "processing": "raw", "tomogram_version": 1.0,
        "offset": {"x": 0, "y": 0, "z": 0}, "is_visualization_default": True, "size": dict(zip("zyx", SHAPE)), "scales": [dict(zip("zyx", SHAPE))], "run_name": n, "omezarr_dir": f"20011/{rec}Tomograms/100/{n}.zarr", "mrc_file": f"20011/{rec}Tomograms/100/{n}.mrc", **portal(20011)})
    js(f"{PORTAL}{rec}NeuroglancerPrecompute/100-neuroglancer_config.json", {"title": n, "layers": []})
    a = f"{rec}Annotations/100/cytosolic_ribosome-1.0"
    lab.text(f"{PORTAL}{a}_orientedpoint.ndjson", ndjson(ribosomes[n], V))
    lab.never(FROM, f"{PORTAL}{a}_orientedpoint.ndjson")
    annotation(PORTAL + a, 20011, "cytosolic ribosome", "OrientedPoint", [f"20011/{a}_orientedpoint.ndjson"], "template matching + CNN")
    a = f"{rec}Annotations/101/membrane-1.0"
    volume_of_portal(f"{PORTAL}{a}_segmentationmask", s.membrane(SHAPE, 3), V)
    annotation(PORTAL + a, 20011, "membrane", "SegmentationMask", [f"20011/{a}_segmentationmask.mrc", f"20011/{a}_segmentationmask.zarr"], "TomoSegMemTV")
    for size in ("original", "snapshot", "thumbnail"):
        lab.picture(f"{PORTAL}{rec}Images/100/key-photo-{size}.png")

# ---- dataset 20017: single files in one folder ----
FLAT = "portal_20017/"
chlamy = {}
for n in ("TS_001", "TS_019"):
    chlamy[n] = places(lab.name, "chlamy", n, n=8, size=angstrom(SHAPE_SINGLE, SINGLE))
    s = specimens["chlamy " + n] = Specimen("chlamy " + n, angstrom(SHAPE_SINGLE, SINGLE), [chlamy[n]])
lab.junk(FROM, FLAT + "TS_001.mrc", specimens["chlamy TS_001"].volume(SHAPE_SINGLE, SINGLE), SINGLE)
lab.never(FROM, lab.zarr(FLAT + "TS_019.zarr", specimens["chlamy TS_019"].volume(SHAPE_SINGLE, SINGLE), SINGLE))
lab.text(FLAT + "101-photosystem_ii-1.0_point.ndjson", ndjson(chlamy["TS_001"], SINGLE, "point"))
lab.never(FROM, FLAT + "101-photosystem_ii-1.0_point.ndjson")
annotation(FLAT + "101-photosystem_ii-1.0", 20017, "photosystem II", "Point", ["20017/TS_001/Reconstructions/VoxelSpacing7.840/Annotations/101-photosystem_ii-1.0_point.ndjson"], "manual")
lab.junk(FROM, FLAT + "membrane-1.0_segmentationmask.mrc", specimens["chlamy TS_001"].membrane(SHAPE_SINGLE, 0), SINGLE)
annotation(FLAT + "membrane-1.0", 20017, "membrane", "SegmentationMask", ["20017/TS_001/Reconstructions/VoxelSpacing7.840/Annotations/102/membrane-1.0_segmentationmask.mrc"], "MemBrain-seg")
lab.junk(FROM + ", renamed by a script", FLAT + "TS_019-102-thylakoid_membrane-1.0_segmentationmask.mrc", specimens["chlamy TS_019"].membrane(SHAPE_SINGLE, 1), SINGLE)
lab.text(FLAT + "get.py", "from cryoet_data_portal import Client, Tomogram, Annotation\nclient = Client()\nfor t in (Tomogram.get_by_id(client, 15001), ):\n    t.download_mrcfile()\nTomogram.get_by_id(client, 15019).download_omezarr()\nfor a in Annotation.find(client, [Annotation.run.name == 'TS_001']):\n    a.download()\n")

# ---- what was made of TS_026 and TS_027 ----
s = specimens["TS_026"]
lab.tomogram("TS_026", "reprocess/cryocare/TS_026_denoised.mrc", s.volume(SHAPE, V, 0.2, "denoised"), V, ("denoised",))
lab.copy(f"{PORTAL}TS_026/TiltSeries/100/TS_026.mrc", "reprocess/aretomo/TS_026.mrc", "the portal's stack: a copy")
lab.text("reprocess/aretomo/TS_026.aln", aln((54, 56), ANGLES, "TS_026"))
lab.text("reprocess/aretomo/TS_026_TLT.txt", lines(ANGLES))
lab.tomogram("TS_026", "reprocess/aretomo/TS_026_Vol.mrc", s.volume(SHAPE_TEN, TEN, 1.0, "aretomo"), TEN, ("raw",))
lab.half("TS_026", "reprocess/aretomo/TS_026_EVN_Vol.mrc", s.volume(SHAPE_TEN, TEN, 1.4, "even"), TEN)
lab.half("TS_026", "reprocess/aretomo/TS_026_ODD_Vol.mrc", s.volume(SHAPE_TEN, TEN, 1.4, "odd"), TEN)
lab.copy(f"{PORTAL}TS_027/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_027.mrc", "reprocess/membrain/in/pombe_27.mrc", "the portal's tomogram: a copy")
lab.mask("TS_027", "reprocess/membrain/out/pombe_27_MemBrain_seg_v10_alpha.ckpt_segmented.mrc", specimens["TS_027"].membrane(SHAPE, 0), V)
fas = places(lab.name, "fas", n=6, size=angstrom(SHAPE, V))
lab.tomogram("TS_027", "reprocess/cryocare/TS_027_denoised.mrc", specimens["TS_027"].volume(SHAPE, V, 0.2, "denoised"), V, ("denoised",))
lab.text("reprocess/picks/TS_027_FAS_manual.csv", "x,y,z\n" + "".join("%.2f,%.2f,%.2f\n" % tuple(p / V) for p in fas))
lab.points("TS_027", "reprocess/picks/TS_027_FAS_manual.csv", "FAS", fas, V)
lab.text("reprocess/picks/TS_026_ribosomes_from_portal.csv", "x,y,z\n" + "".join("%.4f,%.4f,%.4f\n" % tuple(p / V) for p in ribosomes["TS_026"]))
lab.never("the portal's picks in another format", "reprocess/picks/TS_026_ribosomes_from_portal.csv")

# ---- copick: one project on the portal's runs, one on own tomograms ----
objects = [{"name": "fatty-acid-synthase", "is_particle": True, "label": 1, "color": [0, 117, 220, 255], "radius": 120, "identifier": "GO:0005835"}, {"name": "ribosome", "is_particle": True, "label": 2, "color": [0, 17, 220, 255], "radius": 120, "identifier": "GO:0022626"}]
pick = lambda p: {"location": dict(zip("xyz", (float(c) for c in p))), "transformation_": np.eye(4).tolist(), "instance_id": 0, "score": 1.0}
picks = lambda run, o, user, xyz: json.dumps({"pickable_object_name": o, "user_id": user, "session_id": "1", "run_name": run, "voxel_spacing": None, "unit": "angstrom", "points": [pick(p) for p in xyz]}, indent=4)
js("copick/portal.json", {"config_type": "cryoet_data_portal", "name": "pombe FAS", "description": "FAS in 20011", "version": "1.6.1", "pickable_objects": objects[:1], "overlay_root": "local:///home/me/copick/portal_overlay/", "overlay_fs_args": {"auto_mkdir": True}, "dataset_ids": [20011]})
more = places(lab.name, "fas 26", n=5, size=angstrom(SHAPE, V))
lab.text("copick/portal_overlay/ExperimentRuns/14069/Picks/me_1_fatty-acid-synthase.json", picks("14069", "fatty-acid-synthase", "me", more))
lab.points("TS_026", "copick/portal_overlay/ExperimentRuns/14069/Picks/me_1_fatty-acid-synthase.json", "FAS", more, V)
js("copick/own.json", {"config_type": "filesystem", "name": "own", "description": "own grid", "version": "1.6.1", "pickable_objects": objects, "overlay_root": "local:///home/me/copick/own/", "overlay_fs_args": {"auto_mkdir": True}})

# ---- own series of the same specimen ----
for n, k, frames in TABLE:
    where = places(lab.name, "own", n, n=k, size=angstrom(SHAPE_OWN, OWN))
    s = Specimen("own " + n, angstrom(SHAPE_OWN, OWN), [where] if k else [])
    d = f"data/own_2023/{n}/{n}"
    names = [f"{n}_{i:03d}_{a:.1f}.tif" for i, a in enumerate(ANGLES)]
    lab.tilts(n, d + ".st", s.stack(ANGLES, (60, 58)), OWN / 6, ANGLES)
    lab.text(d + ".rawtlt", lines(ANGLES))
    lab.text(d + ".tlt", lines(ANGLES))
    lab.text(d + ".xf", xf(len(ANGLES), n))
    lab.text(d + ".mdoc", mdoc(ANGLES, OWN / 6, names if frames else None, image=f"{n}.st", size=(58, 60)))
    if frames:
        lab.movies(n, [f"data/own_2023/frames/{f}" for f in names])
    whole = s.volume(SHAPE_OWN, OWN)
    lab.tomogram(n, d + "_rec.mrc", whole, OWN)
    if k:
        lab.zarr(f"copick/own/ExperimentRuns/{n}/VoxelSpacing13.100/wbp.zarr", whole, OWN)  # the same voxels: one of both
        lab.text(f"copick/own/ExperimentRuns/{n}/Picks/me_1_ribosome.json", picks(n, "ribosome", "me", where))
        lab.points(n, f"copick/own/ExperimentRuns/{n}/Picks/me_1_ribosome.json", "ribosome", where, OWN)
    # ---- what an earlier try made of it ----
    if n != "TS_001":
        t = f"try_2024/standardized/10002/{n}/"
        js(t + "run_metadata.json", {"run_name": n, "deposition_id": 10001, "last_updated_at": 1714345280})
        lab.mrc(f"{t}TiltSeries/100/{n}.mrc", s.stack(ANGLES, (60, 58)).astype(np.float32), OWN / 6, stack=True)
        lab.never("what an earlier try made", f"{t}TiltSeries/100/{n}.mrc")
        r = f"{t}Reconstructions/VoxelSpacing13.000/Tomograms/100/"
        lab.mrc(f"{r}{n}.mrc", whole, 13.0)
        lab.zarr(f"{r}{n}.zarr", whole, 13.0)
        lab.never("what an earlier try made, with the wrong spacing", f"{r}{n}.mrc", f"{r}{n}.zarr")
        js(r + "tomogram_metadata.json", {"voxel_spacing": 13.0, "run_name": n, "processing": "raw", "size": dict(zip("zyx", SHAPE_OWN)), "mrc_file": f"10002/{n}/Reconstructions/VoxelSpacing13.000/Tomograms/100/{n}.mrc", **portal(10001)})
        if k:
            a = f"{t}Reconstructions/VoxelSpacing13.000/Annotations/100/ribosome-1.0"
            lab.text(f"{a}_point.ndjson", ndjson(where, OWN, "point"))
            lab.never("what an earlier try made of copick's picks", f"{a}_point.ndjson")
            annotation(a, 10001, "ribosome", "Point", [f"{a[21:]}_point.ndjson"], "manual")
js("try_2024/standardized/10002/dataset_metadata.json", {"dataset_identifier": 10002, "dataset_title": "own pombe", "organism": {"name": "Schizosaccharomyces pombe", "taxonomy_id": 4896}, **portal(10001)})
lab.text("try_2024/pombe.yaml", """version: 1.1.0
standardization_config: {deposition_id: 10001, source_prefix: own_2023}
depositions:
  - metadata: {deposition_identifier: 10001, deposition_title: own pombe}
    sources: [{literal: {value: [10001]}}]
runs:
  - sources: [{source_glob: {list_glob: "*"}}]
voxel_spacings:
  - sources: [{literal: {value: [13.0]}}]
tomograms:
  - metadata: {voxel_spacing: 13.0, processing: raw}
    sources: [{source_glob: {list_glob: "{run_name}/{run_name}_rec.mrc"}}]
""")
lab.text("try_2024/pombe.decisions.yaml", "# what was decided of each file\nfiles:\n  own_2023/L1_ts_003/L1_ts_003_rec.mrc: tomogram\n")
lab.text("try_2024/ingest.log", "2 runs done, 1 failed: TS_001: no voxel spacing\n")
lab.text("sync.sh", "aws s3 sync --no-sign-request s3://cryoet-data-portal-public/20011/TS_027 data/portal_20011/TS_027\n")
lab.text("look.ipynb", json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
lab.text("README.txt", "portal_20011 and portal_20017 are from the CryoET portal, everything else is ours. reprocess/ = ours, on their data.\ncopick/portal_overlay: 14069 is TS_026.\n")
lab.done()
