"""MyGAN's networks."""

from __future__ import annotations

from typing import Annotated, ClassVar

from torch import Tensor, nn

from ganzoo import Config, FromData


class NetworkConfig(Config):
    """The settings of both networks."""

    channels: Annotated[int, FromData()] = 0
    """Channels of a picture; 0: as the data has."""
    size: Annotated[int, FromData()] = 0
    """Pixels a side, a multiple of 8; 0: as the data has."""
    filters: int = 16
    """Channels of the layer next to the picture; those further in have more."""


class GeneratorConfig(NetworkConfig):
    """The settings of the generator."""

    latent: int = 64
    """Numbers in a latent vector."""


class Generator(nn.Module):
    """Latents (N, latent) to pictures (N, C, H, W) in [-1, 1]."""

    Config: ClassVar[type[GeneratorConfig]] = GeneratorConfig

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.latent_shape = (config.latent,)  # what ganzoo draws noise by
        side, widths = _eighth(config.size), [4 * config.filters, 2 * config.filters, config.filters]
        layers: list[nn.Module] = [nn.Linear(config.latent, widths[0] * side**2), nn.Unflatten(1, (-1, side, side))]
        for before, after in zip(widths, [*widths[1:], config.channels], strict=True):
            layers += [nn.BatchNorm2d(before), nn.ReLU(), nn.Upsample(scale_factor=2)]
            layers += [nn.Conv2d(before, after, 3, padding=1)]
        self.model = nn.Sequential(*layers, nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        pictures: Tensor = self.model(z)
        return pictures


class Discriminator(nn.Module):
    """Pictures (N, C, H, W) to logits (N, 1)."""

    Config: ClassVar[type[NetworkConfig]] = NetworkConfig

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        side, widths = _eighth(config.size), [config.filters, 2 * config.filters, 4 * config.filters]
        layers: list[nn.Module] = []
        for before, after in zip([config.channels, *widths], widths, strict=False):
            layers += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * side**2, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.model(pictures)
        return logits


def _eighth(size: int) -> int:
    """The side that three doublings bring to ``size``."""
    if size % 8:
        raise ValueError(f"pictures of {size} pixels: their size must be a multiple of 8")
    return size // 8
