"""What every attention layer of the table keeps to; a new layer adds no line here."""

import pytest

from regard.layers.registry import LAYERS, layer_class
from regard.testing import CHECKS, Case

LENGTHY = {
    "compiled_is_eager",
    "fits_with_unknown_sizes",
    "gives_its_scores_in_a_model",
    "keeps_precision",
    "training_moves_every_weight",
}
# The lengthy checks of seven layers out of eight are for the slow run alone.
SLOW = {(name, check) for i, name in enumerate(LAYERS) if i % 8 for check in LENGTHY}
CASES = [
    pytest.param(
        name,
        check,
        marks=[getattr(pytest.mark, f"part{i % 8}"), *[pytest.mark.slow] * ((name, check) in SLOW)],
    )
    for i, name in enumerate(LAYERS)
    for check in CHECKS
]


def case(name):
    entry = LAYERS[name]
    return Case(layer_class(name), entry.example, entry.arguments)


@pytest.mark.parametrize(("name", "check"), CASES)
def test_contract(name, check):
    reason = LAYERS[name].exceptions.get(check)
    if reason is None:
        CHECKS[check](case(name))
        return
    with pytest.raises((AssertionError, ValueError, TypeError)):
        CHECKS[check](case(name))
    pytest.xfail(reason)


@pytest.mark.parametrize("name", LAYERS)
def test_exceptions_are_of_checks(name):
    assert set(LAYERS[name].exceptions) <= set(CHECKS)


@pytest.mark.parametrize("name", LAYERS)
def test_docstring_names_the_paper(name):
    doc = layer_class(name).__doc__
    assert any(source in doc for source in ("arXiv:", "ICML", "CVPR"))
