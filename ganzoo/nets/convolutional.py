"""Convolutional generators and discriminators for square pictures, as DCGAN introduced them (arXiv:1511.06434)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, ClassVar

from torch import Tensor, nn

from ganzoo.config import Count, FromData, Width
from ganzoo.nets.init import InitConfig, initialize
from ganzoo.nets.labels import LabelConfig, join_maps, join_vector
from ganzoo.nets.norm import Norm, norm_layer, uses_bias
from ganzoo.nets.sizes import doublings, require_shape


class ConvolutionalConfig(LabelConfig, InitConfig):
    """The settings of both convolutional networks."""

    channels: Annotated[Count, FromData()] = 0
    """Channels of a picture; 0: as the data has."""
    size: Annotated[Count, FromData()] = 0
    """Pixels a side: 28, 32, 64, 128, or another doubling of 4 to 7; 0: as the data has."""
    filters: Width = 64
    """Channels of the layer next to the picture; they double with each halving of its side."""
    norm: Norm = "batch"
    """Normalisation; of a generator's layers but the last, of a discriminator's but the first and the last."""


class ConvolutionalGeneratorConfig(ConvolutionalConfig):
    """The settings of a convolutional generator."""

    latent: Width = 100
    """Numbers in a latent vector."""


class ConvolutionalGenerator(nn.Module):
    """Latents (N, latent) to pictures (N, C, H, W) in [-1, 1] (arXiv:1511.06434, figure 1).

    Transposed 4x4 convolutions of stride 2 from 4x4 (28 pixels: from 7x7) up to the picture, norm and ReLU after each,
    tanh at the end; no bias where batch norm brings one, and with it none in the last layer either, as in the released
    code. A conditional one takes labels (N,) too, one-hot beside the latent.
    """

    Config: ClassVar[type[ConvolutionalGeneratorConfig]] = ConvolutionalGeneratorConfig

    def __init__(self, config: ConvolutionalGeneratorConfig) -> None:
        super().__init__()
        self.latent_shape = (config.latent,)
        self.classes = config.labels
        side, times = doublings(config.size)
        widths = [config.filters * 2**depth for depth in reversed(range(times))]
        bias = uses_bias(config.norm)
        layers: list[nn.Module] = [nn.ConvTranspose2d(config.latent + self.classes, widths[0], side, bias=bias)]
        for before, after in pairwise([*widths, config.channels]):
            layers += [norm_layer(config.norm)(before), nn.ReLU()]
            layers += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=bias)]
        self.model = nn.Sequential(*layers, nn.Tanh())
        initialize(self, config.init, config.init_gain)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        pictures: Tensor = self.model(join_vector(z, labels, self.classes)[:, :, None, None])
        return pictures


class ConvolutionalDiscriminator(nn.Module):
    """Pictures (N, C, H, W) to logits (N, 1): the generator's mirror image, with LeakyReLU 0.2.

    ``norm = "none"`` makes it a critic that a gradient penalty can hold. A conditional one takes labels (N,) too, as
    maps beside the picture's channels.
    """

    Config: ClassVar[type[ConvolutionalConfig]] = ConvolutionalConfig

    def __init__(self, config: ConvolutionalConfig) -> None:
        super().__init__()
        self.classes = config.labels
        self.shape = (config.channels, config.size, config.size)
        self.model = nn.Sequential(*_halvings(config, config.channels + self.classes), nn.Flatten())
        initialize(self, config.init, config.init_gain)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        require_shape(images, self.shape, "the convolutional discriminator")
        logits: Tensor = self.model(join_maps(images, labels, self.classes))
        return logits


def _halvings(config: ConvolutionalConfig, channels: int) -> Iterator[nn.Module]:
    side, times = doublings(config.size)
    widths = [channels, *(config.filters * 2**depth for depth in range(times))]
    bias = uses_bias(config.norm)
    for depth, (before, after) in enumerate(pairwise(widths)):
        yield nn.Conv2d(before, after, 4, stride=2, padding=1, bias=bias)
        if depth:
            yield norm_layer(config.norm)(after)
        yield nn.LeakyReLU(0.2)
    yield nn.Conv2d(widths[-1], 1, side, bias=bias)
