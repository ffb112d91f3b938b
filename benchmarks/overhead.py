"""The engine's own milliseconds a step: a tiny MLP GAN in ganzoo's engine, and the same tensor work called directly.

    python benchmarks/overhead.py

Both sides have the same networks, loss, optimizers and average, and one batch in memory, so that what is left between
them is what the engine does around the tensors. The direct side is as lean as it can be: lists of parameters are made
once, and nothing is logged, placed, scheduled or watched. What is told is one thread's CPU time. Then a profile says
what the engine's step is spent on.
"""

from __future__ import annotations

import argparse
import copy
import cProfile
import io
import itertools
import pstats
import time

import numpy as np
import torch
from measure import Spread, alternate, conditions, table
from torch import Tensor

from ganzoo.data.base import Batch
from ganzoo.engine import Engine
from ganzoo.loop import TrainingLoop
from ganzoo.optim import build_optimizer
from ganzoo.plugins import plugins
from ganzoo.precision import apply_runtime
from ganzoo.recipe.build import build_data, build_loop, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.schema import Recipe

SETTINGS = (
    "data.size=16", "networks.generator.hidden=[32]", "networks.discriminator.hidden=[32]", "train.batch_size=16",
    'runtime={device="cpu", threads=1}', 'schedule={type="linear", constant_steps=1000}',
)  # fmt: skip
LINES = 25


class Direct:
    """The same step without an engine."""

    def __init__(self, loop: TrainingLoop, recipe: Recipe) -> None:
        self.generator, self.discriminator = loop.networks["generator"], loop.networks["discriminator"]
        self.loss = loop.loss
        self.of_discriminator = list(self.discriminator.parameters())
        self.optimizers = [build_optimizer(recipe.optimizer.of(player), loop.networks[player].parameters())
                           for player in ("discriminator", "generator")]  # fmt: skip
        average = copy.deepcopy(self.generator).requires_grad_(False)
        self.averages, self.news = list(average.parameters()), list(self.generator.parameters())
        self.buffers = list(zip(average.buffers(), self.generator.buffers(), strict=True))

    def step(self, batch: Batch) -> None:
        real = batch["image"]
        of_discriminator, of_generator = self.optimizers
        with torch.no_grad():
            fake = self._fakes(real)
        on_real, on_fake = self.discriminator(real), self.discriminator(fake)
        on_real.detach().mean(), on_fake.detach().mean()  # the game reports them
        of_discriminator.zero_grad()
        self.loss.discriminator(on_real, on_fake).backward()
        of_discriminator.step()
        for parameter in self.of_discriminator:
            parameter.requires_grad = False
        of_generator.zero_grad()
        self.loss.generator(self.discriminator(self._fakes(real))).backward()
        of_generator.step()
        for parameter in self.of_discriminator:
            parameter.requires_grad = True
        with torch.no_grad():
            torch._foreach_lerp_(self.averages, self.news, 0.01)
            for average, new in self.buffers:
                average.copy_(new)

    def _fakes(self, real: Tensor) -> Tensor:
        fakes: Tensor = self.generator(torch.randn(len(real), *self.generator.latent_shape))
        return fakes


def both_sides() -> tuple[Direct, Engine, Batch]:
    """The two, on copies of the same networks, and their batch."""
    source = read("gan", None, list(SETTINGS), plugins())
    recipe = check(source, plugins())
    data = build_data(recipe, plugins())
    recipe = fill_from_data(recipe, data.spec, plugins())
    apply_runtime(recipe.runtime)
    loop = build_loop(recipe, data.spec, plugins())
    batch = data.batch(range(recipe.train.batch_size), np.random.default_rng(0))
    return Direct(copy.deepcopy(loop), recipe), Engine(loop, recipe, torch.device("cpu"), 10**6, 1000), batch


def profile(engine: Engine, batches: itertools.repeat[Batch], steps: int) -> str:
    """The functions that the engine's step is spent in, by their own time."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(steps):
        engine.train_step(batches)
    profiler.disable()
    engine.terms.read()
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(LINES)
    return text.getvalue()


def main() -> None:
    """Measure, print, profile."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--steps", type=int, default=100, help="steps in a turn, which the log is read after")
    parser.add_argument("--quick", action="store_true", help="4 rounds, to see that it runs")
    chosen = parser.parse_args()
    rounds = 4 if chosen.quick else chosen.rounds
    direct, engine, batch = both_sides()
    batches = itertools.repeat(batch)

    def bare() -> None:
        for _ in range(chosen.steps):
            direct.step(batch)

    def with_engine() -> None:
        for _ in range(chosen.steps):
            engine.train_step(batches)
        engine.terms.read()

    alternate({"warm up": bare, "and this": with_engine}, 2)
    times = alternate({"bare": bare, "engine": with_engine}, rounds, clock=time.process_time)
    bare_ms, engine_ms = ([1000 * taken / chosen.steps for taken in times[name]] for name in ("bare", "engine"))
    own = [ours - theirs for theirs, ours in zip(bare_ms, engine_ms, strict=True)]
    print(f"{conditions()}\n")
    columns = ("tensor work alone, ms a step", "in the engine, ms a step", "the engine's own, ms a step")
    print(table(columns, [(Spread(bare_ms), Spread(engine_ms), Spread(own))]))
    print(f"\nOf {chosen.steps} steps, under a profiler, which slows them:\n{profile(engine, batches, chosen.steps)}")


if __name__ == "__main__":
    main()
