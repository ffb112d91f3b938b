"""Any picture file to RGB or grey uint8, the right way up; and batches of crops from such pictures."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import numpy as np
import numpy.typing as npt
import PIL
import torch
from PIL import Image, UnidentifiedImageError
from torch.nn import functional as F

from ganzoo.data import jpeg
from ganzoo.errors import DataError

Pixels = npt.NDArray[np.uint8]
"""A picture (H, W, C), values 0 to 255."""

EXTENSIONS = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
"""The endings, in any case, by which a file is taken for a picture."""

_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""What Pillow may decode, whatever a file's name: it would hand PostScript to Ghostscript, to be run."""

# EXIF orientation -> what turns the stored pixels upright (JEITA CP-3451, tag 0x0112).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


_REDUCED = 6
"""Pictures that shrink more than this are halved, thirded, ... by plain averages first, in a fraction of the time."""
_VECTORS = torch.backends.cpu.get_cpu_capability().startswith("AVX")
"""Whether torch resizes by vector instructions: four times as fast as Pillow with them, half as fast without."""
MADE_BY = f"1, Pillow {PIL.__version__}, torch {torch.__version__ if _VECTORS else 'none'}"
"""What pixels depend on beside the file; the number goes up when this module makes other ones of it."""


@dataclass(frozen=True)
class Encoded:
    """A picture file's content, and what messages call it."""

    content: bytes
    name: str

    def __str__(self) -> str:
        return self.name


Source = str | Path | Encoded
"""Where an encoded picture is."""


def decode(source: Source | Image.Image, channels: int = 3, load_size: int = 0) -> Pixels:
    """Brings one picture, a file, its content or a Pillow image of any mode, to (H, W, ``channels``).

    Transparency is laid on white, 16-bit grey is scaled to 8 bits, EXIF rotation is applied, an animation gives its
    first frame. ``load_size`` > 0 resizes the shorter side to that many pixels.

    Raises:
        DataError: the file is missing, truncated, no picture, or absurdly large; the message names it.
    """
    with naming(source):
        pixels = upright(source, channels, load_size)
        return resized(pixels, fit(*_size(pixels), load_size)) if load_size else pixels


def read_side_by_side(path: str | Path, *, load_size: int, channels: int = 3) -> Pixels:
    """Reads a picture whose halves are a pair, as (H, W, 2 * ``channels``): left half first, then right.

    Raises:
        DataError: as :func:`decode`.
    """
    with naming(path):
        pixels = upright(path, channels, 2 * load_size)
        width, height = _size(pixels)
        half = width // 2
        size = fit(half, height, load_size)
        halves = pixels[:, :half], pixels[:, width - half :]
        return np.concatenate([resized(side, size) for side in halves], axis=2)


def read_two(first: Source, second: Source, *, load_size: int, channels: int = 3) -> Pixels:
    """Reads two files that are a pair, as (H, W, 2 * ``channels``).

    Raises:
        DataError: as :func:`decode`, or the two differ in shape.
    """
    a = decode(first, channels, load_size)
    with naming(second):
        b = upright(second, channels, load_size)
        width, height = _size(b)
        if abs(width * a.shape[0] / (height * a.shape[1]) - 1.0) > 0.03:
            raise ValueError(f"{width}x{height} has not the proportions of its partner {first}")
        return np.concatenate([a, resized(b, _size(a))], axis=2)


def probe(path: str | Path) -> tuple[int, int]:
    """Width and height as stored, from the header alone.

    Raises:
        DataError: the file is missing or its header is that of no picture.
    """
    with naming(path), opened(path) as image:
        return image.size


def fit(width: int, height: int, shorter: int) -> tuple[int, int]:
    """Width and height once the shorter side is ``shorter`` pixels.

    Raises:
        ValueError: the longer side would make an absurdly large picture.
    """
    scale = shorter / max(1, min(width, height))
    size = max(shorter, round(width * scale)), max(shorter, round(height * scale))
    if size[0] * size[1] > (Image.MAX_IMAGE_PIXELS or size[0] * size[1]):
        raise ValueError(f"{width}x{height} is too narrow to be resized to a shorter side of {shorter}")
    return size


def upright(source: Source | Image.Image, channels: int = 3, shorter: int = 0) -> Pixels:
    """The picture upright, (H, W, ``channels``); its shorter side is still over ``shorter`` where the source's was.

    Raises whatever Pillow does; callers put :func:`naming` around it.
    """
    quick = None if isinstance(source, Image.Image) else _quick(source, channels, shorter)
    if quick is not None:
        return quick
    with nullcontext(source) if isinstance(source, Image.Image) else opened(source) as image:
        if shorter:
            image.draft(image.mode, jpeg.drafted(*image.size, shorter))
        image.load()
        plain = _plain(image, channels)
        turn = _UPRIGHT.get(_orientation(image))
        pixels: Pixels = np.array(plain if turn is None else plain.transpose(turn), dtype=np.uint8)
        return pixels if pixels.ndim == 3 else pixels[:, :, None]


def _quick(source: Source, channels: int, shorter: int) -> Pixels | None:
    """What :func:`ganzoo.data.jpeg.pixels` makes of it; a file that is no JPEG is not read further than that shows."""
    if not jpeg.INSTALLED:
        return None
    if isinstance(source, Encoded):
        return jpeg.pixels(source.content, channels, shorter)
    with Path(source).open("rb", buffering=0) as file:
        start = file.read(2**16)
        if not start.startswith(jpeg.MAGIC) or os.fstat(file.fileno()).st_size > jpeg.MOST_BYTES:
            return None
        return jpeg.pixels(start + file.read(), channels, shorter)


def opened(source: Source | IO[bytes]) -> Image.Image:
    """A picture of which the header alone was read, and found not to be absurdly large.

    Raises whatever Pillow does, and a ValueError for a picture that is too large.
    """
    image = Image.open(io.BytesIO(source.content) if isinstance(source, Encoded) else source, formats=_FORMATS)
    most = Image.MAX_IMAGE_PIXELS
    if most and image.width * image.height > most:
        image.close()
        raise ValueError(f"{image.width}x{image.height} are more pixels than are read (at most {most:,})")
    return image


def resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Resizes (H, W, C) to (width, height), bicubic and antialiased.

    torch and Pillow have the same filter in fixed point: three in a thousand values differ, nearly always by one.
    """
    old = _size(pixels)
    if old == size:
        return pixels
    if _VECTORS and max(old[0] / size[0], old[1] / size[1]) < _REDUCED:
        # torch warns of arrays that are not to be written to.
        planes = torch.from_numpy(np.require(pixels, requirements="W")).permute(2, 0, 1)[None]
        planes = F.interpolate(planes, size=size[::-1], mode="bicubic", antialias=True)
        made: Pixels = planes[0].permute(1, 2, 0).numpy()
        return made
    image = Image.fromarray(pixels if pixels.shape[2] > 1 else pixels[:, :, 0])
    image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=_REDUCED / 2)
    return np.array(image, dtype=np.uint8).reshape(size[1], size[0], -1)


def _size(pixels: Pixels) -> tuple[int, int]:
    """Width and height."""
    return pixels.shape[1], pixels.shape[0]


def crop_batch(
    pictures: Sequence[Pixels],
    size: int,
    rng: np.random.Generator | None = None,
    *,
    crop: Literal["random", "center"] = "random",
    flip: bool = True,
    among: int | None = None,
    share: slice = slice(None),
) -> Pixels:
    """Crops (N, size, size, C) out of N pictures whose sides are at least ``size``.

    Without ``rng`` the crops are central and nothing is flipped; with it, flips (half of the pictures, left to right)
    and random crops are drawn from it, three numbers a picture whatever the settings. The pictures may be the ``share``
    of a batch of ``among``, whose draws they get.
    """
    # Colour planes, as torch resizes to and networks take: whole rows are copied, and nothing is turned round later.
    out = np.empty((len(pictures), pictures[0].shape[2], size, size), dtype=np.uint8).transpose(0, 2, 3, 1)
    draws = np.full((len(pictures), 3), 0.5) if rng is None else rng.random((among or len(pictures), 3))[share]
    if crop == "center":
        draws[:, :2] = 0.5
    for row, picture, (down, across, mirror) in zip(out, pictures, draws.tolist(), strict=True):
        top = int(down * (picture.shape[0] - size + 1))
        left = int(across * (picture.shape[1] - size + 1))
        window = picture[top : top + size, left : left + size]
        row[:] = window[:, ::-1] if flip and mirror < 0.5 else window
    return out


@contextmanager
def naming(path: object) -> Iterator[None]:
    """Turns whatever goes wrong inside into a DataError that names the file."""
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except Exception as error:  # Pillow's decoders raise whatever broken bytes lead them into
        raise DataError(f"{path}: {_reason(error)}", hint="Replace the file, or leave it out.") from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not a picture that can be read"
    return str(error) or type(error).__name__


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # a picture with a broken EXIF block is still a picture
        return 1


def _plain(image: Image.Image, channels: int) -> Image.Image:
    """Any mode to RGB or L."""
    if image.mode == "F":
        raise ValueError("floating-point pixels have no defined range; save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        image = _from_16_bits(image)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    mode = "L" if channels == 1 else "RGB"
    return image if image.mode == mode else image.convert("RGB").convert(mode)


def _from_16_bits(image: Image.Image) -> Image.Image:
    """16-bit grey scaled to 8 bits: Pillow's own conversion clips everything over 255 to white."""
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("32-bit pixels have no defined range; save it with 8 or 16 bits")
    return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))
