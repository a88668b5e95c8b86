import pytest

from regard.studies import on_ray, tasks


def test_a_task_is_done_on_a_machine_like_the_one_that_asks(monkeypatch):
    monkeypatch.setattr(tasks, "do", lambda *given: {"given": given})
    answer = on_ray._do("task", ("study", "data", on_ray.environment()))
    assert answer == {"given": ("task", "study", "data")}


def test_a_machine_with_other_versions_does_no_training(monkeypatch):
    here = on_ray.environment()
    other = here | {"packages": here["packages"] | {"keras": "4.0"}}
    monkeypatch.setattr(on_ray, "environment", lambda: other)
    monkeypatch.setattr(tasks, "do", lambda *_: pytest.fail("it was done"))
    answer = on_ray._do("task", ("study", "data", here))
    assert answer["failed"].endswith(f"keras was {here['packages']['keras']} and is 4.0.")


def test_why_a_task_was_lost_is_its_own_error():
    lost = RuntimeError("ray::_do() (pid=1)\n" + "  File ...\n" * 50)
    lost.cause = ModuleNotFoundError("No module named 'regard'")
    assert on_ray._reason(lost) == "ModuleNotFoundError: No module named 'regard'"
    assert on_ray._reason(ConnectionError("gone")) == "ConnectionError: gone"
