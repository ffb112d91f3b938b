"""How a network is told a label: one-hot, joined to whatever it takes in."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from ganzoo.config import Config, Count, FromData


class LabelConfig(Config):
    """The settings of networks that can be told a label."""

    conditional: bool = False
    """Whether the network is told the label of each sample."""
    classes: Annotated[Count, FromData()] = 0
    """How many labels there are; 0: as the data has."""

    @property
    def labels(self) -> int:
        """How many labels the network takes: 0 when it is not conditional.

        Raises:
            ValueError: it is conditional, and there are no labels.
        """
        if self.conditional and not self.classes:
            raise ValueError("conditional = true asks for labels, and the data has none")
        return self.classes if self.conditional else 0


def join_vector(vectors: Tensor, labels: Tensor | None, classes: int) -> Tensor:
    """(N, D) and labels (N,) to (N, D + classes): the label as one-hot numbers at the end. Unchanged for no classes."""
    return torch.cat([vectors, one_hot(labels, classes)], 1) if classes else vectors


def join_maps(images: Tensor, labels: Tensor | None, classes: int) -> Tensor:
    """(N, C, H, W) and labels (N,) to (N, C + classes, H, W): a map of ones for the label, of zeros for the others."""
    if not classes:
        return images
    maps = one_hot(labels, classes)[:, :, None, None].expand(-1, -1, *images.shape[-2:])
    return torch.cat([images, maps], 1)


def one_hot(labels: Tensor | None, classes: int) -> Tensor:
    """Labels (N,) to float32 (N, classes), without waiting for the device as ``F.one_hot`` may.

    Raises:
        ValueError: there are no labels.
    """
    if labels is None:
        raise ValueError(f"a conditional network was given no labels: it wants one of {classes} for each sample")
    return (labels[:, None] == torch.arange(classes, device=labels.device)).float()
