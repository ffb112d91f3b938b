"""pix2pix for ganzoo: image-to-image translation learned from pairs (arXiv:1611.07004)."""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_loops(register: Register) -> None:
    """The game of one translator and a discriminator that sees its input beside its picture."""
    register("pix2pix", "ganzoo_pix2pix.loop:Pix2Pix", summary="one way between paired domains A and B")


@hookimpl
def register_models(register: Register) -> None:
    """pix2pix with the recipe that needs no download."""
    register(
        "pix2pix",
        "ganzoo_pix2pix:recipes/pix2pix.toml",
        summary="image-to-image translation learned from pairs",
        loop="pix2pix",
        paper="arXiv:1611.07004",
        citation="P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros: "
        "Image-to-Image Translation with Conditional Adversarial Networks. CVPR 2017",
    )


@hookimpl
def register_importers(register: Register) -> None:
    """What the authors' code saves."""
    register("pix2pix", "ganzoo_pix2pix.official:layout", summary="pytorch-CycleGAN-and-pix2pix: U-Net generators")
