"""What all kinds of picture folders share: settings, listing, splits, crops, messages."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ganzoo.data.base import Track, untracked
from ganzoo.data.download import TWO_WAYS
from ganzoo.data.kept import keep_on_disk
from ganzoo.data.listing import Files, Items, list_pictures
from ganzoo.data.picture_base import PicturesConfig, PicturesData
from ganzoo.data.pictures import Pictures, Reader, fingerprint, prepare
from ganzoo.errors import DataError
from ganzoo.spec import DataSpec


class FolderConfig(PicturesConfig):
    """What every kind of picture folder can be told."""

    root: str
    """The folder; relative to where the command is run."""
    memory: float = Field(2.0, ge=0)
    """GiB that decoded pictures may take; a set that needs more is read anew in each epoch."""
    disk: float = Field(0.0, ge=0)
    """GiB of disk, in the cache folder, that decoded pictures may take where ``memory`` is too small for them."""


class FolderData(PicturesData):
    """What all kinds of picture folders share. Subclasses say what belongs to which image key (:meth:`listing`)."""

    Config: ClassVar[type[FolderConfig]] = FolderConfig
    layout: ClassVar[str] = ""
    """What the folder should look like, for messages."""

    def __init__(self, config: Any, split: str = "train") -> None:
        super().__init__(config, split)
        self.root = Path(config.root).expanduser()
        self.sets: dict[str, Pictures] = {}
        self.found: dict[Path, Files] = {}
        """Folder -> its pictures: one folder may hold both splits, which list it once."""
        self._fingerprint = ""

    @property
    def spec(self) -> DataSpec:
        return DataSpec({"image": self.shape})

    def listing(self) -> dict[str, Pictures]:
        """Lists the files of this split, reading none: image key -> pictures."""
        raise NotImplementedError

    def prepare(self, track: Track[Any] = untracked) -> None:
        self.sets, self._fingerprint = self.listing(), ""
        self.in_memory = prepare(list(self.sets.values()), memory=self.config.memory, track=track)
        if self.config.disk and not self.in_memory:
            keep_on_disk(self.sets.values(), self.config.disk)

    def __len__(self) -> int:
        return max(map(len, self.sets.values()))

    def fingerprint(self) -> str:
        if not self.sets:
            return fingerprint(self.root, [*self.listing().values()])
        self._fingerprint = self._fingerprint or fingerprint(self.root, [*self.sets.values()])  # each metric asks
        return self._fingerprint

    def pictures(
        self, *files: Files, labels: npt.NDArray[np.int64] | None = None, kind: type[Reader] = Reader
    ) -> Pictures:
        """The samples of one image key, of a file each or of two, read as the config says."""
        pictures = Pictures(Items(*files), kind(self.load_size, self.config.channels), on_error=self.config.on_error)
        pictures.labels = pictures.labels if labels is None else labels
        return pictures

    def folder(self, name: str = "") -> Path:
        """``root/SPLIT/name`` where the root has a ``train`` folder, else ``root/name``."""
        return self.root / self.split / name if self.has_splits else self.root / name

    @property
    def has_splits(self) -> bool:
        """Whether the root is divided into ``train`` and ``test``."""
        return Path(self.root, "train").is_dir()

    def files(self, folder: Path, *, recursive: bool = False) -> Files:
        """The picture files in a folder; a DataError that shows the layout where there are none."""
        if folder not in self.found:
            if not folder.is_dir():
                raise self.misfit(f"{folder}: no such folder")
            self.found[folder] = list_pictures(folder, recursive=recursive) or self.none_in(folder)
        return self.found[folder]

    def none_in(self, folder: Path) -> Files:
        """Raises that a folder has no pictures."""
        raise self.misfit(f"{folder}: no pictures in this folder")

    def misfit(self, message: str) -> DataError:
        """An error that says which layout was expected and what to do."""
        return DataError(message, hint=f"Expected layout: {self.layout}. {TWO_WAYS}.")

    def tested(self) -> Self:
        """The test split."""
        test = type(self)(self.config, "test")
        test.found = self.found
        return test

    def share(self, files: Files) -> Files:
        """Of files that no folder divides into train and test, those of this split.

        Which it is depends on a file's own name alone, so that others may come and go.
        """
        limit = self.config.test_share * 2**32
        if self.has_splits or not (limit or self.split == "test"):
            return files
        held_out = np.fromiter((zlib.crc32(name) < limit for name in files.names(self.root)), np.bool_, len(files))
        return files.picked(held_out == (self.split == "test"))

    def shared_test(self) -> Self | None:
        """The test split where a ``test`` folder or ``test_share`` makes one."""
        exists = Path(self.root, "test").is_dir() if self.has_splits else self.config.test_share > 0
        return self.tested() if exists else None
