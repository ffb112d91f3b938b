"""Points in the plane."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganzoo.data.loader import Loader
from ganzoo.data.points import Grid, Ring
from ganzoo.spec import DataSpec
from ganzoo.testing import check_data

KINDS = pytest.mark.parametrize(("kind", "count"), [(Ring, 8), (Grid, 25)])


def made(kind, **settings):
    data = kind(kind.Config(**settings))
    data.prepare()
    return data


def all_of(data):
    return data.batch(range(len(data)), np.random.default_rng(0))["image"]


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_contract_is_kept(name):
    check_data(name)
    check_data(name, std=0.03, count=3, test_count=1)


@KINDS
def test_points_lie_equally_around_every_mode_as_far_as_was_said(kind, count):
    data = made(kind)
    points, modes = all_of(data), torch.from_numpy(data.modes)
    assert modes.shape == (count, 2)
    distance, nearest = torch.cdist(points, modes).min(dim=1)
    assert torch.bincount(nearest, minlength=count).tolist() == [10_000 // count] * count
    assert float((points - modes[nearest]).std()) == pytest.approx(data.std, rel=0.02)
    assert float((distance < 3 * data.std).float().mean()) == pytest.approx(1 - np.exp(-4.5), abs=0.004)


def test_modes_lie_as_published():
    ring = Ring.modes
    assert np.allclose(np.linalg.norm(ring, axis=1), 0.8)
    assert made(Ring).std == pytest.approx(0.02 * 0.4)
    assert np.allclose(np.unique(Grid.modes.round(5)), [-0.8, -0.4, 0.0, 0.4, 0.8])
    assert made(Grid).std == pytest.approx(0.05 * 0.2)


@KINDS
def test_test_points_are_other_draws(kind, count):
    data = made(kind)
    test = data.test()
    test.prepare()
    assert len(test) == 2500
    assert not set(map(tuple, all_of(data).tolist())) & set(map(tuple, all_of(test).tolist()))


def test_seed_and_settings_show_in_the_points_and_in_the_fingerprint():
    assert torch.equal(all_of(made(Ring)), all_of(made(Ring)))
    assert not torch.equal(all_of(made(Ring)), all_of(made(Ring, seed=1)))
    prints = [made(Ring), made(Ring, seed=1), made(Ring, std=0.02), made(Grid), made(Grid, std=0.008)]
    assert len({data.fingerprint() for data in prints}) == 5


def test_the_loader_hands_them_out():
    with Loader(made(Grid), batch_size=64, seed=0) as loader:
        batch = next(loader)
    assert list(batch) == ["image"]
    assert (batch["image"].shape, batch["image"].dtype) == ((64, 2), torch.float32)


def test_a_spec_of_points_has_two_channels_and_no_size():
    assert (made(Grid).spec.channels, made(Grid).spec.size) == (2, 0)
    assert DataSpec({"image": (3, 20, 30)}).size == 20
