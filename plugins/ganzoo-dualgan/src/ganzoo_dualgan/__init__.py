"""DualGAN for ganzoo: unsupervised dual learning for image-to-image translation (arXiv:1704.02510)."""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_loops(register: Register) -> None:
    """The game of two translators and two discriminators."""
    register("dualgan", "ganzoo_dualgan.loop:DualGAN", summary="there and back between unpaired domains, by dropout")


@hookimpl
def register_models(register: Register) -> None:
    """DualGAN with the recipe that needs no download."""
    register(
        "dualgan",
        "ganzoo_dualgan:recipes/dualgan.toml",
        summary="unsupervised dual learning for image-to-image translation",
        loop="dualgan",
        paper="arXiv:1704.02510",
        citation="Z. Yi, H. Zhang, P. Tan, M. Gong: "
        "DualGAN: Unsupervised Dual Learning for Image-to-Image Translation. ICCV 2017",
    )
