"""Times one row against stock; `stoker calibrate` starts a process of this module for each row.

A line of JSON a point on stdout: {"group", "at", "ratio", "low", "pack"}. `group` and `at` say
which problem (operators.py); `ratio` is the median and `low` the lower quartile of stock time / row
time, of the worst variant where a problem has several; `pack` the rows after which a pack has paid
for itself; all three are null where the row did not run.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle

SEED = 17
# Turns of each at least; fewer where a point takes so many seconds longer than it was given.
FEWEST, FEWEST_SLOW, PATIENCE = 5, 2, 0.1


@dataclass
class Variant:
    """One problem with operands: the same call on different ones, which take turns."""

    calls: list[Callable[[], object]]
    rows: int  # of a call, in the unit of the rule's `pack`
    check: Callable[[], float]  # of the first call, with Stoker: error / the error bound
    pack_seconds: float | None = None  # None: not measured yet
    stock: list[Callable[[], object]] | None = None  # where stock needs operands of its own


class Bench:
    """torch and Stoker, set up for one kind of product and one row."""

    def __init__(self, kind: str, row: str):
        import torch

        import stoker

        self.stoker, self.torch, self.row, self.kind = stoker, torch, row, kind
        self.dtype = torch.float32 if kind == "bfloat16 mode" else getattr(torch, kind)
        coarsest = torch.bfloat16 if kind == "bfloat16 mode" else self.dtype
        self.eps = torch.finfo(coarsest).eps
        if kind == "bfloat16 mode":
            stoker.set_dtype(torch.bfloat16)
            stoker._C.enter_eval()  # as below a module in eval mode
        torch.manual_seed(SEED)
        torch.set_num_threads(1)

    def draw(self, *shape: int):
        return self.torch.randn(shape).to(self.dtype)

    def product_error(self, result, exact, scale, k: int) -> float:
        """Of a product with sums of k terms, whose magnitudes sum to `scale`."""
        # 16-bit operands are rounded once, each; the error of fp32 sums grows with their length.
        fp32_sums = self.eps == self.torch.finfo(self.torch.float32).eps
        error = ((result.double() - exact).abs() / (self.eps * (scale + 1e-30))).max().item()
        return error / (2 + 2 * k**0.5 * fp32_sums)

    def taken(self) -> int:
        operators = self.stoker.status()["operators"].values()
        return sum(operator["rows"].get(self.row, 0) for operator in operators)

    def point(self, group: list[str], at: list[int], variants: list[Variant], seconds: float):
        found = {"group": group, "at": at, "ratio": None, "low": None, "pack": None}
        measured = [self._measure(variant, seconds / len(variants)) for variant in variants]
        if None in measured:
            return found
        ratio, low, pack = min(measured, key=lambda three: three[1])
        return found | {"ratio": ratio, "low": low, "pack": pack}

    def _measure(self, variant: Variant, seconds: float) -> tuple[float, float, int | None] | None:
        if variant.pack_seconds is None:
            variant.pack_seconds = pack_seconds(variant.calls)
        before = self.taken()
        error = variant.check()
        if not error <= 1:
            raise ArithmeticError(f"{self.row}: {error:.1f} times the error bound")
        if self.taken() == before:
            return None
        stock, ours = self.take_turns(variant.stock or variant.calls, variant.calls, seconds)
        ratios = sorted(a / b for a, b in zip(stock, ours, strict=True))
        saved = (statistics.median(stock) - statistics.median(ours)) / variant.rows
        pack = max(0, round(variant.pack_seconds / saved)) if saved > 0 else None
        return statistics.median(ratios), ratios[len(ratios) // 4], pack

    def take_turns(self, stock, ours, seconds: float) -> tuple[list[float], list[float]]:
        """Seconds a call of stock and of the row, in alternating turns."""
        times = {self.stoker.disable: [], self.stoker.enable: []}
        around = {self.stoker.disable: cycle(stock), self.stoker.enable: cycle(ours)}
        once = timed(ours[0])
        count = max(1, round(min(0.004, seconds / 10) / once))
        end = time.perf_counter() + seconds
        while (turns := len(times[self.stoker.enable])) < FEWEST or time.perf_counter() < end:
            if turns >= FEWEST_SLOW and time.perf_counter() > end + PATIENCE:
                break
            order = list(times) if turns % 2 else list(times)[::-1]
            for switch in order:
                switch()
                turn = around[switch]
                spent = timed(lambda turn=turn: [next(turn)() for _ in range(count)])
                times[switch].append(spent / count)
        self.stoker.enable()
        return times[self.stoker.disable], times[self.stoker.enable]


def timed(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def pack_seconds(calls: list) -> float:
    """What packing costs; afterwards every operand is packed. That happens at its second sight."""
    _, packing, packed = ([timed(call) for call in calls] for _ in range(3))
    return max(0.0, statistics.median(packing) - statistics.median(packed))


def main(operator: str, kind: str, row: str, seconds: str, core: str) -> None:
    from stoker.calibrate.operators import OPERATORS

    os.sched_setaffinity(0, {int(core)})
    bench, measured = Bench(kind, row), OPERATORS[operator]()
    points = measured.grid(row)
    with bench.torch.inference_mode():
        for group, at in points:
            variants = measured.variants(bench, group, at)
            point = bench.point(group, at, variants, float(seconds) / len(points))
            print(json.dumps(point), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
