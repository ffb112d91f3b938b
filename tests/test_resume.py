"""Going on from a checkpoint is, bit for bit, never having stopped: every model, whatever is switched on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.plugins import plugins
from ganzoo.recipe.parse import check, read
from ganzoo.testing import check_resume, small_settings

MODELS = list(plugins().registries["model"])

EVERYTHING = (
    "train.accumulate=2",
    "ema={half_life=8, ramp=0.5}",
    'schedule={type="linear", constant_steps=1, decay_steps=100}',
    "augment={policy=['color', 'translation', 'cutout'], instance_noise=0.1, noise_steps=20}",
    "evaluation.every=1",
    "evaluation.samples=8",
    "data.count=10",  # five batches an epoch: the checkpoint is in the middle of one
)


def data_of(model: str) -> str:
    """The type of data that its default recipe trains on."""
    return check(read(model, None, [], plugins()), plugins()).data.type


@pytest.mark.parametrize("model", MODELS)
def test_with_average_augmentation_accumulation_schedule_and_scores(model: str, tmp_path: Path) -> None:
    metric = "psnr" if data_of(model) == "seasons" else "frechet"
    check_resume(model, tmp_path, small_settings(model, [*EVERYTHING, f"evaluation.metrics=['{metric}']"]))


def paint(path: Path, seed: int, width: int = 20) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (18, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def paint_classes(root: Path) -> None:
    for number in range(10):
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


@pytest.mark.parametrize(("memory", "workers"), [(2, 0), (0, 0), (0, 2)], ids=["cached", "streamed", "two-workers"])
@pytest.mark.parametrize("model", MODELS)
def test_with_pictures_from_folders(model: str, memory: int, workers: int, tmp_path: Path) -> None:
    recipe = check(read(model, None, [], plugins()), plugins())
    kind, make = PICTURES["paired" if recipe.data.options.get("paired") else recipe.data.type]
    make(tmp_path / "pictures")
    size = 64 if recipe.data.type == "seasons" else 28
    table = {"type": f'"{kind}"', "root": f'"{tmp_path / "pictures"}"', "size": size, "load_size": size + 4}
    table |= {"crop": '"random"', "memory": memory, "workers": workers}
    data = ", ".join(f"{key}={value}" for key, value in table.items())
    settings = [setting for setting in small_settings(model) if not setting.startswith("data.")]
    check_resume(model, tmp_path, [*settings, f"data={{{data}}}"])
