import numpy as np
import pytest

from regard import UsageError, attribution


def test_finds_what_the_detector_looks_at(detector):
    maps = attribution.occlusion(detector, np.ones((12, 16)), 1, patch=1, stride=1)
    want = np.zeros((12, 16))
    want[3:6, 9:12] = 1
    np.testing.assert_allclose(maps[0], want, atol=1e-5)


def test_pixel_gets_the_mean_of_the_patches_that_cover_it(detector):
    image = np.random.default_rng(0).random((12, 16))
    patch, stride = 5, 3
    falls, covered = np.zeros((12, 16)), np.zeros((12, 16))
    for row in range(0, 12, stride):
        for column in range(0, 16, stride):
            if row - stride >= 12 - patch or column - stride >= 16 - patch:
                continue  # the patch before has reached the edge
            window = np.s_[row : row + patch, column : column + patch]
            without = image.copy()
            without[window] = 0.25
            falls[window] += (image - without)[3:6, 9:12].sum()
            covered[window] += 1
    maps = attribution.occlusion(detector, image, 1, patch=patch, stride=stride, baseline=0.25)
    np.testing.assert_allclose(maps[0], falls / covered, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patch": 0}, "patch must be an integer of at least 1, not 0"),
        ({"stride": 0}, "stride must be an integer of at least 1"),
        ({"patch": 2, "stride": 3}, "stride=3 would leave pixels uncovered"),
        ({"baseline": np.ones(3)}, r"baseline must be a number or an image of shape \(12, 16, 1\)"),
        ({"baseline": np.nan}, "not finite"),
    ],
)
def test_bad_arguments_are_told(arguments, message, detector):
    with pytest.raises(UsageError, match=message):
        attribution.occlusion(detector, np.ones((12, 16)), 1, **arguments)
