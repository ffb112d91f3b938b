"""Going on from a checkpoint is, bit for bit, never having stopped: every model, whatever is switched on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.data.loader import Loader
from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_data
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.schema import Recipe
from ganzoo.run import Run
from ganzoo.testing import check_resume, small_settings

MODELS = list(plugins().registries["model"])

EVERYTHING = (
    "train.accumulate=2",
    "ema={half_life=8, ramp=0.5}",
    'schedule={type="linear", constant_steps=1, decay_steps=100}',
    "augment={policy=['color', 'translation', 'cutout'], instance_noise=0.1, noise_steps=20}",
    "evaluation.every=1",
    "evaluation.samples=8",
    "data.count=14",  # seven batches an epoch: the checkpoint is in the middle of one
)


def recipe_of(model: str) -> Recipe:
    """Its default one."""
    return check(read(model, None, [], plugins()), plugins())


def small_pool(recipe: Recipe) -> list[str]:
    """The setting with which a pool is soon full, and hands out pictures of before the checkpoint."""
    return ["loop.pool_size=3"] if "pool_size" in recipe.loop else []


def assert_was_in_the_middle_of_an_epoch(run: Run) -> None:
    data = build_data(run.recipe, plugins())
    data.prepare()
    batches = Loader(data, batch_size=run.recipe.train.batch_size, seed=0).batches_per_epoch
    assert run.steps // 2 * run.recipe.train.accumulate % batches != 0


@pytest.mark.parametrize("model", MODELS)
def test_with_average_augmentation_accumulation_schedule_and_scores(model: str, tmp_path: Path) -> None:
    recipe = recipe_of(model)
    metric = "psnr" if recipe.data.type == "seasons" else "frechet"
    settings = [*EVERYTHING, *small_pool(recipe), f"evaluation.metrics=['{metric}']"]
    assert_was_in_the_middle_of_an_epoch(check_resume(model, tmp_path, small_settings(model, settings)))


def paint(path: Path, seed: int, width: int = 20) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (18, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def paint_classes(root: Path) -> None:
    for number in range(14):
        paint(root / "train" / "ab"[number % 2] / f"{number}.png", number)


def paint_domains(root: Path) -> None:
    for number in range(7):
        for domain in "AB"[: 1 + (number < 5)]:
            paint(root / f"train{domain}" / f"{number}.png", number)


def paint_pairs(root: Path) -> None:
    for number in range(7):
        paint(root / "train" / f"{number}.png", number, width=40)


PICTURES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "paired": ("paired-images", paint_pairs),
    "seasons": ("unpaired-images", paint_domains),
    "glyphs": ("class-images", paint_classes),
}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("memory", [2, 0], ids=["cached", "streamed"])
@pytest.mark.parametrize("model", MODELS)
def test_with_pictures_from_folders(model: str, memory: int, workers: int, tmp_path: Path) -> None:
    recipe = recipe_of(model)
    kind, make = PICTURES["paired" if recipe.data.options.get("paired") else recipe.data.type]
    make(tmp_path / "pictures")
    size = 64 if recipe.data.type == "seasons" else 28
    table = {"type": f'"{kind}"', "root": f'"{tmp_path / "pictures"}"', "size": size, "load_size": size + 4}
    table |= {"crop": '"random"', "memory": memory, "workers": workers}
    data = ", ".join(f"{key}={value}" for key, value in table.items())
    settings = [setting for setting in small_settings(model, small_pool(recipe)) if not setting.startswith("data.")]
    assert_was_in_the_middle_of_an_epoch(check_resume(model, tmp_path, [*settings, f"data={{{data}}}"]))
