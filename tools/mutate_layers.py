"""Breaks the attention layers in twenty ways and shows which tests see it.

    python tools/mutate_layers.py

Each change is made in a copy of the repository, where the tests of the layer that it concerns
are run.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What is broken, the layer whose tests are run, the file, the code as it is, the broken code.
MUTATIONS = [
    ("mean over one axis only", "squeeze_excitation", "squeeze_excitation.py",
     "spatial = tuple(range(1, len(x.shape) - 1))", "spatial = (1,)"),
    ("gate in half precision", "squeeze_excitation", "base.py",
     "return layout.precise(self.compute_dtype)", "return self.compute_dtype"),
    ("gate not applied", "squeeze_excitation", "squeeze_excitation.py",
     "return x * ops.expand_dims(ops.cast(attention, x.dtype), spatial), attention",
     "return x * ops.cast(attention, x.dtype)[:, None, None] ** 0, attention"),
    ("a bias that the config loses", "squeeze_excitation", "squeeze_excitation.py",
     '"use_bias": self.use_bias,\n        }', '"use_bias": True,\n        }'),
    ("a tensor kept on the layer", "squeeze_excitation", "squeeze_excitation.py",
     "        attention = self.applied(",
     "        self.seen = means\n        attention = self.applied("),
    ("not registered with Keras", "squeeze_excitation", "squeeze_excitation.py",
     '@keras.saving.register_keras_serializable(package="regard")\n', ""),
    ("pools stacked mean before max", "cbam", "pooled_gate.py",
     "ops.max(x, axis=axis), ops.mean(x, axis=axis)",
     "ops.mean(x, axis=axis), ops.max(x, axis=axis)"),
    ("maxima left out", "cbam", "cbam.py",
     "ops.mean(x, axis=places), ops.max(x, axis=places)",
     "ops.mean(x, axis=places), ops.mean(x, axis=places)"),
    ("Keras's epsilon in the norms", "srm", "parts.py", "EPSILON = 1e-5", "EPSILON = 1e-3"),
    ("biased variance", "simam", "channel_gate.py", "pixels - 1, 1", "pixels, 1"),
    ("a scale that the paper has not", "sagan", "dot_product.py",
     "return parts.softmax(ops.matmul(queries, ops.swapaxes(keys, -1, -2)))",
     "return parts.softmax(ops.matmul(queries, ops.swapaxes(keys, -1, -2)) / 2)"),
    ("no scale", "pixel", "attention.py", "factor = 1 / math.sqrt(self.query.units)", "factor = 1"),
    ("softmax over the queries", "non_local_gaussian", "dot_product.py",
     "return parts.softmax(ops.matmul(queries, ops.swapaxes(keys, -1, -2)))",
     "return parts.softmax(ops.matmul(queries, ops.swapaxes(keys, -1, -2)), axis=-2)"),
    ("own pixel counted twice", "criss_cross", "criss_cross.py", "== row,", "== row - 1000,"),
    ("weights in the wrong order of groups", "split_attention", "split_attention.py",
     "logits = ops.swapaxes(ops.reshape(logits, by_group), 1, 2)",
     "logits = ops.reshape(logits, by_group)"),
    ("softmax over slots in place of pixels", "external_attention", "external_attention.py",
     "self.gate_dtype), axis=1)", "self.gate_dtype), axis=2)"),
    ("rows and columns swapped", "coordinate", "coordinate.py",
     "[ops.mean(precise, axis=2), ops.mean(precise, axis=1)]",
     "[ops.mean(precise, axis=1), ops.mean(precise, axis=2)]"),
    ("channels first not moved", "eca", "layout.py",
     'return x if layer.data_format == "channels_last" else ops.moveaxis(x, 1, -1)', "return x"),
    ("scores without a limit", "pixel", "scores_limit.py", "if size > _limit:", "if False:"),
    ("gradient of the parts without its mean", "dot_product", "dot_product.py",
     "d_logits = attention * (d_attention - mean)", "d_logits = attention * d_attention"),
]  # fmt: skip


def main():
    """Prints a row for each mutation; exits with 1 if one survives."""
    survived = 0
    print(f"{'mutation':42} {'layer':20} seen by")
    for what, layer, file, before, after in MUTATIONS:
        seen = failing_tests(layer, file, before, after)
        survived += not seen
        print(f"{what:42} {layer:20} {', '.join(seen) or 'NOTHING'}", flush=True)
    sys.exit(survived > 0)


def failing_tests(layer, file, before, after):
    """Returns the names of the tests of a layer that fail with a change."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("src", "tests", "pyproject.toml"):
            source = ROOT / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / part)
        target = copy / "src" / "regard" / "layers" / file
        code = target.read_text(encoding="utf-8")
        if code.count(before) != 1:
            raise SystemExit(f"{file} has {code.count(before)} times {before!r}.")
        target.write_text(code.replace(before, after), encoding="utf-8")
        own = f"test_{target.stem}.py"
        files = ["tests/layers/test_contract.py", "tests/layers/test_reference.py"]
        files += [f"tests/layers/{own}"] * (copy / "tests/layers" / own).exists()
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files]
        command += ["-k", f"{layer} or {own}"]
        done = subprocess.run(
            command,
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        found = re.findall(r"^(?:FAILED|ERROR) (?:\S+?::)?(\S+)", done.stdout, re.MULTILINE)
        return sorted(set(map(short, found)))


def short(name):
    """Returns a test's name without the layer's."""
    return re.sub(r"^test_contract\[\w+?-(\w+)\]$", r"\1", name)


main()
