"""Our measures of faithfulness beside Quantus's, on one network in PyTorch: numbers and time.

    KERAS_BACKEND=torch python benchmarks/faithfulness.py

Runs where quantus and torch are installed. The network is that of tools/record_faithfulness.py,
untrained, on 100 pictures of the sample. Turns alternate; the ratio Quantus / ours is the median of
theirs. At the end the time of all measures with all controls in one call.
"""

import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import numpy as np
import quantus
import record_faithfulness as recorder
import torch
from scipy.ndimage import gaussian_filter

from regard import faithfulness as ours

import keras  # isort: skip

IMAGES, ROUNDS = 100, 5
PERCENTAGES = list(range(10, 100, 20))


def main():
    """Prints a line a measure."""
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    theirs = recorder.network_of(channels=8).eval()
    mine = keras_network(theirs)
    images = recorder.read("t10k-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)[:IMAGES]
    images = images / np.float32(255)
    last = np.moveaxis(images, 1, -1)
    classes = mine.predict(last, verbose=0).argmax(axis=1)
    maps = gaussian_filter(np.random.default_rng(0).random((IMAGES, 28, 28)), (0, 2, 2))
    asked = {"model": theirs, "x_batch": images, "y_batch": classes, "a_batch": maps[:, None]}
    asked |= {"batch_size": 256}
    plain = {"abs": False, "normalise": False, "disable_warnings": True}
    masks = images > 0.2
    flipping = quantus.PixelFlipping(features_in_step=28, perturb_baseline=0.0, **plain)
    road = quantus.ROAD(percentages=PERCENTAGES, noise=0.0, **plain)
    pointing = quantus.PointingGame(**plain)
    pairs = {
        "deletion, 28 steps": (
            lambda: ours.deletion(mine, maps, last, classes, steps=28, baseline=0.0),
            lambda: flipping(**asked),
        ),
        "road, 5 shares": (
            lambda: ours.road(mine, maps, last, classes, noise=0.0),
            lambda: road(**asked),
        ),
        "pointing_game": (
            lambda: ours.pointing_game(maps, masks[:, 0]),
            lambda: pointing(**asked, s_batch=masks),
        ),
    }
    for name, (one, other) in pairs.items():
        report(name, one, other)
    whole(mine, last, masks[:, 0])


def keras_network(network):
    """Returns the network in Keras, with equal weights."""
    weights = recorder.keras_weights(network)
    layout = {"data_format": "channels_last"}
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu", **layout),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu", **layout),
            keras.layers.Flatten(**layout),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.set_weights([weights[f"weight_{n}"] for n in range(6)])
    return model


def report(name, one, other):
    """Times both in alternation."""
    one(), other()
    ratios, took = [], []
    for turn in range(ROUNDS):
        calls = (one, other) if turn % 2 else (other, one)
        seconds = {call: time_of(call) for call in calls}
        ratios.append(seconds[other] / seconds[one])
        took.append((seconds[one], seconds[other]))
    low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
    mine, theirs = np.median(took, axis=0)
    print(
        f"{name:20} Quantus / ours = {middle:.2f} (10-90 %: {low:.2f}-{high:.2f}); "
        f"ours {mine:.3f} s, Quantus {theirs:.3f} s"
    )


def time_of(call):
    """Returns seconds."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def whole(model, images, masks):
    """All measures, all controls; the method weighs the image by its class's probability."""

    def method(model, images, classes):
        probabilities = model.predict(images, batch_size=256, verbose=0)
        return images[..., 0] * probabilities.max(axis=1)[:, None, None]

    many = np.tile(images, (50, 1, 1, 1))
    predict = time_of(lambda: model.predict(many, batch_size=256, verbose=0))
    cpu = time.process_time()
    wall = time_of(lambda: ours.faithfulness(model, method, images, masks=masks))
    print(
        f"all measures, {len(images)} images: {wall:.1f} s, {time.process_time() - cpu:.1f} s of "
        f"processor; plain predict of {len(many)} images {predict:.2f} s"
    )


if __name__ == "__main__":
    main()
