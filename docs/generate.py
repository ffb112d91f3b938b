"""Writes what the pages take from the code and from the figures that were measured.

- docs/cli.md from the command line itself, docs/recipes.md from the models that recipes are checked by, docs/gallery.md
  from the figures; how each begins is written by hand, in docs/_cli.md, docs/_recipes.md and docs/_gallery.md;
- the figures in docs/benchmarks.md and in the plugins' READMEs, between two comments.

python docs/generate.py           writes them
python docs/generate.py --check   exits with 1 and says which is stale
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import figures
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ganzoo.cli.main import app
from ganzoo.plugins import Plugins
from ganzoo.recipe.schema import Component, Recipe
from ganzoo.registry import Entry

DOCS = Path(__file__).parent
NOTE = "<!-- Written by `make docs` from the code and the page of this name with an underscore; do not edit. -->"

BEGIN, END = "<!-- Figures, written by `make docs`; do not edit. -->", "<!-- Figures end. -->"

KINDS = {"data": "Data", "network": "Networks", "loop": "Loops", "loss": "Losses", "penalty": "Penalties"}
"""Kind -> the heading over its entries."""

TABLES: dict[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in Recipe.model_fields.items()
    if isinstance(field.annotation, type)
    and issubclass(field.annotation, BaseModel)
    and field.annotation is not Component
}
"""The recipe's tables whose keys are always the same."""

REMARKS = {
    "loop": "The settings of `[loop]`; the model says which loop it is played by.",
    "network": "The settings of `[networks.<role>]`, by `type`. Each also takes `spectral_norm = true`, which divides "
    "every weight of its convolutions and linear layers by its largest singular value (arXiv:1802.05957).",
}


def main() -> int:
    """Write or check; the exit code."""
    checking = sys.argv[1:] == ["--check"]
    stale = []
    for path, text in pages(official_plugins()):
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path.relative_to(DOCS.parent))
            if not checking:
                path.write_text(text, encoding="utf-8")
    for name in stale:
        sys.stdout.write(f"{name} is stale: make docs\n" if checking else f"wrote {name}\n")
    return int(checking and bool(stale))


def official_plugins() -> Plugins:
    """The plugins of this repository, and no other that may be installed."""
    official = [folder.name for folder in (DOCS.parent / "plugins").glob("ganzoo-*")]
    plugins = Plugins(chosen=",".join(official))
    missing = set(official) - {status.provenance.name for status in plugins.statuses if not status.problem}
    if missing:
        raise SystemExit(f"not installed, or broken: {', '.join(sorted(missing))}")
    return plugins


def pages(plugins: Plugins) -> Iterator[tuple[Path, str]]:
    """Every page that is written, and what it should say."""
    yield DOCS / "cli.md", cli()
    yield DOCS / "recipes.md", recipes(plugins)
    yield DOCS / "gallery.md", "\n".join([NOTE, "", _opening("gallery.md"), figures.gallery(plugins)]).rstrip() + "\n"
    yield _filled(DOCS / "benchmarks.md", figures.quality())
    for folder in sorted((DOCS.parent / "plugins").glob("ganzoo-*")):
        yield _filled(folder / "README.md", figures.of_plugin(folder.name, plugins))


def _filled(path: Path, text: str) -> tuple[Path, str]:
    """A page with what stands between its two comments replaced."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{path.relative_to(DOCS.parent)}: needs the lines {BEGIN} and {END}")
    return path, "\n\n".join([before + begin, text.strip(), end + after])


def _opening(page: str) -> str:
    """What is written by hand, in a file beside the page."""
    return (DOCS / f"_{page}").read_text(encoding="utf-8").rstrip() + "\n"


def cli() -> str:
    """The reference of all commands."""
    sections = [_command(path, command) for path, command in _commands(typer.main.get_command(app), ("ganzoo",))]
    return "\n".join([NOTE, "", _opening("cli.md"), *sections])


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that call it; groups go in depth."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    if len(path) == 1:
        yield path, command
    for name, inner in command.commands.items():
        yield from _commands(inner, (*path, name))


def _command(path: tuple[str, ...], command: Any) -> str:
    hints = get_type_hints(command.callback)  # what it takes itself, without --help and the like
    own = [given for given in command.params if given.name in hints and not getattr(given, "hidden", False)]
    arguments = [given for given in own if given.param_type_name == "argument"]
    options = [given for given in own if given.param_type_name == "option"]
    usage = [*path, *(_usage(argument) for argument in arguments), *["[OPTIONS]"] * bool(options)]
    if hasattr(command, "commands"):
        usage.append("COMMAND ...")
    rows = [
        [f"`{_metavar(argument)}`", (argument.help or "") + _choices(argument, hints), ""] for argument in arguments
    ]
    rows += [[_option(option, hints), option.help or "", _shown_default(option)] for option in options]
    lines = [f"## `{' '.join(path)}`", "", _joined(command.help or ""), "", f"    {' '.join(usage)}", ""]
    return "\n".join([*lines, *_table(["", "", "default"], rows), ""])


def _metavar(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _usage(argument: Any) -> str:
    name = _metavar(argument) + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _choices(argument: Any, hints: Mapping[str, Any]) -> str:
    """The words that an argument takes, where they are a fixed few."""
    kinds = [hints[argument.name], *get_args(hints[argument.name])]
    words = [f"`{word}`" for kind in kinds if isinstance(kind, type) and issubclass(kind, StrEnum) for word in kind]
    return f" One of {', '.join(words)}." if words else ""


def _option(option: Any, hints: Mapping[str, Any]) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    words = {int: "INTEGER", float: "NUMBER", Path: "PATH"}
    kinds = [kind for hint in [hints.get(option.name)] for kind in (hint, *get_args(hint))]
    value = option.metavar or next((words[kind] for kind in kinds if kind in words), "TEXT")
    return f"`{names}`" if option.is_flag else f"`{names} {value}`"


def _shown_default(option: Any) -> str:
    default = option.default
    return "" if default in (None, False, (), []) or callable(default) else f"`{default}`"


def recipes(plugins: Plugins) -> str:
    """The reference of all keys that a recipe can have."""
    parts = [
        NOTE,
        "",
        _opening("recipes.md"),
        "## Tables that every recipe may have",
        "",
        "### At the top",
        "",
        *_top(),
        "",
    ]
    for name, model in TABLES.items():
        parts += [f"### `[{name}]`", "", _first_paragraph(model), "", *_settings(model), ""]
    for kind, title in KINDS.items():
        parts += [f"## {title}", "", REMARKS.get(kind, f"The settings of `[{kind}]`, by `type`."), ""]
        for entry in plugins.registries[kind].entries():
            parts += _entry(entry, plugins)
    return "\n".join(parts).rstrip() + "\n"


def _top() -> list[str]:
    rows = []
    for name, field in Recipe.model_fields.items():
        if name not in TABLES:
            rows.append([f"`{name}`", _type(field.annotation), _default(field), _joined(field.description or "")])
    return _table(["key", "type", "default", ""], rows)


def _entry(entry: Entry, plugins: Plugins) -> list[str]:
    target = entry.load()
    supplier = "ganzoo" if entry.plugin.name == "ganzoo" else f"`{entry.plugin.name}`"
    lines = [f"### `{entry.name}`", "", f"{_sentence(entry.summary)} From {supplier}.", ""]
    return [*lines, *_settings(target.Config), ""]


def _settings(model: type[BaseModel]) -> list[str]:
    rows = [
        [f"`{name}`", _type(field.annotation), _default(field), _joined(field.description or "")]
        for name, field in model.model_fields.items()
    ]
    return _table(["key", "type", "default", ""], rows) if rows else ["It has no settings."]


def _type(annotation: Any) -> str:
    """A type as TOML's reader thinks of it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{_toml(choice)}`" for choice in inner)
    if origin in (Union, UnionType):
        return " or ".join(_type(choice) for choice in inner if choice is not NoneType)
    if origin in (tuple, list):
        return f"array of {_type(inner[0])}s"
    if origin is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return "table"
    if origin is not None:
        return _type(inner[0])
    names = {"bool": "boolean", "int": "integer", "float": "number", "str": "string", "Path": "string", "Any": "any"}
    return names.get(getattr(annotation, "__name__", str(annotation)), str(annotation))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True) if field.default is PydanticUndefined else field.default
    if default is None:
        return ""
    if isinstance(default, BaseModel):
        kind = getattr(default, "type", "")
        return f'`type = "{kind}"`' if kind else ""
    return f"`{_toml(default)}`"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, dict):
        return "{}" if not value else str(value)
    return f'"{value}"' if isinstance(value, str | Path) else repr(value)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A Markdown table without the columns that are empty."""
    kept = [index for index in range(len(head)) if any(row[index] for row in rows)]
    cells = [[row[index].replace("|", "\\|") for index in kept] for row in [head, *rows]]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], "|" + "---|" * len(kept), *lines[1:]] if rows else []


def _joined(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def _first_paragraph(model: type[BaseModel]) -> str:
    return _joined((model.__doc__ or "").partition("\n\n")[0])


def _sentence(text: str) -> str:
    first, _, rest = text.partition(" ")
    return f"{first.capitalize() if first.islower() else first} {rest}."


if __name__ == "__main__":
    sys.exit(main())
