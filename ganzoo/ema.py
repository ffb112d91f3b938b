"""Exponential moving averages of networks."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from ganzoo.recipe.schema import Ema


class NetworkAverage(nn.Module):
    """Averages of some networks: parameters are averaged, buffers taken along (correctness: StyleGAN2's ``G_ema``).

    After n images a weight's share has halved, n the half-life: beta = 0.5 ^ (images in a step / half-life), with the
    half-life ramped up at the start (arXiv:1912.04958, official code).
    """

    def __init__(self, networks: Mapping[str, nn.Module], settings: Ema) -> None:
        super().__init__()
        self.settings = settings
        self.networks = nn.ModuleDict({name: copy.deepcopy(network) for name, network in networks.items()})
        self.requires_grad_(False).eval()
        self._pairs = [(mine, networks[name]) for name, mine in self.networks.items()]

    @torch.no_grad()
    def update(self, images: int, seen: int) -> None:
        """Move the averages toward the networks after a step of ``images`` images, ``seen`` in all so far."""
        half_life = self.settings.half_life
        if self.settings.ramp:
            half_life = min(half_life, self.settings.ramp * seen)
        beta = 0.5 ** (images / max(half_life, 1e-8))
        for average, network in self._pairs:
            _lerp(average.parameters(), network.parameters(), 1.0 - beta)
            _lerp(average.buffers(), network.buffers(), 1.0)


def _lerp(averages: Iterable[Tensor], news: Iterable[Tensor], weight: float) -> None:
    averages, news = list(averages), list(news)
    if weight == 1.0:
        for average, new in zip(averages, news, strict=True):
            average.copy_(new)
    elif averages:
        torch._foreach_lerp_(averages, news, weight)
