"""Builds a model from a configuration that was checked."""

from regard.errors import DataError


def built(config, source):
    """Returns the model of a checked configuration, not compiled.

    Args:
        config: What `checked_config` gave.
        source: The file's name, for messages.

    Raises:
        DataError: If no model can be built from it.
    """
    import keras

    import regard.layers.registered  # noqa: F401

    try:
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:  # layers raise nearly anything for arguments that do not fit
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise DataError(f"{source} describes no model that can be built: {reason}") from None
    if not isinstance(model, keras.Model) or not model.built:
        raise DataError(f"{source} describes no model with inputs of known shape.")
    return model
