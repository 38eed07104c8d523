"""make_meshes.py OUT: meshes by trimesh in every form that it exports, EMDB-SFF by h5py, and for each the triangles that it holds (`NAME.npy`, m × 3 × 3,
world coordinates). Prints a list of {file, format, names}."""
import base64
import json
import sys
from pathlib import Path

import h5py
import numpy as np
import trimesh

out = Path(sys.argv[1])
random = np.random.default_rng(20)
cases = []


def case(name, content, truth, names=("",)):
    path = out / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    np.save(out / f"{name}.npy", np.asarray(truth, float))
    cases.append({"file": name, "format": path.suffix[1:], "names": list(names)})


def moved(distance):
    transform = trimesh.transformations.random_rotation_matrix(random.random(3))
    transform[:3, 3] = random.normal(size=3) * distance
    return transform


def soup(count):
    return trimesh.Trimesh(random.normal(scale=500, size=(count * 3, 3)), np.arange(count * 3).reshape(-1, 3), process=False)


shapes = {
    "ball": trimesh.creation.icosphere(3, 123.25),
    "torus": trimesh.creation.torus(40, 7, 31, 17),
    "box": trimesh.creation.box(extents=(1e-3, 2e3, 3)),
    "soup": soup(500),
}
for name, mesh in shapes.items():
    mesh.apply_transform(moved(100))
    case(f"{name}.obj", trimesh.exchange.obj.export_obj(mesh), mesh.triangles)
    case(f"{name}-normals.obj", trimesh.exchange.obj.export_obj(mesh, include_normals=True), mesh.triangles)
    case(f"{name}.stl", trimesh.exchange.stl.export_stl(mesh), mesh.triangles)
    case(f"{name}-ascii.stl", trimesh.exchange.stl.export_stl_ascii(mesh), mesh.triangles)
    case(f"{name}.ply", trimesh.exchange.ply.export_ply(mesh), mesh.triangles)
    case(f"{name}-ascii.ply", trimesh.exchange.ply.export_ply(mesh, encoding="ascii"), mesh.triangles)
    case(f"{name}.glb", trimesh.exchange.gltf.export_glb(mesh), mesh.triangles, ("geometry_0",))

for tag in ("plain", "normals"):
    scene = trimesh.Scene()
    for number in range(6):
        geometry = shapes["torus" if number % 2 else "box"].copy()
        transform = moved(10)
        transform[:3, :3] *= random.choice([-1, 1]) * (1 + random.random())
        parent = f"node {number - 1}" if number % 3 else None
        scene.add_geometry(geometry, geom_name=f"part {number} µ", node_name=f"node {number}", parent_node_name=parent, transform=transform)
    content = trimesh.exchange.gltf.export_glb(scene, include_normals=tag == "normals")
    loaded = trimesh.load(trimesh.util.wrap_as_stream(content), file_type="glb")
    case(f"scene-{tag}.glb", content, loaded.to_mesh().triangles, [f"part {number} µ" for number in range(6)])

for tag, options in (("", {}), ("-latest", {"libver": "latest"}), ("-tracked", {"track_order": True})):
    with h5py.File(out / f"segments{tag}.hff", "w", **options) as file:
        for number in (2, 10, 1):
            for mesh, shape in enumerate(("ball", "torus")):
                group = file.create_group(f"segment_list/{number}/mesh_list/{mesh}")
                for key, values, mode in (("vertices", shapes[shape].vertices * number, "float64"), ("triangles", shapes[shape].faces, "uint16")):
                    group[f"{key}/data"] = base64.b64encode(np.ascontiguousarray(values, dtype=mode).tobytes()).decode()
                    group[f"{key}/mode"] = mode
            file[f"segment_list/{number}/biological_annotation/name"] = "wanted" if number > 1 else "other"
    case(f"segments{tag}.hff", None, np.concatenate([shapes[shape].triangles * 10 for shape in ("ball", "torus")]), ("wanted",))

print(json.dumps(cases))
