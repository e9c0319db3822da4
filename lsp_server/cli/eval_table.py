"""The figures of `fimble eval` as a table for people."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from lsp_server.evaluation.report import Difference, Figures
from lsp_server.evaluation.scoring import Interval

FILE_WIDTH = 120
"""Columns of the table where it is printed to no terminal."""


def print_table(
    names: Sequence[str],
    figures: Sequence[Mapping[str, Figures]],
    differences: Sequence[Difference],
) -> None:
    """Print a row for each model in each kind of case, then what the others have on the first.

    `names` and `figures` are of the models in their order, `differences` of all but the first.
    """
    numbers = ("Cases", "Exact", "Similar", "Parses", "Unknown names", "p50", "p95")
    table = Table(
        "Kind",
        Column("Model", overflow="fold"),
        *(Column(name, justify="right", no_wrap=True) for name in numbers),
    )
    for kind in figures[0]:
        for number, (name, found) in enumerate(zip(names, figures, strict=True)):
            each = found[kind]
            table.add_row(
                kind if number == 0 else "",
                escape(name),
                f"{each.cases:,}",
                _percent(each.exact),
                _percent(each.similarity),
                _percent(each.parses),
                _percent(each.unknown_names),
                f"{each.p50:,.0f} ms",
                f"{each.p95:,.0f} ms",
                end_section=number == len(names) - 1,
            )
    console = Console(width=None if sys.stdout.isatty() else FILE_WIDTH)
    console.print(table)
    for name, more in zip(names[1:], differences, strict=True):
        print(
            f"{name} less {names[0]}, in points, with 95 % intervals: "
            f"exact {_points(more.exact)}, similar {_points(more.similarity)}."
        )


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{part:.0%}"


def _points(found: Interval) -> str:
    value, low, high = (100 * each for each in (found.value, found.low, found.high))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"
