"""The table of attribution methods, as strings, so that they are listed without loading Keras."""

import importlib
from dataclasses import dataclass

from regard.errors import UsageError, nearest


@dataclass(frozen=True)
class Method:
    """One attribution method.

    Attributes:
        target: `"module:function"`.
        needs: What the model must have: `"image"`, `"feature map"`, a layer whose output has rows
            and columns, or `"attention"`, a layer whose attention has pixels as queries and keys.
        is_random: Whether the function takes a `seed`.
    """

    target: str
    needs: str = "image"
    is_random: bool = False


METHODS = {
    "gradient": Method("regard.attribution.gradients:gradient"),
    "input_x_gradient": Method("regard.attribution.gradients:input_x_gradient"),
    "integrated_gradients": Method("regard.attribution.path_gradients:integrated_gradients"),
    "smooth_grad": Method("regard.attribution.noisy_gradients:smooth_grad", is_random=True),
    "grad_cam": Method("regard.attribution.class_activation:grad_cam", "feature map"),
    "grad_cam_plus_plus": Method(
        "regard.attribution.class_activation:grad_cam_plus_plus", "feature map"
    ),
    "hires_cam": Method("regard.attribution.class_activation:hires_cam", "feature map"),
    "layer_cam": Method("regard.attribution.class_activation:layer_cam", "feature map"),
    "score_cam": Method("regard.attribution.masked_channels:score_cam", "feature map"),
    "occlusion": Method("regard.attribution.covering:occlusion"),
    "rise": Method("regard.attribution.random_masks:rise", is_random=True),
    "attention_rollout": Method("regard.attribution.attention:attention_rollout", "attention"),
    "gradient_weighted_attention": Method(
        "regard.attribution.attention:gradient_weighted_attention", "attention"
    ),
}


def method_function(name: str):
    """Returns the function of an attribution method.

    Args:
        name: A name of the table.

    Raises:
        UsageError: If no method has that name; the nearest names are given.
    """
    check_method(name)
    module, function = METHODS[name].target.split(":")
    return getattr(importlib.import_module(module), function)


def check_method(name: str) -> None:
    """Refuses a name that no attribution method has.

    Raises:
        UsageError: If no method has that name; the nearest names are given.
    """
    if name not in METHODS:
        raise UsageError(f"No attribution method is called {name!r}. {nearest(name, METHODS)}")
