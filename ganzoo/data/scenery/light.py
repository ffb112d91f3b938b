"""How the sun lights the land, and what lies in the shade."""

import numpy as np

from ganzoo.data.scenery.arrays import Array, smoothstep, unit
from ganzoo.data.scenery.noise import noise
from ganzoo.data.scenery.scene import Figure, Scene


def light_of(scene: Scene, height: Array, x: Array, z: Array) -> tuple[Array, Array]:
    """How brightly the sun lights the land, and how upright the ground is; both in [0, 1]."""
    along_x = np.gradient(height, axis=1) / (x[:, 1:2] - x[:, 0:1])
    along_sight = np.gradient(height, axis=0) / np.gradient(z, axis=0)
    # A line of sight runs outwards: what the height gains by moving sideways is no slope in depth.
    along_z = along_sight - along_x * (x / z)
    upright = 1.0 / np.sqrt(1.0 + along_x * along_x + along_z * along_z)
    low_sun = min(abs(scene.hour - 1.0), 1.0)
    lean, rise = scene.sun_side * (0.75 + 0.25 * low_sun), 1.0 - 0.5 * low_sun
    towards_sun = (rise - lean * along_x + 0.35 * along_z) * upright
    light = unit(0.74 + 0.8 * (towards_sun - rise))
    light *= 1.0 - 0.7 * _cast_shadow(scene, height, x, z, rise)
    # The shadows of drifting clouds, and a darker foreground that leads the eye into the picture.
    light *= 0.72 + 0.36 * smoothstep(0.3, 0.6, noise(scene.table, x * 0.22 + 3.0, z * 0.22 + 60.0))
    light *= 0.75 + 0.25 * smoothstep(1.4, 2.6, z)
    return light, upright


def _cast_shadow(scene: Scene, height: Array, x: Array, z: Array, rise: float) -> Array:
    """1 where higher land to the side hides the sun."""
    lifted = height - scene.sun_side * x * rise
    if scene.sun_side > 0:
        skyline = np.maximum.accumulate(lifted[:, ::-1], axis=1)[:, ::-1]
    else:
        skyline = np.maximum.accumulate(lifted, axis=1)
    return smoothstep(0.0, 1.0, (skyline - lifted) / (0.02 * z))


def drop_shadow(scene: Scene, figure: Figure, x: Array, z: Array, light: Array) -> None:
    """Darkens `light` on the ground beside a figure, away from the sun."""
    n = x.shape[1]
    reach = 0.6 * figure.height
    first, last = np.searchsorted(z[:, 0], [figure.z - reach, figure.z + reach])
    left = max(int((0.5 + (figure.x - 2.5 * reach) / figure.z) * n), 0)
    right = min(int((0.5 + (figure.x + 2.5 * reach) / figure.z) * n), n)
    if first >= last or left >= right:
        return
    across = (x[first:last, left:right] - figure.x + scene.sun_side * 0.6 * reach) / reach
    along = (z[first:last] - figure.z - 0.1 * reach) / (0.4 * reach)
    # In place and only nearby: a scene has dozens of figures.
    light[first:last, left:right] *= 1.0 - 0.6 * np.exp(-1.5 * (across * across + along * along))
