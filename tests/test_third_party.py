"""Distributions as a person builds and installs them, in fresh environments outside this repository."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from ganzoo.scaffold import PREFIX, scaffold

ROOT = Path(__file__).parent.parent
PLUGINS = sorted(folder for folder in (ROOT / "plugins").glob(f"{PREFIX}*") if (folder / "pyproject.toml").is_file())


@dataclass(frozen=True)
class Environment:
    """A virtual environment that has what this one has installed, but nothing of ganzoo."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Environment:
        venv.create(folder, with_pip=False, symlinks=True)
        environment = cls(folder)
        own = Path(environment.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        for packages in [Path(entry) for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]:
            for path in packages.iterdir():
                # A .pth file is what an editable install is visible by.
                if not path.name.startswith(("ganzoo", "__pycache__")) and path.suffix != ".pth":
                    link = own / path.name
                    if not link.exists():
                        link.symlink_to(path)
        return environment

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, *arguments: str, code: int = 0, **variables: str) -> str:
        """Run Python in the environment's own folder, where no source of ganzoo is near."""
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "GANZOO", "VIRTUAL_ENV"))
        }
        done = subprocess.run(  # noqa: PLW1510 (the code is compared below)
            [str(self.python), *arguments],
            cwd=self.folder,
            env={**kept, "OMP_NUM_THREADS": "1", **variables},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == code, f"{arguments}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stdout + done.stderr

    def ganzoo(self, *arguments: str, code: int = 0, **variables: str) -> str:
        return self.run("-m", "ganzoo", *arguments, code=code, **variables)

    def listing(self, kind: str, **variables: str) -> dict[str, dict[str, str]]:
        rows = json.loads(self.ganzoo("list", kind, "--json", **variables))[kind]
        return {row["name"]: row for row in rows}

    def install(self, *what: Path) -> None:
        pip = ["--no-index", "--no-deps", "--no-build-isolation", "--quiet"]
        self.run("-m", "pip", "install", *pip, *map(str, what))

    def uninstall(self, *names: str) -> None:
        self.run("-m", "pip", "uninstall", "--yes", "--quiet", *names)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Wheels of the core and of every official plugin."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*command, "-w", str(folder), str(ROOT), *map(str, PLUGINS)], check=True, cwd=folder)
    return {path.name.partition("-")[0]: path for path in folder.glob("*.whl")}


@pytest.fixture(scope="module")
def shared(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the core alone, from its wheel. Whoever installs something uninstalls it."""
    environment = Environment.create(tmp_path_factory.mktemp("environment"))
    environment.install(wheels["ganzoo"])
    return environment


@pytest.fixture
def environment(shared: Environment) -> Environment:
    assert [status for status in shared.listing("plugins") if status != "ganzoo"] == []
    return shared


def distribution(folder: Path, name: str, code: str) -> Path:
    """The source of a plugin distribution of one module."""
    package = folder / name / "src" / name.replace("-", "_")
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    (folder / name / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[project]\nname = "{name}"\nversion = "1.2"\n'
        f'[project.entry-points.ganzoo]\n{name} = "{package.name}"\n'
        f'[tool.hatch.build.targets.wheel]\npackages = ["src/{package.name}"]\n'
    )
    return folder / name


def registering(kind: str, name: str, target: str) -> str:
    return f"import ganzoo\n@ganzoo.hookimpl\ndef register_{kind}(register):\n    register('{name}', '{target}')\n"


def files_in_the_docs() -> dict[str, str]:
    """File name -> text, of the complete plugin that docs/plugins.md shows."""
    section = (ROOT / "docs" / "plugins.md").read_text().partition("## A complete plugin")[2].partition("\n## ")[0]
    return dict(re.findall(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


def plugin_of_the_docs(folder: Path) -> Path:
    for name, text in files_in_the_docs().items():
        path = folder / "ganzoo-oneway" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "ganzoo-oneway"


def test_plugin_of_the_docs_is_short() -> None:
    python = [text for name, text in files_in_the_docs().items() if name.endswith(".py")]
    lines = [line for text in python for line in text.splitlines() if line.strip()]
    assert len(python) == 2
    assert len(lines) < 40


def test_wheel_of_the_core_holds_what_is_not_python(wheels: dict[str, Path]) -> None:
    names = set(zipfile.ZipFile(wheels["ganzoo"]).namelist())
    recipes = {f"ganzoo/recipes/{path.name}" for path in (ROOT / "recipes").glob("*.toml")}
    template = ROOT / "plugins" / "_template"
    scaffolding = {
        f"ganzoo/_template/{path.relative_to(template)}"
        for path in template.rglob("*")
        if path.is_file() and not {"__pycache__", ".pytest_cache"} & set(path.parts)
    }
    others = {"ganzoo/py.typed", "ganzoo/published.toml", "ganzoo/report/page.html"}
    assert recipes | scaffolding | others <= names
    assert not [name for name in names if name.startswith(("plugins/", "tests/")) or "__pycache__" in name]


FROM_WHEELS = """
import sys
from ganzoo.plugins import Plugins, plugins
from ganzoo.testing import check_turns, small_settings

for plugin in sys.argv[1:]:
    assert [status.problem for status in Plugins(chosen=plugin).statuses] == ["", ""], plugin
for model in plugins().registries["model"]:
    check_turns(model, small_settings(model))
    print(model)
"""


def test_official_plugins_work_from_their_wheels(environment: Environment, wheels: dict[str, Path]) -> None:
    names = [folder.name for folder in PLUGINS]
    environment.install(*(wheels[name.replace("-", "_")] for name in names))
    try:
        played = environment.run("-c", FROM_WHEELS, *names).split()
        assert sorted(played) == sorted(environment.listing("models"))
    finally:
        environment.uninstall(*names)


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_official_plugin_needs_no_other(folder: Path) -> None:
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert [needed for needed in project["dependencies"] if needed.startswith("ganzoo")] == ["ganzoo>=0.1,<1"]
    assert project["name"] == folder.name
    assert (folder / project["readme"]).is_file()


def test_plugin_of_the_docs_comes_trains_and_goes(environment: Environment, tmp_path: Path) -> None:
    before = environment.ganzoo("list", "--json")
    environment.install(plugin_of_the_docs(tmp_path))
    model = environment.listing("models")["oneway"]
    assert model["plugin"] == "ganzoo-oneway 0.1.0"
    small = ["data.count=4", "data.test_count=2", "networks.generator.filters=4", "networks.discriminator.filters=4"]
    settings = [part for setting in ["train.steps=2", *small] for part in ("--set", setting)]
    environment.ganzoo("train", "oneway", "--out", str(tmp_path / "run"), "--quiet", *settings)
    assert (tmp_path / "run" / "generator" / "AtoB.safetensors").is_file()
    environment.uninstall("ganzoo-oneway")
    assert environment.ganzoo("list", "--json") == before
    message = environment.ganzoo("train", "oneway", code=2)
    assert "no model is called 'oneway'" in message


def test_scaffolded_plugin_passes_its_own_tests(environment: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    environment.ganzoo("new-plugin", "tiny-gan", "--out", str(folder))
    environment.install(folder)
    try:
        assert environment.listing("models")["tiny-gan"]["plugin"] == "ganzoo-tiny-gan 0.1.0"
        environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder))
    finally:
        environment.uninstall("ganzoo-tiny-gan")


def test_bad_plugins_are_named_and_harm_nobody(environment: Environment, tmp_path: Path) -> None:
    good = registering("networks", "good", "torch.nn:Identity")
    made = [
        distribution(tmp_path, "ganzoo-broken", "import a_module_that_is_not_there"),
        distribution(tmp_path, "ganzoo-misspelled", good.replace("register_networks", "register_network")),
        distribution(tmp_path, "ganzoo-one", good),
        distribution(tmp_path, "ganzoo-two", good),
    ]
    environment.install(*made)
    try:
        plugins = environment.listing("plugins")
        assert "No module named 'a_module_that_is_not_there'" in plugins["ganzoo-broken"]["status"]
        assert "did you mean 'register_networks'?" in plugins["ganzoo-misspelled"]["status"]
        assert plugins["ganzoo-one"]["status"] == plugins["ganzoo-two"]["status"] == "ok"
        assert environment.listing("networks")["good"]["plugin"] == "ganzoo-one 1.2 and ganzoo-two 1.2"
        chosen = environment.listing("networks", GANZOO_PLUGINS="ganzoo-two")
        assert chosen["good"]["plugin"] == "ganzoo-two 1.2"
        assert "good" not in environment.listing("networks", GANZOO_PLUGINS="")
    finally:
        environment.uninstall(*(path.name for path in made))


def test_nothing_of_this_checkout_is_in_the_fresh_environment(shared: Environment) -> None:
    where = shared.run("-c", "import ganzoo; print(ganzoo.__file__)").strip()
    assert Path(where).is_relative_to(shared.folder)


def test_scaffold_is_found_in_a_checkout(tmp_path: Path) -> None:
    from ganzoo.plugins import Plugins

    folder = scaffold("my-gan", tmp_path / "x", Plugins([]))
    assert (folder / "src" / "ganzoo_my_gan" / "recipes" / "my-gan.toml").is_file()
