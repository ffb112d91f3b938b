"""Which samples a batch has: a pure function of the seed and the batch's number, however the samples are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]

_ORDER = 0  # keeps these random streams apart from those of the augmentation


class Order(Protocol):
    """What a loader asks.

    Attributes:
        share: of the indices of a batch, those that this process trains on.
        stream: keeps the draws of processes apart that have batches of their own.
    """

    share: slice
    stream: int

    def indices(self, k: int) -> list[int]:
        """The samples of batch number ``k``."""


class Shuffled:
    """A permutation of all samples for each epoch: for sources that reach any sample as quickly as any other.

    The batch of all processes is the same for any number of them, and each takes its share.
    """

    stream = 0

    def __init__(self, samples: int, batch_size: int, seed: int, rank: int, world: int) -> None:
        """``batch_size`` is that of one of ``world`` processes."""
        self.samples, self.whole, self.seed = samples, batch_size * world, seed
        self.share = slice(rank * batch_size, (rank + 1) * batch_size)
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)

    def indices(self, k: int) -> list[int]:
        epoch, place = divmod(k, self.samples // self.whole)
        if epoch != self._epoch:
            self._epoch, self._order = (
                epoch,
                np.random.default_rng([self.seed, _ORDER, epoch]).permutation(self.samples),
            )
        chosen: list[int] = self._order[place * self.whole : (place + 1) * self.whole].tolist()
        return chosen


class Dealt:
    """Blocks in an order drawn for each epoch, dealt out: for sources that are read a block at a time.

    All samples in the order of the shuffled blocks are one line. It is cut into a piece for each process, and that into
    one for each of its lanes, which take turns in making its batches: a worker process serves one lane. So nobody reads
    another's samples, and a block is read by one of them, but for those that a cut goes through. Within a lane every
    sample is put off by a random time of up to ``window`` samples, so a reader that goes along needs the blocks of
    about that many samples at a time, and where it stands after a resume is found without reading anything.
    """

    def __init__(
        self,
        blocks: Sequence[int],
        batch_size: int,
        seed: int,
        rank: int,
        world: int,
        *,
        lanes: int,
        window: int,
    ) -> None:
        """``batch_size`` is that of one of ``world`` processes, each of which has as many ``lanes``."""
        self.sizes = np.asarray(blocks, dtype=np.int64)
        self.batch_size, self.seed, self.lanes, self.window = batch_size, seed, lanes, window
        self.batches = int(self.sizes.sum()) // (batch_size * world)
        self.stream, self.share = rank, slice(0, batch_size)
        self._epoch = -1
        self._orders: dict[int, Indices] = {}

    def indices(self, k: int) -> list[int]:
        epoch, place = divmod(k, self.batches)
        turn, lane = divmod(place, self.lanes)
        if epoch != self._epoch:
            self._epoch, self._orders = epoch, {}
        if lane not in self._orders:
            self._orders[lane] = self._lane(epoch, lane)
        chosen: list[int] = self._orders[lane][turn * self.batch_size : (turn + 1) * self.batch_size].tolist()
        return chosen

    def _lane(self, epoch: int, lane: int) -> Indices:
        """All samples of one lane in one epoch, in their order."""
        before = sum(len(range(other, self.batches, self.lanes)) for other in range(lane))
        start = (self.stream * self.batches + before) * self.batch_size
        samples = len(range(lane, self.batches, self.lanes)) * self.batch_size
        line = self._line(epoch, start, start + samples)
        # Lanes count from 1, for numpy takes a seed that ends in zeros for the one without them.
        late = np.random.default_rng([self.seed, _ORDER, epoch, self.stream, lane + 1]).random(samples) * self.window
        return line[np.argsort(np.arange(samples) + late, kind="stable")]

    def _line(self, epoch: int, start: int, end: int) -> Indices:
        """A piece of all samples in the order of the shuffled blocks."""
        order = np.random.default_rng([self.seed, _ORDER, epoch]).permutation(len(self.sizes))
        sizes = self.sizes[order]
        ends = np.cumsum(sizes)
        shift = (np.cumsum(self.sizes) - self.sizes)[order] - (ends - sizes)  # from a place in line to the index there
        places = np.arange(start, end)
        moved: Indices = places + shift[np.searchsorted(ends, places, side="right")]
        return moved
