"""What an attention layer adds to one training step of the tutorial's network, beside timm's.

    python benchmarks/step_time.py          # ours, on the Keras backend in use
    python benchmarks/step_time.py --timm   # the same network in PyTorch with timm's layers

Batch 64 of 28x28; the layer stands after the pooling, on 12x12x64. Turns with and without it
alternate; the ratio with ÷ without is the median of theirs.
"""

import argparse
import sys
import time
from unittest import mock

import numpy as np

NAMES = ("squeeze_excitation", "eca", "cbam", "simam", "coordinate")
TIMM = {"squeeze_excitation": "se", "eca": "eca", "cbam": "cbam", "coordinate": "coord"}
STEPS, ROUNDS = 10, 9
RNG = np.random.default_rng(0)
IMAGES = RNG.random((64, 28, 28, 1)).astype("float32")
LABELS = RNG.integers(10, size=64)


def keras_step(name):
    """Returns a training step of the tutorial's network with the named layer, or without."""
    import warnings

    from regard import models

    import keras  # isort: skip

    model = models.tutorial(attention=None)
    if name:
        warnings.simplefilter("ignore", UserWarning)
        model = models.insert(model, name, after=keras.layers.MaxPooling2D)
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    return lambda: model.train_on_batch(IMAGES, LABELS)


def timm_step(name):
    """Returns the same in PyTorch with timm's layer."""
    import torch
    from torch import nn

    attention = [_timm_layer(TIMM[name])] if name else []
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        *attention,
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    optimizer = torch.optim.Adam(model.parameters())
    images = torch.tensor(IMAGES).permute(0, 3, 1, 2).contiguous()
    labels = torch.tensor(LABELS)

    def step():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def _timm_layer(name):
    # timm imports torchvision for its data pipeline, which is not used here.
    parts = ("", ".transforms", ".transforms.functional", ".datasets", ".ops", ".ops.misc")
    parts += (".models", ".models.feature_extraction")
    with mock.patch.dict(sys.modules, {f"torchvision{part}": mock.MagicMock() for part in parts}):
        from timm import layers
        from timm.layers.coord_attn import CoordAttn
    return CoordAttn(64) if name == "coord" else layers.create_attn(name, 64)


def seconds(step):
    """Returns the seconds that the steps of one turn take."""
    start = time.perf_counter()
    for _ in range(STEPS):
        step()
    return time.perf_counter() - start


def main():
    """Prints a row for each layer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timm", action="store_true", help="the same in PyTorch with timm")
    uses_timm = parser.parse_args().timm
    make = timm_step if uses_timm else keras_step
    plain = make(None)
    for name in TIMM if uses_timm else NAMES:
        step = make(name)
        seconds(plain), seconds(step)
        ratios = []
        for turn in range(ROUNDS):
            order = (plain, step) if turn % 2 else (step, plain)
            took = {call: seconds(call) for call in order}
            ratios.append(took[step] / took[plain])
        low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
        print(f"{name:20} with ÷ without = {middle:.2f} (10-90 %: {low:.2f}-{high:.2f})")


main()
