"""The files of a Space that shows a published model in a browser: the page of ``ganzoo demo``. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganzoo.card import Facts, sealed
from ganzoo.markdown import front_matter
from ganzoo.plugins import version

_APP = """import ganzoo.demo

page = ganzoo.demo.build("{repository}")
ganzoo.demo.serve(page, host="0.0.0.0", port=7860)
page.block_thread()
"""


def name_of(repository: str) -> str:
    """The Space of a model: ``OWNER/NAME-demo``."""
    return f"{repository}-demo"


def files(facts: Facts, repository: str, license: str = "") -> dict[str, str]:
    """The Space's files by name: a few lines of Python, what they need, and what the Hub is to know.

    Args:
        facts: of the model.
        repository: the model's name, ``OWNER/NAME``.
        license: as on the model's card.
    """
    needed = {"ganzoo[demo]": str(facts.config.get("ganzoo", "")), **facts.plugins}
    return {
        "app.py": _APP.format(repository=repository),
        "requirements.txt": "".join(
            f"{name}>={minimum}\n" if minimum else f"{name}\n" for name, minimum in needed.items()
        ),
        "README.md": sealed(f"---\n{front_matter(_metadata(facts, repository, license))}---\n\n{_about(repository)}\n"),
    }


def _metadata(facts: Facts, repository: str, license: str) -> Mapping[str, Any]:
    """What the Hub reads: https://huggingface.co/docs/hub/spaces-config-reference."""
    metadata: dict[str, Any] = {
        "title": repository.rpartition("/")[2],
        "emoji": "🎨",
        "colorFrom": "blue",
        "colorTo": "green",
        "sdk": "gradio",
    }
    if version("gradio"):
        metadata["sdk_version"] = version("gradio")
    metadata |= {"app_file": "app.py", "pinned": False, "models": [repository], "tags": ["ganzoo", "gan"]}
    return metadata | ({"license": license} if license else {}) | {"short_description": f"{facts.task} with ganzoo"}


def _about(repository: str) -> str:
    return f"[{repository}](https://huggingface.co/{repository}) in a browser, by `ganzoo demo {repository}`."
