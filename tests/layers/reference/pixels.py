"""Attention over all pixels: SAGAN, DANet, non-local blocks and Keras's own three."""

from tests.layers.reference.adapter import Ours, adapter, dense, linear, norm


@adapter("sagan")
def sagan(arguments, weights):
    return _sagan("sagan", weights)


@adapter("danet_position")
def danet_position(arguments, weights):
    return _sagan("danet_position", weights)


def _sagan(name, weights):
    ours = {"gamma": weights["gamma"].reshape(())}
    for part in ("query", "key", "value"):
        ours |= linear(part, weights, f"{part}_conv")
    return Ours(name, {"key_channels": len(weights["query_conv.weight"])}, ours)


@adapter("sagan_pooled")
def sagan_pooled(arguments, weights):
    ours = {"gamma": weights["gamma"].reshape(())}
    for part, theirs in (("query", "theta"), ("key", "phi"), ("value", "g"), ("project", "o")):
        ours |= linear(part, weights, theirs)
    return Ours(
        "sagan_pooled",
        {
            "key_channels": len(weights["theta.weight"]),
            "value_channels": len(weights["g.weight"]),
            "pool_size": arguments["pool"],
        },
        ours,
    )


@adapter("danet_channel")
def danet_channel(arguments, weights):
    return Ours("danet_channel", {}, {"gamma": weights["gamma"].reshape(())})


@adapter("non_local_embedded_gaussian")
def non_local_embedded_gaussian(arguments, weights):
    return _non_local("embedded_gaussian", arguments, weights)


@adapter("non_local_gaussian")
def non_local_gaussian(arguments, weights):
    return _non_local("gaussian", arguments, weights)


@adapter("non_local_dot_product")
def non_local_dot_product(arguments, weights):
    return _non_local("dot_product", arguments, weights)


@adapter("non_local_concatenation")
def non_local_concatenation(arguments, weights):
    return _non_local("concatenation", arguments, weights)


def _non_local(mode, arguments, weights):
    ours = {}
    for part, theirs in (("query", "theta"), ("key", "phi"), ("value", "g"), ("project", "W")):
        for first in (theirs, f"{theirs}.0"):  # of a sequence with a pool or a norm
            if f"{first}.weight" in weights:
                ours |= linear(part, weights, first)
    ours |= norm("norm", weights, "W.1")
    reduced = ours["value/kernel"].shape[1]
    if mode == "concatenation":
        compare = dense(weights["concat_project.0.weight"])
        ours["compare_query/kernel"] = compare[:reduced]
        ours["compare_key/kernel"] = compare[reduced:]
    return Ours(
        f"non_local_{mode}",
        {
            "reduced_channels": reduced,
            "subsample": arguments["sub_sample"],
            "use_batch_norm": arguments["batch_norm"],
        },
        ours,
    )


@adapter("keras_attention")
def keras_attention(arguments, weights):
    return Ours("keras_attention", arguments, weights)


@adapter("keras_additive_attention")
def keras_additive_attention(arguments, weights):
    return Ours("keras_additive_attention", arguments, weights)


@adapter("keras_multi_head_attention")
def keras_multi_head_attention(arguments, weights):
    channels, heads, key_channels = weights["query/kernel"].shape
    ours = {}
    for part in ("query", "key", "value"):
        ours[f"{part}/kernel"] = weights[f"{part}/kernel"].reshape(channels, -1)
    ours["project/kernel"] = weights["attention_output/kernel"].reshape(-1, channels)
    use_bias = "query/bias" in weights
    if use_bias:
        for part in ("query", "key", "value"):
            ours[f"{part}/bias"] = weights[f"{part}/bias"].reshape(-1)
        ours["project/bias"] = weights["attention_output/bias"]
    return Ours(
        "keras_multi_head_attention",
        {
            "heads": heads,
            "key_channels": key_channels,
            "value_channels": weights["value/kernel"].shape[-1],
            "use_bias": use_bias,
        },
        ours,
    )
