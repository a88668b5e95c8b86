"""The tutorial's network and its training, written by hand in PyTorch."""

import math
import os
import shutil

import torch
from torch.nn import functional

from regard.benchmarking.work import LEARNING_RATE, batches

_BETAS, _EPSILON = (0.9, 0.999), 1e-7  # of Keras's Adam
_COMPILERS = ("c++", "g++", "clang++", "cl")


class Network(torch.nn.Module):
    """Gives logits `(batch, classes)` of images `(batch, 1, 28, 28)`.

    Args:
        weights: Arrays by name, as Keras lays them out.
    """

    def __init__(self, weights):
        super().__init__()
        self.first = _with(torch.nn.Conv2d(1, 32, 3), weights, "first", (3, 2, 0, 1))
        self.second = _with(torch.nn.Conv2d(32, 64, 3), weights, "second", (3, 2, 0, 1))
        self.query = _with(torch.nn.Linear(64, 32), weights, "attention/query", (1, 0))
        self.key = _with(torch.nn.Linear(64, 32), weights, "attention/key", (1, 0))
        self.value = _with(torch.nn.Linear(64, 64), weights, "attention/value", (1, 0))
        self.gamma = torch.nn.Parameter(torch.tensor(weights["attention/gamma"]))
        self.hidden = _with(torch.nn.Linear(9216, 128), weights, "hidden", (1, 0))
        self.classes = _with(torch.nn.Linear(128, 10), weights, "classes", (1, 0))

    def forward(self, images):
        maps = functional.max_pool2d(self.convolved(images), 2)
        pixels = maps.flatten(2).transpose(1, 2)
        queries, keys = self.query(pixels) / math.sqrt(32), self.key(pixels)
        attention = torch.softmax(queries @ keys.transpose(1, 2), -1)
        pixels = pixels + self.gamma * (attention @ self.value(pixels))
        return self.classes(functional.relu(self.hidden(pixels.flatten(1))))

    def convolved(self, images):
        """Returns the two convolutions of the images, `(batch, 64, 24, 24)`."""
        return self.second(self.first(images))


class FoldedNetwork(Network):
    """The same with the two 3x3 convolutions made one of 5x5, composed at each call."""

    def convolved(self, images):
        first, second = self.first.weight, self.second.weight
        kernel = functional.conv2d(first.transpose(0, 1), second.flip(2, 3), padding=2)
        bias = self.second.bias + second.sum((2, 3)) @ self.first.bias
        return functional.conv2d(images, kernel.transpose(0, 1), bias)


class Training:
    """Adam on batches, with the mean loss and the accuracy summed up on the device.

    Args:
        weights: Arrays to start from, by name.
        tuned: Whether convolutions are folded and, where there is a C++ compiler, the network is
            compiled.
    """

    def __init__(self, weights, tuned):
        torch._dynamo.reset()  # each training is compiled anew
        compiled = tuned and has_compiler()
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        network = (FoldedNetwork if tuned else Network)(weights)
        network = network.to(self.device, memory_format=torch.channels_last)
        self.about = f"{'folded' if tuned else 'plain'}, {'compiled' if compiled else 'eager'}"
        self._forward = torch.compile(network) if compiled else network
        self._optimizer = torch.optim.Adam(
            network.parameters(), LEARNING_RATE, _BETAS, _EPSILON, fused=True
        )
        self._steps = 0
        self._totals = torch.zeros(2, device=self.device)

    def on_device(self, images, labels):
        """Returns the batches, channels first in shape and last in memory."""
        images = torch.tensor(images, device=self.device).permute(0, 3, 1, 2)
        return list(batches(images, torch.tensor(labels, device=self.device)))

    def step(self, images, labels):
        """Trains on a batch and returns its loss, on the device."""
        self._steps += 1
        logits = self._forward(images)
        loss = functional.cross_entropy(logits, labels)
        self._optimizer.zero_grad()
        loss.backward()
        self._correct_epsilon()
        self._optimizer.step()
        with torch.no_grad():
            hits = (logits.argmax(1) == labels).float().mean()
            self._totals += torch.stack((loss.detach(), hits))
        return loss.detach()

    def read_metrics(self):
        """Waits for all steps and returns the sums of losses and accuracies since the last call."""
        sums = self._totals.tolist()
        self._totals.zero_()
        return sums

    def _correct_epsilon(self):
        """Lets epsilon stand where Keras has it: added to the root before that is corrected."""
        correction = math.sqrt(1 - _BETAS[1] ** self._steps)
        self._optimizer.param_groups[0]["eps"] = _EPSILON / correction


def has_compiler():
    """Returns whether there is a C++ compiler, which `torch.compile` needs."""
    return any(map(shutil.which, filter(None, (os.environ.get("CXX"), *_COMPILERS))))


def _with(layer, weights, name, axes):
    kernel = weights[f"{name}/kernel"].transpose(axes)
    layer.weight = torch.nn.Parameter(torch.tensor(kernel.copy()))
    layer.bias = torch.nn.Parameter(torch.tensor(weights[f"{name}/bias"]))
    return layer
