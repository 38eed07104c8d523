"""Opens a project of copick and holds all that it lists against the tree: copick_project.py PROJECT TREE [GRAPHQL].

GRAPHQL stands for the public portal, as the start-up lines of an exported project say. Prints verdicts and what was listed as JSON.
"""
import glob
import json
import sys

import numpy as np

project, tree, *graphql = sys.argv[1:]
if graphql:
    import cryoet_data_portal._client as portal

    import one_schema  # noqa: F401

    portal.DEFAULT_URL = graphql[0]

import copick  # noqa: E402
import zarr  # noqa: E402

from verdicts import Verdicts  # noqa: E402

verdicts = Verdicts()

root = copick.from_file(project)
config = json.load(open(project))
datasets = config.get("dataset_ids") or sorted(path.split("/")[-2] for path in glob.glob(f"{tree}/*/dataset_metadata.json"))
listed = {}


def volume(store):
    return zarr.open(store, "r")["0"][:]


def same_volumes(name, found, wanted):
    """Each of both has its like among the others: names differ, bytes do not."""
    keys = lambda arrays: sorted((array.shape, array.tobytes()) for array in arrays)  # noqa: E731
    verdicts.check(name, f"{len(wanted)} of {len(found)} volumes", keys(found) == keys(wanted), "they differ")


for run in sorted(root.runs, key=lambda run: run.name):
    name = getattr(run.meta, "portal_run_name", None) or run.name
    (folder,) = [path for dataset in datasets for path in glob.glob(f"{tree}/{dataset}/{name}")]
    spacings = sorted(float(path.split("VoxelSpacing")[1]) for path in glob.glob(f"{folder}/Reconstructions/VoxelSpacing*"))
    verdicts.check(name, "spacings", sorted(one.voxel_size for one in run.voxel_spacings) == spacings)
    tomograms = []
    for spacing in run.voxel_spacings:
        wanted = glob.glob(f"{folder}/Reconstructions/VoxelSpacing{spacing.voxel_size:.3f}/Tomograms/*/*.zarr")
        same_volumes(
            f"{name}, tomograms at {spacing.voxel_size}",
            [volume(one.zarr()) for one in spacing.tomograms],
            [zarr.open(path, "r")["0"][:] for path in wanted],
        )
        types = sorted(one.tomo_type for one in spacing.tomograms)
        if not graphql:
            verdicts.check(name, "each tomogram has a type of its own", len(set(types)) == len(types), str(types))
        tomograms += [f"{spacing.voxel_size}/{one}" for one in types]
    documents = []
    for path in glob.glob(f"{folder}/Reconstructions/*/Annotations/*/*.json"):
        documents.append((float(path.split("VoxelSpacing")[1].split("/")[0]), json.load(open(path))))
    files = lambda shapes, form: [  # noqa: E731
        (spacing, document, file)
        for spacing, document in documents
        for file in document["files"]
        if file["shape"] in shapes and file["format"] == form
    ]
    identifiers = {one.name: one.identifier for one in root.pickable_objects}
    picked = []
    # copick's own view of a portal has no points of instances
    shapes = ["Point", "OrientedPoint"] if graphql else ["Point", "OrientedPoint", "InstanceSegmentation"]
    for spacing, document, file in files(shapes, "ndjson"):
        lines = [json.loads(line) for line in open(f"{tree}/{file['path']}")]
        points = [[line["location"][axis] * spacing for axis in "xyz"] for line in lines]
        matrices = [line.get("xyz_rotation_matrix", np.eye(3).tolist()) for line in lines]
        instances = [line.get("instance_id", 0) for line in lines]
        picked.append((document["annotation_object"]["id"], points, matrices, instances))
    found = [
        (
            identifiers[pick.pickable_object_name],
            [[point.location.x, point.location.y, point.location.z] for point in pick.points],
            [np.array(point.transformation)[:3, :3].tolist() for point in pick.points],
            [point.instance_id for point in pick.points],
        )
        for pick in run.picks
    ]
    order = lambda items: sorted(json.dumps(item) for item in items)  # noqa: E731
    verdicts.check(name, f"{len(picked)} picks, places and turns", order(found) == order(json.loads(json.dumps(picked))), f"{found} {picked}")
    wanted = files(["SegmentationMask"], "zarr")
    segmentations = [one for one in run.segmentations if not getattr(one, "is_instance", False)]
    same_volumes(
        f"{name}, masks",
        [volume(one.zarr()) for one in segmentations],
        [zarr.open(f"{tree}/{file['path']}", "r")["0"][:] for _, _, file in wanted],
    )
    verdicts.check(
        name,
        "objects of masks",
        sorted((identifiers[one.name], one.voxel_size) for one in segmentations)
        == sorted((document["annotation_object"]["id"], spacing) for spacing, document, _ in wanted),
    )
    for pick in run.picks:
        verdicts.check(name, "a colour", len(root.get_object(pick.pickable_object_name).color) == 4)
    listed[name] = {"tomograms": tomograms, "picks": len(found), "points": sum(len(points) for _, points, *_ in found), "segmentations": len(segmentations)}

print(json.dumps({"verdicts": verdicts.records, "listed": listed}))
