import errno
import os
import signal
import sys

import pytest

from regard.comparing import _workers
from regard.errors import RegardError, UsageError
from regard.studies.local import LocalWorkers
from regard.studies.study import make_study

FAKE = """
import json, os, sys
from pathlib import Path
log = Path(sys.argv[1])
for line in sys.stdin:
    task = json.loads(line)
    mark = log / str(task["number"])
    if task.get("dies") == "always" or (task.get("dies") == "once" and not mark.exists()):
        mark.touch()
        print("no memory", file=sys.stderr, flush=True)
        os.kill(os.getpid(), 9)
    answer = json.dumps({"answer": task["number"] ** 2, "by": os.getpid()})
    if task.get("dies") == "in its answer":
        print(answer[:5], end="", flush=True)
        os.kill(os.getpid(), 9)
    print(answer, flush=True)
"""


@pytest.fixture
def workers(sample, tmp_path):
    """Two processes that square numbers, and die where they are asked to."""
    study = make_study({"designs": ["cbam"], "seeds": [0, 1]})
    with LocalWorkers(study, sample, 2) as workers:
        workers._command = [sys.executable, "-c", FAKE, str(tmp_path)]
        yield workers


def answers(workers, tasks):
    return {task["number"]: answer for task, answer in workers.run(tasks)}


def test_each_task_has_its_answer(workers):
    found = answers(workers, [{"number": n} for n in range(9)])
    assert {n: answer["answer"] for n, answer in found.items()} == {n: n**2 for n in range(9)}
    assert len({answer["by"] for answer in found.values()}) <= 2


def test_processes_are_used_again(workers):
    first = {a["by"] for a in answers(workers, [{"number": 1}]).values()}
    assert {a["by"] for a in answers(workers, [{"number": 2}]).values()} == first


def test_a_process_that_dies_is_replaced_and_its_task_done(workers):
    found = answers(workers, [{"number": 1, "dies": "once"}, {"number": 2}, {"number": 3}])
    assert {n: answer["answer"] for n, answer in found.items()} == {1: 1, 2: 4, 3: 9}


def test_a_task_that_kills_its_process_twice_has_failed_and_the_others_go_on(workers):
    found = answers(workers, [{"number": 1, "dies": "always"}, {"number": 2}, {"number": 3}])
    assert "no memory" in found[1]["failed"] and "-9" in found[1]["failed"]
    assert (found[2]["answer"], found[3]["answer"]) == (4, 9)


def test_half_an_answer_is_none(workers):
    found = answers(workers, [{"number": 1, "dies": "in its answer"}, {"number": 2}])
    assert "-9" in found[1]["failed"] and found[2]["answer"] == 4


def test_a_process_that_cannot_be_started_is_an_answer(workers):
    workers._command = ["/no/such/program"]
    found = answers(workers, [{"number": 1}, {"number": 2}, {"number": 3}])
    assert all("FileNotFoundError" in answer["failed"] for answer in found.values())


def test_a_process_that_has_done_many_tasks_is_replaced(workers, monkeypatch):
    monkeypatch.setattr("regard.studies.local.MOST_TASKS", 2)
    found = answers(workers, [{"number": n} for n in range(8)])
    by = [answer["by"] for answer in found.values()]
    assert max(map(by.count, by)) == 2


@pytest.mark.parametrize("count", [0, -1])
def test_no_process(sample, count):
    study = make_study({"designs": ["cbam"], "seeds": [0, 1]})
    with pytest.raises(UsageError, match="at least 1"):
        LocalWorkers(study, sample, count)


def test_no_room_for_the_images(sample, monkeypatch):
    def write(folder, dataset):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("regard.studies.local.write_dataset", write)
    study = make_study({"designs": ["cbam"], "seeds": [0, 1]})
    with pytest.raises(RegardError, match=r"The disk is full: .*regard-study-"):
        LocalWorkers(study, sample, 1)


def test_processes_end_with_the_block(sample):
    study = make_study({"designs": ["cbam"], "seeds": [0, 1]})
    with LocalWorkers(study, sample, 1) as workers:
        workers._command = [sys.executable, "-c", FAKE, "."]
        ((_, answer),) = workers.run([{"number": 1}])
    with pytest.raises(ProcessLookupError):
        os.kill(answer["by"], signal.SIGTERM)


def test_no_task(workers):
    assert list(workers.run([])) == []


def test_workers_do_not_go_with_a_cluster(sample):
    with pytest.raises(UsageError, match="does not go with --ray"):
        _workers(None, sample, 2, "auto")
