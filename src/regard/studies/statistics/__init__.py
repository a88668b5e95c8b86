"""What scores over seeds show: intervals, tests, looks and verdicts, without Keras."""

from regard.studies.statistics.bca import bca_interval
from regard.studies.statistics.equivalence import is_negligible
from regard.studies.statistics.holm import holm
from regard.studies.statistics.improvement import improvement, improvement_interval
from regard.studies.statistics.looks import FEWEST_SEEDS, OneLook, SpendingLooks
from regard.studies.statistics.mcnemar import mcnemar_p
from regard.studies.statistics.needed import MOST_SEEDS, needed_seeds
from regard.studies.statistics.nominal import nominal_levels
from regard.studies.statistics.paired_t import t_interval, t_p
from regard.studies.statistics.power import minimum_detectable
from regard.studies.statistics.sign_flip import sign_flip_p
from regard.studies.statistics.spending import spent
from regard.studies.statistics.spread import spread
from regard.studies.statistics.verdict import decide, undecided, worth_words

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
    "worth_words",
]
