"""How a study's numbers and arms are written."""

import math

MINUS = "\N{MINUS SIGN}"
MISSING = "—"
DIVERGED = "they count with their best epoch before, or with the weights before that step"

CONTROLS = {
    "frozen": "its own layer frozen at its start",
    "equal parameters": "a convolution of as many parameters",
    "equal time": "a convolution of as much time",
    "shuffled": "itself with other images' maps",
}


def points(fraction, sign="+"):
    """Writes a difference of accuracies in percentage points.

    Args:
        fraction: The difference as a fraction.
        sign: As in a format: `"+"` for both signs, `"-"` for the minus only.

    Example:
        >>> points(0.0042), points(0.005, "-")
        ('+0.42', '0.50')
    """
    return number(100 * fraction, f"{sign}.2f")


def interval(ends):
    r"""Writes an interval of a difference of accuracies in percentage points.

    Example:
        >>> interval((0.001, 0.0074)) == "[+0.10,\N{NO-BREAK SPACE}+0.74]"
        True
    """
    if ends is None or any(map(math.isnan, ends)):
        return MISSING
    return f"[{points(ends[0])},\N{NO-BREAK SPACE}{points(ends[1])}]"


def number(value, style):
    """Writes a number by a format, with a true minus; a dash where there is none.

    Example:
        >>> number(0.25, ".1f"), number(None, ".1f"), number(float("nan"), ".1f")
        ('0.2', '—', '—')
    """
    if value is None or math.isnan(value):
        return MISSING
    return f"{value:{style}}".replace("-", MINUS)


def spread(mean, deviation, style):
    """Writes a mean and, where there is one, the deviation around it.

    Example:
        >>> spread(90.25, 0.5, ".1f"), spread(90.25, float("nan"), ".1f")
        ('90.2 ± 0.5', '90.2')
    """
    text, around = number(mean, style), number(deviation, style)
    return text if around == MISSING else f"{text} ± {around}"


def p_value(value):
    """Writes a p value, to three places.

    Example:
        >>> p_value(0.04), p_value(0.00001)
        ('0.040', '<0.001')
    """
    return "<0.001" if value < 0.001 else number(value, ".3f")


def level_words(study):
    """The level of the intervals in percent, such as `"95 %"`.

    Example:
        >>> from regard.studies.study import Study
        >>> level_words(Study(designs=["cbam"], seeds=[0, 1])) == "95\N{NO-BREAK SPACE}%"
        True
    """
    return f"{100 * (1 - study.level):g}\N{NO-BREAK SPACE}%"


def fact(results, name):
    """Returns a fact about the study by its name in lower case, or None."""
    return {key.lower(): text for key, text in results.about.items()}.get(name)


def arm_words(arm):
    """What an arm is called in a sentence about its design.

    Example:
        >>> from regard.studies.results import Arm
        >>> arm_words(Arm("none", "none", None, 1, 1, ""))
        'no attention'
    """
    return CONTROLS.get(arm.role, "no attention" if arm.role == "none" else arm.name)


def beside_words(results, comparison):
    """What an arm is compared with: no attention, the role of its own control, or a name.

    Args:
        results: A `regard.studies.results.Results`.
        comparison: One of its comparisons.
    """
    for arm in results.arms:
        if arm.name == comparison.against:
            own = arm.role if arm.of == comparison.arm else arm.name
            return "no attention" if arm.role == "none" else own
    return comparison.against


def counted(count, one, several=None):
    """Writes a number of things.

    Example:
        >>> counted(1, "seed"), counted(2, "loss", "losses")
        ('1 seed', '2 losses')
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def seeds_words(results):
    """How many seeds the arms have scores of, which are fewer than planned where a study stopped.

    Args:
        results: A `regard.studies.results.Results`.
    """
    counts = {len(results.seeds(arm.name)) for arm in results.arms}
    fewest, most = min(counts), max(counts)
    return counted(most, "seed") if fewest == most else f"{fewest:,} to {counted(most, 'seed')}"


def listed(parts):
    """Joins parts as a sentence does.

    Example:
        >>> listed(["a", "b", "c"])
        'a, b and c'
    """
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
