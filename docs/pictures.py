"""Draws docs/images/seasons.png: test scenes, what a trained CycleGAN makes of them, and the truth.

python docs/pictures.py RUN
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import ganzoo
from ganzoo.grids import captioned_grid, save_png
from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_data
from ganzoo.run import Run

SCENES = [1, 10, 20, 33, 50]
OUT = Path(__file__).parent / "images" / "seasons.png"


def main(folder: str) -> None:
    """Draw the picture from a run on ``seasons``."""
    test = build_data(Run.open(folder).recipe, plugins()).test()
    assert test is not None, "the run's data has no test split"
    test.prepare()
    batch = test.batch(SCENES, np.random.default_rng(0))
    generators = ganzoo.load(folder).generators
    columns = {
        "summer": batch["A"],
        "made winter": generators.translate(batch["A"], "AtoB"),
        "true winter": batch["B"],
        "winter": batch["B"],
        "made summer": generators.translate(batch["B"], "BtoA"),
        "true summer": batch["A"],
    }
    save_png(captioned_grid(columns), OUT)


if __name__ == "__main__":
    main(sys.argv[1])
