"""Counts the sources of every public configuration with PyYAML: what a plan must hold, told by a program that knows nothing of plans.

    python generate.py [folder of configurations]

`entries.json`: for each configuration with sources of annotations, alignments or CTFs, and of whatever else a run is made of, how many
entries of `sources` there are by kind: shape and format of annotations, format (else finder) of alignments and CTFs, finder of the others.
Configurations of the Jensen batch, which have none of the three, are summed up. Fixtures without any of the three are left out.
"""

import collections
import glob
import json
import os
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT = os.path.join(HERE, *[os.pardir] * 3, ".cache", "data", "ingest-configs")
FILTERS = ("exclude", "parent_filters")
FORMATTED = ("annotations", "alignments", "ctfs")
SECTIONS = (
    "gains",
    "collection_metadata",
    "frames",
    "tiltseries",
    "ctfs",
    "rawtilts",
    "alignments",
    "identified_objects",
    "annotations",
    "tomograms",
)


def kind(section, block, source):
    if section == "annotations" and "shape" in source:  # an old form, with the shape beside its options
        return f"{source['shape']} {source['file_format']}"
    [name] = [key for key in source if key not in FILTERS]
    if section == "annotations":
        return f"{name} {source[name]['file_format']}"
    if section in FORMATTED:
        return (block.get("metadata") or {}).get("format") or name
    return name


def count(config):
    counts = {}
    for section in SECTIONS:
        kinds = collections.Counter(
            kind(section, block, source) for block in config.get(section) or [] for source in block.get("sources") or []
        )
        if kinds:
            counts[section] = dict(sorted(kinds.items()))
    return counts


def lines(value):
    """JSON with one configuration, or one section, a line."""
    if isinstance(value, str):
        return json.dumps(value)
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {json.dumps(one)}" for key, one in value.items()) + "\n}"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else DEFAULT
    configs = {}
    batch = collections.defaultdict(collections.Counter)
    totals = collections.defaultdict(collections.Counter)
    for path in sorted(glob.glob(os.path.join(root, "**", "*.yaml"), recursive=True)):
        name = os.path.relpath(path, root)
        if name == "template.yaml":
            continue
        with open(path, encoding="utf-8") as file:
            counts = count(yaml.safe_load(file))
        if name.startswith("fixtures") and not any(section in counts for section in FORMATTED):
            continue
        for section, kinds in counts.items():
            if not name.startswith("fixtures"):
                totals[section].update(kinds)
            if name.startswith("gjensen"):
                batch[section].update(kinds)
        if not name.startswith("gjensen"):
            configs[name] = counts
    document = {
        "writer": f"PyYAML {yaml.__version__}, generate.py",
        "totals": {section: dict(sorted(kinds.items())) for section, kinds in sorted(totals.items())},
        "batch": {section: dict(sorted(kinds.items())) for section, kinds in sorted(batch.items())},
        "configs": configs,
    }
    with open(os.path.join(HERE, "entries.json"), "w", encoding="utf-8") as file:
        sections = [f"{json.dumps(key)}: {lines(value)}" for key, value in document.items()]
        file.write("{\n" + ",\n".join(sections) + "\n}\n")


main()
