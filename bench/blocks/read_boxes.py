"""read_boxes.py zarr|tensorstore VOLUME BOXES CONCURRENCY CACHE: as read-boxes.mjs."""

import json
import os
import sys
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import numpy as np

name, path, file, concurrency, cache = sys.argv[1:]
concurrency, cache = int(concurrency), int(cache)
with open(file) as f:
    boxes = json.load(f)
edge, starts = boxes["edge"], boxes["starts"]


def open_zarr():
    import zarr

    array = zarr.open_array(path, mode="r")
    if cache == 0:
        return lambda z, y, x: array[z : z + edge, y : y + edge, x : x + edge]
    # what a careful reader does by hand: whole chunks, the latest of them kept
    chunk = array.chunks
    most = max(1, cache // (int(np.prod(chunk)) * array.dtype.itemsize))
    kept, lock = OrderedDict(), threading.Lock()

    def chunk_at(cell):
        with lock:
            if cell in kept:
                kept.move_to_end(cell)
                return kept[cell]
        found = array[tuple(slice(c * n, (c + 1) * n) for c, n in zip(cell, chunk))]
        with lock:
            kept[cell] = found
            while len(kept) > most:
                kept.popitem(last=False)
        return found

    def read(*start):
        out = np.empty((edge,) * 3, array.dtype)
        first = [s // n for s, n in zip(start, chunk)]
        last = [(s + edge - 1) // n for s, n in zip(start, chunk)]
        for cell in np.ndindex(*[b - a + 1 for a, b in zip(first, last)]):
            cell = tuple(a + c for a, c in zip(first, cell))
            low = [max(s, c * n) for s, c, n in zip(start, cell, chunk)]
            high = [min(s + edge, (c + 1) * n) for s, c, n in zip(start, cell, chunk)]
            part = chunk_at(cell)[tuple(slice(a - c * n, b - c * n) for a, b, c, n in zip(low, high, cell, chunk))]
            out[tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start))] = part
        return out

    return read


def open_tensorstore():
    import tensorstore

    kvstore = {"driver": "file", "path": path}
    if path.startswith("s3://"):
        bucket, key = path[len("s3://") :].split("/", 1)
        kvstore = {"driver": "s3", "bucket": bucket, "path": key, "endpoint": os.environ["AWS_ENDPOINT_URL_S3"], "aws_region": "us-east-1"}
    driver = "zarr3" if "v3-" in path else "zarr"
    context = {"cache_pool": {"total_bytes_limit": cache}}
    array = tensorstore.open({"driver": driver, "kvstore": kvstore, "context": context, "recheck_cached_data": "open"}).result()
    return lambda z, y, x: array[z : z + edge, y : y + edge, x : x + edge].read().result()


read = {"zarr": open_zarr, "tensorstore": open_tensorstore}[name]()
read(*starts[-1])


def one(start):
    found = read(*start).reshape(-1)
    return int(found[0]) + int(found[found.size >> 1]) + int(found[-1])


used, began = time.process_time(), time.perf_counter()
if concurrency == 1:
    total = sum(map(one, starts))
else:
    with ThreadPoolExecutor(concurrency) as pool:
        total = sum(pool.map(one, starts))
seconds, cpu = time.perf_counter() - began, time.process_time() - used
with open(os.environ["REPORT"], "w") as f:
    json.dump({"blocks": len(starts), "seconds": seconds, "cpu": cpu, "sum": total}, f)
