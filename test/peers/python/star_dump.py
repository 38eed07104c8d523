"""What starfile makes of STAR files, as JSON: {path: {block: {columns, rows}}} with every value as starfile has it.

python star_dump.py FILE...          (environment: peers)
"""
import json
import math
import sys

import pandas
import starfile


def plain(value):
    """null for NaN: what starfile makes of an empty text among numbers."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value


def block(found):
    if found is None:
        return {"columns": [], "rows": []}
    if isinstance(found, pandas.DataFrame):
        return {"columns": list(found.columns), "rows": [[plain(value) for value in row] for row in found.itertuples(index=False, name=None)]}
    return {"columns": list(found), "rows": [[plain(value) for value in found.values()]]}


print(json.dumps({path: {name: block(found) for name, found in starfile.read(path, always_dict=True).items()} for path in sys.argv[1:]}))
