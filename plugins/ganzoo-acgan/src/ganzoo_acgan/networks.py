"""The discriminator that names labels (arXiv:1610.09585, appendix A: CIFAR-10)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

from ganzoo.config import Count, FromData, Width
from ganzoo.nets.init import InitConfig, initialize
from ganzoo.nets.norm import Norm, norm_layer, uses_bias
from ganzoo.nets.sizes import require_shape

STRIDES = (2, 1, 2, 1, 2, 1)


class ACGANDiscriminatorConfig(InitConfig):
    """The settings of a discriminator with two heads."""

    channels: Annotated[Count, FromData()] = 0
    """Channels of a picture; 0: as the data has."""
    size: Annotated[Count, FromData()] = 0
    """Pixels a side; 0: as the data has."""
    classes: Annotated[Count, FromData()] = 0
    """How many labels there are; 0: as the data has."""
    filters: Width = 16
    """Channels of the first layer; they double with each of the six."""
    norm: Norm = "batch"
    """Normalisation of all layers but the first."""
    dropout: float = Field(0.5, ge=0.0, lt=1.0)
    """The share of each layer's activations that is dropped."""


class ACGANDiscriminator(nn.Module):
    """Pictures (N, C, H, W) to logits (N, 1) and the logits of the classes (N, classes).

    Six 3x3 convolutions of strides 2, 1, 2, 1, 2, 1 and 16 to 512 channels, batch norm in all but the first,
    LeakyReLU 0.2 and dropout; two fully connected heads, with neither sigmoid nor softmax.
    """

    Config: ClassVar[type[ACGANDiscriminatorConfig]] = ACGANDiscriminatorConfig

    def __init__(self, config: ACGANDiscriminatorConfig) -> None:
        super().__init__()
        self.names_classes = config.classes
        self.shape = (config.channels, config.size, config.size)
        widths = [config.channels, *(config.filters * 2**depth for depth in range(len(STRIDES)))]
        layers: list[nn.Module] = []
        for depth, ((before, after), stride) in enumerate(zip(pairwise(widths), STRIDES, strict=True)):
            bias = depth == 0 or uses_bias(config.norm)
            layers.append(nn.Conv2d(before, after, 3, stride, padding=1, bias=bias))
            layers += [norm_layer(config.norm)(after)] if depth else []
            layers += [nn.LeakyReLU(0.2), nn.Dropout(config.dropout)]
        side = (config.size + 7) // 8  # halved three times, rounding up
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.logit = nn.Linear(widths[-1] * side**2, 1)
        self.names = nn.Linear(widths[-1] * side**2, config.classes)
        initialize(self, config.init, config.init_gain)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        require_shape(images, self.shape, "the ACGAN discriminator")
        features = self.features(images)
        return self.logit(features), self.names(features)
