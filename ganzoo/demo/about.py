"""What the page says about a generator, from its folder: all of it text from files, escaped before it is shown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganzoo.demo.actions import makes_points
from ganzoo.errors import GanzooError
from ganzoo.grids import to_image
from ganzoo.plugins import plugins
from ganzoo.pretrained import Pretrained
from ganzoo.recipe.build import build_data, loop_class_of
from ganzoo.recipe.parse import check, read
from ganzoo.scores import in_words, read_scores, with_baselines

_EXAMPLES = 3


@dataclass(frozen=True)
class About:
    """What there is to be said, and shown.

    Attributes:
        name: the model.
        summary: a sentence on what it is.
        task: what it makes of what.
        facts: short ones: plugin, steps, sizes.
        scores: rows of name, value, what to hold it against, and the protocol.
        examples: for a translator, the direction and a picture for it.
    """

    name: str
    summary: str
    task: str
    facts: Sequence[str]
    scores: Sequence[tuple[str, str, str, str]] = ()
    examples: Sequence[tuple[str, Image.Image]] = field(default=())

    @classmethod
    def of(cls, model: Pretrained, source: Path) -> About:
        """All that the folder of ``model``, or the ``source`` that it was packed from, has to tell."""
        summary, plugin = _registered(model)
        scores = list(_scores(source, model.config.step)) or list(_scores(model.folder, model.config.step))
        steps = [f"{model.config.step:,} steps"] if model.config.step else []
        facts = [plugin, *steps, *_sizes(model)]
        return cls(model.config.model, summary, _task(model), facts, scores, list(_examples(model)))

    def header(self) -> str:
        """The top of the page, as HTML."""
        facts = "".join(f"<li>{html.escape(fact)}</li>" for fact in self.facts)
        sentence = f"{self.summary[:1].upper()}{self.summary[1:].rstrip('.')}." if self.summary else ""
        summary = f'<p class="summary">{html.escape(sentence)}</p>' if sentence else ""
        title = f"<h1>{html.escape(self.name)}</h1>"
        task = f'<p class="task">{html.escape(self.task)}</p>'
        return f'<header class="about">{task}{title}{summary}<ul>{facts}</ul></header>'

    def score_table(self) -> str:
        """The scores, as HTML."""
        heads = "".join(f"<th>{head}</th>" for head in ("score", "this model", "to hold it against", "protocol"))
        rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in self.scores)
        return f'<div class="scores"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def spoken(direction: str) -> str:
    """``AtoB`` as people write it."""
    return re.sub(r"^(\w+?)to(\w+)$", r"\1 → \2", direction)


def _registered(model: Pretrained) -> tuple[str, str]:
    """The model's summary and plugin, as installed; without it, the plugin of its network."""
    try:
        entry = plugins().get("model", model.config.model)
    except GanzooError:
        network = next(iter(model.config.networks.values()))
        return "", f"{network.plugin} {network.version}".strip()
    return entry.summary, str(entry.plugin)


def _task(model: Pretrained) -> str:
    if model.directions:
        return "Pictures from pictures"
    kinds = " and a label" if model.generators.classes else ""
    return f"{'Points' if makes_points(model) else 'Pictures'} from noise{kinds}"


def _sizes(model: Pretrained) -> Iterator[str]:
    size, channels = model.config.image.get("size"), model.config.image.get("channels")
    if size:
        colours = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels") if channels else ""
        yield f"{'trained at ' if model.directions else ''}{size} × {size} pixels, {colours}"
    if model.generators.classes:
        yield f"{model.generators.classes} classes"
    networks = model.generators.networks.values()
    yield f"{sum(weight.numel() for network in networks for weight in network.parameters()):,} weights"


def _scores(folder: Path, step: int) -> Iterator[tuple[str, str, str, str]]:
    """The scores of the weights of that step; a file that does not hold what it should has none."""
    try:
        tables = read_scores(folder)
    except GanzooError:
        return
    for protocol, table in tables.items():
        row: dict[str, Any] = next((row for row in table["scores"] if row["step"] == step), {})
        scores = {name: value for name, value in row.items() if name not in ("step", "seed")}
        for name, value, baselines in with_baselines(scores):
            yield name, f"{value:.4g}", in_words(baselines), protocol


def _examples(model: Pretrained) -> Iterator[tuple[str, Image.Image]]:
    """Pictures to translate, where the model was trained on what ganzoo draws itself: nothing is read or fetched."""
    try:
        batch, sources = _drawn(model.folder / "recipe.toml", model)
    except (GanzooError, OSError, ValueError):  # examples are a courtesy
        return
    for direction in model.directions:
        for picture in batch.get(sources.get(direction, ""), ()):
            yield direction, to_image(picture)


def _drawn(path: Path, model: Pretrained) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """A few test samples of a recipe's data, and the side that each direction starts from; both may be empty."""
    found = plugins()
    if not model.directions or not path.is_file():
        return {}, {}
    recipe = check(read(None, path, [], found), found)
    known = found.load("data", recipe.data.type).Config.model_fields
    if {"root", "download"} & known.keys() or "test_count" not in known:
        return {}, {}
    few = recipe.data.model_copy(update={"test_count": _EXAMPLES})
    test = build_data(recipe.model_copy(update={"data": few}), found).test()
    if test is None:
        return {}, {}
    test.prepare()
    return test.batch(range(_EXAMPLES), np.random.default_rng(0)), loop_class_of(recipe.model, found).sources
