"""Gates by channel and by neighbourhood: timm, ECANet, SRM, FcaNet, SimAM."""

from tests.layers.reference.adapter import Ours, adapter, convolution, depthwise, linear, norm


@adapter("effective_squeeze_excitation")
def effective_squeeze_excitation(arguments, weights):
    return Ours(
        "effective_squeeze_excitation",
        {"activation": arguments.get("gate", "hard_sigmoid"), "use_bias": "fc.bias" in weights},
        linear("project", weights, "fc"),
    )


@adapter("eca")
def eca(arguments, weights):
    kernel = convolution(weights["conv.weight"])
    return Ours("eca", {"kernel_size": len(kernel)}, {"project/kernel": kernel})


@adapter("srm")
def srm(arguments, weights):
    return Ours("srm", {}, {"style": weights["cfc"].T} | norm("norm", weights, "bn"))


@adapter("simam")
def simam(arguments, weights):
    return Ours("simam", {"regularization": arguments["e_lambda"]})


@adapter("fca")
def fca(arguments, weights):
    reduced = len(weights["fc.0.weight"])
    taken = {name: arguments[name] for name in ("dct_height", "dct_width", "frequencies")}
    return Ours(
        "fca",
        taken | {"reduced_channels": reduced},
        linear("reduce", weights, "fc.0") | linear("expand", weights, "fc.2"),
    )


@adapter("gather_excite")
def gather_excite(arguments, weights):
    taken = {
        "extent": arguments["extent"],
        "use_convolution": arguments["parameters"],
        "use_mlp": arguments["mlp"],
        "reduced_channels": arguments["reduced_channels"],
    }
    ours = {}
    for at in range(1, 1 + sum(name.startswith("gather.conv") for name in weights)):
        ours |= linear(f"gather{at}", weights, f"gather.conv{at}", depthwise)
        ours |= norm(f"norm{at}", weights, f"gather.norm{at}")
    if arguments["mlp"]:
        ours |= linear("reduce", weights, "mlp.fc1") | linear("expand", weights, "mlp.fc2")
    return Ours("gather_excite", taken, ours)
