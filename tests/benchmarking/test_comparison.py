import json
import sys

import pytest

from regard.benchmarking import compare, contenders
from regard.benchmarking.comparison import DECISIVE_STEPS
from regard.errors import RegardError

FAKE = """
import json, sys
name, losses, seconds = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
for word in map(str.strip, sys.stdin):
    with open(sys.argv[4], "a") as log:
        print(word, name, file=log)
    if word == "prove":
        print(json.dumps({"losses": losses, "about": name, "multiply_adds_per_step": 6}))
    elif word == "peak":
        print(json.dumps({"multiply_adds_per_second": 100}))
    else:
        print(json.dumps({"seconds": seconds.pop(0)}))
    sys.stdout.flush()
"""


@pytest.fixture
def fakes(monkeypatch, tmp_path):
    """A function that sets the losses and the seconds of the rounds of the contenders."""
    log = tmp_path / "log.txt"

    def fake(losses, seconds):
        def command(name, weights, steps, rounds):
            told = json.dumps(losses[name]), json.dumps(seconds[name])
            return [sys.executable, "-c", FAKE, name, *told, str(log)]

        monkeypatch.setattr(contenders, "present", lambda: list(losses))
        monkeypatch.setattr(contenders, "command", command)
        return log

    return fake


def test_a_comparison_in_numbers(fakes):
    log = fakes(
        {"stock": [2, 1], "regard": [2, 1.00005], "jax": [2, 1]},
        {"stock": [9, 4, 6, 8], "regard": [5, 2, 2, 1], "jax": [1, 1, 1, 1]},
    )
    result = compare("tensorflow", pairs=3, steps=2, say=lambda line: None)
    assert result["ratios"]["stock"]["pairs"] == [2, 3, 8]
    assert result["ratios"]["jax"]["median"] == 0.5
    stock = result["contenders"]["stock"]
    assert stock["first_round_seconds"] == 9
    assert stock["compile_seconds"] == 9 - 6
    assert stock["round_seconds"] == [4, 6, 8]
    assert stock["milliseconds_per_step"]["median"] == 3000
    assert result["peak"]["share"]["stock"]["median"] == pytest.approx(6 * 2 / 6 / 100)
    assert result["losses"]["differences"]["regard"]["first"] == {
        "difference": pytest.approx(5e-5),
        "step": 2,
    }
    assert result["left_out"] == {n: p for n, p in contenders.left_out().items()}
    assert json.loads(json.dumps(result)) == result
    turns = log.read_text().splitlines()[6:]
    assert [line for line in turns if line.startswith("round")] == [
        f"round {name}"
        for turn in ("stock regard jax", "jax regard stock", "stock regard jax")
        for name in turn.split()
    ]


def test_other_losses_end_it_before_any_round(fakes):
    log = fakes(
        {"stock": [2, 1], "regard": [2, 1.0], "jax": [2, 1.5]},
        {"stock": [1, 1], "regard": [1, 1], "jax": [1, 1]},
    )
    with pytest.raises(RegardError, match=r"regard 0\.0e\+00 \(step 1\), jax 5\.0e-01 \(step 2\)"):
        compare("tensorflow", pairs=1, steps=2, say=lambda line: None)
    assert "round" not in log.read_text()


def test_losses_that_are_not_finite_end_it(fakes):
    once = {name: [1, 1] for name in ("stock", "regard")}
    fakes({"stock": [2, 1], "regard": [2, float("nan")]}, once)
    with pytest.raises(RegardError, match="regard inf"):
        compare("tensorflow", pairs=1, steps=2, say=lambda line: None)


def test_losses_may_drift_apart_after_the_decisive_steps(fakes):
    late = [2.0] * DECISIVE_STEPS + [1.0]
    fakes(
        {"stock": late, "regard": [*late[:-1], 1.5]},
        {name: [1, 1] for name in ("stock", "regard")},
    )
    found = compare("tensorflow", pairs=1, steps=11, say=lambda line: None)["losses"]
    assert found["differences"]["regard"]["first"]["difference"] == 0
    assert found["differences"]["regard"]["all"] == {"difference": 0.5, "step": 11}
    assert (found["decisive_steps"], found["steps"]) == (10, 11)
