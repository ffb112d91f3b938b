"""ACGAN for ganzoo: the discriminator names the label as well (arXiv:1610.09585)."""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_networks(register: Register) -> None:
    """The discriminator with two heads; ganzoo's generators serve with ``conditional = true``."""
    register(
        "acgan-discriminator",
        "ganzoo_acgan.networks:ACGANDiscriminator",
        summary="judges a picture and names its label (ACGAN)",
    )


@hookimpl
def register_loops(register: Register) -> None:
    """The game with a classifier in it."""
    register("acgan", "ganzoo_acgan.loop:ACGAN", summary="generator against discriminator, both pay for wrong labels")


@hookimpl
def register_models(register: Register) -> None:
    """ACGAN with the recipe that needs no download."""
    register(
        "acgan",
        "ganzoo_acgan:recipes/acgan.toml",
        summary="pictures of the label that is asked for, by a classifier",
        loop="acgan",
        paper="arXiv:1610.09585",
        citation="A. Odena, C. Olah, J. Shlens: Conditional Image Synthesis with Auxiliary Classifier GANs. ICML 2017",
    )
