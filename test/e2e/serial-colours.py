"""Blocks of a volume one by one, by their colours, as a graph's `after` says it: the same function, and nothing of emporium's.

    serial-colours.py IN.raw OUT.raw neighbours z,y,x bz,by,bx
"""

import itertools
import sys

import numpy as np

FILL = -7
source, target, neighbours, shape, block = sys.argv[1:]
sides = {"6": 1, "18": 2, "26": 3}[neighbours]
shape, block = (tuple(int(word) for word in words.split(",")) for words in (shape, block))
em = np.fromfile(source, "<i2").reshape(shape)
counts = [-(-n // b) for n, b in zip(shape, block)]
places = list(itertools.product(*map(range, counts)))


def colour(z, y, x):
    if neighbours == "6":
        return (z + y + x) % 2
    number = 4 * (z % 2) + 2 * (y % 2) + x % 2
    return min(number, 7 - number) if neighbours == "18" else number


def box(place):
    return tuple(slice(p * b, min((p + 1) * b, n)) for p, b, n in zip(place, block, shape))


result = np.full(shape, FILL, np.int32)
for place in sorted(places, key=lambda place: (colour(*place), place)):
    seen = np.full(shape, FILL, np.int32)
    for other in places:
        steps = [abs(a - b) for a, b in zip(other, place)]
        if 0 < sum(steps) <= sides and max(steps) == 1 and colour(*other) < colour(*place):
            seen[box(other)] = result[box(other)]
    near = np.lib.stride_tricks.sliding_window_view(np.pad(seen, 1, constant_values=FILL).astype(np.int64), (3, 3, 3))
    known = near != FILL
    sums = np.where(known, near, 0).sum(axis=(3, 4, 5))
    value = em.astype(np.int64) + np.where(known.any(axis=(3, 4, 5)), sums % 1009, 0)
    result[box(place)] = value[box(place)]
result.tofile(target)
