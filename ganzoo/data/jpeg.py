"""JPEG straight to pixels by simplejpeg, where it is installed: the same ones as Pillow's, sooner.

Both are libjpeg-turbo at its default settings, so the pixels are equal bit for bit. Pillow's go through memory of four
bytes a pixel and an encoder on their way to numpy, and its headers through Python.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, features

try:
    import simplejpeg
except ImportError:
    simplejpeg = None

INSTALLED = simplejpeg is not None and features.check_feature("libjpeg_turbo")
MAGIC = b"\xff\xd8\xff"
MOST_BYTES = 2**26
"""Of a file that is to be read into memory whole."""

_COLOURS = {("YCbCr", 3): "RGB", ("Gray", 1): "GRAY"}
_APP1, _START_OF_SCAN = 0xE1, 0xDA
_WITHOUT_LENGTH = {0x00, 0x01, *range(0xD0, 0xDA), 0xFF}
"""Markers, by their second byte: what stands for itself, or is none."""


def pixels(content: bytes, channels: int, shorter: int) -> npt.NDArray[np.uint8] | None:
    """The pixels of a plain JPEG (H, W, ``channels``), decoded at the size that :func:`drafted` leads to; else None.

    Not plain are other formats and colours, what may have to be turned, more pixels than are read, and damage of any
    kind: Pillow is asked then, and decides what can be read.
    """
    if not content.startswith(MAGIC) or _described(content):
        return None
    try:
        height, width, stored, _ = simplejpeg.decode_jpeg_header(content)
        colours = _COLOURS.get((stored, channels))
        if colours is None or width * height > (Image.MAX_IMAGE_PIXELS or width * height):
            return None
        # Bounds that one scale alone fulfils: that of Pillow's draft.
        by = _shrinks(width, height, shorter)
        made: npt.NDArray[np.uint8] = simplejpeg.decode_jpeg(
            content, colours, min_height=-(-height // by), min_width=-(-width // by), min_factor=float(by)
        )
    except ValueError:
        return None
    return made


def drafted(width: int, height: int, shorter: int) -> tuple[int, int]:
    """What a decoder stays above that can leave out pixels, as those of JPEG can: 1/2, 1/4, 1/8 cost a fraction.

    Over twice the wanted size leaves the bicubic filter enough to work with: at one and a half times, pictures differ
    twice as much from those that are resized from all pixels.
    """
    scale = 2.0 * shorter / min(width, height)
    return int(width * scale) + 1, int(height * scale) + 1


def _shrinks(width: int, height: int, shorter: int) -> int:
    least = drafted(width, height, shorter) if shorter else (width, height)
    most = min(width // least[0], height // least[1])
    return next((by for by in (8, 4, 2) if by <= most), 1)


def _described(content: bytes) -> bool:
    """Whether there are Exif or XMP data, by which a picture may have to be turned; also where that is unclear."""
    at = 2
    while content[at : at + 1] == b"\xff" and len(content) > at + 3:
        kind = content[at + 1]
        if kind == _START_OF_SCAN:
            return False
        if kind == _APP1 or kind in _WITHOUT_LENGTH:
            return True
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return True
