"""``ganzoo push``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.options import AsJson, Quiet

if TYPE_CHECKING:
    from ganzoo.hub import Published


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("push")(push)


def push(
    source: Annotated[str, typer.Argument(metavar="RUN", help="A run folder or a generator folder.")],
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The repository; made if it is not there.")],
    private: Annotated[bool, typer.Option("--private", help="Make a private repository.")] = False,
    revision: Annotated[
        str | None, typer.Option("--revision", help="The branch to publish on; made if it is not there.")
    ] = None,
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="Of a run: latest, best, or a step.")] = "latest",
    license: Annotated[
        str, typer.Option("--license", help="Of the weights, by the Hub's identifier, such as apache-2.0.")
    ] = "",
    card: Annotated[bool, typer.Option("--card", help="Write the model card anew, even one edited by hand.")] = False,
    space: Annotated[
        bool, typer.Option("--space", help="Publish the Space OWNER/NAME-demo, too: ganzoo demo in a browser.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write the folder, say what would go, send nothing.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Publish a generator on the Hugging Face Hub.

    Weights, recipe, scores, samples and a filled-in model card go in one commit.
    """
    output = Output(quiet=quiet, as_json=as_json)

    from ganzoo import hub

    if quiet or not output.is_terminal:
        hub.hide_bars()
    published = hub.push(
        source,
        repository,
        private=private,
        revision=revision,
        checkpoint=checkpoint,
        license=license,
        card=card,
        space=space,
        dry_run=dry_run,
    )
    if as_json:
        output.json(asdict(published))
    else:
        _tell(output, published, dry_run)


def _tell(output: Output, published: Published, dry_run: bool) -> None:
    output.say(f"{published.folder} {'would go' if dry_run else 'went'} to {published.url}:")
    output.say("\n".join(f"  {name:<24} {size:>13,} bytes" for name, size in published.files.items()))
    if published.card_kept:
        output.note(f"The card {published.card_kept} was edited by hand and is left as it is; --card writes it anew.")
    if not published.license:
        output.note("The card names no licence, so nobody knows what they may do: --license apache-2.0, for one")
    if published.space:
        output.say(f"The Space {'would be' if dry_run else 'is'} {published.space}")
