"""DiscoGAN's networks, for pictures of 64 pixels as in the paper, or any other 4 times a power of two."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, ClassVar

from torch import Tensor, nn

from ganzoo.config import Config, Count, FromData, Width
from ganzoo.nets.features import run
from ganzoo.nets.norm import Norm, norm_layer
from ganzoo.nets.sizes import require_channels, require_least, require_multiple

INNERMOST = 4
"""Pixels, both sides, of what the last convolution of stride 2 leaves."""


class DiscoConfig(Config):
    """The settings of both networks."""

    channels: Annotated[Count, FromData()] = 0
    """Channels of the pictures that go in; 0: as the data has."""
    size: Annotated[Count, FromData()] = 0
    """Pixels, both sides, of the pictures: 64 in the paper. They are halved until 4 are left. 0: as the data has."""
    filters: Width = 64
    """Channels after the first convolution; they double up to 8 times as many."""
    norm: Norm = "batch"
    """Normalisation."""


class GeneratorConfig(DiscoConfig):
    """The settings of the generator."""

    out_channels: Annotated[Count, FromData("channels")] = 0
    """Channels of the pictures that come out; 0: as the data has."""
    bottleneck: Count = 0
    """Channels of a single pixel (100 in the paper) between encoder and decoder; 0: there is none."""


class DiscoGenerator(nn.Module):
    """Encoder and decoder (arXiv:1703.05192, section 3.2): (N, C, H, W) to (N, out, H, W) in [-1, 1].

    As in the official code: 4x4 convolutions of stride 2 and transposed ones without biases, LeakyReLU 0.2 down and
    ReLU up, no norm after the first and the last, weights as PyTorch draws them. It ends in a tanh, the official code
    in a sigmoid, for its pictures lie in [0, 1].
    """

    Config: ClassVar[type[GeneratorConfig]] = GeneratorConfig

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        widths = _widths(config)
        self.channels = config.channels
        self.stride = 2 ** len(widths)
        self.least = self.stride * (INNERMOST if config.bottleneck else 1)
        inner = _bottleneck(config, widths[-1]) if config.bottleneck else ()
        self.model = nn.Sequential(*_encoder(config, widths), *inner, *_decoder(config, widths))

    def forward(self, images: Tensor) -> Tensor:
        require_channels(images, self.channels, "DiscoGAN's generator")
        require_multiple(images, self.stride, "DiscoGAN's generator")
        require_least(images, self.least, "DiscoGAN's generator")
        translated: Tensor = self.model(images)
        return translated


class DiscoDiscriminator(nn.Module):
    """(N, C, size, size) to logits (N, 1, 1, 1); the generator's encoder and a 4x4 convolution to one pixel."""

    Config: ClassVar[type[DiscoConfig]] = DiscoConfig

    def __init__(self, config: DiscoConfig) -> None:
        super().__init__()
        widths = _widths(config)
        self.channels, self.size = config.channels, config.size
        self.model = nn.Sequential(*_encoder(config, widths), nn.Conv2d(widths[-1], 1, INNERMOST, bias=False))

    def forward(self, images: Tensor, features: list[Tensor] | None = None) -> Tensor:
        """Logits; a list of ``features`` is given the activations of all strided convolutions but the first."""
        require_channels(images, self.channels, "DiscoGAN's discriminator")
        require_least(images, self.size, "this discriminator")
        return run(self.model, images, features)


def _widths(config: DiscoConfig) -> list[int]:
    """Channels after each convolution of stride 2.

    Raises:
        ValueError: pictures of this size cannot be halved until 4 pixels are left.

    """
    halvings = (config.size // INNERMOST).bit_length() - 1
    if halvings < 1 or config.size != INNERMOST * 2**halvings:
        raise ValueError(f"DiscoGAN's networks take pictures of 8, 16, 32, 64, 128, ... pixels, not {config.size}")
    return [config.filters * min(2**depth, 8) for depth in range(halvings)]


def _encoder(config: DiscoConfig, widths: list[int]) -> Iterator[nn.Module]:
    yield from (nn.Conv2d(config.channels, widths[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2))
    for before, width in pairwise(widths):
        yield nn.Conv2d(before, width, 4, 2, 1, bias=False)
        yield from (norm_layer(config.norm)(width), nn.LeakyReLU(0.2))


def _bottleneck(config: GeneratorConfig, width: int) -> Iterator[nn.Module]:
    yield nn.Conv2d(width, config.bottleneck, INNERMOST, bias=False)
    yield from (norm_layer(config.norm)(config.bottleneck), nn.LeakyReLU(0.2))
    yield nn.ConvTranspose2d(config.bottleneck, width, INNERMOST, bias=False)
    yield from (norm_layer(config.norm)(width), nn.ReLU())


def _decoder(config: GeneratorConfig, widths: list[int]) -> Iterator[nn.Module]:
    for before, width in pairwise(widths[::-1]):
        yield nn.ConvTranspose2d(before, width, 4, 2, 1, bias=False)
        yield from (norm_layer(config.norm)(width), nn.ReLU())
    yield from (nn.ConvTranspose2d(widths[0], config.out_channels, 4, 2, 1, bias=False), nn.Tanh())
