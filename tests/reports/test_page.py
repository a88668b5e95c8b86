import numpy as np

from regard.reports import page


def test_texts_are_escaped():
    pixels = np.zeros((2, 2, 3), np.uint8)
    parts = [
        page.page('<&"', page.section('<&"', page.paragraph('<&"'))),
        page.table(['<&"'], [('<&"', '<&"', ('<&"', 0.5))]),
        page.captioned("", '<&"'),
        page.picture(pixels, '<&"'),
    ]
    assert all('<&"' not in part for part in parts)


def test_only_small_pictures_show_their_pixels():
    assert 'class="pixels"' in page.picture(np.zeros((64, 64, 3), np.uint8), "")
    assert 'class="photo"' in page.picture(np.zeros((64, 65, 3), np.uint8), "")


def test_shaded_cells_and_headless_tables():
    assert '<td style="--share:0.250">7</td>' in page.table([], [("a", ("7", 0.25))])
    assert "<thead>" not in page.table([], [("a", "b")])
