"""Folders of pictures as data: a plain folder, class subfolders, unpaired domains, pairs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, field_validator

from ganzoo.data.base import Batch, Data, Track, untracked
from ganzoo.data.download import KNOWN, Archive, fetch
from ganzoo.data.folder_base import FolderConfig, FolderData
from ganzoo.data.listing import Files
from ganzoo.data.pictures import Pictures, SideBySide, TwoFiles
from ganzoo.errors import DataError
from ganzoo.spec import DataSpec


class ImagesConfig(FolderConfig):
    """A folder of pictures."""

    test_share: float = Field(0.0, ge=0.0, lt=1.0)
    """The part of the pictures held out to test, chosen by their names, where there is no ``test`` folder."""


class ImageFolder(FolderData):
    """A folder of pictures, subfolders included, no labels: batches ``{"image"}``."""

    Config: ClassVar[type[FolderConfig]] = ImagesConfig
    layout = "ROOT with pictures at any depth; or ROOT/train and ROOT/test"

    def listing(self) -> dict[str, Pictures]:
        files = self.share(self.files(self.folder(), recursive=True)) or self.none_in(self.folder())
        return {"image": self.pictures(files)}

    def part(self, indices: Sequence[int], rng: np.random.Generator, share: slice) -> Batch:
        pictures, _ = self.sets["image"].fetch_all(indices[share])
        return {"image": self.crops(pictures, rng, len(indices), share)}

    def test(self) -> Data | None:
        return self.shared_test()


class ClassFoldersConfig(ImagesConfig):
    """A folder for each class."""

    classes: tuple[str, ...] = ()
    """The class folders to use, in the order of their labels; by default all, sorted."""


class ClassFolders(FolderData):
    """A subfolder for each class: batches ``{"image", "label"}``, labels in the order of the sorted folder names."""

    Config: ClassVar[type[FolderConfig]] = ClassFoldersConfig
    layout = "ROOT/CLASS with pictures; or ROOT/train/CLASS and, to test, ROOT/test/CLASS"

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of their labels, taken from the training split for both."""
        if self.config.classes:
            return self.config.classes  # type: ignore[no-any-return]
        folder = self.root / "train" if self.has_splits else self.root
        if not folder.is_dir():
            raise self.misfit(f"{folder}: no such folder")
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and entry.name[0] != ".")
        if not names:
            raise self.misfit(f"{folder}: no class folders in it")
        return tuple(names)

    @property
    def spec(self) -> DataSpec:
        names = self.class_names
        return DataSpec({"image": self.shape}, classes=len(names), class_names=names)

    def listing(self) -> dict[str, Pictures]:
        classes = [self.share(self.files(self.folder(name), recursive=True)) for name in self.class_names]
        files = Files.joined(classes) or self.none_in(self.root)
        return {"image": self.pictures(files, labels=np.repeat(np.arange(len(classes)), [*map(len, classes)]))}

    def part(self, indices: Sequence[int], rng: np.random.Generator, share: slice) -> Batch:
        pictures, labels = self.sets["image"].fetch_all(indices[share])
        return {
            "image": self.crops(pictures, rng, len(indices), share),
            "label": torch.tensor(labels, dtype=torch.int64),
        }

    def test(self) -> Data | None:
        return self.shared_test()


class JitterConfig(FolderConfig):
    """For image-to-image sets: as CycleGAN and arXiv:1611.07004, a little larger and then a random crop."""

    crop: Literal["random", "center"] = "random"
    """Where training crops lie in the resized picture; test crops are central."""


class UnpairedConfig(JitterConfig):
    """Two domains, each a folder."""

    download: bool = False
    """Fetch the published set when the folder is missing."""
    source: str = ""
    """The published set, such as "horse2zebra"; by default the one that ``root`` is named after."""

    @field_validator("source")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and value not in KNOWN:
            raise ValueError(f"no published set is called {value!r}; known are {', '.join(sorted(KNOWN))}")
        return value


class UnpairedImages(FolderData):
    """Unpaired domains A and B (arXiv:1703.10593): batches ``{"A", "B"}``, B drawn independently of A."""

    Config: ClassVar[type[FolderConfig]] = UnpairedConfig
    layout = "ROOT with the folders trainA, trainB and, to test, testA, testB"
    jitter = 286 / 256

    @property
    def spec(self) -> DataSpec:
        return DataSpec({"A": self.shape, "B": self.shape})

    def domain(self, key: str) -> Path:
        """The folder of one domain."""
        return self.root / f"{self.split}{key}"

    def offer(self) -> Archive | None:
        """The published archive that would fill the missing folder; None where there is none or nothing is missing."""
        known = KNOWN.get(self.config.source or self.root.name)
        return None if self.root.is_dir() and any(self.root.iterdir()) else known

    def prepare(self, track: Track[Any] = untracked) -> None:
        archive = self.offer()
        if archive and self.config.download:
            fetch(archive, self.root, track)
        super().prepare(track)

    def misfit(self, message: str) -> DataError:
        error, archive = super().misfit(message), self.offer()
        if archive:
            error.hint += f"\n{archive.name} is published, too: --set data.download=true fetches it."
        elif self.config.download and not self.root.exists():
            error.hint += f"\nTo download, set data.source to one of {', '.join(sorted(KNOWN))}."
        return error

    def listing(self) -> dict[str, Pictures]:
        return {key: self.pictures(self.files(self.domain(key))) for key in ("A", "B")}

    def part(self, indices: Sequence[int], rng: np.random.Generator, share: slice) -> Batch:
        a, b = self.sets["A"], self.sets["B"]
        chosen = rng.integers(len(b), size=len(indices)).tolist() if self.split == "train" else indices
        return {
            key: self.crops(of.fetch_all(index % len(of) for index in those[share])[0], rng, len(indices), share)
            for key, of, those in (("A", a, indices), ("B", b, chosen))
        }

    def test(self) -> Data | None:
        test = self.tested()
        return test if test.domain("A").is_dir() and test.domain("B").is_dir() else None


class ClassDomainsConfig(JitterConfig):
    """Two classes, each a domain."""

    A: str
    """The class folder that is domain A."""
    B: str
    """The class folder that is domain B."""


class ClassDomains(UnpairedImages):
    """Two classes of a set of class folders as unpaired domains: batches ``{"A", "B"}``."""

    Config: ClassVar[type[FolderConfig]] = ClassDomainsConfig
    layout = "ROOT/train/CLASS and, to test, ROOT/test/CLASS; or ROOT/CLASS"

    def domain(self, key: str) -> Path:
        return self.folder(getattr(self.config, key))

    def offer(self) -> Archive | None:
        return None

    def misfit(self, message: str) -> DataError:
        return FolderData.misfit(self, message)

    def test(self) -> Data | None:
        return super().test() if self.has_splits else None


class PairedConfig(JitterConfig):
    """Pictures in pairs."""

    layout: Literal["side-by-side", "folders"] = "side-by-side"
    """Both halves in one file (left A, right B), or files of one name in trainA and trainB."""


class PairedImages(FolderData):
    """Pairs (arXiv:1611.07004): batches ``{"A", "B"}``, crop and flip the same for both."""

    Config: ClassVar[type[FolderConfig]] = PairedConfig
    layout = (
        "ROOT/train and ROOT/test (or val) with pictures whose left half is A and right half is B; "
        'with data.layout="folders": trainA, trainB, testA, testB with files of the same names'
    )
    jitter = 286 / 256
    paired = True

    @property
    def spec(self) -> DataSpec:
        return DataSpec({"A": self.shape, "B": self.shape})

    def place(self, split: str, key: str = "") -> Path:
        """Where the pairs of a split lie; for ``"folders"``, one side of them."""
        return self.root / (split if self.config.layout == "side-by-side" else f"{split}{key}")

    def listing(self) -> dict[str, Pictures]:
        split = "val" if self.split == "test" and not self.place("test", "A").is_dir() else self.split
        if self.config.layout == "side-by-side":
            return {"pair": self.pictures(self.files(self.place(split)), kind=SideBySide)}
        return {"pair": self.pictures(*self.matched(split), kind=TwoFiles)}

    def matched(self, split: str) -> tuple[Files, Files]:
        """Files of A and B with the same name, whatever their endings."""
        folders = [self.place(split, key) for key in ("A", "B")]
        files = [self.files(folder) for folder in folders]
        a, b = (
            {name.rpartition(b".")[0]: index for index, name in enumerate(side.names(folder))}
            for side, folder in zip(files, folders, strict=True)
        )
        alone = sorted(map(os.fsdecode, a.keys() ^ b.keys()))
        if alone:
            shown = ", ".join(alone[:10]) + ", ..." * (len(alone) > 10)
            raise self.misfit(f"{self.root}: {len(alone)} files of split {split} have no partner: {shown}")
        partners = np.fromiter(map(b.__getitem__, a), np.int64, len(a))
        return files[0].picked(np.fromiter(a.values(), np.int64, len(a))), files[1].picked(partners)

    def part(self, indices: Sequence[int], rng: np.random.Generator, share: slice) -> Batch:
        pictures, _ = self.sets["pair"].fetch_all(indices[share])  # A and B are channels of one picture here
        return self.pairs(pictures, rng, len(indices), share)

    def test(self) -> Data | None:
        return self.tested() if any(self.place(split, "A").is_dir() for split in ("test", "val")) else None
