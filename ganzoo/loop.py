"""The contract of a training loop: players, turns, and the loss terms each turn yields.

A plugin writes the game; the engine owns devices, precision, freezing, backward, optimizers, EMA, logs and checkpoints.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from ganzoo.config import Config
from ganzoo.spec import DataSpec

Batch = dict[str, Tensor]
Terms = Iterator[dict[str, Tensor]]
"""What a turn yields: named scalar loss terms, backpropagated as they come."""


class LoopConfig(Config):
    """The base of every loop's own settings (the ``[loop]`` table)."""


@dataclass(frozen=True)
class Turn:
    """One move of one player.

    ``name`` is the loop's method that plays it (the player's name by default); it is played at every ``every``-th
    step, after the others of that step; ``gain`` multiplies its loss (``every`` for lazy regularisation).
    """

    player: str
    name: str = ""
    every: int = 1
    gain: float = 1.0

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.player)


class TrainingLoop(nn.Module):
    """A game between players.

    Subclasses say ``players`` and write a method for each turn. A network's role in the recipe is its name, or the
    part before the first underscore: ``generator_AtoB`` is built from ``[networks.generator]`` unless the recipe has
    ``[networks.generator_AtoB]``.
    """

    players: ClassVar[Mapping[str, Sequence[str]]]
    """Player -> the networks that it trains. Each player has an optimizer of its own."""

    publishes: ClassVar[Mapping[str, str]] = {"sample": "generator"}
    """What a user gets: ``sample`` (noise to pictures), or directions of translation, and the network of each."""

    inference: ClassVar[Literal["eval", "train"]] = "eval"
    """The mode that published networks run in; ``"train"`` keeps dropout and batch statistics at work."""

    preview_count: ClassVar[int] = 64
    """How many samples a grid shows unless the recipe says."""

    sources: ClassVar[Mapping[str, str]] = {}
    """Direction of translation -> the image key of a batch that it starts from: ``{"AtoB": "A"}``."""

    Config: ClassVar[type[LoopConfig]] = LoopConfig

    def __init__(self, config: Any, networks: Mapping[str, nn.Module], spec: DataSpec, loss: Any, penalty: Any) -> None:
        """Made by the recipe, with networks already built; subclasses add pools and buffers in :meth:`setup`."""
        super().__init__()
        self.config = config
        self.networks = nn.ModuleDict(networks)
        self.spec = spec
        self.loss = loss
        self.penalty = penalty
        self.publishes = self.published(config)  # type: ignore[misc]  # an instance's are those of its settings
        self._step = 0
        self.step_was_read = False
        self.reports: dict[str, Tensor] = {}
        self.setup()

    def setup(self) -> None:
        """Make what the game needs beside its networks; modules and buffers made here are checkpointed."""

    @property
    def step(self) -> int:
        """Steps done, for games that change as they go on; the engine keeps it up.

        A turn that reads it is not replayed as a CUDA graph, unless the game says with :meth:`phase` what it reads.
        """
        self.step_was_read = True
        return self._step

    @step.setter
    def step(self, done: int) -> None:
        self._step = done

    def turns(self) -> Sequence[Turn]:
        """The turns of a step in order; by default each player once, in the order of ``players``."""
        return [Turn(player) for player in self.players]

    def due(self, turn: Turn, step: int) -> bool:
        """Whether ``turn`` is played at ``step`` (0, 1, ...): by default at every ``turn.every``-th, not the first."""
        return (step + 1) % turn.every == 0

    def phase(self) -> Hashable:
        """What turns depend on beside their batches, for games that change with ``step``.

        While it is the same, turns may be replayed as CUDA graphs (``runtime.cuda_graphs``), in which numbers from
        Python are those of the recording.
        """
        return None

    def after(self, turn: Turn) -> None:
        """Called, without gradients, after the player's optimizer has stepped: weight clipping goes here."""

    def clip(self, player: str, bound: float) -> None:
        """Keep every parameter of a player's networks in [-bound, bound] (WGAN: arXiv:1701.07875, algorithm 1)."""
        for name in self.players[player]:
            for parameter in self.networks[name].parameters():
                parameter.clamp_(-bound, bound)

    def preview(self, batch: Batch) -> dict[str, Tensor]:
        """Pictures that show how the game stands: caption -> (N, C, H, W) in [-1, 1], a column each."""
        return {"sample": self.sample_like(batch, grad=False)}

    def report(self, **values: Tensor) -> None:
        """Log scalars that are no loss (an accuracy, a distance); they stay on the device until the log is written."""
        self.reports.update({name: value.detach() for name, value in values.items()})

    def sample_like(self, batch: Batch, *, grad: bool = True) -> Tensor:
        """As many fakes as the batch has images, with the batch's labels where the generator takes them.

        ``grad=False`` builds no graph: what a discriminator's turn wants.
        """
        generator: Any = self.networks["generator"]
        reference = batch["image"]
        z = torch.randn(len(reference), *generator.latent_shape, device=reference.device)
        with nullcontext() if grad else torch.no_grad():
            fake: Tensor = generator(z, batch["label"]) if getattr(generator, "classes", 0) else generator(z)
        return fake

    @classmethod
    def published(cls, config: Any) -> Mapping[str, str]:
        """What a user gets with these settings: ``publishes``, for loops whose settings do not change it."""
        return cls.publishes

    @classmethod
    def network_names(cls) -> list[str]:
        """The names of all networks, in the players' order, each once."""
        return list(dict.fromkeys(name for names in cls.players.values() for name in names))
