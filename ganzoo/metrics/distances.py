"""Distances between two sets of features, and what else is told of them: pure functions.

Features are (N, D), one row a picture; computed in float64 on the CPU. Their conventions are torch-fidelity's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

_ROWS = 1024  # of a matrix of distances at a time


def frechet_distance(x: Tensor, y: Tensor) -> float:
    """Fréchet distance of two Gaussians fitted to features (arXiv:1706.08500, equation 6); 0 for equal sets.

    |m_x - m_y|^2 + tr(S_x + S_y - 2 (S_x S_y)^(1/2)), covariances with N - 1 in the denominator. The trace of the root
    is the sum of the singular values of S_x^(1/2) S_y^(1/2), the roots taken of eigenvalues: no root of a matrix that
    is not symmetric is needed.
    """
    x, y = _whole(x), _whole(y)
    covariances = [torch.cov(features.T).reshape(features.shape[1], -1) for features in (x, y)]
    shift = (x.mean(0) - y.mean(0)).square().sum()
    root = torch.linalg.svdvals(_root(covariances[0]) @ _root(covariances[1])).sum()
    return float(shift + covariances[0].trace() + covariances[1].trace() - 2 * root)


def kernel_distance(
    x: Tensor, y: Tensor, *, subsets: int = 100, size: int = 1000, seed: int = 2020
) -> tuple[float, float]:
    """Kernel distance: mean and standard deviation over subsets of the unbiased MMD^2 (arXiv:1801.01401, section 4).

    The kernel is (x.y / D + 1)^3. Subsets have ``size`` members, or as many as the smaller set has.
    """
    x, y = _whole(x), _whole(y)
    size = min(size, len(x), len(y))
    rng = np.random.RandomState(seed)
    found = torch.stack(
        [
            _mmd2(x[rng.choice(len(x), size, replace=False)], y[rng.choice(len(y), size, replace=False)])
            for _ in range(subsets)
        ]
    )
    return float(found.mean()), float(found.std(correction=0))


def precision_recall(real: Tensor, fake: Tensor, k: int = 3) -> tuple[float, float]:
    """Improved precision and recall (arXiv:1904.06991, equation 1).

    Precision is the share of fakes inside the ball of a real picture, whose radius is the distance to its ``k``-th
    neighbour among the real ones; recall is the same with real and fake exchanged.
    """
    return _share_inside(fake, real, k), _share_inside(real, fake, k)


def density_coverage(real: Tensor, fake: Tensor, k: int = 5) -> tuple[float, float]:
    """Density and coverage (arXiv:2002.09797, equations 5 and 6).

    Density counts the real pictures' balls that a fake lies in, over ``k``; coverage is the share of real pictures
    whose ball holds a fake.
    """
    real, fake = _whole(real), _whole(fake)
    radii = _radii(real, k)
    inside = torch.zeros((), dtype=torch.float64)
    nearest = torch.full((len(real),), torch.inf, dtype=torch.float64)
    for distances in _distances(fake, real):
        inside += (distances < radii).sum()
        nearest = torch.minimum(nearest, distances.amin(0))
    return float(inside / (k * len(fake))), float((nearest < radii).double().mean())


def inception_score(logits: Tensor, splits: int = 10, seed: int = 2020) -> tuple[float, float]:
    """Inception score (arXiv:1606.03498, section 4): mean and standard deviation over ``splits`` of a shuffled set.

    exp(E[KL(p(y|x) || p(y))]) of logits (N, classes).
    """
    logits = _whole(logits)[np.random.RandomState(seed).permutation(len(logits))]
    scores = []
    for part in logits.log_softmax(1).tensor_split([len(logits) * i // splits for i in range(1, splits)]):
        marginal = part.exp().mean(0, keepdim=True).log()
        scores.append((part.exp() * (part - marginal)).sum(1).mean().exp())
    found = torch.stack(scores)
    return float(found.mean()), float(found.std(correction=0))


def reverse_kl(counts: Tensor) -> float:
    """KL(fakes || uniform) in nats, of how many fakes fell on each mode (modes,): at most the log of their number."""
    share = counts.double() / counts.sum()
    return float((share[share > 0] * (share[share > 0] * len(counts)).log()).sum())


def _whole(features: Tensor) -> Tensor:
    return features.detach().cpu().double()


def _root(covariance: Tensor) -> Tensor:
    """The symmetric root of a positive semi-definite matrix."""
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


def _mmd2(x: Tensor, y: Tensor) -> Tensor:
    within = [_kernel(features, features) for features in (x, y)]
    apart = sum((kernel.sum() - kernel.trace()) / (len(kernel) * (len(kernel) - 1)) for kernel in within)
    found: Tensor = apart - 2 * _kernel(x, y).mean()
    return found


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.T / x.shape[1] + 1) ** 3


def _share_inside(points: Tensor, centres: Tensor, k: int) -> float:
    points, centres = _whole(points), _whole(centres)
    radii = _radii(centres, k)
    return float(torch.cat([(distances <= radii).any(1) for distances in _distances(points, centres)]).double().mean())


def _radii(features: Tensor, k: int) -> Tensor:
    """The distance of each row to its ``k``-th neighbour, itself not counted; or to the farthest there is."""
    k = min(k, len(features) - 1)
    return torch.cat([distances.kthvalue(k + 1, dim=1).values for distances in _distances(features, features)])


def _distances(x: Tensor, y: Tensor) -> Iterator[Tensor]:
    """The matrix of Euclidean distances, some rows of ``x`` at a time."""
    for start in range(0, len(x), _ROWS):
        yield torch.cdist(x[start : start + _ROWS], y)
