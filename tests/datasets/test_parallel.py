import warnings

import pytest

from regard.datasets.parallel import on_all_cores


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000])
def test_results_are_in_order(count):
    assert on_all_cores(str, range(count)) == [str(number) for number in range(count)]


def test_an_error_is_raised():
    with pytest.raises(ZeroDivisionError):
        on_all_cores(lambda number: 1 // (number - 700), range(1000))


def test_warnings_are_off_meanwhile():
    def read(number):
        warnings.warn("broken picture", stacklevel=1)
        return number

    assert on_all_cores(read, range(200)) == list(range(200))
