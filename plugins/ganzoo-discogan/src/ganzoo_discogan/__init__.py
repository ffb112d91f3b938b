"""DiscoGAN for ganzoo: relations between two domains, discovered in unpaired pictures (arXiv:1703.05192)."""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_networks(register: Register) -> None:
    """The translator and the discriminator, at 64 pixels those of the paper."""
    register(
        "discogan-generator",
        "ganzoo_discogan.networks:DiscoGenerator",
        summary="encoder-decoder without skip connections: DiscoGAN's generator",
    )
    register(
        "discogan-discriminator",
        "ganzoo_discogan.networks:DiscoDiscriminator",
        summary="one logit a picture, and the features it is drawn from",
    )


@hookimpl
def register_loops(register: Register) -> None:
    """The game of two generators and two discriminators."""
    register("discogan", "ganzoo_discogan.loop:DiscoGAN", summary="there and back, with features matched")


@hookimpl
def register_models(register: Register) -> None:
    """DiscoGAN with the recipe that needs no download."""
    register(
        "discogan",
        "ganzoo_discogan:recipes/discogan.toml",
        summary="cross-domain relations discovered in unpaired pictures",
        loop="discogan",
        paper="arXiv:1703.05192",
        citation="T. Kim, M. Cha, H. Kim, J. K. Lee, J. Kim: "
        "Learning to Discover Cross-Domain Relations with Generative Adversarial Networks. ICML 2017",
    )
