"""Trains a small denoiser on the blocks of a tomogram: train.py LOCATION [EPOCHS]. Needs the package em-porium and PyTorch."""

import sys

import torch
from torch.utils.data import DataLoader

import emporium

torch.manual_seed(1)
model = torch.nn.Sequential(torch.nn.Conv3d(1, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv3d(8, 1, 3, padding=1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
blocks = emporium.blocks.Blocks(sys.argv[1], block=(32, 32, 32), batch=4, order="shuffle", seed=1)
for epoch in range(int(sys.argv[2]) if len(sys.argv) > 2 else 3):
    blocks.set_epoch(epoch)
    losses = []
    for batch in DataLoader(blocks, batch_size=None):
        voxels = batch["image"].float().unsqueeze(1)
        voxels = (voxels - voxels.mean()) / voxels.std()
        loss = torch.nn.functional.mse_loss(model(voxels + 0.5 * torch.randn_like(voxels)), voxels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch}: {len(losses)} batches, loss {sum(losses) / len(losses):.4f}")
