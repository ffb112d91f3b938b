"""Padding by reflection that keeps its number format, and has a deterministic gradient where one is asked for."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganzoo.autocast import no_autocast


class ReflectionPad(nn.ReflectionPad2d):
    """``nn.ReflectionPad2d`` without its two drawbacks.

    Autocast on a CPU takes that layer to float32, though it only copies pixels, and the convolution behind it back to
    bf16, which costs the residual generator 8% of its forward and backward in channels_last. And its gradient on CUDA
    has no deterministic form: with ``torch.use_deterministic_algorithms`` the same padding is put together from slices.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, top + H + bottom, left + W + right)."""
        with no_autocast(input):
            if torch.are_deterministic_algorithms_enabled() and input.is_cuda:
                return reflected(input, self.padding)
            return super().forward(input)


def reflected(images: Tensor, padding: tuple[int, int, int, int]) -> Tensor:
    """Reflection padding by concatenation; ``padding`` is (left, right, top, bottom), each below the side it is at."""
    left, right, top, bottom = padding
    return _reflected_along(_reflected_along(images, -1, left, right), -2, top, bottom)


def _reflected_along(images: Tensor, axis: int, before: int, after: int) -> Tensor:
    side = images.shape[axis]
    head = images.narrow(axis, 1, before).flip(axis)
    tail = images.narrow(axis, side - 1 - after, after).flip(axis)
    return torch.cat([head, images, tail], axis)
