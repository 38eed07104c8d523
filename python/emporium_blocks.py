"""The name that :mod:`emporium.blocks` had when it was a module of its own. It is the same module: programs that import this one go on as they are."""

import sys
from typing import TYPE_CHECKING

from emporium import blocks as _blocks

if TYPE_CHECKING:
    from emporium.blocks import *  # noqa: F403

sys.modules[__name__] = _blocks
