"""Squeeze-and-excitation of timm, and of senet.pytorch (without bias)."""

from tests.layers.reference.adapter import Ours, adapter, linear


@adapter("squeeze_excitation")
def squeeze_excitation(arguments, weights):
    return Ours(
        "squeeze_excitation",
        {"reduced_channels": arguments["reduced_channels"], "use_bias": arguments["bias"]},
        linear("reduce", weights, "fc1") | linear("expand", weights, "fc2"),
    )


@adapter("squeeze_excitation_no_bias")
def squeeze_excitation_no_bias(arguments, weights):
    return Ours(
        "squeeze_excitation_no_bias",
        {"reduction_ratio": arguments["reduction"]},
        linear("reduce", weights, "fc.0") | linear("expand", weights, "fc.2"),
    )
