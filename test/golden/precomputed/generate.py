"""Writes annotations.json, shards.json and segmentation.json.

    python -m venv /tmp/precomputed
    /tmp/precomputed/bin/pip install neuroglancer==2.41.2 cloud-volume==12.15.2 compressed-segmentation==2.3.3 numpy==2.4.6
    /tmp/precomputed/bin/python test/golden/precomputed/generate.py

Annotations: records, spatial index and bounds by neuroglancer's own AnnotationWriter; the `info` with the sharding that the portal adds to
it, printed as the portal prints it. Bounds of lines are set to those of both ends (the writer takes the lower one of the starts only).
Shards: cloud-volume's `synthesize_shards`. Segmentation: labels made of arithmetic, the portal's chunk by numpy's `unique`, and a chunk by
the compressed_segmentation library.
"""
import base64
import functools
import hashlib
import json
import random
import tempfile
from pathlib import Path

import compressed_segmentation
import numpy as np
from cloudvolume.datasource.precomputed import mmh3
from cloudvolume.datasource.precomputed.sharding import ShardingSpecification
from neuroglancer import AnnotationPropertySpec, CoordinateSpace
from neuroglancer.write_annotations import AnnotationWriter

HERE = Path(__file__).parent
SHARDING = {"@type": "neuroglancer_uint64_sharded_v1", "preshift_bits": 0, "hash": "identity", "minishard_bits": 10, "shard_bits": 0,
            "minishard_index_encoding": "gzip", "data_encoding": "gzip"}
AXES = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def base64_of(data):
    return base64.b64encode(bytes(data)).decode()


def rotation(source):
    q, r = np.linalg.qr(np.array([[source.gauss(0, 1) for _ in range(3)] for _ in range(3)]))
    q = q * np.sign(np.diag(r))
    q[:, 0] *= np.linalg.det(q)
    return q


def annotation_case(name, kind, spacing, diameter, points, rotations=None, ids=None, colours=None):
    values = sorted(set(ids)) if ids else [0]
    labels = [f"membrane {i}" for i in values] if ids else ["cytosolic ribosome"]
    kind_of_name = "uint8" if len(values) < 2**8 else "uint16"
    most = 2**8 if kind_of_name == "uint8" else 2**16
    numbers = values if max(values) < most else list(range(len(values)))
    number = dict(zip(values, numbers))
    colour_ids = ["point_color", "line_color"] if kind == "orientedPoint" else ["color"]
    writer = AnnotationWriter(
        CoordinateSpace(names=["x", "y", "z"], units=["m"] * 3, scales=[spacing * 1e-10] * 3),
        "line" if kind == "orientedPoint" else "point",
        properties=[
            AnnotationPropertySpec(id="name", type=kind_of_name, enum_values=numbers, enum_labels=labels),
            AnnotationPropertySpec(id="diameter", type="float32"),
            AnnotationPropertySpec(id="point_index", type="float32"),
            *[AnnotationPropertySpec(id=colour, type="rgb") for colour in colour_ids],
        ],
    )
    ends = []
    for at, point in enumerate(points):
        common = {"diameter": diameter / 10, "point_index": float(at), "name": number[ids[at]] if ids else 0}
        if kind == "orientedPoint":
            for axis in range(3):
                end = np.array(point) + 1.5 * diameter / 10 * np.array(rotations[at])[:, axis]
                ends += [point, end]
                writer.add_line(point, end, point_color=(255, 255, 255), line_color=AXES[axis], **common)
        else:
            ends.append(point)
            writer.add_point(point, color=colours[ids[at]] if ids else (255, 255, 255), **common)
    writer.lower_bound, writer.upper_bound = np.min(ends, axis=0), np.max(ends, axis=0)
    writer.properties.sort(key=lambda prop: prop.id != "name")
    with tempfile.TemporaryDirectory() as folder:
        writer.write(folder)
        info = json.loads((Path(folder) / "info").read_text())
        spatial = (Path(folder) / "spatial0" / "0_0_0").read_bytes()
        records = [base64_of((Path(folder) / "by_id" / str(i)).read_bytes()) for i in range(min(4, info["spatial"][0]["limit"]))]
    unsharded = json.dumps(info, indent=2)
    info["by_id"]["sharding"] = SHARDING
    return {
        "name": name, "kind": kind, "spacing": spacing, "diameter": diameter, "positions": [float(v) for p in points for v in p],
        "rotations": None if rotations is None else [float(v) for r in rotations for v in np.array(r).flatten()], "ids": ids,
        "colours": None if colours is None else {str(i): list(c) for i, c in colours.items()},
        "info": json.dumps(info, indent=2), "unsharded": unsharded, "spatial": base64_of(spatial), "records": records,
    }


def annotation_cases():
    source = random.Random(5)
    some = [[source.uniform(0, 960), source.uniform(0, 928), source.uniform(0, 300)] for _ in range(7)]
    whole = [[3.0, 4.0, 5.0], [3.5, 4.0, 1.0]]
    yield annotation_case("points", "point", 10.0, 100, some)
    yield annotation_case("points, other spacing and diameter", "point", 13.48, 253.7, whole)
    yield annotation_case("one point", "point", 7.84, 100, [[0.1, 2.0, 3.0]])
    turns = [np.eye(3), *[rotation(source) for _ in range(4)]]
    yield annotation_case("oriented points", "orientedPoint", 10.0, 100, some[:5], turns)
    yield annotation_case("oriented points, 1500 Å", "orientedPoint", 4.99, 1500, whole, turns[1:3])

    def instances(name, ids, colours):
        points = [[float(i), 2.0 * i, 0.5] for i in range(len(ids))]
        return annotation_case(name, "instancePoint", 10.0, 100, points, ids=ids, colours=colours)

    # colours are another golden file's; here any do, so that their places are seen
    yield instances("instances", [5, 1, 1, 7, 5], {1: (1, 2, 3), 5: (4, 5, 6), 7: (250, 251, 252)})
    yield instances("instances past a byte", [1, 256, 3], {i: (i % 256, 1, 2) for i in (1, 256, 3)})
    many = list(range(0, 2600, 10))
    yield instances("260 instances", many, {i: (i % 256, i // 256, 9) for i in many})


def shard_cases():
    source = random.Random(6)
    for number, (preshift, hashed, minishard, shard, encoding) in enumerate(
        [(0, "identity", 0, 0, "raw"), (2, "identity", 3, 2, "raw"), (0, "murmurhash3_x86_128", 2, 1, "raw"), (9, "identity", 2, 16, "raw"),
         (1, "murmurhash3_x86_128", 0, 5, "gzip"), (0, "identity", 10, 0, "gzip")]
    ):
        spec = ShardingSpecification("neuroglancer_uint64_sharded_v1", preshift, hashed, minishard, shard, encoding, encoding)
        labels = [0, 1, 5, 2**40, 2**63 + 7, 2**64 - 1, *[source.getrandbits(64 if number % 2 else 8) for _ in range(20)]]
        values = {label: bytes(source.getrandbits(8) for _ in range(source.randrange(30))) for label in labels}
        places = {label: spec.compute_shard_location(label) for label in values}
        ordered = dict(sorted(values.items(), key=lambda item: (int(places[item[0]].minishard_number), item[0])))
        files = spec.synthesize_shards(ordered)
        yield {
            "sharding": {**spec.to_dict(), **{k: int(spec.to_dict()[k]) for k in ("preshift_bits", "minishard_bits", "shard_bits")}},
            "values": {str(label): base64_of(value) for label, value in values.items()},
            "places": {str(label): [place.shard_number, int(place.minishard_number)] for label, place in places.items()},
            "files": {name: base64_of(body) for name, body in files.items()},
        }


def portal_chunk(labels, block):
    """[z, y, x] labels as the portal's segmentation chunks hold them."""
    grid = [-(-n // b) for n, b in zip(labels.shape, block)]
    words, tables = [np.zeros(2 * int(np.prod(grid)), "<u4")], {}
    length = len(words[0])
    headers = []
    for corner in np.ndindex(*grid):
        part = labels[tuple(slice(c * b, (c + 1) * b) for c, b in zip(corner, block))]
        part = np.pad(part, [(0, b - n) for b, n in zip(block, part.shape)])
        table, places = np.unique(part, return_inverse=True)
        if table.tobytes() not in tables:
            tables[table.tobytes()] = length
            words.append(table.astype("<u4"))
            length += len(table)
        bits = next(bits for bits in (0, 1, 2, 4, 8, 16, 32) if 1 << bits >= len(table))
        headers += [tables[table.tobytes()] | bits << 24, length]
        if bits:
            step = 32 // bits
            flat = places.flatten().astype("<u4")
            flat = np.pad(flat, (0, -len(flat) % step))
            words.append(functools.reduce(np.bitwise_or, [flat[i::step] << np.uint32(i * bits) for i in range(step)]).astype("<u4"))
            length += len(words[-1])
    words[0][:] = headers
    return np.concatenate([np.array([1], "<u4"), *words]).tobytes()


def labels_of(shape, kinds, run):
    z, y, x = np.indices(shape)
    return (((z * 7 + y * 3 + x // run) * 2654435761 % 2**32) % kinds).astype(np.uint32)


def segmentation_cases():
    for shape, block, kinds, run in [
        ((64, 64, 64), (64, 64, 64), 2, 9), ((70, 65, 130), (64, 64, 64), 3, 5), ((5, 6, 7), (64, 64, 64), 1, 1), ((20, 17, 33), (8, 8, 8), 300, 2),
        ((16, 16, 16), (8, 8, 8), 70000, 1), ((9, 9, 9), (4, 2, 8), 17, 3), ((41, 42, 43), (64, 64, 64), 70000, 1),
    ]:
        labels = labels_of(shape, kinds, run)
        chunk = portal_chunk(labels, block)
        case = {"shape": shape, "block": block, "kinds": kinds, "run": run, "labelsSha256": hashlib.sha256(labels.tobytes()).hexdigest(),
                "chunkBytes": len(chunk), "chunkSha256": hashlib.sha256(chunk).hexdigest()}
        if labels.size < 10_000:
            for dtype in (np.uint32, np.uint64):
                wide = np.asfortranarray(labels.astype(dtype).transpose()[..., np.newaxis])
                case[np.dtype(dtype).name] = base64_of(compressed_segmentation.compress(wide, block_size=block[::-1], order="F"))
        yield case


def hashes():
    for number in [0, 1, 2, 255, 0x434522D9, 2**32 - 1, 2**32, 2**53 + 1, 2**63, 2**64 - 1, 1234567890123456789]:
        yield [str(number), str(mmh3.hash64(np.uint64(number).tobytes(), x64arch=False)[0] % 2**64)]


(HERE / "annotations.json").write_text(json.dumps(list(annotation_cases())) + "\n")
(HERE / "shards.json").write_text(json.dumps({"hashes": list(hashes()), "cases": list(shard_cases())}) + "\n")
(HERE / "segmentation.json").write_text(json.dumps(list(segmentation_cases())) + "\n")
