"""Several processes that train one model: who they are, and the few things that they do together.

They are started by torchrun, or anything else that sets its environment variables. Networks stay as they are, without
a wrapper: after a turn's backward passes, one all-reduce averages the gradients of the player whose turn it was,
whatever was backpropagated and how often. Alone, every method returns at once.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import random
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from ganzoo.errors import Followed, RecipeError, Stopped, TrainingError

_GRACE = 10.0  # seconds that a process which only follows leaves to the one that tells what went wrong
_trainings = itertools.count()


class World:
    """The processes of a training.

    Attributes:
        rank: the number of this one; ``size``: of how many. ``local_rank`` and ``local_size``: on this machine.
        leads: whether this one writes the run folder, scores, and shows itself.
    """

    def __init__(
        self,
        rank: int = 0,
        size: int = 1,
        local_rank: int = 0,
        local_size: int = 1,
        store: Store | None = None,
    ) -> None:
        self.rank, self.size = rank, size
        self.local_rank, self.local_size = local_rank, local_size
        self.leads = rank == 0
        self._store = store
        self._asked: tuple[Any, Tensor] | None = None

    # Before they are connected: through the store, which waits as long as it takes.

    @property
    def store(self) -> Store:
        assert self._store is not None, "a process alone has nobody to talk to"
        return self._store

    def announce(self, name: str, value: str) -> str:
        """Rank 0's ``value``, on every rank."""
        if self.size == 1:
            return value
        if self.leads:
            self.store.set(name, value)
        self._wait_for(name)
        announced: bytes = self.store.get(name)
        return announced.decode()

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Rank 0 first, then one process of every other machine, then the rest: they find what the first have made."""
        if self.size > 1 and not self.leads:
            self._wait_for(f"done {_machine()}" if self.local_rank else "done")
        yield
        if self.size > 1:
            for name in (f"done {_machine()}", *["done"] * self.leads):
                self.store.set(name, "")

    def _wait_for(self, name: str) -> None:
        while not self.store.check([name]):
            if self.store.check(["told"]):
                raise _lost("has failed")
            time.sleep(0.02)

    # Once they are connected.

    def device(self, device: torch.device) -> torch.device:
        """This process's own share of the devices that the recipe asks for.

        Raises:
            RecipeError: there are more processes here than GPUs, or the device is a single one.
        """
        if self.size == 1 or device.type == "cpu":
            return device
        if device.type != "cuda" or device.index is not None:
            raise RecipeError(
                f"runtime.device = '{device}' is one device, and there are {self.size} processes",
                hint="Use cuda, which gives each process a GPU of its own, or cpu",
            )
        if self.local_size > torch.cuda.device_count():
            raise RecipeError(
                f"{self.local_size} processes on this machine, and {torch.cuda.device_count()} GPUs",
                hint="Start as many processes as there are GPUs, or set runtime.device to cpu",
            )
        return torch.device("cuda", self.local_rank)

    def share_of(self, batch_size: int) -> int:
        """How many samples of a batch are this process's.

        Raises:
            RecipeError: they cannot be shared out evenly.
        """
        share, rest = divmod(batch_size, self.size)
        if rest:
            near = sorted({max(1, share) * self.size, (share + 1) * self.size})
            raise RecipeError(
                f"train.batch_size = {batch_size} cannot be shared out evenly among {self.size} processes",
                hint=f"Set it to {' or '.join(map(str, near))}",
            )
        return share

    def connect(self, device: torch.device, timeout: float) -> None:
        """Connect the processes: tensors on GPUs by NCCL, all else by gloo."""
        if self.size == 1:
            return
        on_gpu = device.type == "cuda"
        if on_gpu:
            torch.cuda.set_device(device)
        with talking():
            distributed.init_process_group(
                "cpu:gloo,cuda:nccl" if on_gpu else "gloo",
                store=self.store,
                rank=self.rank,
                world_size=self.size,
                timeout=datetime.timedelta(seconds=timeout),
            )

    def agree(self, value: int) -> int:
        """The greatest of what the processes said the time *before*: the answer travels while they work.

        Alone, the value itself.
        """
        if self.size == 1:
            return value
        before, said = self._asked, torch.tensor(value)
        with talking():
            self._asked = distributed.all_reduce(said, distributed.ReduceOp.MAX, async_op=True), said
            if before is None:
                return 0
            before[0].wait()
        return int(before[1])

    def gather(self, value: Any) -> list[Any]:
        """What every rank says, on every rank: anything that JSON can say."""
        if self.size == 1:
            return [value]
        mine = _bytes(json.dumps(value).encode())
        sizes = [torch.zeros((), dtype=torch.int64) for _ in range(self.size)]
        with talking():
            distributed.all_gather(sizes, torch.tensor(len(mine)))
            longest = max(int(size) for size in sizes)
            padded = [torch.zeros(longest, dtype=torch.uint8) for _ in range(self.size)]
            distributed.all_gather(padded, torch.cat([mine, mine.new_zeros(longest - len(mine))]))
        return [json.loads(bytes(text[:size].tolist())) for text, size in zip(padded, sizes, strict=True)]

    def collect(self, payload: bytes) -> Iterator[bytes]:
        """On rank 0 the other ranks' payloads, one after the other; the others send theirs and get nothing."""
        with talking():
            if not self.leads:
                distributed.send(torch.tensor(len(payload)), 0)
                distributed.send(_bytes(payload), 0)
                return
        for rank in range(1, self.size):
            with talking():
                size = torch.zeros((), dtype=torch.int64)
                distributed.recv(size, rank)
                received = torch.empty(int(size), dtype=torch.uint8)
                distributed.recv(received, rank)
            yield received.numpy().tobytes()

    @torch.no_grad()
    def spread(self, tensors: Iterable[Tensor]) -> None:
        """Give every rank rank 0's tensors, bit by bit."""
        tensors = list(tensors)
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in tensors])
        with talking():
            distributed.broadcast(flat, 0)
        for tensor, piece in zip(tensors, torch.split(flat, [t.nbytes for t in tensors]), strict=True):
            tensor.copy_(piece.clone().view(tensor.dtype).view(tensor.shape))  # a clone begins where any type may

    @torch.no_grad()
    def average_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replace the gradients by their mean over all ranks, in one all-reduce.

        A parameter without a gradient counts as zeros, unless no rank has one: then it is left without.
        """
        if self.size == 1 or not parameters:
            return
        absent = [number for number, parameter in enumerate(parameters) if parameter.grad is None]
        there = parameters[0].new_ones(len(parameters))
        if absent:
            there[absent] = 0.0
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([*(gradient.reshape(-1) for gradient in gradients), there])
        with talking():
            distributed.all_reduce(flat)
        *means, there = torch.split(flat.div_(self.size), [*(gradient.numel() for gradient in gradients), len(there)])
        torch._foreach_copy_(gradients, [mean.view_as(g) for mean, g in zip(means, gradients, strict=True)])
        if absent:  # only then must this process know, and so wait for the device, whether another has them
            for number in set(absent) & set(there.nonzero().flatten().tolist()):
                parameters[number].grad = gradients[number]

    # The end.

    def _tell(self, error: Exception) -> None:
        """Let one process alone tell what went wrong.

        Raises:
            Followed: another one does.
            Stopped: without a message, where rank 0 has it.
        """
        if self.size == 1:
            return
        if isinstance(error, Stopped):
            if not self.leads:
                raise Stopped(error.signal, "") from error
            return
        if not self._is_first_to_tell():
            # A launcher ends all processes as soon as one has ended: leave that to the one that has something to tell.
            time.sleep(_GRACE)
            raise Followed from error

    def _is_first_to_tell(self) -> bool:
        """Also when nobody answers: the store went with the process that held it, or with the link to it."""
        answers: list[int] = []

        def ask() -> None:
            with suppress(RuntimeError):
                answers.append(self.store.add("told", 1))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(_GRACE)
        return answers in ([], [1])

    def _leave(self, patience: float | None) -> None:
        """End the connections, which waits for what is under way: in trouble that may never come to its end."""
        if self.size > 1 and distributed.is_initialized():
            leaving = threading.Thread(target=distributed.destroy_process_group, daemon=True)
            leaving.start()
            leaving.join(patience)


@contextmanager
def joined() -> Iterator[World]:
    """The processes that torchrun's environment variables speak of; this one alone where there are none.

    An error in one of them ends them all, and is told by the first that has one.
    """
    world = _from_environment()
    patience: float | None = None
    try:
        yield world
    except BaseException as error:
        patience = 1.0
        if isinstance(error, Exception):
            world._tell(error)
        raise
    finally:
        world._leave(patience)


def seed_rank(seed: int, rank: int, step: int = 0) -> None:
    """Seed what turns draw, differently on each rank."""
    number = int(np.random.SeedSequence([seed, rank, step]).generate_state(1)[0])
    for source in (torch.manual_seed, random.seed, np.random.seed):
        source(number)


def restarts() -> tuple[int, int]:
    """How often torchrun has restarted this training, and how often it may."""
    return _number("TORCHELASTIC_RESTART_COUNT", 0), _number("TORCHELASTIC_MAX_RESTARTS", 0)


def _from_environment() -> World:
    size = _number("WORLD_SIZE", 1)
    if size == 1 or not {"RANK", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys():
        return World()
    local = _number("LOCAL_RANK", 0), _number("LOCAL_WORLD_SIZE", 1)
    with talking():  # torchrun's store outlives a restart, with all that was said in it
        store = PrefixStore(f"ganzoo-{restarts()[0]}-{next(_trainings)}", _meeting_place())
    return World(_number("RANK", 0), size, *local, store)


def _number(variable: str, default: int) -> int:
    return int(os.environ.get(variable) or default)


@cache
def _meeting_place() -> Store:
    """One for all trainings of a process: another could not be opened at the same port while this one closes."""
    store: Store = next(rendezvous("env://"))[0]
    return store


def _machine() -> str:
    return os.environ.get("GROUP_RANK") or socket.gethostname()


def _bytes(content: bytes) -> Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)


@contextmanager
def talking() -> Iterator[None]:
    """Around what processes do together: a connection that fails is an error that says so."""
    try:
        yield
    except RuntimeError as error:  # whatever gloo and NCCL raise when a connection breaks, or nothing comes in time
        raise _lost("has ended, or cannot be reached") from error


def _lost(what: str) -> TrainingError:
    return TrainingError(
        f"another process of this training {what}",
        hint="The checkpoints that were saved are whole: ganzoo resume RUN goes on from the last one.",
    )
