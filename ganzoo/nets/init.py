"""How a network's weights start."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrize import is_parametrized

from ganzoo.config import Config

Init = Literal["normal", "xavier", "kaiming", "orthogonal"]

NORM_GAIN_STD = 0.02
"""The standard deviation, around 1, of a normalisation layer's gain (arXiv:1511.06434's released code)."""


class InitConfig(Config):
    """The settings of networks whose weights start by :func:`initialize`."""

    init: Init = "normal"
    """What the weights of convolutions and linear layers are drawn from; biases start at 0."""
    init_gain: float = 0.02
    """The standard deviation of ``normal``, the gain of ``xavier`` and ``orthogonal``; ``kaiming`` has none."""


def initialize(module: nn.Module, kind: Init = "normal", gain: float = 0.02) -> None:
    """Draw the weights of ``module`` and of all modules in it, with torch's default random generator.

    Convolutions and linear layers: N(0, gain) for ``normal`` (arXiv:1511.06434, section 4; what CycleGAN and
    arXiv:1611.07004 start from). Normalisation layers with a gain: N(1, 0.02). Biases: 0. Parameters on
    the meta device stay as they are.
    """
    for layer in module.modules():
        if isinstance(layer, _ConvNd | nn.Linear):
            _draw(_weight(layer), kind, gain)
            _zero(layer.bias)
        elif isinstance(layer, _NormBase | nn.GroupNorm) and layer.affine:
            _draw_normal(layer.weight, mean=1.0, std=NORM_GAIN_STD)
            _zero(layer.bias)


def _weight(layer: nn.Module) -> Tensor:
    """The parameter behind ``layer.weight``, which under spectral normalisation is only computed from it."""
    weight = layer.parametrizations.weight.original if is_parametrized(layer, "weight") else layer.weight  # type: ignore[union-attr]
    assert isinstance(weight, Tensor)
    return weight


def _draw(weight: Tensor, kind: Init, gain: float) -> None:
    if weight.is_meta:
        return
    if kind == "normal":
        _draw_normal(weight, mean=0.0, std=gain)
    elif kind == "xavier":
        nn.init.xavier_normal_(weight, gain)
    elif kind == "kaiming":
        nn.init.kaiming_normal_(weight)
    else:
        nn.init.orthogonal_(weight, gain)


def _draw_normal(weight: Tensor, mean: float, std: float) -> None:
    if not weight.is_meta:
        nn.init.normal_(weight, mean, std)


def _zero(bias: Tensor | None) -> None:
    if bias is not None:
        nn.init.zeros_(bias)
