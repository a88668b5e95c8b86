"""Where memory runs out, how much was missing, and which batch size to try."""

import keras
import numpy as np
import pytest

from regard.errors import RegardError
from regard.training.loop import fit, memory

PIXELS = 2**21


@pytest.fixture
def too_large():
    """A model that compares each of two million pixels with each: 16 TiB an image."""
    image = keras.Input((2 * PIXELS,))
    pixels = keras.layers.Dense(2)(keras.layers.Reshape((PIXELS, 2))(image))
    alike = keras.layers.Dot(2)([pixels, pixels])
    model = keras.Model(image, keras.layers.GlobalAveragePooling1D()(alike))
    model.compile("sgd", keras.losses.MeanSquaredError())
    return model


@pytest.mark.parametrize(
    ("batch_size", "message"),
    [
        (4, r"6553\d\.\d GiB more were asked for, at batch_size=4. Try batch_size=2\."),
        (1, r"1638\d\.\d GiB more were asked for, with one image a step\."),
    ],
)
def test_a_step_says_what_was_missing_and_leaves_the_weights(too_large, batch_size, message):
    before = too_large.get_weights()
    x = np.ones((4, 2 * PIXELS), "float32")
    with pytest.raises(memory.OutOfMemory, match=message) as raised:
        fit(too_large, x, np.ones((4, 1)), batch_size=batch_size, verbose=0)
    assert isinstance(raised.value, RegardError)
    assert memory.is_out_of_memory(raised.value.__cause__)
    for mine, other in zip(too_large.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_numpy_says_so_too():
    with pytest.raises(memory.OutOfMemory, match=r"when 1048576\.0 GiB more"), memory.explained(8):
        np.ones((2**50,), "uint8")


def test_is_told_from_what_the_backends_write():
    cuda = RuntimeError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has 1 GiB free.")
    windows = RuntimeError("not enough memory: you tried to allocate 1610612736 bytes.")
    for error, figure in ((cuda, "2.5"), (windows, "1.5")):
        with pytest.raises(memory.OutOfMemory, match=f"{figure} GiB"), memory.explained(8):
            raise error


def test_without_a_figure_no_figure_is_made_up():
    message = r"^Out of memory, at batch_size=8\. Try .*=4\.$"
    with pytest.raises(memory.OutOfMemory, match=message), memory.explained(8):
        raise MemoryError


@pytest.mark.parametrize(
    "error", [ValueError("shapes differ"), RuntimeError("no memory of that"), KeyboardInterrupt()]
)
def test_other_errors_are_let_through(error):
    assert not memory.is_out_of_memory(error)
    undone = []
    with pytest.raises(type(error)) as raised, memory.explained(8, lambda: undone.append(1)):
        raise error
    assert raised.value is error and not undone


def test_what_was_done_is_undone_first():
    undone = []
    with pytest.raises(memory.OutOfMemory), memory.explained(8, lambda: undone.append(1)):
        raise MemoryError
    assert undone
