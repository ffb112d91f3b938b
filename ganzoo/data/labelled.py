"""What sets of small labelled pictures share: all of them in memory, as uint8."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field

from ganzoo.data.base import Batch, Data, DataConfig, Track, to_tensor, untracked
from ganzoo.data.images import Pixels, resized
from ganzoo.spec import DataSpec

Labels = npt.NDArray[np.int64]


class LabelledConfig(DataConfig):
    """How small pictures are handed out."""

    size: int = Field(28, ge=8, le=1024)
    """Pixels; both sides."""


class GreyConfig(LabelledConfig):
    """Grey pictures."""

    channels: Literal[1, 3] = 1
    """3 repeats the grey for networks that want colours."""


class Labelled(Data):
    """Pictures with a class each: batches ``{"image", "label"}``. Subclasses say where they come from: :meth:`load`."""

    Config: ClassVar[type[LabelledConfig]] = LabelledConfig
    in_memory = True
    class_names: ClassVar[tuple[str, ...]]
    """The classes in the order of their labels."""
    channels: int = 1

    def __init__(self, config: Any, split: str = "train") -> None:
        super().__init__(config, split)
        self.channels = getattr(config, "channels", self.channels)
        self._loaded: tuple[Pixels, Labels] | None = None

    @property
    def spec(self) -> DataSpec:
        shape = (self.channels, self.config.size, self.config.size)
        return DataSpec({"image": shape}, classes=len(self.class_names), class_names=self.class_names)

    def load(self, track: Track[Any]) -> tuple[Pixels, Labels]:
        """All pictures of the split, (N, size, size, C) of as many channels as are stored, and their labels (N,)."""
        raise NotImplementedError

    def prepare(self, track: Track[Any] = untracked) -> None:
        if self._loaded is None:
            self._loaded = self.load(track)

    @property
    def pixels(self) -> Pixels:
        """(N, size, size, C); loaded when first asked for."""
        return self._contents()[0]

    @property
    def labels(self) -> Labels:
        """(N,); loaded when first asked for."""
        return self._contents()[1]

    def _contents(self) -> tuple[Pixels, Labels]:
        self.prepare()
        assert self._loaded is not None
        return self._loaded

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: Sequence[int], rng: np.random.Generator) -> Batch:
        chosen = np.asarray(indices, dtype=np.int64)
        images = to_tensor(self.augmented(self.pixels[chosen], rng))
        return {
            "image": images.expand(-1, self.channels, -1, -1).contiguous(),
            "label": torch.from_numpy(self.labels[chosen]),
        }

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Overridden where training pictures are altered."""
        return pixels

    def test(self) -> Self | None:
        return type(self)(self.config, "test")

    def fingerprint(self) -> str:
        return hashlib.sha256(self.pixels.tobytes() + self.labels.tobytes()).hexdigest()[:16]


def fitted(pixels: Pixels, size: int) -> Pixels:
    """(N, H, H, C) brought to ``size``: by a border of black where two pixels on each side are all, else resized."""
    if pixels.shape[1] == size:
        return pixels
    if pixels.shape[1] + 4 == size:
        return np.pad(pixels, ((0, 0), (2, 2), (2, 2), (0, 0)))
    return np.stack([resized(picture, (size, size)) for picture in pixels])
