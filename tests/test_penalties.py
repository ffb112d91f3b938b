import pytest
import torch
from torch import nn

from ganzoo.penalties import R1, R1R2, R2, Dragan, GradientPenalty, NoPenalty, gradient_penalty, squared_gradient

SHAPE = (4, 3, 5, 5)


class Linear(nn.Module):
    """D(x) = w.x, whose gradient is w everywhere."""

    def __init__(self, scale):
        super().__init__()
        self.weight = nn.Parameter(scale * torch.randn(SHAPE[1:]))

    def forward(self, images):
        return (images * self.weight).flatten(1).sum(1)


class Quadratic(nn.Module):
    """D(x) = a |x|^2 / 2, whose gradient is a x."""

    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))
        self.seen = []

    def forward(self, images):
        self.seen.append(images.detach().clone())
        return self.factor * images.square().flatten(1).sum(1) / 2


@pytest.mark.parametrize("scale", [0.01, 0.3, 2.0])
def test_a_linear_critic_s_penalty_is_exactly_its_norm_less_one_squared(scale):
    torch.manual_seed(0)
    critic = Linear(scale)
    penalty = gradient_penalty(critic, torch.randn(SHAPE), torch.randn(SHAPE))
    assert penalty.item() == pytest.approx((critic.weight.norm().item() - 1) ** 2, rel=1e-6, abs=1e-6)
    penalty.backward()
    norm = critic.weight.detach().norm()
    assert torch.allclose(critic.weight.grad, 2 * (norm - 1) * critic.weight.detach() / norm, rtol=1e-5, atol=1e-6)


def test_each_sample_has_a_point_of_its_own_between_its_real_and_its_fake():
    torch.manual_seed(0)
    critic, real, fake = Quadratic(1.0), torch.ones(64, 3, 2, 2), torch.zeros(64, 3, 2, 2)
    gradient_penalty(critic, real, fake)
    (points,) = critic.seen
    epsilon = points[:, :1, :1, :1]
    assert torch.equal(points, epsilon.expand_as(points))
    assert epsilon.unique().numel() == 64
    assert 0 <= epsilon.min() < 0.1
    assert 0.9 < epsilon.max() <= 1


def test_the_norm_is_taken_per_sample_over_all_its_numbers():
    critic = Quadratic(1.0)
    images = torch.stack([torch.zeros(3, 2, 2), torch.ones(3, 2, 2)])
    expected = (1.0 + (12**0.5 - 1) ** 2) / 2
    assert gradient_penalty(critic, images, images).item() == pytest.approx(expected, rel=1e-5)


def test_a_zero_gradient_is_not_nan_and_costs_one():
    critic = Linear(0.0)
    penalty = gradient_penalty(critic, torch.randn(SHAPE), torch.randn(SHAPE))
    assert penalty.item() == pytest.approx(1.0, abs=1e-5)
    penalty.backward()
    assert critic.weight.grad.isfinite().all()


def test_the_penalty_reaches_the_parameters_and_nothing_else():
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3))
    real, fake = torch.randn(SHAPE, requires_grad=True), torch.randn(SHAPE, requires_grad=True)
    gradient_penalty(critic, real, fake).backward()
    assert all(critic[index].weight.grad.abs().sum() > 0 for index in (0, 2))
    assert real.grad is None
    assert fake.grad is None


def test_the_double_backward_agrees_with_differences():
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Tanh(), nn.Linear(5, 1))
    real, fake = torch.randn(3, 3, 2, 2), torch.randn(3, 3, 2, 2)

    def value():
        torch.manual_seed(1)
        return gradient_penalty(critic, real, fake)

    value().backward()
    weight, step = critic[1].weight, 1e-2
    for row, column in ((0, 0), (2, 7)):
        found = weight.grad[row, column].item()
        weight.data[row, column] += step
        above = value().item()
        weight.data[row, column] -= 2 * step
        below = value().item()
        weight.data[row, column] += step
        assert found == pytest.approx((above - below) / (2 * step), rel=0.02, abs=1e-4)


def test_bf16_pictures_under_autocast_are_penalised_in_float32():
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(36, 1))
    real, fake = torch.randn(SHAPE).bfloat16(), torch.randn(SHAPE).bfloat16()
    types = []
    critic[0].register_forward_hook(lambda _module, _inputs, output: types.append(output.dtype))
    values = []
    for enabled in (True, False):
        torch.manual_seed(1)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            values.append(GradientPenalty()(critic, real, fake))
    assert types == [torch.float32, torch.float32]
    assert values[0].dtype == torch.float32
    assert torch.equal(*values)


def test_r1_and_r2_of_a_quadratic_critic_are_half_of_gamma_times_the_squared_gradient():
    torch.manual_seed(0)
    critic, real, fake = Quadratic(3.0), torch.randn(SHAPE), 2 * torch.randn(SHAPE)
    squares = [9 * images.square().flatten(1).sum(1).mean().item() for images in (real, fake)]
    config = R1.Config(weight=5.0)
    assert R1(config)(critic, real, fake).item() == pytest.approx(5 / 2 * squares[0], rel=1e-5)
    assert R2(config)(critic, real, fake).item() == pytest.approx(5 / 2 * squares[1], rel=1e-5)
    assert R1R2(config)(critic, real, fake).item() == pytest.approx(5 / 2 * sum(squares), rel=1e-5)
    squared_gradient(critic, real).backward()
    assert critic.factor.grad.item() == pytest.approx(2 * squares[0] / 3, rel=1e-5)


def test_a_map_of_logits_is_summed_per_picture():
    critic = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(critic.weight, 0.5)
    images = torch.randn(2, 1, 4, 4)
    assert squared_gradient(critic, images).item() == pytest.approx(16 * 0.25)


def test_dragan_looks_around_the_reals_alone():
    torch.manual_seed(0)
    critic, real = Quadratic(1.0), torch.randn(SHAPE)
    Dragan()(critic, real, torch.full(SHAPE, 100.0))
    assert (critic.seen[0] - real).abs().max() < 3


def test_weights_multiply_and_no_penalty_is_a_zero_that_calls_nothing():
    torch.manual_seed(0)
    critic, real, fake = Linear(1.0), torch.randn(SHAPE), torch.randn(SHAPE)
    expected = 7 * (critic.weight.norm().item() - 1) ** 2
    assert GradientPenalty(GradientPenalty.Config(weight=7.0))(critic, real, fake).item() == pytest.approx(
        expected, rel=1e-5
    )
    nothing = NoPenalty()
    assert not nothing.active
    assert nothing(None, real, fake).item() == 0


@pytest.mark.parametrize("kind", [GradientPenalty, Dragan, R1, R2, R1R2])
def test_the_meta_device_plays_along(kind):
    with torch.device("meta"):
        critic, images = nn.Conv2d(3, 1, 3), torch.empty(SHAPE)
    assert kind()(critic, images, images).is_meta
