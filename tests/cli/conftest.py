import contextlib
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from regard import datasets
from regard.cli.app import main


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True, scope="module")
def quick(cut, eager):
    """Cuts every data set down, and runs Keras uncompiled, which is quicker for few steps.

    The report judges its maps on five images.
    """
    load = datasets.load
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("REGARD_DATA", raising=False)
        patch.setattr(datasets, "load", lambda *args, **kwargs: cut(load(*args, **kwargs)))
        patch.setattr("regard.reports.run.JUDGED_IMAGES", 5)
        yield


@pytest.fixture
def regard(capsys, monkeypatch, tmp_path):
    """A function that runs the program in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Outcome(end.value.code, out, err)

    return run


@pytest.fixture(scope="module")
def training(quick, tmp_path_factory):
    """What `regard train` of one epoch did and the folder it ran in."""
    folder = tmp_path_factory.mktemp("training")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(folder))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        end = stack.enter_context(pytest.raises(SystemExit))
        main(["train", "fashion-mnist-sample", "--epochs", "1"])
    return folder, Outcome(end.value.code, out.getvalue(), err.getvalue())


@pytest.fixture
def run(training, regard, tmp_path):
    """The name of a run folder, fresh for each test, in the folder of the test."""
    shutil.copytree(training[0] / "runs" / "fashion-mnist-sample", tmp_path / "run")
    return Path("run")


@pytest.fixture
def photos(tmp_path):
    """A folder of three pictures of the sample's test part."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for index, image in enumerate(datasets.load("fashion-mnist-sample").test.images[:3]):
        Image.fromarray(image).save(folder / f"{index}.png")
    return folder


@pytest.fixture
def album(tmp_path):
    """A folder of six photos of each of two classes, and what people's folders hold besides."""
    images = datasets.load("fashion-mnist-sample").test.images
    folder = tmp_path / "my photos"
    for start, name in ((0, "shirt"), (6, "boot")):
        (folder / name).mkdir(parents=True)
        for index, image in enumerate(images[start : start + 6]):
            Image.fromarray(image).resize((56, 56)).save(folder / name / f"{index}.jpg")
    (folder / "boot" / "half.jpg").write_bytes((folder / "boot" / "1.jpg").read_bytes()[:500])
    (folder / "boot" / "empty.jpg").touch()
    (folder / "shirt" / "page.jpg").write_text("<html>")
    (folder / ".DS_Store").touch()
    return folder
