import errno
import os

import numpy as np
import pytest

from regard import datasets


@pytest.fixture(scope="session")
def small(cut):
    """100 images to train on and 50 to test on, of the sample."""
    return cut(datasets.load("fashion-mnist-sample"))


@pytest.fixture(scope="session")
def tiny():
    """A function that builds a network of a few weights, drawn from a seed."""

    def build(units=2, seed=0):
        import keras

        dense, norm = keras.layers.Dense, keras.layers.BatchNormalization
        layers = [dense(4, name="a"), dense(units, name="b"), norm(name="c")]
        model = keras.Sequential([keras.Input((3,)), *layers], name="tiny")
        rng = np.random.default_rng(seed)
        for variable in model.variables:
            variable.assign(rng.standard_normal(variable.shape).astype(variable.dtype))
        return model

    return build


@pytest.fixture(scope="session")
def full_disk():
    """A function that fails as a write to a full disk does."""

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return fail
