"""The verdict in words."""

from regard.studies.statistics.equivalence import is_negligible
from regard.studies.statistics.looks import FEWEST_SEEDS
from regard.studies.statistics.needed import MOST_SEEDS

HELPS = "helps"
HURTS = "hurts"
NEGLIGIBLE = "no difference worth {}"
OPEN = "cannot tell yet (needs {})"


def decide(seeds, difference, interval, p, level, worth):
    """Decides what the seeds so far show, if anything.

    The first of these that holds:

    1. fewer than 5 seeds decide nothing;
    2. the interval lies within what is not worth having: `no difference worth …`;
    3. the adjusted p is at most the level: `helps` or `hurts`, as the difference says.

    Args:
        seeds: Number of seeds.
        difference: Mean difference, a fraction.
        interval: Its t interval, `(low, high)`.
        p: Of the t test, two-sided, adjusted for the looks and the number of designs.
        level: Share of studies without a difference that may say there is one.
        worth: Difference that is worth having, a fraction.

    Returns:
        The verdict, or None where nothing is decided.

    Example:
        >>> decide(10, 0.02, (0.01, 0.03), p=0.001, level=0.05, worth=0.005)
        'helps'
        >>> decide(10, 0.001, (-0.001, 0.003), p=0.3, level=0.05, worth=0.005)
        'no difference worth 0.5 points'
    """
    if seeds < FEWEST_SEEDS:
        return None
    if is_negligible(interval, worth):
        return NEGLIGIBLE.format(worth_words(worth))
    if p <= level:
        return HELPS if difference > 0 else HURTS
    return None


def undecided(seeds, needed):
    """Returns the verdict where nothing is decided.

    Args:
        seeds: Number of seeds so far.
        needed: About how many would decide.

    Example:
        >>> undecided(5, needed=12)
        'cannot tell yet (needs about 12 seeds)'
        >>> undecided(2, needed=12)
        'cannot tell yet (needs at least 5 seeds)'
    """
    if seeds < FEWEST_SEEDS:
        return OPEN.format(f"at least {FEWEST_SEEDS} seeds")
    if needed >= MOST_SEEDS:
        return OPEN.format(f"{MOST_SEEDS} seeds or more")
    return OPEN.format(f"about {needed} seeds")


def worth_words(fraction):
    """Writes a difference that is worth having, with all its digits.

    Example:
        >>> worth_words(0.005), worth_words(0.00025), worth_words(0.01)
        ('0.5 points', '0.025 points', '1 point')
    """
    points = f"{100 * fraction:g}"
    return f"{points} point" if points == "1" else f"{points} points"
