"""``ganzoo train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.launch import Processes, is_first, launch
from ganzoo.cli.options import AsJson, Quiet


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("train")(train)


def train(
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="A model; ganzoo list models shows them.")],
    recipe: Annotated[
        str | None, typer.Option("--recipe", help="A recipe file, or the name of one that comes along.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a key of the recipe; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The run folder to make.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="auto, cpu, cuda, cuda:1, ...")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of weights, order, augmentation and noise.")] = None,
    processes: Processes = 1,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train MODEL by its default recipe, or by the one named."""
    launch(processes, context)
    output = Output(quiet=quiet, as_json=as_json)
    settings = list(overrides or [])
    if device is not None:
        settings.append(f'runtime.device="{device}"')
    if seed is not None:
        settings.append(f"train.seed={seed}")

    from ganzoo.cli.consent import ask_to_download
    from ganzoo.cli.display import display
    from ganzoo.training import train as run_training

    if is_first():  # the others find what it downloads
        settings += ask_to_download(model, recipe, settings, output)
    run = run_training(model, recipe, overrides=settings, out=out, listeners=[display(output)], track=output.track)
    if is_first():
        output.finished(run)
