"""Options that several verbs have."""

from __future__ import annotations

from typing import Annotated

import typer

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Source = Annotated[
    str, typer.Argument(help="A run folder, a generator folder, or OWNER/NAME[@REVISION] on the Hugging Face Hub.")
]
