"""From TOML text to a checked recipe, with every problem reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ganzoo.errors import GanzooError, RecipeError
from ganzoo.names import did_you_mean, nearest
from ganzoo.plugins import Plugins
from ganzoo.recipe.schema import Optimizer, Recipe
from ganzoo.recipe.shipped import shipped_recipe, shipped_recipes
from ganzoo.recipe.source import Path as KeyPath
from ganzoo.recipe.source import Source, parse, parse_overrides
from ganzoo.untrusted import read_text

SPECTRAL_NORM = "spectral_norm"
"""The key of every network's table that normalises its convolutions and linear layers (arXiv:1802.05957)."""


def read(model: str | None, recipe: str | Path | None, overrides: Iterable[str], plugins: Plugins) -> Source:
    """Read a recipe with what it extends and what is set over it.

    Args:
        model: a model's name; without ``recipe`` its default recipe is read.
        recipe: a file, or the name of a shipped recipe.
        overrides: ``KEY=VALUE`` strings.
        plugins: where models come from.

    Raises:
        RecipeError, RegistryError: no such recipe or model, no TOML, a circle of ``extends``.
    """
    if recipe is None:
        if model is None:
            raise RecipeError("neither a model nor a recipe was named", hint="ganzoo list models shows what there is")
        plugins.get("model", model)
        recipe = model
    source = _read_with_bases(str(recipe), None, plugins, ())
    source = parse_overrides(list(overrides)).over(source)
    if model is not None:
        named = source.values.setdefault("model", model)
        if named != model:
            place = source.place(("model",))
            if not place.startswith((source.place(()), "--set")):  # it is said in a recipe that this one extends
                place = str(recipe)
            raise RecipeError(
                f"{place}: the recipe is for model '{named}', not '{model}'",
                hint=f"ganzoo train {named} --recipe {recipe}",
            )
    return source


def _read_with_bases(name: str, beside: Path | None, plugins: Plugins, seen: tuple[str, ...]) -> Source:
    """A recipe laid over the one it extends; ``beside`` is the folder of the recipe that named it."""
    if name in seen:
        raise RecipeError(f"recipes extend each other in a circle: {' -> '.join([*seen, name])}")
    path = _file(name, beside)
    if path is not None:
        try:
            source = parse(read_text(path), _shown(path))
        except (OSError, ValueError) as error:
            raise RecipeError(f"{_shown(path)}: cannot be read: {error}") from error
    elif name.endswith(".toml") and not seen:
        near = nearest(Path(name).stem, shipped_recipes(plugins))
        hint = f"did you mean '{near}', which comes along?" if near else "ganzoo list recipes shows what comes along"
        raise RecipeError(f"{name}: no such recipe file", hint=hint)
    else:
        shipped = shipped_recipe(name.removesuffix(".toml"), plugins)
        source = parse(shipped.text, shipped.origin)
    base = source.values.pop("extends", None)
    if base is None:
        return source
    return source.over(_read_with_bases(str(base), path.parent if path else None, plugins, (*seen, name)))


def _file(name: str, beside: Path | None) -> Path | None:
    candidates = [beside / name] if beside else []
    return next((path for path in [*candidates, Path(name)] if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def check(source: Source, plugins: Plugins) -> Recipe:
    """Check a recipe whole: its form, its names, and the settings of everything it names.

    Returns:
        The recipe with every component's settings filled in, except what only the data can tell.

    Raises:
        RecipeError: one line ``file:line: key: problem`` for each problem there is.
    """
    checking = _Checking(source, plugins)
    recipe = checking.recipe()
    if checking.problems:
        raise RecipeError("\n".join(checking.problems))
    assert recipe is not None
    return recipe


@dataclass
class _Checking:
    source: Source
    plugins: Plugins
    problems: list[str] = field(default_factory=list)

    def problem(self, path: KeyPath, text: str) -> None:
        line = f"{self.source.place(path)}: {'.'.join(path)}: {text}"
        if line not in self.problems:
            self.problems.append(line)

    def recipe(self) -> Recipe | None:
        values = self.source.values
        completed = dict(values)
        loop = self._loop_class(values.get("model"))
        for section, kind in (("data", "data"), ("loss", "loss"), ("penalty", "penalty")):
            if section in values:
                completed[section] = self._component((section,), values[section], kind)
            elif section != "data":
                default = Recipe.model_fields[section].default
                completed[section] = self._component((section,), default.model_dump(), kind)
        networks = values.get("networks")
        if isinstance(networks, dict):
            completed["networks"] = {
                role: self._component(("networks", role), component, "network") for role, component in networks.items()
            }
        if loop is not None:
            self._roles(loop, networks if isinstance(networks, dict) else {})
            self._players(loop, values.get("optimizer"))
            completed["loop"] = self._validated(("loop",), loop.Config, values.get("loop", {}))
        for name in _strings(values, "evaluation", "metrics"):
            self._known(("evaluation", "metrics"), "metric", name)
        for name in _strings(values, "train", "trackers"):
            self._known(("train", "trackers"), "tracker", name)
        recipe: Recipe | None = self._validate(Recipe, completed, ())
        return recipe

    def _loop_class(self, model: Any) -> Any:
        if not isinstance(model, str):
            return None
        entry = self._known(("model",), "model", model)
        if entry is None:
            return None
        return self._load(("model",), "loop", entry.details.get("loop", model))

    def _known(self, path: KeyPath, kind: str, name: str) -> Any:
        return self._guarded(path, lambda: self.plugins.get(kind, name))

    def _load(self, path: KeyPath, kind: str, name: str) -> Any:
        return self._guarded(path, lambda: self.plugins.load(kind, name))

    def _guarded(self, path: KeyPath, find: Callable[[], Any]) -> Any:
        try:
            return find()
        except GanzooError as error:
            self.problem(path, f"{error.message}; {error.hint}" if error.hint else error.message)
            return None

    def _component(self, path: KeyPath, table: Any, kind: str) -> Any:
        """A component's table with all its settings; as it was where that cannot be told."""
        if not isinstance(table, dict) or not isinstance(table.get("type"), str):
            return table
        target = self._load((*path, "type"), kind, table["type"])
        if target is None:
            return table
        options = {key: value for key, value in table.items() if key != "type"}
        reserved = {}
        if kind == "network" and isinstance(options.get(SPECTRAL_NORM), bool):
            reserved = {SPECTRAL_NORM: options.pop(SPECTRAL_NORM)}
        return {"type": table["type"], **self._validated(path, target.Config, options), **reserved}

    def _validated(self, path: KeyPath, config: type[BaseModel], options: Any) -> Any:
        model = self._validate(config, options, path)
        return options if model is None else model.model_dump()

    def _validate(self, model: type[BaseModel], values: Any, path: KeyPath) -> Any:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            for detail in error.errors():
                self.problem(*_describe(detail, model, values, path))
            return None

    def _roles(self, loop: Any, networks: Mapping[str, Any]) -> None:
        names = loop.network_names()
        for name in names:
            if role(name, networks) is None:
                self.problem(("networks",), f"network '{name}' is missing: add [networks.{name.partition('_')[0]}]")
        known = {*names, *(name.partition("_")[0] for name in names)}
        for given in networks:
            if given not in known:
                self.problem(("networks", given), f"this model has no such network; {did_you_mean(given, known)}")

    def _players(self, loop: Any, optimizers: Any) -> None:
        for key, value in optimizers.items() if isinstance(optimizers, dict) else ():
            path = ("optimizer", key)
            if key in Optimizer.model_fields:
                continue
            if isinstance(value, dict) and key in loop.players:
                self._validate(Optimizer, value, path)
            else:
                self.problem(path, _unknown(key, [*Optimizer.model_fields, *loop.players]))


def role(network: str, networks: Mapping[str, Any]) -> str | None:
    """The table that a network is built from: its own name's, or that of the part before its first underscore."""
    return next((name for name in (network, network.partition("_")[0]) if name in networks), None)


def _strings(values: Mapping[str, Any], table: str, key: str) -> list[str]:
    found = values.get(table)
    listed = found.get(key, []) if isinstance(found, dict) else []
    return [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else []


def _describe(detail: Any, model: type[BaseModel], values: Any, path: KeyPath) -> tuple[KeyPath, str]:
    """The path and the words of one of pydantic's errors."""
    keys, table = path, values
    fields: type[BaseModel] | None = model
    known: list[str] = []
    for part in detail["loc"]:
        if not isinstance(table, Mapping) or (part not in table and detail["type"] != "missing"):
            break
        keys, table = (*keys, str(part)), table.get(part)
        known = list(fields.model_fields) if fields else []
        fields = _table_below(fields, str(part))
    if detail["type"] == "extra_forbidden":
        return keys, _unknown(keys[-1], known)
    if detail["type"] == "missing":
        return keys, "missing"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return keys or ("recipe",), f"{message}, not {table!r}" if not isinstance(table, Mapping) else message


def _table_below(model: type[BaseModel] | None, key: str) -> type[BaseModel] | None:
    """The model of a table inside a model's table."""
    annotation = model.model_fields[key].annotation if model and key in model.model_fields else None
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _unknown(key: str, known: Iterable[str]) -> str:
    near = nearest(key, known)
    return f"unknown key; did you mean '{near}'?" if near else f"unknown key; there is: {', '.join(sorted(known))}"
