import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regard.evaluation import confusion_matrix, per_class

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=50)


@given(pairs)
def test_counts_every_image_once(pairs):
    labels, predictions = np.transpose(pairs)
    matrix = confusion_matrix(labels, predictions, 5)
    assert matrix.sum(axis=1).tolist() == np.bincount(labels, minlength=5).tolist()
    assert matrix.sum(axis=0).tolist() == np.bincount(predictions, minlength=5).tolist()
    assert np.trace(matrix) == (labels == predictions).sum()


@given(pairs)
def test_precision_and_recall_are_fractions_or_absent(pairs):
    labels, predictions = np.transpose(pairs)
    precision, recall = per_class(confusion_matrix(labels, predictions, 5))
    for values, present in ((precision, predictions), (recall, labels)):
        known = ~np.isnan(values)
        assert known.nonzero()[0].tolist() == np.unique(present).tolist()
        assert ((values[known] >= 0) & (values[known] <= 1)).all()


def test_rows_are_true_classes():
    assert confusion_matrix([2], [0], 3)[2, 0] == 1
