"""Lists of picture files: found quickly, and a few bytes for each, since there may be millions of them."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from ganzoo.data.images import EXTENSIONS, naming

Which = npt.NDArray[np.int64] | npt.NDArray[np.bool_]
"""Some of several things: their numbers, or a flag for each."""
Item = tuple[str, ...]
"""The file, or the two files, of one sample."""

_AT_ONCE = 2**16


class Files:
    """Paths in an order, of which each becomes a Python object only when it is asked for.

    A million take some 40 MB, and are handed to a worker process in milliseconds.
    """

    def __init__(
        self,
        folders: Sequence[str],
        names: bytes,
        where: npt.NDArray[np.int64],
        starts: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
    ) -> None:
        """File i is ``names[starts[i]:ends[i]]`` in ``folders[where[i]]``. Use :meth:`of`."""
        self._folders, self._names = folders, names
        self._where, self._starts, self._ends = where, starts, ends

    @classmethod
    def of(cls, stretches: Iterable[tuple[str, Sequence[str]]]) -> Self:
        """The files of folders, each with the names in it, in the order given."""
        folders, counts, names = [], [], bytearray()
        for folder, inside in stretches:
            if inside:
                folders.append(folder)
                counts.append(len(inside))
                names += os.fsencode("\0".join(inside)) + b"\0"
        ends = np.flatnonzero(np.frombuffer(names, dtype=np.uint8) == 0)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1] + 1])[: len(ends)]
        return cls(folders, bytes(names), np.repeat(np.arange(len(folders)), counts), starts, ends)

    @classmethod
    def joined(cls, several: Sequence[Files]) -> Self:
        """One list after the other."""
        folders = np.cumsum([0, *(len(files._folders) for files in several)]).tolist()
        offsets = np.cumsum([0, *(len(files._names) for files in several)]).tolist()
        return cls(
            [folder for files in several for folder in files._folders],
            b"".join(files._names for files in several),
            np.concatenate([files._where + shift for files, shift in zip(several, folders, strict=False)]),
            np.concatenate([files._starts + shift for files, shift in zip(several, offsets, strict=False)]),
            np.concatenate([files._ends + shift for files, shift in zip(several, offsets, strict=False)]),
        )

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> str:
        name = os.fsdecode(self._names[self._starts[index] : self._ends[index]])
        return os.path.join(self._folders[self._where[index]], name)  # noqa: PTH118 - many times faster

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))

    def picked(self, which: Which) -> Files:
        """Some of the files."""
        return Files(self._folders, self._names, self._where[which], self._starts[which], self._ends[which])

    def names(self, root: Path) -> Iterator[bytes]:
        """Each path from ``root`` on, with ``/`` between its parts, encoded as the file system has it."""
        folders = [_below(root, folder) for folder in self._folders]
        for first in range(0, len(self), _AT_ONCE):
            columns = (column[first : first + _AT_ONCE].tolist() for column in (self._where, self._starts, self._ends))
            for where, start, end in zip(*columns, strict=True):
                yield folders[where] + self._names[start:end]

    def size(self, index: int) -> int:
        """Bytes of one file; a DataError where it is gone."""
        path = self[index]
        with naming(path):
            return os.stat(path).st_size  # noqa: PTH116


class Items:
    """Samples of a file each, or of two that are a pair."""

    def __init__(self, *columns: Files) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def files(self) -> int:
        """How many files they are."""
        return sum(map(len, self.columns))

    def __getitem__(self, index: int) -> Item:
        return tuple(column[index] for column in self.columns)

    def __iter__(self) -> Iterator[Item]:
        return zip(*self.columns, strict=True)

    def picked(self, which: Which) -> Items:
        """Some of the samples."""
        return Items(*(column.picked(which) for column in self.columns))


def list_pictures(folder: Path, *, recursive: bool = False) -> Files:
    """The picture files of a folder by their endings, sorted by their paths; hidden files and folders are left out.

    Raises:
        DataError: the folder cannot be listed.
    """
    return Files.of(_stretches(os.fspath(folder), recursive=recursive))


def _stretches(root: str, *, recursive: bool) -> Iterator[tuple[str, list[str]]]:
    """Folders with names of files in them. A folder that has others among its files comes in several pieces."""
    pending: list[tuple[str, list[str] | None]] = [(root, None)]  # the first comes last; None: not looked into yet
    while pending:
        folder, names = pending.pop()
        if names is not None:
            yield folder, names
            continue
        names, inside = _scan(folder, recursive=recursive)
        names.sort()
        pieces: list[tuple[str, list[str] | None]] = []
        start = 0
        for other in sorted(f"{name}/" for name in inside):  # with its slash it sorts as the paths in it do
            end = bisect_left(names, other)
            pieces += [(folder, names[start:end]), (os.path.join(folder, other[:-1]), None)]  # noqa: PTH118
            start = end
        pending += reversed([*pieces, (folder, names[start:])])


def _scan(folder: str, *, recursive: bool) -> tuple[list[str], list[str]]:
    """The names of the pictures in a folder, and of the folders that are to be looked into."""
    names, folders = [], []
    with naming(folder), os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            if name.lower().endswith(EXTENSIONS) and entry.is_file():
                names.append(name)
            elif recursive and entry.is_dir(follow_symlinks=False):
                folders.append(name)
    return names, folders


def _below(root: Path, folder: str) -> bytes:
    """What stands before a name in ``folder`` to make a path from ``root`` on: empty, or ending in ``/``."""
    start, inside = os.path.join(root, ""), os.path.join(folder, "")  # noqa: PTH118
    if inside.startswith(start):
        return os.fsencode(inside[len(start) :].replace(os.sep, "/"))
    path = os.path.relpath(folder, root).replace(os.sep, "/")
    return b"" if path == "." else os.fsencode(f"{path}/")
