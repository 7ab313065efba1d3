"""From measured points to the rules of a calibration file.

A rule covers a cell of the grid (M between two measured values, weight sizes between two measured
sizes) only where the row beat stock at every corner of it by more than the noise, and where no
other row did better. Beyond the largest measured weight the row is trusted to go on as it was;
elsewhere nothing outside the grid is claimed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

MARGIN = 1.03  # the lower quartile of the ratio must reach it
LEAST_WAIT, MOST_WAIT = 50, 20_000  # rows before a pack


@dataclass(frozen=True)
class Cell:
    min_m: int
    max_m: int
    min_weight: int
    max_weight: int | None  # None: unlimited


@dataclass(frozen=True)
class Rule:
    row: str
    cell: Cell
    pack: int

    def __str__(self) -> str:
        c = self.cell
        most = "*" if c.max_weight is None else c.max_weight
        return (
            f"rule {self.row} m {c.min_m} {c.max_m} weight {c.min_weight} {most}"
            f" macs 0 pack {self.pack}"
        )


def rules(points: dict[str, list[dict]]) -> list[Rule]:
    """`points`: by row, the dicts of stoker.calibrate.measure. Rules of one kind of product."""
    cells = _cells(points)
    won: dict[str, dict[Cell, int]] = {row: {} for row in points}
    for cell, corners in cells.items():
        best, best_gain = None, 0.0
        for row, measured in points.items():
            at = [p for p in measured if (p["m"], p["n"] * p["k"]) in corners]
            if len({(p["m"], p["n"] * p["k"]) for p in at}) < len(corners):
                continue
            if any(p["low"] is None or p["low"] < MARGIN for p in at):
                continue
            gain = math.prod(p["ratio"] for p in at) ** (1 / len(at))
            if gain > best_gain:
                wait = max(p["pack"] or 0 for p in at)
                best, best_gain = (row, min(max(wait, LEAST_WAIT), MOST_WAIT)), gain
        if best:
            won[best[0]][cell] = best[1]
    return [rule for row, found in won.items() for rule in _merged(row, found)]


def _cells(points: dict[str, list[dict]]) -> dict[Cell, set[tuple[int, int]]]:
    """Every cell of the grid and its corners (M, N * K)."""
    every = [point for measured in points.values() for point in measured]
    ms = sorted({p["m"] for p in every})
    sizes = sorted({p["n"] * p["k"] for p in every})
    bands = [(a, b, (a, b)) for a, b in pairwise(sizes)]
    bands += [(size, None, (size,)) for size in sizes[-1:]]
    return {
        Cell(low, high, least, most and most - 1): {(m, s) for m in (low, high) for s in ends}
        for least, most, ends in bands
        for low, high in pairwise(ms)
    }


def _merged(row: str, won: dict[Cell, int]) -> list[Rule]:
    """Neighbours along M become one rule; they keep the longest wait."""
    found: list[Rule] = []
    for cell in sorted(won, key=lambda c: (c.min_weight, c.min_m)):
        last = found[-1] if found else None
        same_band = last and last.cell.min_weight == cell.min_weight
        if last and same_band and last.cell.max_m == cell.min_m:
            joined = Cell(last.cell.min_m, cell.max_m, cell.min_weight, cell.max_weight)
            found[-1] = Rule(row, joined, max(last.pack, won[cell]))
        else:
            found.append(Rule(row, cell, won[cell]))
    return found
