"""Lists of picture files: found quickly, checked up front, kept decoded in memory where they fit."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from ganzoo.data.base import Track, untracked
from ganzoo.data.images import EXTENSIONS, Pixels, decode, fit, naming, probe, read_side_by_side, read_two
from ganzoo.errors import DataError

log = logging.getLogger("ganzoo.data")

Item = tuple[str, ...]
"""The file, or the two files, of one sample."""
OnError = Literal["stop", "skip"]

PROBED_UP_FRONT = 50_000
"""Sets that stream and have more files than this are not probed before training: it would take minutes."""
_SAMPLE = 256
_CHUNK = 16

T = TypeVar("T")
R = TypeVar("R")


def list_pictures(folder: Path, *, recursive: bool = False) -> list[str]:
    """The picture files of a folder by their endings, sorted; hidden files and folders are left out.

    Raises:
        DataError: the folder cannot be listed.
    """
    found, folders = [], [os.fspath(folder)]
    while folders:
        with naming(folders[-1]), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.name.lower().endswith(EXTENSIONS) and entry.is_file():
                    found.append(entry.path)
                elif recursive and entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    return sorted(found)


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

    items: list[Item]
    reader: Reader
    labels: list[int] = field(default_factory=list)
    memory: list[Pixels] | None = None
    advice: ClassVar[str] = _LEAVE_OUT

    def __len__(self) -> int:
        return len(self.items)

    def sample(self, index: int) -> tuple[Pixels, int]:
        pixels = self.memory[index] if self.memory is not None else self.reader.read(self.items[index])
        return pixels, self.labels[index] if self.labels else 0

    def keep(self, good: Sequence[bool]) -> None:
        """Forgets the samples whose flag is False."""
        self.items = [item for item, ok in zip(self.items, good, strict=True) if ok]
        self.labels = [label for label, ok in zip(self.labels, good, strict=True) if ok] if self.labels else []


def prepare(sets: Sequence[Pictures], *, memory: float, track: Track[Any] = untracked) -> bool:
    """Decodes all sets into memory if they take at most ``memory`` GiB together, else checks their headers.

    Returns True when they are in memory.

    Raises:
        DataError: some files are unreadable and ``on_error`` is ``"stop"``, or none is left; it names them.
    """
    in_memory = sum(map(estimate, sets)) <= memory * 2**30
    count = sum(map(len, sets))
    if not in_memory and count > PROBED_UP_FRONT:
        log.info("%d pictures are too many to check before training; each is checked when it is read", count)
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
    sample = pictures.items[:: max(1, len(pictures) // _SAMPLE)]
    known = [size for size in map(_attempt, ((pictures.reader.bytes, item) for item in sample)) if type(size) is int]
    return len(pictures) * sum(known) / max(1, len(known))


def fingerprint(root: Path, sets: Iterable[Pictures]) -> str:
    """16 hexadecimal digits over the names (relative to ``root``) and sizes of all files."""
    digest = hashlib.sha256()
    for name in chain.from_iterable(item for pictures in sets for item in pictures.items):
        with naming(name):
            size = os.stat(name).st_size  # noqa: PTH116 - many times faster
        digest.update(f"{relative(name, root)}\0{size}\n".encode())
    return digest.hexdigest()[:16]


def relative(name: str, root: Path) -> str:
    """``os.path.relpath`` for a file that was listed below ``root``, many times faster."""
    start = os.path.join(root, "")  # noqa: PTH118
    return name[len(start) :] if name.startswith(start) else os.path.relpath(name, root)


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
