"""What a classifier's probabilities are worth: accuracy, confusion, calibration, mistakes."""

from regard.evaluation.accuracy import wilson_interval
from regard.evaluation.calibration import Reliability, reliability
from regard.evaluation.confusion import confusion_matrix, per_class
from regard.evaluation.evaluate import Evaluation, evaluate_probabilities

__all__ = [
    "Evaluation",
    "Reliability",
    "confusion_matrix",
    "evaluate_probabilities",
    "per_class",
    "reliability",
    "wilson_interval",
]
