"""A whole picture: the land, the sky over it, what stands on it, and the water that mirrors it."""

import numpy as np
import numpy.typing as npt

from ganzoo.data.scenery.arrays import Array, unit
from ganzoo.data.scenery.figures import paint_figures, standing_in
from ganzoo.data.scenery.land import paint_land
from ganzoo.data.scenery.palette import Palette, Season, palette_of
from ganzoo.data.scenery.scene import Scene, compose
from ganzoo.data.scenery.sky import paint_sky
from ganzoo.data.scenery.survey import survey
from ganzoo.data.scenery.view import project
from ganzoo.data.scenery.water import paint_water

_OVERSAMPLING = 2
_BEYOND_THE_WATER = 4.0  # the depth from which figures are mirrored; nearer ones hide the water


def draw(seed: int, index: int, season: Season, size: int) -> npt.NDArray[np.uint8]:
    """Paints scene number `index` of the collection `seed` in a season; uint8 (size, size, 3), RGB."""
    scene = compose(seed, index)
    picture = _paint(scene, palette_of(season, scene.hour), size * _OVERSAMPLING)
    averaged = picture.reshape(3, size, _OVERSAMPLING, size, _OVERSAMPLING).mean(axis=(2, 4))
    pixels: npt.NDArray[np.uint8] = np.rint(unit(averaged) * 255.0).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(1, 2, 0))


def _paint(scene: Scene, palette: Palette, n: int) -> Array:
    """A scene on a canvas of n pixels, (3, n, n)."""
    standing = standing_in(scene)
    land = survey(scene, n, [one.figure for one in standing])
    view, picture = project(land, paint_land(scene, palette, land))
    rows = int((~view.land).any(axis=1).sum())
    picture[:, :rows] = np.where(view.land[:rows], picture[:, :rows], paint_sky(scene, palette, rows, n))
    far = [one for one in standing if one.figure.z >= _BEYOND_THE_WATER]
    near = [one for one in standing if one.figure.z < _BEYOND_THE_WATER]
    paint_figures(scene, palette, far, view, picture)
    paint_water(scene, palette, view, picture)
    paint_figures(scene, palette, near, view, picture)
    return picture
