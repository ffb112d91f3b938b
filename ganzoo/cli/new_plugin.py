"""``ganzoo new-plugin``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.options import Quiet
from ganzoo.plugins import plugins
from ganzoo.scaffold import scaffold


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("new-plugin")(new_plugin)


def new_plugin(
    name: Annotated[str, typer.Argument(help="The model's name: lower-case letters, digits and dashes.")],
    out: Annotated[Path | None, typer.Option("--out", help="The folder to make; ganzoo-NAME when left out.")] = None,
    quiet: Quiet = False,
) -> None:
    """Start a plugin called NAME.

    A distribution with networks, data, a loop, a recipe and tests that pass.
    """
    output = Output(quiet=quiet)
    folder = scaffold(name, out, plugins())
    model = name.removeprefix("ganzoo-")
    output.say(f"{folder} is a working plugin. To try and to test it:\n")
    output.say(f"  pip install -e '{folder}[test]'\n  ganzoo train {model}\n  pytest {folder}")
