import keras
import numpy as np
import pytest

from regard import datasets, models
from regard.datasets.check import as_images
from regard.errors import DataError, RegardError, UsageError
from regard.export import OnnxNetwork, to_onnx

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="exported on TensorFlow alone"
)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="module")
def images():
    return as_images(datasets.load("fashion-mnist-sample").test.images[:20])


@pytest.mark.parametrize("attention", ["pixel", "squeeze_excitation", "cbam", "coordinate"])
def test_answers_as_the_network_does(tmp_path, images, attention):
    model = models.tutorial(attention=attention)
    network = OnnxNetwork(to_onnx(model, tmp_path / "model.onnx", "weights"))
    np.testing.assert_allclose(network(images), model(images), atol=1e-5)
    assert network.made_from == "weights"
    assert network.input_shape == (1, 28, 28, 1)


def test_batch_norm_is_folded_in_with_its_averages(tmp_path, images):
    model = models.resnet9(attention="eca")
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(layer.moving_mean + 0.1)
            layer.gamma.assign(layer.gamma * 1.1)
    path = to_onnx(model, tmp_path / "model.onnx")
    np.testing.assert_allclose(OnnxNetwork(path)(images), model(images, training=False), atol=1e-5)


def test_a_file_is_never_overwritten(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_text("mine")
    with pytest.raises(UsageError, match="exists and is not overwritten"):
        to_onnx(models.tutorial(), file)
    assert file.read_text() == "mine"


def test_an_unknown_size_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.GlobalAveragePooling2D()])
    with pytest.raises(UsageError, match="known size"):
        to_onnx(model, tmp_path / "model.onnx")


def test_what_has_no_onnx_form_leaves_nothing_behind(tmp_path):
    class Betainc(keras.layers.Layer):
        def call(self, x):
            import tensorflow as tf

            return tf.math.betainc(x, x, x)

        def compute_output_shape(self, shape):
            return shape

    model = keras.Sequential([keras.Input((3,)), Betainc()])
    with pytest.raises(RegardError, match="no ONNX form"):
        to_onnx(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_file_that_answers_otherwise_is_not_written(tmp_path):
    class Counting(keras.layers.Layer):
        count = 0

        def call(self, x):
            self.count += 1
            return x + self.count

    model = keras.Sequential([keras.Input((3,)), Counting()])
    with pytest.raises(RegardError, match="answers other than"):
        to_onnx(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_named(tmp_path):
    path = to_onnx(models.tutorial(), tmp_path / "model.onnx")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"model\.onnx cannot be read"):
        OnnxNetwork(path)


def test_large_outputs_may_differ_by_their_rounding(tmp_path, images):
    layers = [keras.layers.Flatten(), keras.layers.Dense(50), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    model.layers[-1].kernel.assign(model.layers[-1].kernel * 1000)
    wanted = np.asarray(model(images))
    assert np.abs(wanted).max() > 100
    network = OnnxNetwork(to_onnx(model, tmp_path / "model.onnx"))
    np.testing.assert_allclose(network(images), wanted, atol=1e-5 * np.abs(wanted).max())


def test_what_is_refused_leaves_nothing_behind(tmp_path):
    inputs = keras.Input((4,))
    two = keras.Model(inputs, [keras.layers.Dense(2)(inputs), keras.layers.Dense(3)(inputs)])
    first = [keras.Input((1, 8, 8)), keras.layers.Flatten(data_format="channels_first")]
    for model, reason in ((two, "2 outputs"), (keras.Sequential(first), "channels first")):
        with pytest.raises(UsageError, match=reason):
            to_onnx(model, tmp_path / "model.onnx")
    with pytest.raises(UsageError, match="There is no folder"):
        to_onnx(models.tutorial(), tmp_path / "new" / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_missing_packages_are_named_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RegardError, match=r"needs onnx, onnxruntime, tf2onnx: pip install"):
        to_onnx(models.tutorial(), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def in_graph(model):
    return model.graph.initializer.add()


def in_a_branch(model):
    return model.graph.node.add().attribute.add().g.node.add().attribute.add().t


def in_a_function(model):
    return model.functions.add().node.add().attribute.add().tensors.add()


def in_a_sparse_tensor(model):
    return model.graph.sparse_initializer.add().values


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return to_onnx(models.tutorial((8, 8, 1), 2), tmp_path_factory.mktemp("good") / "good.onnx")


@pytest.mark.parametrize("place", [in_graph, in_a_branch, in_a_function, in_a_sparse_tensor])
@pytest.mark.parametrize("by", ["data_location", "external_data"])
def test_weights_in_another_file_are_refused_wherever_they_are_named(tmp_path, exported, place, by):
    import onnx

    proto = onnx.load(exported)
    tensor = place(proto)
    if by == "data_location":
        tensor.data_location = onnx.TensorProto.EXTERNAL
    else:
        tensor.external_data.add(key="location", value="/etc/passwd")
    (tmp_path / "bad.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(DataError, match=r"bad\.onnx keeps weights in another file"):
        OnnxNetwork(tmp_path / "bad.onnx")
    OnnxNetwork(exported)
