"""Finding plugins, loading each inside its own guard, and knowing who supplied what."""

from __future__ import annotations

import functools
import importlib
import os
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata, resources
from typing import Any

import pluggy

from ganzoo import hookspecs
from ganzoo.errors import PluginError
from ganzoo.names import did_you_mean
from ganzoo.registry import Entry, Provenance, Registry

KINDS = {
    "network": "register_networks",
    "loss": "register_losses",
    "penalty": "register_penalties",
    "data": "register_data",
    "loop": "register_loops",
    "model": "register_models",
    "metric": "register_metrics",
    "importer": "register_importers",
    "tracker": "register_trackers",
}
"""Kind of registry -> the hook that fills it."""


@dataclass(frozen=True)
class PluginStatus:
    """A plugin that was found: ``problem`` is empty when it loaded."""

    provenance: Provenance
    entry_point: str
    problem: str = ""


class Plugins:
    """The registries, filled by the core and by every plugin that loads."""

    def __init__(self, entry_points: Iterable[metadata.EntryPoint] | None = None, chosen: str | None = None) -> None:
        """Load the plugins.

        Args:
            entry_points: what to load; by default the installed ones of the group ``ganzoo``.
            chosen: comma-separated distribution or entry-point names that alone are loaded;
                by default ``GANZOO_PLUGINS``; None loads all.
        """
        if entry_points is None:
            entry_points = metadata.entry_points(group=hookspecs.GROUP)
        if chosen is None:
            chosen = os.environ.get("GANZOO_PLUGINS")
        names = None if chosen is None else {name.strip() for name in chosen.split(",")}
        published = _published()
        self.registries = {kind: Registry(kind, published.get(kind)) for kind in KINDS}
        self.statuses: list[PluginStatus] = []
        self._manager = _new_manager()
        self._load(
            "ganzoo.builtin", lambda: importlib.import_module("ganzoo.builtin"), Provenance("ganzoo", version("ganzoo"))
        )
        for entry_point in sorted(entry_points, key=lambda point: (point.name, point.value)):
            provenance = _provenance(entry_point)
            if names is None or names & {entry_point.name, provenance.name}:
                self._load(entry_point.value, entry_point.load, provenance)

    def _load(self, where: str, load: Callable[[], Any], provenance: Provenance) -> None:
        """Register one plugin; whatever it does wrong is kept as its problem and harms nobody else."""
        name = f"{provenance.name}:{where}"
        try:
            self._manager.register(load(), name=name)
            self._refuse_unknown_hooks(name)
            self._collect(name, provenance)
        except (Exception, SystemExit) as error:  # a plugin's import can do anything
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            problem = error.message if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
            self.statuses.append(PluginStatus(provenance, where, problem))
            for registry in self.registries.values():
                registry.broken[provenance.name] = problem
        else:
            self.statuses.append(PluginStatus(provenance, where))

    def _refuse_unknown_hooks(self, name: str) -> None:
        callers = self._manager.get_hookcallers(self._manager.get_plugin(name)) or []
        known = [caller.name for caller in vars(self._manager.hook).values() if caller.has_spec()]
        for caller in callers:
            if not caller.has_spec():
                raise PluginError(f"there is no hook '{caller.name}'; {did_you_mean(caller.name, known)}")

    def _collect(self, name: str, provenance: Provenance) -> None:
        """Run the plugin's ``register_*`` hooks; nothing is kept unless all of them succeed."""
        collected = {kind: Registry(kind) for kind in KINDS}
        for kind, hook in KINDS.items():
            for implementation in getattr(self._manager.hook, hook).get_hookimpls():
                if implementation.plugin_name == name:
                    implementation.function(collected[kind].register_as(provenance))
        for kind, registry in collected.items():
            self.registries[kind].take(registry)

    def get(self, kind: str, name: str) -> Entry:
        """The entry of that kind and name; see :meth:`Registry.get`."""
        return self.registries[kind].get(name)

    def load(self, kind: str, name: str) -> Any:
        """Import what the name stands for."""
        return self.registries[kind].load(name)

    def recipe_text(self, model: str) -> str:
        """The default recipe of a model, as its plugin ships it.

        Raises:
            RegistryError: no such model. PluginError: its recipe is missing.
        """
        entry = self.get("model", model)
        package, _, path = entry.target.partition(":")
        try:
            return resources.files(package).joinpath(path).read_text(encoding="utf-8")
        except (OSError, ModuleNotFoundError) as error:
            raise PluginError(
                f"model '{model}' of {entry.plugin} ships no recipe at {entry.target}: {error}"
            ) from error

    @property
    def hook(self) -> pluggy.HookRelay:
        """Calls a hook of every plugin."""
        return self._manager.hook

    @contextmanager
    def listening(self, listeners: Iterable[object]) -> Iterator[None]:
        """Have the life-cycle hooks of these objects called too, for as long as the context lasts."""
        listeners = list(listeners)
        for listener in listeners:
            self._manager.register(listener)
        try:
            yield
        finally:
            for listener in listeners:
                self._manager.unregister(listener)


@functools.cache
def plugins() -> Plugins:
    """The installed plugins, loaded at the first call."""
    return Plugins()


def version(distribution: str) -> str:
    """The installed version of a distribution; empty when it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _provenance(entry_point: metadata.EntryPoint) -> Provenance:
    distribution = entry_point.dist
    return Provenance(distribution.name, distribution.version) if distribution else Provenance(entry_point.name)


def _new_manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    return manager


def _published() -> Mapping[str, Mapping[str, str]]:
    """Kind -> name -> the published distribution that supplies it (``published.toml``)."""
    text = resources.files("ganzoo").joinpath("published.toml").read_text(encoding="utf-8")
    by_distribution = tomllib.loads(text)
    found: dict[str, dict[str, str]] = {}
    for distribution, kinds in by_distribution.items():
        for kind, names in kinds.items():
            found.setdefault(kind, {}).update(dict.fromkeys(names, distribution))
    return found
