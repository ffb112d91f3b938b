"""The plain game of a generator and a discriminator, which most GANs from noise play."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from ganzoo.loop import Batch, LoopConfig, Terms, TrainingLoop, Turn

ROWS = 16
"""The most labels that a grid of samples shows."""


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
        self.watch(on_real, on_fake)
        yield {"adversarial": self.loss.discriminator(on_real, on_fake)}
        if self.penalty.active:
            yield {"penalty": self.penalty(lambda images: self.judge(images, batch), real, fake)}

    def generator(self, batch: Batch) -> Terms:
        on_fake = self.judge(self.sample_like(batch), batch)
        with torch.no_grad():
            on_real = self.judge(batch["image"], batch) if self.loss.needs_real else None
        yield {"adversarial": self.loss.generator(on_fake, on_real)}

    def watch(self, on_real: Tensor, on_fake: Tensor) -> None:
        """Report what the logits of reals and fakes say of the game."""
        self.report(real_logit=on_real.float().mean(), fake_logit=on_fake.float().mean())

    def judge(self, images: Tensor, batch: Batch) -> Tensor:
        """The discriminator's logits of images (N, C, H, W), given the batch's labels where it takes them."""
        discriminator: Any = self.networks["discriminator"]
        logits: Tensor = (
            discriminator(images, batch["label"]) if getattr(discriminator, "classes", 0) else discriminator(images)
        )
        return logits

    def preview(self, batch: Batch) -> dict[str, Tensor]:
        """Samples; of a conditional generator a row for each label (at most ROWS of them), with the same noise in all.

        Points are shown beside as many of the data's.
        """
        generator: Any = self.networks["generator"]
        reference = batch["image"]
        if getattr(generator, "classes", 0):
            return self._row_per_label(generator, reference)
        real = {"data": reference} if reference.dim() == 2 else {}
        return {**real, **super().preview(batch)}

    def _row_per_label(self, generator: Any, reference: Tensor) -> dict[str, Tensor]:
        """Columns of a picture for each label, as many as make about as many pictures as the reference has."""
        labels = torch.linspace(0, generator.classes - 1, min(generator.classes, ROWS)).round().long()
        columns = max(1, len(reference) // len(labels))
        noise = torch.randn(columns, 1, *generator.latent_shape, device=reference.device)
        return {
            str(column + 1): generator(z.expand(len(labels), *z.shape[1:]), labels.to(reference.device))
            for column, z in enumerate(noise)
        }
