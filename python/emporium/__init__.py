"""Electron-microscopy volumes, from portals and drives to the CryoET Data Portal's layout, and back to NumPy.

    import emporium

    emporium.ingest("dataset.yaml", "session/", "portal/", import_everything=True)
    with emporium.serve("portal/") as server:
        server.query("{ runs { name } }")

:func:`run` runs any command of the program ``emporium`` and returns its result; :func:`ingest` and :func:`convert` are two of them as functions;
:func:`serve` is a server for a ``with`` block; :mod:`emporium.blocks` gives blocks of volumes as NumPy arrays and PyTorch tensors. Errors of the program
are :class:`EmporiumError`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emporium._program import version
from emporium._run import convert, ingest, run
from emporium._serve import Server, serve
from emporium.errors import EmporiumError, Place

if TYPE_CHECKING:
    from emporium import blocks as blocks

__version__ = version()
__all__ = ["EmporiumError", "Place", "Server", "blocks", "convert", "ingest", "run", "serve"]


def __getattr__(name: str) -> Any:
    # it needs NumPy, and a system with shared memory; the rest of this package does not
    if name != "blocks":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("emporium.blocks")
