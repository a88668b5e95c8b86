"""Networks in files that run without Keras."""

from regard.export.onnx_file import to_onnx
from regard.export.onnx_network import OnnxNetwork

__all__ = ["OnnxNetwork", "to_onnx"]
