"""``ganzoo evaluate``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.display import told
from ganzoo.cli.options import AsJson, Source


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("evaluate")(evaluate)


def evaluate(
    source: Source,
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", help="A metric (ganzoo list metrics); may be repeated.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a key of the recipe, such as data.root.")
    ] = None,
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="Of a run: latest, best, or a step.")] = "latest",
    samples: Annotated[int | None, typer.Option("--samples", "-n", min=1, help="Pictures to draw.")] = None,
    extractor: Annotated[
        str | None, typer.Option("--extractor", help="What judges pictures: classifier or inception.")
    ] = None,
    weights: Annotated[Path | None, typer.Option("--weights", help="The file of the inception's weights.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of the noise.")] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, ...")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Score a generator on its test data.

    The data is that of its recipe; metrics.json in a folder keeps the scores.
    """
    output = Output(as_json=as_json)

    from ganzoo.evaluation import evaluate as score
    from ganzoo.hub import is_remote

    given = {"samples": samples, "extractor": extractor, "weights": weights, "seed": seed}
    settings = [f"evaluation.{key}={value}" for key, value in given.items() if value is not None]
    scored = score(
        source,
        metrics or None,
        overrides=[*(overrides or []), *settings],
        device=device,
        name=checkpoint,
        track=output.track,
    )
    if as_json:
        output.json([{"id": one.id, **asdict(one)} for one in scored])
    else:
        if is_remote(source):
            output.note(f"{source} is on the Hub: its metrics.json is left as it is")
        rows = [[*words, one.id] for one in scored for words in told(one.values)]
        output.table("scores", ["score", "value", "to hold it against", "protocol"], rows)
