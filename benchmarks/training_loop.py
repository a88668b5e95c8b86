"""Our training loop against `model.fit`: one epoch of the tutorial's network, in turns.

    python benchmarks/training_loop.py                        # 6,000 sample images, batch 64
    python benchmarks/training_loop.py --images 1280 --pairs 5

Both train the same weights on the same images in the same order, and the losses of every epoch
are printed. The first epoch of each, which compiles, is stated apart. Images are float32, 0…1,
as `regard train` gives them.
"""

import argparse
import os
import time

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SETTINGS = {"batch_size": 64, "shuffle": False, "verbose": 0}


def contenders():
    """Returns the name and the training function of each."""
    from regard.training.loop import fit

    import keras  # isort: skip

    return {"model.fit": keras.Model.fit, "ours": fit}


def network():
    """Returns the tutorial's network, always with the same weights."""
    from regard import models

    import keras  # isort: skip

    keras.utils.set_random_seed(0)
    model = models.tutorial()
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    return model


def epoch(train, model, images, labels):
    """Returns the seconds and the loss of one epoch."""
    start = time.perf_counter()
    loss = train(model, images, labels, **SETTINGS).history["loss"][0]
    return time.perf_counter() - start, loss


def main():
    """Prints the time of the first epoch, the losses and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()

    from regard import datasets
    from regard.datasets.check import as_images

    import keras  # isort: skip

    split = datasets.load("fashion-mnist-sample").train
    images = as_images(split.images[: options.images])
    labels = np.asarray(split.labels[: options.images])
    trains = contenders()
    nets = {name: network() for name in trains}
    losses = {name: [] for name in trains}
    print(
        f"Keras {keras.__version__}, {keras.config.backend()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}; {len(images)} images, batch {SETTINGS['batch_size']}"
    )
    for name, train in trains.items():
        seconds, loss = epoch(train, nets[name], images, labels)
        losses[name].append(loss)
        print(f"{name:9} first epoch, compiling: {seconds:.1f} s")
    ratios = []
    for turn in range(options.pairs):
        took = {}
        for name in sorted(trains, reverse=bool(turn % 2)):
            took[name], loss = epoch(trains[name], nets[name], images, labels)
            losses[name].append(loss)
        ratios.append(took["model.fit"] / took["ours"])
        print(f"pair {turn + 1}: " + ", ".join(f"{n} {s:.2f} s" for n, s in took.items()))
    for name, values in losses.items():
        print(f"{name:9} losses: {' '.join(f'{value:.6f}' for value in values)}")
    ours, theirs = losses["ours"], losses["model.fit"]
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-4)  # the same work
    print(f"losses differ by {abs(ours[0] - theirs[0]):.1e} at first, then by rounding that grows")
    low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
    print(f"model.fit ÷ ours = {middle:.2f} (10-90 %: {low:.2f}-{high:.2f})")


main()
