"""``glyphs``: handwritten-looking digits with labels, drawn by our own code. No download."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from ganzoo.data.base import Track
from ganzoo.data.handwriting import draw
from ganzoo.data.images import Pixels
from ganzoo.data.labelled import GreyConfig, Labelled, Labels


class GlyphsConfig(GreyConfig):
    """How many digits, and how large."""

    size: int = Field(28, ge=16, le=256)
    """Pixels; both sides."""
    count: int = Field(10_000, ge=1, le=10_000_000)
    """Training pictures, as many of each digit."""
    test_count: int = Field(2_000, ge=1, le=10_000_000)
    """Test pictures; none is a training picture."""
    seed: int = Field(0, ge=0, lt=2**63)
    """Of the handwriting."""


class Glyphs(Labelled):
    """Digits 0 to 9, white on black: picture i shows i modulo 10, whatever ``count`` is."""

    Config: ClassVar[type[GlyphsConfig]] = GlyphsConfig
    class_names = tuple("0123456789")

    def load(self, track: Track[Any]) -> tuple[Pixels, Labels]:
        labels = np.arange(len(self), dtype=np.int64) % 10
        seed = (self.config.seed, int(self.split == "test"))
        return draw(seed, labels, self.config.size)[..., None], labels

    def __len__(self) -> int:
        count: int = self.config.count if self.split == "train" else self.config.test_count
        return count

    def fingerprint(self) -> str:
        return hashlib.sha256(f"glyphs/1 {self.config.model_dump_json()}".encode()).hexdigest()[:16]
