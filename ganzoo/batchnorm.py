"""Batch norm whose statistics are those of the batch of all processes.

PyTorch has one for GPUs, without the second derivative that gradient penalties need. This one is made of differentiable
operations, so it has derivatives of any order, on any device.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ganzoo.distributed import talking


class _Sum(torch.autograd.Function):
    """The sum over all processes; the gradient's way back is the same sum, which can be differentiated again."""

    @staticmethod
    def forward(context: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        with talking():
            distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        return _sum(gradients[0])


def _sum(tensor: Tensor) -> Tensor:
    total: Tensor = _Sum.apply(tensor.contiguous())
    return total


class _Synchronised(_BatchNorm):
    """What takes the place of batch norm's ``forward`` in training; in evaluation there is nothing to share."""

    together: ClassVar[bool] = True
    sum = staticmethod(_sum)

    def forward(self, input: Tensor) -> Tensor:
        if not (self.training and _Synchronised.together):
            result: Tensor = super().forward(input)
            return result
        self._check_input_dim(input)  # type: ignore[no-untyped-call]
        values = input.to(torch.promote_types(input.dtype, torch.float32))
        others = [0, *range(2, values.dim())]
        shape = [1, -1, *[1] * (values.dim() - 2)]
        count = values.new_full((1,), values.numel() / values.shape[1])
        total, count = torch.split(self.sum(torch.cat([values.sum(others), count])), [values.shape[1], 1])
        mean = total / count
        centred = values - mean.view(shape)
        variance = self.sum(centred.square().sum(others)) / count
        self._remember(mean.detach(), (variance * count / (count - 1).clamp(min=1)).detach())
        scaled: Tensor = centred * (variance + self.eps).rsqrt().view(shape)
        if self.affine:
            scaled = scaled * self.weight.view(shape) + self.bias.view(shape)
        return scaled.to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics, as batch norm does."""
        if not self.track_running_stats or self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        share = self.momentum if self.momentum is not None else 1.0 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
        self.running_var.lerp_(variance.to(self.running_var.dtype), share)


class _Synchronised1d(_Synchronised, nn.BatchNorm1d):
    pass


class _Synchronised2d(_Synchronised, nn.BatchNorm2d):
    pass


class _Synchronised3d(_Synchronised, nn.BatchNorm3d):
    pass


_SYNCHRONISED: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm1d: _Synchronised1d,
    nn.BatchNorm2d: _Synchronised2d,
    nn.BatchNorm3d: _Synchronised3d,
}


def synchronise_batch_norm(networks: nn.Module) -> None:
    """Let every batch norm in there share its statistics; parameters, buffers and their names stay as they are."""
    # Not where it is defined: this imports the whole compiler, and takes as long as importing torch.
    _Synchronised.sum = staticmethod(torch.compiler.disable(_sum))  # type: ignore[no-untyped-call]
    for module in networks.modules():
        if type(module) in _SYNCHRONISED:
            module.__class__ = _SYNCHRONISED[type(module)]


@contextmanager
def batch_norm_alone() -> Iterator[None]:
    """For what one process does by itself: nobody would answer it."""
    before, _Synchronised.together = _Synchronised.together, False
    try:
        yield
    finally:
        _Synchronised.together = before
