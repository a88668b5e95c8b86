import time

import numpy as np
import pytest

from regard.training.loop import order


def test_every_sample_once_in_an_order_of_seed_and_epoch():
    first = order.epoch_order(50, seed=3, epoch=0)
    assert sorted(first) == list(range(50))
    np.testing.assert_array_equal(first, order.epoch_order(50, seed=3, epoch=0))
    for seed, epoch in ((3, 1), (4, 0)):
        assert (first != order.epoch_order(50, seed, epoch)).any()


def test_no_seed_is_no_shuffling():
    assert order.epoch_order(5, None, 2).tolist() == [0, 1, 2, 3, 4]


def test_short_calls_grow_and_long_ones_shrink(monkeypatch):
    clock = iter(np.cumsum([0, 0.01, 0, 0.01, 0, 0.2, 0, 0.5, 0, 0.2]))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    assert list(order.spans(0, 13, 1, 64)) == [(0, 1), (1, 3), (3, 7), (7, 11), (11, 13)]


@pytest.mark.parametrize("steps", [1, 7, 64])
def test_all_steps_once(steps):
    runs = [range(*span) for span in order.spans(0, steps, 1, 8)]
    assert [step for run in runs for step in run] == list(range(steps))
    assert max(map(len, runs)) <= 8
