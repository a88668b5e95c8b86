import dataclasses
import os

import keras
import numpy as np
import pytest

import regard
from regard.datasets import Split
from regard.datasets.check import as_images
from regard.errors import DataError, RegardError, UsageError
from regard.models import stored
from regard.training import Recipe, Stopped, read_recipe, train_run
from regard.training.best import KeepBest
from regard.training.run import read_config, read_metrics
from regard.training.split import stratified_split

pytestmark = pytest.mark.usefixtures("eager")
RECIPE = Recipe(dataset="fashion-mnist-sample", epochs=2, batch_size=32, seed=7)
NOT_TIME = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")


def weights(model):
    return [keras.ops.convert_to_numpy(variable) for variable in model.variables]


def is_same(first, second):
    return all(a.tobytes() == b.tobytes() for a, b in zip(first, second, strict=True))


def metrics(trained):
    return [[row[name] for name in NOT_TIME] for row in read_metrics(trained.folder)]


def with_train(dataset, **changes):
    return dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, **changes))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def trained(eager, small, root):
    return train_run(RECIPE, small, root)


@pytest.fixture(scope="module")
def poisoned(eager, small, root):
    """The same training, with test images and labels that are noise."""
    rng = np.random.default_rng(0)
    noise = regard.datasets.Split(
        rng.integers(0, 256, small.test.images.shape, np.uint8),
        rng.integers(0, 10, small.test.labels.shape),
    )
    return train_run(RECIPE, dataclasses.replace(small, test=noise), root)


def test_test_images_and_labels_are_not_looked_at(trained, poisoned):
    assert metrics(trained) == metrics(poisoned)
    assert trained.best_epoch == poisoned.best_epoch
    assert is_same(weights(trained.model), weights(poisoned.model))


def test_one_hot_labels_train_alike(trained, small, root):
    one_hot = np.eye(10)[small.train.labels]
    recipe = RECIPE.model_copy(update={"epochs": 1})
    other = train_run(recipe, with_train(small, labels=one_hot), root)
    assert metrics(other) == metrics(trained)[:1]


def test_other_seed_other_weights(trained, small, root):
    other = train_run(RECIPE.model_copy(update={"epochs": 1, "seed": 8}), small, root)
    assert not is_same(weights(trained.model), weights(other.model))


def test_run_folder(trained, small):
    config = read_config(trained.folder)
    assert Recipe(**config["recipe"]) == RECIPE
    assert tuple(config["data"]["class_names"]) == small.class_names
    names = {path.relative_to(trained.folder).as_posix() for path in trained.folder.rglob("*")}
    weights_file = stored.read_description(trained.folder).file
    assert names == {
        "config.toml",
        "environment.json",
        "metrics.csv",
        "model.json",
        "model.keras",
        weights_file,
        "checkpoints",
        "checkpoints/best.json",
        "checkpoints/best.safetensors",
        "checkpoints/steps-000000006.json",
        "checkpoints/steps-000000006.safetensors",
    }


def test_kept_is_the_epoch_that_is_best_on_validation(trained, small):
    rows = read_metrics(trained.folder)
    best = max(rows, key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    assert trained.best_epoch == best["epoch"]
    _, held_out = stratified_split(small.train.labels, RECIPE.validation_fraction, RECIPE.seed)
    images, labels = as_images(small.train.images)[held_out], small.train.labels[held_out]
    loss, accuracy = trained.model.evaluate(images, labels, verbose=0)
    assert loss == pytest.approx(best["val_loss"], rel=1e-4)
    assert accuracy == pytest.approx(best["val_accuracy"])


def test_saved_model_is_the_one_given(trained):
    assert is_same(weights(regard.load(trained.folder)), weights(trained.model))


def test_best_is_by_accuracy_then_by_loss(tmp_path, tiny):
    (tmp_path / "checkpoints").mkdir()
    model = tiny()
    keeper = KeepBest(model, tmp_path)
    states = []
    for epoch, (accuracy, loss) in enumerate([(0.5, 1), (0.7, 3), (0.7, 2), (0.7, 2), (0.6, 1)]):
        model.variables[0].assign(np.full(model.variables[0].shape, epoch))
        states.append(weights(model))
        keeper.on_epoch_begin(epoch)
        logs = {"loss": 1, "accuracy": 1, "val_loss": loss, "val_accuracy": accuracy}
        keeper.on_epoch_end(epoch, logs)
    assert keeper.best_epoch == 3
    assert [row["epoch"] for row in read_metrics(tmp_path)] == [1, 2, 3, 4, 5]
    assert is_same(keeper.get_state()["weights"], states[2])
    keeper.restore()
    assert is_same(weights(model), states[2])


class SpoilThenInterrupt(keras.callbacks.Callback):
    """Spoils the weights from epoch 2 on, and stops in the middle of epoch 3."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        if epoch == 1:
            self.first = weights(self.model)
            self.model.layers[-1].bias.assign([1e4] + [0.0] * 9)

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 2:
            raise KeyboardInterrupt


def test_interruption_keeps_the_best_epoch(small, tmp_path):
    spoiler = SpoilThenInterrupt()
    recipe = RECIPE.model_copy(update={"epochs": 5})
    with pytest.raises(Stopped, match="after 2 whole epochs") as stop:
        train_run(recipe, small, tmp_path, "stopped", [spoiler])
    assert str(tmp_path / "stopped") in str(stop.value)
    assert stop.value.exit_code == 1
    assert len(read_metrics(tmp_path / "stopped")) == 2
    assert is_same(weights(regard.load(tmp_path / "stopped")), spoiler.first)


class InterruptAtOnce(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        raise KeyboardInterrupt


def test_interruption_before_the_first_epoch_ends(small, tmp_path):
    with pytest.raises(Stopped, match="after 0 whole epochs"):
        train_run(RECIPE, small, tmp_path, "stopped", [InterruptAtOnce()])
    assert regard.load(tmp_path / "stopped").count_params() > 0


def with_nan(small):
    images = small.train.images.astype(np.float32) / 255
    images[3, 4, 5] = np.nan
    return {"images": images}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (lambda s: {"labels": np.where(s.train.labels == 9, 10, s.train.labels)}, "out of range"),
        (lambda s: {"labels": s.train.labels - 1}, "out of range"),
        (lambda s: {"labels": s.train.labels[:-1]}, "99 labels for 100 images"),
        (lambda s: {"labels": s.train.labels[:, None, None]}, "shape"),
        (lambda s: {"labels": np.full((100, 10), 0.1)}, "Soft labels"),
        (with_nan, "NaN"),
        (lambda s: {"images": s.train.images[:0], "labels": s.train.labels[:0]}, "no images"),
        (lambda s: {"images": s.train.images.astype(np.float32)}, "divide by 255"),
        (lambda s: {"images": s.train.images[..., None, None]}, "shape"),
        (
            lambda s: {"images": s.train.images[:, :5, :]},
            r"tutorial cannot .* at least 6.*\(5, 28",
        ),
        (lambda s: {"labels": np.r_[1, np.zeros(99, int)]}, "Class 1 has 1 image"),
    ],
)
def test_bad_data_leaves_no_run_folder(small, tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        train_run(RECIPE, with_train(small, **changes(small)), tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


def test_name_in_use(trained, small, root):
    before = {path: path.stat().st_mtime_ns for path in trained.folder.rglob("*")}
    with pytest.raises(UsageError, match="never overwritten"):
        train_run(RECIPE, small, root, trained.folder.name)
    assert {path: path.stat().st_mtime_ns for path in trained.folder.rglob("*")} == before


class FillDisk(keras.callbacks.Callback):
    """From the first epoch's end on, no file reaches the disk."""

    def __init__(self, monkeypatch, full_disk):
        super().__init__()
        self.fill = lambda: monkeypatch.setattr(os, "fsync", full_disk)

    def on_epoch_end(self, epoch, logs=None):
        self.fill()


def test_disk_that_fills_up_while_training(small, tmp_path, monkeypatch, full_disk):
    recipe = RECIPE.model_copy(update={"epochs": 1})
    with pytest.raises(RegardError, match=r"disk is full: .*model\.keras") as failure:
        train_run(recipe, small, tmp_path, "full", [FillDisk(monkeypatch, full_disk)])
    assert "\n" not in str(failure.value)
    names = {path.name for path in (tmp_path / "full").rglob("*") if path.is_file()}
    kept = {"best.json", "best.safetensors", "config.toml", "environment.json", "metrics.csv"}
    assert names == kept


def test_one_cycle_rises_and_falls_to_nothing_and_smoothing_keeps_the_accuracy_metric(small, root):
    rates = []

    class Rates(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate))

    recipe = read_recipe(name="fast", batch_size=8, seed=7, dataset=RECIPE.dataset)
    row = read_metrics(train_run(recipe, small, root, callbacks=[Rates()]).folder)[-1]
    top = int(np.argmax(rates))
    assert rates[top] == pytest.approx(recipe.learning_rate, rel=0.2)
    assert top < len(rates) / 5
    assert np.all(np.diff(rates[: top + 1]) > 0) and np.all(np.diff(rates[top:]) < 0)
    assert rates[-1] < 0.01 * recipe.learning_rate
    assert 0 <= row["val_accuracy"] <= 1


@pytest.fixture(scope="module")
def better(eager, small, root):
    recipe = read_recipe(name="regard-fast", epochs=1, batch_size=32, dataset=RECIPE.dataset)
    return train_run(recipe, small, root)


def test_the_run_keeps_the_network_without_the_augmentation(better, small):
    assert better.model.name == "regard_fast"
    assert isinstance(better.model.optimizer, keras.optimizers.AdamW)
    loaded = regard.load(better.folder)
    first, *names = [layer.name for layer in loaded.layers]
    assert names == [layer.name for layer in better.model.layers[1:]]
    assert first.startswith("input_layer")
    assert is_same(weights(loaded), weights(better.model))
    _, held_out = stratified_split(small.train.labels, 0.1, 0)
    images, labels = as_images(small.train.images)[held_out], small.train.labels[held_out]
    loss, _ = better.model.evaluate(images, labels, verbose=0)
    assert loss == pytest.approx(read_metrics(better.folder)[0]["val_loss"], rel=1e-4)


def test_the_images_are_shifted_in_training(better, small, root):
    recipe = Recipe(**read_config(better.folder)["recipe"]).model_copy(update={"shift": 0})
    other = train_run(recipe, small, root)
    assert not is_same(weights(other.model), weights(better.model))
    assert better.model.optimizer.weight_decay == recipe.weight_decay > 0


def test_a_validation_part_of_the_data_set_is_the_one_that_chooses(small, root):
    rows = stratified_split(small.train.labels, 0.2, seed=3)
    parts = [Split(small.train.images[part], small.train.labels[part]) for part in rows]
    dataset = dataclasses.replace(small, train=parts[0], validation=parts[1])
    trained = train_run(RECIPE.model_copy(update={"epochs": 1}), dataset, root)
    images = as_images(parts[1].images)
    loss, accuracy = trained.model.evaluate(images, parts[1].labels, verbose=0)
    row = read_metrics(trained.folder)[0]
    assert (row["val_loss"], row["val_accuracy"]) == pytest.approx((loss, accuracy), rel=1e-4)


def test_a_shift_as_large_as_the_images_leaves_no_run_folder(small, tmp_path):
    with pytest.raises(UsageError, match="shorter side, 28 pixels, not 28"):
        train_run(RECIPE.model_copy(update={"shift": 28}), small, tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


def test_both_loops_train_alike(small, root):
    lines = []
    by_keras = train_run(RECIPE.model_copy(update={"loop": "keras"}), small, root, say=lines.append)
    ours = train_run(RECIPE, small, root, say=lines.append)
    assert lines[0] == "Trained by Keras's model.fit"
    assert lines[1].startswith("Trained by ")
    assert len(metrics(by_keras)) == len(metrics(ours)) == RECIPE.epochs
