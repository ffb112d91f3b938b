"""The plain game of a generator and a discriminator, which most GANs from noise play."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from ganzoo.loop import Batch, LoopConfig, Terms, TrainingLoop, Turn


class AdversarialConfig(LoopConfig):
    """The settings of the plain game."""

    n_critic: int = Field(1, ge=1)
    """Steps of the discriminator, each on a new batch, for one of the generator."""


class AdversarialLoop(TrainingLoop):
    """A generator against a discriminator, with the recipe's loss and penalty; conditional when they take labels.

    Terms: ``discriminator/adversarial``, ``discriminator/penalty``, ``generator/adversarial``. Reports: the mean logits
    of reals and fakes, as ``real_logit`` and ``fake_logit``.
    """

    players: ClassVar = {"discriminator": ["discriminator"], "generator": ["generator"]}
    Config: ClassVar[type[AdversarialConfig]] = AdversarialConfig

    def turns(self) -> Sequence[Turn]:
        return Turn("discriminator"), Turn("generator", every=self.config.n_critic)

    def discriminator(self, batch: Batch) -> Terms:
        real, fake = batch["image"], self.sample_like(batch, grad=False)
        on_real, on_fake = self.judge(real, batch), self.judge(fake, batch)
        self.report(real_logit=on_real.float().mean(), fake_logit=on_fake.float().mean())
        yield {"adversarial": self.loss.discriminator(on_real, on_fake)}
        if self.penalty.active:
            yield {"penalty": self.penalty(lambda images: self.judge(images, batch), real, fake)}

    def generator(self, batch: Batch) -> Terms:
        on_fake = self.judge(self.sample_like(batch), batch)
        with torch.no_grad():
            on_real = self.judge(batch["image"], batch) if self.loss.needs_real else None
        yield {"adversarial": self.loss.generator(on_fake, on_real)}

    def judge(self, images: Tensor, batch: Batch) -> Tensor:
        """The discriminator's logits of images (N, C, H, W), given the batch's labels where it takes them."""
        discriminator: Any = self.networks["discriminator"]
        logits: Tensor = (
            discriminator(images, batch["label"]) if getattr(discriminator, "classes", 0) else discriminator(images)
        )
        return logits
