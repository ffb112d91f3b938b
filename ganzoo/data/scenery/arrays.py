"""The curves and coordinates that every part of a picture is painted with, as numpy arrays."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]  # float32 wherever it is as large as a picture


def centres(n: int) -> Array:
    """The centres of n pixels side by side, in (0, 1)."""
    return ((np.arange(n) + 0.5) / n).astype(np.float32)


def unit(value: Array) -> Array:
    """The value held within [0, 1]; np.clip does the same, but slowly on small arrays."""
    return np.minimum(np.maximum(value, 0.0), 1.0)


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below `low`, 1 above `high`, an S-curve between; `low` > `high` turns the curve round."""
    t = unit((value - low) * (1.0 / (high - low)))
    return t * t * (3.0 - 2.0 * t)
