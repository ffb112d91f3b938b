"""Markdown and its metadata, made of whatever text: it is shown as it is, and neither runs nor breaks out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ganzoo.names import clean

_SPECIAL = re.compile(r"([\\`*\[\]#|~$])")


def front_matter(value: Mapping[str, Any]) -> str:
    """Metadata as YAML, every text of it quoted."""
    return "".join(f"{line}\n" for line in _yaml(value))


def escaped(value: object) -> str:
    """Any text as one line that Markdown shows as it is: no tag, no table, no link, no control character."""
    line = one_line(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", line)


def one_line(value: object) -> str:
    """Any text without line ends and control characters."""
    return " ".join(clean(value).split())


def plain(value: object) -> str:
    """A name that stands in a command: what a name cannot have is left out."""
    return re.sub(r"[^\w.:/@-]", "", str(value))


def code(value: object) -> str:
    """One line as code; backticks, bars and tags cannot end it."""
    return f"`{re.sub('[`|<>]', '', one_line(value))}`"


def fence(text: str, language: str) -> str:
    """A block of code whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{clean(text)}\n{ticks}"


def table(heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """A table; nothing without rows."""
    lines = [" | ".join(map(escaped, row)) for row in rows]
    if not lines:
        return ""
    rule = "|".join("---" for _ in heads)
    return "\n".join([f"| {' | '.join(heads)} |", f"|{rule}|", *(f"| {line} |" for line in lines)])


def _yaml(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _yaml_under(f"{key}:", "  ", item)
    else:
        for item in value:
            lines = list(_yaml(item)) if isinstance(item, Mapping) else [_yaml_scalar(item)]
            yield f"- {lines[0]}"
            yield from (f"  {line}" for line in lines[1:])


def _yaml_under(key: str, indent: str, item: Any) -> Iterator[str]:
    if isinstance(item, Mapping | list):
        yield key
        yield from (f"{indent}{line}" for line in _yaml(item))
    else:
        yield f"{key} {_yaml_scalar(item)}"


def _yaml_scalar(value: Any) -> str:
    """As JSON, which YAML reads as the same; a number such as 1e-05 needs a point to be one."""
    if isinstance(value, str):
        return json.dumps(clean(value), ensure_ascii=False)
    said = json.dumps(value)
    return said.replace("e", ".0e") if isinstance(value, float) and "e" in said and "." not in said else said
