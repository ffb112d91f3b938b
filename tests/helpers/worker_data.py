"""Data sources for worker processes, which import them by this module's name."""

from __future__ import annotations

import os
import signal

import torch

from ganzoo.data import Data, DataConfig


class Numbers(Data):
    """Its samples are their own indices, and a random number each."""

    in_memory = True

    def __init__(self, count):
        super().__init__(DataConfig())
        self.count = count

    def __len__(self):
        return self.count

    def batch(self, indices, rng):
        return {"index": torch.tensor(indices), "draw": torch.from_numpy(rng.random(len(indices)))}


class Deadly(Numbers):
    """Kills the worker that prepares its third batch."""

    calls = 0

    def batch(self, indices, rng):
        self.calls += 1
        if self.calls == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().batch(indices, rng)


class Buggy(Numbers):
    """Has an error of its own."""

    def batch(self, indices, rng):
        raise OSError("the data's own fault")
