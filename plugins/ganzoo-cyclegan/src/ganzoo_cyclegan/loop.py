"""CycleGAN's game: translate there and back, between domains of which no two pictures are paired."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.weak import WeakTensorKeyDictionary

from ganzoo.loop import Batch, LoopConfig, Terms, TrainingLoop
from ganzoo.pool import ImagePool

SIDES = {"A": ("B", "AtoB"), "B": ("A", "BtoA")}
"""Each domain, the other one, and the direction that leads there."""


class CycleGANConfig(LoopConfig):
    """The settings of CycleGAN."""

    cycle_weight: float = Field(10.0, ge=0)
    """Lambda: what the distance of A -> B -> A (and B -> A -> B) from its start counts beside the adversarial loss."""
    cycle_weight_B: float | None = Field(None, ge=0)  # noqa: N815 (the domain is called B)
    """The weight of B -> A -> B, where it is another one."""
    identity_weight: float = Field(0.5, ge=0)
    """What a generator's change to a picture of its *target* domain counts, as a share of that domain's cycle weight;
    0 saves the pass."""
    pool_size: int = Field(50, ge=0)
    """Fakes of each domain that are kept to be shown to its discriminator again; 0 shows it new ones only."""
    cycle: Literal["l1", "l2"] = "l1"
    """How the distance of a cycle is measured: the mean absolute difference, or the mean squared one."""


class CycleGAN(TrainingLoop):
    """Two generators and two discriminators: equations 1 to 3 and section 5.2 (identity) of arXiv:1703.10593.

    Generators, for each domain X and the other one, Y: ``adversarial_XtoY`` of D_Y(G(x)), ``cycle_X`` = lambda_X
    |F(G(x)) - x|, ``identity_X`` = lambda_X identity_weight |F(x) - x|, where F leads to X. Discriminators, for each
    domain: ``adversarial_X`` on real and pooled pictures, halved as in the paper's section 4, and ``penalty_X``.
    """

    players: ClassVar = {
        "generator": ["generator_AtoB", "generator_BtoA"],
        "discriminator": ["discriminator_A", "discriminator_B"],
    }
    publishes: ClassVar = {"AtoB": "generator_AtoB", "BtoA": "generator_BtoA"}
    sources: ClassVar = {"AtoB": "A", "BtoA": "B"}
    preview_count: ClassVar = 6
    Config: ClassVar[type[CycleGANConfig]] = CycleGANConfig

    def setup(self) -> None:
        if not {"A", "B"} <= set(self.spec.images):
            raise ValueError(f"CycleGAN plays between domains A and B, and the data has {', '.join(self.spec.images)}")
        self.pools = nn.ModuleDict({X: ImagePool(self.config.pool_size, self.spec.images[X]) for X in SIDES})
        weight_B = self.config.cycle_weight_B
        self.weights = {"A": self.config.cycle_weight, "B": self.config.cycle_weight if weight_B is None else weight_B}
        # The discriminators are shown the fakes that the generators' turn made of the same pictures.
        self.fakes = WeakTensorKeyDictionary()

    def translate(self, direction: str, images: Tensor) -> Tensor:
        """``images``, (N, C, H, W), taken ``"AtoB"`` or ``"BtoA"``."""
        translated: Tensor = self.networks[f"generator_{direction}"](images)
        return translated

    def generator(self, batch: Batch) -> Terms:
        distance = F.l1_loss if self.config.cycle == "l1" else F.mse_loss
        for X, (Y, there) in SIDES.items():
            back = SIDES[Y][1]
            real = batch[X]
            fake = self.translate(there, real)
            self.fakes[real] = fake.detach()
            cycle = distance(self.translate(back, fake).float(), real)
            yield {f"adversarial_{there}": self.fool(Y, fake, batch[Y]), f"cycle_{X}": self.weights[X] * cycle}
            if weight := self.weights[X] * self.config.identity_weight:
                yield {f"identity_{X}": weight * F.l1_loss(self.translate(back, real).float(), real)}

    def fool(self, domain: str, fake: Tensor, real: Tensor) -> Tensor:
        """The generator's adversarial loss; relativistic ones compare with the logits of ``real``."""
        discriminator = self.networks[f"discriminator_{domain}"]
        with torch.no_grad():
            compared = discriminator(real) if self.loss.needs_real else None
        loss: Tensor = self.loss.generator(discriminator(fake), compared)
        return loss

    def discriminator(self, batch: Batch) -> Terms:
        for X, (Y, _) in SIDES.items():
            discriminator = self.networks[f"discriminator_{X}"]
            real, fake = batch[X], self.pooled(X, batch[Y], SIDES[Y][1])
            on_real, on_fake = discriminator(real), discriminator(fake)
            self.report_accuracy(X, on_real, on_fake)
            yield {f"adversarial_{X}": 0.5 * self.loss.discriminator(on_real, on_fake)}
            if self.penalty.active:
                yield {f"penalty_{X}": 0.5 * self.penalty(discriminator, real, fake)}

    def pooled(self, domain: str, source: Tensor, direction: str) -> Tensor:
        """Fakes of ``domain``, new and old: those made of ``source`` in the generators' turn, by way of the pool."""
        fake = self.fakes.pop(source, None)  # type: ignore[no-untyped-call]
        if fake is None:
            with torch.no_grad():
                fake = self.translate(direction, source)
        pool: ImagePool = self.pools[domain]  # type: ignore[assignment]
        return pool.query(fake)

    def report_accuracy(self, domain: str, on_real: Tensor, on_fake: Tensor) -> None:
        """Log the share of patches that a discriminator puts on the right side."""
        boundary = getattr(self.loss, "boundary", 0.0)
        right = {"real": on_real > boundary, "fake": on_fake < boundary}
        self.report(**{f"accuracy_{kind}_{domain}": patches.float().mean() for kind, patches in right.items()})

    @torch.no_grad()
    def preview(self, batch: Batch) -> dict[str, Tensor]:
        pictures: dict[str, Tensor] = {}
        for X, (Y, there) in SIDES.items():
            back, real = SIDES[Y][1], batch[X]
            fake = self.translate(there, real)
            pictures |= {f"real {X}": real, f"fake {Y}": fake}
            pictures |= {f"rec {X}": self.translate(back, fake), f"idt {X}": self.translate(back, real)}
        return pictures
