"""Stepping out of autocast, on any device."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def no_autocast(images: Tensor) -> AbstractContextManager[object]:
    """A context without autocast for the device of ``images``; the meta device, which has none, is left as it is."""
    kind = images.device.type
    return torch.autocast(kind, enabled=False) if torch.amp.is_autocast_available(kind) else nullcontext()
