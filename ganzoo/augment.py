"""What discriminators see in place of the pictures: DiffAugment and instance noise, inside the gradient's path.

Real and fake pictures go through the same kinds of change, and the generator's gradient goes through them too, so the
generator does not learn to draw them (arXiv:2006.10738).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.loop import TrainingLoop
from ganzoo.recipe.schema import Augment


class Augmentation:
    """Changes the first argument of every network that is not published, as it is called in training.

    Attributes:
        noise_is_over: whether the instance noise has faded to nothing.
    """

    def __init__(self, loop: TrainingLoop, settings: Augment, device: torch.device) -> None:
        self.settings = settings
        self.noise_is_over = settings.instance_noise == 0.0
        self._noise = torch.full((), settings.instance_noise, device=device)  # there a CUDA graph finds what it is now
        if settings.policy or settings.instance_noise:
            for name, network in loop.networks.items():
                if name not in loop.publishes.values():
                    network.register_forward_pre_hook(self._change_images)

    def begin(self, step: int) -> None:
        """Let the noise fade as far as it has at ``step``."""
        if self.settings.noise_steps and not self.noise_is_over:
            left = max(0.0, 1.0 - step / self.settings.noise_steps)
            self.noise_is_over = left == 0.0
            self._noise.fill_(self.settings.instance_noise * left)

    def _change_images(self, network: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
        images, *rest = inputs
        return (self(images), *rest) if network.training and images.dim() == 4 else None

    def __call__(self, images: Tensor) -> Tensor:
        """Changed copies of (N, C, H, W), each picture with draws of its own."""
        for name in self.settings.policy:
            images = POLICIES[name](images)
        return images if self.noise_is_over else images + self._noise * torch.randn_like(images)


def color(images: Tensor) -> Tensor:
    """Brightness by up to 0.5, saturation by 0 to 2 times, contrast by 0.5 to 1.5 times."""
    images = images + _uniform(images, -0.5, 0.5)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * _uniform(images, 0.0, 2.0)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (images - mean) * _uniform(images, 0.5, 1.5)


def translation(images: Tensor, share: float = 0.125) -> Tensor:
    """Shifts by up to an eighth of the sides; what comes in from outside is 0."""
    height, width = images.shape[-2:]
    down, across = (_whole(images, -round(side * share), round(side * share)) for side in (height, width))
    rows = torch.arange(height, device=images.device).view(1, 1, height, 1) + down
    columns = torch.arange(width, device=images.device).view(1, 1, 1, width) + across
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    picture = torch.arange(len(images), device=images.device).view(-1, 1, 1, 1)
    channel = torch.arange(images.shape[1], device=images.device).view(1, -1, 1, 1)
    return images[picture, channel, rows.clamp(0, height - 1), columns.clamp(0, width - 1)] * inside


def cutout(images: Tensor, share: float = 0.5) -> Tensor:
    """Sets to 0 a square of half the sides, anywhere, cut off at the border."""
    inside = torch.ones((), dtype=torch.bool, device=images.device)
    for dimension in (2, 3):
        side = images.shape[dimension]
        cut = round(side * share)
        start = _whole(images, -(cut // 2), side - cut + cut // 2)
        shape = [1, 1, 1, 1]
        shape[dimension] = side
        place = torch.arange(side, device=images.device).view(shape)
        inside = inside & (place >= start) & (place < start + cut)
    return images * ~inside


POLICIES: dict[str, Callable[[Tensor], Tensor]] = {"color": color, "translation": translation, "cutout": cutout}
"""What ``augment.policy`` can name."""


def _uniform(images: Tensor, low: float, high: float) -> Tensor:
    """A draw for each picture, (N, 1, 1, 1)."""
    return torch.empty(len(images), 1, 1, 1, device=images.device).uniform_(low, high)


def _whole(images: Tensor, low: int, high: int) -> Tensor:
    """A whole number from ``low`` to ``high``, both possible, for each picture, (N, 1, 1, 1)."""
    return torch.randint(low, high + 1, (len(images), 1, 1, 1), device=images.device)
