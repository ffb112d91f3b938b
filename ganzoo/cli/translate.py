"""``ganzoo translate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.options import Quiet, Source
from ganzoo.errors import DataError


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("translate")(translate)


def translate(
    source: Source,
    images: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    direction: Annotated[
        str | None,
        typer.Option("--direction", help="AtoB, BtoA, or both as AtoB,BtoA; may be left out where there is one."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The folder to write to, or a file name for one picture.")] = Path(
        "translated"
    ),
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Of the dropout, for models such as pix2pix that keep it at work.")
    ] = 0,
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="Of a run: latest, best, or a step.")] = "latest",
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, ...")] = "auto",
    quiet: Quiet = False,
) -> None:
    """Translate IMAGES of any size; each comes back in its own size."""
    output = Output(quiet=quiet)

    from ganzoo.grids import save_png
    from ganzoo.precision import pick_device
    from ganzoo.pretrained import load

    files = _files(images)
    model = load(source, device=str(pick_device(device)), name=checkpoint)
    directions = _directions(direction, model.directions)
    targets = _targets(files, directions, out)
    for (file, way), target in output.track(targets.items(), "translating", len(targets)):
        save_png(model.translate(file, way, seed)[0], target)
    output.say("\n".join(str(target) for target in targets.values()))


def _files(paths: list[Path]) -> list[Path]:
    from ganzoo.data.listing import list_pictures

    files = []
    for path in paths:
        if path.is_dir():
            files += [Path(name) for name in list_pictures(path)]
        elif path.exists():
            files.append(path)
        else:
            raise DataError(f"{path}: no such picture or folder")
    if not files:
        raise DataError(f"{', '.join(map(str, paths))}: holds no pictures")
    return list(dict.fromkeys(files))


def _directions(wanted: str | None, there: list[str]) -> list[str]:
    if not there:
        raise DataError("this model makes pictures from noise, not from pictures", hint="Use: ganzoo sample")
    chosen = there[:1] if wanted is None and len(there) == 1 else [part.strip() for part in (wanted or "").split(",")]
    unknown = [name for name in chosen if name not in there]
    if unknown:
        problem = f"direction '{unknown[0]}' is not one of this model's" if wanted else "which direction?"
        raise DataError(problem, hint=f"--direction takes {', '.join(there)}, or several joined by commas")
    return chosen


def _targets(files: list[Path], directions: list[str], out: Path) -> dict[tuple[Path, str], Path]:
    """Each file and direction, and the picture to write: named like the file, and the direction where there are two."""
    if out.suffix and not out.is_dir():
        if len(files) * len(directions) > 1:
            raise DataError(f"--out {out} is one file, and there are several pictures", hint="Name a folder.")
        return {(files[0], directions[0]): out}
    several = len(directions) > 1
    targets: dict[tuple[Path, str], Path] = {}
    for file in files:
        for direction in directions:
            name = f"{file.stem}-{direction}" if several else file.stem
            taken = set(targets.values())
            target = next(
                path
                for number in range(len(files) + 1)
                if (path := out / f"{name}{f'-{number + 1}' if number else ''}.png") not in taken
            )
            targets[file, direction] = target
    return targets
