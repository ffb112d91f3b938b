"""pix2pix's game: translate a picture so that it is near its pair, and that the two look like a pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganzoo.generators import one_by_one
from ganzoo.loop import Batch, LoopConfig, Terms, TrainingLoop
from ganzoo.translation import require_domains


class Pix2PixConfig(LoopConfig):
    """The settings of pix2pix."""

    direction: Literal["AtoB", "BtoA"] = "AtoB"
    """Which side of a pair is translated into the other."""
    l1_weight: float = Field(100.0, ge=0)
    """Lambda: what the mean absolute difference from the pair counts beside the adversarial loss."""


class Pix2Pix(TrainingLoop):
    """A generator and a discriminator of pairs: equations 1, 3 and 4 of arXiv:1611.07004.

    Discriminator: ``adversarial`` on (x, y) and (x, G(x)), halved (section 3.3), and ``penalty``. Generator:
    ``adversarial`` and ``l1`` = lambda |y - G(x)|. Reports: ``accuracy_real`` and ``accuracy_fake``, the share of
    patches on the right side.

    The noise of the paper's G(x, z) is the generator's dropout, which stays at work when it is used, as do the
    statistics of the batch, which is then one picture (section 3.4).
    """

    players: ClassVar = {"discriminator": ["discriminator"], "generator": ["generator"]}
    publishes: ClassVar = {"AtoB": "generator"}
    sources: ClassVar = {"AtoB": "A", "BtoA": "B"}
    inference: ClassVar = "train"
    preview_count: ClassVar = 6
    Config: ClassVar[type[Pix2PixConfig]] = Pix2PixConfig

    @classmethod
    def published(cls, config: Pix2PixConfig) -> Mapping[str, str]:
        return {config.direction: "generator"}

    def setup(self) -> None:
        require_domains(self, self.spec)

    def discriminator(self, batch: Batch) -> Terms:
        source, target = self.pair(batch)
        with torch.no_grad():
            fake = self.networks["generator"](source)
        on_real, on_fake = self.judge(source, target), self.judge(source, fake)
        boundary = getattr(self.loss, "boundary", 0.0)
        self.report(
            accuracy_real=(on_real > boundary).float().mean(), accuracy_fake=(on_fake < boundary).float().mean()
        )
        yield {"adversarial": 0.5 * self.loss.discriminator(on_real, on_fake)}
        if self.penalty.active:
            yield {"penalty": 0.5 * self.penalty(lambda images: self.judge(source, images), target, fake)}

    def generator(self, batch: Batch) -> Terms:
        source, target = self.pair(batch)
        fake = self.networks["generator"](source)
        with torch.no_grad():
            on_real = self.judge(source, target) if self.loss.needs_real else None
        yield {
            "adversarial": self.loss.generator(self.judge(source, fake), on_real),
            "l1": self.config.l1_weight * F.l1_loss(fake.float(), target),
        }

    def pair(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The pictures to translate, and the true translations."""
        source, target = self.config.direction.split("to")
        return batch[source], batch[target]

    def judge(self, source: Tensor, images: Tensor) -> Tensor:
        """Logits of ``images`` as translations of ``source``: the discriminator sees both, one behind the other."""
        logits: Tensor = self.networks["discriminator"](torch.cat([source, images], 1))
        return logits

    @torch.no_grad()
    def preview(self, batch: Batch) -> dict[str, Tensor]:
        source, target = self.pair(batch)
        generator: Any = self.networks["generator"]
        return {"input": source, "translation": one_by_one(generator, source), "truth": target}
