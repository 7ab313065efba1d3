"""The process of one backend and one model: answers requests, and sleeps between them.

A request is a line of JSON on stdin, {"do": ..., ...}; its answer one on stdout. What libraries
print goes to stderr. End of input ends the process.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.models import zoo  # noqa: F401  (fills WORKLOADS)
from bench.models.backends import BACKENDS, Backend, Unavailable
from bench.models.workload import WORKLOADS, State, Workload
from bench.ops.timing import seconds_of

WARM_CALLS = 6  # at least: weights are packed after a few sightings
STEADY = 2.0  # a call that takes so many times the fastest one was not a steady one
MOST_WARM_SECONDS = 120.0


def _memory(line: str) -> int:
    """Bytes, from a line of /proc/self/status."""
    for text in Path("/proc/self/status").read_text().splitlines():
        if text.startswith(f"{line}:"):
            return int(text.split()[1]) << 10
    raise OSError(f"/proc/self/status has no {line}")


def _forget_peak() -> None:
    """VmHWM begins again at what is resident now (proc(5), clear_refs)."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def warm_up(
    call: Callable[[], object], least_seconds: float, settled: Callable[[], bool]
) -> list[float]:
    """Seconds of each call, until it is settled and three are about as fast as the fastest."""
    times: list[float] = []
    begun = time.perf_counter()
    while True:
        times.append(seconds_of(call))
        spent, now_settled = time.perf_counter() - begun, settled()
        if len(times) < WARM_CALLS or spent < least_seconds:
            continue
        steady = max(times[-3:]) <= STEADY * min(times)
        if (steady and now_settled) or spent > MOST_WARM_SECONDS:
            return times


def slow_seconds(times: list[float]) -> float:
    """What the slow calls took beyond a steady one: compiling, capturing, packing."""
    steady = sorted(times[-3:])[1]
    return sum(seconds - steady for seconds in times if seconds > STEADY * steady)


class Child:
    def __init__(self, workload: Workload, backend: Backend, dtype: str):
        self.workload, self.backend, self.dtype = workload, backend, dtype
        self.state: State = {}
        self.model: Any = None
        self.run: Callable[[], Any] = lambda: None
        self.reference = ""
        self.errors = (0.0, 0.0)  # the worst so far
        self.peak = 0

    def build(self, threads: int) -> dict[str, Any]:
        import torch

        from bench.models import weights

        torch.set_num_threads(threads)
        self.model, self.state = weights.make(self.workload)
        answer = {"fingerprint": weights.fingerprint(self.model, self.state)}
        _forget_peak()
        return answer | {"built_bytes": _memory("VmRSS")}

    def check(self, reference: str) -> dict[str, Any]:
        """Runs until it is steady; the worse error of the first and the last result.

        Without a file named `reference`, writes it: then this is what others are compared with.
        """
        import torch

        self.reference = reference
        begun = time.perf_counter()
        model = self.backend.prepare(self.model, self.state, self.dtype)
        workload = self.workload
        with torch.no_grad(), self.backend.around_call(self.dtype):
            state = workload.begin(model, self.state)
            result = workload.call(model, state)
        first = time.perf_counter() - begun

        def run() -> torch.Tensor:
            with torch.no_grad(), self.backend.around_call(self.dtype):
                return workload.call(model, state)

        self.run = run
        if not Path(reference).exists():
            torch.save(result, reference)
        self._compare(result)
        times = [first, *warm_up(run, self.backend.warm_seconds, self.backend.settled)]
        self._compare(run())
        self._reset_counters()
        return {
            "first_call_seconds": first,
            "capture_seconds": slow_seconds(times),
            "once": min(times[-3:]),
            "errors": self.errors,
        }

    def _compare(self, result: Any) -> None:
        """Keeps the worst error; what comparing takes is no part of the peak."""
        import torch

        self.peak = max(self.peak, _memory("VmHWM"))
        errors = _errors(result, torch.load(self.reference))
        self.errors = tuple(max(pair, key=_worst) for pair in zip(errors, self.errors, strict=True))
        _forget_peak()

    def time(self, calls: int) -> dict[str, Any]:
        """After a call that is not timed: the caches are then as its own calls leave them."""
        self.run()
        before = time.process_time()
        seconds = seconds_of(self.run, calls)
        return {"seconds": seconds, "cpu_seconds": (time.process_time() - before) / calls}

    def finish(self) -> dict[str, Any]:
        """Compares once more: a backend may have changed its ways while it was timed."""
        import torch

        status = self._status()
        self._compare(self.run())
        versions = {"torch": torch.__version__, "python": platform.python_version()}
        facts = {"versions": versions, "stoker": status}
        return {"errors": self.errors, "peak_bytes": self.peak, "facts": facts}

    def _status(self) -> dict[str, Any]:
        """Of Stoker, where it is active; of operators those that were called."""
        import stoker

        status = stoker.status()
        if not status["active"]:
            return {}
        called = {name: op for name, op in status["operators"].items() if op["calls"]}
        kept = {key: status[key] for key in ("version", "isa", "calibration", "packed")}
        return kept | {"operators": called}

    def _reset_counters(self) -> None:
        import stoker

        stoker.reset_counters()


def _errors(result: Any, expected: Any) -> tuple[float, float]:
    """|y - y0| / |y0| of the Euclidean norms, and the largest difference."""
    if result.shape != expected.shape:
        raise ValueError(f"the result is {tuple(result.shape)}, not {tuple(expected.shape)}")
    difference = result.double() - expected.double()
    relative = difference.norm() / expected.double().norm()
    return relative.item(), difference.abs().max().item()


def _worst(error: float) -> float:
    return error if error == error else float("inf")


def answer(child: Child, request: dict[str, Any]) -> dict[str, Any]:
    action = request.pop("do")
    try:
        return {"ok": getattr(child, action)(**request)}
    except Unavailable as why:
        return {"failed": str(why)}
    except Exception as error:  # whatever a backend raises is a row of the table
        traceback.print_exc()
        first = (str(error).strip().splitlines() or [""])[0]
        return {"failed": f"{type(error).__name__}: {first}"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.models.child")
    parser.add_argument("workload")
    parser.add_argument("backend")
    parser.add_argument("dtype")
    parser.add_argument("--cpus", required=True)
    parser.add_argument("--also", action="append", default=[])
    given = parser.parse_args()
    os.sched_setaffinity(0, {int(cpu) for cpu in given.cpus.split(",")})
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for module in given.also:
        importlib.import_module(module)
    child = Child(WORKLOADS[given.workload], BACKENDS[given.backend], given.dtype)
    for line in sys.stdin:
        print(json.dumps(answer(child, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
