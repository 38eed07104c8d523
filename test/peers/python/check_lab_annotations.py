"""Judges the miniature laboratory's annotations, alignments and CTF tables: other people's readers, and the relations of each format's manual in
numpy and scipy, must give the truth that the generator states.

python check_lab_annotations.py JOB.json    (environment: peers)

JOB: {"lab": folder of the deposits, "config": of the deposit of annotations, "schema": the portal's, or null, "particles": […], "labels": […], "labelVoxels": n, "membrane": box, "shell": box, "core": box}: truth.mjs
"""
import base64
import csv
import json
import sys
import warnings
import xml.etree.ElementTree as tree
from pathlib import Path

import h5py
import imodmodel
import jsonschema
import mrcfile
import numpy as np
import starfile
import trimesh
import yaml
import zarr
from copick.models import CopickPicksFile
from scipy.spatial.transform import Rotation
from verdicts import Verdicts

job = json.load(open(sys.argv[1]))
lab = Path(job["lab"])
verdicts = Verdicts()
VOXELS = np.array([[particle["voxel"][axis] for axis in "xyz"] for particle in job["particles"]], dtype="f8")
ROTATIONS = np.array([particle["rotation"] for particle in job["particles"]])
INSTANCES = [particle["instance"] for particle in job["particles"]]
XYZ = "XYZ"


def judge(case, positions, rotations=None, instances=None):
    positions = np.asarray(positions, dtype="f8")
    verdicts.check(case, "positions", positions.shape == VOXELS.shape and np.allclose(positions, VOXELS, rtol=0, atol=1e-6), positions)
    if rotations is not None:
        verdicts.check(case, "rotations", np.allclose(rotations, ROTATIONS, rtol=0, atol=1e-6), rotations)
    if instances is not None:
        verdicts.check(case, "instances", list(instances) == INSTANCES, list(instances))


def relion(table, prefix="rlnAngle", suffix=""):
    """RELION's angles turn the tomogram's axes into the particle's: the pose is the inverse."""
    angles = table[[f"{prefix}{angle}{suffix}" for angle in ("Rot", "Tilt", "Psi")]].to_numpy("f8")
    return Rotation.from_euler("ZYZ", angles, degrees=True).inv().as_matrix()


def columns(table, *names):
    return table[list(names)].to_numpy("f8")


def blocks(path):
    return starfile.read(lab / path, always_dict=True)


def truth_is_of_scipy():
    angles = [[particle["relion"][name] for name in ("rot", "tilt", "psi")] for particle in job["particles"]]
    verdicts.check("truth.mjs", "rotations", np.allclose(Rotation.from_euler("ZYZ", angles, degrees=True).inv().as_matrix(), ROTATIONS, atol=1e-14))


def relion3():
    table = blocks("sim/TS_1/Picks/ribosome.star")[""]
    for name, rows in table.groupby("rlnMicrographName"):
        coordinates, origins = (columns(rows, *(f"rln{what}{axis}" for axis in XYZ)) for what in ("Coordinate", "Origin"))
        verdicts.check(f"relion3 {name}", "origins are never 0", np.all(origins != 0), origins)
        judge(f"relion3 {name}", (coordinates - origins) / 10, relion(rows))
    verdicts.check("relion3", "tomograms", set(table["rlnMicrographName"]) == {"TS_1.tomostar", "TS_100.tomostar"}, table)


def relion4():
    found = blocks("annotations/motl_star/points.star")
    pixels = found["optics"].set_index("rlnOpticsGroup")["rlnImagePixelSize"]
    table = found["particles"]
    for name, rows in table.groupby("rlnTomoName"):
        pixel = pixels[rows["rlnOpticsGroup"]].to_numpy("f8")[:, None]
        origins = columns(rows, *(f"rlnOrigin{axis}Angst" for axis in XYZ))
        judge(f"relion4 {name}", (columns(rows, *(f"rlnCoordinate{axis}" for axis in XYZ)) - origins / pixel) / 2, relion(rows))
    verdicts.check("relion4", "tomograms", set(table["rlnTomoName"]) == {"TS_0001", "TS_0002", "TS_1"}, table)


def relion5():
    table = blocks("annotations/motl_star/relion5.star")["particles"]
    for name, rows in table.groupby("rlnTomoName"):
        angstrom = columns(rows, *(f"rlnCenteredCoordinate{axis}Angst" for axis in XYZ)) - columns(rows, *(f"rlnOrigin{axis}Angst" for axis in XYZ))
        with mrcfile.open(lab / f"imod/tomograms/{name}.rec", header_only=True) as mrc:
            size = np.array([mrc.header.nx, mrc.header.ny, mrc.header.nz], dtype="f8")
        judge(f"relion5 {name}", angstrom / 13.48 + size / 2, relion(rows))


def tomoman():
    table = blocks("annotations/motl_star/tomoman.star")[""]
    for name, rows in table.groupby("rlnTomoName"):
        coordinates, origins = (columns(rows, *(f"rln{what}{axis}" for axis in XYZ)) for what in ("Coordinate", "Origin"))
        judge(f"tomoman {name}", (coordinates - origins) / 2, relion(rows))


def stopgap():
    table = blocks("annotations/subtomo/ribo_motl.star")["stopgap_motivelist"]
    for number, rows in table.groupby("tomo_num"):
        rotations = Rotation.from_euler("ZXZ", columns(rows, "psi", "the", "phi"), degrees=True).as_matrix()
        judge(f"stopgap {number}", (columns(rows, "orig_x", "orig_y", "orig_z") + columns(rows, "x_shift", "y_shift", "z_shift")) / 2, rotations)
    with open(lab / "annotations/run_data_map.csv", newline="") as file:
        numbers = {int(row["tomo_num"]) for row in csv.DictReader(file)}
    verdicts.check("stopgap", "tomograms", set(table["tomo_num"]) == numbers, numbers)


def warp():
    table = blocks("annotations/motl_star/warp.star")[""]
    for name, rows in table.groupby("wrpSourceName"):
        judge(f"warp {name}", columns(rows, *(f"wrpCoordinate{axis}1" for axis in XYZ)) / 13.48, relion(rows, "wrpAngle", "1"))


def models():
    paths = sorted((lab / "annotations").glob("10*/*_MS.mod"))
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of concatenating an empty object
            points = imodmodel.read(path)
            angles = imodmodel.read(path, annotation="slicer_angles")
            model = imodmodel.ImodModel.from_file(path)
        # slicer angles turn the volume to look down the particle: the pose is the inverse
        rotations = Rotation.from_euler("XYZ", columns(angles, "x_rot", "y_rot", "z_rot"), degrees=True).inv().as_matrix()
        judge(f"{path.name} slicer angles", columns(angles, "center_x", "center_y", "center_z"), rotations)
        judge(f"{path.name} contours", columns(points, "x", "y", "z"))
        verdicts.check(path.name, "a second object without contours", [len(one.contours) for one in model.objects] == [1, 0], model.objects)
    verdicts.check("models", "there are four", len(paths) == 4, paths)


def copick():
    for run in ("run_001", "run_002", "run_003"):
        for path in sorted((lab / f"aretomo/copick/ExperimentRuns/{run}/Picks").glob("*.json")):
            document = json.loads(path.read_text())
            if document["user_id"] == "ground-truth":  # written without transformations: copick wants one in each point
                document["points"] = [{**point, "transformation_": np.eye(4).tolist()} for point in document["points"]]
            picks = CopickPicksFile(**document)
            points = picks.points
            positions = np.array([[point.location.x, point.location.y, point.location.z] for point in points]) / 4.99
            transforms = np.array([point.transformation for point in points])
            oriented, instances = "3daverage" in path.name, "SABER" in path.name
            judge(f"{run} {path.name}", positions, transforms[:, :3, :3] if oriented else None, [point.instance_id for point in points] if instances else None)
            verdicts.check(f"{run} {path.name}", "names", f"{picks.user_id}_{picks.session_id}_{picks.pickable_object_name}.json" == path.name and picks.run_name == run, picks)


def tables():
    def read(path, skip, **options):
        with open(lab / path, newline="") as file:
            return [row for row in csv.reader(file, **options)][skip:]

    def numbers(rows):
        return np.array([row[:3] for row in rows], dtype="f8")

    for run in ("TS_0001", "TS_0002"):
        judge(f"{run} fas.csv", numbers(read(f"imod/particle_lists/{run}_fas.csv", 0)))
        judge(f"{run} cyto_ribosomes.csv", numbers(read(f"imod/particle_lists/{run}_cyto_ribosomes.csv", 0))[:, ::-1])
        judge(f"{run} flagellar_motor.csv", numbers(read(f"annotations/10401/{run}_flagellar_motor.csv", 1, delimiter="|"))[:, ::-1])
        judge(f"{run} points.tsv", numbers(read(f"annotations/10401/{run}_points.tsv", 0, delimiter="\t")))
        rows = read(f"annotations/10401/{run}/{run}_instance.csv", 1)
        judge(f"{run} instance.csv", np.array([row[1:] for row in rows], dtype="f8") / 13.48, None, [int(row[0]) for row in rows])
        raw = (lab / f"imod/particle_lists/{run}_fas.csv").read_bytes()
        verdicts.check(f"{run} fas.csv", "line ends", raw.count(b"\r\n") == raw.count(b"\n") == 5, raw)


def labels(shape):
    volume = np.zeros(shape, "u1")
    for box in job["labels"]:
        volume[box_of(box)] = box["label"]
    return volume


def box_of(box):
    return tuple(slice(box[axis][0], box[axis][1] + 1) for axis in "zyx")


def masks():
    for path, kind in [
        *((f"imod/labels/{run}_organelles.mrc", "i1") for run in ("TS_0001", "TS_0002")),
        ("sim/TS_1/Segmentations/ground_truth.mrc", "i2"),
        ("sim/gts/instance_by_class/001_fix/TS_1.mrc", "u2"),
    ]:
        data = opened(path)
        verdicts.check(path, "labels", data.shape == (32, 56, 64) and data.dtype == kind and np.array_equal(data, labels(data.shape)), data.dtype)
        counts = [int((data == label).sum()) for label in range(1, 6)]
        verdicts.check(path, "voxels", counts == [job["labelVoxels"]] * 5, counts)
    for stem in ("25jul_pos1", "25jul_pos2"):
        path = f"aretomo/{stem}_Vol_Segment_mask.mrc"
        data = opened(path)
        large = np.kron(data, np.ones((2, 2, 2), "f4"))
        wanted = np.zeros((32, 64, 64), bool)
        wanted[box_of(job["membrane"])] = True
        verdicts.check(path, "at or above 0.5", np.array_equal(large >= 0.5, wanted), large.shape)
        verdicts.check(path, "exactly 0.5, and just below", (data == np.float32(0.5)).sum() == 64 and (data == np.float32(0.4999)).sum() == 32, np.unique(data))
    for path, shape, spacing in [
        *((f"aretomo/copick/ExperimentRuns/{run}/Segmentations/4.990_SABER_1_granules-multilabel.zarr", (32, 64, 64), 4.99) for run in ("run_001", "run_002")),
        ("annotations/10401/TS_0001/labels.zarr", (32, 56, 64), 13.48),
    ]:
        root = zarr.open_group(str(lab / path), mode="r")
        multiscale = root.attrs["multiscales"][0]
        scales = [level["coordinateTransformations"][0]["scale"] for level in multiscale["datasets"]]
        verdicts.check(path, "scales", np.allclose(scales, [[spacing * 2**level] * 3 for level in range(3)]), scales)
        for level in range(3):
            step = 2**level
            wanted = labels(shape)[::step, ::step, ::step]
            verdicts.check(path, f"level {level}", np.array_equal(root[str(level)][:], wanted), root[str(level)].shape)


def opened(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verdicts.check(path, "mrcfile.validate", mrcfile.validate(str(lab / path), print_file=open("/dev/null", "w")))
    with mrcfile.open(lab / path) as mrc:
        return mrc.data.copy()


def bounds(box):
    return [[box[side][axis] for axis in "xyz"] for side in ("min", "max")]


def judge_mesh(case, mesh, box, scale):
    verdicts.check(case, "bounding box", np.allclose(mesh.bounds * scale, bounds(box), rtol=1e-6), mesh.bounds)
    # a volume above 0: seen from outside, triangles run counter-clockwise
    verdicts.check(case, "12 triangles around a box", len(mesh.faces) == 12 and mesh.is_watertight and np.isclose(mesh.volume, np.prod(mesh.extents)), mesh)


def meshes():
    folder = lab / "aretomo/mesh"
    for name in ("shell.obj", "shell.stl", "shell_binary.stl", "shell.glb"):
        judge_mesh(name, trimesh.load(folder / f"run_001_{name}", force="mesh"), job["shell"], 4.99)
    cube = {"min": dict.fromkeys("xyz", -100), "max": dict.fromkeys("xyz", 100)}
    ribosome = trimesh.load(folder / "ribosome.glb")
    verdicts.check("ribosome.glb", "one mesh", len(ribosome.geometry) == 1, ribosome)
    judge_mesh("ribosome.glb", ribosome.to_geometry(), cube, 1)
    segments = {}
    with h5py.File(folder / "run_001_group.hff") as file:
        for number in file["segment_list"]:
            segment = file["segment_list"][number]
            parts = [trimesh.Trimesh(*(decoded(part[what]) for what in ("vertices", "triangles"))) for part in segment["mesh_list"].values()]
            segments[segment["biological_annotation/name"][()].decode()] = parts
    verdicts.check("group.hff", "segments", {name: len(parts) for name, parts in segments.items()} == {"cell wall": 1, "nucleoid": 2}, segments)
    for (name, parts), box in zip(segments.items(), (job["shell"], job["core"])):
        whole = trimesh.util.concatenate(parts)
        whole.merge_vertices()
        judge_mesh(f"group.hff {name}", whole, box, 4.99)


def decoded(group):
    return np.frombuffer(base64.b64decode(group["data"][()]), dtype=group["mode"][()].decode()).reshape(-1, 3)


def alignments():
    """One alignment as IMOD, RELION 5 and Warp say it: the middle of the specimen is at −Mᵀ·d in each section."""
    shifts = np.loadtxt(lab / "imod/metadata/TS_0001.xf")[:, 4:]
    tilts = np.loadtxt(lab / "imod/metadata/TS_0001.tlt")
    cos, sin = np.cos(np.radians(84.1)), np.sin(np.radians(84.1))
    matrix = np.array([[cos, sin], [-sin, cos]])
    offsets = -(matrix.T @ shifts.T).T
    table = blocks("batch/mka2019-11-19-1/relion/mka2019-11-19-1.star")["mka2019-11-19-1"].sort_values("rlnTomoYTilt")
    case = "RELION 5 tilt series"
    verdicts.check(case, "tilts", np.allclose(table["rlnTomoYTilt"], tilts), table["rlnTomoYTilt"])
    verdicts.check(case, "in plane", np.allclose(table["rlnTomoZRot"], 84.1), table["rlnTomoZRot"])
    verdicts.check(case, "offsets", np.allclose(columns(table, "rlnTomoXShiftAngst", "rlnTomoYShiftAngst") / 3.92, offsets, atol=1e-5), offsets)
    verdicts.check(case, "doses", list(table["rlnMicrographPreExposure"]) == [18, 9, 6, 0, 3, 12, 15], table)
    series = tree.parse(lab / "batch/mka2019-11-19-2/warp_tiltseries/mka2019-11-19-2.xml").getroot()
    lists = {element.tag: (element.text or "").split() for element in series}
    case = "Warp tilt series"
    verdicts.check(case, "tilts", np.allclose(np.array(lists["Angles"], dtype="f8"), tilts), lists["Angles"])
    verdicts.check(case, "in plane", np.allclose(np.array(lists["AxisAngle"], dtype="f8"), 84.1), lists["AxisAngle"])
    found = np.array([lists["AxisOffsetX"], lists["AxisOffsetY"]], dtype="f8").T / 3.92
    verdicts.check(case, "offsets", np.allclose(found, offsets, atol=1e-4), found)
    verdicts.check(case, "the last one is left out", lists["UseTilt"] == ["True"] * 6 + ["False"], lists["UseTilt"])


def ctf():
    wanted = np.loadtxt(lab / "imod/metadata/TS_0001_ctffind4.txt")[:, :7]
    native = [np.loadtxt(path) for path in sorted((lab / "batch").glob("*/generated/*_ctffind4.txt"))]
    verdicts.check("CTFFIND 4", "eleven runs", len(native) == 11 and all(np.allclose(table, wanted) for table in native), native)
    gctf = np.loadtxt(lab / "sim/TS_1/TiltSeries/tilt_series_gctf.txt", comments=["#", ";"])
    verdicts.check("Gctf", "six columns", gctf.shape == (7, 6) and np.allclose(gctf, np.delete(wanted, 4, axis=1)), gctf)
    imod = np.loadtxt(lab / "imod/metadata/TS_0002.defocus", skiprows=1)
    verdicts.check("IMOD defocus", "nm", np.allclose(imod[:, 4:6] * 10, wanted[:, 1:3]) and np.allclose(imod[:, 6], wanted[:, 3]), imod)
    summary = np.loadtxt(lab / "aretomo/25jul_pos1_CTFFIND_format_CTF.txt")
    verdicts.check("AreTomo3 summary", "without the dark section", summary.shape == (6, 8) and np.allclose(summary[:, :7], wanted[1:]), summary)


def config():
    """The portal's schema takes all but the two formats that are not the portal's."""
    if job["schema"] is None:
        return
    document = json.loads(json.dumps(yaml.safe_load(open(job["config"])), default=str))
    validator = jsonschema.Draft202012Validator(json.load(open(job["schema"])))
    strange = [error.message for error in validator.iter_errors(document)]
    verdicts.check("config", "what the schema refuses", len(strange) == 2 and all(any(own in message for own in ("relion5_star", "warp_star")) for message in strange), strange)


for judged in (truth_is_of_scipy, relion3, relion4, relion5, tomoman, stopgap, warp, models, copick, tables, masks, meshes, alignments, ctf, config):
    verdicts.guard(judged.__name__, "runs", judged)
verdicts.print()
