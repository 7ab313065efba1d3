"""Results as a table for a terminal, and as JSON."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from typing import Any

from bench.models import known
from bench.models.backends import BASELINE
from bench.models.run import Row
from bench.tables import console, number, plain_table

COLUMNS = (
    "model",
    "backend",
    "dtype",
    "ms",
    "stock/ours",
    "quartiles",
    "by CPU time",
    "rel. error",
    "max error",
    "first s",
    "capture s",
    "peak MB",
    "remark",
)
WORDS = ("model", "backend", "dtype", "remark")


def as_json(rows: list[Row]) -> dict[str, Any]:
    """Seconds are of a step, one number a turn; a ratio is [lower quartile, median, upper one]."""
    return {"rows": [asdict(row) for row in rows], "known": known.compare(rows)}


def _cells(row: Row) -> list[str]:
    measured = (row.backend, row.dtype) != BASELINE and row.ratio is not None
    low, median, high = row.ratio if measured else (None, None, None)
    return [
        row.model,
        row.backend,
        row.dtype,
        number(1e3 * statistics.median(row.seconds) if row.seconds else None),
        number(median),
        f"{low:.2f}-{high:.2f}" if measured else "-",
        number(row.cpu_ratio[1] if measured else None),
        number(row.relative_error, ".1e"),
        number(row.max_abs_error, ".1e"),
        number(row.first_call_seconds),
        number(row.capture_seconds),
        number(None if row.peak_bytes is None else row.peak_bytes / 2**20, ".0f"),
        row.failed,
    ]


def show(rows: list[Row]) -> None:
    out = console()
    table = plain_table("", list(COLUMNS), WORDS)
    before = None
    for row in rows:
        if before not in (None, row.model):
            table.add_section()
        before = row.model
        table.add_row(*_cells(row))
    out.print(table, markup=False)
    for line in known.lines(rows):
        out.print(line, markup=False, highlight=False)
