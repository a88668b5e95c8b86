import json

import pytest

from regard import comparing
from regard.errors import RegardError
from tests.studies.conftest import InThisProcess

SMALL = ("--seeds", 2, "--epochs", 1, "--control", "frozen", "--recipe", "tutorial")
NAMED = "fashion-mnist-sample-tutorial"


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(comparing, "_workers", InThisProcess)
    monkeypatch.setattr("regard.studies.piece.JUDGED_IMAGES", 3)


def test_a_study_prints_its_table_and_goes_on(regard):
    done = regard("compare", "fashion-mnist-sample", "--design", "eca", *SMALL)
    assert done.code == 0, done.err
    assert "cannot tell yet (needs at least 5 seeds)" in done.out
    assert f"studies/{NAMED}/report.html" in done.out
    assert "6/6  " in done.err and "left)" in done.err
    again = regard("compare", "--resume", f"studies/{NAMED}", "--json")
    told = json.loads(again.out)
    assert [one["against"] for one in told["comparisons"]] == ["none", "eca, frozen"]
    assert told["failed"] == [] and told["left_out"] == {}


@pytest.mark.slow
def test_a_study_is_repeated_by_its_settings(regard):
    one = regard("compare", "fashion-mnist-sample", "--design", "eca", *SMALL, "--json")
    again = regard("compare", "--config", f"studies/{NAMED}/study.toml", "--json")
    assert json.loads(again.out) == json.loads(one.out) | {"study": f"studies/{NAMED}-2"}


def test_options_win_over_the_config(regard, monkeypatch, tmp_path):
    asked = []

    def compare(study, *rest):
        asked.append(study)
        raise RegardError("enough")

    monkeypatch.setattr(comparing, "compare", compare)
    config = tmp_path / "study.toml"
    config.write_text('designs = ["cbam"]\nseeds = [3, 4]\n[recipe]\nepochs = 7\nshift = 1\n')
    words = ("compare", "fashion-mnist-sample", "--config", config, "--recipe", "fast")
    assert regard(*words, "--seeds", 3, "--tune", 4).code == 1
    (study,) = asked
    assert study.designs == ("cbam",) and study.seeds == (0, 1, 2) and study.tune == 4
    assert (study.recipe.epochs, study.recipe.shift, study.recipe.batch_size) == (2, 1, 128)


def test_a_config_that_names_a_recipe(regard, tmp_path):
    config = tmp_path / "study.toml"
    config.write_text('designs = ["cbam"]\nseeds = [3, 4]\nrecipe = "fast"\n')
    done = regard("compare", "--config", config)
    assert done.code == 2 and "--recipe fast" in done.err


@pytest.mark.slow
def test_photos_are_compared_by_their_recipe(regard, album):
    words = ("--seeds", 2, "--epochs", 1, "--control", "none")
    done = regard("compare", album, "--design", "eca", *words)
    assert done.code == 0, done.err
    settings = (album.parent / "studies" / "my photos-regard_fast" / "study.toml").read_text()
    assert 'network = "regard_fast"' in settings and "controls = []" in settings


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "--design cbam"),
        (("--design", "cbma"), 2, "Nearest: cbam"),
        (("--design", "cbam", "--seeds", 1), 2, "at least 2"),
        (("--design", "cbam", "--images", 5), 2, "images"),
        (("--resume", ".", "--design", "cbam"), 2, "--design does not go with --resume"),
        (("--resume", ".", "--studies", "."), 2, "--studies does not go with --resume"),
        (("--resume", "."), 3, "no study"),
        (("no-such-data", "--design", "cbam"), 2, "no-such-data"),
    ],
)
def test_what_cannot_be_right(regard, words, code, told):
    done = regard("compare", *words)
    assert done.code == code
    assert told in done.err
