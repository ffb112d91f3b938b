"""Bytes that atheris makes up, guided by what they reach, in what is read: nothing but a GanzooError comes of them.

``python tests/faults/atheris_recipes.py WHAT -max_total_time=60``: libFuzzer's options; it exits with 77 on a find.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

READERS = ["ganzoo.recipe", "ganzoo.untrusted", "ganzoo.data.images", "ganzoo.scores", "tomllib", "PIL"]

with atheris.instrument_imports(include=READERS):
    from ganzoo.checkpoint import read_state
    from ganzoo.data.images import decode
    from ganzoo.errors import GanzooError
    from ganzoo.plugins import plugins
    from ganzoo.recipe.parse import check, read
    from ganzoo.scores import read_scores

FOLDER = Path(tempfile.mkdtemp(prefix="ganzoo-atheris-"))


def recipe(content: bytes) -> None:
    """A recipe file."""
    path = FOLDER / "recipe.toml"
    path.write_bytes(content)
    check(read(None, path, [], plugins()), plugins())


def override(content: bytes) -> None:
    """What stands after ``--set``."""
    check(read("cyclegan", None, [content.decode("utf-8", "replace")], plugins()), plugins())


def picture(content: bytes) -> None:
    """A picture file."""
    path = FOLDER / "picture.png"
    path.write_bytes(content)
    decode(path, 3, 16)


def state(content: bytes) -> None:
    """A checkpoint's state."""
    (FOLDER / "state.json").write_bytes(content)
    read_state(FOLDER)


def scores(content: bytes) -> None:
    """``metrics.json``."""
    (FOLDER / "metrics.json").write_bytes(content)
    read_scores(FOLDER)


WHAT: dict[str, Callable[[bytes], None]] = {
    function.__name__: function for function in (recipe, override, picture, state, scores)
}


def main() -> None:
    """Feed one of the readers for as long as the options say."""
    use = WHAT[sys.argv.pop(1)]

    def one(content: bytes) -> None:
        with contextlib.suppress(GanzooError):
            use(content)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
