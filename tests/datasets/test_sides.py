import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.datasets.sides import sides_of
from regard.errors import DataError

PARTS = (0.1, 0.2)


def names(count, start=0):
    return [f"photo {n}" for n in range(start, start + count)]


def sides(keys, labels=None):
    labels = [0] * len(keys) if labels is None else labels
    return sides_of(keys, labels, ["cat", "dog", "emu"], *PARTS)


def test_the_parts_are_about_those_asked_for():
    share = np.bincount(sides(names(5000))) / 5000
    np.testing.assert_allclose(share, (0.7, 0.1, 0.2), atol=0.02)


@given(st.integers(50, 200), st.integers(0, 300))
def test_a_photo_stays_on_its_side_when_others_are_added(count, more):
    before = sides(names(count))
    if len(set(before[: count - 1].tolist())) == 3 and np.bincount(before).min() > 1:
        after = sides(names(count) + names(more, count))
        assert after[:count].tolist() == before.tolist()


@given(st.lists(st.integers(0, 40), max_size=60))
def test_every_class_is_on_every_side_and_a_copy_with_its_original(contents):
    keys = [f"content {content}" for content in contents]
    labels = [content % 3 for content in contents]
    different = [
        len({k for k, own in zip(keys, labels, strict=True) if own == n}) for n in range(3)
    ]
    if any(0 < count < 3 for count in different):
        with pytest.raises(DataError, match=r"has [12] different photos"):
            sides(keys, labels)
        return
    found = sides(keys, labels)
    assert all(len({s for s, k in zip(found, keys, strict=True) if k == key}) == 1 for key in keys)
    for label in set(labels):
        assert len({s for s, own in zip(found, labels, strict=True) if own == label}) == 3


def test_the_order_of_the_photos_does_not_matter():
    keys = names(40)
    assert sides(keys[::-1]).tolist() == sides(keys)[::-1].tolist()
