"""The history of fakes that a discriminator is shown, so that it does not forget (arXiv:1612.07828, section 2.3)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """Keeps the last fakes and hands out a mix of new and old ones.

    The pictures and how many there are of them are part of the state dict, so that a training goes on with the same
    history. All choices are made on the device: no query waits for it, and a CUDA graph makes them anew.
    """

    stored: Tensor
    filled: Tensor

    def __init__(self, size: int, shape: Sequence[int]) -> None:
        """``size`` pictures (0: none are kept) of ``shape``, (C, H, W)."""
        super().__init__()
        self.size = size
        self.register_buffer("stored", torch.zeros(size, *shape))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    def query(self, images: Tensor) -> Tensor:
        """What to show in place of ``images``, (N, C, H, W); detached, of the same shape, type and device.

        While there is room each picture is kept and returned. After that each is, with probability 1/2, kept in the
        place of a random old one, which is returned instead (CycleGAN's official code).
        """
        images = images.detach()
        return self._mix(images) if self.size else images

    def _mix(self, images: Tensor) -> Tensor:
        swaps = torch.rand(len(images), device=images.device) < 0.5
        draws = torch.randint(self.size, (len(images),), device=images.device)
        shown = images.clone()
        for index, (image, swap, draw) in enumerate(zip(images, swaps, draws, strict=True)):
            full = self.filled >= self.size
            place = torch.where(full, draw, self.filled).view(1)
            old = self.stored.index_select(0, place)[0]
            shown[index].copy_(torch.where(full & swap, old, image))
            self.stored.index_copy_(0, place, torch.where(full & ~swap, old, image.to(old)).unsqueeze(0))
            self.filled.add_(~full)
        return shown
