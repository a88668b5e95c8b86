import numpy as np

from regard.reports.interactive import color_bar, interactive_page, palette
from regard.reports.pictures import paint, shared_scale
from tests.reports.page_check import check_page, data_of, pictures_of


def test_data_cannot_end_the_script():
    data = {"text": "</script><script>alert(1)</script><!--"}
    page = interactive_page("<Maps>", data=data, script="slider.js")
    check_page(page)
    assert data_of(page) == data


def test_page_has_both_themes():
    page = interactive_page("Maps", data={}, script="slider.js")
    assert "prefers-color-scheme: dark" in page


def test_palette_is_what_maps_are_painted_with():
    for values in (np.linspace(0, 1, 300)[None], np.linspace(-2, 1, 300)[None]):
        scale, _ = shared_scale([values])
        used = {tuple(color) for color in paint(values, scale)[0].tolist()}
        assert used <= {tuple(color) for color in palette(scale).tolist()}


def test_bar_has_the_colours_of_its_ends():
    values = np.array([[-0.5, 1.0]])
    scale, ends = shared_scale([values])
    (bar,) = pictures_of(color_bar(scale, ends))
    np.testing.assert_array_equal(bar[0, [0, -1]], paint(values, scale)[0])
    (flat,) = pictures_of(color_bar(*shared_scale([np.ones((2, 2))])))
    assert len(np.unique(flat.reshape(-1, 3), axis=0)) == 1
