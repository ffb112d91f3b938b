"""The checks that plugin authors use find what is wrong."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
import torch
from torch import nn

import ganzoo
from ganzoo import hookspecs
from ganzoo.data import Data, DataConfig
from ganzoo.errors import TrainingError
from ganzoo.plugins import plugins
from ganzoo.testing import check_data, check_model, check_resume, check_turns, small_settings

RECIPE = """
model = "toy"
data.type = "toy"
networks.generator.type = "toy"
networks.discriminator.type = "toy"
train.steps = 10
"""


class Squares(Data):
    """Grey squares."""

    in_memory = True
    promised: ClassVar[tuple[int, ...]] = (1, 4, 4)

    @property
    def spec(self) -> ganzoo.DataSpec:
        return ganzoo.DataSpec({"image": self.promised})

    def __len__(self) -> int:
        return 4

    def batch(self, indices: Any, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        return {"image": torch.stack([torch.full((1, 4, 4), index / 4) for index in indices])}

    def fingerprint(self) -> str:
        return "squares"


class Toy(nn.Module):
    """A scale; as good as generator and discriminator."""

    class Config(ganzoo.Config):
        channels: Annotated[int, ganzoo.FromData()] = 0
        filters: int = 7

    latent_shape = (1, 4, 4)

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((1,), 0.1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.tanh(images * self.scale)


class Game(ganzoo.TrainingLoop):
    """A fair one."""

    players: ClassVar = {"discriminator": ["discriminator"], "generator": ["generator"]}

    def discriminator(self, batch: Any) -> Any:
        judge = self.networks["discriminator"]
        yield {
            "adversarial": self.loss.discriminator(judge(batch["image"]), judge(self.sample_like(batch, grad=False)))
        }

    def generator(self, batch: Any) -> Any:
        yield {"adversarial": self.loss.generator(self.networks["discriminator"](self.sample_like(batch)))}


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A plugin whose game, network and data a test can replace; it is the only one that is loaded."""
    (tmp_path / "package" / "toy_plugin").mkdir(parents=True)
    (tmp_path / "package" / "toy_plugin" / "toy.toml").write_text(RECIPE)
    (tmp_path / "package" / "toy_plugin" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path / "package")
    hooks = types.ModuleType("toy_hooks")
    hooks.Game, hooks.Toy, hooks.Squares = Game, Toy, Squares
    for kind, attribute in {"networks": "Toy", "data": "Squares", "loops": "Game"}.items():
        setattr(hooks, f"register_{kind}", _registering("toy", f"toy_hooks:{attribute}"))
    hooks.register_models = _registering("toy", "toy_plugin:toy.toml")
    monkeypatch.setitem(sys.modules, "toy_hooks", hooks)
    point = metadata.EntryPoint("toy", "toy_hooks", hookspecs.GROUP)
    monkeypatch.setattr("ganzoo.plugins.metadata.entry_points", lambda group: [point])
    plugins.cache_clear()
    yield hooks
    plugins.cache_clear()
    sys.modules.pop("toy_plugin", None)


def _registering(name: str, target: str) -> Callable[[Any], None]:
    @ganzoo.hookimpl
    def hook(register: Any) -> None:
        register(name, target, summary="a toy")

    return hook


def test_fair_game_passes(toy: Any, tmp_path: Path) -> None:
    run = check_model("toy", tmp_path)
    assert (run.folder / "generator" / "config.json").is_file()


def test_recipe_is_made_small_and_own_settings_go_over(toy: Any) -> None:
    settings = small_settings("toy", ["train.batch_size=3"])
    assert "networks.generator.filters=4" in settings
    assert not any("blocks" in setting or "count" in setting.partition("=")[0].split(".") for setting in settings)
    assert settings[-1] == "train.batch_size=3"


def test_turn_that_moves_another_players_network(toy: Any) -> None:
    class Cheat(Game):
        def after(self, turn: ganzoo.Turn) -> None:
            self.networks["discriminator"].scale.mul_(0.5)

    toy.Game = Cheat
    with pytest.raises(AssertionError, match="turn 'generator' of player 'generator' moved discriminator"):
        check_turns("toy", small_settings("toy"))


def test_turn_that_gives_another_players_network_a_gradient(toy: Any) -> None:
    class Leak(Game):
        def generator(self, batch: Any) -> Any:
            self.networks["discriminator"].requires_grad_(True)
            yield from super().generator(batch)

    toy.Game = Leak
    with pytest.raises(AssertionError, match="turn 'generator' of player 'generator' gave discriminator gradients"):
        check_turns("toy", small_settings("toy"))


def test_turn_that_moves_nothing(toy: Any) -> None:
    class Idle(Game):
        def generator(self, batch: Any) -> Any:
            yield {"adversarial": 0.0 * self.networks["generator"](batch["image"]).mean()}

    toy.Game = Idle
    with pytest.raises(AssertionError, match="turn 'generator' moved none of its player's networks"):
        check_turns("toy", small_settings("toy"))


def test_term_that_is_not_finite(toy: Any) -> None:
    class Infinite(Game):
        def generator(self, batch: Any) -> Any:
            for terms in super().generator(batch):
                yield {**terms, "log": (0.0 * batch["image"].mean()).log()}

    toy.Game = Infinite
    with pytest.raises(TrainingError, match="generator/log is -inf at step 1"):
        check_turns("toy", small_settings("toy"))


def test_state_that_is_not_in_the_checkpoint(toy: Any, tmp_path: Path) -> None:
    class Forgetful(Game):
        def setup(self) -> None:
            self.played = 0

        def generator(self, batch: Any) -> Any:
            self.played += 1
            for terms in super().generator(batch):
                yield {name: term * self.played for name, term in terms.items()}

    toy.Game = Forgetful
    with pytest.raises(AssertionError, match=r"after a resume at step 2 of 4 these differ: .*optimizers: generator"):
        check_resume("toy", tmp_path, [*small_settings("toy"), 'optimizer.type="sgd"', "optimizer.momentum=0.5"])


def test_generator_that_leaves_the_range(toy: Any, tmp_path: Path) -> None:
    class Loud(Toy):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images * self.scale * 100

    toy.Toy = Loud
    with pytest.raises(AssertionError, match="pictures leave"):
        check_model("toy", tmp_path)


def test_data_that_keeps_its_contract(toy: Any) -> None:
    check_data("toy", workers=0)


def test_data_whose_spec_is_wrong(toy: Any) -> None:
    class Wrong(Squares):
        promised: ClassVar[tuple[int, ...]] = (3, 4, 4)

    toy.Squares = Wrong
    with pytest.raises(AssertionError, match="its spec promises"):
        check_data("toy")


def test_data_that_draws_from_elsewhere(toy: Any) -> None:
    class Restless(Squares):
        def batch(self, indices: Any, rng: np.random.Generator) -> dict[str, torch.Tensor]:
            return {"image": torch.rand(len(indices), 1, 4, 4)}

    toy.Squares = Restless
    with pytest.raises(AssertionError, match="gave two different batches: image"):
        check_data("toy")


def test_default_config_is_enough() -> None:
    assert Squares(DataConfig()).fingerprint() == "squares"
