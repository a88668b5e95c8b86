"""`regard data`."""

from cyclopts.types import ExistingDirectory

from regard.cli.output import notify, print_json, print_table


def data(
    name: str = "fashion-mnist", /, *, data: ExistingDirectory | None = None, json: bool = False
):
    """List the data sets and where they come from.

    Parameters
    ----------
    name
        Name of a data set.
    data
        Folder with its files.
    json
        Print the result as JSON.
    """
    import numpy as np

    from regard import datasets

    dataset = datasets.load(name, data)
    classes = len(dataset.class_names)
    counts = [
        np.bincount(s.labels, minlength=classes).tolist() for s in (dataset.train, dataset.test)
    ]
    if json:
        print_json(
            {
                "names": datasets.names(),
                "name": dataset.name,
                "source": dataset.provenance.source,
                "sha256": dataset.provenance.sha256,
                "notice": dataset.provenance.notice,
                "classes": dict(zip(dataset.class_names, zip(*counts, strict=True), strict=True)),
            }
        )
        return
    notify(dataset.provenance.notice)
    print(f"{dataset.name}, from {dataset.provenance.source}")
    print_table(("class", "train", "test"), zip(dataset.class_names, *counts, strict=True))
    print(f"All data sets: {', '.join(datasets.names())}")
