"""Normalisation layers by name, and an instance norm that keeps up with the memory layout it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Norm = Literal["instance", "batch", "none"]


class InstanceNorm(nn.Module):
    """Instance normalisation without gain, bias or running statistics (arXiv:1607.08022, equation 4).

    The numbers of ``nn.InstanceNorm2d(channels, affine=False, track_running_stats=False)``, by whichever of PyTorch's
    kernels is quickest at the layout at hand. On a CPU, forward and backward of (1, 64, 256, 256) in float32: 4.6
    against 12.7 ms in the contiguous layout, and 5 against 34 ms in channels_last, which is kept, where PyTorch's own
    copies to the contiguous layout and back.
    """

    affine = False
    track_running_stats = False

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels = channels
        self.eps = eps

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape, each channel of each picture with mean 0 and variance 1.

        Raises:
            ValueError: a single pixel is left, of which no variance can be taken.

        """
        if torch.compiler.is_exporting():  # the check below would fix the sides that an export leaves open
            return picture_norm(images, eps=self.eps)
        if images.shape[-2:].numel() < 2:
            raise ValueError(
                f"instance norm needs more than one pixel a channel, and was given {tuple(images.shape)}: "
                "the picture is too small for a network this deep"
            )
        return _kernel(images)(images, self.eps)

    def extra_repr(self) -> str:
        return f"{self.channels}, eps={self.eps}"


def norm_layer(kind: Norm) -> Callable[[int], nn.Module]:
    """What makes a normalisation layer of so many channels."""
    makers: dict[Norm, Callable[[int], nn.Module]] = {
        "instance": InstanceNorm,
        "batch": nn.BatchNorm2d,
        "none": nn.Identity,
    }
    return makers[kind]


def uses_bias(kind: Norm) -> bool:
    """Whether the convolution before such a layer has a bias: not when the layer brings one, as batch norm does.

    Before an instance norm the bias has no effect, but CycleGAN's official code, and so its parameter count, has it.
    """
    return kind != "batch"


def picture_norm(images: Tensor, gain: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """Instance normalisation of (N, C, H, W) for exports: sides stay open, gain and bias (C,) may follow."""
    return torch.instance_norm(images, gain, bias, None, None, True, 0.0, eps, False)


def _kernel(images: Tensor) -> Callable[[Tensor, float], Tensor]:
    """The quickest kernel whose gradient is right.

    With one channels_last picture on a CPU, the gradient of ``F.instance_norm`` is silently wrong (torch 2.15): it
    views the picture in a way that leaves an odd stride in the batch dimension, by which the backward of batch norm
    mistakes the layout. Group norm is right whatever the strides, batch norm where they are the usual ones.
    """
    if torch.compiler.is_compiling():
        return _as_instance_norm  # decomposed and fused by the compiler, whatever the strides
    on_cpu, contiguous = images.device.type == "cpu", images.is_contiguous()
    usual = images.stride(0) == images[0].numel() and (
        contiguous or images.is_contiguous(memory_format=torch.channels_last)
    )
    if not usual or (on_cpu and contiguous):
        return _as_group_norm
    # The instance norm of a single picture is its batch norm. Going through the pictures of a batch one by one pays on
    # a CPU, and costs a GPU a launch for each.
    return _as_batch_norm if on_cpu or len(images) == 1 else _as_instance_norm


def _as_instance_norm(images: Tensor, eps: float) -> Tensor:
    return F.instance_norm(images, eps=eps)


def _as_group_norm(images: Tensor, eps: float) -> Tensor:
    return F.group_norm(images, images.shape[1], eps=eps)


def _as_batch_norm(images: Tensor, eps: float) -> Tensor:
    each = [F.batch_norm(image, None, None, training=True, eps=eps) for image in torch.split(images, 1)]
    return each[0] if len(each) == 1 else torch.cat(each)
