"""``seasons``: drawn landscapes, summers (A) and winters (B). No download, and a truth to measure translation by."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ganzoo.data.base import Batch, Data, DataConfig, Track, to_tensor, untracked
from ganzoo.data.scenery import draw
from ganzoo.spec import DataSpec

TEST_SCENES = 1_000_000
"""The index of the first test scene: no training set is that large."""


class SeasonsConfig(DataConfig):
    """How many landscapes, and how large."""

    size: int = Field(64, ge=16, le=1024)
    """Pixels; both sides."""
    count: int = Field(600, ge=1, le=TEST_SCENES // 2)
    """Training pictures of each season; no scene is in both."""
    test_count: int = Field(64, ge=1)
    """Test scenes; each is drawn in both seasons."""
    flip: bool = True
    """Mirror half of the training pictures."""
    seed: int = Field(0, ge=0)
    """Of the scenes."""


class Seasons(Data):
    """Unpaired summers and winters for training; paired ones, of scenes never trained on, for the test."""

    Config: ClassVar[type[SeasonsConfig]] = SeasonsConfig
    in_memory = True

    def __init__(self, config: Any, split: str = "train") -> None:
        super().__init__(config, split)
        self.paired = split == "test"
        self._pictures: dict[str, np.ndarray] = {}

    @property
    def spec(self) -> DataSpec:
        shape = (3, self.config.size, self.config.size)
        return DataSpec({"A": shape, "B": shape})

    def prepare(self, track: Track[Any] = untracked) -> None:
        if self._pictures:
            return
        first = {"summer": TEST_SCENES, "winter": TEST_SCENES} if self.paired else {"summer": 0, "winter": len(self)}
        self._pictures["A"] = self._draw("summer", first["summer"], track)
        self._pictures["B"] = self._draw("winter", first["winter"], track)

    def _draw(self, season: Literal["summer", "winter"], first: int, track: Track[Any]) -> np.ndarray:
        def scene(index: int) -> np.ndarray:
            return draw(self.config.seed, first + index, season, self.config.size)

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            pictures = track(threads.map(scene, range(len(self))), f"drawing {self.split} {season}s", len(self))
            return np.stack(list(pictures))

    def __len__(self) -> int:
        count: int = self.config.test_count if self.paired else self.config.count
        return count

    def batch(self, indices: Sequence[int], rng: np.random.Generator) -> Batch:
        if self.paired:
            return {key: to_tensor(pictures[list(indices)]) for key, pictures in self._pictures.items()}
        others = rng.integers(len(self), size=len(indices))
        chosen = {"A": self._pictures["A"][list(indices)], "B": self._pictures["B"][others]}
        return {key: to_tensor(self._flipped(pictures, rng)) for key, pictures in chosen.items()}

    def _flipped(self, pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if not self.config.flip:
            return pictures
        mirrored = rng.random(len(pictures)) < 0.5
        return np.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)

    def test(self) -> Seasons:
        return Seasons(self.config, "test")

    def fingerprint(self) -> str:
        return hashlib.sha256(f"seasons/1 {self.config.model_dump_json()}".encode()).hexdigest()[:16]
