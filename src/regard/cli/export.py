"""`regard export`."""

from pathlib import Path

from regard.cli.keras_quietly import load_keras
from regard.cli.output import print_json


def export(run: Path, /, *, output: Path | None = None, trust: bool = False, json: bool = False):
    """Write a run's network as an ONNX file, proven equal, for one picture at a time.

    `regard predict` answers by it without loading Keras.

    Parameters
    ----------
    run
        A run folder.
    output
        The file to write; by default model.onnx in the run folder.
    trust
        Read the network even where that needs trust in who made it: a run of an older version.
    json
        Print the result as JSON.
    """
    from regard.export.run import EXPORTED, fingerprint
    from regard.training.run import read_config

    read_config(run)
    load_keras()
    from regard import load
    from regard.export import to_onnx

    file = to_onnx(load(run, trust), output or run / EXPORTED, fingerprint(run))
    if json:
        print_json({"exported": file})
        return
    print(f"Exported: {file}")
