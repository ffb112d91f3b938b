"""Pictures that do not fit a network, said in words."""

from __future__ import annotations

from torch import Tensor


def require_multiple(images: Tensor, stride: int, network: str) -> None:
    """Raise a ValueError unless height and width of (N, C, H, W) are multiples of ``stride``."""
    height, width = images.shape[-2:]
    if height % stride or width % stride:
        raise ValueError(f"{network} takes pictures whose sides are multiples of {stride} pixels, not {width}x{height}")


def require_least(images: Tensor, least: int, network: str) -> None:
    """Raise a ValueError unless height and width of (N, C, H, W) are at least ``least``."""
    height, width = images.shape[-2:]
    if min(height, width) < least:
        raise ValueError(f"{network} takes pictures of at least {least}x{least} pixels, not {width}x{height}")


def require_channels(images: Tensor, channels: int, network: str) -> None:
    """Raise a ValueError unless (N, C, H, W) has ``channels`` channels."""
    if images.shape[1] != channels:
        raise ValueError(f"{network} takes pictures of {channels} channels, not {images.shape[1]}")
