"""One model at a time: every backend is checked, then those that are right take turns."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.models.backends import BACKENDS, BASELINE
from bench.models.contestant import Contestant, Failed, Settings
from bench.models.workload import Workload
from bench.ops.timing import quartiles_of_ratios, turn_order

Key = tuple[str, str]  # backend, dtype

# |y - y0| / |y0|. fp32: another order of summation gives a few 1e-6 after fifty layers. bf16
# (eps 8e-3): autocast itself is at 5e-3 to 3e-2. Beyond these something else was computed.
MOST_ERROR = {"float32": 1e-4, "bfloat16": 0.1}


@dataclass
class Row:
    """A model by a backend. Bytes are resident ones; the peak is one since the model was built."""

    model: str
    backend: str
    dtype: str
    steps: int  # of the model in one call
    failed: str = ""  # why there are no times
    wrong: bool = False
    relative_error: float | None = None
    max_abs_error: float | None = None
    first_call_seconds: float | None = None
    capture_seconds: float | None = None  # what the first calls took beyond steady ones
    calls: int = 0  # in a timed batch
    seconds: list[float] = field(default_factory=list)  # a step, one number a turn
    cpu_seconds: list[float] = field(default_factory=list)  # the same; of all threads
    ratio: tuple[float, float, float] | None = None  # stock's time / its own: quartiles
    cpu_ratio: tuple[float, float, float] | None = None
    built_bytes: int | None = None
    peak_bytes: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)  # versions; of Stoker what it ran


def keys_of(backends: list[str], dtypes: list[str]) -> list[Key]:
    """Stock fp32 first, asked for or not: it is what the others are compared with."""
    found = [(name, dtype) for name in backends for dtype in BACKENDS[name].dtypes]
    return [BASELINE, *(key for key in found if key[1] in dtypes and key != BASELINE)]


@contextlib.contextmanager
def _processes(
    workload: Workload, keys: list[Key], settings: Settings
) -> Iterator[dict[Key, Contestant]]:
    found: dict[Key, Contestant] = {}
    try:
        for name, dtype in keys:
            found[name, dtype] = Contestant(workload, BACKENDS[name], dtype, settings)
        yield found
    finally:
        for contestant in found.values():
            contestant.close()


def measure(
    workload: Workload, keys: list[Key], settings: Settings, turns: int, batch: float
) -> list[Row]:
    """`batch`: seconds that a timed batch of calls takes about; it has at least one call."""
    rows = {key: Row(workload.name, *key, workload.steps) for key in keys}
    with _processes(workload, keys, settings) as contestants:
        once = _check(workload, rows, contestants, settings)
        for key, seconds in once.items():
            rows[key].calls = max(1, round(batch / seconds))
        _take_turns(rows, {key: contestants[key] for key in once}, turns)
        for key, row in rows.items():
            if row.seconds and not row.failed:
                with _reported(row):
                    found = contestants[key].ask("finish")
                    row.facts, row.peak_bytes = found["facts"], found["peak_bytes"]
                    _judge(row, *found["errors"])
    stock = rows[BASELINE]
    for row in rows.values():
        if stock.failed and not row.failed:
            row.failed = f"stock: {stock.failed}"
        if not row.failed:
            row.ratio = quartiles_of_ratios(stock.seconds, row.seconds)
            row.cpu_ratio = quartiles_of_ratios(stock.cpu_seconds, row.cpu_seconds)
    for row in rows.values():
        if row.failed:
            row.seconds, row.cpu_seconds = [], []
    return list(rows.values())


@contextlib.contextmanager
def _reported(row: Row) -> Iterator[None]:
    try:
        yield
    except Failed as why:
        row.failed = str(why)
        _progress(row, why)


def _progress(row: Row, what: object) -> None:
    print(f"{row.model} {row.backend} {row.dtype}: {what}", file=sys.stderr, flush=True)


def _check(
    workload: Workload, rows: dict[Key, Row], contestants: dict[Key, Contestant], settings: Settings
) -> dict[Key, float]:
    """Seconds of a call of every backend whose results are right, in turn."""
    reference = str(settings.folder / f"{workload.name}.reference")
    fingerprint, right = None, {}
    for key, row in rows.items():
        if rows[BASELINE].failed:
            break
        with _reported(row):
            built = contestants[key].ask("build", threads=settings.threads)
            row.built_bytes = built["built_bytes"]
            fingerprint = fingerprint or built["fingerprint"]
            if built["fingerprint"] != fingerprint:
                raise Failed("its weights or inputs are not stock's")
            found = contestants[key].ask("check", reference=reference)
            row.first_call_seconds = found["first_call_seconds"]
            row.capture_seconds = found["capture_seconds"]
            _judge(row, *found["errors"])
            right[key] = found["once"]
            _progress(row, f"relative error {row.relative_error:.1e}, {found['once']:.4f} s a call")
    return right


def _judge(row: Row, relative: float, largest: float) -> None:
    """Raises Failed for a result that is not what stock computes."""
    finite = abs(relative) < float("inf") and abs(largest) < float("inf")  # not so for a NaN
    if finite:
        row.relative_error, row.max_abs_error = relative, largest
    row.wrong = not (finite and relative <= MOST_ERROR[row.dtype])
    if row.wrong:
        what = f"relative error {relative:.1e}" if finite else "not finite, or stock's is zero"
        raise Failed(f"wrong: {what}")


def _take_turns(rows: dict[Key, Row], contestants: dict[Key, Contestant], turns: int) -> None:
    """One process works at a time; one that fails leaves the game, stock's failure ends it."""
    names = list(contestants)
    for turn in range(turns):
        for key in turn_order(names, turn):
            row = rows[key]
            if row.failed or rows[BASELINE].failed:
                continue
            with _reported(row):
                batch = contestants[key].ask("time", calls=row.calls)
                row.seconds.append(batch["seconds"] / row.steps)
                row.cpu_seconds.append(batch["cpu_seconds"] / row.steps)
