"""`make demo`: the same script with and without Stoker, on one core, in alternating processes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
PAIRS = 3


def run_once(folder: Path, name: str, stoker: bool) -> tuple[dict, np.lib.npyio.NpzFile]:
    report, out = folder / f"{name}.json", folder / f"{name}.npz"
    env = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    env.pop("STOKER", None)
    if not stoker:
        env["STOKER"] = "0"
    command = [sys.executable, HERE / "measure.py", report, HERE / "search.py", "--out", out]
    print(f"\n== {'with Stoker' if stoker else 'stock (STOKER=0)'}", flush=True)
    subprocess.run(command, env=env, check=True)
    return json.loads(report.read_text()), np.load(out)


def lowest_cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Over the rows of two [sentences, features] arrays, in double."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


def print_counters(status: dict) -> None:
    print(f"  {status['cpu']}, {status['isa']}; calibration: {status['calibration']}")
    for name, op in status["operators"].items():
        if op["calls"]:
            print(f"  {name}: {op['calls']} calls, {op['taken']} taken {op['rows']}")
            for reason, count in sorted(op["declined"].items(), key=lambda item: -item[1])[:3]:
                print(f"    declined {count}: {reason}")
    packed = status["packed"]
    print(f"  weights packed: {packed['packs']}, now {packed['entries']} ({packed['bytes']} bytes)")


def main() -> int:
    # Children inherit the one processor: two threads may share a core on a rented machine.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    ratios, cosine, same_ranking = [], 1.0, True
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(PAIRS):
            stock, expected = run_once(Path(folder), f"stock{pair}", stoker=False)
            ours, actual = run_once(Path(folder), f"stoker{pair}", stoker=True)
            ratios.append(stock["model_seconds"] / ours["model_seconds"])
            cosine = min(cosine, lowest_cosine(expected["embeddings"], actual["embeddings"]))
            same_ranking &= bool((expected["ranking"] == actual["ranking"]).all())
    status = ours["stoker"]
    print(f"\nmodel time, stock / Stoker: {statistics.median(ratios):.2f} "
          f"(median of {PAIRS} pairs, {min(ratios):.2f} to {max(ratios):.2f})")  # fmt: skip
    print(f"lowest cosine similarity: {cosine:.8f}; same ranking: {same_ranking}")
    print_counters(status)
    linear = status["operators"].get("linear", {"taken": 0})
    fine = cosine >= 0.999999 and same_ranking and linear["taken"] and status["packed"]["packs"]
    if not fine:
        print("the demo did not show what it should: results differ or no linear was packed")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
