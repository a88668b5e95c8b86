"""The process of one contender: proves its losses, then runs a round whenever it is told.

    python -m regard.benchmarking.worker NAME WEIGHTS STEPS ROUNDS

It hears the word `prove` once, then `round` ROUNDS times.
"""

import sys
from pathlib import Path

from regard.benchmarking.work import PROVED_STEPS, samples
from regard.processes.conversation import Conversation


def main():
    """Answers until all rounds are done, or the other end is gone."""
    name, weights, steps, rounds = sys.argv[1:]
    conversation = Conversation()
    conversation.hear()
    contender = _contender(name, Path(weights))
    proof = contender.losses(*samples(min(int(steps), PROVED_STEPS)))
    conversation.answer(losses=proof, about=contender.about(), **contender.counted())
    contender.rounds(*samples(int(steps)), int(rounds), conversation)


def _contender(name, weights):
    if name in ("stock", "regard"):
        from regard.benchmarking.keras_contender import KerasContender

        return KerasContender(name, weights)
    from regard.benchmarking.hand_written import HandWritten

    return HandWritten(name, weights)


if __name__ == "__main__":
    main()
