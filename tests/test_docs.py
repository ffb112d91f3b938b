"""The docs say what the code does: generated pages are fresh, every hook is there, links lead somewhere."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ganzoo import hookspecs

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("plugins/*/README.md")])
HOOKS = {
    name: value
    for name, value in vars(hookspecs).items()
    if inspect.isfunction(value) and value.__module__ == hookspecs.__name__
}


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)


def prose(page: Path) -> str:
    """The page without its code."""
    return re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_generated_pages_are_fresh() -> None:
    command = [sys.executable, str(DOCS / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_hook_is_documented_with_its_signature() -> None:
    signatures = [f"`{name}{inspect.signature(hook)}`".replace("'", "") for name, hook in HOOKS.items()]
    documented = [heading for heading in headings(DOCS / "plugins.md") if re.match(r"`\w+\(", heading)]
    assert documented == signatures


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_docstring_and_types(hook: str) -> None:
    assert HOOKS[hook].__doc__
    parameters = inspect.signature(HOOKS[hook]).parameters.values()
    assert all(parameter.annotation is not parameter.empty for parameter in parameters)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        name, _, section = link.partition("#")
        target = page.parent / name if name else page
        if re.match(r"\w+:", link):
            continue
        if not target.exists() or (section and section not in map(anchor, headings(target))):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    """Every ``ganzoo verb`` in a block of commands is one of the command line's."""
    verbs = set(re.findall(r"^## `ganzoo ([\w-]+)", (DOCS / "cli.md").read_text(encoding="utf-8"), re.MULTILINE))
    used = re.findall(r"^ {4}(?:\$ )?ganzoo ([a-z][\w-]*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(used) <= verbs
