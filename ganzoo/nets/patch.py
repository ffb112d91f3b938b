"""Discriminators that judge a picture patch by patch: PatchGAN (arXiv:1611.07004), and its 1x1 case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

from ganzoo.config import Count, FromData, Width
from ganzoo.nets.features import run
from ganzoo.nets.init import InitConfig, initialize
from ganzoo.nets.norm import Norm, norm_layer, uses_bias
from ganzoo.nets.sizes import require_channels, require_least

KERNEL = 4


class PixelConfig(InitConfig):
    """The settings of a 1x1 patch discriminator."""

    channels: Annotated[Count, FromData()] = 0
    """Channels of a picture; 0: as the data has."""
    condition_channels: Count = 0
    """Channels of the picture that the judged one is conditioned on, concatenated with it; 0: none."""
    filters: Width = 64
    """Channels of the first layer."""
    norm: Norm = "instance"
    """Normalisation of the layers between the first and the last."""


class PatchConfig(PixelConfig):
    """The settings of a patch discriminator."""

    layers: int = Field(3, ge=1, le=12)
    """Convolutions of stride 2; a logit sees 16, 34, 70, 142 or 286 pixels with 1, 2, 3, 4 or 5 of them."""


class PatchDiscriminator(nn.Module):
    """PatchGAN (arXiv:1611.07004, section 3.2.2): (N, C, H, W) to a map (N, 1, h, w) of logits, one a patch.

    As in the official code: 4x4 kernels, ``layers`` convolutions of stride 2 and two of stride 1, channels doubling up
    to 8 times ``filters``, LeakyReLU 0.2, normalisation everywhere but in the first and the last. With three layers a
    256x256 picture makes a 30x30 map whose logits see 70x70 pixels each.
    """

    Config: ClassVar[type[PatchConfig]] = PatchConfig

    def __init__(self, config: PatchConfig) -> None:
        super().__init__()
        self.channels = config.channels + config.condition_channels
        self.strides = [2] * config.layers + [1, 1]
        self.least = _least_input(self.strides)
        self.model = nn.Sequential(*_patch_layers(self.channels, config, self.strides))
        initialize(self, config.init, config.init_gain)

    def forward(self, images: Tensor, features: list[Tensor] | None = None) -> Tensor:
        require_channels(images, self.channels, "the patch discriminator")
        require_least(images, self.least, f"a patch discriminator of {len(self.strides) - 2} layers")
        return run(self.model, images, features)


class PixelDiscriminator(nn.Module):
    """The 1x1 PatchGAN (arXiv:1611.07004, appendix 6.1.2): judges colours only; (N, C, H, W) to logits (N, 1, H, W)."""

    Config: ClassVar[type[PixelConfig]] = PixelConfig

    def __init__(self, config: PixelConfig) -> None:
        super().__init__()
        self.channels = config.channels + config.condition_channels
        filters = config.filters
        self.model = nn.Sequential(
            nn.Conv2d(self.channels, filters, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(filters, 2 * filters, 1, bias=uses_bias(config.norm)),
            norm_layer(config.norm)(2 * filters),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * filters, 1, 1, bias=uses_bias(config.norm)),
        )
        initialize(self, config.init, config.init_gain)

    def forward(self, images: Tensor) -> Tensor:
        require_channels(images, self.channels, "the pixel discriminator")
        logits: Tensor = self.model(images)
        return logits


def receptive_field(strides: list[int]) -> int:
    """The side, in pixels, of what one logit sees through 4x4 convolutions of these strides."""
    field = 1
    for stride in reversed(strides):
        field = (field - 1) * stride + KERNEL
    return field


def _patch_layers(channels: int, config: PatchConfig, strides: list[int]) -> Iterator[nn.Module]:
    widths = [config.filters * min(2**depth, 8) for depth in range(len(strides) - 1)]
    yield nn.Conv2d(channels, widths[0], KERNEL, strides[0], 1)
    yield nn.LeakyReLU(0.2)
    for before, width, stride in zip(widths, widths[1:], strides[1:], strict=False):
        yield nn.Conv2d(before, width, KERNEL, stride, 1, bias=uses_bias(config.norm))
        yield norm_layer(config.norm)(width)
        yield nn.LeakyReLU(0.2)
    yield nn.Conv2d(widths[-1], 1, KERNEL, strides[-1], 1)


def _least_input(strides: list[int]) -> int:
    """The smallest side that leaves a map of one logit."""
    side = 1
    for stride in reversed(strides):
        side = (side - 1) * stride + KERNEL - 2
    return side
