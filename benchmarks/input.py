"""Pictures a second and core: ganzoo's folder source against Pillow in the usual way, one picture after the other.

    python benchmarks/input.py

The pictures are drawn here: JPEG of 256 to 400 pixels a side. Both sides resize (the shorter side), crop at random,
flip half, and make float32 batches in [-1, 1]. The usual way is that of torchvision's v1 transforms on Pillow images:
``Resize(load, BICUBIC)``, ``RandomCrop``, ``RandomHorizontalFlip``, ``ToTensor``, ``Normalize``. ganzoo's source
decodes the files (streamed, by Pillow or by simplejpeg where that is installed), or has what it decoded before on disk
(``data.disk``; so little of it that the system keeps it in memory) or in memory. All run in one thread.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from measure import Spread, Turn, alternate, conditions, faster, table
from PIL import Image, ImageFilter
from torch import Tensor

from ganzoo.data import jpeg
from ganzoo.data.loader import Loader
from ganzoo.plugins import plugins

SIZES = {64: 72, 128: 143, 256: 286}
"""Pixels that are cropped -> the shorter side that is resized to before: as CycleGAN does."""
BATCH = 16
PASSES = 10
"""Through what is in memory, for a time long enough to be measured."""


def draw(folder: Path, count: int) -> list[Path]:
    """Pictures with soft and fine structure, compressed as photographs are."""
    rng = np.random.default_rng(0)
    paths = [folder / f"{number:03}.jpg" for number in range(count)]
    for path in paths:
        width, height = rng.integers(256, 401, 2).tolist()
        coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8))
        fine = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        fine = fine.filter(ImageFilter.GaussianBlur(1.5))
        Image.blend(coarse.resize((width, height), Image.Resampling.BICUBIC), fine, 0.3).save(path, quality=90)
    return paths


def one(path: Path, load: int, size: int) -> Tensor:
    """A picture as torchvision's transforms bring it to a tensor."""
    with path.open("rb") as file:
        image = Image.open(file).convert("RGB")
    scale = load / min(image.size)
    image = image.resize((int(image.width * scale), int(image.height * scale)), Image.Resampling.BICUBIC)
    left, top = random.randint(0, image.width - size), random.randint(0, image.height - size)
    image = image.crop((left, top, left + size, top + size))
    if random.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    pixels = torch.from_numpy(np.array(image, np.uint8, copy=True))
    tensor = pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255)
    half = torch.tensor([0.5, 0.5, 0.5]).view(-1, 1, 1)
    return tensor.clone().sub_(half).div_(half)


def usual(paths: Sequence[Path], load: int, size: int) -> Turn:
    """The usual way through all pictures once."""

    def turn() -> None:
        for start in range(0, len(paths), BATCH):
            torch.stack([one(path, load, size) for path in paths[start : start + BATCH]])

    return turn


def ours(folder: Path, load: int, size: int, passes: int = 1, quick: bool = jpeg.INSTALLED, **keep: float) -> Turn:
    """The source of ganzoo through all pictures, ``passes`` times; ``keep`` says how many GiB may be decoded into."""
    kind = plugins().load("data", "images")
    data = kind(kind.Config(root=str(folder), size=size, load_size=load, crop="random", **keep))
    data.prepare()
    loader = Loader(data, batch_size=BATCH, seed=0, workers=0)

    def turn() -> None:
        jpeg.INSTALLED = quick
        for _ in range(passes * loader.batches_per_epoch):
            next(loader)

    return turn


def main() -> None:
    """Draw, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=64, help="pictures, a multiple of 16")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="16 pictures and 2 rounds, to see that it runs")
    chosen = parser.parse_args()
    count, rounds = (BATCH, 2) if chosen.quick else (chosen.count, chosen.rounds)
    torch.set_num_threads(1)
    rows = []
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        os.environ["GANZOO_CACHE"] = cache
        paths = draw(Path(folder), count)
        for size, load in SIZES.items():
            sides = {
                "usual": usual(paths, load, size),
                "streamed": ours(Path(folder), load, size, quick=False, memory=0),
                "streamed, simplejpeg": ours(Path(folder), load, size, memory=0),
                "disk": ours(Path(folder), load, size, memory=0, disk=1),
                "memory": ours(Path(folder), load, size, PASSES, memory=1),
            }
            if not jpeg.INSTALLED:
                del sides["streamed, simplejpeg"]
            alternate(sides, 1)
            times = alternate(sides, rounds)
            times["memory"] = [taken / PASSES for taken in times["memory"]]
            for name, taken in times.items():
                speed = Spread([count / seconds for seconds in taken])
                rows.append((f"{load} to {size}", name, speed, faster(times, "usual", name)))
    print(f"{conditions()}; {count} JPEG of 256 to 400 pixels, batches of {BATCH}\n")
    print(table(("pixels", "way", "images/s", "times faster"), rows))


if __name__ == "__main__":
    main()
