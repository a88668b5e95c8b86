import numpy as np
import pytest

import regard
from regard import models
from regard.errors import UsageError
from regard.layers import Attention

import keras  # isort: skip

SMALL = [name for name in models.PRESETS if name != "tutorial"]
FIGURES = {  # parameters and multiply-adds for 28 x 28 grey images
    "convnext_nano": (1_901_546, 21_935_872),
    "mobilenetv2_small": (300_586, 29_803_392),
    "regard_fast": (419_867, 15_194_784),
    "resnet9": (1_647_786, 68_647_936),
    "resnet20": (270_810, 30_821_248),
    "tutorial": (1_208_203, 15_162_752),
}


def placed(model):
    return [layer.name for layer in model.layers if layer.name.endswith("attention")]


def map_sizes(model):
    """The sizes of the feature maps, in order."""
    shapes = [layer.output.shape for layer in model.layers]
    return sorted({shape[1] for shape in shapes if len(shape) == 4}, reverse=True)


@pytest.mark.parametrize("name", models.PRESETS)
def test_has_the_figures_that_it_states(name):
    model = getattr(models, name)()
    counted = (model.count_params(), models.count_multiply_adds(model))
    assert counted == FIGURES[name]
    assert (model.name, model.compiled) == (name, False)


@pytest.mark.parametrize("name", models.PRESETS)
@pytest.mark.parametrize(("shape", "classes"), [((28, 28, 1), 10), ((16, 21, 3), 2)])
def test_gives_probabilities(name, shape, classes):
    model = getattr(models, name)(shape, classes)
    assert model.input_shape == (None, *shape)
    assert model.output_shape == (None, classes)
    images = np.random.default_rng(0).random((3, *shape), dtype="float32")
    probabilities = keras.ops.convert_to_numpy(model(images))
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "side", "sizes"),
    [
        ("resnet9", 224, [224, 112, 56, 28, 14, 7]),
        ("resnet20", 64, [64, 32, 16, 8]),
        ("resnet20", 224, [224, 112, 56, 28, 14]),
        ("regard_fast", 28, [28, 14, 7, 3]),
        ("regard_fast", 224, [224, 112, 56, 28, 14, 7]),
        ("convnext_nano", 28, [28, 14, 7, 4, 2]),
        ("convnext_nano", 224, [224, 56, 28, 14, 7]),
        ("mobilenetv2_small", 28, [28, 14, 7]),
        ("mobilenetv2_small", 96, [96, 48, 24, 12]),
    ],
)
def test_stride_depends_on_the_size(name, side, sizes):
    assert map_sizes(getattr(models, name)((side, side, 1))) == sizes


def test_resnet20_is_that_of_the_paper():
    model = models.resnet20((32, 32, 3))
    assert sum(np.prod(w.shape) for w in model.trainable_weights) == 269_722
    assert models.count_multiply_adds(model) == 40_551_040
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    assert len(convolutions) == 19


@pytest.mark.parametrize(
    ("name", "blocks", "stages"),
    [
        ("resnet9", ["stage1_block", "stage3_block"], ["stage1", "stage2", "stage3"]),
        (
            "resnet20",
            [f"stage{stage}_block{block}" for stage in (1, 2, 3) for block in (1, 2, 3)],
            ["stage2", "stage3"],
        ),
        (
            "convnext_nano",
            [f"stage{s}_block{b + 1}" for s, n in enumerate((2, 2, 4, 2), 1) for b in range(n)],
            ["stage1", "stage2", "stage3", "stage4"],
        ),
        (
            "mobilenetv2_small",
            [f"stage{s}_block{b + 1}" for s, n in enumerate((1, 2, 2, 3, 1), 1) for b in range(n)],
            ["stage3", "stage4", "stage5"],
        ),
        ("regard_fast", ["block"], ["stage3"]),
        ("tutorial", [""], [""]),
    ],
)
def test_gates_stand_in_blocks_and_pixels_attend_after_stages(name, blocks, stages):
    preset = getattr(models, name)
    gated = preset(attention="squeeze_excitation", reduction_ratio=8)
    assert placed(gated) == [f"{block}_attention".lstrip("_") for block in blocks]
    assert {gated.get_layer(place).reduction_ratio for place in placed(gated)} == {8}
    assert placed(preset(attention="pixel")) == [f"{s}_attention".lstrip("_") for s in stages]


@pytest.mark.parametrize("name", SMALL)
def test_is_trained_saved_and_read(name, tmp_path):
    model = getattr(models, name)((16, 16, 1), 2, attention="pixel")
    images = np.random.default_rng(0).random((4, 16, 16, 1), dtype="float32")
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    assert np.isfinite(model.train_on_batch(images, np.array([0, 1, 1, 0])))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (loaded(images), model(images))))
    assert list(regard.attention_maps(loaded, images)) == placed(model)


def test_tutorial_has_the_layers_of_the_tutorial():
    model = models.tutorial(units=7)
    names = [type(layer).__name__ for layer in model.layers]
    assert names == ["Conv2D", "Conv2D", "MaxPooling2D", "Attention", "Flatten", "Dense", "Dense"]
    attention = model.get_layer("attention")
    assert isinstance(model, keras.Sequential)
    assert isinstance(attention, Attention)
    assert (attention.units, attention.return_attention) == (7, True)
    assert attention.output.shape == (None, 12, 12, 64)
    assert models.tutorial().get_layer("attention").units == 32
    assert models.tutorial(attention=None).count_params() == 1_199_882


def test_regard_fast_attends_from_the_first_step():
    attention = models.regard_fast().get_layer("stage3_attention")
    assert (attention.units, float(attention.gamma)) == (32, 1.0)
    assert attention.output.shape == (None, 7, 7, 128)


@pytest.mark.parametrize("name", models.PRESETS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (5, 28, 1)}, r"at least .* columns, not \(5, 28, 1\)"),
        ({"input_shape": (28, 28)}, r"columns, channels\) with .* not \(28, 28\)"),
        ({"input_shape": (None, None, 3)}, "not .None, None, 3"),
        ({"classes": 1}, "classes must be an integer of at least 2, not 1"),
        ({"attention": "pixels"}, "No attention layer is called 'pixels'. Nearest: pixel"),
        ({"attention": None, "units": 3}, r"attention=None takes no arguments.*units"),
        ({"attention": "halo", "filters": 3}, "halo does not keep the shape"),
    ],
)
def test_says_what_is_wrong(name, arguments, message):
    with pytest.raises(UsageError, match=message):
        getattr(models, name)(**arguments)


def test_an_unknown_preset_is_an_attribute_error():
    with pytest.raises(AttributeError, match="tutorials"):
        _ = models.tutorials
    assert {"insert", "count_multiply_adds", "load", *models.PRESETS} <= set(dir(models))
