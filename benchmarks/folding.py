"""What folding saves: a training step, or an inference, with and without it.

    python benchmarks/folding.py                 # training steps of networks without activations
    python benchmarks/folding.py --applications  # MobileNetV2 and ResNet50, for inference

Turns with and without folding alternate, on the Keras backend in use; the ratio plain ÷ folded is
the median of theirs. Both are shown to give the same first.
"""

import argparse
import os
import time

import numpy as np

from regard.models.folding import fold

import keras  # isort: skip

layers = keras.layers
ROUNDS = 9
RNG = np.random.default_rng(0)


def two_convolutions():
    """The tutorial's network as it is often written, with no activation between."""
    body = [layers.Conv2D(32, 3), layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2)]
    return _classifier((28, 28, 1), body)


def three_convolutions():
    """The same with one more."""
    body = [layers.Conv2D(n, 3) for n in (16, 32, 64)]
    return _classifier((28, 28, 1), [*body, layers.ReLU(), layers.MaxPooling2D(2)])


def narrowing():
    """A 3x3 convolution to 128 channels, and a 1x1 that takes them to 16."""
    body = [layers.Conv2D(128, 3), layers.Conv2D(16, 1, activation="relu")]
    return _classifier((28, 28, 8), [*body, layers.MaxPooling2D(4)])


def pooled():
    """A convolution whose output is averaged over 2x2."""
    body = [layers.Conv2D(64, 3), layers.AveragePooling2D(2), layers.ReLU()]
    return _classifier((28, 28, 16), body)


def dense():
    """A dense layer on all pixels of a convolution."""
    return keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(32, 3), layers.Flatten(), layers.Dense(10)]
    )


def _classifier(shape, body):
    head = [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10)]
    return keras.Sequential([keras.Input(shape), *body, *head])


def training_steps(make, batch_size):
    """Returns functions that train one and the same network by a step, plain and folded."""
    images, labels = _batch(make(), batch_size), RNG.integers(10, size=batch_size)
    model, twin = make(), make()
    twin.set_weights(model.get_weights())
    steps = []
    for one in (model, fold(twin, batch_size=batch_size)):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        one.compile("adam", loss, jit_compile=keras.config.backend() == "jax")
        steps.append(lambda one=one: float(one.train_on_batch(images, labels)))
    losses = np.array([[step() for step in steps] for _ in range(5)])
    np.testing.assert_allclose(losses[:, 1], losses[:, 0], rtol=1e-3)
    return steps


def inferences(make, batch_size):
    """Returns functions that run one network on a batch, plain and folded."""
    model = make(weights=None)
    for variable in model.variables:  # else the norms would do nothing
        if "moving" in variable.path:
            variable.assign(RNG.uniform(0.5, 1.5, variable.shape))
    images = _batch(model, batch_size)
    both = model, fold(model, training=False, batch_size=batch_size)
    runs = [lambda one=one: one.predict_on_batch(images) for one in both]
    expected, found = (run() for run in runs)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    return runs


def _batch(model, batch_size):
    return RNG.random((batch_size, *model.input_shape[1:])).astype("float32")


def seconds(run, times):
    """Returns the seconds that the runs of one turn take."""
    start = time.perf_counter()
    for _ in range(times):
        run()
    return time.perf_counter() - start


def compare(name, runs, times):
    """Prints the ratio of two functions in alternating turns."""
    plain, folded = runs
    seconds(plain, 1), seconds(folded, 1)
    ratios = []
    for turn in range(ROUNDS):
        order = (plain, folded) if turn % 2 else (folded, plain)
        took = {run: seconds(run, times) for run in order}
        ratios.append(took[plain] / took[folded])
    low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
    print(f"{name:24} plain ÷ folded = {middle:.2f} (10-90 %: {low:.2f}-{high:.2f})", flush=True)


def main():
    """Prints a row for each network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applications", action="store_true", help="the networks of Keras")
    if parser.parse_args().applications:
        for make in (keras.applications.MobileNetV2, keras.applications.ResNet50):
            for batch_size in (1, 16):
                runs = inferences(make, batch_size)
                compare(f"{make.__name__}, batch {batch_size}", runs, times=3)
    else:
        for make in (two_convolutions, three_convolutions, narrowing, pooled, dense):
            compare(make.__name__, training_steps(make, batch_size=64), times=5)
    load = ", ".join(f"{busy:.1f}" for busy in os.getloadavg())
    print(f"keras {keras.version()}, {keras.config.backend()}, {os.cpu_count()} cores, load {load}")


main()
