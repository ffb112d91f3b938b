"""Two games for the Wasserstein distance: a critic held by clipping, and one held by a gradient penalty."""

from __future__ import annotations

from bisect import bisect_left
from typing import ClassVar

from pydantic import Field
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from ganzoo.adversarial import AdversarialConfig, AdversarialLoop
from ganzoo.loop import Turn


class CriticConfig(AdversarialConfig):
    """The settings of a game with a critic."""

    n_critic: int = Field(5, ge=1)
    """Steps of the critic, each on a new batch and new noise, for one of the generator."""


class WGANConfig(CriticConfig):
    """The settings of WGAN, and the schedule of its released code."""

    clip: float = Field(0.01, gt=0)
    """c: every parameter of the critic is kept in [-c, c]."""
    n_critic_long: int = Field(100, ge=1)
    """Steps of the critic for those steps of the generator that wait for a critic near its optimum."""
    long_first: int = Field(25, ge=0)
    """How many of the generator's first steps do."""
    long_every: int = Field(500, ge=0)
    """After those, every so-manieth step does; 0: none."""


class CriticLoop(AdversarialLoop):
    """The plain game; reports the critic's estimate of the Wasserstein distance, ``wasserstein``."""

    Config: ClassVar[type[CriticConfig]] = CriticConfig

    def watch(self, on_real: Tensor, on_fake: Tensor) -> None:
        super().watch(on_real, on_fake)
        self.report(wasserstein=on_real.float().mean() - on_fake.float().mean())


class WGAN(CriticLoop):
    """Algorithm 1 of arXiv:1701.07875: a critic whose parameters are clipped after each of its steps.

    As in the released code, the critic takes 100 steps before each of the generator's first 25, and before its 500th,
    1000th, ... (counted from 0), and 5 before all others.
    """

    Config: ClassVar[type[WGANConfig]] = WGANConfig

    def after(self, turn: Turn) -> None:
        if turn.player == "discriminator":
            self.clip("discriminator", self.config.clip)

    def due(self, turn: Turn, step: int) -> bool:
        if turn.player != "generator":
            return super().due(turn, step)
        done = step + 1
        played = bisect_left(range(done), done, key=self.critic_steps)
        return self.critic_steps(played) == done

    def critic_steps(self, number: int) -> int:
        """Steps of the critic, in all, before the generator's step ``number`` (0, 1, ...)."""
        c = self.config
        first = min(number + 1, c.long_first)
        # Of 0, every, 2 every, ... up to number, those that are not among the first.
        later = number // c.long_every - (c.long_first - 1) // c.long_every if c.long_every else 0
        long = first + max(0, later)
        return int(long * c.n_critic_long + (number + 1 - long) * c.n_critic)


class WGANGP(CriticLoop):
    """Algorithm 1 of arXiv:1704.00028: the penalty of the recipe holds the critic, which has no batch norm.

    The penalty is on the gradient at each sample, and with batch norm the critic's logit of one is a function of all
    (section 4, "No critic batch normalization").
    """

    def setup(self) -> None:
        normalised = any(isinstance(layer, _BatchNorm) for layer in self.networks["discriminator"].modules())
        if self.penalty.active and normalised:
            raise ValueError(
                "a critic with a gradient penalty must have no batch norm, which makes its logit of one picture depend "
                'on the others; ganzoo\'s own networks leave it out with networks.discriminator.norm = "none"'
            )
