"""Layers with relative positions, of timm and of leaderj1001's repositories."""

import numpy as np

from tests.layers.reference.adapter import Ours, adapter, convolution, linear, norm


def split(weights, theirs, sizes):
    """Dense maps that the file holds as one, by our names: sizes are their output channels."""
    found, ends = {}, np.cumsum(list(sizes.values()))
    for (ours, size), end in zip(sizes.items(), ends, strict=True):
        part = {
            f"{theirs}.{kind}": weights[f"{theirs}.{kind}"][end - size : end]
            for kind in ("weight", "bias")
            if f"{theirs}.{kind}" in weights
        }
        found |= linear(ours, part, theirs)
    return found


def tables(weights, rows, columns):
    return {"row_positions": weights[rows], "column_positions": weights[columns]}


@adapter("botnet_mhsa")
def botnet_mhsa(arguments, weights):
    heads = arguments["heads"]
    key_channels = heads * weights["pos_embed.height_rel"].shape[1]
    filters = len(weights["qkv.weight"]) - 2 * key_channels
    return Ours(
        "botnet_mhsa",
        {
            "heads": heads,
            "filters": filters,
            "key_channels": key_channels,
            "stride": arguments["stride"],
            "scale_position": arguments["scale_position"],
            "use_bias": "qkv.bias" in weights,
        },
        split(weights, "qkv", {"query": key_channels, "key": key_channels, "value": filters})
        | tables(weights, "pos_embed.height_rel", "pos_embed.width_rel"),
    )


@adapter("attention_augmented_conv")
def attention_augmented_conv(arguments, weights):
    key_channels, value_channels = arguments["key_depth"], arguments["value_depth"]
    widths = {"query": key_channels, "key": key_channels, "value": value_channels}
    ours = split(weights, "qkv_conv", widths) | linear("project", weights, "attn_out")
    if "conv_out.weight" in weights:
        ours |= linear("convolution", weights, "conv_out", convolution)
    if arguments["relative"]:
        ours |= tables(weights, "key_rel_h", "key_rel_w")
    return Ours(
        "attention_augmented_conv",
        {
            "filters": arguments["out_channels"],
            "kernel_size": arguments["kernel_size"],
            "key_channels": key_channels,
            "value_channels": value_channels,
            "heads": arguments["heads"],
            "relative": arguments["relative"],
        },
        ours,
    )


@adapter("halo")
def halo(arguments, weights):
    heads = arguments["heads"]
    key_size = weights["pos_embed.height_rel"].shape[1]
    filters = len(weights["kv.weight"]) - heads * key_size
    by_head = {
        name: value.reshape(heads, key_size + filters // heads, *value.shape[1:])
        for name, value in weights.items()
        if name.startswith("kv.")
    }
    key_value = {
        name: np.concatenate(
            [part.reshape(-1, *part.shape[2:]) for part in np.split(value, [key_size], axis=1)]
        )
        for name, value in by_head.items()
    }
    return Ours(
        "halo",
        {
            "heads": heads,
            "block_size": arguments["block_size"],
            "halo_size": arguments["halo_size"],
            "filters": filters,
            "key_channels": heads * key_size,
            "scale_position": arguments["scale_position"],
            "use_bias": "q.bias" in weights,
        },
        linear("query", weights, "q")
        | split(key_value, "kv", {"key": heads * key_size, "value": filters})
        | tables(weights, "pos_embed.height_rel", "pos_embed.width_rel"),
    )


@adapter("stand_alone_self_attention")
def stand_alone_self_attention(arguments, weights):
    positions = {
        ours: weights[theirs].reshape(len(weights[theirs]), -1).T
        for ours, theirs in (("row_positions", "rel_h"), ("column_positions", "rel_w"))
    }
    return Ours(
        "stand_alone_self_attention",
        {
            "filters": arguments["out_channels"],
            "kernel_size": arguments["kernel_size"],
            "heads": arguments["heads"],
            "use_bias": arguments["bias"],
        },
        linear("query", weights, "query_conv")
        | linear("key", weights, "key_conv")
        | linear("value", weights, "value_conv")
        | positions,
    )


@adapter("lambda_layer")
def lambda_layer(arguments, weights):
    heads, key_channels = arguments["heads"], arguments["key_depth"]
    value_channels = len(weights["norm_v.weight"])
    widths = {"query": heads * key_channels, "key": key_channels, "value": value_channels}
    ours = split(weights, "qkv", widths)
    ours |= norm("query_norm", weights, "norm_q") | norm("value_norm", weights, "norm_v")
    if arguments["receptive_size"] is None:
        ours["position/kernel"] = np.expand_dims(weights["pos_emb"], 2)
    else:
        ours |= linear("position", weights, "conv_lambda", lambda w: convolution(w[..., 0]))
    return Ours(
        "lambda_layer",
        {
            "filters": heads * value_channels,
            "heads": heads,
            "key_channels": key_channels,
            "kernel_size": arguments["receptive_size"],
        },
        ours,
    )
