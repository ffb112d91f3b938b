"""Residual generators saved by the authors' code: pytorch-CycleGAN-and-pix2pix, ``latest_net_G_A.pth`` and the like.

Its layers have the numbers that ours have, and a residual block is ``conv_block``. Names vary with what the network was
made of: dropout moves a block's second convolution from 5 to 6, batch norm brings gains and takes the biases away.
"""

from __future__ import annotations

import re

from ganzoo.importing import Layout, Shapes

FIRST_BLOCK = 10
"""Layers before the first residual block: padding, and three convolutions with norm and ReLU."""


def layout(shapes: Shapes) -> Layout:
    """What residual generator a file holds.

    Raises:
        ValueError: it holds none.
    """
    first = shapes.get("model.1.weight", ())
    found = {int(match[1]) for name in shapes if (match := re.match(r"model\.(\d+)\.conv_block\.1\.weight$", name))}
    if len(first) != 4 or first[2:] != (7, 7):
        raise ValueError("no residual generator of pytorch-CycleGAN-and-pix2pix: model.1.weight is no 7x7 convolution")
    if found != set(range(FIRST_BLOCK, FIRST_BLOCK + len(found))):
        raise ValueError("no residual generator: its blocks are not model.10.conv_block, model.11.conv_block, ...")
    last = f"model.{FIRST_BLOCK + len(found) + 7}.weight"
    if len(shapes.get(last, ())) != 4:
        raise ValueError(f"no residual generator of {len(found)} blocks: {last} is missing")
    norm, dropout = (
        _norm(shapes),
        any(re.match(r"model\.\d+\.conv_block\.6\.weight$", name) for name in shapes)
        and ("model.10.conv_block.5.weight" not in shapes),
    )
    filters, channels = first[:2]
    return Layout(
        "resnet",
        {
            "channels": channels,
            "out_channels": shapes[last][0],
            "filters": filters,
            "blocks": len(found),
            "norm": norm,
            "dropout": dropout,
        },
        key=lambda name: re.sub(r"^(model\.\d+)\.model\.", r"\1.conv_block.", name),
        size=128 if len(found) < 9 else 256,
        inference="train" if dropout or norm == "batch" else "eval",
    )


def _norm(shapes: Shapes) -> str:
    gain, bias = "model.2.weight" in shapes, "model.1.bias" in shapes
    if gain == bias:
        raise ValueError(
            "its norm is not known: neither instance norm without gain (model.1.bias, no model.2.weight) nor batch norm"
        )
    return "batch" if gain else "instance"
