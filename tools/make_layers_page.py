"""Writes docs/layers.md, the table of attention layers, from the registry.

python tools/make_layers_page.py
"""

from pathlib import Path

from regard.reports.layer_table import layer_rows

PAGE = Path(__file__).parents[1] / "docs" / "layers.md"
HEAD = """# The attention layers

`regard.layers` has each by its class, `regard.models.insert(model, name, after=…)` puts it into
any Keras model, and `regard layers` prints this table, which `tools/make_layers_page.py` writes.
Parameters and multiply-adds are those of the default arguments on one 56x56x64 map (of the
table's example arguments where the defaults do not fit 64 channels), of the computation as it is
done: element-wise work is not counted, sums taken as products with zeros and ones are. *Equal to*
is what proves the layer: public code whose numbers it gives (output, attention and gradient, on
TensorFlow, JAX and PyTorch), or the paper's formula in NumPy.

| name | class | paper | kind | axes | ranks | parameters | multiply-adds | equal to |
| --- | --- | --- | --- | --- | --- | ---: | ---: | --- |
"""


def main():
    """Writes the page."""
    PAGE.write_text(HEAD + "".join(map(line, layer_rows())), encoding="utf-8")


def line(row):
    """Returns one row of the Markdown table."""
    paper = f"[{row.paper}](https://arxiv.org/abs/{row.paper})" if "." in row.paper else row.paper
    ranks = ", ".join(map(str, row.ranks))
    cost = f"{row.parameters:,} | {row.multiply_adds / 1e6:,.2f} M"
    return (
        f"| `{row.name}` | `{row.class_name}` | {paper} | {row.kind} | {row.axes} | {ranks} "
        f"| {cost} | {row.reference} |\n"
    )


if __name__ == "__main__":
    main()
