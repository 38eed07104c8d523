"""Writes small meshes with the programs that write such files in laboratories, and facts.json: what those programs say of them.

    python -m venv /tmp/mesh && /tmp/mesh/bin/pip install numpy==1.26.4 scipy networkx trimesh==5.2.0 vtk==9.7.2 h5py==3.16.0 sfftk-rw==0.8.1
    /tmp/mesh/bin/python test/golden/mesh/generate.py
"""
import base64
import json
from pathlib import Path

import h5py
import numpy as np
import trimesh
import vtk

HERE = Path(__file__).parent
FACTS = {}
# a box that is not symmetric about anything, so that swapped axes and turned faces show
EXTENTS, CENTRE = (2, 3, 5), (10, -20, 30.5)


def box(scale=1.0, centre=CENTRE):
    mesh = trimesh.creation.box(extents=EXTENTS)
    mesh.apply_translation(np.array(centre))
    mesh.apply_scale(scale)
    return mesh


def facts(writer, parts, bounds, area, volume):
    return {"writer": writer, "parts": parts, "bounds": np.asarray(bounds).tolist(), "area": float(area), "volume": float(volume)}


def of_trimesh(writer, loaded):
    meshes = list(loaded.geometry.values()) if isinstance(loaded, trimesh.Scene) else [loaded]
    whole = loaded.to_mesh() if isinstance(loaded, trimesh.Scene) else loaded
    names = list(loaded.geometry) if isinstance(loaded, trimesh.Scene) else [""]
    parts = [{"name": n, "vertices": len(m.vertices), "triangles": len(m.faces)} for n, m in zip(names, meshes)]
    return facts(writer, parts, whole.bounds, whole.area, whole.volume)


def keep(name, content, writer="trimesh", loaded=None):
    (HERE / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    FACTS[name] = of_trimesh(writer, loaded if loaded is not None else trimesh.load(HERE / name))


# OBJ
keep("box.obj", trimesh.exchange.obj.export_obj(box()))
keep("box-normals.obj", trimesh.exchange.obj.export_obj(box(), include_normals=True))
QUADS = [(1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2), (3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4)]
corner = [(x, y, z) for x in (0, 4) for y in (0, 2) for z in (0, 1)]
vertices = "".join(f"v {x} {y} {z} 1.0\n" for x, y, z in corner)


def faces(form, quads=QUADS):
    return "".join("f " + " ".join(form.format(v=v, n=v - 9) for v in quad) + "\n" for quad in quads)


plain = trimesh.load(HERE / "box.obj")
for name, text in {
    "quads.obj": vertices + faces("{v}"),
    "negative.obj": vertices + faces("{n}"),
    "textured.obj": vertices + "vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n" + faces("{v}/1"),
    "full.obj": vertices + "vt 0 0\nvn 0 0 1\n" + faces("{v}/1/1"),
    "normals.obj": vertices + "vn 0 0 1\n" + faces("{v}//1"),
    "crlf.obj": ("\ufeff# made by hand\r\n\r\nmtllib none.mtl\r\n" + vertices.replace("\n", "  # a corner\r\n") + faces("{v}").replace("\n", " \r\n"))[0:],
    "continued.obj": vertices + faces("{v}").replace(" ", " \\\n ", 1).replace("f 5 7 8", "f 5 7\\\n 8") + "l 1 2\np 1\ns off\nusemtl a\n",
}.items():
    # vertices of quads.obj as trimesh reads them serve for all: it makes one vertex for each pair of position and normal
    (HERE / name).write_text(text, newline="")
    FACTS[name] = {**of_trimesh("by hand, read by trimesh", trimesh.load(HERE / "quads.obj", process=False)), "bounds": [[0, 0, 0], [4, 2, 1]]}
two = vertices + "o first\n" + faces("{v}", QUADS[:4]) + "o second part #2\n" + faces("{v}", QUADS[4:]) + "v 9 9 9\n"
(HERE / "objects.obj").write_text(two)
(HERE / "groups.obj").write_text(two.replace("o ", "g "))
split = trimesh.load(HERE / "objects.obj", split_objects=True, process=False)
for name in ("objects.obj", "groups.obj"):
    FACTS[name] = of_trimesh("by hand, read by trimesh with split_objects", split)

# STL
keep("box-binary.stl", trimesh.exchange.stl.export_stl(box()))
keep("box-ascii.stl", trimesh.exchange.stl.export_stl_ascii(box()))
solid = bytearray(trimesh.exchange.stl.export_stl(box()))
solid[:22] = b"solid Exported by hand"
keep("box-binary-solid.stl", bytes(solid))
one, other = (trimesh.exchange.stl.export_stl_ascii(m) for m in (box(), box(0.5, (0, 0, 0))))
keep("two-solids.stl", (one.replace("solid ", "solid first", 1) + other.replace("solid ", "SOLID second", 1)).replace("\n", "\r\n"))

# glTF
scene = trimesh.Scene()
turn = trimesh.transformations.rotation_matrix(0.7, (1, 2, 3), (4, 5, 6))
scene.add_geometry(box(), geom_name="turned", node_name="a", transform=turn)
scene.add_geometry(trimesh.creation.icosphere(1, 2.5), geom_name="mirrored", node_name="b", transform=np.diag([-1.5, 2.0, 1.0, 1.0]))
scene.add_geometry(box(0.1), geom_name="below", node_name="c", parent_node_name="a", transform=trimesh.transformations.scale_matrix(3))
keep("scene.glb", scene.export(file_type="glb"))
keep("box.glb", box().export(file_type="glb"))

# PLY
keep("box-binary.ply", trimesh.exchange.ply.export_ply(box(), encoding="binary"))
keep("box-ascii.ply", trimesh.exchange.ply.export_ply(box(), encoding="ascii", vertex_normal=True))


# VTK and its STL, read back and measured by VTK
def measured(writer, data):
    triangles = vtk.vtkTriangleFilter()
    triangles.SetInputData(data)
    triangles.Update()
    mass = vtk.vtkMassProperties()
    mass.SetInputData(triangles.GetOutput())
    mass.Update()
    x0, x1, y0, y1, z0, z1 = data.GetBounds()
    # the volume of VTK has no sign; every one of these faces outwards
    part = {"name": "", "vertices": data.GetNumberOfPoints(), "triangles": triangles.GetOutput().GetNumberOfCells()}
    return facts(writer, [part], [[x0, y0, z0], [x1, y1, z1]], mass.GetSurfaceArea(), mass.GetVolume())


def read_back(path):
    reader = vtk.vtkPolyDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def write_vtk(name, data, binary, version):
    writer = vtk.vtkPolyDataWriter()
    writer.SetFileName(str(HERE / name))
    writer.SetInputData(data)
    writer.SetFileVersion(version)
    writer.SetFileTypeToBinary() if binary else writer.SetFileTypeToASCII()
    writer.Write()
    FACTS[name] = measured("vtk", read_back(HERE / name))


def cleaned(source):
    # VTK's own boxes and cylinders have each corner once a face
    clean = vtk.vtkCleanPolyData()
    clean.SetInputConnection(source.GetOutputPort())
    clean.Update()
    data = vtk.vtkPolyData()
    data.SetPoints(clean.GetOutput().GetPoints())
    data.SetPolys(clean.GetOutput().GetPolys())
    return data


cube = vtk.vtkCubeSource()
cube.SetXLength(2), cube.SetYLength(3), cube.SetZLength(5), cube.SetCenter(*CENTRE)
cube = cleaned(cube)
prism = vtk.vtkCylinderSource()
prism.SetResolution(7), prism.SetCenter(1, 2, 3)
prism = cleaned(prism)
ball = vtk.vtkSphereSource()
ball.SetOutputPointsPrecision(vtk.vtkAlgorithm.DOUBLE_PRECISION)
ball.SetThetaResolution(9), ball.SetPhiResolution(6), ball.SetRadius(7)
stripper = vtk.vtkStripper()
stripper.SetInputConnection(ball.GetOutputPort())
stripper.Update()
strips = stripper.GetOutput()
names = vtk.vtkStringArray()
for binary in (False, True):
    for version, tag in ((42, "42"), (51, "51")):
        kind = "binary" if binary else "ascii"
        write_vtk(f"cube-{tag}-{kind}.vtk", cube, binary, version)
        write_vtk(f"prism-{tag}-{kind}.vtk", prism, binary, version)
        # double points, normals with METADATA, strips
        write_vtk(f"strips-{tag}-{kind}.vtk", strips, binary, version)
old = (HERE / "cube-42-ascii.vtk").read_bytes().replace(b"Version 4.2", b"Version 3.0")
(HERE / "cube-30-crlf.vtk").write_bytes(old.replace(b"\n", b"\r\n"))
FACTS["cube-30-crlf.vtk"] = {**FACTS["cube-42-ascii.vtk"], "writer": "vtk, with another version and line ends"}
field = vtk.vtkFieldData()
for kind in (vtk.vtkFloatArray, vtk.vtkIntArray):
    array = kind()
    array.SetName(kind.__name__)
    array.SetNumberOfComponents(2)
    array.InsertNextTuple2(3, 4)
    field.AddArray(array)
cube.SetFieldData(field)
for kind in ("ascii", "binary"):
    write_vtk(f"field-51-{kind}.vtk", cube, kind == "binary", 51)

triangulated = vtk.vtkTriangleFilter()
triangulated.SetInputData(cube)
triangulated.Update()
for kind in ("ascii", "binary"):
    writer = vtk.vtkSTLWriter()
    writer.SetFileName(str(HERE / f"vtk-{kind}.stl"))
    writer.SetInputData(triangulated.GetOutput())
    writer.SetFileTypeToBinary() if kind == "binary" else writer.SetFileTypeToASCII()
    writer.Write()
    part = {"name": "Visualization Toolkit generated SLA File" if kind == "ascii" else "", "vertices": 8, "triangles": 12}
    FACTS[f"vtk-{kind}.stl"] = {**measured("vtk", triangulated.GetOutput()), "parts": [part]}


# EMDB-SFF
def put(group, name, array, mode, endianness=None, count=None, text=lambda t: t):
    sub = group.create_group(name)
    order = ">" if endianness == "big" else "<"
    sub["data"] = text(base64.b64encode(np.ascontiguousarray(array.astype(np.dtype(mode).newbyteorder(order))).tobytes()).decode())
    if mode:
        sub["mode"] = text(mode)
    if endianness:
        sub["endianness"] = text(endianness)
    if count:
        sub[count] = len(array)


def segmentation(path, numbers=(12, 10, 7, 2), text=lambda t: t, **options):
    """ "wanted" is the name of 10 and 2: 10 comes first in text order. 7 has none."""
    with h5py.File(path, "w", **options) as file:
        file["version"] = "0.8.0.dev1"
        segments = file.create_group("segment_list")
        for number in numbers:
            segment = segments.create_group(str(number))
            name = "wanted" if number in (2, 10) else f"other {number} µ"
            if number != 7:
                segment.create_group("biological_annotation")["name"] = text(name)
            meshes = segment.create_group("mesh_list")
            for mesh in (1, 2) if name == "wanted" else (1,):
                part = box(number, (mesh, 0, 0))
                put(meshes.create_group(str(mesh)), "vertices", part.vertices, "float64" if mesh == 1 else "float32", "big" if mesh == 2 else None, "num_vertices", text)
                put(meshes[str(mesh)], "triangles", part.faces, ("uint8", "int64", "uint32", "int16")[number % 4], "little", "num_triangles", text)
    whole = trimesh.util.concatenate([box(10, (mesh, 0, 0)) for mesh in (1, 2)])
    answer = of_trimesh("h5py", whole)
    answer["parts"][0]["name"] = "wanted"
    FACTS[path.name] = answer


segmentation(HERE / "segments.hff")
# more links than a group holds in its header
segmentation(HERE / "segments-latest.hff", range(12, 0, -1), libver="latest", track_order=True)
segmentation(HERE / "segments-fixed-text.hff", text=lambda t: np.bytes_(t.encode()))

for tag, options in (("", {}), ("-latest", {"libver": "latest"})):
    with h5py.File(HERE / f"one{tag}.hff", "w", **options) as file:
        segment = file.create_group("segment_list").create_group("1")
        segment.create_group("biological_annotation")["name"] = "wanted"
        mesh = segment.create_group("mesh_list").create_group("1")
        put(mesh, "vertices", box().vertices, "float32")
        put(mesh, "triangles", box().faces, "uint32", None, "num_triangles")
    FACTS[f"one{tag}.hff"] = of_trimesh("h5py", box())
    FACTS[f"one{tag}.hff"]["parts"][0]["name"] = "wanted"

with h5py.File(HERE / "numbers.hff", "w", userblock_size=1024) as file:
    segment = file.create_group("segment_list").create_group("1")
    segment.create_group("biological_annotation")["name"] = "wanted"
    mesh = segment.create_group("mesh_list").create_group("1")
    packed = {"compression": "gzip", "shuffle": True}
    mesh.create_dataset("vertices/data", data=box().vertices.astype(">f4"), **packed)
    mesh.create_dataset("vertices/num_vertices", data=np.array(8, ">i8"))
    mesh.create_dataset("triangles/data", data=box().faces.astype(">u2"), **packed)
FACTS["numbers.hff"] = of_trimesh("h5py", box())
FACTS["numbers.hff"]["parts"][0]["name"] = "wanted"

from sfftkrw import SFFMesh, SFFSegment, SFFSegmentation, SFFTriangles, SFFVertices  # noqa: E402
from sfftkrw.schema.adapter_v0_8_0_dev1 import SFFBiologicalAnnotation, SFFMeshList, SFFRGBA, SFFSegmentList  # noqa: E402

sff = SFFSegmentation(name="boxes", primary_descriptor="mesh_list")
sff.segments = SFFSegmentList()
for name, factor in (("other", 1), ("wanted", 3)):
    segment = SFFSegment(biological_annotation=SFFBiologicalAnnotation(name=name), colour=SFFRGBA(red=1, green=0, blue=0))
    segment.mesh_list = SFFMeshList()
    mesh = box(factor)
    segment.mesh_list.append(SFFMesh(vertices=SFFVertices.from_array(mesh.vertices), triangles=SFFTriangles.from_array(mesh.faces)))
    sff.segments.append(segment)
sff.export(str(HERE / "sfftk.hff"))
FACTS["sfftk.hff"] = of_trimesh("sfftk-rw", box(3))
FACTS["sfftk.hff"]["parts"][0]["name"] = "wanted"

versions = {"trimesh": trimesh.__version__, "vtk": vtk.vtkVersion().GetVTKVersion(), "h5py": h5py.__version__, "sfftk-rw": "0.8.1"}
lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(FACTS[name])}" for name in sorted(FACTS))
(HERE / "facts.json").write_text(f'{{\n "writers": {json.dumps(versions)},\n "files": {{\n{lines}\n }}\n}}\n')
