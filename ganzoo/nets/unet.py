"""The U-Net generator of Isola et al. (arXiv:1611.07004)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from pydantic import Field, NonNegativeInt
from torch import Tensor, nn

from ganzoo.config import Count, FromData, Width
from ganzoo.nets.init import InitConfig, initialize
from ganzoo.nets.norm import Norm, norm_layer, uses_bias
from ganzoo.nets.sizes import require_channels, require_multiple


class UNetConfig(InitConfig):
    """The settings of a U-Net."""

    channels: Annotated[Count, FromData()] = 0
    """Channels of the pictures that go in; 0: as the data has."""
    out_channels: Annotated[Count, FromData("channels")] = 0
    """Channels of the pictures that come out; 0: as the data has."""
    filters: Width = 64
    """Channels of the outermost block; they double inwards up to 8 times as many."""
    downs: int = Field(8, ge=2, le=12)
    """How often the picture is halved: 8 takes 256 pixels down to one, 7 does so with 128."""
    norm: Norm = "batch"
    """Normalisation."""
    dropout: bool = False
    """Whether inner decoder blocks drop half of their channels' pixels."""
    dropout_blocks: tuple[NonNegativeInt, ...] = (0, 1, 2)
    """Which ones do, counted from the innermost, 0, outwards: the paper's three (arXiv:1611.07004, appendix 6.1.1). The
    released PyTorch code has them one further out: [1, 2, 3] at 8 halvings, [1, 2] at 7."""


class UNet(nn.Module):
    """U-Net for translation (arXiv:1611.07004, section 3.2.1): (N, C, H, W) to (N, out, H, W) in [-1, 1].

    As in the official code: 4x4 convolutions of stride 2 down and transposed ones up, each decoder block fed with its
    encoder's output beside what comes from below; no norm in the outermost blocks, nor after the innermost
    convolution, where a single pixel may be left; LeakyReLU 0.2 down, ReLU up. Dropout is where the paper and its Lua
    code have it (the PyTorch port has it one block further out: ``dropout_blocks``).
    """

    Config: ClassVar[type[UNetConfig]] = UNetConfig

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.channels = config.channels
        self.stride = 2**config.downs
        widths = [config.filters * min(2**depth, 8) for depth in range(config.downs)]
        self.encoder = nn.ModuleList(_down(config, depth, widths) for depth in range(config.downs))
        self.decoder = nn.ModuleList(_up(config, depth, widths) for depth in reversed(range(config.downs)))
        initialize(self, config.init, config.init_gain)

    def forward(self, images: Tensor) -> Tensor:
        require_channels(images, self.channels, "the U-Net")
        require_multiple(images, self.stride, "the U-Net")
        passed: list[Tensor] = []
        for down in self.encoder:
            images = down(images)
            passed.append(images)
        images = self.decoder[0](passed.pop())
        for up in self.decoder[1:]:
            images = up(torch.cat([passed.pop(), images], 1))
        return images


def _down(config: UNetConfig, depth: int, widths: list[int]) -> nn.Sequential:
    """The encoder block at ``depth`` (0 is outermost)."""
    outermost, innermost = depth == 0, depth == len(widths) - 1
    before = config.channels if outermost else widths[depth - 1]
    block = nn.Sequential() if outermost else nn.Sequential(nn.LeakyReLU(0.2))
    block.append(nn.Conv2d(before, widths[depth], 4, 2, 1, bias=uses_bias(config.norm)))
    return block if outermost or innermost else block.append(norm_layer(config.norm)(widths[depth]))


def _up(config: UNetConfig, depth: int, widths: list[int]) -> nn.Sequential:
    """The decoder block at ``depth``: takes the encoder's output beside the block below, but for the innermost."""
    innermost = depth == len(widths) - 1
    before = widths[depth] * (1 if innermost else 2)
    if depth == 0:
        return nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(before, config.out_channels, 4, 2, 1), nn.Tanh())
    block = nn.Sequential(
        nn.ReLU(),
        nn.ConvTranspose2d(before, widths[depth - 1], 4, 2, 1, bias=uses_bias(config.norm)),
        norm_layer(config.norm)(widths[depth - 1]),
    )
    drops = config.dropout and len(widths) - 1 - depth in config.dropout_blocks
    return block.append(nn.Dropout(0.5)) if drops else block
