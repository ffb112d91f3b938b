"""Little landscape paintings: one scene, seen in summer and in winter.

A scene is a small world in three dimensions: a height field with mountains, meadows and water, and the trees that
stand on it. Everything about it is drawn at random once, without knowing the season (:mod:`scene`), so both seasons
show the same place. A season is only a way of colouring it (:mod:`palette`).

World coordinates: x to the right, z away from the viewer, heights up, the eye one unit above the valley floor.
Picture coordinates: u to the right and v down, both 0 to 1 whatever the size in pixels. For a canvas of n pixels,
arrays of the picture are (n, n), or (3, n, n) for colours in [0, 1]; arrays of the land are (depths, n), nearest first.

From a number to a picture (:mod:`painting`): a scene, its terrain, the survey of it along the lines of sight with
light and shadow, the paint of the land, the view of it from the eye, then sky, figures (trees, cabins) and water.
"""

from ganzoo.data.scenery.painting import draw
from ganzoo.data.scenery.palette import Season

__all__ = ["Season", "draw"]
