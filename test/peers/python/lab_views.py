"""Verdicts on the layers and views of an ingested tree: `lab_views.py PORTAL PREFIX SURFACES`. What neuroglancer, cloud-volume and tensorstore read is
compared with the annotations that the layers were made of; surfaces are written to SURFACES for another program to judge."""
import json
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import neuroglancer
import numpy as np
import tensorstore
from cloudvolume import CloudVolume
from cloudvolume.datasource.precomputed.annotation import PrecomputedAnnotationSource
from cloudvolume.datasource.precomputed.sharding import ShardingSpecification, ShardReader
from verdicts import Verdicts


def data_of(portal, folder, ending):
    """The file of the annotation that a layer was made of."""
    number, _, base = folder.name.partition("-")
    return folder.parent.parent / "Annotations" / number / f"{base}.{ending}"


def check_points(verdicts, portal, folder, info):
    lines = [json.loads(line) for line in data_of(portal, folder, "ndjson").read_text().splitlines()]
    source = PrecomputedAnnotationSource(f"precomputed://file://{folder}")
    reader = ShardReader(source.meta.cloudpath, source.cache, ShardingSpecification.from_dict(info["by_id"]["sharding"]))
    each = 3 if info["annotation_type"] == "line" else 1
    count = each * len(lines)
    verdicts.check("points", "count", info["spatial"][0]["limit"] == count, folder)
    found = reader.get_data(list(range(count)), path="by_id")
    wanted = []
    for line in lines:
        start = np.array([line["location"][axis] for axis in "xyz"])
        turn = np.array(line["xyz_rotation_matrix"]) if each == 3 else None
        wanted += [np.concatenate([start, start + 15 * turn[:, axis]]) for axis in range(3)] if each == 3 else [start]
    near = [np.allclose(np.frombuffer(found[i][: 4 * len(wanted[i])], "<f4"), wanted[i], atol=1e-3) for i in range(count)]
    verdicts.check("points", "geometry by cloud-volume", all(near), f"{folder}: {near}")
    ends = np.concatenate(wanted).reshape(-1, 3)
    inside = np.all(ends >= np.array(info["lower_bound"]) - 1e-3) and np.all(ends <= np.array(info["upper_bound"]) + 1e-3)
    verdicts.check("points", "bounds", inside, folder)


def check_mask(verdicts, portal, folder, surfaces):
    zarr = data_of(portal, folder, "zarr") / "0"
    file = lambda path: {"driver": "file", "path": f"{path}/"}
    wanted = tensorstore.open({"driver": "zarr", "kvstore": file(zarr)}).result().read().result()
    read = tensorstore.open({"driver": "neuroglancer_precomputed", "kvstore": file(folder)}).result().read().result()[..., 0].transpose()
    verdicts.check("masks", "labels by tensorstore", np.array_equal(read, wanted), folder)
    volume = CloudVolume(f"precomputed://file://{folder}", progress=False, fill_missing=False)
    verdicts.check("masks", "labels by cloud-volume", np.array_equal(np.asarray(volume[:, :, :])[..., 0].transpose(), wanted), folder)
    for label in np.unique(wanted[wanted > 0]).tolist():
        where = np.argwhere(wanted == label)[:, ::-1]
        box = [where.min(axis=0) * volume.resolution, (where.max(axis=0) + 1) * volume.resolution]
        add_surface(surfaces, volume, label, {"kind": "mask", "bounds": [list(map(float, side)) for side in box]}, folder)


def add_surface(surfaces, volume, label, truth, folder):
    mesh = volume.mesh.get(label)
    mesh = mesh[label] if isinstance(mesh, dict) else mesh
    name = f"{len(surfaces['listed'])}.npz"
    np.savez(surfaces["folder"] / name, vertices=mesh.vertices, faces=mesh.faces)
    surfaces["listed"].append({"file": name, "layer": str(folder), "label": label, **truth})


def check_mesh(verdicts, portal, folder, surfaces):
    volume = CloudVolume(f"precomputed://file://{folder}", progress=False)
    if folder.name.endswith("_orientedmesh"):
        points = data_of(portal, folder.with_name(folder.name.replace("_orientedmesh", "_orientedpoint")), "ndjson")
        add_surface(surfaces, volume, 1, {"kind": "copies", "count": len(points.read_text().splitlines())}, folder)
        return
    names = json.loads((folder / "segment_properties" / "info").read_text())["inline"]
    verdicts.check("meshes", "name of the segment", names["ids"] == ["1"] and len(names["properties"][0]["values"]) == 1, names)
    add_surface(surfaces, volume, 1, {"kind": "mesh", "glb": str(data_of(portal, folder, "glb"))}, folder)


KINDS = {"image": "ImageLayer", "annotation": "AnnotationLayer", "segmentation": "SegmentationLayer"}


def check_view(verdicts, portal, prefix, path):
    told = json.loads(path.read_text())
    kept = neuroglancer.ViewerState(told)
    verdicts.check("views", "nothing is lost", {key: kept.to_json()[key] for key in told} == told, path)
    for layer, layer_told in zip(kept.layers, told["layers"]):
        verdicts.check("views", "kinds", type(layer.layer).__name__ == KINDS[layer_told["type"]], layer)
        url = layer.layer.source[0].url
        scheme, _, place = url.partition("://")
        key = place.removeprefix(prefix)
        there = portal / key / (".zattrs" if scheme == "zarr" else "info")
        verdicts.check("views", "what is named is there", place.startswith(prefix) and there.exists(), url)


def main(portal, prefix, folder):
    verdicts = Verdicts()
    surfaces = {"folder": folder, "listed": []}
    for info_path in sorted(portal.glob("*/*/Reconstructions/*/NeuroglancerPrecompute/*/info")):
        info = json.loads(info_path.read_text())
        layer = info_path.parent
        if info["@type"] == "neuroglancer_annotations_v1":
            verdicts.guard("points", str(layer), check_points, verdicts, portal, layer, info)
        elif layer.name.endswith("mask"):
            verdicts.guard("masks", str(layer), check_mask, verdicts, portal, layer, surfaces)
        else:
            verdicts.guard("meshes", str(layer), check_mesh, verdicts, portal, layer, surfaces)
    for path in sorted(portal.glob("*/*/Reconstructions/*/NeuroglancerPrecompute/*-neuroglancer_config.json")):
        verdicts.guard("views", str(path), check_view, verdicts, portal, prefix, path)
    (folder / "surfaces.json").write_text(json.dumps(surfaces["listed"]))
    verdicts.print()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
