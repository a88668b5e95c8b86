"""Memory and time of attention over pixels, in parts against the plain formula.

    python benchmarks/pixel_attention.py

Memory: the peak of a process of its own, less that of the same process without the work. Time: the
turns alternate, the ratio is the median of theirs.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np

CHANNELS = 64


def plain(queries, keys, values):
    """The formula as it is written: all queries x keys at once."""
    from regard.layers import dot_product

    return dot_product.gather(dot_product.scores(queries, keys), values)


def work(kind, size, step):
    """Returns a compiled call of the layer: forward, or with the gradients of a training step."""
    import tensorflow as tf

    from regard import layers
    from regard.layers import dot_product

    import keras  # isort: skip

    if kind == "plain":
        dot_product.attend = plain
    keras.utils.set_random_seed(0)
    layer = layers.Attention(units=8, data_format="channels_last")
    layer.build((None, None, None, CHANNELS))
    layer.gamma.assign(1.0)
    x = tf.constant(np.random.default_rng(0).normal(size=(1, size, size, CHANNELS)), "float32")

    def forward(x):
        return layer(x)

    def train(x):
        weights = [weight.value for weight in layer.trainable_weights]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(layer(x)))
        return tape.gradient(loss, weights)

    call = tf.function(train if step else forward)
    call.get_concrete_function(x)
    return lambda: [np.asarray(value) for value in tf.nest.flatten(call(x))]


def peak(kind, size, step):
    """Returns how far one call raises the peak memory of this process, in MiB."""
    from regard.layers import dot_product

    whole, dot_product.WHOLE = dot_product.WHOLE, 0
    work(kind, 8, step)()
    dot_product.WHOLE = whole
    call = work(kind, size, step)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    call()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def memory(size, step):
    """Prints the peak of both, each measured in a process of its own."""
    rows = []
    for kind in ("plain", "parts"):
        command = [sys.executable, __file__, "--peak", kind, str(size), str(int(step))]
        rows.append(
            float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        )
    what = "training step" if step else "forward"
    print(f"{size:4}x{size:<4} {what:14} plain {rows[0]:8.0f} MiB  parts {rows[1]:8.0f} MiB")


def seconds(call, times):
    """Returns the seconds that `times` calls take."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return time.perf_counter() - start


def ratio(size, step, times, rounds=9):
    """Prints the time of ours, over that of the plain formula."""
    from regard.layers import dot_product

    ours = work("parts", size, step)
    attend = dot_product.attend
    theirs = work("plain", size, step)
    dot_product.attend = attend
    for got, want in zip(ours(), theirs(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-5)
    ratios = []
    for turn in range(rounds):
        order = (ours, theirs) if turn % 2 else (theirs, ours)
        took = {call: seconds(call, times) for call in order}
        ratios.append(took[ours] / took[theirs])
    low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
    what = "training step" if step else "forward"
    print(
        f"{size:4}x{size:<4} {what:14} parts ÷ plain = {middle:.2f} (10-90 %: {low:.2f}-{high:.2f})"
    )


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peak", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args().peak
    if given:
        print(peak(given[0], int(given[1]), given[2] == "1"))
        return
    for size in (64, 128):
        for step in (False, True):
            memory(size, step)
    for size, times in ((12, 100), (64, 2)):
        for step in (False, True):
            ratio(size, step, times)


main()
