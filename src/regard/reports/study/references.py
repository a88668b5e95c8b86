"""The papers that a study stands on, for a paper's list of references."""

import re
from functools import cache
from importlib import resources

from regard.layers.registry import layer_docstring

ALWAYS = ("2103.03098", "2108.13264")


def references_bib(layers):
    """Writes the papers of attention layers as BibTeX, and those on how to compare.

    A layer's papers are those that its docstring names: by arXiv id, or by title if they have none.

    Args:
        layers: Registered names of layers.

    Returns:
        The text of a `.bib` file, each paper once.

    Raises:
        UsageError: If a name is not registered.

    Example:
        >>> "Squeeze-and-Excitation Networks" in references_bib(["squeeze_excitation"])
        True
    """
    texts = [" ".join(layer_docstring(name).split()) for name in layers]
    cited = [entry for entry in _papers() if _is_cited(entry, texts)]
    return "\n\n".join(cited) + "\n"


def _is_cited(entry, texts):
    number = _field("eprint", entry)
    name = f"arXiv:{number}" if number else _field("title", entry).strip("{}")
    return number in ALWAYS or any(name in text for text in texts)


def _field(name, entry):
    found = re.search(rf"\b{name} = \{{(.*)\}},?$", entry, flags=re.MULTILINE)
    return found[1] if found else None


@cache
def _papers():
    file = resources.files("regard.reports.study").joinpath("papers.bib")
    return file.read_text("utf-8").strip().split("\n\n")
