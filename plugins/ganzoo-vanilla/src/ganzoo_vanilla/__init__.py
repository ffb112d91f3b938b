"""The first GAN, for ganzoo: two perceptrons against each other (arXiv:1406.2661).

Its game, its networks and its two losses are ganzoo's own, as other GANs use them too: what this plugin adds is the
model.
"""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_models(register: Register) -> None:
    """The GAN with the recipe that needs no download."""
    register(
        "gan",
        "ganzoo_vanilla:recipes/gan.toml",
        summary="pictures from noise, by perceptrons",
        loop="adversarial",
        paper="arXiv:1406.2661",
        citation="I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, "
        "Y. Bengio: Generative Adversarial Networks. NeurIPS 2014",
    )
