import pytest

from regard.errors import DataError, RegardError, UsageError, nearest


@pytest.mark.parametrize(("kind", "code"), [(RegardError, 1), (UsageError, 2), (DataError, 3)])
def test_exit_codes(kind, code):
    assert kind("text").exit_code == code
    assert issubclass(kind, RegardError)
    assert issubclass(kind, ValueError) == (code > 1)


def test_usage_and_data_are_apart():
    assert not issubclass(UsageError, DataError)
    assert not issubclass(DataError, UsageError)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("epoch", "Nearest: epochs."),
        ("zzz", "Known: batch_size, epochs, seed."),
        ("", "Known: batch_size, epochs, seed."),
    ],
)
def test_nearest(name, sentence):
    assert nearest(name, {"seed": 1, "epochs": 2, "batch_size": 3}) == sentence
