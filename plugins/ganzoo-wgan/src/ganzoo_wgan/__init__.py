"""WGAN (arXiv:1701.07875) and WGAN-GP (arXiv:1704.00028) for ganzoo: critics in place of discriminators."""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_networks(register: Register) -> None:
    """WGAN-GP's residual networks; for the others ganzoo's own serve, the critic with ``norm = "none"``."""
    networks = "ganzoo_wgan.networks"
    register("wgan-resnet-generator", f"{networks}:ResidualGenerator", summary="residual blocks up to the picture")
    register("wgan-resnet-critic", f"{networks}:ResidualCritic", summary="residual blocks without normalisation")


@hookimpl
def register_loops(register: Register) -> None:
    """Both games."""
    register("wgan", "ganzoo_wgan.loop:WGAN", summary="critic held by clipping its weights")
    register("wgan-gp", "ganzoo_wgan.loop:WGANGP", summary="critic held by a penalty on its gradient")


@hookimpl
def register_models(register: Register) -> None:
    """Both games with recipes that need no download."""
    register(
        "wgan",
        "ganzoo_wgan:recipes/wgan.toml",
        summary="pictures from noise, by a clipped critic",
        loop="wgan",
        paper="arXiv:1701.07875",
        citation="M. Arjovsky, S. Chintala, L. Bottou: Wasserstein GAN. ICML 2017",
    )
    register(
        "wgan-gp",
        "ganzoo_wgan:recipes/wgan-gp.toml",
        summary="pictures from noise, by a gradient-penalised critic",
        loop="wgan-gp",
        paper="arXiv:1704.00028",
        citation="I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville: "
        "Improved Training of Wasserstein GANs. NeurIPS 2017",
    )
