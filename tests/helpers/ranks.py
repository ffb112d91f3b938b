"""What the tests of several processes run in each of them: ``ranks.py FILE`` does the jobs that a JSON file lists."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import torch
from torch.overrides import TorchFunctionMode

import ganzoo
from ganzoo import session
from ganzoo.batchnorm import synchronise_batch_norm
from ganzoo.distributed import joined
from ganzoo.engine import Engine


class SharedNoise(TorchFunctionMode):
    """Draws for the batch of all processes, and hands each its share: what one process would have drawn.

    For that, all must have drawn the same before.
    """

    def __init__(self, rank, world):
        self.rank, self.world = rank, world

    def __torch_function__(self, function, types, arguments=(), options=None):
        if function in (torch.randn, torch.rand) and arguments:
            count, *rest = arguments
            whole = function(count * self.world, *rest, **(options or {}))
            return whole[self.rank * count : (self.rank + 1) * count]
        return function(*arguments, **(options or {}))


class Watched(Engine):
    """Notes itself, for a look at its networks; shares the noise when asked."""

    newest = None
    shares_noise = False

    def __init__(self, *arguments):
        super().__init__(*arguments)
        Watched.newest = self

    def train_step(self, batches):
        if not self.shares_noise:
            return super().train_step(batches)
        with SharedNoise(self.world.rank, self.world.size):
            return super().train_step(batches)


def digest(engine):
    content = b"".join(tensor.detach().numpy().tobytes() for tensor in engine.loop.networks.parameters())
    return hashlib.sha256(content).hexdigest()


def train(rank, noise="own", **options):
    Watched.shares_noise = noise == "shared"
    session.seed_rank = (lambda *numbers: None) if noise == "shared" else SEED_RANK
    run = ganzoo.train(**options)
    Path(f"{run.folder}.rank-{rank}").write_text(digest(Watched.newest))


def resume(rank, forget=None, **options):
    """Goes on, after ``forget``: the checkpoint of that step is removed first."""
    if forget and rank == 0:
        shutil.rmtree(Path(options["folder"], "checkpoints", f"step-{forget:08d}"))
    with joined() as world:
        world.announce("removed", "")
    ganzoo.resume(**options)


def primitives(rank, out):
    """The things that processes do together, each by itself."""
    found = {}
    with joined() as world:
        world.connect(torch.device("cpu"), 60)
        own = {"rank": rank, "odd": float("inf")}
        found["gather"] = world.gather(own)
        found["collect"] = [part.hex() for part in world.collect(bytes([rank] * 3))]
        tensors = [torch.full((2, 3), rank + 0.5), torch.tensor(rank + 7), torch.tensor([rank == 0, False])]
        world.spread(tensors)
        found["spread"] = [tensor.tolist() for tensor in tensors]
        found["agree"] = [world.agree(value) for value in ((0, 0, 0, 2), (0, 15, 0, 0))[rank]]
        found["gradients"] = gradients(world)
        found["norm"] = batch_norm(world)
    Path(f"{out}.rank-{rank}").write_text(json.dumps(found))


def gradients(world):
    """The means of what each rank has: both, one, none."""
    both, one, none = (torch.nn.Parameter(torch.zeros(2)) for _ in range(3))
    both.grad = torch.tensor([1.0, 2.0]) * (world.rank + 1)
    one.grad = torch.tensor([4.0, 6.0]) if world.rank else None
    world.average_gradients([both, one, none])
    return [None if parameter.grad is None else parameter.grad.tolist() for parameter in (both, one, none)]


def batch_norm(world):
    """The greatest differences from plain batch norm on the whole batch: output, two gradients, statistics."""
    torch.manual_seed(0)
    whole, weights = torch.randn(6, 3, 4, 4, dtype=torch.float64), torch.randn(6, 3, 4, 4, dtype=torch.float64)
    plain, shared = torch.nn.BatchNorm2d(3).double(), torch.nn.Sequential(torch.nn.BatchNorm2d(3).double())
    synchronise_batch_norm(shared)
    mine = slice(world.rank * 3, world.rank * 3 + 3)
    results = []
    for norm, share in ((plain, slice(None)), (shared, mine)):
        images = whole[share].clone().requires_grad_()
        made = norm(images)
        (slope,) = torch.autograd.grad((made.square() * weights[share]).sum(), images, create_graph=True)
        (curve,) = torch.autograd.grad(slope.square().sum(), images)
        results.append((made, slope, curve))
    one, several = results
    statistics = [(a - b).abs().max().item() for a, b in zip(plain.buffers(), shared.buffers(), strict=True)]
    return [(a[mine] - b).abs().max().item() for a, b in zip(one, several, strict=True)] + statistics


if __name__ == "__main__":
    SEED_RANK = session.seed_rank
    session.Engine = Watched
    rank = int(os.environ.get("RANK", "0"))
    for job, options in json.loads(Path(sys.argv[1]).read_text()):
        globals()[job](rank, **options)
