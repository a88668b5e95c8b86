"""Writes a network as an ONNX file, and proves that it answers as the network does."""

import contextlib
import importlib.util
import logging
import warnings
from pathlib import Path

import numpy as np

from regard.errors import DataError, RegardError, UsageError
from regard.export.onnx_network import MADE_FROM, OnnxNetwork
from regard.files import whole_file

_NEEDED = ("onnx", "onnxruntime", "tf2onnx")
_TRIED = 4  # images on which the file must answer as the network does
_TOLERANCE = 1e-5


def to_onnx(model, path, made_from=""):
    """Writes a network as an ONNX file for one image at a time, folded for inference.

    Args:
        model: A built Keras model with one input of known size and one output. The backend is
            TensorFlow.
        path: The file to make; one that exists is never overwritten.
        made_from: Kept in the file, to tell later which weights it holds: such as the SHA-256 of
            the file that the model was loaded from.

    Returns:
        The path.

    Raises:
        UsageError: If the file exists or its folder does not, the size of the images is not known,
            there are several outputs, the channels come first, or the backend is another.
        RegardError: If a package is missing, an operation has no ONNX form, or the file does not
            answer as the network does, within 1e-5 of its largest output or of 1; nothing is
            written then.

    Example:
        >>> import keras, pytest, tempfile
        >>> _ = pytest.importorskip("tf2onnx")
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
        >>> path = to_onnx(model, Path(tempfile.mkdtemp(), "model.onnx"))
        >>> OnnxNetwork(path)(np.ones((3, 4), "float32")).shape
        (3, 2)
    """
    path = Path(path)
    shape = _image_shape(model)
    _check(path)
    with whole_file(path) as temporary:
        _convert(model, shape, temporary)
        _keep(temporary, made_from)
        _prove(model, shape, temporary)
    return path


def _image_shape(model):
    from regard.models.inputs import channel_axis

    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or None in shape[1:]:
        raise UsageError(f"{model.name} needs one input of known size to be exported, not {shape}.")
    if len(model.outputs) != 1:
        raise UsageError(f"{model.name} has {len(model.outputs)} outputs; one can be exported.")
    if len(shape) == 4 and channel_axis(model) != -1:
        raise UsageError(f"{model.name} takes channels first; only channels last can be exported.")
    return shape[1:]


def _check(path):
    import keras

    if keras.config.backend() != "tensorflow":
        raise UsageError(
            f"Exporting works on TensorFlow, and the backend is {keras.config.backend()}. Load "
            "the model with KERAS_BACKEND=tensorflow."
        )
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent} to write {path.name} to.")
    if path.exists():
        raise UsageError(f"{path} exists and is not overwritten. Move it away first.")
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise RegardError(f'Exporting needs {", ".join(missing)}: pip install "regard[export]".')


def _convert(model, shape, path):
    import keras

    from regard.models.prediction import folded

    network = folded(model)
    network(np.zeros((1, *shape), "float32"))
    signature = [keras.InputSpec("float32", (1, *shape), name="image")]
    try:
        with _quiet():
            network.export(
                path, format="onnx", verbose=False, input_signature=signature, opset_version=17
            )
    except OSError:
        raise
    except Exception as error:  # tf2onnx raises nearly anything for what it cannot convert
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RegardError(f"{model.name} has no ONNX form: {reason}") from error


def _keep(path, made_from):
    import onnx

    proto = onnx.load(path)
    onnx.helper.set_model_props(proto, {MADE_FROM: made_from})
    onnx.save(proto, path)


def _prove(model, shape, path):
    import keras

    images = np.random.default_rng(0).random((_TRIED, *shape), dtype="float32")
    wanted = keras.ops.convert_to_numpy(model(images, training=False))
    try:
        given = OnnxNetwork(path)(images)
    except DataError:
        raise RegardError(
            f"{model.name} has no ONNX form: ONNX Runtime does not know all of its operations."
        ) from None
    difference = np.abs(given - wanted).max() if given.shape == wanted.shape else np.inf
    if not difference <= _TOLERANCE * max(1, np.abs(wanted).max()):
        raise RegardError(
            f"The ONNX file answers other than {model.name}, by {difference:.1e}: not written."
        )


@contextlib.contextmanager
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)
