"""Sample grids: tensors laid out as one picture that a person can judge."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from ganzoo.files import write_bytes
from ganzoo.scatter import scatter

if TYPE_CHECKING:
    from torch import Tensor

_VISIBLE = 96  # pixels: smaller pictures are enlarged to at least this
_GAP = 4
_BACKGROUND, _INK = (22, 24, 29), (226, 229, 235)


def to_image(tensor: Tensor) -> Image.Image:
    """A (C, H, W) tensor in [-1, 1] as a picture: grey for C = 1, RGB for C = 3."""
    levels = tensor.detach().float().nan_to_num(-1.0).add(1.0).mul(127.5).round().clamp(0, 255)
    pixels = levels.byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def captioned_grid(columns: Mapping[str, Tensor]) -> Image.Image:
    """Caption -> (N, C, H, W) in [-1, 1]: a column each under its caption, a row a sample.

    A single caption is left out and its pictures are tiled near to a square. Points (N, 2) make a plot instead, with
    a colour for each caption.
    """
    if all(tensor.shape[1:] == (2,) for tensor in columns.values()):
        return scatter(columns)
    pictures = {caption: [_visible(to_image(image)) for image in images] for caption, images in columns.items()}
    if len(pictures) == 1:
        (tiles,) = pictures.values()
        across = math.ceil(math.sqrt(len(tiles)))
        return _tiled([tiles[start::across] for start in range(across)])
    return _tiled(list(pictures.values()), list(pictures))


def save_png(image: Image.Image, path: Path) -> None:
    """Write a PNG, whole or not at all."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    write_bytes(path, buffer.getvalue())


def save_animation(frames: Sequence[Image.Image], path: Path, *, seconds: float) -> None:
    """Write an endless animation of that length, a GIF, APNG (``.png``, ``.apng``) or WebP by the file's name."""
    kind = {".gif": "GIF", ".png": "PNG", ".apng": "PNG", ".webp": "WEBP"}[path.suffix.lower()]
    settings = {"quality": 90} if kind == "WEBP" else {}
    buffer, each = io.BytesIO(), round(1000 * seconds / len(frames))
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=each, loop=0, **settings)
    write_bytes(path, buffer.getvalue())


def _visible(image: Image.Image) -> Image.Image:
    """The picture, its pixels repeated when it is too small to be seen."""
    factor = math.ceil(_VISIBLE / max(image.size))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def _tiled(columns: list[list[Image.Image]], captions: list[str] | None = None) -> Image.Image:
    """Columns of pictures side by side, each under its caption."""
    pictures = [image for column in columns for image in column]
    width, height = max(image.width for image in pictures), max(image.height for image in pictures)
    font_size = min(28, max(14, width // 9))
    top = 2 * font_size if captions else _GAP
    rows = max(len(column) for column in columns)
    size = (_GAP + len(columns) * (width + _GAP), top + rows * (height + _GAP))
    canvas = Image.new("RGB", size, _BACKGROUND)
    for x, column in enumerate(columns):
        left = _GAP + x * (width + _GAP)
        if captions:
            _caption(canvas, captions[x], (left, 0, left + width, top), font_size)
        for y, image in enumerate(column):
            canvas.paste(image, (left, top + y * (height + _GAP)))
    return canvas


def _caption(canvas: Image.Image, text: str, box: tuple[int, int, int, int], size: int) -> None:
    """Centre the text in the box, smaller where it would not fit."""
    left, top, right, bottom = box
    font = ImageFont.load_default(size)
    while size > 9 and font.getlength(text) > right - left:
        size -= 1
        font = ImageFont.load_default(size)
    while len(text) > 1 and font.getlength(text) > right - left:
        text = f"{text[:-2]}…"
    ImageDraw.Draw(canvas).text(((left + right) / 2, (top + bottom) / 2), text, fill=_INK, font=font, anchor="mm")
