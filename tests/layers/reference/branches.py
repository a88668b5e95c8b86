"""Layers of several branches, large kernels and polarised filtering, by their source."""

import re

from tests.layers.reference.adapter import Ours, adapter, convolution, depthwise, linear, norm


def _large_kernel(weights, prefix=""):
    local = weights[f"{prefix}conv0.weight"].shape[-1]
    dilated = weights[f"{prefix}conv_spatial.weight"].shape[-1]
    dilation_rate = (local + 1) // 2
    arguments = {"kernel_size": dilated * dilation_rate, "dilation_rate": dilation_rate}
    return arguments, (
        linear("local", weights, f"{prefix}conv0", depthwise)
        | linear("dilated", weights, f"{prefix}conv_spatial", depthwise)
        | linear("mix", weights, f"{prefix}conv1")
    )


@adapter("large_kernel_attention")
def large_kernel_attention(arguments, weights):
    return Ours("large_kernel_attention", *_large_kernel(weights))


@adapter("van_attention")
def van_attention(arguments, weights):
    ours, found = _large_kernel(weights, "spatial_gating_unit.")
    around = linear("enter", weights, "proj_1") | linear("project", weights, "proj_2")
    return Ours("van_attention", ours, found | around)


def _polarized(weights, names):
    found = {}
    for ours, theirs in names.items():
        found |= linear(ours, weights, theirs)
    return {"reduced_channels": weights["conv_v_right.weight"].shape[0]}, found


_POLARIZED = {
    "channel_query": "conv_q_right",
    "channel_value": "conv_v_right",
    "spatial_query": "conv_q_left",
    "spatial_value": "conv_v_left",
}


@adapter("polarized_parallel")
def polarized_parallel(arguments, weights):
    ours, found = _polarized(weights, _POLARIZED | {"expand": "conv_up"})
    found["spatial_value/kernel"] = found["spatial_value/kernel"].T
    return Ours("polarized_parallel", ours, found)


@adapter("polarized_sequential")
def polarized_sequential(arguments, weights):
    names = _POLARIZED | {"reduce": "conv_up.0", "expand": "conv_up.3"}
    ours, found = _polarized(weights, names)
    ours["bottleneck_ratio"] = ours["reduced_channels"] // weights["conv_up.0.weight"].shape[0]
    return Ours("polarized_sequential", ours, found | norm("norm", weights, "conv_up.1"))


@adapter("selective_kernel")
def selective_kernel(arguments, weights):
    branches = arguments["branches"].split(",")
    sizes = [weights[f"paths.{n}.conv.weight"].shape[-1] for n in range(len(branches))]
    dilations = [re.search(r"dilation (\d+)", branch) for branch in branches]
    found = {}
    for n in range(len(branches)):
        found |= linear(f"convolution_{n}", weights, f"paths.{n}.conv", convolution)
        found |= norm(f"norm_{n}", weights, f"paths.{n}.bn")
    return Ours(
        "selective_kernel",
        {
            "kernel_sizes": [
                1 + (size - 1) * (int(dilation[1]) if dilation else 1)
                for size, dilation in zip(sizes, dilations, strict=True)
            ],
            "use_dilation": any(dilations),
            "groups": arguments["groups"],
            "reduced_channels": weights["attn.fc_reduce.weight"].shape[0],
            "split_input": arguments["split_input"],
        },
        found
        | linear("reduce", weights, "attn.fc_reduce")
        | norm("reduce_norm", weights, "attn.bn")
        | linear("select", weights, "attn.fc_select"),
    )


def _pointwise(weight):
    return weight.reshape(weight.shape[:2]).T[None]


@adapter("split_attention")
def split_attention(arguments, weights):
    same = arguments["in_channels"] == arguments["channels"]
    return Ours(
        "split_attention",
        {
            "filters": None if same else arguments["channels"],
            "kernel_size": arguments["kernel_size"],
            "radix": arguments["radix"],
            "groups": arguments["groups"],
            "reduced_channels": weights["fc1.weight"].shape[0],
            "use_bias": "conv.bias" in weights,
        },
        linear("convolution", weights, "conv", convolution)
        | norm("norm", weights, "bn0")
        | linear("reduce", weights, "fc1", _pointwise)
        | norm("reduce_norm", weights, "bn1")
        | linear("select", weights, "fc2", _pointwise),
    )


@adapter("ema")
def ema(arguments, weights):
    return Ours(
        "ema",
        {"groups": arguments["groups"]},
        linear("mix", weights, "conv1x1")
        | linear("local", weights, "conv3x3", convolution)
        | norm("norm", weights, "gn"),
    )
