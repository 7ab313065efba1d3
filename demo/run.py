"""`make demo`: search.py and classify.py, stock, under `stoker run`, and in bf16.

The ways take turns in processes of their own; then what differs is printed. search.py is short: it
runs on the library alone, and all its calls count. classify.py is captured into a graph early; the
calls of its second half count, and what the capture took is printed beside.
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
# How each starts, and the lowest cosine similarity to stock that its results may have.
WAYS = {
    "stock": ([sys.executable], 1.0),
    "stoker run": (LAUNCH, 0.999999),
    "stoker run --dtype bfloat16": ([*LAUNCH, "--dtype", "bfloat16"], 0.999),
}


@dataclass(frozen=True)
class Script:
    name: str
    options: tuple[str, ...]  # of `stoker run`
    first: float  # the part of its calls that is not counted: warm-up and capture


SCRIPTS = [Script("search.py", (), 0.0), Script("classify.py", ("--graph-after", "1"), 0.5)]


@dataclass
class Run:
    seconds: float
    status: dict[str, Any] | None
    embeddings: np.ndarray
    ranking: np.ndarray
    text: str


def run(script: Script, folder: Path, way: str, options: tuple[str, ...] = ()) -> Run:
    report, arrays = folder / "report.json", folder / "arrays.npz"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("STOKER")}
    environment |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    if way == "stock":
        environment["STOKER"] = "0"
    else:
        options = (*script.options, *options)
    command = [*WAYS[way][0], *options, DEMO / "measure.py", report, DEMO / script.name]
    command += ["--out", arrays]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True, cwd=DEMO
    )
    measured = json.loads(report.read_text())
    counted = measured["seconds"][int(script.first * len(measured["seconds"])) :]
    saved = np.load(arrays)
    return Run(sum(counted), measured["stoker"], saved["embeddings"], saved["ranking"], done.stdout)


def lowest_cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(axis=1) / norms).min())


def failures(script: Script, way: str, stock: list[Run], runs: list[Run]) -> list[str]:
    found = []
    cosine = least(stock, runs)
    if not cosine >= WAYS[way][1]:
        found.append(f"lowest cosine similarity {cosine:.9f} < {WAYS[way][1]}")
    # bf16 may exchange neighbours far down the list; the answer must stay the same.
    top = 1 if "bfloat16" in way and script.name == "search.py" else None
    if any(
        not np.array_equal(a.ranking[:top], b.ranking[:top])
        for a, b in zip(stock, runs, strict=True)
    ):
        found.append("the answers differ")
    for each in runs:
        if each.status is None:
            found.append("Stoker was not active")
        elif each.status["isa"] != "baseline" and not (
            any(operator["taken"] for operator in each.status["operators"].values())
            and each.status["packed"]["packs"]
        ):
            found.append("nothing ran on a packed weight, though this CPU has rows")
        elif script.first and not any(root["calls"] for root in each.status["graphs"]):
            found.append("no call ran in a captured graph")
    return [f"{script.name}, {way}: {failure}" for failure in dict.fromkeys(found)]


def least(stock: list[Run], runs: list[Run]) -> float:
    pairs = zip(stock, runs, strict=True)
    return min(lowest_cosine(a.embeddings, b.embeddings) for a, b in pairs)


def compare(script: Script, way: str, stock: list[Run], runs: list[Run]) -> list[str]:
    """Prints what `way` did beside stock; what is wrong with it."""
    ratios = [a.seconds / b.seconds for a, b in zip(stock, runs, strict=True)]
    same = all(np.array_equal(a.ranking, b.ranking) for a, b in zip(stock, runs, strict=True))
    print(f"\n{script.name}, {way}")
    print(
        f"model time        stock / Stoker = {statistics.median(ratios):.3f}"
        f" (median; {min(ratios):.3f}..{max(ratios):.3f})"
        + (" once captured" if script.first else "")
    )
    for root in runs[-1].status["graphs"] if runs[-1].status else ():
        fused = ", ".join(f"{count} {name}" for name, count in root["fused"].items())
        print(f"captured          {root['module']} in {root['seconds']:.1f} s: {fused}")
    print(f"lowest cosine     {least(stock, runs):.9f} over {ROUNDS} x {len(runs[0].embeddings)}")
    print(f"answers           {'equal' if same else 'not equal in every place'}")
    return failures(script, way, stock, runs)


def show(script: Script) -> list[str]:
    """Runs one script every way, in turns; what is wrong."""
    print(f"\n{script.name}: {ROUNDS} rounds of {len(WAYS)} processes, one thread")
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(ROUNDS):
            # The order turns round too, so that a drift of the clock rate favours none.
            for way in list(WAYS) if turn % 2 == 0 else reversed(list(WAYS)):
                runs[way].append(run(script, Path(folder), way))
            print("  " + ", ".join(f"{way} {runs[way][-1].seconds:.3f} s" for way in WAYS))

        stock = runs.pop("stock")
        print(stock[-1].text, end="")
        found = []
        for way in runs:
            found += compare(script, way, stock, runs[way])
            # Once more and not timed: the report itself takes time.
            sys.stdout.flush()
            run(script, Path(folder), way, ("--report",))
    return found


def main() -> int:
    cpu = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    found = [failure for script in SCRIPTS for failure in show(script)]
    for failure in found:
        print(f"FAILED            {failure}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
