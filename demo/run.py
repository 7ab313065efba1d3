"""`make demo`: search.py stock, under `stoker run`, and under `stoker run --dtype bfloat16`.

The three take turns in processes of their own; then what differs is printed.
"""

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
ROUNDS = 3
LAUNCH = [sys.executable, "-m", "stoker", "run"]
# How each starts, and the lowest cosine similarity to stock that its embeddings may have.
WAYS = {
    "stock": ([sys.executable], 1.0),
    "stoker run": (LAUNCH, 0.999999),
    "stoker run --dtype bfloat16": ([*LAUNCH, "--dtype", "bfloat16"], 0.999),
}


@dataclass
class Run:
    seconds: float
    status: dict[str, Any] | None
    embeddings: np.ndarray
    ranking: np.ndarray
    text: str


def run_search(folder: Path, way: str, options: tuple[str, ...] = ()) -> Run:
    report, arrays = folder / "report.json", folder / "arrays.npz"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("STOKER")}
    environment |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    if way == "stock":
        environment["STOKER"] = "0"
    command = [*WAYS[way][0], *options, DEMO / "measure.py", report, DEMO / "search.py"]
    command += ["--out", arrays]
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


def failures(way: str, stock: list[Run], runs: list[Run], cosine: float) -> list[str]:
    found = []
    if not cosine >= WAYS[way][1]:
        found.append(f"lowest cosine similarity {cosine:.9f} < {WAYS[way][1]}")
    # bf16 may exchange neighbours far down the list; the answer must stay the same.
    top = 1 if "bfloat16" in way else None
    if any(
        not np.array_equal(a.ranking[:top], b.ranking[:top])
        for a, b in zip(stock, runs, strict=True)
    ):
        found.append("the ranking differs")
    for run in runs:
        if run.status is None:
            found.append("Stoker was not active")
        elif run.status["isa"] != "baseline" and not (
            run.status["operators"]["linear"]["taken"] and run.status["packed"]["packs"]
        ):
            found.append("no linear ran on a packed weight, though this CPU has rows")
    return [f"{way}: {failure}" for failure in dict.fromkeys(found)]


def compare(way: str, stock: list[Run], runs: list[Run]) -> list[str]:
    """Prints what `way` did beside stock; what is wrong with it."""
    ratios = [a.seconds / b.seconds for a, b in zip(stock, runs, strict=True)]
    cosine = min(
        lowest_cosine(a.embeddings, b.embeddings) for a, b in zip(stock, runs, strict=True)
    )
    same = all(np.array_equal(a.ranking, b.ranking) for a, b in zip(stock, runs, strict=True))
    print(f"\n{way}")
    print(
        f"model time        stock / Stoker = {statistics.median(ratios):.3f}"
        f" (median; {min(ratios):.3f}..{max(ratios):.3f})"
    )
    print(f"lowest cosine     {cosine:.9f} over {ROUNDS} x {len(runs[0].embeddings)} sentences")
    print(f"ranking           {'equal' if same else 'not equal in every place'}")
    return failures(way, stock, runs, cosine)


def main() -> int:
    cpu = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    print(f"search.py, {ROUNDS} rounds of {len(WAYS)} processes, one thread on CPU {cpu}")
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(ROUNDS):
            # The order turns round too, so that a drift of the clock rate favours none.
            for way in list(WAYS) if turn % 2 == 0 else reversed(list(WAYS)):
                runs[way].append(run_search(Path(folder), way))
            print("  " + ", ".join(f"{way} {runs[way][-1].seconds:.3f} s" for way in WAYS))

        stock = runs.pop("stock")
        print(stock[-1].text, end="")
        found = []
        for way in runs:
            found += compare(way, stock, runs[way])
            # Once more and not timed: the report itself takes time.
            sys.stdout.flush()
            run_search(Path(folder), way, ("--report",))
    for failure in found:
        print(f"FAILED            {failure}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
