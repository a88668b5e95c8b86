"""Compares the contenders: first the same work, then rounds in turn."""

import contextlib
import datetime
import tempfile
from pathlib import Path

from regard.benchmarking import contenders, machine
from regard.benchmarking.ratios import greatest_difference, ratios, spread
from regard.benchmarking.work import BATCH_SIZE
from regard.errors import RegardError
from regard.processes.process import Worker

TOLERANCE = 1e-4  # of the losses of all contenders
# Later on rounding may turn a unit on or off: starting weights that were changed by 1e-7 of their
# size gave losses that differ by 2e-6 in the first 10 steps, and by 4e-4 in the 17th.
DECISIVE_STEPS = 10
_REFERENCE = "stock"


def compare(backend, pairs=5, steps=30, say=print):
    """Measures the time of a training step of the tutorial's network, contender by contender.

    Each contender is a process of its own, starts from the same weights and meets the same
    batches. A round is an epoch of so many steps; the first one, which compiles, stands apart.

    Args:
        backend: The Keras backend of `stock` and `regard`.
        pairs: Rounds of each contender that count.
        steps: Training steps of a round.
        say: Called with lines that tell what is going on.

    Returns:
        A dictionary of numbers and texts, ready for JSON.

    Raises:
        RegardError: If a contender's losses are not those of stock, or its process dies.
    """
    names = contenders.present()
    before = machine.load()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        workers, proofs = {}, {}
        for name in names:
            say(f"{name}: proving its losses")
            command = contenders.command(name, Path(folder) / "weights.npz", steps, pairs + 1)
            worker = Worker(name, command, contenders.environment(name, backend))
            workers[name] = stack.enter_context(worker)
            proofs[name] = worker.ask("prove")
        differences = _same_work({name: proof["losses"] for name, proof in proofs.items()})
        first = {}
        for name, worker in workers.items():
            say(f"{name}: first round")
            first[name] = worker.ask("round")["seconds"]
        seconds, peaks = _turns(workers, pairs, say)
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine.machine(),
        "load": {"before": before, "after": machine.load()},
        "versions": machine.versions(),
        "backend": backend,
        "batch_size": BATCH_SIZE,
        "steps": steps,
        "contenders": {
            name: _times(first[name], seconds[name], steps) | {"about": proofs[name]["about"]}
            for name in names
        },
        "left_out": contenders.left_out(),
        "ratios": ratios(seconds),
        "losses": {
            "decisive_steps": min(DECISIVE_STEPS, steps),
            "steps": len(proofs[_REFERENCE]["losses"]),
            "differences": differences,
        },
        "peak": _share(proofs["regard"]["multiply_adds_per_step"], peaks, seconds, steps),
    }


def _same_work(losses):
    """Returns the greatest differences of each contender's losses to those of stock.

    Those of the decisive steps, `"first"`, are held to the tolerance; `"all"` are told.
    """
    reference = losses[_REFERENCE]
    differences = {
        name: {
            "first": greatest_difference(values[:DECISIVE_STEPS], reference[:DECISIVE_STEPS]),
            "all": greatest_difference(values, reference),
        }
        for name, values in losses.items()
        if name != _REFERENCE
    }
    firsts = {name: found["first"] for name, found in differences.items()}
    if any(found["difference"] > TOLERANCE for found in firsts.values()):
        told = (f"{name} {d['difference']:.1e} (step {d['step']})" for name, d in firsts.items())
        raise RegardError(
            "The contenders do not do the same work: in the first "
            f"{len(reference[:DECISIVE_STEPS])} steps their losses differ from those of "
            f"{_REFERENCE} by more than {TOLERANCE:g}: {', '.join(told)}."
        )
    return differences


def _turns(workers, pairs, say):
    """Returns the seconds of each contender's rounds, and the peak of each turn.

    Who went first goes last in the next turn: load drifts.
    """
    seconds, peaks = {name: [] for name in workers}, []
    for turn in range(pairs):
        say(f"turn {turn + 1} of {pairs}")
        peaks.append(workers["regard"].ask("peak")["multiply_adds_per_second"])
        for name in list(workers)[:: -1 if turn % 2 else 1]:
            seconds[name].append(workers[name].ask("round")["seconds"])
    return seconds, peaks


def _times(first, seconds, steps):
    median = spread(seconds)["median"]
    return {
        "first_round_seconds": first,
        "round_seconds": seconds,
        "compile_seconds": first - median,
        "milliseconds_per_step": {
            name: 1000 * value / steps for name, value in spread(seconds).items()
        },
    }


def _share(multiply_adds, peaks, seconds, steps):
    """Returns what part of the peak of the same turn each contender's step reaches.

    The work counted is that of the folded network, the least that is known to do.
    """
    return {
        "multiply_adds_per_step": multiply_adds,
        "multiply_adds_per_second": peaks,
        "share": {
            name: spread(
                [
                    multiply_adds * steps / took / peak
                    for took, peak in zip(values, peaks, strict=True)
                ]
            )
            for name, values in seconds.items()
        },
    }
