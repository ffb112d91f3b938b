"""A page to try a generator on, served by Gradio (``ganzoo[demo]``) from this machine alone.

``actions`` is what the page does, ``about`` what it says, ``layout`` how it is arranged; only the last needs Gradio.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo.errors import GanzooError
from ganzoo.pretrained import load

if TYPE_CHECKING:
    import gradio

_MOST_UPLOADED = "32mb"
_CONTRAST = {
    **dict.fromkeys(("button_primary_background_fill", "button_primary_background_fill_dark"), "*primary_700"),
    **dict.fromkeys(
        ("button_primary_background_fill_hover", "button_primary_background_fill_hover_dark"), "*primary_800"
    ),
    **dict.fromkeys(("body_text_color_subdued", "block_info_text_color"), "*neutral_500"),
}
"""What of the theme would be harder to read than 4.5 to 1."""


def build(source: str | Path, *, checkpoint: str = "latest", device: str = "cpu") -> gradio.Blocks:
    """The page of a run folder or a generator folder, to be handed to :func:`serve`.

    Args:
        source: the folder.
        checkpoint: of a run: ``latest``, ``best`` or a step.
        device: where the networks work.

    Raises:
        GanzooError: Gradio is not installed, or what :func:`ganzoo.load` raises.
    """
    require_gradio()
    from ganzoo.demo.about import About
    from ganzoo.demo.layout import arrange

    model = load(source, device=device, name=checkpoint)
    return arrange(model, About.of(model, Path(source)))


def serve(page: gradio.Blocks, *, host: str = "127.0.0.1", port: int | None = None, share: bool = False) -> str:
    """Serve the page from threads of this process until ``page.close()``, and return its address.

    Args:
        page: what :func:`build` made.
        host: the address to listen on; 0.0.0.0 is all of the machine's.
        port: by default the first free one from 7860.
        share: ask Gradio for a public link, which leads through its servers.

    Raises:
        GanzooError: the port is taken, there is no such host, or no link was to be had.
    """
    try:
        _, local, public = page.launch(
            server_name=host, server_port=port, share=share, max_file_size=_MOST_UPLOADED, **look()
        )
    except (OSError, ValueError) as error:
        where = f"{host}:{port}" if port else host
        raise GanzooError(f"{where}: the page cannot be served there: {error}", hint="Try another --port.") from error
    if share and not public:
        page.close(verbose=False)
        raise GanzooError("Gradio gave no public link", hint="Without --share the page is served on this machine.")
    return public or local


def look() -> dict[str, Any]:
    """What ``Blocks.launch`` takes to show the page as it is meant: fonts of the system, nothing from elsewhere."""
    from gradio import themes

    theme = themes.Default(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        font=["ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(**_CONTRAST)
    plain: dict[str, Any] = {"ssr_mode": False, "pwa": False, "inline": False, "footer_links": [], "run_history": False}
    return {
        **plain,
        "theme": theme,
        "css_paths": Path(__file__).with_name("page.css"),
        "quiet": True,
        "prevent_thread_lock": True,
    }


def require_gradio() -> None:
    """Tell a person what to install, and Gradio not to report to its makers.

    Raises:
        GanzooError: Gradio is not installed.
    """
    if find_spec("gradio") is None:
        raise GanzooError("the demo needs Gradio, which is not installed", hint="pip install 'ganzoo[demo]'")
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # errors are reported by it even where the page says no
