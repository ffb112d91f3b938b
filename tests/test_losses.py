"""Each loss against its formula, written out by hand in float64."""

import math

import pytest
import torch

from ganzoo.losses import Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein

REAL, FAKE = [2.0, -0.5, 0.3], [-1.5, 0.7, 0.1]


def logits(values):
    return torch.tensor(values, dtype=torch.float64)


def mean(function, *lists):
    return sum(map(function, *lists)) / len(lists[0])


def log_d(logit):
    return math.log(1 / (1 + math.exp(-logit)))


def softplus(value):
    return math.log(1 + math.exp(value))


def discriminator(loss):
    return loss.discriminator(logits(REAL), logits(FAKE)).item()


def generator(loss):
    return loss.generator(logits(FAKE), logits(REAL)).item()


def test_non_saturating_is_cross_entropy_and_the_generator_maximises_log_d():
    loss = NonSaturating()
    assert discriminator(loss) == pytest.approx(-mean(log_d, REAL) - mean(lambda f: log_d(-f), FAKE), rel=1e-6)
    assert generator(loss) == pytest.approx(-mean(log_d, FAKE), rel=1e-6)


def test_label_smoothing_is_one_sided_on_reals_and_off_by_default():
    loss = NonSaturating(NonSaturating.Config(label_smoothing=0.1))
    on_real = mean(lambda r: -0.9 * log_d(r) - 0.1 * log_d(-r), REAL)
    assert discriminator(loss) == pytest.approx(on_real - mean(lambda f: log_d(-f), FAKE), rel=1e-6)
    assert generator(loss) == generator(NonSaturating())
    assert NonSaturating.Config().label_smoothing == 0


def test_minimax_generator_minimises_log_one_minus_d():
    assert generator(Minimax()) == pytest.approx(mean(lambda f: log_d(-f), FAKE), rel=1e-6)
    assert discriminator(Minimax()) == discriminator(NonSaturating())


def test_least_squares_with_the_labels_of_the_official_cyclegan():
    assert discriminator(LeastSquares()) == pytest.approx(
        mean(lambda r: (r - 1) ** 2, REAL) + mean(lambda f: f**2, FAKE)
    )
    assert generator(LeastSquares()) == pytest.approx(mean(lambda f: (f - 1) ** 2, FAKE))


def test_least_squares_takes_the_paper_s_halves_and_its_other_labels():
    loss = LeastSquares(LeastSquares.Config(fake=-1.0, real=1.0, believe=0.0, factor=0.5))
    expected = 0.5 * mean(lambda r: (r - 1) ** 2, REAL) + 0.5 * mean(lambda f: (f + 1) ** 2, FAKE)
    assert discriminator(loss) == pytest.approx(expected)
    assert generator(loss) == pytest.approx(0.5 * mean(lambda f: f**2, FAKE))


def test_wasserstein_is_the_difference_of_means():
    assert discriminator(Wasserstein()) == pytest.approx(sum(FAKE) / 3 - sum(REAL) / 3)
    assert generator(Wasserstein()) == pytest.approx(-sum(FAKE) / 3)


def test_hinge_stops_beyond_the_margin():
    expected = mean(lambda r: max(0, 1 - r), REAL) + mean(lambda f: max(0, 1 + f), FAKE)
    assert discriminator(Hinge()) == pytest.approx(expected)
    assert generator(Hinge()) == pytest.approx(-sum(FAKE) / 3)


def test_relativistic_compares_same_index_pairs():
    assert discriminator(Relativistic()) == pytest.approx(mean(lambda r, f: softplus(f - r), REAL, FAKE), rel=1e-6)
    assert generator(Relativistic()) == pytest.approx(mean(lambda r, f: softplus(r - f), REAL, FAKE), rel=1e-6)
    with pytest.raises(ValueError, match="real logits"):
        Relativistic().generator(logits(FAKE))


EVERY = [NonSaturating, Minimax, LeastSquares, Wasserstein, Hinge, Relativistic]


@pytest.mark.parametrize("kind", EVERY)
def test_only_the_relativistic_generator_needs_reals(kind):
    assert kind.needs_real == (kind is Relativistic)
    if not kind.needs_real:
        assert kind().generator(logits(FAKE)) == kind().generator(logits(FAKE), logits(REAL))


@pytest.mark.parametrize("kind", EVERY)
def test_a_map_of_patches_counts_as_so_many_logits_in_float32(kind):
    real, fake = torch.randn(2, 1, 3, 3).bfloat16(), torch.randn(2, 1, 3, 3).bfloat16()
    loss = kind()
    for of_map, flat in (
        (loss.discriminator(real, fake), loss.discriminator(real.flatten(), fake.flatten())),
        (loss.generator(fake, real), loss.generator(fake.flatten(), real.flatten())),
    ):
        assert of_map.dtype == torch.float32
        assert of_map.shape == ()
        assert torch.allclose(of_map, flat)


@pytest.mark.parametrize("kind", EVERY)
def test_huge_logits_stay_finite(kind):
    real, fake = torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4])
    assert kind().discriminator(real, fake).isfinite()
    assert kind().generator(fake, real).isfinite()


@pytest.mark.parametrize("kind", EVERY)
def test_each_side_s_gradient_pulls_the_logits_its_way(kind):
    real, fake = torch.zeros(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    up, down = torch.autograd.grad(kind().discriminator(real, fake + 0.1), [real, fake])
    assert (up < 0).all()
    assert (down > 0).all()
    (wanted,) = torch.autograd.grad(kind().generator(fake, real.detach()), fake)
    assert (wanted < 0).all()


def test_the_boundary_lies_between_the_labels():
    assert [kind().boundary for kind in EVERY] == [0.0, 0.0, 0.5, 0.0, 0.0, 0.0]
    assert LeastSquares(LeastSquares.Config(fake=-1.0)).boundary == 0.0
