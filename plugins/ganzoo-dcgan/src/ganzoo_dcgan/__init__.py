"""DCGAN for ganzoo: convolutional generator and discriminator (arXiv:1511.06434).

Its networks are ganzoo's ``conv-generator`` and ``conv-discriminator``, which conditional and Wasserstein GANs use too:
what this plugin adds is the model.
"""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_models(register: Register) -> None:
    """DCGAN with the recipe that needs no download."""
    register(
        "dcgan",
        "ganzoo_dcgan:recipes/dcgan.toml",
        summary="pictures from noise, by convolutions",
        loop="adversarial",
        paper="arXiv:1511.06434",
        citation="A. Radford, L. Metz, S. Chintala: "
        "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks. ICLR 2016",
    )


@hookimpl
def register_importers(register: Register) -> None:
    """What PyTorch's example saves."""
    register("dcgan", "ganzoo_dcgan.official:layout", summary="the DCGAN of PyTorch's examples and tutorials")
