from html.parser import HTMLParser

import numpy as np
import pytest

from regard.evaluation import evaluate_probabilities
from regard.maps.faithfulness.result import Faithfulness, Row
from regard.reports import render

NAMES = ("<b>", "dog & cat", "owl")
IMAGES = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8)
LABELS = np.array([0, 1, 1, 0])
PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.1, 0.9, 0.0]])
JUDGED = Faithfulness(
    verdict="does not depend on the weights",
    reason="Because.",
    scores={"deletion": {"map": np.array([0.2, 0.3])}},
    table=(Row("deletion", "map", 0.25, 0.2, 0.3, None),),
    advantages={},
    left_out={},
    randomised_network="",
    classes=np.array([0, 1]),
    confidence=0.95,
)
HISTORY = [{"epoch": 1, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7}]
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Balance(HTMLParser):
    """Fails at the first end tag that does not close the last open one; notes attributes."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.alts = [], [], []

    def handle_starttag(self, tag, attrs):
        self._note(tag, dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self._note(tag, dict(attrs))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def _note(self, tag, attributes):
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.alts += [attributes.get("alt")] if tag == "img" else []


def report(**changes):
    evaluation = evaluate_probabilities(PROBABILITIES, LABELS, NAMES)
    titles = [NAMES[label] for label in LABELS]
    arguments = {
        "title": "A <title>",
        "facts": {"Seed": "<0>"},
        "dataset_notice": "",
        "history": HISTORY,
        "best_epoch": 1,
        "evaluation": evaluation,
        "sample_images": IMAGES,
        "sample_titles": titles,
        "mistake_images": IMAGES[evaluation.mistakes],
        "mistake_titles": [f"mistake {index}" for index in evaluation.mistakes],
        "map_images": IMAGES,
        "map_values": {"attention": np.stack([np.eye(4) / 4, *np.full((3, 4, 4), 1 / 16)])},
        "map_titles": titles,
        "verdicts": {},
        "class_names": NAMES,
    }
    return render(**(arguments | changes))


def test_is_self_contained_balanced_and_described():
    text = report()
    assert "http" not in text
    assert "<script" not in text
    assert "prefers-color-scheme: dark" in text
    parser = Balance()
    parser.feed(text)
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    assert len(parser.alts) == 4 + 2 + 8 + 1
    assert all(parser.alts)


def test_escapes_names_and_facts():
    text = report()
    assert "<b>" not in text
    assert "&lt;b&gt;" in text
    assert "dog &amp; cat" in text
    assert "&lt;0&gt;" in text


def test_says_where_the_numbers_are_from():
    text = report()
    assert "2 of 4 test images" in text
    assert "Epoch 1 was kept because of the validation images only" in text
    assert "looked at once" in text


def test_other_split_is_not_said_to_be_looked_at_once():
    evaluation = evaluate_probabilities(PROBABILITIES, LABELS, NAMES, split="validation")
    assert "looked at once" not in report(evaluation=evaluation)


def test_notice():
    assert '<p class="notice">' not in report()
    assert '<p class="notice">Only a sample.</p>' in report(dataset_notice="Only a sample.")


def test_flat_map_is_called_uniform():
    assert "owl; attention uniform" in report(map_titles=["owl"] * 4)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"verdicts": {"grad_cam": "No copy <can> be made."}}, "No copy &lt;can&gt; be made."),
        ({"verdicts": {"grad_cam": JUDGED}}, "Does not depend on the weights. "),
        (
            {"verdicts": {"grad_cam": JUDGED}},
            "<td>0.250 [0.200,\N{NO-BREAK SPACE}0.300]</td><td>—</td>",
        ),
        ({"mistake_images": [], "mistake_titles": []}, "No image was classified wrongly"),
        ({"history": [], "best_epoch": None}, "history was not kept"),
    ],
)
def test_what_is_missing_is_said(changes, sentence):
    assert sentence in report(**changes)


def test_same_input_same_page():
    assert report() == report()


def test_all_maps_flat():
    assert "0.0625" in report(map_values={"gate": np.full((4, 4, 4), 1 / 16)})
