"""Every recipe that comes along is valid as it stands, says how it is run, and takes two steps on small pictures."""

import re

import numpy as np
import pytest
from small_recipes import terms_of, train_small

from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_data, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.rehearsal import rehearse
from ganzoo.recipe.shipped import shipped_recipes

RECIPES = shipped_recipes(plugins())


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
    run = train_small(name, tmp_path, "train.steps=2")
    assert run.step == 2
    terms = terms_of(run)
    assert terms
    assert np.isfinite(terms).all()
