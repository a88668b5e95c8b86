"""What a process of a study is asked to do, and what it answers, as plain JSON types."""

import base64
from dataclasses import asdict

import numpy as np

from regard.errors import RegardError
from regard.studies.plan import PlannedArm
from regard.studies.results import Score


def do(task: dict, study, dataset) -> dict:
    """Does a task: plans the arms, tunes an arm's learning rate, or trains an arm with a seed.

    Args:
        task: With `"do"`: `"plan"`, `"tune"` or `"train"`; `"arm"`, and for a training `"seed"` and
            `"rate"`.
        study: A `regard.studies.study.Study`.
        dataset: A `regard.datasets.Dataset`.

    Returns:
        The answer; or `{"failed": why}`, in words. What cannot be right at all, such as a design
        that does not fit, is `{"refused": why, "exit_code": code}`.
    """
    import keras

    keras.utils.clear_session()
    try:
        return _TASKS[task["do"]](task, study, dataset)
    except RegardError as error:
        return {"refused": str(error), "exit_code": error.exit_code, "failed": str(error)}
    except Exception as error:  # one arm's trouble, such as no memory, must not end the others
        return {"failed": f"{type(error).__name__}: {str(error)[:400]}"}


def _plan(task, study, dataset):
    from regard.studies.planning import plan_arms

    arms, left_out = plan_arms(study, dataset)
    return {"arms": [arm.to_dict() for arm in arms], "left_out": left_out}


def _tune(task, study, dataset):
    from regard.studies.tuning import tune

    return tune(study, dataset, PlannedArm.from_dict(task["arm"]))


def _train(task, study, dataset):
    from regard.studies.piece import train_piece

    planned = PlannedArm.from_dict(task["arm"])
    found = train_piece(study, dataset, planned, task["seed"], task["rate"])
    scores = {planned.arm.name: packed_score(found["score"])}
    if found["shuffled"] is not None:
        scores[f"{planned.arm.name}, shuffled"] = packed_score(found["shuffled"])
    return {
        "arm": planned.arm.name,
        "seed": task["seed"],
        "scores": scores,
        "why_not_shuffled": found["why"],
        "weights_sha256": found["digest"],
        "maps": None if found["maps"] is None else packed_array(found["maps"].astype("<f2")),
    }


_TASKS = {"plan": _plan, "tune": _tune, "train": _train}
_TYPES = ("<i4", "|u1", "<f2", "<f4")  # of arrays in a study


def packed_score(score: Score) -> dict:
    """Returns a score as plain JSON types."""
    return asdict(score) | {
        "correct": {"count": len(score.correct), "bits": _text(np.packbits(score.correct))},
        "recall": [None if np.isnan(value) else float(value) for value in score.recall],
        "curve": [dict(row) for row in score.curve],
    }


def unpacked_score(packed: dict, images: int) -> Score:
    """Makes a score from what `packed_score` gave.

    Args:
        packed: The plain values.
        images: Number of the test images.

    Raises:
        ValueError: If the score is of another number of images.
    """
    bits = np.frombuffer(base64.b64decode(packed["correct"]["bits"]), np.uint8)
    if packed["correct"]["count"] != images or 8 * len(bits) < images:
        raise ValueError(f"a score is of other than {images} test images")
    recall = [np.nan if value is None else value for value in packed["recall"]]
    return Score(
        **packed
        | {
            "correct": np.unpackbits(bits, count=images).astype(bool),
            "recall": np.array(recall),
        }
    )


def packed_array(array: np.ndarray) -> dict:
    """Returns an array as plain JSON types.

    Example:
        >>> unpacked_array(packed_array(np.arange(3, dtype="<i4"))).tolist()
        [0, 1, 2]
    """
    return {"shape": list(array.shape), "type": array.dtype.str, "bytes": _text(array)}


def unpacked_array(packed: dict) -> np.ndarray:
    """Makes an array from what `packed_array` gave."""
    if packed["type"] not in _TYPES:
        raise ValueError(f"an array is of the type {packed['type']!r}")
    values = np.frombuffer(base64.b64decode(packed["bytes"]), packed["type"])
    return values.reshape(packed["shape"])


def _text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
