"""Precomputed volumes for a graph, and what others read of its outputs.

precomputed_outputs.py write FOLDER   an image and labels of 64 bits, by tensorstore, and their voxels as numpy's files
precomputed_outputs.py check FOLDER   prints what tensorstore and cloud-volume read of the outputs, compared with numpy
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorstore
from cloudvolume import CloudVolume

folder = Path(sys.argv[2])
SHAPE = (90, 70, 45)  # x, y, z
OFFSET = (10, -64, 3)


def store(path, dtype, kind, encoding):
    spec = {
        "driver": "neuroglancer_precomputed",
        "kvstore": {"driver": "file", "path": str(path)},
        "multiscale_metadata": {"data_type": dtype, "num_channels": 1, "type": kind},
        "scale_metadata": {
            "size": SHAPE,
            "voxel_offset": OFFSET,
            "resolution": [4, 4, 40],
            "chunk_size": [32, 32, 16],
            "encoding": encoding,
            **({"compressed_segmentation_block_size": [8, 8, 8]} if encoding != "raw" else {}),
        },
    }
    return tensorstore.open(spec, create=True).result()


def write():
    random = np.random.default_rng(5)
    image = random.integers(0, 256, SHAPE, "u1")
    sizes = random.integers(0, 2**64 - 1, (12, 9, 6), "u8")
    labels = np.kron(sizes, np.ones((8, 8, 8), "u8"))[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    labels[random.random(SHAPE) < 0.3] = 0
    for name, voxels, kind, encoding in (
        ("em", image, "image", "raw"),
        ("labels", labels, "segmentation", "compressed_segmentation"),
    ):
        np.save(folder / f"{name}.npy", voxels)
        store(folder / name, voxels.dtype.name, kind, encoding)[..., 0] = voxels


def check():
    image, labels = np.load(folder / "em.npy"), np.load(folder / "labels.npy")
    narrow = np.minimum(labels, 2**32 - 1).astype("u4")
    wanted = {
        "em": [image, image[::2, ::2]],
        "labels": [labels, labels[::2, ::2, ::2]],
        "plain": [narrow],
        "narrow": [narrow],
    }
    found = {}
    for name, levels in wanted.items():
        path = folder / "out" / name
        for level, voxels in enumerate(levels):
            spec = {
                "driver": "neuroglancer_precomputed",
                "kvstore": {"driver": "file", "path": str(path)},
                "scale_index": level,
            }
            read = tensorstore.open(spec, read=True).result()
            volume = CloudVolume(f"file://{path}", mip=level, fill_missing=False, progress=False)
            found[f"{name}/{level}"] = {
                "tensorstore": bool(np.array_equal(read[..., 0].read().result(), voxels)),
                "cloudvolume": bool(np.array_equal(np.asarray(volume[:, :, :])[..., 0], voxels)),
                "dtype": np.dtype(volume.dtype).name,
                "type": volume.layer_type,
                "resolution": [int(size) for size in volume.resolution],
                "offset": [int(at) for at in volume.voxel_offset],
            }
    print(json.dumps(found))


{"write": write, "check": check}[sys.argv[1]]()
