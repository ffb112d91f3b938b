"""What is where in a scene, whatever the season; everything about it is drawn at random once."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ganzoo.data.scenery.arrays import Array
from ganzoo.data.scenery.noise import lattice

Kind = Literal["conifer", "broadleaf", "cabin"]
Water = Literal["lake", "river", "none"]


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
