"""What plugin authors test with.

>>> from ganzoo.testing import check_model
>>> def test_my_gan(tmp_path):
...     check_model("my-gan", tmp_path)

Every check trains for a few steps on the CPU and raises AssertionError with what is wrong.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganzoo import checkpoint
from ganzoo.data.base import Batch, Data
from ganzoo.data.loader import Loader
from ganzoo.engine import Engine
from ganzoo.generators import Generators
from ganzoo.loop import TrainingLoop, Turn
from ganzoo.plugins import plugins
from ganzoo.pretrained import load
from ganzoo.recipe.build import build_data, build_loop, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.rehearsal import rehearse
from ganzoo.recipe.schema import Recipe
from ganzoo.run import Run, step_name
from ganzoo.training import resume, train

SMALL: Mapping[str, Mapping[str, int]] = {
    "network": {"filters": 4, "blocks": 1},
    "data": {"count": 8, "test_count": 2},
}
"""Settings that make a test quick: given to every network and data source whose ``Config`` has them."""

TRAIN = (
    "runtime.device=cpu",
    "train.batch_size=2",
    "train.log_every=1",
    "train.sample_every=0",
    "train.sample_count=2",
    "evaluation.metrics=[]",
)
"""Settings of the training that make a test quick."""


LONGEST_WAIT = 1000
"""Steps in which every turn of a game must have been due."""


def check_model(model: str, folder: Path, overrides: Iterable[str] = ()) -> Run:
    """Everything that is asked of a model: :func:`check_turns`, :func:`check_resume` and :func:`check_generator`.

    Args:
        model: a registered name; its default recipe is used, made small (:func:`small_settings`).
        folder: an empty folder to train in.
        overrides: ``"train.batch_size=4"``-like settings that go over the recipe.

    Returns:
        The run that was trained.
    """
    settings = small_settings(model, overrides)
    check_turns(model, settings)
    run = check_resume(model, folder, settings)
    check_generator(run)
    return run


def small_settings(model: str, overrides: Iterable[str] = ()) -> list[str]:
    """Overrides under which a model's default recipe trains in a second or two; ``overrides`` go over them."""
    found, overrides = plugins(), list(overrides)
    values = read(model, None, overrides, found).values
    tables = {"data": ("data", values.get("data", {}))}
    tables |= {f"networks.{role}": ("network", table) for role, table in values.get("networks", {}).items()}
    small = [
        f"{place}.{key}={value}"
        for place, (kind, table) in tables.items()
        for key, value in SMALL[kind].items()
        if key in found.load(kind, table["type"]).Config.model_fields
    ]
    return [*TRAIN, *small, *overrides]


def check_turns(model: str, overrides: Iterable[str] = ()) -> None:
    """Play the game until every turn was due, and see that each moves its player's networks alone.

    In each turn the player's networks move, no other network does or gets a gradient, and every term is finite.
    """
    recipe, data = _prepared(model, overrides)
    torch.manual_seed(recipe.train.seed)
    loop = build_loop(recipe, data.spec, plugins())
    steps = _steps(loop)
    engine = Engine(loop, recipe, torch.device("cpu"), steps, steps)
    watch = _Watch(loop)
    with Loader(data, batch_size=recipe.train.batch_size, seed=recipe.train.seed) as loader:
        for _ in range(steps):
            engine.train_step(loader)
    terms = engine.terms.read()  # raises when one is not finite
    for turn in watch.played:
        assert any(name.startswith(f"{turn}/") for name in terms), f"turn '{turn}' yields no loss term"
    still = [name for names in loop.players.values() for name in names if name not in watch.moved]
    assert not still, f"never moved by its player's turns: {', '.join(still)}"


def check_resume(model: str, folder: Path, overrides: Iterable[str] = ()) -> Run:
    """See that a training which goes on from a checkpoint ends, bit for bit, as one that was never stopped.

    What a game remembers between steps must be in its checkpoint: modules and buffers made in ``setup``.
    """
    recipe, data = _prepared(model, overrides)
    half = _steps(build_loop(recipe, data.spec, plugins()))
    length = [f"train.steps={2 * half}", f"train.checkpoint_every={half}", "train.keep_checkpoints=2"]
    run = train(model, overrides=[*overrides, *length], out=folder / "run")
    end = run.checkpoints / step_name(2 * half)
    straight = _contents(end)
    shutil.rmtree(end)
    resume(run.folder, name=str(half))
    resumed = _contents(end)
    different = [name for name in straight if not _same(straight[name], resumed.get(name))]
    assert not different, f"after a resume at step {half} of {2 * half} these differ: {', '.join(different)}"
    return run


def check_generator(run: Run) -> None:
    """See that what a run publishes loads by itself, and makes finite pictures of the right shape from its data."""
    data = build_data(run.recipe, plugins())
    data.prepare()
    batch = data.batch([0, 1], np.random.default_rng(0))
    loop = build_loop(run.recipe, data.spec, plugins())
    generators = load(run.generator).generators
    for name in loop.publishes:
        start = batch[loop.sources[name]] if name in loop.sources else next(iter(batch.values()))
        pictures = _sampled(generators, batch) if name == "sample" else generators.translate(start, name)
        assert pictures.shape == start.shape, f"{name}: pictures of shape {_shape(pictures)}, data of {_shape(start)}"
        assert bool(pictures.isfinite().all()), f"{name}: the pictures are not finite"
        assert float(pictures.abs().max()) <= 1.0 + 1e-3, f"{name}: pictures leave [-1, 1]; is a tanh missing?"


def check_data(name: str, **options: Any) -> None:
    """See that a data source keeps its contract.

    Args:
        name: a registered name.
        options: its settings.
    """
    target = plugins().load("data", name)
    data: Data = target(target.Config(**options))
    data.prepare()
    _check_split(name, data)
    again: Data = target(target.Config(**options))
    assert data.fingerprint() == again.fingerprint(), f"{name}: its fingerprint changes though the data does not"
    test = data.test()
    if test is not None:
        test.prepare()
        _check_split(f"{name} (test)", test)


def _check_split(name: str, data: Data) -> None:
    indices = list(range(min(2, len(data))))
    assert indices, f"{name}: holds no samples"
    batch = data.batch(indices, np.random.default_rng(0))
    expected = {key: (len(indices), *shape) for key, shape in data.spec.images.items()}
    expected |= {"label": (len(indices),)} if data.spec.classes else {}
    found = {key: tuple(value.shape) for key, value in batch.items()}
    assert found == expected, f"{name}: its spec promises {expected}, a batch has {found}"
    for key in data.spec.images:
        assert batch[key].dtype == torch.float32, f"{name}: '{key}' is {batch[key].dtype}, not float32"
        assert float(batch[key].abs().max()) <= 1.0, f"{name}: '{key}' leaves [-1, 1]"
    again = data.batch(indices, np.random.default_rng(0))
    unlike = [key for key, value in batch.items() if not torch.equal(value, again[key])]
    assert not unlike, f"{name}: the same indices and random generator gave two different batches: {', '.join(unlike)}"


def _prepared(model: str, overrides: Iterable[str]) -> tuple[Recipe, Data]:
    """The checked recipe, and its data, which fit together."""
    found = plugins()
    source = read(model, None, list(overrides), found)
    recipe = check(source, found)
    data = build_data(recipe, found)
    recipe = fill_from_data(recipe, data.spec, found)
    rehearse(recipe, data.spec, found, source)
    data.prepare()
    return recipe, data


def _steps(loop: TrainingLoop) -> int:
    """Steps in which every turn is due, two at least."""
    first = [next((step for step in range(LONGEST_WAIT) if loop.due(turn, step)), None) for turn in loop.turns()]
    never = [turn.name for turn, step in zip(loop.turns(), first, strict=True) if step is None]
    assert not never, f"never due in {LONGEST_WAIT} steps: {', '.join(never)}"
    return max(2, *(step + 1 for step in first if step is not None))


class _Watch:
    """Looks, after every turn, at which networks moved."""

    def __init__(self, loop: TrainingLoop) -> None:
        self.loop = loop
        self.played: set[str] = set()
        self.moved: set[str] = set()
        self._after = loop.after
        self._before = self._weights()
        loop.after = self  # type: ignore[method-assign]

    def __call__(self, turn: Turn) -> None:
        self._after(turn)
        before, self._before = self._before, self._weights()
        moved = {name for name, weights in self._before.items() if not _same(weights, before[name])}
        own = set(self.loop.players[turn.player])
        assert moved & own, f"turn '{turn.name}' moved none of its player's networks"
        assert moved <= own, f"turn '{turn.name}' of player '{turn.player}' moved {', '.join(moved - own)}"
        for name, network in self.loop.networks.items():
            graded = any(parameter.grad is not None for parameter in network.parameters())
            assert name in own or not graded, f"turn '{turn.name}' of player '{turn.player}' gave {name} gradients"
            network.zero_grad(set_to_none=True)
        self.played.add(turn.name)
        self.moved |= moved

    def _weights(self) -> dict[str, dict[str, Tensor]]:
        return {
            name: {key: parameter.detach().clone() for key, parameter in network.named_parameters()}
            for name, network in self.loop.networks.items()
        }


def _contents(folder: Path) -> dict[str, Any]:
    """The tensors of a checkpoint, and its random state."""
    state = checkpoint.read_state(folder)
    contents: dict[str, Any] = {"random state": state["random"], "step": state["step"]}
    for file in state["sha256"]:
        name = Path(file).stem
        contents |= {f"{name}: {key}": value for key, value in checkpoint.read_tensors(folder, name, state).items()}
    return contents


def _same(one: Any, other: Any) -> bool:
    """Whether tensors, or dictionaries of them, are equal bit by bit."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        alike = isinstance(other, dict) and one.keys() == other.keys()
        return alike and all(_same(value, other[key]) for key, value in one.items())
    return bool(one == other)


def _sampled(generators: Generators, batch: Batch) -> Tensor:
    network: Any = generators.networks["sample"]
    count = len(next(iter(batch.values())))
    assert math.prod(network.latent_shape) > 0, "a generator says what noise it takes: latent_shape"
    labels = batch["label"] if getattr(network, "classes", 0) else None
    return generators.sample(torch.randn(count, *network.latent_shape), labels)


def _shape(tensor: Tensor) -> str:
    return "x".join(str(side) for side in tensor.shape)
