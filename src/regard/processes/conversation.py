"""What a worker hears on its standard input, and what it answers."""

import json
import os
import sys


class Conversation:
    """Answers words with lines of JSON on standard output, and leaves that to nobody else.

    What libraries print goes to stderr. Where the other end is gone, the process ends.
    """

    def __init__(self):
        sys.stdout.flush()
        self._answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def hear(self):
        """Waits for the next word and returns it."""
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        return line.strip()

    def answer(self, **values):
        """Answers a word."""
        print(json.dumps(values), file=self._answers, flush=True)

    def await_round(self, peak=None):
        """Waits until a round may start, and answers the word `peak` by what `peak()` returns."""
        while self.hear() == "peak":
            self.answer(multiply_adds_per_second=peak())
