"""Computes blocks of a graph: node `net` of `predict.yaml`.

Replace `predict` by a network of yours. It sees 2 voxels around each block (`halo: 2`): enough for a box of 5 voxels, so the volume is the same for
every size of blocks.
"""

import numpy as np

import emporium

REACH = 2


def predict(em: np.ndarray) -> np.ndarray:
    """How far each voxel is above the mean of its 5 × 5 × 5 neighbors. Blocks (n, z, y, x), with the halo, to blocks without it."""
    windows = np.lib.stride_tricks.sliding_window_view(em, (2 * REACH + 1,) * 3, axis=(1, 2, 3))
    core = em[:, REACH:-REACH, REACH:-REACH, REACH:-REACH]
    return (core - windows.mean(axis=(4, 5, 6))).astype("float32")


if __name__ == "__main__":
    for block in emporium.blocks.serve():
        block.result(predict(block.arrays["em"]))
