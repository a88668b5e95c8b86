"""Faithfulness: whether maps show what a network's decision depends on."""

from regard.maps.faithfulness.curves import deletion, insertion
from regard.maps.faithfulness.faithfulness import faithfulness
from regard.maps.faithfulness.infidelity import infidelity
from regard.maps.faithfulness.localisation import energy, pointing_game
from regard.maps.faithfulness.max_sensitivity import max_sensitivity
from regard.maps.faithfulness.measures import MEASURES
from regard.maps.faithfulness.randomisation import parameter_randomisation
from regard.maps.faithfulness.result import Faithfulness
from regard.maps.faithfulness.road import road
from regard.maps.faithfulness.sensitivity_n import sensitivity_n

__all__ = [
    "MEASURES",
    "Faithfulness",
    "deletion",
    "energy",
    "faithfulness",
    "infidelity",
    "insertion",
    "max_sensitivity",
    "parameter_randomisation",
    "pointing_game",
    "road",
    "sensitivity_n",
]
