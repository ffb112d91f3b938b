"""ganzoo: train, compare, extend and share GANs.

The public API is imported when it is used: ``import ganzoo`` imports neither torch nor pydantic.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ganzoo.errors import GanzooError
from ganzoo.hookspecs import hookimpl

if TYPE_CHECKING:
    from ganzoo.config import Config, FromData
    from ganzoo.hub import pull, push
    from ganzoo.loop import Batch, LoopConfig, Terms, TrainingLoop, Turn
    from ganzoo.pretrained import Pretrained, load
    from ganzoo.run import Run
    from ganzoo.spec import DataSpec
    from ganzoo.training import resume, train

__version__ = "0.1.0"

_LAZY = {
    "Batch": "ganzoo.loop",
    "Config": "ganzoo.config",
    "DataSpec": "ganzoo.spec",
    "FromData": "ganzoo.config",
    "LoopConfig": "ganzoo.loop",
    "Pretrained": "ganzoo.pretrained",
    "Run": "ganzoo.run",
    "Terms": "ganzoo.loop",
    "TrainingLoop": "ganzoo.loop",
    "Turn": "ganzoo.loop",
    "load": "ganzoo.pretrained",
    "pull": "ganzoo.hub",
    "push": "ganzoo.hub",
    "resume": "ganzoo.training",
    "train": "ganzoo.training",
}

__all__ = [
    "Batch",
    "Config",
    "DataSpec",
    "FromData",
    "GanzooError",
    "LoopConfig",
    "Pretrained",
    "Run",
    "Terms",
    "TrainingLoop",
    "Turn",
    "hookimpl",
    "load",
    "pull",
    "push",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'ganzoo' has no attribute '{name}'")
