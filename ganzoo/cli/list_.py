"""``ganzoo list``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.options import AsJson
from ganzoo.errors import RegistryError
from ganzoo.names import did_you_mean
from ganzoo.plugins import Plugins, plugins
from ganzoo.recipe.shipped import shipped_recipes

Row = dict[str, str]


class What(StrEnum):
    """What can be listed."""

    MODELS = "models"
    NETWORKS = "networks"
    LOSSES = "losses"
    PENALTIES = "penalties"
    DATA = "data"
    LOOPS = "loops"
    RECIPES = "recipes"
    METRICS = "metrics"
    IMPORTERS = "importers"
    TRACKERS = "trackers"
    PLUGINS = "plugins"


_KINDS = {
    What.MODELS: "model",
    What.NETWORKS: "network",
    What.LOSSES: "loss",
    What.PENALTIES: "penalty",
    What.DATA: "data",
    What.LOOPS: "loop",
    What.METRICS: "metric",
    What.IMPORTERS: "importer",
    What.TRACKERS: "tracker",
}


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("list")(list_)


def list_(
    what: Annotated[
        str | None, typer.Argument(help=f"One kind alone; all of them when left out: {', '.join(What)}.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is installed, and by which plugin."""
    output = Output(as_json=as_json)
    found = plugins()
    listing = {kind.value: _rows(kind, found) for kind in ([_kind(what)] if what else What)}
    if as_json:
        output.json(listing)
        return
    for kind, rows in listing.items():
        if rows or what:
            output.table(kind, list(rows[0]) if rows else ["name"], [list(row.values()) for row in rows])
    broken = [status for status in found.statuses if status.problem]
    if broken and what != What.PLUGINS:
        names = ", ".join(status.provenance.name for status in broken)
        output.note(f"did not load: {names}; ganzoo list plugins says why")


def _kind(name: str) -> What:
    try:
        return What(name)
    except ValueError:
        raise RegistryError(f"there is no kind '{name}' to list", hint=did_you_mean(name, What)) from None


def _rows(what: What, found: Plugins) -> list[Row]:
    if what is What.PLUGINS:
        return [
            {
                "name": status.provenance.name,
                "version": status.provenance.version,
                "loads from": status.entry_point,
                "status": status.problem or "ok",
            }
            for status in found.statuses
        ]
    if what is What.RECIPES:
        return [
            {"name": recipe.name, "run with": recipe.summary, "from": recipe.plugin}
            for recipe in shipped_recipes(found).values()
        ]
    registry = found.registries[_KINDS[what]]
    clashing = {first.name: second.plugin for first, second in registry.clashes()}
    return [
        {
            "name": entry.name,
            "what it is": entry.summary,
            "plugin": f"{entry.plugin} and {clashing[entry.name]}" if entry.name in clashing else str(entry.plugin),
        }
        for entry in registry.entries()
    ]
