"""Writes tloc.golden.json beside this file: tables as TomoTwin keeps them, pickled by pandas, with their values.

.cache/venv-peers/bin/python test/golden/points/make_tloc.py                (pandas 2.3.3, numpy 1.26.4)
PY_WITH_NUMPY_2 test/golden/points/make_tloc.py numpy2                      (pandas 2.2.3, numpy 2.1.3): adds the tables of that name
PY_WITH_PANDAS_3 test/golden/points/make_tloc.py pandas3                    (pandas 3.1.1, numpy 2.4.6): adds one
"""
import base64
import json
import os
import pathlib
import pickle
import sys

import numpy as np
import pandas as pd

random = np.random.default_rng(52)


def table(rows, **more):
    columns = {axis: random.uniform(0, 200, rows).round(3) for axis in "XYZ"}
    classes = random.integers(0, 2, rows)
    frame = pd.DataFrame({**columns, "predicted_class": classes, "metric_best": random.random(rows, np.float32), **more})
    frame.attrs = {"references": ["ribosome.pdb", "proteasome.pdb"]}
    return frame


def entry(frame, protocol):
    columns = {name: frame[name].tolist() for name in frame.columns}
    return {"pickle": base64.b64encode(pickle.dumps(frame, protocol)).decode(), "columns": columns}


name = sys.argv[1] if len(sys.argv) > 1 else "numpy1"
made = {f"{name}, protocol {protocol}": entry(table(7), protocol) for protocol in (3, 4, 5)}
texts = table(3, predicted_class_name=["a.pdb", "b.pdb", "a.pdb"], seen=[True, False, True])
made[f"{name}, texts and truth values"] = entry(texts, 5)
single = table(4).astype({axis: np.float32 for axis in "XYZ"})
made[f"{name}, float32 and rows picked"] = entry(single[single.X > 0][["Z", "Y", "X", "predicted_class"]], 4)
made[f"{name}, big-endian"] = entry(table(3).astype({"X": ">f8"}), 4)
made[f"{name}, empty"] = entry(table(0), 5)
made[f"{name}, whole numbers"] = entry(pd.DataFrame(np.arange(12, dtype=np.uint16).reshape(4, 3), columns=list("XYZ")), 5)


class Code:
    def __reduce__(self):
        return os.system, ("true",)


refused = {
    "code": base64.b64encode(pickle.dumps(Code(), 4)).decode(),
    "code in a table": base64.b64encode(pickle.dumps(pd.DataFrame({"X": [Code()], "Y": [1.0], "Z": [1.0]}), 5)).decode(),
    "categories": base64.b64encode(pickle.dumps(pd.DataFrame({"X": pd.Categorical(["a"]), "Y": [1.0], "Z": [1.0]}), 5)).decode(),
}
out = pathlib.Path(__file__).with_name("tloc.golden.json")
if name == "pandas3":
    made = {f"{name}, texts": made[f"{name}, texts and truth values"]}
if name != "numpy1":
    kept = json.loads(out.read_text())
    made, refused = {**kept["tables"], **made}, kept["refused"]
out.write_text(json.dumps({"tables": made, "refused": refused}, indent=1) + "\n")
