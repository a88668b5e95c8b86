"""Which optimizers update in one pass; that they update as Keras's do stands in test_parity."""

import keras
import pytest

from regard.training.loop.tensorflow_adam import in_one_pass


@pytest.mark.parametrize("optimizer", [keras.optimizers.Adam(), keras.optimizers.AdamW()])
def test_adam_updates_in_one_pass_inside_the_block_alone(optimizer):
    for outer in (optimizer, keras.optimizers.LossScaleOptimizer(optimizer)):
        with in_one_pass(outer):
            assert "update_step" in vars(optimizer)
        assert "update_step" not in vars(optimizer)


def test_the_block_ends_with_an_error_too():
    optimizer = keras.optimizers.Adam()
    with pytest.raises(KeyError), in_one_pass(optimizer):
        raise KeyError
    assert "update_step" not in vars(optimizer)


class Own(keras.optimizers.Adam):
    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, gradient)


@pytest.mark.parametrize(
    "optimizer",
    [keras.optimizers.SGD(), keras.optimizers.Nadam(), keras.optimizers.Adam(amsgrad=True), Own()],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_others_keep_their_own_way(optimizer):
    with in_one_pass(optimizer):
        assert "update_step" not in vars(optimizer)
