"""A small network on a volume: as a node's program (`predict`), and on the whole volume at once (`whole`)."""

import sys

import numpy as np
import torch

REACH = 3


def network() -> torch.nn.Module:
    """Three convolutions of 3 × 3 × 3, the same weights each time: a voxel sees 3 around it."""
    torch.manual_seed(7)
    torch.set_num_threads(1)
    layers = [torch.nn.Conv3d(1, 4, 3), torch.nn.ReLU(), torch.nn.Conv3d(4, 4, 3), torch.nn.ReLU(), torch.nn.Conv3d(4, 1, 3)]
    return torch.nn.Sequential(*layers).double()


def predict(net: torch.nn.Module, em: np.ndarray) -> torch.Tensor:
    """(n, z, y, x), 3 voxels of halo on each side, to what is left without them."""
    with torch.inference_mode():
        return net(torch.from_numpy(em.astype("float64")).unsqueeze(1) / 1000).squeeze(1)


if __name__ == "__main__":
    net = network()
    if sys.argv[1] == "predict":
        import emporium_blocks

        for block in emporium_blocks.serve():
            block.result(predict(net, block.arrays["em"]).float())
    elif sys.argv[1] == "whole":
        shape = tuple(int(word) for word in sys.argv[3].split(","))
        em = np.fromfile(sys.argv[2], dtype="<i2").reshape(shape)
        padded = np.pad(em, REACH, mode="symmetric")
        predict(net, padded[np.newaxis]).float().numpy()[0].tofile(sys.argv[4])
