"""Runs an ONNX file of a network by ONNX Runtime, without Keras."""

from pathlib import Path

import numpy as np

from regard.errors import DataError
from regard.files import read_bounded

MADE_FROM = "regard.made_from"
MAX_BYTES = 2 << 30


class OnnxNetwork:
    """A network that `to_onnx` wrote.

    Args:
        path: The file.

    Attributes:
        input_shape: `(1, …)`, of the images it takes.
        made_from: What was given to `to_onnx`, or "".

    Raises:
        DataError: If it cannot be read, is over 2 GiB, has weights in other files, or takes other
            than one image.
        ImportError: If ONNX or ONNX Runtime is not installed.
    """

    def __init__(self, path):
        import onnxruntime

        content = read_bounded(Path(path), MAX_BYTES)
        _refuse_external_data(content, path)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime has an exception of its own for each failure
            raise DataError(
                f"{path} cannot be read as ONNX. Remove it and export again."
            ) from error
        inputs = self._session.get_inputs()
        self.input_shape = tuple(inputs[0].shape)
        if len(inputs) != 1 or self.input_shape[0] != 1:
            raise DataError(
                f"{path} does not take one image at a time. Remove it and export again."
            )
        self._name = inputs[0].name
        self.made_from = self._session.get_modelmeta().custom_metadata_map.get(MADE_FROM, "")

    def __call__(self, images):
        """Returns what the network gives for each image, `(images, …)`.

        Args:
            images: float32, `(images, …)`.
        """
        outputs = [self._session.run(None, {self._name: image[None]})[0] for image in images]
        return np.concatenate(outputs)


def _refuse_external_data(content, path):
    """Refuses weights in other files: their names could lead to any file of the machine."""
    from google.protobuf.message import DecodeError
    from onnx import ModelProto, TensorProto

    try:
        model = ModelProto.FromString(content)
    except DecodeError:
        raise DataError(f"{path} cannot be read as ONNX. Remove it and export again.") from None
    for message in _messages(model):
        if isinstance(message, TensorProto) and (
            message.data_location == TensorProto.EXTERNAL or message.external_data
        ):
            raise DataError(
                f"{path} keeps weights in another file, which may be any file of this machine: "
                "refused. Export it again into one file."
            )


def _messages(message):
    """Yields a message and all messages inside it."""
    yield message
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for inner in [value] if hasattr(value, "ListFields") else value:
                yield from _messages(inner)
