"""Teaches a small network to find what a mask marks, and draws what it finds where it has not looked before.

segment.py TOMOGRAM MASK PICTURE.png [SECONDS [STEPS]] trains for so long at most. Needs the package em-porium and PyTorch.
The last quarter of the y axis is kept for the test. The picture shows the middle section three times: as it is, with the mask, and with what
the network says.
"""

import struct
import sys
import time
import zlib
from itertools import islice

import numpy as np
import torch
from torch import nn

import emporium

BLOCK, HALO, DILATIONS = (16, 32, 32), 4, (1, 1, 2)  # the network looks 1 + 1 + 2 voxels around each: the halo
tomogram, mask, picture = sys.argv[1:4]
seconds, steps = (float(sys.argv[at]) if len(sys.argv) > at else default for at, default in ((4, 60), (5, np.inf)))
torch.manual_seed(1)
torch.set_num_threads(1)  # the other cores read and decode
layers = [nn.Conv3d(i, o, 3, dilation=d, padding=d) for i, o, d in zip((1, 8, 8), (8, 8, 8), DILATIONS)]
model = nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())), nn.Conv3d(8, 1, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)


def blocks(**options):
    arrays = (f"image={tomogram}", f"mask={mask}")
    return emporium.blocks.stream(*arrays, level=1, block=BLOCK, halo=HALO, batch=4, resample={"mask": "nearest"}, **options)


def unseen_from(batches):
    """Where the last quarter of the y axis begins."""
    return batches.shape[1] * 3 // 4


def tensors(batch):
    """Voxels with mean 0 and deviation 1, and what is marked: 1 or 0. Both with the halo."""
    image = torch.from_numpy(batch.arrays["image"].astype(np.float32)).unsqueeze(1)
    marked = torch.from_numpy((batch.arrays["mask"] > 0).astype(np.float32)).unsqueeze(1)
    return (image - mean) / deviation, marked


def inner(voxels):
    return voxels[..., HALO:-HALO, HALO:-HALO, HALO:-HALO]


with blocks(order="shuffle", seed=0) as batches:  # a sample of the voxels says how bright they are
    sample = np.concatenate([batch.copy()["image"] for batch in islice(batches, 16)])
mean, deviation = float(sample.mean()), float(sample.std())

began, step, epoch = time.monotonic(), 0, 0


def goes_on():
    return step < steps and time.monotonic() - began < seconds


while goes_on():
    with blocks(order="shuffle", seed=1, epoch=epoch, step=(8, 8, 8)) as batches:  # overlapping
        for batch in batches:
            # an array begins with its halo, HALO voxels before its block
            seen = torch.from_numpy(batch.origins[:, 1] + HALO + BLOCK[1] <= unseen_from(batches))
            if not seen.any():
                continue
            image, marked = (part[seen] for part in tensors(batch))
            loss = nn.functional.binary_cross_entropy_with_logits(inner(model(image)), inner(marked), pos_weight=torch.tensor(10.0))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if not goes_on():
                break
            if step % 50 == 0:
                print(f"step {step}: loss {loss.item():.3f}", flush=True)
    epoch += 1

with torch.no_grad(), blocks(order="locality") as batches:
    line = unseen_from(batches)
    # the tomogram, the mask, and what the network says; blocks at the edges reach out of the volume, which has none of those voxels
    found = np.zeros((3, *batches.shape), np.float32)
    for batch in batches:
        image, marked = tensors(batch)
        parts = torch.stack([image, marked, torch.sigmoid(model(image))])[:, :, 0].numpy()
        for at, (source, target) in enumerate(batch.inside()):
            found[(slice(None), *target)] = parts[(slice(None), at, *source)]

says, truth = found[2][:, line:] > 0.5, found[1][:, line:] > 0.5
dice = 2 * np.sum(says & truth) / max(1, np.sum(says) + np.sum(truth))
print(f"{step} steps in {epoch} epochs; of what it had not seen, Dice {dice:.3f}")


def write_png(path, rgb):
    """Three bytes a pixel, rows from the top."""
    rows = b"".join(b"\0" + row.tobytes() for row in rgb)
    chunks = ((b"IHDR", struct.pack(">2I5B", rgb.shape[1], rgb.shape[0], 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in chunks:
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


section = len(found[0]) // 2
grey = np.clip(found[0][section] * 40 + 128, 0, 255)
panels = []
for marks in (np.zeros_like(grey), found[1][section], found[2][section] > 0.5):
    panel = np.repeat(grey[..., None], 3, axis=2)
    panel[..., 1] = np.where(marks > 0, 255 - (255 - panel[..., 1]) / 2, panel[..., 1])
    panel[line] = 255  # below the line: not seen in training
    panels.append(panel.repeat(3, axis=0).repeat(3, axis=1))
write_png(picture, np.concatenate(panels, axis=1).astype(np.uint8))
