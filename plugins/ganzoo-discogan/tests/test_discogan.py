"""The networks and the game against the paper and its code: criterion 23."""

import subprocess
import sys
import tomllib

import pytest
import torch
from ganzoo_discogan.loop import DiscoGAN
from ganzoo_discogan.networks import DiscoDiscriminator, DiscoGenerator
from torch import nn

from ganzoo.loop import Turn
from ganzoo.losses import Hinge, LeastSquares, NonSaturating, Relativistic, Wasserstein
from ganzoo.nets.patch import PatchDiscriminator, PixelDiscriminator
from ganzoo.penalties import R1, NoPenalty
from ganzoo.plugins import Plugins
from ganzoo.recipe.shipped import shipped_recipes
from ganzoo.spec import DataSpec

SPEC = DataSpec({"A": (3, 16, 16), "B": (3, 16, 16)})


def network(kind, **settings):
    if kind is PatchDiscriminator:
        settings["layers"] = 2  # as much as 16 pixels bear
    return kind(kind.Config(**{"filters": 4} | settings).filled(SPEC))


def game(loss=None, penalty=None, judge=DiscoDiscriminator, **settings):
    torch.manual_seed(0)
    kinds = {"generator": DiscoGenerator, "discriminator": judge}
    networks = {name: network(kinds[name.partition("_")[0]]) for name in DiscoGAN.network_names()}
    return DiscoGAN(DiscoGAN.Config(**settings), networks, SPEC, loss or NonSaturating(), penalty or NoPenalty())


def batch(size=3):
    torch.manual_seed(1)
    return {"A": torch.rand(size, 3, 16, 16) * 2 - 1, "B": torch.rand(size, 3, 16, 16) * 2 - 1}


def play(loop, player, pictures):
    """What the engine does: freeze the other side, backpropagate each term as it comes; returns all terms."""
    for name, net in loop.networks.items():
        net.requires_grad_(name in DiscoGAN.players[player])
    seen = {}
    for terms in getattr(loop, player)(pictures):
        sum(terms.values()).backward()
        seen |= {name: term.detach() for name, term in terms.items()}
    return seen


def gradients(loop, player):
    return [parameter.grad for name in DiscoGAN.players[player] for parameter in loop.networks[name].parameters()]


def parameters(net):
    return sum(parameter.numel() for parameter in net.parameters())


def test_parameter_counts_are_those_of_the_official_code():
    with torch.device("meta"):
        full = {"channels": 3, "size": 64, "filters": 64}
        assert parameters(network(DiscoGenerator, **full, out_channels=3)) == 5_513_856
        assert parameters(network(DiscoGenerator, **full, out_channels=3, bottleneck=100)) == 7_153_480
        assert parameters(network(DiscoDiscriminator, **full)) == 2_765_568


def test_a_64_pixel_picture_is_halved_four_times_and_judged_by_one_logit():
    with torch.device("meta"):
        net = network(DiscoGenerator, size=64)
        convolutions = [layer for layer in net.model if isinstance(layer, nn.Conv2d)]
        assert [layer.stride for layer in convolutions] == [(2, 2)] * 4
        assert net(torch.empty(2, 3, 64, 64)).shape == (2, 3, 64, 64)
        assert network(DiscoDiscriminator, size=64)(torch.empty(2, 3, 64, 64)).shape == (2, 1, 1, 1)


def test_the_features_are_the_activations_of_the_second_to_fourth_convolution():
    net, seen = network(DiscoDiscriminator, size=64), []
    logits = net(torch.zeros(2, 3, 64, 64), seen)
    assert [tuple(features.shape[1:]) for features in seen] == [(8, 16, 16), (16, 8, 8), (32, 4, 4)]
    assert torch.equal(logits, net(torch.zeros(2, 3, 64, 64)))


@pytest.mark.parametrize("size", [48, 4, 65])
def test_pictures_that_cannot_be_halved_to_4_pixels_are_refused(size):
    with pytest.raises(ValueError, match=f"8, 16, 32, 64, 128, ... pixels, not {size}"):
        network(DiscoGenerator, size=size)


def test_larger_pictures_are_translated_too():
    assert network(DiscoGenerator)(torch.zeros(1, 3, 24, 40)).shape == (1, 3, 24, 40)
    assert network(DiscoGenerator, bottleneck=5).eval()(torch.zeros(1, 3, 24, 40)).shape == (1, 3, 24, 40)


def test_the_discriminators_play_at_every_third_step_alone_and_the_generators_at_all_others():
    loop = game()
    for step in range(9):
        played = [turn.player for turn in loop.turns() if loop.due(turn, step)]
        assert played == (["discriminator"] if step % 3 == 0 else ["generator"])
    assert not game(update_interval=5).due(Turn("generator"), 5)


def test_the_rate_is_a_hundredth_for_10000_steps_and_then_a_half():
    loop = game()
    for step, rate in [(0, 0.01), (9_999, 0.01), (10_000, 0.5), (50_000, 0.5)]:
        loop.step = step
        assert loop.rate == rate


@pytest.mark.parametrize("step", [0, 10_000])
def test_the_generators_loss_is_the_weighted_sum_of_the_official_code(step):
    loop, pictures = game(), batch()
    loop.step, r = step, 0.5 if step else 0.01
    terms = play(loop, "generator", pictures)
    g_ab, g_ba, _, d_b = (loop.networks[name] for name in DiscoGAN.network_names())
    a, b = pictures["A"], pictures["B"]
    fake, on_real, on_fake = g_ab(a), [], []
    d_b(b, on_real)
    adversarial = -d_b(fake, on_fake).sigmoid().log().mean()
    matching = sum((real.mean(0) - made.mean(0)).square().mean() for real, made in zip(on_real, on_fake, strict=True))
    assert torch.allclose(terms["adversarial_AtoB"], (1 - r) * 0.1 * adversarial, rtol=1e-4)
    assert torch.allclose(terms["features_AtoB"], (1 - r) * 0.9 * matching, rtol=1e-4)
    assert torch.allclose(terms["reconstruction_A"], r * (g_ba(fake) - a).square().mean(), rtol=1e-4)
    assert len(terms) == 6
    assert all(gradient is None for gradient in gradients(loop, "discriminator"))
    assert all(gradient is not None for gradient in gradients(loop, "generator"))


def test_pairs_are_never_compared():
    """A game of shuffled pictures has the same terms: no picture of A is held against the one of B beside it."""
    loop, pictures = game(), batch()
    terms = play(loop, "generator", pictures)
    shuffled = play(loop, "generator", {"A": pictures["A"], "B": pictures["B"].flip(0)})
    assert all(torch.allclose(terms[name], shuffled[name], rtol=1e-4) for name in terms)


def test_the_discriminators_loss_is_halved_and_reaches_no_generator():
    loop, pictures = game(), batch()
    found = play(loop, "discriminator", pictures)["adversarial_B"]
    d_b, fake = loop.networks["discriminator_B"], loop.networks["generator_AtoB"](pictures["A"])
    assert torch.allclose(found, 0.5 * NonSaturating().discriminator(d_b(pictures["B"]), d_b(fake)), rtol=1e-5)
    assert all(gradient is None for gradient in gradients(loop, "generator"))


def test_the_recipes_have_the_papers_optimizer_and_batch():
    plugins = Plugins(chosen="ganzoo-discogan")
    for text in (plugins.recipe_text("discogan"), shipped_recipes(plugins)["seasons-discogan"].text):
        recipe = tomllib.loads(text)
        assert recipe["optimizer"] == {"type": "adam", "lr": 2e-4, "betas": [0.5, 0.999], "weight_decay": 1e-5}
        assert recipe["data"]["size"] == 64
    assert recipe["train"]["batch_size"] == 64


LOSSES = [
    (NonSaturating(), NoPenalty(), DiscoDiscriminator),
    (LeastSquares(), NoPenalty(), PatchDiscriminator),
    (Wasserstein(), R1(), DiscoDiscriminator),
    (Hinge(), NoPenalty(), DiscoDiscriminator),
    (Relativistic(), NoPenalty(), DiscoDiscriminator),
]


@pytest.mark.parametrize(("loss", "penalty", "judge"), LOSSES, ids=lambda value: getattr(value, "__name__", None))
def test_two_steps_are_finite_with_every_loss(loss, penalty, judge):
    loop = game(loss, penalty, judge)
    optimizers = {
        player: torch.optim.Adam([p for name in names for p in loop.networks[name].parameters()], 2e-4)
        for player, names in DiscoGAN.players.items()
    }
    for player, optimizer in [*optimizers.items(), *optimizers.items()]:
        optimizer.zero_grad()
        terms = play(loop, player, batch())
        optimizer.step()
        assert all(term.isfinite() for term in terms.values())
        assert ("penalty_A" in terms) == (penalty.active and player == "discriminator")
    assert all(parameter.isfinite().all() for parameter in loop.parameters())


def test_a_discriminator_without_features_is_refused_unless_none_are_matched():
    with pytest.raises(ValueError, match="PixelDiscriminator shows none"):
        game(judge=PixelDiscriminator)
    terms = play(game(judge=PixelDiscriminator, feature_share=0.0), "generator", batch())
    assert terms["features_AtoB"] == 0


def test_registering_it_imports_no_torch_and_its_recipe_opens_with_its_command():
    code = "import sys, ganzoo_discogan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert Plugins(chosen="ganzoo-discogan").recipe_text("discogan").startswith("# ganzoo train discogan\n")
