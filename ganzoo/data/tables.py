"""Rows of a table by their index: of Arrow files mapped into memory, or of Parquet files, a row group at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ganzoo.data.base import Track
from ganzoo.data.pictures import in_threads

Row = dict[str, Any]
"""Column -> value: numbers, bytes, or a structure's own dictionary."""

OPEN_FILES = 32
"""Files that a process keeps open; each has its footer in memory."""


class Table(Protocol):
    """Rows by index. A table can be pickled: worker processes read it, too.

    Attributes:
        blocks: rows of each stretch that is read as one; empty where any row is as near as any other.
    """

    blocks: Sequence[int]

    def __len__(self) -> int:
        """Rows."""

    def row(self, index: int) -> Row:
        """The columns that were asked for, of one row; raises what reading raises."""


class MappedTable:
    """A split that ``datasets`` keeps in Arrow files, mapped into memory: as large as the disk."""

    blocks: Sequence[int] = ()

    def __init__(self, split: Any, columns: Sequence[str]) -> None:
        """``split`` is a ``datasets.Dataset``."""
        self.split = split.select_columns(list(columns)).with_format("arrow")  # as it is stored: nothing is decoded

    def __len__(self) -> int:
        return len(self.split)

    def row(self, index: int) -> Row:
        row: Row = self.split[index].to_pylist()[0]
        return row


class StreamedTable:
    """Parquet files of which whole row groups are read, the last ones being kept in memory."""

    def __init__(
        self, files: Sequence[str], groups: Sequence[Sequence[int]], columns: Sequence[str], keep: int
    ) -> None:
        """``groups`` are the rows of each file's row groups; rows over ``keep`` and two groups more are forgotten."""
        self.files, self.columns = list(files), list(columns)
        self.places = [(file, group) for file, sizes in enumerate(groups) for group in range(len(sizes))]
        self.blocks: Sequence[int] = [rows for sizes in groups for rows in sizes]
        self.ends = np.cumsum(self.blocks)
        self.keep = keep + 2 * max(self.blocks, default=0)
        self._kept: OrderedDict[int, Any] = OrderedDict()
        self._open: OrderedDict[int, Any] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_kept": OrderedDict(), "_open": OrderedDict()}  # connections do not travel

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def row(self, index: int) -> Row:
        block = int(np.searchsorted(self.ends, index, side="right"))
        start = int(self.ends[block]) - self.blocks[block]
        row: Row = self._block(block).slice(index - start, 1).to_pylist()[0]
        return row

    def _block(self, block: int) -> Any:
        if block in self._kept:
            self._kept.move_to_end(block)
            return self._kept[block]
        number, group = self.places[block]
        table = self._kept[block] = self._file(number).read_row_group(group, columns=self.columns)
        while sum(self.blocks[kept] for kept in self._kept) > self.keep:
            self._kept.popitem(last=False)
        return table

    def _file(self, number: int) -> Any:
        if number not in self._open:
            self._open[number] = open_parquet(self.files[number])
        self._open.move_to_end(number)
        while len(self._open) > OPEN_FILES:
            self._open.popitem(last=False)[1].close(force=True)  # what it reads from, too
        return self._open[number]


def open_parquet(file: str) -> Any:
    """A ``pyarrow.parquet.ParquetFile`` of a path or an address that fsspec knows; reads the footer alone."""
    import fsspec
    import pyarrow.parquet as pq

    if "://" not in file:
        return pq.ParquetFile(file, pre_buffer=True)
    filesystem, path = fsspec.core.url_to_fs(file)
    # Buffered ahead by Parquet, which knows what it needs: a row group's columns come in one request, or few.
    return pq.ParquetFile(filesystem.open(path, "rb", cache_type="none"), pre_buffer=True)


def row_groups(files: Sequence[str], track: Track[Any], check: Callable[[str, Any], None]) -> list[list[int]]:
    """The rows of each file's row groups, from the footers; ``check`` is handed each file and its schema."""

    def look(file: str) -> list[int]:
        with open_parquet(file) as opened:
            check(file, opened.schema_arrow)
            return [opened.metadata.row_group(group).num_rows for group in range(opened.metadata.num_row_groups)]

    return list(track(in_threads(look, files), "reading the footers of files", len(files)))
