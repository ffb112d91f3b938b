"""What all sources of encoded pictures share, wherever the pictures lie: settings, and crops of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, ValidationInfo, field_validator

from ganzoo.data.base import Batch, Data, DataConfig, to_tensor
from ganzoo.data.images import crop_batch
from ganzoo.data.pictures import OnError


class PicturesConfig(DataConfig):
    """How pictures of any size become batches of one."""

    size: int = Field(256, ge=1, le=2**14)
    """Pixels: what the networks see is size x size."""
    load_size: int = Field(0, ge=0, le=2**14)
    """Pixels: the shorter side before the crop; 0 is ``size``, or 286/256 of it where pictures come in two domains."""
    crop: Literal["random", "center"] = "center"
    """Where training crops lie in the resized picture; test crops are central."""
    flip: bool = True
    """Turn half of the training pictures left to right."""
    channels: Literal[1, 3] = 3
    """3 for colour, 1 for grey; pictures of any kind are brought to it."""
    workers: int = Field(2, ge=0, le=1024)
    """Worker processes that read pictures when they do not fit in memory; 0 reads them in the training process."""
    on_error: OnError = "stop"
    """An unreadable picture stops the training before it begins, or is left out and counted in the log."""

    @field_validator("load_size")
    @classmethod
    def _crop_fits(cls, value: int, info: ValidationInfo) -> int:
        size = info.data.get("size", 0)
        if value and value < size:
            raise ValueError(f"{value} is smaller than size ({size}), so no crop fits; set it to {size} or more, or 0")
        return value


class PicturesData(Data):
    """A source whose samples are pictures of any size. Subclasses say how a share of a batch is read (:meth:`part`)."""

    Config: ClassVar[type[PicturesConfig]] = PicturesConfig
    jitter: float = 1.0
    """``load_size`` over ``size`` where the recipe leaves it open."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, size, size)."""
        return self.config.channels, self.config.size, self.config.size

    @property
    def load_size(self) -> int:
        """The shorter side that pictures are read at."""
        if self.split != "train":
            return int(self.config.size)
        return int(self.config.load_size or round(self.config.size * self.jitter))

    def batch(self, indices: Sequence[int], rng: np.random.Generator) -> Batch:
        return self.part(indices, rng, slice(None))

    def part(self, indices: Sequence[int], rng: np.random.Generator, share: slice) -> Batch:
        raise NotImplementedError

    def crops(
        self, pictures: Sequence[Any], rng: np.random.Generator, among: int | None = None, share: slice = slice(None)
    ) -> torch.Tensor:
        """(N, C, size, size) in [-1, 1]; random in training only. The pictures are the ``share`` of ``among``."""
        chance, config = rng if self.split == "train" else None, self.config
        pixels = crop_batch(pictures, config.size, chance, crop=config.crop, flip=config.flip, among=among, share=share)
        return to_tensor(pixels)

    def pairs(
        self, pictures: Sequence[Any], rng: np.random.Generator, among: int | None = None, share: slice = slice(None)
    ) -> Batch:
        """``{"A", "B"}`` of pictures whose first half of channels is A and the other B: one crop and flip for both."""
        both, channels = self.crops(pictures, rng, among, share), self.config.channels
        return {"A": both[:, :channels].contiguous(), "B": both[:, channels:].contiguous()}
