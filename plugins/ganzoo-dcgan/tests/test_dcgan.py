"""DCGAN: what it registers, order of turns, batch norm over real and fake separately, losses and penalties."""

import subprocess
import sys

import pytest
import torch

from ganzoo.adversarial import AdversarialLoop
from ganzoo.losses import NonSaturating
from ganzoo.nets.convolutional import ConvolutionalDiscriminator, ConvolutionalGenerator
from ganzoo.penalties import NoPenalty
from ganzoo.plugins import Plugins
from ganzoo.recipe.parse import check, read
from ganzoo.spec import DataSpec
from ganzoo.testing import check_model

SPEC = DataSpec({"image": (1, 28, 28)}, classes=10)


@pytest.fixture(scope="module")
def plugins():
    return Plugins(chosen="ganzoo-dcgan")


def game():
    torch.manual_seed(0)
    networks = {
        "generator": ConvolutionalGenerator(ConvolutionalGenerator.Config(filters=4).filled(SPEC)),
        "discriminator": ConvolutionalDiscriminator(ConvolutionalDiscriminator.Config(filters=4).filled(SPEC)),
    }
    return AdversarialLoop(AdversarialLoop.Config(), networks, SPEC, NonSaturating(), NoPenalty())


def test_it_registers_its_model(plugins):
    model = plugins.get("model", "dcgan")
    assert model.details.items() >= {"loop": "adversarial", "paper": "arXiv:1511.06434"}.items()
    assert model.plugin.name == "ganzoo-dcgan"
    assert plugins.recipe_text("dcgan").startswith("# ganzoo train dcgan\n")


def test_the_recipe_has_the_papers_optimizer_and_latents(plugins):
    recipe = check(read("dcgan", None, [], plugins), plugins)
    assert (recipe.optimizer.type, recipe.optimizer.lr, recipe.optimizer.betas) == ("adam", 2e-4, (0.5, 0.999))
    assert recipe.networks["generator"].options["latent"] == 100
    assert recipe.networks["generator"].options["init"] == "normal"
    assert recipe.networks["generator"].options["init_gain"] == 0.02


def test_registering_it_imports_no_torch():
    code = "import sys, ganzoo_dcgan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_discriminator_plays_before_the_generator():
    assert [(turn.player, turn.every) for turn in game().turns()] == [("discriminator", 1), ("generator", 1)]


def test_real_and_fake_go_through_batch_norm_separately():
    loop, seen = game(), []
    batch = {"image": torch.rand(6, 1, 28, 28) * 2 - 1}
    loop.networks["discriminator"].register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    list(loop.discriminator(batch))
    assert [len(images) for images in seen] == [6, 6]
    assert torch.equal(seen[0], batch["image"])
    assert not seen[1].requires_grad


@pytest.mark.parametrize(
    "settings",
    [
        ["loss.type=hinge"],
        ["loss.type=lsgan", 'penalty.type="r1"'],
        ["loss.type=relativistic", 'penalty.type="r1-r2"'],
        ["loss.label_smoothing=0.1", "augment.policy=['translation', 'cutout']"],
    ],
    ids=lambda settings: settings[0],
)
def test_it_trains_with_other_losses_and_penalties(settings, tmp_path):
    check_model("dcgan", tmp_path, settings)
