"""The program's commands as functions."""

from __future__ import annotations

import json as json_text
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any, Literal, overload

from emporium._program import command
from emporium.errors import EmporiumError, error_of

#: A path, a URL, or another word of a command.
Word = str | os.PathLike[str]


@overload
def run(
    words: Sequence[Word | int | float],
    *,
    json: Literal[True] = ...,
    progress: bool = ...,
    env: Mapping[str, str] | None = ...,
    cwd: Word | None = ...,
    program: Word | Sequence[str] | None = ...,
) -> Any: ...
@overload
def run(
    words: Sequence[Word | int | float],
    *,
    json: Literal[False],
    progress: bool = ...,
    env: Mapping[str, str] | None = ...,
    cwd: Word | None = ...,
    program: Word | Sequence[str] | None = ...,
) -> str: ...
def run(
    words: Sequence[Word | int | float],
    *,
    json: bool = True,
    progress: bool = False,
    env: Mapping[str, str] | None = None,
    cwd: Word | None = None,
    program: Word | Sequence[str] | None = None,
) -> Any:
    """Runs a command of the program, and waits for it.

        emporium.run(["verify", "portal"])["checked"]

    :param words: the command and its arguments, without ``emporium``.
    :param json: add ``--json`` and return the parsed document (a list of documents where the command gives one a line). False returns standard
        output as text.
    :param progress: pass on what the program writes to standard error: progress, warnings, errors. False is silent.
    :param env: variables on top of those of this process. :param cwd: folder to run in; relative paths are below it.
    :param program: another program than the one :mod:`emporium` finds (``$EMPORIUM``, the one in the wheel, the one on ``PATH``).
    :raises EmporiumError: for every exit status but 0, made of the program's own errors. With status 3, done in part, ``.result`` has what was done.
    :raises FileNotFoundError: without the program.
    """
    full = [*command(program), *(os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in words)]
    more = [*(["--json"] if json else []), *([] if progress else ["--quiet"])]
    # behind a -- they would be names of files
    end_of_flags = full.index("--") if "--" in full else len(full)
    full[end_of_flags:end_of_flags] = [flag for flag in more if flag not in full[:end_of_flags]]
    with tempfile.TemporaryFile() as out:
        # a file, which cannot fill up as a pipe does while standard error is read
        process = subprocess.Popen(full, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=_environment(env), cwd=cwd)
        try:
            assert process.stderr is not None
            said = _pass_on(process.stderr, progress)
            status = process.wait()
        except BaseException:
            end(process)
            raise
        finally:
            if process.stderr is not None:
                process.stderr.close()
        out.seek(0)
        text = out.read().decode("utf-8", errors="replace")
    result = parsed(text) if json else None
    if status != 0:
        raise error_of(status, result, said)
    return result if json else text


def ingest(
    config: Word, input: Word, output: Word, *, progress: bool = False, program: Word | Sequence[str] | None = None, **options: Any  # noqa: A002
) -> Any:
    """``emporium ingest run``: a deposition becomes folders of the portal. The same call again goes on where it was.

        emporium.ingest("dataset.yaml", "session/", "portal/", import_everything=True, jobs=4)

    :param config: the deposition's configuration. :param input: folder or bucket of its sources. :param output: folder or bucket of the tree.
    :param options: flags of the command with underscores for dashes: ``import_tomograms=True``, ``filter_run_name=["TS_1", "TS_2"]``,
        ``write_mrc=False`` (``--no-write-mrc``); None leaves a flag out.
    :returns: the command's JSON document: what was done, skipped and failed.
    :raises EmporiumError: what :func:`run` raises; without any ``import_…`` its code is ``USAGE``.
    """
    return run(["ingest", "run", *flags(options), "--", config, input, output], progress=progress, program=program)


def convert(file: Word, out: Word, *, progress: bool = False, program: Word | Sequence[str] | None = None, **options: Any) -> Any:
    """``emporium ingest convert``: one MRC volume as ``OUT.mrc`` (float32) and ``OUT.zarr`` (OME-Zarr, three levels).

        emporium.convert("tomo.rec", "tomo", ome_zarr="0.5")

    :param file: the volume, of shape ``(z, y, x)``. :param out: the result without its extension; with ``.mrc`` or ``.zarr`` only that file is written.
    :param options: flags of the command with underscores for dashes: ``scale_z=False``, ``memory="1GiB"``.
    :returns: the command's JSON document. :raises EmporiumError: what :func:`run` raises.
    """
    return run(["ingest", "convert", *flags(options), "--", file, out], progress=progress, program=program)


def flags(options: Mapping[str, Any]) -> list[str]:
    """Words of a command line: ``{"write_mrc": False, "jobs": 2, "filter_run_name": ["a", "b"]}`` → ``--no-write-mrc --jobs 2 --filter-run-name a …``."""
    words: list[str] = []
    for name, value in options.items():
        flag = name.strip("_").replace("_", "-")
        if value is None:
            continue
        if value is True:
            words.append(f"--{flag}")
        elif value is False:
            words.append(f"--no-{flag}")
        else:
            many = value if isinstance(value, (list, tuple)) else [value]
            words += [word for each in many for word in (f"--{flag}", os.fspath(each) if isinstance(each, os.PathLike) else str(each))]
    return words


def parsed(text: str) -> Any:
    """A JSON document, or the list of those that stand one on a line; None where it is neither.

    :raises EmporiumError: PROGRAM_OUTPUT for text that is no JSON.
    """
    if not text.strip():
        return None
    try:
        return json_text.loads(text)
    except ValueError:
        pass
    try:
        return [json_text.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        raise EmporiumError("PROGRAM_OUTPUT", f"output that is no JSON: {text.strip()[:200]!r}", hint="with json=False it is returned as text") from None


def end(process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    """Ends the program as Ctrl-C does, so that it closes its database and what it was writing; after ``seconds`` by force."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def started(words: Sequence[str], out: IO[bytes], env: Mapping[str, str] | None, cwd: Word | None, progress: bool) -> tuple[subprocess.Popen[bytes], Said]:
    """The program in the background, and what it writes to standard error."""
    # a session of its own: Ctrl-C is for this process, which then ends the program
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=_environment(env), cwd=cwd, start_new_session=os.name != "nt"
    )
    return process, Said(process, progress)


class Said:
    """What a program in the background writes to standard error: it is read all the time, as a full pipe would stop the program."""

    def __init__(self, process: subprocess.Popen[bytes], progress: bool) -> None:
        assert process.stderr is not None
        self._stream = process.stderr
        self._progress = progress
        self._text = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        self._text = _pass_on(self._stream, self._progress)

    def text(self) -> str:
        """All of it, once the program has ended."""
        self._thread.join(5)
        return self._text


def _pass_on(stream: IO[bytes], progress: bool) -> str:
    """Reads to the end; the last 64 KiB of it. ``sys.stderr`` may be a notebook's, so the program does not get it as a file."""
    tail = ""
    for line in stream:
        text = line.decode("utf-8", errors="replace")
        tail = (tail + text)[-65536:]
        if progress:
            print(text, end="", file=sys.stderr, flush=True)
    return tail


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, **(more or {})}
