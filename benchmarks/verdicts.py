"""The verdicts on maps of one trained network: the table of the README.

    regard train --recipe fast
    python benchmarks/verdicts.py runs/fashion-mnist [IMAGES]

On the first 100 test images, or as many as asked for; occlusion takes minutes.
"""

import sys
from pathlib import Path

from regard import faithfulness, load
from regard.datasets.check import as_images
from regard.explanation import explainer
from regard.pipeline import load_run_data
from regard.training.run import read_config


def image_itself(model, images, classes):
    """Gives the image as its map: a method that does not know the network."""
    return images.sum(axis=-1)


def main(run, count="100"):
    """Prints the verdict, its reason and the table of measures for each method."""
    folder = Path(run)
    images = as_images(load_run_data(read_config(folder)).test.images[: int(count)])
    methods = {name: explainer(name) for name in ("attention", "grad_cam", "occlusion")}
    for name, method in (methods | {"the image itself": image_itself}).items():
        print(f"\n{name}\n{faithfulness(load(folder), method, images)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
