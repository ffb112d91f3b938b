"""The paint of log cabins."""

import numpy as np

from ganzoo.data.scenery.arrays import Array, unit
from ganzoo.data.scenery.palette import Palette, mix, shaded
from ganzoo.data.scenery.patch import Patch
from ganzoo.data.scenery.scene import Figure, Scene


def log_cabin(scene: Scene, palette: Palette, cabin: Figure, patch: Patch) -> tuple[Array, Array]:
    """A log cabin with a wide roof and a lit window; coverage (h, w) and colour (3, h, w)."""
    p, q = patch.p, patch.q
    half = 0.62 + 0.15 * cabin.shape
    wall = patch.inside(half - np.abs(p)) * patch.inside(0.52 - q) * patch.inside(q)
    eaves = half + 0.12 - 0.32 * (q - 0.45) / 0.45
    roof = patch.inside(eaves - np.abs(p)) * patch.inside(q - 0.45) * patch.inside(0.9 - q)
    chimney = patch.inside(0.07 - np.abs(p - 0.45 * half)) * patch.inside(np.minimum(q - 0.6, 1.0 - q))
    logs = 0.55 + 0.25 * np.sin(q * 75.0) + 0.4 * scene.sun_side * p
    colour = shaded(palette.wall, unit(logs))
    door = patch.inside(0.09 - np.abs(p + 0.1)) * patch.inside(0.36 - q)
    colour = mix(colour, palette.bark[0], door)
    window = patch.inside(0.09 - np.abs(np.abs(p - 0.1 * half) - 0.36)) * patch.inside(0.07 - np.abs(q - 0.27))
    colour = mix(colour, palette.glow, window)
    colour = mix(colour, mix(palette.rock[0], palette.rock[1], 0.3), np.maximum(chimney - roof, 0.0))
    tiles = unit(0.5 + 0.6 * (q - 0.5) + 0.35 * scene.sun_side * p)
    colour = mix(colour, shaded(palette.roof, tiles), roof)
    return np.maximum(np.maximum(wall, roof), chimney), colour
