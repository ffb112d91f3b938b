"""Tables and the gallery from what benchmarks/quality.py measured, for docs/generate.py to write."""

from __future__ import annotations

import itertools
import json
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganzoo.plugins import Plugins
from ganzoo.scores import BASELINES, baseline

ROOT = Path(__file__).parent.parent
Row = Mapping[str, Any]


def measured() -> dict[str, Row]:
    """Row -> what it was, how it was trained, and its scores."""
    found: dict[str, Row] = json.loads((ROOT / "benchmarks" / "quality.json").read_text(encoding="utf-8"))
    return found


def quality() -> str:
    """All rows: a table for each data set and protocol, since scores of different protocols never share a column."""
    return "\n".join(_tables(measured(), "###"))


def of_plugin(name: str, plugins: Plugins) -> str:
    """What a plugin's README shows: its models' pictures by their default recipes, and all their figures."""
    models = [entry.name for entry in plugins.registries["model"].entries() if entry.plugin.name == name]
    rows = {key: row for key, row in measured().items() if row["model"] in models}
    lines = []
    for model in models:
        if model in rows:
            lines += [_picture(model, "../../docs/images"), "", f"*{_caption(model, rows[model])}*", ""]
    return "\n".join([*lines, *_tables(rows, "###")])


def gallery(plugins: Plugins) -> str:
    """A picture of every model, and the way to its page."""
    found, parts = measured(), []
    for entry in plugins.registries["model"].entries():
        if entry.name in found:
            page = f"[{entry.plugin.name}](../plugins/{entry.plugin.name}/README.md)"
            words = f"{entry.summary[:1].upper()}{entry.summary[1:].rstrip('.')}. {page} has the idea and the figures."
            parts += [f"## `{entry.name}`", "", words, "", _picture(entry.name, "images"), ""]
            parts += [f"*{_caption(entry.name, found[entry.name])}*", ""]
    return "\n".join(parts)


def _picture(row: str, folder: str) -> str:
    return f"![Samples of {row}]({folder}/{row}.png)"


def _caption(model: str, row: Row) -> str:
    scores = ", ".join(f"{name} {row['scores'][name]:.3g}" for name in _scores([row]))
    return f"`ganzoo train {model}`, its last sample grid: {row['step']:,} steps, {row['minutes']} minutes; {scores}."


def _scores(rows: list[Row]) -> list[str]:
    """The names of scores that are no baselines, in the rows' order."""
    return [score for score in dict.fromkeys(name for row in rows for name in row["scores"]) if not baseline(score)[1]]


def _protocol(item: tuple[str, Row]) -> tuple[str, list[str]]:
    """What rows of one table have in common: models without labels leave the column of the asked-for labels empty."""
    ids = item[1]["protocols"]
    return item[1]["data"], sorted(ids[metric] for metric in ids if metric != "conditional-accuracy")


def _tables(rows: Mapping[str, Row], heading: str) -> Iterator[str]:
    for (data, _), group in itertools.groupby(sorted(rows.items(), key=_protocol), _protocol):
        yield from _table(f"{heading} On `{data}`", dict(group))


def _table(title: str, rows: Mapping[str, Row]) -> Iterator[str]:
    scores = _scores(list(rows.values()))
    yield from (title, "", f"| | steps | images | minutes | {' | '.join(scores)} |", "|---" * (len(scores) + 4) + "|")
    for name, row in rows.items():
        cells = [_change(row, score) for score in scores]
        yield f"| `{name}` | {row['step']:,} | {row['images']:,} | {row['minutes']} | {' | '.join(cells)} |"
    for end, what in BASELINES.items():
        known = [
            [row["scores"][score + end] for row in rows.values() if score + end in row["scores"]] for score in scores
        ]
        if any(known):
            cells = [f"{statistics.fmean(values):.3g}" if values else "" for values in known]
            yield f"| *{what}* | | | | {' | '.join(cells)} |"
    yield ""
    for name, row in rows.items():
        if row["budget"]:
            yield f"- `{name}`: `{' '.join(row['budget'])}`"
        if len(row["curve"]) > 1:
            course = ", ".join(f"{value:.3g} ({step:,})" for step, value in row["curve"])
            yield f"- `{name}`, frechet (after steps): {course}."
    hardware = sorted({f"{row['date']}, {row['device']}, {row['threads']} threads" for row in rows.values()})
    protocols = sorted({one for row in rows.values() for one in row["protocols"].values()})
    yield f"- {'; '.join(hardware)}. Protocols: {', '.join(f'`{one}`' for one in protocols)}."
    yield ""


def _change(row: Row, score: str) -> str:
    """From before the first step to after the last."""
    return f"{row['untrained'][score]:.3g} → **{row['scores'][score]:.3g}**" if score in row["scores"] else ""
