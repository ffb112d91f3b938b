"""``seasons``: drawn landscapes, summers (A) and winters (B). No download, and a truth to measure translation by."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ganzoo.data import scenery
from ganzoo.data.base import Batch, Data, DataConfig, Track, to_tensor, untracked
from ganzoo.data.drawn import kept
from ganzoo.spec import DataSpec

TEST_SCENES = 1_000_000
"""The index of the first test scene: no training set is that large."""


class SeasonsConfig(DataConfig):
    """How many landscapes, and how large."""

    size: int = Field(64, ge=16, le=1024)
    """Pixels; both sides."""
    count: int = Field(600, ge=1, le=TEST_SCENES // 2)
    """Training pictures of each season; no scene is in both."""
    test_count: int = Field(64, ge=1, le=10_000_000)
    """Test scenes; each is drawn in both seasons."""
    flip: bool = True
    """Mirror half of the training pictures."""
    paired: bool = False
    """Train on pairs: each scene in both seasons, both mirrored or neither."""
    seed: int = Field(0, ge=0, lt=2**63)
    """Of the scenes."""


class Seasons(Data):
    """Summers and winters, unpaired for training unless the recipe says; the test has pairs, of other scenes."""

    Config: ClassVar[type[SeasonsConfig]] = SeasonsConfig
    in_memory = True

    def __init__(self, config: Any, split: str = "train") -> None:
        super().__init__(config, split)
        self.paired = split == "test" or config.paired
        self._pictures: dict[str, np.ndarray] = {}

    @property
    def spec(self) -> DataSpec:
        shape = (3, self.config.size, self.config.size)
        return DataSpec({"A": shape, "B": shape})

    def prepare(self, track: Track[Any] = untracked) -> None:
        if self._pictures:
            return
        first = TEST_SCENES if self.split == "test" else 0
        self._pictures["A"] = self._draw("summer", first, track)
        self._pictures["B"] = self._draw("winter", first if self.paired else len(self), track)

    def _draw(self, season: Literal["summer", "winter"], first: int, track: Track[Any]) -> np.ndarray:
        def scene(index: int) -> np.ndarray:
            return scenery.draw(self.config.seed, first + index, season, self.config.size)

        def draw_all() -> np.ndarray:
            with ThreadPoolExecutor(os.cpu_count()) as threads:
                try:
                    pictures = track(threads.map(scene, range(len(self))), f"drawing {self.split} {season}s", len(self))
                    return np.stack(list(pictures))
                finally:  # after Ctrl-C, do not draw the rest first
                    threads.shutdown(cancel_futures=True)

        size = self.config.size
        key = f"{season} {self.config.seed} {first} drawn by {_what_draws()}"
        return kept(key, (len(self), size, size, 3), draw_all)

    def __len__(self) -> int:
        count: int = self.config.test_count if self.split == "test" else self.config.count
        return count

    def batch(self, indices: Sequence[int], rng: np.random.Generator) -> Batch:
        chosen = {"A": list(indices), "B": list(indices)}
        if not self.paired:
            chosen["B"] = rng.integers(len(self), size=len(indices)).tolist()
        pictures = {key: self._pictures[key][numbers] for key, numbers in chosen.items()}
        if self.split == "train" and self.config.flip:
            draws = rng.random((1 if self.paired else 2, len(indices))) < 0.5
            pictures = {"A": _mirrored(pictures["A"], draws[0]), "B": _mirrored(pictures["B"], draws[-1])}
        return {key: to_tensor(several) for key, several in pictures.items()}

    def test(self) -> Seasons:
        return Seasons(self.config, "test")

    def fingerprint(self) -> str:
        return hashlib.sha256(f"seasons/1 {self.config.model_dump_json()}".encode()).hexdigest()[:16]


@cache
def _what_draws() -> str:
    """A hash of all that pixels depend on beside the settings: the code that draws, numpy, and the processor's kind."""
    found = hashlib.sha256(f"{np.__version__} {platform.machine()}".encode())
    for path in sorted(Path(scenery.__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


def _mirrored(pictures: np.ndarray, which: np.ndarray) -> np.ndarray:
    """(N, H, W, C), those of ``which``, (N,) of bool, left to right."""
    return np.where(which[:, None, None, None], pictures[:, :, ::-1], pictures)
