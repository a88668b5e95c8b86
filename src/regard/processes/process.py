"""A process that answers, seen from the one that asks."""

import contextlib
import json
import subprocess
import tempfile

from regard.errors import RegardError

_TOLD_LINES = 8  # of a dead worker's stderr
_SECONDS_TO_END = 10


class Worker:
    """A process that answers each word on its standard input with a line of JSON.

    To be used in a `with` block, at whose end the process has ended.

    Args:
        name: What errors call it.
        command: Its command line.
        environment: Its environment variables; by default those of this process.
    """

    def __init__(self, name, command, environment=None):
        self.name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=environment,
                encoding="utf-8",
            )
        except OSError:
            self._errors.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end()
        self._process.stdout.close()
        self._errors.close()

    def ask(self, word):
        """Sends a word and waits for the answer.

        Raises:
            RegardError: If the process has ended, with the last lines of its stderr.
        """
        try:
            print(word, file=self._process.stdin, flush=True)
        except OSError:
            raise self._death() from None
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            raise self._death()
        return json.loads(line)

    def kill(self):
        """Ends the process at once, whatever it does."""
        self._process.kill()
        self._process.wait()

    def _death(self):
        status = self._end()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").splitlines()
        last = [line for line in lines if line.strip()][-_TOLD_LINES:]
        text = "\n".join(last) if last else "(nothing)"
        return RegardError(
            f"The process of {self.name} died (exit status {status}). Its last lines:\n{text}"
        )

    def _end(self):
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            return self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
