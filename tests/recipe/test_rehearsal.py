import pytest
import torch

from ganzoo.errors import RecipeError
from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_data, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.rehearsal import rehearse


def cost_of(*overrides):
    source = read("cyclegan", None, overrides, plugins())
    recipe = check(source, plugins())
    spec = build_data(recipe, plugins()).spec
    return rehearse(fill_from_data(recipe, spec, plugins()), spec, plugins(), source)


def test_parameters_are_counted():
    cost = cost_of(
        "data.size=256",
        'networks.generator={type="resnet", filters=64, blocks=9}',
        'networks.discriminator={type="patch", filters=64, layers=3}',
        "train.batch_size=1",
    )
    assert cost.parameters["generator_AtoB"] == 11_378_179
    assert cost.parameters["discriminator_B"] == 2_764_737
    # 1,879 GFLOP an iteration were counted for the official script.
    assert cost.flops == pytest.approx(1879e9, rel=0.15)  # counters differ in what they make of borders


def test_channels_that_do_not_fit_name_both_sides():
    with pytest.raises(RecipeError) as caught:
        cost_of('networks.generator={type="resnet", out_channels=1}')
    message = str(caught.value)
    assert "networks.discriminator (patch)" in message or "networks.generator (resnet)" in message
    assert "from networks.generator_" in message
    assert "data (seasons) gives 'A'" in message


def test_a_picture_too_small_for_the_discriminator_is_named():
    with pytest.raises(RecipeError, match=r"networks.discriminator \(patch\)"):
        cost_of("data.size=16", 'networks.discriminator={type="patch", layers=5}')


def test_the_random_state_is_left_alone():
    before = torch.get_rng_state()
    cost_of()
    assert torch.equal(before, torch.get_rng_state())
