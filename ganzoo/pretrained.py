"""A loaded generator: pictures from noise, or from pictures, in one line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ganzoo import checkpoint, hub, pack
from ganzoo.data.base import to_tensor
from ganzoo.data.images import decode
from ganzoo.errors import DataError
from ganzoo.generators import Generators
from ganzoo.grids import to_image
from ganzoo.published import PublishedConfig, load_network, read_config
from ganzoo.run import Run, is_run

Picture = str | Path | Image.Image
"""A file, or a picture in memory."""


class Pretrained:
    """A generator folder, ready to use.

    Attributes:
        config: what ``config.json`` says.
        generators: the networks, for work on tensors.
        folder: where they came from.
    """

    def __init__(self, config: PublishedConfig, generators: Generators, folder: Path) -> None:
        self.config = config
        self.generators = generators
        self.folder = folder

    @property
    def directions(self) -> list[str]:
        """The directions that :meth:`translate` takes."""
        return self.generators.directions

    def translate(
        self, images: Picture | Iterable[Picture], direction: str | None = None, seed: int = 0
    ) -> list[Image.Image]:
        """Translate pictures of any size; each comes back in its own size.

        Args:
            images: one or several files or PIL pictures.
            direction: ``"AtoB"`` or ``"BtoA"``; may be left out where there is one alone.
            seed: of the dropout of models that keep it at work (pix2pix); the same gives the same pictures.

        Raises:
            DataError: a file is no readable picture.
            ValueError: there is no such direction.
        """
        if direction is None and len(self.directions) == 1:
            direction = self.directions[0]
        if direction not in self.directions:
            raise ValueError(f"direction '{direction}': this model has {', '.join(self.directions) or 'none'}")
        several = [images] if isinstance(images, str | Path | Image.Image) else images
        return [self._translate(image, direction, seed) for image in several]

    def sample(
        self, n: int = 1, seed: int = 0, label: int | str | None = None, truncation: float = 1.0
    ) -> list[Image.Image]:
        """Make pictures from noise; the same seed makes the same ones.

        Args:
            n: how many; the first are the same for any number.
            seed: of the noise.
            label: for a conditional model, what they show: a class's number or name; by default all kinds.
            truncation: below 1, pictures nearer to the usual, and less varied (arXiv:1809.11096).

        Raises:
            DataError: the model translates pictures, or has no such label.
        """
        labels = None if label is None else torch.full((n,), self.label(label))
        return to_images(self.noise_to_pictures().draw(n, seed, labels, truncation=truncation))

    def noise_to_pictures(self) -> Generators:
        """The generators, of a model that makes pictures from noise."""
        if "sample" not in self.generators.networks:
            raise DataError("this model makes pictures from pictures, not from noise", hint="Use: ganzoo translate")
        return self.generators

    def label(self, label: int | str) -> int:
        """The number of a label that is given by its number or its class's name."""
        classes, names = self.generators.classes, list(map(str, self.config.image.get("class_names", [])))
        if not classes:
            raise DataError(f"label '{label}': this model takes no labels")
        number = names.index(str(label)) if str(label) in names else _number(str(label))
        if not 0 <= number < classes:
            known = f", and their names {', '.join(names[:20])}{', ...' * (len(names) > 20)}" if names else ""
            raise DataError(f"label '{label}': there is none", hint=f"Labels are 0 to {classes - 1}{known}")
        return number

    def _translate(self, image: Picture, direction: str, seed: int) -> Image.Image:
        pixels = to_tensor(decode(image, int(self.config.image["channels"]))[None].copy())
        with torch.random.fork_rng():  # a picture's translation depends neither on others nor on the caller's draws
            torch.manual_seed(seed)
            return to_image(self.generators.translate(pixels, direction)[0])


def to_images(pictures: Tensor) -> list[Image.Image]:
    """(N, C, H, W) in [-1, 1] as pictures.

    Raises:
        DataError: they are points.
    """
    if pictures.dim() != 4:
        raise DataError("this model makes points, not pictures", hint="ganzoo sample SOURCE --out FILE.png plots them.")
    return [to_image(picture) for picture in pictures]


def load(source: str | Path, *, device: str = "cpu", name: str = "latest") -> Pretrained:
    """Load the generator of a run folder, a generator folder, or a repository on the Hub.

    Args:
        source: the folder, or ``OWNER/NAME[@REVISION]``; a folder of that name goes before.
        device: where its networks work.
        name: of a run's checkpoints: ``latest``, ``best`` or a step.

    Raises:
        CheckpointError: it is neither, or its files do not fit the networks that it names.
        RegistryError: it names a network that no installed plugin supplies; says what to install.
        HubError: it cannot be pulled.
    """
    folder = hub.locate(source)
    if is_run(folder):
        folder = _packed(Run.open(folder), name)
    config = read_config(folder)
    networks = {key: load_network(folder, config, key) for key in config.networks}
    generators = Generators({key: net.to(device) for key, net in networks.items()}, config.inference)
    return Pretrained(config, generators, folder)


def _number(text: str) -> int:
    """The number that is written there; -1 when none is, or none that could be a label's."""
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def _packed(run: Run, name: str) -> Path:
    found = checkpoint.find(run.checkpoints, name)
    return run.generator if pack.is_packed(run, found) else pack.pack(run, found)
