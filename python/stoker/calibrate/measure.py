"""Times one row against stock; `stoker calibrate` starts a process of this module for each row.

A line of JSON a point on stdout: {"m", "n", "k", "ratio", "low", "pack"}. `ratio` is the median
and `low` the lower quartile of stock time / row time; `pack` the rows (sums of M) after which a
pack has paid for itself; all three are null where the row did not run.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from itertools import cycle

SHAPES = [(64, 64), (256, 256), (768, 768), (3072, 768), (768, 3072), (4096, 4096)]  # N x K
ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
COLD_BYTES = 64 << 20  # weights in turn, as in a model: more than a core's caches hold
MOST_MACS = 2.5e9  # beyond, one call takes too long for its worth
SEED = 17


def grid() -> list[tuple[int, int, int]]:
    return [(m, n, k) for n, k in SHAPES for m in ROWS if m * n * k <= MOST_MACS]


class Bench:
    """F.linear of one kind of product by stock and, where the calibration allows it, by one row."""

    def __init__(self, kind: str, row: str):
        import torch

        import stoker

        self.stoker, self.torch, self.row = stoker, torch, row
        self.dtype = torch.float32 if kind == "bfloat16 mode" else getattr(torch, kind)
        coarsest = torch.bfloat16 if kind == "bfloat16 mode" else self.dtype
        self.eps = torch.finfo(coarsest).eps
        if kind == "bfloat16 mode":
            stoker.set_dtype(torch.bfloat16)
        torch.manual_seed(SEED)
        torch.set_num_threads(1)
        self._modules = {}

    def modules(self, n: int, k: int) -> list:
        """As many packed layers as make the weights cold; those of the last shape are kept."""
        if (n, k) not in self._modules:
            self._modules.clear()  # first, so that both sets are never there at once
            count = min(500, max(2, -(-COLD_BYTES // (n * k * self.dtype.itemsize))))
            make, x = self.torch.nn.Linear, self.torch.randn(1, k).to(self.dtype)
            layers = [make(k, n, bias=False, dtype=self.dtype).eval() for _ in range(count)]
            # A weight is packed at its second sight.
            _, packing, packed = ([_timed(lambda m=m: m(x)) for m in layers] for _ in range(3))
            self.pack_seconds = statistics.median(packing) - statistics.median(packed)
            self._modules[n, k] = layers
        return self._modules[n, k]

    def taken(self) -> int:
        return self.stoker.status()["operators"]["linear"]["rows"].get(self.row, 0)

    def check(self, x, module) -> None:
        """Raises ArithmeticError where the row is not as exact as its types allow."""
        exact = x.double() @ module.weight.double().t()
        scale = x.double().abs() @ module.weight.double().abs().t()
        error = ((module(x).double() - exact).abs() / (self.eps * (scale + 1e-30))).max().item()
        # 16-bit operands are rounded once, each; the error of fp32 sums grows with their length.
        fp32_sums = self.eps == self.torch.finfo(self.torch.float32).eps
        if not error <= 2 + 2 * x.size(1) ** 0.5 * fp32_sums:
            raise ArithmeticError(f"{self.row}: {error:.1f} times the error bound")

    def point(self, m: int, n: int, k: int, seconds: float) -> dict:
        x, modules, before = self.torch.randn(m, k).to(self.dtype), self.modules(n, k), self.taken()
        self.check(x, modules[0])
        found = {"m": m, "n": n, "k": k, "ratio": None, "low": None, "pack": None}
        if self.taken() == before:
            return found
        stock, ours = self.take_turns(x, modules, seconds)
        ratios = sorted(a / b for a, b in zip(stock, ours, strict=True))
        saved = (statistics.median(stock) - statistics.median(ours)) / m
        found["ratio"], found["low"] = statistics.median(ratios), ratios[len(ratios) // 4]
        found["pack"] = max(0, round(self.pack_seconds / saved)) if saved > 0 else None
        return found

    def take_turns(self, x, modules, seconds: float) -> tuple[list[float], list[float]]:
        """Seconds a call of stock and of the row, in alternating turns."""
        times = {self.stoker.disable: [], self.stoker.enable: []}
        around = {switch: cycle(modules) for switch in times}
        once = _timed(lambda: modules[0](x))
        calls = max(1, round(min(0.004, seconds / 10) / once))
        end = time.perf_counter() + seconds
        while time.perf_counter() < end or len(times[self.stoker.enable]) < 5:
            order = list(times) if len(times[self.stoker.enable]) % 2 else list(times)[::-1]
            for switch in order:
                switch()
                layers = around[switch]
                spent = _timed(lambda layers=layers: [next(layers)(x) for _ in range(calls)])
                times[switch].append(spent / calls)
        self.stoker.enable()
        return times[self.stoker.disable], times[self.stoker.enable]


def _timed(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main(kind: str, row: str, seconds: str, core: str) -> None:
    os.sched_setaffinity(0, {int(core)})
    bench = Bench(kind, row)
    with bench.torch.inference_mode():
        for m, n, k in grid():
            print(json.dumps(bench.point(m, n, k, float(seconds) / len(grid()))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
