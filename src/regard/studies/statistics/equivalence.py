"""Whether a difference is shown to be too small to matter."""


def is_negligible(interval, worth):
    """Returns whether all of an interval is closer to 0 than what is worth having.

    Of the t interval at a level that is two one-sided t tests (Schuirmann, 1987), each at half
    that level: of a difference that is worth having, this says so at most in that share of
    studies.

    Args:
        interval: `(low, high)` of the difference.
        worth: Difference that is worth having, at least 0.

    Example:
        >>> is_negligible((-0.001, 0.004), worth=0.005)
        True
        >>> is_negligible((-0.001, 0.005), worth=0.005)
        False
    """
    low, high = interval
    return bool(-worth < low and high < worth)
