"""Every recipe that comes along takes ten steps."""

import numpy as np
import pytest
from small_recipes import terms_of, train_small

from ganzoo.plugins import plugins
from ganzoo.recipe.shipped import shipped_recipes


@pytest.mark.parametrize("name", sorted(shipped_recipes(plugins())))
def test_it_takes_ten_steps(name, device, tmp_path):
    if device == "cpu" and name != "mnist-gan":
        pytest.skip("tests/test_recipes.py trains every recipe on the CPU")
    run = train_small(name, tmp_path, "train.steps=10", f'runtime.device="{device}"')
    assert run.step == 10
    assert np.isfinite(terms_of(run)).all()
    assert (run.environment()["device"].startswith("cpu")) == (device == "cpu")
