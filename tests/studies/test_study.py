import pytest
import tomli_w

from regard.errors import UsageError
from regard.studies.study import Study, make_study, read_study
from regard.training import Recipe

GIVEN = {"designs": ["cbam", "pixel:units=32"], "seeds": [0, 1, 2]}


def test_a_study_comes_back_from_toml(tmp_path):
    study = make_study(GIVEN | {"recipe": Recipe(epochs=3), "images": 500})
    file = tmp_path / "study.toml"
    file.write_text(tomli_w.dumps(study.model_dump(mode="json", exclude_none=True)))
    assert make_study(read_study(file)) == study


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seeds": [0]}, "seeds: .*at least 2"),
        ({"seeds": [1, 1]}, "the same training twice"),
        ({"designs": []}, "designs"),
        ({"designs": ["cbam", "cbam"]}, "are the same"),
        ({"designs": ["none"]}, "always compared with"),
        ({"designs": ["cbma"]}, "Nearest: cbam"),
        ({"recipe": {"loop": "keras"}}, "Only the loop regard"),
        ({"recipe": {"epochs": 0}}, "recipe.epochs"),
        ({"worht": 0.01}, "Nearest: worth"),
        ({"controls": ["freeze"]}, "controls"),
        ({"controls": ["frozen", "frozen"]}, "named twice"),
        ({"seeds": [0, 2**32 - 1]}, "seeds"),
        ({"recipe": {"epocs": 3}}, r"'recipe\.epocs'.* Nearest: epochs"),
        ({"format": 2}, "version 2"),
        ({"format": 2, "arms": ["cbam"], "recipe": {"optimizer": "lion"}}, "version 2"),
        ({"level": 1.0}, "level"),
    ],
)
def test_what_cannot_be_right_is_told_in_one_line(changes, told):
    with pytest.raises(UsageError, match=told) as error:
        make_study(GIVEN | changes)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_study(tmp_path):
    with pytest.raises(UsageError, match="is not read"):
        read_study(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("seeds = [")
    with pytest.raises(UsageError, match="is no TOML"):
        read_study(tmp_path / "bad.toml")


def test_a_study_does_not_change():
    with pytest.raises(ValueError, match="frozen"):
        Study(**GIVEN).worth = 0.1
