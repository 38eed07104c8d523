"""Writes kernels.golden.json: what numpy makes of the inputs that the kernels' tests make in the same way. Run: python make_values.py"""

import json
import pathlib
import zlib

import numpy as np

SHAPES = [(1, 1, 1), (2, 2, 2), (1, 3, 5), (2, 5, 3), (2, 1, 40), (2, 7, 67), (1, 6, 33)]
LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "uint16": (0, 65535)}


def voxels(kind, shape):
    """The same numbers as `voxelsOf` of the test: multiples of 1/8, so that every sum below is exact in any order."""
    n = int(np.prod(shape))
    mixed = (np.arange(n, dtype=np.int64) * 7919 + 12345) % 65536
    if kind == "float32":
        return ((mixed - 32768) / 8).astype(np.float32).reshape(shape)
    low, high = LIMITS[kind]
    return (mixed % (high - low + 1) + low).astype(kind).reshape(shape)


def mean(a, zeros, planes):
    """Mean of 2x2x2 blocks (planes = 2) or 1x2x2 blocks, over the voxels that exist or with zeros in place of the others."""
    z, y, x = a.shape
    pad = [(0, -z % planes), (0, y % 2), (0, x % 2)]
    full = np.pad(a.astype(np.float64), pad, constant_values=0.0 if zeros else np.nan)
    blocks = full.reshape(-1, planes, full.shape[1] // 2, 2, full.shape[2] // 2, 2)
    return np.nanmean(blocks, axis=(1, 3, 5)).astype(np.float32)


halves = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
halves[np.isnan(halves)] = np.nan
cases = []
for kind in ["float32", *LIMITS]:
    for shape in SHAPES:
        a = voxels(kind, shape)
        wide = a.astype(np.float64)
        cases.append(
            {
                "kind": kind,
                "shape": shape,
                "present": mean(a, False, 2).ravel().tolist(),
                "zeros": mean(a, True, 2).ravel().tolist(),
                "presentYX": mean(a[:1], False, 1).ravel().tolist(),
                "zerosYX": mean(a[:1], True, 1).ravel().tolist(),
                "stats": [wide.min(), wide.max(), wide.sum(), (wide * wide).sum()],
                "percentiles": np.percentile(wide, [0, 0.1, 5, 50, 97.3, 100]).tolist(),
            }
        )
document = {
    "written_by": f"make_values.py, numpy {np.__version__}",
    "float16_as_float32_crc32": zlib.crc32(halves.view(np.uint32).tobytes()),
    "cases": cases,
}
text = json.dumps(document, separators=(",", ":")).replace('{"kind"', '\n{"kind"')
(pathlib.Path(__file__).parent / "kernels.golden.json").write_text(text + "\n")
