"""The sections of the report, each as HTML."""

import math

import numpy as np

from regard.reports.charts import curves, reliability_diagram
from regard.reports.page import captioned, gallery, paragraph, picture, section, table
from regard.reports.pictures import as_rgb
from regard.reports.svg import inline


def headline(evaluation, best_epoch):
    """The accuracy in words, and which images each number is from."""
    low, high = evaluation.interval
    split, count = evaluation.split, evaluation.count
    correct = int(np.trace(evaluation.matrix))
    once = ", which were looked at once, at the end" if split == "test" else ""
    chosen = (
        ""
        if best_epoch is None
        else (f"Epoch {best_epoch} was kept because of the validation images only. ")
    )
    return "\n".join(
        [
            paragraph(percent(evaluation.accuracy), "figure"),
            paragraph(
                f"{split.capitalize()} accuracy: the network names the right class for "
                f"{correct:,} of {count:,} {split} images. The 95 % Wilson interval runs from "
                f"{percent(low)} to {percent(high)}: that is how far chance in the choice of "
                "the images leaves the accuracy open. Training again would vary it further."
            ),
            paragraph(
                f"The training curves are from the training and the validation images. {chosen}"
                f"Every other number is from the {split} images{once}.",
                "quiet",
            ),
        ]
    )


def facts(values):
    """What was done, by name."""
    return section("Facts", table([], values.items(), "facts"))


def samples(images, titles):
    """A few images of the data set."""
    return section("What the images look like", _pictures(images, titles))


def training(history, best_epoch):
    """Loss and accuracy by epoch."""
    if not history:
        return section("Training", paragraph("The training's history was not kept."))
    charts = [
        captioned(
            inline(
                lambda metric=metric: curves(history, best_epoch, [metric]),
                f"curve-{metric}",
                f"{metric.capitalize()} by epoch, on the training and the validation images",
            ),
            f"{metric.capitalize()} by epoch",
        )
        for metric in ("loss", "accuracy")
    ]
    return section("Training", gallery(charts, "charts"))


def classes(evaluation, class_names):
    """Precision, recall and number of images of each class."""
    rows = zip(
        class_names,
        map(_fraction, evaluation.precision),
        map(_fraction, evaluation.recall),
        (f"{count:,}" for count in evaluation.matrix.sum(axis=1)),
        strict=True,
    )
    meaning = (
        "Precision: of the images given this class, the share that truly are. Recall: of the "
        "images truly of this class, the share that were given it."
    )
    head = ["Class", "Precision", "Recall", "Images"]
    return section("Class by class", paragraph(meaning, "quiet"), table(head, rows))


def confusion(evaluation, class_names):
    """How often each class is taken for each."""
    matrix = evaluation.matrix
    shares = np.sqrt(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1))
    rows = [
        (name, *((f"{count:,}" if count else "", share) for count, share in zip(*row, strict=True)))
        for name, *row in zip(class_names, matrix, shares, strict=True)
    ]
    meaning = (
        "Rows are true classes, columns predicted ones. The shade is the square root of a cell's "
        "share of its row, so that rare confusions show too."
    )
    grid = table(["True \\ predicted", *class_names], rows, "confusion")
    return section("What is taken for what", paragraph(meaning, "quiet"), grid)


def calibration(evaluation):
    """Accuracy against confidence."""
    ece = evaluation.reliability.ece
    meaning = (
        f"The expected calibration error (ECE) is {ece:.3f}: on average over the "
        f"{evaluation.split} images, confidence and accuracy in a bin lie "
        f"{100 * ece:.1f} percentage points apart. On the dotted line they would agree; bars below "
        "it are overconfident."
    )
    chart = inline(
        lambda: reliability_diagram(evaluation.reliability),
        "reliability",
        f"Accuracy against confidence; expected calibration error {ece:.3f}",
    )
    figure = captioned(chart, "Accuracy of the images in each bin of confidence")
    return section("Is it as right as it is sure?", paragraph(meaning), gallery([figure], "charts"))


def mistakes(images, titles):
    """The most confident wrong predictions."""
    if not len(images):
        return section("Worst mistakes", paragraph("No image was classified wrongly."))
    meaning = "The wrong predictions that the network was surest of, with its confidence."
    return section("Worst mistakes", paragraph(meaning, "quiet"), _pictures(images, titles))


def percent(fraction):
    r"""Writes a fraction in percent, with a space that does not break.

    Example:
        >>> percent(0.90519) == "90.5\N{NO-BREAK SPACE}%"
        True
    """
    return f"{100 * fraction:.1f}\N{NO-BREAK SPACE}%"


def _fraction(value):
    return "—" if math.isnan(value) else f"{value:.3f}"


def _pictures(images, titles):
    pairs = zip(images, titles, strict=True)
    return gallery([captioned(picture(as_rgb(image), title), title) for image, title in pairs])
