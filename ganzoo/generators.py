"""Published networks at work on tensors: noise to pictures, pictures to pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Generators:
    """The networks that a model publishes, in their inference mode.

    Attributes:
        networks: ``sample``, or directions of translation (``AtoB``), and the network of each.
    """

    def __init__(self, networks: Mapping[str, nn.Module], inference: Literal["eval", "train"] = "eval") -> None:
        self.networks = dict(networks)
        for network in self.networks.values():
            network.train(inference == "train")

    @property
    def directions(self) -> list[str]:
        """The directions of translation; empty for a model that makes pictures from noise."""
        return [name for name in self.networks if name != "sample"]

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(next(iter(self.networks.values())).parameters()).device

    @torch.no_grad()
    def translate(self, images: Tensor, direction: str) -> Tensor:
        """Translate (N, C, H, W) in [-1, 1], of any height and width, into pictures of the same size.

        Sides that are no multiple of the network's stride are extended by reflection, and cut back afterwards.
        """
        network = self.networks[direction]
        height, width = images.shape[-2:]
        stride, least = int(getattr(network, "stride", 1)), int(getattr(network, "least", 1))
        translated: Tensor = network(pad_to(images.to(self.device), stride, least))
        return translated.float()[..., :height, :width]

    @torch.no_grad()
    def sample(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Pictures (N, C, H, W) in [-1, 1] from latents (N, ...) and, for conditional models, labels (N,)."""
        network: Any = self.networks["sample"]
        pictures: Tensor = network(z.to(self.device)) if labels is None else network(z.to(self.device), labels)
        return pictures.float()


def pad_to(images: Tensor, stride: int, least: int = 1) -> Tensor:
    """Extend (N, C, H, W) at the bottom and right to multiples of ``stride`` that are ``least`` or more pixels.

    By reflection where the picture is large enough for it, else by repeating its last row and column.
    """
    height, width = images.shape[-2:]
    bottom, right = (max(side, least) + -max(side, least) % stride - side for side in (height, width))
    if not (bottom or right):
        return images
    mode = "reflect" if bottom < height and right < width else "replicate"
    return F.pad(images, (0, right, 0, bottom), mode=mode)
