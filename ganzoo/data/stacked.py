"""``stacked-mnist``: three digits as three channels, a thousand modes to count (arXiv:1611.02163, 1712.04086)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field

from ganzoo.data.base import Batch, Data, DataConfig, Track, to_tensor, untracked
from ganzoo.data.glyphs import Glyphs
from ganzoo.data.labelled import Labelled, Labels
from ganzoo.data.mnist import Mnist
from ganzoo.spec import DataSpec

MODES = 1000

_DRAWN, _DRAWN_TEST = 10_000, 2_000  # the most glyphs that are drawn; triples of them there are enough


class StackedMnistConfig(DataConfig):
    """Which digits, and how many triples of them."""

    source: Literal["glyphs", "mnist"] = "glyphs"
    """The embedded digits, or MNIST's."""
    root: str = "data/mnist"
    """The folder of MNIST's idx files, where ``source`` is "mnist"; relative to where the command is run."""
    download: bool = False
    """Fetch MNIST's files when they are missing."""
    size: int = Field(28, ge=16, le=256)
    """Pixels; both sides."""
    count: int = Field(50_000, ge=1, le=10_000_000)
    """Training pictures."""
    test_count: int = Field(10_000, ge=1, le=10_000_000)
    """Test pictures, of test digits."""
    labels: bool = False
    """Hand out the mode, 0 to 999, as ``label``: for networks that are told which digits to draw."""
    seed: int = Field(0, ge=0, lt=2**63)
    """Of the triples, and of the glyphs."""


class StackedMnist(Data):
    """Random triples (a, b, c) of digits, one a channel; the mode is 100a + 10b + c."""

    Config: ClassVar[type[StackedMnistConfig]] = StackedMnistConfig
    in_memory = True

    def __init__(self, config: Any, split: str = "train") -> None:
        super().__init__(config, split)
        self.digits = self._source()
        """The single digits that the triples are made of, with their labels: what a classifier learns from."""
        self._triples = np.empty((0, 3), dtype=np.int64)

    def _source(self) -> Labelled:
        config = self.config
        if config.source == "mnist":
            return Mnist(Mnist.Config(root=config.root, download=config.download, size=config.size), self.split)
        counts = {"count": min(3 * config.count, _DRAWN), "test_count": min(3 * config.test_count, _DRAWN_TEST)}
        return Glyphs(Glyphs.Config(size=config.size, seed=config.seed, **counts), self.split)

    @property
    def spec(self) -> DataSpec:
        return DataSpec({"image": (3, self.config.size, self.config.size)}, classes=MODES * self.config.labels)

    def prepare(self, track: Track[Any] = untracked) -> None:
        self.digits.prepare(track)
        rng = np.random.default_rng([self.config.seed, 2 + int(self.split == "test")])
        self._triples = rng.integers(len(self.digits), size=(len(self), 3))

    def __len__(self) -> int:
        count: int = self.config.count if self.split == "train" else self.config.test_count
        return count

    def modes(self, indices: Sequence[int]) -> Labels:
        """The mode of each picture, 0 to 999."""
        modes: Labels = self.digits.labels[self._triples[list(indices)]] @ np.array([100, 10, 1])
        return modes

    def batch(self, indices: Sequence[int], rng: np.random.Generator) -> Batch:
        planes = self.digits.pixels[self._triples[list(indices)], ..., 0]  # (N, 3, size, size)
        batch = {"image": to_tensor(planes.transpose(0, 2, 3, 1))}
        return batch | {"label": torch.from_numpy(self.modes(indices))} if self.config.labels else batch

    def test(self) -> Self | None:
        return type(self)(self.config, "test") if self.digits.test() else None

    def fingerprint(self) -> str:
        settings = self.config.model_dump_json(exclude={"root", "download", "workers"})
        known = f"stacked/1 {settings} {self.digits.fingerprint()}"
        return hashlib.sha256(known.encode()).hexdigest()[:16]
