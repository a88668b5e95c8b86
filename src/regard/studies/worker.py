"""A process that does the tasks of a study, one after the other.

    python -m regard.studies.worker FOLDER

The folder holds the images and `study.json`. It hears a task a line, as JSON, and answers alike. It
leaves Ctrl-C to the process that asks, and ends when that is gone.
"""

import json
import os
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
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    conversation = Conversation()
    from regard.studies.shared import read_dataset
    from regard.studies.study import Study
    from regard.studies.tasks import do

    folder = Path(sys.argv[1])
    dataset = read_dataset(folder)
    study = Study.model_validate_json((folder / "study.json").read_bytes())
    while True:
        conversation.answer(**do(json.loads(conversation.hear()), study, dataset))


def _end_with(parent):
    """Ends this process, in the middle of a training too, when its parent is gone."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)


if __name__ == "__main__":
    main()
