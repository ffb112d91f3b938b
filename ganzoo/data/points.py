"""``ring`` and ``grid``: points drawn from Gaussians in the plane, where it is plain which modes a generator misses."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field

from ganzoo.data.base import Batch, Data, DataConfig, Track, untracked
from ganzoo.spec import DataSpec

EDGE = 0.8
"""How far out the outermost modes lie, in units of the picture's range: no point leaves [-1, 1]."""


class PointsConfig(DataConfig):
    """How many points, and how far around their modes."""

    count: int = Field(10_000, ge=1, le=10_000_000)
    """Training points, as many of each mode."""
    test_count: int = Field(2_500, ge=1, le=10_000_000)
    """Test points; other draws."""
    std: float = Field(0.01, gt=0, le=0.03)
    """Standard deviation of each Gaussian, in both directions."""
    seed: int = Field(0, ge=0, lt=2**63)
    """Of the draws."""


class Points(Data):
    """A mixture of K equal Gaussians: batches ``{"image"}`` of points (N, 2) in [-1, 1]; point i is of mode i % K."""

    Config: ClassVar[type[PointsConfig]] = PointsConfig
    in_memory = True
    modes: ClassVar[npt.NDArray[np.float32]]
    """The middle of each Gaussian, (K, 2)."""

    def __init__(self, config: Any, split: str = "train") -> None:
        super().__init__(config, split)
        self.std: float = config.std
        self._points = torch.empty(0, 2)

    @property
    def spec(self) -> DataSpec:
        return DataSpec({"image": (2,)})

    def prepare(self, track: Track[Any] = untracked) -> None:
        rng = np.random.default_rng([self.config.seed, int(self.split == "test")])
        around = rng.standard_normal((len(self), 2)).clip(-6.0, 6.0) * self.std
        points = self.modes[np.arange(len(self)) % len(self.modes)] + around
        self._points = torch.from_numpy(points.astype(np.float32))

    def __len__(self) -> int:
        count: int = self.config.count if self.split == "train" else self.config.test_count
        return count

    def batch(self, indices: Sequence[int], rng: np.random.Generator) -> Batch:
        return {"image": self._points[list(indices)]}

    def test(self) -> Self:
        return type(self)(self.config, "test")

    def fingerprint(self) -> str:
        digest = hashlib.sha256(self.modes.tobytes())
        digest.update(f"points/1 {self.config.model_dump_json()}".encode())
        return digest.hexdigest()[:16]


def _circle(count: int) -> npt.NDArray[np.float32]:
    angle = 2.0 * np.pi * np.arange(count) / count
    return (EDGE * np.stack([np.cos(angle), np.sin(angle)], axis=1)).astype(np.float32)


def _lattice(side: int) -> npt.NDArray[np.float32]:
    line = np.linspace(-EDGE, EDGE, side)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2).astype(np.float32)


class RingConfig(PointsConfig):
    """How many points, and how far around their modes."""

    std: float = Field(0.008, gt=0, le=0.03)
    """Standard deviation of each Gaussian, in both directions; a hundredth of the radius, as in arXiv:1611.02163."""


class Ring(Points):
    """8 Gaussians on a circle (arXiv:1611.02163, radius 2 and deviation 0.02, here 0.4 times as large)."""

    Config: ClassVar[type[PointsConfig]] = RingConfig
    modes = _circle(8)


class Grid(Points):
    """25 Gaussians on a lattice (arXiv:1712.04086, step 2 and deviation 0.05, here 0.2 times as large)."""

    modes = _lattice(5)
