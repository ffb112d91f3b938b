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


def paired(root):
    for split in ("train", "test"):
        pictures(root / split)
    return [f"data.root={root}", "data.load_size=36", "data.size=32"]


def digits(root):
    """MNIST's four files, of four pictures each."""
    root.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split in ("train", "t10k"):
        for name, shape in (("images-idx3", (4, 28, 28)), ("labels-idx1", (4,))):
            header = bytes([0, 0, 8, len(shape)]) + np.array(shape, dtype=">u4").tobytes()
            (root / f"{split}-{name}-ubyte").write_bytes(header + rng.integers(0, 10, shape, dtype=np.uint8).tobytes())
    return [f"data.root={root}"]


def photos(root):
    """CIFAR-10's six files, of four pictures each."""
    root.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        records = rng.integers(0, 256, (4, 3073), dtype=np.uint8)
        records[:, 0] %= 10
        (root / f"{name}.bin").write_bytes(records.tobytes())
    return [f"data.root={root}"]


def few(root):
    return ["data.count=4", "data.test_count=2"]


SMALL = {
    "unpaired-images": unpaired,
    "paired-images": paired,
    "class-domains": domains,
    "seasons": lambda root: ["data.size=32", "data.count=3", "data.test_count=2"],
    "glyphs": few,
    "ring": few,
    "grid": few,
    "mnist": digits,
    "fashion-mnist": digits,
    "stacked-mnist": lambda root: [*digits(root), *few(root)],
    "cifar10": photos,
}


PLAYERS = {"generator", "discriminator", "critic"}


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
    recipe = check(read(None, name, [], plugins()), plugins())
    small = SMALL[recipe.data.type](tmp_path / "data")
    small += [f"networks.{role}.downs=5" for role, table in recipe.networks.items() if "downs" in table.options]
    size = min(recipe.train.batch_size, 2)  # a batch norm wants two
    settings = ["train.steps=2", f"train.batch_size={size}", "train.log_every=1", "evaluation.metrics=[]"]
    run = ganzoo.train(recipe=name, overrides=[*small, *settings], out=tmp_path / "run")
    assert run.step == 2
    terms = [value for line in run.history() for key, value in line.items() if key.partition("/")[0] in PLAYERS]
    assert terms
    assert np.isfinite(terms).all()
