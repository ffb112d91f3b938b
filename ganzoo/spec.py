"""What a data source says about its batches before any is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class DataSpec:
    """The shape of one sample.

    ``images`` maps each image key of a batch (``image``, or ``A`` and ``B``) to (channels, height, width),
    or to (numbers,) where a sample is a point and no picture;
    ``classes`` is the number of labels, 0 where a batch has no ``label``;
    ``class_names`` names them in order, where they have names.
    """

    images: Mapping[str, tuple[int, ...]]
    classes: int = 0
    class_names: tuple[str, ...] = ()

    @property
    def image(self) -> tuple[int, ...]:
        """The shape of the first image of a sample."""
        return next(iter(self.images.values()))

    @property
    def channels(self) -> int:
        """Channels of the first image of a sample; the numbers of a point."""
        return self.image[0]

    @property
    def size(self) -> int:
        """Height of the first image of a sample, in pixels; 0 where it is a point."""
        return self.image[1] if len(self.image) > 1 else 0
