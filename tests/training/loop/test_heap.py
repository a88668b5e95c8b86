import ctypes
import platform
from unittest import mock

import pytest

from regard.training.loop import heap


def test_glibc_takes_all_settings():
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("another C library")
    asked = mock.Mock(wraps=ctypes.CDLL(None).mallopt)
    with mock.patch.object(ctypes, "CDLL", lambda name: mock.Mock(mallopt=asked)):
        heap.keep_freed_memory()
    asked.assert_any_call(-1, 2**31 - 1)
    taken = [ctypes.CDLL(None).mallopt(*call.args) for call in asked.call_args_list]
    assert taken == [1, 1, 1]


@pytest.mark.parametrize("libc", [("", ""), ("musl", "1.2.4")])
def test_no_other_library_is_called(monkeypatch, libc):
    monkeypatch.setattr(platform, "libc_ver", lambda: libc)
    monkeypatch.setattr(ctypes, "CDLL", mock.Mock(side_effect=AssertionError))
    heap.keep_freed_memory()
