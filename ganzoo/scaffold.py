"""``ganzoo new-plugin``: a copy of the template plugin under another name.

The template is a working plugin called ``mygan``: its name is what is replaced, in files as in file names.
"""

from __future__ import annotations

import re
from pathlib import Path

from ganzoo.errors import PluginError
from ganzoo.files import write_text
from ganzoo.plugins import Plugins

PREFIX = "ganzoo-"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SKIPPED = {"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache"}


def scaffold(name: str, out: Path | None, plugins: Plugins) -> Path:
    """Write a plugin distribution called ``ganzoo-<name>``.

    Args:
        name: of the model; a leading ``ganzoo-`` is dropped.
        out: the folder to make; ``ganzoo-<name>`` here by default.
        plugins: the names that are taken.

    Returns:
        The folder.

    Raises:
        PluginError: the name is none, or taken; or the folder holds something.
    """
    name = _checked(name.removeprefix(PREFIX), plugins)
    folder = out or Path(PREFIX + name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PluginError(f"{folder} already holds something", hint="Choose another folder with --out")
    try:
        _copy(template_folder(), folder, name)
    except OSError as error:
        raise PluginError(f"{folder}: cannot be written: {error.strerror}", hint="Choose another --out") from error
    return folder


def _copy(template: Path, folder: Path, name: str) -> None:
    for path in sorted(template.rglob("*")):
        place = path.relative_to(template)
        if path.is_file() and not _SKIPPED.intersection(place.parts):
            write_text(folder / renamed(str(place), name), renamed(path.read_text(encoding="utf-8"), name))


def renamed(text: str, name: str) -> str:
    """The template's text, or one of its paths, for a plugin of that name."""
    names = {"MyGAN": class_name(name), "_mygan": "_" + name.replace("-", "_"), "mygan": name}
    return re.sub("|".join(names), lambda found: names[found[0]], text)


def class_name(name: str) -> str:
    """``my-gan`` and ``mygan`` to ``MyGAN``."""
    parts = [re.sub(r"gan$", "-GAN", part) for part in name.split("-")]
    words = [word for part in parts for word in part.split("-") if word]
    return "".join(word[0].upper() + word[1:] for word in words)


def template_folder() -> Path:
    """``_template/`` inside the installed package, or ``plugins/_template`` of a checkout."""
    package = Path(__file__).parent
    inside = package / "_template"
    return inside if inside.is_dir() else package.parent / "plugins" / "_template"


def _checked(name: str, plugins: Plugins) -> str:
    if not _NAME.fullmatch(name):
        raise PluginError(
            f"'{name}' is no name for a plugin",
            hint="Lower-case letters, digits and single dashes between them, starting with a letter: my-gan",
        )
    if name in plugins.registries["model"]:
        plugin = plugins.get("model", name).plugin
        raise PluginError(f"model '{name}' is there already, from {plugin}", hint="Choose another name")
    return name
