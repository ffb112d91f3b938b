"""The land as it is sampled along the lines of sight of a canvas."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ganzoo.data.scenery.arrays import Array, centres, smoothstep
from ganzoo.data.scenery.light import drop_shadow, light_of
from ganzoo.data.scenery.noise import fbm, noise
from ganzoo.data.scenery.scene import Figure, Scene
from ganzoo.data.scenery.terrain import EYE, WATER_LEVEL, mountains, valley

_NEAR, _MIDDLE, _FAR = 1.5, 14.0, 62.0  # depths: the land begins, the mountains rule, the land ends


@dataclass(frozen=True)
class Land:
    """The height field, sampled along the lines of sight: arrays (depths, n), the nearest first, but z (depths, 1)."""

    x: Array
    z: Array
    height: Array
    top: Array  # v at which the point appears
    light: Array  # 0 in the shade, 1 turned to the sun
    upright: Array  # 1 on the level, near 0 on a cliff
    woods: Array  # 1 in the distant forests
    canopy: Array  # 0 between their trees, 1 on their tips
    water: Array  # 1 on open water


def survey(scene: Scene, n: int, figures: Iterable[Figure]) -> Land:
    """Samples the land for a canvas of n pixels, with the shadows of the figures that stand on it."""
    near = 1.0 / np.linspace(1.0 / _NEAR, 1.0 / _MIDDLE, n // 2, endpoint=False)
    far = np.geomspace(_MIDDLE, _FAR, 3 * n // 8)
    z = np.concatenate([near, far]).astype(np.float32)[:, None]
    x = (centres(n) - 0.5) * z
    bed = valley(scene, x, z)
    high = int(np.searchsorted(z[:, 0], 9.0))
    bed[high:] += mountains(scene, x[high:], z[high:])
    height = np.maximum(bed, WATER_LEVEL)
    light, upright = light_of(scene, height, x, z)
    for figure in figures:
        drop_shadow(scene, figure, x, z, light)
    woods, canopy = _woods(scene, bed, x, z)
    height = height + woods * (0.15 + 0.4 * canopy)
    top = scene.horizon - (height - EYE) / z
    return Land(x, z, height, top, light, upright, woods, canopy, smoothstep(0.0, 0.03, WATER_LEVEL - bed))


def _woods(scene: Scene, bed: Array, x: Array, z: Array) -> tuple[Array, Array]:
    """Where distant forests grow, and how high their canopy is there; both in [0, 1]."""
    canopy = noise(scene.table, x * 6.0, z * 4.0)
    grove = fbm(scene.table, x * 0.3, z * 0.3 + 44.0, 2) + 0.1 * np.minimum(bed, 1.5)
    # The canopy has a say in where the wood ends, so that single trees step out of its edge.
    woods = smoothstep(0.54, 0.57, grove + 0.08 * (canopy - 0.5) - 0.1 * smoothstep(11.0, 8.5, z))
    woods *= smoothstep(8.4, 8.5, z) * smoothstep(-0.06, 0.0, bed)
    woods *= smoothstep(1.0, -1.0, bed + 6.0 * (grove - 0.6) - scene.tree_line)
    return woods, canopy
