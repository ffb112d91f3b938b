"""Asking at the terminal before a published data set is downloaded."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from ganzoo.cli.console import Output
from ganzoo.data.download import KNOWN
from ganzoo.plugins import plugins
from ganzoo.recipe.parse import read


def ask_to_download(model: str, recipe: str | None, overrides: list[str], output: Output) -> list[str]:
    """The setting that allows the download, when pictures are missing, can be had, and the person says yes."""
    data = read(model, recipe, overrides, plugins()).values.get("data", {})
    root, source = data.get("root"), data.get("source")
    missing = isinstance(root, str) and source in KNOWN and not Path(root).expanduser().exists()
    if not missing or "download" in data or not (sys.stdin.isatty() and output.is_terminal):
        return []
    archive = KNOWN[source]
    size = f" ({archive.size / 2**20:,.0f} MiB)" if archive.size else ""
    wanted = typer.confirm(f"{root} is not there. Download {archive.name}{size} from {archive.source}?", err=True)
    return ["data.download=true"] if wanted else []
