"""What all kinds of picture folders share: settings, listing, splits, crops, messages."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, ValidationInfo, field_validator

from ganzoo.data.base import Batch, Data, DataConfig, Track, to_tensor, untracked
from ganzoo.data.download import TWO_WAYS
from ganzoo.data.images import crop_batch
from ganzoo.data.pictures import (
    Item,
    OnError,
    Pictures,
    Reader,
    fingerprint,
    list_pictures,
    prepare,
    relative,
)
from ganzoo.errors import DataError
from ganzoo.spec import DataSpec


class FolderConfig(DataConfig):
    """What every kind of picture folder can be told."""

    root: str
    """The folder; relative to where the command is run."""
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
    memory: float = Field(2.0, ge=0)
    """GiB that decoded pictures may take; a set that needs more is read anew in each epoch."""

    @field_validator("load_size")
    @classmethod
    def _crop_fits(cls, value: int, info: ValidationInfo) -> int:
        size = info.data.get("size", 0)
        if value and value < size:
            raise ValueError(f"{value} is smaller than size ({size}), so no crop fits; set it to {size} or more, or 0")
        return value


class FolderData(Data):
    """What all kinds of picture folders share. Subclasses say what belongs to which image key (:meth:`listing`)."""

    Config: ClassVar[type[FolderConfig]] = FolderConfig
    layout: ClassVar[str] = ""
    """What the folder should look like, for messages."""
    jitter: ClassVar[float] = 1.0
    """``load_size`` over ``size`` where the recipe leaves it open."""

    def __init__(self, config: Any, split: str = "train") -> None:
        super().__init__(config, split)
        self.root = Path(config.root).expanduser()
        self.sets: dict[str, Pictures] = {}

    @property
    def spec(self) -> DataSpec:
        return DataSpec({"image": self.shape})

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

    def listing(self) -> dict[str, Pictures]:
        """Lists the files of this split, reading none: image key -> pictures."""
        raise NotImplementedError

    def prepare(self, track: Track[Any] = untracked) -> None:
        self.sets = self.listing()
        self.in_memory = prepare(list(self.sets.values()), memory=self.config.memory, track=track)

    def __len__(self) -> int:
        return max(map(len, self.sets.values()))

    def fingerprint(self) -> str:
        return fingerprint(self.root, (self.sets or self.listing()).values())

    def pictures(self, items: Sequence[Item], labels: Sequence[int] = (), *, kind: type[Reader] = Reader) -> Pictures:
        """The samples of one image key, read as the config says."""
        reader = kind(self.load_size, self.config.channels)
        return Pictures(list(items), reader, list(labels), on_error=self.config.on_error)

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

    def folder(self, name: str = "") -> Path:
        """``root/SPLIT/name`` where the root has a ``train`` folder, else ``root/name``."""
        return self.root / self.split / name if self.has_splits else self.root / name

    @property
    def has_splits(self) -> bool:
        """Whether the root is divided into ``train`` and ``test``."""
        return Path(self.root, "train").is_dir()

    def files(self, folder: Path, *, recursive: bool = False) -> list[str]:
        """The picture files in a folder; a DataError that shows the layout where there are none."""
        if not folder.is_dir():
            raise self.misfit(f"{folder}: no such folder")
        return list_pictures(folder, recursive=recursive) or self.none_in(folder)

    def none_in(self, folder: Path) -> list[str]:
        """Raises that a folder has no pictures."""
        raise self.misfit(f"{folder}: no pictures in this folder")

    def misfit(self, message: str) -> DataError:
        """An error that says which layout was expected and what to do."""
        return DataError(message, hint=f"Expected layout: {self.layout}. {TWO_WAYS}.")

    def tested(self) -> Self:
        """The test split."""
        return type(self)(self.config, "test")

    def held_out(self, file: str) -> bool:
        """Whether a file belongs to the test share: by its own name alone, so that others may come and go."""
        if not self.config.test_share:
            return False  # at once: there may be millions of files
        name = Path(relative(file, self.root)).as_posix()
        return bool(zlib.crc32(name.encode()) < self.config.test_share * 2**32)

    def share(self, files: Iterable[str]) -> list[str]:
        """Of files that no folder divides into train and test, those of this split."""
        if self.has_splits:
            return list(files)
        return [file for file in files if self.held_out(file) == (self.split == "test")]

    def shared_test(self) -> Self | None:
        """The test split where a ``test`` folder or ``test_share`` makes one."""
        exists = Path(self.root, "test").is_dir() if self.has_splits else self.config.test_share > 0
        return self.tested() if exists else None
