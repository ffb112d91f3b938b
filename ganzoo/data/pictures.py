"""Pictures by number: checked up front, kept decoded in memory where they fit, and fingerprinted."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from ganzoo.data.base import Track, untracked
from ganzoo.data.images import Pixels, decode, fit, naming, probe, read_side_by_side, read_two
from ganzoo.data.listing import Files, Item, Items
from ganzoo.errors import DataError

log = logging.getLogger("ganzoo.data")

OnError = Literal["stop", "skip"]

PROBED_UP_FRONT = 50_000
"""Sets that stream and have more files than this are not probed before training: it would take minutes."""
SIZED = 100_000
"""Files whose sizes a fingerprint looks at, of sets that have more: asking for each would take minutes."""
_SAMPLE = 256
_CHUNK = 16
_LINES = 2**14

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Reader:
    """How a sample's file becomes pixels (H, W, channels), the shorter side ``load_size``."""

    load_size: int
    channels: int

    def read(self, item: Item) -> Pixels:
        """The pixels of one sample, or a DataError that names the file."""
        return decode(item[0], self.channels, self.load_size)

    def bytes(self, item: Item) -> int:
        """What :meth:`read` will take in memory, from the header alone; DataError where that is broken."""
        with naming(item[0]):
            width, height = fit(*probe(item[0]), self.load_size)
            return width * height * self.channels


class SideBySide(Reader):
    """One file holds the pair, left and right: (H, W, 2 * channels)."""

    def read(self, item: Item) -> Pixels:
        return read_side_by_side(item[0], load_size=self.load_size, channels=self.channels)

    def bytes(self, item: Item) -> int:
        with naming(item[0]):
            width, height = probe(item[0])
            width, height = fit(width // 2, height, self.load_size)
            return width * height * self.channels * 2


class TwoFiles(Reader):
    """A file each: (H, W, 2 * channels)."""

    def read(self, item: Item) -> Pixels:
        return read_two(*item, load_size=self.load_size, channels=self.channels)

    def bytes(self, item: Item) -> int:
        probe(item[1])
        return super().bytes(item) * 2


class StretchError(DataError):
    """Many pictures at once cannot be had, so that leaving one out is no way on."""


@dataclass(kw_only=True)
class Samples:
    """Pictures read by index, of which single ones may be unreadable."""

    on_error: OnError = "stop"
    skipped: set[int] = field(default_factory=set)
    advice: ClassVar[str] = ""
    """The hint of an error at a single picture."""

    def __len__(self) -> int:
        raise NotImplementedError

    def sample(self, index: int) -> tuple[Pixels, int]:
        """The pixels (H, W, C) and the label (0 without labels) at ``index``, or a DataError that names the file."""
        raise NotImplementedError

    def fetch(self, index: int) -> tuple[Pixels, int]:
        """The pixels (H, W, C) and the label (0 without labels) of one sample.

        A file that has become unreadable is a DataError; with ``on_error="skip"`` the next readable one takes its
        place, label and all, and the log says so once.
        """
        for position in chain(range(index, len(self)), range(index)) if self.on_error == "skip" else (index,):
            try:
                return self.sample(position)
            except StretchError:
                raise
            except DataError as error:
                self._failed(position, error)
        raise DataError("none of the pictures can be read any more")

    def fetch_all(self, indices: Iterable[int]) -> tuple[list[Pixels], list[int]]:
        """The pixels and the labels of several samples."""
        pairs = [self.fetch(index) for index in indices]
        return [pixels for pixels, _ in pairs], [label for _, label in pairs]

    def _failed(self, position: int, error: DataError) -> None:
        if self.on_error == "stop":
            error.hint = self.advice
            raise error
        if position not in self.skipped:
            self.skipped.add(position)
            log.warning("left out, the next picture is taken instead: %s", error.message)


_LEAVE_OUT = (
    "Replace or remove it (`ganzoo data check FOLDER` lists all that is wrong), or leave such files out: "
    "--set data.on_error=skip"
)


@dataclass
class Pictures(Samples):
    """Samples read by index, from memory after :func:`prepare` found that they fit, else from their files."""

    items: Items
    reader: Reader
    labels: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """(N,), or empty where there are none."""
    memory: list[Pixels] | None = None
    advice: ClassVar[str] = _LEAVE_OUT

    def __len__(self) -> int:
        return len(self.items)

    def sample(self, index: int) -> tuple[Pixels, int]:
        pixels = self.memory[index] if self.memory is not None else self.reader.read(self.items[index])
        return pixels, int(self.labels[index]) if len(self.labels) else 0

    def keep(self, good: Sequence[bool]) -> None:
        """Forgets the samples whose flag is False."""
        which = np.array(good, dtype=np.bool_)
        self.items = self.items.picked(which)
        self.labels = self.labels[which] if len(self.labels) else self.labels


def prepare(sets: Sequence[Pictures], *, memory: float, track: Track[Any] = untracked) -> bool:
    """Decodes all sets into memory if they take at most ``memory`` GiB together, else checks their headers.

    Returns True when they are in memory.

    Raises:
        DataError: some files are unreadable and ``on_error`` is ``"stop"``, or none is left; it names them.
    """
    in_memory = sum(map(estimate, sets)) <= memory * 2**30
    count = sum(map(len, sets))
    files = sum(pictures.items.files for pictures in sets)
    if not in_memory and files > PROBED_UP_FRONT:
        log.info("%d pictures are too many to check before training; each is checked when it is read", files)
        return False
    what = "decoding pictures" if in_memory else "checking pictures"
    tasks = [(pictures.reader.read if in_memory else pictures.reader.bytes, item) for pictures in sets
             for item in pictures.items]  # fmt: skip
    results = list(track(in_threads(_attempt, tasks), what, count))
    _settle(sets, results)
    start = 0
    for pictures in sets:
        mine = results[start : start + len(pictures)]
        start += len(pictures)
        pictures.keep([not isinstance(result, DataError) for result in mine])
        pictures.memory = [result for result in mine if not isinstance(result, DataError)] if in_memory else None
        if not pictures:
            raise DataError("none of the pictures can be read", hint="`ganzoo data check FOLDER` says why.")
    return in_memory


def estimate(pictures: Pictures) -> float:
    """Bytes that the set takes when decoded, judged by the headers of a sample of its files."""
    sample = range(0, len(pictures), max(1, len(pictures) // _SAMPLE))
    sizes = (_attempt((pictures.reader.bytes, pictures.items[index])) for index in sample)
    known = [size for size in sizes if type(size) is int]
    return len(pictures) * sum(known) / max(1, len(known))


def fingerprint(root: Path, sets: Sequence[Pictures]) -> str:
    """16 hexadecimal digits over the names (relative to ``root``) of all files, their order, and sizes.

    Of at most :data:`SIZED` files every size is looked at, of more every n-th sample's alone. It never sees another
    content of the same size; in so large a set, nor another size where the file is none of those.
    """
    digest = hashlib.sha256()
    every = max(1, -(-sum(pictures.items.files for pictures in sets) // SIZED))
    for pictures in sets:
        columns = (_lines(files, root, every) for files in pictures.items.columns)
        lines = chain.from_iterable(zip(*columns, strict=True))
        while several := b"".join(islice(lines, _LINES)):
            digest.update(several)
    return digest.hexdigest()[:16]


def _lines(files: Files, root: Path, every: int) -> Iterator[bytes]:
    """What is hashed of each file: its name and, of every ``every``-th, its size."""
    for index, name in enumerate(files.names(root)):
        yield name + b"\0\n" if index % every else b"%b\0%d\n" % (name, files.size(index))


def _settle(sets: Sequence[Pictures], results: Sequence[object]) -> None:
    """Raises or logs what cannot be read."""
    bad = [result for result in results if isinstance(result, DataError)]
    if not bad:
        return
    lines = [f"  {error.message}" for error in bad[:10]] + [f"  and {len(bad) - 10} more"] * (len(bad) > 10)
    message = f"{len(bad)} of {len(results)} pictures cannot be read:\n" + "\n".join(lines)
    if any(pictures.on_error == "stop" for pictures in sets):
        raise DataError(message, hint=_LEAVE_OUT)
    log.warning("left out: %s", message)


def _attempt(task: tuple[Callable[[Item], R], Item]) -> R | DataError:
    read, item = task
    try:
        return read(item)
    except DataError as error:
        return error


def cpus() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """``map`` in threads (Pillow decodes without the interpreter's lock), in order, stopped at once by an error."""

    def run(start: int) -> list[R]:
        return [function(item) for item in items[start : start + _CHUNK]]

    pool = ThreadPoolExecutor(min(16, cpus()))
    try:
        # In chunks, because a future for each of a million files would cost more memory than the pictures.
        for results in pool.map(run, range(0, len(items), _CHUNK)):
            yield from results
    finally:
        pool.shutdown(cancel_futures=True)
