"""F.linear, stock against Stoker, on cold weights and one pinned thread.

usage: python -m bench.linear [--rows 1,8,64,512] [--shapes 384x384,...] [--select always]
                              [--mode tensors|autocast|bf16]

Modes: `tensors` of each dtype as they are; `autocast`: fp32 weights inside torch.autocast bfloat16
on both sides; `bf16`: stock fp32 against Stoker's bf16 mode (`stoker run --dtype bfloat16`).

Every result is compared with float64 before anything is timed. Stock (stoker.disable()) and ours
(stoker.enable()) take turns in one process. A ratio above 1 means that ours is faster; the limit is
the best rate of a large square product of the same dtype in the same run.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from itertools import cycle

SHAPES = "384x384,1536x384,384x1536,768x768,3072x768,768x3072,4096x4096"  # N x K
SEED = 11


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", default=SHAPES, help="N x K of the weights: MiniLM, BERT-base")
    parser.add_argument("--rows", default="1,8,64,512", help="M; 'powers' is 1, 2, 4, ... 512")
    parser.add_argument("--dtypes", help="default: float32,bfloat16; other modes: float32")
    parser.add_argument("--mode", choices=["tensors", "autocast", "bf16"], default="tensors")
    parser.add_argument("--cold-mb", type=int, default=64, help="bytes of weights to rotate over")
    parser.add_argument("--seconds", type=float, default=0.4, help="spent on each line")
    parser.add_argument("--select", choices=["calibrated", "always"], default="calibrated")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)))
    given = parser.parse_args()
    given.dtypes = given.dtypes or ("float32,bfloat16" if given.mode == "tensors" else "float32")
    return given


def rows_of(text: str) -> list[int]:
    return [2**i for i in range(10)] if text == "powers" else [int(m) for m in text.split(",")]


args = options()
os.environ["STOKER_SELECT"] = args.select  # read once, when torch loads the library
os.sched_setaffinity(0, {args.core})

import stoker  # noqa: E402
import torch  # noqa: E402
from torch.nn import functional as F  # noqa: E402


@dataclass
class Timing:
    stock: list[float] = field(default_factory=list)  # seconds a call, one number a turn
    ours: list[float] = field(default_factory=list)
    row: str = ""

    def ratios(self) -> list[float]:
        return sorted(stock / ours for stock, ours in zip(self.stock, self.ours, strict=True))


def cold_weights(n: int, k: int, dtype: torch.dtype) -> list[torch.Tensor]:
    count = max(2, -(-args.cold_mb * 2**20 // (n * k * dtype.itemsize)))
    return [torch.randn(n, k).to(dtype) for _ in range(count)]


def check(x: torch.Tensor, weight: torch.Tensor) -> int:
    """Stock and ours against float64, in at most 64 rows; the number of elements compared."""
    picked = torch.linspace(0, len(x) - 1, min(len(x), 64)).long()
    x64, w64 = x[picked].double(), weight.double()
    exact = x64 @ w64.t()
    bound = 4 * torch.finfo(torch.float32).eps * weight.size(1) ** 0.5 * (x64.abs() @ w64.abs().t())
    half = torch.finfo(torch.bfloat16 if x.dtype == torch.float32 else x.dtype).eps
    if args.mode != "tensors":  # each operand of a product is rounded to 8 bits
        bound += half * (x64.abs() @ w64.abs().t())
    if x.dtype != torch.float32 or args.mode == "autocast":  # the result is rounded once more
        bound += exact.abs() * half
    for switch in (stoker.disable, stoker.enable):
        switch()
        for _ in range(3):  # ours packs at the second sight
            result = F.linear(x, weight)
        allowed = bound
        if x.dtype == torch.float16 and switch is stoker.disable:  # stock's sums may be fp16 too
            allowed = bound + half * weight.size(1) ** 0.5 * (x64.abs() @ w64.abs().t())
        worst = ((result[picked].double() - exact).abs() / allowed).max().item()
        if not worst <= 1:
            size = f"{len(x)}x{weight.size(0)}x{weight.size(1)} {x.dtype}"
            sys.exit(f"wrong: {size} after {switch.__name__}(): {worst:.2f} times the error bound")
    return 2 * exact.numel()


def turn(x: torch.Tensor, weights, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        F.linear(x, next(weights))
    return (time.perf_counter() - start) / calls


def chosen_row() -> str:
    name = "autocast.linear" if args.mode == "autocast" else "linear"
    counts = stoker.status()["operators"][name]
    taken = max(counts["rows"], key=counts["rows"].get, default=None)
    declined = max(counts["declined"], key=counts["declined"].get, default=None)
    if taken and declined:
        return f"{taken} ({counts['taken']} of {counts['calls']}; {declined})"
    return taken or f"stock: {declined}"


def measure(x: torch.Tensor, weights: list[torch.Tensor]) -> Timing:
    timing = Timing()
    for _ in range(4):  # let every copy be seen often enough to be packed
        for weight in weights:
            F.linear(x, weight)
    around = {stoker.disable: cycle(weights), stoker.enable: cycle(weights)}
    stoker.reset_counters()
    calls = max(1, round(0.005 / turn(x, around[stoker.enable], 2)))
    end = time.perf_counter() + args.seconds
    while time.perf_counter() < end or len(timing.ours) < 9:
        order = [(stoker.disable, timing.stock), (stoker.enable, timing.ours)]
        for switch, seconds in order if len(timing.ours) % 2 else reversed(order):
            switch()
            seconds.append(turn(x, around[switch], calls))
    stoker.enable()
    timing.row = chosen_row()
    return timing


def limit(dtype: torch.dtype, size: int = 1536) -> float:
    """FLOP/s of the best of several large square products, stock."""
    a, b = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
    stoker.disable()
    best = min(_seconds(lambda: torch.mm(a, b)) for _ in range(6))
    stoker.enable()
    return 2 * size**3 / best


def _seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def line(m: int, n: int, k: int, name: str, timing: Timing, flops: float) -> str:
    stock, ours = statistics.median(timing.stock), statistics.median(timing.ours)
    ratios = timing.ratios()
    quarter = len(ratios) // 4
    share = [100 * 2 * m * n * k / seconds / flops for seconds in (stock, ours)]
    return (
        f"{n:5}x{k:<5}{m:4}  {name:9}{stock * 1e6:10.1f}{ours * 1e6:10.1f}"
        f"{statistics.median(ratios):7.2f} ({ratios[quarter]:.2f}-{ratios[-1 - quarter]:.2f})"
        f"{share[0]:6.0f}{share[1]:6.0f}  {timing.row}"
    )


def main() -> None:
    status = stoker.status()
    if not status["active"]:
        sys.exit(f"stoker is off: {status['why']}")
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    print(
        f"{status['cpu']}, {status['isa']}, torch {status['torch']}, core {args.core}, seed {SEED}"
    )
    print(
        f"mode: {args.mode}; rows chosen: {args.select} ({status['calibration']});"
        f" weights >= {args.cold_mb} MiB"
    )
    compared = 0
    for name in args.dtypes.split(","):
        dtype = getattr(torch, name)
        flops = limit(dtype)
        print(f"\n{name}: limit {flops / 1e9:.0f} GFLOP/s")
        print(
            "    N x K     M  dtype       stock us   ours us  ratio (quartiles)  % of limit   row"
        )
        for shape in args.shapes.split(","):
            n, k = map(int, shape.split("x"))
            weights = cold_weights(n, k, dtype)
            for m in rows_of(args.rows):
                x = torch.randn(m, k).to(dtype)
                compared += check(x, weights[0])
                print(line(m, n, k, name, measure(x, weights), flops), flush=True)
    print(f"\n{compared} elements compared with float64")


@contextlib.contextmanager
def mode():
    with torch.inference_mode():
        if args.mode == "bf16":
            stoker.set_dtype(torch.bfloat16)
            stoker._C.enter_eval()  # as below a module in eval mode
        with torch.autocast("cpu", torch.bfloat16, enabled=args.mode == "autocast"):
            yield


if __name__ == "__main__":
    with mode():
        main()
