import numpy as np
import pytest

from regard import models
from regard.layers import Attention

import keras  # isort: skip


@pytest.mark.parametrize(
    ("shape", "classes"), [((28, 28, 1), 10), ((12, 17, 3), 4), ((6, 8, 1), 2)]
)
def test_tutorial_gives_probabilities(shape, classes):
    model = models.tutorial(shape, classes, units=5)
    assert model.input_shape == (None, *shape)
    assert model.output_shape == (None, classes)
    images = np.random.default_rng(0).random((3, *shape), dtype="float32")
    probabilities = model.predict(images, verbose=0)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)


def test_tutorial_has_the_layers_of_the_tutorial():
    model = models.tutorial(units=7)
    names = [type(layer).__name__ for layer in model.layers]
    assert names == ["Conv2D", "Conv2D", "MaxPooling2D", "Attention", "Flatten", "Dense", "Dense"]
    attention = model.get_layer("attention")
    assert isinstance(attention, Attention)
    assert (attention.units, attention.return_attention) == (7, True)
    assert attention.output.shape == (None, 12, 12, 64)


def test_an_unknown_preset_is_an_attribute_error():
    with pytest.raises(AttributeError, match="tutorials"):
        _ = models.tutorials


def test_tutorial_is_not_compiled():
    assert isinstance(models.tutorial(), keras.Sequential)
    assert not models.tutorial().compiled
