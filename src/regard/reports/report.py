"""One page on a trained network, to be read on a phone or a desk, by day or by night."""

from regard.reports import page, sections
from regard.reports.attention import attention


def render(
    title,
    facts,
    dataset_notice,
    history,
    best_epoch,
    evaluation,
    sample_images,
    sample_titles,
    mistake_images,
    mistake_titles,
    map_images,
    map_values,
    map_titles,
    verdicts,
    class_names,
):
    """Renders one self-contained HTML page: no script, and nothing loaded from elsewhere.

    Images are uint8, `(rows, columns)` or `(rows, columns, 3)`; each list of titles is as long as
    its list of images. All text is escaped.

    Args:
        title: Title of the page.
        facts: What was done, by name, such as `{"Optimizer": "Adam"}`.
        dataset_notice: What a reader must know before believing a result; may be empty.
        history: A dict for each epoch, as for `regard.reports.curves`; may be empty.
        best_epoch: The epoch that was kept, chosen on the validation images; None if none was.
        evaluation: A `regard.evaluation.Evaluation`.
        sample_images: Images that show what the data set holds.
        sample_titles: Their titles.
        mistake_images: The images of `evaluation.mistakes`, or the first few.
        mistake_titles: Their titles.
        map_images: Images whose maps are shown.
        map_values: A map `(rows, columns)` for each, by the name of the method.
        map_titles: Their titles.
        verdicts: A `regard.maps.faithfulness.Faithfulness`, or why there is none, by the name of
            the method.
        class_names: A name for each class, in order.

    Returns:
        The page as a string.

    Raises:
        DataError: If an image or a map cannot be drawn.
    """
    parts = [
        sections.headline(evaluation, best_epoch),
        page.paragraph(dataset_notice, "notice") if dataset_notice else "",
        sections.facts(facts),
        sections.samples(sample_images, sample_titles),
        sections.training(history, best_epoch),
        sections.classes(evaluation, class_names),
        sections.confusion(evaluation, class_names),
        sections.calibration(evaluation),
        sections.mistakes(mistake_images, mistake_titles),
        attention(map_images, map_values, map_titles, verdicts),
    ]
    return page.page(title, *filter(None, parts))
