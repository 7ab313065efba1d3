"""Results as tables for a terminal, and as JSON."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from typing import Any

from rich.table import Table

from bench.ops.limits import Limits
from bench.ops.suite import ONEDNN, STOCK, STOKER, Result
from bench.tables import console, number, plain_table

GROUPS = ((1, 1), (2, 64), (65, 127), (128, None))  # of M
WORDS = ("shape", "dtype", "row")  # columns


def group_of(m: int) -> str:
    for low, high in GROUPS:
        if high is None or m <= high:
            return f"{low}" if low == high else f"{low}-{high}" if high else f">={low}"
    raise AssertionError("the last group has no end")


def summary(results: list[Result]) -> list[dict[str, Any]]:
    """By dtype and group of M: geometric mean and least of the median ratios, stock / Stoker."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in sorted(results, key=lambda r: r.labels["M"]):
        key = str(result.labels["dtype"]), group_of(int(result.labels["M"]))
        groups.setdefault(key, []).append(result)
    lines = []
    for (dtype, group), members in sorted(groups.items(), key=lambda item: item[0][0]):
        ratios = [result.ratios(STOCK)[1] for result in members]
        onednn = [three[1] for result in members if (three := result.ratios(ONEDNN))]
        lines.append({
            "dtype": dtype,
            "M": group,
            "cases": len(members),
            "by_stoker": sum(bool(result.counts["rows"]) for result in members),
            "geomean": statistics.geometric_mean(ratios),
            "minimum": min(ratios),
            "onednn_geomean": statistics.geometric_mean(onednn) if onednn else None,
        })  # fmt: skip
    return lines


def as_json(results: list[Result], limits: Limits) -> dict[str, Any]:
    """Everything measured; rates are a second, ratios [lower quartile, median, upper quartile]."""
    cases = [
        asdict(result)
        | {
            "ran": result.ran,
            "ratio": result.ratios(STOCK),
            "onednn_ratio": result.ratios(ONEDNN),
            "limit_percent": result.limit_percent(limits),
        }
        for result in results
    ]
    readings = {"flops": limits.flops, "bytes": limits.bandwidth}
    return {"limits": readings, "cases": cases, "summary": summary(results)}


def show(results: list[Result], limits: Limits) -> None:
    out = console()
    labels = list(results[0].labels)
    columns = [
        *labels,
        "stock us",
        "Stoker us",
        "stock/ours",
        "quartiles",
        "oneDNN/ours",
        "% limit",
    ]
    table = plain_table("", [*columns, "row"], WORDS)
    for result in results:
        low, median, high = result.ratios(STOCK)
        onednn = result.ratios(ONEDNN)
        micro = [1e6 * statistics.median(result.seconds[name]) for name in (STOCK, STOKER)]
        table.add_row(
            *(str(label) for label in result.labels.values()),
            *(f"{us:.1f}" for us in micro),
            f"{median:.2f}",
            f"{low:.2f}-{high:.2f}",
            number(onednn and onednn[1]),
            f"{result.limit_percent(limits):.0f}",
            result.ran,
        )
    out.print(table)
    out.print()
    out.print(_summary_table(results))
    for why in sorted({why for result in results for why in result.absent.values()}):
        out.print(f"oneDNN is absent: {why}", markup=False)


def _summary_table(results: list[Result]) -> Table:
    table = plain_table(
        "stock / Stoker",
        ["dtype", "M", "cases", "by Stoker", "geomean", "minimum", "oneDNN geomean"],
        WORDS,
    )
    for line in summary(results):
        table.add_row(
            line["dtype"], line["M"], str(line["cases"]), str(line["by_stoker"]),
            f"{line['geomean']:.2f}", f"{line['minimum']:.2f}", number(line["onednn_geomean"]),
        )  # fmt: skip
    return table
