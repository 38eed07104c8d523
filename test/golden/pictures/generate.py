"""Pictures of two generated tomograms, drawn by numpy, matplotlib and scikit-image by the rules that README.md gives.

Run:  python3 -m venv /tmp/pictures && /tmp/pictures/bin/pip install numpy==1.26.4 scikit-image==0.22.0 matplotlib==3.8.4 pillow==10.4.0
      /tmp/pictures/bin/python test/golden/pictures/generate.py
"""
import json
import os
import sys
import warnings

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import skimage.transform
from matplotlib.colors import ListedColormap
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
PLANES = 40
DPI = 100
# x, y, z voxels; what is kept of each
SCENES = {"wide": ((64, 56, 32), ["original", "thumbnail"]), "tall": ((480, 640, 48), ["thumbnail"])}
MASK, POINTS = "#00ffff", ["#9f311a", "#ffff00"]


def volume(nx, ny, nz):
    """The formula of golden.test.ts, in 32-bit integers: every value is exact in float32."""
    x, y, z = (np.arange(n, dtype=np.uint32) for n in (nx, ny, nz))
    h = x[None, None, :] * np.uint32(374761393) + y[None, :, None] * np.uint32(668265263) + z[:, None, None] * np.uint32(1274126177)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(1103515245)
    v = (h >> np.uint32(16)).astype(np.float32) / np.float32(65536) - np.float32(0.5)
    x, y, z = (np.arange(n, dtype=np.int64) for n in (nx, ny, nz))
    side = min(nx, ny)
    for k in range(5):
        cx, cy, cz, r = (k * 2 + 1) * nx // 10, (k * 3 + 2) % 7 * ny // 7, nz // 2, side * (k + 2) // 16
        d = (x[None, None, :] - cx) ** 2 + (y[None, :, None] - cy) ** 2 + (z[:, None, None] - cz) ** 2
        shell = (d >= (r - 2) ** 2) & (d <= (r + 2) ** 2)
        v -= shell.astype(np.float32) * np.float32(1.5)
    return v


def mask(nx, ny, nz):
    x, y, z = (np.arange(n, dtype=np.int64) for n in (nx, ny, nz))
    d = (2 * x[None, None, :] - nx) ** 2 + (2 * y[None, :, None] - ny) ** 2 + (2 * z[:, None, None] - nz) ** 2
    return (d < (min(nx, ny) // 2) ** 2).astype(np.int8)


def points(nx, ny, nz, which):
    return [((17 * i + 5 * which) * 7 % nx + 0.99, (29 * i + 11 * which) * 5 % ny + 0.99, i * 3 % nz) for i in range(12)]


def slab(nz):
    low = nz // 2 - PLANES // 2
    return max(0, low), min(nz, low + PLANES)


def draw(nx, ny, nz):
    z0, z1 = slab(nz)
    plane = np.sum(volume(nx, ny, nz)[z0:z1], axis=0)
    mean, std = plane.mean(), plane.std()
    low, high = mean - 3 * std, mean + 3 * std
    plane = 255 * (np.clip(plane, low, high) - low) / (high - low)
    figure = plt.figure(figsize=(nx / DPI, ny / DPI), dpi=DPI)
    axes = figure.add_axes([0, 0, 1, 1])
    axes.set_axis_off()
    axes.imshow(plane, cmap="gray", interpolation="nearest", aspect="auto", zorder=0)
    covered = (mask(nx, ny, nz)[z0:z1].sum(axis=0) > 0).astype(np.float32)
    colours = ListedColormap(["#000000", MASK], "binary", N=2)
    axes.imshow(covered, cmap=colours, alpha=covered * 0.1, interpolation="nearest", aspect="auto", zorder=1)
    size = nx / 10
    layer = 2
    for which, colour in enumerate(POINTS):
        for x, y, z in points(nx, ny, nz, which):
            if z0 <= z <= z0 + PLANES:
                axes.scatter(x, y, s=size, c=colour, alpha=0.8, marker="o", edgecolors="white", linewidths=size / 100, zorder=layer + z)
        layer += 1
    axes.set_xlim(-0.5, nx - 0.5)
    axes.set_ylim(ny - 0.5, -0.5)
    figure.canvas.draw()
    picture = np.array(figure.canvas.renderer.buffer_rgba())[..., :3]
    plt.close(figure)
    assert picture.shape == (ny, nx, 3), picture.shape
    return picture


def fit(picture, width):
    if width is None:
        return picture
    if picture.shape[0] > picture.shape[1]:
        picture = np.rot90(picture)
    side = min(picture.shape[:2]) // 4
    top, left = (picture.shape[0] - 3 * side) // 2, (picture.shape[1] - 4 * side) // 2
    picture = picture[top : top + 3 * side, left : left + 4 * side]
    height = round(picture.shape[0] * width / picture.shape[1])
    return skimage.transform.resize(picture, (height, width), anti_aliasing=True, preserve_range=True).astype(np.uint8)


def kinds(out):
    """A tiny picture in each kind of PNG that Pillow writes, and its colours as Pillow reads them, on white."""
    os.makedirs(out, exist_ok=True)
    y, x = np.mgrid[:5, :7]
    grey = (x * 36 + y * 7).astype(np.uint8)
    rgb = np.dstack([grey, 255 - grey, (y * 60).astype(np.uint8)])
    alpha = ((x + y) * 23 % 256).astype(np.uint8)
    pictures = {
        "bits1": Image.fromarray(grey).convert("1"),
        "palette2": Image.fromarray(rgb).quantize(4),
        "palette4": Image.fromarray(rgb).quantize(16),
        "palette8": Image.fromarray(rgb).quantize(40),
        "grey8": Image.fromarray(grey),
        "grey16": Image.fromarray((grey.astype(np.uint16) * 257 + 77).astype(np.uint16)),
        "greyalpha": Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)]),
        "rgb": Image.fromarray(rgb),
        "rgba": Image.fromarray(np.dstack([rgb, alpha])),
    }
    expected = {}
    for name, picture in pictures.items():
        picture.save(os.path.join(out, f"{name}.png"))
        read = Image.open(os.path.join(out, f"{name}.png"))
        if read.mode.startswith("I"):
            seen = np.repeat((np.array(read) >> 8)[..., None], 3, -1)
        else:
            seen = read.convert("RGBA")
            white = Image.new("RGBA", seen.size, "white")
            seen = np.array(Image.alpha_composite(white, seen).convert("RGB"))
        expected[name] = seen.ravel().tolist()
    with open(os.path.join(out, "expected.json"), "w") as file:
        json.dump(expected, file)
        file.write("\n")


if __name__ == "__main__":
    warnings.simplefilter("error")
    out = sys.argv[1] if len(sys.argv) > 1 else HERE
    widths = {"original": None, "thumbnail": 134, "snapshot": 512, "expanded": 1024}
    for name, (shape, kept) in SCENES.items():
        picture = draw(*shape)
        for one in kept if out == HERE else widths:
            Image.fromarray(fit(picture, widths[one])).save(os.path.join(out, f"{name}-{one}.png"), optimize=True)
    kinds(os.path.join(out, "kinds"))
    versions = {"numpy": np.__version__, "matplotlib": matplotlib.__version__, "scikit-image": skimage.__version__, "pillow": Image.__version__}
    with open(os.path.join(out, "written-by.json"), "w") as file:
        json.dump(versions, file, indent=2)
        file.write("\n")
