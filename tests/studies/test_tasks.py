import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from regard.errors import UsageError
from regard.studies import tasks
from regard.studies.results import Score
from regard.studies.tasks import packed_array, packed_score, unpacked_array, unpacked_score

FRACTIONS = st.floats(0, 1)


@given(
    correct=st.lists(st.booleans(), min_size=1, max_size=40),
    recall=st.lists(FRACTIONS | st.just(np.nan), min_size=2, max_size=5),
    numbers=st.tuples(*[FRACTIONS] * 5),
    faithfulness=st.none() | FRACTIONS,
)
def test_a_score_comes_back(correct, recall, numbers, faithfulness):
    curve = [{"epoch": 1, "loss": 0.1}]
    score = Score(*numbers, np.array(correct), np.array(recall), curve, faithfulness, 0.01)
    again = unpacked_score(packed_score(score), len(correct))
    assert np.array_equal(again.correct, correct) and again.correct.dtype == bool
    assert np.array_equal(again.recall, recall, equal_nan=True)
    for name in ("accuracy", "loss", "ece", "seconds", "step_ms", "curve", "faithfulness"):
        assert getattr(again, name) == getattr(score, name)


@given(arrays(st.sampled_from(["<i4", "<f2", "|u1"]), array_shapes()))
def test_an_array_comes_back(array):
    again = unpacked_array(packed_array(array))
    assert again.dtype == array.dtype
    assert np.array_equal(again, array, equal_nan=array.dtype.kind == "f")


def test_packed_values_that_are_not_what_they_say():
    score = Score(0.5, 0.5, 0.5, 1, 1, np.ones(16, bool), np.ones(2), [])
    packed = packed_score(score)
    with pytest.raises(ValueError, match="other than 15"):
        unpacked_score(packed, 15)
    many = packed | {"correct": packed["correct"] | {"count": 10**12}}
    with pytest.raises(ValueError, match="other than"):
        unpacked_score(many, 10**12)
    with pytest.raises(ValueError, match=r"\|O"):
        unpacked_array({"shape": [1], "type": "|O", "bytes": ""})


@pytest.mark.parametrize("error", [MemoryError("no room"), RuntimeError("odd"), ValueError("no")])
def test_an_error_in_one_arm_is_an_answer(monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setitem(tasks._TASKS, "train", fail)
    answer = tasks.do({"do": "train"}, None, None)
    assert answer == {"failed": f"{type(error).__name__}: {error}"}


def test_what_cannot_be_right_at_all_is_refused(monkeypatch):
    def fail(*_):
        raise UsageError("does not fit")

    monkeypatch.setitem(tasks._TASKS, "plan", fail)
    answer = tasks.do({"do": "plan"}, None, None)
    assert (answer["refused"], answer["exit_code"]) == ("does not fit", 2)
