"""Does the tasks of a study in processes of this machine, each on a core of its own."""

import contextlib
import json
import os
import queue
import sys
import tempfile
import threading
from pathlib import Path

from regard.errors import RegardError
from regard.processes.process import Worker
from regard.studies import one_core
from regard.studies.shared import write_dataset

TRIES = 2


class LocalWorkers:
    """Processes that do tasks. To be used in a `with` block, at whose end they have ended.

    A process that dies is replaced, and its task is tried once more.

    Args:
        study: A `regard.studies.study.Study`.
        dataset: A `regard.datasets.Dataset`; it is written once for all processes.
        count: Number of processes; by default the number of cores.
    """

    def __init__(self, study, dataset, count=None):
        self.count = count or os.cpu_count() or 1
        self._closing = contextlib.ExitStack()
        folder = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="regard-study-"))
        write_dataset(Path(folder), dataset)
        Path(folder, "study.json").write_text(study.model_dump_json(), encoding="utf-8")
        self._command = [sys.executable, "-m", "regard.studies.worker", folder]
        self._free = queue.SimpleQueue()
        self._workers, self._threads = [], []
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
        self._threads += threads
        for thread in threads:
            thread.start()
        for _ in tasks:
            yield answers.get()

    def _work(self, waiting, answers):
        worker = None
        with contextlib.suppress(queue.Empty):
            while not self._closed:
                task = waiting.get_nowait()
                worker, answer = self._asked(worker or self._idle(), task)
                answers.put((task, answer))
        if worker is not None:
            self._free.put(worker)

    def _asked(self, worker, task):
        """Returns a living process, if there is one, and the answer."""
        for number in range(TRIES):
            try:
                return worker, worker.ask(json.dumps(task))
            except RegardError as error:
                death = str(error)
                if self._closed:
                    return None, {"failed": "stopped"}
                worker = self._started() if number + 1 < TRIES else None
        return worker, {"failed": f"{death} It was tried {TRIES} times; is the memory full?"}

    def _idle(self):
        try:
            return self._free.get_nowait()
        except queue.Empty:
            return self._started()

    def _started(self):
        worker = Worker("a training", self._command, os.environ | one_core.variables())
        self._workers.append(self._closing.enter_context(worker))
        return worker
