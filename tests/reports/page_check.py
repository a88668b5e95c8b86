"""What every interactive page must be: whole, loading nothing, with data that can be read."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
from PIL import Image


class Checker(HTMLParser):
    """Holds the open elements, and fails on an end that fits none."""

    EMPTY = ("meta", "img", "input", "rect")

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check_page(page):
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert "http" not in page
    assert not re.search(r"(src|href)=\"(?!data:|#)[^\"]", page)


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page)[1])


def pictures_of(page):
    """Returns the pictures inside the page in its order, as red, green and blue."""
    addresses = re.findall(r'"data:image/png;base64,([^"]*)"', page)
    files = [io.BytesIO(base64.b64decode(address)) for address in addresses]
    return [np.asarray(Image.open(file).convert("RGB")) for file in files]
