import pytest

from regard.studies.statistics import decide, undecided

CLEAR, OPEN_, SMALL = (0.01, 0.03), (-0.01, 0.03), (-0.002, 0.003)


@pytest.mark.parametrize(
    ("seeds", "difference", "interval", "p", "expected"),
    [
        (5, 0.02, CLEAR, 0.01, "helps"),
        (5, 0.02, CLEAR, 0.05, "helps"),
        (5, -0.02, (-0.03, -0.01), 0.01, "hurts"),
        (5, 0.02, CLEAR, 0.051, None),
        (5, 0.01, OPEN_, 0.3, None),
        (5, 0.001, SMALL, 0.5, "no difference worth 0.5 points"),
        (5, 0.002, (0.001, 0.003), 0.001, "no difference worth 0.5 points"),
        (4, 0.02, CLEAR, 0.0001, None),
        (4, 0.001, SMALL, 0.5, None),
        (0, float("nan"), (-1, 1), 1.0, None),
    ],
)
def test_rule(seeds, difference, interval, p, expected):
    assert decide(seeds, difference, interval, p, level=0.05, worth=0.005) == expected


@pytest.mark.parametrize(
    ("worth", "words"),
    [
        (0.01, "1 point"),
        (0.007, "0.7 points"),
        (0.0025, "0.25 points"),
        (0.02, "2 points"),
        (1 / 300, "0.333333 points"),
    ],
)
def test_worth_is_said_in_points(worth, words):
    said = decide(9, 0.0, (-1e-4, 1e-4), 1.0, level=0.05, worth=worth)
    assert said == f"no difference worth {words}"


def test_what_is_needed():
    assert undecided(5, 12) == "cannot tell yet (needs about 12 seeds)"
    assert undecided(4, 12) == "cannot tell yet (needs at least 5 seeds)"
    assert undecided(9, 1000) == "cannot tell yet (needs 1000 seeds or more)"
