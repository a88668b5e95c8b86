"""When a study's results are judged, and at which level."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from regard.studies.statistics.nominal import nominal_levels

FEWEST_SEEDS = 5
_SMALLEST, _LARGEST = 1e-9, 0.999


@dataclass(frozen=True)
class OneLook:
    """One look, when all trainings are done.

    Attributes:
        level: Share of studies without a difference that may say there is one.

    Example:
        >>> OneLook(0.05).level_at(7)
        0.05
    """

    level: float

    def level_at(self, seeds: int) -> float:
        """Returns the level of the test, whatever the number of seeds."""
        return self.level

    def adjusted(self, p: float, seeds: int) -> float:
        """Returns `p` as it is."""
        return p


@dataclass(frozen=True)
class SpendingLooks:
    """A look after each seed from the fifth on, with the level spent over them.

    The intervals at these levels are repeated confidence intervals (Jennison and Turnbull, 1989,
    doi:10.1111/j.2517-6161.1989.tb01433.x): with probability `1 - level` those of all looks hold
    the true difference, at whichever of them one stops. So a study may stop early as soon as such
    an interval has no 0 in it, and likewise as soon as it lies within what is not worth having.

    Attributes:
        level: Share of studies without a difference that may say there is one at any look.
        seeds: Number of seeds of the whole study, at least 1.

    Example:
        >>> looks = SpendingLooks(0.05, seeds=7)
        >>> [round(looks.level_at(seeds), 3) for seeds in (5, 6, 7)]
        [0.016, 0.024, 0.035]
    """

    level: float
    seeds: int

    def level_at(self, seeds: int) -> float:
        """Returns the level of the test at the look after so many seeds.

        Args:
            seeds: Number of seeds; before the first look the level is the first look's, and after
                the last it is that of a study planned with one look.
        """
        if seeds > self.seeds:
            return self.level
        return self._levels(self.seeds, self.level)[max(seeds - FEWEST_SEEDS, 0)]

    def adjusted(self, p: float, seeds: int) -> float:
        """Returns the level of all looks together at which this look would just find something.

        Where it is at most `level`, `p` is at most `level_at(seeds)`. Unlike `p` such values may
        be adjusted by Holm and compared with `level` (Maurer and Bretz, 2013,
        doi:10.1080/19466315.2013.807748).

        Args:
            p: Two-sided p of the test of this look.
            seeds: Number of seeds, at most those of the study.

        Returns:
            Adjusted p, from 1e-9 to 1.
        """

        def excess(log_level):
            return np.log(self._levels(seeds, float(np.exp(log_level)))[-1] / p)

        if p >= self._levels(seeds, _LARGEST)[-1]:
            return 1.0
        if p <= self._levels(seeds, _SMALLEST)[-1]:
            return _SMALLEST
        return float(np.exp(brentq(excess, np.log(_SMALLEST), np.log(_LARGEST), xtol=1e-10)))

    def _levels(self, seeds, level):
        """Those of all looks up to the one after so many seeds."""
        first = min(FEWEST_SEEDS, self.seeds)
        return nominal_levels(tuple(range(first, max(seeds, first) + 1)), self.seeds, level)
