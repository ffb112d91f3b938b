"""Scores of a trained generator, on the test split of its recipe's data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ganzoo.data.base import Track, untracked
from ganzoo.errors import DataError
from ganzoo.plugins import plugins
from ganzoo.precision import pick_device
from ganzoo.pretrained import load
from ganzoo.recipe.build import build_data
from ganzoo.recipe.parse import check, read


def evaluate(
    source: Path,
    metrics: Sequence[str] | None = None,
    *,
    overrides: Iterable[str] = (),
    device: str = "auto",
    name: str = "latest",
    track: Track[Any] = untracked,
) -> dict[str, float]:
    """Score the generator of a run folder or a generator folder.

    Args:
        source: the folder; its ``recipe.toml`` says which data.
        metrics: registered names; by default the recipe's own.
        overrides: of the recipe, such as ``data.root=elsewhere``.
        device: where the networks work.
        name: of a run's checkpoints.
        track: shows progress.

    Raises:
        DataError: the recipe names no metric and none was asked for, or its data has no test split.
    """
    found = plugins()
    recipe = check(read(None, source / "recipe.toml", overrides, found), found)
    names = list(metrics or recipe.evaluation.metrics)
    if not names:
        raise DataError(f"{source}: its recipe names no metric", hint="Choose with --metric; ganzoo list metrics")
    chosen = [found.load("metric", metric)() for metric in names]
    test = build_data(recipe, found).test()
    if test is None:
        raise DataError(f"{source}: data '{recipe.data.type}' has no test split to score on")
    test.prepare(track)
    model = load(source, device=str(pick_device(device)), name=name)
    scores: dict[str, float] = {}
    for metric in chosen:
        scores.update(metric(model.generators, test))
    return scores
