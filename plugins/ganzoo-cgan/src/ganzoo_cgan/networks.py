"""The perceptrons of the paper's MNIST experiment (arXiv:1411.1784, section 4.1)."""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ganzoo.config import Config, Count, FromData, Width
from ganzoo.nets.labels import one_hot
from ganzoo.nets.sizes import require_shape


class CGANConfig(Config):
    """The settings of both of the paper's networks."""

    shape: Annotated[tuple[Width, ...], FromData("image"), Field(max_length=4)] = ()
    """The shape of a picture; []: as the data has."""
    classes: Annotated[Count, FromData()] = 0
    """How many labels there are; 0: as the data has."""
    dropout: float = Field(0.5, ge=0.0, lt=1.0)
    """The share of hidden activations that is dropped in training: of every layer in the generator, of the last in the
    discriminator."""


class CGANGeneratorConfig(CGANConfig):
    """The settings of the paper's generator."""

    latent: Width = 100
    """Numbers in a latent vector."""
    widths: tuple[Width, Width, Width] = (200, 1000, 1200)
    """Widths of the hidden layers of the noise, of the label, and of both together."""


class CGANDiscriminatorConfig(CGANConfig):
    """The settings of the paper's discriminator."""

    widths: tuple[Width, Width, Width] = (240, 50, 240)
    """Units of the maxout layers of the picture, of the label, and of both together."""
    pieces: tuple[Width, Width, Width] = (5, 5, 4)
    """Linear pieces of a unit in each of them."""


class CGANGenerator(nn.Module):
    """Latents (N, latent) and labels (N,) to pictures (N, C, H, W) in [-1, 1].

    Noise and label go through a ReLU layer each, 200 and 1000 wide, then through one of 1200 together. The pictures end
    in a tanh here, in a sigmoid there, as those are in [0, 1].
    """

    Config: ClassVar[type[CGANGeneratorConfig]] = CGANGeneratorConfig

    def __init__(self, config: CGANGeneratorConfig) -> None:
        super().__init__()
        self.latent_shape = (config.latent,)
        self.classes = config.classes
        of_noise, of_label, joint = config.widths
        self.noise = nn.Sequential(nn.Linear(config.latent, of_noise), nn.ReLU(), nn.Dropout(config.dropout))
        self.label = nn.Sequential(nn.Linear(config.classes, of_label), nn.ReLU(), nn.Dropout(config.dropout))
        self.joint = nn.Sequential(nn.Linear(of_noise + of_label, joint), nn.ReLU(), nn.Dropout(config.dropout))
        self.picture = nn.Sequential(nn.Linear(joint, prod(config.shape)), nn.Tanh(), nn.Unflatten(1, config.shape))

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        hidden = torch.cat([self.noise(z), self.label(one_hot(labels, self.classes))], 1)
        pictures: Tensor = self.picture(self.joint(hidden))
        return pictures


class CGANDiscriminator(nn.Module):
    """Pictures (N, C, H, W) and labels (N,) to logits (N, 1), by maxout units: 240 of 5 pieces for the picture, 50 of 5
    for the label, 240 of 4 for both.
    """

    Config: ClassVar[type[CGANDiscriminatorConfig]] = CGANDiscriminatorConfig

    def __init__(self, config: CGANDiscriminatorConfig) -> None:
        super().__init__()
        self.classes = config.classes
        self.shape = config.shape
        (of_picture, of_label, joint), pieces = config.widths, config.pieces
        self.picture = Maxout(prod(config.shape), of_picture, pieces[0])
        self.label = Maxout(config.classes, of_label, pieces[1])
        self.joint = Maxout(of_picture + of_label, joint, pieces[2])
        self.logit = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(joint, 1))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        require_shape(images, self.shape, "the CGAN discriminator")
        hidden = torch.cat([self.picture(images.flatten(1)), self.label(one_hot(labels, self.classes))], 1)
        logits: Tensor = self.logit(self.joint(hidden))
        return logits


class Maxout(nn.Module):
    """(N, before) to (N, units): each the greatest of ``pieces`` linear functions (arXiv:1302.4389)."""

    def __init__(self, before: int, units: int, pieces: int) -> None:
        super().__init__()
        self.pieces = nn.Sequential(nn.Linear(before, units * pieces), nn.Unflatten(1, (units, pieces)))

    def forward(self, inputs: Tensor) -> Tensor:
        values: Tensor = self.pieces(inputs)
        return values.amax(2)
