"""Exponential moving averages of networks."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import nn

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
        pairs = [(mine, networks[name]) for name, mine in self.networks.items()]
        # Walking through a network takes longer than averaging a small one, so that is done once. A parameter stays
        # the same tensor, as the optimizers hold it; a buffer may be replaced, and is asked for each time.
        self._averages, self._news = (
            [parameter for one in side for parameter in one.parameters()] for side in zip(*pairs, strict=True)
        )
        self._with_buffers = [
            two
            for mine, network in pairs
            for two in zip(mine.modules(), network.modules(), strict=True)
            if next(two[1].buffers(recurse=False), None) is not None
        ]

    @torch.no_grad()
    def update(self, images: int, seen: int) -> None:
        """Move the averages toward the networks after a step of ``images`` images, ``seen`` in all so far."""
        half_life = self.settings.half_life
        if self.settings.ramp:
            half_life = min(half_life, self.settings.ramp * seen)
        beta = 0.5 ** (images / max(half_life, 1e-8))
        if self._averages:
            torch._foreach_lerp_(self._averages, self._news, 1.0 - beta)
        for average, network in self._with_buffers:
            torch._foreach_copy_(list(average.buffers(recurse=False)), list(network.buffers(recurse=False)))
