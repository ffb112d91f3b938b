import torch
from torch import nn

from ganzoo.losses import LeastSquares
from ganzoo.penalties import R1, NoPenalty
from ganzoo.spec import DataSpec
from ganzoo.translation import TranslationLoop

SPEC = DataSpec({"A": (3, 8, 8), "B": (3, 8, 8)})


class Halved(TranslationLoop):
    discriminator_weight = 0.5


def game(kind=TranslationLoop, penalty=None):
    torch.manual_seed(0)
    networks = {name: nn.Conv2d(3, 3 if "to" in name else 1, 3, padding=1) for name in kind.network_names()}
    return kind(kind.Config(), networks, SPEC, LeastSquares(), penalty or NoPenalty())


def batch():
    torch.manual_seed(1)
    return {"A": torch.randn(2, 3, 8, 8), "B": torch.randn(2, 3, 8, 8)}


def test_each_discriminator_tells_its_domain_from_what_is_translated_into_it():
    loop, pictures = game(), batch()
    terms = [term for terms in loop.discriminator(pictures) for term in terms.items()]
    d_b, fake = loop.networks["discriminator_B"], loop.networks["generator_AtoB"](pictures["A"])
    expected = (d_b(pictures["B"]) - 1).square().mean() + d_b(fake).square().mean()
    assert [name for name, _ in terms] == ["adversarial_A", "adversarial_B"]
    assert torch.allclose(terms[1][1], expected)
    assert not loop.shown("B", pictures).requires_grad


def test_a_weight_goes_for_the_loss_and_its_penalty():
    whole = {name: term for terms in game(penalty=R1()).discriminator(batch()) for name, term in terms.items()}
    half = {name: term for terms in game(Halved, R1()).discriminator(batch()) for name, term in terms.items()}
    assert whole.keys() == {"adversarial_A", "penalty_A", "adversarial_B", "penalty_B"}
    assert all(torch.allclose(0.5 * whole[name], term) for name, term in half.items())


def test_the_preview_goes_there_and_back():
    shown = game().preview(batch())
    assert list(shown) == ["real A", "fake B", "rec A", "real B", "fake A", "rec B"]
    assert torch.equal(shown["rec A"], game().translate("BtoA", shown["fake B"]))
