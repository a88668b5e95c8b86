"""What reading attention costs beside plain prediction, and how much memory it takes.

    python benchmarks/maps.py

The tutorial's network on 10,000 images of 28x28, batch 256. Turns alternate; the ratio
maps ÷ predict is the median of theirs. Memory is the peak above the process's own, measured in a
process each.
"""

import multiprocessing
import resource
import sys
import time

import numpy as np

COUNT, BATCH, ROUNDS = 10_000, 256, 5


def contenders():
    """Returns the calls to compare, each on the same network and images."""
    from regard import attention_maps, iter_attention_maps, models

    images = np.random.default_rng(0).random((COUNT, 28, 28, 1), dtype="float32")
    model = models.tutorial()
    model.compile(jit_compile=False)

    def streamed():
        parts = iter_attention_maps(model, images, batch_size=BATCH)
        return np.concatenate([maps.to_images() for maps in parts])

    return {
        "predict": lambda: model.predict(images, batch_size=BATCH, verbose=0),
        "whole": lambda: attention_maps(model, images, batch_size=BATCH),
        "streamed": streamed,
    }


def check():
    """Shows that both ways read the same."""
    calls = contenders()
    whole, streamed = calls["whole"](), calls["streamed"]()
    np.testing.assert_allclose(whole.to_images(), streamed, atol=1e-6)


def peak(name, result):
    """Puts the peak memory of one call above the process's own, in MiB."""
    call = contenders()[name]
    if name != "predict":
        contenders()["predict"]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    call()
    result.put((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def seconds(call):
    """Returns how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main():
    """Prints ratios and peaks."""
    context = multiprocessing.get_context("spawn")
    for name in ("whole", "streamed"):
        result = context.Queue()
        process = context.Process(target=peak, args=(name, result))
        process.start()
        print(f"{name:9} peak above plain prediction {result.get():5.0f} MiB", flush=True)
        process.join()
    check()
    calls = contenders()
    ratios = {"whole": [], "streamed": []}
    for turn in range(ROUNDS + 1):
        order = list(calls)[:: 1 if turn % 2 else -1]
        took = {name: seconds(calls[name]) for name in order}
        if turn:  # the first turn warms up
            for name, own in ratios.items():
                own.append(took[name] / took["predict"])
    for name, own in ratios.items():
        low, middle, high = np.quantile(own, [0.1, 0.5, 0.9])
        print(f"{name:9} maps ÷ predict = {middle:.2f} (10-90 %: {low:.2f}-{high:.2f})")


if __name__ == "__main__":
    sys.exit(main())
