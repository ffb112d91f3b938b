"""Everything that is registered works: to be in a registry is to be tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganzoo.plugins import KINDS, plugins
from ganzoo.testing import check_data, check_model

ENTRIES = [entry for kind in KINDS for entry in plugins().registries[kind].entries()]


@pytest.mark.parametrize("model", plugins().registries["model"])
def test_model_trains_resumes_and_publishes(model: str, tmp_path: Path) -> None:
    check_model(model, tmp_path)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.kind}-{entry.name}")
def test_entry_loads_and_is_documented(entry) -> None:
    assert entry.summary, "ganzoo list has nothing to say about it"
    if entry.kind == "model":
        assert plugins().recipe_text(entry.name).startswith("# ganzoo train "), "its first line is the command"
        return
    target = entry.load()
    assert target.__doc__
    if hasattr(target, "Config"):
        silent = [name for name, field in target.Config.model_fields.items() if not field.description]
        assert not silent, f"settings without a docstring below them: {', '.join(silent)}"


@pytest.mark.parametrize("name", plugins().registries["data"])
def test_data_keeps_its_contract(name: str) -> None:
    config = plugins().load("data", name).Config
    small = {
        key: value for key, value in {"size": 16, "count": 4, "test_count": 2}.items() if key in config.model_fields
    }
    if "root" in config.model_fields and name != "stacked-mnist":
        pytest.skip("it needs pictures, which tests/data makes")
    check_data(name, **small)
