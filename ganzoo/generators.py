"""Published networks at work on tensors: noise to pictures, pictures to pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.errors import DataError


class Generators:
    """The networks that a model publishes, in their inference mode.

    Attributes:
        networks: ``sample``, or directions of translation (``AtoB``), and the network of each.
    """

    def __init__(self, networks: Mapping[str, nn.Module], inference: Literal["eval", "train"] = "eval") -> None:
        self.networks = dict(networks)
        self.inference = inference
        for network in self.networks.values():
            network.train(inference == "train")

    @property
    def directions(self) -> list[str]:
        """The directions of translation; empty for a model that makes pictures from noise."""
        return [name for name in self.networks if name != "sample"]

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next((value.device for net in self.networks.values() for value in net.parameters()), torch.device("cpu"))

    @torch.no_grad()
    def translate(self, images: Tensor, direction: str) -> Tensor:
        """Translate (N, C, H, W) in [-1, 1], of any height and width, into pictures of the same size.

        Sides that are no multiple of the network's stride are extended by reflection, and cut back afterwards.
        Networks that keep batch statistics at work are given one picture at a time: no translation depends on others.
        """
        network = self.networks[direction]
        height, width = images.shape[-2:]
        stride, least = int(getattr(network, "stride", 1)), int(getattr(network, "least", 1))
        extended = pad_to(images.to(self.device), stride, least)
        with _at_work():
            translated = one_by_one(network, extended) if self.inference == "train" else network(extended)
        return translated.float()[..., :height, :width]

    @torch.no_grad()
    def sample(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Pictures (N, C, H, W) in [-1, 1] from latents (N, ...) and, for conditional models, labels (N,)."""
        network: Any = self.networks["sample"]
        with _at_work():
            pictures: Tensor = network(z.to(self.device)) if labels is None else network(z.to(self.device), labels)
        return pictures.float()

    @property
    def classes(self) -> int:
        """The number of labels that ``sample`` takes; 0 where it takes none."""
        return int(getattr(self.networks.get("sample"), "classes", 0))

    def latents(self, n: int, seed: int, truncation: float = 1.0) -> Tensor:
        """The noise of ``n`` pictures (n, ...) on the CPU; the first rows are the same for any ``n``.

        Below 1, ``truncation`` is the greatest magnitude of a number in it (arXiv:1809.11096, section 3.1), or what the
        network's own ``truncate(z, psi)`` takes for psi.
        """
        network: Any = self.networks["sample"]
        z = torch.from_numpy(_stream(seed, 0).standard_normal((n, *network.latent_shape)))
        if truncation >= 1.0:
            return z.float()
        if hasattr(network, "truncate"):
            with torch.no_grad():
                truncated: Tensor = network.truncate(z.float().to(self.device), truncation).cpu()
            return truncated
        return truncated_normal(z, truncation).float()

    def path(self, keys: int, between: int, n: int, seed: int, truncation: float = 1.0) -> Iterator[Tensor]:
        """Latents (n, ...) that go through ``keys`` of a seed and back to the first, with ``between`` steps to each."""
        points = self.latents(keys * n, seed, truncation).tensor_split(keys)
        for start, end in zip(points, [*points[1:], points[0]], strict=True):
            for step in range(between):
                yield slerp(start, end, step / between)

    def labels(self, n: int, seed: int) -> Tensor | None:
        """A label (n,) for each picture, drawn uniformly; None for a model that takes none."""
        return torch.from_numpy(_stream(seed, 1).randint(0, self.classes, n, dtype=np.int64)) if self.classes else None

    def draw(
        self, n: int, seed: int, labels: Tensor | None = None, *, truncation: float = 1.0, batch: int = 64
    ) -> Tensor:
        """The ``n`` pictures (n, C, H, W) in [-1, 1] of a seed, on the CPU.

        The same seed gives the same pictures on every device, whatever ``n`` and ``batch`` are, but for rounding.
        Labels (n,) are drawn as :meth:`labels` does where the model takes them and none are given.
        """
        return torch.cat([pictures.cpu() for pictures, _ in self.drawn(n, seed, labels, truncation, batch)])

    def drawn(
        self, n: int, seed: int, labels: Tensor | None = None, truncation: float = 1.0, batch: int = 64
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """As :meth:`draw`, a batch at a time, with the labels of each, on the networks' device."""
        z = self.latents(n, seed, truncation)
        labels = self.labels(n, seed) if labels is None else labels
        for start in range(0, n, batch):
            wanted = None if labels is None else labels[start : start + batch].to(self.device)
            yield self.sample(z[start : start + batch], wanted), wanted


@contextmanager
def _at_work() -> Iterator[None]:
    """Turns what a network says about the pictures it is given, or torch about memory, into a DataError."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise DataError(f"the network cannot do this: {str(error).partition(chr(10))[0]}") from error


def truncated_normal(z: Tensor, most: float) -> Tensor:
    """Standard normal numbers to ones whose magnitude is at most ``most``, each by itself and in the same order.

    Their distribution is that of drawing again until |z| <= most, without drawing again: F^-1(F(-most) +
    F(z) (F(most) - F(-most))), F being the normal distribution function.
    """
    low, high = (torch.special.ndtr(torch.tensor(sign * most, dtype=z.dtype)) for sign in (-1, 1))
    truncated: Tensor = torch.special.ndtri(low + torch.special.ndtr(z) * (high - low)).clamp(-most, most)
    return truncated


def slerp(start: Tensor, end: Tensor, t: float) -> Tensor:
    """Spherical interpolation of latents (N, ...), from ``start`` at t = 0 to ``end`` at t = 1 (arXiv:1609.04468).

    sin((1 - t) w) / sin w * start + sin(t w) / sin w * end, w the angle between the two.
    """
    a, b = start.flatten(1), end.flatten(1)
    cosine = (a * b).sum(1, keepdim=True) / (a.norm(dim=1, keepdim=True) * b.norm(dim=1, keepdim=True))
    angle = cosine.clamp(-1 + 1e-6, 1 - 1e-6).acos()
    mixed: Tensor = (((1 - t) * angle).sin() * a + (t * angle).sin() * b) / angle.sin()
    return mixed.view_as(start)


def _stream(seed: int, number: int) -> np.random.RandomState:
    """One of a seed's random streams; numpy keeps what RandomState draws the same in all its versions."""
    return np.random.RandomState([seed, number])


def one_by_one(network: nn.Module, images: Tensor) -> Tensor:
    """The network's pictures of (N, C, H, W), each made by itself."""
    return torch.cat([network(image) for image in torch.split(images, 1)])


def pad_to(images: Tensor, stride: int, least: int = 1) -> Tensor:
    """Extend (N, C, H, W) at the bottom and right to multiples of ``stride`` that are ``least`` or more pixels.

    By reflection where the picture is large enough for it, else by repeating its last row and column.
    """
    height, width = images.shape[-2:]
    bottom, right = (max(side, least) + -max(side, least) % stride - side for side in (height, width))
    if not (bottom or right):
        return images
    mode = "reflect" if bottom < height and right < width else "replicate"
    return F.pad(images, (0, right, 0, bottom), mode=mode)
