"""Reads what `op: save` wrote with NumPy, tarfile, and safetensors where that is installed: each folder as one volume, in its own format."""

import io
import itertools
import json
import struct
import sys
import tarfile
from pathlib import Path

import numpy as np


def braces(pattern: str) -> list[str]:
    """`{0..2}.0.{0..1}.npy` in the way of a shell."""
    parts = pattern.replace("{", "}").split("}")
    choices = [range(int(part.split("..")[0]), int(part.split("..")[1]) + 1) if at % 2 else [part] for at, part in enumerate(parts)]
    return ["".join(map(str, choice)) for choice in itertools.product(*choices)]


def tensors(path: Path) -> dict[str, np.ndarray]:
    try:
        from safetensors.numpy import load_file

        return load_file(path)
    except ImportError:  # the layout, by its README
        data = path.read_bytes()
        (size,) = struct.unpack("<Q", data[:8])
        head = json.loads(data[8 : 8 + size])
        head.pop("__metadata__")
        types = {"I16": "<i2", "F32": "<f4", "U8": "u1"}
        return {
            name: np.frombuffer(data[8 + size :][slice(*spec["data_offsets"])], types[spec["dtype"]]).reshape(spec["shape"])
            for name, spec in head.items()
        }


def samples(path: Path) -> dict[str, dict[str, bytes]]:
    """As WebDataset groups them: a sample is what is before the first dot, its fields what is behind."""
    found: dict[str, dict[str, bytes]] = {}
    with tarfile.open(path) as tar:
        for member in tar:
            key, _, name = member.name.partition(".")
            found.setdefault(key, {})[name] = tar.extractfile(member).read()
    return found


folder = Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text())
volumes = {one["name"]: np.zeros(manifest["shape"], one["dtype"]) for one in manifest["tensors"]}
count = 0
names = braces(manifest["files"])


def put(start: list[int], arrays: dict[str, np.ndarray]) -> None:
    assert arrays.keys() == volumes.keys()
    for name, voxels in arrays.items():
        assert voxels.dtype == volumes[name].dtype
        volumes[name][tuple(slice(a, a + n) for a, n in zip(start, voxels.shape))] = voxels


for name in names:
    path = folder / name
    at = [int(word) * edge for word, edge in zip(name.split(".")[:3], manifest["file"])]
    if manifest["as"] == "webdataset":
        for key, fields in samples(path).items():
            facts = json.loads(fields["json"])
            assert facts["start"] == [int(word) * edge for word, edge in zip(key.split("-"), manifest["block"])]
            arrays = {name: np.load(io.BytesIO(fields[f"{name}.npy"])) for name in volumes}
            assert all(tuple(facts["shape"]) == voxels.shape for voxels in arrays.values())
            put(facts["start"], arrays)
            count += 1
        continue
    put(at, dict.fromkeys(volumes, np.load(path)) if manifest["as"] == "npy" else tensors(path))
    count += 1
there = sorted(path.name for path in folder.iterdir())
assert there == sorted([*names, "manifest.json"]), there
with open(sys.argv[2], "wb") as raw:
    for volume in volumes.values():
        raw.write(volume.tobytes())
print(json.dumps({"samples": count, "files": len(names)}))
