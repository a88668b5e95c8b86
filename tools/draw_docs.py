"""Draws docs/attention.png and docs/maps.png from a run.

regard train --recipe fast
python tools/draw_docs.py runs/fashion-mnist
"""

import sys
from pathlib import Path

from regard import attention_maps, load
from regard.datasets.check import as_images
from regard.evaluation.predict import predict_probabilities
from regard.explanation import explainer
from regard.pipeline import load_run_data
from regard.reports.figures import map_grid, overlays, save
from regard.training.run import read_config

DOCS = Path(__file__).parents[1] / "docs"
METHODS = ("attention", "grad_cam", "occlusion", "integrated_gradients")


def main(run):
    """Draws eight test images with their attention, and three with four methods."""
    folder = Path(run)
    config = read_config(folder)
    images = load_run_data(config).test.images
    network, names = load(folder), config["data"]["class_names"]
    eight = as_images(images[:8])
    classes = predict_probabilities(network, eight).argmax(axis=1)
    titles = [names[label] for label in classes]
    save(
        overlays(images[:8], attention_maps(network, eight).to_images(), titles),
        DOCS / "attention.png",
    )
    maps = {name: explainer(name)(network, eight[:3], classes=classes[:3]) for name in METHODS}
    save(map_grid(images[:3], maps, titles[:3]), DOCS / "maps.png")


main(sys.argv[1])
