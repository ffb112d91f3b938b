import numpy as np
import torch

from ganzoo.data.seasons import Seasons, SeasonsConfig


def made(split="train", **settings):
    data = Seasons(SeasonsConfig(**{"size": 16, "count": 6, "test_count": 2} | settings), split)
    data.prepare()
    return data


def rng():
    return np.random.default_rng(0)


def test_no_scene_is_in_both_domains_unless_pairs_are_asked_for():
    apart, together, summers = (
        made(paired=paired, flip=False).batch(range(6), rng()) for paired in (False, True, False)
    )
    assert torch.equal(apart["A"], together["A"])
    assert torch.equal(apart["A"], summers["A"])
    assert not any(torch.equal(winter, pair) for winter in apart["B"] for pair in together["B"])


def test_a_pair_is_mirrored_together_or_not_at_all():
    plain, mirrored = made(paired=True, flip=False).batch(range(6), rng()), made(paired=True).batch(range(6), rng())
    flipped = []
    for index in range(6):
        a, b = (mirrored[key][index] for key in ("A", "B"))
        flipped.append(torch.equal(a, plain["A"][index].flip(-1)))
        assert torch.equal(b, plain["B"][index].flip(-1) if flipped[-1] else plain["B"][index])
    assert 0 < sum(flipped) < 6


def test_unpaired_domains_are_mirrored_independently():
    plain, mirrored = made(flip=False).batch(range(6), rng()), made().batch(range(6), rng())
    flipped = {
        key: [not torch.equal(*pictures) for pictures in zip(plain[key], mirrored[key], strict=True)] for key in "AB"
    }
    assert flipped["A"] != flipped["B"]


def test_the_test_split_has_pairs_of_scenes_never_trained_on():
    test = made(paired=True).test()
    test.prepare()
    batch, trained = test.batch([0, 1], rng()), made(paired=True, flip=False).batch(range(6), rng())
    assert test.paired
    assert len(test) == 2
    assert not any(torch.equal(picture, other) for picture in batch["A"] for other in trained["A"])
    assert torch.equal(batch["A"], test.batch([0, 1], np.random.default_rng(5))["A"])


def test_pairs_have_another_fingerprint():
    assert made().fingerprint() != made(paired=True).fingerprint()
