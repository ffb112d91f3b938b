"""``ganzoo show``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.cli.options import AsJson
from ganzoo.plugins import plugins


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("show")(show)


def show(
    what: Annotated[str, typer.Argument(metavar="MODEL or RECIPE", help="A model, a recipe file or a recipe's name.")],
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a key of the recipe; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a recipe: networks, parameters, cost of a step."""
    output = Output(as_json=as_json)

    import tomli_w

    from ganzoo.recipe.build import build_data, fill_from_data, loop_class_of, role_of
    from ganzoo.recipe.parse import check, read
    from ganzoo.recipe.rehearsal import rehearse
    from ganzoo.run import plain

    found = plugins()
    is_model = what in found.registries["model"] and not Path(what).is_file()
    source = read(what if is_model else None, None if is_model else what, overrides or [], found)
    recipe = check(source, found)
    spec = build_data(recipe, found).spec
    recipe = fill_from_data(recipe, spec, found)
    cost = rehearse(recipe, spec, found, source)
    resolved = plain(recipe.model_dump(exclude_none=True))
    if as_json:
        output.json(
            {"recipe": resolved, "parameters": cost.parameters, "flops": cost.flops, "memory_bytes": cost.memory}
        )
        return
    entry = found.get("model", recipe.model)
    output.say(f"{recipe.model}: {entry.summary} ({entry.plugin})")
    players = {name: player for player, names in loop_class_of(recipe.model, found).players.items() for name in names}
    rows = [
        [name, recipe.networks[role_of(name, recipe)].type, players.get(name, ""), f"{count:,}"]
        for name, count in cost.parameters.items()
    ]
    rows.append(["in all", "", "", f"{sum(cost.parameters.values()):,}"])
    output.table("networks", ["network", "type", "player", "parameters"], rows)
    shapes = ", ".join(f"{key} {'x'.join(map(str, shape))}" for key, shape in spec.images.items())
    output.say(f"one step: {cost.flops / 1e9:,.1f} GFLOP, about {cost.memory / 2**20:,.0f} MiB in float32")
    output.say(f"a batch:  {recipe.train.batch_size} x {shapes}\n")
    output.say(tomli_w.dumps(resolved))
