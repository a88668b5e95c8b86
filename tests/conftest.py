import dataclasses
import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def cut():
    """A function that cuts a data set down to 100 images to train on and 50 to test on."""
    from regard.datasets import Split

    def first(split, count):
        return Split(split.images[:count], split.labels[:count])

    def cut(dataset):
        return dataclasses.replace(
            dataset, train=first(dataset.train, 100), test=first(dataset.test, 50)
        )

    return cut


@pytest.fixture(scope="module")
def eager():
    """Lets Keras run uncompiled: to compile takes longer than the few steps of these tests."""
    import keras

    with pytest.MonkeyPatch.context() as patch:
        owner = next(base for base in keras.Model.__mro__ if "compile" in vars(base))
        compiled = owner.compile

        def compile_eagerly(*args, **kwargs):
            return compiled(*args, **(kwargs | {"run_eagerly": True}))

        patch.setattr(owner, "compile", compile_eagerly)
        yield
