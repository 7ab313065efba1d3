"""What Stoker costs where it does not help: a declined F.linear, and `import torch`.

usage: python -m bench.dispatch [--turns 40] [--pairs 7]

The call: F.linear 8x8 with Stoker enabled, after stoker.disable(), and in a process with STOKER=0;
the three take turns on one pinned core. The import: processes with and without, which take turns;
its last step, in which torch loads its backends, is all that can differ, and is timed alone too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

WORKER = """
import sys, time, stoker, torch
from torch.nn import functional as F
torch.set_num_threads(1)
torch.manual_seed(0)
x, w, b = torch.randn(8, 8), torch.randn(8, 8), torch.randn(8)
switches = {"enabled": stoker.enable, "disabled": stoker.disable}
active = stoker.status()["active"]
with torch.no_grad():
    for request in sys.stdin:
        switch, calls = request.split()
        if active:
            switches[switch]()
            stoker.reset_counters()
        start = time.perf_counter_ns()
        for _ in range(int(calls)):
            F.linear(x, w, b)
        spent = time.perf_counter_ns() - start
        declined = stoker.status()["operators"]["linear"]["declined"] if active else {}
        print(spent / int(calls), sum(declined.values()), flush=True)
"""

# The step in which torch loads its backends, and us with them, is put off so that it can be timed
# alone: the rest of the import, the same with and without us, varies by more than we take.
IMPORT = """
import os, time
os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] = "0"
start = time.perf_counter()
import torch
imported = time.perf_counter()
torch._import_device_backends()
end = time.perf_counter()
print(end - start, end - imported)
"""


class Worker:
    """A process that measures when asked, and waits otherwise."""

    def __init__(self, **env: str):
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env=clean_environment() | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def nanoseconds(self, switch: str, calls: int) -> tuple[float, int]:
        self._process.stdin.write(f"{switch} {calls}\n")
        self._process.stdin.flush()
        spent, declined = self._process.stdout.readline().split()
        return float(spent), int(declined)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def clean_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("STOKER")}


def spread(values: list[float]) -> str:
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return f"{statistics.median(ordered):.3f} ({ordered[quarter]:.3f}-{ordered[-1 - quarter]:.3f})"


def declined_call(turns: int, calls: int) -> None:
    with_stoker, without = Worker(), Worker(STOKER="0")
    routes = {
        "enabled": lambda: with_stoker.nanoseconds("enabled", calls),
        "disabled": lambda: with_stoker.nanoseconds("disabled", calls),
        "STOKER=0": lambda: without.nanoseconds("disabled", calls),
    }
    for route in routes.values():
        route()  # warm
    spent: dict[str, list[float]] = {name: [] for name in routes}
    names = list(routes)
    for i in range(turns):
        for name in names[i % 3 :] + names[: i % 3]:
            nanoseconds, declined = routes[name]()
            if declined != (calls if name == "enabled" else 0):
                sys.exit(f"{name}: {declined} of {calls} calls declined")
            spent[name].append(nanoseconds)
    with_stoker.close()
    without.close()
    print(f"declined F.linear 8x8, {turns} turns of {calls} calls")
    for name, values in spent.items():
        ratios = [ns / base for ns, base in zip(values, spent["STOKER=0"], strict=True)]
        print(f"  {name:9}{statistics.median(values):9.0f} ns  {spread(ratios)} of STOKER=0")
    ratios = [a / b for a, b in zip(spent["enabled"], spent["disabled"], strict=True)]
    print(f"  enabled / disabled in one process: {spread(ratios)}")


def import_seconds(**env: str) -> tuple[float, float]:
    """Of the whole import, and of loading backends alone."""
    command = [sys.executable, "-c", IMPORT]
    result = subprocess.run(
        command, env=clean_environment() | env, check=True, capture_output=True, text=True
    )
    whole, backends = result.stdout.split()
    return float(whole), float(backends)


def import_time(pairs: int) -> None:
    import_seconds()  # files into the page cache
    with_stoker, without = [], []
    for i in range(pairs):
        sides = [(with_stoker, {}), (without, {"STOKER": "0"})]
        for spent, env in sides if i % 2 else reversed(sides):
            spent.append(import_seconds(**env))
    print(f"import torch, {pairs} turns")
    for part, name in enumerate(("the whole", "loading backends")):
        ours = [1e3 * seconds[part] for seconds in with_stoker]
        stock = [1e3 * seconds[part] for seconds in without]
        more = [a - b for a, b in zip(ours, stock, strict=True)]
        print(
            f"  {name:16}{statistics.median(ours):7.0f} ms, STOKER=0{statistics.median(stock):7.0f}"
            f" ms, with Stoker {spread(more)} ms more"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--calls", type=int, default=5000, help="of F.linear in one turn")
    parser.add_argument("--pairs", type=int, default=7, help="turns of import torch")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)))
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.core})  # the workers inherit it
    declined_call(options.turns, options.calls)
    import_time(options.pairs)


if __name__ == "__main__":
    main()
