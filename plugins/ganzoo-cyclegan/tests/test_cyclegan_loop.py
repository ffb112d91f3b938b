"""The game against its equations, written out by hand with the same networks."""

import copy
import gc

import pytest
import torch
from ganzoo_cyclegan.loop import CycleGAN
from ganzoo_cyclegan.networks import ResNetGenerator
from torch.nn import functional as F

from ganzoo.losses import Hinge, LeastSquares, NonSaturating, Relativistic, Wasserstein
from ganzoo.nets.patch import PatchDiscriminator
from ganzoo.penalties import GradientPenalty, NoPenalty
from ganzoo.spec import DataSpec

SPEC = DataSpec({"A": (3, 16, 16), "B": (3, 16, 16)})


def game(loss=None, penalty=None, **settings):
    torch.manual_seed(0)
    networks = {}
    for name in CycleGAN.network_names():
        kind, options = (
            (ResNetGenerator, {"blocks": 1}) if name.startswith("generator") else (PatchDiscriminator, {"layers": 1})
        )
        networks[name] = kind(kind.Config(filters=4, init_gain=0.2, **options).filled(SPEC))
    return CycleGAN(CycleGAN.Config(**settings), networks, SPEC, loss or LeastSquares(), penalty or NoPenalty())


def batch(size=2, seed=1):
    torch.manual_seed(seed)
    return {"A": torch.rand(size, 3, 16, 16) * 2 - 1, "B": torch.rand(size, 3, 16, 16) * 2 - 1}


def play(loop, player, pictures):
    """What the engine does: freeze the other side, backpropagate each term as it comes; returns all terms."""
    own = CycleGAN.players[player]
    for name, network in loop.networks.items():
        network.requires_grad_(name in own)
    seen = {}
    for terms in getattr(loop, player)(pictures):
        assert not seen.keys() & terms.keys()
        sum(terms.values()).backward()
        seen |= {name: term.detach() for name, term in terms.items()}
    return seen


def gradients(loop, player):
    return [parameter.grad for name in CycleGAN.players[player] for parameter in loop.networks[name].parameters()]


def parts(loop):
    return [loop.networks[name] for name in CycleGAN.network_names()]


def test_one_player_trains_both_generators_and_plays_first():
    assert CycleGAN.players == {
        "generator": ["generator_AtoB", "generator_BtoA"],
        "discriminator": ["discriminator_A", "discriminator_B"],
    }
    assert [(turn.player, turn.every) for turn in game().turns()] == [("generator", 1), ("discriminator", 1)]
    assert CycleGAN.publishes == {"AtoB": "generator_AtoB", "BtoA": "generator_BtoA"}


def generator_terms(loop, pictures, weight_A=10.0, weight_B=10.0, identity=0.5):
    g_ab, g_ba, d_a, d_b = parts(loop)
    a, b = pictures["A"], pictures["B"]
    return {
        "adversarial_AtoB": (d_b(g_ab(a)) - 1).square().mean(),
        "adversarial_BtoA": (d_a(g_ba(b)) - 1).square().mean(),
        "cycle_A": weight_A * (g_ba(g_ab(a)) - a).abs().mean(),
        "cycle_B": weight_B * (g_ab(g_ba(b)) - b).abs().mean(),
        "identity_A": weight_A * identity * (g_ba(a) - a).abs().mean(),
        "identity_B": weight_B * identity * (g_ab(b) - b).abs().mean(),
    }


@pytest.mark.parametrize(
    ("settings", "weights"),
    [({}, {}), ({"cycle_weight": 3.0, "cycle_weight_B": 7.0}, {"weight_A": 3.0, "weight_B": 7.0})],
)
def test_the_generators_terms_and_gradients_are_those_of_the_paper_in_one_sum(settings, weights):
    loop, pictures = game(**settings), batch()
    terms = play(loop, "generator", pictures)
    found = [gradient.clone() for gradient in gradients(loop, "generator")]
    loop.zero_grad()
    expected = generator_terms(loop, pictures, **weights)
    sum(expected.values()).backward()
    assert terms.keys() == expected.keys()
    for name, term in expected.items():
        assert torch.allclose(terms[name], term, rtol=1e-5), name
    for here, there in zip(found, gradients(loop, "generator"), strict=True):
        assert torch.allclose(here, there, rtol=1e-4, atol=1e-6)


def test_identity_asks_each_generator_to_leave_pictures_of_its_target_domain():
    loop, pictures = game(), batch()
    term = play(loop, "generator", pictures)["identity_B"]
    with torch.no_grad():
        assert torch.allclose(term, 5.0 * F.l1_loss(loop.networks["generator_AtoB"](pictures["B"]), pictures["B"]))


def test_identity_weight_zero_saves_the_pass():
    loop, calls = game(identity_weight=0.0), []
    loop.networks["generator_AtoB"].register_forward_hook(lambda *_: calls.append(1))
    assert not [name for name in play(loop, "generator", batch()) if name.startswith("identity")]
    assert len(calls) == 2


def test_a_cycle_can_be_measured_by_l2():
    loop, pictures = game(cycle="l2"), batch()
    g_ab, g_ba, _, _ = parts(loop)
    found = play(loop, "generator", pictures)["cycle_A"]
    assert torch.allclose(found, 10 * (g_ba(g_ab(pictures["A"])) - pictures["A"]).square().mean(), rtol=1e-5)


def test_the_discriminators_loss_is_halved_and_reaches_no_generator():
    loop, pictures = game(pool_size=0), batch()
    terms = play(loop, "discriminator", pictures)
    g_ab, g_ba, d_a, d_b = parts(loop)
    for name, d, real, fake in (
        ("adversarial_A", d_a, pictures["A"], g_ba(pictures["B"])),
        ("adversarial_B", d_b, pictures["B"], g_ab(pictures["A"])),
    ):
        assert torch.allclose(terms[name], 0.5 * ((d(real) - 1).square().mean() + d(fake).square().mean()), rtol=1e-5)
    assert all(gradient is None for gradient in gradients(loop, "generator"))
    assert all(gradient is not None for gradient in gradients(loop, "discriminator"))


def test_the_generators_turn_leaves_the_discriminators_gradients_untouched():
    loop = game()
    play(loop, "generator", batch())
    assert all(gradient is None for gradient in gradients(loop, "discriminator"))
    assert all(gradient is not None for gradient in gradients(loop, "generator"))


def test_the_discriminators_see_the_fakes_of_the_generators_turn_made_before_its_step():
    loop, pictures, seen, made = game(pool_size=0), batch(), [], []
    hook = loop.networks["generator_AtoB"].register_forward_hook(
        lambda _module, _inputs, output: made.append(output.detach())
    )
    play(loop, "generator", pictures)
    with torch.no_grad():
        for parameter in loop.networks["generator_AtoB"].parameters():
            parameter.add_(1.0)
    calls = len(made)
    loop.networks["discriminator_B"].register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    play(loop, "discriminator", pictures)
    assert len(made) == calls
    assert any(torch.equal(seen[1], fake) for fake in made)
    assert not seen[1].requires_grad
    hook.remove()


def test_several_portions_of_a_step_each_find_their_own_fakes():
    loop, portions = game(pool_size=0), [batch(seed=seed) for seed in (1, 2, 3)]
    for portion in portions:
        play(loop, "generator", portion)
    expected = [loop.networks["generator_AtoB"](portion["A"]).detach() for portion in portions]
    seen = []
    loop.networks["discriminator_B"].register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    for portion in portions:
        play(loop, "discriminator", portion)
    assert all(torch.equal(fake, shown) for fake, shown in zip(expected, seen[1::2], strict=True))


def test_fakes_that_no_discriminator_asks_for_go_with_their_batch():
    loop, pictures = game(), batch()
    play(loop, "generator", pictures)
    assert len(loop.fakes) == 2
    del pictures
    gc.collect()
    assert len(loop.fakes) == 0


def test_each_domain_has_a_pool_of_its_own_fakes_that_is_checkpointed():
    loop, pictures = game(pool_size=3), batch()
    fake_B = loop.networks["generator_AtoB"](pictures["A"]).detach()
    play(loop, "generator", pictures)
    play(loop, "discriminator", pictures)
    assert torch.allclose(loop.pools["B"].stored[:2], fake_B)
    state = loop.state_dict()
    assert {"pools.A.stored", "pools.B.stored", "pools.A.filled"} <= state.keys()
    assert all(isinstance(value, torch.Tensor) for value in state.values())
    other = game(pool_size=3)
    other.load_state_dict(state)
    assert other.pools["B"].filled == 2


LOSSES = [
    (LeastSquares(), NoPenalty()),
    (NonSaturating(), NoPenalty()),
    (Wasserstein(), GradientPenalty()),
    (Hinge(), NoPenalty()),
    (Relativistic(), NoPenalty()),
]


@pytest.mark.parametrize(("loss", "penalty"), LOSSES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bf16"])
def test_a_few_steps_are_finite_with_every_loss_and_move_their_player_alone(loss, penalty, bf16):
    loop = game(loss, penalty, pool_size=3)
    optimizers = {
        player: torch.optim.Adam([p for name in names for p in loop.networks[name].parameters()], 2e-4, (0.5, 0.999))
        for player, names in CycleGAN.players.items()
    }
    for step in range(3):
        pictures = batch(seed=step)
        for player, optimizer in optimizers.items():
            before = copy.deepcopy(loop.networks.state_dict())
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                terms = play(loop, player, pictures)
            optimizer.step()
            assert all(term.isfinite() and term.dtype == torch.float32 for term in terms.values())
            moved = {
                name.partition(".")[0]
                for name, value in loop.networks.state_dict().items()
                if not torch.equal(value, before[name])
            }
            assert moved == set(CycleGAN.players[player])
    assert ("penalty_A" in terms) == penalty.active


def test_a_penalty_is_halved_with_the_loss_it_belongs_to():
    loop, pictures = game(Wasserstein(), GradientPenalty(), pool_size=0), batch()
    torch.manual_seed(5)
    found = play(loop, "discriminator", pictures)["penalty_A"]
    torch.manual_seed(5)
    _, g_ba, d_a, _ = parts(loop)
    assert torch.allclose(found, 0.5 * GradientPenalty()(d_a, pictures["A"], g_ba(pictures["B"])), rtol=1e-5)


def test_a_relativistic_generator_is_compared_with_the_reals_of_its_target():
    loop, pictures = game(Relativistic()), batch()
    found = play(loop, "generator", pictures)["adversarial_AtoB"]
    g_ab, _, _, d_b = parts(loop)
    assert torch.allclose(found, F.softplus(d_b(pictures["B"]) - d_b(g_ab(pictures["A"]))).mean(), rtol=1e-5)


def test_accuracies_are_shares_of_patches_on_the_right_side_of_the_loss_s_boundary():
    loop, pictures = game(pool_size=0), batch()
    play(loop, "discriminator", pictures)
    _, g_ba, d_a, _ = parts(loop)
    assert loop.reports.keys() == {"accuracy_real_A", "accuracy_fake_A", "accuracy_real_B", "accuracy_fake_B"}
    assert loop.reports["accuracy_real_A"] == (d_a(pictures["A"]) > 0.5).float().mean()
    assert loop.reports["accuracy_fake_A"] == (d_a(g_ba(pictures["B"])) < 0.5).float().mean()


def test_the_preview_shows_both_directions_in_the_usual_order():
    loop, pictures = game(), batch()
    shown = loop.preview(pictures)
    assert list(shown) == ["real A", "fake B", "rec A", "idt A", "real B", "fake A", "rec B", "idt B"]
    g_ab, g_ba, _, _ = parts(loop)
    assert torch.equal(shown["rec A"], g_ba(g_ab(pictures["A"])))
    assert torch.equal(shown["idt A"], g_ba(pictures["A"]))
    assert torch.equal(shown["fake A"], g_ba(pictures["B"]))
    assert not any(image.requires_grad for image in shown.values())


def test_the_meta_device_plays_a_whole_step():
    loop = game(Wasserstein(), GradientPenalty()).to("meta")
    pictures = {key: value.to("meta") for key, value in batch().items()}
    assert all(term.is_meta for player in CycleGAN.players for term in play(loop, player, pictures).values())


def test_data_of_one_domain_is_refused_by_name():
    with pytest.raises(ValueError, match="domains A and B, and the data has image"):
        CycleGAN(CycleGAN.Config(), {}, DataSpec({"image": (3, 16, 16)}), LeastSquares(), NoPenalty())
