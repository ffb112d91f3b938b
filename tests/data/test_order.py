"""Which samples a batch has."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ganzoo.data.order import Dealt, Shuffled

BLOCKS = [7, 0, 12, 5, 9, 1, 10, 16]  # 60 samples


def dealt(rank=0, world=1, *, batch_size=2, lanes=1, window=8, blocks=BLOCKS, seed=0):
    return Dealt(blocks, batch_size, seed, rank, world, lanes=lanes, window=window)


def epoch(order, number=0):
    return [order.indices(number * order.batches + place) for place in range(order.batches)]


def joined(batches):
    return list(itertools.chain.from_iterable(batches))


def block_of(index):
    return int(np.searchsorted(np.cumsum(BLOCKS), index, side="right"))


@pytest.mark.parametrize(("world", "lanes", "batch_size"), [(1, 1, 2), (1, 3, 4), (2, 1, 3), (2, 2, 5), (3, 4, 1)])
def test_every_sample_is_dealt_once_in_an_epoch(world, lanes, batch_size):
    for number in (0, 1):
        ranks = [dealt(rank, world, lanes=lanes, batch_size=batch_size) for rank in range(world)]
        seen = joined(joined(epoch(order, number)) for order in ranks)
        assert len(set(seen)) == len(seen) == 60 // (world * batch_size) * world * batch_size
        assert set(seen) <= set(range(60))


def test_the_last_incomplete_batch_is_another_in_each_epoch():
    order = dealt(batch_size=7)
    left = [set(range(60)) - set(joined(epoch(order, number))) for number in range(4)]
    assert all(len(samples) == 4 for samples in left)
    assert len(set(map(frozenset, left))) > 1


def test_a_block_is_read_by_one_lane_but_where_a_cut_goes_through():
    readers = {}
    for rank in (0, 1):
        for place, batch in enumerate(epoch(dealt(rank, 2, lanes=3, blocks=[10] * 30, batch_size=5))):
            for index in batch:
                readers.setdefault(index // 10, set()).add((rank, place % 3))
    assert sum(len(lanes) > 1 for lanes in readers.values()) <= 5
    assert len({lane for lanes in readers.values() for lane in lanes}) == 6


def test_the_order_depends_on_seed_epoch_and_number_alone():
    order = dealt(lanes=2)
    one, two = epoch(order, 0), epoch(order, 1)
    assert one != two
    assert epoch(dealt(lanes=2, seed=1), 0) != one
    assert [dealt(lanes=2).indices(k) for k in (33, 3, 30)] == [two[3], one[3], two[0]]


def test_a_window_needs_few_blocks_at_a_time_and_mixes_them():
    blocks, window = [10] * 100, 40
    line = joined(epoch(dealt(blocks=blocks, batch_size=10, window=window)))
    first, last = {}, {}
    for place, index in enumerate(line):
        first.setdefault(index // 10, place)
        last[index // 10] = place
    assert max(last[block] - first[block] for block in first) <= 2 * window + 10
    together = [len({index // 10 for index in line[start : start + 10]}) for start in range(50, 900, 10)]
    assert min(together) >= 3


def test_without_a_window_the_blocks_go_by_in_order():
    line = joined(epoch(dealt(window=0)))
    assert [block for block, _ in itertools.groupby(map(block_of, line))] != sorted(set(map(block_of, line)))
    assert len(list(itertools.groupby(map(block_of, line)))) == len(set(map(block_of, line)))


def test_shuffled_processes_share_one_batch():
    alone = Shuffled(12, 4, 0, 0, 1)
    ranks = [Shuffled(12, 2, 0, rank, 2) for rank in (0, 1)]
    for k in range(6):
        assert joined(order.indices(k)[order.share] for order in ranks) == alone.indices(k)
