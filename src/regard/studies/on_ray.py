"""Does the tasks of a study on the machines of a Ray cluster."""

from regard.errors import RegardError, UsageError
from regard.studies import one_core
from regard.studies.alike import differences
from regard.studies.local import MOST_TASKS
from regard.training.run import environment

RETRIES = 3


class RayWorkers:
    """A Ray cluster that does tasks, each on one core. To be used in a `with` block.

    The images are put into the cluster once. A task whose process or machine is lost is done
    again elsewhere; one that comes to a machine of another kind, or with other versions, fails. A
    process that has done many is replaced, as those of `LocalWorkers` are.

    Args:
        study: A `regard.studies.study.Study`.
        dataset: A `regard.datasets.Dataset`.
        address: Of the cluster: `"auto"`, `"ray://host:10001"` or `"host:6379"`.

    Raises:
        RegardError: If Ray is not installed.
        UsageError: If no cluster answers at the address.
    """

    def __init__(self, study, dataset, address):
        self._ray = ray = _ray()
        if ray.is_initialized():
            raise UsageError("Ray is in use by this process already; call ray.shutdown() first.")
        try:
            ray.init(address, runtime_env={"env_vars": one_core.variables()}, log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UsageError(f"No Ray cluster answers at {address}: {reason}") from None
        self._shared = ray.put((study, dataset, environment()))
        self._remote = ray.remote(num_cpus=1, max_retries=RETRIES, max_calls=MOST_TASKS)(_do)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ray.shutdown()

    def run(self, tasks):
        """Does tasks on all cores of the cluster.

        Yields:
            `(task, answer)` as they come; `{"failed": why}` where it was lost several times.
        """
        asked = {self._remote.remote(task, self._shared): task for task in tasks}
        while asked:
            done, _ = self._ray.wait(list(asked))
            for one in done:
                yield asked.pop(one), self._answer(one)

    def _answer(self, done):
        try:
            return self._ray.get(done)
        except self._ray.exceptions.RayError as error:
            return {"failed": _reason(error)}


def _reason(error):
    """Says why a task was lost; of an error within it, that error and not where it was."""
    cause = getattr(error, "cause", None) or error
    return f"{type(cause).__name__}: {str(cause)[:200]}"


def _do(task, shared):
    from regard.studies.tasks import do

    study, dataset, here = shared
    others = differences(here, environment())
    if others:
        return {"failed": f"A machine of the cluster is otherwise: {', '.join(others)}."}
    return do(task, study, dataset)


def _ray():
    try:
        import ray
    except ImportError:
        raise RegardError('To use a cluster Ray is needed: pip install "regard[ray]"') from None
    return ray
