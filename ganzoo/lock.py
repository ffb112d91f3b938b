"""One training at a time in a run folder: a lock that the operating system drops when its process ends, however."""

from __future__ import annotations

import contextlib
import datetime
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from ganzoo.errors import CheckpointError

NAME = ".ganzoo.lock"
_MOST_BYTES = 500


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder for as long as the context lasts. Where locks are unknown, nothing is held, and all goes on.

    Raises:
        CheckpointError: somebody else holds it; says who.
        OSError: the folder cannot be written.
    """
    lock = _locked(folder / NAME)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / NAME).unlink()  # before it is let go: it may be another's a moment later
        os.close(lock)


def is_held(folder: Path) -> str:
    """Who holds a folder; ``""`` when nobody does."""
    try:
        lock = os.open(folder / NAME, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        return "" if _lock(lock) else _holder(lock)
    finally:
        os.close(lock)


def _locked(path: Path) -> int:
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            if not _lock(lock):
                raise CheckpointError(
                    f"{path.parent}: {_holder(lock)} trains in it",
                    hint="Wait for it to end, or stop it first.",
                )
            if _is_at(lock, path):
                _sign(lock)
                return lock
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)  # who had it has removed it between our opening and our locking


def _lock(lock: int) -> bool:
    """Whether the lock is ours now, or there are no locks."""
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # another system, or a file system that has none
        pass
    return True


def _is_at(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False


def _sign(lock: int) -> None:
    since = datetime.datetime.now().isoformat(" ", "minutes")
    with contextlib.suppress(OSError):  # on a full disk it is a lock all the same
        os.truncate(lock, 0)
        os.write(lock, f"process {os.getpid()} on {socket.gethostname()} (since {since})".encode())


def _holder(lock: int) -> str:
    text = os.pread(lock, _MOST_BYTES, 0).decode("utf-8", "replace")
    return text or "another process"
