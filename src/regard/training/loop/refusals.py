"""What the loop does not do, refused by name before any work."""

import keras

from regard.errors import UsageError

OWN_STEPS = (
    "fit",
    "evaluate",
    "train_step",
    "test_step",
    "compute_metrics",
    "make_train_function",
    "make_test_function",
)


def check_model(model):
    """Refuses a model whose steps are not Keras's own, or that no single device trains.

    Raises:
        UsageError: If it is no compiled Keras model, has steps of its own, or is distributed.
    """
    if not isinstance(model, keras.Model):
        raise UsageError(f"model must be a keras.Model, not {type(model).__name__}.")
    if not model.compiled:
        raise UsageError(f"Model {model.name!r} is not compiled. Call model.compile first.")
    own = [n for n in OWN_STEPS if getattr(type(model), n) is not getattr(keras.Model, n)]
    if own:
        raise UsageError(
            f"{type(model).__name__} has its own {', '.join(own)}, which this loop would pass "
            "over. Use model.fit; an own compute_loss would be used here."
        )
    replicas = getattr(getattr(model, "distribute_strategy", None), "num_replicas_in_sync", 1)
    if keras.distribution.distribution() is not None or replicas > 1:
        raise UsageError("This loop trains on one device. Use model.fit for distributed training.")
    if keras.config.backend() == "torch" and model.jit_compile:
        raise UsageError("This loop runs PyTorch eagerly. Use model.fit for jit_compile=True.")


def check_arguments(values):
    """Refuses arguments of `model.fit` that are not supported, and values out of range.

    Args:
        values: From an argument's name to its value.

    Raises:
        UsageError: Names the argument.
    """
    for name in ("steps_per_epoch", "validation_steps"):
        if values[name] is not None:
            raise UsageError(f"{name} is not supported: every epoch sees all samples.")
    for name, least in (("batch_size", 1), ("epochs", 0), ("initial_epoch", 0)):
        if not isinstance(values[name], int) or values[name] < least:
            raise UsageError(f"{name} must be an integer of at least {least}: {values[name]!r}.")
    seed, frequency = values["seed"], values["validation_freq"]
    if seed is not None and (not isinstance(seed, int) or seed < 0):
        raise UsageError(f"seed must be None or an integer of at least 0: {seed!r}.")
    if not isinstance(frequency, list) and (not isinstance(frequency, int) or frequency < 1):
        raise UsageError(f"validation_freq must be an integer from 1 or a list: {frequency!r}.")
    if not isinstance(values["shuffle"], bool):
        raise UsageError(f"shuffle must be True or False: {values['shuffle']!r}.")
    if values["class_weight"] is not None and values["sample_weight"] is not None:
        raise UsageError("Give class_weight or sample_weight, not both.")
    if values["class_weight"] is not None and isinstance(values["y"], list | tuple | dict):
        raise UsageError("class_weight works for one output only. Give sample_weight per output.")
    for callback in keras.tree.flatten(values["callbacks"] or []):
        if isinstance(callback, keras.callbacks.BackupAndRestore):
            raise UsageError("BackupAndRestore is not supported. Use model.fit with it.")


def check_trainable(model):
    """Refuses a built model in which nothing can be trained.

    Raises:
        UsageError: If every weight is frozen or there is none.
    """
    if not model.trainable_variables:
        raise UsageError(f"Model {model.name!r} has no trainable weights.")
