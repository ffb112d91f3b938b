"""Pictures that do not fit a network, said in words."""

from __future__ import annotations

from collections.abc import Sequence

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


def require_shape(samples: Tensor, shape: Sequence[int], network: str) -> None:
    """Raise a ValueError unless each of the samples (N, ...) has this shape."""
    if tuple(samples.shape[1:]) != tuple(shape):
        made, given = ("x".join(map(str, sides)) for sides in (shape, samples.shape[1:]))
        raise ValueError(f"{network} is made for samples of {made}, not {given}")


def doublings(size: int) -> tuple[int, int]:
    """The side that a convolutional generator starts from, 4 to 7 pixels, and how often it is doubled to ``size``.

    28 is 7 doubled twice, 32, 64 and 128 are 4 doubled three, four and five times.

    Raises:
        ValueError: doubling such a side does not lead to ``size``.
    """
    side, times = size, 0
    while side > 7 and side % 2 == 0:
        side, times = side // 2, times + 1
    if side not in range(4, 8) or not times:
        raise ValueError(
            f"pictures of {size} pixels: their side must be 4, 5, 6 or 7 doubled, as 28, 32, 64 and 128 are"
        )
    return side, times
