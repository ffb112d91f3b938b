"""``mnist`` and ``fashion-mnist``: the published idx files, compressed or not, read without any pickle."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ganzoo.data.base import Track
from ganzoo.data.download import Archive, fetch_file
from ganzoo.data.images import Pixels
from ganzoo.data.labelled import GreyConfig, Labelled, Labels, fitted
from ganzoo.errors import DataError

_GLYPHS = 'type="glyphs"'


def _published(folder: str, base: str, *files: tuple[str, int, str]) -> dict[str, Archive]:
    """File -> where it is published, for (file, bytes, sha256)."""
    return {
        name: Archive(folder, f"{base}/{name}.gz", size, sha256, folder=folder, embedded=_GLYPHS)
        for name, size, sha256 in files
    }


class MnistConfig(GreyConfig):
    """Where the files are."""

    root: str = "data/mnist"
    """The folder of the four idx files (train-images-idx3-ubyte.gz, ...); relative to where the command is run."""
    download: bool = False
    """Fetch the published files that are missing."""


class Mnist(Labelled):
    """Handwritten digits (LeCun et al., 1998): 60,000 to train and 10,000 to test, 28x28, white on black."""

    Config: ClassVar[type[MnistConfig]] = MnistConfig
    class_names = tuple("0123456789")
    title: ClassVar[str] = "MNIST"
    # Sizes and hashes as TensorFlow Datasets records them (url_checksums/mnist.txt).
    published: ClassVar[dict[str, Archive]] = _published(
        "mnist",
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        ("train-images-idx3-ubyte", 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        ("train-labels-idx1-ubyte", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        ("t10k-images-idx3-ubyte", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        ("t10k-labels-idx1-ubyte", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    )
    layout: ClassVar[str] = "MNIST/raw"
    """Where torchvision puts the files, under the root that it is given."""

    def __init__(self, config: Any, split: str = "train") -> None:
        super().__init__(config, split)
        self.root = Path(config.root).expanduser()

    def load(self, track: Track[Any]) -> tuple[Pixels, Labels]:
        images, labels = (read_idx(self.found(name) or self.fetched(name, track)) for name in self.names)
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise DataError(f"{self.root}: images {images.shape} and labels {labels.shape} do not belong together")
        return fitted(images[..., None], self.config.size), labels.astype(np.int64)

    @property
    def names(self) -> list[str]:
        """Of the two files of the split: images, labels."""
        prefix = "train" if self.split == "train" else "t10k"
        return [name for name in self.published if name.startswith(prefix)]

    def found(self, name: str) -> Path | None:
        """The file, in the root or where torchvision puts it, compressed or not."""
        folders = (self.root, self.root / self.layout, self.root / "raw")
        paths = (folder / f"{name}{ending}" for folder in folders for ending in ("", ".gz"))
        return next((path for path in paths if path.is_file()), None)

    def fetched(self, name: str, track: Track[Any]) -> Path:
        """The file, downloaded to the root if that was asked for."""
        archive = self.published[name]
        if self.config.download:
            return fetch_file(archive, self.root, track)
        raise DataError(
            f"{self.root}: {self.title} is not there ({name}.gz is missing, also in {self.layout})",
            hint=f"{archive.ways}; or fetch the published files: --set data.download=true",
        )

    def test(self) -> Self | None:
        test = type(self)(self.config, "test")
        return test if self.config.download or all(map(test.found, test.names)) else None


class FashionMnistConfig(MnistConfig):
    """Where the files are."""

    root: str = "data/fashion-mnist"
    """The folder of the four idx files (train-images-idx3-ubyte.gz, ...); relative to where the command is run."""


class FashionMnist(Mnist):
    """Clothes (arXiv:1708.07747): 60,000 to train and 10,000 to test, 28x28, grey on black."""

    Config: ClassVar[type[MnistConfig]] = FashionMnistConfig
    class_names = (
        *("t-shirt", "trouser", "pullover", "dress", "coat"),
        *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
    )
    title = "Fashion-MNIST"
    published = _published(
        "fashion-mnist",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        ("train-images-idx3-ubyte", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        ("train-labels-idx1-ubyte", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        ("t10k-images-idx3-ubyte", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        ("t10k-labels-idx1-ubyte", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    )
    layout = "FashionMNIST/raw"


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """An idx file of bytes, compressed where its name ends in ``.gz``.

    Two zero bytes, the type (8: bytes), the number of dimensions, each dimension as four bytes, high first; the values.

    Raises:
        DataError: it is damaged, or something else.
    """
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: {error}", hint="Remove the file and fetch it anew.") from error
    start = 4 + 4 * content[3] if len(content) > 3 and content[:3] == b"\0\0\x08" else len(content) + 1
    shape = np.frombuffer(content[4:start], dtype=">u4").tolist() if start <= len(content) else []
    if not shape or math.prod(shape) != len(content) - start:
        raise DataError(f"{path}: not an idx file of bytes, or cut off", hint="Remove the file and fetch it anew.")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
