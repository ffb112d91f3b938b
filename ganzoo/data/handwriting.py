"""Digits drawn as a pen would: strokes through jittered points, slanted, turned, and brushed antialiased.

White on black and fitted as the digits of LeCun et al. (1998) are: the longer side takes 20 of 28 pixels. No fonts.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from ganzoo.data.images import Pixels

Floats = npt.NDArray[np.float32]

CHUNK = 128
"""Digits that are drawn together, from one random generator."""

_DOTS = 96  # brush marks of a digit: under a pixel apart at 28 pixels
_SIDE = 20 / 28  # of the picture, taken by the longer side of the digit

# Digit -> styles. A style is strokes between "/", each a curve through points "x,y" in hundredths of the height, y
# downwards. A point named by two strokes is one point, so what is joined stays joined; a stroke that ends where it
# began is closed smoothly.
_STYLES: dict[int, tuple[str, ...]] = {
    0: (
        "30,0 8,14 0,50 8,86 30,100 52,86 60,50 52,14 30,0",
        "34,0 16,14 8,54 14,90 28,100 44,86 52,46 46,10 34,0",
        "44,8 26,0 6,24 0,62 16,96 40,98 58,70 60,32 44,6 30,6",
    ),
    1: (
        "30,0 30,50 30,100",
        "34,0 30,48 28,100",
        "10,24 24,12 34,0 / 34,0 34,50 34,100",
        "12,22 24,12 34,0 / 34,0 34,50 34,100 / 12,100 34,100 56,100",
    ),
    2: (
        "4,24 14,4 34,0 52,14 48,38 26,70 2,100 / 2,100 30,98 60,98",
        "6,20 24,0 46,6 50,30 34,62 14,90 2,94 6,82 22,84 40,96 60,94",
        "4,16 22,0 46,8 50,32 30,60 6,86 0,98 / 0,98 26,90 58,100",
    ),
    3: (
        "4,10 24,0 46,8 46,34 22,46 / 22,46 50,56 54,80 34,100 12,98 0,86",
        "4,2 28,2 52,2 / 52,2 40,20 24,40 / 24,40 50,50 56,76 36,98 12,98 0,88",
        "6,14 24,0 46,12 40,36 20,48 26,48 48,58 50,84 28,100 2,88",
    ),
    4: (
        "10,2 6,30 2,58 / 2,58 30,56 60,54 / 44,12 42,56 40,100",
        "40,0 20,34 0,68 / 0,68 30,68 62,68 / 40,0 40,50 40,100",
        "8,0 4,32 12,52 30,54 50,46 / 54,0 50,46 44,100",
        "34,2 16,34 0,60 / 0,60 28,60 58,58 / 44,36 42,64 38,100",
    ),
    5: (
        "52,0 32,2 14,2 / 14,2 10,22 8,44 / 8,44 32,36 54,52 54,80 32,100 2,92",
        "54,0 22,4 10,28 22,44 46,56 50,82 28,100 2,90",
        "14,4 10,24 8,46 / 8,46 34,38 54,56 50,86 26,100 0,90 / 16,4 36,2 58,0",
    ),
    6: (
        "44,0 18,24 2,60 10,92 32,100 52,86 50,62 28,54 6,72",
        "32,0 12,36 4,74 18,98 42,94 48,72 32,60 8,76",
        "52,6 34,0 12,22 2,60 12,92 34,100 54,82 46,58 24,54 4,74",
    ),
    7: (
        "2,2 30,2 56,2 / 56,2 38,48 22,100",
        "2,4 30,2 56,2 / 56,2 38,48 24,100 / 16,52 34,50 54,48",
        "0,16 6,4 24,6 54,2 / 54,2 36,40 28,100",
        "2,18 4,2 / 4,2 30,2 56,2 / 56,2 32,52 22,100",
    ),
    8: (
        "50,16 30,0 10,16 20,38 44,58 54,80 30,100 6,80 14,58 40,38 50,16",
        "30,0 10,10 10,36 30,46 50,36 50,10 30,0 / 30,46 6,58 4,88 30,100 56,88 54,58 30,46",
        "52,8 28,0 10,14 22,40 46,62 46,90 24,100 8,84 20,58 46,32 54,10",
    ),
    9: (
        "52,14 28,0 6,14 6,38 26,50 46,38 52,14 / 52,14 50,56 48,100",
        "50,20 28,0 6,16 8,42 30,48 50,20 / 50,20 52,58 40,90 10,98",
        "50,12 26,0 4,18 10,42 32,44 50,16 48,56 36,100",
    ),
}
STYLES = tuple(_STYLES[digit] for digit in range(10))
"""The ways in which each digit is written."""

_POINTS = max(len(set(style.replace("/", " ").split())) for styles in STYLES for style in styles)


def draw(seed: tuple[int, ...], labels: npt.NDArray[np.int64], size: int) -> Pixels:
    """The digits ``labels`` (N,) as (N, size, size) pixels, 0 to 255.

    Picture i depends on ``seed``, i and its label alone: pictures are drawn :data:`CHUNK` at a time, each chunk from a
    generator of its own.
    """
    out = np.empty((len(labels), size, size), dtype=np.uint8)
    for start in range(0, len(labels), CHUNK):
        chunk = labels[start : start + CHUNK]
        rng = np.random.default_rng([*seed, start // CHUNK])
        dots, radii = _written(chunk, rng)
        out[start : start + CHUNK] = _brushed(dots * size, radii * size, size)
    return out


def _written(labels: npt.NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Where the brush marks lie (N, dots, 2) and how wide they are (N, dots), in picture sides from the middle."""
    uniform = rng.random((CHUNK, 8), dtype=np.float32)[: len(labels)]
    normal = rng.standard_normal((CHUNK, 4), dtype=np.float32)[: len(labels)]
    wobble = rng.standard_normal((CHUNK, _POINTS, 2), dtype=np.float32)[: len(labels)]
    dots = np.empty((len(labels), _DOTS, 2), dtype=np.float32)
    for digit, styles in enumerate(STYLES):
        chosen = (uniform[:, 0] * len(styles)).astype(np.int64)
        for number, style in enumerate(styles):
            mine = (labels == digit) & (chosen == number)
            points, weights = _curves(style)
            dots[mine] = weights @ (points + 0.03 * wobble[mine, : len(points)])
    dots = _fitted(_slanted(dots, normal, uniform[:, 1:2])) * (0.84 + 0.2 * uniform[:, 2, None, None])
    dots += (uniform[:, None, 3:5] - 0.5) * 0.1
    along = np.linspace(0.0, 2.0 * np.pi, _DOTS, dtype=np.float32)
    pressure = 1.0 + 0.14 * np.sin(along * (0.5 + uniform[:, 5:6]) + 2.0 * np.pi * uniform[:, 6:7])
    return dots, (0.03 + 0.032 * uniform[:, 7:8] ** 1.3) * pressure


def _slanted(dots: Floats, normal: Floats, stretch: Floats) -> Floats:
    """Turned, slanted and made wider or narrower, each digit by its own numbers."""
    angle, slant = 0.1 * normal[:, 0], 0.12 + 0.18 * normal[:, 1]
    width = 0.8 + 0.45 * stretch[:, 0]
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = dots[..., 0] * width[:, None], dots[..., 1]
    x = x - slant[:, None] * y
    return np.stack([cos[:, None] * x - sin[:, None] * y, sin[:, None] * x + cos[:, None] * y], axis=-1)


def _fitted(dots: Floats) -> Floats:
    """Brought to the middle, the longer side to :data:`_SIDE`."""
    low, high = dots.min(axis=1, keepdims=True), dots.max(axis=1, keepdims=True)
    scaled: Floats = (dots - (low + high) / 2) * (_SIDE / (high - low).max(axis=2, keepdims=True))
    return scaled


def _brushed(dots: Floats, radii: Floats, size: int) -> Pixels:
    """Pixels covered by discs at ``dots`` from the middle, ``radii`` wide, with edges a pixel soft.

    The distance to the nearest edge is taken from the power ``d^2 - r^2`` of a pixel, which is least at the disc that
    covers it most, and which is a sum of a part by column and a part by row.
    """
    centres = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
    columns = (centres - dots[..., 0].T[..., None]) ** 2
    rows = (centres - dots[..., 1].T[..., None]) ** 2 - radii.T[..., None] ** 2
    least = np.full((len(dots), size, size), np.inf, dtype=np.float32)
    power = np.empty_like(least)
    for column, row in zip(columns, rows, strict=True):
        np.add(row[:, :, None], column[:, None, :], out=power)
        np.minimum(least, power, out=least)
    distance = least / (2.0 * radii.mean(axis=1)[:, None, None])
    pixels: Pixels = np.rint(255.0 * np.clip(0.5 - distance, 0.0, 1.0)).astype(np.uint8)
    return pixels


@cache
def _curves(style: str) -> tuple[Floats, Floats]:
    """The points (K, 2) of a style, in heights, and weights (dots, K) of points in marks at equal distances."""
    strokes = [[tuple(map(int, point.split(","))) for point in stroke.split()] for stroke in style.split("/")]
    names = list(dict.fromkeys(point for stroke in strokes for point in stroke))
    points = np.array(names, dtype=np.float32) / 100.0
    fine = [_spline([names.index(point) for point in stroke], len(names)) for stroke in strokes]
    steps = [np.linalg.norm(np.diff(weights @ points, axis=0), axis=1) for weights in fine]
    ends = np.cumsum([0.0, *(step.sum() for step in steps)])
    marks = np.linspace(0.0, ends[-1], _DOTS)
    chosen = []
    for weights, step, start in zip(fine, steps, ends, strict=False):
        length = start + np.concatenate([[0.0], np.cumsum(step)])
        inside = marks[(marks >= start - 1e-6) & (marks < length[-1] - 1e-6)]
        chosen.append(weights[np.searchsorted(length[:-1], inside)])
    chosen.append(fine[-1][-1:])
    return points, np.concatenate(chosen).astype(np.float32)


def _spline(order: list[int], count: int) -> npt.NDArray[np.float64]:
    """Weights (steps, count) of the points in a Catmull-Rom curve through those in ``order``."""
    around = [order[-2], *order, order[1]] if order[0] == order[-1] else [order[0], *order, order[-1]]
    t = np.linspace(0.0, 1.0, 64, endpoint=False)[:, None]
    basis = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2.0
    blend = t ** np.arange(4) @ basis
    unit = np.eye(count)
    pieces = [blend @ unit[around[place : place + 4]] for place in range(len(order) - 1)]
    return np.concatenate([*pieces, unit[order[-1:]]])
