"""LSGAN for ganzoo: least squares in place of cross-entropy (arXiv:1611.04076).

Its loss, ``loss.type = "lsgan"``, is ganzoo's own, as CycleGAN uses it too: what this plugin adds is the paper's
networks and the model.
"""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_networks(register: Register) -> None:
    """The paper's networks for pictures of scenes."""
    register("lsgan-generator", "ganzoo_lsgan.networks:LSGANGenerator", summary="5x5 transposed convolutions (LSGAN)")
    register("lsgan-discriminator", "ganzoo_lsgan.networks:LSGANDiscriminator", summary="5x5 convolutions (LSGAN)")


@hookimpl
def register_models(register: Register) -> None:
    """LSGAN with the recipe that needs no download."""
    register(
        "lsgan",
        "ganzoo_lsgan:recipes/lsgan.toml",
        summary="pictures from noise, by least squares",
        loop="adversarial",
        paper="arXiv:1611.04076",
        citation="X. Mao, Q. Li, H. Xie, R. Y. K. Lau, Z. Wang, S. P. Smolley: "
        "Least Squares Generative Adversarial Networks. ICCV 2017",
    )
