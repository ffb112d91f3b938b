"""The conditional GAN: the label joins noise and picture, in the paper's networks and in ganzoo's own."""

import subprocess
import sys

import pytest
import torch
from ganzoo_cgan.loop import CGAN
from ganzoo_cgan.networks import CGANDiscriminator, CGANGenerator, Maxout
from torch import nn

from ganzoo.losses import NonSaturating
from ganzoo.nets.convolutional import ConvolutionalDiscriminator, ConvolutionalGenerator
from ganzoo.nets.mlp import MLPDiscriminator, MLPGenerator
from ganzoo.penalties import NoPenalty
from ganzoo.plugins import Plugins
from ganzoo.spec import DataSpec
from ganzoo.testing import check_model

SPEC = DataSpec({"image": (1, 28, 28)}, classes=10)
FAMILIES = {
    "paper": (CGANGenerator, CGANDiscriminator, {}),
    "mlp": (MLPGenerator, MLPDiscriminator, {"conditional": True}),
    "convolutional": (ConvolutionalGenerator, ConvolutionalDiscriminator, {"conditional": True}),
}


@pytest.fixture(scope="module")
def plugins():
    return Plugins(chosen="ganzoo-cgan")


def game(family="mlp", spec=SPEC, **settings):
    torch.manual_seed(0)
    *kinds, options = FAMILIES[family]
    networks = {
        role: kind(kind.Config(**{**options, **settings}).filled(spec))
        for role, kind in zip(("generator", "discriminator"), kinds, strict=True)
    }
    return CGAN(CGAN.Config(), networks, spec, NonSaturating(), NoPenalty())


def batch(size=4):
    return {"image": torch.rand(size, 1, 28, 28) * 2 - 1, "label": torch.arange(size) % 10}


def test_it_registers_its_networks_loop_and_model(plugins):
    assert plugins.load("network", "cgan-generator") is CGANGenerator
    assert plugins.load("network", "cgan-discriminator") is CGANDiscriminator
    assert plugins.load("loop", "cgan") is CGAN
    assert plugins.get("model", "cgan").details.items() >= {"loop": "cgan", "paper": "arXiv:1411.1784"}.items()
    assert plugins.recipe_text("cgan").startswith("# ganzoo train cgan\n")


def test_registering_it_imports_no_torch():
    code = "import sys, ganzoo_cgan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_papers_generator_is_200_and_1000_to_1200_to_784():
    g = CGANGenerator(CGANGenerator.Config().filled(SPEC))
    linear = [(layer.in_features, layer.out_features) for layer in g.modules() if isinstance(layer, nn.Linear)]
    assert linear == [(100, 200), (10, 1000), (1200, 1200), (1200, 784)]


def test_the_papers_discriminator_is_maxout_of_240_50_and_240_units_with_5_5_and_4_pieces():
    d = CGANDiscriminator(CGANDiscriminator.Config().filled(SPEC))
    shapes = [tuple(layer.pieces[1].unflattened_size) for layer in (d.picture, d.label, d.joint)]
    assert shapes == [(240, 5), (50, 5), (240, 4)]
    assert [layer.pieces[0].in_features for layer in (d.picture, d.label, d.joint)] == [784, 10, 290]


def test_a_maxout_unit_is_the_greatest_of_its_pieces():
    layer, inputs = Maxout(3, 2, 4), torch.randn(5, 3)
    values = inputs @ layer.pieces[0].weight.T + layer.pieces[0].bias
    expected = torch.stack([values[:, :4].max(1).values, values[:, 4:].max(1).values], 1)
    assert torch.allclose(layer(inputs), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_label_joins_noise_and_image(family):
    loop = game(family).eval()
    images, labels = batch()["image"], batch()["label"]
    z = torch.randn(4, *loop.networks["generator"].latent_shape)
    other = (labels + 1) % 10
    assert not torch.equal(loop.networks["generator"](z, labels), loop.networks["generator"](z, other))
    assert not torch.equal(
        loop.networks["discriminator"](images, labels), loop.networks["discriminator"](images, other)
    )


def test_fakes_are_made_and_judged_with_the_labels_of_the_reals():
    loop, seen = game(), []
    for network in loop.networks.values():
        network.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[1]))
    pictures = batch()
    list(loop.discriminator(pictures))
    list(loop.generator(pictures))
    assert len(seen) == 5  # G, D(real), D(fake); G, D(fake)
    assert all(labels is pictures["label"] for labels in seen)


def test_the_discriminators_turn_leaves_every_generator_gradient_none():
    loop = game()
    sum(term for terms in loop.discriminator(batch()) for term in terms.values()).backward()
    assert all(parameter.grad is None for parameter in loop.networks["generator"].parameters())


@torch.no_grad()
def test_a_sample_grid_has_a_row_for_each_label_and_a_column_for_each_noise():
    loop = game()
    shown = loop.preview(batch(40))
    assert list(shown) == ["1", "2", "3", "4"]
    assert all(column.shape == (10, 1, 28, 28) for column in shown.values())
    generator = loop.networks["generator"]
    pictures = batch(10)
    torch.manual_seed(3)
    column = loop.preview(pictures)["1"]
    torch.manual_seed(3)
    z = torch.randn(1, 1, 100)[0]
    assert torch.allclose(column[7:8], generator(z, torch.tensor([7])), atol=1e-6)
    assert CGAN.preview_count == 100


@torch.no_grad()
def test_a_sample_grid_of_many_labels_shows_some_of_them():
    spec = DataSpec({"image": (1, 28, 28)}, classes=1000)
    column = game(spec=spec).preview(batch(4))["1"]
    assert len(column) == 16


def test_networks_that_are_not_told_the_label_are_refused():
    with pytest.raises(ValueError, match=r"generator takes 0 labels, the data has 10; .*conditional = true"):
        game(conditional=False)


def test_data_without_labels_is_refused():
    with pytest.raises(ValueError, match="the data has none"):
        game(spec=DataSpec({"image": (1, 28, 28)}))


PAPER = ['networks.generator={type="cgan-generator"}', 'networks.discriminator={type="cgan-discriminator"}']
MLP = ['networks.generator={type="mlp-generator", conditional=true, hidden=[8]}']


@pytest.mark.parametrize(
    "settings",
    [PAPER, MLP, ["loss.type=hinge"], ["loss.type=lsgan", 'penalty.type="r1"']],
    ids=["paper", "mlp", "hinge", "lsgan-r1"],
)
def test_it_trains_with_other_networks_losses_and_penalties(settings, tmp_path):
    check_model("cgan", tmp_path, settings)
