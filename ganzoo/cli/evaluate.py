"""``ganzoo evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.options import AsJson


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("evaluate")(evaluate)


def evaluate(
    source: Annotated[str, typer.Argument(help="A run folder or a generator folder.")],
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", help="A metric (ganzoo list metrics); may be repeated.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a key of the recipe, such as data.root.")
    ] = None,
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="Of a run: latest, best, or a step.")] = "latest",
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, ...")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Score a generator on the test split of the data it was trained for."""
    output = Output(as_json=as_json)

    from ganzoo.evaluation import evaluate as score

    scores = score(
        Path(source), metrics or None, overrides=overrides or [], device=device, name=checkpoint, track=output.track
    )
    if as_json:
        output.json(scores)
    else:
        output.table("scores", ["score", "value"], [[name, f"{value:.4g}"] for name, value in scores.items()])
