"""What stands in a state's manifest beside the arrays, checked."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from regard.errors import DataError

_Count = Annotated[int, Field(ge=0, lt=2**48)]


class Facts(BaseModel):
    """The facts of a state.

    Attributes:
        epoch: Number of the epoch, counted from 0.
        step: Steps of it that are done.
        seed: Of the order of the samples, or None.
        shape: What a training that goes on must have in common, as plain values.
        variables: Shape of each variable.
        callbacks: Name and memory of each callback.
        random: States of random numbers.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    epoch: _Count
    step: _Count
    seed: int | None
    shape: Any
    variables: list[list[_Count]]
    callbacks: list[Annotated[list[Any], Field(min_length=2, max_length=2)]]
    random: list[dict[str, str]]


def checked_facts(facts, arrays, folder):
    """Returns the facts of a state as `Facts`.

    Args:
        facts: What the manifest holds.
        arrays: The state's arrays by name.
        folder: Where the state is from, for messages.

    Raises:
        DataError: If a fact is missing or of another kind, or if an array is missing or of
            another shape.

    Example:
        >>> checked_facts({}, {}, "checkpoints")
        Traceback (most recent call last):
        regard.errors.DataError: The checkpoints in checkpoints are of another version: epoch: \
Field required.
    """
    try:
        known = Facts.model_validate(facts)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:80]
        raise DataError(
            f"The checkpoints in {folder} are of another version: {place}: {first['msg']}."
        ) from None
    for number, shape in enumerate(known.variables):
        array = arrays.get(f"variable/{number}")
        if array is None or list(array.shape) != shape:
            raise DataError(
                f"The checkpoints in {folder} lack variable {number} of shape {str(shape)[:80]}."
            )
    for name in _named(known.callbacks) | _named(known.random):
        if name not in arrays:
            raise DataError(f"The checkpoints in {folder} lack {name[:40]!r}.")
    return known


def _named(tree):
    """Returns the names of the arrays that a tree stands on."""
    if isinstance(tree, list):
        return set().union(*map(_named, tree))
    if not isinstance(tree, dict):
        return set()
    if set(tree) == {"array"}:
        return {str(tree["array"])}
    return _named(list(tree.values()))
