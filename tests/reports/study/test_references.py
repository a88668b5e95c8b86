import re

import pytest

from regard.errors import UsageError
from regard.layers.registry import LAYERS, layer_class
from regard.reports.study import references_bib

ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


def entries_of(bib):
    return bib.strip().split("\n\n")


def field(name, entry):
    return re.search(rf"^  {name} = \{{(.*)\}},$", entry, flags=re.MULTILINE)[1]


def doc_of(name):
    return " ".join(layer_class(name).__doc__.split())


@pytest.fixture(scope="module")
def everything():
    return entries_of(references_bib(LAYERS))


def test_every_paper_of_every_layer_has_one_entry(everything):
    named = {number for name in LAYERS for number in ARXIV.findall(doc_of(name))}
    found = [number for entry in everything for number in re.findall(r"eprint = \{(.*)\}", entry)]
    assert sorted(found) == sorted(named | {"2103.03098", "2108.13264"})


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_has_a_paper(name):
    assert len(entries_of(references_bib([name]))) > 2


def test_entries_are_whole(everything):
    keys = [re.match(r"@(?:misc|inproceedings)\{(\w+),\n", entry)[1] for entry in everything]
    assert len(set(keys)) == len(keys)
    for entry in everything:
        assert entry.count("{") == entry.count("}")
        assert entry.isascii()
        assert field("author", entry)
        assert re.fullmatch(r"20\d\d", field("year", entry))
        if "eprint" in entry:
            assert field("year", entry) == f"20{field('eprint', entry)[:2]}"


def test_first_author_and_title_are_those_of_the_docstring(everything):
    docs = [doc_of(name) for name in LAYERS]
    cited = re.compile(r"([\w-]+)(?: et al\.| and [\w-]+)?, ([^;()]+), arXiv:(\d{4}\.\d{4,5})")
    known = {
        number: (author, title) for doc in docs for author, title, number in cited.findall(doc)
    }
    assert len(known) > 40
    for entry in everything:
        author, title = known.get(re.search(r"eprint = \{(.*)\}|$", entry)[1], (None, None))
        if title:
            assert field("author", entry).startswith(author)
            plain = field("title", entry).strip("{}").replace("\\", "").replace("A$^2$", "A^2")
            assert plain == title


def test_a_layer_twice_is_one_entry():
    twice = references_bib(["squeeze_excitation", "squeeze_excitation_no_bias"])
    assert twice == references_bib(["squeeze_excitation"])
    assert twice.count("eprint = {1709.01507}") == 1


def test_an_unknown_layer_is_refused():
    with pytest.raises(UsageError, match="cbum"):
        references_bib(["cbum"])
