"""``ganzoo sample``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.options import Quiet, Source
from ganzoo.errors import DataError

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from ganzoo.generators import Generators
    from ganzoo.pretrained import Pretrained

_STEPS, _RATE = 24, 12.0  # frames from one latent to the next, and in a second
_ANIMATIONS = {".gif", ".png", ".apng", ".webp"}


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("sample")(sample)


def sample(
    source: Source,
    count: Annotated[
        int | None,
        typer.Option("-n", "--count", min=1, help="Pictures: 64; 8 of each class with --label all; 1 in an animation."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="The same gives the same pictures.")] = 0,
    label: Annotated[
        str | None, typer.Option("--label", help="A class's number or name; all: a row for each class.")
    ] = None,
    truncation: Annotated[
        float, typer.Option("--truncation", min=0.01, max=1.0, help="Below 1: more usual pictures, less varied.")
    ] = 1.0,
    interpolate: Annotated[
        int, typer.Option("--interpolate", metavar="K", help="Animate the way through K latents and back.")
    ] = 0,
    out: Annotated[
        Path, typer.Option("--out", help="A .png for a grid, .gif, .png or .webp for an animation, or a folder.")
    ] = Path("samples.png"),
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="Of a run: latest, best, or a step.")] = "latest",
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, ...")] = "auto",
    quiet: Quiet = False,
) -> None:
    """Make pictures from noise."""
    output = Output(quiet=quiet)
    _check(out, interpolate, label)

    from ganzoo.grids import save_animation
    from ganzoo.precision import pick_device
    from ganzoo.pretrained import load

    model = load(source, device=str(pick_device(device)), name=checkpoint)
    generators = model.noise_to_pictures()
    if interpolate:
        n = count or 1
        labels = _labels(model, n, label) if label else generators.labels(n, seed)
        frames = _frames(generators, generators.path(interpolate, _STEPS, n, seed, truncation), labels)
        drawn = list(output.track(frames, "drawing frames", interpolate * _STEPS))
        save_animation(drawn, out, seconds=len(drawn) / _RATE)
    elif label == "all":
        _save(_rows(model, count or 8, seed, truncation), out)
    else:
        n = count or 64
        _save({"": generators.draw(n, seed, _labels(model, n, label) if label else None, truncation=truncation)}, out)
    output.say(str(out))


def _check(out: Path, interpolate: int, label: str | None) -> None:
    """Tell what does not go together before anything is loaded."""
    suffix = out.suffix.lower()
    if not interpolate and suffix not in ("", ".png"):
        raise DataError(
            f"--out {out}: a grid is written as .png", hint="Without an ending, it is a folder of pictures."
        )
    if interpolate and (interpolate < 2 or label == "all"):
        raise DataError("--interpolate takes 2 latents or more, of one label or of none")
    if interpolate and suffix not in _ANIMATIONS:
        raise DataError(f"--out {out}: an animation is a {', '.join(sorted(_ANIMATIONS))}")


def _labels(model: Pretrained, n: int, label: str) -> Tensor:
    import torch

    return torch.full((n,), model.label(label))


def _rows(model: Pretrained, n: int, seed: int, truncation: float) -> dict[str, Tensor]:
    """``n`` columns of a picture for each class, the noise the same in a column."""
    import torch

    classes = model.generators.classes
    if not classes:
        raise DataError("--label all: this model takes no labels")
    drawn = [model.generators.draw(n, seed, _labels(model, n, str(k)), truncation=truncation) for k in range(classes)]
    return {str(column + 1): pictures for column, pictures in enumerate(torch.stack(drawn, 1))}


def _frames(generators: Generators, latents: Iterator[Tensor], labels: Tensor | None) -> Iterator[Image.Image]:
    from ganzoo.grids import captioned_grid

    labels = None if labels is None else labels.to(generators.device)
    for z in latents:
        yield captioned_grid({"": generators.sample(z, labels)})


def _save(columns: dict[str, Tensor], out: Path) -> None:
    """A grid, or, in a folder, each picture by itself, row after row."""
    from ganzoo.grids import captioned_grid, save_png
    from ganzoo.pretrained import to_images

    if out.suffix:
        save_png(captioned_grid(columns), out)
        return
    pictures = zip(*(to_images(column) for column in columns.values()), strict=True)
    for number, picture in enumerate(picture for row in pictures for picture in row):
        save_png(picture, out / f"{number:06d}.png")
