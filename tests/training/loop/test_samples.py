import numpy as np
import pytest

from regard import datasets
from regard.errors import UsageError
from regard.training import Checkpoints, fit
from regard.training.loop import samples

import keras  # isort: skip

COUNT, BATCH = 90, 8


@pytest.fixture(scope="module")
def pictures():
    split = datasets.load("fashion-mnist-sample").train
    return split.images[:COUNT, ..., None], split.labels[:COUNT]


@pytest.fixture(params=[1, 3 * BATCH * 792, 2**26], ids=["a step", "three steps", "all"])
def on_disk(request, pictures, tmp_path, monkeypatch):
    """The pictures in a file, of which so many bytes are on the device at once."""
    monkeypatch.setattr(samples, "WINDOW", request.param)
    mapped = np.lib.format.open_memmap(tmp_path / "images.npy", "w+", np.uint8, pictures[0].shape)
    mapped[:] = pictures[0]
    return mapped, pictures[1]


def scaled(x):
    return keras.ops.cast(x, "float32") / 255


def network():
    keras.utils.set_random_seed(3)
    layers = [
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(4, 3, strides=2, data_format="channels_last"),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10, "softmax"),
    ]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trained(data, validation, **more):
    model = network()
    options = {"batch_size": BATCH, "epochs": 2, "verbose": 0, "prepare": scaled}
    history = fit(model, *data, validation_data=validation, **options | more).history
    return model.get_weights(), history


def test_trains_as_in_memory(pictures, on_disk):
    want, want_history = trained(pictures, (pictures[0][:20], pictures[1][:20]))
    got, history = trained(on_disk, (on_disk[0][:20], on_disk[1][:20]))
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(one, other)
    assert history == want_history


def test_goes_on_in_the_middle_of_an_epoch(pictures, on_disk, tmp_path):
    class Stop(keras.callbacks.Callback):
        seen = 0

        def on_train_batch_end(self, batch, logs=None):
            self.seen += 1
            if self.seen == 17:
                raise KeyboardInterrupt

    want, _ = trained(pictures, None)
    checkpoints = Checkpoints(tmp_path / "states", between=0)
    with pytest.raises(KeyboardInterrupt):
        trained(on_disk, None, checkpoints=checkpoints, callbacks=[Stop()])
    got, _ = trained(on_disk, None, checkpoints=checkpoints)
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(one, other)


def test_all_classes_count_the_same_where_they_lie_on_disk(pictures, on_disk):
    weights = {label: 1.0 + label for label in range(10)}
    want, _ = trained(pictures, None, class_weight=weights)
    got, _ = trained(on_disk, None, class_weight=weights)
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(one, other)


def test_numbers_on_disk_that_would_have_to_be_cast_are_refused(tmp_path):
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float64, (16, 28, 28, 1))
    with pytest.raises(UsageError, match="x is on disk as float64; there it must be float32"):
        fit(network(), mapped, np.zeros(16), verbose=0)
