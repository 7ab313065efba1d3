"""What a module of an operator provides, and the loop that checks and times it."""

from __future__ import annotations

import statistics
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import stoker

from bench.ops import timing
from bench.ops.limits import Limits

STOCK, ONEDNN, STOKER = "stock", "onednn", "stoker"
WAITING = "weight not seen often enough"  # a reason of packed_weights.cpp


class WrongResult(Exception):
    """A contestant is not as exact as its types allow: nothing is timed."""


@dataclass
class Contestant:
    """One way to compute a case."""

    call: Callable[[int], Any]  # on the operands of that number
    copies: int  # of the operands
    stoker: bool = False  # with Stoker enabled?

    def __post_init__(self):
        self._numbers = cycle(range(self.copies))

    def __call__(self) -> Any:
        """On the next operands."""
        return self.call(next(self._numbers))

    def enter(self) -> None:
        stoker.enable() if self.stoker else stoker.disable()


class Case(ABC):
    """One problem with its operands."""

    stock_rounds_sums = False  # in 16-bit types
    labels: dict[str, str | int]  # of the table's first columns: shape, M, N, K, dtype
    mode: str  # tensors, autocast or bf16
    multiply: str  # the dtype of the multiplications
    flops: float  # of one call
    bytes: float  # of one call, that no cache holds
    counter: str  # the operator's name in stoker.status()
    absent: dict[str, str]  # contestants that cannot run here, and why

    @abstractmethod
    def contestants(self) -> dict[str, Contestant]:
        """By name, `stock` and `stoker` among them; oneDNN where this CPU has it."""

    @abstractmethod
    def check(self, name: str, contestant: Contestant) -> int:
        """Compares a result with float64; how many elements of it. Raises WrongResult."""


class Operator(ABC):
    """A module of this package has one; __main__.py lists them."""

    @abstractmethod
    def cases(self) -> Iterator[Case]:
        """Lazily: a case's operands may go when the next one is asked for."""


@dataclass
class Result:
    labels: dict[str, str | int]
    multiply: str
    flops: float
    bytes: float
    copies: int
    checked: int  # elements
    counts: dict[str, Any]  # of Stoker while it was timed
    absent: dict[str, str]
    seconds: dict[str, list[float]]  # a call, one number a turn

    @property
    def ran(self) -> str:
        """The row that Stoker ran, or why it left the calls to stock."""
        rows, declined = self.counts["rows"], self.counts["declined"]
        taken = max(rows, key=rows.get, default=None)
        reason = max(declined, key=declined.get, default="no call was seen")
        if taken and declined:
            share = rows[taken] / (sum(rows.values()) + sum(declined.values()))
            return f"{taken} ({share:.0%}; {reason})"
        return taken or f"stock: {reason}"

    def ratios(self, name: str) -> tuple[float, float, float] | None:
        """Lower quartile, median and upper quartile of that contestant's time / Stoker's."""
        if name not in self.seconds:
            return None
        return timing.quartiles_of_ratios(self.seconds[name], self.seconds[STOKER])

    def limit_percent(self, limits: Limits) -> float:
        least = limits.seconds(self.multiply, self.flops, self.bytes)
        return 100 * least / statistics.median(self.seconds[STOKER])


def measure(case: Case, seconds: float) -> Result:
    contestants = case.contestants()
    settle(case, contestants[STOKER])
    checked = 0
    for name, contestant in contestants.items():
        contestant.enter()
        checked += case.check(name, contestant)
    stoker.reset_counters()
    times = timing.take_turns(contestants, seconds)
    counts = stoker.status()["operators"][case.counter]
    kept = {key: counts[key] for key in ("rows", "declined")}
    return Result(
        labels=case.labels,
        multiply=case.multiply,
        flops=case.flops,
        bytes=case.bytes,
        copies=contestants[STOKER].copies,
        checked=checked,
        counts=kept,
        absent=case.absent,
        seconds=times,
    )


def settle(case: Case, contestant: Contestant, most_passes: int = 1000) -> None:
    """Calls until every operand has been seen often enough to be packed."""
    contestant.enter()
    for _ in range(most_passes):
        stoker.reset_counters()
        for _ in range(contestant.copies):
            contestant()
        declined = stoker.status()["operators"][case.counter]["declined"]
        if not any(reason.startswith(WAITING) for reason in declined):
            return


def run(operator: Operator, limits: Limits, seconds: float) -> list[Result]:
    """Every case, with a reading of the limits before each; a line of progress on stderr."""
    results = []
    for case in operator.cases():
        limits.read(case.multiply)
        results.append(measure(case, seconds))
        words = " ".join(str(label) for label in results[-1].labels.values())
        ratio = results[-1].ratios(STOCK)[1]
        print(f"{words}: {ratio:.2f} {results[-1].ran}", file=sys.stderr, flush=True)
    stoker.enable()
    return results
