"""Training steps on PyTorch: eager, each batch picked on the device by index."""

from regard.training.loop.arrays import batch


def make(model, train_step, test_step, prepare, path, eagerly):
    """Returns the functions that run training and test steps."""
    import torch

    del path, eagerly

    def train(*arguments):
        model.train()
        _run(train_step, prepare, *arguments)
        model.eval()

    @torch.no_grad()
    def test(*arguments):
        _run(test_step, prepare, *arguments)

    return train, test


def _run(step, prepare, data, order, batch_size, first, end):
    import torch

    part = torch.from_numpy(order[first * batch_size : end * batch_size])
    for rows in part.split(batch_size):
        step(batch(data, lambda array, rows=rows: array[rows.to(array.device)], prepare))
