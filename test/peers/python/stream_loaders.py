"""DataLoader on its defaults over a volume that zarr-python wrote, each block compared with zarr-python's: stream_loaders.py NODE PROGRAM FOLDER"""

import pathlib
import sys

import numpy as np
import torch
import zarr
from torch.utils.data import DataLoader

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "python"))
from emporium.blocks import Blocks  # noqa: E402
from verdicts import Verdicts  # noqa: E402

NODE, PROGRAM, FOLDER = sys.argv[1:4]
SHAPE, COUNT = (64, 128, 128), 32
verdicts = Verdicts()
location = f"{FOLDER}/numbers.zarr"
written = zarr.open(location, mode="w", shape=SHAPE, chunks=(40, 48, 56), dtype="int32", zarr_format=2)
written[:] = np.arange(np.prod(SHAPE), dtype="int32").reshape(SHAPE)  # each voxel says where it is


def blocks(**options):
    return Blocks(location, block=(32,) * 3, order="shuffle", program=(NODE, PROGRAM), **options)


def check(batches):
    """Every block once, with the voxels that zarr-python reads there."""
    stored = zarr.open(location, mode="r")
    seen = []
    for batch in batches:
        image = batch["image"]
        assert image.dtype == torch.int32 and image.shape[-3:] == (32, 32, 32), (image.dtype, image.shape)
        for block in image.reshape(-1, 32, 32, 32):
            z, y, x = np.unravel_index(int(block[0, 0, 0]), SHAPE)
            assert np.array_equal(block.numpy(), stored[z : z + 32, y : y + 32, x : x + 32]), (z, y, x)
            seen.append((int(z), int(y), int(x)))
    assert len(seen) == len(set(seen)) == COUNT, f"{len(set(seen))} of {len(seen)} blocks are distinct"
    return seen


def collated():
    for workers in (0, 2):
        batches = list(DataLoader(blocks(), batch_size=8, num_workers=workers))
        assert [batch["image"].shape[0] for batch in batches] == [8] * 4
        assert check(batches) != sorted(check(batches)), "not shuffled"


def kept():
    for workers in (0, 2):
        check(list(DataLoader(blocks(), batch_size=None, num_workers=workers)))


def used_while_it_goes_on():
    for workers in (0, 2):
        check(DataLoader(blocks(), batch_size=8, num_workers=workers))


def batches_of_the_server():
    for workers in (0, 2):
        loader = DataLoader(blocks(batch=8), batch_size=None, num_workers=workers)
        assert len(loader) == 4
        check(list(loader))


def lent():
    """Without copies a loop is right, and what keeps is refused."""
    check(DataLoader(blocks(copy=False), batch_size=None))
    try:
        list(DataLoader(blocks(copy=False), batch_size=8))
    except RuntimeError as error:
        assert "copy=False" in str(error), error
    else:
        raise AssertionError("nothing was refused")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for one in (collated, kept, used_while_it_goes_on, batches_of_the_server, lent):
        verdicts.guard("loaders", one.__name__, one)
        if not any(record["check"] == one.__name__ for record in verdicts.records):
            verdicts.check("loaders", one.__name__, True)
    verdicts.print()
