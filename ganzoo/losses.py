"""Adversarial losses, on logits, each with a side for the discriminator and one for the generator.

Every loss takes logits of any shape (a patch discriminator's map as well as one number a picture), in float32,
and returns the mean over all of them.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from ganzoo.config import Config


class Loss(Protocol):
    """The form of an adversarial loss."""

    needs_real: ClassVar[bool]
    """True when the generator's side compares with the logits of real pictures."""

    boundary: float
    """The logit at which the discriminator is undecided: above it, it takes a picture for real."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the discriminator minimises."""

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """What the generator minimises."""


class LossConfig(Config):
    """The settings of losses that have none."""


class SmoothedConfig(Config):
    """The settings of losses on probabilities."""

    label_smoothing: float = 0.0
    """How far the target of *real* pictures is taken below 1 (one-sided, arXiv:1606.03498 section 3.4)."""


class NonSaturating:
    """Binary cross-entropy; the generator maximises log D(fake) (arXiv:1406.2661, end of section 3)."""

    Config: ClassVar[type[SmoothedConfig]] = SmoothedConfig
    needs_real: ClassVar[bool] = False
    boundary: float = 0.0

    def __init__(self, config: Any = None) -> None:
        self.config = config or self.Config()

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        target = 1.0 - self.config.label_smoothing
        return _cross_entropy(real, target) + _cross_entropy(fake, 0.0)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return _cross_entropy(fake, 1.0)


class Minimax(NonSaturating):
    """The generator minimises log(1 - D(fake)): equation 1 of arXiv:1406.2661. Its gradient fades when D wins."""

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -_cross_entropy(fake, 0.0)


class LeastSquaresConfig(Config):
    """The label scheme of arXiv:1611.04076, equation 9 (0/1/1) or 8 (-1/1/0)."""

    fake: float = 0.0
    """``a``: the discriminator's target for fakes."""
    real: float = 1.0
    """``b``: its target for reals."""
    believe: float = 1.0
    """``c``: what the generator wants the discriminator to say of fakes."""
    factor: float = 1.0
    """What each squared distance is multiplied by: 0.5 in the paper, 1 in CycleGAN's official code."""


class LeastSquares:
    """LSGAN, arXiv:1611.04076."""

    Config: ClassVar[type[LeastSquaresConfig]] = LeastSquaresConfig
    needs_real: ClassVar[bool] = False

    def __init__(self, config: Any = None) -> None:
        self.config = config or self.Config()
        self.boundary: float = (self.config.real + self.config.fake) / 2

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        c = self.config
        return c.factor * ((real.float() - c.real).square().mean() + (fake.float() - c.fake).square().mean())

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        distance: Tensor = self.config.factor * (fake.float() - self.config.believe).square().mean()
        return distance


class Wasserstein:
    """The critic's estimate of the Wasserstein-1 distance, negated (arXiv:1701.07875, equation 2)."""

    Config: ClassVar[type[LossConfig]] = LossConfig
    needs_real: ClassVar[bool] = False
    boundary: float = 0.0

    def __init__(self, config: Any = None) -> None:
        self.config = config or self.Config()

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return fake.float().mean() - real.float().mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -fake.float().mean()


class Hinge(Wasserstein):
    """Hinge loss: equations 4 and 5 of arXiv:1802.05957 (spectral normalisation)."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.relu(1.0 - real.float()).mean() + F.relu(1.0 + fake.float()).mean()


class Relativistic(Wasserstein):
    """Relativistic pairing: softplus of the difference of same-index pairs (arXiv:1807.00734, arXiv:2501.05441)."""

    needs_real: ClassVar[bool] = True

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(fake.float() - real.float()).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        if real is None:
            raise ValueError("a relativistic loss compares with real logits, and was given none")
        return F.softplus(real.float() - fake.float()).mean()


def _cross_entropy(logits: Tensor, target: float) -> Tensor:
    logits = logits.float()
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))
