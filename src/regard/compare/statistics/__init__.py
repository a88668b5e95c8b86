"""What scores over seeds show: intervals, tests, looks and verdicts, without Keras."""

from regard.compare.statistics.bca import bca_interval
from regard.compare.statistics.equivalence import is_negligible
from regard.compare.statistics.holm import holm
from regard.compare.statistics.improvement import improvement, improvement_interval
from regard.compare.statistics.looks import FEWEST_SEEDS, OneLook, SpendingLooks
from regard.compare.statistics.mcnemar import mcnemar_p
from regard.compare.statistics.needed import MOST_SEEDS, needed_seeds
from regard.compare.statistics.nominal import nominal_levels
from regard.compare.statistics.paired_t import t_interval, t_p
from regard.compare.statistics.power import minimum_detectable
from regard.compare.statistics.sign_flip import sign_flip_p
from regard.compare.statistics.spending import spent
from regard.compare.statistics.spread import spread
from regard.compare.statistics.verdict import decide, undecided

__all__ = [
    "FEWEST_SEEDS",
    "MOST_SEEDS",
    "OneLook",
    "SpendingLooks",
    "bca_interval",
    "decide",
    "holm",
    "improvement",
    "improvement_interval",
    "is_negligible",
    "mcnemar_p",
    "minimum_detectable",
    "needed_seeds",
    "nominal_levels",
    "sign_flip_p",
    "spent",
    "spread",
    "t_interval",
    "t_p",
    "undecided",
]
