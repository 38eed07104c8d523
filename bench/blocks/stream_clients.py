"""Clients of blocks, one a process; each prints one JSON line. stream_clients.py KIND …

memory shared|inline BATCHES SIZE: batches of stream-blocks.mjs
emporium|zarr|tensorstore VOLUME BLOCKS WORKERS METHOD: blocks of 64³ of a volume in a random order, through PyTorch's DataLoader
starved VOLUME BATCHES FACTOR: a consumer that computes FACTOR times as long as a batch takes to load: its share of waiting
forks COUNT: processes that are forked while a stream is open, each with a stream of its own
"""

import json
import multiprocessing
import os
import pathlib
import sys
import time

import numpy as np

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "python"))
import emporium_blocks  # noqa: E402

NODE = os.environ["NODE"]
PROGRAM = (NODE, str(root / "dist/cli/main.js"))
MEMORY = (NODE, str(root / "bench/blocks/stream-blocks.mjs"))
SIDE = 64


def memory(way, batches, size):
    os.environ.update(BATCHES=batches, SIZE=size)
    with emporium_blocks.stream("memory", program=MEMORY, batch=int(size), shared=way == "shared") as stream:
        began, total = time.perf_counter(), 0.0
        for batch in stream:
            total += float(batch.arrays["image"][:, 0, 0, 0].sum())
        return {"seconds": time.perf_counter() - began, "sum": total, "shared": stream.shared}


def corners(volume_side, count):
    """Blocks of the grid in a random order, as ours are: none of them crosses a chunk."""
    per_axis = volume_side // SIDE
    order = np.random.default_rng(7).permutation(per_axis**3)[np.arange(count) % per_axis**3]
    return SIDE * np.stack(np.unravel_index(order, (per_axis,) * 3), axis=1)


class Boxes:
    """The Dataset that people write: each worker opens the volume when it is first asked."""

    def __init__(self, kind, path, count):
        self.kind, self.path, self.count, self.volume = kind, path, count, None

    def __len__(self):
        return self.count

    def __getitem__(self, at):
        import torch

        if self.volume is None:
            self.volume = opened(self.kind, self.path)
            self.starts = corners(self.volume.shape[0], self.count)
        voxels = self.volume[tuple(slice(start, start + SIDE) for start in self.starts[at])]
        return torch.from_numpy(np.asarray(voxels if self.kind == "zarr" else voxels.read().result()))


def opened(kind, path):
    if kind == "zarr":
        import zarr

        return zarr.open_array(path, mode="r")
    import tensorstore

    context = {"cache_pool": {"total_bytes_limit": 0}}
    return tensorstore.open({"driver": "zarr", "kvstore": {"driver": "file", "path": path}}, read=True, context=tensorstore.Context(context)).result()


def loader(kind, path, count, workers, method):
    import torch
    from torch.utils.data import DataLoader

    torch.set_num_threads(1)  # threads that wait by turning would be counted as the loader's work
    count, workers = int(count), int(workers)
    options = {"num_workers": workers, "multiprocessing_context": method if workers else None}
    if kind != "emporium":
        batches = DataLoader(Boxes(kind, path, count), batch_size=8, **options)
        return timed(batches, count)
    blocks = emporium_blocks.Blocks(path, program=PROGRAM, block=(SIDE,) * 3, batch=8, order="shuffle", seed=1)
    return timed((batch["image"] for batch in DataLoader(blocks, batch_size=None, **options)), count)


def timed(batches, count):
    """From the first batch on, so that nobody's start counts."""
    seen, began = 0, None
    for batch in batches:
        if began is None:
            began = time.perf_counter()
            continue
        seen += len(batch)
        float(batch[0].sum())
        if seen >= count - 32:
            break
    return {"blocks": seen, "seconds": time.perf_counter() - began}


def starved(path, batches, factor):
    def run(compute_s):
        waited, began = 0.0, None
        with emporium_blocks.stream(path, program=PROGRAM, block=(SIDE,) * 3, batch=8, order="shuffle", seed=2) as stream:
            for at in range(int(batches)):
                asked = time.perf_counter()
                next(stream)
                if began is None:
                    began = time.perf_counter()
                    continue
                waited += time.perf_counter() - asked
                time.sleep(compute_s)  # as long as a device computes
            return waited, time.perf_counter() - began

    load_s = run(0)[0] / (int(batches) - 1)
    waited, whole = run(load_s * float(factor))
    return {"load_ms": 1000 * load_s, "idle_share": waited / whole}


def one_fork(results):
    os.environ.update(BATCHES="3", SIZE="1")
    with emporium_blocks.stream("memory", program=MEMORY) as stream:
        results.put(sum(len(batch) for batch in stream))


def forks(count):
    context = multiprocessing.get_context("fork")
    os.environ.update(BATCHES="1000000", SIZE="1")
    results, hung = context.Queue(), 0
    with emporium_blocks.stream("memory", program=MEMORY) as outer:
        for _ in range(int(count)):
            next(outer)
            worker = context.Process(target=one_fork, args=(results,))
            worker.start()
            worker.join(30)
            if worker.exitcode != 0 or results.get(timeout=5) != 3:
                hung += 1
                worker.kill()
    return {"hung": hung}


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    clients = {"memory": memory, "starved": starved, "forks": forks}
    result = clients[kind](*rest) if kind in clients else loader(kind, *rest)
    print(json.dumps(result))
