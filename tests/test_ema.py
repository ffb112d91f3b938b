import torch
from torch import nn

from ganzoo.ema import NetworkAverage
from ganzoo.recipe.schema import Ema


def network_and_average(**settings):
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    return network, NetworkAverage({"generator": network}, Ema(**settings))


def test_a_weight_has_half_its_share_after_the_half_life():
    network, average = network_and_average(half_life=100, ramp=0)
    before = average.networks["generator"][0].weight.clone()
    with torch.no_grad():
        network[0].weight.add_(8.0)
    for step in range(10):
        average.update(10, 10 * (step + 1))
    torch.testing.assert_close(average.networks["generator"][0].weight, before + 4.0)


def test_the_half_life_is_ramped_up():
    network, average = network_and_average(half_life=1_000_000, ramp=0.5)
    before = average.networks["generator"][0].weight.clone()
    with torch.no_grad():
        network[0].weight.add_(8.0)
    average.update(10, 20)  # half-life 0.5 * 20 = 10 images, of which 10 were just seen
    torch.testing.assert_close(average.networks["generator"][0].weight, before + 4.0)


def test_buffers_are_taken_along():
    network, average = network_and_average(half_life=1000)
    network[1].running_mean.fill_(5.0)
    network[1].num_batches_tracked.fill_(7)
    average.update(1, 1)
    assert average.networks["generator"][1].running_mean.tolist() == [5.0, 5.0]
    assert int(average.networks["generator"][1].num_batches_tracked) == 7


def test_the_average_needs_no_gradient_and_is_in_eval_mode():
    _, average = network_and_average(half_life=10)
    assert not any(parameter.requires_grad for parameter in average.parameters())
    assert not average.training
