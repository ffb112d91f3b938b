"""Registries: names, what they stand for, and which plugin supplied it.

A registration is lazy: the target is the string ``"module:attribute"``, imported when somebody asks for it,
so that listing a hundred plugins imports none of their networks.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ganzoo.errors import PluginError, RegistryError
from ganzoo.names import did_you_mean


@dataclass(frozen=True)
class Provenance:
    """The distribution that a registration came from."""

    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True)
class Entry:
    """One registered name of one kind (``"network"``, ``"loss"``, ...)."""

    kind: str
    name: str
    target: str
    summary: str
    plugin: Provenance
    details: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> Any:
        """Import the target.

        Raises:
            PluginError: the module does not import, or has no such attribute.
        """
        module_name, _, attribute = self.target.partition(":")
        try:
            module = importlib.import_module(module_name)
            return getattr(module, attribute)
        except Exception as error:  # whatever a plugin's module does when it is imported
            raise PluginError(
                f"{self.kind} '{self.name}' of {self.plugin} does not load from {self.target}: "
                f"{type(error).__name__}: {error}",
                hint=f"Reinstall or report to the authors of {self.plugin.name}.",
            ) from error


class Register(Protocol):
    """What a ``register_*`` hook is handed: call it once for each name."""

    def __call__(self, name: str, target: str, *, summary: str = "", **details: str) -> None: ...


class Registry:
    """The entries of one kind, in order of registration."""

    def __init__(self, kind: str, published: Mapping[str, str] | None = None) -> None:
        """``published`` maps names that some plugin supplies to the distribution to install for them."""
        self.kind = kind
        self._published = published or {}
        self._entries: dict[str, Entry] = {}
        self._clashes: dict[str, Entry] = {}
        self.broken: dict[str, str] = {}
        """Plugins that did not load, and why: one of them may have supplied a name that is missing."""

    def register_as(self, plugin: Provenance) -> Register:
        """The ``register`` callable that is handed to ``plugin``."""

        def register(name: str, target: str, *, summary: str = "", **details: str) -> None:
            if ":" not in target:
                raise PluginError(f"{self.kind} '{name}': target '{target}' is not 'module:attribute'")
            self._add(Entry(self.kind, name, target, summary, plugin, details))

        return register

    def _add(self, entry: Entry) -> None:
        if entry.name in self._entries:
            self._clashes.setdefault(entry.name, entry)
        else:
            self._entries[entry.name] = entry

    def take(self, other: Registry) -> None:
        """Add the entries of another registry of the same kind."""
        for entry in [*other._entries.values(), *other._clashes.values()]:
            self._add(entry)

    def clashes(self) -> list[tuple[Entry, Entry]]:
        """Pairs of entries that two plugins (or one, twice) registered under one name."""
        return [(self._entries[name], second) for name, second in self._clashes.items()]

    def get(self, name: str) -> Entry:
        """The entry called ``name``.

        Raises:
            RegistryError: nothing has that name, or two plugins do; says what is near, or what to install.
        """
        if name in self._clashes:
            first, second = self._entries[name], self._clashes[name]
            raise RegistryError(
                f"{self.kind} '{name}' is registered by both {first.plugin} and {second.plugin}",
                hint=f"Uninstall one of them, or name those that are to load: GANZOO_PLUGINS={first.plugin.name}",
            )
        if name not in self._entries:
            raise RegistryError(f"no {self.kind} is called '{name}'", hint=self._hint(name))
        return self._entries[name]

    def _hint(self, name: str) -> str:
        distribution = self._published.get(name)
        if distribution in self.broken:
            return f"{distribution} supplies it, but does not load: {self.broken[distribution]}"
        if distribution:
            return f"{distribution} supplies it: pip install {distribution}"
        broken = "".join(f"\n{plugin} does not load: {problem}" for plugin, problem in self.broken.items())
        return did_you_mean(name, self) + broken

    def load(self, name: str) -> Any:
        """Import what ``name`` stands for."""
        return self.get(name).load()

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def entries(self) -> list[Entry]:
        """All entries, sorted by name."""
        return sorted(self._entries.values(), key=lambda entry: entry.name)
