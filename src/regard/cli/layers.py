"""`regard layers`."""

from dataclasses import asdict

from regard.cli.keras_quietly import load_keras
from regard.cli.output import print_json, print_table


def layers(*names: str, json: bool = False):
    """List the attention layers: paper, kind, axes, and what they cost on a 56x56x64 map.

    Parameters
    ----------
    names
        Layers to list; by default all.
    json
        Print the result as JSON.
    """
    load_keras()
    from regard.reports.layer_table import layer_rows

    rows = layer_rows(names)
    if json:
        print_json([asdict(row) for row in rows])
        return
    print_table(
        ("name", "paper", "kind", "axes", "ranks", "parameters", "multiply-adds", "equal to"),
        (
            (
                row.name,
                row.paper,
                row.kind,
                row.axes,
                ", ".join(map(str, row.ranks)),
                f"{row.parameters:,}",
                f"{row.multiply_adds / 1e6:,.2f} M",
                row.reference,
            )
            for row in rows
        ),
    )
