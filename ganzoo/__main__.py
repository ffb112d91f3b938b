"""``python -m ganzoo``, and the ``ganzoo`` command."""

from __future__ import annotations

from ganzoo.cli.main import main

if __name__ == "__main__":
    main()
