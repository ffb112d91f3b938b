"""The game in both forms, the paper's and the released code's: criterion 24."""

import subprocess
import sys

import pytest
import torch
from ganzoo_dualgan.loop import DualGAN

from ganzoo.generators import Generators
from ganzoo.losses import Hinge, LeastSquares, NonSaturating, Relativistic, Wasserstein
from ganzoo.nets.patch import PatchDiscriminator
from ganzoo.nets.unet import UNet
from ganzoo.penalties import GradientPenalty, NoPenalty
from ganzoo.plugins import Plugins
from ganzoo.recipe.parse import check, read
from ganzoo.spec import DataSpec

SPEC = DataSpec({"A": (3, 16, 16), "B": (3, 16, 16)})


def network(name, dropout=False):
    if name.startswith("generator"):
        config = UNet.Config(filters=4, downs=4, norm="instance", dropout=dropout, init_gain=0.2)
        return UNet(config.filled(SPEC))
    return PatchDiscriminator(PatchDiscriminator.Config(filters=4, layers=1, init_gain=0.2).filled(SPEC))


def game(loss=None, penalty=None, dropout=False, **settings):
    torch.manual_seed(0)
    networks = {name: network(name, dropout) for name in DualGAN.network_names()}
    return DualGAN(DualGAN.Config(**settings), networks, SPEC, loss or NonSaturating(), penalty or NoPenalty())


def batch(size=2):
    torch.manual_seed(1)
    return {"A": torch.rand(size, 3, 16, 16) * 2 - 1, "B": torch.rand(size, 3, 16, 16) * 2 - 1}


def play(loop, player, pictures):
    """What the engine does: freeze the other side, backpropagate each term as it comes; returns all terms."""
    for name, net in loop.networks.items():
        net.requires_grad_(name in DualGAN.players[player])
    seen = {}
    for terms in getattr(loop, player)(pictures):
        sum(terms.values()).backward()
        seen |= {name: term.detach() for name, term in terms.items()}
    return seen


def parts(loop):
    return [loop.networks[name] for name in DualGAN.network_names()]


def gradients(loop, player):
    return [parameter.grad for name in DualGAN.players[player] for parameter in loop.networks[name].parameters()]


def played(loop, steps):
    return [[turn.player for turn in loop.turns() if loop.due(turn, step)] for step in range(steps)]


def test_the_generators_play_twice_for_each_turn_of_the_discriminators():
    assert played(game(), 2) == [["discriminator", "generator", "generator"]] * 2


def test_in_the_papers_form_the_critics_play_several_times_for_each_turn_of_the_generators():
    alone = ["discriminator"]
    assert played(game(n_critic=3, generator_turns=1), 3) == [alone, alone, ["discriminator", "generator"]]


@pytest.mark.parametrize(("loss", "weight"), [(NonSaturating(), 20.0), (Wasserstein(), 100.0)])
def test_the_generators_terms_are_those_of_the_paper(loss, weight):
    loop, pictures = game(loss, reconstruction_weight=weight), batch()
    terms = play(loop, "generator", pictures)
    g_ab, g_ba, d_a, d_b = parts(loop)
    a, b = pictures["A"], pictures["B"]
    expected = {
        "adversarial_AtoB": loss.generator(d_b(g_ab(a))),
        "adversarial_BtoA": loss.generator(d_a(g_ba(b))),
        "reconstruction_A": weight * (g_ba(g_ab(a)) - a).abs().mean(),
        "reconstruction_B": weight * (g_ab(g_ba(b)) - b).abs().mean(),
    }
    assert terms.keys() == expected.keys()
    assert all(torch.allclose(terms[name], term, rtol=1e-4) for name, term in expected.items())
    assert all(gradient is None for gradient in gradients(loop, "discriminator"))
    assert all(gradient is not None for gradient in gradients(loop, "generator"))


def test_the_discriminators_loss_is_the_plain_sum_and_reaches_no_generator():
    loop, pictures = game(), batch()
    found = play(loop, "discriminator", pictures)["adversarial_B"]
    g_ab, _, _, d_b = parts(loop)
    expected = NonSaturating().discriminator(d_b(pictures["B"]), d_b(g_ab(pictures["A"])))
    assert torch.allclose(found, expected, rtol=1e-5)
    assert all(gradient is None for gradient in gradients(loop, "generator"))


def test_every_weight_of_the_critics_is_clipped_after_each_of_their_steps_and_no_other():
    loop = game(Wasserstein(), clip=0.01)
    turns = {turn.player: turn for turn in loop.turns()}
    before = largest(loop)
    with torch.no_grad():
        loop.after(turns["generator"])
        assert largest(loop) == before
        loop.after(turns["discriminator"])
    assert before["discriminator"] > 0.1
    assert largest(loop) == {"generator": before["generator"], "discriminator": pytest.approx(0.01)}


def largest(loop):
    """The largest weight of each player."""
    return {
        player: max(
            parameter.detach().abs().max().item() for name in names for parameter in loop.networks[name].parameters()
        )
        for player, names in DualGAN.players.items()
    }


def test_dropout_is_active_at_test():
    assert DualGAN.inference == "train"
    generators = Generators({"AtoB": network("generator", dropout=True)}, DualGAN.inference)
    picture = batch(1)["A"]
    assert not torch.equal(generators.translate(picture, "AtoB"), generators.translate(picture, "AtoB"))


def test_the_recipes_say_which_form_they_are():
    found = Plugins()
    default = check(read("dualgan", None, [], found), found)
    released = check(read(None, "seasons-dualgan", [], found), found)
    paper = check(read(None, "seasons-dualgan-wgan", [], found), found)
    for recipe in (default, released, paper):
        optimizer = recipe.optimizer
        assert (optimizer.type, optimizer.lr, optimizer.alpha) == ("rmsprop", 5e-5, 0.9)
        assert recipe.networks["generator"].type == "unet"
    for recipe in (default, released):
        assert recipe.loss.type == "non-saturating"
        assert recipe.loop["reconstruction_weight"] == 20
        assert (recipe.loop["n_critic"], recipe.loop["generator_turns"]) == (1, 2)
    assert paper.loss.type == "wasserstein"
    assert paper.loop["clip"] == 0.01
    assert 100 <= paper.loop["reconstruction_weight"] <= 1000


LOSSES = [
    (NonSaturating(), NoPenalty()),
    (LeastSquares(), NoPenalty()),
    (Wasserstein(), GradientPenalty()),
    (Hinge(), NoPenalty()),
    (Relativistic(), NoPenalty()),
]


@pytest.mark.parametrize(("loss", "penalty"), LOSSES, ids=lambda value: type(value).__name__)
def test_two_steps_are_finite_with_every_loss(loss, penalty):
    loop = game(loss, penalty, dropout=True)
    optimizers = {
        player: torch.optim.RMSprop([p for name in names for p in loop.networks[name].parameters()], 5e-5, 0.9)
        for player, names in DualGAN.players.items()
    }
    for turn in [*loop.turns(), *loop.turns()]:
        optimizers[turn.player].zero_grad()
        terms = play(loop, turn.player, batch())
        optimizers[turn.player].step()
        assert all(term.isfinite() for term in terms.values())
        assert ("penalty_A" in terms) == (penalty.active and turn.player == "discriminator")
    assert all(parameter.isfinite().all() for parameter in loop.parameters())


def test_registering_it_imports_no_torch_and_its_recipe_opens_with_its_command():
    code = "import sys, ganzoo_dualgan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert Plugins(chosen="ganzoo-dualgan").recipe_text("dualgan").startswith("# ganzoo train dualgan\n")
