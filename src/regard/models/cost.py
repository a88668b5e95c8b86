"""What a network costs: the multiply-adds of one image."""

import contextlib
import inspect
import math
from unittest import mock

import keras
from keras.src import backend as computing

from regard.errors import UsageError
from regard.models.folding import forms


def count_multiply_adds(model, input_shape=None):
    """Counts the multiply-adds of one image, from the computation itself.

    The model or layer is called once, in inference, on one image of zeros, and each matrix
    product and convolution that the Keras backend is asked for is counted by its shapes, also
    inside attention layers. Not counted is what is done to each element alone: activations,
    norms, pooling, gates times features, sums, biases; nor are Fourier transforms. A padded
    convolution counts its padding, as usual. A model or layer that is not built yet is built.

    Args:
        model: A Keras model or layer with one input.
        input_shape: Shape of one image, without the batch; by default that of the model.

    Returns:
        The number of multiply-adds, an integer: half the usual number of operations.

    Raises:
        UsageError: If the shape is neither given nor known.

    Example:
        >>> count_multiply_adds(keras.layers.Conv2D(8, 3, padding="same"), (5, 7, 4))
        10080
    """
    shape = _one_image(model, input_shape)
    image = keras.ops.zeros((1, *shape))
    counted = []
    with _each_step_by_itself(), _heavy_work_counted_in(counted):
        model(image, training=False) if _knows_training(model) else model(image)
    return sum(counted)


def _one_image(model, input_shape):
    shape = tuple(getattr(model, "input_shape", ()) if input_shape is None else input_shape)
    shape = shape[1:] if input_shape is None else shape
    if not shape or not all(isinstance(size, int) for size in shape):
        raise UsageError(
            f"The shape of one image has to be known to count the work of {model.name}, but is "
            f"{shape or 'not given'}. Give input_shape=(rows, columns, channels)."
        )
    return shape


def _knows_training(layer):
    return isinstance(layer, keras.Model) or "training" in inspect.signature(layer.call).parameters


def _each_step_by_itself():
    """Lets loops run step by step, so that work in a loop is counted as often as it is done."""
    if keras.config.backend() != "jax":
        return contextlib.nullcontext()
    import jax

    return jax.disable_jit()


@contextlib.contextmanager
def _heavy_work_counted_in(counted):
    """Lets the backend's heavy functions note their multiply-adds, each but the outermost not."""
    inside = []

    def counting(function, multiply_adds):
        signature = inspect.signature(function)

        def call(*args, **kwargs):
            inside.append(function)
            try:
                result = function(*args, **kwargs)
            finally:
                inside.pop()
            if not inside:
                counted.append(multiply_adds(signature.bind(*args, **kwargs).arguments, result))
            return result

        return call

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(forms, "BACKENDS", ()))  # only Keras's are counted
        stack.enter_context(mock.patch.object(computing.core, "map", _one_after_another))
        for (module, name), multiply_adds in _HEAVY.items():
            owner = getattr(computing, module)
            wrapped = counting(getattr(owner, name), multiply_adds)
            stack.enter_context(mock.patch.object(owner, name, wrapped))
        yield


def _one_after_another(function, xs):
    """`keras.ops.map`, without the call by which Keras finds out the shapes on TensorFlow."""
    parts = [keras.ops.unstack(x) for x in keras.tree.flatten(xs)]
    results = [function(keras.tree.pack_sequence_as(xs, part)) for part in zip(*parts, strict=True)]
    return keras.tree.map_structure(lambda *part: keras.ops.stack(part), *results)


def _size(x):
    return math.prod(x.shape)


def _convolution(arguments, result):
    return _size(result) * math.prod(arguments["kernel"].shape[:-1])


def _depthwise_convolution(arguments, result):
    return _size(result) * math.prod(arguments["kernel"].shape[:-2])


def _separable_convolution(arguments, result):
    depthwise, pointwise = arguments["depthwise_kernel"].shape, arguments["pointwise_kernel"].shape
    pixels = _size(result) // pointwise[-1]
    return pixels * (math.prod(depthwise) + math.prod(pointwise))


def _transposed_convolution(arguments, result):
    return _size(arguments["inputs"]) * math.prod(arguments["kernel"].shape[:-1])


def _matrix_product(arguments, result):
    return _size(result) * arguments["x1"].shape[-1]


def _tensor_product(arguments, result):
    """The contracted size is counted in both operands, the others in one and in the result."""
    return math.isqrt(_size(arguments["x1"]) * _size(arguments["x2"]) * _size(result))


def _einsum(arguments, result):
    """The size of the result times those of the letters that are summed over."""
    inputs, _, output = arguments["subscripts"].replace(" ", "").partition("->")
    sizes = {}
    for letters, operand in zip(inputs.split(","), arguments["operands"], strict=True):
        before, _, after = letters.partition("...")
        sizes |= dict(zip(before, operand.shape, strict=False))
        sizes |= dict(zip(reversed(after), reversed(operand.shape), strict=False))
    return _size(result) * math.prod(n for letter, n in sizes.items() if letter not in output)


def _dot_product_attention(arguments, result):
    queries, keys, values = (arguments[name] for name in ("query", "key", "value"))
    return math.prod(queries.shape[:-1]) * keys.shape[1] * (keys.shape[-1] + values.shape[-1])


_HEAVY = {
    ("nn", "conv"): _convolution,
    ("nn", "depthwise_conv"): _depthwise_convolution,
    ("nn", "separable_conv"): _separable_convolution,
    ("nn", "conv_transpose"): _transposed_convolution,
    ("nn", "dot_product_attention"): _dot_product_attention,
    ("numpy", "matmul"): _matrix_product,
    ("numpy", "dot"): _tensor_product,
    ("numpy", "tensordot"): _tensor_product,
    ("numpy", "einsum"): _einsum,
}
