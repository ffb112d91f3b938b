"""The loss terms of a training between two lines of its log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from statistics import fmean

import torch
from torch import Tensor

from ganzoo.distributed import World
from ganzoo.errors import TrainingError

FINITE_HINT = "A lower optimizer.lr, an optimizer.clip_norm, or runtime.precision = 'float32' often helps."


class TermLog:
    """Loss terms as the device made them, read together when the log is written: no synchronisation in between."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._values: dict[str, list[tuple[int, Tensor]]] = defaultdict(list)

    def add(self, step: int, group: str, terms: Mapping[str, Tensor]) -> None:
        """Keep the terms of one turn."""
        for name, value in terms.items():
            self._values[f"{group}/{name}"].append((step, value))

    def read(self) -> dict[str, float]:
        """The mean of each term since the last reading, over all processes.

        Raises:
            TrainingError: a term is not finite; names the first one and its step.
        """
        everyones = self.world.gather(self._read())
        bad = [tuple(one) for _, found in everyones for one in found]
        if bad:
            step, name, value = min(bad)
            raise TrainingError(
                f"{name} is {value} at step {step}: the training cannot go on",
                hint=FINITE_HINT,
            )
        return {name: fmean(means[name] for means, _ in everyones if name in means) for name in everyones[0][0]}

    def _read(self) -> tuple[dict[str, float], list[tuple[int, str, float]]]:
        """This process's means, and where a term was not finite: step, name and value."""
        values, self._values = self._values, defaultdict(list)
        means: dict[str, float] = {}
        bad: list[tuple[int, str, float]] = []
        for name, pairs in values.items():
            numbers = torch.stack([value for _, value in pairs]).float().cpu()
            means[name] = float(numbers.mean())
            finite = numbers.isfinite()
            if not bool(finite.all()):
                first = int((~finite).nonzero()[0])
                bad.append((pairs[first][0] + 1, name, float(numbers[first])))
        return means, bad
