"""Drawn pictures: coloured discs on a coloured ground."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ganzoo import DataSpec
from ganzoo.data import Batch, Data, DataConfig, to_tensor


class DiscsConfig(DataConfig):
    """How many discs, and how large."""

    size: int = 32
    """Pixels; both sides."""
    count: int = 2048
    """Pictures in an epoch."""
    seed: int = 0
    """Of the pictures."""


class Discs(Data):
    """A disc of a random colour, place and size in each picture."""

    Config: ClassVar[type[DiscsConfig]] = DiscsConfig
    in_memory = True  # drawing costs so little that worker processes would be in the way

    @property
    def spec(self) -> DataSpec:
        return DataSpec({"image": (3, self.config.size, self.config.size)})

    def __len__(self) -> int:
        count: int = self.config.count
        return count

    def batch(self, indices: Sequence[int], rng: np.random.Generator) -> Batch:
        """The same indices give the same pictures; ``rng`` is for augmentation, of which there is none."""
        return {"image": to_tensor(np.stack([self._draw(index) for index in indices]))}

    def _draw(self, index: int) -> np.ndarray:
        rng = np.random.default_rng([self.config.seed, self.split == "test", index])
        ground, colour = rng.integers(0, 80, 3), rng.integers(120, 256, 3)
        (x, y), radius = rng.uniform(0.3, 0.7, 2), rng.uniform(0.15, 0.3)
        across = (np.arange(self.config.size) + 0.5) / self.config.size
        inside = (across[None, :] - x) ** 2 + (across[:, None] - y) ** 2 < radius**2
        return np.where(inside[..., None], colour, ground).astype(np.uint8)

    def test(self) -> Discs:
        return Discs(self.config, "test")

    def fingerprint(self) -> str:
        return hashlib.sha256(f"discs/1 {self.config.model_dump_json()}".encode()).hexdigest()[:16]
