"""Reading what nobody vouches for: bounded in bytes, in nesting and in place, and never more than data.

Torch-free. All of it raises ValueError or OSError; callers say which file of what was being read.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

MOST_BYTES = 16 * 2**20
"""Of a text file, where the reader names no other bound."""
MOST_NESTING = 32
"""Tables inside tables."""
MOST_NUMBER = 2**63
"""No whole number in a file has a greater magnitude; one with a fraction is finite."""


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a regular file of at most ``most`` bytes."""
    if not path.is_file():
        raise ValueError("there is no such file")
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is larger than {most:,} bytes")
    return content


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text (UTF-8) of a regular file of at most ``most`` bytes."""
    return read_bytes(path, most).decode("utf-8")


def read_json(path: Path, most: int = MOST_BYTES) -> Any:
    """The JSON of a file of at most ``most`` bytes: see :func:`parse_json`."""
    return parse_json(read_text(path, most))


def parse_json(text: str) -> Any:
    """JSON whose keys are unique, whose numbers are finite, and which is nested no deeper than :data:`MOST_NESTING`."""
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    bound(value)
    return value


def parse_toml(text: str) -> dict[str, Any]:
    """TOML that is nested no deeper than :data:`MOST_NESTING`, with bounded numbers."""
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    bound(table)
    return table


def bound(value: Any, *, nesting: int = MOST_NESTING, number: int = MOST_NUMBER, items: int | None = None) -> None:
    """Raise a ValueError unless nesting, whole numbers, and (``items``) lists and tables keep within bounds."""
    level = [value]
    for _ in range(nesting + 1):
        level = list(_below(level, number, items))
        if not level:
            return
    raise ValueError(f"it is nested more than {nesting} deep")


def _below(level: list[Any], number: int, items: int | None) -> Iterator[Any]:
    for value in level:
        if isinstance(value, int) and not -number <= value <= number:
            raise ValueError(f"a number of {value.bit_length()} bits is out of all bounds (at most {number:,})")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{value} is no number")
        if isinstance(value, dict | list | tuple):
            if items is not None and len(value) > items:
                raise ValueError(f"a list of {len(value):,} is out of all bounds (at most {items:,})")
            yield from value.values() if isinstance(value, dict) else value


def file_inside(folder: Path, name: str) -> Path:
    """The file ``name`` of a folder: no path, and no link out of it.

    A link may lead to where huggingface_hub's cache keeps contents: from ``models--OWNER--NAME/snapshots/REVISION/`` to
    ``models--OWNER--NAME/blobs/HASH``, and, for what came by Xet, on to ``blobs/HA/HASH`` beside all repositories.
    """
    if name != Path(name).name or "\\" in name or "\0" in name:
        raise ValueError(f"'{name}' is no name of a file in the folder")
    path, home = folder / name, folder.resolve()
    try:
        target = path.resolve()
    except RuntimeError as error:  # a circle of links
        raise ValueError(f"'{name}': {error}") from error
    blobs = [home.parents[up] / "blobs" for up in (1, 2)] if home.parent.name == "snapshots" else []
    if target.parent != home and not any(target.is_relative_to(folder) for folder in blobs):
        raise ValueError(f"'{name}' is a link that leads out of the folder")
    return path


def is_number(value: object) -> bool:
    """Whether it is a finite number, and no truth value."""
    if isinstance(value, float):
        return math.isfinite(value)
    return type(value) is int and -MOST_NUMBER <= value <= MOST_NUMBER


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key is there twice")
    return table


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
