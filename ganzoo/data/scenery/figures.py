"""What stands on the land, and how it is put into the picture."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ganzoo.data.scenery.arrays import Array
from ganzoo.data.scenery.cabin import log_cabin
from ganzoo.data.scenery.palette import Palette, haze, mix
from ganzoo.data.scenery.patch import Patch, patch_of
from ganzoo.data.scenery.scene import Figure, Kind, Scene
from ganzoo.data.scenery.terrain import EYE, WATER_LEVEL, mountains, valley, winding
from ganzoo.data.scenery.trees import broadleaf, conifer
from ganzoo.data.scenery.view import View

# How a kind is painted (to coverage (h, w) and colour (3, h, w)), and how many of its heights it reaches to a side.
_KINDS: dict[Kind, tuple[Callable[[Scene, Palette, Figure, Patch], tuple[Array, Array]], float]] = {
    "conifer": (conifer, 0.3),
    "broadleaf": (broadleaf, 0.5),
    "cabin": (log_cabin, 0.95),
}


@dataclass(frozen=True)
class Standing:
    """A figure and the height of the ground beneath it."""

    figure: Figure
    ground: float


def standing_in(scene: Scene) -> list[Standing]:
    """The figures that have firm ground under them."""
    x = np.array([figure.x for figure in scene.figures], dtype=np.float32)
    z = np.array([figure.z for figure in scene.figures], dtype=np.float32)
    ground = valley(scene, x, z) + mountains(scene, x, z)
    firm = ground > WATER_LEVEL + 0.05
    if scene.path:
        firm &= np.abs(x - winding(scene, z)) > 0.35
    return [Standing(figure, float(h)) for figure, h, ok in zip(scene.figures, ground, firm, strict=True) if ok]


def paint_figures(scene: Scene, palette: Palette, standing: Iterable[Standing], view: View, picture: Array) -> None:
    """Paints figures into `picture`, each over the last, and takes the pixels that they cover away from the water."""
    for one in standing:
        _paint_figure(scene, palette, one, view, picture)


def _paint_figure(scene: Scene, palette: Palette, standing: Standing, view: View, picture: Array) -> None:
    figure = standing.figure
    paint, breadth = _KINDS[figure.kind]
    v = scene.horizon - (standing.ground - EYE) / figure.z
    patch = patch_of(0.5 + figure.x / figure.z, v + 0.004, figure.height / figure.z, breadth, picture.shape[2])
    if patch is None or patch.pixels < 3.0:
        return
    cover, colour = paint(scene, palette, figure, patch)
    colour *= palette.sunlight
    colour = mix(colour, palette.skyline, haze(np.full((1, 1), figure.z, dtype=np.float32)))
    cover = cover * (view.depth[patch.where] > figure.z * 0.97)
    rows, columns = patch.where
    picture[:, rows, columns] = mix(picture[:, rows, columns], colour, cover)
    view.water[patch.where] *= 1.0 - cover
