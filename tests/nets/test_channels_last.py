"""The layout of memory must change no gradient: torch 2.15 has kernels that get channels_last wrong."""

import pytest
import torch

from ganzoo.nets.patch import PatchDiscriminator, PixelDiscriminator
from ganzoo.nets.unet import UNet

NETWORKS = {
    "unet": lambda norm: UNet(UNet.Config(channels=3, out_channels=3, filters=4, downs=3, norm=norm, init_gain=0.2)),
    "patch": lambda norm: PatchDiscriminator(
        PatchDiscriminator.Config(channels=3, filters=4, norm=norm, init_gain=0.2)
    ),
    "pixel": lambda norm: PixelDiscriminator(
        PixelDiscriminator.Config(channels=3, filters=4, norm=norm, init_gain=0.2)
    ),
}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("name", NETWORKS)
def test_both_layouts_give_the_same_output_and_gradients(name, norm, batch):
    torch.manual_seed(0)
    network, images = NETWORKS[name](norm).double(), torch.randn(batch, 3, 32, 32, dtype=torch.float64)
    found = []
    for layout in (torch.contiguous_format, torch.channels_last):
        network.to(memory_format=layout).zero_grad()
        seen = images.clone(memory_format=layout).requires_grad_()
        made = network(seen)
        made.square().mean().backward()
        found.append([made.detach(), seen.grad, *(parameter.grad.clone() for parameter in network.parameters())])
    assert all(torch.allclose(first, second, rtol=1e-6, atol=1e-10) for first, second in zip(*found, strict=True))
