"""Answers of the tutorial's network: ours against Keras's three ways, in turns.

    python benchmarks/prediction.py                # TensorFlow; KERAS_BACKEND=jax or torch too

One image, and 1,024 of them; `predict_on_batch` and `model(x)` get batches of 128 there. All are
first called once, and give the same answers. On TensorFlow, with the extra `export`, the
exported file answers beside them.
"""

import importlib.util
import os
import tempfile
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
MANY = 1024


def ways(model, keras):
    """Returns from a name to a function of the images."""
    from regard.models.prediction import predictor

    def batched(answer):
        def run(images):
            starts = range(0, len(images), 128)
            return np.concatenate([answer(images[start : start + 128]) for start in starts])

        return run

    exported = {}
    if keras.config.backend() == "tensorflow" and importlib.util.find_spec("tf2onnx"):
        from regard.export import OnnxNetwork, to_onnx

        with tempfile.TemporaryDirectory() as folder:
            exported["exported file"] = OnnxNetwork(to_onnx(model, Path(folder, "model.onnx")))
    return exported | {
        "predictor": predictor(model),
        "predict": lambda images: model.predict(images, batch_size=128, verbose=0),
        "predict_on_batch": batched(lambda x: np.asarray(model.predict_on_batch(x))),
        "model(x)": batched(lambda x: keras.ops.convert_to_numpy(model(x, training=False))),
    }


def seconds(answer, images, least=0.2):
    """Returns the time of one answer, the mean of at least 0.2 s of them."""
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < least or not count:
        answer(images)
        count += 1
    return (time.perf_counter() - start) / count


def main(pairs=7):
    """Prints the ratios of each way to ours."""
    from regard import datasets, models
    from regard.datasets.check import as_images

    import keras  # isort: skip

    keras.utils.set_random_seed(0)
    model = models.tutorial()
    model.compile(loss="sparse_categorical_crossentropy")
    images = as_images(datasets.load("fashion-mnist-sample").train.images[:MANY])
    answers = ways(model, keras)
    print(
        f"Keras {keras.__version__}, {keras.config.backend()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    for count in (1, MANY):
        some = images[:count]
        reference = answers["predict"](some)
        for name, answer in answers.items():
            np.testing.assert_allclose(answer(some), reference, atol=1e-5, err_msg=name)
        rows = []
        for turn in range(pairs):
            order = sorted(answers, reverse=bool(turn % 2))
            rows.append({name: seconds(answers[name], some) for name in order})
        ours = np.array([row["predictor"] for row in rows])
        print(f"{count} image(s): ours {np.median(ours) * 1e3:.2f} ms")
        for name in (name for name in answers if name != "predictor"):
            ratios = np.array([row[name] for row in rows]) / ours
            low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
            print(f"  {name:16} ÷ ours = {middle:.2f} (10-90 %: {low:.2f}-{high:.2f})")


main()
