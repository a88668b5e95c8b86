import subprocess
import sys

import pytest

from regard import datasets
from regard.errors import UsageError


def test_unknown_name():
    with pytest.raises(UsageError, match="Nearest: fashion-mnist"):
        datasets.load("fashion-mnst")


def test_sample_takes_no_folder(tmp_path):
    with pytest.raises(UsageError, match="takes no folder"):
        datasets.load("fashion-mnist-sample", tmp_path)


@pytest.mark.parametrize("name", datasets.names())
def test_every_name_loads(places, name):
    dataset = datasets.load(name)
    assert len(dataset.class_names) == 10


def test_import_is_light():
    code = (
        "import sys; from regard.datasets import check, fashion_mnist, picture\n"
        "print({'keras', 'pooch', 'requests', 'PIL'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
