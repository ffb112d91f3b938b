"""The paint of the sky: sun, air and clouds."""

import numpy as np

from ganzoo.data.scenery.arrays import Array, centres, smoothstep, unit
from ganzoo.data.scenery.noise import fbm
from ganzoo.data.scenery.palette import Palette, mix
from ganzoo.data.scenery.scene import Scene


def paint_sky(scene: Scene, palette: Palette, rows: int, n: int) -> Array:
    """The uppermost rows of a canvas of n pixels, full of sky with sun and clouds: (3, rows, n)."""
    u, v = centres(n), centres(n)[:rows, None]
    up = unit((scene.horizon - v) / scene.horizon)
    sky = mix(palette.skyline, palette.zenith, up**0.8)
    away = (u - scene.sun_u) ** 2 + (v - scene.sun_v) ** 2
    sky = mix(sky, palette.glow, 0.55 * np.exp(-away / 0.03) + 0.3 * np.exp(-away / 0.3))
    sky = mix(sky, palette.glow * 1.1, smoothstep(0.024, 0.018, np.sqrt(away)))
    density, lit = _clouds(scene, u, v)
    shadow = 0.6 * palette.cloud + 0.36 * palette.zenith
    return mix(sky, mix(shadow, palette.cloud, lit), density)


def _clouds(scene: Scene, u: Array, v: Array) -> tuple[Array, Array]:
    """How thick the clouds are and how brightly they are lit, both in [0, 1]."""
    # Clouds shrink towards the horizon as they get farther away.
    nearness = 1.0 / (np.maximum(scene.horizon - v, 0.0) + 0.22)
    x, y = (u - 0.5) * nearness * 1.2 * scene.cloud_scale, nearness * 1.8 * scene.cloud_scale
    shape = fbm(scene.table, x, y + 50.0, 5)
    sunward = fbm(scene.table, x + 0.12 * scene.sun_side, y + 50.12, 2)
    threshold = 0.68 - 0.28 * scene.cloudiness
    density = smoothstep(threshold - 0.04, threshold + 0.13, shape) * smoothstep(0.0, 0.12, scene.horizon - v)
    return 0.92 * density, unit(0.75 + 3.0 * (shape - sunward))
