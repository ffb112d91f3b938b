"""A loaded generator: pictures from noise, or from pictures, in one line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import torch
from PIL import Image
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ganzoo import checkpoint, pack
from ganzoo.data.base import to_tensor
from ganzoo.data.images import decode
from ganzoo.errors import CheckpointError, DataError, RegistryError
from ganzoo.generators import Generators
from ganzoo.grids import to_image
from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_network
from ganzoo.recipe.schema import Component
from ganzoo.run import Run, is_run

Picture = str | Path | Image.Image
"""A file, or a picture in memory."""


class PublishedNetwork(BaseModel):
    """One network in ``config.json``."""

    model_config = ConfigDict(extra="ignore")
    network: str
    plugin: str
    version: str = ""
    config: dict[str, Any]
    weights: str


class PublishedConfig(BaseModel):
    """What ``config.json`` of a generator folder says."""

    model_config = ConfigDict(extra="ignore")
    format: int
    model: str
    step: int = 0
    inference: Literal["eval", "train"] = "eval"
    image: dict[str, Any]
    networks: dict[str, PublishedNetwork]


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

    def translate(self, images: Picture | Iterable[Picture], direction: str | None = None) -> list[Image.Image]:
        """Translate pictures of any size; each comes back in its own size.

        Args:
            images: one or several files or PIL pictures.
            direction: ``"AtoB"`` or ``"BtoA"``; may be left out where there is one alone.

        Raises:
            DataError: a file is no readable picture.
            ValueError: there is no such direction.
        """
        if direction is None and len(self.directions) == 1:
            direction = self.directions[0]
        if direction not in self.directions:
            raise ValueError(f"direction '{direction}': this model has {', '.join(self.directions) or 'none'}")
        several = [images] if isinstance(images, str | Path | Image.Image) else images
        return [self._translate(image, direction) for image in several]

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
        number = names.index(str(label)) if str(label) in names else int(label) if str(label).isdecimal() else -1
        if not 0 <= number < classes:
            known = f", and their names {', '.join(names[:20])}{', ...' * (len(names) > 20)}" if names else ""
            raise DataError(f"label '{label}': there is none", hint=f"Labels are 0 to {classes - 1}{known}")
        return number

    def _translate(self, image: Picture, direction: str) -> Image.Image:
        pixels = decode(image, int(self.config.image["channels"]))
        return to_image(self.generators.translate(to_tensor(pixels[None].copy()), direction)[0])


def to_images(pictures: Tensor) -> list[Image.Image]:
    """(N, C, H, W) in [-1, 1] as pictures.

    Raises:
        DataError: they are points.
    """
    if pictures.dim() != 4:
        raise DataError("this model makes points, not pictures", hint="ganzoo sample SOURCE --out FILE.png plots them.")
    return [to_image(picture) for picture in pictures]


def load(source: str | Path, *, device: str = "cpu", name: str = "latest") -> Pretrained:
    """Load the generator of a run folder, or a generator folder.

    Args:
        source: the folder.
        device: where its networks work.
        name: of a run's checkpoints: ``latest``, ``best`` or a step.

    Raises:
        CheckpointError: it is neither, or its files do not fit the networks that it names.
        RegistryError: it names a network that no installed plugin supplies; says what to install.
    """
    folder = Path(source)
    if is_run(folder):
        folder = _packed(Run.open(folder), name)
    config = _read_config(folder)
    networks = {key: _network(folder, entry) for key, entry in config.networks.items()}
    generators = Generators({key: net.to(device) for key, net in networks.items()}, config.inference)
    return Pretrained(config, generators, folder)


def _packed(run: Run, name: str) -> Path:
    found = checkpoint.find(run.checkpoints, name)
    return run.generator if pack.is_packed(run, found) else pack.pack(run, found)


def _read_config(folder: Path) -> PublishedConfig:
    path = folder / "config.json"
    if not path.is_file():
        raise CheckpointError(
            f"{folder}: neither a run folder nor a generator folder: there is no config.json",
            hint="A run folder is what ganzoo train makes; a generator folder is the folder generator/ inside it.",
        )
    try:
        config = PublishedConfig.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError) as error:
        raise CheckpointError(f"{path}: is not a generator's config: {error}") from error
    if config.format != pack.FORMAT:
        raise CheckpointError(f"{path}: format {config.format}, and this ganzoo reads {pack.FORMAT}", hint="Upgrade.")
    return config


def _network(folder: Path, entry: PublishedNetwork) -> nn.Module:
    """Build one network without memory, and give it the weights of its file."""
    try:
        with torch.device("meta"):
            network = build_network(Component(type=entry.network, **entry.config), plugins())
    except RegistryError as error:
        raise RegistryError(error.message, hint=f"It comes with {entry.plugin}: pip install {entry.plugin}") from error
    except (ValidationError, ValueError) as error:
        raise CheckpointError(f"{folder}/config.json: network '{entry.network}': {error}") from error
    path = folder / entry.weights
    if path.resolve().parent != folder.resolve() or path.suffix != ".safetensors":
        raise CheckpointError(f"{folder}/config.json: weights '{entry.weights}' are no safetensors file of the folder")
    try:
        network.load_state_dict(load_file(path), assign=True)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{path}: cannot be loaded: {error}") from error
    return network.requires_grad_(False)
