"""The command line of the comparison."""

import argparse
import sys
from pathlib import Path


def main():
    """Prints a row for each file and case; exits with 1 beyond the tolerance."""
    parser = argparse.ArgumentParser(prog="python -m tests.layers.reference", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--float64", action="store_true", help="compute in float64, to 1e-10")
    given = parser.parse_args()

    import regard  # noqa: F401  (chooses the backend)

    import keras  # isort: skip

    if given.float64:
        _compute_in_float64(keras.backend.backend())
    dtype = "float64" if given.float64 else "float32"
    keras.config.set_floatx(dtype)

    from tests.layers.reference.compare import TOLERANCE, NoLayer, compare

    print(f"Backend {keras.backend.backend()}, {dtype}, tolerance {TOLERANCE[dtype]:g}")
    print(f"{'layer':31} case   output  attention  gradient")
    failed = False
    for path in given.files:
        try:
            rows = compare(path, dtype)
        except (NoLayer, AssertionError, OSError, ValueError, TypeError, KeyError) as error:
            failed = True
            print(f"{path.stem:31} {type(error).__name__}: {error}")
            continue
        for row in rows:
            attention = "        -" if row.attention is None else f"{row.attention:9.1e}"
            verdict = "" if row.holds else "  BEYOND"
            failed |= not row.holds
            print(
                f"{row.layer:31} {row.case:4}  {row.output:7.1e}  {attention}  "
                f"{row.gradient:8.1e}{verdict}"
            )
    sys.exit(failed)


def _compute_in_float64(backend):
    """Keras's operations give at most float32 on JAX and PyTorch: lifts that here."""
    from keras.src.backend.common import dtypes

    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    if backend == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)


main()
