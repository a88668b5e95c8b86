"""Rewrites a model into an equal one that does less arithmetic."""

import keras

from regard.errors import UsageError
from regard.models.calls import Calls, is_model
from regard.models.folding.chains import Plan
from regard.models.folding.running import FoldedModel


def fold(model, *, training=True, batch_size=32):
    """Returns a model that gives the same with less arithmetic, and shares the variables.

    Linear layers with nothing between them become one, whose kernel is composed from theirs in
    each step, so that gradients reach the variables of each; to train the folded model is to
    train `model`, which stays as it is. What is done, and why not more, is printed. These are
    folded, where the result is exact up to rounding, and cheaper by counted multiply-adds:

    - convolutions in a row without activation, also grouped and depthwise ones: two of 3x3 become
      one of 5x5. Exact where all but the first pad nothing. Zeros that a later one pads are what
      an earlier one would give only if that has size 1 and no bias, else the two stay apart;
    - average pooling after them, which becomes a stride; not where it averages over part of a
      window at the border;
    - `Flatten` and `Dense` after them, and `Dense` layers in a row;
    - batch norm before or after one of these, with `training=False` alone.

    What a layer has as its activation stands after the fold. Layers whose sizes are not known,
    quantized layers, those with an activity regularizer, with a mask, or with groups in three
    dimensions are left as they are, as is pooling in three dimensions.

    Args:
        model: A built Sequential or functional Keras model, nested or not.
        training: Whether the folded model can be trained. If False, batch norm is folded in as
            it is in inference, and a call with `training=True` is refused.
        batch_size: Images that share the composing of a kernel, by which it is judged whether it
            is worth it.

    Returns:
        A `keras.Model`, not compiled, with the attributes `model`, to be saved in its stead, and
        `report`, what was folded.

    Raises:
        UsageError: If the model is not built, or does more than call known layers.

    Example:
        >>> layers = [keras.layers.Conv2D(32, 3), keras.layers.Conv2D(64, 3)]
        >>> folded = fold(keras.Sequential([keras.Input((28, 28, 1)), *layers], name="chain"))
        ... # doctest: +ELLIPSIS
        folded conv2d... + conv2d... into one 5x5 convolution: ... multiply-adds an image
        >>> folded.count_params()
        18816
    """
    folded = folded_model(model, training, batch_size)
    print(folded.report)
    return folded


def folded_model(model, training, batch_size):
    """Returns what `fold` returns, and prints nothing."""
    _check(model, batch_size)
    calls = Calls(model)
    for one in (model, *(c.layer for c in calls.all if isinstance(c.layer, keras.Model))):
        _check_own_code(one)
    return FoldedModel(model, Plan(calls, training, batch_size), training)


def _check(model, batch_size):
    if not isinstance(model, keras.Model):
        raise UsageError(f"fold takes a Keras model, not {type(model).__name__}.")
    if not isinstance(batch_size, int) or batch_size < 1:
        raise UsageError(f"batch_size must be an integer of at least 1, not {batch_size!r}.")
    if not is_model(model):
        raise UsageError(
            f"{model.name} is a subclassed model: which layers follow each other stands in its "
            "code. Make it functional first: inputs = keras.Input(shape); "
            "model = keras.Model(inputs, model.call(inputs))."
        )


def _check_own_code(model):
    """Refuses a class of models with a way of its own to call or to train."""
    for name in ("call", "train_step", "compute_loss"):
        own = getattr(type(model), name)
        if own.__module__.split(".")[0] != "keras":
            raise UsageError(
                f"{model.name} has a {name} of its own, {own.__qualname__}, which folding would "
                "pass over. Fold keras.Model(model.inputs, model.outputs) instead."
            )
