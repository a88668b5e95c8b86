"""The measures by name: what each is computed by, what it needs, and which way is better."""

from collections.abc import Callable
from dataclasses import dataclass

from regard.errors import UsageError, nearest
from regard.maps.faithfulness.curves import deletion, insertion
from regard.maps.faithfulness.infidelity import infidelity
from regard.maps.faithfulness.localisation import energy, pointing_game
from regard.maps.faithfulness.max_sensitivity import max_sensitivity
from regard.maps.faithfulness.randomisation import parameter_randomisation
from regard.maps.faithfulness.road import road
from regard.maps.faithfulness.sensitivity_n import sensitivity_n


@dataclass(frozen=True)
class Measure:
    """One measure.

    Attributes:
        function: The public function that computes it.
        higher_is_better: Whether a faithful map scores high.
        needs: `"maps"`; `"masks"` of where the object is besides; or `"method"`, the function
            that makes the maps.
    """

    function: Callable
    higher_is_better: bool
    needs: str


MEASURES = {
    "insertion": Measure(insertion, True, "maps"),
    "deletion": Measure(deletion, False, "maps"),
    "road": Measure(road, False, "maps"),
    "sensitivity_n": Measure(sensitivity_n, True, "maps"),
    "infidelity": Measure(infidelity, False, "maps"),
    "max_sensitivity": Measure(max_sensitivity, False, "method"),
    "parameter_randomisation": Measure(parameter_randomisation, False, "method"),
    "pointing_game": Measure(pointing_game, True, "masks"),
    "energy": Measure(energy, True, "masks"),
}
JUDGING = tuple(name for name, measure in MEASURES.items() if measure.needs == "maps")


def choose(names):
    """Checks names of measures; None stands for all.

    Raises:
        UsageError: If there is no such measure, or none of those that a verdict is based on.
    """
    if names is None:
        return list(MEASURES)
    names = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    for name in names:
        if name not in MEASURES:
            raise UsageError(f"No measure is called {name!r}. {nearest(str(name), MEASURES)}")
    if not set(names) & set(JUDGING):
        raise UsageError(
            f"The verdict needs at least one of {', '.join(JUDGING)}. For other measures alone, "
            f"call these: regard.maps.faithfulness.{(names or ['energy'])[0]}."
        )
    return names
