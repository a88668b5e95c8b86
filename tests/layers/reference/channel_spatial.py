"""CBAM, BAM, coordinate, triplet, scSE, GAM and shuffle attention."""

import numpy as np

from tests.layers.reference.adapter import Ours, adapter, convolution, linear, norm


@adapter("cbam")
def cbam(arguments, weights):
    gate = "SpatialGate.spatial"
    return Ours(
        "cbam",
        {
            "reduced_channels": len(weights["ChannelGate.mlp.1.weight"]),
            "kernel_size": weights[f"{gate}.conv.weight"].shape[-1],
        },
        linear("reduce", weights, "ChannelGate.mlp.1")
        | linear("expand", weights, "ChannelGate.mlp.3")
        | linear("spatial", weights, f"{gate}.conv", convolution)
        | norm("spatial/norm", weights, f"{gate}.bn"),
    )


@adapter("bam")
def bam(arguments, weights):
    channel, spatial = "channel_att.gate_c.gate_c_", "spatial_att.gate_s.gate_s_"
    found = (
        linear("channel_reduce", weights, f"{channel}fc_0")
        | norm("channel_norm", weights, f"{channel}bn_1")
        | linear("channel_expand", weights, f"{channel}fc_final")
        | linear("spatial_expand", weights, f"{spatial}conv_final", convolution)
    )
    number = arguments["dilated_convolutions"]
    for n, end in enumerate(["reduce0", *(f"di_{i}" for i in range(number))]):
        found |= linear(f"spatial_{n}", weights, f"{spatial}conv_{end}", convolution)
        found |= norm(f"spatial_{n}_norm", weights, f"{spatial}bn_{end}")
    return Ours(
        "bam",
        {
            "reduced_channels": len(weights[f"{channel}fc_0.weight"]),
            "dilation_rate": arguments["dilation"],
            "convolutions": number,
        },
        found,
    )


@adapter("coordinate")
def coordinate(arguments, weights):
    return Ours(
        "coordinate",
        {"reduced_channels": len(weights["conv1.weight"])},
        linear("reduce", weights, "conv1")
        | norm("norm", weights, "bn1")
        | linear("row", weights, "conv_h")
        | linear("column", weights, "conv_w"),
    )


@adapter("triplet")
def triplet(arguments, weights):
    gates = {
        "channel_column": ("cw", lambda kernel: np.swapaxes(convolution(kernel), 0, 1)),
        "row_channel": ("hc", convolution),
        "spatial": ("hw", convolution),
    }
    if arguments["no_spatial"]:
        del gates["spatial"]
    found = {}
    for name, (theirs, layout) in gates.items():
        found |= linear(name, weights, f"{theirs}.conv.conv", layout)
        found |= norm(f"{name}/norm", weights, f"{theirs}.conv.bn")
    return Ours(
        "triplet",
        {"kernel_size": arguments["kernel_size"], "use_spatial": not arguments["no_spatial"]},
        found,
    )


@adapter("scse")
def scse(arguments, weights):
    return Ours(
        "scse",
        {
            "reduced_channels": len(weights["cSE.fc1.weight"]),
            "combine": arguments["combine"],
        },
        linear("reduce", weights, "cSE.fc1")
        | linear("expand", weights, "cSE.fc2")
        | linear("spatial", weights, "sSE.conv"),
    )


@adapter("gam")
def gam(arguments, weights):
    return Ours(
        "gam",
        {
            "reduced_channels": len(weights["linear1.weight"]),
            "kernel_size": weights["conv1.weight"].shape[-1],
            "padding": arguments["padding"],
        },
        linear("reduce", weights, "linear1")
        | linear("expand", weights, "linear2")
        | linear("spatial_reduce", weights, "conv1", convolution)
        | norm("reduce_norm", weights, "norm1")
        | linear("spatial_expand", weights, "conv2", convolution)
        | norm("expand_norm", weights, "norm2"),
    )


@adapter("shuffle")
def shuffle(arguments, weights):
    names = {
        "channel_scale": "cweight",
        "channel_offset": "cbias",
        "gamma": "gn.weight",
        "beta": "gn.bias",
        "spatial_scale": "sweight",
        "spatial_offset": "sbias",
    }
    found = {ours: weights[theirs].reshape(-1) for ours, theirs in names.items()}
    return Ours("shuffle", {"groups": arguments["groups"]}, found)
