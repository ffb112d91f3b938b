"""Networks with the layers and names of the official codes, small, to save files as those codes do."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, norm, bias, dropout):
        super().__init__()
        half = [nn.Dropout(0.5)] if dropout else []
        first = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), norm(width), nn.ReLU()]
        self.conv_block = nn.Sequential(
            *first, *half, nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), norm(width)
        )

    def forward(self, x):
        return x + self.conv_block(x)


class ResNet(nn.Module):
    """``tracking`` keeps the running statistics that PyTorch had in instance norms before 0.4."""

    def __init__(self, filters=4, blocks=2, channels=3, out=3, batch=False, dropout=False, tracking=False):
        super().__init__()

        def norm(width):
            return nn.BatchNorm2d(width) if batch else nn.InstanceNorm2d(width, track_running_stats=tracking)

        bias, f = not batch, filters
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels, f, 7, bias=bias), norm(f), nn.ReLU()]
        for width in (f, 2 * f):
            layers += [nn.Conv2d(width, 2 * width, 3, 2, 1, bias=bias), norm(2 * width), nn.ReLU()]
        layers += [Block(4 * f, norm, bias, dropout) for _ in range(blocks)]
        for width in (4 * f, 2 * f):
            layers += [nn.ConvTranspose2d(width, width // 2, 3, 2, 1, 1, bias=bias), norm(width // 2), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(f, out, 7), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class Skip(nn.Module):
    """A U-Net's block around another one; the ReLU down works in place, as there."""

    def __init__(self, outer, inner, channels=None, within=None, batch=True, dropout=False):
        super().__init__()
        norm = nn.BatchNorm2d if batch else nn.InstanceNorm2d
        self.outermost = channels is not None
        down = nn.Conv2d(channels or outer, inner, 4, 2, 1, bias=not batch)
        wide = inner * (2 if within else 1)
        if self.outermost:
            layers = [down, within, nn.ReLU(True), nn.ConvTranspose2d(wide, outer, 4, 2, 1), nn.Tanh()]
        else:
            up = [nn.ReLU(True), nn.ConvTranspose2d(wide, outer, 4, 2, 1, bias=not batch), norm(outer)]
            middle = [norm(inner), within] if within else []
            half = [nn.Dropout(0.5)] if dropout else []
            layers = [nn.LeakyReLU(0.2, True), down, *middle, *up, *half]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class UNet(nn.Module):
    def __init__(self, filters=4, downs=6, channels=3, out=3, batch=True, dropout=True):
        super().__init__()
        f = filters
        block = Skip(8 * f, 8 * f, batch=batch)
        for _ in range(downs - 5):
            block = Skip(8 * f, 8 * f, within=block, batch=batch, dropout=dropout)
        for width in (4 * f, 2 * f, f):
            block = Skip(width, 2 * width, within=block, batch=batch)
        self.model = Skip(out, f, channels=channels, within=block, batch=batch)

    def forward(self, x):
        return self.model(x)


class DCGAN(nn.Module):
    """The generator of PyTorch's example."""

    def __init__(self, latent=10, filters=4, channels=3):
        super().__init__()
        layers, widths = [], [latent, *(filters * factor for factor in (8, 4, 2, 1))]
        for depth, (before, after) in enumerate(pairwise(widths)):
            stride, padding = (2, 1) if depth else (1, 0)
            layers += [nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False)]
            layers += [nn.BatchNorm2d(after), nn.ReLU(True)]
        self.main = nn.Sequential(*layers, nn.ConvTranspose2d(filters, channels, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.main(z)


def trained(network, seed=0):
    """The network with weights and statistics as a training might leave them."""
    torch.manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif tensor.is_floating_point():
            tensor.normal_(0, 0.2).add_(1 if tensor.dim() == 1 and name.endswith("weight") else 0)
    return network
