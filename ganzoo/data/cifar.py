"""``cifar10``: the published binary version, or a folder of pictures for each class; no pickle either way."""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field

from ganzoo.data.base import Track
from ganzoo.data.download import Archive, fetch_file
from ganzoo.data.folders import ClassFolders, ClassFoldersConfig
from ganzoo.data.images import Pixels
from ganzoo.data.labelled import Labelled, LabelledConfig, Labels, fitted
from ganzoo.errors import DataError
from ganzoo.files import write_bytes

_INSIDE = "cifar-10-batches-bin"
_FILES = {"train": [f"data_batch_{number}.bin" for number in range(1, 6)], "test": ["test_batch.bin"]}
_RECORD = 1 + 3 * 32 * 32  # bytes: the label, then the planes of red, green and blue

# The md5 on the publisher's page is c32a1d4ab5d03f1284b67883e8d87530; size and sha256 are TensorFlow Datasets'
# (url_checksums/cifar10.txt).
PUBLISHED = Archive(
    "cifar10",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    170052171,
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    embedded='type="glyphs", size=32, channels=3',
)


class Cifar10Config(LabelledConfig):
    """Where the files are."""

    root: str = "data/cifar10"
    """The folder of data_batch_1.bin, ..., or one with train/CLASS and test/CLASS; relative to the working folder."""
    download: bool = False
    """Fetch the published binary version (162 MiB) when the files are missing."""
    size: int = Field(32, ge=8, le=1024)
    """Pixels; both sides."""
    flip: bool = True
    """Turn half of the training pictures left to right."""


class Cifar10(Labelled):
    """Photos of ten classes (Krizhevsky, 2009): 50,000 to train and 10,000 to test, 32x32, colour."""

    Config: ClassVar[type[Cifar10Config]] = Cifar10Config
    class_names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    channels = 3

    def __init__(self, config: Any, split: str = "train") -> None:
        super().__init__(config, split)
        self.root = Path(config.root).expanduser()

    def load(self, track: Track[Any]) -> tuple[Pixels, Labels]:
        files = self.found()
        if not files and (self.root / self.split).is_dir():
            pixels, labels = self._from_folders(track)
        else:
            pixels, labels = read_records(files or self._fetched(track))
        return fitted(pixels, self.config.size), labels

    def found(self) -> list[Path]:
        """The files of the split, in the root or the folder that the archive makes; none unless all are there."""
        folders = (self.root, self.root / _INSIDE)
        places = ([folder / name for name in _FILES[self.split]] for folder in folders)
        return next((files for files in places if all(file.is_file() for file in files)), [])

    def _from_folders(self, track: Track[Any]) -> tuple[Pixels, Labels]:
        config = ClassFoldersConfig(root=str(self.root), size=32, memory=4.0, classes=self.class_names)
        folders = ClassFolders(config, self.split)
        folders.prepare(track)
        pictures, labels = folders.sets["image"].fetch_all(range(len(folders)))
        cut = [picture[:32, :32] for picture in pictures]  # all are 32x32 but for strays
        return np.stack(cut), np.array(labels, dtype=np.int64)

    def _fetched(self, track: Track[Any]) -> list[Path]:
        if not self.config.download:
            expected = " or ".join((_FILES[self.split][0], f"{self.split}/CLASS"))
            raise DataError(
                f"{self.root}: CIFAR-10 is not there (no {expected})",
                hint=f"{PUBLISHED.ways}; or fetch the published files: --set data.download=true",
            )
        file = fetch_file(PUBLISHED, self.root, track)
        unpack(file, self.root)
        file.unlink()
        return self.found()

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        if not self.config.flip or self.split != "train":
            return pixels
        mirrored = rng.random(len(pixels)) < 0.5
        return np.where(mirrored[:, None, None, None], pixels[:, :, ::-1], pixels)

    def test(self) -> Self | None:
        test = type(self)(self.config, "test")
        return test if self.config.download or test.found() or (self.root / "test").is_dir() else None


def unpack(file: Path, root: Path) -> None:
    """Writes the six files of pictures out of the archive, by their known names, whole or not at all.

    Raises:
        DataError: the archive is damaged.
    """
    wanted = [name for names in _FILES.values() for name in names]
    try:
        with tarfile.open(file) as archive:
            for name in wanted:
                member = archive.extractfile(f"{_INSIDE}/{name}")
                if member is None:
                    raise KeyError(name)
                write_bytes(root / name, member.read(10_000 * _RECORD + 1))
    except (tarfile.TarError, zlib.error, EOFError, KeyError) as error:
        raise DataError(f"{file} is damaged: {error}", hint="Remove it and try again.") from error


def read_records(files: list[Path]) -> tuple[Pixels, Labels]:
    """The pictures (N, 32, 32, 3) and labels (N,) of files in the binary version.

    Raises:
        DataError: a file is cut off, or something else.
    """
    parts = []
    for file in files:
        content = np.frombuffer(file.read_bytes(), dtype=np.uint8)
        if not len(content) or len(content) % _RECORD or content[::_RECORD].max() > 9:
            raise DataError(f"{file}: not a file of CIFAR-10's binary version, or cut off", hint="Fetch it anew.")
        parts.append(content.reshape(-1, _RECORD))
    records = np.concatenate(parts)
    pixels = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pixels), records[:, 0].astype(np.int64)
