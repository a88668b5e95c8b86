"""Records what Quantus and Captum compute, for tests/maps/faithfulness/test_parity.py.

Run in an environment of its own that has quantus, captum and torch:
python tools/record_faithfulness.py

A small network learns the sample of Fashion-MNIST for a moment. Inputs, weights, maps and random
perturbations are recorded beside the tools' numbers; the network's weights are in Keras's layout.
"""

import gzip
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

for name in ("torchvision", "torchvision.transforms"):  # Quantus imports it, but needs it not
    sys.modules.setdefault(name, mock.MagicMock())

import captum.metrics  # noqa: E402
import quantus  # noqa: E402
from quantus.functions.perturb_func import noisy_linear_imputation  # noqa: E402

HOME = Path(__file__).parents[1]
SAMPLE = HOME / "src/regard/datasets/sample"
TARGET = HOME / "tests/data/faithfulness/quantus_captum.npz"
IMAGES, FEATURES_IN_STEP, SAMPLES, RADIUS = 12, 28, 10, 0.05


def main():
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    network = train(network_of(channels=8))
    images = read("t10k-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)[:IMAGES] / np.float32(255)
    with torch.no_grad():
        classes = network(torch.tensor(images)).argmax(dim=1).numpy()
    maps = gaussian_filter(rng.random((IMAGES, 28, 28)), (0, 2, 2)) + 0.05 * images[:, 0]
    found = quantus_scores(network, images, classes, maps)
    found |= captum_scores(network, images, classes, maps, rng)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        TARGET,
        images=images,
        classes=classes,
        maps=maps,
        versions=[f"{name} {version(name)}" for name in ("quantus", "captum", "torch", "numpy")],
        features_in_step=FEATURES_IN_STEP,
        **keras_weights(network),
        **found,
    )
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


def network_of(channels):
    """Two convolutions and a dense layer that give probabilities."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, channels, 3, stride=2),
        torch.nn.ReLU(),
        torch.nn.Conv2d(channels, channels, 3, stride=2),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(channels * 36, 10),
        torch.nn.Softmax(dim=1),
    )


def train(network):
    images = torch.tensor(read("train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28) / 255.0)
    labels = torch.tensor(read("train-labels-idx1-ubyte", 8).astype(np.int64))
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(3):
        for at in range(0, len(images), 100):
            probabilities = network(images[at : at + 100].float())
            loss = torch.nn.functional.nll_loss(probabilities.log(), labels[at : at + 100])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network.eval()


def read(name, header):
    return np.frombuffer(
        gzip.decompress((SAMPLE / f"{name}.gz").read_bytes()), np.uint8, -1, header
    )


def keras_weights(network):
    """The weights in channels-last layout, dense rows in the order of Keras's flattening."""
    first, second, dense = network[0], network[2], network[5]
    channels = second.out_channels
    rows = dense.weight.detach().numpy().reshape(10, channels, 6, 6).transpose(2, 3, 1, 0)
    arrays = [
        first.weight.detach().numpy().transpose(2, 3, 1, 0),
        first.bias.detach().numpy(),
        second.weight.detach().numpy().transpose(2, 3, 1, 0),
        second.bias.detach().numpy(),
        rows.reshape(-1, 10),
        dense.bias.detach().numpy(),
    ]
    return {f"weight_{n}": array for n, array in enumerate(arrays)}


def quantus_scores(network, images, classes, maps):
    asked = {"model": network, "x_batch": images, "y_batch": classes, "a_batch": maps[:, None]}
    plain = {"abs": False, "normalise": False, "disable_warnings": True}
    flipping = quantus.PixelFlipping(
        features_in_step=FEATURES_IN_STEP, perturb_baseline=0.0, **plain
    )
    percentages = list(range(10, 100, 20))
    road = quantus.ROAD(percentages=percentages, noise=0.0, **plain)
    masks = images > 0.2
    places = {"s_batch": masks}
    half = np.arange(28 * 28)[maps[0].ravel() > np.median(maps[0])]
    other = quantus_randomised(network, images, classes)
    return {
        "pixel_flipping": np.array(flipping(**asked)),
        "road_percentages": percentages,
        "road_accuracy": [road(**asked)[p] for p in percentages],
        "imputed_where": half,
        "imputed": noisy_linear_imputation(images[0], half, noise=0.0),
        "masks": masks[:, 0],
        "pointing_game": np.array(quantus.PointingGame(**plain)(**asked, **places), float),
        "mass_accuracy": np.array(quantus.RelevanceMassAccuracy(**plain)(**asked, **places)),
        "other_maps": other,
        "spearman": [
            quantus.similarity_func.correlation_spearman(a.ravel(), b.ravel())
            for a, b in zip(maps, other, strict=True)
        ],
    }


def quantus_randomised(network, images, classes):
    """Gradient maps of a network that Quantus randomised."""
    wrapped = quantus.helpers.model.pytorch_model.PyTorchModel(network)
    *_, (_, randomised) = wrapped.get_random_layer_generator(order="top_down", seed=0)
    x = torch.tensor(images, requires_grad=True)
    randomised(x)[range(IMAGES), classes].sum().backward()
    return x.grad.abs().numpy()[:, 0].astype(np.float64)


def captum_scores(network, images, classes, maps, rng):
    x, target = torch.tensor(images), torch.tensor(classes)
    regions = rng.random((SAMPLES, 28, 28)) < 0.2
    noise = rng.uniform(-RADIUS, RADIUS, (SAMPLES, *images.shape)).astype(np.float32)

    def remove(inputs):
        gone = torch.tensor(np.tile(regions, (IMAGES, 1, 1))[:, None])
        return gone.float(), torch.where(gone, 0.0, inputs)

    def shake(inputs):
        (inputs,) = inputs if isinstance(inputs, tuple) else (inputs,)
        return inputs + torch.tensor(noise.swapaxes(0, 1).reshape(inputs.shape))

    def weighted(inputs):
        given = inputs[0] if isinstance(inputs, tuple) else inputs
        each = torch.tensor(np.repeat(classes, len(given) // IMAGES))
        return (given * network(given)[range(len(each)), each][:, None, None, None],)

    infidelity = captum.metrics.infidelity(
        network, remove, x, torch.tensor(maps[:, None]).float(), target=target,
        n_perturb_samples=SAMPLES, normalize=True,
    )  # fmt: skip
    sensitivity = captum.metrics.sensitivity_max(weighted, x, shake, n_perturb_samples=SAMPLES)
    return {
        "regions": regions,
        "infidelity": infidelity.numpy(),
        "perturbations": noise,
        "sensitivity_max": sensitivity.numpy(),
    }


if __name__ == "__main__":
    main()
