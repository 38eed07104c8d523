"""Judges blocks of registered arrays: each must be what scipy.ndimage.map_coordinates gives at the same places of the world.

    blocks_registered.py FOLDER

FOLDER/cases.json lists the cases; NAME.in is an array and NAME.out the block that emporium read of it, both raw. One line of JSON a case.
"""

import json
import pathlib
import sys

import numpy as np
from scipy.ndimage import map_coordinates


def judge(folder, case):
    array = np.fromfile(folder / f"{case['name']}.in", case["dtype"]).reshape(case["shape"])
    found = np.fromfile(folder / f"{case['name']}.out", case["dtype"]).reshape(case["block"])
    axes = []
    for axis in range(3):
        index = case["start"][axis] + np.arange(case["block"][axis], dtype=np.float64)
        world = case["gridOffset"][axis] + case["gridVoxel"][axis] * index
        moved = (world - case["translation"][axis]) / case["factor"][axis]
        axes.append((moved - case["offset"][axis]) / case["voxel"][axis])
    places = np.meshgrid(*axes, indexing="ij")
    wanted = map_coordinates(array, places, order=case["order"], mode=case["mode"], cval=case["constant"], prefilter=False)
    difference = np.abs(found.astype(np.float64) - wanted.astype(np.float64))
    return {
        "case": case["name"],
        "unequal": int(np.count_nonzero(difference)),
        "most": float(difference.max()),
        "range": float(array.max() - array.min()),
        "distinct": int(len(np.unique(wanted))),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    for case in json.loads((folder / "cases.json").read_text()):
        print(json.dumps(judge(folder, case)))


main()
