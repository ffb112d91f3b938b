"""Translation measured against the true picture, where the test split has one: PSNR, SSIM and L1.

Each score comes with that of doing nothing (the input taken for the translation), without which it says little.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ganzoo.data.base import Data
from ganzoo.errors import DataError
from ganzoo.generators import Generators
from ganzoo.metrics.base import Metric
from ganzoo.scores import Protocol


class Psnr(Metric):
    """Peak signal-to-noise ratio in dB, of pictures quantised to 8 bits; the mean over the test pictures.

    Scores: ``AtoB/psnr`` and, for doing nothing, ``AtoB/psnr_input``; the same for ``BtoA``.
    """

    name = "psnr"

    def protocol(self, test: Data) -> Protocol:
        require_pairs(test)
        return {**super().protocol(test), "samples": len(test), "pictures": "uint8"}

    def __call__(self, generators: Generators, test: Data) -> dict[str, float]:
        scores: dict[str, list[Tensor]] = {}
        for direction, source, target, made in _pairs(generators, test):
            scores.setdefault(f"{direction}/{self.name}", []).append(self.measure(made, target))
            scores.setdefault(f"{direction}/{self.name}_input", []).append(self.measure(source, target))
        return {name: float(torch.cat(values).mean()) for name, values in scores.items()}

    @staticmethod
    def measure(images: Tensor, truth: Tensor) -> Tensor:
        """PSNR of each picture: (N, C, H, W) in 0..255 against the same; (N,)."""
        return psnr(images, truth)


class Ssim(Psnr):
    """Structural similarity, 1 for equal pictures; named as in :class:`Psnr`."""

    name = "ssim"

    @staticmethod
    def measure(images: Tensor, truth: Tensor) -> Tensor:
        return ssim(images, truth)


class L1(Psnr):
    """Mean absolute difference, in parts of the whole range (0 for equal pictures); named as in :class:`Psnr`."""

    name = "l1"
    higher_is_better = False

    @staticmethod
    def measure(images: Tensor, truth: Tensor) -> Tensor:
        return (images - truth).abs().flatten(1).mean(1) / 255


def psnr(images: Tensor, truth: Tensor) -> Tensor:
    """``10 log10(255^2 / MSE)`` of each picture, (N, C, H, W) in 0..255 to (N,) in dB; equal pictures have 100."""
    error = (images.double() - truth.double()).square().flatten(1).mean(1)
    return (10 * torch.log10(255.0**2 / error.clamp(min=255.0**2 * 1e-10))).float()


def ssim(images: Tensor, truth: Tensor) -> Tensor:
    """SSIM of each picture (Wang et al. 2004, equation 13): Gaussian window of 11 pixels and sigma 1.5.

    (N, C, H, W) in 0..255 to (N,), the mean over channels and over the windows that lie inside.
    """
    x, y = images.double(), truth.double()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x, variance_y = _blur(x * x) - mean_x**2, _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return (luminance * structure).flatten(1).mean(1).float()


def _blur(images: Tensor) -> Tensor:
    """Each channel under the Gaussian window, without borders."""
    window = torch.exp(-((torch.arange(11, device=images.device, dtype=images.dtype) - 5) ** 2) / (2 * 1.5**2))
    window = window / window.sum()
    channels = images.shape[1]
    rows = F.conv2d(images, window.view(1, 1, 11, 1).expand(channels, 1, 11, 1), groups=channels)
    return F.conv2d(rows, window.view(1, 1, 1, 11).expand(channels, 1, 1, 11), groups=channels)


def _pairs(generators: Generators, test: Data) -> Iterator[tuple[str, Tensor, Tensor, Tensor]]:
    """Direction, input, truth and translation of the test pictures, a batch at a time, in 0..255."""
    require_pairs(test)
    rng = np.random.default_rng(0)
    for start in range(0, len(test), 16):
        batch = test.batch(range(start, min(start + 16, len(test))), rng)
        for direction in generators.directions:
            a, b = direction.split("to")
            source, target = batch[a].to(generators.device), batch[b].to(generators.device)
            yield direction, _bytes(source), _bytes(target), _bytes(generators.translate(source, direction))


def require_pairs(test: Data) -> None:
    """Raise a DataError where the true translation of a picture is not known."""
    if not test.paired:
        raise DataError(
            f"psnr, ssim and l1 need the true translation of each test picture, and {type(test).__name__} has none",
            hint="They can be told on 'seasons' and on paired images.",
        )


def _bytes(images: Tensor) -> Tensor:
    """[-1, 1] to whole numbers from 0 to 255, as a saved picture has them."""
    return images.float().add(1.0).mul(127.5).round().clamp(0, 255)
