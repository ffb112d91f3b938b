"""The paint of conifers and broadleaved trees."""

import numpy as np

from ganzoo.data.scenery.arrays import Array, smoothstep, unit
from ganzoo.data.scenery.noise import noise
from ganzoo.data.scenery.palette import Palette, mix, shaded
from ganzoo.data.scenery.patch import Patch
from ganzoo.data.scenery.scene import Figure, Scene


def conifer(scene: Scene, palette: Palette, tree: Figure, patch: Patch) -> tuple[Array, Array]:
    """Tiers of drooping branches; coverage (h, w) and colour (3, h, w)."""
    p, q = patch.p, patch.q
    ragged = _ragged(scene, tree, patch, 30.0)
    down = unit(1.0 - q)
    bough = (down - 0.5 * np.abs(p)) * (5.0 + 4.0 * tree.shape) + tree.tone + 0.35 * ragged
    bough = bough - np.floor(bough)
    half_width = (0.15 + 0.09 * tree.tone) * down**0.85 * (0.74 + 0.36 * bough + 0.25 * ragged)
    crown = patch.inside(np.minimum(half_width - np.abs(p), q - 0.05 - 0.2 * np.abs(p) - 0.06 * ragged))
    trunk = patch.inside(0.022 - np.abs(p)) * patch.inside(np.minimum(q, 0.2 - q))
    side = np.clip(scene.sun_side * p / (half_width + 0.02), -1.0, 1.0)
    exposure = unit(0.14 + 0.5 * bough + 0.3 * side + 0.3 * ragged)
    if palette.winter:
        exposure = smoothstep(-0.1, 0.85, exposure)  # snow lies wherever the light falls
    needles = shaded(palette.conifer, exposure * (0.8 + 0.2 * tree.tone))
    return np.maximum(crown, trunk), mix(_wood(scene, palette, patch), needles, crown)


def broadleaf(scene: Scene, palette: Palette, tree: Figure, patch: Patch) -> tuple[Array, Array]:
    """A trunk under a cloud of leafy balls, in winter a veil of frosted twigs; coverage (h, w), colour (3, h, w)."""
    p, q = patch.p, patch.q
    balls = _leafy_balls(scene, tree)
    ragged = _ragged(scene, tree, patch, 22.0)
    aside, above, radius = p - balls[0], q - balls[1], balls[2]
    depths = 1.0 - np.sqrt(aside * aside + above * above) / radius
    depth = depths.max(axis=0)
    facing = np.where(depths == depth, (0.55 * scene.sun_side * aside + 0.8 * above) / radius, -9.0).max(axis=0)
    crown = patch.inside(0.15 * depth + 0.07 * ragged)
    exposure = unit(0.45 + 0.42 * facing + 0.4 * (q - 0.6) + 0.3 * ragged)
    foliage = mix(shaded(palette.leaves, exposure), shaded(palette.leaves_warm, exposure), tree.tone)
    trunk = patch.inside(0.03 * (1.3 - q) - np.abs(p)) * patch.inside(np.minimum(q, 0.5 - q))
    if palette.winter:
        crown = crown * unit(0.55 + 0.55 * ragged)
        trunk = np.maximum(trunk, _branches(balls, patch))
    return np.maximum(crown, trunk), mix(_wood(scene, palette, patch), foliage, crown)


def _leafy_balls(scene: Scene, tree: Figure) -> Array:
    """The balls of a crown, (3, balls, 1, 1): where they are (p, q) and their radius."""
    dice = scene.table[int(tree.shape * len(scene.table))]  # random numbers enough, and at hand
    turn, spread = 2.0 * np.pi * dice[:10], 0.27 * np.sqrt(dice[10:20])
    slenderness = 0.55 + 0.55 * tree.tone
    balls = [slenderness * spread * np.cos(turn), 0.58 + 0.95 * spread * np.sin(turn), 0.11 + 0.06 * dice[20:30]]
    return np.stack(balls)[..., None, None]


def _branches(balls: Array, patch: Patch) -> Array:
    """Boughs from the trunk to every ball of the crown; coverage (h, w)."""
    end_p, end_q = balls[0], balls[1] + 0.08
    start_q = np.minimum(0.22, end_q - 0.1)
    rise = end_q - start_q
    along = unit((patch.p * end_p + (patch.q - start_q) * rise) / (end_p * end_p + rise * rise))
    aside, above = patch.p - along * end_p, patch.q - start_q - along * rise
    distance = 0.016 * (1.2 - along) - np.sqrt(aside * aside + above * above)
    return 0.8 * patch.inside(distance.max(axis=0))


def _wood(scene: Scene, palette: Palette, patch: Patch) -> Array:
    """The colour of a round trunk, (3, 1, w)."""
    return shaded(palette.bark, unit(0.5 + 12.0 * scene.sun_side * patch.p))


def _ragged(scene: Scene, tree: Figure, patch: Patch, fineness: float) -> Array:
    """The unevenness of foliage in [-0.5, 0.5], (h, w); none on a tree too small to show it."""
    if patch.pixels < fineness:
        return np.zeros((1, 1), dtype=np.float32)
    return noise(scene.table, patch.p * fineness + tree.tone * 40.0, patch.q * fineness) - 0.5
