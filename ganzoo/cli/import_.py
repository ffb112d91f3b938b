"""``ganzoo import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.options import Quiet


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("import")(import_)


def import_(
    kind: Annotated[str, typer.Argument(help="Who wrote the file, as `ganzoo list importers` names it.")],
    files: Annotated[list[Path], typer.Argument(help="The weights; a second file is of the opposite direction.")],
    out: Annotated[Path, typer.Option("--out", help="The generator folder to write.")],
    direction: Annotated[
        str | None, typer.Option("--direction", help="Of the first file, AtoB or BtoA; AtoB when left out.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the network that its weights do not tell."),
    ] = None,
    evaluating: Annotated[
        bool, typer.Option("--eval", help="Fixed statistics and no dropout, where the official code has them on.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Make a generator folder of weights from elsewhere.

    Nothing in the files is run.
    """
    output = Output(quiet=quiet)

    from ganzoo.importing import import_generators

    made = import_generators(kind, files, out, direction=direction, overrides=overrides or [], evaluating=evaluating)
    output.say(str(made))
