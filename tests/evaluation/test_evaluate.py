import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import DataError
from regard.evaluation import evaluate_probabilities

NAMES = ("cat", "dog", "owl")
PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.9, 0.1, 0.0], [0.2, 0.7, 0.1]])
LABELS = np.array([0, 0, 1, 1])


def test_measures():
    result = evaluate_probabilities(PROBABILITIES, LABELS, NAMES, split="validation")
    assert (result.split, result.count, result.accuracy) == ("validation", 4, 0.5)
    assert result.interval[0] < 0.5 < result.interval[1]
    assert result.loss == pytest.approx(-np.log([0.8, 0.3, 0.1, 0.7]).mean())
    assert result.mistakes.tolist() == [2, 1]
    assert result.summary().startswith("validation accuracy 0.5000 [")


def test_dict_is_plain_json_with_none_for_nan():
    content = evaluate_probabilities(PROBABILITIES, LABELS, NAMES).to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert content["recall"] == [0.5, 0.5, None]
    assert content["confusion"] == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_a_true_class_given_no_probability_costs_a_finite_loss():
    assert np.isfinite(evaluate_probabilities([[1.0, 0.0]], [1], NAMES[:2]).loss)


@given(st.integers(1, 60), st.integers(0, 99))
def test_mistakes_are_wrong_and_worst_first(count, seed):
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.ones(3), count).astype(np.float32)
    labels = random.integers(0, 3, count)
    result = evaluate_probabilities(probabilities, labels, NAMES)
    confidence = result.probabilities[result.mistakes].max(axis=1)
    wrong = (result.predictions != labels).sum()
    assert len(result.mistakes) == min(25, wrong)
    assert (result.predictions[result.mistakes] != labels[result.mistakes]).all()
    assert (np.diff(confidence) <= 0).all()


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        (np.zeros((0, 3)), np.zeros(0, int), "at least one image"),
        (np.ones((2, 2)) / 2, [0, 1], "shape"),
        (np.ones(3) / 3, [0], "shape"),
        ([[np.nan, 0.5, 0.5]], [0], "finite"),
        ([["a", "b", "c"]], [0], "finite"),
        ([[-0.5, 1.0, 0.5]], [0], "0…1"),
        ([[0.5, 0.5, 0.5]], [0], "softmax"),
        ([[0.5, 0.5, 0.0]], [3], "Labels must lie"),
        ([[0.5, 0.5, 0.0]], [-1], "Labels must lie"),
        ([[0.5, 0.5, 0.0]], [0.0], "integers"),
        ([[0.5, 0.5, 0.0]], [0, 1], "shape"),
    ],
)
def test_unusable_data(probabilities, labels, message):
    with pytest.raises(DataError, match=message):
        evaluate_probabilities(probabilities, labels, NAMES)
