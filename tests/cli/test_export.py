import json
import shutil
import subprocess
import sys

import keras
import pytest

from regard import load
from regard.models import stored

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="exported on TensorFlow alone"
)

WITHOUT_KERAS = """
import sys
from regard.cli.app import main
try:
    main(sys.argv[1:])
finally:
    print("keras" in sys.modules, file=sys.stderr)
"""


def trained(training):
    return training[0] / "runs" / "fashion-mnist-sample"


@pytest.fixture(scope="module")
def exported(training, tmp_path_factory):
    """A copy of a run with its exported file."""
    from regard.cli.app import main

    run = shutil.copytree(trained(training), tmp_path_factory.mktemp("exported") / "run")
    with pytest.raises(SystemExit) as end:
        main(["export", str(run)])
    assert end.value.code == 0
    return run


def probabilities(outcome):
    return [row["probabilities"] for row in json.loads(outcome.out)]


def test_predict_gives_the_same_as_by_keras(regard, training, exported, photos):
    by_keras = regard("predict", trained(training), photos, "--json")
    by_file = regard("predict", exported, photos, "--json")
    assert by_file.err == ""
    for one, other in zip(probabilities(by_file), probabilities(by_keras), strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_predict_loads_no_keras(exported, photos):
    command = [sys.executable, "-c", WITHOUT_KERAS, "predict", exported, photos]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"
    assert "probability" in done.stdout


def test_a_file_of_other_weights_is_not_used(regard, exported, photos, tmp_path):
    run = shutil.copytree(exported, tmp_path / "run")
    (run / "model.onnx").rename(tmp_path / "model.onnx")
    model = load(run)
    model.layers[0].bias.assign_add([1.0] * 32)
    stored.write(model, run, "tutorial")
    wanted = regard("predict", run, photos, "--json")
    (tmp_path / "model.onnx").rename(run / "model.onnx")
    outcome = regard("predict", run, photos, "--json")
    assert "is not used: it was not made from model.json" in outcome.err
    assert outcome.out == wanted.out


def test_a_damaged_file_is_not_used(regard, training, photos, tmp_path):
    run = shutil.copytree(trained(training), tmp_path / "run")
    (run / "model.onnx").write_bytes(b"no ONNX")
    outcome = regard("predict", run, photos)
    assert outcome.code == 0
    assert "model.onnx cannot be read as ONNX" in outcome.err


def test_export_does_not_overwrite(regard, exported):
    before = (exported / "model.onnx").read_bytes()
    outcome = regard("export", exported)
    assert outcome.code == 2
    assert "exists and is not overwritten" in outcome.err
    assert (exported / "model.onnx").read_bytes() == before


def test_export_of_no_run(regard, tmp_path):
    outcome = regard("export", tmp_path)
    assert outcome.code == 3
    assert "is no run folder" in outcome.err
