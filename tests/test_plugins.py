"""Loading plugins: each inside its own guard, each known by name and version, all of them or those chosen."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import ganzoo
from ganzoo import hookspecs
from ganzoo.cli.main import app
from ganzoo.errors import PluginError, RegistryError
from ganzoo.plugins import KINDS, Plugins, plugins

MakePlugin = Callable[..., metadata.EntryPoint]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> MakePlugin:
    """Makes an entry point of a module that is put together from functions."""

    def make(name: str, **hooks: Any) -> metadata.EntryPoint:
        module = types.ModuleType(f"made_{name}")
        for hook, function in hooks.items():
            setattr(module, hook, ganzoo.hookimpl(function))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return metadata.EntryPoint(name, module.__name__, hookspecs.GROUP)

    return make


def register_one(name: str, target: str = "collections:OrderedDict") -> Callable[[Any], None]:
    def hook(register: Any) -> None:
        register(name, target, summary=f"what {name} is")

    return hook


def problem_of(found: Plugins, name: str) -> str:
    (status,) = [status for status in found.statuses if status.provenance.name == name]
    return status.problem


def test_core_registers_through_the_same_hooks() -> None:
    found = Plugins([])
    assert [(status.provenance.name, status.problem) for status in found.statuses] == [("ganzoo", "")]
    assert found.get("loss", "lsgan").plugin.name == "ganzoo"
    assert found.get("loss", "lsgan").plugin.version == metadata.version("ganzoo")


@pytest.mark.parametrize(("kind", "hook"), KINDS.items())
def test_every_kind_of_thing_can_be_registered(make: MakePlugin, kind: str, hook: str) -> None:
    found = Plugins([make("mine", **{hook: register_one("thing")})])
    assert found.get(kind, "thing").plugin.name == "mine"
    assert found.get(kind, "thing").summary == "what thing is"


def test_every_register_hook_fills_a_registry() -> None:
    specified = {name for name in vars(hookspecs) if name.startswith("register_")}
    assert specified == {*KINDS.values(), "register_commands"}


def test_installed_plugin_is_known_by_distribution_and_version() -> None:
    for entry_point in metadata.entry_points(group=hookspecs.GROUP):
        assert entry_point.dist is not None
        statuses = {status.provenance.name: status for status in Plugins([entry_point]).statuses}
        status = statuses[entry_point.dist.name]
        assert (status.provenance.version, status.problem) == (entry_point.dist.version, "")


def test_plugin_that_fails_to_import_is_named_and_harms_nobody(make: MakePlugin) -> None:
    absent = metadata.EntryPoint("absent", "no_such_module_at_all", hookspecs.GROUP)
    found = Plugins([absent, make("good", register_networks=register_one("thing"))])
    assert problem_of(found, "absent") == "ModuleNotFoundError: No module named 'no_such_module_at_all'"
    assert problem_of(found, "good") == ""
    assert "thing" in found.registries["network"]
    with pytest.raises(RegistryError, match="absent does not load: ModuleNotFoundError"):
        found.get("network", "what-absent-would-have-had")


@pytest.mark.parametrize("error", [RuntimeError("no"), SystemExit("no"), PluginError("no")])
def test_hook_that_raises_leaves_nothing_behind(make: MakePlugin, error: BaseException) -> None:
    def fails(register: Any) -> None:
        register("late", "collections:OrderedDict")
        raise error

    found = Plugins([make("bad", register_networks=register_one("early"), register_penalties=fails)])
    assert "no" in problem_of(found, "bad")
    assert "early" not in found.registries["network"]
    assert "late" not in found.registries["penalty"]
    assert "bad" not in [plugin for plugin, _ in found._manager.list_name_plugin()]


def test_misspelled_hook_is_named_with_the_right_one(make: MakePlugin) -> None:
    found = Plugins([make("typo", register_netwroks=register_one("thing"))])
    assert problem_of(found, "typo") == "there is no hook 'register_netwroks'; did you mean 'register_networks'?"


def test_hook_that_asks_for_what_there_is_not(make: MakePlugin) -> None:
    def hook(register: Any, unheard_of: Any) -> None: ...

    assert "unheard_of" in problem_of(Plugins([make("greedy", register_networks=hook)]), "greedy")


def test_target_without_attribute_is_a_problem_of_its_plugin(make: MakePlugin) -> None:
    found = Plugins([make("vague", register_loops=register_one("thing", target="collections"))])
    assert problem_of(found, "vague") == "loop 'thing': target 'collections' is not 'module:attribute'"


def test_name_of_two_plugins_is_an_error_of_whoever_uses_it(make: MakePlugin) -> None:
    found = Plugins([make(name, register_models=register_one("same")) for name in ("one", "two")])
    assert problem_of(found, "one") == problem_of(found, "two") == ""
    with pytest.raises(RegistryError, match="model 'same' is registered by both one and two"):
        found.get("model", "same")


@pytest.mark.parametrize(
    ("chosen", "loaded"),
    [(None, ["one", "two"]), ("one", ["one"]), (" two , three ", ["two"]), ("", []), ("one,two", ["one", "two"])],
)
def test_environment_chooses_what_loads(
    make: MakePlugin, monkeypatch: pytest.MonkeyPatch, chosen: str | None, loaded: list[str]
) -> None:
    if chosen is None:
        monkeypatch.delenv("GANZOO_PLUGINS", raising=False)
    else:
        monkeypatch.setenv("GANZOO_PLUGINS", chosen)
    found = Plugins([make(name, register_networks=register_one(name)) for name in ("one", "two")])
    assert [name for name in ("one", "two") if name in found.registries["network"]] == loaded


def test_model_whose_recipe_is_missing_names_its_plugin(make: MakePlugin) -> None:
    found = Plugins([make("bare", register_models=register_one("bare", target="ganzoo:no/such.toml"))])
    with pytest.raises(PluginError, match=r"model 'bare' of bare ships no recipe at ganzoo:no/such\.toml"):
        found.recipe_text("bare")


def test_commands_are_added_to_the_app(make: MakePlugin) -> None:
    seen = []

    def register_commands(app: Any) -> None:
        seen.append(app)

    Plugins([make("verbs", register_commands=register_commands)]).hook.register_commands(app=app)
    assert seen == [app]


LIFE_CYCLE = {
    name: list(inspect.signature(value).parameters)
    for name, value in vars(hookspecs).items()
    if inspect.isfunction(value) and value.__module__ == hookspecs.__name__ and not name.startswith("register_")
}


@pytest.mark.parametrize(("hook", "parameters"), LIFE_CYCLE.items())
def test_life_cycle_hooks_reach_plugins_and_listeners(make: MakePlugin, hook: str, parameters: list[str]) -> None:
    heard: list[str] = []

    def of_plugin(run: Any) -> None:
        heard.append("plugin")

    class Listener:
        pass

    def of_listener(self: Any, run: Any) -> None:
        heard.append("listener")

    setattr(Listener, hook, ganzoo.hookimpl(of_listener))
    found = Plugins([make("ears", **{hook: of_plugin})])
    arguments = dict.fromkeys(parameters)
    with found.listening([Listener()]):
        getattr(found.hook, hook)(**arguments)
    assert sorted(heard) == ["listener", "plugin"]
    getattr(found.hook, hook)(**arguments)
    assert len(heard) == 3


class Diary:
    """Writes down every life-cycle hook."""

    def __init__(self) -> None:
        self.pages: list[tuple[str, int]] = []

    @ganzoo.hookimpl
    def train_start(self, run: Any) -> None:
        self.pages.append(("start", run.step))

    @ganzoo.hookimpl
    def train_step(self, run: Any, step: int, metrics: dict[str, float]) -> None:
        assert all(isinstance(value, float | int) for value in metrics.values())
        self.pages.append(("step", step))

    @ganzoo.hookimpl
    def checkpoint_saved(self, run: Any, step: int, folder: Path) -> None:
        assert (folder / "state.json").is_file()
        self.pages.append(("saved", step))

    @ganzoo.hookimpl
    def train_end(self, run: Any, step: int) -> None:
        self.pages.append(("end", step))


@pytest.fixture
def any_model() -> Iterator[str]:
    yield next(iter(plugins().registries["model"]))


def test_training_tells_its_listeners_what_happens(any_model: str, tmp_path: Path) -> None:
    from ganzoo.testing import small_settings

    diary = Diary()
    settings = small_settings(any_model, ["train.steps=2", "train.checkpoint_every=1", "evaluation.metrics=[]"])
    ganzoo.train(any_model, overrides=settings, out=tmp_path / "run", listeners=[diary])
    expected = [("start", 0), ("step", 1), ("saved", 1), ("step", 2), ("saved", 2), ("end", 2)]
    assert diary.pages == expected
