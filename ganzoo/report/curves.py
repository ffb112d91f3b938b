"""From the lines of ``metrics.jsonl`` to the curves that belong in one panel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ganzoo.scores import baseline, with_baselines

_TITLES = {
    "report": "Reports",
    "lr": "Learning rate",
    "images_per_second": "Images per second",
    "data_wait": "Share of time waiting for data",
    "memory_mib": "Memory, MiB",
}
_LAST = ("score", "report", "lr", "images_per_second", "data_wait", "memory_mib")  # the panels after the losses
_EXACT = {"score", "lr", "memory_mib"}  # nothing to smooth
_NOT_CURVES = {"step", "epoch", "seconds"}
_MOST_POINTS = 1500

Point = tuple[int, float]


def panels(history: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The panels of a report: losses by turn first, then all else.

    Each is ``{"title", "smooth", "series": [{"name", "x", "y", "baseline"}]}``; the baseline is what a curve is
    there to hold another against, ``"doing nothing"``, or ``""``.
    """
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for key, points in _series(history).items():
        group, _, name = key.partition("/")
        held_against = ""
        if group == "score":
            name, held_against = baseline(name)
        # each score has a scale of its own, so a panel for each: psnr, ssim
        measure = name.rpartition("/")[2] if group == "score" else ""
        thinned = _thinned(points)
        grouped.setdefault((group, measure), []).append(
            {
                "name": name if group == "score" else name.replace("_", " ") or "value",
                "x": [step for step, _ in thinned],
                "y": [float(f"{value:.5g}") for _, value in thinned],
                "baseline": held_against,
            }
        )
    order = sorted(grouped, key=lambda panel: _LAST.index(panel[0]) if panel[0] in _LAST else -1)
    return [
        {
            "title": measure or _TITLES.get(group, group.replace("_", " ").capitalize()),
            "smooth": group not in _EXACT,
            "series": grouped[group, measure],
        }
        for group, measure in order
    ]


def scores(history: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int, float, dict[str, float]]]:
    """The last value of each score: its name, step, value, and what it is to be held against."""
    last = {key.removeprefix("score/"): points[-1] for key, points in _series(history).items() if key[:6] == "score/"}
    for name, value, baselines in with_baselines({name: value for name, (_, value) in last.items()}):
        yield name, last[name][0], value, baselines


def _series(history: Iterable[Mapping[str, Any]]) -> dict[str, list[Point]]:
    """Every finite number that was logged, by its key."""
    series: dict[str, list[Point]] = {}
    for line in history:
        for key, value in line.items():
            if key not in _NOT_CURVES and isinstance(value, int | float) and math.isfinite(value):
                series.setdefault(key, []).append((int(line["step"]), float(value)))
    return series


def _thinned(points: list[Point]) -> list[Point]:
    """Means of neighbours where there are more points than a screen has pixels."""
    width = math.ceil(len(points) / _MOST_POINTS)
    if width <= 1:
        return points
    chunks = [points[start : start + width] for start in range(0, len(points), width)]
    return [(chunk[-1][0], sum(value for _, value in chunk) / len(chunk)) for chunk in chunks]
