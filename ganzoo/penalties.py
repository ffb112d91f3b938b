"""Penalties on a discriminator's gradient: always in float32, per sample, differentiable twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from ganzoo.autocast import no_autocast
from ganzoo.config import Config

Discriminator = Callable[[Tensor], Tensor]


class PenaltyConfig(Config):
    """The settings of a penalty."""

    weight: float = 10.0
    """What the penalty is multiplied by: lambda for a gradient penalty, gamma for R1 and R2 (which are halved)."""


class NoPenalty:
    """Nothing is penalised."""

    Config: ClassVar[type[Config]] = Config
    active: ClassVar[bool] = False

    def __init__(self, config: Any = None) -> None:
        self.config = config or self.Config()

    def __call__(self, discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return real.new_zeros(())


class GradientPenalty:
    """WGAN-GP: ``weight * E[(|grad D(x)| - 1)^2]`` between reals and fakes (arXiv:1704.00028, equation 3)."""

    Config: ClassVar[type[PenaltyConfig]] = PenaltyConfig
    active: ClassVar[bool] = True

    def __init__(self, config: Any = None) -> None:
        self.config = config or self.Config()

    def __call__(self, discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return float(self.config.weight) * gradient_penalty(discriminator, real, fake)


class Dragan(GradientPenalty):
    """DRAGAN: the same penalty around reals perturbed by half their standard deviation (arXiv:1705.07215)."""

    def __call__(self, discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        disturbed = real + 0.5 * real.std() * torch.rand_like(real)
        return float(self.config.weight) * gradient_penalty(discriminator, real, disturbed)


class R1(GradientPenalty):
    """R1: ``weight / 2 * E[|grad D(real)|^2]`` (arXiv:1801.04406, equation 9)."""

    def __call__(self, discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return float(self.config.weight) / 2 * squared_gradient(discriminator, real)


class R2(GradientPenalty):
    """R2: as R1, at fakes."""

    def __call__(self, discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return float(self.config.weight) / 2 * squared_gradient(discriminator, fake)


class R1R2(GradientPenalty):
    """R1 + R2, as R3GAN has it (arXiv:2501.05441)."""

    def __call__(self, discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        both = squared_gradient(discriminator, real) + squared_gradient(discriminator, fake)
        return float(self.config.weight) / 2 * both


def gradient_penalty(discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
    """``mean((|grad D(x)| - 1)^2)`` at x drawn evenly between each real and its fake, one draw a sample.

    ``real`` and ``fake`` are (N, ...); the result is a float32 scalar that can be backpropagated.
    """
    epsilon = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device)
    between = torch.lerp(fake.detach().float(), real.detach().float(), epsilon)
    return (_gradient_norms(discriminator, between) - 1.0).square().mean()


def squared_gradient(discriminator: Discriminator, images: Tensor) -> Tensor:
    """``mean(|grad D(x)|^2)`` at the images, (N, ...); a float32 scalar that can be backpropagated."""
    return _gradients(discriminator, images).square().sum(1).mean()


def _gradient_norms(discriminator: Discriminator, images: Tensor) -> Tensor:
    # The tiny constant keeps the square root's own gradient finite where a gradient is exactly zero.
    return (_gradients(discriminator, images).square().sum(1) + 1e-12).sqrt()


def _gradients(discriminator: Discriminator, images: Tensor) -> Tensor:
    """The gradient of the summed logits at each image, (N, D) float32."""
    leaf = images.detach().float().requires_grad_(True)
    with no_autocast(leaf):
        logits = discriminator(leaf).float()
        (gradients,) = torch.autograd.grad(logits.sum(), leaf, create_graph=True)
    return gradients.flatten(1)
