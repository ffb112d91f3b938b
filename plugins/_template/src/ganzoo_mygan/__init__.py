"""MyGAN for ganzoo: what the plugin registers. No torch is imported here."""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_networks(register: Register) -> None:
    """The two players' networks."""
    register("mygan-generator", "ganzoo_mygan.networks:Generator", summary="noise to pictures")
    register("mygan-discriminator", "ganzoo_mygan.networks:Discriminator", summary="one logit a picture")


@hookimpl
def register_data(register: Register) -> None:
    """Pictures that need no download."""
    register("mygan-discs", "ganzoo_mygan.data:Discs", summary="coloured discs, drawn")


@hookimpl
def register_loops(register: Register) -> None:
    """The game."""
    register("mygan", "ganzoo_mygan.loop:MyGAN", summary="generator against discriminator")


@hookimpl
def register_models(register: Register) -> None:
    """What a person types, with its default recipe."""
    register("mygan", "ganzoo_mygan:recipes/mygan.toml", summary="pictures from noise", loop="mygan")
