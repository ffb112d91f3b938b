"""Points in the plane as a picture: real ones beside generated ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from torch import Tensor

_SIDE = 480  # pixels of the plot
_MARGIN = 16
_LEGEND = 36
_SHARP = 3  # drawn so many times as large, then brought down: Pillow's discs have no soft edges
_LIMIT = 1.1  # the plot goes from -1.1 to 1.1 both ways
_RADIUS = 2.4
_ALPHA = 165
_BACKGROUND, _PLOT, _LINES, _INK = (22, 24, 29), (29, 32, 38), (47, 51, 60), (226, 229, 235)
_COLOURS = ((240, 146, 66), (86, 180, 233), (0, 190, 140), (204, 121, 167), (240, 228, 66))  # Okabe and Ito, 2008


def scatter(points: Mapping[str, Tensor]) -> Image.Image:
    """Caption -> points (N, 2): all in one plot of [-1.1, 1.1], a colour for each caption, y upwards.

    The last caption lies on top. Points that are out of sight are drawn at the edge; what is not a number, at its left
    or lower end.
    """
    side = _SIDE * _SHARP
    plot = _axes(side)
    for (_, tensor), colour in zip(points.items(), _colours(len(points)), strict=True):
        layer = Image.new("RGBA", (side, side), (*colour, 0))
        pen = ImageDraw.Draw(layer)
        for x, y in _pixels(tensor, side):
            pen.circle((x, y), _RADIUS * _SHARP, fill=(*colour, _ALPHA))
        plot.alpha_composite(layer)
    small = plot.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    top = _LEGEND if len(points) > 1 else _MARGIN
    canvas = Image.new("RGB", (_SIDE + 2 * _MARGIN, _SIDE + top + _MARGIN), _BACKGROUND)
    canvas.paste(small, (_MARGIN, top))
    if len(points) > 1:
        _legend(canvas, list(points))
    return canvas


def _colours(count: int) -> list[tuple[int, int, int]]:
    return [_COLOURS[place % len(_COLOURS)] for place in range(count)]


def _pixels(points: Tensor, side: int) -> list[tuple[float, float]]:
    finite = points.detach().float().nan_to_num(-_LIMIT).clamp(-_LIMIT, _LIMIT).cpu()
    across = ((finite + _LIMIT) * (side / (2 * _LIMIT))).tolist()
    return [(x, side - y) for x, y in across]


def _axes(side: int) -> Image.Image:
    """The empty plot, with lines at -1, -0.5, 0, 0.5 and 1."""
    plot = Image.new("RGBA", (side, side), (*_PLOT, 255))
    pen = ImageDraw.Draw(plot)
    for value in (-1.0, -0.5, 0.0, 0.5, 1.0):
        place = round((value + _LIMIT) * side / (2 * _LIMIT))
        pen.line(((place, 0), (place, side)), fill=_LINES, width=_SHARP)
        pen.line(((0, place), (side, place)), fill=_LINES, width=_SHARP)
    return plot


def _legend(canvas: Image.Image, captions: Iterable[str]) -> None:
    pen, font, left = ImageDraw.Draw(canvas), ImageFont.load_default(16), _MARGIN
    names = list(captions)
    for name, colour in zip(names, _colours(len(names)), strict=True):
        pen.circle((left + 6, _LEGEND / 2), 5, fill=colour)
        pen.text((left + 18, _LEGEND / 2), name, fill=_INK, font=font, anchor="lm")
        left += 18 + round(font.getlength(name)) + 22
