"""CycleGAN's game: translate there and back, between domains of which no two pictures are paired."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.weak import WeakTensorKeyDictionary

from ganzoo.loop import Batch, LoopConfig, Terms
from ganzoo.pool import ImagePool
from ganzoo.translation import SIDES, TranslationLoop


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


class CycleGAN(TranslationLoop):
    """Two generators and two discriminators: equations 1 to 3 and section 5.2 (identity) of arXiv:1703.10593.

    Generators, for each domain X and the other one, Y: ``adversarial_XtoY`` of D_Y(G(x)), ``cycle_X`` = lambda_X
    |F(G(x)) - x|, ``identity_X`` = lambda_X identity_weight |F(x) - x|, where F leads to X. Discriminators, for each
    domain: ``adversarial_X`` on real and pooled pictures, halved as in the paper's section 4, and ``penalty_X``.
    """

    discriminator_weight: ClassVar = 0.5
    Config: ClassVar[type[CycleGANConfig]] = CycleGANConfig

    def setup(self) -> None:
        super().setup()
        self.pools = nn.ModuleDict({X: ImagePool(self.config.pool_size, self.spec.images[X]) for X in SIDES})
        weight_B = self.config.cycle_weight_B
        self.weights = {"A": self.config.cycle_weight, "B": self.config.cycle_weight if weight_B is None else weight_B}
        # The discriminators are shown the fakes that the generators' turn made of the same pictures.
        self.fakes = WeakTensorKeyDictionary()

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

    def shown(self, domain: str, batch: Batch) -> Tensor:
        """Fakes of ``domain``, new and old: those that the generators' turn made, by way of the pool."""
        fake = self.fakes.get(batch[SIDES[domain][0]], None)  # type: ignore[no-untyped-call]
        pool: ImagePool = self.pools[domain]  # type: ignore[assignment]
        return pool.query(super().shown(domain, batch) if fake is None else fake)

    def views(self, domain: str, real: Tensor) -> dict[str, Tensor]:
        back = SIDES[SIDES[domain][0]][1]
        return super().views(domain, real) | {f"idt {domain}": self.translate(back, real)}
