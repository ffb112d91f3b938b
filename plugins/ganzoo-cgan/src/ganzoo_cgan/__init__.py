"""Conditional GAN for ganzoo: the label joins the noise and the picture (arXiv:1411.1784)."""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_networks(register: Register) -> None:
    """The paper's perceptrons; ganzoo's own networks do it too, with ``conditional = true``."""
    register("cgan-generator", "ganzoo_cgan.networks:CGANGenerator", summary="noise and label by two ways (CGAN)")
    register(
        "cgan-discriminator", "ganzoo_cgan.networks:CGANDiscriminator", summary="maxout of picture and label (CGAN)"
    )


@hookimpl
def register_loops(register: Register) -> None:
    """The plain game, both players told the label."""
    register("cgan", "ganzoo_cgan.loop:CGAN", summary="generator against discriminator, both told the label")


@hookimpl
def register_models(register: Register) -> None:
    """The conditional GAN with the recipe that needs no download."""
    register(
        "cgan",
        "ganzoo_cgan:recipes/cgan.toml",
        summary="pictures of the label that is asked for",
        loop="cgan",
        paper="arXiv:1411.1784",
        citation="M. Mirza, S. Osindero: Conditional Generative Adversarial Nets. 2014",
    )
