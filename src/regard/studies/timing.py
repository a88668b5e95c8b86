"""How long a training step of several networks takes, side by side."""

import math
import time

import keras
import numpy as np

from regard.training.job import Job

ROUNDS = 5
STEPS = 8


class _Clock(keras.callbacks.Callback):
    """Times the steps of an epoch without validation."""

    every_batch = False

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds = time.perf_counter() - self.start


def step_seconds(jobs: dict[str, Job]) -> dict[str, float]:
    """Times a training step of each network, in turns; what they learn is of no use afterwards.

    Args:
        jobs: What to train, by name.

    Returns:
        Median seconds of a step, by name.
    """
    found = {name: [] for name in jobs}
    for turn in range(ROUNDS + 1):
        for name, job in jobs.items():
            seconds = _one_round(job)
            if turn:  # the first compiles
                found[name].append(seconds)
    return {name: float(np.median(seconds)) for name, seconds in found.items()}


def _one_round(job):
    from regard.training.loop import fit
    from regard.training.pixels import scaled

    count = min(STEPS * job.recipe.batch_size, len(job.training[0]))
    steps = math.ceil(count / job.recipe.batch_size)
    clock = _Clock()
    fit(
        job.trainee,
        job.training[0][:count],
        job.training[1][:count],
        batch_size=job.recipe.batch_size,
        callbacks=[clock],
        prepare=scaled,
        verbose=0,
    )
    return clock.seconds / steps
