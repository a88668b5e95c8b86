"""`regard doctor`."""

import shutil

from regard.cli.output import print_json, print_table


def doctor(*, json: bool = False):
    """Show what this machine has, and what is missing.

    Parameters
    ----------
    json
        Print the result as JSON.
    """
    from regard import backend
    from regard.datasets import fashion_mnist
    from regard.errors import RegardError
    from regard.training.run import REPEATABLE, environment

    if not backend.installed():
        raise RegardError(backend.NONE_INSTALLED)
    found = environment()
    packages = found.pop("packages")
    found["data"] = _data_place(fashion_mnist)
    found["free disk"] = f"{shutil.disk_usage('.').free / 2**30:.1f} GiB"
    found["repeatable"] = REPEATABLE
    if json:
        print_json(found | {"packages": packages})
    else:
        print_table(("what", "found"), [*found.items(), *packages.items()])


def _data_place(fashion_mnist):
    from regard.datasets import fashion_files

    for place in (fashion_mnist.CACHE, fashion_mnist.SYSTEM):
        if not fashion_files.missing(place):
            return f"Fashion-MNIST whole, in {place}"
    return (
        "Fashion-MNIST: the sample; the whole is downloaded on first use where there is a network"
    )
