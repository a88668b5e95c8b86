"""`regard data check` and `regard train` on a folder or a table of photos (B16)."""

import json

import pytest

from regard.training.run import read_config

BAD = ("boot/half.jpg", "boot/empty.jpg", "shirt/page.jpg")


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_check_names_each_bad_file(regard, album):
    before = contents(album)
    outcome = regard("data", "check", album)
    assert outcome.code == 0
    for name in BAD:
        assert f"\n{name}: " in outcome.out
    assert "boot    6        8" in outcome.out
    assert "ignored" in outcome.err and ".DS_Store: hidden" in outcome.err
    assert contents(album) == before


def test_check_shows_the_sides_or_why_there_are_none(regard, album):
    outcome = regard("data", "check", album)
    assert "class   photos   of files   train   validation   test" in outcome.out
    outcome = regard("data", "check", album, "--group-by", "(b|s)")
    assert "validation" not in outcome.out.splitlines()[0]
    assert "cannot be split: Class boot has 1 groups" in outcome.out
    assert regard("data", "check", album, "--group-by", "(b|s)", "--strict").code == 3


def test_check_as_json(regard, album):
    found = json.loads(regard("data", "check", album, "--json").out)
    boot = found["classes"]["boot"]
    assert (boot.pop("photos"), boot.pop("files")) == (6, 8)
    assert set(boot) == {"train", "validation", "test"}
    assert sum(boot.values()) == 6 and min(boot.values()) > 0
    assert len([line for line in found["problems"] if line.startswith(BAD)]) == 3
    assert list(found["ignored"].values()) == ["hidden"]


@pytest.mark.parametrize("words", [("data", "check"), ("train",)])
def test_strict_stops_before_any_work(regard, album, tmp_path, words):
    outcome = regard(*words, album, "--strict")
    assert outcome.code == 3
    assert "(--strict)" in outcome.err
    assert not (tmp_path / "runs").exists()


def test_train_predict_and_evaluate(regard, album, tmp_path):
    words = ("--epochs", 1, "--name", "mine", "--class-weights", "balanced")
    outcome = regard("train", album, *words)
    assert outcome.code == 0
    for name in BAD:
        assert f"{name}: " in outcome.err
    config = read_config(tmp_path / "runs" / "mine")
    assert config["recipe"]["class_weights"] == "balanced"
    assert config["recipe"]["network"] == "regard_fast"
    assert config["data"]["class_names"] == ["boot", "shirt"]
    assert regard("evaluate", "runs/mine").code == 0
    predicted = regard("predict", "runs/mine", album / "boot" / "0.jpg", "--json")
    assert json.loads(predicted.out)[0]["class"] in ("boot", "shirt")
    again = regard("train", "--resume", "runs/mine")
    assert again.code == 0


def test_photos_that_changed_since_are_refused(regard, album):
    assert regard("train", album, "--epochs", 1, "--name", "mine").code == 0
    (album / "boot" / "0.jpg").unlink()
    outcome = regard("evaluate", "runs/mine")
    assert outcome.code == 3
    assert "holds other files" in outcome.err


def test_neither_a_data_set_nor_a_folder(regard):
    outcome = regard("train", "fashion-mnst")
    assert outcome.code == 2
    assert (
        "no folder and no .csv or .npz file 'fashion-mnst'. Nearest: fashion-mnist" in outcome.err
    )


@pytest.fixture
def table(album):
    """A table of the album's photos, one of them broken."""
    file = album / "labels.csv"
    names = [f"{name}/{n}.jpg,{name}" for name in ("boot", "shirt") for n in range(6)]
    file.write_text("\n".join(["path,label", *names, "boot/half.jpg,boot"]))
    return file


def test_check_of_a_table(regard, table):
    outcome = regard("data", "check", table)
    assert outcome.code == 0
    assert "boot    6        7" in outcome.out
    assert "\nboot/half.jpg: " in outcome.out


def test_train_and_evaluate_a_table(regard, table, tmp_path):
    outcome = regard("train", table, "--epochs", 1)
    assert outcome.code == 0
    assert "boot/half.jpg: " in outcome.err
    config = read_config(tmp_path / "runs" / "labels")
    assert config["recipe"]["network"] == "regard_fast"
    assert set(config["data"]["sha256"]) == {"photos", "labels.csv"}
    assert regard("evaluate", "runs/labels").code == 0
    assert regard("evaluate", "runs/labels", "--data", table.parent).code == 0
    table.write_text(table.read_text().replace("boot/5.jpg,boot", "boot/5.jpg,shirt"))
    outcome = regard("evaluate", "runs/labels")
    assert (outcome.code, "holds other files" in outcome.err) == (3, True)


def test_a_wrong_line_of_a_table_is_bad_data(regard, table, tmp_path):
    table.write_text(table.read_text() + "\nboot/none.jpg,boot\n")
    for words in (("data", "check"), ("train",)):
        outcome = regard(*words, table)
        assert outcome.code == 3
        assert "line 15: there is no file boot/none.jpg" in outcome.err
    assert not (tmp_path / "runs").exists()


def test_groups_are_kept_whole_and_cannot_change_later(regard, album, tmp_path):
    outcome = regard("train", album, "--group-by", r"/(.)", "--epochs", 1, "--name", "mine")
    assert outcome.code == 0
    config = read_config(tmp_path / "runs" / "mine")
    assert config["recipe"]["group_by"] == r"/(.)"
    card = (tmp_path / "runs" / "mine" / "README.md").read_text()
    assert r"no group (by /(.)) on two sides" in card
    assert regard("evaluate", "runs/mine").code == 0
    outcome = regard("train", "--resume", "runs/mine", "--group-by", r"(\d)\.jpg")
    assert outcome.code == 2
    assert "group_by was /(" in outcome.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("album", "--group-by", "folder"), 3, "15 of 15 photos lie in no folder inside"),
        (("album", "--group-by", "(a"), 2, "neither 'folder' nor a pattern"),
        (("fashion-mnist", "--group-by", "folder"), 2, "--group-by goes with photos"),
    ],
)
def test_groups_that_cannot_be(regard, album, words, code, message):
    outcome = regard("train", *(album if word == "album" else word for word in words))
    assert outcome.code == code
    assert message in outcome.err


@pytest.mark.parametrize(
    ("dataset", "message"),
    [("fashion-mnist", "--image-size goes with photos"), ("no-such", "There is no data set")],
)
def test_a_size_goes_with_photos_only(regard, dataset, message):
    outcome = regard("train", dataset, "--image-size", 32)
    assert outcome.code == 2
    assert message in outcome.err
