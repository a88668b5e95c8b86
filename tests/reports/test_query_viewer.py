import base64
import re

import numpy as np
import pytest

from regard.errors import DataError
from regard.files import write_text
from regard.maps.geometry import Axis, Geometry, stretched
from regard.reports.query_viewer import query_page
from tests.reports.page_check import check_page, data_of, pictures_of

TALL = stretched((224, 160), (14, 10))
IMAGE = np.random.default_rng(0).integers(0, 256, (224, 160, 3), np.uint8)


def softmax(heads, pixels, seed=0):
    scores = np.exp(3 * np.random.default_rng(seed).normal(size=(heads, pixels, pixels)))
    return scores / scores.sum(axis=-1, keepdims=True)


def values_of(data):
    pixels = data["axes"][0]["size"] * data["axes"][1]["size"]
    values = np.frombuffer(base64.b64decode(data["attention"]), "<f4")
    return values.reshape(data["heads"], pixels, pixels)


def test_page_is_whole_and_loads_nothing():
    check_page(query_page(IMAGE, softmax(4, 140), TALL, "<script>&", ["</script>", "b", "c", "d"]))
    check_page(query_page(IMAGE, softmax(1, 140)[0], TALL))


def test_attention_comes_back_in_single_precision():
    attention = softmax(3, 140)
    data = data_of(query_page(IMAGE, attention, TALL))
    np.testing.assert_allclose(values_of(data), attention, rtol=1e-7)
    assert data["ends"][:3] == [[head.min(), head.max()] for head in attention]
    mean = attention.mean(axis=0)
    np.testing.assert_allclose(data["ends"][3], [mean.min(), mean.max()])


def test_places_on_the_image():
    geometry = Geometry((Axis(2, 4.0, 3.5, 10.0), Axis(3, 2.0, 1.5, 6.0)))
    data = data_of(query_page(IMAGE[:20, :12], softmax(1, 6), geometry))
    assert data["image"] == [20, 12]
    assert data["axes"][0] == {"size": 2, "step": 4.0, "start": 3.5, "field": 10.0}
    assert data["axes"][1] == {"size": 3, "step": 2.0, "start": 1.5, "field": 6.0}


def test_the_picture_is_in_the_page():
    for picture in pictures_of(query_page(IMAGE, softmax(1, 140), TALL)):
        np.testing.assert_array_equal(picture, IMAGE)


def test_uniform_queries_are_marked():
    attention = softmax(2, 6)
    attention[:, 4] = 1 / 6
    attention[1, 2] = 1 / 6
    data = data_of(query_page(IMAGE[:20, :30], attention, stretched((20, 30), (2, 3))))
    assert data["flat"] == ["000010", "001010", "000010"]
    assert not data["signed"]


def test_signed_values_have_two_way_colours():
    data = data_of(query_page(IMAGE, softmax(1, 140) - 0.2, TALL))
    assert data["signed"]
    zero = [int(data["colors"][128][n : n + 2], 16) for n in (1, 3, 5)]
    assert np.ptp(zero) <= 3


def test_heads_can_be_chosen_by_name_where_there_are_several():
    page = query_page(IMAGE, softmax(2, 140), TALL, names=["near <", "far"])
    assert re.findall(r'<option value="\d"( selected)?>([^<]*)<', page) == [
        (" selected", "mean of all"),
        ("", "near &lt;"),
        ("", "far"),
    ]
    assert 'id="head"' not in query_page(IMAGE, softmax(1, 140), TALL)


def test_size(tmp_path):
    page = query_page(IMAGE, softmax(4, 196), stretched((224, 160), (14, 14)))
    write_text(tmp_path / "page.html", page)
    assert (tmp_path / "page.html").stat().st_size < 2_000_000


@pytest.mark.parametrize(
    ("attention", "geometry", "found"),
    [
        (softmax(1, 6), TALL, r"14 x 10 = 140 pixels, not of shape \(1, 6, 6\)"),
        (np.ones((140, 35)), TALL, r"\(1, 140, 35\)"),
        (softmax(1, 6), None, "no rows and columns"),
        (softmax(1, 6), Geometry((Axis(6),)), "no rows and columns"),
        (np.full((4, 4), np.nan), stretched((224, 160), (2, 2)), "not finite"),
        (np.broadcast_to(0.0, (2, 2500, 2500)), stretched((224, 160), (50, 50)), "too many"),
    ],
)
def test_what_does_not_fit_is_refused(attention, geometry, found):
    with pytest.raises(DataError, match=found):
        query_page(IMAGE, attention, geometry)


def test_names_must_fit_the_heads():
    with pytest.raises(DataError, match="1 names for 2 heads"):
        query_page(IMAGE, softmax(2, 140), TALL, names=["a"])
