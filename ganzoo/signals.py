"""Ctrl-C and SIGTERM: the first asks the training to save and stop, a second Ctrl-C ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """``signal`` is the number of the signal that asked for a stop, 0 until one does."""

    signal: int = 0


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Catch SIGINT and SIGTERM for as long as the context lasts (in the main thread; elsewhere nothing is caught)."""
    request = StopRequest()

    def ask(number: int, frame: FrameType | None) -> None:
        if request.signal and number == signal.SIGINT:
            raise SystemExit(128 + number)
        request.signal = number

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
