"""Optimizers by recipe, and the learning-rate factor at each step."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from ganzoo.recipe.schema import Optimizer, Schedule


def build_optimizer(settings: Optimizer, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer that the settings say; fused where torch has it."""
    parameters = list(parameters)
    s = settings
    match s.type:
        case "adam" | "adamw":
            kind = torch.optim.Adam if s.type == "adam" else torch.optim.AdamW
            fused = all(parameter.device.type in ("cpu", "cuda") for parameter in parameters)
            return kind(parameters, lr=s.lr, betas=s.betas, eps=s.eps, weight_decay=s.weight_decay, fused=fused)
        case "rmsprop":
            return torch.optim.RMSprop(
                parameters, lr=s.lr, alpha=s.alpha, eps=s.eps, weight_decay=s.weight_decay, momentum=s.momentum
            )
        case "sgd":
            return torch.optim.SGD(parameters, lr=s.lr, momentum=s.momentum, weight_decay=s.weight_decay)


def factor(schedule: Schedule, step: int, steps: int, steps_per_epoch: int) -> float:
    """What every learning rate is multiplied by at ``step`` (0, 1, ...) of ``steps``.

    A linear decay over n epochs has the factor ``1 - max(0, e + 1 - constant) / (n + 1)`` with e whole epochs done,
    as in CycleGAN's official code; over n steps the same with steps, without the ones: it ends just above 0.
    """
    warmup = min(1.0, (step + 1) / schedule.warmup_steps) if schedule.warmup_steps else 1.0
    if schedule.type == "constant":
        return warmup
    if schedule.constant_epochs or schedule.decay_epochs:
        done = step // steps_per_epoch
        after = max(0.0, done + 1 - schedule.constant_epochs)
        share = after / (schedule.decay_epochs + 1)
    else:
        decay = schedule.decay_steps or max(1, steps - schedule.constant_steps)
        share = max(0, step - schedule.constant_steps) / decay
    share = min(1.0, share)
    if schedule.type == "linear":
        return warmup * (1.0 - share)
    return warmup * (schedule.final + (1.0 - schedule.final) * (1.0 + math.cos(math.pi * share)) / 2)


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Give every parameter group this learning rate."""
    for group in optimizer.param_groups:
        if group["lr"] != lr:
            group["lr"] = lr
