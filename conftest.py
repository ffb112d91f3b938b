"""Before any test: one thread, so that tests do not wait for each other, and a cache of their own."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GANZOO_CACHE", tempfile.mkdtemp(prefix="ganzoo-tests-"))
