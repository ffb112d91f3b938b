"""The game with an auxiliary classifier."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganzoo.adversarial import AdversarialConfig, AdversarialLoop
from ganzoo.loop import Batch, Terms


class ACGANConfig(AdversarialConfig):
    """The settings of ACGAN."""

    class_weight: float = Field(1.0, ge=0)
    """What naming the label counts beside the adversarial loss, for both players."""
    classify_fakes: bool = True
    """Whether the discriminator also learns to name the labels of fakes, as the paper's L_C has it."""


class ACGAN(AdversarialLoop):
    """Equations 2 and 3 of arXiv:1610.09585: D maximises L_S + L_C, G maximises L_C - L_S.

    L_S is the adversarial loss that the recipe chooses; L_C the log-likelihood of the right label, so that both players
    *minimise* a cross-entropy: terms ``class_real`` and ``class_fake`` of D, ``class`` of G. The discriminator gives a
    logit and the classes' logits, to which ``cross_entropy`` applies its own log-softmax. Reports, beside those of the
    plain game: ``accuracy_real`` and ``accuracy_fake``, the shares of labels that D names rightly.
    """

    preview_count: ClassVar = 100
    Config: ClassVar[type[ACGANConfig]] = ACGANConfig

    def setup(self) -> None:
        asked = int(getattr(self.networks["generator"], "classes", 0))
        named = int(getattr(self.networks["discriminator"], "names_classes", 0))
        if not asked or asked != named or asked != self.spec.classes:
            raise ValueError(
                "an ACGAN's generator is told the label (networks.generator.conditional = true) and its discriminator "
                f"names it (acgan-discriminator): they have {asked} and {named} labels, the data {self.spec.classes}"
            )

    def discriminator(self, batch: Batch) -> Terms:
        real, fake, labels = batch["image"], self.sample_like(batch, grad=False), batch["label"]
        (on_real, names_of_real), (on_fake, names_of_fake) = self.examine(real), self.examine(fake)
        self.watch(on_real, on_fake)
        self.report(accuracy_real=_accuracy(names_of_real, labels), accuracy_fake=_accuracy(names_of_fake, labels))
        terms = {
            "adversarial": self.loss.discriminator(on_real, on_fake),
            "class_real": self.named(names_of_real, labels),
        }
        if self.config.classify_fakes:
            terms["class_fake"] = self.named(names_of_fake, labels)
        yield terms
        if self.penalty.active:
            yield {"penalty": self.penalty(lambda images: self.judge(images, batch), real, fake)}

    def generator(self, batch: Batch) -> Terms:
        on_fake, names = self.examine(self.sample_like(batch))
        with torch.no_grad():
            on_real = self.judge(batch["image"], batch) if self.loss.needs_real else None
        yield {"adversarial": self.loss.generator(on_fake, on_real), "class": self.named(names, batch["label"])}

    def examine(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What the discriminator says of pictures: logits (N, 1), and the classes' logits (N, classes)."""
        discriminator: Any = self.networks["discriminator"]
        logits, names = discriminator(images)
        return logits, names

    def judge(self, images: Tensor, batch: Batch) -> Tensor:
        return self.examine(images)[0]

    def named(self, names: Tensor, labels: Tensor) -> Tensor:
        """The weighted cross-entropy of the classes' logits (N, classes) with the right labels (N,)."""
        weight: float = self.config.class_weight
        return weight * F.cross_entropy(names.float(), labels)


def _accuracy(names: Tensor, labels: Tensor) -> Tensor:
    return (names.argmax(1) == labels).float().mean()
