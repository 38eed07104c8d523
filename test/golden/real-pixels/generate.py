"""Shape, type and pixels of the Zarr v3 arrays of the inventory of real files, by zarr-python 3 or tensorstore. See README.md."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import tensorstore
import zarr

root = Path(sys.argv[1])
facts = {}
for document in sorted(root.glob("zarr/**/zarr.json")):
    if json.loads(document.read_text()).get("node_type") != "array":
        continue
    folder = document.parent
    try:
        pixels, tool = np.asarray(zarr.open_array(folder, mode="r")[...]), f"zarr-python {zarr.__version__}"
    except Exception as reason:
        print(f"{folder.relative_to(root)}: {reason}", file=sys.stderr)
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(folder)}}
        pixels, tool = tensorstore.open(spec).result().read().result(), "tensorstore"
    little = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("<")))
    facts[f"{folder.relative_to(root)}/"] = {
        "tool": tool,
        "shape": list(pixels.shape),
        "dtype": pixels.dtype.name,
        "sha256": hashlib.sha256(little.tobytes()).hexdigest(),
    }
Path(sys.argv[2]).write_text(json.dumps(facts, indent=1) + "\n")
