"""``ganzoo demo``."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from ganzoo.cli.console import Output


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo")(demo)


def demo(
    source: Annotated[str, typer.Argument(help="A run folder or a generator folder.")],
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="By default the first free one from 7860.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Where to listen; 0.0.0.0: on the network too.")] = "127.0.0.1",
    share: Annotated[
        bool, typer.Option("--share", help="Ask Gradio for a public link; pictures go through its servers.")
    ] = False,
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="Of a run: latest, best, or a step.")] = "latest",
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, ...")] = "auto",
) -> None:
    """Serve a page to try a generator on (needs ganzoo[demo])."""
    output = Output()

    from ganzoo.demo import build, require_gradio, serve
    from ganzoo.precision import pick_device

    require_gradio()
    page = build(source, checkpoint=checkpoint, device=str(pick_device(device)))
    try:
        output.say(f"{serve(page, host=host, port=port, share=share)}  (Ctrl-C ends)")
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        output.say("ended")
    finally:
        page.close(verbose=False)
