"""U-Nets saved by the authors' PyTorch code: pytorch-CycleGAN-and-pix2pix, ``latest_net_G.pth`` and the like.

Its blocks lie in each other: ``model.model.1`` is the second, ``model.model.1.model.3`` the third, and so on inwards.
Each has its convolution down at 1 and the one up behind the block within it.
"""

from __future__ import annotations

from ganzoo.importing import Layout, Shapes


def layout(shapes: Shapes) -> Layout:
    """What U-Net a file holds.

    Dropout leaves no trace in a file: it is where the code has it unless told ``--no_dropout``.

    Raises:
        ValueError: the file holds no U-Net.
    """
    first, last = shapes.get("model.model.0.weight", ()), shapes.get("model.model.3.weight", ())
    downs = 1
    while f"{_block(downs)}.1.weight" in shapes:
        downs += 1
    if len(first) != 4 or len(last) != 4 or downs < 5:
        raise ValueError("no U-Net generator of pytorch-CycleGAN-and-pix2pix: model.model.0.weight and blocks in it")
    return Layout(
        "unet",
        {
            "channels": first[1],
            "out_channels": last[1],
            "filters": first[0],
            "downs": downs,
            "norm": _norm(shapes),
            "dropout": downs > 5,
            "dropout_blocks": list(range(1, downs - 4)),
        },
        key=lambda name: _name_there(name, downs),
        size=2**downs,
        inference="train",
    )


def _block(depth: int) -> str:
    """Where the layers of the block at ``depth`` are; 0 is outermost."""
    return "model.model" + (".1.model" if depth else "") + ".3.model" * (depth - 1)


def _name_there(name: str, downs: int) -> str:
    """``encoder.2.1.weight`` -> ``model.model.1.model.3.model.1.weight``: layers down keep their numbers, for a block
    starts with them; those up come behind them and the block within.
    """
    half, block, layer, what = name.split(".")
    if half == "encoder":
        return f"{_block(int(block))}.{layer}.{what}"
    depth = downs - 1 - int(block)
    before = 2 if depth in (0, downs - 1) else 4
    return f"{_block(depth)}.{before + int(layer)}.{what}"


def _norm(shapes: Shapes) -> str:
    gain, bias = "model.model.1.model.2.weight" in shapes, "model.model.1.model.1.bias" in shapes
    if gain == bias:
        raise ValueError("its norm is not known: neither batch norm nor instance norm without gain")
    return "batch" if gain else "instance"
