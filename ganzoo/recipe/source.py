"""TOML with a memory of where each key was written, so that an error can say ``file:line``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ganzoo.errors import RecipeError
from ganzoo.untrusted import MOST_NESTING, parse_toml

Path = tuple[str, ...]

RIVALS: dict[str, list[set[str]]] = {
    "train": [{"epochs"}, {"steps"}],
    "schedule": [{"constant_epochs", "decay_epochs"}, {"constant_steps", "decay_steps"}],
}
"""Table -> the keys for one length in one unit and in the other: who sets some of one means none of the other."""

_HEADER = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|' + r"'[^']*'")


@dataclass
class Source:
    """Keys and values, and for each path of keys the place that it was written in."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, str] = field(default_factory=dict)

    def place(self, path: Path) -> str:
        """Where a path was written, or the nearest table around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return self.places.get((), "recipe")

    def over(self, base: Source) -> Source:
        """This source laid over another: tables are merged, everything else is replaced.

        A table that names another ``type`` replaces the whole table: the old type's keys mean nothing to the new one.
        """
        base = base.without_rivals(self)
        places: dict[Path, str] = {(): self.places.get((), base.places.get((), "recipe"))}
        values = _merge(base.values, self.values)
        for source in (base, self):
            places.update({path: place for path, place in source.places.items() if path})
        return Source(values, places)

    def without_rivals(self, top: Source) -> Source:
        """This source without the lengths that the one laid over it gives in another unit."""
        values = dict(self.values)
        for table, units in RIVALS.items():
            above, below = top.values.get(table), values.get(table)
            if isinstance(above, dict) and isinstance(below, dict):
                rivals = {key for keys in units if not keys & set(above) for key in keys}
                if any(keys & set(above) for keys in units):
                    values[table] = {key: value for key, value in below.items() if key not in rivals}
        return Source(values, self.places)


def parse(text: str, name: str) -> Source:
    """Read TOML.

    Raises:
        RecipeError: it is not TOML; says line and column.
    """
    try:
        values = parse_toml(text)
    except ValueError as error:
        raise RecipeError(f"{name}: {error}", hint="A recipe is TOML: https://toml.io") from error
    places: dict[Path, str] = {path: f"{name}:{line}" for path, line in _lines(text).items()}
    return Source(values, {(): name, **places})


def parse_overrides(overrides: list[str]) -> Source:
    """Read ``KEY=VALUE`` strings: dotted keys and TOML values; what is no TOML value is taken as a string.

    Raises:
        RecipeError: no ``=``, or a key through something that is no table.
    """
    source = Source()
    for override in overrides:
        key, equals, text = override.partition("=")
        path = tuple(part.strip() for part in key.split("."))
        if not equals or not all(path) or len(path) > MOST_NESTING:
            raise RecipeError(f"--set {override}: expected KEY=VALUE", hint="As in --set train.batch_size=4")
        if not override.isprintable():
            raise RecipeError(f"--set {override}: holds characters that are no text")
        table = source.values
        for part in path[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise RecipeError(f"--set {override}: '{part}' was already set to a value")
        table[path[-1]] = _value(text.strip())
        source.places[path] = f"--set {override}"
    return source


def _value(text: str) -> Any:
    try:
        return parse_toml(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    except ValueError as error:
        raise RecipeError(f"--set: {text[:100]}: {error}") from error


def _merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict) and _are_of_one_type(below, value):
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged


def _are_of_one_type(below: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    return bool(value.get("type", below.get("type")) == below.get("type"))


def _lines(text: str) -> dict[Path, int]:
    """The line of each table header and key; keys inside a value that spans lines are passed over."""
    lines: dict[Path, int] = {}
    table: Path = ()
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = _STRING.sub('""', line).partition("#")[0]
        if depth == 0:
            header, key = _HEADER.match(line), _KEY.match(line)
            if header and "=" not in bare:
                table = _split(header[1])
                lines[table] = number
                continue
            if key:
                lines.setdefault(table + _split(key[1]), number)
        depth = max(0, depth + sum(bare.count(c) for c in "[{") - sum(bare.count(c) for c in "]}"))
    return lines


def _split(dotted: str) -> Path:
    parts = re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", dotted)
    return tuple(part.strip("\"'") for part in parts)
