"""`make demo`: search.py without and with Stoker, in alternating processes, and what differs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

DEMO = Path(__file__).resolve().parent
PAIRS = 3
LEAST_COSINE = 0.999999


@dataclass
class Run:
    seconds: float
    status: dict[str, Any] | None
    embeddings: np.ndarray
    ranking: np.ndarray
    text: str


def run_search(folder: Path, with_stoker: bool) -> Run:
    report, arrays = folder / "report.json", folder / "arrays.npz"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("STOKER")}
    environment |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    if not with_stoker:
        environment["STOKER"] = "0"
    command = [sys.executable, DEMO / "measure.py", report, DEMO / "search.py", "--out", arrays]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True, cwd=DEMO
    )
    measured = json.loads(report.read_text())
    saved = np.load(arrays)
    return Run(
        measured["seconds"], measured["stoker"], saved["embeddings"], saved["ranking"], done.stdout
    )


def lowest_cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(axis=1) / norms).min())


def print_counters(status: dict[str, Any]) -> None:
    linear, packed = status["operators"]["linear"], status["packed"]
    print(f"CPU               {status['cpu']}, {status['isa']}")
    print(f"linear calls      {linear['calls']}, taken {linear['taken']}")
    for name, count in sorted(linear["rows"].items()):
        print(f"  by row          {name}: {count}")
    declined = sorted(linear["declined"].items(), key=lambda item: -item[1])
    for reason, count in declined[:3]:
        print(f"  declined        {count}: {reason}")
    print(f"packed weights    {packed['entries']} entries, {packed['bytes'] / 2**20:.1f} MiB")


def failures(cosine: float, same_ranking: bool, with_stoker: list[Run]) -> list[str]:
    found = []
    if not cosine >= LEAST_COSINE:
        found.append(f"lowest cosine similarity {cosine:.9f} < {LEAST_COSINE}")
    if not same_ranking:
        found.append("the ranking differs")
    for run in with_stoker:
        if run.status is None:
            found.append("Stoker was not active")
        elif run.status["isa"] != "baseline" and not (
            run.status["operators"]["linear"]["taken"] and run.status["packed"]["packs"]
        ):
            found.append("no linear ran on a packed weight, though this CPU has rows")
    return list(dict.fromkeys(found))


def main() -> int:
    cpu = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    print(f"search.py, {PAIRS} pairs of processes, one thread on CPU {cpu}")
    stock: list[Run] = []
    stoker: list[Run] = []
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(PAIRS):
            # Which goes first alternates too, so that a drift of the clock rate favours neither.
            for with_stoker in (False, True) if pair % 2 == 0 else (True, False):
                (stoker if with_stoker else stock).append(run_search(Path(folder), with_stoker))
            print(f"  stock {stock[-1].seconds:.3f} s, Stoker {stoker[-1].seconds:.3f} s")

    ratios = [a.seconds / b.seconds for a, b in zip(stock, stoker, strict=True)]
    pairs = list(zip(stock, stoker, strict=True))
    cosine = min(lowest_cosine(a.embeddings, b.embeddings) for a, b in pairs)
    same_ranking = all(np.array_equal(a.ranking, b.ranking) for a, b in pairs)
    print(stoker[-1].text, end="")
    print(
        f"model time        stock / Stoker = {statistics.median(ratios):.3f}"
        f" (median; {min(ratios):.3f}..{max(ratios):.3f})"
    )
    print(f"lowest cosine     {cosine:.9f} over {PAIRS} x {len(stock[0].embeddings)} sentences")
    print(f"ranking           {'equal' if same_ranking else 'DIFFERENT'}")
    if stoker[-1].status:
        print_counters(stoker[-1].status)
    found = failures(cosine, same_ranking, stoker)
    for failure in found:
        print(f"FAILED            {failure}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
