"""DiscoGAN's game: translate so that the way back leads home, and that what the discriminators see inside matches."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganzoo.loop import Batch, LoopConfig, Terms, Turn
from ganzoo.translation import SIDES, TranslationLoop


class DiscoGANConfig(LoopConfig):
    """The settings of DiscoGAN."""

    starting_rate: float = Field(0.01, ge=0, le=1)
    """The share of the reconstruction in the generators' loss at first."""
    default_rate: float = Field(0.5, ge=0, le=1)
    """Its share from ``changepoint`` on."""
    changepoint: int = Field(10_000, ge=0)
    """The step at which that share changes; the discriminators' steps count."""
    feature_share: float = Field(0.9, ge=0, le=1)
    """What matching features counts; the adversarial loss has the rest. 0: any discriminator will do."""
    update_interval: int = Field(3, ge=2)
    """The discriminators play at the first of so many steps, the generators at the others."""


class DiscoGAN(TranslationLoop):
    """Two generators and two discriminators: section 2.3 of arXiv:1703.05192, weighted as in the official code.

    Generators, for each domain X and the other one, Y, where r is the rate at this step and f the feature share:
    ``adversarial_XtoY`` = (1 - r) (1 - f) of D_Y(G(x)), ``features_XtoY`` = (1 - r) f times the distance of features
    from those of y, ``reconstruction_X`` = r (F(G(x)) - x)^2. Discriminators: halved, on fakes made anew.
    """

    discriminator_weight: ClassVar = 0.5
    Config: ClassVar[type[DiscoGANConfig]] = DiscoGANConfig

    def setup(self) -> None:
        super().setup()
        discriminators = [network for name, network in self.networks.items() if name.startswith("discriminator")]
        blind = [net for net in discriminators if "features" not in inspect.signature(net.forward).parameters]
        if blind and self.config.feature_share:
            raise ValueError(
                f"DiscoGAN matches features, and {type(blind[0]).__name__} shows none: take discogan-discriminator or "
                "patch, or set loop.feature_share to 0"
            )

    def turns(self) -> Sequence[Turn]:
        return Turn("discriminator", every=self.config.update_interval), Turn("generator")

    def due(self, turn: Turn, step: int) -> bool:
        """Steps 0, 3, 6, ... are the discriminators', all others the generators' (official code)."""
        is_discriminators = step % int(self.config.update_interval) == 0
        return is_discriminators == (turn.player == "discriminator")

    @property
    def rate(self) -> float:
        """The share of the reconstruction at this step."""
        rate: float = self.config.starting_rate if self.step < self.config.changepoint else self.config.default_rate
        return rate

    def phase(self) -> float:
        return self.rate

    def generator(self, batch: Batch) -> Terms:
        r, f = self.rate, self.config.feature_share
        for X, (Y, there) in SIDES.items():
            fake = self.translate(there, batch[X])
            again = self.translate(SIDES[Y][1], fake)
            on_fake, found = self.look(Y, fake)
            with torch.no_grad():
                on_real, expected = self.look(Y, batch[Y])
            yield {
                f"adversarial_{there}": (1 - r) * (1 - f) * self.loss.generator(on_fake, on_real),
                f"features_{there}": (1 - r) * f * mismatch(expected, found) if f else on_fake.new_zeros(()),
                f"reconstruction_{X}": r * F.mse_loss(again.float(), batch[X]),
            }

    def look(self, domain: str, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The discriminator's logits of ``images``, and what it sees in them, where that is to match."""
        seen: list[Tensor] = []
        asked = (seen,) if self.config.feature_share else ()
        return self.networks[f"discriminator_{domain}"](images, *asked), seen


def mismatch(expected: Sequence[Tensor], found: Sequence[Tensor]) -> Tensor:
    """How far features are from those expected: of each layer, the squared difference of the batches' means."""
    pairs = zip(expected, found, strict=True)
    distances = [F.mse_loss(made.float().mean(0), real.float().mean(0)) for real, made in pairs]
    return torch.stack(distances).sum()
