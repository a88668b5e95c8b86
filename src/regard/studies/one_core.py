"""Lets a process compute on one core, so that its sums do not depend on how many there are."""

import os

_ONE = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_XLA = "--xla_cpu_multi_thread_eigen=false"


def variables() -> dict[str, str]:
    """Returns the environment variables with which a process computes on one core.

    They are read when TensorFlow, JAX or PyTorch are imported.

    Example:
        >>> variables()["OMP_NUM_THREADS"]
        '1'
    """
    flags = f"{os.environ.get('XLA_FLAGS', '')} {_XLA}".strip()
    return dict.fromkeys(_ONE, "1") | {"XLA_FLAGS": flags, "TF_CPP_MIN_LOG_LEVEL": "3"}
