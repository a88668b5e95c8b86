"""What verbs print: JSON for machines on stdout, tables for people."""

import json
import sys


def print_json(value):
    """Prints a value as indented JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(columns, rows):
    """Prints rows of text under column titles."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*map(str, row))
    Console().print(table)


def notify(text):
    """Prints a remark to stderr, if there is one."""
    if text:
        print(text, file=sys.stderr)
