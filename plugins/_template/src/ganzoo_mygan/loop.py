"""MyGAN's game."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ganzoo import Batch, LoopConfig, Terms, TrainingLoop, Turn


class MyGANConfig(LoopConfig):
    """The settings of the game, the recipe's ``[loop]``."""

    n_critic: int = 1
    """Turns of the discriminator for each of the generator."""


class MyGAN(TrainingLoop):
    """Generator against discriminator, for the loss and the penalty that the recipe chooses."""

    players: ClassVar = {"discriminator": ["discriminator"], "generator": ["generator"]}
    Config: ClassVar[type[MyGANConfig]] = MyGANConfig

    def turns(self) -> Sequence[Turn]:
        return [Turn("discriminator"), Turn("generator", every=self.config.n_critic)]

    def discriminator(self, batch: Batch) -> Terms:
        discriminator = self.networks["discriminator"]
        real, fake = batch["image"], self.sample_like(batch, grad=False)
        yield {"adversarial": self.loss.discriminator(discriminator(real), discriminator(fake))}
        if self.penalty.active:
            yield {"penalty": self.penalty(discriminator, real, fake)}

    def generator(self, batch: Batch) -> Terms:
        discriminator = self.networks["discriminator"]
        fake = discriminator(self.sample_like(batch))
        real = discriminator(batch["image"]) if self.loss.needs_real else None
        yield {"adversarial": self.loss.generator(fake, real)}
