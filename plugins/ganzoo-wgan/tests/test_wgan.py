"""WGAN's clipping and schedule, WGAN-GP's penalty."""

import subprocess
import sys

import pytest
import torch
from ganzoo_wgan.loop import WGAN, WGANGP
from ganzoo_wgan.networks import ResidualCritic, ResidualGenerator
from torch import nn

from ganzoo.loop import Turn
from ganzoo.losses import Wasserstein
from ganzoo.nets.convolutional import ConvolutionalDiscriminator, ConvolutionalGenerator
from ganzoo.penalties import GradientPenalty, NoPenalty
from ganzoo.plugins import Plugins
from ganzoo.recipe.parse import check, read
from ganzoo.spec import DataSpec
from ganzoo.testing import check_model

SPEC = DataSpec({"image": (1, 28, 28)}, classes=10)
GENERATOR, CRITIC = Turn("generator"), Turn("discriminator")


@pytest.fixture(scope="module")
def plugins():
    return Plugins(chosen="ganzoo-wgan")


def game(kind=WGAN, norm="none", penalty=None, **settings):
    torch.manual_seed(0)
    networks = {
        "generator": ConvolutionalGenerator(ConvolutionalGenerator.Config(filters=4).filled(SPEC)),
        "discriminator": ConvolutionalDiscriminator(
            ConvolutionalDiscriminator.Config(filters=4, norm=norm, init_gain=0.2).filled(SPEC)
        ),
    }
    return kind(kind.Config(**settings), networks, SPEC, Wasserstein(), penalty or NoPenalty())


def batch(size=4):
    return {"image": torch.rand(size, 1, 28, 28) * 2 - 1}


def generator_steps(loop, steps):
    """Steps of the critic before each of the generator's, for so many steps."""
    played = [step + 1 for step in range(steps) if loop.due(GENERATOR, step)]
    return [after - before for before, after in zip([0, *played], played, strict=False)]


def test_it_registers_its_networks_loops_and_models(plugins):
    assert plugins.load("network", "wgan-resnet-generator") is ResidualGenerator
    assert plugins.load("network", "wgan-resnet-critic") is ResidualCritic
    assert (plugins.load("loop", "wgan"), plugins.load("loop", "wgan-gp")) == (WGAN, WGANGP)
    for model, paper in (("wgan", "arXiv:1701.07875"), ("wgan-gp", "arXiv:1704.00028")):
        assert plugins.get("model", model).details.items() >= {"loop": model, "paper": paper}.items()
        assert plugins.recipe_text(model).startswith(f"# ganzoo train {model}\n")


def test_registering_it_imports_no_torch():
    code = "import sys, ganzoo_wgan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("norm", ["none", "batch"])
@torch.no_grad()
def test_every_parameter_of_the_critic_is_clipped_after_every_step_of_the_critic(norm):
    loop = game(norm=norm)
    before = {name: parameter.clone() for name, parameter in loop.networks["discriminator"].named_parameters()}
    generator = [parameter.clone() for parameter in loop.networks["generator"].parameters()]
    loop.after(GENERATOR)
    assert all(torch.equal(before[name], value) for name, value in loop.networks["discriminator"].named_parameters())
    loop.after(CRITIC)
    for name, parameter in loop.networks["discriminator"].named_parameters():
        assert torch.equal(parameter, before[name].clamp(-0.01, 0.01)), name
    kept = zip(generator, loop.networks["generator"].parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in kept)


def test_the_critic_takes_100_steps_before_the_generators_first_25_and_every_500th_and_5_before_the_others():
    steps = generator_steps(game(), 27 * 100 + 974 * 5)
    assert steps[:25] == [100] * 25
    assert steps[25:500] == [5] * 475
    assert steps[500] == 100
    assert steps[501:1000] == [5] * 499
    assert steps[1000] == 100


def test_the_schedule_can_be_shortened_or_left_out():
    assert generator_steps(game(long_first=0, long_every=0), 20) == [5] * 4
    assert generator_steps(game(long_first=2, long_every=0, n_critic_long=7, n_critic=3), 20) == [7, 7, 3, 3]
    assert generator_steps(game(long_first=0, long_every=2, n_critic_long=4, n_critic=1), 12) == [4, 1, 4, 1]


def test_the_critic_is_due_at_every_step():
    assert all(game().due(CRITIC, step) for step in range(300))


def test_the_generator_plays_after_the_nth_step_of_the_critic_and_not_after_the_first():
    loop = game(WGANGP)
    (_, turn) = loop.turns()
    assert [step for step in range(12) if loop.due(turn, step)] == [4, 9]


def test_each_step_of_the_critic_has_new_noise():
    loop, seen, pictures = game(WGANGP), [], batch()
    loop.networks["generator"].register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    for _ in range(2):
        list(loop.discriminator(pictures))
    assert not torch.equal(seen[0], seen[1])


@pytest.mark.parametrize("kind", [WGAN, WGANGP])
def test_the_wasserstein_estimate_is_reported(kind):
    loop = game(kind)
    (terms,) = list(loop.discriminator(batch()))
    assert torch.allclose(loop.reports["wasserstein"], -terms["adversarial"])
    assert torch.allclose(loop.reports["wasserstein"], loop.reports["real_logit"] - loop.reports["fake_logit"])


def test_the_critics_turn_leaves_every_generator_gradient_none():
    loop = game(WGANGP, penalty=GradientPenalty())
    for terms in loop.discriminator(batch()):
        sum(terms.values()).backward()
    assert all(parameter.grad is None for parameter in loop.networks["generator"].parameters())
    assert all(parameter.grad is not None for parameter in loop.networks["discriminator"].parameters())


class Linear(nn.Module):
    """D(x) = w . x."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(28 * 28))

    def forward(self, images):
        return images.flatten(1) @ self.w[:, None]


def test_the_penalty_of_a_linear_critic_is_exactly_its_norm_minus_one_squared():
    loop = game(WGANGP, penalty=GradientPenalty())
    loop.networks["discriminator"] = Linear()
    terms = {name: term for terms in loop.discriminator(batch()) for name, term in terms.items()}
    w = loop.networks["discriminator"].w
    assert torch.allclose(terms["penalty"], 10 * (w.norm() - 1) ** 2, rtol=1e-5)
    terms["penalty"].backward()
    assert torch.allclose(w.grad, 20 * (w.norm() - 1) * w / w.norm(), rtol=1e-4)


def test_batch_norm_in_a_penalised_critic_is_refused():
    with pytest.raises(ValueError, match=r"must have no batch norm.*discriminator\.norm = \"none\""):
        game(WGANGP, norm="batch", penalty=GradientPenalty())
    game(WGANGP, norm="instance", penalty=GradientPenalty())
    game(WGANGP, norm="batch")
    game(WGAN, norm="batch")


def test_the_recipes_have_the_papers_numbers():
    found = Plugins()
    names = ("mnist-wgan", "wgan-gp", "cifar10-wgan-gp")
    wgan, gp, cifar = (check(read(None, name, [], found), found) for name in names)
    assert (wgan.optimizer.type, wgan.optimizer.lr, wgan.train.batch_size) == ("rmsprop", 5e-5, 64)
    assert (wgan.loop["clip"], wgan.loop["n_critic"], wgan.loop["n_critic_long"]) == (0.01, 5, 100)
    assert WGAN.Config() == WGAN.Config(clip=0.01, n_critic=5, n_critic_long=100, long_first=25, long_every=500)
    for recipe in (gp, cifar):
        assert (recipe.optimizer.type, recipe.optimizer.betas) == ("adam", (0.0, 0.9))
        assert (recipe.penalty.type, recipe.penalty.options["weight"]) == ("gradient-penalty", 10.0)
        assert recipe.loop["n_critic"] == 5
    assert (cifar.optimizer.lr, cifar.schedule.type) == (2e-4, "linear")
    assert cifar.networks["discriminator"].type == "wgan-resnet-critic"


def test_wgan_trains_as_it_is(tmp_path):
    check_model("wgan", tmp_path, ["loop.n_critic_long=3", "loop.n_critic=2"])


RESNET = ['networks.generator={type="wgan-resnet-generator", filters=4}']
RESNET += ['networks.discriminator={type="wgan-resnet-critic", filters=4}', "loop.n_critic=2"]
MLP = ['networks.discriminator={type="mlp-discriminator", hidden=[8]}', "loop.n_critic=1"]


@pytest.mark.parametrize(
    "settings",
    [RESNET, MLP, ["loss.type=hinge", "loop.n_critic=2"], ["loss.type=non-saturating", 'penalty.type="r1"']],
    ids=["resnet", "mlp", "hinge", "r1"],
)
def test_wgan_gp_trains_with_other_critics_losses_and_penalties(settings, tmp_path):
    check_model("wgan-gp", tmp_path, settings)
