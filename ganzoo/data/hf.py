"""Data sets of the Hugging Face Hub, or Parquet files of one's own, as data: more pictures than fit on a disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field, ValidationInfo, field_validator

from ganzoo.data.base import Batch, Data, Track, untracked
from ganzoo.data.hub_datasets import Source, find, told
from ganzoo.data.images import Encoded, Pixels, decode, read_two
from ganzoo.data.picture_base import PicturesConfig, PicturesData
from ganzoo.data.pictures import Samples, StretchError
from ganzoo.data.tables import Table
from ganzoo.errors import DataError
from ganzoo.spec import DataSpec


class HubDatasetConfig(PicturesConfig):
    """A data set and its columns."""

    name: str = Field("", pattern=r"^([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)?$")
    """The data set on the Hugging Face Hub, ``OWNER/NAME``."""
    root: str = Field("", validate_default=True)
    """Instead of ``name``: a folder of Parquet files, or one; relative to where the command is run."""
    subset: str = ""
    """Which configuration of it, where there are several."""
    revision: str = ""
    """Branch, tag or commit; by default ``main``, which may hold something else tomorrow. A commit stays what it is."""
    split: str = "train"
    """The split to train on."""
    test_split: str = ""
    """The split to test on; by default ``test`` or ``validation``, where there is one."""
    image: str = "image"
    """The column of pictures."""
    label: str = ""
    """The column of labels; without one, batches have none."""
    class_names: tuple[str, ...] = ()
    """The classes in the order of their labels; by default as the column has them."""
    A: str = ""
    """For pairs, instead of ``image``: the column of domain A."""
    B: str = Field("", validate_default=True)
    """For pairs: the column of domain B."""
    streaming: bool = False
    """Read the files where they are, in the course of the training, instead of downloading them before it."""
    workers: int = Field(2, ge=0, le=1024)
    """Worker processes that read pictures, each its own of a stream; 0 reads them in the training process."""
    window: int = Field(1000, ge=0)
    """With streaming: pictures that are drawn from at a time, which each worker process keeps as they are encoded."""

    @field_validator("root")
    @classmethod
    def _one_place(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) == bool(info.data.get("name", "?")):
            raise ValueError('say where the data is: either name = "OWNER/NAME", or root = "FOLDER"')
        return value

    @field_validator("B")
    @classmethod
    def _both_domains(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) != bool(info.data.get("A")):
            raise ValueError("a pair needs a column each for A and B")
        if value and info.data.get("label"):
            raise ValueError("pairs have no label")
        return value


@dataclass(kw_only=True)
class Rows(Samples):
    """The pictures of a table: one of each row, or two that are a pair."""

    table: Table
    name: str
    columns: Sequence[str]
    load_size: int
    channels: int
    label: str = ""
    classes: int = 0
    advice: ClassVar[str] = "Leave such rows out: --set data.on_error=skip"

    def __len__(self) -> int:
        return len(self.table)

    def sample(self, index: int) -> tuple[Pixels, int]:
        with told(f"reading {self.name}", StretchError):
            row = self.table.row(index)
        pictures = [_encoded(row[column], f"{self.name}, row {index}, column '{column}'") for column in self.columns]
        label = row[self.label] if self.label else 0
        if self.label and not (label is not None and 0 <= label < self.classes):
            raise DataError(f"{self.name}, row {index}: label {label} is none of {self.classes} classes")
        if len(pictures) == 2:
            return read_two(*pictures, load_size=self.load_size, channels=self.channels), label
        return decode(pictures[0], self.channels, self.load_size), label


class HubDataset(PicturesData):
    """Columns of a data set: batches ``{"image"}``, ``{"image", "label"}``, or of pairs ``{"A", "B"}``."""

    Config: ClassVar[type[PicturesConfig]] = HubDatasetConfig

    def __init__(self, config: Any, split: str = "train") -> None:
        super().__init__(config, split)
        self.paired = bool(config.B)
        self.jitter = 286 / 256 if self.paired else 1.0
        self.window = config.window
        self.rows: Rows | None = None

    @cached_property
    def source(self) -> Source:
        """The data set; found when first asked for."""
        config = self.config
        return find(config.name, config.root, config.subset, config.revision)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "source"}  # workers have the rows alone

    @property
    def columns(self) -> list[str]:
        """The columns of pictures."""
        return [self.config.A, self.config.B] if self.paired else [self.config.image]

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of their labels; none without labels."""
        return self.source.classes_of(self.config.label, self.config.class_names) if self.config.label else ()

    @property
    def spec(self) -> DataSpec:
        images = dict.fromkeys(("A", "B") if self.paired else ("image",), self.shape)
        return DataSpec(images, classes=len(self.class_names), class_names=self.class_names)

    @property
    def part_of_it(self) -> str:
        """The name of this split in the data set; empty where there is none to test on."""
        config = self.config
        if self.split == "train":
            return str(config.split)
        usual = [name for name in ("test", "validation") if name in self.source.files and name != config.split]
        return config.test_split or next(iter(usual), "")

    def prepare(self, track: Track[Any] = untracked) -> None:
        config, source = self.config, self.source
        source.pictures_in(self.columns)
        classes = len(self.class_names)
        columns = [*self.columns, *([config.label] if config.label else [])]
        table: Table
        if config.streaming:
            table = source.streamed(self.part_of_it, columns, config.window, track)
        else:
            table = source.mapped(self.part_of_it, columns)
        if not len(table):
            raise DataError(f"{source.name}: split '{self.part_of_it}' is empty")
        self.blocks = table.blocks
        self.rows = Rows(
            table=table,
            name=f"{source.name} ({self.part_of_it})",
            columns=self.columns,
            load_size=self.load_size,
            channels=config.channels,
            label=config.label,
            classes=classes,
            on_error=config.on_error,
        )

    def __len__(self) -> int:
        return len(self._rows())

    def part(self, indices: Sequence[int], rng: np.random.Generator, share: slice) -> Batch:
        pictures, labels = self._rows().fetch_all(indices[share])
        if self.paired:
            return self.pairs(pictures, rng, len(indices), share)
        batch = {"image": self.crops(pictures, rng, len(indices), share)}
        return batch | ({"label": torch.tensor(labels, dtype=torch.int64)} if self.config.label else {})

    def test(self) -> Data | None:
        test = type(self)(self.config, "test")
        test.__dict__["source"] = self.source  # it is found once
        return test if test.part_of_it else None

    def fingerprint(self) -> str:
        return self.source.fingerprint(self.part_of_it)

    def _rows(self) -> Rows:
        assert self.rows is not None, "prepare() comes first"
        return self.rows


def _encoded(value: Any, name: str) -> Encoded:
    """The content of a picture; a path beside it is where it was once, and is not looked at."""
    content = value.get("bytes") if isinstance(value, dict) else value
    if not content:
        raise DataError(f"{name}: there is no picture")
    return Encoded(content, name)
