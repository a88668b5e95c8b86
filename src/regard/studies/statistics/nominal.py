"""Levels of t tests at several looks, that together raise no more false alarms than one."""

from functools import lru_cache

import numpy as np
from numpy.polynomial import Chebyshev
from scipy.optimize import brentq
from scipy.special import beta
from scipy.stats import t

from regard.studies.statistics.spending import spent

_NEXT_TO_NONE = 1e-11
_LEAST = 1e-300
_RIGHT_ANGLE = np.pi / 2


@lru_cache(maxsize=1000)
def nominal_levels(numbers, planned, level):
    """Returns the level of the t test at each look, with which all looks together have `level`.

    Usually such levels are taken from z tests, which the t tests of few seeds are not: with looks
    after 5 to 10 seeds they would raise 5.6 % of false alarms in place of 5 %. Here they are exact
    for normal differences. After n of them, `u = sum / root of the sum of squares` says what t
    says, and does not depend on that root. The next difference divided by the root is the tangent
    of an angle with a density in proportion to `cos(angle) ** (n - 1)`, and makes `u` into
    `u cos(angle) + sin(angle)`. So the density of `u`, as long as no look found anything, is
    integrated from seed to seed, and the bound of each look set so that what crosses it is what
    may be spent.

    Args:
        numbers: Number of differences at each look, rising, a tuple; the first at least 5 if
            there are others (of fewer the density has a kink that costs accuracy).
        planned: Number of differences at which all may be spent, at least the last of these.
        level: Of all looks together, two-sided, between 0 and 1.

    Returns:
        Two-sided levels, a tuple with one for each look.

    Example:
        >>> [round(level, 4) for level in nominal_levels((5, 6, 7), planned=7, level=0.05)]
        [0.016, 0.0236, 0.0351]
    """
    spending = spent(np.array(numbers) / planned, level)
    shares = dict(zip(numbers, np.maximum(np.diff(spending, prepend=0), _LEAST), strict=True))
    first = numbers[0]
    levels = [float(shares[first])]
    density, bound = _start(first), _place(levels[0], first)
    for number in range(first, numbers[-1]):
        density, reach = _with_one_more(density, bound, number)
        bound = reach
        if number + 1 in shares:
            found = _level(density, reach, number + 1, shares[number + 1])
            levels.append(found)
            bound = min(_place(found, number + 1), reach)
    return tuple(levels)


def _place(level, number):
    """The `u` at which the t test of so many differences has this p."""
    squared = t.isf(level / 2, number - 1) ** 2
    return np.sqrt(number / (1 + (number - 1) / squared))


def _start(number):
    """The density of `u` after so many differences, of which none was looked at."""
    scale = np.sqrt(number) * beta(0.5, (number - 1) / 2)
    return lambda u: (1 - u**2 / number) ** ((number - 3) / 2) / scale


def _with_one_more(density, bound, number):
    """The density after one more difference of what lies within the bound, and how far it goes.

    For each new `u`, given as the reach times the sine of `new`, that is an integral over the
    angles that come from within the bound.
    """
    reach, widest = np.hypot(1, bound), np.arctan(bound)
    nodes, weights = _gauss(_points(number))

    def by_angle(new):
        low, high = new - widest, np.minimum(new + widest, np.pi - new - widest)
        half = (high - low)[:, None] / 2
        angle = low[:, None] + half * (1 + nodes)
        before = (reach * np.sin(new)[:, None] - np.sin(angle)) / np.cos(angle)
        density_before = density(np.clip(before, -bound, bound))
        return np.sum(half * weights * density_before * np.cos(angle) ** (number - 2), axis=1)

    found = Chebyshev.interpolate(by_angle, _points(number), [0, _RIGHT_ANGLE])
    found /= beta(0.5, number / 2)
    return (lambda u: found(np.arcsin(np.minimum(np.abs(u) / reach, 1)))), reach


def _level(density, reach, number, share):
    """The level beyond whose bound that share lies; of next to none the share itself, as less."""
    if share < _NEXT_TO_NONE:
        return float(share)
    by_angle = Chebyshev.interpolate(
        lambda new: density(reach * np.sin(new)) * reach * np.cos(new),
        2 * _points(number),
        [0, _RIGHT_ANGLE],
    )
    beyond = by_angle.integ(lbnd=_RIGHT_ANGLE)
    angle = brentq(lambda new: -2 * beyond(new) - share, 0, _RIGHT_ANGLE, xtol=1e-13)
    u = reach * np.sin(angle)
    return float(2 * t.sf(u * np.sqrt((number - 1) / (number - u**2)), number - 1))


def _points(number):
    """How finely to integrate: the density is as narrow as one over the root of the number."""
    return 30 + 5 * int(np.sqrt(number))


_gauss = lru_cache(np.polynomial.legendre.leggauss)
