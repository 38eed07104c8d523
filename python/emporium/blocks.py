"""Blocks of volumes as NumPy arrays, for training and inference.

``emporium blocks stream`` reads, decodes and batches in a process of its own; this module starts it (or connects to one) and
gives its batches as arrays that stay as they are. It needs NumPy; PyTorch only for :class:`Blocks`, numcodecs only for
:meth:`Batch.decode`.

    from emporium import blocks

    with blocks.stream("run.zarr", block=(64, 64, 64), batch=8) as batches:
        for batch in batches:
            batch.arrays["image"]  # shape (8, 64, 64, 64)

The server is a process of its own, so nothing of it is copied by ``fork`` and no lock is held by a forked child. It ends with its client.

A program that computes blocks of a graph (``op: external``) is the other way round: emporium starts it and sends it blocks.

    from emporium import blocks

    blocks.map(lambda em: (em > 100).astype("uint8"))
"""

from __future__ import annotations

import collections
import gc
import json
import mmap
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from emporium._program import command, version

__version__ = version()
__all__ = [
    "Batch",
    "Blocks",
    "Kept",
    "NotFound",
    "ProtocolError",
    "Refused",
    "ServerDied",
    "StoredChunk",
    "Stream",
    "StreamError",
    "TimedOut",
    "Work",
    "connect",
    "map",
    "serve",
    "stream",
]

PROTOCOL = 1
_HELLO, _REQUEST, _BATCH, _RELEASE, _END, _ERROR, _RESULT = range(1, 8)
_PREFIX = struct.Struct("<IB")
#: Most bytes of a head, and of a batch that comes in a frame. A server that announces more is not believed.
_HEAD_BYTES_MAX = 64 << 20
_PAYLOAD_BYTES_MAX = 16 << 30
#: Seconds that a server gets to end after it was told to.
_END_SECONDS = 2.0
#: Seconds that a server gets to start and to open its volumes, where ``timeout`` is shorter.
_HELLO_SECONDS = 60.0

Order = Literal["locality", "scan", "shuffle"]
Edge = Literal["reflect", "constant"]


class StreamError(RuntimeError):
    """The server reports an error. ``code`` is one of ``docs/reference/errors.md``."""

    def __init__(self, message: str, code: str = "", hint: str = "") -> None:
        super().__init__(f"{f'[{code}] ' if code else ''}{message}{f' (hint: {hint})' if hint else ''}")
        self.code = code
        self.hint = hint


class ServerDied(StreamError):
    """The server's process has ended, or the connection was lost, before the last batch."""


class Refused(StreamError):
    """The server does not accept this client: no token, or a wrong one."""


class ProtocolError(StreamError):
    """The server sent something that protocol 1 does not have."""


class NotFound(StreamError, FileNotFoundError):
    """There is no program ``emporium``: give ``program=``, set ``EMPORIUM``, or put it on ``PATH``."""


class TimedOut(StreamError, TimeoutError):
    """No batch within ``timeout`` seconds."""


class Kept(StreamError):
    """All memory that ``copy=False`` lends is in use: batches were kept, or collected into one. Nothing of them was overwritten."""


@dataclass(frozen=True)
class StoredChunk:
    """A chunk as it is stored, for a consumer that decodes it itself (``compressed=True``).

    ``data`` are its bytes (shape ``(stored_bytes,)``, ``uint8``), empty for a chunk that is not stored: its voxels are ``coding["fill"]``, the bytes
    of one element. ``coding`` says how it is decoded: ``codecs`` in the order of encoding, then ``dtype``, ``littleEndian``, ``shape``
    ``(z, y, x)``, and ``offset`` and ``strides``, in elements, of its voxels among the decoded ones. ``cell`` is its place in the grid of chunks.

    ``uses`` says what of it goes where: ``block`` of the batch, ``source`` and ``target`` as ``[start, stop]``, in voxels of the chunk and of the
    block. ``blosc`` is the table of a Blosc frame: ``inner`` compressor, ``itemBytes``, ``blockBytes``, ``shuffle``, ``memcpy``, and for each of its
    ``blocks`` the streams ``[offset, bytes]`` within ``data``.
    """

    array: str
    data: NDArray[Any]
    coding: Mapping[str, Any]
    cell: tuple[int, int, int]
    plain_bytes: int
    uses: tuple[Mapping[str, Any], ...]
    crc32: int | None = None
    blosc: Mapping[str, Any] | None = None

    def decode(self) -> NDArray[Any]:
        """The voxels, of shape ``coding["shape"]``; needs numcodecs for compressors."""
        dtype = np.dtype(self.coding["dtype"]).newbyteorder("<" if self.coding["littleEndian"] else ">")
        if self.data.size == 0:
            fill = np.frombuffer(bytes(self.coding["fill"]), dtype=self.coding["dtype"])
            return np.broadcast_to(fill, self.coding["shape"])
        data: Any = self.data
        for codec in reversed(self.coding["codecs"]):
            data = _undone(codec, data)
        plain = np.frombuffer(data, dtype=dtype)[self.coding["offset"] :]
        strides = [stride * dtype.itemsize for stride in self.coding["strides"]]
        return np.lib.stride_tricks.as_strided(plain, self.coding["shape"], strides, writeable=False)


@dataclass
class Batch:
    """Blocks that were read together.

    ``arrays`` has one array for each source, of shape ``(n, z, y, x)``. They may be kept. With ``copy=False`` they are views of the server's memory,
    which it writes anew when nothing shows it any more; what is to be kept for long is copied (:meth:`copy`). ``origins`` has shape ``(n, 3)``: the voxel ``(z, y, x)`` of the level
    that is the first one of each array; with a halo, where the halo begins; ``ids`` and ``weights`` have shape ``(n,)``. A loss that is multiplied by ``weights`` undoes ``balance``.
    With ``compressed=True`` ``arrays`` has one array ``stored``, the bytes of all ``chunks``.
    ``position`` counts the batches of this stream from 0: ``skip=position + 1`` goes on behind this one.
    """

    arrays: dict[str, NDArray[Any]]
    origins: NDArray[Any]
    ids: NDArray[Any]
    weights: NDArray[Any]
    position: int
    chunks: tuple[StoredChunk, ...] = ()
    _shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict, repr=False)
    _grid: tuple[tuple[int, ...], ...] = field(default=(), repr=False)
    _stream: Stream | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def release(self) -> None:
        """With ``copy=False`` lets go of ``arrays`` and ``chunks``: the server gets their memory back once nothing else shows it. May be called twice."""
        owner, self._stream = self._stream, None
        if owner is not None:
            self.arrays, self.chunks = {}, ()
            owner._give_back()

    def copy(self) -> dict[str, NDArray[Any]]:
        """The arrays once more, in memory of their own."""
        return {name: array.copy() for name, array in self.arrays.items()}

    def inside(self, halo: bool = False) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
        """For each block the voxels that lie in the volume: their slices ``(z, y, x)`` in the block's array, and in the volume.

        What lies outside of the volume, where an edge rule has filled the array, is left out; so is the halo, unless ``halo=True``. Results are laid
        together by it, in an array of the stream's ``shape``:

            for voxels, (source, target) in zip(results, batch.inside()):
                whole[target] = voxels[source]
        """
        whole, block, margin = (np.array(each) for each in self._grid)
        first = self.origins if halo else self.origins + margin
        last = np.minimum(first + block + (2 * margin if halo else 0), whole)
        first = np.maximum(first, 0)
        return [(_box((a - at, b - at)), _box((a, b))) for at, a, b in zip(self.origins, first, last)]

    def decode(self) -> dict[str, NDArray[Any]]:
        """Voxels of a compressed batch, each array of shape ``(n, z, y, x)``. What lies outside of the volume is 0."""
        arrays: dict[str, NDArray[Any]] = {}
        for chunk in self.chunks:
            if chunk.array not in arrays:
                arrays[chunk.array] = np.zeros((len(self), *self._shapes[chunk.array]), dtype=chunk.coding["dtype"])
            voxels = chunk.decode()
            for use in chunk.uses:
                arrays[chunk.array][use["block"]][_box(use["target"])] = voxels[_box(use["source"])]
        return arrays


class Stream(Iterator[Batch]):
    """Batches of one server. A context manager; leaving it ends the server that :func:`stream` started.

    What is streamed is known before the first batch. ``shape`` has the voxels ``(z, y, x)`` of the volume (of its ``level``, of the first one where
    there are several), ``voxel_size_nm`` and ``offset_nm`` say how large a voxel is along each of the ``axes``, None where nobody knows, and where
    the center of the first one lies. ``block``, ``halo`` and ``step`` are the grid's. ``names`` are the arrays', ``array_shapes`` and
    ``array_dtypes`` describe a block of each, with its halo. ``blocks`` counts the blocks of the epoch over all ranks, ``rank_blocks`` those of this
    one, and ``len()`` the batches of this stream, at most ``batch_size`` blocks each. ``shared`` says whether batches come by shared memory;
    ``why_not_shared`` says why not. ``notes`` say what the volumes hold and is not read, or say and is not followed; each is a warning, too.
    """

    axes = ("z", "y", "x")

    def __init__(self, link: _Link, hello: Mapping[str, Any], slots: int, timeout: float | None, copy: bool = True) -> None:
        self._link = link
        self._copy = copy
        self._lent = 0
        self._unused: collections.deque[int] = collections.deque()  # slots that nothing shows any more: filled from any thread
        self._timeout = timeout
        self._process = os.getpid()
        self._over = False
        self._map: mmap.mmap | None = None
        _open_streams.add(self)
        try:
            self._begin(hello, slots)
        except BaseException:
            self.close()
            raise

    def _begin(self, hello: Mapping[str, Any], slots: int) -> None:
        self._link.send(_HELLO, hello)
        _, head, _ = self._receive(_HELLO)
        if "grid" not in head:
            raise ProtocolError("a server that does not say what it streams: use a program of the same version as this module")
        grid = head["grid"]
        self.level = int(grid["level"])
        self.shape, self.block, self.halo, self.step = (_triple(grid[name]) for name in ("shape", "block", "halo", "step"))
        self.voxel_size_nm, self.offset_nm = _triple(grid["voxelSizeNm"]), _triple(grid["offsetNm"])
        self.notes = tuple(head.get("notes", ()))
        for note in self.notes:
            warnings.warn(note, stacklevel=2)
        self.blocks = int(head["blocks"])
        self.rank_blocks = int(head["share"]["blocks"])
        self._batches = int(head["share"]["batches"])
        self.batch_size = int(head["batch"])
        self.names = tuple(head["arrays"])
        self.array_dtypes = {name: np.dtype(spec["dtype"]) for name, spec in head["arrays"].items()}
        self.array_shapes = {name: tuple(spec["shape"]) for name, spec in head["arrays"].items()}
        memory = head["shared"]
        self.shared = "path" in memory
        self.why_not_shared: str = memory.get("why", "")
        credits = slots
        if self.shared:
            self._slot_bytes = int(memory["slotBytes"])
            self._slots = credits = int(memory["slots"])
            try:
                self._map = _mapped(memory["path"], credits * self._slot_bytes)
            except FileNotFoundError:
                return  # the server has ended already: its next frame says why
        self._link.send(_REQUEST, {"credits": credits})

    def __iter__(self) -> Stream:
        return self

    def __len__(self) -> int:
        """Batches of this stream, those that have come included."""
        return self._batches

    def __next__(self) -> Batch:
        """The next batch. :raises Kept: with ``copy=False``, while all memory of the server is shown by batches that were kept."""
        self._check_process()
        if self._over:
            raise StopIteration
        self._give_back()
        if self._map is not None and self._lent >= self._slots:
            gc.collect()  # a batch in a circle of references is not kept by anybody
            self._give_back()
            if self._lent >= self._slots:
                raise Kept(
                    f"{self._lent} batches are kept, and copy=False lends {self._slots}",
                    "USAGE",
                    "leave copy=False out, make batches with batch= (DataLoader(..., batch_size=None)), or let go of each batch",
                )
        kind, head, payload = self._receive(_BATCH, _END)
        if kind == _END:
            self._over = True
            raise StopIteration
        return self._batch(head, payload)

    def _batch(self, head: Mapping[str, Any], payload: memoryview | None) -> Batch:
        lends = False
        if payload is not None:
            arrays = {name: _array(spec, payload) for name, spec in head["arrays"].items()}
            self._release(None)  # the bytes came in the frame: they are ours
        elif self._map is None:
            raise ProtocolError("a batch without bytes")
        else:
            slot = int(head["slot"])
            # every view, of NumPy or of PyTorch, refers to this array, which ends with the last of them
            shown = np.frombuffer(self._map, np.uint8, self._slot_bytes, slot * self._slot_bytes)
            arrays = {name: _view(spec, shown) for name, spec in head["arrays"].items()}
            lends = not self._copy
            if lends:
                self._lent += 1
                weakref.finalize(shown, self._unused.append, slot).atexit = False
            else:
                arrays = {name: array.copy() for name, array in arrays.items()}
                self._release(slot)
        return Batch(
            arrays=arrays,
            origins=np.array(head["origins"], dtype=np.int64).reshape(-1, 3),
            ids=np.array(head["ids"], dtype=np.int64),
            weights=np.array(head["weights"], dtype=np.float32),
            position=int(head["position"]),
            chunks=tuple(_chunk(each, head["codings"], arrays["stored"]) for each in head.get("chunks", ())),
            _shapes=self.array_shapes,
            _grid=(self.shape, self.block, self.halo),
            _stream=self if lends else None,
        )

    def _receive(self, *kinds: int) -> tuple[int, Mapping[str, Any], memoryview | None]:
        limit = self._timeout
        if limit is not None and _HELLO in kinds:
            limit = max(limit, _HELLO_SECONDS)
        deadline = None if limit is None else time.monotonic() + limit
        kind, head, payload = self._link.receive(deadline)
        if kind == _ERROR:
            self._over = True
            self.close()
            raised = Refused if head.get("code") == "STREAM_DENIED" else StreamError
            raise raised(str(head.get("message")), str(head.get("code", "")), str(head.get("hint", "")))
        if kind not in kinds:
            raise ProtocolError(f"a frame of kind {kind}; expected {kinds}")
        return kind, head, payload

    def _give_back(self) -> None:
        """Tells the server of the slots that nothing shows any more."""
        while self._unused:
            self._lent -= 1
            self._release(self._unused.popleft())

    def _release(self, slot: int | None) -> None:
        if self._over or self._process != os.getpid():
            return
        try:
            self._link.send(_RELEASE, {} if slot is None else {"slot": slot})
        except ServerDied:
            pass  # the next batch tells it

    def _check_process(self) -> None:
        if self._process != os.getpid():
            raise StreamError(f"this stream belongs to process {self._process}: open one in each process")

    def close(self) -> None:
        """Ends the stream, and the server if it was started for it. Arrays of batches stay readable while they are referenced."""
        self._over = True
        _open_streams.discard(self)
        if self._process == os.getpid():
            self._link.close()
        else:
            self._link.abandon()
        if self._map is not None:
            try:
                self._map.close()
            except BufferError:
                pass  # arrays still show it: it goes with the last of them
            self._map = None

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not self._over:
            self.close()


def stream(
    *locations: str,
    block: Sequence[int] | None = None,
    batch: int = 1,
    halo: int | Sequence[int] | None = None,
    step: Sequence[int] | None = None,
    level: int | None = None,
    edge: Edge | None = None,
    order: Order | None = None,
    seed: int | None = None,
    epoch: int = 0,
    rank: int = 0,
    world: int = 1,
    skip: int = 0,
    mask: str | None = None,
    at_least: float | None = None,
    balance: tuple[float, float] | None = None,
    resample: Mapping[str, Literal["nearest", "linear"]] | None = None,
    compressed: bool = False,
    shared: bool = True,
    copy: bool = True,
    slots: int = 4,
    memory: str | None = None,
    arguments: Sequence[str] = (),
    program: str | Sequence[str] | None = None,
    timeout: float | None = None,
) -> Stream:
    """Starts ``emporium blocks stream`` for these locations and returns its batches.

    :param locations: volumes, ``PATH_OR_URL`` or ``NAME=PATH_OR_URL``. Several are read on one grid; ``NAME`` is the key in
        :attr:`Batch.arrays` (``image``, ``image2`` … by default).
    :param block: voxels ``(z, y, x)`` of a block; :param batch: blocks of a batch; :param halo: voxels around a block that are read with it.
    :param order: ``shuffle`` gives each block once an epoch, in an order that follows from ``seed`` and ``epoch`` on every machine.
    :param rank: which part of the epoch, of ``world`` parts; :param skip: batches to leave out, to go on in the middle of an epoch.
    :param mask: a volume; only blocks of which it covers the share ``at_least`` (default: any voxel) are read. Shares are rounded to 1/255, and counted
        on the mask's coarsest level that suffices. ``balance=(below, others)`` draws from all blocks instead: those below ``at_least`` and the others, in
        these shares. An epoch has as many draws as there are blocks, so blocks of the rarer kind come several times and some of the others not at all;
        it goes with ``shuffle``.
    :param resample: how arrays with other voxels than the first one are read on its grid: ``{"labels": "nearest"}``.
    :param compressed: chunks as they are stored, in :attr:`Batch.chunks`.
    :param shared: use shared memory where there is some; :param slots: batches that the server prepares ahead.
    :param copy: arrays of their own, which may be kept. False shows the server's memory: at most ``slots`` batches may be kept then, and the next one
        raises :class:`Kept`.
    :param memory: the server's limit, such as ``"2GiB"``; :param arguments: further arguments of the command.
    :param program: command of the server; by default ``$EMPORIUM``, else the one that came with this package, else ``emporium`` on ``PATH``.
    :param timeout: seconds to wait for a batch (a minute at least for the server's start); None waits as long as the server lives.
    :raises NotFound: without the program. :raises StreamError: what the server cannot open. :raises ServerDied: when it was killed.
    """
    flags = {
        "block": block, "batch": batch, "halo": halo, "step": step, "level": level, "edge": edge, "order": order, "seed": seed,
        "mask": mask, "at-least": at_least, "memory": memory, "compressed": compressed or None,
        "balance": None if balance is None else f"{balance[0]}:{balance[1]}",
    }  # fmt: skip
    words = [word for name, value in flags.items() if value is not None for word in _flag(name, value)]
    words += [word for name, method in (resample or {}).items() for word in ("--resample", f"{name}={method}")]
    command = [*_program(program), "blocks", "stream", "--stdio", *words, *arguments, "--", *locations]
    slots += not copy  # the batch in hand
    wanted = _hello(rank, world, epoch, skip, shared, slots)
    return Stream(_Child(command), wanted, slots, timeout, copy)


def connect(
    address: str,
    *,
    token: str | None = None,
    token_file: str | None = None,
    epoch: int = 0,
    rank: int = 0,
    world: int = 1,
    skip: int = 0,
    shared: bool | None = None,
    copy: bool = True,
    slots: int = 4,
    timeout: float | None = None,
) -> Stream:
    """Connects to a running ``emporium blocks stream --socket PATH`` or ``--listen HOST:PORT``.

    :param address: ``unix:/path/to.sock`` (or the path alone) or ``tcp://host:port``. A port needs the server's token: ``token``,
        ``token_file`` or ``$EMPORIUM_BLOCKS_TOKEN``.
    :param shared: shared memory; by default for sockets of this machine, and not for ports. :param copy: as for :func:`stream`.
    :raises Refused: for a wrong token. :raises ServerDied: when nobody listens, or the connection is lost.
    """
    if token is None and token_file is not None:
        with open(token_file, encoding="utf-8") as file:
            token = file.read().strip()
    token = token or os.environ.get("EMPORIUM_BLOCKS_TOKEN")
    slots += not copy  # the batch in hand
    is_port = address.startswith("tcp://")
    wanted = _hello(rank, world, epoch, skip, (not is_port) if shared is None else shared, slots)
    return Stream(_Connection(address), {**wanted, **({"token": token} if token else {})}, slots, timeout, copy)


def _hello(rank: int, world: int, epoch: int, skip: int, shared: bool, slots: int) -> dict[str, Any]:
    transport = "shared" if shared else "inline"
    return {
        "protocol": PROTOCOL, "rank": rank, "world": world, "epoch": epoch, "skip": skip, "transport": transport, "slots": max(2, slots),
    }  # fmt: skip


# ---- programs of graphs ---------------------------------------------------------------------------------------------------------


@dataclass
class Work:
    """Blocks that a node of a graph (``op: external``) wants to be computed.

    ``arrays`` has one array for each input, by the input's name, of shape ``(n, z, y, x)``: the blocks with the node's ``halo`` around them. They
    are views of shared memory, valid until :meth:`result`. A node with ``after`` has one more, the last: ``written``, what neighbors of earlier colors
    have written, and the node's ``fill`` everywhere else. ``core`` are the slices ``(z, y, x)`` of the voxels that are wanted.
    ``origins`` has shape ``(n, 3)``: the first voxel of each array in the volume, whose shape is ``whole``; it is negative where the node's
    edge rule has filled voxels that lie before the volume. The result has the type ``dtype``.
    """

    arrays: dict[str, NDArray[Any]]
    origins: NDArray[Any]
    core: tuple[slice, slice, slice]
    whole: tuple[int, int, int]
    dtype: np.dtype[Any]
    _send: Callable[[NDArray[Any]], None] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.origins)

    def result(self, voxels: Any) -> None:
        """Gives the result of these blocks, once: as large as the arrays, or their ``core`` alone. The first axis may be left out for one block.

        :param voxels: an array of NumPy, or what becomes one (a tensor of PyTorch is brought to the host).
        :raises ValueError: for another shape. :raises TypeError: for another type than ``dtype``: nothing is converted silently.
        """
        if self._send is None:
            raise StreamError("these blocks have their result already")
        voxels = _host_array(voxels)
        if voxels.ndim == 3 and len(self) == 1:
            voxels = voxels[np.newaxis]
        box = next(iter(self.arrays.values())).shape
        core = (len(self), *(part.stop - part.start for part in self.core))
        if voxels.shape not in (box, core):
            raise ValueError(f"a result of shape {voxels.shape}; expected {core} or, with the halo, {box}")
        if voxels.dtype != self.dtype:
            raise TypeError(f"a result of {voxels.dtype}; expected {self.dtype}: convert it with .astype({self.dtype.name!r})")
        send, self._send = self._send, None
        send(voxels if voxels.shape == core else voxels[(slice(None),) + self.core])


def serve(*, shared: bool = True) -> Iterator[Work]:
    """Blocks for a program that emporium has started as a node of a graph (``op: external``); each wants its :meth:`Work.result`.

        for block in blocks.serve():
            block.result(predict(block.arrays["em"]))

    It ends when the run does. An exception that leaves the program ends it: the block is tried again by a new process, then given up
    with the end of what was printed. Standard output is free to print to.

    :param shared: use shared memory where there is some.
    :raises NotFound: where the program was started by somebody else.
    """
    channel = _Channel()
    try:
        yield from channel.work(shared)
    finally:
        channel.close()


def map(function: Callable[..., Any], *, batched: bool = False, shared: bool = True) -> None:  # noqa: A001
    """Computes blocks of a graph's node (``op: external``) with a function, until the run ends.

    :param function: gets an array ``(z, y, x)`` for each input, in the order of ``in`` (with ``after`` also ``written``), and returns the voxels of the core, or of all of them. An
        exception gives the block up, with its traceback; the process goes on with others.
    :param batched: the function gets and returns arrays ``(n, z, y, x)``, ``batch`` blocks at once.
    """
    channel = _Channel()
    try:
        for work in channel.work(shared):
            try:
                arrays = list(work.arrays.values())
                if batched:
                    work.result(function(*arrays))
                else:
                    work.result(np.stack([_host_array(function(*(array[at] for array in arrays))) for at in range(len(work))]))
            except Exception as error:
                said = traceback.format_exc()
                print(said, file=sys.stderr, flush=True)
                channel.send(_ERROR, {"message": f"{type(error).__name__}: {error}", "tail": said[-4096:]})
    finally:
        channel.close()


def _host_array(voxels: Any) -> NDArray[Any]:
    return np.asarray(voxels.detach().cpu() if hasattr(voxels, "detach") else voxels)


# ---- connections ----------------------------------------------------------------------------------------------------------------


class _Link:
    """Frames over two file descriptors."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._poll = select.poll()
        self._poll.register(incoming, select.POLLIN)

    def send(self, kind: int, head: Mapping[str, Any], payload: memoryview | None = None) -> None:
        text = json.dumps(head).encode()
        for data in (memoryview(_PREFIX.pack(len(text), kind) + text), payload):
            while data:
                try:
                    data = data[os.write(self._outgoing, data) :]
                except (BrokenPipeError, ConnectionError):
                    raise self._died() from None

    def receive(self, deadline: float | None) -> tuple[int, Mapping[str, Any], memoryview | None]:
        head_bytes, kind = _PREFIX.unpack(self._read(_PREFIX.size, deadline))
        if head_bytes > _HEAD_BYTES_MAX:
            raise ProtocolError(f"a head of {head_bytes} bytes")
        try:
            head = json.loads(bytes(self._read(head_bytes, deadline)))
        except ValueError as error:
            raise ProtocolError(f"a head that is not JSON: {error}") from None
        payload_bytes = head.get("bytes")
        if payload_bytes is None:
            return kind, head, None
        if not 0 <= payload_bytes <= _PAYLOAD_BYTES_MAX:
            raise ProtocolError(f"a payload of {payload_bytes} bytes")
        return kind, head, self._read(payload_bytes, deadline)

    def _read(self, count: int, deadline: float | None) -> memoryview:
        """``count`` bytes in memory of their own."""
        whole = memoryview(bytearray(count))
        rest = whole
        while rest:
            self._wait(deadline)
            try:
                got = os.readv(self._incoming, [rest])
            except ConnectionError:
                got = 0
            if got == 0:
                raise self._died()
            rest = rest[got:]
        return whole

    def _wait(self, deadline: float | None) -> None:
        if deadline is None:
            return  # a read waits by itself
        if not self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimedOut("no batch within the timeout")

    def _died(self) -> ServerDied:
        return ServerDied("the connection to the server was lost")

    def close(self) -> None:
        raise NotImplementedError

    def abandon(self) -> None:
        """Closes what a forked child has inherited, so that the server sees its client's end."""
        raise NotImplementedError


class _Child(_Link):
    """A server of our own, over its standard input and output."""

    def __init__(self, command: Sequence[str]) -> None:
        self._errors: BinaryIO = tempfile.TemporaryFile()
        try:
            # a session of its own: Ctrl-C is for this process, which then ends the server
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, bufsize=0, start_new_session=True
            )
        except FileNotFoundError as error:
            raise NotFound(f"{command[0]} cannot be started: {error}") from None
        assert self._process.stdin is not None and self._process.stdout is not None
        super().__init__(self._process.stdout.fileno(), self._process.stdin.fileno())

    def _died(self) -> ServerDied:
        try:
            status = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        how = "has closed its output" if status is None else f"was killed by signal {-status}" if status < 0 else f"ended with {status}"
        said = self._said()
        return ServerDied(f"the server {how}{f': {said}' if said else ''}")

    def _said(self) -> str:
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - 4096))
        return self._errors.read().decode(errors="replace").strip()

    def close(self) -> None:
        if self._process.stdin is None or self._process.stdin.closed:
            return
        try:
            self.send(_END, {})
        except (StreamError, OSError):
            pass
        self._close_pipes()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def abandon(self) -> None:
        self._close_pipes()
        self._process.returncode = 0  # not a child of this process: there is nothing to wait for

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                pipe.close()


class _Connection(_Link):
    """A server that somebody else has started."""

    def __init__(self, address: str) -> None:
        try:
            if address.startswith("tcp://"):
                host, _, port = address[len("tcp://") :].rpartition(":")
                self._socket = socket.create_connection((host.strip("[]"), int(port)), timeout=10)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            else:
                self._socket = socket.socket(socket.AF_UNIX)
                self._socket.connect(address.removeprefix("unix:"))
        except OSError as error:
            raise ServerDied(f"{address}: no server answers: {error}") from None
        self._socket.settimeout(None)
        super().__init__(self._socket.fileno(), self._socket.fileno())

    def close(self) -> None:
        if self._socket.fileno() < 0:
            return
        try:
            self.send(_END, {})
        except (StreamError, OSError):
            pass
        self._socket.close()

    def abandon(self) -> None:
        self._socket.close()


class _Channel(_Link):
    """The process that has started this program, over a descriptor that it left open."""

    def __init__(self) -> None:
        try:
            self._descriptor = int(os.environ.pop("EMPORIUM_BLOCKS_FD"))
            os.set_inheritable(self._descriptor, False)
        except (KeyError, ValueError, OSError):
            raise NotFound("this program computes blocks for `emporium blocks run`: name it as the command of a node, op: external") from None
        super().__init__(self._descriptor, self._descriptor)
        _end_with_parent()
        threading.Thread(target=self._end_with_peer, daemon=True).start()

    def work(self, shared: bool) -> Iterator[Work]:
        self.send(_HELLO, {"protocol": PROTOCOL, "transport": "shared" if shared else "inline"})
        kind, hello, _ = self.receive(None)
        if kind != _HELLO:
            raise ProtocolError(f"a frame of kind {kind}; expected {_HELLO}")
        memory = hello["shared"]
        whole_map = _mapped(memory["path"], memory["slots"] * memory["slotBytes"]) if "path" in memory else None
        self.send(_REQUEST, {"credits": int(memory.get("slots", 2))})
        while True:
            kind, head, payload = self.receive(None)
            if kind == _END:
                return
            if kind != _BATCH:
                raise ProtocolError(f"a frame of kind {kind}; expected {_BATCH} or {_END}")
            slot: memoryview | None = None
            if whole_map is not None:
                begin = head["slot"] * memory["slotBytes"]
                payload = slot = memoryview(whole_map)[begin : begin + memory["slotBytes"]]
            assert payload is not None
            yield self._work(head, hello, payload, slot)

    def _work(self, head: Mapping[str, Any], hello: Mapping[str, Any], payload: memoryview, slot: memoryview | None) -> Work:
        dtype = np.dtype(hello["result"])

        def send(voxels: NDArray[Any]) -> None:
            spec = {"position": head["position"], "dtype": dtype.name, "shape": list(voxels.shape)}
            if slot is None:
                plain = np.ascontiguousarray(voxels)
                self.send(_RESULT, {**spec, "bytes": plain.nbytes}, memoryview(plain.reshape(-1).view(np.uint8).data))
            else:
                begin = int(head["resultOffset"])
                np.frombuffer(slot[begin : begin + voxels.nbytes], dtype=dtype).reshape(voxels.shape)[...] = voxels
                self.send(_RESULT, spec)

        start, stop = head["core"]
        z, y, x = (slice(a, b) for a, b in zip(start, stop))
        return Work(
            arrays={name: _array(spec, payload) for name, spec in head["arrays"].items()},
            origins=np.array(head["origins"], dtype=np.int64).reshape(-1, 3),
            core=(z, y, x),
            whole=tuple(hello["whole"]),
            dtype=dtype,
            _send=send,
        )

    def _end_with_peer(self) -> None:
        """Ends the process, whatever it does, when nobody waits for its results any more."""
        gone = select.poll()
        gone.register(self._descriptor, 0)  # POLLHUP and POLLERR are always told
        while self._descriptor >= 0:
            if any(event & (select.POLLHUP | select.POLLERR) for _, event in gone.poll(1000)):
                os._exit(1)

    def close(self) -> None:
        self._descriptor = -1


def _end_with_parent() -> None:
    """Linux ends this process with the one that has started it, even in the middle of a long call that holds Python's lock."""
    if sys.platform == "linux":
        import ctypes
        import signal

        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))  # PR_SET_PDEATHSIG


_open_streams: weakref.WeakSet[Stream] = weakref.WeakSet()


def _leave_to_parent() -> None:
    for each in list(_open_streams):
        each.close()


os.register_at_fork(after_in_child=_leave_to_parent)


# ---- batches --------------------------------------------------------------------------------------------------------------------


def _mapped(path: str, size: int) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_size < size:
            raise ProtocolError(f"shared memory of {os.fstat(descriptor).st_size} bytes, {size} announced")
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)


def _array(spec: Mapping[str, Any], payload: memoryview) -> NDArray[Any]:
    offset, size = int(spec["offset"]), int(spec["bytes"])
    if offset < 0 or offset + size > len(payload):
        raise ProtocolError("an array past the end of its batch")
    return np.frombuffer(payload[offset : offset + size], dtype=spec["dtype"]).reshape(spec["shape"])


def _view(spec: Mapping[str, Any], shown: NDArray[np.uint8]) -> NDArray[Any]:
    """As :func:`_array`, and it refers to ``shown``."""
    offset, size = int(spec["offset"]), int(spec["bytes"])
    if offset < 0 or offset + size > shown.size:
        raise ProtocolError("an array past the end of its batch")
    viewed: NDArray[Any] = shown[offset : offset + size].view(spec["dtype"])
    return viewed.reshape(spec["shape"])


def _chunk(head: Mapping[str, Any], codings: Mapping[str, Any], stored: NDArray[Any]) -> StoredChunk:
    offset, size = int(head["offset"]), int(head["storedBytes"])
    if offset < 0 or size < 0 or offset + size > stored.size:
        raise ProtocolError("a chunk past the end of its batch")
    return StoredChunk(
        array=head["array"],
        data=stored[offset : offset + size],
        coding=codings[head["array"]],
        cell=tuple(head["cell"]),
        plain_bytes=int(head["plainBytes"]),
        uses=tuple(head["uses"]),
        crc32=head.get("crc32"),
        blosc=head.get("blosc"),
    )


def _undone(codec: Mapping[str, Any], data: Any) -> Any:
    if codec["id"] in ("crc32c", "crc32", "adler32", "fletcher32"):
        return data[:-4]  # a sum of four bytes at the end
    import numcodecs

    return numcodecs.get_codec(dict(codec)).decode(data)


def _triple(values: Sequence[Any]) -> tuple[Any, Any, Any]:
    z, y, x = values
    return (z, y, x)


def _box(corners: Sequence[Sequence[int]]) -> tuple[slice, ...]:
    return tuple(slice(start, stop) for start, stop in zip(*corners))


# ---- the command ----------------------------------------------------------------------------------------------------------------


def _program(program: str | Sequence[str] | None) -> list[str]:
    try:
        return command(program)
    except FileNotFoundError as error:
        raise NotFound(str(error)) from None


def _flag(name: str, value: Any) -> list[str]:
    if value is True:
        return [f"--{name}"]
    if isinstance(value, (str, int, float)):
        return [f"--{name}", str(value)]
    return [f"--{name}", ",".join(str(each) for each in value)]


# ---- PyTorch --------------------------------------------------------------------------------------------------------------------


def _make_blocks() -> type:
    import torch
    from torch.utils.data import IterableDataset, get_worker_info

    class Blocks(IterableDataset):  # type: ignore[misc]  # PyTorch is not here when types are checked
        """Batches as dictionaries of tensors, each of shape ``(n, z, y, x)``; for ``DataLoader(…, batch_size=None)``.

        Arguments are those of :func:`stream`, or ``address=`` and those of :func:`connect`. Workers of the loader and ranks of
        ``torch.distributed`` each get their own part of the epoch; :meth:`set_epoch` chooses another order. Tensors are copied once, in a worker
        into memory that the loader shares with the main process, so they may be kept and collated. With ``copy=False`` and without workers they are
        views of the server's memory; where too many are kept, :class:`Kept` is raised. ``len()`` counts the batches of this rank without workers, which
        each have a last batch of their own. With ``places=True`` a batch has ``origins``, ``ids`` and ``weights``, too, as :class:`Batch` has
        them; no array may be called so then.
        """

        def __init__(
            self, *locations: str, rank: int | None = None, world: int | None = None, copy: bool = True, places: bool = False, **options: Any
        ) -> None:
            super().__init__()
            self.places = places
            self.locations = locations
            self.rank, self.world = _distributed(rank, world)
            self.copy = copy
            self.options = options
            self._length: tuple[Any, int] | None = None

        def set_epoch(self, epoch: int) -> None:
            """The next iteration reads the blocks in the order of this epoch."""
            self.options["epoch"] = epoch

        def __len__(self) -> int:
            asked = repr((self.rank, self.world, self.options))
            if self._length is None or self._length[0] != asked:
                with self._open(self.rank, self.world, self.copy) as batches:
                    self._length = (asked, len(batches))
            return self._length[1]

        def _open(self, rank: int, world: int, copy: bool) -> Stream:
            options = {**self.options, "rank": rank, "world": world, "copy": copy}
            return connect(**options) if "address" in options else stream(*self.locations, **options)

        def __iter__(self) -> Iterator[dict[str, Any]]:
            worker = get_worker_info()
            number, count = (worker.id, worker.num_workers) if worker else (0, 1)
            with self._open(self.rank * count + number, self.world * count, self.copy and not worker) as batches:
                if self.places and (taken := {"origins", "ids", "weights"} & set(batches.names)):
                    raise ValueError(f"an array is called {min(taken)}: name it otherwise, or leave out places=True")
                for batch in batches:
                    arrays: dict[str, Any] = batch.arrays
                    places = {"origins": batch.origins, "ids": batch.ids, "weights": batch.weights} if self.places else {}
                    made = _shared_copy if worker else torch.from_numpy
                    tensors = {name: made(array) for name, array in {**arrays, **places}.items()}
                    del batch, arrays  # what the consumer keeps is counted, not what this generator does
                    yield tensors
                    del tensors

    def _shared_copy(array: NDArray[Any]) -> Any:
        """A tensor in memory that the loader passes on to the main process as it is."""
        view = torch.from_numpy(array)
        storage = torch.UntypedStorage._new_shared(array.nbytes)
        copied = torch.empty(0, dtype=view.dtype).set_(storage, 0, view.shape)
        copied.copy_(view)
        return copied

    Blocks.__module__ = __name__
    Blocks.__qualname__ = "Blocks"
    return Blocks


def _distributed(rank: int | None, world: int | None) -> tuple[int, int]:
    """The rank that was given, or that of ``torch.distributed`` where it is in use."""
    if rank is not None or world is not None:
        return rank or 0, world or 1
    import torch.distributed as distributed

    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def __getattr__(name: str) -> Any:
    # PyTorch takes seconds to import, and is needed for this class alone
    if name != "Blocks":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = globals()["Blocks"] = _make_blocks()
    return made


if sys.platform == "win32":  # no select.poll for pipes, no fork
    raise ImportError("emporium.blocks needs Linux or macOS")
