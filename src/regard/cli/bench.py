"""`regard bench`."""

from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.types import PositiveInt

from regard.cli.output import notify, print_json

Backend = Literal["tensorflow", "jax", "torch"]


def bench(
    *,
    backend: Annotated[list[Backend] | None, Parameter(consume_multiple=True)] = None,
    pairs: PositiveInt = 5,
    steps: PositiveInt = 30,
    json: bool = False,
):
    """Time a training step: Keras's fit, regard's, and PyTorch and JAX written by hand.

    Parameters
    ----------
    backend
        Keras backends to measure on, one after the other; by default the one in use.
    pairs
        Rounds of each contender, in turn.
    steps
        Training steps of a round.
    json
        Print the results as JSON.
    """
    from regard.benchmarking import compare, store, text

    results = []
    for name in _backends(backend):
        result = compare(name, pairs, steps, notify)
        earlier = store.latest(result["machine"], name, result["steps"])
        notify(f"Kept in {store.keep(result)}")
        results.append(result)
        if not json:
            print("\n".join(text.lines(result, earlier)))
    if json:
        print_json(results)


def _backends(asked):
    from regard import backend
    from regard.errors import RegardError, UsageError

    installed = backend.installed()
    if not installed:
        raise RegardError(backend.NONE_INSTALLED)
    if missing := [name for name in asked or () if name not in installed]:
        raise UsageError(f"Not installed: {', '.join(missing)}. Here: {', '.join(installed)}.")
    return asked or [backend.choose()]
