"""``ganzoo resume``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.launch import Processes, is_first, launch
from ganzoo.cli.options import AsJson, Quiet


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("resume")(resume)


def resume(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(help="A run folder, such as runs/cyclegan-...")],
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Train up to this many steps in all.")] = None,
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="latest, best, or a step.")] = "latest",
    device: Annotated[str | None, typer.Option("--device", help="Another device than the recipe's.")] = None,
    processes: Processes = 1,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Go on with RUN exactly where it stopped."""
    launch(processes, context)
    output = Output(quiet=quiet, as_json=as_json)

    from ganzoo.cli.display import display
    from ganzoo.training import resume as resume_training

    done = resume_training(
        run, steps=steps, name=checkpoint, device=device, listeners=[display(output)], track=output.track
    )
    if is_first():
        output.finished(done)
