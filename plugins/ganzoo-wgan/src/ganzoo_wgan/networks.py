"""The residual networks of WGAN-GP (arXiv:1704.00028, appendix F; the released code's ``gan_cifar_resnet.py``)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.config import Config, Count, FromData, Width
from ganzoo.nets.sizes import doublings, require_shape

Resize = Literal["up", "down", "same"]


class ResidualConfig(Config):
    """The settings of both residual networks."""

    channels: Annotated[Count, FromData()] = 0
    """Channels of a picture; 0: as the data has."""
    size: Annotated[Count, FromData()] = 0
    """Pixels a side: 28, 32, 64, or another doubling of 4 to 7; 0: as the data has."""
    filters: Width = 128
    """Channels of every block."""


class ResidualGeneratorConfig(ResidualConfig):
    """The settings of the residual generator."""

    latent: Width = 128
    """Numbers in a latent vector."""


class ResidualGenerator(nn.Module):
    """Latents (N, latent) to pictures (N, C, H, W) in [-1, 1]: from 4x4 a block for each doubling, with batch norm."""

    Config: ClassVar[type[ResidualGeneratorConfig]] = ResidualGeneratorConfig

    def __init__(self, config: ResidualGeneratorConfig) -> None:
        super().__init__()
        self.latent_shape = (config.latent,)
        side, times = doublings(config.size)
        filters = config.filters
        self.model = nn.Sequential(
            nn.Linear(config.latent, filters * side**2),
            nn.Unflatten(1, (filters, side, side)),
            *(ResidualBlock(filters, "up", normalised=True) for _ in range(times)),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
            nn.Conv2d(filters, config.channels, 3, padding=1),
            nn.Tanh(),
        )
        _initialize(self)

    def forward(self, z: Tensor) -> Tensor:
        pictures: Tensor = self.model(z)
        return pictures


class ResidualCritic(nn.Module):
    """Pictures (N, C, H, W) to numbers (N, 1), without any normalisation.

    Blocks halve the picture to twice the side that the generator starts from (32 pixels: two blocks, to 8x8), two more
    keep its size; then ReLU and the mean over all places.
    """

    Config: ClassVar[type[ResidualConfig]] = ResidualConfig

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        self.shape = (config.channels, config.size, config.size)
        _, times = doublings(config.size)
        filters, halvings = config.filters, max(1, times - 1)
        self.blocks = nn.Sequential(
            FirstBlock(config.channels, filters),
            *(ResidualBlock(filters, "down") for _ in range(halvings - 1)),
            ResidualBlock(filters, "same"),
            ResidualBlock(filters, "same"),
            nn.ReLU(),
        )
        self.logit = nn.Linear(filters, 1)
        _initialize(self)

    def forward(self, images: Tensor) -> Tensor:
        require_shape(images, self.shape, "the residual critic")
        logits: Tensor = self.logit(self.blocks(images).mean((2, 3)))
        return logits


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(relu(x)))), with batch norm before each ReLU if asked for, resized in both branches."""

    def __init__(self, filters: int, resize: Resize, *, normalised: bool = False) -> None:
        super().__init__()
        self.resize = resize
        self.norms = nn.ModuleList(nn.BatchNorm2d(filters) if normalised else nn.Identity() for _ in range(2))
        self.convs = nn.ModuleList(nn.Conv2d(filters, filters, 3, padding=1) for _ in range(2))
        self.shortcut = nn.Identity() if resize == "same" else nn.Conv2d(filters, filters, 1)

    def forward(self, images: Tensor) -> Tensor:
        hidden = F.relu(self.norms[0](images))
        hidden = self.convs[0](_doubled(hidden) if self.resize == "up" else hidden)
        hidden = self.convs[1](F.relu(self.norms[1](hidden)))
        # A 1x1 convolution and a resizing can change places: each comes where there are fewer pixels.
        if self.resize == "down":
            images, hidden = F.avg_pool2d(images, 2), F.avg_pool2d(hidden, 2)
        images = self.shortcut(images)
        return (_doubled(images) if self.resize == "up" else images) + hidden


class FirstBlock(nn.Module):
    """The critic's first block, which halves: no ReLU before the picture, and the shortcut after the pooling."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.Conv2d(filters, filters, 3, padding=1)
        )
        self.shortcut = nn.Conv2d(channels, filters, 1)

    def forward(self, images: Tensor) -> Tensor:
        halved: Tensor = self.shortcut(F.avg_pool2d(images, 2)) + F.avg_pool2d(self.convs(images), 2)
        return halved


def _doubled(images: Tensor) -> Tensor:
    return F.interpolate(images, scale_factor=2.0, mode="nearest")


def _initialize(network: nn.Module) -> None:
    """He's initialisation for the 3x3 convolutions, Glorot's for shortcuts, linear layers and the last; biases 0."""
    last = network.model[-2] if isinstance(network, ResidualGenerator) else None
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) and not layer.weight.is_meta:
            if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3) and layer is not last:
                nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            else:
                nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
