"""What the page does: functions from the values of its controls to pictures. They know nothing of Gradio."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ganzoo.data.images import decode
from ganzoo.errors import DataError
from ganzoo.generators import slerp
from ganzoo.grids import captioned_grid
from ganzoo.pretrained import Pretrained

ANY = -1
"""The label that stands for all of them."""
MOST_PICTURES, MOST_POINTS = 64, 5000
LARGEST = 1024
"""Pixels of the longer side; larger uploads are made smaller, as a translation takes memory for every pixel."""
_ROWS = 3
_CLOUD = 500  # points on the way from one seed to another


def makes_points(model: Pretrained) -> bool:
    """Whether it draws points in the plane, which are shown as a plot."""
    return model.config.image.get("size") == 0 and model.config.image.get("channels") == 2


def draw(model: Pretrained, count: float, seed: float | None, label: int, truncation: float) -> Image.Image:
    """The first pictures of a seed as one, tiled; of one label or, where it is :data:`ANY`, of all kinds.

    Raises:
        DataError: a value is out of its range.
    """
    most = MOST_POINTS if makes_points(model) else MOST_PICTURES
    n, number = _whole("the number of pictures", count, 1, most), _seed(seed)
    labels = _labels(model, n, number, label)
    return captioned_grid({"": model.generators.draw(n, number, labels, truncation=_truncation(truncation))})


def between(
    model: Pretrained, start: float | None, end: float | None, way: float, label: int, truncation: float
) -> Image.Image:
    """The first pictures of two seeds, and between them those at ``way``, from 0 to 1, of the way.

    Raises:
        DataError: a value is out of its range.
    """
    n = _CLOUD if makes_points(model) else _ROWS
    first, last = _seed(start), _seed(end)
    if not 0.0 <= way <= 1.0:
        raise DataError(f"the way from seed to seed goes from 0 to 1, and this is {way}")
    generators, labels = model.generators, _labels(model, n, first, label)
    a, b = (generators.latents(n, seed, _truncation(truncation)) for seed in (first, last))
    labels = None if labels is None else labels.to(generators.device)
    latents = {f"from {first}": a, "between": slerp(a, b, way), f"to {last}": b}
    return captioned_grid({caption: generators.sample(z, labels) for caption, z in latents.items()})


def translate(
    model: Pretrained, picture: str | Path | Image.Image | None, direction: str
) -> tuple[Image.Image, Image.Image] | None:
    """A picture as the model sees it, and what it makes of it; nothing where there is no picture yet.

    Raises:
        DataError: the file is no readable picture; it is named without its folder.
    """
    if picture is None:
        return None
    if direction not in model.directions:
        raise DataError(f"direction '{direction}' is not one of {', '.join(model.directions)}")
    try:
        before = _before(picture, int(model.config.image["channels"]))
    except DataError as error:
        named = error.message.replace(str(picture), Path(picture).name) if isinstance(picture, str | Path) else ""
        raise DataError(named or error.message, hint="Try another picture: PNG, JPEG, WebP, ...") from error
    return before, model.translate(before, direction)[0]


def _before(picture: str | Path | Image.Image, channels: int) -> Image.Image:
    """The picture upright, grey or RGB, in at most :data:`LARGEST` pixels of the longer side."""
    pixels = decode(picture, channels)
    before = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    before.thumbnail((LARGEST, LARGEST), Image.Resampling.BICUBIC)
    return before


def _labels(model: Pretrained, n: int, seed: int, label: int) -> Tensor | None:
    """A label (n,) for each picture; None for a model that takes none."""
    if label == ANY or not model.generators.classes:
        return model.generators.labels(n, seed)
    return torch.full((n,), model.label(label))


def _seed(seed: float | None) -> int:
    return _whole("a seed", seed, 0, 2**32 - 1)


def _truncation(truncation: float) -> float:
    if not 0.0 < truncation <= 1.0:
        raise DataError(f"truncation is over 0 and at most 1, and this is {truncation}")
    return truncation


def _whole(what: str, value: float | None, least: int, most: int) -> int:
    if value is None or value != int(value) or not least <= value <= most:
        raise DataError(f"{what} is a whole number from {least} to {most}", hint="Mend the field, and go on.")
    return int(value)
