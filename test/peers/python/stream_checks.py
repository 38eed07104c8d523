"""What clients of `emporium blocks stream` see, with the made-up blocks of test/peers/stream-server.mjs: stream_checks.py NODE SERVER FOLDER"""

import json
import multiprocessing
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "python"))
import emporium_blocks  # noqa: E402
from verdicts import Verdicts  # noqa: E402

NODE, SERVER, FOLDER = sys.argv[1:4]
PROGRAM = (NODE, SERVER)
RAMP = np.arange(512, dtype=np.float32).reshape(8, 8, 8) / np.float32(2**20)
SHARED = pathlib.Path("/dev/shm")
verdicts = Verdicts()


def open_stream(**options):
    environment = {key: str(options.pop(key)) for key in list(options) if key.isupper()}
    os.environ.update(environment)
    try:
        return emporium_blocks.stream("made-up", program=PROGRAM, **{"batch": 2, **options})
    finally:
        for key in environment:
            del os.environ[key]


def ids_of(batches):
    """All ids, after every voxel was compared with what block `id` holds."""
    seen = []
    for batch in batches:
        for number, block in zip(batch.ids, batch.arrays["image"]):
            assert np.array_equal(block, RAMP + np.float32(number)), f"block {number} holds other bytes"
        assert np.array_equal(batch.weights, 1 + batch.ids / np.float32(2))
        assert np.array_equal(batch.origins[:, 0], 8 * batch.ids)
        seen += batch.ids.tolist()
    return seen


def rings():
    return sorted(path.name for path in SHARED.glob("emporium-blocks-*")) if SHARED.is_dir() else []


def ended(pid, seconds):
    """Whether a process that is not our child is gone within the time."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.02)
    return False


def raises(kind, action):
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def whole_epochs():
    for shared in (True, False):
        with open_stream(shared=shared) as batches:
            assert batches.shared is shared, batches.why_not_shared
            assert (batches.blocks, batches.batch_size) == (24, 2)
            assert batches.array_shapes == {"image": (8, 8, 8)} and batches.array_dtypes == {"image": np.dtype("float32")}
            assert ids_of(batches) == list(range(24))
    assert rings() == []


def no_copies():
    with open_stream(copy=False) as batches:
        places = set()
        for batch in batches:
            array, kept = batch.arrays["image"], batch.copy()["image"]
            assert not array.flags.owndata and kept.flags.owndata
            places.add(array.ctypes.data)
            array += 1  # slots belong to the client
        assert 1 < len(places) <= 5, "the slots were not used again"
        assert np.array_equal(array, kept + 1)
    assert array.sum() > 0  # still readable when the stream is closed


def kept():
    """What was kept has its own bytes, however it is kept; without copies what cannot be kept is refused before it is overwritten."""
    for options in ({}, {"shared": False}, {"shared": False, "copy": False}):
        with open_stream(**options) as batches:
            assert ids_of(list(batches)) == list(range(24))
    with open_stream(copy=False) as batches:
        held = []
        error = raises(emporium_blocks.Kept, lambda: [held.append(batch) for batch in batches])
        assert len(held) == 5 and "copy=False" in str(error), error
        assert ids_of(held) == list(range(10))
        views = [batch.arrays["image"][1:, ::2] for batch in held]  # a view of a view holds the memory as well
        held.clear()
        raises(emporium_blocks.Kept, lambda: next(batches))
        del views[0]
        assert next(batches).ids.tolist() == [10, 11]
        assert [int(view[0, 0, 0, 0]) for view in views] == [3, 5, 7, 9]
        views.clear()
        circle = next(batches)
        circle.arrays["itself"] = circle
        circle = None
        assert ids_of(batches) == list(range(14, 24))
    with open_stream(copy=False) as batches:
        for batch in batches:
            batch.release()
            batch.release()


def shares():
    parts = []
    for rank in range(3):
        with open_stream(rank=rank, world=3) as batches:
            parts.append(ids_of(batches))
    assert sorted(sum(parts, [])) == list(range(24)) and {len(part) for part in parts} == {8}, parts
    with open_stream(skip=10, epoch=3) as batches:
        batch = next(batches)
        assert batch.ids.tolist() == [20, 21] and batch.origins[0, 2] == 3


def left_early():
    with open_stream(STREAM_BLOCKS=10**6) as batches:
        next(batches)
        pid = batches._link._process.pid
    assert ended(pid, 20) and rings() == []
    batches.close()
    raises(StopIteration, lambda: next(batches))


def server_killed():
    with open_stream(STREAM_BLOCKS=10**6, STREAM_PAUSE_MS=20) as batches:
        next(batches)
        os.kill(batches._link._process.pid, signal.SIGKILL)
        error = raises(emporium_blocks.ServerDied, lambda: ids_of(batches))
        assert "signal 9" in str(error), error
    assert rings() == []


CLIENT = """
import os, sys
sys.path.insert(0, sys.argv[1])
import emporium_blocks
batches = emporium_blocks.stream("made-up", program=sys.argv[2:4], batch=2) if len(sys.argv) == 4 else emporium_blocks.connect(sys.argv[4])
next(batches)
link = batches._link
print(link._process.pid if hasattr(link, "_process") else 0, flush=True)
sys.stdin.read()
"""


def killed_client(*more):
    environment = {**os.environ, "STREAM_BLOCKS": str(10**6)}
    command = [sys.executable, "-c", CLIENT, str(pathlib.Path(emporium_blocks.__file__).parents[1]), NODE, SERVER, *more]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    pid = int(client.stdout.readline())
    client.kill()
    client.wait()
    return pid


def client_killed():
    assert ended(killed_client(), 20), "the server did not end"
    assert rings() == []


def reading_fails():
    with open_stream(STREAM_FAIL_AT=3) as batches:
        error = raises(emporium_blocks.StreamError, lambda: ids_of(batches))
    assert (error.code, error.hint) == ("FORMAT_CORRUPT", "read another one"), error
    assert "a chunk cannot be decoded" in str(error)


def timeout():
    with open_stream(STREAM_PAUSE_MS=60_000, timeout=0.3) as batches:
        raises(emporium_blocks.TimedOut, lambda: next(batches))


def no_program():
    error = raises(emporium_blocks.NotFound, lambda: emporium_blocks.stream("x", program="/no/such/emporium"))
    assert "/no/such/emporium" in str(error)
    raises(emporium_blocks.ServerDied, lambda: emporium_blocks.stream("x", program=(NODE, "-e", "process.exit(7)")))
    raises(emporium_blocks.ServerDied, lambda: emporium_blocks.connect(f"unix:{FOLDER}/nobody"))


def wrong_frames():
    for frame in ("5,0,0,0,3,123,125,10,10,10", "255,255,255,255,1", "2,0,0,0,9,123,125", "1,0,0,0,1,120"):
        program = (NODE, "-e", f"process.stdout.write(Buffer.from([{frame}])); process.stdin.resume()")
        raises(emporium_blocks.ProtocolError, lambda program=program: emporium_blocks.stream("x", program=program))


def server(*words, **environment):
    process = subprocess.Popen([NODE, SERVER, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **environment})
    return process, process.stdout.readline().decode().strip()


def socket_file():
    path = f"{FOLDER}/private/server.sock"
    process, address = server("--socket", path, STREAM_BLOCKS=str(10**6))
    try:
        assert address == f"unix:{path}"
        assert (os.stat(path).st_mode & 0o777, os.stat(f"{FOLDER}/private").st_mode & 0o777) == (0o600, 0o700)
        with emporium_blocks.connect(address) as one, emporium_blocks.connect(path, rank=1, world=2, shared=False) as other:
            assert one.shared and not other.shared
            for expected in ([0, 1], [2, 3], [4, 5], [6, 7], [8, 9]):
                assert next(one).ids.tolist() == expected
                assert next(other).ids.tolist() == [2 * expected[0] + 1, 2 * expected[0] + 3]
        before = rings()
        assert killed_client(address) == 0
        with emporium_blocks.connect(address) as after:  # the server goes on
            assert next(after).ids.tolist() == [0, 1]
        assert rings() == before == []
    finally:
        process.kill()
        process.wait()
    # what a killed server leaves is no obstacle
    process, address = server("--socket", path)
    try:
        with emporium_blocks.connect(address) as batches:
            assert ids_of(batches) == list(range(24))
    finally:
        process.terminate()
        assert process.wait(5) == 0


def port_with_token():
    token = "correct-horse-battery-staple-and-more"
    process, address = server("--listen", "127.0.0.1:0", STREAM_TOKEN=token)
    try:
        with emporium_blocks.connect(address, token=token) as batches:
            assert not batches.shared
            assert ids_of(batches) == list(range(24))
        for wrong in ("wrong", token[:-1], token + "x", None):
            error = raises(emporium_blocks.Refused, lambda wrong=wrong: emporium_blocks.connect(address, token=wrong))
            assert error.code == "STREAM_DENIED" and token not in str(error)
    finally:
        process.terminate()
        assert process.wait(5) == 0


def ring_of_killed_server():
    # a server that dies before its client has mapped the ring leaves its file: the next one removes it
    process = subprocess.Popen([NODE, SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    hello = b'{"protocol": 1}'
    process.stdin.write(len(hello).to_bytes(4, "little") + b"\x01" + hello)
    process.stdin.flush()
    process.stdout.read(5)
    left = rings()
    assert len(left) == 1 and os.stat(SHARED / left[0]).st_mode & 0o777 == 0o600, left
    with open_stream() as batches:
        next(batches)
        assert rings() == left, "the file of a server that is alive was removed"
    process.kill()
    process.wait()
    assert rings() == left
    with open_stream() as batches:
        next(batches)
        assert rings() == []


def in_worker(number, results):
    with open_stream(rank=number % 2, world=2) as batches:
        results.put(len(ids_of(batches)))


def start_method(name, iterations):
    context = multiprocessing.get_context(name)
    with open_stream() as outer:  # a stream that is open while its process forks
        next(outer)
        results = context.Queue()
        for number in range(iterations):
            worker = context.Process(target=in_worker, args=(number, results))
            worker.start()
            assert results.get(timeout=20) == 12
            worker.join(20)
            assert worker.exitcode == 0
        assert ids_of(outer) == list(range(2, 24))
    assert rings() == []


def inherited(results, batches):
    try:
        next(batches)
    except emporium_blocks.StreamError as error:
        results.put(str(error))


def forked_child_keeps_nothing():
    batches = open_stream(STREAM_BLOCKS=10**6)
    next(batches)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    worker = context.Process(target=inherited, args=(results, batches))
    worker.start()
    assert "open one in each process" in results.get(timeout=10)
    worker.join()
    assert next(batches).ids.tolist() == [2, 3]
    sleeper = context.Process(target=time.sleep, args=(30,))
    sleeper.start()  # it would hold the pipe open
    pid = batches._link._process.pid
    batches.close()
    assert ended(pid, 20)
    sleeper.kill()


def errors_travel():
    error = pickle.loads(pickle.dumps(emporium_blocks.StreamError("found, wanted", "FORMAT_CORRUPT", "a hint")))
    assert (error.code, error.hint) == ("FORMAT_CORRUPT", "a hint") and str(error).count("FORMAT_CORRUPT") == 1, str(error)


class Pipes(emporium_blocks._Link):
    """Two pipes that nobody has to end."""

    def close(self):
        pass

    abandon = close


def error_before_the_memory_is_mapped():
    """A server that fails at once takes its memory away before the client has mapped it: what it said is not lost."""
    (theirs, outgoing), (incoming, mine) = os.pipe(), os.pipe()
    grid = {**dict.fromkeys(("shape", "block", "halo", "step", "voxelSizeNm", "offsetNm"), (1, 1, 1)), "level": 0}
    hello = {"blocks": 1, "share": {"blocks": 1, "batches": 1}, "batch": 1, "grid": grid, "arrays": {}, "shared": {"path": "/dev/shm/emporium-blocks-gone", "slots": 2, "slotBytes": 4096}}
    error = {"message": "found, wanted", "code": "FORMAT_UNSUPPORTED", "hint": "a hint"}
    for kind, head in ((emporium_blocks._HELLO, hello), (emporium_blocks._ERROR, error)):
        text = json.dumps(head).encode()
        os.write(mine, emporium_blocks._PREFIX.pack(len(text), kind) + text)
    os.close(mine)
    batches = emporium_blocks.Stream(Pipes(incoming, outgoing), {}, 2, 5.0)
    os.close(theirs)
    try:
        next(batches)
    except emporium_blocks.StreamError as found:
        assert (found.code, found.hint) == ("FORMAT_UNSUPPORTED", "a hint"), found
    else:
        raise AssertionError("no error")


# the same again and again: a process forks at another moment each time
FORKS = 28 if os.environ.get("EMPORIUM_THOROUGH") else 6
CASES = {
    "batches": [error_before_the_memory_is_mapped, whole_epochs, no_copies, kept, shares, left_early, reading_fails, timeout, no_program, wrong_frames, errors_travel],
    "deaths": [server_killed, client_killed, ring_of_killed_server],
    "addresses": [socket_file, port_with_token],
    "processes": [lambda: start_method("fork", FORKS), lambda: start_method("spawn", 2), forked_child_keeps_nothing],
}

if __name__ == "__main__":
    for case, checks in CASES.items():
        for check in checks:
            name = check.__name__ if check.__name__ != "<lambda>" else f"start method {checks.index(check)}"
            began = time.monotonic()
            verdicts.guard(case, name, check)
            if not any(record["check"] == name for record in verdicts.records):
                verdicts.check(case, name, True)
            print(f"{case} {name} {time.monotonic() - began:.1f}s", file=sys.stderr)
    verdicts.print()
