"""Verdicts of trimesh on surfaces that cloud-volume has read: `check_surfaces.py FOLDER` with `surfaces.json`, which lab_views.py wrote."""
import json
import sys
from pathlib import Path

import numpy as np
import trimesh
from verdicts import Verdicts


def check(verdicts, folder, case):
    data = np.load(folder / case["file"])
    mesh = trimesh.Trimesh(data["vertices"], data["faces"], process=False)
    merged = trimesh.Trimesh(data["vertices"], data["faces"], process=True)
    kind = case["kind"]
    verdicts.check(kind, "closed", merged.is_watertight, case)
    verdicts.check(kind, "turned one way, outwards", merged.is_winding_consistent and merged.volume > 0, case)
    if kind == "mask":
        verdicts.check(kind, "box", np.array_equal(mesh.bounds, case["bounds"]), f"{case} {mesh.bounds}")
        full = np.prod(np.subtract(case["bounds"][1], case["bounds"][0]))
        # masks of the laboratory are boxes: their edges are cut off by half a voxel
        verdicts.check(kind, "volume", 0.6 * full < merged.volume <= full, f"{case} {merged.volume}")
    if kind == "mesh":
        wanted = trimesh.load(case["glb"], force="mesh")
        verdicts.check(kind, "box", np.allclose(mesh.bounds, wanted.bounds, atol=1e-4), f"{case} {mesh.bounds}")
        verdicts.check(kind, "volume", np.isclose(merged.volume, wanted.volume, rtol=1e-4), case)
    if kind == "copies":
        parts = merged.split()
        verdicts.check(kind, "count", len(parts) == case["count"], len(parts))
        # cubes of 200 Å at 4.99 Å a voxel
        verdicts.check(kind, "volume", all(np.isclose(part.volume, (200 / 4.99) ** 3, rtol=1e-4) for part in parts), case)


def main(folder):
    verdicts = Verdicts()
    for case in json.loads((folder / "surfaces.json").read_text()):
        verdicts.guard(case["kind"], case["layer"], check, verdicts, folder, case)
    verdicts.print()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
