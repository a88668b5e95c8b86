"""Walks through a model layer by layer, nested models included, without changing it."""

import keras

from regard.errors import DataError


def walk(model, inputs, visit, prefix=""):
    """Runs `visit(path, layer, args, kwargs)` for each layer in order and hands on what it gives.

    The inputs need not be tensors: whatever `visit` returns is handed to the layers that follow,
    so one walk serves for reading attention and for tracing receptive fields.

    Args:
        model: A Sequential or functional Keras model.
        inputs: What the model is called on.
        visit: Gives a layer's output from its path, such as `backbone/attention`, itself, and
            the arguments of its call.
        prefix: Path of the model itself.

    Returns:
        What stands for the model's output.
    """

    def step(layer, *args, **kwargs):
        path = f"{prefix}{layer.name}"
        if isinstance(layer, keras.Sequential | keras.Function):
            return walk(layer, args[0], visit, f"{path}/")
        return visit(path, layer, args, kwargs)

    if isinstance(model, keras.Sequential):
        for layer in model.layers:
            inputs = step(layer, inputs)
        return inputs
    return model._run_through_graph(
        inputs, operation_fn=lambda layer: lambda *args, **kwargs: step(layer, *args, **kwargs)
    )


def as_graph(model, input_shape):
    """Returns a model that `walk` can go through: itself, or a subclassed model traced once.

    Args:
        model: Any Keras model with one input.
        input_shape: Shape of one image, without the batch.

    Raises:
        DataError: If a subclassed model's `call` cannot be traced.
    """
    if isinstance(model, keras.Sequential | keras.Function):
        return model
    inputs = keras.Input(input_shape)
    try:
        return keras.Model(inputs, model.call(inputs))
    except Exception as error:
        raise DataError(
            f"The layers of {model.name} cannot be traced: {error}. Write its call with Keras "
            "layers and keras.ops alone, or build it as a functional model."
        ) from error
