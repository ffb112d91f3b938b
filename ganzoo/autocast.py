"""Stepping out of autocast, on any device."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def no_autocast(images: Tensor) -> AbstractContextManager[object]:
    """A context without autocast for the device of ``images``; where it is off already, nothing is done."""
    kind = images.device.type
    if not torch.amp.is_autocast_available(kind) or not torch.is_autocast_enabled(kind):
        return nullcontext()
    return torch.autocast(kind, enabled=False)
