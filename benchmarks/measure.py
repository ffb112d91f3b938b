"""What the benchmarks share: turns that alternate, medians with their spread, tables, and what machine it was."""

from __future__ import annotations

import datetime
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Turn = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Spread:
    """Repeated measurements of one thing."""

    values: Sequence[float]

    def __str__(self) -> str:
        """``median (least-most)``, to three digits."""
        low, middle, high = (_digits(value) for value in (min(self.values), self.median, max(self.values)))
        return f"{middle} ({low}-{high})"

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)


def seconds(turn: Turn, device: str = "cpu", clock: Clock = time.perf_counter) -> float:
    """How long a turn takes, on a GPU until it has finished."""
    _wait_for(device)
    before = clock()
    turn()
    _wait_for(device)
    return clock() - before


def alternate(
    sides: Mapping[str, Turn], rounds: int, device: str = "cpu", clock: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of each side, round by round: neighbours in time, since a machine's speed drifts.

    Every other round goes backwards, so that none is always the one that comes after another. ``clock`` may be
    ``time.process_time`` for work of one thread: then waiting for a neighbour does not count.
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in sides if number % 2 == 0 else reversed(sides):
            times[name].append(seconds(sides[name], device, clock))
    return times


def faster(times: Mapping[str, Sequence[float]], base: str, other: str) -> Spread:
    """How many times ``other`` is faster than ``base``, round by round."""
    return Spread([theirs / ours for theirs, ours in zip(times[base], times[other], strict=True)])


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = (columns, ["---"] * len(columns), *rows)
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in lines)


def conditions(device: str = "cpu") -> str:
    """When, on what, and with what: a line to stand over a table."""
    import torch

    today = datetime.datetime.now(tz=datetime.UTC).date()
    return f"{today}, {machine(device)}, torch {torch.__version__}, {torch.get_num_threads()} threads"


def machine(device: str = "cpu") -> str:
    """The model of the GPU or CPU."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _digits(value: float) -> str:
    return f"{value:#.3g}" if value < 1000 else f"{value:,.0f}"


def _wait_for(device: str) -> None:
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(device)
