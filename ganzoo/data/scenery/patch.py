"""The part of a canvas that one figure covers."""

from dataclasses import dataclass

import numpy as np

from ganzoo.data.scenery.arrays import Array, unit


@dataclass(frozen=True)
class Patch:
    """The part of the canvas that a figure covers, with the figure's own coordinates: foot (0, 0), tip (0, 1)."""

    where: tuple[slice, slice]
    p: Array  # (1, w), to the right
    q: Array  # (h, 1), up
    pixels: float  # the height of the figure in pixels

    def inside(self, distance: Array) -> Array:
        """How much of each pixel lies within an edge that is at these signed distances; in [0, 1]."""
        return unit(distance * self.pixels + 0.5)


def patch_of(u: float, v: float, height: float, breadth: float, n: int) -> Patch | None:
    """The patch of a figure with its foot at (u, v), reaching `breadth` heights to either side; None if off canvas."""
    pixels = height * n
    left, right = max(int((u - breadth * height) * n), 0), min(int((u + breadth * height) * n) + 2, n)
    upper, lower = max(int((v - 1.05 * height) * n), 0), min(int(v * n) + 2, n)
    if left >= right or upper >= lower:
        return None
    p = ((np.arange(left, right) + 0.5 - u * n) / pixels).astype(np.float32)[None, :]
    q = ((v * n - np.arange(upper, lower) - 0.5) / pixels).astype(np.float32)[:, None]
    return Patch((slice(upper, lower), slice(left, right)), p, q, pixels)
