"""Pictures that ganzoo draws, kept in the cache folder: the same ones are drawn once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from math import prod
from pathlib import Path

import numpy as np

from ganzoo.data.images import Pixels
from ganzoo.files import cache_folder, write_bytes

MOST = 2**30
"""Bytes of all that is kept; what was not used for longest goes first."""

_DIGEST = 32  # bytes of a SHA-256, before the pixels


def kept(key: str, shape: tuple[int, ...], draw: Callable[[], Pixels]) -> Pixels:
    """The uint8 pixels of ``key``, which says all that they depend on: read from the cache, or drawn and kept there.

    A file that is torn or damaged is drawn anew. Where nothing can be written, nothing is kept. Pixels from the cache
    cannot be written to.
    """
    name = hashlib.sha256(f"{key} {shape}".encode()).hexdigest()[:32]
    path = cache_folder() / "drawn" / f"{name}.pixels"
    found = _read(path, shape)
    if found is None:
        found = draw()
        with suppress(OSError):
            _keep(path, found)
    return found


def _read(path: Path, shape: tuple[int, ...]) -> Pixels | None:
    try:
        if path.stat().st_size != _DIGEST + prod(shape):
            return None
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(memoryview(content)[_DIGEST:]).digest() != content[:_DIGEST]:
        return None
    with suppress(OSError):  # somebody else's, or a disk that is read-only
        os.utime(path)  # used just now
    return np.frombuffer(content, np.uint8, offset=_DIGEST).reshape(shape)


def _keep(path: Path, pixels: Pixels) -> None:
    """Write the pixels, unless they are half of all that may be kept, and make room for them."""
    if pixels.nbytes > MOST // 2:
        return
    content = pixels.tobytes()
    write_bytes(path, hashlib.sha256(content).digest() + content)
    room = MOST
    for other in sorted(path.parent.iterdir(), key=lambda file: file.stat().st_mtime_ns, reverse=True):
        room -= other.stat().st_size
        if room < 0:
            other.unlink(missing_ok=True)
