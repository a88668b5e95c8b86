"""Checks of the layers' arguments; each names the argument, what it was and what it may be."""

import inspect

import keras

from regard.errors import nearest

_OF_EVERY_LAYER = ("name", "dtype", "trainable", "autocast", "activity_regularizer")


def integer(name, value, least=1, most=None):
    """Returns `value` if it is an integer in `least`…`most`.

    Raises:
        ValueError: If it is not.
    """
    inside = isinstance(value, int) and not isinstance(value, bool) and value >= least
    if not inside or (most is not None and value > most):
        wanted = f"of at least {least}" if most is None else f"in {least}…{most}"
        raise ValueError(f"{name} must be an integer {wanted}, not {value!r}.")
    return value


def odd(name, value):
    """Returns `value` if it is an odd integer of at least 1, as a centred kernel needs.

    Raises:
        ValueError: If it is not.
    """
    if integer(name, value) % 2 == 0:
        raise ValueError(
            f"{name} must be odd, so that the kernel has a centre, not {value!r}. "
            f"Choose {value - 1} or {value + 1}."
        )
    return value


def initializer(name, value):
    """Returns the Keras initializer that `value` is, names or describes.

    Raises:
        ValueError: If it is none.
    """
    try:
        return keras.initializers.get(value)
    except ValueError:
        raise ValueError(
            f"{name} must be a Keras initializer or its name, such as 'zeros', not {value!r}."
        ) from None


def number(name, value, least=None, most=None, above=None):
    """Returns `value` as a float if it is a finite number within the bounds.

    Raises:
        ValueError: If it is not.
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if (
        not is_number
        or value != value
        or abs(value) == float("inf")
        or (least is not None and value < least)
        or (most is not None and value > most)
        or (above is not None and value <= above)
    ):
        bounds = [
            f"{word} {bound}"
            for word, bound in (("at least", least), ("at most", most), ("above", above))
            if bound is not None
        ]
        raise ValueError(f"{name} must be a number {' and '.join(bounds)}, not {value!r}.")
    return float(value)


def boolean(name, value):
    """Returns `value` if it is True or False.

    Raises:
        ValueError: If it is not.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, not {value!r}.")
    return value


def optional(check, name, value):
    """Returns None if `value` is None, and `check(name, value)` otherwise."""
    return None if value is None else check(name, value)


def one_of(name, value, choices):
    """Returns `value` if it is one of `choices`.

    Raises:
        ValueError: If it is not; the choices are given.
    """
    if not any(value == choice and type(value) is type(choice) for choice in choices):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}.")
    return value


def data_format(value):
    """Returns the data format, `keras.config.image_data_format()` if it is None.

    Raises:
        ValueError: If it is neither `"channels_last"` nor `"channels_first"`.
    """
    value = keras.config.image_data_format() if value is None else value
    return one_of("data_format", value, ("channels_last", "channels_first"))


def divides(name, value, channels, what="channels"):
    """Checks that `value` divides the number of channels.

    Raises:
        ValueError: If it does not; the divisors are given.
    """
    if channels % value:
        divisors = [n for n in range(1, channels + 1) if channels % n == 0]
        raise ValueError(
            f"{name}={value} does not divide the {channels} {what}. "
            f"Choose one of {', '.join(map(str, divisors))}."
        )


def heads_for(heads, channels):
    """Returns the number of heads, one per 32 channels but at least one if it is None.

    Raises:
        ValueError: If it does not divide the channels.
    """
    heads = heads or max(channels // 32, 1)
    divides("heads", heads, channels)
    return heads


def reduced(ratio_name, ratio, channels, least=1):
    """Returns `channels // ratio`, at least `least`: the width of a bottleneck.

    Raises:
        ValueError: If the ratio is more than the channels.
    """
    if ratio > channels:
        raise ValueError(
            f"{ratio_name}={ratio} is more than the {channels} channels. Choose {channels} or "
            "less, or check data_format."
        )
    return max(channels // ratio, least)


def known_keywords(cls, given):
    """Checks that a layer's class or Keras knows each keyword.

    Raises:
        TypeError: If one is unknown; the nearest are given.
    """
    own = [n for n in inspect.signature(cls.__init__).parameters if n not in ("self", "kwargs")]
    for name in given:
        if name not in _OF_EVERY_LAYER:
            raise TypeError(
                f"{cls.__name__} has no argument {name!r} (given {given[name]!r}). "
                f"{nearest(name, [*own, *_OF_EVERY_LAYER])}"
            )
