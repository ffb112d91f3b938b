"""The paint of the water: a mirror in summer, ice in winter."""

import numpy as np
import numpy.typing as npt

from ganzoo.data.scenery.arrays import Array, centres, smoothstep
from ganzoo.data.scenery.noise import fbm, noise
from ganzoo.data.scenery.palette import Palette, mix, shaded
from ganzoo.data.scenery.scene import Scene
from ganzoo.data.scenery.view import View


def paint_water(scene: Scene, palette: Palette, view: View, picture: Array) -> None:
    """Paints the water over its pixels of `picture`: a mirror with ripples in summer, ice in winter."""
    n = picture.shape[2]
    rows, columns = np.nonzero(view.water > 0.02)
    if len(rows) == 0:
        return
    z = view.depth[rows, columns][None]
    x = (centres(n)[columns] - 0.5) * z
    ripple = noise(scene.table, x * 2.0, z * 9.0)[0] - 0.5
    mirrored = _mirrored_rows(view, rows, columns) + np.rint(ripple * 0.03 * n).astype(np.int64)
    beside = columns + np.rint(ripple * 0.012 * n).astype(np.int64)
    mirror = picture[:, np.clip(mirrored, 0, n - 1), np.clip(beside, 0, n - 1)][:, None]
    far = smoothstep(2.0, 12.0, z)
    streaks = smoothstep(0.52, 0.72, fbm(scene.table, x * 0.5, z * 1.8 + 9.0, 3))
    clearness, streakiness = (0.25, 0.85) if palette.winter else (0.75, 0.3)
    surface = mix(shaded(palette.water, far) * palette.sunlight, mirror, clearness * (0.7 + 0.3 * far))
    surface = mix(surface, shaded(palette.streak, far) * palette.sunlight, streaks * streakiness)
    picture[:, rows, columns] = mix(picture[:, rows, columns], surface[:, 0], view.water[rows, columns])


def _mirrored_rows(view: View, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each pixel of water the row whose picture it mirrors."""
    n = len(view.water)
    dry = np.where(view.water > 0.5, 0, np.arange(n)[:, None])
    shore = np.maximum.accumulate(dry, axis=0)[rows, columns]
    # One level for the whole mirror, that of the far shore: else every notch in the shore would tear the reflection.
    far_shore = int(np.quantile(shore, 0.15))
    mirrored: npt.NDArray[np.int64] = 2 * np.minimum(shore, far_shore) - rows
    return mirrored
