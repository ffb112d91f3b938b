"""Trains every recipe that comes along on a few small pictures, which are made here in the layout of its data."""

import numpy as np
from PIL import Image

import ganzoo
from ganzoo.plugins import plugins
from ganzoo.recipe.parse import check, read


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


def train_small(name, folder, *settings):
    """A short training by a recipe, with a line of the log for each step."""
    recipe = check(read(None, name, [], plugins()), plugins())
    small = SMALL[recipe.data.type](folder / "data")
    small += [f"networks.{role}.downs=5" for role, table in recipe.networks.items() if "downs" in table.options]
    size = min(recipe.train.batch_size, 2)  # a batch norm wants two
    settings = [*settings, f"train.batch_size={size}", "train.log_every=1", "evaluation.metrics=[]"]
    return ganzoo.train(recipe=name, overrides=[*small, *settings], out=folder / "run")


def terms_of(run):
    """All loss terms of all lines."""
    return [value for line in run.history() for key, value in line.items() if key.partition("/")[0] in PLAYERS]
