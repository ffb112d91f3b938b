"""How the page is arranged: Gradio's components, and which of them calls which action."""

from __future__ import annotations

import html
import random
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

import gradio as gr
import PIL.Image

from ganzoo.demo import actions
from ganzoo.demo.about import About, spoken
from ganzoo.errors import GanzooError
from ganzoo.pretrained import Pretrained

_ONE_AT_A_TIME = "model"  # networks that keep batch statistics at work are not to be called from two threads
_CACHE = (600, 3600)  # seconds: how often pictures are looked through, and how long they are kept


def arrange(model: Pretrained, about: About) -> gr.Blocks:
    """The whole page."""
    page = gr.Blocks(analytics_enabled=False, title=f"{about.name} · ganzoo", delete_cache=_CACHE)
    with page:
        gr.HTML(about.header(), padding=False)
        if model.directions:
            _translation(page, model, about)
        else:
            with gr.Tab("Points" if actions.makes_points(model) else "Pictures"):
                _drawing(page, model)
            with gr.Tab("From seed to seed"):
                _way(page, model)
        if about.scores:
            with gr.Accordion("Scores", open=False):
                gr.HTML(about.score_table(), padding=False)
    return page


def _drawing(page: gr.Blocks, model: Pretrained) -> None:
    points = actions.makes_points(model)
    most, first = (actions.MOST_POINTS, 1000) if points else (actions.MOST_PICTURES, 16)
    with gr.Row(elem_classes="panes"):
        with gr.Column(scale=2, min_width=280):
            other = gr.Button("Draw others", variant="primary", elem_id="others")
            seed = _seed("Seed", 0, "The same seed draws the same.", "seed")
            count = gr.Slider(1, most, first, step=1, label="How many", elem_id="count")
            label, truncation = _label(model), _truncation()
        with gr.Column(scale=3, min_width=280):
            picture = _picture("drawn")
    _live(page, [count, seed, label, truncation], partial(actions.draw, model), picture)
    other.click(_new_seed, outputs=seed, show_progress="hidden", api_visibility="private")


def _way(page: gr.Blocks, model: Pretrained) -> None:
    with gr.Row(elem_classes="panes"):
        with gr.Column(scale=2, min_width=280):
            way = gr.Slider(
                0, 1, 0.5, step=0.02, label="The way", info="0: the first seed; 1: the second", elem_id="way"
            )
            with gr.Row(elem_classes="seeds"):
                start, end = _seed("From seed", 0), _seed("To seed", 1)
            label, truncation = _label(model), _truncation()
        with gr.Column(scale=3, min_width=280):
            picture = _picture("between")
    _live(page, [start, end, way, label, truncation], partial(actions.between, model), picture)


def _translation(page: gr.Blocks, model: Pretrained, about: About) -> None:
    choices = [(spoken(direction), direction) for direction in model.directions]
    with gr.Row(elem_classes="panes"):
        with gr.Column(scale=2, min_width=280):
            upload = _upload(about.examples[0][1] if about.examples else None)
            direction = gr.Radio(choices, value=model.directions[0], label="Direction", visible=len(choices) > 1)
            _examples(about, upload, direction)
        with gr.Column(scale=3, min_width=280):
            both = gr.ImageSlider(label="Before and after", type="pil", format="png", interactive=False,
                                  elem_id="both", max_height=640)  # fmt: skip
    _live(page, [upload, direction], partial(actions.translate, model), both)


def _live(page: gr.Blocks, controls: Sequence[Any], action: Callable[..., Any], shown: Any) -> None:
    """Show what the action makes of the controls, at first and whenever one of them changes."""
    gr.on(
        [page.load, *(control.change for control in controls)],
        _told(action),
        list(controls),
        shown,
        trigger_mode="always_last",
        show_progress="minimal",
        concurrency_id=_ONE_AT_A_TIME,
        api_name=getattr(action, "func", action).__name__,
    )


def _told(action: Callable[..., Any]) -> Callable[..., Any]:
    """The action, with the errors that a person can mend shown on the page."""

    @wraps(getattr(action, "func", action))
    def told(*values: Any) -> Any:
        try:
            return action(*values)
        except GanzooError as error:
            message = "<br>".join(html.escape(line) for line in (error.message, error.hint) if line)
            raise gr.Error(message, print_exception=False) from error

    del told.__wrapped__  # Gradio would count the model among the controls
    return told


def _seed(label: str, value: int, info: str | None = None, name: str | None = None) -> gr.Number:
    return gr.Number(value, label=label, info=info, precision=0, min_width=100, elem_id=name)


def _new_seed() -> int:
    return random.randrange(1_000_000)


def _label(model: Pretrained) -> gr.Dropdown:
    """The classes by name; out of sight for a model that takes none."""
    classes = model.generators.classes
    names = [str(name) for name in model.config.image.get("class_names", [])]
    choices = [(names[number] if number < len(names) else str(number), number) for number in range(classes)]
    return gr.Dropdown([("all kinds", actions.ANY), *choices], value=actions.ANY, label="Label", visible=classes > 0)


def _truncation() -> gr.Slider:
    info = "Below 1: more usual, less varied"
    return gr.Slider(0.05, 1.0, 1.0, step=0.05, label="Truncation", info=info)


def _examples(about: About, upload: gr.Image, direction: gr.Radio) -> None:
    """Pictures to choose from, each with its direction."""
    if not about.examples:
        return
    thumbnails = gr.Gallery(
        [(picture, spoken(way)) for way, picture in about.examples],
        show_label=False,
        format="png",
        columns=3,
        height="auto",
        allow_preview=False,
        interactive=False,
        buttons=[],
        elem_id="examples",
    )

    def chosen(event: gr.SelectData) -> tuple[PIL.Image.Image, str]:
        way, picture = about.examples[event.index]
        return picture, way

    thumbnails.select(chosen, outputs=[upload, direction], show_progress="hidden", api_visibility="private")


def _upload(picture: PIL.Image.Image | None) -> gr.Image:
    """Hands on the path of what is uploaded: Gradio's own way of opening it says less of what is wrong with a file."""
    upload = gr.Image(
        picture,
        label="Your picture",
        type="filepath",
        format="png",
        sources=["upload", "clipboard"],
        height=260,
        elem_id="upload",
    )
    # Gradio writes a file beside the module of every subclass, hence none. No event may update this component's
    # settings: that would make it anew.
    setattr(upload, "preprocess", _path_of)  # noqa: B010 (type checkers want methods left alone)
    return upload


def _path_of(payload: Any) -> str | None:
    return payload.path if payload else None


def _picture(name: str) -> gr.Image:
    return gr.Image(
        show_label=False, type="pil", format="png", interactive=False, elem_id=name, elem_classes="shown",
        buttons=["download", "fullscreen"],
    )  # fmt: skip
