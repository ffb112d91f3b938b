"""Steps a second of small GANs, loading included: ganzoo's loader and engine against a tutorial's loop.

    python benchmarks/small.py gan wgan-gp wgan-gp-mlp dcgan

Both sides have the same networks from the same weights, Adam with the same settings, batches of 64, and the same
pictures in memory: at 28 pixels ``gan``, ``wgan-gp`` and, with perceptrons as in known scripts, ``wgan-gp-mlp``; at
64 ``dcgan``. ganzoo's side is its default recipe without the average and the instance noise, which the tutorials do not
have; its log is read at the end of every turn. Before anything is timed, the networks of both sides judge a batch, and
must agree: the work is that of the same networks. What ganzoo sets for the whole process (threads, memory that is kept)
serves the tutorial too.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import torch
from measure import Spread, alternate, conditions, faster, table
from tutorials import DCGAN, GAN, WGANGP, Pictures, Tutorial

from ganzoo.data.labelled import Labelled
from ganzoo.data.loader import Loader
from ganzoo.engine import Engine
from ganzoo.plugins import plugins
from ganzoo.precision import apply_runtime, pick_device
from ganzoo.recipe.build import build_data, build_loop, fill_from_data
from ganzoo.recipe.parse import check, read


@dataclass(frozen=True)
class Row:
    """A model, how it is set, and the tutorial's class for it."""

    name: str
    model: str
    size: int
    tutorial: type[Tutorial]
    steps: int
    """In a turn: enough for a second or so."""
    settings: tuple[str, ...] = ()


PERCEPTRONS = ('networks={generator={type="mlp-generator"}, discriminator={type="mlp-discriminator"}}',)
ROWS = {
    row.name: row
    for row in (
        Row("gan", "gan", 28, GAN, 60),
        Row("wgan-gp", "wgan-gp", 28, WGANGP, 15),
        Row("wgan-gp-mlp", "wgan-gp", 28, WGANGP, 30, PERCEPTRONS),
        Row("dcgan", "dcgan", 64, DCGAN, 1, ("networks.generator.filters=64", "networks.discriminator.filters=64")),
    )
}
BATCH = 64
COLUMNS = ("model", "pixels", "tutorial, steps/s", "ganzoo, steps/s", "times faster")


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", nargs="*", default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=9, help="how often each side has its turn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--set", action="append", default=[], dest="settings", help="ganzoo's side: runtime.compile=true"
    )
    parser.add_argument("--quick", action="store_true", help="one step and 2 rounds, to see that it runs")
    return parser.parse_args()


def both_sides(row: Row, chosen: argparse.Namespace) -> tuple[Tutorial, Engine, Loader]:
    """The tutorial, and ganzoo's two parts, on copies of the same networks."""
    settings = (
        f'data={{type="glyphs", size={row.size}, count=2000}}', f"train.batch_size={BATCH}", "ema.half_life=0",
        "augment.instance_noise=0", f'runtime.device="{chosen.device}"', f"runtime.threads={chosen.threads}",
        'runtime.precision="float32"', *row.settings, *chosen.settings,
    )  # fmt: skip
    recipe = check(read(row.model, None, list(settings), plugins()), plugins())
    data = build_data(recipe, plugins())
    assert isinstance(data, Labelled)
    recipe = fill_from_data(recipe, data.spec, plugins())
    data.prepare()
    apply_runtime(recipe.runtime)
    device = pick_device(chosen.device)
    torch.manual_seed(0)
    loop = build_loop(recipe, data.spec, plugins())
    networks = loop.networks["generator"], loop.networks["discriminator"]
    tutorial = row.tutorial(*networks, Pictures(data.pixels[..., 0], data.labels, row.size), device)
    engine = Engine(loop, recipe, device, steps=10**6, steps_per_epoch=10**6)
    return tutorial, engine, Loader(data, batch_size=BATCH, seed=0)


def see_that_they_agree(tutorial: Tutorial, engine: Engine, loader: Loader) -> None:
    """End here unless the networks of both sides say the same of the same pictures, in the same range."""
    ours = engine.place(next(loader))["image"]
    index = loader.order.indices(0)
    theirs = torch.stack([tutorial.dataloader.dataset[number][0] for number in index]).to(ours.device)
    discriminator = engine.loop.networks["discriminator"]
    with torch.no_grad():
        apart = [(ours - theirs).abs().max(), (tutorial.D(theirs) - discriminator(ours)).abs().max()]
    if max(apart) > 1e-3:
        raise SystemExit(f"pictures and logits are {apart} apart: not the same work")


def measured(row: Row, chosen: argparse.Namespace) -> tuple[object, ...]:
    """A row of the table."""
    tutorial, engine, loader = both_sides(row, chosen)
    see_that_they_agree(tutorial, engine, loader)
    steps, rounds = (1, 2) if chosen.quick else (row.steps, chosen.rounds)

    def theirs() -> None:
        for _ in range(steps):
            tutorial.step()

    def ours() -> None:
        for _ in range(steps):
            engine.train_step(loader)
        engine.terms.read()

    sides = {"tutorial": theirs, "ganzoo": ours}
    alternate(sides, 1, chosen.device)
    times = alternate(sides, rounds, chosen.device)
    speeds = [Spread([steps / taken for taken in times[name]]) for name in sides]
    return row.name, row.size, *speeds, faster(times, "tutorial", "ganzoo")


def main() -> None:
    """Measure and print."""
    chosen = options()
    rows = [measured(ROWS[name], chosen) for name in chosen.rows]
    print(f"{conditions(chosen.device)}, batch {BATCH}; ganzoo with {' '.join(chosen.settings) or 'float32, eager'}\n")
    print(table(COLUMNS, rows))


if __name__ == "__main__":
    main()
