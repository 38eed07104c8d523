"""Blocks that do nothing, by other programs, for bench/engine.mjs: python3 engine.py daisy|filequeue SIDE PROCESSES FOLDER.

daisy: two tasks on a grid of SIDE^3 blocks; each block of the second reads its neighbours in what the first writes, so it depends on 27 blocks.
filequeue: as many tasks in a queue of files (task-queue has no dependencies), put in and then done.

Prints one JSON line on standard error: seconds of the work alone (imports not included), tasks, the processor time of all processes, and the peak
memory of the largest.
"""
import json
import os
import resource
import sys
import time
from functools import partial


def nothing(_):
    pass


def run_daisy(side, processes, folder):
    import daisy

    os.chdir(folder)  # it writes logs and marks of finished blocks where it stands
    total = daisy.Roi((0, 0, 0), (side, side, side))
    unit = daisy.Roi((0, 0, 0), (1, 1, 1))
    common = dict(process_function=nothing, num_workers=processes, read_write_conflict=False)
    first = daisy.Task("first", total, unit, unit, **common)
    wide = daisy.Roi((-1, -1, -1), (3, 3, 3))
    second = daisy.Task("second", total.grow((1, 1, 1), (1, 1, 1)), wide, unit, upstream_tasks=[first], **common)
    start = time.perf_counter()
    state = daisy.run_blockwise([first, second], multiprocessing=processes > 1)
    return time.perf_counter() - start, 2 * side**3, all(state) if isinstance(state, (list, tuple)) else state


def drain(place, count, finished):
    from taskqueue import TaskQueue

    def note(_):
        with finished.get_lock():
            finished.value += 1

    # its own count of what is left lists a folder each time
    TaskQueue("fq://" + place).poll(lease_seconds=600, after_fn=note, stop_fn=lambda: finished.value >= count, max_backoff_window=0.05)


def run_filequeue(side, processes, folder):
    import multiprocessing

    from taskqueue import TaskQueue, queueable

    work = queueable(nothing)
    count = 2 * side**3
    place = os.path.join(folder, "queue")
    queue = TaskQueue("fq://" + place)
    start = time.perf_counter()
    queue.insert((partial(work, i) for i in range(count)), total=count)
    finished = multiprocessing.Value("i", 0)
    workers = [multiprocessing.Process(target=drain, args=(place, count, finished)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - start, count, finished.value


name, side, processes, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
seconds, tasks, state = {"daisy": run_daisy, "filequeue": run_filequeue}[name](side, processes, folder)
usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
result = {
    "seconds": seconds,
    "tasks": tasks,
    "state": str(state),
    "cpu_s": sum(usage.ru_utime + usage.ru_stime for usage in usages),
    "peak_kib": max(usage.ru_maxrss for usage in usages),
}
print(json.dumps(result), file=sys.__stderr__)
