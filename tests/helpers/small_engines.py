"""A model's engine, made small, and the batches for it: for tests that take steps without a run folder."""

import torch

from ganzoo.data.loader import Loader
from ganzoo.engine import Engine
from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_data, build_loop, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.testing import small_settings


def small_engine(model, *settings, device="cpu"):
    """The same networks and batches each time, whatever the device and the settings of the runtime are."""
    recipe = check(read(model, None, small_settings(model, settings), plugins()), plugins())
    data = build_data(recipe, plugins())
    recipe = fill_from_data(recipe, data.spec, plugins())
    data.prepare()
    torch.manual_seed(0)
    engine = Engine(build_loop(recipe, data.spec, plugins()), recipe, torch.device(device), 10**4, 100)
    return engine, Loader(data, batch_size=recipe.train.batch_size, seed=0)
