"""DualGAN's game: two translators that undo each other, each against a critic of its target domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field
from torch.nn import functional as F

from ganzoo.loop import Batch, LoopConfig, Terms, Turn
from ganzoo.translation import SIDES, TranslationLoop


class DualGANConfig(LoopConfig):
    """The settings of DualGAN."""

    reconstruction_weight: float = Field(20.0, ge=0)
    """Lambda: what the mean absolute difference of A -> B -> A (and B -> A -> B) from its start counts."""
    n_critic: int = Field(1, ge=1)
    """Steps of the discriminators, each on a new batch, before the generators play."""
    generator_turns: int = Field(2, ge=1)
    """How often the generators then play, with the batch of that step."""
    clip: float = Field(0.0, ge=0)
    """The greatest absolute value of a discriminator's weights, for the Wasserstein loss; 0 does not clip."""


class DualGAN(TranslationLoop):
    """Two translators and two critics: equations 1 to 4 and algorithm 1 of arXiv:1704.02510.

    Generators, for each domain X and the other one, Y: ``adversarial_XtoY`` of D_Y(G(x)) and ``reconstruction_X`` =
    lambda |F(G(x)) - x|. The noise of the paper's G(x, z) is dropout, which stays at work when they are used (3.2).
    """

    inference: ClassVar = "train"
    Config: ClassVar[type[DualGANConfig]] = DualGANConfig

    def turns(self) -> Sequence[Turn]:
        generator = Turn("generator", every=self.config.n_critic)
        return [Turn("discriminator"), *[generator] * self.config.generator_turns]

    def generator(self, batch: Batch) -> Terms:
        for X, (Y, there) in SIDES.items():
            fake = self.translate(there, batch[X])
            again = self.translate(SIDES[Y][1], fake)
            yield {
                f"adversarial_{there}": self.fool(Y, fake, batch[Y]),
                f"reconstruction_{X}": self.config.reconstruction_weight * F.l1_loss(again.float(), batch[X]),
            }

    def after(self, turn: Turn) -> None:
        if turn.player == "discriminator" and self.config.clip:
            self.clip("discriminator", self.config.clip)
