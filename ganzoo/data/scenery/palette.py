"""What colours a season has, and how they mix with light and air."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ganzoo.data.scenery.arrays import Array

Season = Literal["summer", "winter"]
Table = dict[str, list[tuple[float, float, float]]]


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
_SKIES: dict[Season, Table] = {
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
_MATERIALS: dict[Season, Table] = {
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


def mix(first: Array, second: Array, share: Array | float) -> Array:
    """From the colour `first` to the colour `second` by a share in [0, 1] for each pixel; (3, h, w)."""
    mixed = (second - first) * share
    mixed += first
    return mixed


def shaded(material: Array, light: Array) -> Array:
    """A material (2, 3, 1, 1) under a light (h, w) in [0, 1]; (3, h, w)."""
    return mix(material[0], material[1], light)


def haze(z: Array) -> Array:
    """How much of the air's colour lies over things at depth z; in [0, 1)."""
    clear: Array = np.exp(np.minimum(3.0 - z, 0.0) / 60.0)
    return 1.0 - clear
