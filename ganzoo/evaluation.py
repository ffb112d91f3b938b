"""Scores of a trained generator, on the test split of its recipe's data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from ganzoo import hub
from ganzoo.data.base import Data, Track, untracked
from ganzoo.errors import CheckpointError, DataError
from ganzoo.generators import Generators
from ganzoo.plugins import plugins
from ganzoo.precision import pick_device
from ganzoo.pretrained import load
from ganzoo.recipe.build import build_data, build_metric
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.schema import Recipe
from ganzoo.scores import Protocol, Scored, record


def evaluate(
    source: str | Path,
    metrics: Sequence[str] | None = None,
    *,
    overrides: Iterable[str] = (),
    device: str = "auto",
    name: str = "latest",
    track: Track[Any] = untracked,
) -> list[Scored]:
    """Score a generator, and write the scores to the ``metrics.json`` of its folder, unless that is the Hub's.

    Args:
        source: a run folder, a generator folder or ``OWNER/NAME[@REVISION]``; its ``recipe.toml`` says which data.
        metrics: registered names; by default the recipe's own.
        overrides: of the recipe, such as ``data.root=elsewhere`` or ``evaluation.samples=10000``.
        device: where the networks work.
        name: of a run's checkpoints.
        track: shows progress.

    Returns:
        What each metric gave, with its protocol.

    Raises:
        DataError: the recipe names no metric and none was asked for, or its data has no test split.
    """
    found, folder = plugins(), hub.locate(source)
    if not (folder / "recipe.toml").is_file():
        raise CheckpointError(
            f"{source}: neither a run folder nor a generator folder with its recipe",
            hint="A run folder is what ganzoo train makes; recipe.toml in it says which data to score on.",
        )
    recipe = check(read(None, folder / "recipe.toml", overrides, found), found)
    names = list(metrics or recipe.evaluation.metrics)
    if not names:
        raise DataError(f"{source}: its recipe names no metric", hint="Choose with --metric; ganzoo list metrics")
    test = build_data(recipe, found).test()
    if test is None:
        raise DataError(f"{source}: data '{recipe.data.type}' has no test split to score on")
    test.prepare(track)
    scorer = Scorer(recipe, names, test, track)
    model = load(folder, device=str(pick_device(device)), name=name)
    return list(scorer.score(model.generators, model.config.step, None if hub.is_remote(source) else folder))


class Scorer:
    """Metrics that were seen to go with a recipe's data.

    Attributes:
        metrics: name -> metric.
    """

    def __init__(self, recipe: Recipe, names: Iterable[str], test: Data, track: Track[Any] = untracked) -> None:
        """``test`` is the prepared test split. What a metric needs beforehand, such as a classifier, is made.

        Raises:
            DataError: a metric cannot be told on this data.
        """
        self.recipe, self.test = recipe, test
        self.metrics = {name: build_metric(name, recipe.evaluation, plugins()) for name in names}
        self.protocols: dict[str, Protocol] = {}
        for name, metric in self.metrics.items():
            metric.track = track
            averaged = recipe.ema.half_life > 0
            self.protocols[name] = {"metric": name, **metric.protocol(test), "averaged": averaged}

    def score(self, generators: Generators, step: int, folder: Path | None) -> Iterator[Scored]:
        """Score the generators of a step, and write the scores to the ``metrics.json`` of a folder, if there is one."""
        for name, metric in self.metrics.items():
            with torch.autocast(generators.device.type, enabled=False):  # whatever the training computes in
                values = metric(generators, self.test)
            scored = Scored(self.protocols[name], step, self.recipe.evaluation.seed, values)
            if folder is not None:
                record(folder, scored)
            yield scored
