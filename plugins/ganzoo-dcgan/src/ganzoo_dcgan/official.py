"""Generators saved by PyTorch's DCGAN example (``netG_epoch_24.pth``): ``main`` there is ``model`` here."""

from __future__ import annotations

from itertools import count, pairwise, takewhile

from ganzoo.importing import Layout, Shapes

START = 4
"""Pixels, both sides, of what the first layer makes."""


def layout(shapes: Shapes) -> Layout:
    """What generator a file holds: of 64 pixels in the example, or of more or fewer doublings.

    Raises:
        ValueError: it holds none.
    """
    convolutions = [f"main.{index}.weight" for index in takewhile(lambda i: f"main.{i}.weight" in shapes, count(0, 3))]
    kernels = [shapes[name] for name in convolutions]
    if len(kernels) < 2 or any(len(kernel) != 4 or kernel[2:] != (START, START) for kernel in kernels):
        raise ValueError("no generator of PyTorch's DCGAN example: main.0.weight, main.3.weight, ... are not 4x4")
    if any(before[1] != after[0] for before, after in pairwise(kernels)):
        raise ValueError("no generator: the layers of main do not follow on each other; is it a discriminator's?")
    return Layout(
        "conv-generator",
        {
            "channels": kernels[-1][1],
            "size": START * 2 ** (len(kernels) - 1),
            "filters": kernels[-1][0],
            "latent": kernels[0][0],
            "norm": "batch",
        },
        key=lambda name: name.replace("model.", "main.", 1),
        size=START * 2 ** (len(kernels) - 1),
    )
