"""Little landscape paintings: one scene, seen in summer and in winter.

A scene is a small world in three dimensions: a height field with mountains, meadows and water, and the trees that
stand on it. Everything about it is drawn at random once, without knowing the season (`compose`), so both seasons
show the same place. A season is only a way of colouring it (`Palette`).

World coordinates: x to the right, z away from the viewer, heights up, the eye one unit above the valley floor.
Picture coordinates: u to the right and v down, both 0 to 1 whatever the size in pixels. For a canvas of n pixels,
arrays of the picture are (n, n), or (3, n, n) for colours in [0, 1]; arrays of the land are (depths, n), nearest first.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ganzoo.data._noise import Array, fbm, lattice, noise, ridged, smoothstep, unit

Season = Literal["summer", "winter"]
Kind = Literal["conifer", "broadleaf", "cabin"]
Water = Literal["lake", "river", "none"]

_EYE = 1.0
_WATER_LEVEL = -0.14
_NEAR, _MIDDLE, _FAR = 1.5, 14.0, 62.0  # depths: the land begins, the mountains rule, the land ends
_OVERSAMPLING = 2


# ---------------------------------------------------------------------------------------------------------------
# The scene: what is where, whatever the season.


@dataclass(frozen=True)
class Peak:
    """A mountain: where its summit stands, how high it is and how far its foot reaches."""

    x: float
    z: float
    height: float
    radius: float


@dataclass(frozen=True)
class Figure:
    """What stands on the land: where, how tall, and numbers in [0, 1] for its shape and its shade of colour."""

    kind: Kind
    x: float
    z: float
    height: float
    shape: float
    tone: float


Standing = tuple[Figure, float]  # a figure and the height of the ground beneath it


@dataclass(frozen=True)
class Scene:
    """All that the two seasons of one picture share."""

    table: Array  # the noise lattice of this scene
    hour: float  # 0 dawn, 1 noon, 2 golden afternoon, 3 dusk
    sun_side: float  # -1 or 1: the light comes from the left or the right
    sun_u: float
    sun_v: float
    horizon: float  # v of the eye's level
    cloudiness: float  # 0 clear, 1 overcast
    cloud_scale: float
    peaks: tuple[Peak, ...]
    craggy: float  # 0 for rounded, 1 for rugged mountains
    snow_line: float  # the height above which summer keeps its snow
    tree_line: float
    relief: float  # how hilly the meadow is
    water: Water
    water_x: float
    water_z: float
    water_size: float
    bend: float  # phase of the curves of river and path, radians
    path: bool
    flowers: float  # 0 none, 1 plenty
    figures: tuple[Figure, ...]  # the farthest first


def compose(seed: int, index: int) -> Scene:
    """Invents scene number `index` of the collection `seed`."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, index])))
    table = lattice(rng)
    hour = (0.0, 0.7, 1.5, 2.4)[rng.integers(4)] + float(rng.uniform(0.0, 0.6))
    sun_side = float(rng.choice([-1.0, 1.0]))
    height_of_sun = 1.0 - abs(hour - 1.0) / (1.0 if hour < 1.0 else 2.0)
    horizon = float(rng.uniform(0.41, 0.57))
    craggy = float(rng.uniform(0.6, 1.0) if rng.random() < 0.65 else rng.uniform(0.0, 0.3))
    peaks = _peaks(rng, craggy)
    summit = max(peak.height for peak in peaks)
    waters: tuple[Water, ...] = ("lake", "lake", "river", "none")
    water = waters[rng.integers(len(waters))]
    return Scene(
        table=table,
        hour=hour,
        sun_side=sun_side,
        sun_u=0.5 + sun_side * float(rng.uniform(0.15, 0.65)),
        sun_v=horizon - 0.17 - 0.45 * height_of_sun + float(rng.uniform(-0.05, 0.05)),
        horizon=horizon,
        cloudiness=float(rng.uniform(0.0, 1.0)),
        cloud_scale=float(rng.uniform(0.8, 1.7)),
        peaks=peaks,
        craggy=craggy,
        snow_line=summit * float(rng.uniform(0.5, 0.9)) if craggy > 0.5 else 99.0,
        tree_line=summit * float(rng.uniform(0.25, 0.5)) if craggy > 0.5 else summit * 1.2,
        relief=float(rng.uniform(0.3, 1.3)),
        water=water,
        water_x=float(rng.uniform(-2.5, 2.5)),
        water_z=float(rng.uniform(5.0, 8.0)),
        water_size=float(rng.uniform(0.6, 1.4)),
        bend=float(rng.uniform(0.0, 2 * np.pi)),
        path=water != "river" and rng.random() < 0.6,
        flowers=float(rng.uniform(-0.5, 1.0)),
        figures=_figures(rng),
    )


def _peaks(rng: np.random.Generator, craggy: float) -> tuple[Peak, ...]:
    """A far range, sometimes with one great mountain, and lower hills before it."""
    peaks = []
    highest = rng.uniform(0.12, 0.34) if craggy > 0.5 else rng.uniform(0.08, 0.18)
    places = np.linspace(-0.6, 0.6, int(rng.integers(4, 8))) + rng.uniform(-0.06, 0.06)
    favourite = rng.integers(1, len(places) - 1)
    for number, place in enumerate(places):
        z = rng.uniform(34.0, 50.0)
        rise = highest * (1.0 if number == favourite else rng.uniform(0.35, 0.85))
        radius = rng.uniform(9.0, 14.0) + 25.0 * rise
        peaks.append(Peak(float(place * z), float(z), float(rise * z), float(radius)))
    for place in np.linspace(-0.65, 0.65, int(rng.integers(3, 6))):
        z = rng.uniform(18.0, 25.0)
        # Low in the middle, so that the far range shows.
        rise = rng.uniform(0.0, 0.06) + 0.16 * abs(place) * rng.random()
        peaks.append(Peak(float(place * z), float(z), float(rise * z + 1.0), float(rng.uniform(5.0, 8.5))))
    return tuple(peaks)


def _figures(rng: np.random.Generator) -> tuple[Figure, ...]:
    """Groves of one kind each, single trees, perhaps a cabin and a great tree near one edge; the farthest first."""
    figures = []
    for _ in range(int(rng.integers(4, 9))):
        kind: Kind = "conifer" if rng.random() < 0.6 else "broadleaf"
        z = 1.0 / rng.uniform(1 / 14.0, 1 / 4.0)
        # Near groves keep to the sides: the middle is for the view.
        place = rng.choice([-1.0, 1.0]) * rng.uniform(0.5 / z, 0.5)
        for _ in range(int(rng.integers(4, 14))):
            far = max(z * rng.uniform(0.85, 1.2), 3.2)
            figures.append(_figure(rng, kind, (place + rng.normal(0.0, 0.09)) * far, far))
    for _ in range(int(rng.integers(2, 7))):
        far = rng.uniform(4.5, 12.0)
        figures.append(_figure(rng, _any_tree(rng), rng.uniform(-0.5, 0.5) * far, far))
    if rng.random() < 0.55:
        far = rng.uniform(2.3, 3.0)
        figures.append(_figure(rng, _any_tree(rng), rng.choice([-1.0, 1.0]) * rng.uniform(0.36, 0.5) * far, far))
    if rng.random() < 0.4:
        far = rng.uniform(4.2, 7.0)
        figures.append(_figure(rng, "cabin", rng.uniform(-0.36, 0.36) * far, far))
    return tuple(sorted(figures, key=lambda figure: -figure.z))


def _any_tree(rng: np.random.Generator) -> Kind:
    return "conifer" if rng.random() < 0.5 else "broadleaf"


def _figure(rng: np.random.Generator, kind: Kind, x: float, z: float) -> Figure:
    """A figure of a size fit for its kind."""
    low, high = {"conifer": (0.6, 1.5), "broadleaf": (0.55, 1.05), "cabin": (0.5, 0.65)}[kind]
    return Figure(kind, float(x), float(z), float(rng.uniform(low, high)), float(rng.random()), float(rng.random()))


# ---------------------------------------------------------------------------------------------------------------
# The season: how things are coloured.


@dataclass(frozen=True)
class Palette:
    """The colours of one season at one hour, each (3, 1, 1); materials, (2, 3, 1, 1), go from shade to light."""

    winter: bool
    zenith: Array
    skyline: Array
    cloud: Array
    glow: Array
    sunlight: Array  # multiplies what is lit
    meadow: Array
    meadow_dry: Array
    forest: Array
    rock: Array
    snow: Array
    earth: Array
    conifer: Array
    leaves: Array
    leaves_warm: Array
    bark: Array
    wall: Array
    roof: Array
    water: Array
    streak: Array


# One row for each hour: dawn, noon, golden afternoon, dusk.
_SKIES: dict[Season, dict[str, list[tuple[float, float, float]]]] = {
    "summer": {
        "zenith": [(0.47, 0.62, 0.84), (0.22, 0.48, 0.86), (0.33, 0.53, 0.82), (0.34, 0.36, 0.62)],
        "skyline": [(1.00, 0.84, 0.76), (0.76, 0.89, 0.97), (0.99, 0.88, 0.68), (1.00, 0.66, 0.46)],
        "cloud": [(1.00, 0.93, 0.90), (1.00, 1.00, 1.00), (1.00, 0.95, 0.85), (1.00, 0.74, 0.60)],
        "glow": [(1.00, 0.86, 0.66), (1.00, 0.98, 0.88), (1.00, 0.88, 0.58), (1.00, 0.72, 0.40)],
        "sunlight": [(1.03, 0.95, 0.88), (1.04, 1.02, 0.97), (1.08, 0.97, 0.80), (1.02, 0.82, 0.70)],
    },
    "winter": {
        "zenith": [(0.60, 0.69, 0.82), (0.52, 0.66, 0.82), (0.57, 0.67, 0.80), (0.46, 0.49, 0.66)],
        "skyline": [(0.95, 0.88, 0.87), (0.88, 0.92, 0.96), (0.95, 0.91, 0.86), (0.94, 0.80, 0.75)],
        "cloud": [(0.93, 0.92, 0.94), (0.95, 0.96, 0.98), (0.94, 0.93, 0.93), (0.90, 0.80, 0.80)],
        "glow": [(1.00, 0.93, 0.84), (1.00, 1.00, 0.97), (1.00, 0.95, 0.82), (1.00, 0.85, 0.70)],
        "sunlight": [(1.00, 0.96, 0.95), (1.00, 1.00, 1.00), (1.02, 0.98, 0.92), (0.97, 0.86, 0.86)],
    },
}

# Shade and light of every material.
_MATERIALS: dict[Season, dict[str, list[tuple[float, float, float]]]] = {
    "summer": {
        "meadow": [(0.13, 0.32, 0.17), (0.54, 0.71, 0.25)],
        "meadow_dry": [(0.27, 0.39, 0.17), (0.80, 0.80, 0.38)],
        "forest": [(0.06, 0.20, 0.18), (0.32, 0.49, 0.23)],
        "rock": [(0.30, 0.32, 0.42), (0.76, 0.68, 0.60)],
        "snow": [(0.62, 0.71, 0.88), (1.00, 0.99, 0.97)],
        "earth": [(0.44, 0.37, 0.28), (0.84, 0.75, 0.56)],
        "conifer": [(0.04, 0.17, 0.15), (0.31, 0.50, 0.22)],
        "leaves": [(0.09, 0.26, 0.12), (0.48, 0.67, 0.21)],
        "leaves_warm": [(0.22, 0.34, 0.10), (0.76, 0.77, 0.29)],
        "bark": [(0.20, 0.14, 0.12), (0.52, 0.39, 0.29)],
        "wall": [(0.30, 0.18, 0.13), (0.68, 0.46, 0.31)],
        "roof": [(0.36, 0.13, 0.11), (0.80, 0.36, 0.24)],
        "water": [(0.06, 0.27, 0.48), (0.27, 0.55, 0.76)],
        "streak": [(0.50, 0.70, 0.88), (0.80, 0.90, 0.98)],
    },
    "winter": {
        "meadow": [(0.38, 0.52, 0.80), (0.97, 0.97, 0.98)],
        "meadow_dry": [(0.42, 0.53, 0.78), (0.97, 0.96, 0.95)],
        "forest": [(0.15, 0.25, 0.35), (0.72, 0.80, 0.87)],
        "rock": [(0.29, 0.35, 0.49), (0.68, 0.66, 0.67)],
        "snow": [(0.44, 0.57, 0.83), (1.00, 1.00, 1.00)],
        "earth": [(0.48, 0.54, 0.68), (0.88, 0.88, 0.89)],
        "conifer": [(0.12, 0.23, 0.27), (0.95, 0.97, 1.00)],
        "leaves": [(0.44, 0.48, 0.62), (0.92, 0.94, 0.98)],
        "leaves_warm": [(0.50, 0.48, 0.57), (0.96, 0.93, 0.94)],
        "bark": [(0.22, 0.19, 0.21), (0.47, 0.41, 0.40)],
        "wall": [(0.30, 0.21, 0.19), (0.62, 0.46, 0.37)],
        "roof": [(0.58, 0.67, 0.85), (0.98, 0.98, 1.00)],
        "water": [(0.55, 0.71, 0.83), (0.72, 0.85, 0.93)],
        "streak": [(0.80, 0.87, 0.96), (0.96, 0.98, 1.00)],
    },
}


def palette_of(season: Season, hour: float) -> Palette:
    """The colours of a season at an hour in [0, 3], blended between the two neighbouring hours of the tables."""
    colours: dict[str, Array] = {}
    for name, rows in _SKIES[season].items():
        by_hour = np.array(rows).T
        blend = [np.interp(hour, np.arange(4.0), channel) for channel in by_hour]
        colours[name] = np.array(blend, dtype=np.float32)[:, None, None]
    for name, pair in _MATERIALS[season].items():
        colours[name] = np.array(pair, dtype=np.float32)[..., None, None]
    return Palette(winter=season == "winter", **colours)


def _mix(first: Array, second: Array, share: Array | float) -> Array:
    """From the colour `first` to the colour `second` by a share in [0, 1] for each pixel; (3, h, w)."""
    mixed = (second - first) * share
    mixed += first
    return mixed


def _shaded(material: Array, light: Array) -> Array:
    """A material (2, 3, 1, 1) under a light (h, w) in [0, 1]; (3, h, w)."""
    return _mix(material[0], material[1], light)


def _haze(z: Array) -> Array:
    """How much of the air's colour lies over things at depth z; in [0, 1)."""
    clear: Array = np.exp(np.minimum(3.0 - z, 0.0) / 60.0)
    return 1.0 - clear


# ---------------------------------------------------------------------------------------------------------------
# The land.


@dataclass(frozen=True)
class Land:
    """The height field, sampled along the lines of sight: arrays (depths, n), the nearest first, but z (depths, 1)."""

    x: Array
    z: Array
    height: Array
    top: Array  # v at which the point appears
    light: Array  # 0 in the shade, 1 turned to the sun
    upright: Array  # 1 on the level, near 0 on a cliff
    woods: Array  # 1 in the distant forests
    canopy: Array  # 0 between their trees, 1 on their tips
    water: Array  # 1 on open water


def _winding(scene: Scene, z: Array) -> Array:
    """The x of the middle of the river, or of the path, at depth z."""
    swing: Array = np.sin(z * 0.6 + scene.bend)
    return scene.water_x * 0.3 + swing * (0.25 + 0.11 * z)


def _wetness(scene: Scene, x: Array, z: Array) -> Array:
    """How far a point is into the bed of the water: 0 far away, above 0.5 under water."""
    if scene.water == "none":
        return np.zeros_like(x + z)
    if scene.water == "river":
        offset = (x - _winding(scene, z)) / (0.7 * scene.water_size * smoothstep(24.0, 9.0, z) + 0.05)
        river: Array = np.exp(-0.5 * offset * offset)
        return river
    wobble = fbm(scene.table, x * 0.45, z * 0.45 + 30.0, 2) - 0.5
    across = (x - scene.water_x) / (3.6 * scene.water_size)
    along = (z - scene.water_z) / (1.6 * scene.water_size + 0.5)
    lake: Array = np.exp(-0.6 * (across * across + along * along) - 0.9 * wobble)
    return lake


def _valley(scene: Scene, x: Array, z: Array) -> Array:
    """The height of the meadows and of the beds of the water."""
    swell = fbm(scene.table, x * 0.17 + 7.0, z * 0.17, 2) - 0.42
    bumps = fbm(scene.table, x * 0.75, z * 0.75 + 33.0, 2) - 0.5
    height = scene.relief * swell * smoothstep(0.5, 7.0, z) + 0.22 * bumps * smoothstep(14.0, 5.0, z)
    wet = _wetness(scene, x, z)
    # Low flat banks: a steep one would be narrower than the depths at which a small canvas samples the land.
    return height * smoothstep(0.5, 0.02, wet) - 0.32 * smoothstep(0.35, 0.85, wet)


def _mountains(scene: Scene, x: Array, z: Array) -> Array:
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


def survey(scene: Scene, n: int, standing: list[Standing]) -> Land:
    """Samples the land for a canvas of n pixels, with the shadows of what stands on it."""
    near = 1.0 / np.linspace(1.0 / _NEAR, 1.0 / _MIDDLE, n // 2, endpoint=False)
    far = np.geomspace(_MIDDLE, _FAR, 3 * n // 8)
    z = np.concatenate([near, far]).astype(np.float32)[:, None]
    x = (_centres(n) - 0.5) * z
    bed = _valley(scene, x, z)
    high = int(np.searchsorted(z[:, 0], 9.0))
    bed[high:] += _mountains(scene, x[high:], z[high:])
    height = np.maximum(bed, _WATER_LEVEL)
    light, upright = _light(scene, height, x, z)
    for figure, _ in standing:
        _drop_shadow(scene, figure, x, z, light)
    woods, canopy = _woods(scene, bed, x, z)
    height = height + woods * (0.15 + 0.4 * canopy)
    top = scene.horizon - (height - _EYE) / z
    return Land(x, z, height, top, light, upright, woods, canopy, smoothstep(0.0, 0.03, _WATER_LEVEL - bed))


def _woods(scene: Scene, bed: Array, x: Array, z: Array) -> tuple[Array, Array]:
    """Where distant forests grow, and how high their canopy is there; both in [0, 1]."""
    canopy = noise(scene.table, x * 6.0, z * 4.0)
    grove = fbm(scene.table, x * 0.3, z * 0.3 + 44.0, 2) + 0.1 * np.minimum(bed, 1.5)
    # The canopy has a say in where the wood ends, so that single trees step out of its edge.
    woods = smoothstep(0.54, 0.57, grove + 0.08 * (canopy - 0.5) - 0.1 * smoothstep(11.0, 8.5, z))
    woods *= smoothstep(8.4, 8.5, z) * smoothstep(-0.06, 0.0, bed)
    woods *= smoothstep(1.0, -1.0, bed + 6.0 * (grove - 0.6) - scene.tree_line)
    return woods, canopy


def _centres(n: int) -> Array:
    """The centres of n pixels side by side, in (0, 1)."""
    return ((np.arange(n) + 0.5) / n).astype(np.float32)


def _light(scene: Scene, height: Array, x: Array, z: Array) -> tuple[Array, Array]:
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


def _drop_shadow(scene: Scene, figure: Figure, x: Array, z: Array, light: Array) -> None:
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


def _paint_land(scene: Scene, palette: Palette, land: Land) -> Array:
    """The colours (3, depths, n) of the land, without water: from the meadow up to the snow, each over the last."""
    x, z = land.x, land.z
    patches = smoothstep(0.35, 0.68, fbm(scene.table, x * 0.5, z * 0.5 + 20.0, 3))
    grain = noise(scene.table, x * 1.7, z * 1.7)
    tufts = fbm(scene.table, x * 13.0, z * 15.0 + 3.0, 2) - 0.5
    light = unit(land.light * (1.0 + 0.6 * tufts * smoothstep(6.0, 2.5, z)))
    colour = _mix(_shaded(palette.meadow, light), _shaded(palette.meadow_dry, light), patches)
    _strew_flowers(scene, palette, land, colour)
    colour = _mix(colour, _shaded(palette.earth, light), _bare_earth(scene, land))
    leafy = _shaded(palette.forest, unit(land.light * (0.3 + 1.0 * land.canopy)))
    colour = _mix(colour, leafy, land.woods)
    above = land.height + 1.5 * (grain - 0.5) + 2.0 * (patches - 0.5)
    rocks = smoothstep(-0.8, 0.8, above - scene.tree_line)
    colour = _mix(colour, _shaded(palette.rock, land.light * (0.8 + 0.4 * grain)), rocks)
    snow_line = 0.0 if palette.winter else scene.snow_line
    snow = smoothstep(-1.0, 1.0, above - snow_line) * smoothstep(0.42, 0.72, land.upright + 0.2 * (grain - 0.5))
    colour = _mix(colour, _shaded(palette.snow, land.light), snow * rocks)
    colour *= palette.sunlight
    return _mix(colour, palette.skyline * 0.75 + palette.zenith * 0.25, _haze(z))


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
    colour[:, :near] = _mix(colour[:, :near], petals, dots * strength)


def _bare_earth(scene: Scene, land: Land) -> Array:
    """1 on the path and on the narrow beach of the water."""
    beach = 0.8 * smoothstep(0.05, 0.01, land.height - _WATER_LEVEL)
    if not scene.path:
        return beach
    width = 0.10 + 0.05 * noise(scene.table, land.x * 2.0, land.z * 2.0)
    trodden = smoothstep(1.0, 0.7, np.abs(land.x - _winding(scene, land.z)) / width) * smoothstep(12.0, 8.0, land.z)
    bare: Array = np.maximum(beach, 0.85 * trodden)
    return bare


@dataclass(frozen=True)
class View:
    """What every pixel of the canvas sees: arrays (n, n)."""

    land: npt.NDArray[np.bool_]  # land or water rather than sky
    depth: Array  # z; beyond everything in the sky
    water: Array  # 1 on open water


def _project(land: Land, colour: Array) -> tuple[View, Array]:
    """The view of the land, and its colours (3, n, n)."""
    depths, n = land.top.shape
    hidden_below = np.minimum.accumulate(land.top, axis=0)
    rows = np.clip(np.ceil(hidden_below * n - 0.5), 0, n).astype(np.int64)
    # A pixel sees the first depth that reaches up to it: count those that stay below.
    reached = np.bincount((rows * n + np.arange(n)).ravel(), minlength=(n + 1) * n).reshape(n + 1, n)
    seen = depths - np.cumsum(reached[:n], axis=0)
    is_land = seen < depths
    back = np.minimum(seen, depths - 1)
    front = np.maximum(back - 1, 0) * n + np.arange(n)
    back = back * n + np.arange(n)
    top_back, top_front = land.top.take(back), land.top.take(front)
    share = unit((_centres(n)[:, None] - top_back) / np.maximum(top_front - top_back, 1e-6))
    # The edge of a wood is a wall of trees, dark at the foot, and no slope towards the meadow.
    foot = land.woods.take(back) * share
    share = share - foot

    def seen_of(layer: Array) -> Array:
        return _mix(layer.take(back), layer.take(front), share)

    picture = np.stack([seen_of(channel) for channel in colour]) * (1.0 - 0.35 * foot)
    depth = np.where(is_land, seen_of(np.repeat(land.z, n, axis=1)), np.float32(1e6))
    return View(is_land, depth, seen_of(land.water) * is_land), picture


# ---------------------------------------------------------------------------------------------------------------
# Sky and water.


def _paint_sky(scene: Scene, palette: Palette, rows: int, n: int) -> Array:
    """The uppermost rows of a canvas of n pixels, full of sky with sun and clouds: (3, rows, n)."""
    u, v = _centres(n), _centres(n)[:rows, None]
    up = unit((scene.horizon - v) / scene.horizon)
    sky = _mix(palette.skyline, palette.zenith, up**0.8)
    away = (u - scene.sun_u) ** 2 + (v - scene.sun_v) ** 2
    sky = _mix(sky, palette.glow, 0.55 * np.exp(-away / 0.03) + 0.3 * np.exp(-away / 0.3))
    sky = _mix(sky, palette.glow * 1.1, smoothstep(0.024, 0.018, np.sqrt(away)))
    density, lit = _clouds(scene, u, v)
    shadow = 0.6 * palette.cloud + 0.36 * palette.zenith
    return _mix(sky, _mix(shadow, palette.cloud, lit), density)


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


def _paint_water(scene: Scene, palette: Palette, view: View, picture: Array) -> None:
    """Paints the water over its pixels of `picture`: a mirror with ripples in summer, ice in winter."""
    n = picture.shape[2]
    rows, columns = np.nonzero(view.water > 0.02)
    if len(rows) == 0:
        return
    z = view.depth[rows, columns][None]
    x = (_centres(n)[columns] - 0.5) * z
    ripple = noise(scene.table, x * 2.0, z * 9.0)[0] - 0.5
    mirrored = _mirrored_rows(view, rows, columns) + np.rint(ripple * 0.03 * n).astype(np.int64)
    beside = columns + np.rint(ripple * 0.012 * n).astype(np.int64)
    mirror = picture[:, np.clip(mirrored, 0, n - 1), np.clip(beside, 0, n - 1)][:, None]
    far = smoothstep(2.0, 12.0, z)
    streaks = smoothstep(0.52, 0.72, fbm(scene.table, x * 0.5, z * 1.8 + 9.0, 3))
    clearness, streakiness = (0.25, 0.85) if palette.winter else (0.75, 0.3)
    surface = _mix(_shaded(palette.water, far) * palette.sunlight, mirror, clearness * (0.7 + 0.3 * far))
    surface = _mix(surface, _shaded(palette.streak, far) * palette.sunlight, streaks * streakiness)
    picture[:, rows, columns] = _mix(picture[:, rows, columns], surface[:, 0], view.water[rows, columns])


def _mirrored_rows(view: View, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each pixel of water the row whose picture it mirrors."""
    n = len(view.water)
    dry = np.where(view.water > 0.5, 0, np.arange(n)[:, None])
    shore = np.maximum.accumulate(dry, axis=0)[rows, columns]
    # One level for the whole mirror, that of the far shore: else every notch in the shore would tear the reflection.
    far_shore = int(np.quantile(shore, 0.15))
    mirrored: npt.NDArray[np.int64] = 2 * np.minimum(shore, far_shore) - rows
    return mirrored


# ---------------------------------------------------------------------------------------------------------------
# Trees and cabins.


def _standing(scene: Scene) -> list[Standing]:
    """The figures that have firm ground under them."""
    x = np.array([figure.x for figure in scene.figures], dtype=np.float32)
    z = np.array([figure.z for figure in scene.figures], dtype=np.float32)
    ground = _valley(scene, x, z) + _mountains(scene, x, z)
    firm = ground > _WATER_LEVEL + 0.05
    if scene.path:
        firm &= np.abs(x - _winding(scene, z)) > 0.35
    return [(figure, float(h)) for figure, h, ok in zip(scene.figures, ground, firm, strict=True) if ok]


@dataclass(frozen=True)
class Patch:
    """The part of the canvas that a figure covers, with the figure's own coordinates: foot (0, 0), tip (0, 1)."""

    where: tuple[slice, slice]
    p: Array  # (1, w), to the right
    q: Array  # (h, 1), up
    pixels: float  # the height of the figure in pixels

    def inside(self, distance: Array) -> Array:
        """How much of each pixel lies within an edge that is at these signed distances; in [0, 1]."""
        return unit(distance * self.pixels + 0.5)


def _patch(u: float, v: float, height: float, breadth: float, n: int) -> Patch | None:
    """The patch of a figure with its foot at (u, v), reaching `breadth` heights to either side; None if off canvas."""
    pixels = height * n
    left, right = max(int((u - breadth * height) * n), 0), min(int((u + breadth * height) * n) + 2, n)
    upper, lower = max(int((v - 1.05 * height) * n), 0), min(int(v * n) + 2, n)
    if left >= right or upper >= lower:
        return None
    p = ((np.arange(left, right) + 0.5 - u * n) / pixels).astype(np.float32)[None, :]
    q = ((v * n - np.arange(upper, lower) - 0.5) / pixels).astype(np.float32)[:, None]
    return Patch((slice(upper, lower), slice(left, right)), p, q, pixels)


def _paint_figure(scene: Scene, palette: Palette, standing: Standing, view: View, picture: Array) -> None:
    """Paints a figure into `picture`, and takes the pixels that it covers away from the water."""
    figure, ground = standing
    paint, breadth = {"conifer": (_conifer, 0.3), "broadleaf": (_broadleaf, 0.5), "cabin": (_cabin, 0.95)}[figure.kind]
    v = scene.horizon - (ground - _EYE) / figure.z
    patch = _patch(0.5 + figure.x / figure.z, v + 0.004, figure.height / figure.z, breadth, picture.shape[2])
    if patch is None or patch.pixels < 3.0:
        return
    cover, colour = paint(scene, palette, figure, patch)
    colour *= palette.sunlight
    colour = _mix(colour, palette.skyline, _haze(np.full((1, 1), figure.z, dtype=np.float32)))
    cover = cover * (view.depth[patch.where] > figure.z * 0.97)
    rows, columns = patch.where
    picture[:, rows, columns] = _mix(picture[:, rows, columns], colour, cover)
    view.water[patch.where] *= 1.0 - cover


def _wood(scene: Scene, palette: Palette, patch: Patch) -> Array:
    """The colour of a round trunk, (3, 1, w)."""
    return _shaded(palette.bark, unit(0.5 + 12.0 * scene.sun_side * patch.p))


def _ragged(scene: Scene, tree: Figure, patch: Patch, fineness: float) -> Array:
    """The unevenness of foliage in [-0.5, 0.5], (h, w); none on a tree too small to show it."""
    if patch.pixels < fineness:
        return np.zeros((1, 1), dtype=np.float32)
    return noise(scene.table, patch.p * fineness + tree.tone * 40.0, patch.q * fineness) - 0.5


def _conifer(scene: Scene, palette: Palette, tree: Figure, patch: Patch) -> tuple[Array, Array]:
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
    needles = _shaded(palette.conifer, exposure * (0.8 + 0.2 * tree.tone))
    return np.maximum(crown, trunk), _mix(_wood(scene, palette, patch), needles, crown)


def _broadleaf(scene: Scene, palette: Palette, tree: Figure, patch: Patch) -> tuple[Array, Array]:
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
    foliage = _mix(_shaded(palette.leaves, exposure), _shaded(palette.leaves_warm, exposure), tree.tone)
    trunk = patch.inside(0.03 * (1.3 - q) - np.abs(p)) * patch.inside(np.minimum(q, 0.5 - q))
    if palette.winter:
        crown = crown * unit(0.55 + 0.55 * ragged)
        trunk = np.maximum(trunk, _branches(balls, patch))
    return np.maximum(crown, trunk), _mix(_wood(scene, palette, patch), foliage, crown)


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


def _cabin(scene: Scene, palette: Palette, cabin: Figure, patch: Patch) -> tuple[Array, Array]:
    """A log cabin with a wide roof and a lit window; coverage (h, w) and colour (3, h, w)."""
    p, q = patch.p, patch.q
    half = 0.62 + 0.15 * cabin.shape
    wall = patch.inside(half - np.abs(p)) * patch.inside(0.52 - q) * patch.inside(q)
    eaves = half + 0.12 - 0.32 * (q - 0.45) / 0.45
    roof = patch.inside(eaves - np.abs(p)) * patch.inside(q - 0.45) * patch.inside(0.9 - q)
    chimney = patch.inside(0.07 - np.abs(p - 0.45 * half)) * patch.inside(np.minimum(q - 0.6, 1.0 - q))
    logs = 0.55 + 0.25 * np.sin(q * 75.0) + 0.4 * scene.sun_side * p
    colour = _shaded(palette.wall, unit(logs))
    door = patch.inside(0.09 - np.abs(p + 0.1)) * patch.inside(0.36 - q)
    colour = _mix(colour, palette.bark[0], door)
    window = patch.inside(0.09 - np.abs(np.abs(p - 0.1 * half) - 0.36)) * patch.inside(0.07 - np.abs(q - 0.27))
    colour = _mix(colour, palette.glow, window)
    colour = _mix(colour, _mix(palette.rock[0], palette.rock[1], 0.3), np.maximum(chimney - roof, 0.0))
    tiles = unit(0.5 + 0.6 * (q - 0.5) + 0.35 * scene.sun_side * p)
    colour = _mix(colour, _shaded(palette.roof, tiles), roof)
    return np.maximum(np.maximum(wall, roof), chimney), colour


# ---------------------------------------------------------------------------------------------------------------


def draw(seed: int, index: int, season: Season, size: int) -> npt.NDArray[np.uint8]:
    """Paints scene number `index` of the collection `seed` in a season; uint8 (size, size, 3), RGB."""
    scene = compose(seed, index)
    palette = palette_of(season, scene.hour)
    n = size * _OVERSAMPLING
    standing = _standing(scene)
    land = survey(scene, n, standing)
    view, picture = _project(land, _paint_land(scene, palette, land))
    rows = int((~view.land).any(axis=1).sum())
    picture[:, :rows] = np.where(view.land[:rows], picture[:, :rows], _paint_sky(scene, palette, rows, n))
    # The water mirrors what stands beyond it, and what stands before it hides it.
    for one in standing:
        if one[0].z >= 4.0:
            _paint_figure(scene, palette, one, view, picture)
    _paint_water(scene, palette, view, picture)
    for one in standing:
        if one[0].z < 4.0:
            _paint_figure(scene, palette, one, view, picture)
    averaged = picture.reshape(3, size, _OVERSAMPLING, size, _OVERSAMPLING).mean(axis=(2, 4))
    pixels: npt.NDArray[np.uint8] = np.rint(unit(averaged) * 255.0).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(1, 2, 0))
