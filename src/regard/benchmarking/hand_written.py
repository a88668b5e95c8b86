"""Rounds of a network that is written by hand in a library of arrays."""

import time

import numpy as np


class HandWritten:
    """Trains the tutorial's network without Keras.

    Args:
        name: `"pytorch"`, `"pytorch-plain"` or `"jax"`.
        weights: File with the weights to start from, as Keras lays them out.
    """

    def __init__(self, name, weights):
        with np.load(weights) as arrays:
            self._weights = dict(arrays)
        self._name = name

    def about(self):
        """Returns how it trains, in a few words."""
        return self._training().about

    def counted(self):
        """Returns nothing: the work is counted on the Keras model."""
        return {}

    def losses(self, images, labels):
        """Returns the loss of each step of one epoch."""
        training = self._training()
        return [float(training.step(*batch)) for batch in training.on_device(images, labels)]

    def rounds(self, images, labels, count, conversation):
        """Runs epochs, each when it is told, and answers its seconds."""
        training = self._training()
        batches = training.on_device(images, labels)
        for _ in range(count):
            conversation.await_round()
            start = time.perf_counter()
            for batch in batches:
                training.step(*batch)
            training.read_metrics()
            conversation.answer(seconds=time.perf_counter() - start)

    def _training(self):
        if self._name == "jax":
            from regard.benchmarking.jax_network import Training

            return Training(self._weights)
        from regard.benchmarking.torch_network import Training

        return Training(self._weights, tuned=self._name == "pytorch")
