"""The table of attention layers, as strings, so that they are listed without loading Keras."""

import ast
import importlib.util
from dataclasses import dataclass, field
from typing import Any

from regard.errors import UsageError, nearest


@dataclass(frozen=True)
class Entry:
    """One attention layer.

    Attributes:
        target: `"module:class"`.
        example: A second, non-default value for each argument, for the contract tests.
        arguments: What makes this name of the class: one class may have several names.
        reference: The public code whose numbers the layer gives, or else its paper's formula.
        exceptions: The contract's checks that do not hold here, each with the reason.
    """

    target: str
    example: dict[str, Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    reference: str = "formula in NumPy"
    exceptions: dict[str, str] = field(default_factory=dict)


LAYERS = {
    "pixel": Entry(
        "regard.layers.attention:Attention",
        {
            "units": 4,
            "return_attention": True,
            "gamma_initializer": "ones",
            "data_format": "channels_first",
            "use_scale": True,
            "dropout": 0.1,
            "seed": 3,
        },
        exceptions={
            "config_holds_every_argument": "score_mode has no second value for a feature map"
        },
    ),
    "squeeze_excitation": Entry(
        "regard.layers.squeeze_excitation:SqueezeExcitation",
        {"reduction_ratio": 4, "reduced_channels": 3, "use_bias": False},
        reference="huggingface/pytorch-image-models",
    ),
    "squeeze_excitation_no_bias": Entry(
        "regard.layers.squeeze_excitation:SqueezeExcitation",
        {"reduction_ratio": 4, "reduced_channels": 3},
        {"use_bias": False},
        reference="moskomule/senet.pytorch",
    ),
    "botnet_mhsa": Entry(
        "regard.layers.botnet_mhsa:BotNetAttention",
        {
            "heads": 2,
            "filters": 6,
            "key_channels": 4,
            "stride": 2,
            "scale_position": False,
            "use_bias": True,
        },
        reference="huggingface/pytorch-image-models",
    ),
    "attention_augmented_conv": Entry(
        "regard.layers.attention_augmented_conv:AttentionAugmentedConvolution",
        {
            "filters": 10,
            "kernel_size": 5,
            "key_channels": 6,
            "value_channels": 4,
            "heads": 2,
            "relative": False,
        },
        reference="leaderj1001/Attention-Augmented-Conv2d",
    ),
    "halo": Entry(
        "regard.layers.halo:HaloAttention",
        {
            "heads": 2,
            "block_size": 3,
            "halo_size": 1,
            "filters": 6,
            "key_channels": 4,
            "scale_position": False,
            "use_bias": True,
        },
        reference="huggingface/pytorch-image-models",
    ),
    "stand_alone_self_attention": Entry(
        "regard.layers.stand_alone_self_attention:StandAloneSelfAttention",
        {"filters": 6, "kernel_size": 3, "heads": 2, "use_bias": True},
        reference="leaderj1001/Stand-Alone-Self-Attention",
    ),
    "large_kernel_attention": Entry(
        "regard.layers.large_kernel_attention:LargeKernelAttention",
        {"kernel_size": 10, "dilation_rate": 2},
        reference="Visual-Attention-Network/VAN-Classification",
    ),
    "van_attention": Entry(
        "regard.layers.large_kernel_attention:VisualAttention",
        {"kernel_size": 10, "dilation_rate": 2},
        reference="Visual-Attention-Network/VAN-Classification",
    ),
    "effective_squeeze_excitation": Entry(
        "regard.layers.effective_squeeze_excitation:EffectiveSqueezeExcitation",
        {"activation": "sigmoid", "use_bias": False},
        reference="huggingface/pytorch-image-models",
    ),
    "eca": Entry(
        "regard.layers.eca:EfficientChannelAttention",
        {"kernel_size": 5},
        reference="BangguWu/ECANet",
    ),
    "srm": Entry(
        "regard.layers.srm:StyleRecalibration",
        {},
        reference="hyunjaelee410/style-based-recalibration-module",
    ),
    "simam": Entry(
        "regard.layers.simam:SimAM", {"regularization": 0.01}, reference="ZjjConan/SimAM"
    ),
    "sagan": Entry(
        "regard.layers.sagan:SaganAttention",
        {"reduction_ratio": 4, "key_channels": 3},
        reference="heykeetae/Self-Attention-GAN",
    ),
    "danet_position": Entry(
        "regard.layers.sagan:SaganAttention",
        {"reduction_ratio": 4, "key_channels": 3},
        reference="junfu1115/DANet",
    ),
    "sagan_pooled": Entry(
        "regard.layers.sagan:SaganPooledAttention",
        {"reduction_ratio": 4, "key_channels": 3, "value_channels": 5, "pool_size": 3},
        reference="ajbrock/BigGAN-PyTorch",
    ),
    "danet_channel": Entry(
        "regard.layers.danet_channel:DanetChannelAttention", {}, reference="junfu1115/DANet"
    ),
    "non_local_embedded_gaussian": Entry(
        "regard.layers.non_local:NonLocal",
        {"reduction_ratio": 4, "reduced_channels": 3, "subsample": True, "use_batch_norm": False},
        {"mode": "embedded_gaussian"},
        reference="AlexHex7/Non-local_pytorch",
    ),
    "non_local_gaussian": Entry(
        "regard.layers.non_local:NonLocal",
        {"reduction_ratio": 4, "reduced_channels": 3, "subsample": True, "use_batch_norm": False},
        {"mode": "gaussian"},
        reference="AlexHex7/Non-local_pytorch",
    ),
    "non_local_dot_product": Entry(
        "regard.layers.non_local:NonLocal",
        {"reduction_ratio": 4, "reduced_channels": 3, "subsample": True, "use_batch_norm": False},
        {"mode": "dot_product"},
        reference="AlexHex7/Non-local_pytorch",
    ),
    "non_local_concatenation": Entry(
        "regard.layers.non_local:NonLocal",
        {"reduction_ratio": 4, "reduced_channels": 3, "subsample": True, "use_batch_norm": False},
        {"mode": "concatenation"},
        reference="AlexHex7/Non-local_pytorch",
    ),
    "fca": Entry(
        "regard.layers.fca:FrequencyChannelAttention",
        {
            "dct_height": 14,
            "dct_width": 8,
            "reduction_ratio": 4,
            "reduced_channels": 3,
            "frequencies": "low4",
        },
        reference="cfzd/FcaNet",
    ),
    "gather_excite": Entry(
        "regard.layers.gather_excite:GatherExcite",
        {
            "extent": 4,
            "use_convolution": True,
            "use_mlp": True,
            "reduction_ratio": 4,
            "reduced_channels": 3,
        },
        reference="huggingface/pytorch-image-models",
    ),
    "keras_attention": Entry(
        "regard.layers.keras_attention:PixelDotProductAttention",
        {"use_scale": True, "score_mode": "concat"},
        reference="keras-team/keras",
    ),
    "keras_additive_attention": Entry(
        "regard.layers.keras_attention:PixelAdditiveAttention",
        {"use_scale": False},
        reference="keras-team/keras",
    ),
    "keras_multi_head_attention": Entry(
        "regard.layers.keras_multi_head_attention:PixelMultiHeadAttention",
        {"heads": 2, "key_channels": 3, "value_channels": 5, "use_bias": False},
        reference="keras-team/keras",
    ),
    "linear_context_transform": Entry(
        "regard.layers.linear_context_transform:LinearContextTransform", {"groups": 2}
    ),
    "gated_channel_transformation": Entry(
        "regard.layers.gated_channel_transformation:GatedChannelTransformation", {}
    ),
    "gaussian_context": Entry(
        "regard.layers.gaussian_context:GaussianContext",
        {"standard_deviation": None, "lowest": 0.5, "highest": 3.0},
    ),
    "second_order_channel": Entry(
        "regard.layers.second_order_channel:SecondOrderChannelAttention",
        {"reduction_ratio": 4, "reduced_channels": 3, "iterations": 3, "use_bias": False},
    ),
    "axial": Entry(
        "regard.layers.axial:AxialAttention",
        {"heads": 2, "key_channels": 4, "sequential": True},
        reference="lucidrains/axial-attention",
    ),
    "axial_deeplab": Entry(
        "regard.layers.axial_deeplab:AxialDeeplabAttention",
        {"filters": 12, "heads": 2, "axis": "width", "stride": 2},
        reference="csrhddlam/axial-deeplab",
    ),
    "criss_cross": Entry(
        "regard.layers.criss_cross:CrissCrossAttention",
        {"reduction_ratio": 4, "key_channels": 3, "recurrence": 1},
        reference="speedinghzl/CCNet",
    ),
    "lambda_layer": Entry(
        "regard.layers.lambda_layer:LambdaLayer",
        {"filters": 6, "heads": 2, "key_channels": 3, "kernel_size": 3},
        reference="huggingface/pytorch-image-models",
    ),
    "polarized_parallel": Entry(
        "regard.layers.polarized:PolarizedParallel",
        {"reduction_ratio": 4, "reduced_channels": 3},
        reference="DeLightCMU/PSA",
    ),
    "polarized_sequential": Entry(
        "regard.layers.polarized:PolarizedSequential",
        {"reduction_ratio": 4, "reduced_channels": 6, "bottleneck_ratio": 2},
        reference="DeLightCMU/PSA",
    ),
    "cbam": Entry(
        "regard.layers.cbam:ConvolutionalBlockAttention",
        {"reduction_ratio": 4, "reduced_channels": 3, "kernel_size": 3},
        reference="Jongchan/attention-module",
    ),
    "triplet": Entry(
        "regard.layers.triplet:TripletAttention",
        {"kernel_size": 3, "use_spatial": False},
        reference="landskape-ai/triplet-attention",
    ),
    "scse": Entry(
        "regard.layers.scse:SpatialChannelSqueezeExcitation",
        {"reduction_ratio": 4, "reduced_channels": 3, "combine": "add"},
        reference="ai-med/squeeze_and_excitation",
    ),
    "bam": Entry(
        "regard.layers.bam:BottleneckAttention",
        {"reduction_ratio": 4, "reduced_channels": 3, "dilation_rate": 2, "convolutions": 1},
        reference="Jongchan/attention-module",
    ),
    "coordinate": Entry(
        "regard.layers.coordinate:CoordinateAttention",
        {"reduction_ratio": 4, "reduced_channels": 3},
        reference="houqb/CoordAttention",
    ),
    "gam": Entry(
        "regard.layers.gam:GlobalAttentionMechanism",
        {
            "reduction_ratio": 2,
            "reduced_channels": 3,
            "kernel_size": 3,
            "padding": "zeros",
            "channel_sigmoid": True,
        },
        reference="dengbuqi/GAM_Pytorch",
    ),
    "shuffle": Entry(
        "regard.layers.shuffle:ShuffleAttention", {"groups": 2}, reference="wofmanaf/SA-Net"
    ),
    "shifted_window": Entry(
        "regard.layers.shifted_window:ShiftedWindowAttention",
        {"window_size": 4, "shift_size": 1, "heads": 2, "use_bias": False},
    ),
    "neighbourhood": Entry(
        "regard.layers.neighbourhood:NeighbourhoodAttention",
        {"kernel_size": 3, "heads": 2, "use_bias": False},
    ),
    "outlook": Entry(
        "regard.layers.outlook:OutlookAttention",
        {"kernel_size": 5, "heads": 2, "use_bias": True},
    ),
    "double_attention": Entry(
        "regard.layers.double_attention:DoubleAttention",
        {"value_channels": 5, "descriptors": 3, "residual": True},
        reference="changzy00/pytorch-attention",
    ),
    "external_attention": Entry(
        "regard.layers.external_attention:ExternalAttention",
        {"slots": 5},
        reference="MenghaoGuo/EANet",
    ),
    "efficient_attention": Entry(
        "regard.layers.efficient_attention:EfficientAttention",
        {"heads": 2, "key_channels": 6, "value_channels": 10},
        reference="cmsflash/efficient-attention",
    ),
    "attention_pool": Entry(
        "regard.layers.attention_pool:AttentionPooling",
        {"heads": 2, "output_channels": 5},
        reference="openai/CLIP",
    ),
    "global_context": Entry(
        "regard.layers.global_context:GlobalContext",
        {"reduction_ratio": 2, "reduced_channels": 3, "pooling": "average", "fusion": "both"},
        reference="xvjiarui/GCNet",
    ),
    "attention_gate": Entry(
        "regard.layers.attention_gate:AttentionGate",
        {"reduced_channels": 3, "subsampling": 3, "normalization": "softmax"},
        exceptions={
            "attention_keeps_its_declaration": "coarse has the rows and columns of a smaller map"
        },
        reference="ozan-oktay/Attention-Gated-Networks",
    ),
    "cross_covariance": Entry(
        "regard.layers.cross_covariance:CrossCovarianceAttention", {"heads": 2, "use_bias": False}
    ),
    "multi_head_pixel": Entry(
        "regard.layers.multi_head_pixel:MultiHeadPixelAttention",
        {
            "heads": 4,
            "key_channels": 8,
            "key_value_heads": 2,
            "rotary": True,
            "registers": 3,
            "pool_size": 2,
            "use_bias": False,
        },
    ),
    "spatial_group_enhance": Entry(
        "regard.layers.spatial_group_enhance:SpatialGroupEnhance", {"groups": 4}
    ),
    "efficient_local": Entry(
        "regard.layers.efficient_local:EfficientLocalAttention",
        {"kernel_size": 3, "groups": 2, "norm_groups": 4},
    ),
    "strip_pooling": Entry(
        "regard.layers.strip_pooling:StripPooling", {"kernel_size": 5, "filters": 4}
    ),
    "parnet": Entry("regard.layers.parnet:ParNetAttention", {"kernel_size": 5, "use_bias": True}),
    "contextual_transformer": Entry(
        "regard.layers.contextual_transformer:ContextualTransformer",
        {
            "kernel_size": 5,
            "groups": 2,
            "heads": 4,
            "reduction_ratio": 4,
            "fusion_channels": 6,
        },
    ),
    "selective_kernel": Entry(
        "regard.layers.selective_kernel:SelectiveKernel",
        {
            "kernel_sizes": [3, 7],
            "use_dilation": False,
            "groups": 2,
            "reduction_ratio": 4,
            "least_channels": 6,
            "reduced_channels": 5,
            "split_input": True,
        },
        reference="huggingface/pytorch-image-models",
    ),
    "split_attention": Entry(
        "regard.layers.split_attention:SplitAttention",
        {
            "filters": 6,
            "kernel_size": 5,
            "radix": 4,
            "groups": 2,
            "reduction_ratio": 2,
            "least_channels": 8,
            "reduced_channels": 10,
            "use_bias": True,
        },
        reference="zhanghang1989/ResNeSt",
    ),
    "ema": Entry(
        "regard.layers.ema:EfficientMultiScaleAttention",
        {"groups": 2},
        reference="YOLOonMe/EMA-attention-module",
    ),
    "spatial_gating": Entry(
        "regard.layers.spatial_gating:SpatialGating",
        {"expansion_ratio": 2, "expanded_channels": 10},
    ),
}


def layer_class(name: str) -> type:
    """Returns the class of a registered attention layer.

    Args:
        name: A name of the table.

    Raises:
        UsageError: If no layer has that name; the nearest names are given.
    """
    module, attribute = _known(name).target.split(":")
    return getattr(importlib.import_module(module), attribute)


def layer_docstring(name: str) -> str:
    """Returns the docstring of a registered layer's class, read from its file, without Keras.

    Args:
        name: A name of the table.

    Raises:
        UsageError: If no layer has that name; the nearest names are given.

    Example:
        >>> "arXiv:1709.01507" in layer_docstring("squeeze_excitation")
        True
    """
    module, attribute = _known(name).target.split(":")
    source = importlib.util.find_spec(module).loader.get_source(module)
    nodes = ast.parse(source).body
    return next(ast.get_docstring(node) for node in nodes if getattr(node, "name", "") == attribute)


def make_layer(name: str, /, **arguments):
    """Builds a registered attention layer.

    Args:
        name: A name of the table.
        arguments: Of the layer's class; those that make the name are added.

    Raises:
        UsageError: If no layer has that name; the nearest names are given.
        TypeError: If the layer has no such argument.
        ValueError: If an argument is out of range.

    Example:
        >>> make_layer("squeeze_excitation_no_bias", reduction_ratio=4).use_bias
        False
    """
    cls = layer_class(name)
    return cls(**(LAYERS[name].arguments | arguments))


def _known(name):
    if name not in LAYERS:
        raise UsageError(f"No attention layer is called {name!r}. {nearest(name, LAYERS)}")
    return LAYERS[name]
