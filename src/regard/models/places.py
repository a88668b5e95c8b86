"""Finds the places in a Keras model after which a layer can be put."""

import fnmatch

import keras

from regard.errors import UsageError, nearest

STAGE_ENDS = "stage ends"
EVERY_CONVOLUTION = "every convolution"

_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
_CONVOLUTIONS = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
    *_TRANSPOSED,
)
_PADDINGS = (
    keras.layers.ZeroPadding1D,
    keras.layers.ZeroPadding2D,
    keras.layers.ZeroPadding3D,
)
_NORMS_AND_ACTIVATIONS = (
    keras.layers.BatchNormalization,
    keras.layers.GroupNormalization,
    keras.layers.LayerNormalization,
    keras.layers.Activation,
    keras.layers.ELU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ReLU,
)


def find(calls, after):
    """Returns the calls that `after` means, as described for `insert`.

    Args:
        calls: The `Calls` of a model.
        after: Name, path, pattern, type, layer, words, or a list of these.

    Raises:
        UsageError: If one of them means none.
    """
    wanted = after if isinstance(after, list | tuple) else [after]
    found = {id(call.node) for one in wanted for call in _find_one(calls, one)}
    chosen = {id(call.node): call for call in calls.all if id(call.node) in found}
    if not chosen:
        raise UsageError(f"after={after!r} names no place. Give a layer name, a type or a pattern.")
    return list(chosen.values())


def _find_one(calls, after):
    if after == STAGE_ENDS:
        found, missing = _stage_ends(calls), "has no convolution, so no stages"
    elif after == EVERY_CONVOLUTION:
        found, missing = _convolutions(calls), "has no convolution that gives a feature map"
    elif isinstance(after, str):
        paths = {call.path for call in calls.all}
        matching = {after} if after in paths else set(fnmatch.filter(paths, after))
        found = [call for call in calls.all if call.path in matching]
        missing = f"has no layer {after!r}. {nearest(after, paths)}"
    elif isinstance(after, type):
        found = [call for call in calls.all if isinstance(call.layer, after)]
        types = sorted({type(call.layer).__name__ for call in calls.all})
        missing = f"has no layer of type {after.__name__}. Its types: {', '.join(types)}"
    elif isinstance(after, keras.layers.Layer):
        found = [call for call in calls.all if call.layer is after]
        missing = f"does not hold this layer {after.name!r}"
    else:
        raise UsageError(
            f"after={after!r} is no place. Give a layer name, path or pattern, a layer type, "
            f"{STAGE_ENDS!r}, {EVERY_CONVOLUTION!r}, or a list of these."
        )
    if not found:
        raise UsageError(f"{calls.model.name} {missing.rstrip('.')}.")
    return found


def _convolutions(calls):
    found = (c for c in calls.all if isinstance(c.layer, _CONVOLUTIONS) and c.is_map)
    return [_after_norm_and_activation(call, calls.outputs) for call in found]


def _after_norm_and_activation(call, outputs):
    while len(call.users) == 1 and call not in outputs:
        user = call.users[0]
        if user.graph is not call.graph or not isinstance(user.layer, _NORMS_AND_ACTIVATIONS):
            break
        call = user
    return call


def _stage_ends(calls):
    return [call for output in calls.outputs for call in _stage_ends_before(output, calls)]


def _stage_ends_before(output, calls):
    line = _line_to(output, calls)
    first = next((c for c in line if isinstance(c.layer, _CONVOLUTIONS)), None)
    if first is None:
        return []
    narrow = _narrow(line)
    ends = [
        _before_padding(here, narrow)
        for here, there in zip(narrow, [*narrow[1:], None], strict=True)
        if there is None or _falls(here, there, _between(line, here, there))
    ]
    featured = line[line.index(first) :]
    return [c for c in ends if c in featured and c.is_map and len(c.shape) == len(first.shape)]


def _line_to(output, calls):
    """The inputs and the calls of layers on which an output depends, in order."""
    needed = [output]
    for call in needed:
        needed += [source for source in call.sources if source not in needed]
    return [call for call in (*calls.inputs, *calls.all) if call in needed]


def _narrow(line):
    """The calls of a line through whose output all goes that reaches the end."""
    at = {id(call): index for index, call in enumerate(line)}
    narrow, last_use = [], 0
    for index, call in enumerate(line):
        if last_use <= index:
            narrow.append(call)
        last_use = max([last_use, *(at[id(user)] for user in call.users if id(user) in at)])
    return narrow


def _between(line, here, there):
    return line[line.index(here) + 1 : line.index(there) + 1]


def _falls(here, there, between):
    """Whether the feature map becomes smaller, by a stride or by half, or ends."""
    if not here.is_map or not there.is_map or len(here.shape) != len(there.shape):
        return True
    if any(_has_stride(call.layer) for call in between):
        return True
    pairs = zip(here.sizes, there.sizes, strict=True)
    return any(None not in pair and 2 * pair[1] <= pair[0] for pair in pairs)


def _has_stride(layer):
    strides = getattr(layer, "strides", None) or 1
    strides = strides if isinstance(strides, list | tuple) else [strides]
    return not isinstance(layer, _TRANSPOSED) and any(stride > 1 for stride in strides)


def _before_padding(call, narrow):
    while isinstance(call.layer, _PADDINGS) and call is not narrow[0]:
        call = narrow[narrow.index(call) - 1]
    return call
