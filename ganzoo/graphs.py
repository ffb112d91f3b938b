"""Turns recorded once and replayed as CUDA graphs: one launch for a whole turn, not one for each of its operators."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from ganzoo.loop import Batch, TrainingLoop, Turn

log = logging.getLogger("ganzoo.graphs")

Told = list[tuple[str, dict[str, Tensor]]]
"""What a turn says of itself: groups of named scalars, in order."""
Work = Callable[[], Told]
"""A turn's forwards and backwards, on batches that it knows."""

WARM_UP = 3
"""How often a turn is played operator by operator before it is recorded: libraries choose their algorithms then."""


class Recording(Protocol):
    """Work that can be done again, from the same memory into the same memory, without Python."""

    told: Told

    def replay(self) -> None: ...


class CUDARecording:
    """Work as a CUDA graph. Recording it computes nothing."""

    def __init__(self, work: Work, stream: torch.cuda.Stream) -> None:
        self._graph = torch.cuda.CUDAGraph()
        # Not "global": the thread that pins what data workers read must go on meanwhile.
        with torch.cuda.graph(self._graph, stream=stream, capture_error_mode="thread_local"):
            self.told = work()

    def replay(self) -> None:
        self._graph.replay()


class TurnGraphs:
    """Plays turns, from the fourth time on as replays.

    What a turn does on the device, forward and backward, is recorded and so done again with new numbers; what it
    decides in Python is not decided again. Turns are therefore recorded anew when the loop's ``phase`` changes, and a
    turn that reads the loop's ``step`` is never recorded unless its loop has a ``phase`` of its own; nor is one that
    CUDA cannot record, because it waits for the device: the log says so. Optimizers, averages, and what the loop does
    ``after`` a turn are not part of it.
    """

    def __init__(self, loop: TrainingLoop, device: torch.device) -> None:
        """``device`` is a CUDA one."""
        self.loop = loop
        self._begin(device)
        self._portions: list[Batch] = []
        self._phase: Hashable = None
        self._played: dict[Turn, int] = {}
        self._recorded: dict[Turn, tuple[Recording, list[Tensor | None]] | None] = {}

    def _begin(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def keep(self, portions: list[Batch], phase: Hashable) -> list[Batch]:
        """The batches of a step in memory that stays the same from step to step; ``phase`` is that of the step."""
        shapes, known = ([_shapes(portion) for portion in those] for those in (portions, self._portions))
        if phase != self._phase or shapes != known:
            self._phase = phase
            self._portions = [{key: value.clone() for key, value in portion.items()} for portion in portions]
            self._played, self._recorded = {}, {}
            return self._portions
        for mine, portion in zip(self._portions, portions, strict=True):
            torch._foreach_copy_(list(mine.values()), [portion[key] for key in mine])
        return self._portions

    def play(self, turn: Turn, work: Work, parameters: Sequence[nn.Parameter]) -> Told:
        """What ``work`` says once ``parameters``, which have no gradients before, have theirs."""
        self._played[turn] = self._played.get(turn, 0) + 1
        if turn not in self._recorded and self._played[turn] > WARM_UP:
            self._recorded[turn] = self._try_to_record(turn, work, parameters)
        recorded = self._recorded.get(turn)
        if recorded is None:
            return self._warm_up(turn, work)
        recording, gradients = recorded
        recording.replay()
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return [(group, {name: value.clone() for name, value in terms.items()}) for group, terms in recording.told]

    def _warm_up(self, turn: Turn, work: Work) -> Told:
        """Play it as it is, and leave it at that where it looks at the step in a way of its own."""
        self.loop.step_was_read = False
        told = self._beside(work)
        if self.loop.step_was_read and type(self.loop).phase is TrainingLoop.phase:
            self._recorded[turn] = None
        return told

    def _beside(self, work: Work) -> Told:
        """Work on the stream that is recorded later."""
        here = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            told = work()
        here.wait_stream(self._stream)
        return told

    def _record(self, work: Work) -> Recording:
        return CUDARecording(work, self._stream)

    def _try_to_record(
        self, turn: Turn, work: Work, parameters: Sequence[nn.Parameter]
    ) -> tuple[Recording, list[Tensor | None]] | None:
        try:
            recording = self._record(work)
        except RuntimeError as error:
            log.warning("turn '%s' is not replayed as a CUDA graph, which is slower: %s", turn.name, error)
            for parameter in parameters:
                parameter.grad = None
            return None
        return recording, [parameter.grad for parameter in parameters]


def _shapes(batch: Batch) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {key: (value.shape, value.dtype) for key, value in batch.items()}
