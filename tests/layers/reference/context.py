"""Layers that gather context from the map as a whole."""

from tests.layers.reference.adapter import Ours, adapter, convolution, linear, norm


@adapter("double_attention")
def double_attention(arguments, weights):
    return Ours(
        "double_attention",
        {"value_channels": arguments["c_m"], "descriptors": arguments["c_n"]},
        linear("value", weights, "convA")
        | linear("key", weights, "convB")
        | linear("query", weights, "convV")
        | linear("project", weights, "proj"),
    )


@adapter("external_attention")
def external_attention(arguments, weights):
    return Ours(
        "external_attention",
        {"slots": len(weights["linear_0.weight"])},
        linear("query", weights, "conv1")
        | linear("key_memory", weights, "linear_0")
        | linear("value_memory", weights, "linear_1")
        | linear("project", weights, "conv2.0")
        | norm("norm", weights, "conv2.1"),
    )


@adapter("efficient_attention")
def efficient_attention(arguments, weights):
    return Ours(
        "efficient_attention",
        {name: arguments[name] for name in ("heads", "key_channels", "value_channels")},
        linear("query", weights, "queries")
        | linear("key", weights, "keys")
        | linear("value", weights, "values")
        | linear("project", weights, "reprojection"),
    )


@adapter("attention_pool")
def attention_pool(arguments, weights):
    projections = {"query": "q", "key": "k", "value": "v", "project": "c"}
    found = {"position": weights["positional_embedding"]}
    for ours, theirs in projections.items():
        found |= linear(ours, weights, f"{theirs}_proj")
    return Ours(
        "attention_pool",
        {"heads": arguments["heads"], "output_channels": len(weights["c_proj.weight"])},
        found,
    )


@adapter("global_context")
def global_context(arguments, weights):
    found = linear("key", weights, "conv_mask") if arguments["pooling"] == "attention" else {}
    for ours, theirs in (("add", "channel_add_conv"), ("multiply", "channel_mul_conv")):
        if f"{theirs}.0.weight" in weights:
            hidden = len(weights[f"{theirs}.0.weight"])
            found |= (
                linear(f"{ours}_reduce", weights, f"{theirs}.0")
                | norm(f"{ours}_norm", weights, f"{theirs}.1")
                | linear(f"{ours}_expand", weights, f"{theirs}.3")
            )
    fusion = {("add",): "add", ("multiply",): "multiply", ("add", "multiply"): "both"}
    return Ours(
        "global_context",
        {
            "reduced_channels": hidden,
            "pooling": arguments["pooling"],
            "fusion": fusion[tuple(sorted(arguments["fusion"]))],
        },
        found,
    )


@adapter("attention_gate")
def attention_gate(arguments, weights):
    normalization = {"concatenation": "sigmoid", "concatenation_residual": "softmax"}
    return Ours(
        "attention_gate",
        {
            "reduced_channels": len(weights["theta.weight"]),
            "subsampling": weights["theta.weight"].shape[-1],
            "normalization": normalization[arguments["mode"]],
        },
        linear("from_input", weights, "theta", convolution)
        | linear("from_gating", weights, "phi")
        | linear("gate", weights, "psi")
        | linear("project", weights, "W.0")
        | norm("norm", weights, "W.1"),
    )
