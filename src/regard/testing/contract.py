"""What every attention layer keeps to: one function a rule.

Each check takes a `Case` and raises AssertionError where the layer breaks the rule.
"""

import inspect
import tempfile
import warnings
from functools import partial
from pathlib import Path

import keras
import numpy as np

from regard.layers import limit_scores
from regard.layers.applied import AppliesAttention, replacing, with_attention_of
from regard.maps.declared import declared
from regard.models import insert
from regard.testing.case import (
    BY_RANK,
    MAP,
    Case,
    array,
    awake,
    image,
    model_around,
    named,
    named_symbols,
)

AXES = {
    "batch",
    "head",
    "group",
    "branch",
    "channel",
    "query",
    "key",
    "row",
    "column",
    "depth",
    "position",
    "query_channel",
    "key_channel",
}
CHECKS = {}


def check_layer(cls, arguments=None, example=None):
    """Checks an attention layer of your own as regard's are checked.

    Args:
        cls: The layer's class: a Keras layer that declares `attention_axes`, `attention_kind` and
            `attention_range` and takes `return_attention_scores=True` and `data_format`.
        arguments: Arguments to give always.
        example: A second, non-default value for each argument; together they must fit a feature
            map of 8 channels.

    Raises:
        AssertionError: If the layer breaks a rule; the rule and what was found are named.

    Example:
        >>> from regard import layers
        >>> check_layer(layers.SqueezeExcitation, example={
        ...     "reduction_ratio": 4, "reduced_channels": 3, "use_bias": False})
    """
    case = Case(cls, example or {}, arguments or {})
    for name, check in CHECKS.items():
        try:
            check(case)
        except Exception as error:
            raise AssertionError(f"{cls.__name__} breaks the rule {name!r}: {error}") from error


def _check(function):
    CHECKS[function.__name__] = function
    return function


@_check
def declares_its_attention(case):
    """Axes, kind and range are of the agreed words."""
    for axes, kind, (low, high), sums in declared(case.make()).values():
        assert set(axes) <= AXES, f"unknown axes in {axes}"
        assert axes[0] == "batch", f"{axes} does not begin with batch"
        assert len(set(axes)) == len(axes), f"{axes} names an axis twice"
        assert kind in ("distribution", "gate"), f"unknown kind {kind!r}"
        assert low is None or high is None or low < high, f"empty range {(low, high)}"
        assert set(sums) <= set(axes), f"{sums} is not part of {axes}"
        assert bool(sums) == (kind == "distribution"), f"a {kind} with attention_sum_axes={sums}"


@_check
def config_holds_every_argument(case):
    """The config gives back each argument, at values that are not the defaults."""
    layer = case.make_example()
    config = layer.get_config()
    for parameter in case.own_arguments():
        assert parameter.name in config, f"the config lacks {parameter.name}"
        if parameter.name in ("data_format", *case.arguments):
            continue
        assert parameter.name in case.example, f"the example has no value for {parameter.name}"
        value = case.example[parameter.name]
        assert value != parameter.default, f"the example's {parameter.name} is the default"
        assert config[parameter.name] == value, f"the config loses {parameter.name}={value!r}"
    assert case.make(data_format="channels_first").get_config()["data_format"] == "channels_first"
    assert case.cls.from_config(config).get_config() == config, "the config does not come back"


@_check
def example_works(case):
    """The example's arguments work on a map, in training too."""
    layer = case.make_example()
    output = layer(image(), training=True)
    if getattr(layer, "keeps_shape", True):
        assert tuple(output.shape) == MAP, f"the output has shape {tuple(output.shape)}"
    assert np.isfinite(array(output)).all(), "the output is not finite"


@_check
def attention_keeps_its_declaration(case):
    """The attention has the declared axes, range and sums, for each rank."""
    for rank in getattr(case.cls, "ranks", BY_RANK):
        shape = BY_RANK[rank]
        layer = awake(case.make(), shape)
        output, attention = layer(image(shape), return_attention_scores=True)
        if getattr(layer, "keeps_shape", True):
            assert tuple(output.shape) == shape, f"the output has shape {tuple(output.shape)}"
        maps = named(attention)
        assert set(maps) == set(declared(layer)), f"maps {set(maps)} are not those declared"
        for name, declaration in declared(layer).items():
            _keeps(maps[name], declaration, shape)


def _keeps(values, declaration, shape):
    axes, _, (low, high), sums = declaration
    sizes = dict(zip(axes, values.shape, strict=True))
    known = {"batch": shape[0]}
    if len(shape) == 4:
        known |= {"row": shape[1], "column": shape[2]}
    for axis in set(known) & set(sizes):
        assert sizes[axis] == known[axis], f"{axes} has sizes {values.shape} for {shape}"
    assert np.isfinite(values).all(), "the attention is not finite"
    assert low is None or values.min() >= low, f"{values.min()} is below the range"
    assert high is None or values.max() <= high, f"{values.max()} is above the range"
    assert values.std() > 0, "the attention is the same everywhere"
    if sums:
        total = values.sum(tuple(axes.index(axis) for axis in sums))
        np.testing.assert_allclose(total, 1, atol=1e-5)


@_check
def scores_leave_the_output(case):
    """Asking for the attention does not change the output, which is not the input."""
    layer, x = awake(case.make()), image()
    output = array(layer(x, return_attention_scores=True)[0])
    assert output.shape != x.shape or not np.array_equal(output, x), "the output is the input"
    np.testing.assert_array_equal(array(layer(x)), output)


@_check
def its_attention_can_be_replaced(case):
    """By another image's; nothing else is replaced, with and without scores, in the same way."""
    x, order = image((3, *MAP[1:])), [1, 2, 0]
    for layer in (awake(case.make()), awake(case.make_example())):
        if not isinstance(layer, AppliesAttention):
            return
        own, own_maps = layer(x, return_attention_scores=True)
        with_scores = partial(layer, x, return_attention_scores=True)
        output, maps = with_attention_of(order, [layer], with_scores)
        for name, values in named(maps).items():
            want = named(own_maps)[name][order]
            assert np.allclose(values, want, 1e-4, 1e-5), f"{name} does not go through applied"
        own, output = array(own), array(output)
        assert not np.allclose(output, own), "the output does not depend on the attention"
        assert not np.allclose(output, own[order]), "more than the attention is replaced"
        for others, want in ((order, output), ([0, 1, 2], own)):
            got = with_attention_of(others, [layer], partial(layer, x))
            np.testing.assert_array_equal(array(got), want)


@_check
def hands_on_its_attention_alone(case):
    """Each tensor that goes through `applied` makes the attention what it is."""
    layer, x = awake(case.make()), image()
    if not isinstance(layer, AppliesAttention):
        return
    want, handed = named(layer(x, return_attention_scores=True)[1]), []
    with replacing([layer], lambda attention: handed.append(attention) or attention):
        layer(x)
    for at in range(len(handed)):
        changed = iter([*handed[:at], 2 * handed[at], *handed[at + 1 :]])
        with replacing([layer], lambda _, given=changed: next(given)):
            maps = named(layer(x, return_attention_scores=True)[1])
        same = all(np.allclose(maps[name], want[name], 1e-4, 1e-5) for name in want)
        assert not same, f"tensor {at + 1} that goes through applied is no part of the attention"


@_check
def channels_first_is_channels_last_transposed(case):
    """Both data formats give the same."""
    for rank in getattr(case.cls, "ranks", BY_RANK):
        shape = BY_RANK[rank]
        x = image(shape)
        last = awake(case.make(), shape)
        first = awake(case.make(data_format="channels_first"), (shape[0], shape[-1], *shape[1:-1]))
        want, want_maps = last(x, return_attention_scores=True)
        got, maps = first(np.moveaxis(x, -1, 1), return_attention_scores=True)
        got = np.moveaxis(array(got), 1, -1) if len(got.shape) > 2 else array(got)
        np.testing.assert_allclose(got, array(want), rtol=1e-4, atol=1e-5)
        for name, values in named(maps).items():
            np.testing.assert_allclose(values, named(want_maps)[name], rtol=1e-4, atol=1e-5)


@_check
def keeps_precision(case):
    """Outputs are of the compute dtype, attention of float32, finite at 1000 times the input."""
    for policy in ("float32", "mixed_float16", "mixed_bfloat16"):
        layer = awake(case.make(dtype=policy))
        for factor in (1, 1000):
            output, attention = layer(image() * factor, return_attention_scores=True)
            dtype = keras.backend.standardize_dtype(output.dtype)
            assert dtype == layer.compute_dtype, f"{policy}: the output is {dtype}"
            for value in keras.tree.flatten(attention):
                dtype = keras.backend.standardize_dtype(value.dtype)
                assert dtype == "float32", f"{policy}: the attention is {dtype}"
                assert np.isfinite(array(value)).all(), f"{policy}: attention at {factor} x input"
            for name, (axes, _, _, sums) in declared(layer).items():
                if sums:
                    total = named(attention)[name].sum(tuple(map(axes.index, sums)))
                    np.testing.assert_allclose(total, 1, atol=1e-5)
        output = array(awake(case.make(dtype=policy), seed=2)(image()))
        assert np.isfinite(output).all(), f"{policy}: the output is not finite"


@_check
def gates_are_computed_in_float32(case):
    """Half precision of the map does not reach the gates."""
    want, got = (
        named(awake(case.make(dtype=p))(_halves(), return_attention_scores=True)[1])
        for p in ("float32", "mixed_bfloat16")
    )
    for name, (_, kind, (low, high), _) in declared(case.make()).items():
        if kind == "gate" and None not in (low, high):
            fine = len(np.unique(got[name])) / len(np.unique(want[name]))
            assert fine > 0.5, f"{name} has {fine:.0%} of the values that float32 gives"


def _halves():
    return array(keras.ops.cast(image(), "bfloat16"))


@_check
def saves_and_loads(case):
    """A saved model gives the same bits, at unknown height and width."""
    layer = case.make()
    is_fixed = getattr(layer, "fixed_size", False)
    model = model_around(awake(layer, MAP if is_fixed else (None, None, None, 8)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.models.load_model(path)
    assert type(loaded.layers[1]) is case.cls, f"loaded as {type(loaded.layers[1])}"
    for size in _sizes(case):
        x = image((2, *size, 8))
        np.testing.assert_array_equal(array(loaded(x)), array(model(x)))


@_check
def gives_its_scores_in_a_model(case):
    """Asked for in a functional model, the attention is an output, after reloading too."""
    inputs = keras.Input(MAP[1:])
    layer, x = awake(case.make()), image()
    output, attention = layer(inputs, return_attention_scores=True)
    model = keras.Model(inputs, {"output": output, **named_symbols(attention)})
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = keras.models.load_model(Path(folder) / "model.keras")
    output, attention = layer(x, return_attention_scores=True)
    want = {"output": array(output), **named(attention)}
    for name, values in loaded.predict(x, verbose=0).items():
        sizes = zip(model.output[name].shape, values.shape, strict=True)
        assert all(size in (None, found) for size, found in sizes), f"{name} is {values.shape}"
        np.testing.assert_allclose(values, want[name], rtol=1e-4, atol=1e-5)


@_check
def training_moves_every_weight(case):
    """Three steps of `fit`, compiled as Keras does by itself, move every weight."""
    keras.utils.set_random_seed(0)
    layer = case.make()
    model = model_around(layer, MAP[1:])
    before = [array(weight) for weight in layer.trainable_weights]
    model.compile(keras.optimizers.SGD(0.5, clipnorm=1.0), "mse")
    x = np.concatenate([image((4, *MAP[1:]), step) for step in range(3)])
    model.fit(x, np.arange(12.0)[:, None] - 4, batch_size=4, verbose=0)
    without = tuple(getattr(layer, "weights_without_gradient", ()))
    still = [
        weight.path
        for weight, old in zip(layer.trainable_weights, before, strict=True)
        if np.array_equal(array(weight), old) and not weight.path.endswith(without)
    ]
    assert not still, f"{still} stay as they were"


@_check
def calls_leave_nothing_on_the_layer(case):
    """A call keeps no tensor on the layer."""
    layer = awake(case.make())
    layer(image())
    before = dict(vars(layer))  # holds the first call's tensors, so that none takes their place
    layer(image(seed=3), return_attention_scores=True)
    layer(image(seed=4), training=True)
    changed = [key for key, value in vars(layer).items() if before.get(key) is not value]
    assert not changed, f"a call changes {changed}"


@_check
def fits_with_unknown_sizes(case):
    """Batch, height and width need not be known in training."""
    model = model_around(case.make())
    model.compile("sgd", "mse", jit_compile=False)
    sizes = _sizes(case)
    batches = ((image((n, *size, 8)), np.zeros((n, 1))) for n, size in enumerate(sizes, 2))
    history = model.fit(batches, steps_per_epoch=len(sizes), shuffle=False, verbose=0)
    assert np.isfinite(history.history["loss"]).all(), f"the loss at {sizes} is not finite"


@_check
def takes_the_smallest_maps(case):
    """Maps go down to one pixel."""
    for size in ((1, 1), (1, 5), (4, 1)):
        shape = (2, *size, 8)
        output, attention = awake(case.make(), shape)(image(shape), return_attention_scores=True)
        assert np.isfinite(array(output)).all(), f"the output at {size} is not finite"
        for name, values in named(attention).items():
            assert np.isfinite(values).all(), f"{name} at {size} is not finite"


@_check
def compiled_is_eager(case):
    """Compiled by XLA (TensorFlow, JAX) or as is (PyTorch), the layer gives the same."""
    layer, x = awake(case.make()), image()
    want, want_maps = layer(x, return_attention_scores=True)
    got, maps = _compiled(layer)(keras.ops.convert_to_tensor(x))
    np.testing.assert_allclose(array(got), array(want), rtol=1e-4, atol=1e-5)
    for name, values in named(maps).items():
        np.testing.assert_allclose(values, named(want_maps)[name], rtol=1e-4, atol=1e-5)


def _compiled(layer):
    def call(x):
        return layer(x, return_attention_scores=True)

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(call, jit_compile=True)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(call)
    return call


@_check
def stands_in_every_model(case):
    """Sequential, functional and inserted, the layer gives what it gives alone."""
    layer, x = awake(case.make()), image()
    want = array(layer(x))
    inputs = keras.Input(MAP[1:])
    sequential = keras.Sequential([keras.Input(MAP[1:]), layer])
    functional = keras.Model(inputs, layer(inputs, return_attention_scores=True)[0])
    for model in (sequential, functional):
        np.testing.assert_allclose(array(model(x)), want, rtol=1e-4, atol=1e-5)
    if not getattr(layer, "keeps_shape", True):
        return
    plain = keras.Model(inputs, keras.layers.Activation("linear", name="place")(inputs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        inserted = insert(plain, case.make, after="place")
    awake(inserted.layers[-1])
    np.testing.assert_allclose(array(inserted(x)), want, rtol=1e-4, atol=1e-5)


@_check
def starts_as_the_identity_if_declared(case):
    """An untrained layer gives its input back if it says so."""
    is_identity = np.array_equal(array(case.make()(image())), image())
    says_so = getattr(case.cls, "starts_as_identity", False)
    assert is_identity == says_so, f"starts_as_identity={says_so}, but it is {is_identity}"


@_check
def wrong_arguments_are_named(case):
    """Each wrong argument, a misspelt one too, raises an error that names it."""
    for parameter in case.own_arguments():
        message = _refusal(lambda name=parameter.name: case.cls(**{name: ["wrong"]}))
        assert parameter.name in message, f"{parameter.name}=['wrong'] gives {message!r}"
    message = _refusal(lambda: case.cls(data_fromat="channels_last"))
    assert "data_fromat" in message, f"a misspelt keyword gives {message!r}"
    for shape in ((2, 8), (2, 2, 2, 2, 2, 8)):
        message = _refusal(lambda shape=shape: case.make().build(shape))
        assert str(shape) in message, f"shape {shape} gives {message!r}"
    message = _refusal(lambda: case.make().build((None, 5, 7, None)))
    assert "channels" in message, f"unknown channels give {message!r}"


def _refusal(call):
    try:
        call()
    except (ValueError, TypeError) as error:
        return str(error)
    return ""


@_check
def too_many_scores_are_refused(case):
    """Scores over the limit are refused before any work, with the figure."""
    shape = MAP if getattr(case.cls, "fixed_size", False) else (2, 12, 12, 8)
    layer = awake(case.make(), shape)
    output, attention = layer(image(shape), return_attention_scores=True)
    size = sum(values.nbytes for values in named(attention).values())
    if size <= 4 * output[..., :1].shape[0] * np.prod(shape[1:]) * 4:
        return
    before = limit_scores(size - 1)
    try:
        layer(image(shape))
        layer(image(shape), return_attention_scores=True)
    except MemoryError as error:
        assert "GiB" in str(error), f"the message has no figure: {error}"
    else:
        raise AssertionError(f"{size} bytes of scores are not refused by a limit of {size - 1}")
    finally:
        limit_scores(before)


@_check
def docstring_has_its_parts(case):
    """The docstring names the paper, shapes, errors and an example."""
    doc = inspect.getdoc(case.cls) or ""
    for part in ("Args:", "Returns:", "Raises:", "Example:", ">>> ", "attention", "shape"):
        assert part in doc, f"the docstring lacks {part!r}"


def _sizes(case):
    return (MAP[1:3],) * 2 if getattr(case.make(), "fixed_size", False) else ((6, 5), (3, 4))
