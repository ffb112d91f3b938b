"""``report.html``: one page that shows a run, and needs neither a server nor a network to be opened.

The page is made of ``page.html``, ``page.css`` and ``page.js`` beside this file. Its content security policy lets
nothing run but that script, by its hash, and nothing load but pictures inside the page.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from ganzoo.errors import DataError
from ganzoo.files import write_text
from ganzoo.report.curves import panels, scores
from ganzoo.run import Run, step_of
from ganzoo.scores import in_words

T = TypeVar("T")

_MOST_GRIDS = 40
_LEAST_EPOCH = 1e-9
_MOST_SECONDS = 10**12  # more than a date can tell
_MOST_BYTES = 15_000_000  # of pictures, before they are compressed again


def write_report(run: Run) -> Path:
    """Write ``report.html`` into the run folder.

    Args:
        run: made or opened; its metrics, samples and environment may be missing.

    Returns:
        The page's path.
    """
    history = list(run.history())
    style, script = _beside("page.css"), _beside("page.js")
    page = {
        "title": html.escape(f"{run.recipe.model} · {run.folder.resolve().name}"),
        "model": html.escape(run.recipe.model),
        "name": html.escape(run.folder.resolve().name),
        "facts": _facts(_summary(run, history)),
        "grids": "".join(_grids(run.samples)),
        "scores": _score_table(scores(history)),
        "recipe": _highlighted(run.recipe_file.read_text(encoding="utf-8") if run.recipe_file.is_file() else ""),
        "environment": _table([], list(_flat(run.environment()))),
        "data": _embedded(panels(history)),
        "style": style,
        "script": script,
        "hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    write_text(run.report, re.sub(r"\{\{(\w+)\}\}", lambda found: page[found[1]], _beside("page.html")))
    return run.report


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _summary(run: Run, history: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What a person wants to know first."""
    last = history[-1] if history else {}
    step = max(run.step, int(last.get("step", 0)))
    steps = run.steps or _planned(run, step, float(last.get("epoch", 0)))
    seconds = [float(line["seconds"]) for line in history if "seconds" in line]
    spent = sum(after - before if after >= before else after for before, after in pairwise([0.0, *seconds]))
    facts = {"status": "finished" if step >= steps > 0 else f"{step / steps:.0%} done" if steps else "not begun"}
    facts["steps"] = f"{step:,} / {steps:,}" if steps else f"{step:,}"
    if "epoch" in last:
        facts["epochs"] = f"{last['epoch']:.4g}"
    if seconds:
        facts["duration"] = str(datetime.timedelta(seconds=round(min(max(spent, 0.0), _MOST_SECONDS))))
    speeds = [line["images_per_second"] for line in history if line.get("images_per_second")]
    if speeds:
        facts["images per second"] = f"{sorted(speeds)[len(speeds) // 2]:.3g}"
    return facts


def _planned(run: Run, step: int, epoch: float) -> int:
    """Steps in all, as far as the recipe or the steps done tell; 0 when they do not."""
    train = run.recipe.train
    if train.steps is not None:
        return train.steps
    return max(step, round(step / epoch * (train.epochs or 0))) if epoch > _LEAST_EPOCH else 0


def _facts(facts: Mapping[str, str]) -> str:
    return "".join(f"<div><dt>{html.escape(key)}</dt><dd>{html.escape(fact)}</dd></div>" for key, fact in facts.items())


def _grids(folder: Path) -> Iterator[str]:
    """The sample grids as ``<img>`` elements that carry their pictures; all but the last are hidden."""
    paths = _spread(sorted((path for path in folder.glob("step-*.png") if path.is_file()), key=step_of), _MOST_GRIDS)
    heavy = sum(path.stat().st_size for path in paths) > _MOST_BYTES
    for path in paths:
        try:
            kind, content = _as_webp(path) if heavy else ("png", path.read_bytes())
        except DataError:  # it is no picture: the report goes without
            continue
        source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
        hidden = "" if path == paths[-1] else " hidden"
        yield f'<img data-step="{step_of(path)}" alt="samples at step {step_of(path)}" src="{source}"{hidden}>\n'


def _spread(items: Sequence[T], most: int) -> Sequence[T]:
    """At most so many of the items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]


def _as_webp(path: Path) -> tuple[str, bytes]:
    import io

    from ganzoo.data.images import naming, opened

    buffer = io.BytesIO()
    with naming(path), opened(path) as image:
        image.save(buffer, "WEBP", quality=85)
    return "webp", buffer.getvalue()


def _score_table(rows: Iterable[tuple[str, int, float, Mapping[str, float]]]) -> str:
    def cells(name: str, step: int, value: float, baselines: Mapping[str, float]) -> tuple[str, ...]:
        return (name, f"{value:.4g}", in_words(baselines), f"{step:,}")

    return _table(["score", "value", "to hold it against", "at step"], [cells(*row) for row in rows])


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; nothing when it has no rows."""
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in row)}</tr>\n" for row in rows)
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested tables as ``a.b`` and text."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key))
    else:
        yield name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _highlighted(toml: str) -> str:
    """TOML as HTML, its comments, tables and keys marked."""

    def line(text: str) -> str:
        escaped = html.escape(text)
        if text.startswith("#"):
            return f"<i>{escaped}</i>"
        if text.startswith("["):
            return f"<b>{escaped}</b>"
        return re.sub(r"^([\w.\-]+)(?= =)", r"<u>\1</u>", escaped)

    return "\n".join(line(text) for text in toml.splitlines())


def _embedded(value: Any) -> str:
    """JSON that cannot end the ``<script>`` it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
