"""The height field: valley, mountains, and the beds of river and lake."""

import numpy as np

from ganzoo.data.scenery.arrays import Array, smoothstep
from ganzoo.data.scenery.noise import fbm, ridged
from ganzoo.data.scenery.scene import Scene

EYE = 1.0  # heights, in world units
WATER_LEVEL = -0.14


def valley(scene: Scene, x: Array, z: Array) -> Array:
    """The height of the meadows and of the beds of the water."""
    swell = fbm(scene.table, x * 0.17 + 7.0, z * 0.17, 2) - 0.42
    bumps = fbm(scene.table, x * 0.75, z * 0.75 + 33.0, 2) - 0.5
    height = scene.relief * swell * smoothstep(0.5, 7.0, z) + 0.22 * bumps * smoothstep(14.0, 5.0, z)
    wet = _wetness(scene, x, z)
    # Low flat banks: a steep one would be narrower than the depths at which a small canvas samples the land.
    return height * smoothstep(0.5, 0.02, wet) - 0.32 * smoothstep(0.35, 0.85, wet)


def mountains(scene: Scene, x: Array, z: Array) -> Array:
    """What the mountains add to the height; next to nothing nearer than 9 units."""
    bent_x = x + 5.0 * (fbm(scene.table, x * 0.12, z * 0.12 + 5.0, 2) - 0.5)
    height = np.zeros_like(bent_x)
    for peak in scene.peaks:
        across, along = (bent_x - peak.x) / peak.radius, (z - peak.z) / peak.radius
        cone = np.maximum(1.0 - np.sqrt(across * across + along * along), 0.0)
        dome = cone * cone * (3.0 - 2.0 * cone)
        spire = cone * (0.75 + 0.25 * cone)
        np.maximum(height, peak.height * (dome + scene.craggy * (spire - dome)), out=height)
    crests = ridged(scene.table, x * 0.13 + 2.0, z * 0.13, 5) - 0.45
    height *= 1.0 + (0.25 + 0.75 * scene.craggy) * crests
    return height


def winding(scene: Scene, z: Array) -> Array:
    """The x of the middle of the river, or of the path, at depth z."""
    swing: Array = np.sin(z * 0.6 + scene.bend)
    return scene.water_x * 0.3 + swing * (0.25 + 0.11 * z)


def _wetness(scene: Scene, x: Array, z: Array) -> Array:
    """How far a point is into the bed of the water: 0 far away, above 0.5 under water."""
    if scene.water == "none":
        return np.zeros_like(x + z)
    if scene.water == "river":
        offset = (x - winding(scene, z)) / (0.7 * scene.water_size * smoothstep(24.0, 9.0, z) + 0.05)
        river: Array = np.exp(-0.5 * offset * offset)
        return river
    wobble = fbm(scene.table, x * 0.45, z * 0.45 + 30.0, 2) - 0.5
    across = (x - scene.water_x) / (3.6 * scene.water_size)
    along = (z - scene.water_z) / (1.6 * scene.water_size + 0.5)
    lake: Array = np.exp(-0.6 * (across * across + along * along) - 0.9 * wobble)
    return lake
