"""How long ten seeds of two arms take, beside ten trainings by Keras's `model.fit` in a row.

    python benchmarks/study_time.py [IMAGES] [SEEDS]

The study is `regard compare` from its start to its report: the tutorial's network with attention
and without, two trainings at a time on two cores, by the recipe `fast`. The other side is the
network with attention alone, trained with the same recipe by `model.fit` on all cores, in one
process, one seed after the other, and tested by `model.evaluate`; no report, no maps.
"""

import subprocess
import sys
import tempfile
import time

STOCK = """
import sys
import keras
from regard import datasets
from regard.datasets.check import as_images
from regard.training import read_recipe
from regard.training.job import prepare
from regard.studies.part import part_of

images, seeds = map(int, sys.argv[1:])
dataset = datasets.load("fashion-mnist")
test = as_images(dataset.test.images)
for seed in range(seeds):
    keras.utils.clear_session()
    recipe = read_recipe(name="fast", seed=seed, loop="keras")
    job = prepare(recipe, part_of(dataset, images or None, seed))
    job.train()
    probabilities = job.model.predict(test, batch_size=256, verbose=0)
    print((probabilities.argmax(1) == dataset.test.labels).mean())
"""


def seconds(*words):
    """Returns how long a run of Python takes."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main(images="0", seeds="10"):
    """Prints both times and their ratio; 0 images are all."""
    part = [] if images == "0" else ["--images", images]
    with tempfile.TemporaryDirectory() as folder:
        words = ["--design", "pixel:units=32", "--control", "none", "--seeds", seeds, *part]
        ours = seconds("-m", "regard", "compare", "fashion-mnist", *words, "--studies", folder)
    stock = seconds("-c", STOCK, images, seeds)
    print(f"study {ours:.0f} s, {seeds} trainings {stock:.0f} s, ratio {ours / stock:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
