"""Programs of `op: external` for the tests: the first argument says which one."""

import os
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
else:
    sys.exit(f"no program {what}")
