"""One training of a recipe on Fashion-MNIST in a process of its own, for the scripts beside it.

    python benchmarks/trainings.py RECIPE LOOP SEED [--no-attention]

Prints as JSON the seconds from before the network is built and the validation accuracy after
each epoch, and the test accuracy of the weights that the training keeps.
"""

import argparse
import functools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np


def train(recipe, loop, seed):
    """Trains once; returns what is printed."""
    import keras

    from regard import datasets
    from regard.datasets.check import as_images
    from regard.evaluation.predict import predict_probabilities
    from regard.training import read_recipe, train_run

    dataset = datasets.load("fashion-mnist")
    seconds = []
    accuracies = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - start)
            accuracies.append(logs["val_accuracy"])

    settings = read_recipe(name=recipe, loop=loop, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        trained = train_run(settings, dataset, Path(folder), callbacks=[Clock()])
    predicted = predict_probabilities(trained.model, as_images(dataset.test.images)).argmax(1)
    test = float(np.mean(predicted == dataset.test.labels))
    kept = accuracies[trained.best_epoch - 1]
    return {"seed": seed, "seconds": seconds, "validation": accuracies, "kept": kept, "test": test}


def without_attention(recipe):
    """Lets the network of a recipe be built without attention inside the block."""
    from regard.models import presets
    from regard.training import read_recipe

    name = read_recipe(name=recipe).network
    plain = functools.partial(getattr(presets, name), attention=None)
    return mock.patch.object(presets, name, plain)


def in_process(*words):
    """Runs this file for one training and returns what it prints."""
    command = [sys.executable, __file__, *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Trains once and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe")
    parser.add_argument("loop")
    parser.add_argument("seed", type=int)
    parser.add_argument("--no-attention", action="store_true")
    options = parser.parse_args()
    words = options.recipe, options.loop, options.seed
    if not options.no_attention:
        print(json.dumps(train(*words)))
        return
    with without_attention(options.recipe):
        print(json.dumps(train(*words)))


if __name__ == "__main__":
    main()
