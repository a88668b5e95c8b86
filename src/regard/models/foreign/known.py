"""What the configuration of a foreign model may name: nothing of it holds code or reads files."""

from regard.layers.registry import LAYERS


def _words(text):
    return frozenset(text.split())


LAYERS_OF_KERAS = _words(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
    AdditiveAttention AlphaDropout Attention Average AveragePooling1D AveragePooling2D
    AveragePooling3D BatchNormalization Bidirectional CenterCrop Concatenate Conv1D
    Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D
    ConvLSTM3D Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D Dot Dropout
    ELU EinsumDense Embedding Flatten GRU GRUCell GaussianDropout GaussianNoise
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D
    GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention Identity
    InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D
    MaxPooling3D Maximum Minimum MultiHeadAttention Multiply Normalization PReLU Permute
    RMSNormalization RNN RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation
    RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing SeparableConv1D
    SeparableConv2D SimpleRNN SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D
    SpatialDropout3D SpectralNormalization StackedRNNCells Subtract TimeDistributed
    UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D
    ZeroPadding3D
    """
)
MODELS = frozenset({"Functional", "Model", "Sequential"})
FUNCTIONS = _words(
    """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
    leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink
    softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh
    tanh_shrink threshold
    """
)
_NUMPY = _words(
    """
    Absolute Add Concatenate Divide Exp ExpandDims GetItem Log Matmul Max Maximum Mean Min Minimum
    Moveaxis Multiply Negative Pad Power Reshape Sqrt Square Squeeze Stack Subtract Sum Swapaxes
    Transpose TrueDivide
    """
)
_NN = _words("Elu Gelu HardSigmoid HardSilu LeakyRelu Relu Relu6 Sigmoid Silu Softmax Softplus")
OF_MODULE = {
    "keras": frozenset({"DTypePolicy", "Model", "Sequential"}),
    "keras.constraints": frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"}),
    "keras.dtype_policies": frozenset({"DTypePolicy"}),
    "keras.initializers": _words(
        """
        Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones
        Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal VarianceScaling
        Zeros
        """
    ),
    "keras.layers": LAYERS_OF_KERAS,
    "keras.models": frozenset({"Model", "Sequential"}),
    "keras.regularizers": frozenset({"L1", "L1L2", "L2", "OrthogonalRegularizer"}),
    "keras.src.models.functional": frozenset({"Functional"}),
    "keras.src.models.model": frozenset({"Model"}),
    "keras.src.models.sequential": frozenset({"Sequential"}),
    "keras.src.ops.nn": _NN,
    "keras.src.ops.numpy": _NUMPY,
}
OF_REGARD = frozenset(tuple(entry.target.split(":")) for entry in LAYERS.values())
PLAIN = {
    "__ellipsis__": frozenset(),
    "__keras_tensor__": frozenset({"shape", "dtype", "keras_history"}),
    "__slice__": frozenset({"start", "stop", "step"}),
}
