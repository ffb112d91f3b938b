"""``ganzoo pull``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("pull")(pull)


def pull(
    name: Annotated[
        str, typer.Argument(metavar="OWNER/NAME[@REVISION]", help="A repository, and a branch, tag or commit of it.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A folder to copy it to; by default it stays in huggingface_hub's cache."),
    ] = None,
) -> None:
    """Fetch a published generator, and print its folder."""
    from ganzoo import hub

    output = Output()
    if not output.is_terminal:
        hub.hide_bars()
    output.say(str(hub.pull(name, out)))
