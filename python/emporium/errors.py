"""What the program reports when something was not done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where an error was found; what does not apply is None.

    ``line`` and ``column`` count from 1, ``byte`` from 0. ``path`` is the place within a document: ``runs.0.sources.1``.
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None
    path: str | None = None
    byte: int | None = None
    url: str | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file or self.url, self.line, self.column) if part is not None)
        parts = [where, f"byte {self.byte}" if self.byte is not None else "", f"({self.path})" if self.path is not None else ""]
        return " ".join(part for part in parts if part)


class EmporiumError(RuntimeError):
    """The program did not do what it was told, or not all of it.

    ``code`` is one of ``docs/reference/errors.md``, ``message`` says what was found and what is expected, ``place`` where, ``hint`` what to do.
    ``status`` is the program's exit status: 1 failed, 2 wrong usage or configuration (nothing was touched), 3 done in part, 4 validation found errors,
    11 another process holds the target, 130 stopped by a signal; negative where a signal killed it. ``errors`` are all errors, this one the first of them, and
    ``result`` is the JSON document that the program gave all the same (with status 3, what was done), None where it gave none.
    """

    def __init__(
        self,
        code: str,
        message: str,
        place: Place | None = None,
        hint: str | None = None,
        *,
        status: int = 1,
        errors: Sequence[EmporiumError] = (),
        result: Any = None,
    ) -> None:
        super().__init__(code, message, place, hint)
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
        self.status = status
        self.errors: tuple[EmporiumError, ...] = (self, *errors)
        self.result = result

    def __str__(self) -> str:
        more = len(self.errors) - 1
        lines = [f"[{self.code}] {self.message}"]
        lines += [f"at {self.place}"] if self.place is not None and str(self.place) else []
        lines += [f"hint: {self.hint}"] if self.hint else []
        lines += [f"and {more} more, in .errors"] if more else []
        return "\n  ".join(lines)


def error_of(status: int, result: Any, said: str) -> EmporiumError:
    """The exception for a program that ended with ``status``.

    :param result: its JSON document, or None. :param said: what it wrote to standard error, for a program that gave no document.
    """
    records = list(_records(result))
    if not records:
        records = list(_written(said))
    if not records:
        last = said.strip().splitlines()[-1:] or [f"emporium ended with status {status}" if status >= 0 else f"emporium was ended by signal {-status}"]
        return EmporiumError("PROGRAM_ENDED", last[0], status=status, result=result)
    first, *others = (_error(record, status) for record in records)
    return EmporiumError(first.code, first.message, first.place, first.hint, status=status, errors=others, result=result)


def _records(result: Any) -> Sequence[Mapping[str, Any]]:
    """``errors`` of the document, or of each of its parts where it is a list."""
    if isinstance(result, Mapping):
        errors = result.get("errors")
        return [each for each in errors if isinstance(each, Mapping)] if isinstance(errors, list) else []
    if isinstance(result, list):
        return [record for part in result if isinstance(part, Mapping) for record in _records(part)]
    return []


def _written(said: str) -> Sequence[Mapping[str, Any]]:
    """The errors of a program without ``--json``: a line with the code, and lines with the place and a hint, which are set in."""
    records: list[dict[str, Any]] = []
    for line in said.splitlines():
        if found := re.fullmatch(r"error\[(\w+)\]: (.*)", line):
            records.append({"code": found[1], "message": found[2]})
        elif records and line.startswith("  at "):
            # its parts are not told apart again: names of files have colons and spaces, too
            records[-1]["url" if "://" in line else "file"] = line[len("  at ") :]
        elif records and line.startswith("  hint: "):
            records[-1]["hint"] = line[len("  hint: ") :]
    return records


def _error(record: Mapping[str, Any], status: int) -> EmporiumError:
    place = Place(**{field.name: record.get(field.name) for field in fields(Place)})
    hint = record.get("hint")
    return EmporiumError(str(record.get("code", "")), str(record.get("message", "")), place, None if hint is None else str(hint), status=status)
