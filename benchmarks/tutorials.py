"""Three small GANs as tutorials have them, data included: what benchmarks/small.py measures ganzoo against.

Written as plainly as they are found: a dataset that turns one picture at a time into a tensor, torch's ``DataLoader``,
plain Adam, float32, and the losses read with ``.item()`` in every iteration. Only the networks come from outside.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class Pictures(Dataset[tuple[Tensor, int]]):
    """An MNIST-like set in memory, with torchvision's Resize, ToTensor and Normalize(0.5, 0.5) on each picture."""

    def __init__(self, data: np.ndarray, targets: np.ndarray, size: int) -> None:
        """``data`` is (N, H, W) uint8."""
        self.data, self.targets = torch.from_numpy(data), torch.from_numpy(targets)
        self.size = size

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image, target = self.data[index], int(self.targets[index])
        picture = Image.fromarray(image.numpy())
        if picture.size != (self.size, self.size):
            picture = picture.resize((self.size, self.size), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(picture, np.uint8, copy=True)).view(self.size, self.size, 1)
        tensor = pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255)
        mean, std = torch.tensor([0.5]).view(-1, 1, 1), torch.tensor([0.5]).view(-1, 1, 1)
        return tensor.clone().sub_(mean).div_(std), target


class Tutorial:
    """The loop around two networks; subclasses write an iteration."""

    betas = (0.5, 0.999)

    def __init__(self, generator: nn.Module, discriminator: nn.Module, data: Pictures, device: torch.device) -> None:
        """Copies of the networks are trained."""
        self.G, self.D = (copy.deepcopy(network).to(device).train() for network in (generator, discriminator))
        self.optimizer_G = torch.optim.Adam(self.G.parameters(), lr=0.0002, betas=self.betas)
        self.optimizer_D = torch.optim.Adam(self.D.parameters(), lr=0.0002, betas=self.betas)
        self.dataloader = DataLoader(data, batch_size=64, shuffle=True, drop_last=True)
        self.device = device
        self.latent = self.G.latent_shape[0]
        self.batches = self._epochs()
        self.iteration = 0

    def _epochs(self) -> Iterator[Tensor]:
        while True:
            for images, _ in self.dataloader:
                yield images.to(self.device)

    def step(self) -> dict[str, float]:
        """One iteration, on a batch from the loader."""
        self.iteration += 1
        return self.play(next(self.batches))

    def play(self, real: Tensor) -> dict[str, float]:
        raise NotImplementedError


class GAN(Tutorial):
    """The generator first, then the discriminator on the same fakes, binary cross-entropy."""

    def play(self, real: Tensor) -> dict[str, float]:
        criterion = nn.BCEWithLogitsLoss()
        valid = torch.ones(real.size(0), 1, device=self.device)
        fake = torch.zeros(real.size(0), 1, device=self.device)

        self.optimizer_G.zero_grad()
        z = torch.randn(real.size(0), self.latent, device=self.device)
        made = self.G(z)
        g_loss = criterion(self.D(made), valid)
        g_loss.backward()
        self.optimizer_G.step()

        self.optimizer_D.zero_grad()
        d_loss = (criterion(self.D(real), valid) + criterion(self.D(made.detach()), fake)) / 2
        d_loss.backward()
        self.optimizer_D.step()
        return {"d": d_loss.item(), "g": g_loss.item()}


class DCGAN(Tutorial):
    """The discriminator on reals, on fakes, then the generator, as PyTorch's example does."""

    def play(self, real: Tensor) -> dict[str, float]:
        criterion = nn.BCEWithLogitsLoss()
        label = torch.full((real.size(0), 1), 1.0, device=self.device)

        self.D.zero_grad()
        output = self.D(real)
        error_real = criterion(output, label)
        error_real.backward()
        d_x = output.mean().item()

        noise = torch.randn(real.size(0), self.latent, device=self.device)
        fake = self.G(noise)
        label.fill_(0.0)
        output = self.D(fake.detach())
        error_fake = criterion(output, label)
        error_fake.backward()
        d_g_z1 = output.mean().item()
        error = error_real + error_fake
        self.optimizer_D.step()

        self.G.zero_grad()
        label.fill_(1.0)
        output = self.D(fake)
        error_g = criterion(output, label)
        error_g.backward()
        d_g_z2 = output.mean().item()
        self.optimizer_G.step()
        return {"d": error.item(), "g": error_g.item(), "D(x)": d_x, "D(G(z))": d_g_z1, "again": d_g_z2}


class WGANGP(Tutorial):
    """The critic with its penalty; the generator in every fifth iteration."""

    betas = (0.0, 0.9)

    def play(self, real: Tensor) -> dict[str, float]:
        self.optimizer_D.zero_grad()
        z = torch.randn(real.size(0), self.latent, device=self.device)
        fake = self.G(z)
        penalty = self.gradient_penalty(real.data, fake.data)
        d_loss = -torch.mean(self.D(real)) + torch.mean(self.D(fake)) + 10 * penalty
        d_loss.backward()
        self.optimizer_D.step()
        losses = {"d": d_loss.item()}

        if self.iteration % 5 == 0:
            self.optimizer_G.zero_grad()
            g_loss = -torch.mean(self.D(self.G(z)))
            g_loss.backward()
            self.optimizer_G.step()
            losses["g"] = g_loss.item()
        return losses

    def gradient_penalty(self, real: Tensor, fake: Tensor) -> Tensor:
        alpha = torch.rand(real.size(0), 1, 1, 1, device=self.device)
        between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
        judged = self.D(between)
        gradients = torch.autograd.grad(
            outputs=judged,
            inputs=between,
            grad_outputs=torch.ones_like(judged),
            create_graph=True,
            retain_graph=True,
            only_inputs=True,
        )[0]
        gradients = gradients.view(gradients.size(0), -1)
        return ((gradients.norm(2, dim=1) - 1) ** 2).mean()
