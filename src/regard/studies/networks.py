"""The networks of a study's arms, which start with the same values where they are the same."""

import keras
import numpy as np

from regard.errors import UsageError
from regard.models import presets
from regard.studies.convolutions import ResidualConvolutions, parameters


def without_attention(recipe, input_shape, classes):
    """Builds the recipe's network without attention."""
    return getattr(presets, recipe.network)(input_shape, classes, attention=None)


def with_attention(recipe, input_shape, classes, design):
    """Builds the recipe's network with the attention of a `regard.studies.design.Design`.

    Raises:
        UsageError: If the layer does not fit there.
    """
    build = getattr(presets, recipe.network)
    try:
        return build(input_shape, classes, attention=design.layer, **design.arguments)
    except (UsageError, ValueError, TypeError) as error:
        raise UsageError(
            f"The design {design.name} does not fit into {recipe.network}: {error}"
        ) from None


def attention_layers(model, plain):
    """Returns the layers of a network that the one without attention has not, in order."""
    known = {layer.name for layer in plain.layers}
    return [layer for layer in model.layers if layer.name not in known and not _is_input(layer)]


def with_convolutions(model, plain, hidden, kernel_size):
    """Returns a network with convolutions where another has its attention.

    Args:
        model: The network with attention.
        plain: The same network without.
        hidden: A function from an attention layer to the hidden channels in its place.
        kernel_size: Of the convolutions.
    """
    replaced = {layer.name: hidden(layer) for layer in attention_layers(model, plain)}

    def copy(layer):
        if layer.name in replaced:
            return ResidualConvolutions(replaced[layer.name], kernel_size, name=layer.name)
        return type(layer).from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=copy)


def hidden_for_parameters(layer):
    """Returns the hidden channels with which 1 x 1 convolutions have a layer's parameters.

    0 where fewer parameters than those of one hidden channel are to be spent.
    """
    channels = _channels(layer)
    one = parameters(channels, 1, 1) - channels
    return max(round((layer.count_params() - channels) / one), 0)


def hidden_for_share(share):
    """Returns a function that gives a layer's place that share of its channels, at least 1."""
    return lambda layer: max(round(share * _channels(layer)), 1)


def start_alike(model, plain):
    """Gives the layers of a network the start values of those of the same name in another."""
    values = {variable.path: variable for variable in plain.variables}
    for variable in model.variables:
        same = values.get(variable.path)
        if same is not None and same.shape == variable.shape:
            variable.assign(np.array(keras.ops.convert_to_numpy(same)))


def builder(arm):
    """Returns what `regard.training.job.prepare` builds an arm's network by.

    The start values of the layers that all arms have depend on the seed alone, and so does all
    that is drawn after the building: the order of the images, dropout, augmentation.

    Args:
        arm: A `regard.studies.plan.PlannedArm`.
    """

    def build(recipe, input_shape, classes):
        keras.utils.set_random_seed(recipe.seed)
        plain = without_attention(recipe, input_shape, classes)
        keras.utils.set_random_seed(recipe.seed)
        model = arm.network(recipe, input_shape, classes, plain)
        start_alike(model, plain)
        keras.utils.set_random_seed(recipe.seed)
        return model

    return build


def _channels(layer):
    return layer.output.shape[-1]


def _is_input(layer):
    return isinstance(layer, keras.layers.InputLayer)
