"""Training steps on PyTorch: eager, each batch picked on the device by index."""

import weakref

from regard.training.loop.arrays import batch
from regard.training.loop.steps import Steps


def make(model, prepare):
    """Returns the `Steps` of a model; they do not keep it alive."""
    import torch

    kept = weakref.ref(model)

    def train(*arguments):
        kept().train()
        _run(kept().train_step, prepare, *arguments)
        kept().eval()

    @torch.no_grad()
    def test(*arguments):
        _run(kept().test_step, prepare, *arguments)

    return Steps(train, test)


def _run(step, prepare, data, order, batch_size, first, end):
    import torch

    part = torch.from_numpy(order[first * batch_size : end * batch_size])
    for rows in part.split(batch_size):
        step(batch(data, lambda array, rows=rows: array[rows.to(array.device)], prepare))
