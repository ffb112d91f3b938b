"""What games between two unpaired domains share: ways there and back, and a discriminator for each domain."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from ganzoo.loop import Batch, Terms, TrainingLoop
from ganzoo.spec import DataSpec

SIDES = {"A": ("B", "AtoB"), "B": ("A", "BtoA")}
"""Each domain, the other one, and the direction that leads there."""


class TranslationLoop(TrainingLoop):
    """Two generators and two discriminators; a subclass writes the generators' turn.

    Terms of the discriminators' turn, for each domain X: ``adversarial_X``, and ``penalty_X`` where there is one.
    Reports: ``accuracy_real_X`` and ``accuracy_fake_X``, the share of logits on the right side.
    """

    players: ClassVar = {
        "generator": ["generator_AtoB", "generator_BtoA"],
        "discriminator": ["discriminator_A", "discriminator_B"],
    }
    publishes: ClassVar = {"AtoB": "generator_AtoB", "BtoA": "generator_BtoA"}
    sources: ClassVar = {"AtoB": "A", "BtoA": "B"}
    preview_count: ClassVar = 6

    discriminator_weight: ClassVar[float] = 1.0
    """What the discriminators' loss and penalty are multiplied by."""

    def setup(self) -> None:
        require_domains(self, self.spec)

    def translate(self, direction: str, images: Tensor) -> Tensor:
        """``images``, (N, C, H, W), taken ``"AtoB"`` or ``"BtoA"``."""
        translated: Tensor = self.networks[f"generator_{direction}"](images)
        return translated

    def fool(self, domain: str, fake: Tensor, real: Tensor) -> Tensor:
        """The generator's adversarial loss; relativistic ones compare with the logits of ``real``."""
        discriminator = self.networks[f"discriminator_{domain}"]
        with torch.no_grad():
            compared = discriminator(real) if self.loss.needs_real else None
        loss: Tensor = self.loss.generator(discriminator(fake), compared)
        return loss

    def discriminator(self, batch: Batch) -> Terms:
        for X in SIDES:
            discriminator = self.networks[f"discriminator_{X}"]
            real, fake = batch[X], self.shown(X, batch)
            on_real, on_fake = discriminator(real), discriminator(fake)
            self.report_accuracy(X, on_real, on_fake)
            yield {f"adversarial_{X}": self.discriminator_weight * self.loss.discriminator(on_real, on_fake)}
            if self.penalty.active:
                yield {f"penalty_{X}": self.discriminator_weight * self.penalty(discriminator, real, fake)}

    def shown(self, domain: str, batch: Batch) -> Tensor:
        """Fakes for the discriminator of ``domain``, without a graph."""
        other = SIDES[domain][0]
        with torch.no_grad():
            return self.translate(SIDES[other][1], batch[other])

    def report_accuracy(self, domain: str, on_real: Tensor, on_fake: Tensor) -> None:
        """Log the share of patches that a discriminator puts on the right side."""
        boundary = getattr(self.loss, "boundary", 0.0)
        right = {"real": on_real > boundary, "fake": on_fake < boundary}
        self.report(**{f"accuracy_{kind}_{domain}": patches.float().mean() for kind, patches in right.items()})

    @torch.no_grad()
    def preview(self, batch: Batch) -> dict[str, Tensor]:
        return {caption: pictures for X in SIDES for caption, pictures in self.views(X, batch[X]).items()}

    def views(self, domain: str, real: Tensor) -> dict[str, Tensor]:
        """Pictures of ``domain`` there and back, with their captions."""
        other, there = SIDES[domain]
        fake = self.translate(there, real)
        back = self.translate(SIDES[other][1], fake)
        return {f"real {domain}": real, f"fake {other}": fake, f"rec {domain}": back}


def require_domains(loop: Any, spec: DataSpec) -> None:
    """Raise a ValueError unless the data has pictures of two domains, A and B."""
    if not SIDES.keys() <= spec.images.keys():
        found = ", ".join(spec.images)
        raise ValueError(f"{type(loop).__name__} plays between domains A and B, and the data has {found}")
