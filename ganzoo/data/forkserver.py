"""Imported by the server that worker processes are forked from, and by nobody else.

What ends a training often signals every process of it, or a whole group. The workers end when the training ends, which
still needs their batches until then.
"""

from __future__ import annotations

import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
