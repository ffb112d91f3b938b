import math

import pytest
import torch

from ganzoo.optim import build_optimizer, factor
from ganzoo.recipe.schema import Optimizer, Schedule


def test_cyclegans_linear_decay():
    schedule = Schedule(type="linear", constant_epochs=100, decay_epochs=100)
    factors = [factor(schedule, epoch * 7, 1400, 7) for epoch in range(200)]
    expected = [1 - max(0, epoch + 1 - 100) / 101 for epoch in range(200)]
    assert factors == pytest.approx(expected)
    assert factor(schedule, 150 * 7 + 6, 1400, 7) == pytest.approx(expected[150])  # one factor for a whole epoch


def test_linear_decay_in_steps_starts_at_one_and_nears_zero():
    schedule = Schedule(type="linear", constant_steps=10)
    factors = [factor(schedule, step, 110, 5) for step in range(110)]
    assert factors[10] == 1.0
    assert factors[60] == pytest.approx(0.5)
    assert 0.0 < factors[-1] < 0.02


def test_cosine_ends_at_its_final_factor():
    schedule = Schedule(type="cosine", decay_steps=100, final=0.1)
    assert factor(schedule, 0, 100, 1) == pytest.approx(1.0)
    assert factor(schedule, 50, 100, 1) == pytest.approx(0.1 + 0.9 * (1 + math.cos(math.pi / 2)) / 2)
    assert factor(schedule, 400, 100, 1) == pytest.approx(0.1)


def test_warmup_rises_from_zero():
    schedule = Schedule(warmup_steps=4)
    assert [factor(schedule, step, 9, 1) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_epochs_and_steps_of_decay_exclude_each_other():
    with pytest.raises(ValueError, match="not both"):
        Schedule(type="linear", decay_epochs=1, decay_steps=1)


@pytest.mark.parametrize("kind", ["adam", "adamw", "rmsprop", "sgd"])
def test_each_optimizer_takes_its_settings_and_a_step(kind):
    parameter = torch.nn.Parameter(torch.ones(3))
    settings = Optimizer(type=kind, lr=0.1, betas=(0.0, 0.9), alpha=0.5, momentum=0.3, weight_decay=0.01)
    optimizer = build_optimizer(settings, [parameter])
    parameter.grad = torch.ones(3)
    optimizer.step()
    group = optimizer.param_groups[0]
    assert group["lr"] == 0.1
    assert group["weight_decay"] == 0.01
    assert group.get("betas", (0.0, 0.9)) == (0.0, 0.9)
    assert group.get("alpha", 0.5) == 0.5
    assert (parameter < 1).all()


def test_betas_must_be_below_one():
    with pytest.raises(ValueError, match="below 1"):
        Optimizer(betas=(0.5, 1.0))
