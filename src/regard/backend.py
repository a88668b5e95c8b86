"""Chooses the Keras backend before Keras is imported, and makes our layers known to it."""

import importlib
import importlib.util
import os
import sys
from pathlib import Path

BACKENDS = ("tensorflow", "jax", "torch")
NONE_INSTALLED = (
    "No Keras backend is installed. "
    'Install one: pip install "regard[tensorflow]" (or jax, or torch).'
)
ACCELERATOR = Path("/dev/nvidia0")


def installed() -> list[str]:
    """Returns the backends that are installed, the fastest one first.

    On a CPU that is TensorFlow, whose convolutions are two to three times faster than JAX's
    there; on an accelerator it is JAX.

    Example:
        >>> set(installed()) <= {"tensorflow", "jax", "torch"}
        True
    """
    found = [name for name in BACKENDS if importlib.util.find_spec(name)]
    return sorted(found, key=lambda name: name != "jax") if ACCELERATOR.exists() else found


def let_tensorflow_be_fast() -> None:
    """Lets TensorFlow compute with oneDNN on every processor, unless its variable is set.

    By itself it does so only on processors with AVX-512; with AVX2 a training step of a small
    CNN takes nearly twice as long without. It reads the variable when it is imported.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def choose() -> str | None:
    """Sets `KERAS_BACKEND` to an installed backend where nothing else has chosen one.

    The variable `KERAS_BACKEND` wins, then a Keras that is already imported, then what is
    installed. Keras's own file `keras.json` is not asked: Keras writes it by itself, so it says
    what was installed once, not what a person chose.

    Returns:
        The backend that Keras will use, or None where none is installed.
    """
    if "KERAS_BACKEND" in os.environ:
        return os.environ["KERAS_BACKEND"]
    if "keras" in sys.modules:
        return sys.modules["keras"].config.backend()
    available = installed()
    if not available:
        return None
    os.environ["KERAS_BACKEND"] = available[0]
    return available[0]


def register_layers_with_keras() -> None:
    """Lets Keras load files that hold our layers, from now on or from its import on.

    Keras finds a layer of another package only if it is registered, so a saved model would not
    load in a process that has only run `import regard`. Loading Keras for that would make
    `import regard` slow; instead our layers are registered right after Keras is imported.
    """
    if "keras" in sys.modules:
        importlib.import_module("regard.layers.registered")
    elif not any(isinstance(finder, _AfterKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterKeras())


class _AfterKeras:
    """Imports our layers once, as soon as the import of Keras has ended."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "keras":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, (f.find_spec(fullname, path, target) for f in others)), None)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = self._then_register(spec.loader.exec_module)
        return spec

    def _then_register(self, execute):
        def execute_then_register(module):
            sys.meta_path.remove(self)
            execute(module)
            importlib.import_module("regard.layers.registered")

        return execute_then_register
