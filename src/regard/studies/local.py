"""Does the tasks of a study in processes of this machine, each on a core of its own."""

import contextlib
import json
import os
import queue
import sys
import tempfile
import threading
from pathlib import Path

from regard.errors import RegardError, UsageError
from regard.files import full_disk_told
from regard.processes.process import Worker
from regard.studies import one_core
from regard.studies.shared import write_dataset

TRIES = 2
MOST_TASKS = 25  # of one process


class LocalWorkers:
    """Processes that do tasks. To be used in a `with` block, at whose end they have ended.

    A process that dies is replaced, and its task is tried once more. One that has done many is
    replaced too, since TensorFlow keeps some 20 MB of each training.

    Args:
        study: A `regard.studies.study.Study`.
        dataset: A `regard.datasets.Dataset`; it is written once for all processes.
        count: Number of processes; by default the number of cores.
    """

    def __init__(self, study, dataset, count=None):
        if count is not None and count < 1:
            raise UsageError(f"workers must be at least 1, not {count}.")
        self.count = count or one_core.count()
        with contextlib.ExitStack() as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="regard-study-"))
            with full_disk_told(Path(folder)):
                write_dataset(Path(folder), dataset)
                Path(folder, "study.json").write_text(study.model_dump_json(), encoding="utf-8")
            self._closing = opened.pop_all()
        self._command = [sys.executable, "-P", "-m", "regard.studies.worker", folder]
        self._environment = os.environ | one_core.variables() | {"TMPDIR": folder}
        self._free = queue.SimpleQueue()
        self._workers, self._threads, self._done = [], [], {}
        self._closed = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closed = True
        for worker in self._workers:
            worker.kill()
        for thread in self._threads:
            thread.join()
        self._closing.close()

    def run(self, tasks):
        """Does tasks, as many at a time as there are processes.

        Yields:
            `(task, answer)` as they come; `{"failed": why}` where the process died twice.
        """
        waiting, answers = queue.SimpleQueue(), queue.SimpleQueue()
        for task in tasks:
            waiting.put(task)
        threads = [
            threading.Thread(target=self._work, args=(waiting, answers), daemon=True)
            for _ in range(min(self.count, len(tasks)))
        ]
        for thread in threads:
            thread.start()
            self._threads.append(thread)
        for _ in tasks:
            yield answers.get()

    def _work(self, waiting, answers):
        worker = None
        with contextlib.suppress(queue.Empty):
            while not self._closed:
                task = waiting.get_nowait()
                try:
                    worker, answer = self._asked(worker or self._idle(), task)
                except Exception as error:  # else `run` would wait for ever
                    worker, answer = None, {"failed": f"{type(error).__name__}: {error}"}
                answers.put((task, answer))
        if worker is not None:
            self._free.put(worker)

    def _asked(self, worker, task):
        """Returns a process to go on with, if there is one, and the answer."""
        for number in range(TRIES):
            try:
                answer = worker.ask(json.dumps(task))
            except RegardError as error:
                death = str(error)
                if self._closed:
                    return None, {"failed": "stopped"}
                worker = self._started() if number + 1 < TRIES else None
            else:
                return self._rested(worker), answer
        return None, {"failed": f"{death} It was tried {TRIES} times; is the memory full?"}

    def _rested(self, worker):
        """Ends a process that has done many tasks, and returns None then."""
        self._done[worker] = self._done.get(worker, 0) + 1
        if self._done[worker] < MOST_TASKS:
            return worker
        worker.kill()
        return None

    def _idle(self):
        try:
            return self._free.get_nowait()
        except queue.Empty:
            return self._started()

    def _started(self):
        worker = Worker("a training", self._command, self._environment)
        self._workers.append(self._closing.enter_context(worker))
        if self._closed:
            worker.kill()
        return worker
