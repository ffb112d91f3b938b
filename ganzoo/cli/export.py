"""``ganzoo export``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.options import AsJson, Quiet
from ganzoo.errors import DataError


class Format(StrEnum):
    """What can be written."""

    ONNX = "onnx"
    PT2 = "pt2"


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("export")(export)


def export(
    source: Annotated[str, typer.Argument(help="A run folder or a generator folder.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    format_: Annotated[str, typer.Option("--format", help="onnx, or pt2 for torch.export.")] = "onnx",
    direction: Annotated[
        str | None, typer.Option("--direction", help="AtoB or BtoA; may be left out where there is one.")
    ] = None,
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="Of a run: latest, best, or a step.")] = "latest",
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0.0, help="The greatest difference to the network that is let pass.")
    ] = 1e-3,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a generator for other programs, and compare it."""
    output = Output(quiet=quiet, as_json=as_json)
    chosen = _format(format_)

    from ganzoo.export import export as export_
    from ganzoo.pretrained import load

    made = export_(load(source, name=checkpoint), out, chosen.value, direction=direction, tolerance=tolerance)
    if as_json:
        output.json({"file": made.file, "drift": made.drift, "tolerance": tolerance, **made.metadata})
        return
    output.say(f"{made.file}\ndiffers from the network by {made.drift:.1e} at most ({tolerance:.0e} is let pass)")


def _format(name: str) -> Format:
    try:
        return Format(name.lower())
    except ValueError:
        hint = "--format takes onnx (extra: pip install 'ganzoo[export]') or pt2"
        if name.lower() in ("torchscript", "jit", "pt", "ts"):
            hint = f"PyTorch gave TorchScript up for torch.export: --format pt2. {hint}"
        raise DataError(f"--format {name}: not written by ganzoo", hint=hint) from None
