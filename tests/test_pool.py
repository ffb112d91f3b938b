import pytest
import torch
from safetensors.torch import load, save

from ganzoo.pool import ImagePool


def numbered(*numbers):
    """A picture full of its own number, each."""
    return torch.stack([torch.full((1, 2, 2), float(number)) for number in numbers])


def values(images):
    return images[:, 0, 0, 0].tolist()


def test_it_fills_first_and_returns_what_it_is_given():
    pool = ImagePool(3, (1, 2, 2))
    assert values(pool.query(numbered(1, 2))) == [1, 2]
    assert values(pool.query(numbered(3))) == [3]
    assert values(pool.stored) == [1, 2, 3]


def test_then_half_of_the_pictures_are_swapped_each_by_itself():
    torch.manual_seed(0)
    pool = ImagePool(50, (1, 2, 2))
    pool.query(numbered(*range(50)))
    shown = [values(pool.query(numbered(*range(start, start + 4)))) for start in range(100, 2100, 4)]
    old = [
        value != start
        for row, first in zip(shown, range(100, 2100, 4), strict=True)
        for value, start in zip(row, range(first, first + 4), strict=True)
    ]
    assert 0.45 < sum(old) / len(old) < 0.55
    # Per picture, not per batch: most batches of four hold both kinds.
    mixed = [0 < sum(old[start : start + 4]) < 4 for start in range(0, len(old), 4)]
    assert 0.8 < sum(mixed) / len(mixed) < 0.95


def test_nothing_is_lost_or_doubled_by_swaps():
    torch.manual_seed(1)
    pool = ImagePool(5, (1, 2, 2))
    pool.query(numbered(*range(5)))
    returned = values(pool.query(numbered(*range(5, 105))))
    assert sorted(returned + values(pool.stored)) == list(range(105))


def test_what_it_returns_is_detached_and_stays_when_the_pool_moves_on():
    torch.manual_seed(0)
    pool = ImagePool(1, (1, 2, 2))
    images = numbered(1).requires_grad_()
    first = pool.query(images)
    assert not first.requires_grad
    kept = first.clone()
    for number in range(2, 20):
        shown = pool.query(numbered(number))
        before = shown.clone()
        pool.query(numbered(-number))
        assert torch.equal(shown, before)
    assert torch.equal(first, kept)


def test_the_input_is_left_as_it_was():
    torch.manual_seed(0)
    pool = ImagePool(2, (1, 2, 2))
    for start in range(0, 40, 4):
        images = numbered(*range(start, start + 4))
        pool.query(images)
        assert values(images) == list(range(start, start + 4))


def test_size_zero_hands_back_the_input():
    pool, images = ImagePool(0, (1, 2, 2)), numbered(1, 2).requires_grad_()
    assert torch.equal(pool.query(images), images)
    assert not pool.query(images).requires_grad


@pytest.mark.parametrize("size", [0, 4])
def test_it_goes_on_as_if_it_had_not_been_saved(size):
    torch.manual_seed(0)
    pool = ImagePool(size, (1, 2, 2))
    pool.query(numbered(1, 2, 3))
    other = ImagePool(size, (1, 2, 2))
    other.load_state_dict(load(save(pool.state_dict())))
    shown = []
    for going_on in (pool, other):
        torch.manual_seed(7)
        shown.append(torch.cat([going_on.query(numbered(number, number + 1)) for number in range(10, 30)]))
    assert torch.equal(*shown)
    assert torch.equal(pool.stored, other.stored)


def test_bf16_pictures_come_back_in_bf16():
    torch.manual_seed(0)
    pool = ImagePool(2, (1, 2, 2))
    for number in range(10):
        assert pool.query(numbered(number).bfloat16()).dtype == torch.bfloat16
    assert pool.stored.dtype == torch.float32


def test_the_default_device_does_not_reach_the_choices():
    pool = ImagePool(1, (1, 2, 2)).to("meta")
    with torch.device("meta"):
        for _ in range(4):
            assert pool.query(torch.empty(1, 1, 2, 2)).is_meta
