"""Turns: contestants take them one after another, so that a disturbance hits all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from bench.ops.suite import Contestant

Name = TypeVar("Name")

TURN = 0.004  # seconds: short beside a scheduler's interruptions, long beside the clock's steps
LEAST_TURNS = 7
FEWEST_TURNS = 3  # where one call of each takes longer than the whole time that was given


def seconds_of(function: Callable[[], object], calls: int = 1) -> float:
    """Of one call."""
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def turn_order(names: list[Name], turn: int) -> list[Name]:
    """Each turn begins with another one."""
    first = turn % len(names)
    return names[first:] + names[:first]


def quartiles_of_ratios(seconds: list[float], others: list[float]) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile of `seconds` / `others`, turn by turn."""
    pairs = zip(seconds, others, strict=True)
    low, median, high = statistics.quantiles((a / b for a, b in pairs), n=4)
    return low, median, high


def take_turns(contestants: dict[str, Contestant], seconds: float) -> dict[str, list[float]]:
    """Seconds a call of each contestant, one number a turn; at least seven turns of each.

    Each turn begins with another contestant, after one call that is not timed: the caches are then
    as its own calls leave them.
    """
    names = list(contestants)
    calls, slowest = {}, 0.0
    for name, contestant in contestants.items():
        contestant.enter()
        contestant()
        once = seconds_of(contestant)
        calls[name] = max(1, round(min(TURN, seconds / 20) / once))
        slowest = max(slowest, once)
    times: dict[str, list[float]] = {name: [] for name in names}
    least = FEWEST_TURNS if slowest > seconds else LEAST_TURNS
    end = time.perf_counter() + seconds
    turn = 0
    while turn < least or time.perf_counter() < end:
        for name in turn_order(names, turn):
            contestants[name].enter()
            contestants[name]()
            times[name].append(seconds_of(contestants[name], calls[name]))
        turn += 1
    return times
