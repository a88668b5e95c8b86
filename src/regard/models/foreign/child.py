"""The process that reads a foreign model; `loading.py` starts it.

    python -P -m regard.models.foreign.child FOLDER

It builds the model of `FOLDER/config.json`, gives it the weights of `FOLDER/model.weights.h5`, and
writes them as `FOLDER/weights.safetensors`; or it writes why not to `FOLDER/refused.txt`.
"""

import json
import sys
from pathlib import Path

from regard.errors import DataError
from regard.models.foreign.limits import leave_network, limit_memory_and_time, refuse_harm


def main(folder):
    """Reads the model in `folder`."""
    leave_network()
    from regard.models.foreign.building import built
    from regard.models.weights import pack

    _start_keras()
    weights = folder / "model.weights.h5"
    limit_memory_and_time(4 * weights.stat().st_size + (64 << 20))
    refuse_harm(folder)
    try:
        model = built(json.loads((folder / "config.json").read_text()), "It")
        _read(model, weights)
        (folder / "weights.safetensors").write_bytes(pack(model))
    except DataError as error:
        (folder / "refused.txt").write_text(str(error))


def _start_keras():
    """Loads Keras and its backend, which start threads and read files, before the limits."""
    import h5py  # noqa: F401
    import keras

    keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).get_weights()


def _read(model, weights):
    try:
        model.load_weights(weights)
    except Exception as error:  # HDF5 and Keras raise nearly anything for files that do not fit
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise DataError(f"Its weights do not fit the layers: {reason}") from None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
