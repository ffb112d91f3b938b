"""CycleGAN for ganzoo: unpaired image-to-image translation (arXiv:1703.10593)."""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_networks(register: Register) -> None:
    """The residual generator."""
    register(
        "resnet",
        "ganzoo_cyclegan.networks:ResNetGenerator",
        summary="translator with 9 or 6 residual blocks: CycleGAN's generator",
    )


@hookimpl
def register_loops(register: Register) -> None:
    """The game of two generators and two discriminators."""
    register("cyclegan", "ganzoo_cyclegan.loop:CycleGAN", summary="there and back between unpaired domains A and B")


@hookimpl
def register_models(register: Register) -> None:
    """CycleGAN with the recipe that needs no download."""
    register(
        "cyclegan",
        "ganzoo_cyclegan:recipes/cyclegan.toml",
        summary="unpaired image-to-image translation",
        loop="cyclegan",
        paper="arXiv:1703.10593",
        citation="J.-Y. Zhu, T. Park, P. Isola, A. A. Efros: "
        "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks. ICCV 2017",
    )


@hookimpl
def register_importers(register: Register) -> None:
    """What the authors' code saves."""
    register("cyclegan", "ganzoo_cyclegan.official:layout", summary="pytorch-CycleGAN-and-pix2pix: residual generators")
