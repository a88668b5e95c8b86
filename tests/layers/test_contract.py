"""What every attention layer of the table keeps to; a new layer adds no line here."""

import inspect

import numpy as np
import pytest

from regard.layers.registry import LAYERS, layer_class

import keras  # isort: skip

AXES = {"batch", "head", "query", "key", "row", "column", "channel"}
KINDS = {"distribution", "gate"}
SHAPES = [(2, 9, 8), (2, 5, 7, 8), (2, 3, 2, 4, 8)]
MAP = (2, 5, 7, 8)
NO_GRADIENT = ("key/bias",)  # the softmax over the keys takes it out

pytestmark = pytest.mark.parametrize("name", LAYERS)


def make(name, **arguments):
    return layer_class(name)(**({"data_format": "channels_last"} | arguments))


def image(shape=MAP, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def awake(layer, shape=MAP, seed=1):
    """Gives random numbers to all weights, so that nothing is hidden behind a zero."""
    if not layer.built:
        layer.build(shape)
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return layer


def array(tensor):
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


def model_around(layer, shape=(None, None, 8)):
    inputs = keras.Input(shape)
    pooled = keras.layers.GlobalAveragePooling2D()(layer(inputs))
    return keras.Model(inputs, keras.layers.Dense(1)(pooled))


def expected_shape(layer, shape):
    pixels = int(np.prod(shape[1:-1]))
    sizes = {"batch": shape[0], "query": pixels, "key": pixels, "channel": shape[-1]}
    if len(shape) == 4:
        sizes |= {"row": shape[1], "column": shape[2]}
    return tuple(sizes.get(axis) for axis in layer.attention_axes)


def test_axes_kind_and_range_are_agreed_words(name):
    layer = layer_class(name)
    assert set(layer.attention_axes) <= AXES
    assert layer.attention_axes[0] == "batch"
    assert len(set(layer.attention_axes)) == len(layer.attention_axes)
    assert layer.attention_kind in KINDS
    low, high = layer.attention_range
    assert low < high
    assert (low, high) == (0, 1) or layer.attention_kind == "gate"


def test_config_holds_every_argument(name):
    cls, example = layer_class(name), LAYERS[name].example
    config = cls(**example).get_config()
    for argument, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind is not parameter.VAR_KEYWORD:
            assert argument in config
            assert argument not in example or example[argument] != parameter.default
    assert {argument: config[argument] for argument in example} == example
    assert cls.from_config(config).get_config() == config


def test_table_has_a_second_value_for_each_argument_of_ours(name):
    parameters = inspect.signature(layer_class(name)).parameters.values()
    ours = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    assert ours <= set(LAYERS[name].example)


def test_example_arguments_work_on_a_map(name):
    layer = layer_class(name)(**LAYERS[name].example)
    x = image()
    assert tuple(layer(x).shape) == x.shape


@pytest.mark.parametrize("shape", SHAPES, ids=len)
def test_attention_has_its_axes_and_range(name, shape):
    layer = awake(make(name), shape)
    output, attention = map(array, layer(image(shape), return_attention_scores=True))
    assert output.shape == shape
    assert attention.shape == expected_shape(layer, shape)
    assert np.isfinite(attention).all()
    low, high = layer.attention_range
    assert attention.min() >= low
    assert attention.max() <= high
    assert attention.std() > 0
    if layer.attention_kind == "distribution":
        assert layer.attention_axes[-1] == "key"
        np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=len)
def test_asking_for_scores_leaves_the_output(name, shape):
    layer, x = awake(make(name), shape), image(shape)
    output, _ = layer(x, return_attention_scores=True)
    assert not np.array_equal(array(output), x)
    np.testing.assert_array_equal(array(layer(x)), array(output))


@pytest.mark.parametrize("shape", SHAPES, ids=len)
def test_channels_first_is_channels_last_transposed(name, shape):
    x = image(shape)
    last = awake(make(name), shape)
    first = awake(make(name, data_format="channels_first"), (shape[0], shape[-1], *shape[1:-1]))
    want, want_attention = map(array, last(x, return_attention_scores=True))
    got, attention = map(array, first(np.moveaxis(x, -1, 1), return_attention_scores=True))
    np.testing.assert_allclose(np.moveaxis(got, 1, -1), want, atol=1e-6)
    np.testing.assert_allclose(attention, want_attention, atol=1e-6)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_precision(name, policy):
    layer = awake(make(name, dtype=policy))
    for factor in (1, 1000):
        output, attention = layer(image() * factor, return_attention_scores=True)
        assert keras.backend.standardize_dtype(output.dtype) == layer.compute_dtype
        assert keras.backend.standardize_dtype(attention.dtype) == "float32"
        assert np.isfinite(array(output)).all()
        assert np.isfinite(array(attention)).all()
        if layer.attention_kind == "distribution":
            np.testing.assert_allclose(array(attention).sum(-1), 1, atol=1e-5)


def test_saves_and_loads_bit_equal(name, tmp_path):
    model = model_around(awake(make(name), (None, None, None, 8)))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.layers[1]) is layer_class(name)
    for size in ((5, 7), (4, 3)):
        x = image((2, *size, 8))
        np.testing.assert_array_equal(array(loaded(x)), array(model(x)))


def test_training_moves_every_weight(name):
    layer = make(name)
    model = model_around(layer)
    before = [array(weight) for weight in layer.trainable_weights]
    model.compile(keras.optimizers.SGD(0.5), "mse", jit_compile=False)
    for step in range(3):  # a residual layer's inner weights move once its gain is not 0
        model.train_on_batch(image((4, 5, 7, 8), step), np.arange(4.0)[:, None] * 5)
    still = [
        weight.path
        for weight, old in zip(layer.trainable_weights, before, strict=True)
        if np.array_equal(array(weight), old) and not weight.path.endswith(NO_GRADIENT)
    ]
    assert before
    assert not still


def test_calls_leave_nothing_on_the_layer(name):
    layer = awake(make(name))
    layer(image())
    before = {key: id(value) for key, value in vars(layer).items()}
    layer(image(), return_attention_scores=True)
    layer(image((1, 3, 4, 8)), training=True)
    assert {key: id(value) for key, value in vars(layer).items()} == before


def test_fits_with_unknown_batch_and_size(name):
    model = model_around(make(name))
    model.compile("sgd", "mse", jit_compile=False)
    for size in ((6, 5), (3, 4)):
        x = image((5, *size, 8))
        history = model.fit(x, np.zeros((5, 1)), batch_size=2, verbose=0)
        assert np.isfinite(history.history["loss"]).all()
        assert model.predict(x, verbose=0).shape == (5, 1)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="XLA by tf.function only")
def test_xla_equals_eager(name):
    import tensorflow as tf

    layer, x = awake(make(name)), image()
    compiled = tf.function(
        lambda value: layer(value, return_attention_scores=True), jit_compile=True
    )
    for got, want in zip(compiled(x), layer(x, return_attention_scores=True), strict=True):
        np.testing.assert_allclose(array(got), array(want), atol=1e-5)


def test_sequential_functional_and_subclassed_agree(name):
    class Subclassed(keras.Model):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def call(self, x):
            return self.layer(x)

    layer, x = awake(make(name)), image()
    inputs = keras.Input(MAP[1:])
    models = (
        keras.Sequential([keras.Input(MAP[1:]), layer]),
        keras.Model(inputs, layer(inputs)),
        Subclassed(layer),
    )
    for model in models:
        np.testing.assert_allclose(model.predict(x, verbose=0), array(layer(x)), atol=1e-5)


@pytest.mark.parametrize("size", [(5, 7), (None, 7)], ids=["known", "unknown"])
def test_symbolic_call_has_two_outputs(name, size, tmp_path):
    layer = awake(make(name), (None, *size, 8))
    inputs = keras.Input((*size, 8))
    output, attention = layer(inputs, return_attention_scores=True)
    assert output.shape == (None, *size, 8)
    assert attention.dtype == "float32"
    model = keras.Model(inputs, [output, attention])
    x = image()
    want = model.predict(x, verbose=0)
    assert want[1].shape == expected_shape(layer, MAP)
    if None not in size:
        assert attention.shape == (None, *want[1].shape[1:])
    assert len(attention.shape) == want[1].ndim
    model.save(tmp_path / "two.keras")
    got = keras.models.load_model(tmp_path / "two.keras").predict(x, verbose=0)
    for left, right in zip(got, want, strict=True):
        np.testing.assert_array_equal(left, right)


def test_a_wrong_data_format_is_named(name):
    with pytest.raises(ValueError, match="channels_middle"):
        make(name, data_format="channels_middle")


def test_docstring_has_its_parts(name):
    doc = layer_class(name).__doc__
    for part in ("arXiv:", "Args:", "Returns:", "Raises:", "Example:", ">>> "):
        assert part in doc
