"""The recipes that come along: each model's default, and the ones for real data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ganzoo.errors import RecipeError
from ganzoo.names import did_you_mean
from ganzoo.plugins import Plugins


@dataclass(frozen=True)
class ShippedRecipe:
    """A recipe by name; ``origin`` says where it was written, ``plugin`` which distribution it comes with."""

    name: str
    text: str
    origin: str
    plugin: str = "ganzoo"

    @property
    def summary(self) -> str:
        """The command that runs it, from the first comment line: by its name, for who has no checkout."""
        return self.text.partition("\n")[0].lstrip("# ").replace(f"recipes/{self.name}.toml", self.name)


def shipped_recipes(plugins: Plugins) -> dict[str, ShippedRecipe]:
    """Name -> recipe."""
    found = {}
    for path in sorted(_folder().glob("*.toml")):
        found[path.stem] = ShippedRecipe(path.stem, path.read_text(encoding="utf-8"), f"recipes/{path.name}")
    for entry in plugins.registries["model"].entries():
        text = plugins.recipe_text(entry.name)
        origin = f"{entry.plugin.name}:{entry.name}.toml"
        found[entry.name] = ShippedRecipe(entry.name, text, origin, entry.plugin.name)
    return found


def shipped_recipe(name: str, plugins: Plugins) -> ShippedRecipe:
    """The recipe of that name.

    Raises:
        RecipeError: there is none; says what is near.
    """
    found = shipped_recipes(plugins)
    if name not in found:
        raise RecipeError(f"no recipe file or shipped recipe is called '{name}'", hint=did_you_mean(name, found))
    return found[name]


def _folder() -> Path:
    """``recipes/`` inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parent / "recipes"
