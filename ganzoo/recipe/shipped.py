"""The recipes that come along: each model's default, and the ones for real data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ganzoo.errors import RecipeError
from ganzoo.names import did_you_mean
from ganzoo.plugins import Plugins


@dataclass(frozen=True)
class ShippedRecipe:
    """A recipe by name; ``origin`` says which distribution or file it is from."""

    name: str
    text: str
    origin: str

    @property
    def summary(self) -> str:
        """The first comment line, which holds the command that runs it."""
        return self.text.partition("\n")[0].lstrip("# ")


def shipped_recipes(plugins: Plugins) -> dict[str, ShippedRecipe]:
    """Name -> recipe."""
    found = {}
    for path in sorted(_folder().glob("*.toml")):
        found[path.stem] = ShippedRecipe(path.stem, path.read_text(encoding="utf-8"), f"recipes/{path.name}")
    for entry in plugins.registries["model"].entries():
        text = plugins.recipe_text(entry.name)
        found[entry.name] = ShippedRecipe(entry.name, text, f"{entry.plugin.name}:{entry.name}.toml")
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
