"""``ganzoo data``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.options import AsJson

app = typer.Typer(help="Look after data.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Look after data."""


@app.command("check")
def check(
    folder: Annotated[Path, typer.Argument(help="A folder of pictures, with or without subfolders.")],
    as_json: AsJson = False,
) -> None:
    """Read every picture under FOLDER and report what is unreadable, truncated, tiny or odd.

    Exits with 2 when a training would stop at a file.
    """
    output = Output(as_json=as_json)

    from ganzoo.data.check import check as check_folder

    report = check_folder(folder, output.track)
    if as_json:
        output.json(
            {
                "folder": report.folder,
                "pictures": report.pictures,
                "groups": dict(report.groups),
                "formats": dict(report.formats),
                "modes": dict(report.modes),
                "sizes": {f"{width}x{height}": count for (width, height), count in report.sizes.items()},
                "problems": [vars(row) for row in report.rows],
            }
        )
    else:
        if report.rows:
            output.table(
                "problems", ["file", "problem", "detail"], [[r.file, r.problem, r.detail] for r in report.rows]
            )
        output.table("folders", ["folder", "pictures"], [[name, str(n)] for name, n in sorted(report.groups.items())])
        kinds = ", ".join(f"{count} {name}" for name, count in (report.formats + report.modes).most_common())
        output.say(
            f"{report.pictures} pictures ({kinds}); problems: {len(report.rows)}, unusable: {len(report.unusable)}"
        )
    if report.unusable:
        raise typer.Exit(2)
