"""Names, what they stand for, who supplied them, and what is said when there is none or two."""

from __future__ import annotations

import pytest

from ganzoo.errors import PluginError, RegistryError
from ganzoo.registry import Entry, Provenance, Registry

ONE, TWO = Provenance("ganzoo-one", "1.0"), Provenance("ganzoo-two", "2.1")


@pytest.fixture
def registry() -> Registry:
    registry = Registry("network", published={"stylish": "ganzoo-stylish"})
    registry.register_as(ONE)("ordered", "collections:OrderedDict", summary="remembers", paper="arXiv:0000.00000")
    return registry


def test_entry_knows_all_that_was_registered(registry: Registry) -> None:
    assert registry.get("ordered") == Entry(
        "network", "ordered", "collections:OrderedDict", "remembers", ONE, {"paper": "arXiv:0000.00000"}
    )
    assert str(registry.get("ordered").plugin) == "ganzoo-one 1.0"


def test_target_is_imported_when_asked_for(registry: Registry) -> None:
    from collections import OrderedDict

    registry.register_as(ONE)("absent", "no_such_module:Thing")
    assert registry.load("ordered") is OrderedDict


def test_collection(registry: Registry) -> None:
    registry.register_as(TWO)("array", "array:array")
    assert [entry.name for entry in registry.entries()] == ["array", "ordered"]
    assert len(registry) == 2
    assert "array" in registry
    assert list(registry) == ["ordered", "array"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("no_such_module:Thing", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("collections:Absent", "AttributeError: module 'collections' has no attribute 'Absent'"),
    ],
)
def test_target_that_does_not_load_names_the_plugin(registry: Registry, target: str, reason: str) -> None:
    registry.register_as(TWO)("broken", target)
    with pytest.raises(PluginError) as caught:
        registry.load("broken")
    assert caught.value.message == f"network 'broken' of ganzoo-two 2.1 does not load from {target}: {reason}"
    assert "ganzoo-two" in caught.value.hint


def test_target_must_name_an_attribute(registry: Registry) -> None:
    with pytest.raises(PluginError, match=r"network 'x': target 'module' is not 'module:attribute'"):
        registry.register_as(ONE)("x", "module")


def test_name_of_two_plugins_names_both(registry: Registry) -> None:
    registry.register_as(TWO)("ordered", "builtins:dict")
    assert [(first.plugin, second.plugin) for first, second in registry.clashes()] == [(ONE, TWO)]
    with pytest.raises(RegistryError) as caught:
        registry.get("ordered")
    assert caught.value.message == "network 'ordered' is registered by both ganzoo-one 1.0 and ganzoo-two 2.1"
    assert "GANZOO_PLUGINS" in caught.value.hint


def test_clash_survives_being_taken_over(registry: Registry) -> None:
    registry.register_as(TWO)("ordered", "builtins:dict")
    whole = Registry("network")
    whole.take(registry)
    with pytest.raises(RegistryError, match=r"both ganzoo-one 1\.0 and ganzoo-two 2\.1"):
        whole.get("ordered")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("orderd", "did you mean 'ordered'?"),
        ("zzz", "there is: ordered"),
        ("stylish", "ganzoo-stylish supplies it: pip install ganzoo-stylish"),
    ],
)
def test_unknown_name_says_what_is_near_or_what_to_install(registry: Registry, name: str, hint: str) -> None:
    with pytest.raises(RegistryError) as caught:
        registry.get(name)
    assert caught.value.message == f"no network is called '{name}'"
    assert caught.value.hint == hint


def test_unknown_name_says_which_plugins_are_broken(registry: Registry) -> None:
    registry.broken["ganzoo-three"] = "ImportError: no"
    with pytest.raises(RegistryError) as caught:
        registry.get("zzz")
    assert caught.value.hint.endswith("\nganzoo-three does not load: ImportError: no")


def test_published_plugin_that_is_broken_is_not_to_be_installed_again(registry: Registry) -> None:
    registry.broken["ganzoo-stylish"] = "ImportError: no"
    with pytest.raises(RegistryError) as caught:
        registry.get("stylish")
    assert caught.value.hint == "ganzoo-stylish supplies it, but does not load: ImportError: no"


def test_empty_registry_has_no_suggestion() -> None:
    with pytest.raises(RegistryError) as caught:
        Registry("loop").get("x")
    assert caught.value.hint == "there is none"
