"""What a discriminator sees inside, for losses that match it (feature matching, arXiv:1606.03498, section 3.1)."""

from __future__ import annotations

from torch import Tensor, nn


def run(layers: nn.Sequential, images: Tensor, features: list[Tensor] | None = None) -> Tensor:
    """What ``layers`` make of ``images``; a list of ``features`` is given what comes out of each inner LeakyReLU.

    The first one is left out: it has seen a few pixels only (DiscoGAN's official code). A discriminator that shows its
    features is called as ``network(images, features)``.
    """
    activations = []
    for layer in layers:
        images = layer(images)
        if isinstance(layer, nn.LeakyReLU):
            activations.append(images)
    if features is not None:
        features.extend(activations[1:])
    return images
