"""Images a second of a whole CycleGAN step: ganzoo's engine against a plain eager PyTorch loop, in turns.

    python benchmarks/step.py --size 256 --batch 1 --pairs 5 --threads 2

The networks are the official ones: ResNet generators of 64 filters (9 blocks from 256 pixels, else 6), 70x70 patch
discriminators of 64 filters. Least squares, cycle and identity losses, pools of 50 fakes, Adam. Batches are random
pictures in memory: loading is not measured. First both sides take two steps from the same weights on the same
batches, and their losses are compared, so that what is timed is the same work: the second step's show that the same
updates were made. ganzoo's terms are read at the end of every turn, in a training only each ``log_every`` steps.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence

import torch
from measure import Spread, alternate, conditions, faster, table
from textbook import Textbook, with_plain_layers

from ganzoo.data.base import Batch
from ganzoo.engine import Engine
from ganzoo.plugins import plugins
from ganzoo.precision import apply_runtime, pick_device
from ganzoo.recipe.build import build_data, build_loop, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.schema import Recipe

# How far the losses of the first and of the second step may be apart, relatively where they are above 1. Adam's first
# update has nearly the size lr whatever the gradient: it makes much of rounding.
TOLERANCES = {"float32": (1e-4, 1e-2), "bf16": (5e-2, 1e-1)}
COLUMNS = ("pixels", "batch", "ganzoo with", "textbook, images/s", "ganzoo, images/s", "times faster")


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=256, help="pixels, both sides")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=5, help="how often each side has its turn")
    parser.add_argument("--steps", type=int, default=1, help="steps in a turn")
    parser.add_argument("--warmup", type=int, default=0, help="untimed steps of each side after the first two")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=list(TOLERANCES), default="float32", help="ganzoo's side")
    parser.add_argument("--compile", action="store_true", help="ganzoo's side")
    parser.add_argument("--channels-last", action="store_true", help="ganzoo's side")
    parser.add_argument(
        "--cuda-graphs", action="store_true", help="ganzoo's side, with --warmup 4: it is then replayed"
    )
    parser.add_argument("--plain-layers", action="store_true", help="textbook: PyTorch's own instance norm and padding")
    parser.add_argument("--quick", action="store_true", help="64 pixels and 3 pairs, to see that it runs")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.size, chosen.pairs = 64, 3
    return chosen


def recipe_of(chosen: argparse.Namespace) -> Recipe:
    """The official CycleGAN as a recipe of ganzoo's."""
    settings = {
        "data": f'{{type="seasons", size={chosen.size}}}',
        "networks.generator.blocks": 9 if chosen.size >= 256 else 6,
        "train.batch_size": chosen.batch,
        "runtime.device": f'"{chosen.device}"',
        "runtime.threads": chosen.threads,
        "runtime.precision": f'"{chosen.precision}"',
        "runtime.compile": str(chosen.compile).lower(),
        "runtime.cuda_graphs": str(chosen.cuda_graphs).lower(),
        "runtime.channels_last": str(chosen.channels_last).lower(),
    }
    source = read("cyclegan", "summer2winter", [f"{key}={value}" for key, value in settings.items()], plugins())
    recipe = check(source, plugins())
    return fill_from_data(recipe, build_data(recipe, plugins()).spec, plugins())


class Ganzoo:
    """ganzoo's side: the engine, fed from a list of batches."""

    def __init__(self, engine: Engine, batches: Sequence[Batch]) -> None:
        self.engine = engine
        self.batches = itertools.cycle(batches)

    def turn(self, steps: int) -> dict[str, float]:
        for _ in range(steps):
            self.engine.train_step(self.batches)
        return self.engine.terms.read()


class Plain:
    """The textbook's side, fed from the same list."""

    def __init__(self, script: Textbook, batches: Sequence[Batch], device: torch.device) -> None:
        self.script, self.device = script, device
        self.batches = itertools.cycle(batches)

    def turn(self, steps: int) -> dict[str, float]:
        losses: dict[str, float] = {}
        for _ in range(steps):
            batch = next(self.batches)
            losses = self.script.step(batch["A"].to(self.device), batch["B"].to(self.device))
        return losses


def both_sides(chosen: argparse.Namespace) -> tuple[Plain, Ganzoo]:
    """The two, with the same weights and the same batches before them."""
    recipe = recipe_of(chosen)
    apply_runtime(recipe.runtime)
    device = pick_device(chosen.device)
    torch.manual_seed(0)
    loop = build_loop(recipe, build_data(recipe, plugins()).spec, plugins())
    shape = (chosen.batch, 3, chosen.size, chosen.size)
    batches = [{side: torch.rand(shape) * 2 - 1 for side in "AB"} for _ in range(4)]
    networks = {
        name: with_plain_layers(network) if chosen.plain_layers else network for name, network in loop.networks.items()
    }
    plain = Plain(Textbook(networks, device), batches, device)
    return plain, Ganzoo(Engine(loop, recipe, device, steps=100_000, steps_per_epoch=1000), batches)


def compare(plain: Plain, ganzoo: Ganzoo, tolerance: float) -> None:
    """Take a step on both sides; end here unless all losses agree."""
    expected, found = plain.turn(1), ganzoo.turn(1)
    apart = {name: abs(found[name] - value) / max(1.0, abs(value)) for name, value in expected.items()}
    furthest = max(apart, key=apart.__getitem__)
    if not apart[furthest] <= tolerance:
        raise SystemExit(f"{furthest}: textbook {expected[furthest]}, ganzoo {found[furthest]}: not the same work")
    print(f"step {ganzoo.engine.step}: {len(apart)} losses agree to {max(apart[furthest], 1e-7):.0e}")


def measured(plain: Plain, ganzoo: Ganzoo, chosen: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds of both sides' turns, pair by pair."""
    sides = {"textbook": lambda: plain.turn(chosen.steps), "ganzoo": lambda: ganzoo.turn(chosen.steps)}
    return alternate(sides, chosen.pairs, chosen.device)


def settings_of(chosen: argparse.Namespace) -> str:
    """What ganzoo's side was set to, in words."""
    switches = ("channels_last", "compile", "cuda_graphs")
    words = [chosen.precision, *(name for name in switches if getattr(chosen, name))]
    words += ["(textbook: plain layers)"] * chosen.plain_layers
    return " ".join(words)


def row(chosen: argparse.Namespace, times: dict[str, list[float]]) -> str:
    """A Markdown table of one row."""
    images = chosen.steps * chosen.batch
    theirs, ours = (Spread([images / taken for taken in times[side]]) for side in ("textbook", "ganzoo"))
    cells = chosen.size, chosen.batch, settings_of(chosen), theirs, ours, faster(times, "textbook", "ganzoo")
    return table(COLUMNS, [cells])


def main() -> None:
    """Compare, warm up, measure, print."""
    chosen = options()
    plain, ganzoo = both_sides(chosen)
    for tolerance in TOLERANCES[chosen.precision]:
        compare(plain, ganzoo, tolerance)
    for side in (plain, ganzoo):
        side.turn(chosen.warmup)
    times = measured(plain, ganzoo, chosen)
    print(f"{conditions(chosen.device)}\n\n{row(chosen, times)}")


if __name__ == "__main__":
    main()
