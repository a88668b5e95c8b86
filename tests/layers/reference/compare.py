"""Runs our layer on a file's inputs and takes the greatest differences."""

import json
from dataclasses import dataclass

import numpy as np

from regard.layers.registry import make_layer
from tests.layers.reference.adapter import load_adapters

import keras  # isort: skip

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
# The files hold large maps and all gradients rounded to float32.
ROUNDED = 2e-7
# A layer whose own constants are stored rounded to float32 in the source.
ROUNDED_CONSTANTS = {"fca": 1e-6}


class NoLayer(Exception):
    """No layer of ours is known for a file."""


@dataclass
class Row:
    """Greatest differences of one case, relative to the largest value of each array."""

    layer: str
    case: int
    output: float
    attention: float | None
    gradient: float
    holds: bool


def compare(path, dtype="float32", cases=None):
    """Returns a row for each case of a reference file.

    Args:
        path: A `.npz` file in the reference's format.
        dtype: `"float32"` or `"float64"`, of the layer.
        cases: Numbers of the cases, by default all in the file.

    Raises:
        NoLayer: If no layer of ours is known for the file.
    """
    with np.load(path) as file:
        stored = {name: file[name] for name in file.files}
    meta = json.loads(str(stored["meta"]))
    adapters = load_adapters()
    if meta["layer"] not in adapters:
        raise NoLayer(f"{path}: no layer of ours is known for {meta['layer']!r}.")
    numbers = range(len(meta["cases"])) if cases is None else cases
    return [_compare_case(meta, stored, n, adapters[meta["layer"]], dtype) for n in numbers]


def _compare_case(meta, stored, number, adapt, dtype):
    case = meta["cases"][number]
    prefix = f"case{number}/"
    weights = _below(stored, case["weights"])
    ours = adapt(case["arguments"], weights)
    x = stored[prefix + "x"]
    inputs = [x, stored[prefix + "g"]] if prefix + "g" in stored else [x]
    layer = built(ours, inputs, dtype)
    output, attention, gradients = run(layer, inputs, stored[prefix + "grad_seed"], dtype)
    tolerance = max(TOLERANCE[dtype], ROUNDED_CONSTANTS.get(meta["layer"], 0))
    found = {"output": _difference(output, stored[prefix + "y"])}
    wanted = {name: stored[f"{prefix}attention/{name}"] for name in case["attention"]}
    if wanted:
        maps = _maps(attention, wanted, ours.attention)
        found["attention"] = max(_difference(maps[name], wanted[name]) for name in wanted)
    wanted = [stored[prefix + name] for name in ("dx", "dg") if prefix + name in stored]
    found["gradient"] = max(map(_difference, gradients, wanted))
    holds = all(
        value <= (tolerance if name == "output" else max(tolerance, ROUNDED))
        for name, value in found.items()
    )
    return Row(
        meta["layer"],
        number,
        found["output"],
        found.get("attention"),
        found["gradient"],
        holds,
    )


def built(ours, inputs, dtype):
    """Builds our layer with the file's weights."""
    layer = make_layer(ours.name, data_format="channels_last", dtype=dtype, **ours.arguments)
    shapes = [value.shape for value in inputs]
    layer.build(shapes if len(shapes) > 1 else shapes[0])
    own = {_below_layer(weight): weight for weight in layer.weights if not _is_seed(weight)}
    if set(own) != set(ours.weights):
        raise AssertionError(
            f"{ours.name} has the weights {sorted(own)}, the adapter gives {sorted(ours.weights)}."
        )
    for path, weight in own.items():
        value = np.asarray(ours.weights[path])
        if tuple(weight.shape) != value.shape:
            raise AssertionError(f"{path} is {tuple(weight.shape)}, the file's {value.shape}.")
        weight.assign(value)
    return layer


def _is_seed(weight):
    return weight.path.endswith("seed_generator_state")


def _below_layer(weight):
    return weight.path.split("/", 1)[1] if "/" in weight.path else weight.path


def run(layer, inputs, seed, dtype):
    """Returns output, attention and the inputs' gradients of `sum(output * seed)`, as arrays.

    Several inputs go to the layer as a list.
    """
    inputs = [np.asarray(value, dtype) for value in inputs]
    seed = np.asarray(seed, dtype)

    def call(*values):
        return layer(values[0] if len(values) == 1 else list(values), return_attention_scores=True)

    run_backend = {"tensorflow": _run_tensorflow, "jax": _run_jax, "torch": _run_torch}
    output, attention, gradients = run_backend[keras.backend.backend()](call, inputs, seed)
    as_array = keras.ops.convert_to_numpy
    return (
        as_array(output),
        keras.tree.map_structure(as_array, attention),
        [as_array(gradient) for gradient in gradients],
    )


def _run_tensorflow(call, inputs, seed):
    import tensorflow as tf

    values = [tf.constant(value) for value in inputs]
    with tf.GradientTape() as tape:
        tape.watch(values)
        output, attention = call(*values)
        total = tf.reduce_sum(output * seed)
    return output, attention, tape.gradient(total, values)


def _run_jax(call, inputs, seed):
    import jax

    def total(values):
        output, attention = call(*values)
        return (output * seed).sum(), (output, attention)

    (_, (output, attention)), gradients = jax.jit(jax.value_and_grad(total, has_aux=True))(inputs)
    return output, attention, gradients


def _run_torch(call, inputs, seed):
    import torch

    values = [torch.tensor(value, requires_grad=True) for value in inputs]
    output, attention = call(*values)
    (output * torch.tensor(seed)).sum().backward()
    detached = keras.tree.map_structure(lambda t: t.detach(), (output, attention))
    return *detached, [value.grad for value in values]


def _maps(attention, wanted, special):
    maps = dict(attention) if isinstance(attention, dict) else {}
    if not isinstance(attention, dict) and not special:
        if len(wanted) > 1:
            raise AssertionError(f"The file has the maps {sorted(wanted)}, ours is one.")
        maps = {name: attention for name in wanted}
    maps |= {name: function(attention) for name, function in special.items()}
    missing = sorted(set(wanted) - set(maps))
    if missing:
        raise AssertionError(f"Ours lacks the maps {missing}; it has {sorted(maps)}.")
    return maps


def _difference(got, want):
    if got.shape != want.shape:
        raise AssertionError(f"Ours has shape {got.shape}, the file's is {want.shape}.")
    if not np.isfinite(got).all():
        return float("inf")
    return float(np.abs(got - want).max() / max(np.abs(want).max(), 1e-30))


def _below(stored, prefix):
    return {n[len(prefix) :]: value for n, value in stored.items() if n.startswith(prefix)}
