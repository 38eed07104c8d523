"""What Python's jsonschema says of configurations, by the portal's published schema.

Usage: config_check.py SCHEMA LIST, LIST a JSON file with the paths of YAML files. Prints a JSON object: path -> sorted paths of faults,
or null where PyYAML cannot read the file. Before the comparison strings that stand for numbers are replaced, as the portal's own
validation does it: `float {x}` by 1.0 and `int {x}` by 1, below `tiltseries` and `tomograms`, and below `sources` of any block.
"""

import datetime
import json
import re
import sys

import yaml
from jsonschema import FormatChecker
from jsonschema.validators import validator_for

TEMPLATED = {"tiltseries": 0, "tomograms": 0, "sources": 1}
FLOAT = re.compile(r"^float\s*{[a-zA-Z0-9_-]+}\s*$")
INTEGER = re.compile(r"^int\s*{[a-zA-Z0-9_-]+}\s*$")


def number(text):
    return 1.0 if FLOAT.match(text) else 1 if INTEGER.match(text) else text


def replaced(value, depth=0, templated=False):
    if isinstance(value, str):
        return number(value) if templated else value
    if isinstance(value, list):
        return [item if isinstance(item, list) else replaced(item, depth, templated) for item in value]
    if isinstance(value, dict):
        return {
            key: replaced(child, depth + 1, templated or TEMPLATED.get(key) == depth) for key, child in value.items()
        }
    return value


def plain(value):
    """As JSON has it: keys are texts, dates are ISO texts."""
    if isinstance(value, dict):
        return {str(key): plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


def leaves(error):
    """Faults inside the one branch of an `anyOf` that was meant: the others only allow null."""
    branches = {}
    for inner in error.context or []:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = [inner for inner in branches.values() if not (len(inner) == 1 and inner[0].validator_value == "null")]
    if len(meant) != 1:
        yield error
        return
    for inner in meant[0]:
        yield from leaves(inner)


def places(error):
    """A missing field is a fault of its map; an unknown key has a path of its own."""
    path = [str(part) for part in error.absolute_path]
    if error.validator == "additionalProperties":
        unknown = [key for key in error.instance if key not in error.schema.get("properties", {})]
        return [".".join([*path, key]) for key in unknown]
    return [".".join(path)]


def check(validator, path):
    try:
        with open(path, "rb") as file:
            config = yaml.safe_load(file)
    except yaml.YAMLError:
        return None
    config = replaced(plain(config))
    return sorted({place for error in validator.iter_errors(config) for leaf in leaves(error) for place in places(leaf)})


schema = json.load(open(sys.argv[1], encoding="utf8"))
validator = validator_for(schema)(schema, format_checker=FormatChecker(["date"]))
json.dump({path: check(validator, path) for path in json.load(open(sys.argv[2], encoding="utf8"))}, sys.stdout)
