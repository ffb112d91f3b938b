"""The history of fakes that a discriminator is shown, so that it does not forget (arXiv:1612.07828, section 2.3)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """Keeps the last fakes and hands out a mix of new and old ones.

    The pictures and how many there are of them are part of the state dict, so that a training goes on with the same
    history. All choices are made on the CPU with torch's default generator: no query waits for the device.
    """

    stored: Tensor

    def __init__(self, size: int, shape: Sequence[int]) -> None:
        """``size`` pictures (0: none are kept) of ``shape``, (C, H, W)."""
        super().__init__()
        self.size = size
        self.filled = 0
        self.register_buffer("stored", torch.zeros(size, *shape))

    def query(self, images: Tensor) -> Tensor:
        """What to show in place of ``images``, (N, C, H, W); detached, of the same shape, type and device.

        While there is room each picture is kept and returned. After that each is, with probability 1/2, kept in the
        place of a random old one, which is returned instead (CycleGAN's official code).
        """
        images = images.detach()
        return self._mix(images) if self.size else images

    def _mix(self, images: Tensor) -> Tensor:
        shown = images.clone()
        for index, image in enumerate(images):
            if self.filled < self.size:
                self.stored[self.filled].copy_(image)
                self.filled += 1
            elif _toss():
                place = int(torch.randint(self.size, (), device="cpu"))
                shown[index].copy_(self.stored[place])
                self.stored[place].copy_(image)
        return shown

    def get_extra_state(self) -> Tensor:
        """How many pictures are kept: a tensor, since checkpoints hold nothing else."""
        return torch.tensor([self.filled])

    def set_extra_state(self, state: Tensor) -> None:
        self.filled = int(state)


def _toss() -> bool:
    return bool(torch.rand((), device="cpu") < 0.5)
