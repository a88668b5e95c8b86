"""Runs an ONNX file of a network by ONNX Runtime, without Keras."""

import numpy as np

from regard.errors import DataError

MADE_FROM = "regard.made_from"


class OnnxNetwork:
    """A network that `to_onnx` wrote.

    Args:
        path: The file.

    Attributes:
        input_shape: `(1, …)`, of the images it takes.
        made_from: What was given to `to_onnx`, or "".

    Raises:
        DataError: If it cannot be read, or takes other than one image.
        ImportError: If ONNX Runtime is not installed.
    """

    def __init__(self, path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
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
