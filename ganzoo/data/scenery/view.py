"""From the land to the canvas: what each pixel sees."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganzoo.data.scenery.arrays import Array, centres, unit
from ganzoo.data.scenery.palette import mix
from ganzoo.data.scenery.survey import Land


@dataclass(frozen=True)
class View:
    """What every pixel of the canvas sees: arrays (n, n)."""

    land: npt.NDArray[np.bool_]  # land or water rather than sky
    depth: Array  # z; beyond everything in the sky
    water: Array  # 1 on open water


def project(land: Land, colour: Array) -> tuple[View, Array]:
    """The view of the land, and its colours (3, n, n)."""
    depths, n = land.top.shape
    hidden_below = np.minimum.accumulate(land.top, axis=0)
    rows = np.clip(np.ceil(hidden_below * n - 0.5), 0, n).astype(np.int64)
    # A pixel sees the first depth that reaches up to it: count those that stay below.
    reached = np.bincount((rows * n + np.arange(n)).ravel(), minlength=(n + 1) * n).reshape(n + 1, n)
    seen = depths - np.cumsum(reached[:n], axis=0)
    is_land = seen < depths
    back = np.minimum(seen, depths - 1)
    front = np.maximum(back - 1, 0) * n + np.arange(n)
    back = back * n + np.arange(n)
    top_back, top_front = land.top.take(back), land.top.take(front)
    share = unit((centres(n)[:, None] - top_back) / np.maximum(top_front - top_back, 1e-6))
    # The edge of a wood is a wall of trees, dark at the foot, and no slope towards the meadow.
    foot = land.woods.take(back) * share
    share = share - foot

    def seen_of(layer: Array) -> Array:
        return mix(layer.take(back), layer.take(front), share)

    picture = np.stack([seen_of(channel) for channel in colour]) * (1.0 - 0.35 * foot)
    depth = np.where(is_land, seen_of(np.repeat(land.z, n, axis=1)), np.float32(1e6))
    return View(is_land, depth, seen_of(land.water) * is_land), picture
