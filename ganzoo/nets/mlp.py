"""Multilayer perceptrons, as in the first GANs: for small pictures, and for points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from ganzoo.config import FromData, Width
from ganzoo.nets.labels import LabelConfig, join_vector
from ganzoo.nets.sizes import require_shape

SLOPE = 0.2
"""Of the LeakyReLUs."""


class MLPConfig(LabelConfig):
    """The settings of both perceptrons."""

    shape: Annotated[tuple[Width, ...], FromData("image"), Field(max_length=4)] = ()
    """The shape of a sample: [channels, height, width] for a picture, [2] for a point; []: as the data has."""
    init: Literal["torch", "he"] = "torch"
    """``torch``: that of ``nn.Linear``; ``he``: weights more than twice as large (arXiv:1502.01852, equation 15), with
    which fine structure is learned sooner: for points."""


class MLPGeneratorConfig(MLPConfig):
    """The settings of a perceptron that generates."""

    latent: Width = 100
    """Numbers in a latent vector."""
    hidden: Annotated[tuple[Width, ...], Field(max_length=100)] = (256, 512, 1024)
    """Widths of the hidden layers, from the latent on."""
    norm: Literal["batch", "none"] = "none"
    """Normalisation of the hidden layers."""


class MLPDiscriminatorConfig(MLPConfig):
    """The settings of a perceptron that judges."""

    hidden: Annotated[tuple[Width, ...], Field(max_length=100)] = (512, 256)
    """Widths of the hidden layers, from the sample on."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """The share of each hidden layer's activations that is dropped."""


class MLPGenerator(nn.Module):
    """Latents (N, latent) to samples (N, ...): pictures in [-1, 1] by a tanh, points without one.

    LeakyReLU 0.2 between fully connected layers. A conditional one takes labels (N,) too, one-hot beside the latent.
    """

    Config: ClassVar[type[MLPGeneratorConfig]] = MLPGeneratorConfig

    def __init__(self, config: MLPGeneratorConfig) -> None:
        super().__init__()
        self.latent_shape = (config.latent,)
        self.classes = config.labels
        self.shape = config.shape
        widths = [config.latent + self.classes, *config.hidden]
        self.model = nn.Sequential(
            *_hidden(widths, normalised=config.norm == "batch"),
            nn.Linear(widths[-1], prod(config.shape)),
            nn.Tanh() if is_picture(config.shape) else nn.Identity(),
            nn.Unflatten(1, config.shape),
        )
        _initialize(self, config)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        samples: Tensor = self.model(join_vector(z, labels, self.classes))
        return samples


class MLPDiscriminator(nn.Module):
    """Samples (N, ...) to logits (N, 1). A conditional one takes labels (N,) too, one-hot beside the sample."""

    Config: ClassVar[type[MLPDiscriminatorConfig]] = MLPDiscriminatorConfig

    def __init__(self, config: MLPDiscriminatorConfig) -> None:
        super().__init__()
        self.classes = config.labels
        self.shape = config.shape
        widths = [prod(config.shape) + self.classes, *config.hidden]
        self.model = nn.Sequential(*_hidden(widths, dropout=config.dropout), nn.Linear(widths[-1], 1))
        _initialize(self, config)

    def forward(self, samples: Tensor, labels: Tensor | None = None) -> Tensor:
        require_shape(samples, self.shape, "the perceptron")
        logits: Tensor = self.model(join_vector(samples.flatten(1), labels, self.classes))
        return logits


def is_picture(shape: Sequence[int]) -> bool:
    """Whether a sample of this shape is a picture (C, H, W), whose values have bounds, and not a point."""
    return len(shape) == 3


def _hidden(widths: Sequence[int], *, normalised: bool = False, dropout: float = 0.0) -> Iterator[nn.Module]:
    for before, after in pairwise(widths):
        yield nn.Linear(before, after)
        if normalised:
            yield nn.BatchNorm1d(after)
        yield nn.LeakyReLU(SLOPE)
        if dropout:
            yield nn.Dropout(dropout)


def _initialize(network: nn.Module, config: MLPConfig) -> None:
    for layer in network.modules():
        if config.init == "he" and isinstance(layer, nn.Linear) and not layer.weight.is_meta:
            nn.init.kaiming_uniform_(layer.weight, SLOPE)
            nn.init.zeros_(layer.bias)
