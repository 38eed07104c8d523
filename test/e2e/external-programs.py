"""Programs of `op: external` for the tests: the first argument says which one."""

import os
import signal
import subprocess
import sys
import time

import numpy as np

import emporium_blocks

what, *rest = sys.argv[1:]


def once(folder: str) -> bool:
    """Whether nobody was here before."""
    try:
        os.mkdir(os.path.join(folder, "done"))
        return True
    except FileExistsError:
        return False


def box_sum(em: np.ndarray) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(em.astype(np.int32), (3, 3, 3)).sum(axis=(3, 4, 5), dtype=np.int32)


FILL = -7


def spread(em: np.ndarray, written: np.ndarray) -> np.ndarray:
    """Each voxel takes what the voxels around it have written, in whatever block, or else begins with its own value."""
    near = np.lib.stride_tricks.sliding_window_view(written.astype(np.int64), (3, 3, 3)).reshape(*(n - 2 for n in written.shape), 27)
    seen = near != FILL
    core = em[1:-1, 1:-1, 1:-1].astype(np.int64)
    sums = np.where(seen, near, 0).sum(axis=3)
    return (core + np.where(seen.any(axis=3), sums % 1009, 0)).astype(np.int32)


if what == "sums":
    print("standard output is free", flush=True)
    emporium_blocks.map(box_sum, shared=rest[:1] != ["inline"])
elif what == "whole":  # the box as it came in, counted
    with open(rest[0], "a") as log:
        for block in emporium_blocks.serve():
            print(os.getpid(), *block.arrays["em"].shape, *block.origins.ravel(), file=log, flush=True)
            block.result(block.arrays["em"])
elif what == "two":
    emporium_blocks.map(lambda image, mask: np.where(mask > 0, image, 0).astype("int16"))
elif what == "raise":
    emporium_blocks.map(lambda em: 1 / 0)
elif what == "leave":
    for block in emporium_blocks.serve():
        if once(rest[0]):
            raise RuntimeError("the first time is the worst")
        block.result(block.arrays["em"])
elif what == "type":
    emporium_blocks.map(lambda em: em.astype("float64"))
elif what == "shape":
    emporium_blocks.map(lambda em: em[1:])
elif what == "hang":
    for block in emporium_blocks.serve():
        if once(rest[0]):
            with open(os.path.join(rest[0], "pid"), "w") as file:
                file.write(str(os.getpid()))
            time.sleep(600)
        block.result(block.arrays["em"])
elif what == "gpu":
    with open(os.path.join(rest[0], str(os.getpid())), "w") as file:
        file.write(os.environ.get("CUDA_VISIBLE_DEVICES", "unset"))
    emporium_blocks.map(lambda em: em)
elif what == "silent":
    subprocess.run(["sleep", "600"])
elif what == "spread":
    emporium_blocks.map(spread)
elif what == "spread-once":  # as `spread`, but the first time that a neighbour has written, the worker process dies or this one stays
    for block in emporium_blocks.serve():
        em, written = block.arrays["em"][0], block.arrays["written"][0]
        if (written != FILL).any() and once(rest[1]):
            if rest[0] == "kill":
                os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(600)
        block.result(spread(em, written))
elif what == "written":  # the block, how many of its neighbours have written, and how many voxels of these it gets
    with open(rest[0], "a") as log:
        for block in emporium_blocks.serve():
            written = block.arrays["written"][0]
            origin = block.origins[0]
            first = [at + part.start for at, part in zip(origin, block.core)]
            places = np.argwhere(written != 5) + origin
            neighbours = {tuple(place) for place in places // (8, 8, 12)}
            print(*first, len(neighbours), len(places), file=log, flush=True)
            block.result(np.zeros(written.shape, "uint64"))
else:
    sys.exit(f"no program {what}")
