"""Writes pyramid.golden.json: bits of scikit-image's block_reduce of float32 volumes whose sums are rounded. Run: python make_pyramid.py"""

import json
import pathlib

import numpy as np
import skimage
from skimage.measure import block_reduce

SHAPES = [(1, 1, 1), (2, 2, 2), (1, 3, 5), (2, 5, 3), (2, 1, 40), (2, 7, 67), (1, 6, 33), (2, 8, 64), (1, 2, 16)]
SCALES = np.array([0.1, 1e-3, 33.3, 7e5, 1.7e-40], dtype=np.float32)


def voxels(shape):
    """The same numbers as `inexactOf` of the test: float32 products of whole numbers and a few scales, with minus zeros among them."""
    i = np.arange(int(np.prod(shape)), dtype=np.int64)
    values = ((i * 7919 + 12345) % 65536 - 32768).astype(np.float32) * SCALES[i % len(SCALES)]
    values[i % 11 < 5] = np.float32(-0.0)
    return values.reshape(shape)


def bits(a):
    assert a.dtype == np.float32
    return a.view(np.uint32).ravel().tolist()


cases = []
for shape in SHAPES:
    a = voxels(shape)
    cases.append(
        {
            "shape": shape,
            "zyx": bits(block_reduce(a, block_size=(2, 2, 2), func=np.mean)),
            "yx": bits(block_reduce(a[:1], block_size=(1, 2, 2), func=np.mean)),
        }
    )
document = {"written_by": f"make_pyramid.py, numpy {np.__version__}, scikit-image {skimage.__version__}", "cases": cases}
text = json.dumps(document, separators=(",", ":")).replace('{"shape"', '\n{"shape"')
(pathlib.Path(__file__).parent / "pyramid.golden.json").write_text(text + "\n")


SUMS = [1, 7, 8, 9, 100, 128, 129, 136, 1000, 8191, 8192, 8193, 20000, 70001]


def statistics(n):
    a = voxels((n,))
    mean = np.mean(a)
    return {"n": n, "mean": bits(np.array([mean]))[0], "rms": bits(np.array([np.sqrt(np.mean((a - mean) ** 2))]))[0]}


document = {"written_by": document["written_by"], "cases": [statistics(n) for n in SUMS]}
text = json.dumps(document, separators=(",", ":")).replace('{"n"', '\n{"n"')
(pathlib.Path(__file__).parent / "sums.golden.json").write_text(text + "\n")
