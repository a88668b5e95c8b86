import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import UsageError
from regard.training import Recipe, read_recipe
from regard.training.recipe import NAMED


def toml(folder, text):
    file = folder / "recipe.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_are_the_tutorial():
    assert read_recipe().model_dump() == {
        "dataset": "fashion-mnist",
        "image_size": None,
        "group_by": None,
        "network": "tutorial",
        "epochs": 10,
        "batch_size": 64,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "weight_decay": 0.0,
        "shift": 0,
        "label_smoothing": 0.0,
        "class_weights": "none",
        "seed": 0,
        "validation_fraction": 0.1,
        "loop": "regard",
    }
    assert read_recipe(name="tutorial") == read_recipe()


def test_a_named_recipe_is_a_start_over_which_the_file_and_settings_win(tmp_path):
    fast = read_recipe(name="fast")
    assert fast.epochs < 10 and fast.schedule == "one-cycle"
    changed = read_recipe(toml(tmp_path, "epochs = 4"), "fast", seed=3)
    assert changed == fast.model_copy(update={"epochs": 4, "seed": 3})


def test_every_named_recipe_is_valid():
    assert {name: read_recipe(name=name).network for name in NAMED} == {
        "tutorial": "tutorial",
        "fast": "tutorial",
        "regard-fast": "regard_fast",
        "photos": "regard_fast",
    }


def test_an_unknown_recipe_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match=r"no recipe 'fasst'.*fast"):
        read_recipe(name="fasst")


def test_overrides_win_over_the_file_and_the_file_over_defaults(tmp_path):
    file = toml(tmp_path, 'epochs = 3\nbatch_size = 16\ndataset = "photos"\n')
    recipe = read_recipe(file, epochs=5, batch_size=None, seed=0)
    assert recipe == Recipe(epochs=5, batch_size=16, dataset="photos")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("epochs", "many"),
        ("batch_size", 0),
        ("learning_rate", 0),
        ("learning_rate", 1.01),
        ("learning_rate", math.nan),
        ("learning_rate", math.inf),
        ("seed", -1),
        ("seed", 2**32),
        ("image_size", 5),
        ("network", "resnet21"),
        ("weight_decay", -0.1),
        ("weight_decay", 1.01),
        ("shift", -1),
        ("shift", 0.5),
        ("label_smoothing", 1),
        ("label_smoothing", -0.1),
        ("schedule", "two-cycle"),
        ("class_weights", "inverse"),
        ("loop", "own"),
        ("validation_fraction", 0),
        ("validation_fraction", 1),
        ("dataset", 3),
    ],
)
def test_out_of_range(name, value):
    with pytest.raises(UsageError, match=rf"^{name}: .*but got {value!r}\.$"):
        read_recipe(**{name: value})


@given(st.integers(1), st.integers(1), st.floats(0, 1, exclude_min=True), st.integers(0, 2**32 - 1))
def test_all_in_range_is_taken(epochs, batch_size, learning_rate, seed):
    recipe = read_recipe(
        epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed
    )
    values = (recipe.epochs, recipe.batch_size, recipe.learning_rate, recipe.seed)
    assert values == (epochs, batch_size, learning_rate, seed)


def test_unknown_setting_names_the_nearest(tmp_path):
    with pytest.raises(UsageError, match=r"no setting 'epoch'\. Nearest: epochs\."):
        read_recipe(toml(tmp_path, "epoch = 3\n"))
    with pytest.raises(UsageError, match="Known: batch_size, class_weights, dataset"):
        read_recipe(toml(tmp_path, "zzz = 3\n"))


def test_broken_toml(tmp_path):
    with pytest.raises(UsageError, match=r"recipe\.toml is no TOML: .*line 1"):
        read_recipe(toml(tmp_path, "epochs = = 3"))
    (tmp_path / "recipe.toml").write_bytes(b'dataset = "\xff"')
    with pytest.raises(UsageError, match="is no TOML"):
        read_recipe(tmp_path / "recipe.toml")


def test_unreadable_toml(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml cannot be read: No such file"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_recipe(tmp_path)


def test_recipe_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Recipe().epochs = 2
