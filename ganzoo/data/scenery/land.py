"""The paint of the land: meadow, path, forest, rock and snow."""

import numpy as np

from ganzoo.data.scenery.arrays import Array, smoothstep, unit
from ganzoo.data.scenery.noise import fbm, noise
from ganzoo.data.scenery.palette import Palette, haze, mix, shaded
from ganzoo.data.scenery.scene import Scene
from ganzoo.data.scenery.survey import Land
from ganzoo.data.scenery.terrain import WATER_LEVEL, winding


def paint_land(scene: Scene, palette: Palette, land: Land) -> Array:
    """The colours (3, depths, n) of the land, without water: from the meadow up to the snow, each over the last."""
    x, z = land.x, land.z
    patches = smoothstep(0.35, 0.68, fbm(scene.table, x * 0.5, z * 0.5 + 20.0, 3))
    grain = noise(scene.table, x * 1.7, z * 1.7)
    tufts = fbm(scene.table, x * 13.0, z * 15.0 + 3.0, 2) - 0.5
    light = unit(land.light * (1.0 + 0.6 * tufts * smoothstep(6.0, 2.5, z)))
    colour = mix(shaded(palette.meadow, light), shaded(palette.meadow_dry, light), patches)
    _strew_flowers(scene, palette, land, colour)
    colour = mix(colour, shaded(palette.earth, light), _bare_earth(scene, land))
    leafy = shaded(palette.forest, unit(land.light * (0.3 + 1.0 * land.canopy)))
    colour = mix(colour, leafy, land.woods)
    above = land.height + 1.5 * (grain - 0.5) + 2.0 * (patches - 0.5)
    rocks = smoothstep(-0.8, 0.8, above - scene.tree_line)
    colour = mix(colour, shaded(palette.rock, land.light * (0.8 + 0.4 * grain)), rocks)
    snow_line = 0.0 if palette.winter else scene.snow_line
    snow = smoothstep(-1.0, 1.0, above - snow_line) * smoothstep(0.42, 0.72, land.upright + 0.2 * (grain - 0.5))
    colour = mix(colour, shaded(palette.snow, land.light), snow * rocks)
    colour *= palette.sunlight
    return mix(colour, palette.skyline * 0.75 + palette.zenith * 0.25, haze(z))


def _strew_flowers(scene: Scene, palette: Palette, land: Land, colour: Array) -> None:
    """Dots the near meadow with flowers, of which winter leaves dry stalks."""
    near = int(np.searchsorted(land.z[:, 0], 4.5))
    x, z = land.x[:near], land.z[:near]
    rarity = 0.75 - 0.5 * scene.flowers
    meadow = smoothstep(rarity, rarity + 0.2, noise(scene.table, x * 0.6, z * 0.6 + 25.0)) * smoothstep(4.5, 3.0, z)
    dots = smoothstep(0.74, 0.84, noise(scene.table, x * 21.0 + 5.0, z * 24.0)) * meadow
    if palette.winter:
        petals, strength = palette.bark[1], 0.15
    else:
        kind = noise(scene.table, x * 0.9, z * 0.9 + 2.0)
        blue = smoothstep(0.4, 0.6, kind)
        petals, strength = np.stack([0.98 - 0.3 * blue, 0.85 - 0.35 * blue, 0.35 + 0.5 * blue]), 0.85
    colour[:, :near] = mix(colour[:, :near], petals, dots * strength)


def _bare_earth(scene: Scene, land: Land) -> Array:
    """1 on the path and on the narrow beach of the water."""
    beach = 0.8 * smoothstep(0.05, 0.01, land.height - WATER_LEVEL)
    if not scene.path:
        return beach
    width = 0.10 + 0.05 * noise(scene.table, land.x * 2.0, land.z * 2.0)
    trodden = smoothstep(1.0, 0.7, np.abs(land.x - winding(scene, land.z)) / width) * smoothstep(12.0, 8.0, land.z)
    bare: Array = np.maximum(beach, 0.85 * trodden)
    return bare
