"""Writes contrast.json: contrast limits of small volumes by scikit-learn and numpy, and what numpy draws.

    python -m venv /tmp/contrast && /tmp/contrast/bin/pip install scikit-learn==1.5.2 numpy==1.26.4
    /tmp/contrast/bin/python test/golden/contrast/generate.py

The volumes are made of `random.Random` and plain arithmetic, so that `src/arrays/contrast/limits.test.ts` makes the same ones to the last bit.
"""
import hashlib
import json
import random
import warnings
from pathlib import Path

import numpy as np
from sklearn.mixture import GaussianMixture

warnings.filterwarnings("ignore")

CASES = [
    # name, shape, weights, means and deviations of what voxels are drawn from, density of a ball in the middle, scale
    ("two far apart", (1, 250, 100), [(0.8, 0, 1), (0.2, -4, 0.7)], 0, 1),
    ("one", (12, 30, 40), [(1, 5, 2)], 0, 1),
    ("one, many sections", (140, 16, 18), [(1, -3, 0.5)], 0, 1),
    ("two, even number of sections", (64, 30, 32), [(0.7, 0, 1), (0.3, -2.5, 1)], 0, 10),
    ("two, odd number of sections", (75, 40, 41), [(0.75, 1, 1), (0.25, 6, 1.5)], 0, 10),
    ("three", (33, 40, 44), [(0.6, 0, 1), (0.25, -5, 0.8), (0.15, 5, 1.2)], 0, 1),
    ("a dense ball", (31, 50, 52), [(1, 0, 1)], -4, 3),
    ("a dense ball, many sections", (120, 28, 30), [(1, 0, 1)], -6, 1),
    ("grouped", (110, 50, 60), [(0.8, 0, 1), (0.2, -5, 1)], 0, 100),
    ("few voxels", (3, 20, 20), [(0.5, 0, 1), (0.5, 8, 1)], 0, 1),
]
SPANS = {1: (2.0, 0.5), 2: (2.2, 0.65), 3: (3.0, 0.8)}


def volume(seed, shape, parts, ball, scale):
    source = random.Random(seed)
    nz, ny, nx = shape
    values = np.empty(shape, np.float32)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                pick, at = source.random(), 0
                while at < len(parts) - 1 and pick >= parts[at][0]:
                    pick -= parts[at][0]
                    at += 1
                _, mean, deviation = parts[at]
                noise = 0.0
                for _ in range(12):
                    noise += source.random()
                inside = (z - nz / 2) ** 2 + (y - ny / 2) ** 2 + (x - nx / 2) ** 2 < (nx / 3) ** 2
                values[z, y, x] = scale * (mean + deviation * (noise - 6) + (ball if inside else 0))
    return values


def sample(values, radius):
    centre = 0.5 * values.shape[0] - 0.5
    kept = values[max(0, int(np.ceil(centre - radius))) : min(values.shape[0], int(np.floor(centre + radius) + 1))].flatten()
    count = int(np.prod(values.shape) * 0.3)
    return kept if count > len(kept) else np.random.default_rng(42).choice(kept, count, replace=False)


def mixture(drawn, components, rounds):
    return GaussianMixture(components, max_iter=rounds, random_state=42, init_params="k-means++").fit(drawn.reshape(-1, 1))


def gmm(drawn):
    criteria = [mixture(drawn, k, 100).bic(drawn.reshape(-1, 1)) for k in (1, 2, 3)]
    components = int(np.argmin(criteria)) + 1
    best = mixture(drawn, components, 300)
    means, deviations = best.means_.flatten(), np.sqrt(best.covariances_.flatten())
    nearest = int(np.argmin(np.abs(means - np.mean(drawn))))
    below, above = SPANS[components]
    limits = [max(means[nearest] - below * deviations[nearest], drawn.min()), min(means[nearest] + above * deviations[nearest], drawn.max())]
    return {"components": components, "mean": float(means[nearest]), "deviation": float(deviations[nearest]), "limits": [float(v) for v in limits]}


def cdf(drawn):
    counts, edges = np.histogram(drawn.astype(np.float64), bins=512, range=(float(drawn.min()), float(drawn.max())))
    slope = np.gradient(np.cumsum(counts) / counts.sum())
    steepest = int(np.argmax(slope))
    peak = slope[steepest]
    rises = int(np.where(slope > 0.3 * peak)[0][0])
    start = max(0.01, np.mean(slope[:rises]) / peak) if rises else 0.01
    falls = rises + int(np.where(slope[rises:] < 0.3 * peak)[0][0])
    end = max(0.01, np.median(slope[falls:]) / peak)
    low = int(np.where(slope > start * peak)[0][0])
    past = np.where(slope[steepest:] < end * peak)[0]
    high = steepest + int(past[0]) if len(past) else 511
    return [float(edges[low]), float(edges[high])]


def cases():
    for seed, (name, shape, parts, ball, scale) in enumerate(CASES, start=1):
        values = volume(seed, shape, parts, ball, scale)
        wide, narrow = sample(values, 15), sample(values, 5)
        yield {
            "name": name, "seed": seed, "shape": shape, "parts": parts, "ball": ball, "scale": scale,
            "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
            "drawn": len(wide), "drawnSha256": hashlib.sha256(wide.tobytes()).hexdigest(),
            "gmm": gmm(wide), "cdf": cdf(narrow),
            "percentile": [float(v) for v in np.percentile(wide.astype(np.float64), [1, 99])],
        }


def choices():
    for length, count in [(1, 1), (20, 5), (20, 20), (9999, 3000), (10_000, 9_000), (10_001, 100), (10_001, 9_000), (50_000, 1_000),
                          (50_000, 1_001), (3_000_000, 2_900_000)]:
        drawn = np.random.default_rng(42).choice(length, count, replace=False)
        yield {"length": length, "count": count, "first": drawn[:8].tolist(),
               "sha256": hashlib.sha256(drawn.astype("<u4").tobytes()).hexdigest()}


if __name__ == "__main__":
    Path(__file__).with_name("contrast.json").write_text(json.dumps({"cases": list(cases()), "choices": list(choices())}, indent=1) + "\n")
