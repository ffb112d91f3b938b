"""``metrics.json``: scores in a table for each protocol, so that none is ever compared with one of another.

A protocol is all that a score depends on beside the networks and the noise. Torch-free.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganzoo.files import write_text

Protocol = dict[str, str | int | float]
"""What was compared and how: ``metric``, ``samples``, ``split``, ``extractor``, ``resizer``, ``averaged``, ..."""

FILE = "metrics.json"


def protocol_id(protocol: Mapping[str, str | int | float]) -> str:
    """A name that two protocols share only when they are the same: ``frechet@classifier-n2048-test-5d41c0e2``."""
    digest = hashlib.sha256(json.dumps(dict(protocol), sort_keys=True).encode()).hexdigest()[:8]
    words = [protocol.get("extractor"), f"n{protocol['samples']}" if "samples" in protocol else None]
    said = "-".join(str(word) for word in (*words, protocol.get("split"), digest) if word)
    return f"{protocol['metric']}@{said}"


def read_scores(folder: Path) -> dict[str, dict[str, Any]]:
    """Protocol id -> ``{"protocol": {...}, "scores": [{"step", "seed", name: value, ...}, ...]}``; empty without file."""
    path = folder / FILE
    found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def record(folder: Path, protocol: Protocol, row: Mapping[str, float]) -> None:
    """Add a row of scores to its protocol's table; one of the same ``step`` and ``seed`` gives way to it."""
    tables = read_scores(folder)
    table = tables.setdefault(protocol_id(protocol), {"protocol": protocol, "scores": []})
    others = [old for old in table["scores"] if any(old.get(key) != row.get(key) for key in ("step", "seed"))]
    table["scores"] = sorted([*others, dict(row)], key=lambda row: (row.get("step", 0), row.get("seed", 0)))
    write_text(folder / FILE, json.dumps(tables, indent=2) + "\n")


def forget_after(folder: Path, step: int) -> None:
    """Drop the rows of later steps, which a resumed training will do again."""
    tables = read_scores(folder)
    for table in tables.values():
        table["scores"] = [row for row in table["scores"] if row.get("step", 0) <= step]
    if tables:
        write_text(folder / FILE, json.dumps(tables, indent=2) + "\n")
