"""The game against its equations, and criterion 18: what pix2pix must get right."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from ganzoo_pix2pix.loop import Pix2Pix
from PIL import Image
from torch import nn

import ganzoo
from ganzoo.generators import Generators
from ganzoo.losses import Hinge, LeastSquares, NonSaturating, Relativistic, Wasserstein
from ganzoo.nets.patch import PatchDiscriminator
from ganzoo.nets.unet import UNet
from ganzoo.penalties import GradientPenalty, NoPenalty
from ganzoo.plugins import Plugins
from ganzoo.spec import DataSpec

SPEC = DataSpec({"A": (3, 16, 16), "B": (3, 16, 16)})


def generator(**settings):
    return UNet(UNet.Config(**{"filters": 4, "downs": 4, "dropout": True, "init_gain": 0.2} | settings).filled(SPEC))


def game(loss=None, penalty=None, norm="batch", net=None, **settings):
    torch.manual_seed(0)
    config = PatchDiscriminator.Config(filters=4, layers=1, condition_channels=3, norm=norm, init_gain=0.2)
    networks = {"discriminator": PatchDiscriminator(config.filled(SPEC)), "generator": net or generator(dropout=False)}
    return Pix2Pix(Pix2Pix.Config(**settings), networks, SPEC, loss or NonSaturating(), penalty or NoPenalty())


def batch(size=2):
    torch.manual_seed(1)
    return {"A": torch.rand(size, 3, 16, 16) * 2 - 1, "B": torch.rand(size, 3, 16, 16) * 2 - 1}


def play(loop, player, pictures):
    """What the engine does: freeze the other side, backpropagate each term as it comes; returns all terms."""
    for name, network in loop.networks.items():
        network.requires_grad_(name == player)
    seen = {}
    for terms in getattr(loop, player)(pictures):
        sum(terms.values()).backward()
        seen |= {name: term.detach() for name, term in terms.items()}
    return seen


def gradients(loop, network):
    return [parameter.grad for parameter in loop.networks[network].parameters()]


def parameters(net):
    return sum(parameter.numel() for parameter in net.parameters())


def test_parameter_counts_are_those_of_the_official_code():
    with torch.device("meta"):
        full = {"filters": 64, "dropout": True}
        assert parameters(generator(**full, downs=8)) == 54_413_955
        assert parameters(generator(**full, downs=7)) == 41_828_995
        config = PatchDiscriminator.Config(channels=3, condition_channels=3, norm="batch")
        assert parameters(PatchDiscriminator(config)) == 2_768_705


def test_the_discriminator_sees_input_and_translation_as_six_channels_and_its_loss_is_halved():
    loop, pictures = game(), batch()
    seen = []
    loop.networks["discriminator"].register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    found = play(loop, "discriminator", pictures)["adversarial"]
    fake = loop.networks["generator"](pictures["A"])
    assert torch.equal(seen[0], torch.cat([pictures["A"], pictures["B"]], 1))
    assert torch.allclose(seen[1], torch.cat([pictures["A"], fake], 1), atol=1e-6)
    on_real, on_fake = (loop.networks["discriminator"](pair) for pair in seen[:2])
    assert torch.allclose(found, 0.5 * NonSaturating().discriminator(on_real, on_fake), rtol=1e-5)
    assert all(gradient is None for gradient in gradients(loop, "generator"))
    assert all(gradient is not None for gradient in gradients(loop, "discriminator"))


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
def test_the_generator_minimises_cross_entropy_and_100_times_the_l1_distance_in_either_direction(direction):
    loop, pictures = game(direction=direction), batch()
    source, target = (pictures[key] for key in direction.split("to"))
    terms = play(loop, "generator", pictures)
    fake = loop.networks["generator"](source)
    logits = loop.networks["discriminator"](torch.cat([source, fake], 1))
    assert torch.allclose(terms["l1"], 100 * (fake - target).abs().mean(), rtol=1e-4)
    assert torch.allclose(terms["adversarial"], -logits.sigmoid().log().mean(), rtol=1e-4)
    assert all(gradient is None for gradient in gradients(loop, "discriminator"))
    assert all(gradient is not None for gradient in gradients(loop, "generator"))


def test_the_discriminator_plays_first():
    assert [turn.player for turn in game().turns()] == ["discriminator", "generator"]


def test_it_publishes_the_direction_that_it_is_trained_in():
    assert Pix2Pix.published(Pix2Pix.Config()) == {"AtoB": "generator"}
    assert game(direction="BtoA").publishes == {"BtoA": "generator"}
    assert Pix2Pix.publishes == {"AtoB": "generator"}


def test_dropout_lies_in_the_three_inner_decoder_blocks_and_is_active_at_test():
    net = generator(downs=4)
    drops = [any(isinstance(layer, nn.Dropout) for layer in block) for block in net.decoder]
    assert drops == [True, True, True, False]
    assert Pix2Pix.inference == "train"
    generators, picture = Generators({"AtoB": net}, Pix2Pix.inference), batch(1)["A"]
    assert not torch.equal(generators.translate(picture, "AtoB"), generators.translate(picture, "AtoB"))


def test_no_norm_follows_the_innermost_down_convolution():
    assert isinstance(generator().encoder[-1][-1], nn.Conv2d)


def test_batch_statistics_at_test_are_those_of_one_picture():
    net, pictures = generator(dropout=False), batch(3)["A"]
    generators = Generators({"AtoB": net}, Pix2Pix.inference)
    together = generators.translate(pictures, "AtoB")
    alone = torch.cat([generators.translate(picture[None], "AtoB") for picture in pictures])
    assert torch.equal(together, alone)
    loop = game(net=net)
    assert torch.equal(loop.preview({"A": pictures, "B": pictures})["translation"], alone)


LOSSES = [
    (NonSaturating(), NoPenalty(), "batch"),
    (LeastSquares(), NoPenalty(), "batch"),
    (Wasserstein(), GradientPenalty(), "none"),
    (Hinge(), NoPenalty(), "instance"),
    (Relativistic(), NoPenalty(), "batch"),
]


@pytest.mark.parametrize(("loss", "penalty", "norm"), LOSSES, ids=lambda value: type(value).__name__)
def test_two_steps_are_finite_with_every_loss(loss, penalty, norm):
    loop = game(loss, penalty, norm, generator())
    optimizers = {player: torch.optim.Adam(loop.networks[player].parameters(), 2e-4) for player in Pix2Pix.players}
    for _ in range(2):
        for player, optimizer in optimizers.items():
            optimizer.zero_grad()
            terms = play(loop, player, batch())
            optimizer.step()
            assert all(term.isfinite() for term in terms.values())
            assert ("penalty" in terms) == (penalty.active and player == "discriminator")
    assert all(parameter.isfinite().all() for parameter in loop.parameters())


def test_data_without_pairs_of_domains_is_refused_by_name():
    with pytest.raises(ValueError, match="Pix2Pix plays between domains A and B, and the data has image"):
        Pix2Pix(Pix2Pix.Config(), {}, DataSpec({"image": (3, 16, 16)}), NonSaturating(), NoPenalty())


def test_a_run_on_paired_pictures_translates_in_its_direction_and_is_scored(tmp_path):
    for split in ("train", "test"):
        folder = tmp_path / "data" / split
        folder.mkdir(parents=True)
        for number in range(3):
            pixels = np.random.default_rng(number).integers(0, 256, (40, 80, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    settings = [
        *('data.type="paired-images"', f"data.root={tmp_path / 'data'}", "data.size=32", "data.workers=0"),
        *("networks.generator.filters=4", "networks.generator.downs=5", "loop.direction=BtoA"),
        *("train.steps=2", 'evaluation.metrics=["psnr", "ssim", "l1"]'),
    ]
    run = ganzoo.train("pix2pix", overrides=settings, out=tmp_path / "run")
    scores = {key for line in run.history() for key in line if key.startswith("score/BtoA/")}
    assert {"score/BtoA/psnr", "score/BtoA/ssim", "score/BtoA/l1", "score/BtoA/l1_input"} <= scores
    model = ganzoo.load(run.folder)
    assert model.directions == ["BtoA"]
    assert model.translate(Image.new("RGB", (50, 34)))[0].size == (50, 34)


def test_registering_it_imports_no_torch_and_its_recipe_opens_with_its_command():
    code = "import sys, ganzoo_pix2pix; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert Plugins(chosen="ganzoo-pix2pix").recipe_text("pix2pix").startswith("# ganzoo train pix2pix\n")
