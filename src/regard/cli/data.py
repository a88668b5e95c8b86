"""`regard data`: the data sets, and what is wrong with photos."""

from cyclopts import App
from cyclopts.types import ExistingDirectory, ExistingPath

from regard.cli.output import notify, print_json, print_table
from regard.errors import DataError

data = App(name="data", help="List the data sets, or check your photos.")


@data.default
def show(
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


@data.command
def check(photos: ExistingPath, /, *, strict: bool = False, json: bool = False):
    """Look at every photo of a folder that holds one folder for each class, or of a CSV file.

    Broken, empty and wrongly named files, the same photo twice, classes with few photos. No file
    is changed.

    Parameters
    ----------
    photos
        The folder, or the CSV file.
    strict
        Exit with 3 if there is any problem.
    json
        Print the result as JSON.
    """
    from regard.datasets.photo_check import check_photos

    found = check_photos(photos)
    problems = found.problems()
    if json:
        print_json(
            {
                "classes": {n: {"photos": good, "files": all_} for n, good, all_ in found.counts()},
                "problems": problems,
                "ignored": {str(path): reason for path, reason in found.ignored},
            }
        )
    else:
        print_table(("class", "photos", "of files"), found.counts())
        print(found.summary())
        for path, reason in found.ignored:
            notify(f"ignored {path}: {reason}")
        for line in problems:
            print(line)
    if strict and problems:
        raise DataError(f"{photos} has {len(problems)} problems (--strict).")
