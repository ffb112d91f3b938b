import math

import numpy as np
import pytest
import torch

from ganzoo.metrics.distances import (
    density_coverage,
    frechet_distance,
    inception_score,
    kernel_distance,
    precision_recall,
    reverse_kl,
)


def standard(n, d, seed=0):
    """Features whose mean is exactly 0 and whose covariance is exactly the identity."""
    x = torch.randn(n, d, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    x -= x.mean(0)
    return x @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(x.T))).T


def rows(n, d, seed):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def test_frechet_distance_of_two_gaussians_is_its_closed_form():
    """For covariances that commute: |m|^2 + sum (s_x - s_y)^2."""
    turn = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(9)))[0]
    deviations = [torch.tensor(values, dtype=torch.float64) for values in ([1, 2, 3, 0.5, 0], [2, 2, 1, 0.1, 0.3])]
    x, y = (standard(200, 5, seed) * scale @ turn.T for seed, scale in enumerate(deviations))
    shift = torch.tensor([1.0, -2, 0, 0, 3])
    expected = shift.square().sum() + (deviations[0] - deviations[1]).square().sum()
    assert frechet_distance(x, y + shift) == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize("n", [300, 20])
def test_frechet_distance_of_a_set_to_itself_is_0(n):
    """Also with fewer pictures than features, where the covariance has no inverse."""
    x = rows(n, 64, 0) * 3 + 1
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-6)


def test_kernel_distance_is_unbiased():
    near = kernel_distance(rows(3000, 8, 1), rows(3000, 8, 2), subsets=20, size=500)
    far = kernel_distance(rows(3000, 8, 1), rows(3000, 8, 2) + 1, subsets=20, size=500)
    assert abs(near[0]) < 3 * near[1]
    assert far[0] > 1


def test_scores_are_those_of_torch_fidelity():
    fid, kid, prc, isc = (pytest.importorskip(f"torch_fidelity.metric_{name}") for name in ("fid", "kid", "prc", "isc"))
    x, y = rows(400, 32, 1).relu(), (1.1 * rows(350, 32, 2) + 0.2).relu()
    statistics = [fid.fid_features_to_statistics(features.double()) for features in (x, y)]
    theirs = fid.fid_statistics_to_metric(*statistics, verbose=False)
    assert frechet_distance(x, y) == pytest.approx(theirs[fid.KEY_METRIC_FID], abs=1e-6)

    settings = {"kid_subsets": 10, "kid_subset_size": 200, "verbose": False}
    theirs = kid.kid_features_to_metric(x.double(), y.double(), **settings)
    assert kernel_distance(x, y, subsets=10, size=200) == pytest.approx(list(theirs.values()), abs=1e-9)

    theirs = prc.calculate_precision_recall_full(y, x, 3)
    assert precision_recall(x, y) == pytest.approx(theirs, abs=1e-3)

    theirs = isc.isc_features_to_metric(x)
    assert inception_score(x) == pytest.approx(list(theirs.values()), abs=1e-6)


def test_precision_and_recall_tell_a_missing_half_from_bad_pictures():
    left, right = rows(300, 2, 1) * 0.1, rows(300, 2, 2) * 0.1 + 5
    real = torch.cat([left, right])
    half = rows(300, 2, 3) * 0.1
    precision, recall = precision_recall(real, half)
    assert precision > 0.9
    assert recall == pytest.approx(0.5, abs=0.05)
    precision, recall = precision_recall(real, torch.cat([real + 1e-3, real + 100]))
    assert precision == pytest.approx(0.5)
    assert recall == 1.0


def test_density_counts_balls_and_coverage_their_owners():
    real = torch.cat([rows(200, 2, 1) * 0.1, torch.tensor([[50.0, 50.0]])])
    density, coverage = density_coverage(real, rows(201, 2, 2) * 0.1)
    assert 0.7 < density < 1.3
    assert coverage > 0.9
    far = torch.full((100, 2), 25.0)  # inside the outlier's huge ball, and in no other
    assert density_coverage(real, far) == pytest.approx((1 / 5, 1 / 201))


def test_inception_score_is_the_number_of_classes_when_pictures_are_clear_and_varied():
    clear = torch.eye(4).repeat(250, 1) * 100
    assert inception_score(clear, splits=1) == pytest.approx((4, 0), abs=1e-6)
    assert inception_score(clear[:1].repeat(100, 1))[0] == pytest.approx(1)
    assert inception_score(torch.zeros(100, 4))[0] == pytest.approx(1)


def test_reverse_kl_to_uniform():
    assert reverse_kl(torch.full((1000,), 3)) == pytest.approx(0)
    assert reverse_kl(torch.tensor([7, 0, 0, 0])) == pytest.approx(math.log(4))
    share = np.array([0.5, 0.25, 0.25])
    assert reverse_kl(torch.tensor([2, 1, 1])) == pytest.approx(float((share * np.log(3 * share)).sum()))
