"""The contract of a data source: a length, a spec, and batches that are a pure function of indices and a generator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from pydantic import Field

from ganzoo.config import Config
from ganzoo.spec import DataSpec

Batch = dict[str, torch.Tensor]
"""``{"image", "label"?}`` or ``{"A", "B"}``: images NCHW float32 in [-1, 1], labels int64 (N,)."""

T = TypeVar("T")
Track = Callable[[Iterable[T], str, int], Iterable[T]]
"""Wraps an iterable of long work so that its progress shows: ``track(iterable, what, total)``."""


def untracked(work: Iterable[T], what: str, total: int) -> Iterable[T]:
    """A :data:`Track` that shows nothing."""
    return work


class DataConfig(Config):
    """What every data source can be told."""

    workers: int = Field(0, ge=0, le=1024)
    """Worker processes that prepare batches; 0 prepares them in the training process. Sources in memory use none."""


class Data:
    """A source of samples.

    A batch depends on nothing but the config, the indices and the generator it is handed: so the order and the
    augmentation of a training are the same with any number of workers, and after a resume.
    """

    Config: ClassVar[type[DataConfig]] = DataConfig
    in_memory: bool = False
    """True when a batch costs so little that worker processes would only be in the way."""
    paired: bool = False
    """True when A and B of a sample show the same thing, so that a translation can be compared with its truth."""

    blocks: Sequence[int] = ()
    """Samples in each stretch that is read as one, in the order of their indices; empty where there are none.

    A source with blocks is gone through by :class:`ganzoo.data.order.Dealt`: each process and worker reads blocks of
    its own, one after the other. Known once it is prepared.
    """
    window: int = 1
    """With blocks: samples that are drawn from at a time, which a worker has to keep."""

    def __init__(self, config: Any, split: str = "train") -> None:
        """``split`` is ``"train"`` or ``"test"``. Nothing heavy happens before :meth:`prepare`."""
        self.config = config
        self.split = split

    @property
    def spec(self) -> DataSpec:
        """Shapes and classes; known without reading any picture."""
        raise NotImplementedError

    def prepare(self, track: Track[Any] = untracked) -> None:
        """Do the work that comes before the first batch: list, download, verify, decode what fits in memory.

        Raises:
            DataError: pictures are missing or unreadable.
        """

    def __len__(self) -> int:
        """Samples in one epoch."""
        raise NotImplementedError

    def batch(self, indices: Sequence[int], rng: np.random.Generator) -> Batch:
        """The samples at ``indices``, augmented with draws from ``rng`` when the split is ``"train"``."""
        raise NotImplementedError

    def part(self, indices: Sequence[int], rng: np.random.Generator, share: slice) -> Batch:
        """The samples ``share`` of the batch at ``indices``: what one of several processes trains on.

        The same pictures as in the whole batch. Sources whose samples cost something make those of the share alone.
        """
        return {key: value[share] for key, value in self.batch(indices, rng).items()}

    def test(self) -> Data | None:
        """The held-out split, not prepared; None where there is none."""
        return None

    def fingerprint(self) -> str:
        """A short hash that changes when the data does; written into a run's ``environment.json``."""
        raise NotImplementedError


def to_tensor(images: np.ndarray) -> torch.Tensor:
    """uint8 (N, H, W, C) to float32 (N, C, H, W) in [-1, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1.0)
