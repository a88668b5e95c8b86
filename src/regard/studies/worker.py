"""A process that does the tasks of a study, one after the other.

    python -m regard.studies.worker FOLDER

The folder holds the images and `study.json`. It hears a task a line, as JSON, and answers alike. It
leaves Ctrl-C to the process that asks. When that is gone, it removes the folder and ends.
"""

import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from regard.processes.conversation import Conversation

_LOOK = 1.0  # seconds


def main():
    """Answers until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = Path(sys.argv[1])
    watch = threading.Thread(target=_end_with, args=(os.getppid(), folder), daemon=True)
    watch.start()
    conversation = Conversation()
    from regard.studies.shared import read_dataset
    from regard.studies.study import Study
    from regard.studies.tasks import do

    dataset = read_dataset(folder)
    study = Study.model_validate_json((folder / "study.json").read_bytes())
    try:
        while True:
            conversation.answer(**do(json.loads(conversation.hear()), study, dataset))
    except (BrokenPipeError, SystemExit):  # nobody asks; the watch may not know yet
        watch.join(2 * _LOOK)
        raise


def _end_with(parent, folder):
    """When the parent is gone, removes the folder and ends, in the middle of a training too."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main()
