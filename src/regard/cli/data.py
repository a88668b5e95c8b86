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
def check(
    photos: ExistingPath,
    /,
    *,
    group_by: str | None = None,
    strict: bool = False,
    json: bool = False,
):
    """Look at every photo of a folder that holds one folder for each class, or of a CSV file.

    Broken, empty and wrongly named files, photos that are or look the same, classes with few
    photos; and how many photos training would train, validate and test on. No file is changed.

    Parameters
    ----------
    photos
        The folder, or the CSV file.
    group_by
        As for regard train.
    strict
        Exit with 3 if there is any problem.
    json
        Print the result as JSON.
    """
    from regard.datasets.photo_check import check_photos
    from regard.datasets.photo_source import printable

    found = check_photos(photos, group_by)
    problems = found.problems()
    ignored = {printable(str(path)): reason for path, reason in found.ignored}
    sides = _sides(found)
    header = ("class", "photos", "of files", *sides)
    rows = [(*row, *counts) for row, *counts in zip(found.counts(), *sides.values(), strict=True)]
    if json:
        names = ("photos", "files", *sides)
        print_json(
            {
                "classes": {name: dict(zip(names, row, strict=True)) for name, *row in rows},
                "problems": problems,
                "ignored": ignored,
            }
        )
    else:
        print_table(header, rows)
        print(found.summary())
        for path, reason in ignored.items():
            notify(f"ignored {path}: {reason}")
        for line in problems:
            print(line)
    if strict and problems:
        raise DataError(f"{photos} has {len(problems)} problems (--strict).")


def _sides(found):
    """Returns the counts on each side; none if the photos cannot be split, which is a problem."""
    try:
        return found.counts_by_side()
    except DataError:
        return {}
