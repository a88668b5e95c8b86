"""Attention along the axes: lucidrains' axial, Axial-DeepLab's and CCNet's criss-cross."""

import numpy as np

from tests.layers.reference.adapter import Ours, adapter, linear, norm


@adapter("axial")
def axial(arguments, weights):
    ours = {}
    for number, axis in enumerate(("height", "width")):
        theirs = f"axial_attentions.{number}.fn."
        keys, values = np.split(weights[f"{theirs}to_kv.weight"], 2)
        ours |= linear(f"{axis}_query", weights, f"{theirs}to_q")
        ours |= linear(f"{axis}_key", {"kv.weight": keys}, "kv")
        ours |= linear(f"{axis}_value", {"kv.weight": values}, "kv")
        ours |= linear(f"{axis}_project", weights, f"{theirs}to_out")
    return Ours(
        "axial",
        {
            "heads": arguments["heads"],
            "key_channels": len(weights["axial_attentions.0.fn.to_q.weight"]),
            "sequential": not arguments["sum"],
        },
        ours,
    )


@adapter("axial_deeplab")
def axial_deeplab(arguments, weights):
    heads, filters = arguments["heads"], len(weights["bn_output.weight"]) // 2
    half = filters // heads // 2
    queries, keys, values = np.split(weights["relative"].T, [half, 2 * half], axis=1)
    ours = {
        "query_positions": queries[::-1],
        "key_positions": keys,
        "value_positions": values[::-1],
    }
    for number, name in enumerate(("content", "query", "key")):
        block = _every(weights, "bn_similarity", slice(number * heads, (number + 1) * heads))
        ours |= norm(f"{name}_norm", block, "bn_similarity")
        del ours[f"{name}_norm/beta"]  # the softmax takes it out
    for number, name in enumerate(("gathered", "position")):
        block = _every(weights, "bn_output", slice(number, None, 2))
        ours |= norm(f"{name}_norm", block, "bn_output")
    return Ours(
        "axial_deeplab",
        {
            "filters": filters,
            "heads": heads,
            "axis": arguments["axis"],
            "stride": arguments["stride"],
        },
        ours | linear("project", weights, "qkv_transform") | norm("norm", weights, "bn_qkv"),
    )


@adapter("criss_cross")
def criss_cross(arguments, weights):
    return Ours(
        "criss_cross",
        {
            "key_channels": len(weights["query_conv.weight"]),
            "recurrence": arguments["recurrence"],
        },
        linear("query", weights, "query_conv")
        | linear("key", weights, "key_conv")
        | linear("value", weights, "value_conv")
        | {"gamma": weights["gamma"].reshape(())},
    )


def _every(weights, theirs, which):
    return {n: value[which] for n, value in weights.items() if n.startswith(f"{theirs}.")}
