"""The loop that drives turns. It names no algorithm: the game is the loop's, everything else is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from ganzoo.augment import Augmentation
from ganzoo.batchnorm import batch_norm_alone, synchronise_batch_norm
from ganzoo.distributed import World
from ganzoo.ema import NetworkAverage
from ganzoo.errors import TrainingError
from ganzoo.graphs import Told, TurnGraphs
from ganzoo.loop import Batch, TrainingLoop, Turn
from ganzoo.optim import build_optimizer, factor, set_learning_rate
from ganzoo.precision import autocast, uses_bf16
from ganzoo.recipe.schema import Recipe
from ganzoo.terms import FINITE_HINT, TermLog


class Engine:
    """A loop, its optimizers and its average, and the step that moves them.

    Attributes:
        step: steps done.
        steps: steps in all; ``steps_per_epoch``: those in an epoch.
        world: the processes that train together.
    """

    def __init__(
        self,
        loop: TrainingLoop,
        recipe: Recipe,
        device: torch.device,
        steps: int,
        steps_per_epoch: int,
        world: World | None = None,
    ) -> None:
        self.device = device
        self.world = world or World()
        self.recipe = recipe
        self._channels_last = recipe.runtime.channels_last
        self.loop = loop.to(device)
        if self._channels_last:
            self.loop.networks.to(memory_format=torch.channels_last)
        if self.world.size > 1 and recipe.runtime.batch_norm == "sync":
            synchronise_batch_norm(self.loop.networks)
        self.world.spread([*loop.networks.parameters(), *loop.networks.buffers()])
        self.steps, self.steps_per_epoch = steps, steps_per_epoch
        self.step = 0
        self.bf16 = uses_bf16(recipe.runtime, device)
        self.turns = list(loop.turns())
        self.players = {player: [loop.networks[name] for name in names] for player, names in loop.players.items()}
        self.parameters = {
            player: [parameter for network in networks for parameter in network.parameters()]
            for player, networks in self.players.items()
        }
        self._everything = list(loop.networks.parameters())
        self.settings = {player: recipe.optimizer.of(player) for player in self.players}
        self.optimizers = {
            player: build_optimizer(self.settings[player], self.parameters[player]) for player in self.players
        }
        published = {name: loop.networks[name] for name in loop.publishes.values()}
        self.average = NetworkAverage(published, recipe.ema) if recipe.ema.half_life else None
        self.augmentation = Augmentation(loop, recipe.augment, device)
        self.terms = TermLog(self.world)
        has_graphs = recipe.runtime.cuda_graphs and device.type == "cuda"
        self.graphs = TurnGraphs(self.loop, device) if has_graphs else None
        self._playing = ""
        loop.train()
        if recipe.runtime.compile:
            self._compile()

    def train_step(self, batches: Iterator[Batch]) -> None:
        """One step: draw its batch (or batches, when gradients are accumulated) and play the turns that are due."""
        self.loop.step = self.step
        self.augmentation.begin(self.step)
        portions = [self.place(next(batches)) for _ in range(self.recipe.train.accumulate)]
        if self.graphs is not None:
            portions = self.graphs.keep(portions, (self.loop.phase(), self.augmentation.noise_is_over))
        rate = factor(self.recipe.schedule, self.step, self.steps, self.steps_per_epoch)
        for turn in self.turns:
            if self.loop.due(turn, self.step):
                set_learning_rate(self.optimizers[turn.player], self.settings[turn.player].lr * rate)
                self._play(turn, portions)
        self.step += 1
        if self.average is not None:
            images = self.world.size * sum(len(next(iter(portion.values()))) for portion in portions)
            self.average.update(images, images * self.step)

    def place(self, batch: Batch) -> Batch:
        """The batch on the device, in the memory format that the recipe asks."""
        placed = {key: value.to(self.device, non_blocking=True) for key, value in batch.items()}
        if self._channels_last:
            placed = {
                key: value.contiguous(memory_format=torch.channels_last) if value.dim() == 4 else value
                for key, value in placed.items()
            }
        return placed

    def _play(self, turn: Turn, portions: list[Batch]) -> None:
        """One turn: every portion's terms are backpropagated as they come, then the player steps once."""
        self._freeze_all_but(turn.player)
        for parameter in self.parameters[turn.player]:
            parameter.grad = None
        work = partial(self._backpropagate_all, turn, portions)
        told = work() if self.graphs is None else self.graphs.play(turn, work, self.parameters[turn.player])
        for group, terms in told:
            self.terms.add(self.step, group, terms)
        self.world.average_gradients(self.parameters[turn.player])
        clip = self.settings[turn.player].clip_norm
        if clip:
            nn.utils.clip_grad_norm_(self.parameters[turn.player], clip)
        self.optimizers[turn.player].step()
        with torch.no_grad():
            self.loop.after(turn)

    def _backpropagate_all(self, turn: Turn, portions: list[Batch]) -> Told:
        return [told for batch in portions for told in self._backpropagate(turn, batch, turn.gain / len(portions))]

    def _backpropagate(self, turn: Turn, batch: Batch, gain: float) -> Iterator[tuple[str, dict[str, Tensor]]]:
        moves = getattr(self.loop, turn.name)(batch)
        while True:
            with autocast(self.device, self.bf16):  # the game runs in here, the backward must not
                terms = next(moves, None)
            if terms is None:
                break
            total = sum(terms.values())
            assert isinstance(total, Tensor)
            (total * gain if gain != 1.0 else total).backward()  # type: ignore[no-untyped-call]
            yield turn.name, {name: value.detach() for name, value in terms.items()}
        if self.loop.reports:
            reports, self.loop.reports = self.loop.reports, {}
            yield "report", reports

    def _freeze_all_but(self, player: str) -> None:
        """Let gradients flow into this player's networks alone."""
        if self._playing == player:
            return
        for parameter in self.parameters.get(self._playing, self._everything):
            parameter.requires_grad = False
        self._playing = player
        for parameter in self.parameters[player]:
            parameter.requires_grad = True

    def _compile(self) -> None:
        """Compile in place what no penalty differentiates twice: torch.compile has no double backward."""
        for name, network in self.loop.networks.items():
            if name in self.loop.publishes.values() or not self.loop.penalty.active:
                network.compile()

    def check_finite(self) -> None:
        """See that what a checkpoint would hold is finite.

        Raises:
            TrainingError: a network's weights are not.
        """
        for name, network in self.loop.networks.items():
            flags = [parameter.isfinite().all() for parameter in network.parameters()]
            if flags and not bool(torch.stack(flags).all()):
                raise TrainingError(f"the weights of {name} are no longer finite at step {self.step}", hint=FINITE_HINT)

    def learning_rates(self) -> dict[str, float]:
        """The learning rate of each player's last turn."""
        return {player: float(optimizer.param_groups[0]["lr"]) for player, optimizer in self.optimizers.items()}

    @contextmanager
    def showing(self) -> Iterator[TrainingLoop]:
        """The loop as a user will get it: averaged networks, inference mode, no gradients, no trace left behind."""
        own = dict(self.loop.networks.items())
        if self.average is not None:
            self.loop.networks.update(dict(self.average.networks.items()))
        buffers = [(buffer, buffer.clone()) for buffer in self.loop.networks.buffers()]  # train mode moves statistics
        modes = {module: module.training for module in self.loop.modules()}
        self.loop.train(self.loop.inference == "train")
        try:
            with (
                torch.random.fork_rng([self.device] if self.device.type == "cuda" else []),
                torch.no_grad(),
                autocast(self.device, self.bf16),
                batch_norm_alone(),
            ):
                yield self.loop
        finally:
            for buffer, before in buffers:
                buffer.copy_(before)
            self.loop.networks.update(own)
            for module, mode in modes.items():
                module.training = mode
