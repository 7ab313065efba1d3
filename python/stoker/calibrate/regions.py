"""From measured points of any number of dimensions to regions in which a row won.

A cell of the grid (between two measured values in each dimension) is claimed only where the row
beat stock at every corner of it by more than the noise, and where no other row did better. Nothing
outside the grid is claimed, but for dimensions that are said to go on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

MARGIN = 1.03  # the lower quartile of the ratio must reach it
LEAST_WAIT, MOST_WAIT = 50, 20_000  # rows before a pack

Place = tuple[int, ...]


@dataclass(frozen=True)
class Band:
    low: int
    high: int | None  # None: unlimited

    def __str__(self) -> str:
        return f"{self.low} {'*' if self.high is None else self.high}"


@dataclass(frozen=True)
class Region:
    row: str
    group: tuple[str, ...]
    bounds: tuple[Band, ...]
    pack: int


def regions(points: dict[str, list[dict]], opens: tuple[int, ...] = ()) -> list[Region]:
    """`points`: by row, the dicts of stoker.calibrate.measure; `opens`: dimensions that go on."""
    every = [point for measured in points.values() for point in measured]
    found: list[Region] = []
    for group in dict.fromkeys(tuple(point["group"]) for point in every):
        of_group = {row: _by_place(measured, group) for row, measured in points.items()}
        places = [at for measured in of_group.values() for at in measured]
        for bounds, corners in _cells(places, opens):
            best = _best(of_group, corners)
            if best:
                found.append(Region(best[0], group, bounds, best[1]))
    return _merged(found)


def _by_place(points: list[dict], group: tuple[str, ...]) -> dict[Place, list[dict]]:
    found: dict[Place, list[dict]] = {}
    for point in points:
        if tuple(point["group"]) == group:
            found.setdefault(tuple(point["at"]), []).append(point)
    return found


def _cells(places: list[Place], opens: tuple[int, ...]) -> Iterator[tuple]:
    """Every cell and its corners."""
    bands = []
    for dimension, values in enumerate(sorted(set(v)) for v in zip(*places, strict=True)):
        of_one = [(Band(a, b), (a, b)) for a, b in pairwise(values)]
        if dimension in opens:
            of_one.append((Band(values[-1], None), (values[-1],)))
        bands.append(of_one)
    for cell in product(*bands):
        yield tuple(band for band, _ in cell), list(product(*(ends for _, ends in cell)))


def _best(
    points: dict[str, dict[Place, list[dict]]], corners: list[Place]
) -> tuple[str, int] | None:
    """The row that won most at all corners, and its wait."""
    best, best_gain = None, 0.0
    for row, measured in points.items():
        if not all(corner in measured for corner in corners):
            continue
        at = [point for corner in corners for point in measured[corner]]
        if any(p["low"] is None or p["low"] < MARGIN for p in at):
            continue
        gain = math.prod(p["ratio"] for p in at) ** (1 / len(at))
        if gain > best_gain:
            wait = max(p["pack"] or 0 for p in at)
            best, best_gain = (row, min(max(wait, LEAST_WAIT), MOST_WAIT)), gain
    return best


def _merged(found: list[Region]) -> list[Region]:
    """Neighbours along one dimension after the other become one; they keep the longest wait."""
    for dimension in range(len(found[0].bounds) if found else 0):
        joined: dict[tuple, list[Region]] = {}
        for region in sorted(found, key=lambda r: r.bounds[dimension].low):
            others = region.bounds[:dimension] + region.bounds[dimension + 1 :]
            line = joined.setdefault((region.row, region.group, others), [])
            band = region.bounds[dimension]
            if line and line[-1].bounds[dimension].high == band.low:
                last = line.pop()
                bounds = list(region.bounds)
                bounds[dimension] = Band(last.bounds[dimension].low, band.high)
                region = Region(
                    region.row, region.group, tuple(bounds), max(last.pack, region.pack)
                )
            line.append(region)
        found = [region for line in joined.values() for region in line]
    return found
