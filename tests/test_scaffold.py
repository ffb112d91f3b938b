"""``ganzoo new-plugin``: names, places, and nothing of the template's own name left."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ganzoo.cli.main import app
from ganzoo.errors import PluginError
from ganzoo.plugins import Plugins, plugins
from ganzoo.scaffold import class_name, renamed, scaffold, template_folder


@pytest.fixture(scope="module")
def core() -> Plugins:
    return Plugins([])


@pytest.mark.parametrize(
    ("name", "expected"), [("mygan", "MyGAN"), ("my-gan", "MyGAN"), ("gan", "GAN"), ("wgan-gp", "WGANGp"), ("u2", "U2")]
)
def test_class_name(name: str, expected: str) -> None:
    assert class_name(name) == expected


def test_renaming_does_not_rename_its_own_result() -> None:
    text = "ganzoo-mygan src/ganzoo_mygan MyGAN test_mygan mygan-discs"
    expected = "ganzoo-mygan-2 src/ganzoo_mygan_2 MyGAN2 test_mygan_2 mygan-2-discs"
    assert renamed(text, "mygan-2") == expected


def test_everything_is_renamed(tmp_path: Path, core: Plugins) -> None:
    folder = scaffold("ganzoo-tiny-net", tmp_path / "made", core)
    files = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert {
        "pyproject.toml",
        "README.md",
        "tests/test_tiny_net.py",
        "src/ganzoo_tiny_net/recipes/tiny-net.toml",
    } <= set(files)
    assert not [name for name, text in files.items() if "mygan" in (name + text).lower()]
    assert tomllib.loads(files["pyproject.toml"])["project"]["name"] == "ganzoo-tiny-net"
    for name, text in files.items():
        if name.endswith(".py"):
            compile(text, name, "exec")


def test_nothing_but_sources_is_copied(tmp_path: Path, core: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    template = tmp_path / "template"
    (template / "src" / "__pycache__").mkdir(parents=True)
    (template / "src" / "__pycache__" / "x.pyc").write_bytes(b"\xff")
    (template / "src" / "a.py").write_text("mygan")
    monkeypatch.setattr("ganzoo.scaffold.template_folder", lambda: template)
    folder = scaffold("x", tmp_path / "made", core)
    assert [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()] == ["src/a.py"]


@pytest.mark.parametrize("name", ["", "My-gan", "my_gan", "-gan", "gan-", "a--b", "2gan", "../gan", "gän", "ganzoo-"])
def test_what_is_no_name(name: str, tmp_path: Path, core: Plugins) -> None:
    with pytest.raises(PluginError, match="is no name for a plugin"):
        scaffold(name, tmp_path / "made", core)
    assert not (tmp_path / "made").exists()


def test_name_that_is_taken(tmp_path: Path) -> None:
    model = next(iter(plugins().registries["model"]))
    with pytest.raises(PluginError, match=f"model '{model}' is there already, from ganzoo-"):
        scaffold(model, tmp_path / "made", plugins())


def test_folder_that_holds_something_is_left_alone(tmp_path: Path, core: Plugins) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(PluginError, match="already holds something"):
        scaffold("x", tmp_path, core)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_folder_that_cannot_be_written(tmp_path: Path, core: Plugins) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PluginError, match="cannot be written: Not a directory"):
        scaffold("x", tmp_path / "file" / "inside", core)


def test_verb_makes_a_folder_here_and_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["new-plugin", "tiny"])
    assert result.exit_code == 0
    assert (tmp_path / "ganzoo-tiny" / "pyproject.toml").is_file()
    assert "pip install -e 'ganzoo-tiny[test]'\n  ganzoo train tiny\n  pytest ganzoo-tiny" in result.stdout


def test_template_is_a_plugin_of_its_own_name() -> None:
    assert (template_folder() / "src" / "ganzoo_mygan" / "recipes" / "mygan.toml").is_file()
