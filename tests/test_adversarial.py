"""The plain game: order, freezing of the generator's graph, labels, penalties, grids."""

import pytest
import torch

from ganzoo.adversarial import ROWS, AdversarialLoop
from ganzoo.losses import NonSaturating, Relativistic
from ganzoo.nets.mlp import MLPDiscriminator, MLPGenerator
from ganzoo.penalties import R1, NoPenalty
from ganzoo.spec import DataSpec


def game(spec, loss=None, penalty=None, conditional=False, **settings):
    torch.manual_seed(0)
    networks = {
        role: kind(kind.Config(hidden=[8], conditional=conditional).filled(spec))
        for role, kind in (("generator", MLPGenerator), ("discriminator", MLPDiscriminator))
    }
    config = AdversarialLoop.Config(**settings)
    return AdversarialLoop(config, networks, spec, loss or NonSaturating(), penalty or NoPenalty())


DIGITS = DataSpec({"image": (1, 4, 4)}, classes=3)
POINTS = DataSpec({"image": (2,)})


def digits(size=6):
    return {"image": torch.rand(size, 1, 4, 4) * 2 - 1, "label": torch.arange(size) % 3}


def test_the_discriminator_plays_first_and_the_generator_after_its_nth_step():
    loop = game(DIGITS, n_critic=3)
    discriminator, generator = loop.turns()
    assert (discriminator.player, generator.player) == ("discriminator", "generator")
    assert [step for step in range(9) if loop.due(discriminator, step)] == list(range(9))
    assert [step for step in range(9) if loop.due(generator, step)] == [2, 5, 8]


def test_the_discriminators_turn_builds_no_graph_of_the_generator():
    loop = game(DIGITS)
    for terms in loop.discriminator(digits()):
        sum(terms.values()).backward()
    assert all(parameter.grad is None for parameter in loop.networks["generator"].parameters())


def test_a_penalty_is_a_term_of_its_own():
    found = [list(terms) for terms in game(DIGITS, penalty=R1()).discriminator(digits())]
    assert found == [["adversarial"], ["penalty"]]


def test_the_mean_logits_are_reported():
    loop, batch = game(DIGITS), digits()
    list(loop.discriminator(batch))
    assert loop.reports.keys() == {"real_logit", "fake_logit"}
    assert torch.allclose(loop.reports["real_logit"], loop.networks["discriminator"](batch["image"]).mean())


def test_a_relativistic_generator_learns_nothing_through_the_reals():
    loop = game(DIGITS, Relativistic())
    (terms,) = list(loop.generator(digits()))
    assert terms["adversarial"].requires_grad


@torch.no_grad()
def test_a_grid_has_a_row_for_each_label_of_a_conditional_generator():
    shown = game(DIGITS, conditional=True).preview(digits(7))
    assert {caption: tuple(column.shape) for caption, column in shown.items()} == {
        "1": (3, 1, 4, 4),
        "2": (3, 1, 4, 4),
    }


@torch.no_grad()
def test_a_grid_shows_some_labels_when_there_are_too_many():
    spec = DataSpec({"image": (1, 4, 4)}, classes=100)
    assert len(game(spec, conditional=True).preview(digits())["1"]) == ROWS


@pytest.mark.parametrize(("spec", "captions"), [(DIGITS, ["sample"]), (POINTS, ["data", "sample"])])
@torch.no_grad()
def test_points_are_shown_beside_the_datas(spec, captions):
    assert list(game(spec).preview({"image": torch.rand(5, *spec.image)})) == captions
