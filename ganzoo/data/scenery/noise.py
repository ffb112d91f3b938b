"""Smooth value noise over one small table of random numbers, in plain numpy."""

import numpy as np

from ganzoo.data.scenery.arrays import Array

_SIDE = 64  # a power of two, so that wrapping round is a bit mask
_MASK = _SIDE - 1


def lattice(rng: np.random.Generator) -> Array:
    """The random heights (64, 64) in [0, 1) between which all noise of one scene is interpolated."""
    return rng.random((_SIDE, _SIDE), dtype=np.float32)


def noise(table: Array, x: Array, y: Array) -> Array:
    """Value noise in [0, 1] at the points (x, y), which may have any shapes that broadcast together."""
    left, top = np.floor(x), np.floor(y)
    across, down = x - left, y - top
    across = across * across * (3.0 - 2.0 * across)
    down = down * down * (3.0 - 2.0 * down)
    column = left.astype(np.int64) & _MASK
    next_column = (column + 1) & _MASK
    row = (top.astype(np.int64) & _MASK) * _SIDE
    flat = table.ravel()
    # Past the last row the table begins anew: taking with "wrap" sees to it, and happens to be the fastest way.
    upper, lower = flat.take(row + column, mode="wrap"), flat.take(row + (column + _SIDE), mode="wrap")
    upper += across * (flat.take(row + next_column, mode="wrap") - upper)
    lower += across * (flat.take(row + (next_column + _SIDE), mode="wrap") - lower)
    lower -= upper
    lower *= down
    upper += lower
    return upper


def fbm(table: Array, x: Array, y: Array, octaves: int) -> Array:
    """Octaves of noise, each twice as fine and half as strong; in [0, 1], mostly near 0.5."""
    total, weight = noise(table, x, y), 1.0
    for octave in range(1, octaves):
        # An uneven shift keeps the octaves' grids from lining up.
        scale, strength = 2.03**octave, 0.5**octave
        total += strength * noise(table, x * scale + 17.3 * octave, y * scale + 9.7 * octave)
        weight += strength
    return total / weight


def ridged(table: Array, x: Array, y: Array, octaves: int) -> Array:
    """Noise folded at its middle, which makes sharp crests; in [0, 1]."""
    total, weight = np.zeros_like(x), 0.0
    for octave in range(octaves):
        scale, strength = 2.03**octave, 0.5**octave
        folded = 1.0 - np.abs(2.0 * noise(table, x * scale + 11.1 * octave, y * scale + 5.9 * octave) - 1.0)
        total = total + strength * folded * folded
        weight += strength
    return total / weight
