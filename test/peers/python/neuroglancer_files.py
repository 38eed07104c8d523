"""Inputs for, and verdicts on, files for Neuroglancer: `make FOLDER` writes the inputs and what other programs make of them, `check FOLDER`
judges the folders that emporium wrote beside them."""
import gzip
import json
import random
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import distinctipy
import neuroglancer
import numpy as np
import tensorstore
from cloudvolume import CloudVolume
from cloudvolume.datasource.precomputed.annotation import PrecomputedAnnotationSource
from cloudvolume.datasource.precomputed.sharding import ShardingSpecification, ShardReader
from neuroglancer import AnnotationPropertySpec, CoordinateSpace
from neuroglancer.write_annotations import AnnotationWriter
from sklearn.mixture import GaussianMixture
from verdicts import Verdicts

SPACING = 7.84
# more instances than a byte counts
COUNTS = {"point": 1000, "orientedPoint": 300, "instancePoint": 900}
SHAPES = [(130, 300, 270), (64, 64, 64), (5, 70, 1)]
AXES = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
SPANS = {1: (2.0, 0.5), 2: (2.2, 0.65), 3: (3.0, 0.8)}


def rotations(source, count):
    q, r = np.linalg.qr(source.normal(size=(count, 3, 3)))
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, np.newaxis, :]
    q[:, :, 0] *= np.linalg.det(q)[:, np.newaxis]
    return q


def annotation_inputs(folder, source):
    for kind, count in COUNTS.items():
        case = {"positions": source.uniform(-5, 4000, (count, 3)).round(3).flatten().tolist()}
        if kind == "orientedPoint":
            case["rotations"] = rotations(source, count).flatten().tolist()
        if kind == "instancePoint":
            case["ids"] = source.integers(1, 700, count).tolist()
        (folder / f"{kind}.json").write_text(json.dumps(case))


def masks(folder, source):
    for number, shape in enumerate(SHAPES):
        z, y, x = np.indices(shape)
        balls = ((z % 40 - 20) ** 2 + (y % 40 - 20) ** 2 + (x % 40 - 20) ** 2 < 200) * (1 + z // 40 * 100 + y // 40 * 10 + x // 40)
        balls[source.random(shape) < 0.001] = 60_000
        balls.astype("<u2").tofile(folder / f"mask-{number}.u16")


def smooth(values, times):
    for _ in range(times):
        for axis in range(3):
            values = (values + np.roll(values, 1, axis) + np.roll(values, -1, axis)) / 3
    return values / values.std()


def tomogram(source, shape):
    """Noise, darker where there is matter, flat where there is none."""
    noise = smooth(source.normal(size=shape), 1)
    matter = smooth(source.normal(size=shape), 6)
    height = np.abs(np.arange(shape[0]) - shape[0] / 2) / (shape[0] / 2)
    values = (noise - (matter > 1.2) * source.uniform(0.5, 4)) * np.where(height > 0.7, 0.5, 1)[:, np.newaxis, np.newaxis]
    return (values * source.uniform(0.01, 40) + source.uniform(-5, 5)).astype(np.float32)


def gmm_limits(values):
    centre = 0.5 * values.shape[0] - 0.5
    kept = values[max(0, int(np.ceil(centre - 15))) : min(values.shape[0], int(np.floor(centre + 15) + 1))].flatten()
    count = int(np.prod(values.shape) * 0.3)
    drawn = kept if count > len(kept) else np.random.default_rng(42).choice(kept, count, replace=False)
    column = drawn.reshape(-1, 1)
    fit = lambda k, rounds: GaussianMixture(k, max_iter=rounds, random_state=42, init_params="k-means++").fit(column)
    components = 1 + int(np.argmin([fit(k, 100).bic(column) for k in (1, 2, 3)]))
    best = fit(components, 300)
    means, deviations = best.means_.flatten(), np.sqrt(best.covariances_.flatten())
    nearest = int(np.argmin(np.abs(means - drawn.mean())))
    below, above = SPANS[components]
    return [float(max(means[nearest] - below * deviations[nearest], drawn.min())), float(min(means[nearest] + above * deviations[nearest], drawn.max()))]


def volumes(folder, source):
    shapes = [(20, 32, 32), (40, 48, 52), (60, 64, 64), (110, 40, 40), (75, 90, 80), (128, 60, 60), (33, 100, 70), (64, 80, 90)]
    cases = []
    for number, shape in enumerate(shapes):
        values = tomogram(source, shape)
        values.tofile(folder / f"volume-{number}.f32")
        cases.append({"shape": shape, "limits": gmm_limits(values)})
    (folder / "volumes.json").write_text(json.dumps(cases))


def colours(folder):
    source = random.Random(11)
    cases = []
    for _ in range(40):
        seed, count = source.randrange(2**32 - 1), source.randrange(1, 12)
        exclude = [tuple(source.random() for _ in range(3)) for _ in range(source.randrange(6))]
        made = distinctipy.get_colors(count, exclude_colors=list(exclude), rng=seed)
        cases.append({"seed": seed, "count": count, "exclude": exclude, "made": made})
    (folder / "colours.json").write_text(json.dumps(cases))


SHARDING = {"@type": "neuroglancer_uint64_sharded_v1", "preshift_bits": 1, "hash": "murmurhash3_x86_128", "minishard_bits": 2, "shard_bits": 2,
            "minishard_index_encoding": "gzip", "data_encoding": "gzip"}
FOREIGN = [
    # name, type, channels, encoding, offset, sharding
    ("raw", "uint16", 1, {"encoding": "raw"}, [0, 0, 0], None),
    ("raw with channels and an offset", "float32", 3, {"encoding": "raw"}, [-7, 3, 100], None),
    ("raw, sharded", "int8", 1, {"encoding": "raw"}, [5, 0, 0], {**SHARDING, "hash": "identity", "data_encoding": "raw"}),
    ("segmentation", "uint32", 1, {"encoding": "compressed_segmentation", "compressed_segmentation_block_size": [8, 4, 16]}, [0, 0, 0], None),
    ("segmentation, sharded", "uint64", 2, {"encoding": "compressed_segmentation", "compressed_segmentation_block_size": [8, 8, 8]}, [0, 0, 9], SHARDING),
]


def foreign_volumes(folder, source):
    """Volumes of tensorstore's with their voxels beside them, [channel, z, y, x]."""
    size = [45, 38, 21]
    for number, (_, dtype, channels, encoding, offset, sharding) in enumerate(FOREIGN):
        store = tensorstore.open({
            "driver": "neuroglancer_precomputed",
            "kvstore": {"driver": "file", "path": f"{folder}/foreign-{number}/"},
            "multiscale_metadata": {"type": "segmentation" if "seg" in encoding["encoding"] else "image", "data_type": dtype, "num_channels": channels},
            "scale_metadata": {"key": "s0", "size": size, "resolution": [8, 8, 40], "voxel_offset": offset, "chunk_size": [16, 16, 8],
                               **encoding, **({"sharding": sharding} if sharding else {})},
            "create": True,
        }).result()
        values = source.integers(0, 100, [*size, channels]) * (source.random([*size, channels]) < 0.3)
        values = (values * (2**40 + 1) if dtype == "uint64" else values).astype(dtype)
        store[...].write(values).result()
        values.transpose().copy().tofile(folder / f"foreign-{number}.dat")
    (folder / "foreign.json").write_text(json.dumps([name for name, *_ in FOREIGN]))


def make(folder):
    source = np.random.default_rng(3)
    foreign_volumes(folder, source)
    annotation_inputs(folder, source)
    masks(folder, source)
    volumes(folder, source)
    colours(folder)


def writer_of(kind, case, colour_of):
    values = sorted(set(case["ids"])) if kind == "instancePoint" else [0]
    labels = [f"membrane {i}" for i in values] if kind == "instancePoint" else ["membrane"]
    colour_ids = ["point_color", "line_color"] if kind == "orientedPoint" else ["color"]
    writer = AnnotationWriter(
        CoordinateSpace(names=["x", "y", "z"], units=["m"] * 3, scales=[SPACING * 1e-10] * 3),
        "line" if kind == "orientedPoint" else "point",
        properties=[
            AnnotationPropertySpec(id="name", type="uint8" if len(values) < 256 else "uint16", enum_values=values, enum_labels=labels),
            AnnotationPropertySpec(id="diameter", type="float32"),
            AnnotationPropertySpec(id="point_index", type="float32"),
            *[AnnotationPropertySpec(id=colour, type="rgb") for colour in colour_ids],
        ],
    )
    points = np.array(case["positions"]).reshape(-1, 3)
    turns = np.array(case.get("rotations", [])).reshape(-1, 3, 3)
    ends = []
    for at, point in enumerate(points):
        name = case["ids"][at] if kind == "instancePoint" else 0
        common = {"diameter": 10.0, "point_index": float(at), "name": name}
        if kind != "orientedPoint":
            writer.add_point(point, color=colour_of(name), **common)
            continue
        for axis in range(3):
            ends += [point, point + 15.0 * turns[at][:, axis]]
            writer.add_line(point, ends[-1], point_color=(255, 255, 255), line_color=AXES[axis], **common)
    if ends:
        # the writer takes the lower bound of the starts and the upper bound of the ends
        writer.lower_bound, writer.upper_bound = np.min(ends, axis=0), np.max(ends, axis=0)
    writer.properties.sort(key=lambda prop: prop.id != "name")
    return writer


def check_annotations(verdicts, folder, kind):
    ours, theirs = folder / "out" / kind, folder / "theirs" / kind
    case = json.loads((folder / f"{kind}.json").read_text())
    told = json.loads((ours / "info").read_text())
    palette = json.loads((folder / "out" / "palette.json").read_text())
    writer_of(kind, case, lambda name: palette[str(name)] if kind == "instancePoint" else (255, 255, 255)).write(theirs)
    wanted = json.loads((theirs / "info").read_text())
    sharding = told["by_id"].pop("sharding")
    verdicts.check(kind, "info", told == wanted, f"{told} {wanted}")
    verdicts.check(kind, "spatial index", (ours / "spatial0" / "0_0_0").read_bytes() == (theirs / "spatial0" / "0_0_0").read_bytes())
    source = PrecomputedAnnotationSource(f"precomputed://file://{ours}")
    count = wanted["spatial"][0]["limit"]
    reader = ShardReader(source.meta.cloudpath, source.cache, ShardingSpecification.from_dict(sharding))
    ids = np.sort(reader.list_labels("0.shard", path="by_id"))
    verdicts.check(kind, "ids by cloud-volume", np.array_equal(ids, np.arange(count)), ids)
    found = reader.get_data(list(range(count)), path="by_id")
    equal = [found[i] == (theirs / "by_id" / str(i)).read_bytes() for i in range(count)]
    verdicts.check(kind, "records by id by cloud-volume", all(equal) and len(equal) == count, f"{equal.count(False)} of {count} differ")
    unsharded = folder / "out" / f"{kind}-unsharded"
    names = {path.name for path in (unsharded / "by_id").iterdir()}
    same = names == {str(i) for i in range(count)} and all(
        (unsharded / "by_id" / name).read_bytes() == (theirs / "by_id" / name).read_bytes() for name in names
    )
    verdicts.check(kind, "one file each", same and json.loads((unsharded / "info").read_text()) == wanted)


def check_mask(verdicts, folder, number):
    shape = SHAPES[number]
    case = f"mask {shape}"
    wanted = np.fromfile(folder / f"mask-{number}.u16", "<u2").reshape(shape)
    ours = folder / "out" / f"mask-{number}"
    store = tensorstore.open({"driver": "neuroglancer_precomputed", "kvstore": {"driver": "file", "path": f"{ours}/"}}).result()
    read = store.read().result()[..., 0].transpose()
    verdicts.check(case, "tensorstore: type and shape", store.dtype == tensorstore.uint32 and read.shape == shape, store)
    verdicts.check(case, "tensorstore: labels", np.array_equal(read, wanted))
    volume = CloudVolume(f"precomputed://file://{ours}", progress=False, fill_missing=False)
    verdicts.check(case, "cloud-volume: labels", np.array_equal(np.asarray(volume[:, :, :])[..., 0].transpose(), wanted))
    verdicts.check(case, "cloud-volume: voxel size", list(volume.resolution) == [1, 1, 1], volume.resolution)
    if number == 1:
        mesh = volume.mesh.get(1)
        mesh = mesh[1] if isinstance(mesh, dict) else mesh
        wanted_mesh = json.loads((folder / "out" / "mesh.json").read_text())
        verdicts.check(case, "cloud-volume: vertices", np.array_equal(np.sort(mesh.vertices, axis=0), np.sort(np.array(wanted_mesh["vertices"], np.float32).reshape(-1, 3), axis=0)))
        verdicts.check(case, "cloud-volume: triangles", len(mesh.faces) == len(wanted_mesh["triangles"]) / 3, mesh.faces)


def check_state(verdicts, folder):
    told = json.loads((folder / "out" / "state.json").read_text())
    state = neuroglancer.ViewerState(told)
    kept = state.to_json()
    verdicts.check("state", "names of the layers", [layer.name for layer in state.layers] == [layer["name"] for layer in told["layers"]])
    kinds = [type(layer.layer).__name__ for layer in state.layers]
    verdicts.check("state", "kinds of the layers", kinds == ["ImageLayer", "AnnotationLayer", "AnnotationLayer", "SegmentationLayer", "SegmentationLayer"], kinds)
    verdicts.check("state", "nothing is lost", {key: kept[key] for key in told} == told, kept)
    contrast = state.layers[0].layer.shader_controls
    verdicts.check("state", "controls", list(contrast["contrast"].range) == [-5.5, 6.5] and contrast["invert_contrast_3D"] is True, contrast)
    transform = state.layers[1].layer.source[0].transform
    verdicts.check("state", "transform", list(transform.input_dimensions.scales) == [2e-9] * 3 and list(transform.output_dimensions.scales) == [1e-9] * 3, transform)


def check(folder):
    verdicts = Verdicts()
    for kind in COUNTS:
        verdicts.guard(kind, "annotations", check_annotations, verdicts, folder, kind)
    for number in range(len(SHAPES)):
        verdicts.guard(f"mask {SHAPES[number]}", "mask", check_mask, verdicts, folder, number)
    verdicts.guard("state", "state", check_state, verdicts, folder)
    verdicts.print()


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]))
