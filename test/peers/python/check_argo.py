"""Reads a Workflow of Argo with Hera's models, which are generated of Argo's own schema.

python check_argo.py WORKFLOW.yaml    (environment: workflows)
Prints {"steps": [[name, template, count], …], "args": {template: text}}.
"""

import json
import sys

import yaml
from hera.workflows.models import Workflow

with open(sys.argv[1], encoding="utf-8") as file:
    document = yaml.safe_load(file)
workflow = Workflow.model_validate(document)
# a field that the models do not know is dropped in silence: what is left must be the document
kept = json.loads(workflow.model_dump_json(by_alias=True, exclude_none=True))


def difference(one, other, path=""):
    """The first place of `one` that `other` does not have."""
    if isinstance(one, dict):
        for key, value in one.items():
            if not isinstance(other, dict) or key not in other:
                return f"{path}.{key}"
            found = difference(value, other[key], f"{path}.{key}")
            if found:
                return found
        return None
    if isinstance(one, list):
        for at, value in enumerate(one):
            found = difference(value, other[at], f"{path}[{at}]")
            if found:
                return found
        return None
    return None if str(one) == str(other) else f"{path}: {one!r} {other!r}"


templates = {template.name: template for template in workflow.spec.templates}
steps = [[step.name, step.template, getattr(step.with_sequence, "count", None)] for one in templates["run"].steps for step in one.root]
args = {name: template.container.args[0] for name, template in templates.items() if template.container}
missing = difference(document, kept)
print(json.dumps({"steps": [[a, b, c and str(c.root)] for a, b, c in steps], "args": args, "missing": missing}))
