import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.datasets.sides import joined, sides_of
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


def test_without_a_test_part_there_are_two_sides():
    share = np.bincount(sides_of(names(5000), [0] * 5000, ["cat"], 0.1, 0.0)) / 5000
    np.testing.assert_allclose(share, (0.9, 0.1), atol=0.02)
    with pytest.raises(DataError, match=r"has 1 different .* at least 2, to train and validate on"):
        sides_of(["a"], [0], ["cat"], 0.1, 0.0)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), max_size=60))
def test_keys_of_several_classes(photos):
    """No class misses on a side, or the error says which."""
    keys, labels = [f"group {key}" for key, _ in photos], [label for _, label in photos]
    try:
        found = sides(keys, labels)
    except DataError as error:
        assert "Class " in str(error)
        return
    assert all(len({s for s, k in zip(found, keys, strict=True) if k == key}) == 1 for key in keys)
    for label in set(labels):
        assert len({s for s, own in zip(found, labels, strict=True) if own == label}) == 3


def test_classes_that_need_the_same_keys():
    """Both dog and emu need what cat leaves: no assignment of the three keys suits all."""
    keys = ["a", "b", "c", "a", "b", "d", "c", "d", "e"]
    with pytest.raises(DataError, match=r"Class emu has nothing to .* on: none of its 3 different"):
        sides(keys, [0, 0, 0, 1, 1, 1, 2, 2, 2])


CONTENTS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 20)), max_size=40)


def keys_of(photos):
    return joined([f"group {g}" for g, _ in photos], [str(content) for _, content in photos])


@given(CONTENTS)
def test_photos_of_a_group_or_with_a_content_have_one_key(photos):
    keys = keys_of(photos)
    for part in (0, 1):
        pairs = {(photo[part], key) for photo, key in zip(photos, keys, strict=True)}
        assert len(pairs) == len({photo[part] for photo in photos})
    own = {f"group {group}" for group, _ in photos}
    assert set(keys) <= own
    assert all(key <= f"group {g}" for key, (g, _) in zip(keys, photos, strict=True))


@given(st.lists(st.integers(0, 12), max_size=40), st.lists(st.integers(0, 20), max_size=40))
def test_groups_keep_their_names_when_photos_are_added_that_join_none(groups, more):
    photos = [(group, f"own {n}") for n, group in enumerate(groups)]
    others = [(group, f"other {n}") for n, group in enumerate(more)]
    assert keys_of(photos + others) == [f"group {group}" for group, _ in photos + others]


def test_a_long_chain_of_joined_groups_is_one_group():
    count = 3000
    groups = [f"{count - n // 2:05}" for n in range(2 * count)]
    contents = [str((n + 1) // 2) for n in range(2 * count)]
    assert set(joined(groups, contents)) == {min(groups)}


def natural(key):
    """The side of a group that no class needs elsewhere."""
    return int(sides([key, *names(60)])[0])


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2)), min_size=20, max_size=80),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 2)), max_size=40),
)
def test_a_group_stays_on_its_side_when_photos_and_groups_are_added(photos, more):
    """Also in the midst of several classes, unless a class would miss on a side."""
    covered = {(label, natural(f"group {group}")) for group, label in photos}
    if len(covered) < 9:
        return
    keys = [f"group {group}" for group, _ in photos + more]
    labels = [label for _, label in photos + more]
    after = sides(keys, labels)
    assert after.tolist() == [natural(key) for key in keys]
    assert (
        after[: len(photos)].tolist() == sides(keys[: len(photos)], labels[: len(photos)]).tolist()
    )
