"""How far an accuracy measured on a finite number of images can be trusted."""


def wilson_interval(correct, total, confidence=0.95):
    """Returns Wilson's score interval for an accuracy.

    Args:
        correct: Number of images classified correctly, 0…total.
        total: Number of images, at least 1.
        confidence: Coverage of the interval, between 0 and 1.

    Returns:
        `(low, high)`, two floats in 0…1.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> low, high = wilson_interval(9052, 10_000)
        >>> f"{low:.4f} {high:.4f}"
        '0.8993 0.9108'
    """
    from scipy.stats import binomtest

    interval = binomtest(int(correct), int(total)).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)
