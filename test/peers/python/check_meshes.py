"""check_meshes.py FOLDER SCALE: loads `FILE.out.glb`, which emporium made of each file of make_meshes.py, with trimesh, and compares it with the
truth beside it, enlarged by SCALE. `cases.json` lists the files. Prints verdicts."""
import json
import sys
from pathlib import Path

import numpy as np
import trimesh
from scipy.spatial import cKDTree

folder, scale = Path(sys.argv[1]), float(sys.argv[2])


def nearest(triangles, truth):
    """How far the centres and normals are from those of the truth, at most."""
    def features(t):
        return np.concatenate([t.mean(axis=1), np.cross(t[:, 1] - t[:, 0], t[:, 2] - t[:, 0]) / np.abs(t).max()], axis=1)

    return max(cKDTree(features(a)).query(features(b))[0].max() for a, b in ((triangles, truth), (truth, triangles)))


verdicts = []
for case in json.loads((folder / "cases.json").read_text()):
    truth = np.load(folder / f"{case['file']}.npy") * scale
    loaded = trimesh.load(folder / f"{case['file']}.out.glb", process=False)
    found = loaded.to_mesh().triangles if isinstance(loaded, trimesh.Scene) else loaded.triangles
    names = list(loaded.geometry)
    size = np.abs(truth).max()
    wanted = [name or f"geometry_{at}" for at, name in enumerate(case["names"])]
    distance = nearest(found, truth) / size if found.shape == truth.shape else float("inf")
    bounds = np.abs(found.reshape(-1, 3).min(axis=0) - truth.reshape(-1, 3).min(axis=0)).max() / size
    checks = {
        "faces": (found.shape == truth.shape, f"{found.shape} {truth.shape}"),
        "places and sides": (distance < 1e-6, str(distance)),
        "bounds": (bounds < 1e-6, str(bounds)),
        "names": (names == wanted, f"{names} {wanted}"),
    }
    verdicts += [{"case": case["file"], "check": check, "passed": bool(passed), "detail": detail} for check, (passed, detail) in checks.items()]
print(json.dumps(verdicts))
