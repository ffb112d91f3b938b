"""CycleGAN's generator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn

from ganzoo.config import Count, Depth, FromData, Width
from ganzoo.nets.init import InitConfig, initialize
from ganzoo.nets.norm import Norm, norm_layer, uses_bias
from ganzoo.nets.padding import ReflectionPad
from ganzoo.nets.sizes import require_channels, require_multiple


class ResNetConfig(InitConfig):
    """The settings of a residual generator."""

    channels: Annotated[Count, FromData()] = 0
    """Channels of the pictures that go in; 0: as the data has."""
    out_channels: Annotated[Count, FromData("channels")] = 0
    """Channels of the pictures that come out; 0: as the data has."""
    filters: Width = 64
    """Channels of the first and the last but one layer; the residual blocks have four times as many."""
    blocks: Depth = 9
    """Residual blocks: 9 for 256 pixels and more, 6 for 128."""
    norm: Norm = "instance"
    """Normalisation."""
    dropout: bool = False
    """Whether each residual block drops half of its inner activations."""
    padding: Literal["reflect", "zeros"] = "reflect"
    """What lies beyond the picture's border; reflection leaves fewer artefacts there."""


class ResNetGenerator(nn.Module):
    """Translates pictures: (N, C, H, W) to (N, out, H, W) in [-1, 1] (arXiv:1703.10593, appendix 7.2).

    c7s1-64, d128, d256, 9 or 6 residual blocks of 256, u128, u64, c7s1-3, tanh. As in the official code, the picture
    is padded by 3 before the 7x7 and by 1 before the residual convolutions (the strided ones are zero-padded), and
    upsampling is by transposed convolution.
    """

    Config: ClassVar[type[ResNetConfig]] = ResNetConfig
    stride: int = 4
    """Height and width are multiples of this."""
    least: int = 8
    """The smallest side: an instance norm needs more than one pixel."""

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.channels = config.channels
        self.model = nn.Sequential(*_encoder(config), *_blocks(config), *_decoder(config))
        initialize(self, config.init, config.init_gain)

    def forward(self, images: Tensor) -> Tensor:
        require_channels(images, self.channels, "the residual generator")
        require_multiple(images, self.stride, "the residual generator")
        translated: Tensor = self.model(images)
        return translated


class ResidualBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))): two padded 3x3 convolutions, no activation after the sum."""

    def __init__(self, config: ResNetConfig, channels: int) -> None:
        super().__init__()
        dropout = [nn.Dropout(0.5)] if config.dropout else []
        self.model = nn.Sequential(
            *_convolution(config, channels, channels, 3),
            nn.ReLU(),
            *dropout,
            *_convolution(config, channels, channels, 3),
        )

    def forward(self, images: Tensor) -> Tensor:
        changed: Tensor = self.model(images)
        return images + changed


def _padded(config: ResNetConfig, before: int, after: int, kernel: int, *, bias: bool = True) -> Iterator[nn.Module]:
    """A convolution of stride 1 that keeps the size, padded as the recipe says."""
    margin = kernel // 2
    if config.padding == "reflect":
        yield ReflectionPad(margin)
        margin = 0
    yield nn.Conv2d(before, after, kernel, padding=margin, bias=bias)


def _convolution(config: ResNetConfig, before: int, after: int, kernel: int) -> Iterator[nn.Module]:
    """A padded convolution and its norm."""
    yield from _padded(config, before, after, kernel, bias=uses_bias(config.norm))
    yield norm_layer(config.norm)(after)


def _encoder(config: ResNetConfig) -> Iterator[nn.Module]:
    yield from (*_convolution(config, config.channels, config.filters, 7), nn.ReLU())
    for width in (config.filters, 2 * config.filters):
        yield nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=uses_bias(config.norm))
        yield norm_layer(config.norm)(2 * width)
        yield nn.ReLU()


def _blocks(config: ResNetConfig) -> Iterator[nn.Module]:
    return (ResidualBlock(config, 4 * config.filters) for _ in range(config.blocks))


def _decoder(config: ResNetConfig) -> Iterator[nn.Module]:
    for width in (4 * config.filters, 2 * config.filters):
        yield nn.ConvTranspose2d(width, width // 2, 3, 2, padding=1, output_padding=1, bias=uses_bias(config.norm))
        yield norm_layer(config.norm)(width // 2)
        yield nn.ReLU()
    yield from _padded(config, config.filters, config.out_channels, 7)
    yield nn.Tanh()
