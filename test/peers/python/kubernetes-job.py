"""Judges Job manifests by the models of the published Kubernetes client: fields that are none, values of other types, fields that are missing.

Usage: kubernetes-job.py MANIFESTS.json, a list. Prints a JSON list of faults.
"""

import json
import re
import sys

from kubernetes.client import ApiClient, Configuration, models

faults = []


def check(value, kind, path):
    mapping = re.fullmatch(r"dict\((\w+), (.+)\)", kind)
    listing = re.fullmatch(r"list\[(.+)\]", kind)
    if mapping:
        for name, one in value.items():
            check(one, mapping[2], f"{path}.{name}")
    elif listing:
        if not isinstance(value, list):
            faults.append(f"{path}: a list is wanted")
            return
        for at, one in enumerate(value):
            check(one, listing[1], f"{path}[{at}]")
    elif kind in ("str", "int", "bool", "float"):
        fits = {"str": str, "int": int, "bool": bool, "float": (int, float)}[kind]
        if not isinstance(value, fits) or (kind == "int" and isinstance(value, bool)):
            faults.append(f"{path}: {value!r} is no {kind}")
    elif hasattr(models, kind):
        check_model(value, getattr(models, kind), path)
    elif kind not in ("object", "datetime"):
        faults.append(f"{path}: unknown type {kind}")


def check_model(value, model, path):
    if not isinstance(value, dict):
        faults.append(f"{path}: a map is wanted")
        return
    fields = {wire: model.openapi_types[name] for name, wire in model.attribute_map.items()}
    for name, one in value.items():
        if name not in fields:
            faults.append(f"{path}.{name}: {model.__name__} has no such field")
        else:
            check(one, fields[name], f"{path}.{name}")


class Reply:
    def __init__(self, value):
        self.data = json.dumps(value)


for manifest in json.load(open(sys.argv[1])):
    check_model(manifest, models.V1Job, "job")
    try:
        # the client's own reading refuses what is missing
        ApiClient(Configuration()).deserialize(Reply(manifest), "V1Job")
    except ValueError as error:
        faults.append(str(error))
print(json.dumps(faults))
