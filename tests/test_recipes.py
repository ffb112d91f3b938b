"""Every recipe that comes along is valid as it stands, says how it is run, and takes two steps on small pictures."""

import re

import numpy as np
import pytest
from PIL import Image

import ganzoo
from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_data, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.rehearsal import rehearse
from ganzoo.recipe.shipped import shipped_recipes

RECIPES = shipped_recipes(plugins())


def pictures(folder, count=3):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        Image.fromarray(rng.integers(0, 256, (40, 48, 3), dtype=np.uint8)).save(folder / f"{number}.png")


def unpaired(root):
    for name in ("trainA", "trainB", "testA", "testB"):
        pictures(root / name)
    return [f"data.root={root}", "data.load_size=36", "data.size=32"]


def domains(root):
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            pictures(root / split / name)
    return [f"data.root={root}"]


SMALL = {
    "unpaired-images": unpaired,
    "class-domains": domains,
    "seasons": lambda root: ["data.size=32", "data.count=3", "data.test_count=2"],
}


@pytest.fixture(params=sorted(RECIPES))
def name(request):
    return request.param


def test_the_first_line_is_the_command_that_runs_it(name):
    command = RECIPES[name].text.partition("\n")[0]
    model = read(None, name, [], plugins()).values["model"]
    assert re.fullmatch(rf"# ganzoo train {model}( --recipe recipes/{name}\.toml)?", command)


def test_it_is_valid_and_its_networks_fit(name):
    source = read(None, name, [], plugins())
    recipe = check(source, plugins())
    spec = build_data(recipe, plugins()).spec
    cost = rehearse(fill_from_data(recipe, spec, plugins()), spec, plugins(), source)
    assert sum(cost.parameters.values()) > 0


def test_it_takes_two_steps(name, tmp_path):
    small = SMALL[check(read(None, name, [], plugins()), plugins()).data.type](tmp_path / "data")
    settings = ["train.steps=2", "train.batch_size=1", "train.log_every=1", "evaluation.metrics=[]"]
    run = ganzoo.train(recipe=name, overrides=[*small, *settings], out=tmp_path / "run")
    assert run.step == 2
    terms = [value for line in run.history() for key, value in line.items() if key.startswith("generator/")]
    assert terms
    assert np.isfinite(terms).all()
