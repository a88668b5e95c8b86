"""Accuracy after a short training, by how many batches batch norm's averages reach back.

    python benchmarks/batch_norm_reach.py regard_fast --epochs 1
    python benchmarks/batch_norm_reach.py resnet9 --images 1000 --batch-size 32

One training on the sample of Fashion-MNIST: how far the averages reach does not change its steps,
so the batches' own means and variances are taken from it and averaged anew for each reach. The last
line is the same network with averages over 200 batches made after the training.
"""

import argparse

import keras
import numpy as np

from regard import datasets
from regard.datasets.check import as_images
from regard.studies.design import parse_design
from regard.studies.networks import with_attention
from regard.studies.part import part_of
from regard.training import read_recipe
from regard.training.job import prepare


def main():
    """Trains once and prints the accuracies."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("network")
    parser.add_argument("--design", default="none")
    parser.add_argument("--images", type=int)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    recipe = read_recipe(
        name="fast",
        dataset="fashion-mnist-sample",
        network=options.network,
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
    )
    dataset = datasets.load_for(recipe)
    test = dataset.test
    design = parse_design(options.design)
    job = prepare(
        recipe,
        part_of(dataset, options.images, options.seed),
        lambda recipe, shape, classes: with_attention(recipe, shape, classes, design),
    )
    averages = Averages(job.model)
    job.train([averages])
    steps = len(averages.batches) // recipe.epochs
    print(f"{options.network}, {options.design}: {recipe.epochs} epochs of {steps} steps")
    for reach in sorted({1, 2, 4, steps / 8, steps / 4, steps / 2, steps, 100}):
        averages.reach(max(reach, 1))
        print(f"{reach:8.1f} batches: {accuracy(job.model, test):.3f}", flush=True)
    for draw in range(200):
        rows = np.random.default_rng(draw).choice(len(job.training[0]), recipe.batch_size)
        job.model(as_images(job.training[0][rows]), training=True)
    print(f"   made anew: {accuracy(job.model, test):.3f}")


class Averages(keras.callbacks.Callback):
    """Takes the mean and variance of each batch in each layer from how they move the averages."""

    def __init__(self, network):
        super().__init__()
        layers = network._flatten_layers()
        self.layers = [x for x in layers if isinstance(x, keras.layers.BatchNormalization)]
        self.weights = [w for x in self.layers for w in (x.moving_mean, x.moving_variance)]
        self.momenta = [x.momentum for x in self.layers for _ in range(2)]
        self.start = self.before = self.values()
        self.batches = []

    def values(self):
        """The averages as they are."""
        return [keras.ops.convert_to_numpy(weight).astype("float64") for weight in self.weights]

    def on_train_batch_end(self, batch, logs=None):
        """Takes one batch's."""
        after = self.values()
        moves = zip(self.before, after, self.momenta, strict=True)
        self.batches.append([(new - keep * old) / (1 - keep) for old, new, keep in moves])
        self.before = after

    def reach(self, batches):
        """Puts in the averages that reach back so many batches."""
        keep = 1 - 1 / batches
        for number, weight in enumerate(self.weights):
            value = self.start[number]
            for batch in self.batches:
                value = keep * value + (1 - keep) * batch[number]
            weight.assign(value)


def accuracy(model, split):
    """Share of the images that are classified correctly."""
    probabilities = model.predict(as_images(split.images), verbose=0)
    return np.mean(np.argmax(probabilities, axis=-1) == split.labels)


if __name__ == "__main__":
    main()
