"""What the tables of all benchmarks look like."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def console() -> Console:
    """For stdout: lines in a file are as long as they need to be."""
    found = Console()
    return found if found.is_terminal else Console(width=200)


def plain_table(title: str, columns: list[str], left: tuple[str, ...]) -> Table:
    """`left`: the columns that hold words."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="left" if name in left else "right")
    return table


def number(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else format(value, form)
