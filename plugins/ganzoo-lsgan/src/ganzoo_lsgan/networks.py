"""The networks of LSGAN's pictures of scenes (arXiv:1611.04076, figure 2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, ClassVar

from torch import Tensor, nn

from ganzoo.config import Count, FromData, Width
from ganzoo.nets.init import InitConfig, initialize
from ganzoo.nets.sizes import doublings, require_shape


class LSGANConfig(InitConfig):
    """The settings of both networks."""

    channels: Annotated[Count, FromData()] = 0
    """Channels of a picture; 0: as the data has."""
    size: Annotated[Count, FromData()] = 0
    """Pixels a side: 112 in the paper, 28, 32, 64, or another doubling of 4 to 7; 0: as the data has."""
    filters: Width = 64
    """Channels of the layer next to the picture."""


class LSGANGeneratorConfig(LSGANConfig):
    """The settings of the generator."""

    latent: Width = 1024
    """Numbers in a latent vector."""


class LSGANGenerator(nn.Module):
    """Latents (N, latent) to pictures (N, C, H, W) in [-1, 1].

    A fully connected layer to 7x7x256; transposed 5x5 convolutions that double the side to 256, 256, 128 and 64
    channels, the first two each with one of stride 1 behind it, as in the VGG networks; one of stride 1 to the picture.
    Batch norm and ReLU after all but the last. Where the picture is smaller than 112 pixels, the first doublings fall
    away: 28 pixels are 7x7 doubled to 128 and 64 channels.
    """

    Config: ClassVar[type[LSGANGeneratorConfig]] = LSGANGeneratorConfig

    def __init__(self, config: LSGANGeneratorConfig) -> None:
        super().__init__()
        self.latent_shape = (config.latent,)
        side, times = doublings(config.size)
        # The two doublings next to the picture make 2 and 1 times ``filters``, those before them 4 times.
        widths = [config.filters * min(2**depth, 4) for depth in reversed(range(times))]
        first = 4 * config.filters
        self.model = nn.Sequential(
            nn.Linear(config.latent, first * side**2, bias=False),
            nn.Unflatten(1, (first, side, side)),
            *_normalised(first),
            *(layer for before, after in pairwise([first, *widths]) for layer in _doubling(before, after, first)),
            nn.ConvTranspose2d(widths[-1], config.channels, 5, padding=2),
            nn.Tanh(),
        )
        initialize(self, config.init, config.init_gain)

    def forward(self, z: Tensor) -> Tensor:
        pictures: Tensor = self.model(z)
        return pictures


class LSGANDiscriminator(nn.Module):
    """Pictures (N, C, H, W) to numbers (N, 1) that are compared with labels as they are.

    Four 5x5 convolutions of stride 2 to 64, 128, 256 and 512 channels, LeakyReLU 0.2 after each, batch norm after all
    but the first; a fully connected layer.
    """

    Config: ClassVar[type[LSGANConfig]] = LSGANConfig

    def __init__(self, config: LSGANConfig) -> None:
        super().__init__()
        self.shape = (config.channels, config.size, config.size)
        widths = [config.channels, *(config.filters * 2**depth for depth in range(4))]
        layers: list[nn.Module] = []
        for depth, (before, after) in enumerate(pairwise(widths)):
            layers.append(nn.Conv2d(before, after, 5, stride=2, padding=2, bias=depth == 0))
            layers += [nn.BatchNorm2d(after)] if depth else []
            layers.append(nn.LeakyReLU(0.2))
        side = -(-config.size // 16)
        self.model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * side**2, 1))
        initialize(self, config.init, config.init_gain)

    def forward(self, images: Tensor) -> Tensor:
        require_shape(images, self.shape, "the LSGAN discriminator")
        scores: Tensor = self.model(images)
        return scores


def _doubling(before: int, after: int, widest: int) -> Iterator[nn.Module]:
    """A convolution that doubles the side, and another one behind it where it is still ``widest``."""
    yield nn.ConvTranspose2d(before, after, 5, stride=2, padding=2, output_padding=1, bias=False)
    yield from _normalised(after)
    if after == widest:
        yield nn.ConvTranspose2d(after, after, 5, padding=2, bias=False)
        yield from _normalised(after)


def _normalised(channels: int) -> Iterator[nn.Module]:
    yield nn.BatchNorm2d(channels)
    yield nn.ReLU()
