"""``metrics.json``: scores in a table for each protocol, so that none is ever compared with one of another.

A protocol is all that a score depends on beside the networks and the noise. Torch-free.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo.errors import CheckpointError
from ganzoo.files import write_text
from ganzoo.untrusted import is_number, read_json

Protocol = dict[str, str | int | float | bool]
"""What was compared and how: ``metric``, ``samples``, ``split``, ``extractor``, ``resizer``, ``averaged``, ..."""

FILE = "metrics.json"

BASELINES = {"_input": "doing nothing", "_real": "real data"}
"""The end of a score's name that tells what to hold it against, and what that is."""


def baseline(name: str) -> tuple[str, str]:
    """The score that a name belongs to, and what it is a baseline of it by; ``""`` for the score itself."""
    for end, words in BASELINES.items():
        if name.endswith(end):
            return name.removesuffix(end), words
    return name, ""


def in_words(baselines: Mapping[str, float]) -> str:
    """``"doing nothing 11.2"``; empty without any."""
    return ", ".join(f"{what} {value:.4g}" for what, value in baselines.items())


def with_baselines(values: Mapping[str, float]) -> Iterator[tuple[str, float, dict[str, float]]]:
    """Each score's name, its value, and what it is to be held against: ``{"doing nothing": 11.2}``."""
    for name, value in values.items():
        score, words = baseline(name)
        if not words or score not in values:
            found = {what: values[name + end] for end, what in BASELINES.items() if name + end in values}
            yield name, value, found


@dataclass(frozen=True)
class Scored:
    """What one metric gave.

    Attributes:
        protocol: how the scores came about.
        step: of the training, when it gave these weights.
        seed: of the noise; it is no part of the protocol, as scores of several seeds may be averaged.
        values: names and scores.
    """

    protocol: Protocol
    step: int
    seed: int
    values: dict[str, float]

    @property
    def id(self) -> str:
        """The protocol's name."""
        return protocol_id(self.protocol)


def protocol_id(protocol: Mapping[str, object]) -> str:
    """A name that two protocols share only when they are the same: ``frechet@classifier-n2048-test-5d41c0e2``."""
    digest = hashlib.sha256(json.dumps(dict(protocol), sort_keys=True).encode()).hexdigest()[:8]
    words = [protocol.get("extractor"), f"n{protocol['samples']}" if "samples" in protocol else None]
    said = "-".join(str(word) for word in (*words, protocol.get("split"), digest) if word)
    return f"{protocol['metric']}@{said}"


def read_scores(folder: Path) -> dict[str, dict[str, Any]]:
    """Protocol id -> ``{"protocol": {...}, "scores": [{"step", "seed", name: value, ...}]}``; empty without a file.

    Raises:
        CheckpointError: the file is torn, or holds something else.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        found: dict[str, dict[str, Any]] = read_json(path)
        if not isinstance(found, dict) or not all(map(_is_table, found.values())):
            raise ValueError("it holds no tables of scores")
        return found
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}", hint="Remove it; scores are told anew.") from error


def _is_table(table: object) -> bool:
    """Whether it is what one protocol has in ``metrics.json``."""
    if not isinstance(table, dict) or not isinstance(table.get("protocol"), dict):
        return False
    rows = table.get("scores")
    return isinstance(rows, list) and all(map(_is_row, rows))


def _is_row(row: object) -> bool:
    if not isinstance(row, dict) or not all(type(row.get(key)) is int for key in ("step", "seed")):
        return False
    return all(map(is_number, row.values()))


def record(folder: Path, scored: Scored) -> None:
    """Add a row to its protocol's table; one of the same step and seed gives way to it. Only finite scores are kept."""
    tables = read_scores(folder)
    table = tables.setdefault(scored.id, {"protocol": scored.protocol, "scores": []})
    rows = {(row["step"], row["seed"]): row for row in table["scores"]}
    finite = {name: value for name, value in scored.values.items() if math.isfinite(value)}
    rows[scored.step, scored.seed] = {"step": scored.step, "seed": scored.seed, **finite}
    table["scores"] = [rows[key] for key in sorted(rows)]
    write_text(folder / FILE, json.dumps(tables, indent=2) + "\n")


def forget_after(folder: Path, step: int) -> None:
    """Drop the rows of later steps, which a resumed training will do again."""
    tables = read_scores(folder)
    for table in tables.values():
        table["scores"] = [row for row in table["scores"] if row["step"] <= step]
    if tables:
        write_text(folder / FILE, json.dumps(tables, indent=2) + "\n")
