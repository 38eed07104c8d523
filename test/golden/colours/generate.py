"""Writes colours.json: random numbers of Python and numpy, seeds by hashlib and json, and colours of distinctipy 1.3.4 with the portal's filter
(saturation and value by colorsys; what is dropped is made again, with all colours so far excluded).

    python -m venv /tmp/colours && /tmp/colours/bin/pip install distinctipy==1.3.4 numpy==2.4.6
    /tmp/colours/bin/python test/golden/colours/generate.py
"""
import colorsys
import hashlib
import json
import random
from pathlib import Path

import distinctipy
import numpy as np


def seed_of(metadata, shape):
    told = {key: metadata.get(key) for key in ("annotation_method", "annotation_object", "deposition_id", "ground_truth_status")}
    if told["annotation_object"]:
        told["annotation_object"] = {key: told["annotation_object"].get(key) for key in ("id", "name")}
    text = json.dumps({**told, "shape": shape}, sort_keys=True)
    return int(hashlib.md5(text.encode()).hexdigest(), 16) % (2**32 - 1)


def visible(colour):
    _, saturation, value = colorsys.rgb_to_hsv(*colour)
    return saturation > 0.15 and value > 0.25


def colours_of(count, seed, exclude):
    made = distinctipy.get_colors(count, exclude_colors=exclude, rng=seed)
    kept = [colour for colour in made if visible(colour)]
    return kept if len(kept) == count else kept + colours_of(count - len(kept), seed, exclude + made)


def whole(colour):
    return [round(part * 255) for part in colour]


def hexadecimal(colour):
    return "#" + "".join(f"{part:02x}" for part in whole(colour))


def random_cases():
    for seed in (0, 42, 2**32 - 2):  # 320 doubles: past the 624 words of one state
        source, state = random.Random(seed), np.random.RandomState(seed)
        yield {"seed": seed, "python": [source.random() for _ in range(320)], "numpy": [float(state.random_sample()) for _ in range(320)]}


OBJECT = {"id": "GO:0005835", "name": "FAS", "description": "not hashed", "state": None}
BASE = {"annotation_method": "CNN predictions", "annotation_object": OBJECT, "deposition_id": 10301, "ground_truth_status": True}
METADATA = [
    BASE,
    {**BASE, "deposition_id": "10301"},
    {**BASE, "deposition_id": None, "ground_truth_status": False},
    {"annotation_object": {"name": "Ångström \u03b1/\u03b2 \U0001f9ec \"quoted\" \\ \t \x7f"}},
    {"annotation_method": "", "annotation_object": {}},
    {"annotation_object": None},
    {},
]
SHAPES = ["Point", "OrientedPoint", "InstanceSegmentation", "SegmentationMask", "InstanceSegmentationMask", "TriangularMesh"]


def colour_cases():
    taken = [(0.1, 0.9, 0.3), (1.0, 1.0, 0.0), (0.0, 0.0, 0.0)]
    for count, seed, exclude in [(1, 0, []), (3, 1119262480, []), (20, 7, []), (20, 123456789, []), (5, 42, taken), (1, 42, taken),
                                 (8, 99, list(distinctipy.distinctipy.POINTS_OF_INTEREST)), (12, 2**32 - 2, taken + [(1.0, 1.0, 1.0)])]:
        floats = colours_of(count, seed, exclude)
        yield {"count": count, "seed": seed, "exclude": exclude, "floats": floats, "hex": [hexadecimal(c) for c in floats],
               "bytes": [whole(c) for c in floats]}


def layer_cases():
    for view in range(3):
        taken, layers = [], []
        for at in range(9):
            metadata = {**METADATA[(at + view) % 3], "annotation_method": f"method {view} {at // 2}"}
            shape = SHAPES[(at * 5 + view) % 6]
            instances = shape in ("InstanceSegmentation", "InstanceSegmentationMask")
            count = 1 + 6 * (at % 3) if instances else 1
            colours = colours_of(count, seed_of(metadata, shape), list(taken))
            if not instances:
                taken.append(colours[0])
            layers.append({"metadata": metadata, "shape": shape, "count": count, "hex": [hexadecimal(c) for c in colours]})
        yield layers


golden = {
    "random": list(random_cases()),
    "seeds": [{"metadata": metadata, "shape": shape, "seed": seed_of(metadata, shape)} for metadata in METADATA for shape in SHAPES],
    "colours": list(colour_cases()),
    "layers": list(layer_cases()),
}
Path(__file__).with_name("colours.json").write_text(json.dumps(golden) + "\n")
