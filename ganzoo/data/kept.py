"""Decoded pictures kept on disk, for sets that memory does not hold: made when first read, read from there after that.

Each picture is a file of its own, so trainings and worker processes share them without a word: whoever comes first
writes one beside and renames it, and one that is missing or damaged is made again. The pixels are what the picture's
own file would give, bit by bit.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import struct
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path

import numpy as np

from ganzoo.data.images import MADE_BY, Pixels
from ganzoo.data.listing import Item
from ganzoo.data.pictures import Pictures, Reader, estimate
from ganzoo.files import cache_folder

log = logging.getLogger("ganzoo.data")

_HEAD = struct.Struct("<4I")
"""Before the pixels, which are colour planes: channels, height, width, and the CRC-32 of the pixels."""
_SPARED = 2**30
"""Bytes of the disk that are left free for others."""


def keep_on_disk(sets: Collection[Pictures], gib: float) -> None:
    """Have the pictures of all sets kept, if they take at most so many GiB together."""
    needed, folder = sum(map(estimate, sets)) / 2**30, cache_folder() / "pictures"
    if needed > gib:
        log.warning("decoded pictures take %.3g GiB, data.disk is %.3g: they are decoded in each epoch", needed, gib)
        return
    log.info("decoded pictures, %.3g GiB, are kept in %s", needed, folder)
    for pictures in sets:
        pictures.reader = Kept(pictures.reader.load_size, pictures.reader.channels, pictures.reader, folder)


@dataclass(frozen=True)
class Kept(Reader):
    """Reads from ``folder`` what ``inner`` has read before."""

    inner: Reader
    folder: Path

    def read(self, item: Item) -> Pixels:
        try:
            path = self._path(item)
        except OSError:
            return self.inner.read(item)  # which says what is wrong with the file
        found = _load(path)
        if found is None:
            found = self.inner.read(item)
            _store(path, found)
        return found

    def bytes(self, item: Item) -> int:
        return self.inner.bytes(item)

    def _path(self, item: Item) -> Path:
        """Another one whenever other pixels may come of the files."""
        said = [MADE_BY, type(self.inner).__name__, self.load_size, self.channels]
        for name in item:
            about = os.stat(name)  # noqa: PTH116 - many times faster
            said += [os.path.abspath(name), about.st_size, about.st_mtime_ns]  # noqa: PTH100
        digest = hashlib.sha256("\0".join(map(str, said)).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return self.folder / digest[:2] / digest[2:]


def _load(path: Path) -> Pixels | None:
    """The pixels; None where there are none, or damaged ones."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) < _HEAD.size:
        return None
    *shape, check = _HEAD.unpack_from(content)
    fits = 0 < prod(shape) == len(content) - _HEAD.size
    if not fits or zlib.crc32(memoryview(content)[_HEAD.size :]) != check:
        return None
    return np.frombuffer(content, np.uint8, offset=_HEAD.size).reshape(shape).transpose(1, 2, 0)


def _store(path: Path, pixels: Pixels) -> None:
    """Nothing is flushed to the disk, for a torn file is found out; and a full disk is no reason to stop."""
    planes = pixels.transpose(2, 0, 1)
    content = planes.tobytes()
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(path.parent).free < _SPARED:
            raise OSError(errno.ENOSPC, "the disk is almost full")
        try:
            beside.write_bytes(_HEAD.pack(*planes.shape, zlib.crc32(content)) + content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        _tell(error.strerror or str(error))


@cache
def _tell(reason: str) -> None:
    """Once for each reason."""
    log.warning("decoded pictures cannot be kept in %s: %s", cache_folder() / "pictures", reason)
