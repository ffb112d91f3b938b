"""The first GAN: what it registers, its layer sizes, and that its game is the paper's."""

import subprocess
import sys
import tomllib

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganzoo.adversarial import AdversarialLoop
from ganzoo.losses import Minimax, NonSaturating
from ganzoo.nets.mlp import MLPDiscriminator, MLPGenerator
from ganzoo.penalties import NoPenalty
from ganzoo.plugins import Plugins
from ganzoo.recipe.build import build_network
from ganzoo.recipe.schema import Component
from ganzoo.spec import DataSpec
from ganzoo.testing import check_model

DIGITS = DataSpec({"image": (1, 28, 28)}, classes=10)


@pytest.fixture(scope="module")
def plugins():
    return Plugins(chosen="ganzoo-vanilla")


def game(loss, spec=DIGITS):
    torch.manual_seed(0)
    networks = {
        "generator": MLPGenerator(MLPGenerator.Config(hidden=[16]).filled(spec)),
        "discriminator": MLPDiscriminator(MLPDiscriminator.Config(hidden=[16]).filled(spec)),
    }
    return AdversarialLoop(AdversarialLoop.Config(), networks, spec, loss, NoPenalty())


def played(loop, player, batch):
    for name, network in loop.networks.items():
        network.requires_grad_(name == player)
    terms = [term for terms in getattr(loop, player)(batch) for term in terms.values()]
    sum(terms).backward()
    return float(sum(terms).detach())


def test_it_registers_its_model(plugins):
    model = plugins.get("model", "gan")
    assert model.details.items() >= {"loop": "adversarial", "paper": "arXiv:1406.2661"}.items()
    assert model.plugin.name == "ganzoo-vanilla"


def test_the_default_recipe_has_the_layers_100_256_512_1024_784_and_784_512_256_1(plugins):
    text = plugins.recipe_text("gan")
    assert text.startswith("# ganzoo train gan\n")
    recipe = tomllib.loads(text)
    found = []
    for role in ("generator", "discriminator"):
        options = recipe["networks"][role] | {"shape": [1, 28, 28]}
        linear = [
            layer for layer in build_network(Component(**options), plugins).modules() if isinstance(layer, nn.Linear)
        ]
        found.append([linear[0].in_features, *(layer.out_features for layer in linear)])
    assert found == [[100, 256, 512, 1024, 784], [784, 512, 256, 1]]
    assert recipe["optimizer"] == {"type": "adam", "lr": 2e-4, "betas": [0.5, 0.999]}


def test_registering_it_imports_no_torch():
    code = "import sys, ganzoo_vanilla; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_discriminator_plays_first_and_its_turn_leaves_every_generator_gradient_none():
    loop, batch = game(NonSaturating()), {"image": torch.rand(4, 1, 28, 28) * 2 - 1}
    assert [turn.player for turn in loop.turns()] == ["discriminator", "generator"]
    played(loop, "discriminator", batch)
    assert all(parameter.grad is None for parameter in loop.networks["generator"].parameters())
    assert all(parameter.grad is not None for parameter in loop.networks["discriminator"].parameters())


def test_the_generators_turn_leaves_the_discriminators_gradients_untouched():
    loop, batch = game(NonSaturating()), {"image": torch.rand(4, 1, 28, 28) * 2 - 1}
    played(loop, "generator", batch)
    assert all(parameter.grad is None for parameter in loop.networks["discriminator"].parameters())
    assert all(parameter.grad is not None for parameter in loop.networks["generator"].parameters())


def test_losses_take_logits_and_are_those_of_the_paper():
    """Equation 1, and the non-saturating form of section 3: G maximises log D(G(z))."""
    batch = {"image": torch.rand(4, 1, 28, 28) * 2 - 1}
    for loss, expected in (
        (NonSaturating(), lambda fake: -fake.sigmoid().log().mean()),
        (Minimax(), lambda fake: (1 - fake.sigmoid()).log().mean()),
    ):
        loop = game(loss)
        torch.manual_seed(7)
        fake = loop.networks["discriminator"](loop.sample_like(batch, grad=False)).detach()
        torch.manual_seed(7)
        assert played(loop, "generator", batch) == pytest.approx(float(expected(fake)), rel=1e-5)
        torch.manual_seed(7)
        real = loop.networks["discriminator"](batch["image"]).detach()
        value = real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean()
        assert played(loop, "discriminator", batch) == pytest.approx(-float(value), rel=1e-5)


def test_points_are_played_for_like_pictures():
    loop = game(NonSaturating(), DataSpec({"image": (2,)}))
    batch = {"image": torch.randn(6, 2)}
    assert loop.sample_like(batch).shape == (6, 2)
    assert played(loop, "discriminator", batch) == pytest.approx(2 * float(F.softplus(torch.tensor(0.0))), abs=0.5)
    with torch.no_grad():
        assert list(loop.preview(batch)) == ["data", "sample"]


@pytest.mark.parametrize("settings", [["loss.type=minimax"], ["loss.type=hinge"], ['penalty.type="r1"']])
def test_it_trains_with_other_losses_and_penalties(settings, tmp_path):
    check_model("gan", tmp_path, [*settings, "networks.generator.hidden=[8]", "networks.discriminator.hidden=[8]"])
