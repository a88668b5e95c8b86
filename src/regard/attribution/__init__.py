"""Attribution: which pixels of an image a network's score for a class depends on.

Each method is a function `f(model, images, classes=None, batch_size=32, ...)` that returns
float32 maps `(batch, rows, columns)` on the image plane; `attributions` calls all that apply.
What is explained is the class's logit, the value before a last softmax or sigmoid.

Libraries looked at, in November 2026, and why they do not serve a Keras 3 model on TensorFlow,
JAX and PyTorch alike:

- tf-keras-vis 0.8.7 (2024): written for `tf.keras`, on TensorFlow alone.
- xplique 2.0.2 (2026): TensorFlow, PyTorch in part through a wrapper; its own page warns that
  methods may fail with Keras 3.
- tf-explain 0.3.1 (2021) and innvestigate 2.1.2 (2023, TensorFlow below 2.15): `tf.keras`.
- saliency 0.2.1 (PAIR, 2024): NumPy around a gradient function that the user has to write.
- Captum 0.9.0, grad-cam 1.5.7 (pytorch-grad-cam) and zennit 1.0.0: PyTorch modules and hooks.
- shap 0.54.1: Shapley values, from TensorFlow or PyTorch gradients; none of the methods here.

The numbers of Captum and pytorch-grad-cam are matched in the tests where definitions agree.
"""

from typing import TYPE_CHECKING

from regard.attribution.registry import METHODS, method_function

if TYPE_CHECKING:
    from regard.attribution.all_methods import attributions
    from regard.attribution.attention import attention_rollout, gradient_weighted_attention
    from regard.attribution.class_activation import (
        grad_cam,
        grad_cam_plus_plus,
        hires_cam,
        layer_cam,
    )
    from regard.attribution.covering import occlusion
    from regard.attribution.gradients import gradient, input_x_gradient
    from regard.attribution.masked_channels import score_cam
    from regard.attribution.noisy_gradients import smooth_grad
    from regard.attribution.path_gradients import integrated_gradients
    from regard.attribution.random_masks import rise

__all__ = [
    "METHODS",
    "attention_rollout",
    "attributions",
    "grad_cam",
    "grad_cam_plus_plus",
    "gradient",
    "gradient_weighted_attention",
    "hires_cam",
    "input_x_gradient",
    "integrated_gradients",
    "layer_cam",
    "occlusion",
    "rise",
    "score_cam",
    "smooth_grad",
]


def __getattr__(name):
    if name in METHODS:
        return method_function(name)
    if name == "attributions":
        from regard.attribution.all_methods import attributions

        return attributions
    raise AttributeError(f"module 'regard.attribution' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
