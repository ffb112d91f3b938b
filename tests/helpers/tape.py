"""CUDA graphs without CUDA: a turn's operators are taped, and replayed from the same memory into the same memory.

As with a CUDA graph no Python runs in a replay: numbers that Python worked out are those of the recording, and what
was allocated then is what is read and written now. Random operators draw anew.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ganzoo.graphs import TurnGraphs


class Tape(TorchDispatchMode):
    """A recording. What is recorded is computed at once, so the first replay has nothing left to do."""

    def __init__(self, work):
        super().__init__()
        self.operators = []
        with self:
            self.told = work()
        self.replays = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is torch.ops.aten._local_scalar_dense.default:
            raise RuntimeError("the recording waits for the device")
        results = function(*args, **kwargs)
        given = {leaf.untyped_storage().data_ptr() for leaf in tensors((args, kwargs))}
        made = [result.untyped_storage().data_ptr() not in given for result in tensors(results)]
        self.operators.append((function, args, kwargs, results, made))
        return results

    @torch.no_grad()
    def replay(self):
        self.replays += 1
        if self.replays == 1:
            return
        for function, args, kwargs, results, made in self.operators:
            again = function(*args, **kwargs)
            for old, new, is_new in zip(tensors(results), tensors(again), made, strict=True):
                if is_new:
                    old.copy_(new)


def tensors(values):
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]


class TapedTurns(TurnGraphs):
    """As on a GPU, with tapes in place of graphs."""

    def _begin(self, device):
        self.tapes = []

    def _beside(self, work):
        return work()

    def _record(self, work):
        self.tapes.append(Tape(work))
        return self.tapes[-1]
