"""`python -m bench.models`: turns are taken, wrong and failing backends are told, JSON is whole.

Nothing here depends on how fast anything is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from bench.models.backends import BACKENDS
from bench.models.contestant import Contestant, Failed, Settings
from bench.models.workload import WORKLOADS
from tests.bench import tiny_models  # noqa: F401  (registers)
from tests.support.environment import without_stoker

ROOT = Path(__file__).resolve().parents[2]
ROW = {
    "model", "backend", "dtype", "steps", "failed", "wrong", "relative_error", "max_abs_error",
    "first_call_seconds", "capture_seconds", "calls", "seconds", "cpu_seconds",
    "ratio", "cpu_ratio", "built_bytes", "peak_bytes", "facts",
}  # fmt: skip


def bench(*arguments: str, **settings: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "bench.models", "--also", "tests.bench.tiny_models", *arguments],
        cwd=ROOT,
        env=without_stoker(**settings),
        capture_output=True,
        text=True,
    )


def tiny(file: Path, backends: str, *more: str, **settings: str) -> subprocess.CompletedProcess:
    given = ["--models", "tiny", "--backends", backends, "--dtype", "float32", *more]
    return bench(*given, "--batch", "0.002", "--json", str(file), **settings)


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def read(file: Path) -> dict:
    return json.loads(file.read_text(), parse_constant=refuse_constant)


def check_turns(calls: Path, rows: dict[str, dict], turns: int) -> None:
    """One process works at a time; each turn begins with another, after a call not timed."""
    noted = [line.split() for line in calls.read_text().splitlines()]
    events = sorted((int(begin), int(end), name) for name, begin, end in noted)
    assert all(one[1] <= other[0] for one, other in pairwise(events))
    runs = [(name, len(list(group))) for name, group in groupby(events, lambda event: event[2])]
    names = list(rows)
    order = [name for turn in range(turns) for name in names[turn % 3 :] + names[: turn % 3]]
    assert [name for name, _ in runs] == [*names, *order, *names]
    assert [calls for _, calls in runs[3:-3]] == [rows[name]["calls"] + 1 for name in order]
    assert [calls for _, calls in runs[-3:]] == [1, 1, 1]  # compared once more


def test_turns_table_and_json(tmp_path):
    file, calls = tmp_path / "out.json", tmp_path / "calls"
    done = tiny(file, "library,printing", "--turns", "4", TINY_CALLS=str(calls))
    assert done.returncode == 0, done.stderr
    found = read(file)
    assert set(found) == {"machine", "options", "rows", "known"} and found["known"] == []
    assert all(set(row) == ROW for row in found["rows"])
    rows = {row["backend"]: row for row in found["rows"]}
    assert list(rows) == ["stock", "library", "printing"]  # stock was not asked for
    for row in rows.values():
        assert len(row["seconds"]) == 4 and min(row["seconds"]) > 0
        assert len(row["cpu_seconds"]) == 4 and min(row["cpu_seconds"]) > 0
        for low, median, high in (row["ratio"], row["cpu_ratio"]):
            assert 0 < low <= median <= high
        assert row["relative_error"] < 1e-6 and row["max_abs_error"] < 1e-5
        assert row["first_call_seconds"] > 0 and row["capture_seconds"] >= 0
        assert row["peak_bytes"] >= row["built_bytes"] // 2 > 10 << 20
    assert rows["stock"]["relative_error"] == 0 and rows["printing"]["relative_error"] == 0
    assert rows["stock"]["facts"]["stoker"] == {}  # off
    operators = rows["library"]["facts"]["stoker"]["operators"]
    assert operators["linear"]["calls"] == 4 * (rows["library"]["calls"] + 1)
    check_turns(calls, rows, turns=4)
    lines = done.stdout.splitlines()
    assert lines[1].split()[:4] == ["model", "backend", "dtype", "ms"]
    assert [line.split()[1] for line in lines[2:5]] == list(rows)


def test_what_is_wrong_or_fails_is_a_row_and_the_run_goes_on(tmp_path):
    file = tmp_path / "out.json"
    done = tiny(file, "wrong,late,stale,nan,raising,exiting,printing", "--turns", "2")
    assert done.returncode == 1
    rows = {row["backend"]: row for row in read(file)["rows"]}
    for name in ("wrong", "late", "stale"):  # all errors are of 1e-3
        assert rows[name]["wrong"] and rows[name]["failed"] == "wrong: relative error 1.0e-03"
        assert rows[name]["relative_error"] == pytest.approx(1e-3, rel=1e-3)
    assert rows["nan"]["wrong"] and rows["nan"]["relative_error"] is None
    assert rows["nan"]["failed"] == "wrong: not finite, or stock's is zero"
    assert rows["raising"]["failed"] == "TypeError: no such operator: tiny"
    assert rows["exiting"]["failed"] == "the process ended with status 3: out of luck"
    for name, row in rows.items():
        timed = name in ("stock", "printing")
        assert bool(row["seconds"]) == timed == (row["ratio"] is not None) == (not row["failed"])
        assert row["failed"] in done.stdout
    assert not rows["raising"]["wrong"]


def test_a_process_that_takes_too_long_is_ended(tmp_path):
    settings = Settings(
        (min(os.sched_getaffinity(0)),), 1, 0.01, tmp_path, ("tests.bench.tiny_models",)
    )
    contestant = Contestant(WORKLOADS["tiny"], BACKENDS["stock"], "float32", settings)
    with pytest.raises(Failed, match=r"'build' took longer than 0\.01 s"):  # torch is still loading
        contestant.ask("build", threads=1)
    with pytest.raises(Failed, match="the process ended with status -9"):
        contestant.ask("build", threads=1)
    contestant.close()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--models", "bort"], "no model named 'bort'; there are resnet50, resnet50-b8, "),
        (["--backends", "stock,tpu"], "no backend named 'tpu'; there are stock, autocast, "),
        (["--dtype", "int8"], "no dtype named 'int8'; there are float32, bfloat16"),
        (["--backends", "autocast", "--dtype", "float32"], "autocast has no float32"),
        (["--threads", "0"], "'0' is not a positive number"),
        (["--threads", "5000"], "5000 CPUs are not among the allowed ones"),
        (["--core", "4999"], "1 CPUs from 4999 on are not among the allowed ones"),
        (["--turns", "1"], "quartiles need --turns 2 or more"),
        (["--also", "tests.bench.no_such"], "No module named 'tests.bench.no_such'"),
    ],
)
def test_options_are_checked_before_anything_is_loaded(arguments, what):
    done = bench(*arguments)
    assert done.returncode == 2 and what in done.stderr
