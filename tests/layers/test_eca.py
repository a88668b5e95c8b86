import pytest

from regard.layers.eca import EfficientChannelAttention


@pytest.mark.parametrize(
    ("channels", "size"), [(1, 1), (8, 3), (16, 3), (64, 3), (128, 5), (256, 5), (512, 5)]
)
def test_kernel_size_follows_the_channels(channels, size):
    layer = EfficientChannelAttention(data_format="channels_last")
    layer.build((None, None, None, channels))
    assert layer.project.kernel_size == (size,)
    assert layer.count_params() == size


@pytest.mark.parametrize("size", [0, 2, -3, 3.0, True])
def test_names_a_wrong_kernel_size(size):
    with pytest.raises(ValueError, match=f"kernel_size.*{size!r}"):
        EfficientChannelAttention(size)
