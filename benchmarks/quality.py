"""Trains each model for a stated budget, and scores it.

python benchmarks/quality.py ROW... [--data FOLDER] [--runs FOLDER] [--set KEY=VALUE]

A row is trained where RUNS/ROW is not there yet, gone on with where it was stopped, and scored. What was measured
goes to benchmarks/quality.json and its sample grid to docs/images/; `make docs` writes the pages from them. Without
rows, all are listed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "quality.json"
IMAGES = HERE.parent / "docs" / "images"
WIDTH = 640
"""Of the pictures in the pages, in pixels, at most."""

PICTURES = ("frechet", "precision-recall")
LABELLED = ("conditional-accuracy", *PICTURES)
PAIRS = ("psnr", "ssim", "l1")


@dataclass(frozen=True)
class Row:
    """One training: a model, its recipe (the default one without), the budget, and what it is judged by."""

    model: str
    metrics: tuple[str, ...] = PICTURES
    recipe: str = ""
    budget: tuple[str, ...] = ()

    @property
    def is_embedded(self) -> bool:
        """Whether it trains on data that ganzoo makes itself."""
        return not self.recipe or self.recipe.split("-")[0] in EMBEDDED

    def overrides(self, data: Path) -> list[str]:
        """The recipe's settings for this training."""
        folder = data / self.recipe.split("-")[0].replace("fashion", "fashion-mnist")
        return [*([] if self.is_embedded else [f"data.root={folder}"]), *self.budget]


EMBEDDED = {"seasons", "grid", "ring"}
SMALL = ("networks.generator.filters=32", "networks.discriminator.filters=32")
"""Networks of half the published width: a CPU's share of a training on MNIST."""

ROWS = {
    "gan": Row("gan"),
    "cgan": Row("cgan", LABELLED),
    "acgan": Row("acgan", LABELLED),
    "dcgan": Row("dcgan"),
    "lsgan": Row("lsgan"),
    "wgan": Row("wgan"),
    "wgan-gp": Row("wgan-gp"),
    "cyclegan": Row("cyclegan", PAIRS),
    "discogan": Row("discogan", PAIRS),
    "dualgan": Row("dualgan", PAIRS),
    "pix2pix": Row("pix2pix", PAIRS),
    "seasons-dualgan-wgan": Row("dualgan", PAIRS, "seasons-dualgan-wgan"),
    "ring-gan": Row("gan", ("mode-coverage",), "ring-gan"),
    "grid-wgan-gp": Row("wgan-gp", ("mode-coverage",), "grid-wgan-gp"),
    "mnist-gan": Row("gan", PICTURES, "mnist-gan", ("train.steps=10000",)),
    "mnist-cgan": Row("cgan", LABELLED, "mnist-cgan", (*SMALL, "train.steps=8000")),
    "mnist-acgan": Row(
        "acgan", LABELLED, "mnist-acgan", (SMALL[0], "networks.discriminator.filters=8", "train.steps=8000")
    ),
    "mnist-dcgan": Row("dcgan", PICTURES, "mnist-dcgan", (*SMALL, "train.steps=4000")),
    "mnist-lsgan": Row(
        "lsgan", PICTURES, "mnist-lsgan", ("networks.generator.filters=16", SMALL[1], "train.steps=3000")
    ),
    "mnist-wgan": Row(
        "wgan", PICTURES, "mnist-wgan", (*SMALL, "optimizer.lr=2e-4", "loop.n_critic_long=20", "train.steps=5000")
    ),
    "mnist-wgan-gp": Row("wgan-gp", PICTURES, "mnist-wgan-gp", (*SMALL, "train.steps=6000")),
    "fashion-gan": Row("gan", PICTURES, "fashion-gan", ("train.steps=10000",)),
    "fashion-cgan": Row("cgan", LABELLED, "fashion-cgan", (*SMALL, "train.steps=4000")),
    "fashion-dcgan": Row("dcgan", PICTURES, "fashion-dcgan", (*SMALL, "train.steps=4000")),
    "fashion-wgan-gp": Row("wgan-gp", PICTURES, "fashion-wgan-gp", (*SMALL, "train.steps=6000")),
    "facades-pix2pix": Row(
        "pix2pix",
        PAIRS,
        "facades-pix2pix",
        (
            "data.load_size=143",
            "data.size=128",
            "networks.generator.downs=7",
            SMALL[0],
            SMALL[1],
            "train.epochs=10",
            "schedule.constant_epochs=5",
            "schedule.decay_epochs=5",
        ),
    ),
    "cifar10-dcgan": Row("dcgan", PICTURES, "cifar10-dcgan", (*SMALL, "train.steps=4000", "train.batch_size=64")),
}


def main() -> None:
    """Measure what is asked for, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], metavar="ROW")
    parser.add_argument("--data", type=Path, default=Path("data"), help="holds mnist, fashion-mnist, cifar10, facades")
    parser.add_argument("--runs", type=Path, default=Path("runs/quality"))
    parser.add_argument("--set", action="append", default=[], dest="overrides", metavar="KEY=VALUE")
    given = parser.parse_args()
    for name in given.rows:
        measured = measure(name, given.runs / name, given.data, given.overrides)
        RESULTS.write_text(json.dumps({**results(), name: measured}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if not given.rows:
        print("\n".join(f"{name:24} ganzoo train {row.model} {' '.join(row.budget)}" for name, row in ROWS.items()))


def results() -> dict[str, dict[str, Any]]:
    """What was measured so far: row -> figures."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}


def measure(name: str, folder: Path, data: Path, overrides: list[str]) -> dict[str, Any]:
    """Train where there is something left to train, score, and say all that a reader of the figures wants to know."""
    import torch
    from PIL import Image

    import ganzoo
    from ganzoo.evaluation import evaluate
    from ganzoo.run import Run, is_run

    row = ROWS[name]
    if not is_run(folder):
        every = f"evaluation.every={1000 if 'frechet' in row.metrics else 0}"
        settings = [f"evaluation.metrics={json.dumps(row.metrics)}", every, *row.overrides(data), *overrides]
        ganzoo.train(row.model, row.recipe or None, overrides=settings, out=folder)
    elif not (folder / "generator").is_dir():
        ganzoo.resume(folder)
    run = Run.open(folder)
    scored = evaluate(folder, row.metrics)
    untrained = untrained_scores(run, row.metrics)
    if (
        row.metrics != PAIRS or row.is_embedded
    ):  # the grids of translators show what they were given: not ours to publish
        with Image.open(sorted(run.samples.glob("step-*.png"))[-1]) as grid:
            grid.thumbnail((WIDTH, 2 * WIDTH), Image.Resampling.LANCZOS)
            grid.save(IMAGES / f"{name}.png", optimize=True)
    return {
        "model": row.model,
        "recipe": row.recipe or row.model,
        "data": run.recipe.data.type,
        "budget": [*row.budget, *overrides],
        "step": scored[0].step,
        "minutes": round(max(line.get("seconds", 0) for line in run.history()) / 60, 1),
        "images": scored[0].step * run.recipe.train.batch_size,
        "device": run.environment()["device"],
        "threads": run.environment()["threads"],
        "torch": torch.__version__,
        "cores": os.cpu_count(),
        "date": datetime.date.today().isoformat(),
        "protocols": {one.protocol["metric"]: one.id for one in scored},
        "scores": {key: value for one in scored for key, value in one.values.items()},
        "untrained": {key: value for key, value in untrained.items() if not key.endswith(("_real", "_input"))},
        "curve": next((curve(run, one.id, "frechet") for one in scored if "frechet" in one.values), []),
    }


def untrained_scores(run: Any, metrics: tuple[str, ...]) -> dict[str, float]:
    """What the same networks score before their first step."""
    import torch

    from ganzoo.evaluation import Scorer
    from ganzoo.generators import Generators
    from ganzoo.plugins import plugins
    from ganzoo.recipe.build import build_data, build_loop

    data = build_data(run.recipe, plugins())
    test = data.test()
    assert test is not None, "a row's data has a test split"
    test.prepare()
    torch.manual_seed(run.recipe.train.seed)
    loop = build_loop(run.recipe, data.spec, plugins())
    generators = Generators({key: loop.networks[name] for key, name in loop.publishes.items()}, loop.inference)
    with tempfile.TemporaryDirectory() as elsewhere:
        scored = Scorer(run.recipe, metrics, test).score(generators, 0, Path(elsewhere))
        return {key: value for one in scored for key, value in one.values.items()}


def curve(run: Any, protocol: str, score: str) -> list[tuple[int, float]]:
    """The score at each evaluation of the training."""
    from ganzoo.scores import read_scores

    return [(row["step"], row[score]) for row in read_scores(run.folder)[protocol]["scores"]]


if __name__ == "__main__":
    main()
