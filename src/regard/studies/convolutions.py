"""What stands in attention's place in a control: convolutions of a chosen size."""

import keras


@keras.saving.register_keras_serializable(package="regard")
class ResidualConvolutions(keras.layers.Layer):
    """Two convolutions beside a skip connection: `x + W2 * relu(W1 * x + b1) + b2`.

    It changes a feature map as attention does, keeps its shape, and gates nothing: with a kernel
    size of 1 it sees no neighbour, with 3 no further than a convolution. It starts near the
    identity, as its last kernel is drawn small.

    Args:
        hidden: Channels between the two, at least 1.
        kernel_size: Rows and columns of both kernels.

    Example:
        >>> layer = ResidualConvolutions(4)
        >>> layer.build((None, 5, 7, 8))
        >>> layer.count_params() == parameters(channels=8, hidden=4, kernel_size=1)
        True
    """

    def __init__(self, hidden, kernel_size=1, **kwargs):
        super().__init__(**kwargs)
        self.hidden = hidden
        self.kernel_size = kernel_size

    def build(self, input_shape):
        policy = self.dtype_policy
        self.first = keras.layers.Conv2D(
            self.hidden,
            self.kernel_size,
            padding="same",
            activation="relu",
            data_format="channels_last",
            kernel_initializer="he_normal",
            dtype=policy,
            name="first",
        )
        self.second = keras.layers.Conv2D(
            input_shape[-1],
            self.kernel_size,
            padding="same",
            data_format="channels_last",
            kernel_initializer=keras.initializers.VarianceScaling(0.01),
            dtype=policy,
            name="second",
        )
        self.first.build(input_shape)
        self.second.build((*input_shape[:-1], self.hidden))

    def call(self, x, mask=None):
        return x + self.second(self.first(x))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"hidden": self.hidden, "kernel_size": self.kernel_size}


def parameters(channels, hidden, kernel_size):
    """Returns the number of parameters of `ResidualConvolutions`.

    Example:
        >>> parameters(channels=64, hidden=4, kernel_size=1)
        580
    """
    return (2 * channels * kernel_size**2 + 1) * hidden + channels
