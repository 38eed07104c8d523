"""What Python's jsonschema says of configurations, by one schema or several: the portal's published one, ours.

Usage: config_check.py LIST LOADER SCHEMA..., LIST a JSON file with the paths of YAML files, LOADER `SafeLoader`, PyYAML's own, or `CSafeLoader`, libyaml's,
which takes a tenth of the time. Prints a JSON list with an object for each schema: path -> sorted paths of faults, or null where PyYAML cannot read the file. Before the comparison strings that stand for numbers are replaced, as the portal's own
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


def read(path):
    """None where it is no YAML; a list of the one value otherwise."""
    try:
        with open(path, "rb") as file:
            return [replaced(plain(yaml.load(file, LOADER)))]
    except yaml.YAMLError:
        return None


def check(validator, read):
    if read is None:
        return None
    return sorted({place for error in validator.iter_errors(read[0]) for leaf in leaves(error) for place in places(leaf)})


with open(sys.argv[1], encoding="utf8") as file:
    files = json.load(file)
LOADER = getattr(yaml, sys.argv[2])
schemas = [json.load(open(path, encoding="utf8")) for path in sys.argv[3:]]
validators = [validator_for(schema)(schema, format_checker=FormatChecker(["date"])) for schema in schemas]
found = [{} for _ in validators]
for path in files:
    config = read(path)
    for verdicts, validator in zip(found, validators):
        verdicts[path] = check(validator, config)
json.dump(found, sys.stdout)
