"""An endless stream of batches that is the same with any number of workers, and after a resume."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ganzoo.data.base import Batch, Data
from ganzoo.data.order import Dealt, Order, Shuffled
from ganzoo.errors import DataError, GanzooError

log = logging.getLogger("ganzoo.data")

_AUGMENTATION = 1  # keeps these random streams apart from those of the order


class Loader:
    """Iterates over batches ``start``, ``start + 1``, ... without end.

    Batch number k depends on nothing but the data, ``seed``, and k: epoch e goes through a permutation drawn from
    (seed, e); augmentation is drawn from (seed, k). Of several processes each takes its share of that same batch, so
    shares never overlap and a picture looks the same on any number of processes. Data in blocks is dealt out instead:
    there the batches are each process's own, and depend on their number and on ``data.config.workers`` as well
    (:mod:`ganzoo.data.order`). The incomplete last batch of an epoch is dropped.
    """

    def __init__(
        self,
        data: Data,
        *,
        batch_size: int,
        seed: int,
        start: int = 0,
        workers: int | None = None,
        rank: int = 0,
        world: int = 1,
        pin_memory: bool = False,
    ) -> None:
        """``data`` is prepared. ``batch_size`` is that of one rank: a batch has ``world`` times as many samples.

        ``workers`` is by default what the data's config says, and 0 for data in memory.

        Raises:
            DataError: there are fewer samples than one batch of all ranks together.
        """
        self.batches_per_epoch = len(data) // (batch_size * world)
        if self.batches_per_epoch == 0:
            together = f" on each of {world} processes" if world > 1 else ""
            raise DataError(
                f"{len(data)} samples do not fill one batch of {batch_size}{together}",
                hint=f"Set train.batch_size to {len(data) // world} or less." * (len(data) >= world),
            )
        self.data, self.seed = data, seed
        self.order = _order(data, batch_size, seed, rank, world)
        self._work = _Work(data, seed, self.order.share, self.order.stream)
        self.position = start
        self.pin_memory = pin_memory
        self.workers = workers if workers is not None else 0 if data.in_memory else data.config.workers
        self._stream: Iterator[Any] | None = None
        self._told: set[str] = set()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        batch = self._from_workers() if self.workers else self._here()
        self.position += 1
        return batch

    def close(self) -> None:
        """Ends the worker processes."""
        # A DataLoader's iterator ends its workers when it is forgotten, which the traceback of an error may put off.
        end, workers = getattr(self._stream, "_shutdown_workers", None), getattr(self._stream, "_workers", ())
        self._stream = None
        if end:
            end()
        for worker in workers:
            worker.kill()  # one that is stuck would not even have heard that it should end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _here(self) -> Batch:
        batch = _draw(self._work, self.position, self.order.indices(self.position))
        return {key: value.pin_memory() for key, value in batch.items()} if self.pin_memory else batch

    def _from_workers(self) -> Batch:
        try:
            if self._stream is None:
                self._stream = self._start_workers()
            result, notes = next(self._stream)
        except (RuntimeError, EOFError, OSError) as error:
            if not _tells_of_a_dead_worker(error):
                raise
            self.close()
            raise DataError(
                "a worker process that reads pictures died",
                hint="Often memory ran out, or /dev/shm is too small (docker run --shm-size=2g). Fewer workers need "
                "less: --set data.workers=0 uses none.",
            ) from error
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                log.warning("%s", note)
        if isinstance(result, GanzooError):
            self.close()
            raise result
        batch: Batch = result
        return batch

    def _start_workers(self) -> Iterator[Any]:
        # A fork of a process with threads (a CUDA context, a live display, OpenMP) may inherit a lock that nobody
        # will ever release. The fork server is a small process without threads: it imports torch once, and forks
        # workers from itself in milliseconds. Where there is none, every worker starts from scratch.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload([__name__, "ganzoo.data.forkserver"])
        loader: DataLoader[Any] = DataLoader(
            _Samples(self._work),
            batch_size=None,
            sampler=_Keys(self.order, self.position),
            num_workers=self.workers,
            collate_fn=_as_it_is,
            worker_init_fn=_begin_worker,
            multiprocessing_context=context,
            prefetch_factor=2,
            pin_memory=self.pin_memory,
            generator=torch.Generator(),  # else it draws from the training's own, and a resume would not be exact
        )
        with _main_hidden(self.data):
            return iter(loader)


def _tells_of_a_dead_worker(error: Exception) -> bool:
    """Torch says so, or a connection to it breaks off while it hands over a batch.

    An error that data raised in a worker has torch's words about where it was caught in it.
    """
    if isinstance(error, RuntimeError):
        return "DataLoader worker (pid" in str(error)
    return "in DataLoader worker process" not in str(error)


def _order(data: Data, batch_size: int, seed: int, rank: int, world: int) -> Order:
    if not len(data.blocks):
        return Shuffled(len(data), batch_size, seed, rank, world)
    # As many lanes as the config has workers, whatever number is at work: else that would change the batches.
    lanes = max(1, data.config.workers)
    return Dealt(data.blocks, batch_size, seed, rank, world, lanes=lanes, window=data.window)


class _Work(NamedTuple):
    """What a batch is made from, but for its number and its indices."""

    data: Data
    seed: int
    share: slice
    stream: int


def _draw(work: _Work, k: int, indices: list[int]) -> Batch:
    rng = np.random.default_rng([work.seed, _AUGMENTATION, k, work.stream])
    is_whole = work.share == slice(0, len(indices))
    return work.data.batch(indices, rng) if is_whole else work.data.part(indices, rng, work.share)


class _Keys:
    """What the workers are asked for: (k, indices of batch k), without end."""

    def __init__(self, order: Order, start: int) -> None:
        self.order, self.start = order, start

    def __iter__(self) -> Iterator[tuple[int, list[int]]]:
        k = self.start
        while True:
            yield k, self.order.indices(k)
            k += 1


class _Samples(Dataset[Any]):
    """Runs in the workers: a key to its batch (or the error that stopped it) and what there is to log."""

    def __init__(self, work: _Work) -> None:
        self.work = work

    def __getitem__(self, key: tuple[int, list[int]]) -> tuple[Batch | GanzooError, list[str]]:
        try:
            result: Batch | GanzooError = _draw(self.work, *key)
        except GanzooError as error:  # as a value: torch would bury the message in a worker's traceback
            result = error
        notes = [*_notes]
        _notes.clear()
        return result, notes


_notes: list[str] = []


class _Notes(logging.Handler):
    """Keeps a worker's warnings until they travel with its next batch: only the main process may write."""

    def emit(self, record: logging.LogRecord) -> None:
        _notes.append(record.getMessage())


def _begin_worker(number: int) -> None:
    for asking in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asking, signal.SIG_IGN)  # the main process's to handle; it ends the workers
    log.propagate = False
    log.handlers = [_Notes()]


def _as_it_is(sample: Any) -> Any:
    return sample


@contextmanager
def _main_hidden(data: Data) -> Iterator[None]:
    """Keeps starting workers from importing the user's script, unless the data's class is defined there.

    They would run it once more: a script that trains without ``if __name__ == "__main__"`` would train in its workers.
    """
    main = sys.modules["__main__"]
    saved: dict[str, Any] = {name: getattr(main, name) for name in ("__file__", "__spec__") if hasattr(main, name)}
    if type(data).__module__ == "__main__":
        saved = {}
    try:
        for name in saved:
            main.__dict__[name] = None
        yield
    finally:
        main.__dict__.update(saved)
