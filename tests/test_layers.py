"""Who may import whom, what nobody may do, and that the command line starts without torch."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganzoo.plugins import Plugins

ROOT = Path(__file__).parent.parent
CORE = ROOT / "ganzoo"

TORCH_FREE = (
    "errors names files lock markdown scores signals spec untrusted",
    "config registry recipe",  # the package alone: its modules are below
    "hookspecs ganzoo",
    "plugins builtin",
    "recipe.schema recipe.source recipe.shipped recipe.parse scaffold",
    "card refusals run",
    "space",
)
LAYERS = (
    *TORCH_FREE,
    "autocast distributed foreign generators grids losses loop nets penalties pool scatter",
    "adversarial augment batchnorm data ema graphs optim precision report terms translation",
    "metrics recipe.build recipe.rehearsal engine",
    "checkpoint weights",
    "pack",
    "published",
    "publishable",
    "pretrained hub",
    "demo evaluation export importing session training",
    "testing",
    "cli.console cli.options",
    "cli.launch",
    "cli",
    "__main__",
)
"""From the bottom up. A module imports from its own layer and from those below; a package stands for what is in it."""

PUBLIC = {
    *("ganzoo", "adversarial", "autocast", "config", "data", "errors", "generators", "importing", "losses", "loop"),
    *("metrics", "nets", "penalties", "pool", "registry", "spec", "testing", "translation"),
}
"""What a plugin may import; docs/plugins.md says the same."""


def name_of(path: Path) -> str:
    """``ganzoo/recipe/parse.py`` -> ``recipe.parse``; the package itself is ``ganzoo``."""
    parts = [part for part in path.relative_to(CORE).with_suffix("").parts if part != "__init__"]
    return ".".join(parts) or "ganzoo"


MODULES = {name_of(path): path for path in sorted(CORE.rglob("*.py")) if "_template" not in path.parts}
PLUGINS = sorted((ROOT / "plugins").glob("ganzoo-*/src/*/**/*.py"))
TEMPLATE = sorted((ROOT / "plugins" / "_template" / "src").rglob("*.py"))


def layer(module: str) -> int | None:
    places = {name: index for index, names in enumerate(LAYERS) for name in names.split()}
    while module not in places and "." in module:
        module = module.rpartition(".")[0]
    return places.get(module)


def nodes(path: Path) -> Iterator[ast.AST]:
    """All nodes, but those for type checkers alone."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, in functions too."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in inner if name.removeprefix("ganzoo.") in MODULES}
            found |= modules or {node.module or ""}
    return found


def own(path: Path) -> set[str]:
    """The modules of ganzoo that a file imports."""
    return {name.removeprefix("ganzoo.") for name in imports(path) if name.partition(".")[0] == "ganzoo"}


def calls(path: Path) -> set[str]:
    """What a file calls, as written: ``torch.load``, ``print``; a method of anything is ``.name``."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Call):
            found.add(ast.unparse(node.func))
            if isinstance(node.func, ast.Attribute):
                found.add(f".{node.func.attr}")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_downward_only(module: str) -> None:
    mine = layer(module)
    assert mine is not None, f"{module} is in no layer: say in LAYERS where it belongs"
    above = {name for name in own(MODULES[module]) if (layer(name) or 0) > mine}
    assert not above, f"{module} imports from above: {', '.join(sorted(above))}"


def test_modules_import_each_other_in_no_circle() -> None:
    graph = {module: own(path) & set(MODULES) - {module} for module, path in MODULES.items()}
    while graph:
        done = {module for module, below in graph.items() if not below & set(graph)}
        assert done, f"these import each other in a circle: {', '.join(sorted(graph))}"
        graph = {module: below for module, below in graph.items() if module not in done}


def test_only_the_hub_imports_its_client() -> None:
    assert {module for module, path in MODULES.items() if "huggingface_hub" in imports(path)} <= {"hub"}


def test_core_names_no_plugin() -> None:
    """No distribution anywhere, and no model as a word of code; a comment may say who does the same."""
    names = {folder.name.removeprefix("ganzoo-") for folder in (ROOT / "plugins").glob("ganzoo-*")}
    names -= {name for registry in Plugins([]).registries.values() for name in registry}  # a loss may be called alike
    distribution = re.compile(rf"ganzoo[-_]({'|'.join(names)})\b")
    named = {module for module, path in MODULES.items() if distribution.search(path.read_text(encoding="utf-8"))}
    for module, path in MODULES.items():
        words = {node.value for node in nodes(path) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        words |= {node.id for node in nodes(path) if isinstance(node, ast.Name)}
        named |= {f"{module}: {word}" for word in words & names}
    assert not named


@pytest.mark.parametrize("path", [*PLUGINS, *TEMPLATE], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_plugin_imports_what_is_public(path: Path) -> None:
    package = next(part for part in path.parts if part.startswith("ganzoo_"))
    private = {name for name in own(path) if name.partition(".")[0] not in PUBLIC or "._" in name}
    assert not private, f"{path.name} imports what is not for plugins: {', '.join(sorted(private))}"
    others = {name for name in imports(path) if name.startswith("ganzoo_") and name.partition(".")[0] != package}
    assert not others, f"{path.name} imports another plugin: {', '.join(sorted(others))}"


@pytest.mark.parametrize("path", [*PLUGINS, *TEMPLATE], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_plugin_leaves_devices_and_optimizers_to_the_core(path: Path) -> None:
    assert not calls(path) & {".to", ".cuda", ".backward", ".autocast", ".manual_seed"}
    assert not imports(path) & {"torch.optim", "torch.distributed", "torch.amp"}


def test_plugins_say_what_is_public_as_the_docs_do() -> None:
    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    assert [name for name in sorted(PUBLIC) if name != "ganzoo" and f"`ganzoo.{name}`" not in text] == []


READER = "foreign"
"""The module that reads what other programs saved."""

EVERYTHING = {**MODULES, **{f"{path.parent.name}/{path.stem}": path for path in PLUGINS}}


def test_only_the_console_prints() -> None:
    printing = {
        module for module, path in EVERYTHING.items() if calls(path) & {"print", "sys.stdout.write", "typer.echo"}
    }
    assert printing <= {"cli.console"}


@pytest.mark.parametrize("module", EVERYTHING)
def test_nothing_can_run_code_from_a_file(module: str) -> None:
    path = EVERYTHING[module]
    assert not imports(path) & {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "yaml"}
    forbidden = {"eval", "exec", "torch.load", "torch.save", "torch.jit.load", "np.load", "numpy.load"}
    assert not calls(path) & (forbidden - {"torch.load"} if module == READER else forbidden)


def test_what_others_saved_is_read_as_weights_only() -> None:
    loads = [
        node for node in nodes(MODULES[READER]) if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load"
    ]
    assert [[ast.unparse(word) for word in load.keywords] for load in loads] == [
        ["map_location='cpu'", "weights_only=True"]
    ]


def test_names_become_modules_in_three_places_alone() -> None:
    importing = {module for module, path in MODULES.items() if ".import_module" in calls(path)}
    assert importing <= {"ganzoo", "plugins", "registry"}


@pytest.mark.parametrize("module", EVERYTHING)
def test_functions_are_small(module: str) -> None:
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in nodes(EVERYTHING[module])
        if isinstance(node, ast.FunctionDef) and node.end_lineno and node.end_lineno - node.lineno >= 60
    }
    assert not long


def is_imported_by(code: str, name: str = "torch") -> bool:
    """Whether a module is there after running ``code`` in a process of its own."""
    code = f"import sys\ntry:\n    {code}\nexcept SystemExit as end:\n    assert not end.code"
    script = f"{code}\nprint({name!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.splitlines()[-1] == "True"


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--json"], ["train", "--help"], ["--version"]])
def test_command_line_starts_without_torch(arguments: list[str]) -> None:
    assert not is_imported_by(f"from ganzoo.cli.main import main; main({arguments})")


@pytest.mark.parametrize("modules", [names for names in TORCH_FREE if names != "hookspecs ganzoo"])
def test_torch_free_layer_imports_no_torch(modules: str) -> None:
    assert not is_imported_by("import " + ", ".join(f"ganzoo.{name}" for name in modules.split()))


def test_importing_ganzoo_imports_no_torch() -> None:
    assert not is_imported_by("import ganzoo; ganzoo.hookimpl, ganzoo.Config, ganzoo.GanzooError")


def test_importing_ganzoo_imports_no_pydantic() -> None:
    assert not is_imported_by("import ganzoo; ganzoo.hookimpl, ganzoo.GanzooError", "pydantic")


@pytest.mark.parametrize("module", ["training", "pretrained", "evaluation"])
def test_the_compiler_is_imported_by_those_alone_that_compile(module: str) -> None:
    assert not is_imported_by(f"import ganzoo.{module}", "torch._dynamo")


def test_every_public_name_is_there() -> None:
    import ganzoo

    assert [name for name in ganzoo.__all__ if getattr(ganzoo, name, None) is None] == []
