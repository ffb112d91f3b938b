"""ACGAN: both players minimise the cross-entropy of the label, on logits; fakes count where the recipe says so."""

import subprocess
import sys

import pytest
import torch
from ganzoo_acgan.loop import ACGAN
from ganzoo_acgan.networks import ACGANDiscriminator
from torch import nn
from torch.nn import functional as F

from ganzoo.losses import NonSaturating, Relativistic
from ganzoo.nets.convolutional import ConvolutionalDiscriminator, ConvolutionalGenerator
from ganzoo.penalties import R1, NoPenalty
from ganzoo.plugins import Plugins
from ganzoo.spec import DataSpec
from ganzoo.testing import check_model

SPEC = DataSpec({"image": (1, 28, 28)}, classes=10)


@pytest.fixture(scope="module")
def plugins():
    return Plugins(chosen="ganzoo-acgan")


def discriminator(spec=SPEC, **settings):
    return ACGANDiscriminator(ACGANDiscriminator.Config(**{"filters": 2} | settings).filled(spec))


def game(loss=None, penalty=None, judge=None, conditional=True, **settings):
    torch.manual_seed(0)
    config = ConvolutionalGenerator.Config(filters=4, conditional=conditional).filled(SPEC)
    networks = {
        "generator": ConvolutionalGenerator(config),
        "discriminator": judge or discriminator(dropout=0.0, norm="none"),
    }
    return ACGAN(ACGAN.Config(**settings), networks, SPEC, loss or NonSaturating(), penalty or NoPenalty())


def batch(size=4):
    return {"image": torch.rand(size, 1, 28, 28) * 2 - 1, "label": torch.arange(size) % 10}


def terms_of(loop, player, pictures):
    torch.manual_seed(5)
    return {name: term for terms in getattr(loop, player)(pictures) for name, term in terms.items()}


def fakes(loop, pictures):
    torch.manual_seed(5)
    return loop.sample_like(pictures, grad=False)


def test_it_registers_its_network_loop_and_model(plugins):
    assert plugins.load("network", "acgan-discriminator") is ACGANDiscriminator
    assert plugins.load("loop", "acgan") is ACGAN
    assert plugins.get("model", "acgan").details.items() >= {"loop": "acgan", "paper": "arXiv:1610.09585"}.items()
    assert plugins.recipe_text("acgan").startswith("# ganzoo train acgan\n")


def test_registering_it_imports_no_torch():
    code = "import sys, ganzoo_acgan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_discriminators_layers_are_the_papers():
    net = discriminator(DataSpec({"image": (3, 32, 32)}, classes=10), filters=16)
    found = [(layer.out_channels, layer.stride[0]) for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    assert found == [(16, 2), (32, 1), (64, 2), (128, 1), (256, 2), (512, 1)]
    assert (net.logit.in_features, net.names.out_features) == (4 * 4 * 512, 10)
    assert [layer.p for layer in net.modules() if isinstance(layer, nn.Dropout)] == [0.5] * 6
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in net.modules()) == 5


@pytest.mark.parametrize("size", [28, 32, 64])
def test_it_gives_a_logit_and_the_logits_of_the_classes(size):
    net = discriminator(DataSpec({"image": (1, size, size)}, classes=7))
    logits, names = net(torch.randn(3, 1, size, size))
    assert (logits.shape, names.shape) == ((3, 1), (3, 7))


def test_no_softmax_comes_before_the_cross_entropy():
    loop, pictures = game(), batch()
    _, names = loop.networks["discriminator"](pictures["image"])
    assert not any(isinstance(layer, nn.Softmax | nn.LogSoftmax | nn.Sigmoid) for layer in loop.modules())
    assert not torch.allclose(names.sum(1), torch.ones(4))
    expected = -names.log_softmax(1)[torch.arange(4), pictures["label"]].mean()
    assert torch.allclose(terms_of(loop, "discriminator", pictures)["class_real"], expected)


def test_the_generator_gets_plus_the_cross_entropy():
    loop, pictures = game(class_weight=3.0), batch()
    fake = fakes(loop, pictures)
    logits, names = loop.networks["discriminator"](fake)
    found = terms_of(loop, "generator", pictures)
    assert found.keys() == {"adversarial", "class"}
    assert torch.allclose(found["class"], 3.0 * F.cross_entropy(names, pictures["label"]), rtol=1e-4)
    assert torch.allclose(found["adversarial"], F.softplus(-logits).mean(), rtol=1e-4)


def test_the_discriminators_cross_entropy_includes_fakes_unless_the_recipe_says_otherwise():
    pictures = batch()
    with_fakes, without = game(), game(classify_fakes=False)
    found = terms_of(with_fakes, "discriminator", pictures)
    assert found.keys() == {"adversarial", "class_real", "class_fake"}
    _, names = with_fakes.networks["discriminator"](fakes(with_fakes, pictures))
    assert torch.allclose(found["class_fake"], F.cross_entropy(names, pictures["label"]), rtol=1e-4)
    assert terms_of(without, "discriminator", pictures).keys() == {"adversarial", "class_real"}


def test_the_discriminators_turn_leaves_every_generator_gradient_none():
    loop = game()
    sum(terms_of(loop, "discriminator", batch()).values()).backward()
    assert all(parameter.grad is None for parameter in loop.networks["generator"].parameters())


def test_accuracies_are_reported():
    loop, pictures = game(), batch()
    terms_of(loop, "discriminator", pictures)
    _, names = loop.networks["discriminator"](pictures["image"])
    assert loop.reports["accuracy_real"] == (names.argmax(1) == pictures["label"]).float().mean()
    assert {"accuracy_fake", "real_logit", "fake_logit"} <= loop.reports.keys()


def test_a_penalty_is_on_the_logit_alone_and_relativistic_losses_compare_with_reals():
    loop, pictures = game(Relativistic(), R1()), batch()
    found = terms_of(loop, "discriminator", pictures)
    judge = lambda images: loop.networks["discriminator"](images)[0]  # noqa: E731
    assert torch.allclose(found["penalty"], R1()(judge, pictures["image"], pictures["image"]))
    assert terms_of(loop, "generator", pictures)["adversarial"].isfinite()


def test_networks_without_labels_are_refused():
    with pytest.raises(ValueError, match="they have 0 and 10 labels, the data 10"):
        game(conditional=False)
    with pytest.raises(ValueError, match="they have 10 and 0 labels, the data 10"):
        game(judge=ConvolutionalDiscriminator(ConvolutionalDiscriminator.Config(filters=2).filled(SPEC)))


@pytest.mark.parametrize(
    "settings", [["loss.type=hinge"], ["loss.type=relativistic", 'penalty.type="r1"'], ["loop.classify_fakes=false"]]
)
def test_it_trains_with_other_losses_and_penalties(settings, tmp_path):
    check_model("acgan", tmp_path, settings)
