"""``ganzoo recipe``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.errors import RecipeError
from ganzoo.files import write_text
from ganzoo.plugins import plugins
from ganzoo.recipe.shipped import shipped_recipe

app = typer.Typer(help="Look after recipes.", no_args_is_help=True)


@app.command("copy")
def copy(
    name: Annotated[str, typer.Argument(help="A shipped recipe; ganzoo list recipes shows them.")],
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; NAME.toml when left out.")] = None,
) -> None:
    """Copy a shipped recipe, to change it."""
    recipe = shipped_recipe(name, plugins())
    path = out or Path(f"{name}.toml")
    if path.exists():
        raise RecipeError(f"{path} is there already", hint="Choose another name with --out")
    write_text(path, recipe.text)
    Output().say(str(path))


@app.callback()
def _group() -> None:
    """Look after recipes."""
