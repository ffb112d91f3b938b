"""CycleGAN's step as a plain PyTorch script has it: what ganzoo's engine is measured against.

The order of things, the losses and their weights are those of the official code (arXiv:1703.10593): float32, eager,
and every loss read with ``.item()`` after each step. Only the networks come from outside.
"""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ganzoo.nets.norm import InstanceNorm
from ganzoo.nets.padding import ReflectionPad

LAMBDA, LAMBDA_IDENTITY, POOL_SIZE = 10.0, 0.5, 50


class Pool:
    """The official image pool: a list of the last fakes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        shown = []
        for image in images.detach().unsqueeze(1):
            if len(self.images) < self.size:
                self.images.append(image)
                shown.append(image)
            elif random.random() > 0.5:
                place = random.randrange(self.size)
                shown.append(self.images[place].clone())
                self.images[place] = image
            else:
                shown.append(image)
        return torch.cat(shown)


class Textbook:
    """Two generators, two discriminators, two optimizers, two pools and the loop body around them."""

    def __init__(self, networks: Mapping[str, nn.Module], device: torch.device) -> None:
        """``networks`` by ganzoo's names, of which copies are trained."""
        copies = {name: copy.deepcopy(network).to(device).train() for name, network in networks.items()}
        self.G_AtoB, self.G_BtoA = copies["generator_AtoB"], copies["generator_BtoA"]
        self.D_A, self.D_B = copies["discriminator_A"], copies["discriminator_B"]
        self.optimizer_G = _adam(self.G_AtoB, self.G_BtoA)
        self.optimizer_D = _adam(self.D_A, self.D_B)
        self.pool_A, self.pool_B = Pool(POOL_SIZE), Pool(POOL_SIZE)
        self.criterion_gan, self.criterion_cycle, self.criterion_identity = nn.MSELoss(), nn.L1Loss(), nn.L1Loss()

    def step(self, A: Tensor, B: Tensor) -> dict[str, float]:
        """One iteration; its losses under the names that ganzoo logs them by."""
        fake_B = self.G_AtoB(A)
        rec_A = self.G_BtoA(fake_B)
        fake_A = self.G_BtoA(B)
        rec_B = self.G_AtoB(fake_A)

        _set_requires_grad(False, self.D_A, self.D_B)
        self.optimizer_G.zero_grad()
        losses = {
            "generator/identity_B": self.criterion_identity(self.G_AtoB(B), B) * LAMBDA * LAMBDA_IDENTITY,
            "generator/identity_A": self.criterion_identity(self.G_BtoA(A), A) * LAMBDA * LAMBDA_IDENTITY,
            "generator/adversarial_AtoB": self._gan(self.D_B(fake_B), real=True),
            "generator/adversarial_BtoA": self._gan(self.D_A(fake_A), real=True),
            "generator/cycle_A": self.criterion_cycle(rec_A, A) * LAMBDA,
            "generator/cycle_B": self.criterion_cycle(rec_B, B) * LAMBDA,
        }
        sum(losses.values()).backward()
        self.optimizer_G.step()

        _set_requires_grad(True, self.D_A, self.D_B)
        self.optimizer_D.zero_grad()
        losses["discriminator/adversarial_A"] = self._backward_discriminator(self.D_A, A, self.pool_A.query(fake_A))
        losses["discriminator/adversarial_B"] = self._backward_discriminator(self.D_B, B, self.pool_B.query(fake_B))
        self.optimizer_D.step()
        return {name: loss.item() for name, loss in losses.items()}

    def _backward_discriminator(self, discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        on_real, on_fake = discriminator(real), discriminator(fake)
        loss = 0.5 * (self._gan(on_real, real=True) + self._gan(on_fake, real=False))
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    def _gan(self, prediction: Tensor, *, real: bool) -> Tensor:
        target = torch.ones_like(prediction) if real else torch.zeros_like(prediction)
        loss: Tensor = self.criterion_gan(prediction, target)
        return loss


def with_plain_layers(network: nn.Module) -> nn.Module:
    """A copy with PyTorch's own instance norm and reflection padding in the place of ganzoo's."""
    network = copy.deepcopy(network)
    for module in list(network.modules()):
        for name, layer in module.named_children():
            if isinstance(layer, InstanceNorm):
                setattr(module, name, nn.InstanceNorm2d(layer.channels, eps=layer.eps))
            elif isinstance(layer, ReflectionPad):
                setattr(module, name, nn.ReflectionPad2d(layer.padding))
    return network


def _adam(*networks: nn.Module) -> torch.optim.Adam:
    parameters = itertools.chain(*(network.parameters() for network in networks))
    return torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999))


def _set_requires_grad(flag: bool, *networks: nn.Module) -> None:
    for network in networks:
        for parameter in network.parameters():
            parameter.requires_grad = flag
