"""Real processes that are killed, and a real cluster. Minutes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from regard import comparing, datasets
from tests.studies.test_comparing import pieces

pytestmark = pytest.mark.slow
DATA = "fashion-mnist-sample"
WORDS = f"{DATA} --design eca --seeds 3 --images 300 --epochs 1 --control frozen --control shuffled"
SETTINGS = {
    "designs": ["eca"],
    "seeds": [0, 1, 2],
    "controls": ["frozen", "shuffled"],
    "images": 300,
    "recipe": {"dataset": DATA, "epochs": 1},
}


def start(folder, *words):
    command = [sys.executable, "-m", "regard", "compare", *words, "--workers", "2"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def children(pid):
    """The processes that any thread of a process has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(number) for task in tasks for number in task.read_text().split()]


def folder_of(worker):
    """Where a process has its images."""
    return Path(Path(f"/proc/{worker}/cmdline").read_text().split("\0")[-2])


def done(study):
    return len(list(study.glob("pieces/*/*.json")))


def wait_for(condition):
    end = time.monotonic() + 200
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study that nobody disturbed."""
    return comparing.compare(root=tmp_path_factory.mktemp("whole"), workers=2, **SETTINGS)


def test_killed_workers_and_a_killed_driver_change_nothing(whole, tmp_path):
    study = tmp_path / "studies" / "s"
    with start(tmp_path, *WORDS.split(), "--recipe", "tutorial", "--name", "s") as driver:
        wait_for(lambda: done(study) >= 2)
        for child in children(driver.pid):
            os.kill(child, signal.SIGKILL)
        wait_for(lambda: done(study) >= 4)
        workers = children(driver.pid)
        images = folder_of(workers[0])
        assert images.is_dir()
        driver.kill()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    assert not images.exists()
    assert done(study) < 9
    with start(tmp_path, "--resume", "studies/s") as driver:
        out, _ = driver.communicate()
    assert driver.returncode == 0, out
    assert pieces(study) == pieces(whole.folder)
    assert comparing.read_comparison(study).comparisons == whole.comparisons


def test_ctrl_c_ends_all_and_says_how_to_go_on(tmp_path):
    study = tmp_path / "studies" / "s"
    with start(tmp_path, *WORDS.split(), "--name", "s") as driver:
        wait_for(lambda: done(study) >= 1)
        workers = children(driver.pid)
        driver.send_signal(signal.SIGINT)
        out, _ = driver.communicate()
    assert driver.returncode == 1
    assert "regard compare --resume studies/s" in out.decode()
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_a_cluster_that_loses_a_machine_gives_the_same_numbers(whole, tmp_path):
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    lost = []

    def lose(number, total, what):
        if number == 2:
            lost.append(cluster.remove_node(second, allow_graceful=False))

    try:
        found = comparing.compare(root=tmp_path, ray=cluster.address, progress=lose, **SETTINGS)
    finally:
        cluster.shutdown()
    assert lost
    assert pieces(found.folder) == pieces(whole.folder)
    assert found.comparisons == whole.comparisons


def test_processes_and_this_process_agree(whole, tmp_path):
    dataset = datasets.load(DATA)
    again = comparing.compare(dataset=dataset, root=tmp_path, workers=1, **SETTINGS)
    assert pieces(again.folder) == pieces(whole.folder)
