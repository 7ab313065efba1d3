"""`stoker calibrate`: rules follow from the measured points, and the file it writes is used."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from stoker.calibrate import command, measure
from stoker.calibrate.rules import Cell, rules

from tests.support.environment import without_stoker

MS, SIZES = (1, 2, 4, 8), ((8, 8), (16, 16), (32, 32))


def points(won, ratio=1.5, pack=100, sizes=SIZES):
    """A grid on which the row is `ratio` times as fast where `won(m, weight)`, else as fast."""
    return [
        {"m": m, "n": n, "k": k, "pack": pack}
        | dict.fromkeys(("ratio", "low"), ratio if won(m, n * k) else 1.0)
        for n, k in sizes
        for m in MS
    ]


def test_a_row_that_always_wins_gets_the_grid_and_larger_weights():
    found = rules({"row": points(lambda m, w: True)})
    assert [(rule.row, rule.cell) for rule in found] == [
        ("row", Cell(1, 8, 64, 255)),
        ("row", Cell(1, 8, 256, 1023)),
        ("row", Cell(1, 8, 1024, None)),
    ]
    assert str(found[2]) == "rule row m 1 8 weight 1024 * macs 0 pack 100"


def test_every_corner_of_a_cell_must_be_won():
    found = rules({"row": points(lambda m, w: (m, w) != (4, 256))})
    assert [rule.cell for rule in found] == [
        Cell(1, 2, 64, 255), Cell(1, 2, 256, 1023), Cell(1, 8, 1024, None),
    ]  # fmt: skip


def test_nothing_is_claimed_for_the_noise_or_for_what_did_not_run():
    assert rules({"row": points(lambda m, w: True, ratio=1.02)}) == []
    missing = [
        point | {"ratio": None, "low": None, "pack": None} for point in points(lambda m, w: True)
    ]
    assert rules({"row": missing}) == []
    two_shapes = points(lambda m, w: True) + points(lambda m, w: False, sizes=((4, 256),))
    assert all(rule.cell.max_weight == 255 for rule in rules({"row": two_shapes}))


def test_the_faster_of_two_rows_is_chosen_cell_by_cell():
    found = rules({
        "first": points(lambda m, w: m <= 4, ratio=1.5, pack=20),
        "second": points(lambda m, w: m >= 2, ratio=1.2, pack=10**6),
    })  # fmt: skip
    assert {(r.row, r.cell.min_m, r.cell.max_m, r.pack) for r in found} == {
        ("first", 1, 4, 50), ("second", 4, 8, 20_000),
    }  # fmt: skip


def test_the_grid_is_measured_and_its_file_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "grid", list)
    target = tmp_path / "own" / "calibration.txt"
    asked = []

    def one_row(kind, row, seconds, core):
        asked.append((kind, row))
        return points(lambda m, w: True) if asked[1:] == [] else []

    monkeypatch.setattr(command, "measure_row", one_row)
    result = CliRunner().invoke(command.calibrate, ["--output", str(target)])
    assert result.exit_code == 0, result.output
    assert len(asked) >= 4 and {kind for kind, _ in asked} >= {"float32", "bfloat16", "float16"}, (
        asked
    )
    assert f"3 rules in {target}" in result.output
    code = "import torch, stoker; print(stoker.status()['calibration'])"
    environment = without_stoker(STOKER_CALIBRATION=str(target))
    used = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert used.startswith("this machine (")
    assert [path.name for path in target.parent.iterdir()] == ["calibration.txt"]


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "float16"])
def test_one_process_times_one_row(kind, monkeypatch, tmp_path):
    """A real measurement of the smallest points: the row ran, and its results were checked."""
    code = (
        "import sys; from stoker.calibrate import measure\n"
        "measure.grid = lambda: [(4, 64, 64), (1, 256, 256)]\n"
        "measure.main(*sys.argv[1:])"
    )
    rows = {"float32": "onednn_packed_f32", "bfloat16": "jit_bf16_wide", "float16": "jit_f16"}
    row = rows[kind]
    (tmp_path / "only.txt").write_text(command.ONLY.format(row))
    core = str(min(os.sched_getaffinity(0)))
    found = subprocess.run(
        [sys.executable, "-c", code, kind, row, "0.05", core],
        env=without_stoker(STOKER_CALIBRATION=str(tmp_path / "only.txt"), OMP_NUM_THREADS="1"),
        capture_output=True,
        text=True,
        check=True,
    )
    measured = [json.loads(line) for line in found.stdout.splitlines()]
    assert [(p["m"], p["n"], p["k"]) for p in measured] == [(4, 64, 64), (1, 256, 256)]
    assert all(p["ratio"] > 0 and p["low"] <= p["ratio"] for p in measured)


def test_bad_requests_say_what_to_do():
    result = CliRunner().invoke(command.calibrate, ["--core", "9999"])
    assert result.exit_code == 2 and "may run on" in result.output
