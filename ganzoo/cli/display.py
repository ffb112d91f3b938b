"""How a training shows itself while it runs: live in a terminal, as log lines, as JSON, or not at all.

A display is a life-cycle listener, as any plugin's tracker is.
"""

from __future__ import annotations

import datetime
import math
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ganzoo import hookimpl
from ganzoo.cli.console import Output
from ganzoo.names import clean
from ganzoo.scores import in_words, with_baselines

if TYPE_CHECKING:
    from rich.console import ConsoleRenderable
    from rich.live import Live
    from rich.table import Table

    from ganzoo.run import Run

V = TypeVar("V")

_MEASURES = {"images_per_second", "data_wait", "memory_mib", "seconds", "step", "epoch"}  # shown in words of their own
_TREND = 12  # values of a sparkline


def display(output: Output) -> object:
    """The listener that shows a training in the way that was asked for."""
    if output.quiet:
        return Silence()
    if output.as_json:
        return JsonDisplay(output)
    return LiveDisplay(output) if output.stdout.is_terminal else PlainDisplay(output)


class Silence:
    """Shows nothing."""


class JsonDisplay:
    """A line of JSON for each event."""

    def __init__(self, output: Output) -> None:
        self.output = output

    @hookimpl
    def train_start(self, run: Run) -> None:
        self._tell("train_start", run=run.folder, model=run.recipe.model, step=run.step, steps=run.steps)

    @hookimpl
    def train_step(self, step: int, metrics: Mapping[str, float]) -> None:
        finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        self._tell("train_step", step=step, metrics=finite)

    @hookimpl
    def checkpoint_saved(self, step: int, folder: Path) -> None:
        self._tell("checkpoint_saved", step=step, folder=folder)

    @hookimpl
    def train_end(self, run: Run, step: int) -> None:
        self._tell("train_end", step=step, steps=run.steps)

    def _tell(self, event: str, **values: object) -> None:
        self.output.json({"event": event, **values}, lines=True)


class PlainDisplay:
    """A log line for each event."""

    def __init__(self, output: Output) -> None:
        self.output = output

    @hookimpl
    def train_start(self, run: Run) -> None:
        self.pace = Pace()
        self.pace.note(run.step)
        begun = f" from step {run.step:,}" if run.step else ""
        self.output.say(f"training {run.recipe.model}{begun} to step {run.steps:,} in {run.folder}")

    @hookimpl
    def train_step(self, run: Run, step: int, metrics: Mapping[str, float]) -> None:
        self.pace.note(step)
        words = [f"step {step}/{run.steps}", f"left {clock(self.pace.left(run.steps))}", *measures(metrics)]
        for group, terms in grouped(metrics).items():
            words.append(f"{group}: {', '.join(' '.join(row).rstrip() for row in told(terms))}")
        self.output.say("  ".join(words))

    @hookimpl
    def checkpoint_saved(self, folder: Path) -> None:
        self.output.say(f"checkpoint {folder}")

    @hookimpl
    def train_end(self, run: Run, step: int) -> None:
        self.output.say(f"ended at step {step:,} of {run.steps:,} after {clock(self.pace.elapsed)}")


class LiveDisplay:
    """How far the training is, how fast, and each loss term with its trend, drawn anew four times a second."""

    def __init__(self, output: Output) -> None:
        self.console = output.stdout
        self.measures: list[str] = []
        self.terms: dict[str, deque[float]] = {}
        self.newest: dict[str, Path] = {}
        self.run: Run | None = None
        self.live: Live | None = None

    @hookimpl
    def train_start(self, run: Run) -> None:
        from rich.live import Live

        self.run, self.pace = run, Pace()
        self._find_sample()
        self.live = Live(self, console=self.console, refresh_per_second=4)
        self.live.start()

    @hookimpl
    def train_step(self, step: int, metrics: Mapping[str, float]) -> None:
        self.pace.note(step)
        self.measures = measures(metrics) or self.measures
        for name, value in metrics.items():
            if name not in _MEASURES:
                self.terms.setdefault(name, deque(maxlen=_TREND)).append(value)
        self._find_sample()

    @hookimpl
    def checkpoint_saved(self, folder: Path) -> None:
        self.newest["checkpoint"] = folder
        self._find_sample()

    @hookimpl
    def train_end(self) -> None:
        if self.live is not None:
            self._find_sample()
            self.live.stop()
            self.live = None

    def __rich__(self) -> ConsoleRenderable:
        """The picture of this moment; called from rich's own thread."""
        from rich.columns import Columns
        from rich.console import Group
        from rich.text import Text

        assert self.run is not None
        self.pace.note(self.run.step)
        title = Text.assemble((clean(self.run.recipe.model), "bold"), "  ", (clean(self.run.folder), "dim"))
        terms = {name: list(values) for name, values in self.terms.copy().items()}
        groups = grouped(terms)
        tables = [self._terms_table(group, terms) for group, terms in groups.items() if group != "score"]
        parts: list[ConsoleRenderable] = [title, self._bar(self.run), self._facts()]
        if tables:
            parts += [Text(), Columns(tables, padding=(0, 4))]
        if "score" in groups:
            parts += [Text(), self._scores_table({name: values[-1] for name, values in groups["score"].items()})]
        newest = self.newest.copy().items()
        parts += [Text()] if newest else []
        parts += [Text(f"{what:<10}  {clean(path)}", style="dim", overflow="fold") for what, path in newest]
        return Group(*parts)

    def _bar(self, run: Run) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        row = Table.grid(padding=(0, 2))
        share = run.step / run.steps if run.steps else 0.0
        counts = f"step {run.step:,} / {run.steps:,}  {share:.1%}  epoch {run.epoch:.2f}"
        bar = ProgressBar(max(1, run.steps), run.step, width=40, complete_style="cyan", finished_style="green")
        row.add_row(bar, counts)
        return row

    def _facts(self) -> ConsoleRenderable:
        from rich.text import Text

        steps = self.run.steps if self.run else 0
        times = [f"elapsed {clock(self.pace.elapsed)}", f"left {clock(self.pace.left(steps))}"]
        return Text("  ".join([*times, *self.measures]))

    def _terms_table(self, group: str, terms: Mapping[str, Sequence[float]]) -> Table:
        from rich.text import Text

        table = _table(group)
        for name, values in terms.items():
            trend = "" if self.console.options.ascii_only else sparkline(values)
            table.add_row(Text(clean(name)), f"{values[-1]:.4g}", Text(trend, style="cyan"))
        return table

    def _scores_table(self, scores: Mapping[str, float]) -> Table:
        from rich.text import Text

        table = _table("scores")
        for name, value, baseline in told(scores):
            table.add_row(Text(clean(name)), value, Text(baseline, style="dim"))
        return table

    def _find_sample(self) -> None:
        newest = max(self.run.samples.glob("step-*.png"), default=None) if self.run else None
        if newest is not None:
            self.newest["sample"] = newest


class Pace:
    """How long a training has run, and at its recent speed still will."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.noted: deque[tuple[float, int]] = deque(maxlen=120)

    def note(self, step: int) -> None:
        """Say how far it is."""
        if not self.noted or self.noted[-1][1] != step:
            self.noted.append((time.monotonic(), step))

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.begun

    def left(self, steps: int) -> float:
        """Seconds to the last step; infinite when that cannot be told yet."""
        (begun, first), (now, last) = (self.noted[0], self.noted[-1]) if self.noted else ((0.0, 0), (0.0, 0))
        return (steps - last) * (now - begun) / (last - first) if last > first else math.inf


def measures(metrics: Mapping[str, float]) -> list[str]:
    """Speed, waiting and memory in words."""

    def words() -> Iterator[str]:
        if "images_per_second" in metrics:
            yield f"{metrics['images_per_second']:.3g} images/s"
        if "data_wait" in metrics:
            yield f"data wait {metrics['data_wait']:.0%}"
        if "memory_mib" in metrics:
            yield f"memory {metrics['memory_mib']:,.0f} MiB"

    return list(words())


def grouped(metrics: Mapping[str, V]) -> dict[str, dict[str, V]]:
    """``turn/term`` by turn; what has no turn stands under its own name."""
    groups: dict[str, dict[str, V]] = {}
    for key, value in metrics.items():
        if key not in _MEASURES:
            group, _, name = key.partition("/")
            groups.setdefault(group, {})[name or key] = value
    return groups


def told(scores: Mapping[str, float]) -> Iterator[tuple[str, str, str]]:
    """Each score's name, its value, and what it is to be held against where that is known."""
    for name, value, baselines in with_baselines(scores):
        yield name, f"{value:.4g}", f"({in_words(baselines)})" if baselines else ""


def sparkline(values: Sequence[float]) -> str:
    """The course of some values as a little curve; empty while it is flat."""
    low, high = min(values), max(values)
    if not low < high < math.inf:
        return ""
    return "".join("▁▂▃▄▅▆▇█"[round(7 * (value - low) / (high - low))] for value in values)


def clock(seconds: float) -> str:
    """``0:12:03``, or ``?`` when it is not known."""
    return str(datetime.timedelta(seconds=round(seconds))) if math.isfinite(seconds) else "?"


def _table(title: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid("", "", "", padding=(0, 2, 0, 0))
    table.columns[1].justify = "right"
    table.columns[2].min_width = 1  # or rich, measuring, forgets the padding before an empty column
    table.add_row(Text(clean(title.replace("_", " ")), style="bold"))
    return table
