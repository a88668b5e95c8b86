import pytest

from regard.evaluation import wilson_interval


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(correct, total, low, high):
    """Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3."""
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=5e-5)


def test_higher_confidence_is_wider():
    low, high = wilson_interval(90, 100)
    wider_low, wider_high = wilson_interval(90, 100, confidence=0.99)
    assert wider_low < low < 0.9 < high < wider_high


@pytest.mark.parametrize(("correct", "total"), [(2, 1), (0, 0)])
def test_impossible_counts(correct, total):
    with pytest.raises(ValueError):
        wilson_interval(correct, total)
