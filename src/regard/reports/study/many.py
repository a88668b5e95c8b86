"""Studies of many designs: in what order they stand, and which are shown one by one."""

import dataclasses
from itertools import chain

from regard.reports.study.arms import baseline, compared, designs, family

SHOWN = 6  # designs up to which each has figures of its own


def is_many(results):
    """Whether a study has too many designs to show each by itself."""
    return len(designs(results)) > SHOWN


def by_gain(results, comparisons):
    """Returns the designs and their comparisons with no attention, the largest gain first.

    Args:
        results: A `regard.studies.results.Results`.
        comparisons: Its comparisons.

    Returns:
        A list of `(arm, comparison)`; designs compared on fewer than two seeds are left out.
    """
    none = baseline(results).name
    pairs = [(arm, compared(comparisons, arm.name, none)) for arm in designs(results)]
    pairs = [pair for pair in pairs if pair[1] is not None and pair[1].seeds > 1]
    return sorted(pairs, key=lambda pair: -pair[1].difference)


def leading(results, comparisons):
    """Returns the results of the arms that are shown one by one.

    That is all, or of many designs those of the largest gain, with their controls.
    """
    if not is_many(results):
        return results
    best = [arm for arm, _ in by_gain(results, comparisons)] or designs(results)
    families = [family(results, arm)[1:] for arm in best[:SHOWN]]
    return dataclasses.replace(results, arms=[baseline(results), *chain(*families)])
