"""Writes what Captum and pytorch-grad-cam compute, to compare regard's attributions with.

Run in an environment of its own, with torch, captum and grad-cam (which imports, but does not
need here, torchvision): python tools/record_attributions.py. A small network is trained for a
moment on the sample of Fashion-MNIST; its weights, four images and the maps of both tools go to
tests/data/attribution/fashion.npz. Weights are written in Keras's order of axes.

Two definitions differ. The tool's Grad-CAM++ adds 1e-6 to a denominator in squared gradients, so it
is recorded with the scores times SHARP, where that no longer counts. Its Score-CAM stretches masks
corner to corner, not by receptive fields, so it is recorded where a map has the image's size.
"""

import gzip
import json
import sys
from importlib import metadata
from pathlib import Path
from unittest import mock

import numpy as np
import torch

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "src/regard/datasets/sample"
TARGET = ROOT / "tests/data/attribution/fashion.npz"
STEPS, SAMPLES, NOISE = 32, 8, 0.15
PATCH, STRIDE = 5, 3
SHARP = 1e4


class Network(torch.nn.Module):
    """Two convolutions and a small head; the last layer gives logits."""

    def __init__(self):
        super().__init__()
        self.convolutions = torch.nn.ModuleList(
            [torch.nn.Conv2d(1, 6, 3, padding=1), torch.nn.Conv2d(6, 8, 3, stride=2)]
        )
        self.relus = torch.nn.ModuleList([torch.nn.ReLU() for _ in range(3)])
        self.dense = torch.nn.ModuleList(
            [torch.nn.Linear(8 * 13 * 13, 16), torch.nn.Linear(16, 10)]
        )

    def forward(self, x):
        for convolution, relu in zip(self.convolutions, self.relus, strict=False):
            x = relu(convolution(x))
        x = x.permute(0, 2, 3, 1).flatten(1)
        return self.dense[1](self.relus[2](self.dense[0](x)))


def main():
    torch.manual_seed(0)
    network = trained(Network(), read("train-images"), read("train-labels"))
    images = bright(read("t10k-images"))
    x = torch.from_numpy(images)[:, None].float() / 255
    with torch.no_grad():
        logits = network(x)
    classes = logits.argmax(-1)
    arrays = {
        "images": images,
        "classes": classes.numpy().astype(np.uint8),
        "logits": logits.numpy(),
        **weights(network),
        **of_captum(network, x, classes),
        **of_grad_cam(network, x, classes),
        "settings": json.dumps(
            {
                "steps": STEPS,
                "samples": SAMPLES,
                "noise": NOISE,
                "patch": PATCH,
                "stride": STRIDE,
                "sharp": SHARP,
            }
        ),
        "versions": json.dumps({p: metadata.version(p) for p in ("torch", "captum", "grad-cam")}),
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(TARGET, **arrays)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size} bytes, classes {classes.tolist()}")


def read(name):
    dimensions = 3 if name.endswith("images") else 1
    raw = gzip.decompress((SAMPLE / f"{name}-idx{dimensions}-ubyte.gz").read_bytes())
    shape = np.frombuffer(raw, ">u4", dimensions, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def bright(images):
    """The first four images of the full range, so that all have noise of one deviation."""
    ranges = np.ptp(images.reshape(len(images), -1), axis=1)
    return images[ranges == 255][:4]


def trained(network, images, labels):
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    rng = np.random.default_rng(0)
    for _ in range(300):
        rows = rng.integers(len(images), size=64)
        x = torch.from_numpy(images[rows])[:, None].float() / 255
        y = torch.from_numpy(labels[rows]).long()
        loss = torch.nn.functional.cross_entropy(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"loss of the last batch: {loss.item():.3f}")
    return network.eval()


def weights(network):
    layers = [*network.convolutions, *network.dense]
    arrays = {}
    for number, layer in enumerate(layers):
        kernel = layer.weight.detach().numpy()
        order = (2, 3, 1, 0) if kernel.ndim == 4 else (1, 0)
        arrays[f"weight_{2 * number}"] = kernel.transpose(order)
        arrays[f"weight_{2 * number + 1}"] = layer.bias.detach().numpy()
    return arrays


def of_captum(network, x, classes):
    from captum import attr

    def drawn(mean, deviations):
        noise = [
            np.random.default_rng([0, n]).standard_normal(x.shape[2:], "float32")
            for n in range(SAMPLES)
        ]
        return (
            mean + deviations * torch.from_numpy(np.tile(np.stack(noise), (len(x), 1, 1)))[:, None]
        )

    saliency = attr.Saliency(network)
    with mock.patch("torch.normal", drawn):
        smooth = attr.NoiseTunnel(saliency).attribute(
            x, nt_samples=SAMPLES, stdevs=NOISE, target=classes, abs=False
        )
    maps = {
        "gradient": saliency.attribute(x, target=classes, abs=False),
        "input_x_gradient": attr.InputXGradient(network).attribute(x, target=classes),
        "integrated_gradients": attr.IntegratedGradients(network).attribute(
            x, target=classes, n_steps=STEPS
        ),
        "smooth_grad": smooth,
        "occlusion": attr.Occlusion(network).attribute(
            x,
            target=classes,
            sliding_window_shapes=(1, PATCH, PATCH),
            strides=(1, STRIDE, STRIDE),
        ),
    }
    return {name: found.detach().numpy()[:, 0].astype("float32") for name, found in maps.items()}


def of_grad_cam(network, x, classes):
    """The maps before that tool stretches each to 0…1, with its ReLU, for both convolutions."""
    for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
        sys.modules.setdefault(name, mock.MagicMock())
    import pytorch_grad_cam as peers

    kinds = {
        "grad_cam": peers.GradCAM,
        "grad_cam_plus_plus": peers.GradCAMPlusPlus,
        "hires_cam": peers.HiResCAM,
        "layer_cam": peers.LayerCAM,
        "score_cam": peers.ScoreCAM,
    }
    arrays = {}
    for name, kind in kinds.items():
        factor = SHARP if name == "grad_cam_plus_plus" else 1
        targets = [lambda scores, k=k, factor=factor: factor * scores[k] for k in classes]
        for number in range(1 if name == "score_cam" else 2):
            with kind(model=network, target_layers=[network.relus[number]]) as cam:
                raw, get = [], cam.get_cam_image
                cam.get_cam_image = lambda *a, raw=raw, get=get: raw.append(get(*a)) or raw[-1]
                cam(input_tensor=x, targets=targets)
            arrays[f"{name}_{number}"] = np.maximum(raw[0], 0).astype("float32")
    return arrays


if __name__ == "__main__":
    main()
