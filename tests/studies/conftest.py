import pytest

from regard import comparing, datasets
from regard.studies.tasks import do


class InThisProcess:
    """Does tasks one after the other, in this process."""

    count = 1

    def __init__(self, study, dataset, *_):
        self.study, self.dataset = study, dataset

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run(self, tasks):
        for task in tasks:
            yield task, do(task, self.study, self.dataset)


@pytest.fixture(scope="session")
def sample(cut):
    """100 images to train on and 50 to test on, of the sample."""
    return cut(datasets.load("fashion-mnist-sample"))


@pytest.fixture(scope="module")
def in_this_process(eager):
    """Lets studies train in this process, uncompiled, and judge maps by few images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparing, "_workers", InThisProcess)
        patch.setattr("regard.studies.piece.JUDGED_IMAGES", 3)
        yield
